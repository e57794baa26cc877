//! A name for a token that may be shown.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Tells tokens apart without showing them: a keyed hash of 64 bits, whose key this process draws at random and shows to
/// nobody. Eight hexadecimal digits of it are shown.
///
/// Equal tokens have equal fingerprints within a process, and different ones different ones, but for one pair in 2^64; what is
/// shown of them is nearly always different. It says nothing of the token to whoever has only the fingerprint, and means
/// nothing in another process.
///
/// ```
/// use wats_http::Token;
///
/// let (old, new) = (Token::new("dXNlcjpvbGQ=")?, Token::new("dXNlcjpuZXc=")?);
/// assert_eq!(old.fingerprint(), Token::new("Basic dXNlcjpvbGQ=")?.fingerprint());
/// assert_eq!(old.fingerprint().to_string().len(), 8);
/// # let _ = new;
/// # Ok::<(), wats_http::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenFingerprint(u64);

impl TokenFingerprint {
    pub(super) fn of(secret: &str) -> Self {
        Self(KEY.hash_one(secret))
    }
}

impl fmt::Display for TokenFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // More would be too long to read, and the upper half is as good as any other.
        write!(f, "{:08x}", self.0 >> 32)
    }
}

impl fmt::Debug for TokenFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenFingerprint({self})")
    }
}
