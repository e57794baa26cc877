//! A token that the server has made.

use std::fmt;

/// A token that the server has made. It shows it only once. `Debug` does not.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken(Box<str>);

impl ApiToken {
    /// `None` for a text without a token.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// The token, as [`WatsBuilder::token`](crate::WatsBuilder::token) takes it.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken([redacted])")
    }
}
