//! Where tokens come from that change while a client lives: a file, the environment, or a function of the program.

use std::error::Error as StdError;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::Token;
use crate::error::{Error, Result};

/// Longer files hold no token, and are not read to their end.
const LONGEST_FILE: u64 = 64 << 10;

type Callback = dyn Fn() -> Result<String, Box<dyn StdError + Send + Sync>> + Send + Sync;

/// Gives the token of a client, first when the client is built, and again whenever the server refuses the one in use.
///
/// After a 401 the token is read again, once for all calls that were refused at the time. If it is another one, each of
/// these calls is repeated with it, once; if it is the same, or refused too, they fail with that 401. A 401 says that
/// nothing was carried out (RFC 9110, section 15.5.2), so calls are repeated that otherwise may not be, and whatever
/// [`RetryConfig`](crate::RetryConfig) says. Calls that begin later use the new token.
///
/// It is read on a thread of its own, so a callback may block; calls wait for it no longer than their deadlines allow.
///
/// A file is watched, too: while calls are made it is looked at once a second, and read again when it was changed. So a token
/// that is replaced before it expires costs no refusal.
///
/// ```no_run
/// use wats_http::{Client, TokenProvider};
///
/// # fn from_the_vault() -> std::io::Result<String> { Ok(String::new()) }
/// # fn example() -> wats_http::Result<()> {
/// let of_file = Client::builder()
///     .base_url("https://server.example")
///     .token_provider(TokenProvider::file("/run/secrets/token"))
///     .build()?;
/// let of_vault = Client::builder()
///     .base_url("https://server.example")
///     .token_provider(TokenProvider::callback(from_the_vault))
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TokenProvider(Source);

#[derive(Clone)]
enum Source {
    File(PathBuf),
    Environment(OsString),
    Callback(Arc<Callback>),
}

/// By what a changed file is known: when it was written, and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl TokenProvider {
    /// The token is the content of a file, such as a mounted secret: UTF-8, or UTF-16 with a byte order mark, in one of the
    /// forms that [`Token::new`] accepts. White space around it and a byte order mark do not count.
    ///
    /// To change it, replace the file as a whole (write another one and rename it), so that no half of it is read.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        // The program may change its directory before it is read again.
        Self(Source::File(std::path::absolute(&path).unwrap_or(path)))
    }

    /// The token is the value of an environment variable, in one of the forms that [`Token::new`] accepts. After a 401 it is read
    /// again, for programs that change their environment.
    pub fn env(variable: impl Into<OsString>) -> Self {
        Self(Source::Environment(variable.into()))
    }

    /// The token is what a function gives, in one of the forms that [`Token::new`] accepts. It must not show the token in
    /// its errors.
    pub fn callback<F, E>(read: F) -> Self
    where
        F: Fn() -> Result<String, E> + Send + Sync + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self(Source::Callback(Arc::new(move || {
            read().map_err(Into::into)
        })))
    }

    /// Reads it now.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the file, when it cannot be read or holds no token; or what
    /// the callback says.
    pub fn read(&self) -> Result<Token> {
        match &self.0 {
            Source::File(path) => read_file(path),
            Source::Environment(variable) => {
                let Some(value) = std::env::var_os(variable) else {
                    return Err(self.problem("it is not set; it must hold an API token"));
                };
                let Some(text) = value.to_str() else {
                    return Err(self.problem("it is no text; it must hold an API token"));
                };
                Token::new(text).map_err(|error| self.problem(error.said().unwrap_or_default()))
            }
            Source::Callback(read) => {
                let text = read().map_err(|source| {
                    Error::config("the token callback gave no token").source(source)
                })?;
                Token::new(&text).map_err(|error| self.problem(error.said().unwrap_or_default()))
            }
        }
    }

    /// Whether it is a file, which can be watched.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.0, Source::File(_))
    }

    /// Of a file what changes with it; `None` if there is none.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        let Source::File(path) = &self.0 else {
            return None;
        };
        let metadata = path.metadata().ok()?;
        Some(Stamp {
            modified: metadata.modified().ok(),
            length: metadata.len(),
        })
    }

    fn problem(&self, why: &str) -> Error {
        Error::config(format!("{self}: {why}"))
    }
}

/// What messages call it.
impl fmt::Display for TokenProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::File(path) => write!(f, "the token file {}", path.display()),
            Source::Environment(variable) => {
                write!(f, "the environment variable {}", variable.display())
            }
            Source::Callback(_) => f.write_str("the token callback"),
        }
    }
}

