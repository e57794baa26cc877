//! What the code that `#[cached]` writes calls: where a function's caches are kept, which of its
//! results are, and what its key is made of. No interface of its own: it changes with the macro.

use crate::{CacheConfig, LoadError, TtlCache};
use std::any::{Any, TypeId, type_name};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{OnceLock, PoisonError, RwLock};

/// Which function this is once all type parameters have their types: those of the function, of the
/// `impl` or trait it stands in, `Self`, and the constants. The macro sees none but the first, so it
/// hands over a closure written in the function's body, and the type of a closure has them all.
///
/// Lifetimes do not count: two instances that differ in nothing else are one and run the same code.
pub fn instance<F: 'static>(_: &F) -> Instance<F> {
    Instance(PhantomData)
}

/// See [`instance`].
#[derive(Debug)]
pub struct Instance<F>(PhantomData<fn() -> F>);

/// A cache with the instance it belongs to in its type. So finding out what a `dyn Any` is tells both at once.
struct CacheOf<F, T>(T, PhantomData<fn() -> F>);

/// The caches of one `#[cached]` function, one for each instance, made at its first call. They are
/// never dropped.
pub struct Caches {
    first: OnceLock<Cache>,
    others: RwLock<BTreeMap<TypeId, Cache>>,
}

type Cache = &'static (dyn Any + Send + Sync);

impl Caches {
    /// None yet.
    #[allow(
        clippy::new_without_default,
        reason = "only written by the macro, into a static"
    )]
    pub const fn new() -> Self {
        Self {
            first: OnceLock::new(),
            others: RwLock::new(BTreeMap::new()),
        }
    }

    /// The cache of this instance, made with `make` if there is none.
    #[inline]
    fn of<F: 'static, T: Any + Send + Sync>(
        &self,
        _: Instance<F>,
        make: impl Fn() -> T,
    ) -> &'static T {
        let make =
            || -> &'static CacheOf<F, T> { Box::leak(Box::new(CacheOf(make(), PhantomData))) };
        let first = *self.first.get_or_init(|| make());
        match first.downcast_ref::<CacheOf<F, T>>() {
            Some(cache) => &cache.0,
            None => &self.other(make).0,
        }
    }

    #[cold]
    fn other<F: 'static, T: Any + Send + Sync>(
        &self,
        make: impl Fn() -> &'static CacheOf<F, T>,
    ) -> &'static CacheOf<F, T> {
        let instance = TypeId::of::<F>();
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        let known = others.get(&instance).copied();
        drop(others);
        let cache = known.unwrap_or_else(|| {
            let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
            *others.entry(instance).or_insert_with(|| make())
        });
        // An instance has one type of key and one of value, so it finds what it made.
        cache.downcast_ref().unwrap_or_else(make)
    }
}

impl fmt::Debug for Caches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caches").finish_non_exhaustive()
    }
}

/// What a function returns, as a type. The macro asks it for [`kept`](Values::kept): a `Result`, under
/// whatever name, finds the method of its own, everything else that of [`Values`].
#[derive(Debug)]
pub struct Returns<R>(PhantomData<fn() -> R>);

impl<R> Returns<R> {
    /// What this closure returns.
    pub fn of(_: &impl FnOnce() -> R) -> Self {
        Self(PhantomData)
    }

    /// What the future of this closure gives.
    pub fn of_async<F: Future<Output = R>>(_: &impl FnOnce() -> F) -> Self {
        Self(PhantomData)
    }

    /// As [`kept`](Values::kept), with `cache_err = true`.
    pub fn errors_too(&self) -> Everything
    where
        R: IsResult,
    {
        Everything
    }

    /// As [`kept`](Values::kept), with `cache_none = false`.
    pub fn some_only(&self) -> SomeOnly
    where
        R: IsOption,
    {
        SomeOnly
    }

    /// Refuses `cache_err` where it says nothing.
    pub fn is_result(&self)
    where
        R: IsResult,
    {
    }

    /// Refuses `cache_none` where it says nothing.
    pub fn is_option(&self)
    where
        R: IsOption,
    {
    }
}

impl<T, E> Returns<Result<T, E>> {
    /// Of a `Result`, the values.
    pub fn kept(&self) -> OkOnly {
        OkOnly
    }
}

/// See [`Returns`].
pub trait Values {
    /// All values of what is no `Result`.
    fn kept(&self) -> Plain {
        Plain
    }
}

impl<R> Values for Returns<R> {}

/// A `Result`.
#[diagnostic::on_unimplemented(
    message = "`cache_err` says nothing here: it is for functions that return a `Result`",
    label = "this function is not known to return a `Result`"
)]
pub trait IsResult {}

impl<T, E> IsResult for Result<T, E> {}

/// An `Option`.
#[diagnostic::on_unimplemented(
    message = "`cache_none` says nothing here: it is for functions that return an `Option`",
    label = "this function is not known to return an `Option`"
)]
pub trait IsOption {
    /// What is in it.
    type Some;
    /// As the option it is.
    fn into_option(self) -> Option<Self::Some>;
    /// Back from there.
    fn from_option(option: Option<Self::Some>) -> Self;
}

impl<T> IsOption for Option<T> {
    type Some = T;
    fn into_option(self) -> Self {
        self
    }
    fn from_option(option: Self) -> Self {
        option
    }
}

