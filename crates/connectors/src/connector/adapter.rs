//! What one platform adds to the engine: its hooks and views by name, its gRPC descriptors, and
//! the quirks of its answers.

use std::fmt;

use pilothouse_model::{Error, Result};
use serde_json::Value;

use super::hook::{Hook, View};
use crate::{protocol::Protocol, tharsis};

/// The tables of one platform.
pub(crate) struct Adapter {
    pub platform: &'static str,
    pub hooks: &'static [(&'static str, Hook)],
    pub views: &'static [(&'static str, View)],
    /// For platforms that speak gRPC.
    pub protocol: Option<fn() -> &'static Protocol>,
    /// Removes the platform's own oddities from an answer, before anything is picked from it.
    pub normalize: fn(&mut Value),
}

pub(crate) static ADAPTERS: [&Adapter; 1] = [&tharsis::ADAPTER];

pub(crate) fn of(platform: &str) -> Result<&'static Adapter> {
    ADAPTERS
        .into_iter()
        .find(|adapter| adapter.platform == platform)
        .ok_or_else(|| Error::not_found("connector for platform", platform))
}

impl Adapter {
    pub(crate) fn hook(&self, name: &str) -> Option<Hook> {
        self.hooks.iter().find(|(known, _)| *known == name).map(|(_, hook)| *hook)
    }

    pub(crate) fn view(&self, name: &str) -> Option<View> {
        self.views.iter().find(|(known, _)| *known == name).map(|(_, view)| *view)
    }
}

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Adapter({})", self.platform)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pilothouse_registry::{Binding, Catalog, Operation, PlatformCatalog};

    use super::*;

    /// Platforms that the registry describes and no connector reaches: none of their hooks exist.
    const WITHOUT_ADAPTER: [&str; 1] = ["harness"];

    #[test]
    fn a_platform_has_an_adapter_or_is_listed_as_without() {
        let adapted = ADAPTERS.map(|adapter| adapter.platform);
        for name in Catalog::embedded().names() {
            let has = adapted.contains(&name);
            assert_eq!(has, !WITHOUT_ADAPTER.contains(&name), "{name}");
        }
        for name in WITHOUT_ADAPTER {
            assert!(Catalog::embedded().platform(name).is_ok(), "{name} is not in the registry");
        }
    }

    fn operations(catalog: &PlatformCatalog) -> impl Iterator<Item = &Operation> {
        catalog.types.values().flat_map(|kind| kind.operations.values())
    }

    #[test]
    fn every_hook_and_view_named_exists_and_every_one_that_exists_is_named() {
        for adapter in ADAPTERS {
            let catalog = Catalog::embedded().platform(adapter.platform).unwrap();
            let hooks = operations(&catalog).filter_map(|operation| match &operation.binding {
                Binding::Hook(name) => Some(name.as_str()),
                _ => operation.body_hook.as_deref(),
            });
            let views = catalog
                .surface
                .iter()
                .flat_map(|surface| surface.tool.values())
                .filter_map(|tool| tool.view.as_deref());
            let have = |names: Vec<&'static str>| names.into_iter().collect::<BTreeSet<_>>();
            assert_eq!(
                hooks.collect::<BTreeSet<_>>(),
                have(adapter.hooks.iter().map(|(name, _)| *name).collect()),
                "hooks of {}: registry on the left, connector on the right",
                adapter.platform
            );
            assert_eq!(
                views.collect::<BTreeSet<_>>(),
                have(adapter.views.iter().map(|(name, _)| *name).collect()),
                "views of {}: registry on the left, connector on the right",
                adapter.platform
            );
        }
    }

    #[test]
    fn every_grpc_operation_names_a_method_and_fills_its_fields() {
        for adapter in ADAPTERS {
            let catalog = Catalog::embedded().platform(adapter.platform).unwrap();
            for operation in operations(&catalog) {
                let Binding::Grpc { service, method } = &operation.binding else { continue };
                let protocol = adapter.protocol.expect("the platform speaks gRPC")();
                let found = protocol.unary(service, method);
                let input = found.unwrap_or_else(|| panic!("{}: no method", operation.id)).input();
                for (name, argument) in &operation.args {
                    if let pilothouse_registry::Place::Body(pointer) = &argument.place {
                        let field = pointer.tokens().first().expect("gRPC bodies have fields");
                        let id = &operation.id;
                        assert!(input.get_field_by_name(field).is_some(), "{id}: {name}: {field}");
                    }
                }
            }
        }
    }
}
