//! Search over resource types and operations.

use std::sync::Arc;

use super::{Field, Index};
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
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'c> {
    pub resource_type: &'c ResourceType,
    /// `None` when the type as a whole was found.
    pub operation: Option<&'c Operation>,
    pub score: f64,
}

#[derive(Debug)]
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
        Self { platforms, index }
    }

    /// The best types and operations for `query`. A type is shown when one of its operations is.
    pub fn search(&self, query: &str, limit: usize, shown: Shown<'_>) -> Vec<Found<'_>> {
        let is_shown = |key: &Key| match self.find(key) {
            Some((_, Some(operation))) => shown(operation),
            Some((kind, None)) => kind.public_operations().any(shown),
            None => false,
        };
        self.index
            .search(query, limit, is_shown)
            .into_iter()
            .filter_map(|hit| {
                let (resource_type, operation) = self.find(hit.document)?;
                Some(Found { resource_type, operation, score: hit.score })
            })
            .collect()
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
