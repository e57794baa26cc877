//! What a loader can say of its load while it runs.

use super::Core;
use crate::shard::Stamp;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Weak};

/// A load that is under way, for its loader.
///
/// An `expire`, `remove` or `invalidate_tag` during a load keeps its value from being cached, because the loader may have read
/// before. A loader that waits first, for its turn or for somebody else, and only then reads, says so with
/// [`from_here_on`](Self::from_here_on).
#[derive(Clone)]
pub struct LoadHandle {
    load: Arc<dyn Restart>,
}

/// The load without its types.
trait Restart: Send + Sync {
    fn restart(&self) -> bool;
}

struct Pending<K, V, S> {
    core: Weak<Core<K, V, S>>,
    hash: u32,
    stamp: Stamp,
}

impl<K: Eq, V, S> Restart for Pending<K, V, S>
where
    K: Send + Sync,
    V: Send + Sync,
    S: Send + Sync,
{
    fn restart(&self) -> bool {
        let Some(core) = self.core.upgrade() else {
            return false;
        };
        core.shard(self.hash).lock().pending.restart(self.stamp)
    }
}

impl LoadHandle {
    pub(super) fn new<K, V, S>(core: Weak<Core<K, V, S>>, hash: u32, stamp: Stamp) -> Self
    where
        K: Hash + Eq + Send + Sync + 'static,
        V: Send + Sync + 'static,
        S: Send + Sync + 'static,
    {
        Self {
            load: Arc::new(Pending { core, hash, stamp }),
        }
    }

    /// The read that counts begins now: what was invalidated before does not keep the value from being cached. Tells
    /// whether it can be cached still: not if another load of the key has begun meanwhile, or this one is over.
    ///
    /// Who asks for the key after an invalidation does not wait for this load all the same, but loads.
    pub fn from_here_on(&self) -> bool {
        self.load.restart()
    }
}

impl fmt::Debug for LoadHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadHandle").finish_non_exhaustive()
    }
}
