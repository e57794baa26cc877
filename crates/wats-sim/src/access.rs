//! Who may come in, and how often: the token with its expiry, and the rate limit.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use tokio::time::Instant;

use crate::answer::Answer;

/// The token that is accepted, until when.
#[derive(Debug)]
pub(crate) struct Token {
    accepted: Mutex<(String, Option<Instant>)>,
}

impl Token {
    pub(crate) fn new(token: String, valid_for: Option<Duration>) -> Self {
        let until = valid_for.and_then(|valid| Instant::now().checked_add(valid));
        Self {
            accepted: Mutex::new((token, until)),
        }
    }

    /// Accepts only this one from now on, without end.
    pub(crate) fn replace(&self, token: String) {
        *self.accepted.lock().unwrap_or_else(PoisonError::into_inner) = (token, None);
    }

    /// `Authorization: Basic <token>`, the token taken as it is.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Answer> {
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Basic"))
            .map(|(_, token)| token.trim());
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, until) = &*accepted;
        if given == Some(token.as_str()) && until.is_none_or(|until| Instant::now() < until) {
            return Ok(());
        }
        let message = "Authorization has been denied for this request.";
        Err(
            Answer::message(StatusCode::UNAUTHORIZED, message).with_header(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"WATS\""),
            ),
        )
    }
}

/// At most so many requests within any such time; a refused request does not count.
#[derive(Debug)]
pub(crate) struct RateLimit {
    requests: usize,
    per: Duration,
    /// When the requests of the window came, at most `requests` of them.
    recent: Mutex<VecDeque<Instant>>,
}

impl RateLimit {
    pub(crate) fn new(requests: usize, per: Duration) -> Self {
        Self {
            requests,
            per,
            recent: Mutex::default(),
        }
    }

    /// Lets a request in or says in how many whole seconds to come again.
    pub(crate) fn check(&self) -> Result<(), Answer> {
        let now = Instant::now();
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        while recent
            .front()
            .is_some_and(|came| now.duration_since(*came) >= self.per)
        {
            recent.pop_front();
        }
        if recent.len() < self.requests {
            recent.push_back(now);
            return Ok(());
        }
        let free = recent.front().map_or(self.per, |came| {
            self.per.saturating_sub(now.duration_since(*came))
        });
        let seconds = free.as_secs() + u64::from(free.subsec_nanos() > 0);
        let message = format!("Too many requests. Come again in {seconds} s.");
        Err(Answer::message(StatusCode::TOO_MANY_REQUESTS, message)
            .with_header(header::RETRY_AFTER, HeaderValue::from(seconds)))
    }
}
