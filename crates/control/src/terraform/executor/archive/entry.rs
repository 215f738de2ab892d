//! Reads the entries of a tar stream, long names included, without trusting any size in it.
//!
//! The extension headers are read here and not by the `tar` crate, because it would hold a
//! header of any length in memory.

use std::io::{self, Read};

use pilothouse_model::Error;
use tar::{Archive, EntryType, PaxExtensions};

use super::{ArchiveLimits, name::Name, unreadable};

/// The longest extension header that is read.
const MAX_EXTENSION_BYTES: u64 = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File {
        executable: bool,
    },
    Directory,
    /// Anything else, with the rule it breaks.
    Forbidden(&'static str),
}

pub(super) struct Entry<'a, R: Read> {
    pub(super) name: Name,
    pub(super) kind: Kind,
    pub(super) content: tar::Entry<'a, R>,
}

pub(super) struct Entries<'a, R: Read> {
    raw: tar::Entries<'a, R>,
    limits: &'a ArchiveLimits,
    /// Where reading has come to, for error messages.
    place: String,
}

impl<'a, R: Read> Entries<'a, R> {
    pub(super) fn of(
        archive: &'a mut Archive<R>,
        limits: &'a ArchiveLimits,
    ) -> Result<Self, Error> {
        let raw = archive.entries().map_err(|error| unreadable(error, "", limits))?.raw(true);
        Ok(Self { raw, limits, place: String::new() })
    }

    /// The next file or folder; an error for anything else.
    pub(super) fn next(&mut self) -> Result<Option<Entry<'a, R>>, Error> {
        let mut long_name: Option<Vec<u8>> = None;
        while let Some(content) = self.raw.next() {
            let mut content = content.map_err(|error| self.unreadable(error))?;
            match content.header().entry_type() {
                EntryType::XGlobalHeader => {}
                EntryType::GNULongName => {
                    let mut name = self.extension(&mut content)?;
                    name.pop_if(|last| *last == 0);
                    long_name = Some(name);
                }
                EntryType::XHeader => {
                    if let Some(name) = self.pax_path(&mut content)? {
                        long_name = Some(name);
                    }
                }
                other => {
                    let raw_name =
                        long_name.take().unwrap_or_else(|| content.path_bytes().into_owned());
                    if let Some(entry) = self.entry(&raw_name, other, content)? {
                        return Ok(Some(entry));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The entry, unless it is the root folder itself.
    fn entry(
        &mut self,
        raw_name: &[u8],
        entry_type: EntryType,
        content: tar::Entry<'a, R>,
    ) -> Result<Option<Entry<'a, R>>, Error> {
        let Some(name) = Name::parse(raw_name, self.limits)? else { return Ok(None) };
        let kind = match entry_type {
            EntryType::Directory => Kind::Directory,
            // How the oldest format marks a folder.
            EntryType::Regular if raw_name.ends_with(b"/") => Kind::Directory,
            EntryType::Regular | EntryType::Continuous => {
                let mode = content.header().mode().unwrap_or(0);
                Kind::File { executable: mode & 0o100 != 0 }
            }
            other => Kind::Forbidden(broken_rule(other)),
        };
        name.as_str().clone_into(&mut self.place);
        Ok(Some(Entry { name, kind, content }))
    }

    fn extension(&self, content: &mut tar::Entry<'a, R>) -> Result<Vec<u8>, Error> {
        if content.size() > MAX_EXTENSION_BYTES {
            return Err(Error::invalid(format!(
                "the archive has an extension header of {} bytes after {:?}, at most {MAX_EXTENSION_BYTES} are read",
                content.size(),
                self.place
            )));
        }
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(|error| self.unreadable(error))?;
        Ok(bytes)
    }

    /// The name in a POSIX extension header. Its other fields carry times and owners, which are
    /// ignored, or sizes and holes, which would make the stream mean something else.
    fn pax_path(&self, content: &mut tar::Entry<'a, R>) -> Result<Option<Vec<u8>>, Error> {
        let bytes = self.extension(content)?;
        let mut path = None;
        for field in PaxExtensions::new(&bytes) {
            let field = field.map_err(|error| self.unreadable(error))?;
            match field.key_bytes() {
                b"path" => path = Some(field.value_bytes().to_vec()),
                key if key == b"size" || key.starts_with(b"GNU.sparse") => {
                    return Err(Error::invalid(format!(
                        "the archive has a sparse or oversized file after {:?}",
                        self.place
                    )));
                }
                _ => {}
            }
        }
        Ok(path)
    }

    fn unreadable(&self, error: io::Error) -> Error {
        unreadable(error, &self.place, self.limits)
    }
}

fn broken_rule(entry_type: EntryType) -> &'static str {
    match entry_type {
        EntryType::Symlink | EntryType::Link | EntryType::GNULongLink => {
            "it is a link; only files and folders are allowed"
        }
        EntryType::Char | EntryType::Block | EntryType::Fifo => {
            "it is a device or a pipe; only files and folders are allowed"
        }
        _ => "it is neither a file nor a folder",
    }
}
