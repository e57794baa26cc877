//! The body of an answer, with the connection it comes on.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, Version};
use tokio::time::{Instant, Sleep, timeout};

use super::Shared;
use super::connection::{Connection, Lease, TOO_LARGE};
use super::dial::MOST_HEADERS;
use crate::body::{self, Delivery, Reader, WireBody};
use crate::connect::LARGEST_HEAD;
use crate::error::{Error, ErrorKind, Result};
use crate::request::PreparedRequest;
use crate::transport::{Answer, AnswerBody};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// What a connection stops being used ahead of the time at which its server closes it.
const HEAD_START: Duration = Duration::from_secs(1);

/// What is read on for the sake of the connection, in bytes and in time; beyond, a new one costs less.
const SMALL_REST: usize = 64 << 10;
const SOON: Duration = Duration::from_secs(1);

/// The body of an answer. Dropping it before its end closes an HTTP/1.1 connection and resets an HTTP/2 stream.
#[derive(Debug)]
pub(crate) struct PooledBody {
    reader: Reader,
    /// Until it is given back.
    lease: Option<Lease>,
    pool: Arc<Shared>,
    /// The body of a request that the server claims success of, which must therefore arrive whole.
    delivery: Option<Arc<Delivery>>,
    /// Whether the connection is good for further calls.
    pub(super) keep: bool,
}

impl PooledBody {
    pub(super) fn answer(
        response: http::Response<WireBody>,
        mut lease: Lease,
        pool: &Arc<Shared>,
        request: &PreparedRequest<'_>,
        delivery: Option<Arc<Delivery>>,
    ) -> Result<Answer<Self>> {
        let (head, body) = response.into_parts();
        bounded(&head)?;
        if let Connection::Http1(http1) = &mut lease.connection {
            http1.unused_until =
                idle_grant(&head.headers).and_then(|grant| Instant::now().checked_add(grant));
        }
        let body = Self {
            reader: Reader::new(body, request.bounds())?,
            lease: Some(lease),
            pool: Arc::clone(pool),
            delivery: delivery.filter(|_| head.status.is_success()),
            keep: true,
        };
        Ok(Answer {
            status: head.status,
            version: head.version,
            headers: head.headers,
            body,
        })
    }
}

impl AnswerBody for PooledBody {
    fn pending_delivery(&self) -> Option<Arc<Delivery>> {
        self.delivery.clone()
    }

    async fn read(&mut self) -> Result<Bytes> {
        let bytes = body::read(&mut self.reader).await?;
        self.give_back().await;
        Ok(bytes)
    }

    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        stall: Pin<&mut Option<Sleep>>,
    ) -> Poll<Result<Option<Bytes>>> {
        self.reader.poll(context, stall)
    }

    /// Gives the connection back after the last piece, so that the next call finds it.
    async fn give_back(&mut self) {
        let Some(lease) = &mut self.lease else {
            return;
        };
        if let Some(delivery) = &self.delivery {
            // To close the connection now would cut what the server has just called received. Whether it is whole is
            // asked again by whoever wants the answer.
            self.keep &= delivery.whole().await.is_ok();
        }
        if self.keep {
            lease.one_head().await;
            self.finish();
        }
    }

    /// Lets go of a body of whose rest nobody wants to know: a small one that comes soon is read in the background, so
    /// that the connection can be used again.
    fn abandon(mut self) {
        let is_http1 = |lease: &Lease| matches!(lease.connection, Connection::Http1(_));
        if !self.keep || !self.lease.as_ref().is_some_and(is_http1) {
            return;
        }
        tokio::spawn(timeout(SOON, async move {
            let mut stall = std::pin::pin!(None);
            let mut read = 0;
            loop {
                match poll_fn(|context| self.poll_piece(context, stall.as_mut())).await {
                    Ok(Some(data)) if read + data.len() <= SMALL_REST => read += data.len(),
                    Ok(None) => return self.give_back().await,
                    Ok(Some(_)) | Err(_) => return,
                }
            }
        }));
    }

    /// As [`give_back`](Self::give_back), without waiting for it.
    fn finish(&mut self) {
        if let Some(lease) = self.lease.take()
            && self.keep
        {
            self.pool.park_later(lease);
        }
    }
}

/// The bounds that hyper keeps for HTTP/1.1. h2 has others, and cannot tell one that was crossed from other mistakes.
fn bounded(head: &http::response::Parts) -> Result<()> {
    if head.version != Version::HTTP_2 {
        return Ok(());
    }
    let headers = &head.headers;
    let length: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers.len() > MOST_HEADERS || length > LARGEST_HEAD {
        return Err(Error::new(ErrorKind::TooLarge).message(TOO_LARGE));
    }
    Ok(())
}

/// How long a server says that it keeps the connection (`Keep-Alive: timeout=5`), less a head start; as it is widely
/// done, though RFC 9112 leaves it out.
fn idle_grant(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(KEEP_ALIVE)?.to_str().ok()?;
    let seconds = text.split(',').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let is_timeout = name.trim().eq_ignore_ascii_case("timeout");
        is_timeout.then(|| value.trim().trim_matches('"').parse::<u32>().ok())?
    })?;
    let granted = Duration::from_secs(seconds.into());
    Some(granted.saturating_sub(HEAD_START.min(granted / 2)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_connection_is_left_a_moment_before_its_server_closes_it() {
        let read = |text: &'static str| {
            idle_grant(&HeaderMap::from_iter([(
                KEEP_ALIVE,
                HeaderValue::from_static(text),
            )]))
        };
        assert_eq!(read("timeout=5"), Some(Duration::from_secs(4)));
        assert_eq!(
            read("max=100, Timeout = \"20\""),
            Some(Duration::from_secs(19))
        );
        assert_eq!(read("timeout=1"), Some(Duration::from_millis(500)));
        assert_eq!(read("timeout=0"), Some(Duration::ZERO));
        for nothing in ["", "max=3", "timeout", "timeout=soon", "timeout=-1"] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }
}
