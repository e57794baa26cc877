//! The body of a request on its way into an HTTP/2 stream, no further ahead of the network than h2 has room for.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use h2::{Reason, SendStream};
use hyper::body::Body;
use tokio::sync::oneshot;

use crate::body::{Outgoing, Piece};

/// A body and the stream that it goes to.
pub(super) struct Upload {
    body: Outgoing,
    stream: SendStream<Piece>,
    /// A piece for which there is no room yet, and whether it is the last.
    next: Option<(Piece, bool)>,
}

impl Upload {
    pub(super) fn new(body: Outgoing, stream: SendStream<Piece>) -> Self {
        Self {
            body,
            stream,
            next: None,
        }
    }

    /// Gives as much as there is room for. Ready when all is given, or no more is wanted; the call hears of that by its
    /// answer.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        loop {
            // Also has the task woken when the server resets the stream.
            if self.stream.poll_reset(context)?.is_ready() {
                return Poll::Ready(Ok(()));
            }
            if self.next.is_some() {
                while self.stream.capacity() == 0 {
                    match ready!(self.stream.poll_capacity(context)) {
                        Some(room) => room?,
                        // The stream has ended.
                        None => return Poll::Ready(Ok(())),
                    };
                }
            }
            if let Some((piece, is_last)) = self.next.take() {
                self.stream.send_data(piece, is_last)?;
                if is_last {
                    return Poll::Ready(Ok(()));
                }
                continue;
            }
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
                self.stream.send_data(Piece::empty(), true)?;
                return Poll::Ready(Ok(()));
            };
            let Ok(frame) = frame else {
                // The delivery of the body knows why.
                self.stream.send_reset(Reason::INTERNAL_ERROR);
                return Poll::Ready(Ok(()));
            };
            if let Ok(piece) = frame.into_data() {
                // The least that can be asked for: h2 asks for the rest when it has the piece. To ask for more before there
                // is anything to send would take the window away from other streams.
                self.stream.reserve_capacity(1);
                self.next = Some((piece, self.body.is_end_stream()));
            }
        }
    }
}

/// Gives what there is room for at once, and the rest from a task of its own.
pub(super) async fn start(mut upload: Upload) -> Uploading {
    let polled = poll_fn(|context| Poll::Ready(upload.poll(context))).await;
    if polled.is_ready() {
        return Uploading(None);
    }
    let (cancel, mut cancelled) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let mut may_end_early = true;
        poll_fn(|context| {
            if may_end_early {
                match Pin::new(&mut cancelled).poll(context) {
                    Poll::Ready(Ok(())) => {
                        upload.stream.send_reset(Reason::CANCEL);
                        return Poll::Ready(());
                    }
                    Poll::Ready(Err(_)) => may_end_early = false,
                    Poll::Pending => {}
                }
            }
            upload.poll(context).map(|_| ())
        })
        .await;
    });
    Uploading(Some(cancel))
}

/// A body that may still be on its way. Dropped, it resets the stream.
pub(super) struct Uploading(Option<oneshot::Sender<()>>);

impl Uploading {
    /// The call has its answer; the rest of the body goes on by itself.
    pub(super) fn keep_on(mut self) {
        self.0 = None;
    }
}

impl Drop for Uploading {
    fn drop(&mut self) {
        if let Some(cancel) = self.0.take() {
            let _ = cancel.send(());
        }
    }
}
