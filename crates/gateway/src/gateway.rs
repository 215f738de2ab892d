//! What every surface shares: the connectors, the store, the limits, compiled schemas, the search
//! index.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use pilothouse_connectors::Connectors;
use pilothouse_model::Error;
use pilothouse_registry::{Operation, PlatformCatalog, schema, search::CatalogSearch};
use pilothouse_store::Store;

use crate::{Journal, Limits, recorder::Recorder, validate::Schema};

/// The governed way to every configured platform.
pub struct Gateway {
    connectors: Connectors,
    store: Store,
    recorder: Recorder,
    limits: Limits,
    /// How an operator calls this program about this installation.
    operator_command: String,
    /// By operation, compiled at its first call.
    schemas: RwLock<HashMap<String, Arc<Schema>>>,
    /// Built at the first search.
    index: OnceLock<CatalogSearch>,
}

impl Gateway {
    pub fn new(connectors: Connectors, store: Store, limits: Limits) -> Self {
        Self {
            connectors,
            recorder: Recorder::new(store.clone(), None),
            store,
            limits,
            operator_command: "pilothouse".to_owned(),
            schemas: RwLock::default(),
            index: OnceLock::new(),
        }
    }

    /// Says how an operator calls this program about this installation: `pilothouse --data DIR`.
    #[must_use]
    pub fn with_operator_command(mut self, command: String) -> Self {
        self.operator_command = command;
        self
    }

    /// Writes a copy of the audit trail as well.
    #[must_use]
    pub fn with_journal(mut self, journal: Journal) -> Self {
        self.recorder = Recorder::new(self.store.clone(), Some(Arc::new(journal)));
        self
    }

    pub fn connectors(&self) -> &Connectors {
        &self.connectors
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    pub(crate) fn operator_command(&self) -> &str {
        &self.operator_command
    }

    /// The schema of an operation's arguments.
    pub(crate) fn schema(&self, operation: &Operation) -> Result<Arc<Schema>, Error> {
        let known = self.schemas.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(schema) = known.get(&operation.id) {
            return Ok(Arc::clone(schema));
        }
        drop(known);
        let schema = Arc::new(Schema::compile(schema::arguments(operation))?);
        let mut known = self.schemas.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(known.entry(operation.id.clone()).or_insert(schema)))
    }

    /// The catalogs of the configured platforms, in order of their names.
    pub(crate) fn catalogs(&self) -> Vec<Arc<PlatformCatalog>> {
        let platforms = self.connectors.platforms();
        platforms
            .filter_map(|platform| self.connectors.instances(platform).next())
            .map(|connector| Arc::clone(connector.catalog()))
            .collect()
    }

    /// Finds types and operations of every configured platform by words.
    pub(crate) fn index(&self) -> &CatalogSearch {
        self.index.get_or_init(|| CatalogSearch::new(self.catalogs()))
    }

    /// Whether any platform has more than one instance, so that calls must choose.
    pub(crate) fn has_several_instances(&self) -> bool {
        self.connectors
            .platforms()
            .any(|platform| self.connectors.instances(platform).nth(1).is_some())
    }
}
