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
pub(super) fn unpack(bytes: &[u8]) -> Result<String> {
    let content = if bytes.starts_with(&[0x1f, 0x8b]) {
        bounded(GzDecoder::new(bytes))?
    } else if bytes.starts_with(b"PK") {
        archive(bytes)?
    } else {
        bytes.to_vec()
    };
    Ok(String::from_utf8_lossy(&content).into_owned())
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

/// The files of a zip archive in the order of its directory.
fn archive(bytes: &[u8]) -> Result<Vec<u8>> {
    let missing = || Error::upstream("the packed log is not a complete archive");
    let end = bytes.windows(4).rposition(|at| at == END_OF_DIRECTORY).ok_or_else(missing)?;
    let mut at = number(bytes, end + 16, 4).ok_or_else(missing)?;
    let mut content = Vec::new();
    for _ in 0..MAX_FILES {
        if bytes.get(at..at + 4) != Some(&DIRECTORY_ENTRY[..]) {
            break;
        }
        let field = |offset, size| number(bytes, at + offset, size).ok_or_else(missing);
        let (method, packed) = (field(10, 2)?, field(20, 4)?);
        let (name, extra, comment) = (field(28, 2)?, field(30, 2)?, field(32, 2)?);
        let local = field(42, 4)?;
        let local_name = number(bytes, local + 26, 2).ok_or_else(missing)?;
        let local_extra = number(bytes, local + 28, 2).ok_or_else(missing)?;
        let start = local + 30 + local_name + local_extra;
        let data = bytes.get(start..start + packed).ok_or_else(missing)?;
        let file = match method {
            0 => data.to_vec(),
            8 => bounded(DeflateDecoder::new(data))?,
            _ => return Err(Error::upstream("the log is packed in an unknown way")),
        };
        content.extend(file);
        content.push(b'\n');
        if content.len() > MAX_UNPACKED {
            return Err(Error::limited(format!("the log is longer than {MAX_UNPACKED} bytes"))
                .hint("ask for the log of one step"));
        }
        at += 46 + name + extra + comment;
    }
    Ok(content)
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

    /// An archive of one file.
    fn zip(method: u16, data: &[u8]) -> Vec<u8> {
        let size = u32::try_from(data.len()).unwrap().to_le_bytes();
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.extend([0; 22]);
        bytes.extend([1, 0, 0, 0]);
        bytes.push(b'a');
        bytes.extend(data);
        let directory = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        bytes.extend(DIRECTORY_ENTRY);
        bytes.extend([0; 6]);
        bytes.extend(method.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(size);
        bytes.extend([0; 4]);
        bytes.extend([1, 0]);
        bytes.extend([0; 16]);
        bytes.push(b'a');
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
            (zip(0, b"hello"), "hello\n"),
            (zip(8, &deflated(b"hello")), "hello\n"),
        ] {
            assert_eq!(unpack(&packed).unwrap(), text);
        }
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
        let whole = zip(8, &deflated(b"hello hello hello"));
        for length in 2..whole.len() {
            // Whatever is cut off, nothing panics.
            let _ = unpack(&whole[..length]);
        }
        assert!(unpack(b"PK\x03\x04").is_err());
        assert!(unpack(&[0x1f, 0x8b, 0]).is_err());
    }
}
