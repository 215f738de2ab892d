//! Uploaded configurations: `tar.gz` archives from people and programs that are not trusted.
//!
//! An archive is only ever read as a stream against [`ArchiveLimits`]; nothing of it is written
//! unless every rule holds for the entry at hand. Knows nothing of Terraform but the names of
//! files that never belong to a configuration.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use pilothouse_model::Error;
use tar::{Archive, EntryType, Header};

use self::{
    entry::{Entries, Entry, Kind},
    name::{Name, Names, refused},
};

mod entry;
mod name;
#[cfg(test)]
mod tests;

/// What an archive may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// Of the `tar.gz` file.
    pub compressed_bytes: u64,
    /// Of everything the archive unpacks to, file headers included.
    pub unpacked_bytes: u64,
    /// Files and folders, those that are dropped included.
    pub entries: usize,
    /// Of a whole name, in bytes.
    pub path_bytes: usize,
    /// Of one part of a name, in bytes: what file systems take.
    pub component_bytes: usize,
    /// Folders above a file, itself included.
    pub depth: usize,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self {
            compressed_bytes: 32 * 1024 * 1024,
            unpacked_bytes: 100 * 1024 * 1024,
            entries: 10_000,
            path_bytes: 512,
            component_bytes: 255,
            depth: 32,
        }
    }
}

/// What an archive holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Names of the files that are kept, in the order of the archive.
    pub files: Vec<String>,
    /// Names that are left out: state files and Terraform's own working folder.
    pub dropped: Vec<String>,
    /// Of the files that are kept.
    pub file_bytes: u64,
}

/// Checks the whole archive at `path` without writing anything.
pub fn inspect(path: &Path, limits: &ArchiveLimits) -> Result<Inventory, Error> {
    walk(path, limits, |_name, _kind, content| io::copy(content, &mut io::sink()))
}

/// Checks and unpacks the archive at `path` into the existing, empty directory `destination`.
/// On an error the directory may hold a part of the archive.
pub fn unpack(path: &Path, destination: &Path, limits: &ArchiveLimits) -> Result<Inventory, Error> {
    walk(path, limits, |name, kind, content| {
        let target = destination.join(name.as_str());
        let Kind::File { executable } = kind else {
            return fs::create_dir_all(&target).map(|()| 0);
        };
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let mode = if executable { 0o755 } else { 0o644 };
        let mut target = File::options().write(true).create_new(true).mode(mode).open(&target)?;
        io::copy(content, &mut target)
    })
}

/// Packs files into a `tar.gz` that depends on nothing but their names and contents. The names
/// obey the same rules as those of an upload.
pub fn pack(files: &BTreeMap<String, Vec<u8>>, limits: &ArchiveLimits) -> Result<Vec<u8>, Error> {
    let bytes = files.values().map(|content| content.len() as u64).sum();
    if files.len() > limits.entries {
        let rule = format!("{} files, at most {} are allowed", files.len(), limits.entries);
        return Err(Error::invalid(rule));
    }
    if bytes > limits.unpacked_bytes {
        return Err(too_large("the configuration", bytes, limits.unpacked_bytes));
    }
    let mut names = Names::default();
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (name, content) in files {
        let parsed = Name::parse(name.as_bytes(), limits)?
            .ok_or_else(|| Error::invalid(format!("{name:?} names no file")))?;
        names.add(&parsed, false)?;
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(EntryType::Regular);
        builder
            .append_data(&mut header, parsed.as_str(), content.as_slice())
            .map_err(Error::internal)?;
    }
    builder.into_inner().and_then(GzEncoder::finish).map_err(Error::internal)
}

/// Reads every entry in turn, checks it, and hands those that are kept to `visit`, which tells
/// how many bytes of content it read.
fn walk(
    path: &Path,
    limits: &ArchiveLimits,
    mut visit: impl FnMut(&Name, Kind, &mut dyn Read) -> io::Result<u64>,
) -> Result<Inventory, Error> {
    let file = File::open(path).map_err(Error::internal)?;
    let compressed = file.metadata().map_err(Error::internal)?.len();
    if compressed > limits.compressed_bytes {
        return Err(too_large("the archive", compressed, limits.compressed_bytes));
    }
    let bounded = Bounded { source: MultiGzDecoder::new(file), left: limits.unpacked_bytes };
    let mut archive = Archive::new(bounded);
    let mut inventory = Inventory::default();
    let mut names = Names::default();
    let mut count = 0;
    let mut entries = Entries::of(&mut archive, limits)?;
    while let Some(Entry { name, kind, mut content }) = entries.next()? {
        count += 1;
        if count > limits.entries {
            let rule = format!("the archive has more than {} entries", limits.entries);
            return Err(refused(name.as_str(), &rule));
        }
        if name.never_belongs_to_a_configuration() {
            inventory.dropped.push(name.into());
            continue;
        }
        if let Kind::Forbidden(rule) = kind {
            return Err(refused(name.as_str(), rule));
        }
        names.add(&name, kind == Kind::Directory)?;
        let unreadable = |error| unreadable(error, name.as_str(), limits);
        let read = visit(&name, kind, &mut content).map_err(unreadable)?;
        if kind != Kind::Directory {
            if read < content.size() {
                return Err(unreadable(io::ErrorKind::UnexpectedEof.into()));
            }
            inventory.file_bytes += read;
            inventory.files.push(name.into());
        }
    }
    // What follows the last entry holds the checksum of the compressed data.
    io::copy(&mut archive.into_inner(), &mut io::sink())
        .map_err(|error| unreadable(error, "the end", limits))?;
    if inventory.files.is_empty() {
        return Err(Error::invalid("the archive holds no file of a configuration").hint(
            "pack the folder with the .tf files: tar -czf configuration.tar.gz -C FOLDER .",
        ));
    }
    Ok(inventory)
}

fn too_large(what: &str, bytes: u64, limit: u64) -> Error {
    Error::invalid(format!("{what} is larger than allowed: {bytes} bytes, at most {limit}"))
        .hint("leave out what Terraform does not need, such as .terraform and .git folders")
}

/// An error of reading the stream, told as what is wrong with the archive where it is.
fn unreadable(error: io::Error, place: &str, limits: &ArchiveLimits) -> Error {
    // Before the first entry there is no place.
    let at = if place.is_empty() { String::new() } else { format!(", at {place:?}") };
    match error.kind() {
        io::ErrorKind::QuotaExceeded => Error::invalid(format!(
            "the archive unpacks to more than {} bytes{at}",
            limits.unpacked_bytes
        ))
        .hint("leave out what Terraform does not need, such as .terraform and .git folders"),
        io::ErrorKind::InvalidInput
        | io::ErrorKind::InvalidData
        | io::ErrorKind::UnexpectedEof
        | io::ErrorKind::Other => {
            Error::invalid(format!("the archive is not a readable tar.gz{at}: {error}"))
                .source(error)
        }
        _ => Error::unavailable(format!("the archive cannot be unpacked, at {place:?}: {error}"))
            .hint("is the server's disk full?")
            .source(error),
    }
}

/// A reader that fails once more than `left` bytes were read through it.
struct Bounded<R> {
    source: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::QuotaExceeded, "too much data"))?;
        Ok(read)
    }
}
