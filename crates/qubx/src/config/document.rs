//! A config before it is checked: read, with overrides merged in.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::ConfigError;
use super::model::StrategyClass;
use super::nearest::nearest;
use super::node::{Node, Value, json_map};
use super::origin::{Origin, Source};
use super::parse::{MAX_BYTES, MAX_DEPTH, parse};

/// A config of either runtime: everything that must be known before the strategy's class is.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(super) root: Node,
    path: PathBuf,
    folder: PathBuf,
}

/// Reads the config at `path`, merges the files `overrides` into it and then the `KEY=VALUE` of `sets`, in their order.
///
/// # Errors
/// When a file cannot be read or is not a YAML map, and when one of `sets` is not `KEY=VALUE` or leads through
/// something that is not a map.
pub(crate) fn load(path: &Path, overrides: &[PathBuf], sets: &[String]) -> Result<Document, ConfigError> {
    let mut root = read_map(path)?;
    for file in overrides {
        root.merge(read_map(file)?);
    }
    for set in sets {
        let (keys, value) = parse_set(set)?;
        root.set(&keys, value)?;
    }
    Ok(Document { root, path: absolute(path), folder: folder_of(path) })
}

impl Document {
    /// Returns the config file, absolute.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the folder of the config file, absolute: the strategy's module is looked for there first.
    #[must_use]
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the session's name: the config's `name`, else the file's stem.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        match self.root.get("name").map(|node| &node.value) {
            Some(Value::Text(name)) => name.trim().to_owned(),
            _ => self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    /// Returns the class, or the strategy of this program, that `strategy:` names.
    ///
    /// # Errors
    /// When there is none, or it is neither `module.Class` nor `rust:name`.
    pub(crate) fn strategy(&self) -> Result<StrategyClass, ConfigError> {
        const HINT: &str = "write `strategy: module.Class`, for example `strategy: ema_cross.EmaCross` \
            for the class EmaCross in ema_cross.py beside this file, or `strategy: rust:name` for a strategy that is built \
            into this program";
        let Some(node) = self.root.get("strategy") else {
            return Err(self.no_strategy(HINT));
        };
        let Value::Text(text) = &node.value else {
            let message = format!("strategy must be `module.Class`, not {}", node.describe());
            return Err(ConfigError::new(&node.origin, message).hint(HINT));
        };
        if let Some(name) = text.strip_prefix("rust:") {
            return match is_identifier(&name.replace('-', "_")) {
                true => Ok(StrategyClass::Rust { name: name.to_owned() }),
                false => {
                    let message = format!("`{text}` is not `rust:name`");
                    Err(ConfigError::new(&node.origin, message).hint(HINT))
                }
            };
        }
        match text.rsplit_once('.') {
            Some((module, class)) if module.split('.').all(is_identifier) && is_identifier(class) => {
                Ok(StrategyClass::Python { module: module.to_owned(), class: class.to_owned() })
            }
            _ => Err(ConfigError::new(&node.origin, format!("`{text}` is not `module.Class`")).hint(HINT)),
        }
    }

    /// Says that there is no strategy, at the key that looks like a misspelt one if there is such a key.
    fn no_strategy(&self, hint: &str) -> ConfigError {
        let entries = if let Value::Map(entries) = &self.root.value { Some(entries) } else { None };
        let misspelt = entries.into_iter().flatten().find(|(key, _)| nearest(key, ["strategy"]).is_some());
        match misspelt {
            Some((key, entry)) => {
                ConfigError::new(&entry.key, format!("unknown key `{key}` at the top level"))
                    .hint("did you mean `strategy`?")
            }
            None => ConfigError::new(&self.root.origin, "missing key `strategy`").hint(hint),
        }
    }

