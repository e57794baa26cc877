//! What an entry was given beside its value: a time to live of its own, and tags. It stays with the entry when a loader
//! refreshes it.

use crate::clock::ticks;
use crate::entry::{NEVER, Tick};
use std::num::NonZeroU64;
use std::time::Duration;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EntryOptions {
    /// A time to live; none is the default one.
    pub(crate) ttl: Given,
    /// For how long after its time the value may be served stale; none is as the stale options say.
    pub(crate) reserve: Given,
    /// The hashes of tags; none if there are none.
    pub(crate) tags: Option<Box<[u64]>>,
}

/// A length of time, if one was given, in a word: it stands in the future of each look-up that loads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Given(Option<NonZeroU64>);

impl Given {
    pub(crate) fn new(ticks: Option<Tick>) -> Self {
        // No length is the largest number.
        Self(ticks.and_then(|ticks| NonZeroU64::new(ticks.saturating_add(1))))
    }

    pub(crate) fn get(self) -> Option<Tick> {
        self.0.map(|more| more.get() - 1)
    }

    pub(crate) fn is_some(self) -> bool {
        self.0.is_some()
    }

    fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }
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

/// The number by which a tag is known: FNV-1a with the finish of `MurmurHash3`, the same in every process and every version
/// of this crate.
///
/// That two tags of a program agree by accident is as good as impossible, and would remove an entry too many, never one too few.
pub fn tag_hash(tag: &str) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for byte in tag.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^ (hash >> 33)
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
        self.given.ttl = Given::new(Some(ticks(ttl)));
        self
    }

    /// For how long after its time the value may be served stale, if the stale options allow it that long. Zero is not at
    /// all.
    pub fn stale_for(mut self, time: Duration) -> Self {
        self.given.reserve = Given::new(Some(ticks(time)));
        self
    }

    /// The tags with any of which [`invalidate_tag`](crate::TtlCache::invalidate_tag) removes the value, in place of
    /// those the entry had.
    pub fn tags<T: AsRef<str>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.given.tags = Some(tag_hashes(tags));
        self
    }
}

impl<V> From<V> for Loaded<V> {
    fn from(value: V) -> Self {
        Self::new(value)
    }
}

/// For who keeps loaded values elsewhere, too: what was said of one.
impl<V> Loaded<V> {
    /// The value.
    pub fn value(&self) -> &V {
        &self.value
    }

    /// The value alone.
    pub fn into_value(self) -> V {
        self.value
    }

    /// How long it is good, if that was said.
    pub fn own_ttl(&self) -> Option<Duration> {
        self.given.ttl.get().map(length)
    }

    /// For how long after that it may be served stale, if that was said.
    pub fn own_stale_for(&self) -> Option<Duration> {
        self.given.reserve.get().map(length)
    }

    /// Its tags, by their [hashes](tag_hash); empty also if nothing was said of them.
    pub fn hashed_tags(&self) -> &[u64] {
        self.given.tags.as_deref().unwrap_or_default()
    }

    /// As [`tags`](Self::tags), by their [hashes](tag_hash).
    pub fn with_hashed_tags(mut self, tags: impl Into<Box<[u64]>>) -> Self {
        self.given.tags = Some(tags.into());
        self
    }

    pub(crate) fn into_parts(self) -> (V, EntryOptions) {
        (self.value, self.given)
    }
}

fn length(ticks: Tick) -> Duration {
    if ticks >= NEVER {
        Duration::MAX
    } else {
        Duration::from_millis(ticks)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_tag_never_changes() {
        assert_eq!(tag_hash(""), 0xEFD0_1F60_BA99_2926);
        assert_eq!(tag_hash("customer-7"), tag_hash("customer-7"));
        assert_ne!(tag_hash("customer-7"), tag_hash("customer-8"));
    }

    #[test]
    fn what_was_said_of_a_value_can_be_asked_for() {
        let second = Duration::from_secs(1);
        let loaded = Loaded::new(7)
            .ttl(second)
            .stale_for(Duration::MAX)
            .tags(["a"]);
        assert_eq!(
            (loaded.own_ttl(), loaded.own_stale_for()),
            (Some(second), Some(Duration::MAX))
        );
        assert_eq!(loaded.hashed_tags(), [tag_hash("a")]);
        assert_eq!(loaded, loaded.clone().with_hashed_tags([tag_hash("a")]));
        assert!(Loaded::new(7).hashed_tags().is_empty());
    }
}
