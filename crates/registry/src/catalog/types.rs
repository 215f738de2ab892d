//! The types of one platform. Their names are found by looking through the files; a toolset's file
//! is parsed when one of its types is first asked for, because a call needs one of forty.

use std::{
    collections::BTreeMap,
    ops::Index,
    sync::{Arc, OnceLock},
};

use crate::{
    embedded::File,
    load::{self, LoadError, PageStyle},
    name,
    resource::ResourceType,
    spec::{Platform, ToolsetHead},
};

/// Types by their own names.
#[derive(Debug)]
pub struct Types {
    platform: Arc<Platform>,
    styles: BTreeMap<String, PageStyle>,
    volumes: Vec<Volume>,
    names: OnceLock<Names>,
}

/// One toolset, in a file of its name.
#[derive(Debug)]
struct Volume {
    toolset: String,
    file: File,
    parsed: OnceLock<Result<Toolset, LoadError>>,
}

/// A file, parsed and resolved.
#[derive(Debug)]
pub(crate) struct Toolset {
    pub(crate) head: ToolsetHead,
    pub(crate) types: BTreeMap<String, ResourceType>,
}

/// What the files name.
#[derive(Debug, Default)]
struct Names {
    /// The volume of each type.
    volumes: BTreeMap<String, usize>,
    /// Every name a type answers to, normalized, with the type's own name.
    known: BTreeMap<String, String>,
}

impl Types {
    /// `files` are those of toolsets, by the toolset's name.
    pub(crate) fn new(
        platform: Arc<Platform>,
        styles: BTreeMap<String, PageStyle>,
        files: Vec<(String, File)>,
    ) -> Self {
        let bind = |(toolset, file)| Volume { toolset, file, parsed: OnceLock::new() };
        let volumes = files.into_iter().map(bind).collect();
        Self { platform, styles, volumes, names: OnceLock::new() }
    }

    /// `None` for a type that does not exist, or in a file that does not load.
    pub fn get(&self, name: &str) -> Option<&ResourceType> {
        self.open(name)?.ok()
    }

    pub fn contains_key(&self, name: &str) -> bool {
        self.names().volumes.contains_key(name)
    }

    /// Every type in order of their names; parses all there is.
    pub fn values(&self) -> impl Iterator<Item = &ResourceType> {
        self.names().volumes.keys().filter_map(|name| self.get(name))
    }

    /// The name of every type and that of its toolset, in order, with nothing parsed.
    pub fn toolsets(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.names().volumes.iter();
        names.map(|(name, volume)| (name.as_str(), self.volumes[*volume].toolset.as_str()))
    }

    /// The type of this name, or why its file does not load.
    pub(super) fn open(&self, name: &str) -> Option<Result<&ResourceType, &LoadError>> {
        let volume = &self.volumes[*self.names().volumes.get(name)?];
        match self.parsed(volume) {
            Ok(toolset) => toolset.types.get(name).map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// The name of the type that answers to `name`, which is normalized.
    pub(super) fn own_name(&self, name: &str) -> Option<&str> {
        self.names().known.get(name).map(String::as_str)
    }

    /// Every name that a type answers to.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.names().known.keys().map(String::as_str)
    }

    pub(super) fn toolset_names(&self) -> impl Iterator<Item = &str> {
        self.volumes.iter().map(|volume| volume.toolset.as_str())
    }

    pub(super) fn toolset(&self, name: &str) -> Option<&Toolset> {
        let volume = self.volumes.iter().find(|volume| volume.toolset == name)?;
        self.parsed(volume).ok()
    }

    /// Every file, parsed, with its path and the names that were found in it without parsing.
    pub(crate) fn files(
        &self,
    ) -> impl Iterator<Item = (&str, Result<&Toolset, &LoadError>, Vec<Named>)> {
        self.volumes.iter().map(|volume| {
            (volume.file.path.as_str(), self.parsed(volume), named(&volume.file.text).collect())
        })
    }

    fn parsed<'t>(&'t self, volume: &'t Volume) -> Result<&'t Toolset, &'t LoadError> {
        let parse = || load::toolset(&self.platform, &self.styles, &volume.file);
        volume.parsed.get_or_init(parse).as_ref()
    }

    fn names(&self) -> &Names {
        self.names.get_or_init(|| {
            let mut names = Names::default();
            for (number, volume) in self.volumes.iter().enumerate() {
                for Named { name, aliases } in named(&volume.file.text) {
                    for alias in aliases {
                        names.known.insert(name::normal(&alias), name.clone());
                    }
                    names.known.insert(name.clone(), name.clone());
                    names.volumes.insert(name, number);
                }
            }
            names
        })
    }
}

impl Index<&str> for Types {
    type Output = ResourceType;

    /// Panics for a type that does not exist.
    fn index(&self, name: &str) -> &ResourceType {
        self.get(name).expect("the type exists, and tests load every file")
    }
}

/// A type and its other names, as a file has them.
#[derive(Debug, PartialEq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
}

/// The types in a file, from the lines that name them: `[resource.x]` and `aliases = […]` below it.
fn named(text: &str) -> impl Iterator<Item = Named> {
    text.split("\n[resource.").skip(1).filter_map(|part| {
        let (name, rest) = part.split_once(']')?;
        let table = rest.split_once("\n[").map_or(rest, |(table, _)| table);
        let list = table.split_once("\naliases = ").and_then(|(_, rest)| rest.lines().next());
        // A list of plain texts is the same in TOML and JSON.
        let aliases = list.and_then(|list| serde_json::from_str(list).ok()).unwrap_or_default();
        (!name.contains('.')).then(|| Named { name: name.to_owned(), aliases })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_without_parsing() {
        let text = "[toolset]\nname = \"t\"\n\n[resource.a]\ntitle = \"A\"\naliases = [\"b c\", \"d\"]\n\n\
                    [resource.a.op.get]\nhttp = \"GET /a\"\n\n[resource.e]\ntitle = \"E\"\n";
        let found: Vec<_> = named(text).map(|it| (it.name, it.aliases)).collect();
        assert_eq!(
            found,
            [("a".to_owned(), vec!["b c".to_owned(), "d".to_owned()]), ("e".to_owned(), vec![])]
        );
    }
}
