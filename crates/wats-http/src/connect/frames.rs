//! The frames that an HTTP/2 server sends, of which only the nine bytes before each are looked at.
//!
//! h2 protects itself by counters that are never reset in the life of a connection, and breaks the connection, with all
//! calls on it, when one overflows. Servers and gateways in good order do what is counted: one that relays a chunked
//! answer ends it with an empty DATA frame and then the end of the stream, and after a hundred such answers the calls are
//! lost. An empty DATA frame that does not end its stream says nothing, so it is left out here, as if it had not been sent.
//! A server that sends nothing else is still broken with: [`MOST_IN_A_ROW`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::socket_state::SocketState;

/// The most bytes that the head of an answer may have.
pub(crate) const LARGEST_HEAD: usize = 256 << 10;

/// Of a frame's header: three bytes of length, type, flags, four of the stream (RFC 9113, section 4.1).
const HEADER: usize = 9;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 0x1;
const PADDED: u8 = 0x8;

/// Empty frames in a row that are left out. Those beyond are passed on, and h2 ends the connection.
const MOST_IN_A_ROW: usize = 1000;

/// Frames of which there may be nothing but padding. They use up the window, so they cannot be left out, and h2 allows a
/// hundred: after half of that the connection takes no further calls.
const MOST_PADDED: usize = 50;

/// The longest such frame: the length of the padding, and padding.
const ALL_PADDING: usize = 256;

/// The last stream of a GOAWAY that only announces another one.
const ANY_STREAM: u32 = (1 << 31) - 1;

pub(super) struct Frames {
    socket_state: Arc<SocketState>,
    /// A header that has not come whole yet.
    header: [u8; HEADER],
    had: usize,
    /// Bytes of `header` that are decided on and wait to be given out, counted from its end.
    unread: usize,
    /// What is left of the payload of the current frame.
    left: usize,
    /// The current frame is a part of an answer.
    is_of_answer: bool,
    /// How much of the head of an answer has come.
    head: usize,
    /// Of a GOAWAY: how many of its first eight bytes have come, and the last four of them.
    goaway: Option<(usize, u32)>,
    in_a_row: usize,
    padded: usize,
    /// A GOAWAY began in what was passed on last.
    goaway_began: bool,
}

impl Frames {
    pub(super) fn new(socket_state: Arc<SocketState>) -> Self {
        Self {
            socket_state,
            header: [0; HEADER],
            had: 0,
            unread: 0,
            left: 0,
            is_of_answer: false,
            head: 0,
            goaway: None,
            in_a_row: 0,
            padded: 0,
            goaway_began: false,
        }
    }

    pub(super) fn take_goaway_began(&mut self) -> bool {
        std::mem::take(&mut self.goaway_began)
    }

    pub(super) fn poll_read<T: AsyncRead + Unpin>(
        &mut self,
        stream: &mut T,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        while self.unread == 0 {
            if self.had > 0 {
                // The rest of a header that was cut by the end of a read.
                let mut rest = ReadBuf::new(&mut self.header[self.had..]);
                ready!(Pin::new(&mut *stream).poll_read(context, &mut rest))?;
                let n = rest.filled().len();
                if n == 0 {
                    return Poll::Ready(Ok(()));
                }
                self.had += n;
                if self.had == HEADER {
                    self.had = 0;
                    if self.passes(self.header) {
                        self.unread = HEADER;
                    }
                }
                continue;
            }
            let start = buffer.filled().len();
            ready!(Pin::new(&mut *stream).poll_read(context, buffer))?;
            if buffer.filled().len() == start {
                return Poll::Ready(Ok(()));
            }
            let kept = self.sift(&mut buffer.filled_mut()[start..]);
            buffer.set_filled(start + kept);
            if kept > 0 {
                return Poll::Ready(Ok(()));
            }
        }
        let n = self.unread.min(buffer.remaining());
        let from = HEADER - self.unread;
        buffer.put_slice(&self.header[from..from + n]);
        self.unread -= n;
        Poll::Ready(Ok(()))
    }