impl fmt::Debug for TokenProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenProvider({self})")
    }
}

fn read_file(path: &Path) -> Result<Token> {
    let provider = TokenProvider(Source::File(path.to_owned()));
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(LONGEST_FILE + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Err(provider
            .problem(&format!(
                "it cannot be read: {error}; it must hold an API token and be readable for this program"
            ))
            .source(error));
    }
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(provider
            .problem("it is too large for a token; it must hold an API token and nothing else"));
    }
    let Some(text) = text(&bytes) else {
        return Err(provider.problem("it is no text; it must hold an API token and nothing else"));
    };
    Token::new(&text).map_err(|error| {
        let why = error.said().unwrap_or_default();
        provider.problem(&format!("{why} (the file must hold it and nothing else)"))
    })
}

/// The text of a file as editors and shells on every platform write it.
fn text(bytes: &[u8]) -> Option<String> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        rest.is_empty().then(|| String::from_utf16(&units).ok())?
    };
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        bytes => String::from_utf8(bytes.to_vec()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        ["\u{feff}", text]
            .concat()
            .encode_utf16()
            .flat_map(unit)
            .collect()
    }

    #[test]
    fn files_as_shells_and_editors_write_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let provider = TokenProvider::file(&path);
        for bytes in [
            b"dXNlcjpw".to_vec(),
            b"dXNlcjpw\n".to_vec(),
            b" Basic dXNlcjpw\r\n\r\n".to_vec(),
            b"\xEF\xBB\xBF\"dXNlcjpw\"\r\n".to_vec(),
            utf16("dXNlcjpw\r\n", u16::to_le_bytes),
            utf16("dXNlcjpw\n", u16::to_be_bytes),
        ] {
            std::fs::write(&path, &bytes).unwrap();
            let token = provider.read().unwrap();
            assert_eq!(token.header(), "Basic dXNlcjpw", "{bytes:?}");
        }
    }

    #[test]
    fn what_holds_no_token_is_named_and_not_shown() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let provider = TokenProvider::file(&path);
        let told = || {
            let error = provider.read().unwrap_err();
            let line = format!("{error:#}");
            assert!(line.contains(path.to_str().unwrap()), "{line}");
            assert!(!format!("{line} {error:?}").contains("s3cret"), "{line}");
            line
        };
        assert!(told().contains("cannot be read"));
        for (bytes, why) in [
            (&b""[..], "is empty"),
            (b" \n", "is empty"),
            (b"\xEF\xBB\xBF", "is empty"),
            (b"s3cret\ns3cret", "white space"),
            (b"s3cret\xff", "is no text"),
            (b"\xFF\xFEs3cret!", "is no text"),
            (&vec![b'x'; 70_000], "too large"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let line = told();
            assert!(line.contains(why), "{line}");
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(told().contains("cannot be read"));
    }

    #[test]
    fn a_variable_that_holds_no_token_is_named() {
        // Tests cannot set variables, as other threads may read them; every platform has this one.
        assert!(TokenProvider::env("PATH").read().is_ok());
        let line = format!(
            "{:#}",
            TokenProvider::env("TOKEN_NOT_SET").read().unwrap_err()
        );
        assert!(
            line.contains("the environment variable TOKEN_NOT_SET: it is not set"),
            "{line}"
        );
    }

    #[test]
    fn a_file_that_is_replaced_has_another_stamp() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let provider = TokenProvider::file(&path);
        assert_eq!(provider.stamp(), None);
        std::fs::write(&path, "dXNlcjpw").unwrap();
        let first = provider.stamp();
        assert!(first.is_some() && first == provider.stamp());
        let file = File::options().write(true).open(&path).unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        file.set_modified(later).unwrap();
        assert_ne!(provider.stamp(), first);
        assert_eq!(TokenProvider::env("PATH").stamp(), None);
    }

    #[test]
    fn a_callback_says_why_it_has_none() {
        let provider = TokenProvider::callback(|| Err::<String, _>("the vault is sealed"));
        let line = format!("{:#}", provider.read().unwrap_err());
        assert!(
            line.contains("the token callback") && line.contains("sealed"),
            "{line}"
        );
        let provider =
            TokenProvider::callback(|| Ok::<_, std::io::Error>("s3cret s3cret".to_owned()));
        let line = format!("{:#} {provider:?}", provider.read().unwrap_err());
        assert!(
            line.contains("the token callback") && !line.contains("s3cret"),
            "{line}"
        );
    }
}
