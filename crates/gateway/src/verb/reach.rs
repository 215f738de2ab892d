//! How far the tools of a surface reach: every configured platform, or the offered toolsets of one.

use std::{collections::BTreeSet, sync::Arc};

use pilothouse_connectors::Connector;
use pilothouse_model::Error;
use pilothouse_registry::{
    Operation, PlatformCatalog, ResourceType, nearest, search::Found, surface::Surface as Spec,
};
use serde_json::{Value, json};

use crate::Gateway;

/// How many types are named to a caller who has misspelt one.
const NEAREST: usize = 3;

/// The platform behind a drop-in surface with generic tools.
pub(crate) struct Home {
    connector: Arc<Connector>,
    prefix: String,
    /// Toolsets that are offered.
    toolsets: BTreeSet<String>,
    /// Types that a search over everything asks first.
    search: Vec<String>,
}

impl Home {
    pub(crate) fn new(connector: Arc<Connector>, spec: &Spec, toolsets: BTreeSet<String>) -> Self {
        Self { connector, prefix: spec.prefix.clone(), toolsets, search: spec.search.clone() }
    }

    pub(crate) fn platform(&self) -> &str {
        self.connector.platform()
    }

    pub(crate) fn connector(&self) -> &Arc<Connector> {
        &self.connector
    }
}

/// What a call of one surface may name.
#[derive(Clone, Copy)]
pub(crate) struct Reach<'g> {
    pub(crate) gateway: &'g Gateway,
    pub(crate) home: Option<&'g Home>,
}