    /// Moves what is passed on to the front, and tells how much that is. A header without its end is kept for later.
    fn sift(&mut self, bytes: &mut [u8]) -> usize {
        let (mut at, mut kept) = (0, 0);
        while at < bytes.len() {
            let rest = &bytes[at..];
            let n = if self.left > 0 {
                let n = self.left.min(rest.len());
                self.left -= n;
                self.hear(&rest[..n]);
                n
            } else if let Some(header) = rest.first_chunk::<HEADER>() {
                if !self.passes(*header) {
                    at += HEADER;
                    continue;
                }
                HEADER
            } else {
                self.had = rest.len();
                self.header[..self.had].copy_from_slice(rest);
                break;
            };
            if at != kept {
                bytes.copy_within(at..at + n, kept);
            }
            at += n;
            kept += n;
        }
        kept
    }

    /// Whether the frame that begins so is passed on.
    fn passes(&mut self, header: [u8; HEADER]) -> bool {
        let [l2, l1, l0, kind, flags, ..] = header;
        let length = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        if kind == DATA && length == 0 && flags & END_STREAM == 0 && self.in_a_row < MOST_IN_A_ROW {
            self.in_a_row += 1;
            return false;
        }
        self.left = length;
        self.goaway = None;
        self.is_of_answer = matches!(kind, DATA | HEADERS | CONTINUATION);
        if self.is_of_answer {
            self.socket_state.hear();
        }
        match kind {
            DATA if length == 0 && flags & END_STREAM == 0 => return true,
            DATA if flags & PADDED != 0 && flags & END_STREAM == 0 && length <= ALL_PADDING => {
                self.padded += 1;
                if self.padded == MOST_PADDED {
                    self.socket_state.exhaust();
                }
            }
            HEADERS => self.add_to_head(length, true),
            CONTINUATION => self.add_to_head(length, false),
            GOAWAY => {
                self.goaway = Some((0, 0));
                self.goaway_began = true;
            }
            _ => {}
        }
        self.in_a_row = 0;
        true
    }

    fn add_to_head(&mut self, length: usize, begins: bool) {
        self.head = if begins {
            length
        } else {
            self.head.saturating_add(length)
        };
        if self.head > LARGEST_HEAD / 2 {
            self.socket_state.saw_large_head();
        }
    }

    /// A part of a payload.
    fn hear(&mut self, bytes: &[u8]) {
        if self.is_of_answer {
            self.socket_state.hear();
        }
        let Some((had, word)) = &mut self.goaway else {
            return;
        };
        // The last stream that the server takes, and its reason (RFC 9113, section 6.8).
        for byte in bytes.iter().take(8 - *had) {
            *had += 1;
            *word = *word << 8 | u32::from(*byte);
            if *had == 4 {
                match *word & ANY_STREAM {
                    ANY_STREAM => self.socket_state.announce_goaway(),
                    last => self.socket_state.end_after(last),
                }
            }
            if *had == 8 && *word == u32::from(h2::Reason::HTTP_1_1_REQUIRED) {
                self.socket_state.require_http1();
            }
        }
    }
}

