//! Look-ups that load with options of their own: what of the usual way they leave out or add.

use super::load_handle::LoadHandle;
use super::outcome::Found;
use super::{Core, Failures};
use crate::error::LoadError;
use crate::load_options::LoadOptions;
use crate::loaded::{EntryOptions, Loaded};
use crate::shard::Stamp;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

/// The options of a call; most have none.
pub(super) type CallOptions<'a, V> = Option<&'a LoadOptions<V>>;

/// What a call asks for beside its key. It stands once in the future of a look-up, which all that it calls borrow.
pub(super) struct Terms<'a, V, E> {
    pub(super) failures: Failures<E>,
    pub(super) options: CallOptions<'a, V>,
}

impl<V, E> Terms<'_, V, E> {
    /// Without options.
    pub(super) fn of(failures: Failures<E>) -> Self {
        Self {
            failures,
            options: None,
        }
    }
}

/// Whether a value in the cache is passed over, whichever it is.
pub(super) fn skips<V>(options: CallOptions<'_, V>) -> bool {
    options.is_some_and(LoadOptions::skips)
}

/// Whether a value that was there will do. Calls the user's predicate, so it must be called without a lock.
pub(super) fn accepts<V>(options: CallOptions<'_, V>, value: &V) -> bool {
    options.is_none_or(|options| options.accepts(value))
}

/// The tags that a value is known to have before it is there.
pub(super) fn announced<V>(
    options: CallOptions<'_, V>,
    before: &EntryOptions,
) -> Option<Box<[u64]>> {
    match options.and_then(|options| options.tags.as_deref()) {
        None => before.tags.clone(),
        Some(tags) => {
            let before = before.tags.as_deref().unwrap_or_default();
            Some([tags, before].concat().into())
        }
    }
}

impl<K, V, S> Core<K, V, S>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
{
    /// A look-up that does not look.
    pub(super) fn pass_over(&self, hash: u32) -> Found<V> {
        self.shard(hash).lock().misses += 1;
        Found::Nothing
    }

    /// What is left of what was found.
    pub(super) fn accepted(
        &self,
        hash: u32,
        found: Found<V>,
        options: &LoadOptions<V>,
    ) -> Found<V> {
        let (value, counts) = match &found {
            Found::Nothing => return found,
            Found::Fresh(value) => (value, true),
            Found::Servable(present) => (&present.value, !present.is_stale),
        };
        if options.accepts(value) {
            return found;
        }
        if counts {
            // It was counted as a hit.
            let mut shard = self.shard(hash).lock();
            shard.hits -= 1;
            shard.misses += 1;
        }
        Found::Nothing
    }

    /// What is served in the place of an error, if the options of the call allow anything.
    pub(super) fn fallback(&self, hash: u32, key: &K, options: CallOptions<'_, V>) -> Option<V> {
        if options.is_some_and(|options| options.skips() || !options.stale_if_error) {
            return None;
        }
        let value = self.instead_of_error(hash, key)?;
        accepts(options, &value).then_some(value)
    }

    /// Lets go of the loads of a key that are under way: who comes later does not get what they bring.
    pub(super) fn overtake(&self, hash: u32, key: &K) {
        let loading = self.shard(hash).lock().pending.invalidate(key);
        if loading {
            self.single_flight.forget(key);
        }
    }
}

impl<K, V, S> Core<K, V, S>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// The loader of a call, with its load.
    fn with_handle<T>(
        self: &Arc<Self>,
        hash: u32,
        load: impl FnOnce(LoadHandle) -> T + Send + 'static,
    ) -> impl FnOnce(Stamp) -> T + Send + 'static {
        let core = Arc::downgrade(self);
        move |stamp| load(LoadHandle::new(core, hash, stamp))
    }

    #[cfg(feature = "async")]
    pub(crate) async fn load_with<E, F>(
        self: &Arc<Self>,
        key: K,
        options: LoadOptions<V>,
        load: impl FnOnce(LoadHandle) -> F + Send + 'static,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<Loaded<V>, E>> + Send + 'static,
        E: Clone + Send + Sync + 'static,
    {
        let load = self.with_handle(self.hash(&key), load);
        self.get_or_refresh(key, Some(options), load, Failures::SHARED)
            .await
    }

    pub(crate) fn load_with_blocking<E>(
        self: &Arc<Self>,
        key: K,
        options: LoadOptions<V>,
        load: impl FnOnce(LoadHandle) -> Result<Loaded<V>, E> + Send + 'static,
    ) -> Result<V, LoadError<E>>
    where
        E: Clone + Send + Sync + 'static,
    {
        let load = self.with_handle(self.hash(&key), load);
        self.get_or_refresh_blocking(key, Some(options), load, Failures::SHARED)
    }
}
