//! Search over resource types and operations.

use std::{collections::BTreeMap, sync::Arc};

use super::{Field, Index, term, verb};
use crate::{
    catalog::PlatformCatalog,
    describe::Shown,
    resource::{Operation, ResourceType},
};

/// The types and operations of some platforms, ready to be searched.
#[derive(Debug)]
pub struct CatalogSearch {
    platforms: Vec<Arc<PlatformCatalog>>,
    index: Index<Key>,
    /// What types are called, and the types that are called so.
    called: BTreeMap<String, Vec<(Called, Key)>>,
}

/// How a type comes to be called something, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Called {
    Name,
    Title,
    Alias,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'c> {
    pub resource_type: &'c ResourceType,
    /// `None` when the type as a whole was found.
    pub operation: Option<&'c Operation>,
}

#[derive(Clone, Debug, PartialEq)]
struct Key {
    platform: usize,
    resource_type: String,
    operation: Option<String>,
}

impl CatalogSearch {
    pub fn new(platforms: Vec<Arc<PlatformCatalog>>) -> Self {
        let documents = platforms.iter().enumerate().flat_map(|(number, platform)| {
            platform.types.values().flat_map(move |kind| {
                let key = move |operation: Option<&Operation>| Key {
                    platform: number,
                    resource_type: kind.name.clone(),
                    operation: operation.map(|operation| operation.name.clone()),
                };
                let operations = kind.public_operations().map(move |operation| {
                    (key(Some(operation)), operation_fields(kind, operation))
                });
                std::iter::once((key(None), type_fields(kind))).chain(operations)
            })
        });
        let index = Index::new(documents.collect::<Vec<_>>());
        let called = called(&platforms);
        Self { platforms, index, called }
    }

    /// The best types and operations for `query`: what is called so, by name, title or alias, comes
    /// before everything else. A type is shown when one of its operations is.
    pub fn search(&self, query: &str, limit: usize, shown: Shown<'_>) -> Vec<Found<'_>> {
        let is_shown = |key: &Key| match self.find(key) {
            Some((_, Some(operation))) => shown(operation),
            Some((kind, None)) => kind.public_operations().any(shown),
            None => false,
        };
        let mut keys: Vec<Key> = self.exact(query).into_iter().filter(is_shown).collect();
        // Those may come once more.
        let ranked = self.index.search(query, limit.saturating_add(keys.len()), is_shown);
        for hit in ranked {
            if !keys.contains(hit.document) {
                keys.push(hit.document.clone());
            }
        }
        keys.truncate(limit);
        let found = |key: &Key| {
            let (resource_type, operation) = self.find(key)?;
            Some(Found { resource_type, operation })
        };
        keys.iter().filter_map(found).collect()
    }

    /// What the query says exactly: types by what they are called, or what one word of it does to
    /// them, with the types.
    fn exact(&self, query: &str) -> Vec<Key> {
        let words = term::of_query(query);
        let mut found = Vec::new();
        for phrase in [term::phrase(query), words.join(" ")] {
            found.extend(self.types_called(&phrase).cloned());
        }
        if !found.is_empty() {
            return distinct(found);
        }
        for (at, word) in words.iter().enumerate() {
            let mut rest = words.clone();
            rest.remove(at);
            for key in self.types_called(&rest.join(" ")) {
                let Some((kind, _)) = self.find(key) else { continue };
                let done = kind.public_operations().filter(|it| verb::is_done_by(&it.name, word));
                let before = found.len();
                found
                    .extend(done.map(|it| Key { operation: Some(it.name.clone()), ..key.clone() }));
                if found.len() > before {
                    found.push(key.clone());
                }
            }
        }
        distinct(found)
    }

    fn types_called(&self, phrase: &str) -> impl Iterator<Item = &Key> {
        self.called.get(phrase).into_iter().flatten().map(|(_, key)| key)
    }

    fn find(&self, key: &Key) -> Option<(&ResourceType, Option<&Operation>)> {
        let kind = self.platforms.get(key.platform)?.types.get(&key.resource_type)?;
        let operation = match &key.operation {
            Some(name) => Some(kind.operations.get(name)?),
            None => None,
        };
        Some((kind, operation))
    }
}

impl Found<'_> {
    /// The id of the operation, or of the type.
    pub fn id(&self) -> &str {
        self.operation.map_or(&self.resource_type.id, |operation| &operation.id)
    }

    pub fn about(&self) -> &str {
        self.operation.map_or(&self.resource_type.about, |operation| &operation.about)
    }
}

/// All that the types are called, the surest first.
fn called(platforms: &[Arc<PlatformCatalog>]) -> BTreeMap<String, Vec<(Called, Key)>> {
    let mut called: BTreeMap<String, Vec<(Called, Key)>> = BTreeMap::new();
    for (platform, catalog) in platforms.iter().enumerate() {
        for kind in catalog.types.values() {
            let key = Key { platform, resource_type: kind.name.clone(), operation: None };
            let aliases = kind.aliases.iter().map(|alias| (Called::Alias, alias));
            let names = [(Called::Name, &kind.name), (Called::Title, &kind.title)];
            for (how, text) in names.into_iter().chain(aliases) {
                called.entry(term::phrase(text)).or_default().push((how, key.clone()));
            }
        }
    }
    for types in called.values_mut() {
        types.sort_by_key(|(how, _)| *how);
    }
    called
}

fn distinct(keys: Vec<Key>) -> Vec<Key> {
    let mut distinct: Vec<Key> = Vec::with_capacity(keys.len());
    for key in keys {
        if !distinct.contains(&key) {
            distinct.push(key);
        }
    }
    distinct
}

fn type_fields(kind: &ResourceType) -> Vec<Field> {
    let mut fields = vec![
        Field::new(5.0, kind.name.as_str()),
        Field::new(2.0, kind.title.as_str()),
        Field::new(3.0, kind.aliases.join(" ")),
        Field::new(1.5, kind.about.as_str()),
        Field::new(0.5, kind.platform.as_str()),
    ];
    for (name, about) in &kind.fields {
        fields.push(Field::new(0.5, name.as_str()));
        fields.push(Field::new(0.3, about.as_str()));
    }
    fields
}

fn operation_fields(kind: &ResourceType, operation: &Operation) -> Vec<Field> {
    let mut fields = vec![
        Field::new(4.0, operation.name.as_str()),
        Field::new(3.0, kind.name.as_str()),
        Field::new(1.0, kind.aliases.join(" ")),
        Field::new(2.0, operation.about.as_str()),
        Field::new(0.5, kind.platform.as_str()),
    ];
    for (name, argument) in &operation.args {
        fields.push(Field::new(0.5, name.as_str()));
        fields.push(Field::new(0.3, argument.spec.about.as_str()));
        fields.push(Field::new(0.3, argument.spec.values.join(" ")));
    }
    fields
}
