//! The credential of a WATS server, kept out of every `Debug`, log line and error.

mod spelling;

use std::fmt;

use http::HeaderValue;

use crate::error::{Error, Result};

/// What stands in the place of a token wherever text is printed.
const REDACTED: &str = "[redacted]";

/// A WATS API token, ready to be sent as `Authorization: Basic <token>`.
///
/// The token that the WATS Control Panel shows is already base64 and is sent as it is. Quotes around it and a leading
/// `Basic ` are accepted, because that is how people paste it. `Debug` never shows it.
#[derive(Clone)]
pub struct Token {
    header: HeaderValue,
    secret: Box<str>,
}

impl Token {
    /// Reads a token as pasted from the Control Panel or taken from an environment variable.
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
                "the token is empty; make one in the WATS Control Panel",
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

    pub(crate) fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// The bytes of the token, for nothing but hashing them.
    pub(crate) fn secret(&self) -> &[u8] {
        self.secret.as_bytes()
    }

    /// Removes the token, in whatever [spelling], from text that came from outside, such as a server that
    /// echoes headers in its error page.
    pub(crate) fn redact(&self, text: String) -> String {
        let Some(mut found) = spelling::find(&text, &self.secret, 0) else {
            return text;
        };
        let mut redacted = String::with_capacity(text.len());
        let mut rest = 0;
        loop {
            redacted.push_str(&text[rest..found.start]);
            redacted.push_str(REDACTED);
            rest = found.end;
            match spelling::find(&text, &self.secret, rest) {
                Some(next) => found = next,
                None => break,
            }
        }
        redacted.push_str(&text[rest..]);
        redacted
    }

    /// The same for the start of a longer text: a token that was cut through is removed too.
    pub(crate) fn redact_cut(&self, text: String) -> String {
        let mut text = self.redact(text);
        if let Some(cut) = spelling::find_cut(&text, &self.secret) {
            text.truncate(cut);
        }
        text
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
        let token = Token::new("dXNlcjpw==").unwrap();
        assert_eq!(token.redact_cut("got dXNlcj".into()), "got ");
        assert_eq!(
            token.redact_cut("dXNlcjpw== d".into()),
            "[redacted] ",
            "what might be its start is not shown"
        );
        assert_eq!(
            token.redact("/x?t=dXNlcjpw%3D%3D".into()),
            "/x?t=[redacted]"
        );
        assert_eq!(
            token.redact(r"a dXNlcjpw\u003d%3d b &#100;XNlcjpw&equals;= c".into()),
            "a [redacted] b [redacted] c"
        );
        assert_eq!(token.redact_cut("got dXNlcjpw%3".into()), "got ");
    }

    #[test]
    fn neither_debug_nor_redacted_text_shows_it() {
        let token = Token::new("dXNlcjpw").unwrap();
        assert_eq!(format!("{token:?}"), "Token([redacted])");
        assert!(!format!("{:?}", token.header()).contains("dXNl"));
        assert_eq!(
            token.redact("got Basic dXNlcjpw".into()),
            "got Basic [redacted]"
        );
    }
}
