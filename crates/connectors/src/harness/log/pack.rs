//! Packed logs: gzip, zip, or plain text. Whatever is inside, no more than a bound comes out.

use std::io::Read as _;

use flate2::read::{DeflateDecoder, GzDecoder};
use pilothouse_model::{Error, Result};

/// Largest log, unpacked, in bytes.
pub(super) const MAX_UNPACKED: usize = 16 << 20;
/// Most files of one archive that are read.
const MAX_FILES: usize = 500;
const END_OF_DIRECTORY: [u8; 4] = *b"PK\x05\x06";
const DIRECTORY_ENTRY: [u8; 4] = *b"PK\x01\x02";

/// The texts of all files, one after the other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unpacked {
    pub(super) text: String,
    /// Files that were not read, because there are too many.
    pub(super) left_out: usize,
}

pub(super) fn unpack(bytes: &[u8]) -> Result<Unpacked> {
    let (content, left_out) = if bytes.starts_with(&[0x1f, 0x8b]) {
        (bounded(GzDecoder::new(bytes))?, 0)
    } else if bytes.starts_with(b"PK") {
        archive(bytes)?
    } else {
        (bytes.to_vec(), 0)
    };
    Ok(Unpacked { text: String::from_utf8_lossy(&content).into_owned(), left_out })
}

fn bounded(reader: impl std::io::Read) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let limit = MAX_UNPACKED as u64 + 1;
    reader.take(limit).read_to_end(&mut content).map_err(broken)?;
    if content.len() > MAX_UNPACKED {
        return Err(Error::limited(format!("the log is longer than {MAX_UNPACKED} bytes"))
            .hint("ask for the log of one step, or for its link with return_download_url"));
    }
    Ok(content)
}

/// The last [`MAX_FILES`] files of a zip archive in the order of its directory, because a log is
/// read from its end, and how many are before them.
fn archive(bytes: &[u8]) -> Result<(Vec<u8>, usize)> {
    let entries = directory(bytes)?;
    let left_out = entries.len().saturating_sub(MAX_FILES);
    let mut content = Vec::new();
    for entry in &entries[left_out..] {
        content.extend(entry.unpack(bytes)?);
        content.push(b'\n');
        if content.len() > MAX_UNPACKED {
            return Err(Error::limited(format!("the log is longer than {MAX_UNPACKED} bytes"))
                .hint("ask for the log of one step"));
        }
    }
    Ok((content, left_out))
}

/// A file of a zip archive.
struct Entry {
    method: usize,
    /// Its size as it is packed, in bytes.
    size: usize,
    /// Where its own header begins.
    header: usize,
}

fn directory(bytes: &[u8]) -> Result<Vec<Entry>> {
    let end = bytes.windows(4).rposition(|at| at == END_OF_DIRECTORY).ok_or_else(incomplete)?;
    let mut at = number(bytes, end + 16, 4).ok_or_else(incomplete)?;
    let mut entries = Vec::new();
    while bytes.get(at..at + 4) == Some(&DIRECTORY_ENTRY[..]) {
        let field = |offset, size| number(bytes, at + offset, size).ok_or_else(incomplete);
        entries.push(Entry { method: field(10, 2)?, size: field(20, 4)?, header: field(42, 4)? });
        at += 46 + field(28, 2)? + field(30, 2)? + field(32, 2)?;
    }
    Ok(entries)
}

impl Entry {
    fn unpack(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let field = |offset| number(bytes, self.header + offset, 2).ok_or_else(incomplete);
        let start = self.header + 30 + field(26)? + field(28)?;
        let data = bytes.get(start..start + self.size).ok_or_else(incomplete)?;
        match self.method {
            0 => Ok(data.to_vec()),
            8 => bounded(DeflateDecoder::new(data)),
            _ => Err(Error::upstream("the log is packed in an unknown way")),
        }
    }
}

fn incomplete() -> Error {
    Error::upstream("the packed log is not a complete archive")
}

/// A little-endian number of `size` bytes.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<usize> {
    let field = bytes.get(at..at.checked_add(size)?)?;
    field
        .iter()
        .rev()
        .try_fold(0_usize, |number, byte| number.checked_mul(256)?.checked_add(usize::from(*byte)))
}

fn broken(error: std::io::Error) -> Error {
    Error::upstream("the packed log cannot be unpacked").source(error)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder},
    };

    use super::*;

    fn deflated(text: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// An archive of the same file so many times.
    fn zip(files: usize, method: u16, data: &[u8]) -> Vec<u8> {
        let size = u32::try_from(data.len()).unwrap().to_le_bytes();
        let (mut bytes, mut entries) = (Vec::new(), Vec::new());
        for _ in 0..files {
            let header = u32::try_from(bytes.len()).unwrap().to_le_bytes();
            bytes.extend(b"PK\x03\x04");
            bytes.extend([0; 22]);
            bytes.extend([1, 0, 0, 0]);
            bytes.push(b'a');
            bytes.extend(data);
            entries.extend(DIRECTORY_ENTRY);
            entries.extend([0; 6]);
            entries.extend(method.to_le_bytes());
            entries.extend([0; 8]);
            entries.extend(size);
            entries.extend([0; 4]);
            entries.extend([1, 0]);
            entries.extend([0; 12]);
            entries.extend(header);
            entries.push(b'a');
        }
        let directory = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        bytes.extend(entries);
        bytes.extend(END_OF_DIRECTORY);
        bytes.extend([0; 12]);
        bytes.extend(directory);
        bytes.extend([0; 2]);
        bytes
    }

    #[test]
    fn every_way_of_packing_is_unpacked() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(b"hello").unwrap();
        for (packed, text) in [
            (b"hello".to_vec(), "hello"),
            (gzip.finish().unwrap(), "hello"),
            (zip(1, 0, b"hello"), "hello\n"),
            (zip(1, 8, &deflated(b"hello")), "hello\n"),
            (zip(2, 8, &deflated(b"hello")), "hello\nhello\n"),
        ] {
            assert_eq!(unpack(&packed).unwrap(), Unpacked { text: text.to_owned(), left_out: 0 });
        }
    }

    #[test]
    fn of_too_many_files_the_last_are_read() {
        let mut packed = zip(MAX_FILES + 2, 0, b"x");
        packed[31] = b'!';
        let unpacked = unpack(&packed).unwrap();
        assert_eq!((unpacked.text.as_str(), unpacked.left_out), (&*"x\n".repeat(MAX_FILES), 2));
    }

    #[test]
    fn more_than_the_bound_is_refused() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&vec![b'x'; MAX_UNPACKED + 1]).unwrap();
        let error = unpack(&gzip.finish().unwrap()).unwrap_err();
        assert_eq!(error.kind, pilothouse_model::Kind::Limited);
    }

    #[test]
    fn a_broken_archive_is_an_error() {
        let whole = zip(1, 8, &deflated(b"hello hello hello"));
        for length in 2..whole.len() {
            // Whatever is cut off, nothing panics.
            let _ = unpack(&whole[..length]);
        }
        assert!(unpack(b"PK\x03\x04").is_err());
        assert!(unpack(&[0x1f, 0x8b, 0]).is_err());
    }
}
