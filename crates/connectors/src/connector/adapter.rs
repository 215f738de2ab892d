//! What one platform adds to the engine: its hooks and views by name, its gRPC descriptors, and
//! the quirks of its answers.

use std::fmt;

use pilothouse_model::{Error, Result};
use serde_json::Value;

use super::hook::{BodyHook, Completion, Hook, View};
use crate::{harness, protocol::Protocol, tharsis, transport::Dialect};

/// The tables of one platform.
pub(crate) struct Adapter {
    pub platform: &'static str,
    pub hooks: &'static [(&'static str, Hook)],
    pub body_hooks: &'static [(&'static str, BodyHook)],
    pub views: &'static [(&'static str, View)],
    /// By the names of the views that need them.
    pub completions: &'static [(&'static str, Completion)],
    /// For platforms that speak gRPC.
    pub protocol: Option<fn() -> &'static Protocol>,
    /// Removes the platform's own oddities from an answer, before anything is picked from it.
    pub normalize: fn(&mut Value),
    pub dialect: Dialect,
    /// Which setting of an installation gives an argument the value that calls leave out.
    pub settings: &'static [(&'static str, &'static str)],
    /// Arguments that say where a call acts, and the fields of bodies that say the same.
    pub place_fields: &'static [(&'static str, &'static [&'static str])],
}

pub(crate) static ADAPTERS: [&Adapter; 2] = [&harness::ADAPTER, &tharsis::ADAPTER];

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

    pub(crate) fn body_hook(&self, name: &str) -> Option<BodyHook> {
        self.body_hooks.iter().find(|(known, _)| *known == name).map(|(_, hook)| *hook)
    }

    pub(crate) fn completion(&self, view: &str) -> Option<Completion> {
        self.completions.iter().find(|(known, _)| *known == view).map(|(_, completion)| *completion)
    }

    pub(crate) fn setting(&self, argument: &str) -> Option<&'static str> {
        self.settings.iter().find(|(known, _)| *known == argument).map(|(_, setting)| *setting)
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

    #[test]
    fn every_platform_has_an_adapter() {
        let adapted: BTreeSet<_> = ADAPTERS.iter().map(|adapter| adapter.platform).collect();
        assert_eq!(adapted, Catalog::embedded().names().collect());
    }

    fn operations(catalog: &PlatformCatalog) -> impl Iterator<Item = &Operation> {
        catalog.types.values().flat_map(|kind| kind.operations.values())
    }

    #[test]
    fn every_hook_and_view_named_exists_and_every_one_that_exists_is_named() {
        for adapter in ADAPTERS {
            let catalog = Catalog::embedded().platform(adapter.platform).unwrap();
            let hooks: BTreeSet<_> = operations(&catalog)
                .filter_map(|operation| match &operation.binding {
                    Binding::Hook(name) => Some(name.as_str()),
                    _ => None,
                })
                .collect();
            let bodies: BTreeSet<_> =
                operations(&catalog).filter_map(|it| it.body_hook.as_deref()).collect();
            let tools = catalog.surface.iter().flat_map(|surface| surface.tool.values());
            let views: BTreeSet<_> = tools.filter_map(|tool| tool.view.as_deref()).collect();
            let completed = names(adapter.completions);
            assert!(completed.is_subset(&names(adapter.views)), "{completed:?}");
            for (what, named, exist) in [
                ("hooks", hooks, names(adapter.hooks)),
                ("body hooks", bodies, names(adapter.body_hooks)),
                ("views", views, names(adapter.views)),
            ] {
                let unused: Vec<_> = exist.difference(&named).collect();
                let missing: Vec<_> = named.difference(&exist).collect();
                assert!(unused.is_empty(), "{} has unused {what}: {unused:?}", adapter.platform);
                assert!(missing.is_empty(), "{} lacks {what}: {missing:?}", adapter.platform);
            }
        }
    }

    fn names<T>(table: &[(&'static str, T)]) -> BTreeSet<&'static str> {
        table.iter().map(|(name, _)| *name).collect()
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
