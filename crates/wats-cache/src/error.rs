//! Why a loading look-up returned no value.

use std::error::Error;
use std::fmt;

/// Why a loading look-up returned no value.
///
/// ```
/// use wats_cache::{LoadError, TtlCache};
///
/// let cache: TtlCache<&str, i32> = TtlCache::new();
/// let error = cache.get_or_try_insert_with("EX-300", || "nine".parse()).unwrap_err();
/// assert!(matches!(error, LoadError::Failed(_)));
/// assert_eq!(error.to_string(), "invalid digit found in string");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadError<E> {
    /// What the caller's own loader returned.
    Failed(E),
    /// The caller is inside the loader of this very key, which can only be answered by that loader: loading once more
    /// would never end. Parts that contain each other lead to this, for example.
    Reentrant,
}

impl<E> LoadError<E> {
    /// What the loader returned, if that is why.
    pub fn failed(self) -> Option<E> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Reentrant => None,
        }
    }
}

impl<E: fmt::Display> fmt::Display for LoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Reentrant => f.write_str(REENTRANT),
        }
    }
}

impl<E: Error> Error for LoadError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => error.source(),
            Self::Reentrant => None,
        }
    }
}

/// So that `?` works where loaders do nothing but input and output.
impl From<LoadError<Self>> for std::io::Error {
    fn from(error: LoadError<Self>) -> Self {
        match error {
            LoadError::Failed(error) => error,
            LoadError::Reentrant => Self::other(REENTRANT),
        }
    }
}

const REENTRANT: &str = "a loader asked for the key that it is loading: look it up with `get` there, or load another key";

/// What a look-up that cannot fail does with [`LoadError::Reentrant`], as the cells of the standard library do.
#[cold]
#[expect(
    clippy::panic,
    reason = "the alternative to this panic is a recursion without end"
)]
pub(crate) fn reentrant() -> ! {
    panic!("{REENTRANT}")
}
