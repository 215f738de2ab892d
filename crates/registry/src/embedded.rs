//! The data files inside the binary. A debug build reads them from the source tree instead, so
//! that an edit needs no compilation.

use std::borrow::Cow;

use rust_embed::RustEmbed;
use thiserror::Error;

#[derive(RustEmbed)]
#[folder = "../../registry"]
#[include = "*.toml"]
struct Registry;

#[derive(RustEmbed)]
#[folder = "../../docs/guide"]
#[include = "*.md"]
struct Guide;

/// A text file and the name it has in the repository.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// As in `registry/tharsis/run.toml`.
    pub(crate) path: String,
    pub(crate) text: String,
}

#[derive(Debug, Error)]
#[error("{0} is not UTF-8 text")]
pub(crate) struct NotText(String);

/// The folders of `registry/` that hold a platform, in order of their names.
pub(crate) fn platforms() -> Vec<String> {
    let mut names: Vec<String> = Registry::iter()
        .filter_map(|path| path.strip_suffix("/platform.toml").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// The files of one platform, in order of their paths.
pub(crate) fn platform(name: &str) -> Result<Vec<File>, NotText> {
    let folder = format!("{name}/");
    let mut paths: Vec<_> =
        Registry::iter().filter(|path| path.starts_with(folder.as_str())).collect();
    paths.sort();
    paths.iter().filter_map(|path| file::<Registry>("registry", path)).collect()
}

/// One file of `registry/knowledge/`.
pub(crate) fn knowledge(name: &str) -> Option<Result<File, NotText>> {
    file::<Registry>("registry", &format!("knowledge/{name}"))
}

/// The pages of the user documentation, in order of their names.
pub(crate) fn guide() -> Result<Vec<File>, NotText> {
    let mut paths: Vec<_> = Guide::iter().collect();
    paths.sort();
    paths.iter().filter_map(|path| file::<Guide>("docs/guide", path)).collect()
}

fn file<F: RustEmbed>(root: &str, path: &str) -> Option<Result<File, NotText>> {
    let bytes: Cow<'static, [u8]> = F::get(path)?.data;
    let path = format!("{root}/{path}");
    Some(match String::from_utf8(bytes.into_owned()) {
        Ok(text) => Ok(File { path, text }),
        Err(_) => Err(NotText(path)),
    })
}
