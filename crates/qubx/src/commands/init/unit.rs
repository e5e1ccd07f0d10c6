//! `qubx init --systemd`: a unit that runs a config as a service of its user.
//!
//! It is the unit of `examples/`, for one config: a plain `run` in the foreground is the owner of the session, so that
//! systemd supervises who supervises the service, and the journal has the transcript.

use std::path::{Path, PathBuf};

use qubx_home::{Home, safe_component};
use qubx_kernel::{PythonRule, locate_python};

use crate::config;
use crate::failure::Failure;
use crate::owner::prepare::config_failure;
use crate::program::OwnProgram;
use crate::shell::quoted;

/// The unit whose lines it has; docs/server.md explains them.
const EXAMPLE: &str = include_str!("../../../../../examples/qubx@.service");

/// A unit, and what to do with it.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) text: String,
    pub(super) how_to: String,
}

/// What a unit runs.
#[derive(Clone, Debug)]
struct Run {
    /// This program.
    program: PathBuf,
    config: PathBuf,
    /// The session's name, when it is not the config's.
    name: Option<String>,
    /// The Python, when only the shell that asks knows of it.
    python: Option<PathBuf>,
    /// `$QUBX_HOME`, when it is set.
    home: Option<PathBuf>,
}

/// Returns the unit for a config, or for the only one in the current folder.
pub(super) fn prepare(
    program: &OwnProgram,
    config: Option<PathBuf>,
    name: Option<String>,
) -> Result<Unit, Failure> {
    let config = config.map_or_else(|| only_config(Path::new(".")), Ok)?;
    let document = config::load(&config, &[], &[]).map_err(|error| config_failure(&[error]))?;
    document.strategy().map_err(|error| config_failure(&[error]))?;
    let session = name.clone().unwrap_or_else(|| document.name());
    if session.trim().is_empty() {
        return Err(Failure::usage("--name must not be empty"));
    }
    let home = Home::locate().map_err(|error| Failure::usage(error.to_string()))?;
    let found = locate_python(None, document.folder(), home.root());
    let run = Run {
        program: program.file.clone(),
        config: document.path().to_owned(),
        name,
        python: found
            .as_ref()
            .ok()
            .filter(|found| is_of_the_shell(found.rule))
            .map(|found| found.path.clone()),
        home: std::env::var_os("QUBX_HOME").filter(|home| !home.is_empty()).map(PathBuf::from),
    };
    let text = unit(&session, &run)?;
    let lacks = found.err().map(|error| format!("{error}; `{} setup` makes one\n", program.word()));
    let how_to = lacks.unwrap_or_default() + &how_to(&session, &run, program);
    Ok(Unit { text, how_to })
}

/// Tells whether a Python is found only because of the environment of the shell, which a unit does not see.
fn is_of_the_shell(rule: PythonRule) -> bool {
    match rule {
        PythonRule::Variable | PythonRule::Active | PythonRule::Path => true,
        PythonRule::Explicit | PythonRule::BesideConfig | PythonRule::AboveConfig | PythonRule::Home => false,
    }
}

/// Returns the only config in a folder.
fn only_config(folder: &Path) -> Result<PathBuf, Failure> {
    let is_config = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "yml" || kind == "yaml");
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut configs: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_config).collect();
    configs.sort();
    match &configs[..] {
        [one] => Ok(one.clone()),
        [] => Err(Failure::usage(
            "there is no config in this folder, so the one that the unit runs must be named",
        )
        .hint("`qubx init --systemd CONFIG`")),
        many => {
            let names: Vec<String> = many.iter().map(|path| path.display().to_string()).collect();
            Err(Failure::usage("there are several configs in this folder, so one must be named")
                .hint(format!("`qubx init --systemd CONFIG`; there are {}", names.join(", "))))
        }
    }
}

/// Returns the unit's name.
fn unit_name(session: &str) -> String {
    format!("qubx-{}.service", safe_component(session))
}

/// Returns the unit's text.
fn unit(session: &str, run: &Run) -> Result<String, Failure> {
    let mut text = format!(
        "# A session as a service of its user. It is one of ~/.config/systemd/user: {}\n",
        unit_name(session)
    );
    for line in EXAMPLE.lines().skip_while(|line| line.starts_with('#')) {
        let line = match line.split_once('=') {
            Some(("Description", _)) => format!("Description=qubx session {}", literal(session)),
            Some(("ExecStart", _)) => started(run)?,
            _ => line.to_owned(),
        };
        text += &line;
        text.push('\n');
    }
    Ok(text)
}

/// Returns the lines that start the program.
fn started(run: &Run) -> Result<String, Failure> {
    let Run { program, config, name, python, home } = run;
    let mut lines = String::new();
    if let Some(home) = home {
        lines = format!("Environment={}\n", word(&format!("QUBX_HOME={}", text_of(home)?)));
    }
    // What is after the program may hold variables; the program itself may not.
    let argument = |text: &str| word(text).replace('$', "$$");
    let mut words = vec![word(text_of(program)?), "run".to_owned(), argument(text_of(config)?)];
    if let Some(name) = name {
        words.extend(["--name".to_owned(), argument(name)]);
    }
    if let Some(python) = python {
        words.extend(["--python".to_owned(), argument(text_of(python)?)]);
    }
    words.extend(["--paper", "--restore"].map(str::to_owned));
    Ok(lines + "ExecStart=" + &words.join(" "))
}

fn text_of(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| {
        Failure::usage(format!("{} cannot be written into a unit: its name is not UTF-8", path.display()))
    })
}

