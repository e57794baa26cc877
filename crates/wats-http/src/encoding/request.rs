//! Compressing the bodies of requests: only by choice, and only once the server is known to understand it.
//!
//! ```text
//! Unknown ──┬─ an answer lists gzip in its Accept-Encoding (RFC 7694) ──────► Accepts
//!           └─ `Try`: a packed body is answered with 2xx ───────────────────► Accepts
//! Unknown ──── a packed body is refused with 400 or 415, the plain one not ──► Refuses (for good)
//! Accepts ──── a packed body is refused with 415, the plain one not ─────────► Refuses (for good)
//! ```
//! A refused body is sent again as it is, once and beside the attempts of the retry: after 415 whatever the operation, since
//! the server has not looked into it; after 400 only where doing it twice is safe. What was found out holds for the
//! client, that is, for its one host.

use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::StatusCode;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue};

use crate::error::Error;

/// Smaller bodies are not worth it.
const MIN_SIZE: usize = 1 << 10;

/// From this size on compression leaves the threads on which other calls wait.
const BLOCKING: usize = 256 << 10;

/// Whether the bodies of requests are compressed (gzip), when they are larger than 1 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RequestCompression {
    /// Never.
    #[default]
    Off,
    /// Once an answer of the server has said that it takes gzip (`Accept-Encoding`, RFC 7694).
    WhenAnnounced,
    /// Tries with the first body; if the server refuses it with 415 (or 400, for an operation that is safe to repeat)
    /// but takes the plain one, never again. The plain one is sent at once, whatever [`RetryConfig`](crate::RetryConfig)
    /// says.
    Try,
}

const UNKNOWN: u8 = 0;
const ACCEPTS: u8 = 1;
const REFUSES: u8 = 2;

/// Whether the server accepts compressed requests, as learnt from its answers.
#[derive(Debug)]
pub(crate) struct CompressionState {
    choice: RequestCompression,
    known: AtomicU8,
}

impl CompressionState {
    pub(crate) fn new(choice: RequestCompression) -> Self {
        Self {
            choice,
            known: AtomicU8::new(UNKNOWN),
        }
    }

    /// The packed form of a body, if it shall be sent so; the headers then say so.
    pub(crate) async fn pack(&self, body: &Bytes, headers: &mut HeaderMap) -> Option<Bytes> {
        let wanted = match self.choice {
            RequestCompression::Off => false,
            RequestCompression::WhenAnnounced => self.known.load(Relaxed) == ACCEPTS,
            RequestCompression::Try => self.known.load(Relaxed) != REFUSES,
        };
        if !wanted || body.len() < MIN_SIZE || headers.contains_key(CONTENT_ENCODING) {
            return None;
        }
        let packed = if body.len() < BLOCKING {
            gzip(body)?
        } else {
            let body = body.clone();
            tokio::task::spawn_blocking(move || gzip(&body))
                .await
                .ok()??
        };
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        Some(packed)
    }

    /// Hears a server that tells unasked. Costs nothing while requests are not packed.
    pub(crate) fn observe(&self, answer: &HeaderMap) {
        if self.is_on()
            && self.known.load(Relaxed) == UNKNOWN
            && let Some(accepted) = answer.get(ACCEPT_ENCODING)
            && accepted.to_str().is_ok_and(lists_gzip)
        {
            self.known.store(ACCEPTS, Relaxed);
        }
    }

    /// A call succeeded with its compressed body.
    pub(crate) fn accepted(&self) {
        let _ = self
            .known
            .compare_exchange(UNKNOWN, ACCEPTS, Relaxed, Relaxed);
    }

    /// A call succeeded with the plain body after the compressed one was refused.
    pub(crate) fn refused(&self) {
        self.known.store(REFUSES, Relaxed);
    }

    /// Whether a refusal may mean that the server does not understand packed bodies, so that the plain one is worth a
    /// try. 415 says just that. 400 may say anything else as well, so it counts only as long as nothing is known of the
    /// server, and only for what may be done twice.
    pub(crate) fn may_explain(&self, error: &Error, may_repeat: bool) -> bool {
        match error.status() {
            Some(StatusCode::UNSUPPORTED_MEDIA_TYPE) => true,
            Some(StatusCode::BAD_REQUEST) => may_repeat && self.known.load(Relaxed) == UNKNOWN,
            _ => false,
        }
    }

    /// Whether bodies may be packed at all.
    pub(crate) fn is_on(&self) -> bool {
        self.choice != RequestCompression::Off
    }
}

fn lists_gzip(header: &str) -> bool {
    header.split(',').any(|item| {
        let (coding, weight) = item.split_once(';').unwrap_or((item, ""));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
        !refused && matches!(coding.trim(), "gzip" | "x-gzip" | "*")
    })
}

/// `None` when that is no gain.
fn gzip(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body).ok()?;
    let packed = encoder.finish().ok()?;
    (packed.len() < body.len()).then(|| packed.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_says_about_requests() {
        for (header, yes) in [
            ("gzip", true),
            ("br, gzip;q=0.5", true),
            ("*", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(lists_gzip(header), yes, "{header}");
        }
    }

    #[tokio::test]
    async fn packs_only_by_choice_and_only_what_gains() {
        let body = Bytes::from(vec![b'a'; 300 << 10]);
        let packed = async |choice, body: &Bytes| {
            let mut headers = HeaderMap::new();
            let packed = CompressionState::new(choice).pack(body, &mut headers).await;
            assert_eq!(packed.is_some(), headers.contains_key(CONTENT_ENCODING));
            packed.is_some()
        };
        assert!(packed(RequestCompression::Try, &body).await);
        assert!(packed(RequestCompression::Try, &body.slice(..2000)).await);
        assert!(!packed(RequestCompression::Try, &body.slice(..1000)).await);
        assert!(!packed(RequestCompression::Off, &body).await);
        assert!(!packed(RequestCompression::WhenAnnounced, &body).await);
        let noise: Bytes = std::iter::repeat_with(|| fastrand::u8(..))
            .take(2000)
            .collect();
        assert!(!packed(RequestCompression::Try, &noise).await);
    }

    #[tokio::test]
    async fn announcements_are_remembered_and_refusals_stay() {
        let compression = CompressionState::new(RequestCompression::WhenAnnounced);
        let body = Bytes::from(vec![b'a'; 2000]);
        compression.observe(&HeaderMap::from_iter([(
            ACCEPT_ENCODING,
            HeaderValue::from_static("gzip"),
        )]));
        assert!(
            compression
                .pack(&body, &mut HeaderMap::new())
                .await
                .is_some()
        );
        compression.refused();
        compression.accepted();
        assert!(
            compression
                .pack(&body, &mut HeaderMap::new())
                .await
                .is_none()
        );
    }
}
