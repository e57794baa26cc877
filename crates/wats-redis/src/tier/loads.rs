//! The loads of entries that are under way in this process: who waits for a change of one, and whether there are several.
//!
//! They are found by a hash of kind and key. Where two entries have the same one, a load is woken that need not be, or does
//! not keep what it wrote: that costs a look-up.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use wats_cache::RandomState;

/// Those of a namespace.
#[derive(Debug, Default)]
pub(super) struct Loads {
    by_hash: Mutex<HashMap<u64, UnderWay, RandomState>>,
    hasher: RandomState,
}

/// Those of one entry, as long as there are some.
#[derive(Debug, Default)]
struct UnderWay {
    of_key: Arc<OfKey>,
    loads: usize,
}

#[derive(Debug, Default)]
struct OfKey {
    changed: Notify,
    /// How many have begun, since the first of those that are there.
    begun: AtomicU64,
}

/// One of them, for as long as it goes on.
pub(super) struct Load {
    all: Arc<Loads>,
    hash: u64,
    of_key: Arc<OfKey>,
    /// Its number, if no other one was there when it began.
    alone: Option<u64>,
}

impl Loads {
    fn by_hash(&self) -> MutexGuard<'_, HashMap<u64, UnderWay, RandomState>> {
        self.by_hash.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hash(&self, kind: &str, key: &[u8]) -> u64 {
        self.hasher.hash_one((kind, key))
    }

    /// One begins: from here on it is told of changes.
    pub(super) fn begin(self: &Arc<Self>, kind: &str, key: &[u8]) -> Load {
        let hash = self.hash(kind, key);
        let mut by_hash = self.by_hash();
        let under_way = by_hash.entry(hash).or_default();
        under_way.loads += 1;
        let number = under_way.of_key.begun.fetch_add(1, Ordering::AcqRel) + 1;
        Load {
            all: Arc::clone(self),
            hash,
            of_key: Arc::clone(&under_way.of_key),
            alone: (under_way.loads == 1).then_some(number),
        }
    }

    /// An entry, or its lease, has changed.
    pub(super) fn wake(&self, kind: &str, key: &[u8]) {
        let hash = self.hash(kind, key);
        let by_hash = self.by_hash();
        let under_way = by_hash.get(&hash);
        let of_key = under_way.map(|under_way| Arc::clone(&under_way.of_key));
        // Wakers are code of whoever waits: no lock is held.
        drop(by_hash);
        if let Some(of_key) = of_key {
            of_key.changed.notify_waiters();
        }
    }

    /// Anything may have changed.
    pub(super) fn wake_all(&self) {
        let by_hash = self.by_hash();
        let all = by_hash.values();
        let all: Vec<_> = all.map(|under_way| Arc::clone(&under_way.of_key)).collect();
        drop(by_hash);
        for of_key in all {
            of_key.changed.notify_waiters();
        }
    }
}

impl Load {
    /// The next change. It counts from here on, polled or not.
    pub(super) fn next(&self) -> Notified<'_> {
        self.of_key.changed.notified()
    }

    /// Whether no other load of the entry was there at any time since it began.
    pub(super) fn is_alone(&self) -> bool {
        self.alone == Some(self.of_key.begun.load(Ordering::Acquire))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let mut by_hash = self.all.by_hash();
        if let Some(under_way) = by_hash.get_mut(&self.hash) {
            under_way.loads -= 1;
            if under_way.loads == 0 {
                by_hash.remove(&self.hash);
            }
        }
    }
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
        assert!(loads.by_hash().is_empty());
    }
}
