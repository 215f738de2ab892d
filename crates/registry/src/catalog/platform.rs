//! One platform, loaded: its toolsets, resource types and drop-in surface.

use std::{collections::BTreeMap, sync::Arc};

use pilothouse_model::Error;

use super::types::Types;
use crate::{
    embedded::File,
    load::{self, LoadError, PageStyle},
    name,
    nearest::nearest,
    resource::{Operation, ResourceType},
    spec::{Platform, ToolsetHead},
    surface::{Surface, Tool},
};

#[derive(Debug)]
pub struct PlatformCatalog {
    pub platform: Arc<Platform>,
    pub types: Types,
    pub surface: Option<Surface>,
}

impl PlatformCatalog {
    /// `files` are those of toolsets, by the toolset's name.
    pub(crate) fn new(
        platform: Platform,
        styles: BTreeMap<String, PageStyle>,
        surface: Option<Surface>,
        files: Vec<(String, File)>,
    ) -> Self {
        let platform = Arc::new(platform);
        let types = Types::new(Arc::clone(&platform), styles, files);
        Self { platform, types, surface }
    }

    /// Everything that is wrong with the platform's files; parses all of them.
    pub fn check(&self) -> Result<(), LoadError> {
        load::check(self)
    }

    pub fn name(&self) -> &str {
        &self.platform.name
    }

    /// A type by name or alias, whatever the case, with or without `platform.` in front.
    pub fn resource_type(&self, name: &str) -> Result<&ResourceType, Error> {
        let normal = name::normal(name);
        let bare = normal
            .strip_prefix(self.name())
            .and_then(|rest| rest.strip_prefix('.'))
            .unwrap_or(&normal);
        let found = self.types.own_name(bare).and_then(|name| self.types.open(name));
        let loaded = found.ok_or_else(|| self.unknown_type(bare))?;
        loaded.map_err(|error| Error::internal(error.clone()))
    }

    /// The toolsets, in order of their names, with nothing parsed.
    pub fn toolset_names(&self) -> impl Iterator<Item = &str> {
        self.types.toolset_names()
    }

    pub fn toolset(&self, name: &str) -> Option<&ToolsetHead> {
        Some(&self.types.toolset(name)?.head)
    }

    /// An operation as a surface file writes it: `type.operation`.
    pub fn operation_of(&self, tool: &Tool) -> Option<&Operation> {
        let (kind, name) = tool.operation.split_once('.')?;
        self.types.get(kind)?.operations.get(name)
    }

    fn unknown_type(&self, name: &str) -> Error {
        let known: Vec<&str> = self.types.known().collect();
        let error = Error::invalid(format!("{} has no resource type {name:?}", self.name()));
        let close: Vec<String> = nearest(name, &known, 3)
            .into_iter()
            .filter_map(|name| self.types.own_name(name))
            .fold(Vec::new(), |mut ids, name| {
                let id = format!("{}.{name}", self.name());
                if !ids.contains(&id) {
                    ids.push(id);
                }
                ids
            });
        if close.is_empty() {
            let all: Vec<String> =
                self.types.toolsets().map(|(name, _)| format!("{}.{name}", self.name())).collect();
            error.hint(format!("there are: {}", all.join(", ")))
        } else {
            error.hint(format!("did you mean {}?", close.join(" or ")))
        }
    }
}

impl ResourceType {
    /// A public operation of this type by name.
    pub fn operation(&self, name: &str) -> Result<&Operation, Error> {
        if let Some(operation) = self.operations.get(name)
            && !operation.internal
        {
            return Ok(operation);
        }
        let known: Vec<&str> =
            self.public_operations().map(|operation| operation.name.as_str()).collect();
        let error = Error::invalid(format!("{} has no operation {name:?}", self.id));
        Err(match nearest(name, &known, 1).first() {
            Some(close) => error.hint(format!("did you mean {close:?}?")),
            None => error.hint(format!("there are: {}", known.join(", "))),
        })
    }
}
