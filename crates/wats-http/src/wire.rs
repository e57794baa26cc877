//! What a client's calls go out on: the pool, or with the feature `test-util` a mock in its place.

use crate::error::Result;
use crate::pool::{Pool, PoolStats};
use crate::proxy::Proxy;
use crate::redirect::Hop;
#[cfg(feature = "test-util")]
use crate::test_util::MockTransport;
use crate::transport::{Answer, Prepared, Transport};

#[derive(Debug)]
pub(crate) enum Wire {
    Pool(Pool),
    #[cfg(feature = "test-util")]
    Mock(MockTransport),
}

impl Wire {
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

impl Transport for Wire {
    fn is_dialling(&self) -> bool {
        match self {
            Self::Pool(pool) => pool.is_dialling(),
            #[cfg(feature = "test-util")]
            Self::Mock(_) => false,
        }
    }

    fn forwarder(&self, hop: Option<&Hop>) -> Option<&Proxy> {
        match self {
            Self::Pool(pool) => pool.forwarder(hop),
            #[cfg(feature = "test-util")]
            Self::Mock(_) => None,
        }
    }

    async fn send(&self, request: &Prepared<'_>, hop: Option<&Hop>) -> Result<Answer> {
        match self {
            Self::Pool(pool) => pool.send(request, hop).await,
            #[cfg(feature = "test-util")]
            Self::Mock(mock) => mock.send(request, hop).await,
        }
    }
}
