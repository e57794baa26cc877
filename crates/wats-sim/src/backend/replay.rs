//! Answers from an archive.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};

use super::archive::{self, Exchange, RequestKey};
use crate::answer::Answer;

/// What a server once answered. Requests that were alike get their answers in the order in which they came; the last one goes
/// on for ever.
#[derive(Debug)]
pub(crate) struct Replay {
    answers: Mutex<HashMap<RequestKey, (Vec<Exchange>, usize)>>,
}

impl Replay {
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let mut answers: HashMap<RequestKey, (Vec<Exchange>, usize)> = HashMap::new();
        for exchange in archive::read(path)? {
            answers
                .entry(exchange.request.clone())
                .or_default()
                .0
                .push(exchange);
        }
        Ok(Self {
            answers: Mutex::new(answers),
        })
    }

    pub(crate) fn answer(&self, request: &RequestKey) -> Answer {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((exchanges, next)) = answers.get_mut(request) else {
            return Answer::message(StatusCode::NOT_FOUND, "The archive has no such request.");
        };
        let exchange = exchanges.get(*next).or(exchanges.last());
        *next += 1;
        exchange.map_or_else(
            || Answer::message(StatusCode::NOT_FOUND, "The archive has no answer."),
            answer,
        )
    }
}

fn answer(exchange: &Exchange) -> Answer {
    let pair = |(name, value): &(String, String)| {
        let name = HeaderName::try_from(name.as_str()).ok()?;
        Some((name, HeaderValue::try_from(value.as_str()).ok()?))
    };
    Answer {
        status: StatusCode::from_u16(exchange.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        headers: exchange.headers.iter().filter_map(pair).collect(),
        body: exchange.body(),
    }
}
