//! What a look-up finds, what a load of the cache brings to those who wait for it, and whether a failure is theirs, too.
//!
//! A cache has one type of values, but each look-up has its own type of errors. So a failure travels as `dyn Any`; who
//! wanted another type, or an error of its own, does not take it and loads itself.

use std::any::Any;
use std::sync::Arc;

/// A failure on its way to those who wait.
pub(crate) type Packed = Arc<dyn Any + Send + Sync>;

/// What a load of the cache ends with, for those who wait.
#[derive(Clone)]
pub(crate) enum LoadOutcome<V> {
    Value(V),
    /// No loader was run, because there was a value already.
    Present(V),
    Failed(Packed),
}

/// Whether those who wait for a load get its failure.
pub(crate) struct Failures<E> {
    /// None where failures stay with their callers.
    pub(crate) pack: Option<fn(&E) -> Packed>,
    pub(crate) unpack: fn(&Packed) -> Option<E>,
}

// By hand: a derive would ask for `E: Copy`.
impl<E> Clone for Failures<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Failures<E> {}

impl<E> Failures<E> {
    /// Each caller has only what its own loader returned.
    pub(crate) const OWN: Self = Self {
        pack: None,
        unpack: |_| None,
    };
}

impl<E: Clone + Send + Sync + 'static> Failures<E> {
    /// Each caller that waits gets a clone.
    pub(crate) const SHARED: Self = Self {
        pack: Some(|error| Arc::new(error.clone())),
        unpack: |packed| packed.downcast_ref().cloned(),
    };
}

/// A value good enough for everybody but the one who loads.
pub(super) struct Present<V> {
    pub(super) value: V,
    pub(super) is_stale: bool,
}

/// What a loading look-up found.
pub(super) enum Found<V> {
    Fresh(V),
    Servable(Present<V>),
    Nothing,
}
