//! Files that a config names.

use std::path::PathBuf;

use super::error::ConfigError;
use super::reader::{Field, Reader};

/// Returns the existing file that `field` names, absolute.
pub(super) fn existing_file(reader: &mut Reader, field: &Field) -> Option<PathBuf> {
    let path = field.node.origin.folder().join(reader.text(field)?);
    let problem = match path.metadata() {
        Ok(metadata) if metadata.is_file() => return Some(path),
        Ok(_) => "is not a file".to_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        Err(error) => format!("cannot be opened: {error}"),
    };
    let error = ConfigError::new(&field.node.origin, format!("the file {} {problem}", path.display()));
    reader.push(error.hint(
        "a relative path is relative to the file that it is written in, with --set to the current directory",
    ));
    None
}
