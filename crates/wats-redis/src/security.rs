//! Names of namespaces. Whoever reads the keys of the server must not learn a token from them.
//!
//! A token of WATS is base64 of user and password, so a fast hash of one could be guessed. What stands in the keys is the
//! result of PBKDF2, which takes a processor some hundred milliseconds for each guess.

use std::fmt;
use std::num::NonZeroU32;

use ring::pbkdf2;

use crate::error::{Error, Result};

/// As OWASP asks for with HMAC-SHA256.
const ROUNDS: NonZeroU32 = match NonZeroU32::new(600_000) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};

/// Begins the names that were derived from a token; no name that a user gives begins so.
const DERIVED: &str = "t-";

/// The longest name that a user may give.
const LONGEST: usize = 64;

/// Where a namespace has its name from.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Namespace {
    /// The user gave it.
    Named(String),
    /// From a server and the token that is shown to it.
    Token { authority: String, token: String },
}

impl Namespace {
    /// Checks a name that a user gave.
    pub(crate) fn named(name: &str) -> Result<Self> {
        let reason = if name.is_empty() {
            "is empty"
        } else if name.len() > LONGEST {
            "is longer than 64 characters"
        } else if !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        {
            "has other characters than letters, digits, `-`, `_` and `.`"
        } else if name.starts_with(DERIVED) {
            "begins with `t-`, as the names do that are made from tokens"
        } else {
            return Ok(Self::Named(name.to_owned()));
        };
        Err(Error::config("namespace", reason))
    }

    /// The namespace of a token, on the server with this authority (host and port).
    pub(crate) fn of_token(authority: &str, token: &str) -> Self {
        Self::Token {
            authority: authority.to_ascii_lowercase(),
            token: token.to_owned(),
        }
    }

    /// What stands in the keys. Takes a while for a token: on purpose.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::Token { authority, token } => {
                let salt = format!("wats-redis namespace 1\n{authority}");
                let mut derived = [0; 16];
                let secret = token.as_bytes();
                let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
                pbkdf2::derive(algorithm, ROUNDS, salt.as_bytes(), secret, &mut derived);
                format!("{DERIVED}{}", hex(&derived))
            }
        }
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.debug_tuple("Named").field(name).finish(),
            Self::Token { authority, .. } => f
                .debug_struct("Token")
                .field("authority", authority)
                .finish_non_exhaustive(),
        }
    }
}

/// Bytes as text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digit = |number: u8| {
        DIGITS
            .get(usize::from(number))
            .copied()
            .map_or('0', char::from)
    };
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

/// User and password for the server. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: Option<String>,
    pub(crate) password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_user_gives_are_checked() {
        for good in ["line-3", "a", "A.b_c", &"x".repeat(64)] {
            assert_eq!(Namespace::named(good).unwrap().name(), good);
        }
        for bad in ["", "a b", "a}", "{", "ä", "a:b", "t-0", &"x".repeat(65)] {
            let error = Namespace::named(bad).unwrap_err().to_string();
            assert!(error.starts_with("`namespace`: "), "{error}");
        }
    }

    #[test]
    fn a_token_and_its_server_make_the_name_and_are_not_in_it() {
        let token = "dXNlcjpwYXNzd29yZA==";
        let of = |authority, token| Namespace::of_token(authority, token).name();
        let name = of("wats.example:443", token);
        assert_eq!(name, of("WATS.example:443", token));
        assert_ne!(name, of("wats.example:8443", token));
        assert_ne!(name, of("wats.example:443", "dXNlcjpwYXNzd29yZB=="));
        assert_eq!(name.len(), 34);
        assert!(name.starts_with("t-"));
        let shown = format!("{:?}", Namespace::of_token("a", token));
        assert!(!shown.contains(token), "{shown}");
        let credentials = Credentials {
            user: Some("station".to_owned()),
            password: "secret".to_owned(),
        };
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("secret") && !shown.contains("station"));
    }
}
