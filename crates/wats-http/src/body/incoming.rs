//! Reading answers off the wire: no more bytes than allowed, and no slower than tolerable.
//!
//! [`Reader`] gives the body piece by piece; [`read`] gives it whole.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body;
use tokio::time::{Instant, Sleep, sleep};

use super::{Gather, WireBody};
use crate::error::{Deadline, Error, ErrorKind, Result};

/// What a body must bring in every stretch of `Timeouts::read_idle`, so that a trickle does not count as progress.
const LEAST_PROGRESS: usize = 1 << 10;

/// What keeps an answer within bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Most bytes on the wire.
    pub(crate) wire: usize,
    /// Longest stretch of time without progress.
    pub(crate) idle: Duration,
}

/// Reads a body to its end.
pub(crate) async fn read(reader: &mut Reader) -> Result<Bytes> {
    // The timer is made when there is something to wait for, which for most answers is never.
    let mut stall = std::pin::pin!(None);
    // Most answers come in one piece, which needs no copy; the buffer is for the others.
    let mut only = Bytes::new();
    let mut several: Option<Gather> = None;
    while let Some(data) = poll_fn(|context| reader.poll(context, stall.as_mut())).await? {
        if reader.read == data.len() {
            only = data;
            continue;
        }
        let gather = several.get_or_insert_with(|| {
            // What a server announces is a hint, of which no more is taken than a mebibyte.
            let mut gather = Gather::with_room((reader.announced as usize).max(reader.read));
            gather.push(&std::mem::take(&mut only));
            gather
        });
        gather.push(&data);
    }
    Ok(several.map_or(only, Gather::finish))
}

/// A body that is being read.
#[derive(Debug)]
pub(crate) struct Reader<B = WireBody> {
    body: B,
    bounds: Bounds,
    /// The length that the server announced; 0 when it did not.
    announced: u64,
    read: usize,
    /// How much was read when the current stretch of time began.
    mark: usize,
    /// When a piece was given out, if the reader has not waited since.
    given_out: Option<Instant>,
}

impl<B> Reader<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    pub(crate) fn new(body: B, bounds: Bounds) -> Result<Self> {
        let announced = body.size_hint().lower();
        if announced > bounds.wire as u64 {
            return Err(too_large(format!(
                "the server announces {announced} bytes, the limit is {}",
                bounds.wire
            )));
        }
        Ok(Self {
            body,
            bounds,
            announced,
            read: 0,
            mark: 0,
            given_out: None,
        })
    }

    /// The next piece, `None` at the end. `stall` is the timer of the wait, which belongs to the caller.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        mut stall: Pin<&mut Option<Sleep>>,
    ) -> Poll<Result<Option<Bytes>>> {
        loop {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers tell nothing that is needed here.
                    let Ok(data) = frame.into_data() else {
                        continue;
                    };
                    self.read += data.len();
                    if self.read > self.bounds.wire {
                        let cap = self.bounds.wire;
                        return Poll::Ready(Err(too_large(format!(
                            "more than {cap} bytes on the wire"
                        ))));
                    }
                    self.given_out = stall.is_some().then(Instant::now);
                    return Poll::Ready(Ok(Some(data)));
                }
                // What was announced is there; whatever broke then is not part of it.
                Poll::Ready(Some(Err(_)))
                    if self.announced > 0 && self.read as u64 == self.announced =>
                {
                    return Poll::Ready(Ok(None));
                }
                Poll::Ready(Some(Err(source))) => {
                    return Poll::Ready(Err(Error::new(ErrorKind::Transport)
                        .message(format!("the answer broke off after {} bytes", self.read))
                        .source(source)));
                }
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Pending => {}
            }
            let Some(mut timer) = stall.as_mut().as_pin_mut() else {
                self.mark = self.read;
                stall.set(Some(sleep(self.bounds.idle)));
                continue;
            };
            if let Some(given_out) = self.given_out.take() {
                // The time that somebody took over the last piece is not the server's.
                let until = timer.deadline() + given_out.elapsed();
                timer.as_mut().reset(until);
            }
            if timer.poll(context).is_pending() {
                return Poll::Pending;
            }
            if self.read - self.mark < LEAST_PROGRESS {
                return Poll::Ready(Err(self.stalled()));
            }
            stall.set(None);
        }
    }

    fn stalled(&self) -> Error {
        Error::new(ErrorKind::Timeout(Deadline::ReadIdle)).message(format!(
            "only {} bytes of the answer came within {:?}, {} in all",
            self.read - self.mark,
            self.bounds.idle,
            self.read
        ))
    }
}

fn too_large(message: String) -> Error {
    Error::new(ErrorKind::TooLarge).message(message)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use futures_util::{StreamExt, stream};
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    /// A body of one piece of `size` bytes per second, `pieces` of them, that then stays open.
    fn trickle(size: usize, pieces: usize) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        let pieces = stream::iter(0..pieces).then(move |_| async move {
            sleep(Duration::from_secs(1)).await;
            Ok(Frame::data(Bytes::from(vec![b'x'; size])))
        });
        StreamBody::new(Box::pin(pieces.chain(stream::pending())))
    }

    /// Reads until the body fails, and tells how and when.
    async fn fails<B>(body: B) -> (Error, u64)
    where
        B: Body<Data = Bytes, Error = Infallible> + Unpin,
    {
        let start = Instant::now();
        let bounds = Bounds {
            wire: 1 << 20,
            idle: Duration::from_secs(15),
        };
        let mut reader = Reader::new(body, bounds).unwrap();
        let mut stall = std::pin::pin!(None);
        loop {
            match poll_fn(|context| reader.poll(context, stall.as_mut())).await {
                Ok(piece) => assert!(piece.is_some(), "the body has no end"),
                Err(error) => return (error, start.elapsed().as_secs()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_traffic_and_a_trickle_end_alike_and_a_slow_flow_does_not() {
        let (error, after) = fails(trickle(1, 0)).await;
        assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::ReadIdle));
        assert_eq!(after, 15);
        let (error, after) = fails(trickle(1, 10_000)).await;
        assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::ReadIdle));
        assert_eq!(after, 15, "{error}");
        let (error, after) = fails(trickle(100, 40)).await;
        assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::ReadIdle));
        assert!((45..60).contains(&after), "a stretch with less: {after}");
    }

    /// Time in which nobody reads is not the server's.
    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_its_time_is_no_stall() {
        let bounds = Bounds {
            wire: 1 << 20,
            idle: Duration::from_secs(15),
        };
        let mut reader = Reader::new(trickle(500, 20), bounds).unwrap();
        let mut stall = std::pin::pin!(None);
        for _ in 0..10 {
            let piece = poll_fn(|context| reader.poll(context, stall.as_mut())).await;
            assert_eq!(piece.unwrap().unwrap().len(), 500);
            sleep(Duration::from_secs(20)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_cap_counts_all_pieces() {
        let (error, after) = fails(trickle(100_000, 100)).await;
        assert_eq!((error.kind(), after), (ErrorKind::TooLarge, 11));
    }
}
