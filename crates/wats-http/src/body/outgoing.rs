//! The body of a request as hyper takes it: bytes, which cost nothing, or an upload that is pulled piece by piece.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::OnProgress;
use super::source::{BodySource, Pieces};
use crate::error::{Error, ErrorKind};

/// What a call sends, in a form that each try can begin with.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Whole(Bytes),
    Stream(Arc<Upload>),
}

/// A streamed body with what must be known of it outside of hyper.
#[derive(Debug)]
pub(crate) struct Upload {
    source: BodySource,
    length: Option<u64>,
    on_progress: Option<OnProgress>,
    /// Pieces taken by all tries; tells a slow upload from one that stands still.
    moved: AtomicU64,
    /// Why the body could not be given, which hyper tells in its own words or not at all.
    failed: Mutex<Option<io::Error>>,
}

impl Upload {
    /// Takes the measure of a source.
    pub(crate) async fn prepare(
        source: BodySource,
        on_progress: Option<OnProgress>,
    ) -> Result<Self, Error> {
        let length = source.find_length().await.map_err(unreadable)?;
        Ok(Self {
            source,
            length,
            on_progress,
            moved: AtomicU64::new(0),
            failed: Mutex::default(),
        })
    }

    pub(crate) fn moved(&self) -> u64 {
        self.moved.load(Relaxed)
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.source.is_used_up()
    }

    /// The error of a try whose body failed.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.take().map(unreadable)
    }
}

fn unreadable(source: io::Error) -> Error {
    Error::new(ErrorKind::Request)
        .message("the body to send cannot be read")
        .source(source)
}

/// The body of one try.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Whole(Bytes),
    Stream(Box<Streaming>),
}

pub(crate) struct Streaming {
    upload: Arc<Upload>,
    /// Opened when the first piece is wanted, so that a request that never left has taken nothing.
    pieces: Option<Pieces>,
    given: u64,
    /// The piece that completes the announced length, until it is known that nothing follows.
    last: Option<Bytes>,
    ended: bool,
}

impl std::fmt::Debug for Streaming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streaming")
            .field("upload", &self.upload)
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

impl From<&Payload> for Outgoing {
    fn from(payload: &Payload) -> Self {
        match payload {
            Payload::Whole(bytes) => Self::Whole(bytes.clone()),
            Payload::Stream(upload) => Self::Stream(Box::new(Streaming {
                upload: Arc::clone(upload),
                pieces: None,
                given: 0,
                last: None,
                ended: upload.length == Some(0),
            })),
        }
    }
}

impl Streaming {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if self.pieces.is_none() {
            self.pieces = self.upload.source.open();
        }
        let Some(pieces) = &mut self.pieces else {
            let used_up = io::Error::other("it can be sent only once and was sent already");
            return Poll::Ready(Some(Err(used_up)));
        };
        loop {
            let outcome = match ready!(pieces.as_mut().poll_next(context)) {
                Some(Ok(piece)) if piece.is_empty() => continue,
                Some(Ok(piece)) => {
                    self.given += piece.len() as u64;
                    self.upload.moved.fetch_add(1, Relaxed);
                    match self.upload.length {
                        Some(length) if self.given > length => {
                            Some(Err(differs("more than", length)))
                        }
                        // hyper asks no further, so whether this is the end must be known before it goes out.
                        Some(length) if self.given == length => {
                            self.last = Some(piece);
                            continue;
                        }
                        _ => Some(Ok(piece)),
                    }
                }
                Some(Err(error)) => Some(Err(error)),
                None => match self.upload.length {
                    Some(length) if self.given < length => Some(Err(differs("less than", length))),
                    _ => self.last.take().map(Ok),
                },
            };
            self.ended = outcome.is_none() || self.upload.length == Some(self.given);
            if let (Some(Ok(_)), Some(hear)) = (&outcome, &self.upload.on_progress) {
                hear.tell(self.given, self.upload.length);
            }
            return Poll::Ready(outcome);
        }
    }
}

fn differs(how: &str, length: u64) -> io::Error {
    io::Error::other(format!("it has {how} {length} bytes, its announced length"))
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(streaming) => match ready!(streaming.poll(context)) {
                Some(Ok(piece)) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                Some(Err(error)) => {
                    streaming.ended = true;
                    let told = io::Error::new(error.kind(), error.to_string());
                    let failed = &streaming.upload.failed;
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    Poll::Ready(Some(Err(told)))
                }
                None => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Stream(streaming) => streaming.ended,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(streaming) => match streaming.upload.length {
                Some(length) => SizeHint::with_exact(length.saturating_sub(streaming.given)),
                None => SizeHint::default(),
            },
        }
    }
}
