//! What the practice server remembers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::execution::Execution;

/// A thing of some kind, at its place.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) org: String,
    pub(super) project: String,
    pub(super) id: String,
    pub(super) body: Value,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// By kind, in the order they were made.
    pub(super) items: BTreeMap<&'static str, Vec<Item>>,
    /// The newest last.
    pub(super) executions: Vec<Execution>,
    /// By the key under which the log service has them.
    pub(super) logs: BTreeMap<String, String>,
}

impl State {
    pub(super) fn all(&self, kind: &str) -> &[Item] {
        self.items.get(kind).map_or(&[], Vec::as_slice)
    }

    pub(super) fn find(&self, kind: &str, org: &str, project: &str, id: &str) -> Option<&Item> {
        let here = |item: &&Item| item.id == id && item.org == org && item.project == project;
        self.all(kind).iter().find(here)
    }

    /// Adds the item, or replaces the one with the same identifier at the same place.
    pub(super) fn put(&mut self, kind: &'static str, item: Item) {
        let items = self.items.entry(kind).or_default();
        let same =
            |old: &Item| old.id == item.id && old.org == item.org && old.project == item.project;
        match items.iter().position(same) {
            Some(index) => items[index] = item,
            None => items.push(item),
        }
    }

    pub(super) fn remove(&mut self, kind: &str, org: &str, project: &str, id: &str) -> bool {
        let Some(items) = self.items.get_mut(kind) else { return false };
        let before = items.len();
        items.retain(|item| !(item.id == id && item.org == org && item.project == project));
        items.len() < before
    }
}
