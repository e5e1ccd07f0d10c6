//! From the command line to a checked config: nothing is created on the way, and every mistake ends with exit code 2.

use std::path::{Path, PathBuf};

use qubx_engine::Registry;
use qubx_home::{Home, safe_component};
use qubx_kernel::{Probe, find_python};

use crate::arguments::ConfigArguments;
use crate::config::{self, Config, Settings};
use crate::failure::Failure;
use crate::find;
use crate::owner::launch::Launch;
use crate::owner::look::{Look, look};
use crate::service::exchanges;
use crate::shell::quoted;

/// A config that can run, and everything that was found out on the way.
pub(crate) struct Prepared {
    pub(crate) home: Home,
    pub(crate) config_file: PathBuf,
    pub(crate) python: PathBuf,
    pub(crate) config: Config,
    pub(crate) probe: Probe,
    /// What is wrong with the user's settings of the screen. It stops no run.
    pub(crate) screen_mistakes: Vec<config::ConfigError>,
    /// The file of this program, when it is not the one that everybody has, but has strategies built in.
    pub(crate) own_program: Option<PathBuf>,
}

impl Prepared {
    /// Returns the folder of the session.
    pub(crate) fn session_dir(&self) -> PathBuf {
        self.home.session("paper", "default", &self.config.strategy_name)
    }

    /// Returns what the service is started with.
    pub(crate) fn launch(self, arguments: &ConfigArguments, restore: bool) -> Launch {
        Launch {
            goes_on_with: command_that_restores(self.own_program.as_deref(), &self.config_file, arguments),
            session_dir: self.session_dir(),
            home: self.home.root().to_owned(),
            config_file: self.config_file,
            python: self.python,
            config: self.config,
            restore,
            runtime_dir: None,
        }
    }
}

/// Returns the command line that goes on with a session, in a form that a shell takes. Names of files are whole, so that
/// it means the same in every folder.
fn command_that_restores(program: Option<&Path>, config_file: &Path, arguments: &ConfigArguments) -> String {
    let ConfigArguments { config: _, overrides, sets, name, python, paper } = arguments;
    let file = |path: &PathBuf| {
        let whole = std::path::absolute(path);
        whole.as_ref().unwrap_or(path).display().to_string()
    };
    let program = program.map_or_else(|| "qubx".to_owned(), |file| file.display().to_string());
    let mut words = vec![program, "run".to_owned(), config_file.display().to_string()];
    words.extend(paper.then(|| "--paper".to_owned()));
    words.push("--restore".to_owned());
    words.extend(name.iter().flat_map(|name| ["--name".to_owned(), name.clone()]));
    words.extend(overrides.iter().flat_map(|path| ["--override".to_owned(), file(path)]));
    words.extend(sets.iter().flat_map(|set| ["--set".to_owned(), set.clone()]));
    words.extend(python.iter().flat_map(|path| ["--python".to_owned(), file(path)]));
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// Reads and checks settings and config, finds Python, and looks at the strategy.
pub(crate) async fn prepare(arguments: &ConfigArguments, registry: &Registry) -> Result<Prepared, Failure> {
    let home = find::home()?;
    home.check_paths().map_err(|error| Failure::usage(error.to_string()))?;
    let settings =
        Settings::load(&home.root().join("config.toml")).map_err(|error| config_failure(&[error]))?;
    let document = config::load(&arguments.config, &arguments.overrides, &arguments.sets)
        .map_err(|error| config_failure(&[error]))?;
    let class = document.strategy().map_err(|error| config_failure(&[error]))?;
    let python =
        find_python(arguments.python.as_deref(), document.folder(), home.root()).map_err(|error| {
            Failure::usage(error.to_string())
                .hint("name one with --python, or make an environment with `qubx setup`")
        })?;
    let Look { probe, declared } = look(&document, class, &python, registry).await?;
    let mut config =
        config::check(&document, &settings, Some(&declared)).map_err(|errors| config_failure(&errors))?;
    if let Some(name) = &arguments.name {
        if name.trim().is_empty() {
            return Err(Failure::usage("--name must not be empty"));
        }
        config.name.clone_from(name);
        config.strategy_name = safe_component(name);
    }
    // A replay whose files are wrong is a config that is wrong; they are opened again when it starts.
    qubx_engine::check_files(&exchanges::of(&config)).map_err(|error| Failure::usage(error.to_string()))?;
    let own_program = if registry.is_empty() { None } else { std::env::current_exe().ok() };
    let screen_mistakes = settings.for_the_screen().1;
    let config_file = document.path().to_owned();
    Ok(Prepared { home, config_file, python, config, probe, screen_mistakes, own_program })
}

pub(crate) fn config_failure(errors: &[config::ConfigError]) -> Failure {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    match &texts[..] {
        [one] => Failure::usage(one.clone()),
        many => Failure::usage(format!("the config has {} mistakes\n{}", many.len(), many.join("\n"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_goes_on_has_every_argument_of_the_config() {
        let arguments = ConfigArguments {
            config: "a.yml".into(),
            overrides: vec!["/o/it's.yml".into()],
            sets: vec!["parameters.fast=10".to_owned(), "name=a b".to_owned()],
            name: Some("my run".to_owned()),
            python: Some("/p/python".into()),
            paper: true,
        };
        assert_eq!(
            command_that_restores(None, Path::new("/c/a.yml"), &arguments),
            "qubx run /c/a.yml --paper --restore --name 'my run' --override '/o/it'\\''s.yml' \
             --set parameters.fast=10 --set 'name=a b' --python /p/python"
        );
        let own = command_that_restores(Some(Path::new("/b/my own")), Path::new("/c/a.yml"), &arguments);
        assert!(own.starts_with("'/b/my own' run /c/a.yml --paper --restore"), "{own}");
    }
}
