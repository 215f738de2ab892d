//! All platforms of the product. Each is read when somebody first asks for it, and each toolset of it
//! then, so that a server does not pay for what nobody uses.

mod platform;
mod types;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use pilothouse_model::Error;

pub(crate) use self::types::{Named, Toolset};
pub use self::{platform::PlatformCatalog, types::Types};
use crate::{
    embedded, load,
    nearest::nearest,
    resource::{Operation, ResourceType},
    surface::Surface,
};

/// The registry. Cheap to share: one per process.
#[derive(Debug)]
pub struct Catalog {
    platforms: BTreeMap<String, OnceLock<Arc<PlatformCatalog>>>,
}

impl Catalog {
    /// The registry inside the binary, nothing of it parsed yet.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: OnceLock<Catalog> = OnceLock::new();
        EMBEDDED.get_or_init(|| Self {
            platforms: embedded::platforms()
                .into_iter()
                .map(|name| (name, OnceLock::new()))
                .collect(),
        })
    }

    /// The platforms there are, in order of their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.platforms.keys().map(String::as_str)
    }

    /// One platform, read on the first call.
    ///
    /// Fails with `NotFound` for an unknown name, and with `Internal` for a platform file that does
    /// not load, which the tests of this crate rule out for those it embeds.
    pub fn platform(&self, name: &str) -> Result<Arc<PlatformCatalog>, Error> {
        self.loaded(name).cloned()
    }

    /// The surface of a platform, read without the rest of it: what a client is told first must not
    /// wait for what it may never ask. `None` when the platform has none.
    pub fn surface(&self, name: &str) -> Result<Option<Surface>, Error> {
        if !self.platforms.contains_key(name) {
            return Err(self.unknown_platform(name));
        }
        let file = embedded::surface(name).transpose().map_err(Error::internal)?;
        file.map(|file| load::surface(&file)).transpose().map_err(Error::internal)
    }

    /// The names of a platform's toolsets, without reading them.
    pub fn toolsets(&self, name: &str) -> Vec<String> {
        embedded::toolsets(name)
    }

    /// A type by its id `platform.type`, or by `platform.alias`.
    pub fn resource_type(&self, id: &str) -> Result<&ResourceType, Error> {
        let Some((platform, name)) = id.split_once('.') else {
            return Err(Error::invalid(format!("{id:?} is not a resource type"))
                .hint("write it as platform.type, for instance tharsis.run"));
        };
        self.loaded(platform)?.resource_type(name)
    }

    /// An operation by its id `platform.type.operation`.
    pub fn operation(&self, id: &str) -> Result<&Operation, Error> {
        let Some((type_id, name)) = id.rsplit_once('.') else {
            return Err(Error::invalid(format!("{id:?} is not an operation"))
                .hint("write it as platform.type.operation, for instance tharsis.run.get"));
        };
        self.resource_type(type_id)?.operation(name)
    }

    fn loaded(&self, name: &str) -> Result<&Arc<PlatformCatalog>, Error> {
        let Some(slot) = self.platforms.get(name) else {
            return Err(self.unknown_platform(name));
        };
        if let Some(catalog) = slot.get() {
            return Ok(catalog);
        }
        let files = embedded::platform(name).map_err(Error::internal)?;
        let catalog = load::platform(name, files).map_err(Error::internal)?;
        Ok(slot.get_or_init(|| Arc::new(catalog)))
    }

    fn unknown_platform(&self, name: &str) -> Error {
        let known: Vec<&str> = self.names().collect();
        let error = Error::not_found("platform", name);
        match nearest(name, &known, 1).first() {
            Some(close) => error.hint(format!("did you mean {close:?}?")),
            None => error.hint(format!("one of: {}", known.join(", "))),
        }
    }
}
