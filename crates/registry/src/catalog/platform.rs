//! One platform, loaded: its toolsets, resource types and drop-in surface.

use std::collections::BTreeMap;

use pilothouse_model::Error;

use crate::{
    name,
    nearest::nearest,
    resource::{Operation, ResourceType},
    spec::{Platform, ToolsetHead},
    surface::{Surface, Tool},
};

#[derive(Debug)]
pub struct PlatformCatalog {
    pub platform: Platform,
    pub toolsets: BTreeMap<String, ToolsetHead>,
    pub types: BTreeMap<String, ResourceType>,
    pub surface: Option<Surface>,
    /// Every name a type answers to, normalized, with the type's own name.
    pub(crate) names: BTreeMap<String, String>,
}

impl PlatformCatalog {
    pub(crate) fn new(platform: Platform) -> Self {
        Self {
            platform,
            toolsets: BTreeMap::new(),
            types: BTreeMap::new(),
            surface: None,
            names: BTreeMap::new(),
        }
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
        self.names
            .get(bare)
            .and_then(|name| self.types.get(name))
            .ok_or_else(|| self.unknown_type(bare))
    }

    /// An operation as a surface file writes it: `type.operation`.
    pub fn operation_of(&self, tool: &Tool) -> Option<&Operation> {
        let (kind, name) = tool.operation.split_once('.')?;
        self.types.get(kind)?.operations.get(name)
    }

    fn unknown_type(&self, name: &str) -> Error {
        let known: Vec<&str> = self.names.keys().map(String::as_str).collect();
        let error = Error::invalid(format!("{} has no resource type {name:?}", self.name()));
        let close: Vec<String> = nearest(name, &known, 3)
            .into_iter()
            .filter_map(|name| self.names.get(name))
            .fold(Vec::new(), |mut ids, name| {
                let id = format!("{}.{name}", self.name());
                if !ids.contains(&id) {
                    ids.push(id);
                }
                ids
            });
        if close.is_empty() {
            let all: Vec<&str> = self.types.values().map(|kind| kind.id.as_str()).collect();
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
