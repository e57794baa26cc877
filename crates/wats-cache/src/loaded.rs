//! What an entry was given beside its value: a time to live of its own, and tags. It stays with the entry when a loader
//! refreshes it.

use crate::clock::ticks;
use crate::entry::Tick;
use std::hash::Hasher;
use std::time::Duration;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EntryOptions {
    /// A time to live; none is the default one.
    pub(crate) ttl: Option<Tick>,
    /// For how long after its time the value may be served stale; none is as the stale options say.
    pub(crate) reserve: Option<Tick>,
    /// The hashes of tags; none if there are none.
    pub(crate) tags: Option<Box<[u64]>>,
}

impl EntryOptions {
    /// What is not given anew stays as it was.
    pub(crate) fn or(self, before: Self) -> Self {
        Self {
            ttl: self.ttl.or(before.ttl),
            reserve: self.reserve.or(before.reserve),
            tags: self.tags.or(before.tags),
        }
    }
}

/// Tags are kept as hashes of 64 bits; that two of a program agree by accident is as good as impossible, and would
/// remove an entry too many, never one too few.
pub(crate) fn tag_hash(tag: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(tag.as_bytes());
    hasher.finish()
}

pub(crate) fn tag_hashes<T: AsRef<str>>(tags: impl IntoIterator<Item = T>) -> Box<[u64]> {
    tags.into_iter().map(|tag| tag_hash(tag.as_ref())).collect()
}

/// A loaded value with a life of its own: for a loader that learns from its source how long the value is good, or what
/// it depends on.
///
/// What is not said is taken from the entry that the load refreshes, if there is one, and else from the cache's options.
///
/// ```
/// use std::time::Duration;
/// use wats_cache::{Loaded, TtlCache};
///
/// let cache: TtlCache<&str, u32> = TtlCache::new();
/// let load = || Ok::<_, std::io::Error>(Loaded::new(7).ttl(Duration::from_secs(20)).tags(["customer-7"]));
/// assert_eq!(cache.get_or_load_with("price", load)?, 7);
/// assert_eq!(cache.invalidate_tag("customer-7"), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Loaded<V> {
    value: V,
    given: EntryOptions,
}

impl<V> Loaded<V> {
    /// A value of which nothing more is said.
    pub fn new(value: V) -> Self {
        Self {
            value,
            given: EntryOptions::default(),
        }
    }

    /// How long the value is good from now on. Zero is not at all: those who wait for it get it, and look-ups find it
    /// only as the stale options allow. So the rest of another's time may be given as it is. [`Duration::MAX`] is for
    /// ever.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.given.ttl = Some(ticks(ttl));
        self
    }

    /// For how long after its time the value may be served stale, if the stale options allow it that long. Zero is not at
    /// all.
    pub fn stale_for(mut self, time: Duration) -> Self {
        self.given.reserve = Some(ticks(time));
        self
    }

    /// The tags with any of which [`invalidate_tag`](crate::TtlCache::invalidate_tag) removes the value, in place of
    /// those the entry had.
    pub fn tags<T: AsRef<str>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.given.tags = Some(tag_hashes(tags));
        self
    }
}

/// What a loader returns: a value, or one with a life of its own.
pub(crate) trait LoaderOutput<V> {
    /// Whether it is known only after the load which tags the value has.
    const BRINGS_TAGS: bool;

    fn split(self) -> (V, EntryOptions);
}

impl<V> LoaderOutput<V> for V {
    const BRINGS_TAGS: bool = false;

    fn split(self) -> (V, EntryOptions) {
        (self, EntryOptions::default())
    }
}

impl<V> LoaderOutput<V> for Loaded<V> {
    const BRINGS_TAGS: bool = true;

    fn split(self) -> (V, EntryOptions) {
        (self.value, self.given)
    }
}
