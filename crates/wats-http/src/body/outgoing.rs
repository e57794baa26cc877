//! The body of a request as hyper takes it: bytes, which cost nothing, or an upload that is pulled piece by piece.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::OnProgress;
use super::delivery::{Delivery, Piece, PieceMaker, unreadable};
use super::source::{BodySource, BodyStream, differs};
use crate::error::Error;

/// What a call sends, in a form that each attempt can begin with.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Buffered(Bytes),
    Stream(Arc<Upload>),
}

/// A streamed body with what must be known of it outside of hyper.
#[derive(Debug)]
pub(crate) struct Upload {
    source: BodySource,
    length: Option<u64>,
    on_progress: Option<OnProgress>,
    /// The latest attempt. hyper may go on with the body of one that was given up; that is nobody's business any more.
    latest: Mutex<Moved>,
}

/// How far a body has come: of which attempt, and by how many pieces. It tells a slow upload from one that stands still.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    of: u64,
    pub(crate) pieces: u64,
}

impl Upload {
    /// Takes the measure of a source.
    pub(crate) async fn prepare(
        source: BodySource,
        on_progress: Option<OnProgress>,
    ) -> Result<Self, Error> {
        let source = source.settle().await.map_err(unreadable)?;
        Ok(Self {
            length: source.announced(),
            source,
            on_progress,
            latest: Mutex::default(),
        })
    }

    pub(crate) fn moved(&self) -> Moved {
        *self.latest()
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.source.is_used_up()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == Some(0)
    }

    /// Whether the length is known before it is sent.
    pub(crate) fn has_length(&self) -> bool {
        self.length.is_some()
    }

    fn latest(&self) -> MutexGuard<'_, Moved> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A further attempt begins; its number.
    fn begin(&self) -> u64 {
        let mut latest = self.latest();
        let of = latest.of + 1;
        *latest = Moved { of, pieces: 0 };
        of
    }

    /// A piece of an attempt is taken. Whether anybody wants to know.
    fn piece_of(&self, number: u64) -> bool {
        let mut latest = self.latest();
        let is_latest = latest.of == number;
        latest.pieces += u64::from(is_latest);
        is_latest
    }
}

/// The body of one attempt.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Buffered(Bytes, PieceMaker),
    Stream(Box<Streaming>),
}

pub(crate) struct Streaming {
    upload: Arc<Upload>,
    /// Which attempt this is.
    number: u64,
    giver: PieceMaker,
    /// Opened when the first piece is wanted, so that a request that never left has taken nothing.
    pieces: Option<BodyStream>,
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

impl Outgoing {
    /// `delivery` hears what becomes of it.
    pub(crate) fn new(payload: &Payload, delivery: Option<&Arc<Delivery>>) -> Self {
        let giver = PieceMaker::new(delivery);
        match payload {
            Payload::Buffered(bytes) => Self::Buffered(bytes.clone(), giver),
            Payload::Stream(upload) => Self::Stream(Box::new(Streaming {
                number: upload.begin(),
                giver,
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
        let mut wanted = true;
        loop {
            let outcome = match ready!(pieces.as_mut().poll_next(context)) {
                Some(Ok(piece)) if piece.is_empty() => continue,
                Some(Ok(piece)) => {
                    self.given += piece.len() as u64;
                    wanted = self.upload.piece_of(self.number);
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
            if let (Some(Ok(_)), Some(hear), true) = (&outcome, &self.upload.on_progress, wanted) {
                hear.tell(self.given, self.upload.length);
            }
            return Poll::Ready(outcome);
        }
    }
}

impl Body for Outgoing {
    type Data = Piece;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, io::Error>>> {
        match self.get_mut() {
            Self::Buffered(bytes, _) if bytes.is_empty() => Poll::Ready(None),
            Self::Buffered(bytes, giver) => {
                let piece = giver.piece(std::mem::take(bytes), true);
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Self::Stream(streaming) => match ready!(streaming.poll(context)) {
                Some(Ok(piece)) => {
                    let piece = streaming.giver.piece(piece, streaming.ended);
                    Poll::Ready(Some(Ok(Frame::data(piece))))
                }
                Some(Err(error)) => {
                    streaming.ended = true;
                    let told = io::Error::new(error.kind(), error.to_string());
                    streaming.giver.fail(error);
                    Poll::Ready(Some(Err(told)))
                }
                None => {
                    streaming.giver.finish();
                    Poll::Ready(None)
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Buffered(bytes, _) => bytes.is_empty(),
            Self::Stream(streaming) => streaming.ended,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Buffered(bytes, _) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(streaming) => match streaming.upload.length {
                Some(length) => SizeHint::with_exact(length.saturating_sub(streaming.given)),
                None => SizeHint::default(),
            },
        }
    }
}