/// Which part of what a function returns is cached.
pub trait Keep<R> {
    /// What is.
    type Value;
    /// What is not, and is given to the caller alone.
    type Rest;
    /// Apart.
    fn split(returned: R) -> Result<Self::Value, Self::Rest>;
    /// And together again.
    fn join(parts: Result<Self::Value, Self::Rest>) -> R;
    /// Whether the cache is used at all.
    fn keeps() -> bool {
        true
    }
}

/// All of it.
#[derive(Debug)]
pub struct Everything;

/// The values of a `Result`.
#[derive(Debug)]
pub struct OkOnly;

/// What is in an `Option`.
#[derive(Debug)]
pub struct SomeOnly;

/// All of it, unless it turns out to be a `Result`. In `fn get(&self) -> T` nobody knows that before `T`
/// has its type, and then its errors cannot be told from its values: so nothing is cached.
#[derive(Debug)]
pub struct Plain;

impl<R> Keep<R> for Everything {
    type Value = R;
    type Rest = std::convert::Infallible;
    fn split(returned: R) -> Result<R, Self::Rest> {
        Ok(returned)
    }
    fn join(parts: Result<R, Self::Rest>) -> R {
        match parts {
            Ok(returned) => returned,
            Err(never) => match never {},
        }
    }
}

impl<R> Keep<R> for Plain {
    type Value = R;
    type Rest = std::convert::Infallible;
    fn split(returned: R) -> Result<R, Self::Rest> {
        Ok(returned)
    }
    fn join(parts: Result<R, Self::Rest>) -> R {
        <Everything as Keep<R>>::join(parts)
    }
    fn keeps() -> bool {
        // Two constants, so this costs nothing.
        !type_name::<R>().starts_with("core::result::Result<")
    }
}

impl<T, E> Keep<Result<T, E>> for OkOnly {
    type Value = T;
    type Rest = E;
    fn split(returned: Result<T, E>) -> Result<T, E> {
        returned
    }
    fn join(parts: Result<T, E>) -> Result<T, E> {
        parts
    }
}

impl<R: IsOption> Keep<R> for SomeOnly {
    type Value = R::Some;
    type Rest = ();
    fn split(returned: R) -> Result<R::Some, ()> {
        returned.into_option().ok_or(())
    }
    fn join(parts: Result<R::Some, ()>) -> R {
        R::from_option(parts.ok())
    }
}

/// Answers from the cache of this instance, or with `load`.
pub fn look_up<R, P, K, I: 'static>(
    _: P,
    caches: &Caches,
    instance: Instance<I>,
    config: impl Fn() -> CacheConfig,
    key: K,
    load: impl FnOnce() -> R,
) -> R
where
    P: Keep<R>,
    P::Value: Value,
    K: Key,
{
    if !P::keeps() {
        return load();
    }
    let cache = caches.of(instance, || TtlCache::builder().config(config()).build());
    P::join(own(cache.get_or_try_insert_with(key, || P::split(load()))))
}

/// As [`look_up`], for a function that returns a future.
#[cfg(feature = "async")]
pub async fn look_up_async<R, P, K, F, I: 'static>(
    _: P,
    caches: &Caches,
    instance: Instance<I>,
    config: impl Fn() -> CacheConfig,
    key: K,
    load: impl FnOnce() -> F,
) -> R
where
    P: Keep<R>,
    P::Value: Value,
    K: Key,
    F: Future<Output = R>,
{
    if !P::keeps() {
        return load().await;
    }
    let cache = caches.of(instance, || {
        crate::AsyncTtlCache::builder().config(config()).build()
    });
    let load = async || P::split(load().await);
    P::join(own(cache.get_or_try_insert_with(key, load).await))
}

/// The errors of a `#[cached]` function are its own. One that calls itself with the arguments it is
/// running with would never end, cached or not.
fn own<V, E>(loaded: Result<V, LoadError<E>>) -> Result<V, E> {
    match loaded {
        Ok(value) => Ok(value),
        Err(LoadError::Failed(error)) => Err(error),
        Err(LoadError::Reentrant) => crate::error::reentrant(),
    }
}

/// What may be cached.
#[diagnostic::on_unimplemented(
    message = "a value of type `{Self}` cannot be cached",
    note = "what a `#[cached]` function returns must be `Clone + Send + Sync + 'static`; of a `Result`, what is in `Ok`"
)]
pub trait Value: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Value for T {}

/// What may be the key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a `#[cached]` function",
    note = "a key must be `Clone + Hash + Eq + Send + Sync + 'static`"
)]
pub trait Key: Clone + Hash + Eq + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Hash + Eq + Send + Sync + 'static> Key for T {}

/// An argument that can be owned for the key.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` cannot be part of the key of a `#[cached]` function",
    note = "what is in the key must be `Clone + Hash + Eq + Send + Sync + 'static`",
    note = "or choose the key yourself: `#[cached(key = …)]`"
)]
pub trait KeyPart {
    /// Owned.
    type Owned;
    /// Owns it.
    fn own(&self) -> Self::Owned;
}

#[diagnostic::do_not_recommend]
impl<T: ToOwned<Owned: Key> + ?Sized> KeyPart for T {
    type Owned = T::Owned;
    fn own(&self) -> T::Owned {
        self.to_owned()
    }
}

/// An argument as a part of the key.
pub fn key_part<T: KeyPart + ?Sized>(argument: &T) -> T::Owned {
    argument.own()
}
