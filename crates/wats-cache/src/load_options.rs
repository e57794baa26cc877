//! How a single look-up loads.

use crate::loaded::tag_hashes;
use std::fmt;
use std::sync::Arc;

/// Where a look-up may take its value from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Read {
    /// From the cache, if there is a fresh one.
    #[default]
    Cached,
    /// From what is shared with other processes, or else from the origin: what this process keeps is passed over. A cache
    /// without such a tier asks the origin.
    Shared,
    /// From the origin. What it answers is cached.
    Origin,
}

type Accept<V> = Arc<dyn Fn(&V) -> bool + Send + Sync>;

/// How a look-up loads, for `load_with` of the caches and [`Tier::load`](crate::Tier::load).
///
/// ```
/// use wats_cache::{LoadOptions, Loaded, Read, TtlCache};
///
/// let cache: TtlCache<&str, u32> = TtlCache::new();
/// cache.insert("price", 1);
/// let load = |_| Ok::<_, String>(Loaded::new(2));
/// assert_eq!(cache.load_with("price", LoadOptions::new(), load), Ok(1));
/// assert_eq!(cache.load_with("price", LoadOptions::new().read(Read::Origin), load), Ok(2));
/// assert_eq!(cache.get("price"), Some(2));
/// ```
#[must_use]
pub struct LoadOptions<V> {
    read: Read,
    accept: Option<Accept<V>>,
    pub(crate) alone: bool,
    pub(crate) stale_if_error: bool,
    pub(crate) tags: Option<Box<[u64]>>,
}

impl<V> LoadOptions<V> {
    /// As all look-ups do.
    pub fn new() -> Self {
        Self {
            read: Read::Cached,
            accept: None,
            alone: false,
            stale_if_error: true,
            tags: None,
        }
    }

    /// Sets where the value may come from. What is not [`Read::Cached`] does not join loads that began before the call either,
    /// their values are not cached, and nothing stale is served instead of an error.
    pub fn read(mut self, read: Read) -> Self {
        self.read = read;
        self
    }

    /// Takes only values from the cache for which `accept` holds, such as those that are young enough; else loads. What a
    /// load brings is taken as it is, its own or that of another caller that was under way.
    pub fn accept(mut self, accept: impl Fn(&V) -> bool + Send + Sync + 'static) -> Self {
        self.accept = Some(Arc::new(accept));
        self
    }

    /// Whether the caller loads by itself and waits for no other: for one that may keep up whoever it would wait for. Nobody
    /// waits for it either. If two load a key, the value of the one that began last is cached. By default it joins.
    pub fn alone(mut self, alone: bool) -> Self {
        self.alone = alone;
        self
    }

    /// Whether a stale value may be served instead of an error, as the cache's option `stale_if_error` allows. By default it
    /// may. For a caller that decides by the error: it gets the error, and asks for the value with `get_stale`, or
    /// [`Tier::stale`](crate::Tier::stale).
    pub fn stale_if_error(mut self, serve: bool) -> Self {
        self.stale_if_error = serve;
        self
    }

    /// All the tags that the loaded value can have. They do not become its tags: that is for [`Loaded`](crate::Loaded) to say.
    ///
    /// Without them callers that come after a tag was invalidated do not wait for this load, as its value might carry the tag,
    /// and load themselves.
    pub fn tags<T: AsRef<str>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = Some(tag_hashes(tags));
        self
    }

    /// Where the value may come from: for who implements a [`Tier`](crate::Tier).
    pub fn reads(&self) -> Read {
        self.read
    }

    /// Whether a stale value may be served instead of an error.
    pub fn serves_stale_if_error(&self) -> bool {
        self.stale_if_error
    }

    /// Whether a value from a cache will do.
    pub fn accepts(&self, value: &V) -> bool {
        self.accept.as_ref().is_none_or(|accept| accept(value))
    }

    pub(crate) fn skips(&self) -> bool {
        self.read != Read::Cached
    }
}

impl<V> Default for LoadOptions<V> {
    fn default() -> Self {
        Self::new()
    }
}

// By hand: a derive would ask for `V: Clone`.
impl<V> Clone for LoadOptions<V> {
    fn clone(&self) -> Self {
        Self {
            read: self.read,
            accept: self.accept.clone(),
            alone: self.alone,
            stale_if_error: self.stale_if_error,
            tags: self.tags.clone(),
        }
    }
}

impl<V> fmt::Debug for LoadOptions<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadOptions")
            .field("read", &self.read)
            .field("accepts_all", &self.accept.is_none())
            .field("alone", &self.alone)
            .field("stale_if_error", &self.stale_if_error)
            .finish_non_exhaustive()
    }
}
