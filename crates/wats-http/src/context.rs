//! What a call is and where it goes: what its spans, errors and answers tell of it, without its secrets.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::address::BaseUrl;
use crate::error::Context;
use crate::identity::Identity;
use crate::json;
use crate::operation::Operation;
use crate::token::Secrets;

/// How many bytes of a body an error may show.
const EXCERPT_BYTES: usize = 2_000;

pub(crate) struct CallContext {
    pub(crate) base: Arc<BaseUrl>,
    /// As which client it was sent first.
    pub(crate) identity: Arc<Identity>,
    /// As which it was sent after its token was refused.
    pub(crate) refreshed: OnceLock<Arc<Identity>>,
    pub(crate) operation: Operation,
    pub(crate) target: String,
}

impl CallContext {
    /// As which client it is sent.
    pub(crate) fn identity(&self) -> &Arc<Identity> {
        self.refreshed.get().unwrap_or(&self.identity)
    }

    pub(crate) fn context(&self) -> Context {
        Context {
            operation: self.operation.name().to_owned(),
            method: self.operation.method().clone(),
            url: self.secrets().redact(self.base.display(&self.target)),
            service: Arc::clone(&self.identity().service),
        }
    }

    /// What no text about it may show.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.identity().secrets
    }

    /// The start of a body, safe to print: one line, without secrets.
    pub(crate) fn excerpt(&self, body: &[u8]) -> String {
        let body = json::without_mark(body);
        let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT_BYTES)]).into_owned();
        let text = if body.len() > EXCERPT_BYTES {
            self.secrets().redact_cut(text)
        } else {
            self.secrets().redact(text)
        };
        crate::error::one_line(&text, 500)
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.context().fmt(f)
    }
}
