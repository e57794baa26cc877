//! Entries on their way out: why they went, and how they leave the lock before anybody sees them.

/// Why an entry left the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemovalCause {
    /// Its time was over.
    Expired,
    /// The cache was full, or the entry too heavy for it.
    Evicted,
    /// A new value took its place; the key is still there.
    Replaced,
    /// The user removed it: `remove`, `clear`, `retain`, `invalidate_where`, `invalidate_tag`.
    Invalidated,
}

#[derive(Debug)]
pub(crate) struct Removed<K, V> {
    pub(crate) key: K,
    pub(crate) value: V,
    pub(crate) cause: RemovalCause,
}

/// What an operation removed. Filled under the lock, dropped after it: dropping a value is code of the user.
/// Nearly always one entry, which needs no allocation.
#[derive(Debug)]
pub(crate) struct Outbox<K, V> {
    first: Option<Removed<K, V>>,
    rest: Vec<Removed<K, V>>,
}

impl<K, V> Outbox<K, V> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            first: None,
            rest: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, key: K, value: V, cause: RemovalCause) {
        let removed = Removed { key, value, cause };
        if self.first.is_none() {
            self.first = Some(removed);
        } else {
            self.rest.push(removed);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Removed<K, V>> {
        self.first.iter().chain(&self.rest)
    }

    /// The one entry, where the operation removes at most one.
    pub(crate) fn into_value(self) -> Option<V> {
        self.first.map(|removed| removed.value)
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }
}
