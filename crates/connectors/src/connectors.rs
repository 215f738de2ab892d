//! All configured connectors, by platform and instance.

use std::{collections::BTreeMap, sync::Arc};

use pilothouse_model::{Error, Result};

use crate::Connector;

/// Immutable once built; share it behind an `Arc`.
#[derive(Debug, Default)]
pub struct Connectors {
    by_platform: BTreeMap<String, BTreeMap<String, Arc<Connector>>>,
}

impl Connectors {
    /// # Errors
    /// When the platform already has an instance of this name.
    pub fn add(&mut self, connector: Connector) -> Result<()> {
        let instances = self.by_platform.entry(connector.platform().to_owned()).or_default();
        if instances.contains_key(connector.instance()) {
            let (platform, instance) = (connector.platform(), connector.instance());
            return Err(Error::invalid(format!("{platform} has two instances named {instance:?}")));
        }
        instances.insert(connector.instance().to_owned(), Arc::new(connector));
        Ok(())
    }

    /// The platforms that have an instance, in order of their names.
    pub fn platforms(&self) -> impl Iterator<Item = &str> {
        self.by_platform.keys().map(String::as_str)
    }

    /// The instances of a platform, in order of their names.
    pub fn instances(&self, platform: &str) -> impl Iterator<Item = &Arc<Connector>> {
        self.by_platform.get(platform).into_iter().flat_map(BTreeMap::values)
    }

    /// The instance of this name, or the platform's only one. With several, a call must name one.
    pub fn get(&self, platform: &str, instance: Option<&str>) -> Result<&Arc<Connector>> {
        let instances = self.by_platform.get(platform).ok_or_else(|| {
            Error::not_found("platform", platform)
                .hint(format!("configured are: {}", join(self.platforms())))
        })?;
        let names = || join(instances.keys().map(String::as_str));
        match instance {
            Some(name) => instances.get(name).ok_or_else(|| {
                Error::not_found("instance", name)
                    .hint(format!("instances of {platform}: {}", names()))
            }),
            None => match instances.values().next() {
                Some(only) if instances.len() == 1 => Ok(only),
                _ => Err(Error::invalid(format!("{platform} has several instances"))
                    .hint(format!("pass instance, one of: {}", names()))),
            },
        }
    }
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
