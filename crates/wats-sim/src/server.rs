//! Connections: accepting them, speaking HTTP on them, ending them.
//!
//! One task accepts; it owns a task per connection, so when it ends everything ends. A connection
//! ends when the client closes it, when a fault cuts it, or when the server stops.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::connection::{AbortOnDrop, ConnectionHandle};
use crate::io::CountedStream;
use crate::service;
use crate::shared::Shared;

/// The largest request head (request handle and headers) that is read.
const MAX_HEAD: usize = 64 * 1024;
/// How long a stopping server waits for requests that are being answered.
const GRACE: Duration = Duration::from_secs(5);
/// How long a connection without a request may be about to write something when it is told to end.
const LAST_WRITE: Duration = Duration::from_millis(100);
/// Pause after a failed accept, which is most often a lack of file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a connection needs.
pub(crate) struct Server {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) http1_only: bool,
    pub(crate) max_connections: usize,
    /// Turns true when the server stops.
    pub(crate) stop: watch::Receiver<bool>,
}

/// Accepts until told to stop, then frees the port and lets running requests finish.
pub(crate) async fn run(server: Server, listener: TcpListener) {
    let server = Arc::new(server);
    let mut stop = server.stop.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = told(&mut stop) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() < server.max_connections => {
                    connections.spawn(connection(Arc::clone(&server), stream));
                }
                // One too many: closing it at once is all that can be done.
                Ok(_) => {}
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all_done).await.is_err() {
        connections.shutdown().await;
    }
}

async fn connection(server: Arc<Server>, stream: TcpStream) {
    // Without it small answers may wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let handle = ConnectionHandle::default();
    let stream = CountedStream::new(stream, Arc::clone(&server.shared.meter), handle.clone());
    let Some(tls) = &server.tls else {
        return serve(&server, stream, handle).await;
    };
    let mut stop = server.stop.clone();
    tokio::select! {
        () = told(&mut stop) => {}
        // A client that does not trust the certificate ends here; it knows why.
        shaken = tls.accept(stream) => if let Ok(stream) = shaken {
            serve(&server, stream, handle).await;
        }
    }
}

async fn serve<S>(server: &Server, stream: S, handle: ConnectionHandle)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // However this function ends, the tasks of the connection end too.
    let _abort_on_drop = AbortOnDrop(handle.clone());
    let mut builder = auto::Builder::new(handle.clone());
    builder
        .http1()
        .timer(TokioTimer::new())
        .max_buf_size(MAX_HEAD)
        .header_read_timeout(None);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEAD as u32);
    if server.http1_only {
        builder = builder.http1_only();
    }
    let service = service_fn(|request: Request<Incoming>| {
        let (shared, handle) = (Arc::clone(&server.shared), handle.clone());
        async move {
            let _in_service = handle.request();
            service::call(&shared, request, &handle).await
        }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);

    let mut stop = server.stop.clone();
    let mut stopping = false;
    let mut written = None;
    loop {
        tokio::select! {
            // An error is the client's going away or not speaking HTTP: nobody is left to tell.
            _ = connection.as_mut() => return,
            () = handle.until_aborted() => return,
            () = told(&mut stop), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = handle.until_going_away(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            // What is left is half a request, or an answer that nobody takes.
            () = tokio::time::sleep(LAST_WRITE), if stopping => {
                let idle = handle.written_when_idle();
                if idle.is_some() && idle == written {
                    return;
                }
                written = idle;
            }
        }
    }
}

/// Waits until the server stops; a server that is gone has stopped too.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Listens on an address; port 0 is any free one. Answers where a client of this machine finds it.
pub(crate) async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let mut address = listener.local_addr()?;
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok((listener, address))
}
