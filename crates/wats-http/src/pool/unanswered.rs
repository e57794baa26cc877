//! Half-open connections: the peer is gone, but no FIN or RST arrives. So it is after a change of network, or when a machine
//! in between forgot them.
//!
//! A request on a connection that was open before, whose deadline passes before an answer begins, is taken for a sign of
//! that. The next attempt must not run into the same: over HTTP/2 the connection takes no further calls (those on it go
//! on), over HTTP/1.1 those that were idle when the attempt began, and so are no younger than the one it took, are not used
//! again. A connection that was dialled for the attempt says nothing of others, and one over which other calls were answered
//! meanwhile is not dead. A call that its caller drops says nothing either: why, only the caller knows.

use std::sync::Arc;

use tokio::time::Instant;

use super::idle::Exclusive;
use super::state::{PoolState, Shared};
use super::streams::Streams;
use crate::request::PreparedRequest;

/// A request that waits for its answer.
pub(super) struct Unanswered<'a, X: Exclusive, S: Shared> {
    pool_state: &'a PoolState<X, S>,
    request: &'a PreparedRequest<'a>,
    since: Since<'a>,
}

/// Since when nothing has come.
pub(super) enum Since<'a> {
    /// Over HTTP/1.1: since the request was sent.
    Sent(Instant),
    /// Over HTTP/2: since so many answers had come on that connection.
    Answers(&'a Arc<Streams>, usize),
    /// That nothing comes would tell nothing.
    Never,
}

impl<'a> Since<'a> {
    pub(super) fn sent(reused: bool) -> Self {
        if reused {
            Self::Sent(Instant::now())
        } else {
            Self::Never
        }
    }

    pub(super) fn last_answer(reused: bool, streams: &'a Arc<Streams>) -> Self {
        if reused {
            Self::Answers(streams, streams.answers())
        } else {
            Self::Never
        }
    }
}

impl<'a, X: Exclusive, S: Shared> Unanswered<'a, X, S> {
    pub(super) fn new(
        pool_state: &'a PoolState<X, S>,
        request: &'a PreparedRequest<'a>,
        since: Since<'a>,
    ) -> Self {
        Self {
            pool_state,
            request,
            since,
        }
    }

    /// There is an answer, or an error that says more.
    pub(super) fn ended(mut self) {
        self.since = Since::Never;
    }
}

impl<X: Exclusive, S: Shared> Drop for Unanswered<'_, X, S> {
    fn drop(&mut self) {
        if !self.request.is_timed_out() {
            return;
        }
        match self.since {
            Since::Sent(sent) => self.pool_state.mark_stale(sent),
            Since::Answers(streams, before) if streams.answers() == before => {
                self.pool_state.drain(streams);
            }
            Since::Answers(..) | Since::Never => {}
        }
    }
}
