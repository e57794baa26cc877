//! From an address to a connection: TCP, TLS, HELLO with the credentials.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ProtocolVersion, PushInfo, RedisConnectionInfo};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use wats_http::TlsConnector;

use crate::error::{Error, Result};
use crate::link::address::Server;
use crate::link::driver::Driver;
use crate::link::session::failure;
use crate::link::state::State;
use crate::security::Credentials;

/// What is done with each push, in the reader of the socket.
pub(super) type Pushes = Box<dyn Fn(PushInfo) + Send + Sync>;

/// A connection, and what reads and writes it.
pub(super) struct Connected {
    pub(super) connection: MultiplexedConnection,
    pub(super) reader: Reader,
}

/// What reads and writes the socket; the socket is closed with it.
pub(super) struct Reader {
    driver: Arc<Driver>,
    task: tokio::task::JoinHandle<()>,
}

impl Reader {
    fn start(io: impl Future<Output = ()> + Send + 'static) -> Self {
        let driver = Driver::new(io);
        let task = tokio::spawn(Arc::clone(&driver).drive());
        Self { driver, task }
    }

    pub(super) fn driver(&self) -> &Arc<Driver> {
        &self.driver
    }

    /// Until the connection is closed.
    pub(super) async fn closed(&mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.driver.close();
        self.task.abort();
    }
}

/// How to greet a server.
#[derive(Clone, Copy)]
pub(super) struct Greeting<'a> {
    pub(super) credentials: Option<&'a Credentials>,
    pub(super) database: i64,
    pub(super) tls: Option<&'a TlsConnector>,
}

/// Connects, with RESP3 if pushes are wanted.
pub(super) async fn connect(
    server: &Server,
    greeting: Greeting<'_>,
    state: &Arc<State>,
    pushes: Option<Pushes>,
) -> Result<Connected> {
    let refused = |reason: String| Error::Connect {
        address: server.to_string(),
        reason,
    };
    let tcp = TcpStream::connect((server.host.as_str(), server.port))
        .await
        .map_err(|error| refused(error.to_string()))?;
    tcp.set_nodelay(true)
        .map_err(|error| refused(error.to_string()))?;
    let stream = Counted {
        inner: tcp,
        state: Arc::clone(state),
    };
    match greeting.tls {
        None => greet(stream, greeting, pushes).await,
        Some(tls) => {
            let stream = tls.connect(&server.host, stream).await;
            let stream = stream.map_err(|error| refused(error.to_string()))?;
            greet(stream, greeting, pushes).await
        }
    }
}

async fn greet<S>(stream: S, greeting: Greeting<'_>, pushes: Option<Pushes>) -> Result<Connected>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut info = RedisConnectionInfo::default()
        .set_db(greeting.database)
        .set_skip_set_lib_name();
    if let Some(credentials) = greeting.credentials {
        if let Some(user) = &credentials.user {
            info = info.set_username(user);
        }
        info = info.set_password(&credentials.password);
    }
    // Times are kept by the link, not by the client library: it would need a timer of whoever waits.
    let mut config = AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_connection_timeout(None);
    if let Some(pushes) = pushes {
        info = info.set_protocol(ProtocolVersion::RESP3);
        config = config.set_push_sender(move |push: PushInfo| {
            pushes(push);
            Ok::<(), redis::aio::SendError>(())
        });
    }
    let (connection, io) = MultiplexedConnection::new_with_config(&info, stream, config)
        .await
        .map_err(|error| failure(&error))?;
    Ok(Connected {
        connection,
        reader: Reader::start(io),
    })
}

/// Counts what goes through.
struct Counted<S> {
    inner: S,
    state: Arc<State>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        let read = buffer.filled().len().saturating_sub(before);
        self.state.stats.read(read as u64);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
        self.state.stats.written(written as u64);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
