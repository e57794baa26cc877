//! Who is told of a session: the parts of this crate that stand on the link, one entry each.
//!
//! The table is made of cells that are written once, so it is read without a lock: from the reader of the socket, and in
//! the child of a fork.

use std::sync::{Arc, OnceLock, Weak};

use futures_util::future::BoxFuture;
use wats_background::{discard, guarded};

use crate::error::{Error, Result};
use crate::link::session::Session;

/// As many parts as can stand on a link.
const MOST: usize = 8;

/// What is no longer what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed<'a> {
    /// Everything may have changed: the database was emptied.
    All,
    /// The key with this name, of any prefix of ours: see [`Keys::parse`](crate::keys::Keys::parse).
    Key(&'a [u8]),
}

/// A part of this crate that stands on the link.
///
/// All of it holds up the heartbeat, so it must be short, and wait for nobody but the server. It runs on the thread of the
/// link, but for [`changed`](Self::changed).
pub(crate) trait Listener: Send + Sync + 'static {
    /// On a new session, with tracking on, before it is trusted and before anybody else uses it: sends what was held back,
    /// reads what has to be known. An error ends the session.
    fn prepare<'a>(&'a self, session: &'a Arc<Session>) -> BoxFuture<'a, Result<()>> {
        let _ = session;
        Box::pin(async { Ok(()) })
    }

    /// `session` is going to be trusted: from here on nothing counts as fresh that was kept before.
    fn session_begins(&self, session: u64) {
        let _ = session;
    }

    /// Something was changed by others. Called by whoever reads the socket, one at a time, before any reply that comes behind
    /// it: the thread of the link, or that of a caller who writes a command.
    fn changed(&self, session: u64, what: Changed<'_>) {
        let _ = (session, what);
    }

    /// The session has ended; trust has ended before.
    fn session_ended(&self, session: u64) {
        let _ = session;
    }
}

/// The listeners of a link.
#[derive(Default)]
pub(crate) struct Listeners {
    all: [OnceLock<Weak<dyn Listener>>; MOST],
}

impl std::fmt::Debug for Listeners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listeners").finish_non_exhaustive()
    }
}

impl Listeners {
    /// Adds one, which is held weakly, for as long as the link lives.
    pub(crate) fn add(&self, listener: Weak<dyn Listener>) -> Result<()> {
        let mut listener = listener;
        for cell in &self.all {
            match cell.set(listener) {
                Ok(()) => return Ok(()),
                Err(back) => listener = back,
            }
        }
        Err(Error::Protocol("a link has too many listeners"))
    }

    /// Those from this number on, with their numbers.
    pub(crate) fn from(&self, first: usize) -> impl Iterator<Item = (usize, Arc<dyn Listener>)> {
        self.all
            .iter()
            .enumerate()
            .skip(first)
            .map_while(|(number, cell)| Some((number, cell.get()?)))
            .filter_map(|(number, cell)| Some((number, cell.upgrade()?)))
    }

    /// Tells all of them. A panic of one stops neither the others nor the reader of the socket; it is `false` then.
    pub(crate) fn each(&self, tell: impl Fn(&dyn Listener)) -> bool {
        let mut well = true;
        for (_, listener) in self.from(0) {
            if let Err(panic) = guarded(|| tell(&*listener)) {
                discard(panic);
                well = false;
            }
        }
        well
    }
}
