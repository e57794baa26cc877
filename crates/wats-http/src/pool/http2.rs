//! HTTP/2, spoken through h2 itself: the [`Driver`], a task that reads and writes a connection, [`send`], by which a call
//! opens a stream, and [`Sent`], by which it waits for the answer.
//!
//! A call's own task hands its request to h2 and is woken by the driver when its answer is there; nothing stands between the
//! two. Only a body that the network does not take at once gets a [task of its own](super::upload). h2 keeps what came for a
//! stream until it is asked for, also when the connection has ended since: an answer that was read is never lost.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use h2::client::{Connection, ResponseFuture, SendRequest};
use http::header::{CONTENT_LENGTH, HeaderValue};
use hyper::body::Body;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::drive::drive;
use super::keep_alive::KeepAlive;
use super::state::Shared;
use super::stats::Live;
use super::streams::{Driven, Streams, UNKNOWN};
use super::upload::{self, Upload};
use crate::body::{Outgoing, Piece, WireBody};
use crate::connect::{LARGEST_HEAD, Socket};
use crate::socket_state::SocketState;

/// How many bytes of an answer a server may send ahead of its reader: two megabytes in flight fill a line of 160 Mbit/s
/// over a round trip of 100 ms.
const STREAM_WINDOW: u32 = 2 << 20;
/// The same for all answers of a connection together. It is far larger than that of a stream, because a few downloads
/// that nobody reads on must not stall the calls beside them.
const CONNECTION_WINDOW: u32 = 64 << 20;

/// The largest frame that a server may send: what RFC 9113 begins with. Larger ones hold up the calls beside them.
const FRAME: u32 = 16 << 10;

/// How much of a request's body h2 takes ahead of the network.
const SEND_BUFFER: usize = 1 << 20;

/// For how many calls that ended early h2 remembers, for a second, that more of their answers may come.
const REMEMBERED_RESETS: usize = 1024;

/// A handle on an HTTP/2 connection, which calls share.
#[derive(Debug, Clone)]
pub(super) struct Http2 {
    /// When a call last took it.
    used: Instant,
    pub(super) link: Arc<Link>,
}

/// What all handles of a connection share.
#[derive(Debug)]
pub(super) struct Link {
    /// Copied by each call, outside of the pool's lock: that takes a lock of h2.
    sender: SendRequest<Piece>,
    /// From when on it takes no further calls.
    expires: Option<Instant>,
    pub(super) streams: Arc<Streams>,
    pub(super) socket_state: Arc<SocketState>,
    /// Dropped with the last handle, which tells the driver that nobody holds the connection any more.
    _alive: oneshot::Sender<()>,
}

impl Http2 {
    pub(super) fn socket_state(&self) -> &Arc<SocketState> {
        &self.link.socket_state
    }
}

impl Shared for Http2 {
    fn streams(&self) -> &Arc<Streams> {
        &self.link.streams
    }

    fn is_over(&self) -> bool {
        let Link {
            expires,
            streams,
            socket_state,
            ..
        } = &*self.link;
        streams.is_ended()
            || socket_state.is_exhausted()
            || socket_state.is_closed()
            || expires.is_some_and(|time| Instant::now() >= time)
    }

    fn used(&mut self) -> &mut Instant {
        &mut self.used
    }
}

/// Begins HTTP/2 on a stream that both sides have agreed to use for it.
pub(super) async fn handshake<T>(
    stream: T,
    live: Live,
    expires: Option<Instant>,
    streams: Arc<Streams>,
) -> Result<Http2, h2::Error>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let socket_state = Arc::new(SocketState::default());
    let socket = Socket::http2(stream, Arc::clone(&socket_state));
    let (sender, connection) = h2::client::Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_max_send_streams(UNKNOWN)
        .max_frame_size(FRAME)
        .max_header_list_size(16 * LARGEST_HEAD as u32)
        .max_concurrent_reset_streams(REMEMBERED_RESETS)
        .max_local_error_reset_streams(None)
        .max_send_buffer_size(SEND_BUFFER)
        .enable_push(false)
        .handshake(socket)
        .await?;
    let (alive, dropped) = oneshot::channel::<()>();
    let driver = Driver::new(
        connection,
        Driven(Arc::clone(&streams)),
        Arc::clone(&socket_state),
    );
    // Boxed first, because a task is moved several times on its way to the runtime.
    tokio::spawn(Box::pin(driver.run(dropped, live)));
    Ok(Http2 {
        used: Instant::now(),
        link: Arc::new(Link {
            sender,
            expires,
            streams,
            socket_state,
            _alive: alive,
        }),
    })
}

