//! Why a loading look-up returned no value.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

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

/// As the loader's error prints itself, with `{:#}` too.
impl<E: fmt::Display> fmt::Display for LoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Reentrant => f.write_str(REENTRANT),
        }
    }
}

/// For every error that can be printed, so that `?` also works where `E` is a `Box<dyn Error + Send + Sync>` or an error
/// of `anyhow`, which are no [`Error`] themselves.
///
/// The price: of such a type only the known kinds of boxes can tell their [`source`](Error::source). To walk the causes of
/// another `E`, take it out with [`failed`](LoadError::failed).
impl<E: fmt::Debug + fmt::Display + 'static> Error for LoadError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => boxed(error)?.source(),
            Self::Reentrant => None,
        }
    }
}

/// What is in a box of an error of any type.
fn boxed<E: 'static>(error: &E) -> Option<&(dyn Error + 'static)> {
    type Boxed = Box<dyn Error>;
    type BoxedToSend = Box<dyn Error + Send>;
    type BoxedToShare = Box<dyn Error + Send + Sync>;
    type Shared = Arc<dyn Error + Send + Sync>;
    let error: &dyn Any = error;
    if let Some(error) = error.downcast_ref::<BoxedToShare>() {
        Some(&**error)
    } else if let Some(error) = error.downcast_ref::<BoxedToSend>() {
        Some(&**error)
    } else if let Some(error) = error.downcast_ref::<Boxed>() {
        Some(&**error)
    } else if let Some(error) = error.downcast_ref::<Shared>() {
        Some(&**error)
    } else {
        None
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
