//! Whether the body of an attempt is whole with the server: the one place that decides it, for bodies that are whole in memory
//! and for streams, over HTTP/1.1 and HTTP/2.
//!
//! hyper and h2 buffer, and tell nobody what became of it: a body that they have taken may be dropped later, because the
//! server reset the stream or the connection broke. So what they are given is a [`Piece`], which notices how much of it
//! they have written, and whether the rest is dropped. The body is with the server when all pieces are written and the
//! socket was flushed after that. The operating system's buffers lie behind that; what becomes of those, nobody is told.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes};

use crate::error::{Error, ErrorKind, Result};
use crate::socket_state::SocketState;

/// The body of one attempt on its way over one connection.
#[derive(Debug)]
pub(crate) struct Delivery {
    socket_state: Arc<SocketState>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Pieces that are not written yet.
    out: usize,
    /// No further piece comes.
    last: bool,
    end: Option<End>,
}

/// How the body of an attempt ended.
#[derive(Debug)]
enum End {
    /// All of it was written when the connection had been flushed so often.
    Written { flushes: usize },
    /// A part of it was not wanted.
    Cut,
    /// It could not be given, which hyper tells in its own words or not at all.
    Unreadable(io::Error),
}

impl Delivery {
    pub(crate) fn new(socket_state: &Arc<SocketState>) -> Arc<Self> {
        Arc::new(Self {
            socket_state: Arc::clone(socket_state),
            state: Mutex::default(),
        })
    }

    /// The error of an attempt whose body failed.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        let mut state = self.state();
        match state.end.take() {
            Some(End::Unreadable(error)) => Some(unreadable(error)),
            other => {
                state.end = other;
                None
            }
        }
    }

    /// Waits until the server has been given the whole body, which it may answer before.
    ///
    /// # Errors
    /// It will not be: a success that the server claims is none.
    pub(crate) async fn whole(&self) -> Result<()> {
        if self.socket_state.wait(|| self.is_whole()).await {
            return Ok(());
        }
        Err(self.take_failure().unwrap_or_else(|| {
            let error = Error::new(ErrorKind::Transport)
                .message("the server claims success, but wanted only a part of the body");
            match self.socket_state.failure() {
                Some(failure) => error.source(failure),
                None => error,
            }
        }))
    }

    /// Whether it is whole with the server; `None` while that is open.
    fn is_whole(&self) -> Option<bool> {
        match self.state().end {
            Some(End::Written { flushes }) if self.socket_state.flushes() != flushes => Some(true),
            None | Some(End::Written { .. }) => self.socket_state.is_closed().then_some(false),
            Some(End::Cut | End::Unreadable(_)) => Some(false),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A change of the state, and what follows from it.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        if state.end.is_none() && state.last && state.out == 0 {
            // After a failure nothing is written, whatever the connection takes.
            let end = if self.socket_state.has_failed() {
                End::Cut
            } else {
                End::Written {
                    flushes: self.socket_state.flushes(),
                }
            };
            state.end = Some(end);
        }
        let ended = state.end.is_some();
        drop(state);
        if ended {
            self.socket_state.tell();
        }
    }

    /// The first end is the one that counts.
    fn end(&self, end: End) {
        self.change(|state| {
            state.end.get_or_insert(end);
        });
    }
}

pub(super) fn unreadable(source: io::Error) -> Error {
    Error::new(ErrorKind::Request)
        .message("the body to send cannot be read")
        .source(source)
}

/// Makes the pieces of a body. Dropped before the last one, it has cut the body short.
#[derive(Debug, Default)]
pub(crate) struct PieceMaker(Option<Arc<Delivery>>);

impl PieceMaker {
    /// `None` where nobody wants to know.
    pub(super) fn new(delivery: Option<&Arc<Delivery>>) -> Self {
        Self(delivery.cloned())
    }

    pub(super) fn piece(&self, bytes: Bytes, last: bool) -> Piece {
        if let Some(delivery) = &self.0 {
            delivery.change(|state| {
                state.out += 1;
                state.last |= last;
            });
        }
        Piece {
            bytes,
            delivery: self.0.clone(),
        }
    }

    /// No further piece comes.
    pub(super) fn finish(&self) {
        if let Some(delivery) = &self.0 {
            delivery.change(|state| state.last = true);
        }
    }

    pub(super) fn fail(&self, error: io::Error) {
        if let Some(delivery) = &self.0 {
            delivery.end(End::Unreadable(error));
        }
    }
}

impl Drop for PieceMaker {
    fn drop(&mut self) {
        if let Some(delivery) = &self.0
            && !delivery.state().last
        {
            delivery.end(End::Cut);
        }
    }
}

/// Bytes of a body that notice when they are written.
#[derive(Debug)]
pub(crate) struct Piece {
    bytes: Bytes,
    /// Until they are.
    delivery: Option<Arc<Delivery>>,
}

impl Piece {
    pub(crate) fn empty() -> Self {
        Self {
            bytes: Bytes::new(),
            delivery: None,
        }
    }

    fn look(&mut self) {
        if self.bytes.is_empty()
            && let Some(delivery) = self.delivery.take()
        {
            delivery.change(|state| state.out = state.out.saturating_sub(1));
        }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, n: usize) {
        self.bytes.advance(n);
        self.look();
    }

    fn copy_to_bytes(&mut self, n: usize) -> Bytes {
        let copied = self.bytes.copy_to_bytes(n);
        self.look();
        copied
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if let Some(delivery) = self.delivery.take() {
            delivery.end(End::Cut);
        }
    }
}
