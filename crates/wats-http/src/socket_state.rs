//! What is known of a connection below HTTP: whether its way to the server still holds, and what the server said there.
//!
//! hyper and h2 end a connection at the first write that fails, and with it what there is still to read: a server that
//! refuses a body and hangs up is not heard. The pool therefore puts a [socket](crate::connect::Socket) of its own under them, which
//! keeps such a failure here and lets reading go on. What that socket learns, calls find here.

use std::io;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct SocketState {
    /// Bytes that the socket took, modulo the word size.
    written: AtomicUsize,
    /// How often all that was written was handed on to the operating system.
    flushes: AtomicUsize,
    /// The first write that failed. What is written after it goes nowhere.
    failure: OnceLock<(io::ErrorKind, String)>,
    /// The socket is closed.
    closed: AtomicBool,
    /// The server wants HTTP/1.1 (a GOAWAY of that reason).
    http1_required: AtomicBool,
    /// A GOAWAY announced another one: the server still takes requests (RFC 9113, section 6.8).
    goaway_announced: AtomicBool,
    /// One more than the last stream that a GOAWAY said the server works on; 0 if none said one.
    goaway_end: AtomicU32,
    /// It should take no further calls, because h2 will break it for what its server does.
    exhausted: AtomicBool,
    /// A head came that is larger than any that is taken.
    large_head: AtomicBool,
    /// There is room for many headers in an answer over HTTP/1.1.
    many_headers: AtomicBool,
    /// The server does not accept this client's certificate, or that it has none.
    client_certificate_refused: AtomicBool,
    /// How many wait for a change.
    waiting: AtomicUsize,
    changed: Notify,
    /// Something of an answer came since that was asked last (HTTP/2).
    heard: AtomicBool,
}

impl SocketState {
    pub(crate) fn written(&self) -> usize {
        self.written.load(SeqCst)
    }

    pub(crate) fn wrote(&self, bytes: usize) {
        self.written.fetch_add(bytes, SeqCst);
    }

    pub(crate) fn flushes(&self) -> usize {
        self.flushes.load(SeqCst)
    }

    pub(crate) fn flushed(&self) {
        self.flushes.fetch_add(1, SeqCst);
        self.tell();
    }

    /// Why the way to the server is closed, if it is.
    pub(crate) fn failure(&self) -> Option<io::Error> {
        let (kind, said) = self.failure.get()?;
        Some(io::Error::new(*kind, said.clone()))
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.get().is_some()
    }

    pub(crate) fn fail(&self, error: &io::Error) {
        let _ = self.failure.set((error.kind(), error.to_string()));
        self.tell();
    }

    /// Whether nothing is written any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.has_failed() || self.closed.load(SeqCst)
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, SeqCst);
        self.tell();
    }

    pub(crate) fn requires_http1(&self) -> bool {
        self.http1_required.load(SeqCst)
    }

    pub(crate) fn require_http1(&self) {
        self.http1_required.store(true, SeqCst);
    }

    pub(crate) fn is_goaway_announced(&self) -> bool {
        self.goaway_announced.load(SeqCst)
    }

    pub(crate) fn announce_goaway(&self) {
        self.goaway_announced.store(true, SeqCst);
    }

    /// The server works on no stream after this one.
    pub(crate) fn end_after(&self, stream: u32) {
        self.goaway_end.store(stream + 1, SeqCst);
    }

    /// Whether the server said that it does not work on this stream.
    pub(crate) fn is_past_goaway(&self, stream: u32) -> bool {
        let end = self.goaway_end.load(SeqCst);
        end != 0 && stream >= end
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        self.exhausted.load(SeqCst)
    }

    pub(crate) fn exhaust(&self) {
        self.exhausted.store(true, SeqCst);
    }

    /// Says that something of an answer came. Whoever asks runs in the same task.
    pub(crate) fn hear(&self) {
        self.heard.store(true, Relaxed);
    }

    pub(crate) fn take_heard(&self) -> bool {
        let heard = self.heard.load(Relaxed);
        if heard {
            self.heard.store(false, Relaxed);
        }
        heard
    }

    pub(crate) fn had_large_head(&self) -> bool {
        self.large_head.load(SeqCst)
    }

    pub(crate) fn saw_large_head(&self) {
        self.large_head.store(true, SeqCst);
    }

    pub(crate) fn allows_many_headers(&self) -> bool {
        self.many_headers.load(SeqCst)
    }

    pub(crate) fn allow_many_headers(&self) {
        self.many_headers.store(true, SeqCst);
    }

    pub(crate) fn is_client_certificate_refused(&self) -> bool {
        self.client_certificate_refused.load(SeqCst)
    }

    pub(crate) fn refuse_client_certificate(&self) {
        self.client_certificate_refused.store(true, SeqCst);
    }

    /// Has those who wait look again.
    pub(crate) fn tell(&self) {
        if self.waiting.load(SeqCst) > 0 {
            self.changed.notify_waiters();
        }
    }

    /// Waits until `look` finds something. It is asked after every flush, and whenever [`tell`](Self::tell) is called.
    pub(crate) async fn wait<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        if let Some(found) = look() {
            return found;
        }
        let _waiting = Waiting::new(&self.waiting);
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(found) = look() {
                return found;
            }
            changed.await;
        }
    }
}

struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
