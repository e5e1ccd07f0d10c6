//! The names of a new strategy: the session's, the module's and the class's. No I/O.

use crate::failure::Failure;

/// What one name becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// The session's name, and the config's file: as it was given.
    pub(super) session: String,
    /// The Python module: with `_` for `-`.
    pub(super) module: String,
    /// The class: each word with a capital.
    pub(super) class: String,
}

/// A session's name of this length is a folder's name as it is.
const LONGEST: usize = 64;

impl Names {
    /// Checks a name and returns what it becomes.
    pub(super) fn of(name: &str) -> Result<Self, Failure> {
        let refuse = |why: &str| {
            Err(Failure::usage(format!("`{name}` cannot be the name of a strategy: {why}"))
                .hint("name it with --name, for example `--name ema-cross`"))
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(is_word) {
            return refuse("it must begin with a letter and have only letters, digits, - and _");
        }
        if name.len() > LONGEST {
            return refuse(&format!("it has {} characters, and may have {LONGEST}", name.len()));
        }
        let module = name.replace('-', "_");
        if KEYWORDS.contains(&module.as_str()) {
            return refuse("it is a word of Python");
        }
        if MODULES.split_whitespace().any(|taken| taken == module) {
            return refuse(
                "a module of this name would stand in the place of Python's own, or of one that qubx needs",
            );
        }
        let class = class(&module);
        Ok(Self { session: name.to_owned(), module, class })
    }
}

/// Returns a module's name as a class's: `ema_cross` is `EmaCross`.
fn class(module: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    let class: String = module.split('_').filter(|word| !word.is_empty()).map(capital).collect();
    if TAKEN.contains(&class.as_str()) { format!("My{class}") } else { class }
}

/// The classes that the module has already, and the constants of Python.
const TAKEN: &[&str] = &["Bar", "Context", "Strategy", "None", "True", "False"];

/// The words that no module can have as its name.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The modules of Python's library, 3.10 to 3.14, and the packages that a kernel imports: a strategy's module is looked
/// for beside its config first, so one of these would be found instead.
const MODULES: &str = "\
abc aifc annotationlib antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii \
bisect builtins bz2 calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall \
compression concurrent configparser contextlib contextvars copy copyreg cProfile crypt csv ctypes curses \
dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler \
fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp \
gzip hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword \
lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt \
multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib pdb \
pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile \
pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched secrets \
select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile \
sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symtable sys sysconfig \
syslog tabnanny tarfile telnetlib tempfile termios test textwrap this threading time timeit tkinter token tokenize \
tomllib trace traceback tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uu uuid venv \
warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo \
IPython comm debugpy ipykernel jupyter_client jupyter_core matplotlib numpy packaging pandas psutil qubx qubx_strategy \
tornado traitlets zmq";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_session_a_module_and_a_class() {
        for (name, module, class) in [
            ("ema-cross", "ema_cross", "EmaCross"),
            ("breakout", "breakout", "Breakout"),
            ("v2_x--y", "v2_x__y", "V2XY"),
            ("a-", "a_", "A"),
            ("BTC", "BTC", "BTC"),
            ("strategy", "strategy", "MyStrategy"),
            ("none", "none", "MyNone"),
            ("match", "match", "Match"),
        ] {
            let expected =
                Names { session: name.to_owned(), module: module.to_owned(), class: class.to_owned() };
            assert_eq!(Names::of(name).unwrap(), expected);
        }
    }

    #[test]
    fn a_name_that_python_cannot_import_is_refused_with_the_reason() {
        let long = "x".repeat(LONGEST + 1);
        for (name, why) in [
            ("", "begin with a letter"),
            ("2fast", "begin with a letter"),
            ("_x", "begin with a letter"),
            ("-x", "begin with a letter"),
            ("ema cross", "only letters"),
            ("größe", "only letters"),
            ("a.b", "only letters"),
            ("../a", "begin with a letter"),
            ("class", "word of Python"),
            ("json", "in the place of"),
            ("random", "in the place of"),
            ("qubx-strategy", "in the place of"),
            (&long, "65 characters"),
        ] {
            let refused = Names::of(name).unwrap_err().to_string();
            assert!(refused.contains(why) && refused.contains("--name"), "{name}: {refused}");
        }
    }
}
