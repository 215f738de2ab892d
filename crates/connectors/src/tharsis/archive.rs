//! Configurations as archives: file maps packed into a `tar.gz` that is the same for the same
//! files, and archives read within bounds. Pure.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write as _},
};

use flate2::{Compression, GzBuilder, read::GzDecoder};
use pilothouse_model::{Error, Kind, Result, text::prefix};
use tar::{Archive, Builder, EntryType, Header};

/// Most files in one configuration.
pub(super) const MAX_FILES: usize = 2000;
/// Most bytes of all files of one configuration together.
pub(super) const MAX_BYTES: usize = 10 << 20;
/// Longest path of a file, in bytes.
const MAX_PATH: usize = 1024;
/// What an archive within the limits can unpack to, with its headers and padding.
const MAX_UNPACKED: u64 = (MAX_BYTES + (MAX_FILES + 1) * 4096) as u64;

/// The contents of files by their paths.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Packs the files. Owner, time and order are fixed, so equal files give equal bytes.
pub(super) fn pack(files: &Files) -> Result<Vec<u8>> {
    let sizes = files.iter().map(|(path, content)| (path.as_str(), content.len()));
    check_bounds(sizes)?;
    check_tree(files.keys().map(String::as_str))?;
    // No time and no operating system in the header.
    let gzip = GzBuilder::new().operating_system(255).write(Vec::new(), Compression::default());
    let mut builder = Builder::new(gzip);
    for (path, content) in files {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, path, content.as_slice()).map_err(Error::internal)?;
    }
    let mut gzip = builder.into_inner().map_err(Error::internal)?;
    gzip.flush().map_err(Error::internal)?;
    gzip.finish().map_err(Error::internal)
}

/// Reads every file of a `tar.gz`. Links, devices, paths that leave the archive and anything over
/// the limits are errors that name the entry.
pub(super) fn unpack(bytes: &[u8]) -> Result<Files> {
    let mut archive = Archive::new(GzDecoder::new(bytes).take(MAX_UNPACKED));
    let mut files = Files::new();
    let mut total = 0;
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::Directory | EntryType::XGlobalHeader) {
            continue;
        }
        let raw = entry.path_bytes().into_owned();
        let path = std::str::from_utf8(&raw)
            .map_err(|_| refused(&String::from_utf8_lossy(&raw), "its name is not UTF-8"))?;
        let path = path.strip_prefix("./").unwrap_or(path).to_owned();
        match kind {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {}
            EntryType::Symlink | EntryType::Link => {
                return Err(refused(&path, "it is a link; put the file itself in its place"));
            }
            _ => return Err(refused(&path, "it is neither a file nor a directory")),
        }
        check_path(&path)?;
        total += usize::try_from(entry.size()).unwrap_or(usize::MAX).min(MAX_BYTES + 1);
        check_total(files.len() + 1, total)?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(unreadable)?;
        if files.insert(path.clone(), content).is_some() {
            return Err(refused(&path, "it is there twice"));
        }
    }
    check_tree(files.keys().map(String::as_str))?;
    Ok(files)
}

fn check_bounds<'a>(sizes: impl Iterator<Item = (&'a str, usize)>) -> Result<()> {
    let (mut count, mut total) = (0, 0);
    for (path, size) in sizes {
        check_path(path)?;
        count += 1;
        total += size;
        check_total(count, total)?;
    }
    if count == 0 {
        return Err(Error::invalid("a configuration needs at least one file")
            .hint("pass files, for instance {\"main.tf\": \"…\"}"));
    }
    Ok(())
}

fn check_total(count: usize, bytes: usize) -> Result<()> {
    if count > MAX_FILES {
        return Err(Error::new(
            Kind::Limited,
            format!("a configuration may have at most {MAX_FILES} files"),
        ));
    }
    if bytes > MAX_BYTES {
        return Err(Error::new(
            Kind::Limited,
            format!("the files of a configuration may have at most {} MiB", MAX_BYTES >> 20),
        ));
    }
    Ok(())
}

/// A relative path that stays inside the directory it is unpacked in, on any system.
fn check_path(path: &str) -> Result<()> {
    let why = if path.is_empty() {
        "its name is empty"
    } else if path.len() > MAX_PATH {
        "its name is too long"
    } else if path.starts_with('/') || path.get(1..2) == Some(":") {
        "its path is absolute; name it relative to the configuration"
    } else if path.contains('\\') {
        "its name contains a backslash; separate directories with /"
    } else if path.chars().any(char::is_control) {
        "its name contains a NUL or another control character"
    } else if path.split('/').any(|part| part == "..") {
        "its path contains .., which leaves the configuration"
    } else if path.split('/').any(|part| part.is_empty() || part == ".") {
        "its path contains an empty part or ."
    } else {
        return Ok(());
    };
    Err(refused(path, why))
}

/// No file is the directory of another.
fn check_tree<'a>(sorted: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen: Vec<&str> = Vec::new();
    for path in sorted {
        let is_below = |file: &&str| path.strip_prefix(*file).is_some_and(|it| it.starts_with('/'));
        if let Some(file) = seen.iter().find(|file| is_below(file)) {
            return Err(refused(file, "another file has it as its directory"));
        }
        // In sorted order only names that are a prefix of this one can still be its directory.
        seen.retain(|file| path.starts_with(*file));
        seen.push(path);
    }
    Ok(())
}

fn refused(path: &str, why: &str) -> Error {
    Error::invalid(format!("file {:?} is refused: {why}", prefix(path, 200)))
}

fn unreadable(error: io::Error) -> Error {
    Error::invalid("the archive cannot be read as tar.gz")
        .hint(format!("it must be a gzip-compressed tar of at most {} MiB", MAX_BYTES >> 20))
        .source(error)
}

#[cfg(test)]
mod tests;
