//! Entries on their way out: why they went, and how they leave the lock before anybody sees them.
//!
//! Listeners and destructors are code of the user. An operation is over before any of it runs, and a panic of one of them
//! keeps none of the others from being called: it goes on to the caller at the end.

use std::any::Any;
use std::panic::resume_unwind;
use wats_background::{discard, guarded};

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
pub(crate) struct Removals<K, V> {
    first: Option<Removed<K, V>>,
    rest: Vec<Removed<K, V>>,
}

impl<K, V> Removals<K, V> {
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

    /// Whether dropping it drops one entry at most, which needs no care.
    #[inline]
    pub(crate) fn is_simple(&self) -> bool {
        self.rest.is_empty()
    }

    /// Calls `tell` with every entry.
    pub(crate) fn tell(&self, panics: &mut Panics, tell: impl Fn(&K, &V, RemovalCause)) {
        for removed in self.first.iter().chain(&self.rest) {
            panics.catch(|| tell(&removed.key, &removed.value, removed.cause));
        }
    }

    /// Drops the entries one by one; the memory they were in is kept for further ones.
    pub(crate) fn drop_each(&mut self, panics: &mut Panics) {
        for removed in self.first.take().into_iter().chain(self.rest.drain(..)) {
            panics.drop(removed.key);
            panics.drop(removed.value);
        }
    }

    /// The one entry, where the operation removes at most one.
    pub(crate) fn into_value(self) -> Option<V> {
        self.first.map(|removed| removed.value)
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }
}

/// The first panic among several calls into code of the user; the calls behind it are made all the same.
#[derive(Default)]
pub(crate) struct Panics(Option<Box<dyn Any + Send>>);

impl Panics {
    pub(crate) fn catch<T>(&mut self, code: impl FnOnce() -> T) -> Option<T> {
        match guarded(code) {
            Ok(value) => Some(value),
            Err(payload) => {
                if self.0.is_some() {
                    discard(payload);
                } else {
                    self.0 = Some(payload);
                }
                None
            }
        }
    }

    pub(crate) fn drop<T>(&mut self, what: T) {
        if std::mem::needs_drop::<T>() {
            self.catch(|| drop(what));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Leaves it at what the panic hook has told.
    pub(crate) fn swallow(self) {
        self.0.into_iter().for_each(discard);
    }

    /// Hands the first panic on to the caller. While another one unwinds, that would end the process.
    pub(crate) fn resume(self) {
        match self.0 {
            None => {}
            Some(payload) if std::thread::panicking() => discard(payload),
            Some(payload) => resume_unwind(payload),
        }
    }
}
