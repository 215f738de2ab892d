//! The data files inside the binary. A debug build reads them from the source tree instead, so
//! that an edit needs no compilation.

use std::{borrow::Cow, collections::BTreeMap};

use rust_embed::RustEmbed;
use thiserror::Error;

#[derive(RustEmbed)]
#[folder = "../../registry"]
#[include = "*.toml"]
struct Registry;

#[derive(RustEmbed)]
#[folder = "../../registry"]
#[include = "*/definition/*.json"]
struct Definitions;

#[derive(RustEmbed)]
#[folder = "../../registry"]
#[include = "*/example/*.json"]
struct Examples;

#[derive(RustEmbed)]
#[folder = "../../docs/guide"]
#[include = "*.md"]
struct Guide;

/// A text file and the name it has in the repository.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// As in `registry/tharsis/run.toml`.
    pub(crate) path: String,
    pub(crate) text: Cow<'static, str>,
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

/// The prompt files of every surface that has some, in order of their paths.
pub(crate) fn prompts() -> Result<BTreeMap<String, Vec<File>>, NotText> {
    let mut paths: Vec<_> = Registry::iter().collect();
    paths.sort();
    let mut sets: BTreeMap<String, Vec<File>> = BTreeMap::new();
    for path in paths {
        if let Some((surface, _)) = path.split_once(PROMPTS)
            && let Some(file) = file::<Registry>("registry", &path)
        {
            sets.entry(surface.to_owned()).or_default().push(file?);
        }
    }
    Ok(sets)
}

pub(crate) fn has_prompts(surface: &str) -> bool {
    let folder = format!("{surface}{PROMPTS}");
    Registry::iter().any(|path| path.starts_with(&folder))
}

/// What stands between a surface's name and its prompt files.
const PROMPTS: &str = "/prompt/";

/// The JSON Schemas of every platform's definitions: platform, name, text.
pub(crate) fn definitions() -> Result<Vec<(String, String, String)>, NotText> {
    documents::<Definitions>("/definition/")
}

/// The examples of every platform: platform, what they are examples of, text.
pub(crate) fn examples() -> Result<Vec<(String, String, String)>, NotText> {
    documents::<Examples>("/example/")
}

fn documents<F: RustEmbed>(folder: &str) -> Result<Vec<(String, String, String)>, NotText> {
    let mut found = Vec::new();
    for path in F::iter() {
        let name = path.strip_suffix(".json").and_then(|path| path.split_once(folder));
        if let Some((platform, name)) = name
            && let Some(file) = file::<F>("registry", &path)
        {
            found.push((platform.to_owned(), name.to_owned(), file?.text.into_owned()));
        }
    }
    Ok(found)
}

/// The files of one platform, in order of their paths; not those of its folders.
pub(crate) fn platform(name: &str) -> Result<Vec<File>, NotText> {
    let folder = format!("{name}/");
    let mut paths: Vec<_> = Registry::iter()
        .filter(|path| path.strip_prefix(folder.as_str()).is_some_and(|name| !name.contains('/')))
        .collect();
    paths.sort();
    paths.iter().filter_map(|path| file::<Registry>("registry", path)).collect()
}

/// The file with a platform's surface, if it has one.
pub(crate) fn surface(name: &str) -> Option<Result<File, NotText>> {
    file::<Registry>("registry", &format!("{name}/surface.toml"))
}

/// The toolsets of a platform, each in a file of its name.
pub(crate) fn toolsets(name: &str) -> Vec<String> {
    let folder = format!("{name}/");
    let mut names: Vec<String> = Registry::iter()
        .filter_map(|path| {
            let name = path.strip_prefix(folder.as_str())?;
            toolset_in(name).filter(|_| !name.contains('/')).map(str::to_owned)
        })
        .collect();
    names.sort();
    names
}

/// The toolset that a file of this name holds, if it holds one.
pub(crate) fn toolset_in(file_name: &str) -> Option<&str> {
    let stem = file_name.strip_suffix(".toml")?;
    let is_toolset = !matches!(stem, "platform" | "surface");
    is_toolset.then(|| stem.strip_suffix("_toolset").unwrap_or(stem))
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
    let text = match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    };
    Some(match text {
        Some(text) => Ok(File { path, text }),
        None => Err(NotText(path)),
    })
}
