//! What a client's calls go out on: the pool, or with the feature `test-util` a mock in its place.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::time::Sleep;

use crate::body::Delivery;
use crate::error::Result;
use crate::pool::{Pool, PoolStats, PooledBody};
use crate::proxy::Proxy;
use crate::request::{PreparedRequest, RedirectTarget};
#[cfg(feature = "test-util")]
use crate::test_util::MockTransport;
use crate::transport::{Answer, AnswerBody, Transport};

#[derive(Debug)]
pub(crate) enum AnyTransport {
    Pool(Pool),
    #[cfg(feature = "test-util")]
    Mock(MockTransport),
}

impl AnyTransport {
    pub(crate) async fn warm(&self, n: usize) -> Result<()> {
        match self {
            Self::Pool(pool) => pool.warm(n).await,
            #[cfg(feature = "test-util")]
            Self::Mock(_) => Ok(()),
        }
    }

    pub(crate) fn stats(&self) -> PoolStats {
        match self {
            Self::Pool(pool) => pool.stats(),
            #[cfg(feature = "test-util")]
            Self::Mock(_) => PoolStats::default(),
        }
    }
}

/// The body of an answer of either.
#[derive(Debug)]
pub(crate) enum AnyBody {
    Pool(PooledBody),
    #[cfg(feature = "test-util")]
    Mock(Bytes),
}

impl Transport for AnyTransport {
    type Body = AnyBody;

    fn is_connecting(&self) -> bool {
        match self {
            Self::Pool(pool) => pool.is_connecting(),
            #[cfg(feature = "test-util")]
            Self::Mock(_) => false,
        }
    }

    fn forwarder(&self, redirect_target: Option<&RedirectTarget>) -> Option<&Proxy> {
        match self {
            Self::Pool(pool) => pool.forwarder(redirect_target),
            #[cfg(feature = "test-util")]
            Self::Mock(_) => None,
        }
    }

    async fn send(
        &self,
        request: &PreparedRequest<'_>,
        redirect_target: Option<&RedirectTarget>,
    ) -> Result<Answer<AnyBody>> {
        match self {
            Self::Pool(pool) => {
                let answer = pool.send(request, redirect_target).await?;
                Ok(answer.map(AnyBody::Pool))
            }
            #[cfg(feature = "test-util")]
            Self::Mock(mock) => {
                let answer = mock.send(request, redirect_target).await?;
                Ok(answer.map(AnyBody::Mock))
            }
        }
    }
}

impl AnswerBody for AnyBody {
    fn pending_delivery(&self) -> Option<Arc<Delivery>> {
        match self {
            Self::Pool(body) => body.pending_delivery(),
            #[cfg(feature = "test-util")]
            Self::Mock(body) => body.pending_delivery(),
        }
    }

    async fn read(&mut self) -> Result<Bytes> {
        match self {
            Self::Pool(body) => body.read().await,
            #[cfg(feature = "test-util")]
            Self::Mock(body) => body.read().await,
        }
    }

    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        stall: Pin<&mut Option<Sleep>>,
    ) -> Poll<Result<Option<Bytes>>> {
        match self {
            Self::Pool(body) => body.poll_piece(context, stall),
            #[cfg(feature = "test-util")]
            Self::Mock(body) => body.poll_piece(context, stall),
        }
    }

    async fn give_back(&mut self) {
        match self {
            Self::Pool(body) => body.give_back().await,
            #[cfg(feature = "test-util")]
            Self::Mock(body) => body.give_back().await,
        }
    }

    fn finish(&mut self) {
        match self {
            Self::Pool(body) => body.finish(),
            #[cfg(feature = "test-util")]
            Self::Mock(body) => body.finish(),
        }
    }

    fn abandon(self) {
        match self {
            Self::Pool(body) => body.abandon(),
            #[cfg(feature = "test-util")]
            Self::Mock(body) => body.abandon(),
        }
    }
}
