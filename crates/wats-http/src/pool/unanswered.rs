//! Connections that died in silence: after a change of network, or when a machine in between forgot them, nothing comes
//! back and nobody is told.
//!
//! A request on a connection that was open before, whose deadline passes before an answer begins, is taken for a sign of
//! that. The next try must not meet the same silence: over HTTP/2 the connection takes no further calls (those on it go
//! on), over HTTP/1.1 those that were idle when the try began, and so are no younger than the one it took, are not used
//! again. A connection that was dialled for the try says nothing of others, and one over which other calls were answered
//! meanwhile is not dead. A call that its caller drops says nothing either: why, only the caller knows.

use std::sync::Arc;

use tokio::time::Instant;

use super::stock::{Exclusive, Shared, Stock};
use super::streams::Streams;
use crate::transport::Prepared;

/// A request that waits for its answer on a connection that was open before.
pub(super) struct Unanswered<'a, X: Exclusive, S: Shared> {
    stock: &'a Stock<X, S>,
    request: &'a Prepared<'a>,
    since: Since<'a>,
}

enum Since<'a> {
    /// Over HTTP/1.1: when it was sent.
    Time(Instant),
    /// Over HTTP/2: the connection, and how many answers had come on it.
    Answers(&'a Arc<Streams>, usize),
    /// It waits no more.
    Over,
}

impl<'a, X: Exclusive, S: Shared> Unanswered<'a, X, S> {
    pub(super) fn on_exclusive(stock: &'a Stock<X, S>, request: &'a Prepared<'a>) -> Self {
        let since = Since::Time(Instant::now());
        Self {
            stock,
            request,
            since,
        }
    }

    pub(super) fn on_shared(
        stock: &'a Stock<X, S>,
        request: &'a Prepared<'a>,
        streams: &'a Arc<Streams>,
    ) -> Self {
        let since = Since::Answers(streams, streams.answers());
        Self {
            stock,
            request,
            since,
        }
    }

    /// There is an answer, or an error that says more.
    pub(super) fn ended(mut self) {
        self.since = Since::Over;
    }
}

impl<X: Exclusive, S: Shared> Drop for Unanswered<'_, X, S> {
    fn drop(&mut self) {
        if !self.request.is_late() {
            return;
        }
        match self.since {
            Since::Time(sent) => self.stock.distrust(sent),
            Since::Answers(streams, before) if streams.answers() == before => {
                self.stock.retire(streams);
            }
            Since::Answers(..) | Since::Over => {}
        }
    }
}
