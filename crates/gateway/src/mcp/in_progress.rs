//! How many requests each principal has in progress at one endpoint, whatever connection or session
//! they came by.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The count of one endpoint. Principals without requests are not in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct InProgress(Arc<Mutex<HashMap<String, usize>>>);

/// One request in progress, as long as it lives.
#[derive(Debug)]
pub(crate) struct Slot {
    counts: InProgress,
    principal: String,
}

impl InProgress {
    /// Room for one more request of `principal`; `None` when it has `most`.
    pub(crate) fn begin(&self, principal: &str, most: usize) -> Option<Slot> {
        let mut counts = self.counts();
        let count = counts.get(principal).copied().unwrap_or_default();
        if count >= most {
            return None;
        }
        counts.insert(principal.to_owned(), count + 1);
        Some(Slot { counts: self.clone(), principal: principal.to_owned() })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.counts.counts();
        match counts.get_mut(&self.principal) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.principal)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_principal_takes_no_room_of_another_and_gives_it_back() {
        let requests = InProgress::default();
        let first = requests.begin("user:jo", 2).unwrap();
        let second = requests.begin("user:jo", 2).unwrap();
        assert!(requests.begin("user:jo", 2).is_none());
        assert!(requests.begin("user:al", 2).is_some());
        drop(first);
        assert!(requests.begin("user:jo", 2).is_some());
        drop(second);
        assert!(requests.counts().is_empty(), "who is idle is forgotten");
    }
}
