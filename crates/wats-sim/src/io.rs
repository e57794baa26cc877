//! The socket seen by the server: a TCP stream that counts every byte and is counted itself.
//!
//! It sits below TLS, so the figures are what really crossed the wire.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::connection::ConnectionHandle;
use crate::counters::Meter;

/// A TCP stream whose life and bytes show in the [`Meter`].
#[derive(Debug)]
pub(crate) struct CountedStream {
    stream: TcpStream,
    meter: Arc<Meter>,
    connection: ConnectionHandle,
}

impl CountedStream {
    pub(crate) fn new(stream: TcpStream, meter: Arc<Meter>, connection: ConnectionHandle) -> Self {
        meter.connection_opened();
        Self {
            stream,
            meter,
            connection,
        }
    }
}

impl Drop for CountedStream {
    fn drop(&mut self) {
        if self.connection.is_reset() {
            // Without lingering, closing is a reset.
            let _ = self.stream.set_zero_linger();
        }
        self.meter.connection_closed();
    }
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.meter.bytes_in((buf.filled().len() - before) as u64);
        polled
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.count_written(&polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.count_written(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl CountedStream {
    fn count_written(&self, polled: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(written)) = polled {
            self.meter.bytes_out(*written as u64);
            self.connection.wrote(*written as u64);
        }
    }
}
