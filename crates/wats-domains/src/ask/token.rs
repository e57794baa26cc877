//! Whose answers are kept: they differ by what a token may see.

use wats_http::{Client, TokenFingerprint};

/// The token that a client has, for as long as it has it.
#[derive(Debug, Clone)]
pub(super) struct TokenInUse {
    client: Client,
    changes: u64,
    fingerprint: TokenFingerprint,
}

impl TokenInUse {
    pub(super) fn of(client: &Client) -> Self {
        loop {
            let token = Self {
                client: client.clone(),
                changes: client.token_changes(),
                fingerprint: client.token_fingerprint(),
            };
            // Otherwise it may have been changed in between.
            if token.is_in_use() {
                return token;
            }
        }
    }

    /// Whether no other has taken its place. What has been asked for since it was made then is the answer to this token.
    #[inline]
    pub(super) fn is_in_use(&self) -> bool {
        self.client.token_changes() == self.changes
    }

    /// That of the same client.
    pub(super) fn next(&self) -> Self {
        Self::of(&self.client)
    }

    pub(super) fn fingerprint(&self) -> TokenFingerprint {
        self.fingerprint
    }
}
