//! The loads of entries that are under way in this process: who waits for a change of one, and whether there are several.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Those of a namespace, by kind and key.
#[derive(Debug, Default)]
pub(super) struct Loads {
    by_name: Mutex<HashMap<Vec<u8>, Arc<OfKey>>>,
}

/// Those of one entry.
#[derive(Debug, Default)]
struct OfKey {
    changed: Arc<Notify>,
    /// How many have begun, since the first of those that are there.
    begun: AtomicU64,
}

/// One of them, for as long as it goes on.
pub(super) struct Load {
    all: Arc<Loads>,
    name: Vec<u8>,
    of_key: Arc<OfKey>,
    /// Its number, if no other one was there when it began.
    alone: Option<u64>,
}

impl Loads {
    fn by_name(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Arc<OfKey>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One begins: from here on it is told of changes.
    pub(super) fn begin(self: &Arc<Self>, kind: &str, key: &[u8]) -> Load {
        let name = name_of(kind, key);
        let mut by_name = self.by_name();
        let of_key = Arc::clone(by_name.entry(name.clone()).or_default());
        // That of the table and this one.
        let first = Arc::strong_count(&of_key) == 2;
        let number = of_key.begun.fetch_add(1, Ordering::AcqRel) + 1;
        Load {
            all: Arc::clone(self),
            name,
            of_key,
            alone: first.then_some(number),
        }
    }

    /// An entry, or its lease, has changed.
    pub(super) fn wake(&self, kind: &str, key: &[u8]) {
        let by_name = self.by_name();
        let changed = by_name.get(&name_of(kind, key));
        let changed = changed.map(|of_key| Arc::clone(&of_key.changed));
        // Wakers are code of whoever waits: no lock is held.
        drop(by_name);
        if let Some(changed) = changed {
            changed.notify_waiters();
        }
    }

    /// Anything may have changed.
    pub(super) fn wake_all(&self) {
        let by_name = self.by_name();
        let all = by_name.values().map(|of_key| Arc::clone(&of_key.changed));
        let all: Vec<_> = all.collect();
        drop(by_name);
        for changed in all {
            changed.notify_waiters();
        }
    }
}

impl Load {
    /// The next change. It counts from here on, polled or not.
    pub(super) fn next(&self) -> OwnedNotified {
        Arc::clone(&self.of_key.changed).notified_owned()
    }

    /// Whether no other load of the entry was there at any time since it began.
    pub(super) fn is_alone(&self) -> bool {
        self.alone == Some(self.of_key.begun.load(Ordering::Acquire))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let mut by_name = self.all.by_name();
        // That of the table and this one.
        if Arc::strong_count(&self.of_key) <= 2 {
            by_name.remove(&self.name);
        }
    }
}

fn name_of(kind: &str, key: &[u8]) -> Vec<u8> {
    [kind.as_bytes(), b":", key].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_knows_whether_another_one_was_there_meanwhile() {
        let loads = Arc::<Loads>::default();
        let begin = |key: &[u8]| loads.begin("text", key);
        let (one, of_other_key) = (begin(b"a"), begin(b"b"));
        assert!(one.is_alone() && of_other_key.is_alone());
        let second = begin(b"a");
        assert!(!one.is_alone() && !second.is_alone());
        drop(second);
        // It may have left something behind.
        assert!(!one.is_alone());
        let third = begin(b"a");
        drop(one);
        assert!(!third.is_alone());
        drop(third);
        assert!(begin(b"a").is_alone() && of_other_key.is_alone());
        drop(of_other_key);
        assert!(loads.by_name().is_empty());
    }
}