/// Returns a text as a unit reads it as one line: a percent sign is one, and there are no other lines.
fn literal(text: &str) -> String {
    text.replace('%', "%%").replace(char::is_control, " ")
}

/// Returns a word as a unit reads it as one.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+%$".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.replace('%', "%%");
    }
    let mut word = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => word.extend(['\\', character]),
            '%' => word.push_str("%%"),
            control if control.is_ascii_control() => word += &format!("\\x{:02x}", u32::from(control)),
            other => word.push(other),
        }
    }
    word + "\""
}

/// Says where the unit belongs and what makes it run.
fn how_to(session: &str, run: &Run, program: &OwnProgram) -> String {
    let (unit, program) = (unit_name(session), program.word());
    let name = run.name.as_ref().map_or_else(String::new, |name| format!(" --name {}", quoted(name)));
    format!(
        "\
check the config first, then save the unit and start it:
  {program} validate {config}
  mkdir -p ~/.config/systemd/user
  {program} init --systemd{name} {config} > ~/.config/systemd/user/{unit}
  systemctl --user daemon-reload
  systemctl --user enable --now {unit}
and once for your user, because else the system ends your services and takes $XDG_RUNTIME_DIR, where the sockets are, when
your last login ends, and starts none of them at boot:
  loginctl enable-linger \"$USER\"
then watch it with `{program} attach {session}` or `journalctl --user -u {unit} -f`; `systemctl --user stop {unit}`
stops it in good order, and the next start goes on with its account, positions and saved state",
        config = quoted(&run.config.display().to_string()),
        session = quoted(session),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn run() -> Run {
        Run {
            program: "/opt/qubx/bin/qubx".into(),
            config: "/home/op/strategies/ema cross.yml".into(),
            name: None,
            python: None,
            home: None,
        }
    }

    /// Returns the values of a unit by section and key.
    fn keys(unit: &str) -> BTreeMap<String, String> {
        let mut section = "";
        let mut keys = BTreeMap::new();
        for line in unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.split_once('=') {
                _ if line.starts_with('[') => section = line,
                Some((key, value)) => {
                    let is_new = keys.insert(format!("{section}{key}"), value.to_owned()).is_none();
                    assert!(is_new, "{key} twice");
                }
                None => panic!("{line}"),
            }
        }
        keys
    }

    #[test]
    fn a_unit_has_the_keys_that_stop_and_start_a_session_in_good_order() {
        let keys = keys(&unit("ema cross", &run()).unwrap());
        for (key, value) in [
            ("[Unit]Description", "qubx session ema cross"),
            ("[Unit]StartLimitIntervalSec", "10min"),
            ("[Unit]StartLimitBurst", "5"),
            ("[Service]Type", "exec"),
            (
                "[Service]ExecStart",
                "/opt/qubx/bin/qubx run \"/home/op/strategies/ema cross.yml\" --paper --restore",
            ),
            ("[Service]UMask", "0077"),
            ("[Service]KillMode", "mixed"),
            ("[Service]KillSignal", "SIGTERM"),
            ("[Service]TimeoutStopSec", "45"),
            ("[Service]Restart", "on-failure"),
            ("[Service]RestartPreventExitStatus", "1 2 3 64"),
            ("[Service]RestartSec", "2"),
            ("[Service]OOMPolicy", "continue"),
            ("[Install]WantedBy", "default.target"),
        ] {
            assert_eq!(keys.get(key).map(String::as_str), Some(value), "{key}");
        }
        assert!(keys.values().all(|value| !value.contains("%i") && !value.contains("%h")), "{keys:?}");
    }

    #[test]
    fn what_only_the_shell_knows_stands_in_the_unit() {
        let run = Run {
            name: Some("two words".to_owned()),
            python: Some("/venv/bin/python".into()),
            home: Some("/data/qubx home".into()),
            ..run()
        };
        let unit = unit("two words", &run).unwrap();
        assert!(unit.contains("\nEnvironment=\"QUBX_HOME=/data/qubx home\"\nExecStart=/opt/qubx"), "{unit}");
        assert!(
            unit.contains(" --name \"two words\" --python /venv/bin/python --paper --restore\n"),
            "{unit}"
        );
    }

    #[test]
    fn a_unit_takes_every_path_as_it_is() {
        let run =
            Run { program: "/a%b/$c/qubx".into(), config: "/x/100%$HOME \"a\\b\"\n.yml".into(), ..run() };
        let started = started(&run).unwrap();
        assert_eq!(
            started,
            r#"ExecStart=/a%%b/$c/qubx run "/x/100%%$$HOME \"a\\b\"\x0a.yml" --paper --restore"#
        );
        assert_eq!(unit_name("ema-cross"), "qubx-ema-cross.service");
        assert_eq!(unit_name("my run@%i"), format!("qubx-{}.service", safe_component("my run@%i")));
        assert_eq!(literal("50%\n[Service]"), "50%% [Service]");
    }

    #[test]
    fn the_config_of_a_unit_is_the_only_one_or_must_be_named() {
        let root = tempfile::tempdir().unwrap();
        let none = only_config(root.path()).unwrap_err().to_string();
        assert!(none.contains("no config"), "{none}");
        let (first, second) = (root.path().join("a.yml"), root.path().join("b.yaml"));
        std::fs::write(&first, "").unwrap();
        assert_eq!(only_config(root.path()).unwrap(), first);
        std::fs::write(&second, "").unwrap();
        let many = only_config(root.path()).unwrap_err().to_string();
        assert!(many.contains("several") && many.contains("b.yaml"), "{many}");
    }
}
