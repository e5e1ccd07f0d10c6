//! Which program a shell runs when `qubx` is typed.

use std::io::Read;
use std::path::Path;

use super::finding::Finding;
use crate::program::OwnProgram;
use crate::shell::quoted;

const CHECK: &str = "program";

/// A program of our name on the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// This very program.
    This,
    /// A script that Python runs.
    PythonScript,
    /// Anything else, perhaps another version of this one.
    Other,
}

/// Looks at this program and those of its name on the path.
pub(super) fn check() -> Vec<Finding> {
    match OwnProgram::find() {
        Ok(own) => {
            let kinds: Vec<Kind> = own.on_path.iter().map(|file| kind(&own, file)).collect();
            judge(&own, &kinds)
        }
        Err(error) => {
            let text = format!("the file of this program cannot be found: {error}");
            vec![Finding::warning(CHECK, text, "mount /proc: the system tells it there")]
        }
    }
}

fn kind(own: &OwnProgram, file: &Path) -> Kind {
    if own.is(file) {
        return Kind::This;
    }
    let mut start = [0; 128];
    let read = std::fs::File::open(file).and_then(|mut file| file.read(&mut start)).unwrap_or(0);
    let first_line = start[..read].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_script = first_line.starts_with(b"#!") && first_line.windows(6).any(|window| window == b"python");
    if is_script { Kind::PythonScript } else { Kind::Other }
}

/// `kinds` are those of the programs on the path, in its order.
fn judge(own: &OwnProgram, kinds: &[Kind]) -> Vec<Finding> {
    let (name, file) = (&own.name, own.file.display());
    let version = env!("CARGO_PKG_VERSION");
    let own_place = kinds.iter().position(|kind| *kind == Kind::This);
    let described = |place: usize| {
        let path = own.on_path[place].display();
        match kinds[place] {
            Kind::PythonScript => {
                format!("{path}, a script of Python, as the command line of the framework Qubx is")
            }
            Kind::This | Kind::Other => path.to_string(),
        }
    };
    let finding = match own_place {
        Some(0) => {
            Finding::ok(CHECK, format!("`{name}` is this program, {version}: {}", own.on_path[0].display()))
        }
        Some(own_place) => Finding::warning(
            CHECK,
            format!(
                "`{name}` is another program: {}; this one, {version}, comes behind it: {file}",
                described(0)
            ),
            format!(
                "put {} first in PATH, or type the whole path",
                own.on_path[own_place].parent().unwrap_or(Path::new("/")).display()
            ),
        ),
        None if kinds.is_empty() => Finding::warning(
            CHECK,
            format!("this program, {version}, is not on the path: {file}"),
            format!(
                "make it a command: install -D {} ~/.local/bin/{name}, with ~/.local/bin in PATH",
                quoted(&file.to_string())
            ),
        ),
        None => Finding::warning(
            CHECK,
            format!("`{name}` is another program: {}; this one, {version}, is {file}", described(0)),
            "put the folder of this one first in PATH, or type the whole path",
        ),
    };
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    fn found(on_path: &[&str], kinds: &[Kind]) -> Finding {
        let on_path = on_path.iter().map(Into::into).collect();
        let own = OwnProgram { file: "/opt/qubx".into(), name: "qubx".to_owned(), on_path };
        judge(&own, kinds).remove(0)
    }

    #[test]
    fn another_program_of_the_name_that_comes_first_is_named() {
        let alone = found(&["/opt/qubx"], &[Kind::This]);
        assert_eq!(alone.status, Status::Ok);
        let before = found(&["/opt/qubx", "/usr/bin/qubx"], &[Kind::This, Kind::PythonScript]);
        assert_eq!(before.status, Status::Ok);
        let behind = found(&["/venv/bin/qubx", "/opt/qubx"], &[Kind::PythonScript, Kind::This]);
        assert_eq!(behind.status, Status::Warning);
        assert!(behind.text.contains("/venv/bin/qubx, a script of Python"), "{behind:?}");
        assert!(behind.hint.unwrap().contains("put /opt first"));
        let hidden = found(&["/usr/bin/qubx"], &[Kind::Other]);
        assert!(hidden.text.contains("another program: /usr/bin/qubx; this one"), "{hidden:?}");
        let nowhere = found(&[], &[]);
        assert!(nowhere.hint.unwrap().contains("install -D /opt/qubx"));
    }

    #[test]
    fn a_script_of_python_is_told_from_other_programs() {
        let root = tempfile::tempdir().unwrap();
        let own = OwnProgram { file: root.path().join("own"), name: "qubx".to_owned(), on_path: Vec::new() };
        for (text, expected) in [
            ("#!/venv/bin/python3.12\nimport qubx", Kind::PythonScript),
            ("#!/usr/bin/env python\n", Kind::PythonScript),
            ("#!/bin/sh\npython", Kind::Other),
            ("\x7fELF", Kind::Other),
            ("", Kind::Other),
        ] {
            let file = root.path().join("other");
            std::fs::write(&file, text).unwrap();
            assert_eq!(kind(&own, &file), expected, "{text:?}");
        }
        std::fs::write(&own.file, "x").unwrap();
        std::os::unix::fs::symlink(&own.file, root.path().join("link")).unwrap();
        assert_eq!(kind(&own, &root.path().join("link")), Kind::This);
    }
}
