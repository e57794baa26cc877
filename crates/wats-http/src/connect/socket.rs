//! What lies between HTTP and the connection below it, TLS or TCP: a stream of which the two directions end apart.
//!
//! A write that fails is kept in the [`SocketState`], and what is written after it goes nowhere; reading goes on. So a server that
//! refuses a body, answers and hangs up is heard: hyper and h2 would give the connection up at the failed write, with the
//! answer unread. Of HTTP/2 it also looks at the [frames](Frames) that come in: after a GOAWAY, and at the end, the connection
//! takes no further calls.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::AlertDescription;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::Frames;
use crate::socket_state::SocketState;

pub(crate) struct Socket<T> {
    stream: T,
    state: Arc<SocketState>,
    /// Of HTTP/2.
    frames: Option<Frames>,
}

impl<T> Socket<T> {
    pub(crate) fn http1(stream: T, socket_state: Arc<SocketState>) -> Self {
        Self {
            stream,
            state: socket_state,
            frames: None,
        }
    }

    pub(crate) fn http2(stream: T, socket_state: Arc<SocketState>) -> Self {
        Self {
            stream,
            frames: Some(Frames::new(Arc::clone(&socket_state))),
            state: socket_state,
        }
    }

    /// What HTTP is told of a write of `length` bytes.
    fn wrote(&self, length: usize, poll: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        Poll::Ready(match ready!(poll) {
            Ok(n) if n > 0 || length == 0 => {
                self.state.wrote(n);
                Ok(n)
            }
            Ok(_) => {
                self.state.fail(&io::ErrorKind::WriteZero.into());
                Ok(length)
            }
            Err(error) => {
                self.state.fail(&error);
                Ok(length)
            }
        })
    }
}

impl<T> Drop for Socket<T> {
    fn drop(&mut self) {
        self.state.close();
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Socket<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let poll = match &mut this.frames {
            None => Pin::new(&mut this.stream).poll_read(context, buffer),
            Some(frames) => {
                let before = buffer.filled().len();
                let poll = frames.poll_read(&mut this.stream, context, buffer);
                let came = buffer.filled().len() > before;
                if frames.take_goaway_began() || (poll.is_ready() && !came) {
                    this.state.exhaust();
                }
                poll
            }
        };
        if let Poll::Ready(Err(error)) = &poll
            && refuses_certificate(error)
        {
            // h2 keeps only the words of an error.
            this.state.refuse_client_certificate();
        }
        poll
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Socket<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.state.has_failed() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(bytes.len(), poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        if self.state.has_failed() {
            return Poll::Ready(Ok(length));
        }
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(length, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state.has_failed() {
            return Poll::Ready(Ok(()));
        }
        match ready!(Pin::new(&mut self.stream).poll_flush(context)) {
            Ok(()) => self.state.flushed(),
            Err(error) => self.state.fail(&error),
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state.has_failed() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// What TLS itself has against a connection; `None` for an error that is the network's.
pub(crate) fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether the other side said that it wants another certificate, or none of this client.
fn refuses_certificate(error: &io::Error) -> bool {
    let Some(rustls::Error::AlertReceived(alert)) = tls_error(error) else {
        return false;
    };
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity
            | AlertDescription::DecryptError
    )
}

#[cfg(test)]
#[cfg(not(wats_loom))]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Takes so many bytes and then no more; what there is to read stays.
    struct Deaf(usize, &'static [u8]);

    impl AsyncRead for Deaf {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let n = buffer.remaining().min(self.1.len());
            buffer.put_slice(&self.1[..n]);
            self.1 = &self.1[n..];
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Deaf {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            if self.0 == 0 {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let n = bytes.len().min(self.0);
            self.0 -= n;
            Poll::Ready(Ok(n))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
        }
    }

    #[tokio::test]
    async fn after_a_write_that_failed_reading_goes_on_and_nothing_counts_as_written() {
        let socket_state = Arc::new(SocketState::default());
        let mut socket = Socket::http1(Deaf(3, b"refused"), Arc::clone(&socket_state));
        socket.write_all(b"abcdef").await.unwrap();
        socket.flush().await.unwrap();
        assert_eq!((socket_state.written(), socket_state.flushes()), (3, 0));
        assert_eq!(
            socket_state.failure().unwrap().kind(),
            io::ErrorKind::BrokenPipe
        );
        let mut read = String::new();
        socket.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "refused");
        socket.shutdown().await.unwrap();
    }
}