/// Why a request got no answer.
#[derive(Debug)]
pub(super) struct Unheard {
    pub(super) error: h2::Error,
    /// The connection did not take the request; the server has not seen it.
    pub(super) not_taken: bool,
    /// The stream of a request that was taken.
    pub(super) stream: Option<u32>,
}

impl Unheard {
    fn taken(error: h2::Error, stream: u32) -> Self {
        Self {
            error,
            not_taken: false,
            stream: Some(stream),
        }
    }
}

/// A request that the connection has taken. Dropped before its answer, it resets the stream.
pub(super) struct Sent {
    sender: SendRequest<Piece>,
    answer: ResponseFuture,
    /// The body, if there is one.
    upload: Option<Upload>,
}

/// Gives a request to the connection. No part of a future: a request is large, and would be in it twice.
pub(super) fn send(link: &Link, request: http::Request<Outgoing>) -> Result<Sent, Unheard> {
    let (head, body) = request.into_parts();
    let mut request = http::Request::from_parts(head, ());
    if let Some(length @ 1..) = body.size_hint().exact() {
        let headers = request.headers_mut();
        headers
            .entry(CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
    let is_whole = body.is_end_stream();
    let mut sender = link.sender.clone();
    let (answer, stream) = sender
        .send_request(request, is_whole)
        .map_err(|error| Unheard {
            error,
            not_taken: true,
            stream: None,
        })?;
    Ok(Sent {
        sender,
        answer,
        upload: (!is_whole).then(|| Upload::new(body, stream)),
    })
}

impl Sent {
    /// Waits for the head of the answer, while the body goes out.
    pub(super) async fn answer(&mut self) -> Result<http::Response<WireBody>, Unheard> {
        let answer = if let Some(upload) = self.upload.take() {
            // A stream may have to wait until the server takes another. Nothing of a body is taken before. That the connection has
            // ended the upload notices too, and the answer may be there all the same.
            let _ = poll_fn(|context| self.sender.poll_ready(context)).await;
            let uploading = upload::start(upload).await;
            let answer = (&mut self.answer).await;
            uploading.keep_on();
            answer
        } else {
            (&mut self.answer).await
        };
        answer.map(WireBody::answer).map_err(|error| {
            let stream = self.answer.stream_id().as_u32();
            Unheard::taken(error, stream)
        })
    }
}

/// Reads and writes a connection until it ends.
struct Driver<T> {
    connection: Connection<Socket<T>, Piece>,
    driven: Driven,
    socket_state: Arc<SocketState>,
    keep_alive: Option<KeepAlive>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Driver<T> {
    fn new(
        mut connection: Connection<Socket<T>, Piece>,
        driven: Driven,
        socket_state: Arc<SocketState>,
    ) -> Self {
        Self {
            keep_alive: connection.ping_pong().map(KeepAlive::new),
            connection,
            driven,
            socket_state,
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if Pin::new(&mut self.connection).poll(context).is_ready() {
            return Poll::Ready(());
        }
        let streams = &self.driven.0;
        // Settings of the server can come at any time.
        streams.allow(self.connection.max_concurrent_send_streams());
        if self.socket_state.is_exhausted() {
            streams.end();
        }
        if let Some(keep_alive) = &mut self.keep_alive {
            let heard = self.socket_state.take_heard();
            if let Err(dead) = keep_alive.poll(context, heard, streams.open() > 0) {
                self.socket_state.fail(&dead);
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    /// `dropped` hears that nobody has a handle any more. The rest of a request that the server answered early may have to
    /// be sent even then.
    async fn run(mut self, dropped: oneshot::Receiver<()>, live: Live) {
        let socket_state = Arc::clone(&self.socket_state);
        let polled = poll_fn(|context| self.poll(context));
        drive(polled, dropped, || socket_state.written()).await;
        drop((self, live));
    }
}

#[cfg(test)]
#[cfg(not(wats_loom))]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http_body_util::BodyExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;
    use crate::body::Payload;
    use crate::pool::connection::Failure;
    use crate::pool::stats::Counters;
    use crate::pool::sync::Notify;

    async fn connected() -> (Http2, DuplexStream, Arc<Streams>) {
        connected_for(1).await
    }

    /// To a server that takes so many streams at a time.
    async fn connected_for(most: u8) -> (Http2, DuplexStream, Arc<Streams>) {
        let (near, mut far) = tokio::io::duplex(64 << 10);
        let streams = Streams::new(&Arc::new(Notify::default()));
        let live = Live::open(&Counters::default().live);
        let http2 = handshake(near, live, None, Arc::clone(&streams))
            .await
            .unwrap();
        let settings = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, most];
        far.write_all(&settings).await.unwrap();
        // The client's preface and settings, to the acknowledgement of those of the server.
        until(&mut far, &[0, 0, 0, 4, 1, 0, 0, 0, 0]).await;
        assert!(streams.is_settled());
        (http2, far, streams)
    }

    /// Reads until certain bytes came.
    async fn until(far: &mut DuplexStream, wanted: &[u8]) {
        let mut read = Vec::new();
        while !read.windows(wanted.len()).any(|bytes| bytes == wanted) {
            assert!(far.read_buf(&mut read).await.unwrap() > 0, "{read:?}");
        }
    }

    async fn send(
        link: &Link,
        request: http::Request<Outgoing>,
    ) -> Result<http::Response<WireBody>, Unheard> {
        super::send(link, request)?.answer().await
    }

    /// The answer, a GOAWAY, and the end of the connection are all read before the call looks.
    #[tokio::test]
    async fn an_answer_is_heard_though_the_connection_ends_before_its_call_looks() {
        // `:status: 413` with the end of the stream; the same with a body; goodbyes that have seen the call and that have not.
        let head = [0, 0, 5, 1, 5, 0, 0, 0, 1, 8, 3, b'4', b'1', b'3'];
        let whole = [
            &[0, 0, 5, 1, 4, 0, 0, 0, 1, 8, 3, b'4', b'1', b'3'][..],
            &[0, 0, 2, 0, 1, 0, 0, 0, 1, b'n', b'o'],
        ]
        .concat();
        let seen = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        let unseen = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let reset = [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        for (answer, text) in [(&head[..], ""), (&whole[..], "no")] {
            for then in [
                &[][..],
                &seen,
                &unseen,
                &reset,
                &[&reset[..], &seen].concat(),
            ] {
                for body in [&b""[..], b"body"] {
                    let (http2, mut far, streams) = connected().await;
                    let payload = Payload::Buffered(Bytes::from_static(body));
                    let request = http::Request::post("https://localhost/")
                        .body(Outgoing::new(&payload, None))
                        .unwrap();
                    let mut sent = std::pin::pin!(send(&http2.link, request));
                    let mut context = Context::from_waker(std::task::Waker::noop());
                    assert!(sent.as_mut().poll(&mut context).is_pending());
                    let mut read = vec![0; 4096];
                    assert!(far.read(&mut read).await.unwrap() > 0);
                    far.write_all(&[answer, then].concat()).await.unwrap();
                    drop(far);
                    while !streams.is_ended() {
                        tokio::task::yield_now().await;
                    }
                    let Poll::Ready(answer) = sent.as_mut().poll(&mut context) else {
                        panic!("no outcome");
                    };
                    let answer = answer.unwrap();
                    assert_eq!(answer.status(), 413);
                    // What follows an answer that came before the whole request is of no matter, and neither is its end.
                    if body.is_empty() {
                        let read = answer.into_body().collect().await.unwrap();
                        assert_eq!(read.to_bytes(), text);
                    }
                }
            }
        }
    }

    /// The server takes its time with what it had before it said goodbye.
    #[tokio::test(start_paused = true)]
    async fn a_goaway_leaves_the_calls_before_it_all_the_time_they_take() {
        let (http2, mut far, streams) = connected().await;
        let request = http::Request::get("https://localhost/")
            .body(Outgoing::new(&Payload::Buffered(Bytes::new()), None))
            .unwrap();
        let sent = send(&http2.link, request);
        let served = async {
            let mut read = vec![0; 4096];
            assert!(far.read(&mut read).await.unwrap() > 0);
            let goodbye = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
            far.write_all(&goodbye).await.unwrap();
            while !streams.is_ended() {
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_secs(15)).await;
            let head = [0, 0, 5, 1, 5, 0, 0, 0, 1, 8, 3, b'2', b'0', b'7'];
            far.write_all(&head).await.unwrap();
        };
        let (answer, ()) = tokio::join!(sent, served);
        assert_eq!(answer.unwrap().status(), 207);
        drop(http2);
        let mut rest = Vec::new();
        far.read_to_end(&mut rest).await.unwrap();
    }

    /// The frame, without debug data.
    fn goaway(last: u32) -> Vec<u8> {
        let mut frame = vec![0, 0, 8, 7, 0, 0, 0, 0, 0];
        frame.extend([last, 0].map(u32::to_be_bytes).concat());
        frame
    }

    /// An announcement alone leaves open what was worked on; with the last stream that the server names, it is said.
    #[tokio::test]
    async fn a_stream_past_the_last_one_of_a_goaway_was_not_worked_on() {
        const ANNOUNCED: u32 = u32::MAX >> 1;
        for (says, unsent) in [
            (&[ANNOUNCED, 0][..], [true, true]),
            (&[ANNOUNCED, 1], [false, true]),
            (&[ANNOUNCED, 3], [false, false]),
            (&[ANNOUNCED], [false, false]),
            (&[0], [true, true]),
            (&[1], [false, true]),
        ] {
            let (http2, mut far, streams) = connected_for(2).await;
            let state = Arc::clone(http2.socket_state());
            let mut context = Context::from_waker(std::task::Waker::noop());
            let mut sent = [0, 1].map(|_| {
                let request = http::Request::post("https://localhost/")
                    .body(Outgoing::new(&Payload::Buffered(Bytes::new()), None))
                    .unwrap();
                let before = state.written();
                let mut sent = Box::pin(send(&http2.link, request));
                assert!(sent.as_mut().poll(&mut context).is_pending());
                (sent, before)
            });
            // The head of the second one: HEADERS that end both the head and the stream.
            until(&mut far, &[1, 5, 0, 0, 0, 3]).await;
            for last in says {
                far.write_all(&goaway(*last)).await.unwrap();
            }
            drop(far);
            while !streams.is_ended() || !state.is_closed() {
                tokio::task::yield_now().await;
            }
            for ((sent, before), unsent) in sent.iter_mut().zip(unsent) {
                let unheard = sent.as_mut().await.unwrap_err();
                let failure = Failure::of_http2(unheard, &state, *before);
                assert_eq!(matches!(failure, Failure::Unsent(_)), unsent, "{says:?}");
                assert_eq!(failure.into_error().is_unsent(), unsent, "{says:?}");
            }
        }
    }

    /// A call that is dropped while its body waits for room resets its stream.
    #[tokio::test]
    async fn a_call_that_is_dropped_resets_its_stream() {
        let (http2, mut far, _) = connected().await;
        let payload = Payload::Buffered(Bytes::from(vec![7; 200 << 10]));
        let request = http::Request::post("https://localhost/")
            .body(Outgoing::new(&payload, None))
            .unwrap();
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut sent = Box::pin(send(&http2.link, request));
        assert!(sent.as_mut().poll(&mut context).is_pending());
        drop(sent);
        // RST_STREAM, CANCEL.
        until(&mut far, &[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8]).await;
    }
}
