//! Look-ups that refresh in the background, and the threads for it.
//!
//! A thread for each refresh, and few of them at a time: refreshes are rare, loaders mostly wait, and so there is no queue
//! to fill up and no thread that idles. A refresh too many is put off: what it holds is dropped, which frees the key,
//! and the next look-up tries again.

use super::load::{Leader, LoadRole};
use super::options::{self, CallOptions, Terms};
use super::{Core, Failures};
use crate::error::LoadError;
use crate::load_options::LoadOptions;
use crate::loaded::LoaderOutput;
use crate::shard::Stamp;
use crate::single_flight::{Waits, block_on};
use std::future::{Future, ready};
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Refreshes of the process that run at the same time.
const MOST: usize = 16;

static RUNNING: AtomicUsize = AtomicUsize::new(0);

struct Running;

impl Running {
    fn one_more() -> Option<Self> {
        let more = |running| (running < MOST).then_some(running + 1);
        let before = RUNNING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        before.ok().map(|_| Self)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs the refresh on a thread of its own, or drops it.
fn run(refresh: impl FnOnce() + Send + 'static) {
    let Some(running) = Running::one_more() else {
        return;
    };
    let thread = std::thread::Builder::new().name("wats-cache-refresh".to_owned());
    // Where no thread can be made, the closure is dropped with what it holds.
    drop(thread.spawn(move || {
        let _running = running;
        refresh();
    }));
}

impl<K, V, S> Core<K, V, S>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
{
    /// Loads in the background what is still served; a refresh that fails leaves it as it is.
    async fn refresh<E, L, F>(
        &self,
        hash: u32,
        key: K,
        leader: Leader<K, V>,
        early: bool,
        load: impl FnOnce(Stamp) -> F,
        options: CallOptions<'_, V>,
    ) where
        F: Future<Output = Result<L, E>>,
        L: LoaderOutput<V>,
    {
        let begun = self.begin_load(hash, &key, leader, early, L::BRINGS_TAGS, options);
        let Ok((leader, guard)) = begun else { return };
        if let Ok(loaded) = leader.enter_stamped(load).await {
            self.settle(key, loaded, guard, leader);
        }
    }

    /// As [`get_or_load_blocking`](Self::get_or_load_blocking), with refreshes on a thread of their own.
    pub(crate) fn get_or_refresh_blocking<E, L: LoaderOutput<V>>(
        self: &Arc<Self>,
        key: K,
        options: Option<LoadOptions<V>>,
        load: impl FnOnce(Stamp) -> Result<L, E> + Send + 'static,
        failures: Failures<E>,
    ) -> Result<V, LoadError<E>>
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        S: Send + Sync + 'static,
    {
        let hash = self.hash(&key);
        let terms = Terms {
            failures,
            options: options.as_ref(),
        };
        if options::skips(terms.options) {
            self.overtake(hash, &key);
        }
        match block_on(self.join_or_lead(Waits::Thread, hash, &key, &terms)) {
            LoadRole::Done(outcome) => outcome,
            LoadRole::Lead {
                leader,
                present: Some(present),
            } => {
                let (core, early) = (Arc::clone(self), !present.is_stale);
                let load = |stamp| ready(load(stamp));
                run(move || {
                    let how = options.as_ref();
                    block_on(core.refresh(hash, key, leader, early, load, how));
                });
                Ok(self.serve(present))
            }
            LoadRole::Lead {
                leader,
                present: None,
            } => self.load_blocking(hash, key, leader, None, load, &terms),
        }
    }

    /// As [`get_or_load`](Self::get_or_load), with refreshes in a task of tokio; outside a runtime of it, in the calling
    /// task.
    #[cfg(feature = "async")]
    pub(crate) async fn get_or_refresh<E, L, F>(
        self: &Arc<Self>,
        key: K,
        options: Option<LoadOptions<V>>,
        load: impl FnOnce(Stamp) -> F + Send + 'static,
        failures: Failures<E>,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<L, E>> + Send + 'static,
        L: LoaderOutput<V> + Send + 'static,
        E: Send + 'static,
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        S: Send + Sync + 'static,
    {
        let hash = self.hash(&key);
        let terms = Terms {
            failures,
            options: options.as_ref(),
        };
        if options::skips(terms.options) {
            self.overtake(hash, &key);
        }
        let joined = self.join_or_lead(Waits::Task, hash, &key, &terms);
        let (leader, present) = match joined.await {
            LoadRole::Done(outcome) => return outcome,
            LoadRole::Lead { leader, present } => (leader, present),
        };
        match (present, tokio::runtime::Handle::try_current()) {
            (Some(present), Ok(runtime)) => {
                let (core, early) = (Arc::clone(self), !present.is_stale);
                runtime.spawn(async move {
                    let how = options.as_ref();
                    core.refresh(hash, key, leader, early, load, how).await;
                });
                Ok(self.serve(present))
            }
            (present, _) => {
                let early = super::load::refreshing(present);
                self.load(hash, key, leader, early, load, &terms).await
            }
        }
    }
}
