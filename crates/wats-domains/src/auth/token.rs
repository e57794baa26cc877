//! A token that the server has made, and answers that hold one.

use std::fmt;

use serde_json::Value;
use wats_http::Call;

use crate::ask::{Core, Route};
use crate::error::{Error, Result};

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

/// Why an answer was not read. It is shown once and never again, so nothing of it stands in an error.
pub(crate) fn no_token() -> Error {
    Error::Data(
        "the server's answer to the request for a token has none; it is not shown, since it may be secret"
            .to_owned(),
    )
}

/// Asks for a secret. The answer is JSON, or else the bare token: it is made already, and would be lost by an error.
pub(crate) async fn ask(core: &Core, route: &Route, call: Call) -> Result<Value> {
    let response = core.send(route, call).await?;
    let text = response.text().map_err(|_| no_token())?.trim();
    match serde_json::from_str(text) {
        Ok(answer) => Ok(answer),
        Err(_) if is_bare(text) => Ok(text.into()),
        Err(_) => Err(no_token()),
    }
}

/// Whether a text may be a token: one word, and neither a web page nor broken JSON.
fn is_bare(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"<>{}[]\"".contains(&byte))
}