impl Reach<'_> {
    /// The name of the tool for `verb`, for hints.
    pub(crate) fn tool(&self, verb: &str) -> String {
        format!("{}_{verb}", self.home.map_or("infra", |home| home.prefix.as_str()))
    }

    /// The catalogs of the platforms it reaches, in order of their names.
    pub(crate) fn catalogs(&self) -> Vec<Arc<PlatformCatalog>> {
        match self.home {
            Some(home) => vec![Arc::clone(home.connector.catalog())],
            None => self.gateway.catalogs(),
        }
    }

    /// The name of a type as callers of this surface write it.
    pub(crate) fn type_name<'t>(&self, resource: &'t ResourceType) -> &'t str {
        if self.home.is_some() { &resource.name } else { &resource.id }
    }

    pub(crate) fn offers(&self, resource: &ResourceType) -> bool {
        self.offers_toolset(&resource.toolset)
    }

    fn offers_toolset(&self, toolset: &str) -> bool {
        self.home.is_none_or(|home| home.toolsets.contains(toolset))
    }

    /// Whether it offers the type of an operation.
    pub(crate) fn shows(&self, operation: &Operation) -> bool {
        let Some(home) = self.home else { return true };
        let mut parts = operation.id.split('.');
        let (platform, name) = (parts.next(), parts.next().unwrap_or_default());
        platform == Some(home.connector.platform())
            && home.connector.catalog().types.get(name).is_some_and(|found| self.offers(found))
    }

    /// Every type it offers, named as its callers do.
    pub(crate) fn type_names(&self) -> Vec<String> {
        let names = |catalog: &Arc<PlatformCatalog>| -> Vec<String> {
            let offered =
                catalog.types.toolsets().filter(|(_, toolset)| self.offers_toolset(toolset));
            let name = |name: &str| match self.home {
                Some(_) => name.to_owned(),
                None => format!("{}.{name}", catalog.name()),
            };
            offered.map(|(own, _)| name(own)).collect()
        };
        self.catalogs().iter().flat_map(names).collect()
    }

    /// Types and operations that match `words`, best first.
    pub(crate) fn search_types(&self, words: &str, limit: usize) -> Value {
        self.search_among(words, limit, &|_| true)
    }

    /// The same among the operations that `suit`.
    pub(crate) fn search_among(
        &self,
        words: &str,
        limit: usize,
        suits: &dyn Fn(&Operation) -> bool,
    ) -> Value {
        let index = self.gateway.index();
        let found =
            index.search(words, limit, &|operation| self.shows(operation) && suits(operation));
        let hit =
            |found: &Found<'_>| json!({ "name": self.bare(found.id()), "about": found.about() });
        found.iter().map(hit).collect()
    }

    /// An id of the registry without the platform, where there is only one.
    fn bare<'t>(&self, id: &'t str) -> &'t str {
        let bare = self
            .home
            .and_then(|home| id.strip_prefix(home.connector.platform())?.strip_prefix('.'));
        bare.unwrap_or(id)
    }

    /// Writes the names of types in an answer of the registry as callers of this surface do.
    pub(crate) fn localize(&self, answer: &mut Value) {
        if self.home.is_none() {
            return;
        }
        match answer {
            Value::String(text) if self.bare(text).len() < text.len() && !text.contains(' ') => {
                *text = self.bare(text).to_owned();
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.localize(item)),
            Value::Object(fields) => {
                *fields = std::mem::take(fields)
                    .into_iter()
                    .map(|(name, mut value)| {
                        self.localize(&mut value);
                        (self.bare(&name).to_owned(), value)
                    })
                    .collect();
            }
            _ => {}
        }
    }

    /// The types that a search over everything asks, the most useful ones first.
    pub(crate) fn searchable(&self, suits: &dyn Fn(&ResourceType) -> bool) -> Vec<String> {
        let first = self.home.map_or(&[][..], |home| &home.search);
        let rank = |name: &str| first.iter().position(|it| it == name).unwrap_or(first.len());
        let catalogs = self.catalogs();
        let types = catalogs.iter().flat_map(|catalog| catalog.types.values());
        let mut found: Vec<&ResourceType> =
            types.filter(|resource| self.offers(resource) && suits(resource)).collect();
        found.sort_by_key(|resource| rank(&resource.name));
        found.into_iter().map(|resource| self.type_name(resource).to_owned()).collect()
    }

    /// The connector and the type's own name for `platform.type`, or for a bare type name that only
    /// one platform has.
    pub(crate) fn find(
        &self,
        name: &str,
        instance: Option<&str>,
    ) -> Result<(Arc<Connector>, String), Error> {
        let mut found = match self.home {
            Some(home) => at_home(self, home, name).into_iter().collect(),
            None => anywhere(self.gateway, name, instance)?,
        };
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(self.unknown(name)),
            _ => Err(Error::invalid(format!("more than one platform has {name:?}"))
                .hint("write it as platform.type")),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let known = self.type_names();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let error = Error::invalid(format!("unknown resource_type {name:?}"));
        let describe = self.tool("describe");
        let there = self.home.and_then(|home| home.connector.catalog().resource_type(name).ok());
        if let Some(resource) = there {
            return error.hint(format!(
                "it is in the toolset {}, which this server does not offer; {describe} lists those \
                 that it does",
                resource.toolset
            ));
        }
        let mut close: Vec<String> =
            nearest(self.bare(name), &known, NEAREST).into_iter().map(str::to_owned).collect();
        // What is not spelt alike may mean the same; and there is always something to start with.
        let index = self.gateway.index();
        let meant = index.search(name, 2 * NEAREST, &|operation| self.shows(operation));
        let meant = meant.iter().map(|found| self.type_name(found.resource_type).to_owned());
        for name in meant.chain(known.iter().map(|name| (*name).to_owned())) {
            if close.len() < NEAREST && !close.contains(&name) {
                close.push(name);
            }
        }
        error.hint(format!("did you mean {}? {describe} lists them all", close.join(", ")))
    }
}

fn at_home(reach: &Reach<'_>, home: &Home, name: &str) -> Option<(Arc<Connector>, String)> {
    let resource = home.connector.catalog().resource_type(name).ok()?;
    reach.offers(resource).then(|| (Arc::clone(&home.connector), resource.name.clone()))
}

fn anywhere(
    gateway: &Gateway,
    name: &str,
    instance: Option<&str>,
) -> Result<Vec<(Arc<Connector>, String)>, Error> {
    let (platform, bare) = match name.split_once('.') {
        Some((platform, bare)) => (Some(platform), bare),
        None => (None, name),
    };
    let connectors = gateway.connectors();
    let mut found = Vec::new();
    for candidate in connectors.platforms() {
        if platform.is_none_or(|platform| platform == candidate) {
            let connector = connectors.get(candidate, instance)?;
            if let Ok(resource) = connector.catalog().resource_type(bare) {
                found.push((Arc::clone(connector), resource.name.clone()));
            }
        }
    }
    Ok(found)
}
