//! A request as the pipeline makes it and the transport sends it, any number of times.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_ENCODING, HOST, HeaderMap, HeaderValue};
use tokio::time::Instant;

use crate::address::BaseUrl;
use crate::body::{Bounds, Moved, Payload};
use crate::config::{SizeLimits, Timeouts, or_forever};
use crate::server_time::ServerTime;

/// The headers of every call of a client, ready for each way of sending.
#[derive(Debug, Clone)]
pub(crate) struct CommonHeaders {
    /// With `Host`.
    pub(crate) http1: HeaderMap,
    /// Without.
    pub(crate) http2: HeaderMap,
}

impl CommonHeaders {
    pub(crate) fn new(headers: HeaderMap, host: &HeaderValue) -> Self {
        let mut http1 = headers.clone();
        http1.insert(HOST, host.clone());
        Self {
            http1,
            http2: headers,
        }
    }
}

/// A request in the form in which it can be sent any number of times.
#[derive(Debug)]
pub(crate) struct PreparedRequest<'a> {
    pub(crate) method: Method,
    /// Path and query, escaped.
    pub(crate) target: &'a str,
    /// Headers of every call of the client.
    pub(crate) common: &'a CommonHeaders,
    /// Headers of this call, which stand before common ones of the same name.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Payload,
    /// The body as it was before it was packed, if it was.
    pub(crate) plain: Option<Bytes>,
    /// Whether doing it twice is safe.
    pub(crate) may_repeat: bool,
    /// How much of the rate limit one attempt uses up.
    pub(crate) weight: u32,
    pub(crate) timeouts: &'a Timeouts,
    /// Most attempts, if fewer than the client's.
    pub(crate) max_attempts: u32,
    pub(crate) limits: &'a SizeLimits,
    pub(crate) progress: AttemptProgress,
}

/// How far an attempt got. One that never got anywhere may be made again whatever it does.
#[derive(Debug, Default)]
pub(crate) struct AttemptProgress {
    /// A byte of the request may have reached the network.
    bytes_sent: AtomicBool,
    /// A server has answered it, with a redirect: whatever happens to the request that follows, this one was done.
    redirected: AtomicBool,
    /// A deadline ended it. One that its caller dropped tells nothing of the server.
    timed_out: AtomicBool,
    /// What somebody looks on for; nobody else pays for it.
    timing: Option<Box<Mutex<Timing>>>,
}

#[derive(Debug, Default)]
struct Timing {
    sent: Option<Instant>,
    server_time: Option<ServerTime>,
}

impl PreparedRequest<'_> {
    /// What bounds the answer.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            wire: self.limits.wire,
            idle: or_forever(self.timeouts.read_idle),
        }
    }

    /// Says that an attempt begins.
    pub(crate) fn begin_attempt(&self) {
        self.progress.bytes_sent.store(false, Relaxed);
        self.progress.redirected.store(false, Relaxed);
        self.progress.timed_out.store(false, Relaxed);
    }

    /// Has the attempt that follows note what answers tell of the server's clock.
    pub(crate) fn note_time(&mut self) {
        self.progress.timing = Some(Box::default());
    }

    fn time(&self, note: impl FnOnce(&mut Timing)) {
        if let Some(timing) = &self.progress.timing {
            note(&mut timing.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Says that the head of an answer of the client's own server is there.
    pub(crate) fn mark_answered(&self, headers: &HeaderMap) {
        self.time(|timing| {
            timing.server_time = timing
                .sent
                .and_then(|sent| ServerTime::of(headers, SystemTime::now(), sent.elapsed()));
        });
    }

    /// What the last answer of the attempt told of the server's clock.
    pub(crate) fn server_time(&self) -> Option<ServerTime> {
        let mut told = None;
        self.time(|timing| told = timing.server_time);
        told
    }

    /// Says that the attempt is dropped because its deadline passed.
    pub(crate) fn mark_timed_out(&self) {
        self.progress.timed_out.store(true, Relaxed);
    }

    pub(crate) fn is_timed_out(&self) -> bool {
        self.progress.timed_out.load(Relaxed)
    }

    /// Says that from here on the server may see the request, or that it did not after all.
    pub(crate) fn mark_sent(&self, sent: bool) {
        self.progress.bytes_sent.store(sent, Relaxed);
        self.time(|timing| timing.sent = sent.then(Instant::now));
    }

    /// Says that the request led to an answer, after which another is sent in the same attempt.
    pub(crate) fn mark_redirected(&self) {
        self.progress.redirected.store(true, Relaxed);
    }

    pub(crate) fn was_sent(&self) -> bool {
        self.progress.bytes_sent.load(Relaxed) || self.progress.redirected.load(Relaxed)
    }

    /// Whether there is a body to send.
    pub(crate) fn has_body(&self) -> bool {
        match &self.body {
            Payload::Buffered(body) => !body.is_empty(),
            Payload::Stream(upload) => !upload.is_empty(),
        }
    }

    /// How far a streamed body has come.
    pub(crate) fn moved(&self) -> Moved {
        match &self.body {
            Payload::Buffered(_) => Moved::default(),
            Payload::Stream(upload) => upload.moved(),
        }
    }

    /// Whether this attempt has given more of a streamed body since `last`, which is brought up to date.
    pub(crate) fn moved_on(&self, last: &mut Moved) -> bool {
        let now = self.moved();
        let moved_on = now.pieces > 0 && now != *last;
        *last = now;
        moved_on
    }

    /// Whether there is nothing left to send in a further attempt.
    pub(crate) fn is_used_up(&self) -> bool {
        match &self.body {
            Payload::Buffered(_) => false,
            Payload::Stream(upload) => upload.is_used_up(),
        }
    }

    /// Sends the packed form of the body, which the headers describe already, from now on.
    pub(crate) fn pack(&mut self, packed: Bytes) {
        if let Payload::Buffered(plain) =
            std::mem::replace(&mut self.body, Payload::Buffered(packed))
        {
            self.plain = Some(plain);
        }
    }

    /// Goes back to the body as it was.
    pub(crate) fn unpack(&mut self) {
        if let Some(plain) = self.plain.take() {
            self.body = Payload::Buffered(plain);
            self.headers.remove(CONTENT_ENCODING);
        }
    }
}

/// Where a redirect leads.
#[derive(Debug)]
pub(crate) struct RedirectTarget {
    /// The server, when it is not the client's own, or when the way there led over another one. It is sent no
    /// credentials, on a connection of its own without a client certificate.
    pub(crate) other_origin: Option<BaseUrl>,
    /// Path and query.
    pub(crate) target: String,
}
