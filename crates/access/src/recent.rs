//! A small map of what was asked for recently, bounded in size.

use std::{collections::HashMap, fmt, hash::Hash, mem, sync::Mutex};

/// Two generations: when the young one is full it becomes the old one, and the old one goes. What
/// is used stays.
pub(crate) struct Recent<K, V> {
    generations: Mutex<[HashMap<K, V>; 2]>,
    capacity: usize,
}

impl<K, V> fmt::Debug for Recent<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    /// Holds at most twice `capacity`.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { generations: Mutex::default(), capacity }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut generations = self.lock();
        let [young, old] = &mut *generations;
        if let Some(value) = young.get(key) {
            return Some(value.clone());
        }
        let value = old.remove(key)?;
        self.insert_into(&mut generations, key.clone(), value.clone());
        Some(value)
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        self.insert_into(&mut self.lock(), key, value);
    }

    /// Replaces what is known of `key` by what `change` makes of it, in one step.
    pub(crate) fn update<T>(&self, key: K, change: impl FnOnce(Option<V>) -> (V, T)) -> T {
        let mut generations = self.lock();
        let [young, old] = &mut *generations;
        let known = young.remove(&key).or_else(|| old.remove(&key));
        let (value, told) = change(known);
        self.insert_into(&mut generations, key, value);
        told
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().iter().map(HashMap::len).sum()
    }

    fn insert_into(&self, generations: &mut [HashMap<K, V>; 2], key: K, value: V) {
        let [young, old] = generations;
        if young.len() >= self.capacity {
            *old = mem::take(young);
        }
        young.insert(key, value);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, [HashMap<K, V>; 2]> {
        self.generations.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let recent = Recent::new(4);
        recent.insert(0, "kept");
        for key in 1..100 {
            recent.insert(key, "other");
            assert_eq!(recent.get(&0), Some("kept"), "{key}");
        }
        assert_eq!(recent.get(&50), None);
        assert!(recent.len() <= 8, "{}", recent.len());
    }
}
