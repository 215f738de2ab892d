//! Files with certificate authorities, which settings of platforms name.

use super::{layer, parse, reader::Reader, setting::Setting};

/// Certificates in PEM take a few thousand bytes each.
pub(super) const MAX_CERTIFICATE_BYTES: u64 = 1024 * 1024;

/// What stands in the file that `setting` names. Whether it is a certificate, the connector says.
pub(super) fn authority(reader: &mut Reader<'_>, setting: &Setting) -> Option<Vec<u8>> {
    let path = reader.optional(setting, parse::path)?;
    layer::bytes_of(&path, MAX_CERTIFICATE_BYTES)
        .map_err(|problem| {
            let (variable, path) = (setting.variable, path.display());
            reader.problems.add(format!("{variable}: {path} {problem}"));
        })
        .ok()
}
