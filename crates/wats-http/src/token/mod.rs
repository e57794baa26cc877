//! The credential of a client, kept out of every `Debug`, log line and error.

mod fingerprint;
mod provider;
mod secrets;
mod spelling;

use std::fmt;

use http::HeaderValue;

use crate::error::{Error, Result};

pub use self::fingerprint::TokenFingerprint;
pub(crate) use self::provider::Stamp;
pub use self::provider::TokenProvider;
pub(crate) use self::secrets::Secrets;

/// What stands in the place of a token wherever text is printed.
const REDACTED: &str = "[redacted]";

/// An API token, ready to be sent as `Authorization: Basic <token>`.
///
/// The token that a server shows is `user:password` in base64 already and is sent as it is. Quotes around it and a leading
/// `Basic ` are accepted, because that is how people paste it. `Debug` never shows it.
#[derive(Clone)]
pub struct Token {
    header: HeaderValue,
    secret: Box<str>,
}

impl Token {
    /// Reads a token as pasted from a server's page or taken from an environment variable.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when it is empty or holds characters that no token has.
    pub fn new(text: &str) -> Result<Self> {
        let text = text.trim().trim_matches(['"', '\'']).trim();
        let (scheme, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let secret = if scheme.eq_ignore_ascii_case("basic") {
            rest.trim()
        } else {
            text
        };
        if secret.is_empty() {
            return Err(Error::config(
                "the token is empty; give an API token that the server has made",
            ));
        }
        if let Some(position) = secret.bytes().position(|b| !b.is_ascii_graphic()) {
            return Err(Error::config(format!(
                "the token has a character at position {position} that no token has (white space, control or non-ASCII); copy it again"
            )));
        }
        let mut header = HeaderValue::try_from(format!("Basic {secret}"))
            .map_err(|_| Error::config("the token cannot be sent in a header; copy it again"))?;
        header.set_sensitive(true);
        Ok(Self {
            header,
            secret: secret.into(),
        })
    }

    /// What tells this token from others and may be shown.
    pub fn fingerprint(&self) -> TokenFingerprint {
        TokenFingerprint::of(&self.secret)
    }

    pub(crate) fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// The token, for nothing but hashing it and finding it.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({REDACTED})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_forms_mean_the_same_token() {
        for text in [
            "dXNlcjpw",
            " dXNlcjpw\n",
            "\"dXNlcjpw\"",
            "Basic dXNlcjpw",
            "'basic dXNlcjpw'",
        ] {
            assert_eq!(
                Token::new(text).unwrap().header(),
                "Basic dXNlcjpw",
                "{text}"
            );
        }
    }

    #[test]
    fn unusable_tokens_are_refused_without_being_shown() {
        for text in [
            "",
            "  ",
            "\"\"",
            "sec ret",
            "sec\u{7f}ret",
            "secrét",
            "Basic ",
        ] {
            let error = Token::new(text).unwrap_err();
            assert!(!format!("{error:#} {error:?}").contains("sec"), "{error:#}");
        }
    }

    #[test]
    fn a_token_that_was_cut_through_or_escaped_is_removed_too() {
        let mut secrets = Secrets::default();
        secrets.add("dXNlcjpw==");
        let redact = |text: &str| secrets.redact(text.to_owned());
        let redact_cut = |text: &str| secrets.redact_cut(text.to_owned());
        assert_eq!(redact_cut("got dXNlcj"), "got ");
        assert_eq!(
            redact_cut("dXNlcjpw== d"),
            "[redacted] ",
            "what might be its start is not shown"
        );
        assert_eq!(redact("/x?t=dXNlcjpw%3D%3D"), "/x?t=[redacted]");
        assert_eq!(
            redact(r"a dXNlcjpw\u003d%3d b &#100;XNlcjpw&equals;= c"),
            "a [redacted] b [redacted] c"
        );
        assert_eq!(redact_cut("got dXNlcjpw%3"), "got [redacted]");
        assert_eq!(redact("got Basic dXNlcjpw"), "got Basic [redacted]");
    }

    #[test]
    fn a_fingerprint_tells_tokens_apart() {
        let prints: std::collections::HashSet<String> = (0..1000)
            .map(|n| {
                let token = Token::new(&format!("token-{n}")).unwrap();
                let print = token.fingerprint();
                assert_eq!(
                    print,
                    Token::new(&format!(" Basic token-{n}\n"))
                        .unwrap()
                        .fingerprint()
                );
                assert_eq!(format!("{print:?}"), format!("TokenFingerprint({print})"));
                print.to_string()
            })
            .collect();
        assert!(prints.len() >= 999, "{}", prints.len());
        assert!(prints.iter().all(|print| print.len() == 8));
    }

    #[test]
    fn debug_does_not_show_it() {
        let token = Token::new("dXNlcjpw").unwrap();
        assert_eq!(format!("{token:?}"), "Token([redacted])");
        assert!(!format!("{:?}", token.header()).contains("dXNl"));
    }
}
