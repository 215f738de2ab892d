//! Changes a client's file so that no moment exists in which it is missing or half written.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use pilothouse_model::Error;
use serde_json::{Map, Value};

use super::merge::merge;

/// A larger file is not one that a person's MCP client wrote.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// What happened to the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The real file, behind symbolic links.
    pub path: PathBuf,
    /// The file as it was, if it was there and this is the first change of it.
    pub backup: Option<PathBuf>,
    pub changed: bool,
}

/// Puts `entry` at `servers_key.name` of the file at `path`.
pub(super) fn write(
    path: &Path,
    servers_key: &str,
    name: &str,
    entry: &Map<String, Value>,
) -> Result<Written, Error> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let failed = |what: &str, error: &io::Error| {
        Error::unavailable(format!("cannot {what} {}: {error}", path.display()))
    };
    let before = read(&path).map_err(|error| failed("read", &error))?;
    let text = before.as_deref().unwrap_or_default();
    let after = merge(text, servers_key, name, entry).map_err(|problem| {
        Error::invalid(format!("{} {problem}", path.display()))
            .hint("it was left as it is; correct it, or run the command without --write")
    })?;
    if before.as_ref() == Some(&after) {
        return Ok(Written { path, backup: None, changed: false });
    }
    let backup = match before {
        Some(_) => back_up(&path).map_err(|error| failed("back up", &error))?,
        None => None,
    };
    replace(&path, &after).map_err(|error| failed("write", &error))?;
    Ok(Written { path, backup, changed: true })
}

fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("larger than {MAX_FILE_BYTES} bytes")));
    }
    Ok(Some(text))
}

/// Keeps the file as it was before the first change: a later one does not replace that.
fn back_up(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".before-pilothouse");
    let backup = path.with_file_name(name);
    let mut kept = match fs::File::create_new(&backup) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut original = fs::File::open(path)?;
    kept.set_permissions(original.metadata()?.permissions())?;
    io::copy(&mut original, &mut kept)?;
    Ok(Some(backup))
}

/// Writes a new file beside the old one and puts it in its place in one step.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    if let Ok(metadata) = fs::metadata(path) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
