//! The calls in flight on an HTTP/2 connection: how many there are, and how many there may be.
//!
//! The limit is in the server's settings, which arrive soon after the handshake and may change at any time. Until they are
//! there one call goes ahead and the others wait, as RFC 9113 (section 3.4) allows.

use std::sync::Arc;

use super::sync::{AtomicBool, AtomicUsize, Notify, Ordering::SeqCst};

/// What h2 tells before the settings are there. No server can say it: it does not fit the wire.
pub(super) const UNKNOWN: usize = usize::MAX - 1;

#[derive(Debug)]
pub(super) struct Streams {
    open: AtomicUsize,
    /// How many the server takes at a time, or [`UNKNOWN`].
    most: AtomicUsize,
    /// How many answers have come.
    answers: AtomicUsize,
    /// Whether the connection is closed, or takes no further calls.
    ended: AtomicBool,
    /// Tells those who wait that there may be a stream for them, or need for another connection.
    freed: Arc<Notify>,
}

impl Streams {
    pub(super) fn new(freed: &Arc<Notify>) -> Arc<Self> {
        Arc::new(Self {
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(UNKNOWN),
            answers: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
            freed: Arc::clone(freed),
        })
    }

    /// A place for one call. Whether there is room has been asked under the lock under which this is called.
    pub(super) fn take(self: &Arc<Self>) -> Stream {
        self.open.fetch_add(1, SeqCst);
        Stream(Arc::clone(self))
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(SeqCst)
    }

    pub(super) fn answers(&self) -> usize {
        self.answers.load(SeqCst)
    }

    /// Hears that an answer has come.
    pub(super) fn answered(&self) {
        self.answers.fetch_add(1, SeqCst);
    }

    /// How many more calls there may be.
    pub(super) fn room(&self) -> usize {
        let most = match self.most.load(SeqCst) {
            UNKNOWN => 1,
            // A server that takes none at all gets one all the same: somebody has to hear that it changed its mind.
            most => most.max(1),
        };
        most.saturating_sub(self.open())
    }

    pub(super) fn has_room(&self) -> bool {
        self.room() > 0
    }

    /// Whether the server's settings are known.
    pub(super) fn is_settled(&self) -> bool {
        self.most.load(SeqCst) != UNKNOWN
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(SeqCst)
    }

    /// Hears that the connection is closed, or takes no further calls.
    pub(super) fn end(&self) {
        if !self.ended.swap(true, SeqCst) {
            self.freed.notify_one();
        }
    }

    /// Hears from the driver how many the server takes now.
    pub(super) fn allow(&self, most: usize) {
        if self.most.load(SeqCst) != most {
            self.most.store(most, SeqCst);
            self.freed.notify_one();
        }
    }
}

/// Held by the driver of a connection: says when it is closed, however that came about.
#[derive(Debug)]
pub(super) struct Driven(pub(super) Arc<Streams>);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// One call's place on an HTTP/2 connection.
#[derive(Debug)]
pub(super) struct Stream(Arc<Streams>);

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, SeqCst);
        self.0.freed.notify_one();
    }
}