    /// Returns the strategy's parameters; empty when the config gives none.
    ///
    /// # Errors
    /// When `parameters:` is not a map.
    pub(crate) fn parameters(&self) -> Result<serde_json::Map<String, serde_json::Value>, ConfigError> {
        match self.root.get("parameters") {
            None => Ok(serde_json::Map::new()),
            Some(Node { value: Value::Map(entries), .. }) => Ok(json_map(entries)),
            Some(node) => {
                let message = format!("parameters must be a map, not {}", node.describe());
                Err(ConfigError::new(&node.origin, message))
            }
        }
    }

    /// Returns an error that points at the value at the path `keys`, else at what encloses it: for what is found
    /// out elsewhere, say by the probe of the strategy's class.
    #[must_use]
    pub(crate) fn error_at(
        &self,
        keys: &[&str],
        message: impl Into<String>,
        hint: Option<String>,
    ) -> ConfigError {
        hinted(ConfigError::new(&self.root.nearest_at(keys).origin, message), hint)
    }

    /// Returns an error that points at the key `key` of the map at the path `keys`, else at what encloses it.
    #[must_use]
    pub(crate) fn error_at_key(
        &self,
        keys: &[&str],
        key: &str,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> ConfigError {
        let place = self.root.nearest_at(keys);
        let origin = match &place.value {
            Value::Map(entries) => entries.get(key).map_or(&place.origin, |entry| &entry.key),
            _ => &place.origin,
        };
        hinted(ConfigError::new(origin, message), hint)
    }
}

fn hinted(error: ConfigError, hint: Option<String>) -> ConfigError {
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn is_identifier(word: &str) -> bool {
    !word.starts_with(|c: char| c.is_numeric())
        && !word.is_empty()
        && word.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Returns `path` seen from the current directory; as it is when there is none.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

pub(super) fn folder_of(file: &Path) -> PathBuf {
    let file = absolute(file);
    file.parent().unwrap_or(&file).to_owned()
}

/// Reads a file whose text is a map.
pub(super) fn read_map(path: &Path) -> Result<Node, ConfigError> {
    let label = path.display().to_string();
    let source = |text| Arc::new(Source { label, folder: folder_of(path), text, has_lines: true });
    let source = match read_text(path) {
        Ok(text) => source(text),
        Err(message) => return Err(ConfigError::new(&Origin::whole(&source(String::new())), message)),
    };
    let node = parse(&source)?;
    match node.value {
        Value::Map(_) => Ok(node),
        Value::Null => Err(ConfigError::new(&Origin::whole(&source), "the file is empty")),
        _ => {
            let message = format!("a config is a map of keys and values, not {}", node.describe());
            Err(ConfigError::new(&node.origin, message))
        }
    }
}

/// Reads a text of at most [`MAX_BYTES`], without the mark that some editors put before it.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    let problem = |error: std::io::Error| format!("cannot read the file: {error}");
    let mut bytes = Vec::new();
    File::open(path).map_err(problem)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(problem)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("the file is larger than {MAX_BYTES} bytes, too large for a config"));
    }
    let text = String::from_utf8(bytes).map_err(|error| format!("the file is not UTF-8 text: {error}"))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Takes `a.b.c=VALUE` apart; VALUE is YAML.
fn parse_set(set: &str) -> Result<(Vec<&str>, Node), ConfigError> {
    let (path, text) = set.split_once('=').unwrap_or((set, ""));
    let source = Arc::new(Source {
        label: format!("--set {set}"),
        folder: absolute(Path::new(".")),
        text: text.to_owned(),
        has_lines: false,
    });
    let keys: Vec<&str> = path.split('.').map(str::trim).collect();
    let problem = if !set.contains('=') {
        "there is no `=` in it"
    } else if keys.iter().any(|key| key.is_empty()) {
        "its key is empty or has an empty part"
    } else if keys.len() > MAX_DEPTH {
        "its key has too many parts"
    } else {
        return Ok((keys, parse(&source)?));
    };
    let hint = "write --set KEY=VALUE, for example --set parameters.fast=10";
    Err(ConfigError::new(&Origin::whole(&source), problem).hint(hint))
}
