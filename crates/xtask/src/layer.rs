//! Which crate may use which. Arrows point down only; a new edge is an architectural decision and
//! is made here first.

use cargo_metadata::{DependencyKind, Metadata};

use crate::workspace::PREFIX;

/// A product crate and the product crates it may use, lowest layer first.
pub const LAYERS: [(&str, &[&str]); 8] = [
    ("model", &[]),
    ("registry", &["model"]),
    ("store", &["model"]),
    ("access", &["model", "store"]),
    ("connectors", &["model", "registry"]),
    ("control", &["model", "store", "access"]),
    ("gateway", &["model", "registry", "store", "access", "connectors", "control"]),
    ("app", &["model", "registry", "store", "access", "connectors", "control", "gateway"]),
];

/// For tests only: a product crate may use it in its tests, and it may use every product crate.
const TEST_SUPPORT: &str = "testkit";

/// For developers only: nothing may use it.
const DEVELOPER_TOOL: &str = "xtask";

/// One crate of the workspace that uses another; names without [`PREFIX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub kind: DependencyKind,
}

pub fn edges(metadata: &Metadata) -> Vec<Edge> {
    let mut edges = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            if let Some(to) = dependency.name.strip_prefix(PREFIX) {
                let from = package.name.strip_prefix(PREFIX).unwrap_or(&package.name);
                edges.push(Edge {
                    from: from.to_owned(),
                    to: to.to_owned(),
                    kind: dependency.kind,
                });
            }
        }
    }
    edges
}

/// The edges that point the wrong way.
pub fn wrong_edges(edges: &[Edge]) -> Vec<String> {
    edges
        .iter()
        .filter(|edge| !is_allowed(edge))
        .map(|edge| format!("{} may not use {} ({:?})", edge.from, edge.to, edge.kind))
        .collect()
}

/// Crates that no layer knows.
pub fn unknown_crates(names: &[&str]) -> Vec<String> {
    names
        .iter()
        .filter(|name| !is_development(name) && allowed(name).is_none())
        .map(|name| format!("{name} is a ninth crate; give it a layer or make it a module"))
        .collect()
}

fn is_allowed(edge: &Edge) -> bool {
    if edge.to == DEVELOPER_TOOL {
        return false;
    }
    if is_development(&edge.from) {
        return true;
    }
    if edge.to == TEST_SUPPORT {
        return edge.kind == DependencyKind::Development;
    }
    allowed(&edge.from).is_some_and(|below| below.contains(&edge.to.as_str()))
}

fn is_development(name: &str) -> bool {
    name == TEST_SUPPORT || name == DEVELOPER_TOOL
}

fn allowed(name: &str) -> Option<&'static [&'static str]> {
    LAYERS.iter().find(|(layer, _)| *layer == name).map(|(_, below)| *below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_point_down() {
        use DependencyKind::{Build, Development, Normal};
        for (from, to, kind, expected) in [
            ("app", "gateway", Normal, true),
            ("store", "model", Normal, true),
            ("store", "access", Normal, false),
            ("connectors", "control", Normal, false),
            ("model", "registry", Build, false),
            ("gateway", "testkit", Development, true),
            ("gateway", "testkit", Normal, false),
            ("testkit", "gateway", Normal, true),
            ("xtask", "app", Normal, true),
            ("app", "xtask", Development, false),
            ("testkit", "xtask", Normal, false),
            ("surprise", "model", Normal, false),
        ] {
            let edge = Edge { from: from.into(), to: to.into(), kind };
            assert_eq!(is_allowed(&edge), expected, "{edge:?}");
        }
    }

    #[test]
    fn every_layer_uses_only_those_above_it_in_the_list() {
        for (index, (name, below)) in LAYERS.iter().enumerate() {
            for lower in *below {
                let position = LAYERS.iter().position(|(layer, _)| layer == lower);
                assert!(position.is_some_and(|position| position < index), "{name} uses {lower}");
            }
        }
    }

    #[test]
    fn a_ninth_crate_is_noticed() {
        assert_eq!(unknown_crates(&["model", "xtask", "testkit"]), Vec::<String>::new());
        assert_eq!(unknown_crates(&["surprise"]).len(), 1);
    }
}