#[cfg(test)]
#[cfg(not(wats_loom))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags, 0, 0, 0, 1]);
        frame.extend(payload);
        frame
    }

    /// What comes through of these bytes when they come and are taken in pieces of these sizes.
    fn through(bytes: &[u8], come: usize, taken: usize) -> (Vec<u8>, Arc<SocketState>) {
        let socket_state = Arc::new(SocketState::default());
        let mut frames = Frames::new(socket_state.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let out = runtime.block_on(async {
            let mut mock = tokio::io::empty();
            let mut source = &bytes[..0];
            let mut rest = bytes;
            let mut out = Vec::new();
            loop {
                if source.is_empty() {
                    if rest.is_empty() {
                        // What is decided on comes out even when nothing more comes in.
                        let mut last = [0; HEADER];
                        let mut buffer = ReadBuf::new(&mut last);
                        std::future::poll_fn(|context| {
                            frames.poll_read(&mut mock, context, &mut buffer)
                        })
                        .await
                        .unwrap();
                        out.extend(buffer.filled());
                        if buffer.filled().is_empty() {
                            return out;
                        }
                        continue;
                    }
                    (source, rest) = rest.split_at(come.min(rest.len()));
                }
                let mut piece = vec![0; taken];
                let mut buffer = ReadBuf::new(&mut piece);
                std::future::poll_fn(|context| frames.poll_read(&mut source, context, &mut buffer))
                    .await
                    .unwrap();
                out.extend(buffer.filled());
            }
        });
        (out, socket_state)
    }

    proptest! {
        #[test]
        fn empty_data_is_left_out_and_all_else_comes_through_however_it_is_cut(
            plan in prop::collection::vec((prop::sample::select(vec![0_u8, 0, 0, 1, 3, 4, 6, 7, 9, 200]), any::<u8>(), prop::sample::select(vec![0_usize, 0, 1, 8, 9, 300])), 0..40),
            come in 1_usize..40,
            taken in 1_usize..40,
        ) {
            let (mut sent, mut wanted) = (Vec::new(), Vec::new());
            for (kind, flags, length) in plan {
                let frame = frame(kind, flags, &vec![flags; length]);
                sent.extend(&frame);
                if !(kind == DATA && length == 0 && flags & END_STREAM == 0) {
                    wanted.extend(frame);
                }
            }
            prop_assert_eq!(through(&sent, come, taken).0, wanted);
        }
    }

    #[test]
    fn a_server_that_sends_nothing_but_empty_frames_is_not_hidden() {
        let sent = frame(DATA, 0, b"").repeat(MOST_IN_A_ROW + 5);
        assert_eq!(through(&sent, 1000, 64).0, frame(DATA, 0, b"").repeat(5));
        let one = [
            frame(DATA, 0, b"").repeat(MOST_IN_A_ROW),
            frame(DATA, 0, b"x"),
        ]
        .concat();
        assert_eq!(
            through(&one.repeat(3), 1000, 64).0,
            frame(DATA, 0, b"x").repeat(3)
        );
    }

    #[test]
    fn a_goaway_a_large_head_and_padding_are_noticed() {
        for (reason, wanted) in [(0xd_u32, true), (0xb, false), (0, false)] {
            for (last, announced) in [(1_u32, false), (u32::MAX >> 1, true), (u32::MAX, true)] {
                let payload = [last, reason, 0xd].map(u32::to_be_bytes).concat();
                for come in 1..20 {
                    let socket_state = through(&frame(GOAWAY, 0, &payload), come, 3).1;
                    assert_eq!(
                        socket_state.requires_http1(),
                        wanted,
                        "{last}, {reason}, {come}"
                    );
                    assert_eq!(
                        socket_state.is_goaway_announced(),
                        announced,
                        "{last}, {come}"
                    );
                    // What it names as the last stream is worked on; what comes after is not.
                    assert!(!socket_state.is_past_goaway(1), "{last}, {come}");
                    assert_eq!(socket_state.is_past_goaway(3), !announced, "{last}, {come}");
                }
            }
        }
        let none = [0_u32, 0].map(u32::to_be_bytes).concat();
        assert!(through(&frame(GOAWAY, 0, &none), 9, 9).1.is_past_goaway(1));
        let head = [
            frame(HEADERS, 0, &[0; 16_000]),
            frame(CONTINUATION, 0, &[0; 16_000]).repeat(20),
        ]
        .concat();
        assert!(through(&head, 10_000, 4096).1.had_large_head());
        assert!(
            !through(&frame(HEADERS, 4, &[0; 16_000]).repeat(40), 10_000, 4096)
                .1
                .had_large_head()
        );
        let padded = frame(DATA, PADDED, &[9; 10]);
        assert!(
            !through(&padded.repeat(MOST_PADDED - 1), 100, 64)
                .1
                .is_exhausted()
        );
        assert!(
            through(&padded.repeat(MOST_PADDED), 100, 64)
                .1
                .is_exhausted()
        );
    }
}
