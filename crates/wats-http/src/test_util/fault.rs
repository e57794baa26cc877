//! A TCP server that does to each connection what a script says.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// One thing that a [`FaultServer`] does with a connection.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Act {
    /// Reads one request: its head, and the body that `Content-Length` or chunks announce.
    Read,
    /// Reads the head of a request, and at most what came with it.
    ReadHead,
    /// Sends these bytes as they are.
    Send(Bytes),
    /// Sends these bytes one at a time.
    Trickle {
        /// What to send.
        bytes: Bytes,
        /// The time between two bytes.
        every: Duration,
    },
    /// Sends these bytes again and again until the client is gone.
    Flood(Bytes),
    /// Sends no more, but keeps reading until the client closes.
    HalfClose,
    /// Sends nothing until the client closes.
    Hang,
    /// Closes in order. The end of a script does the same.
    Close,
    /// Resets the connection (RST), which also takes back what was not delivered yet.
    Reset,
}

impl Act {
    /// Sends a text.
    pub fn send(text: impl Into<Bytes>) -> Self {
        Self::Send(text.into())
    }

    /// Sends a whole, correct answer.
    pub fn answer(status: u16, body: &str) -> Self {
        let length = body.len();
        Self::send(format!(
            "HTTP/1.1 {status} Scripted\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }
}

/// What a [`FaultServer`] has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// Connections accepted so far.
    pub connections: usize,
    /// Connections open now.
    pub live: usize,
    /// Requests read so far.
    pub requests: usize,
}

/// A TCP server that follows a script; see [`Act`]. It ends when it is dropped.
///
/// ```
/// use wats_http::test_util::{Act, FaultServer};
/// use wats_http::{Call, Client, Idempotency, Operation, http::Method};
///
/// static GET: Operation = Operation::new("get", Method::GET, "/x", Idempotency::Idempotent);
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // The first connection breaks in the middle of the answer, the second one works.
/// let broken = vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal"), Act::Reset];
/// let server = FaultServer::start([broken, vec![Act::Read, Act::answer(200, "whole")]]).await?;
/// let client = Client::builder().base_url(server.url()).token("dXNlcjpwYXNz").build()?;
/// assert_eq!(client.execute(Call::new(&GET)).await?.attempts(), 2);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct FaultServer {
    address: SocketAddr,
    seen: watch::Receiver<Seen>,
    task: AbortHandle,
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FaultServer {
    /// Starts on a free port of this machine. The first connection follows the first script, and so on; all further
    /// ones follow the last.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(scripts: impl IntoIterator<Item = Vec<Act>>) -> io::Result<Self> {
        let scripts: Vec<Arc<[Act]>> = scripts.into_iter().map(Into::into).collect();
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let (note, seen) = watch::channel(Seen::default());
        let note = Arc::new(note);
        let task = tokio::spawn(async move {
            let mut tasks = tokio::task::JoinSet::new();
            let mut accepted = 0;
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let script = scripts.get(accepted).or(scripts.last()).cloned();
                accepted += 1;
                note.send_modify(|seen| {
                    seen.connections += 1;
                    seen.live += 1;
                });
                let note = Arc::clone(&note);
                tasks.spawn(async move {
                    let _ = follow(stream, &script.unwrap_or_default(), &note).await;
                    note.send_modify(|seen| seen.live -= 1);
                });
                while tasks.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            address,
            seen,
            task: task.abort_handle(),
        })
    }

    /// The address for a client, `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of the socket.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has seen so far.
    pub fn seen(&self) -> Seen {
        *self.seen.borrow()
    }

    /// Waits until what it has seen is as wanted.
    pub async fn until(&self, wanted: impl Fn(Seen) -> bool) -> Seen {
        let mut seen = self.seen.clone();
        match seen.wait_for(|seen| wanted(*seen)).await {
            Ok(seen) => *seen,
            Err(_) => self.seen(),
        }
    }
}

async fn follow(
    mut stream: TcpStream,
    script: &[Act],
    note: &watch::Sender<Seen>,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    for act in script {
        match act {
            Act::Read => {
                if !read(&mut stream, &mut buffer, true).await? {
                    return Ok(());
                }
                note.send_modify(|seen| seen.requests += 1);
            }
            Act::ReadHead => {
                if !read(&mut stream, &mut buffer, false).await? {
                    return Ok(());
                }
                note.send_modify(|seen| seen.requests += 1);
            }
            Act::Send(bytes) => stream.write_all(bytes).await?,
            Act::Trickle { bytes, every } => {
                for byte in bytes {
                    stream.write_all(std::slice::from_ref(byte)).await?;
                    tokio::time::sleep(*every).await;
                }
            }
            Act::Flood(bytes) => loop {
                stream.write_all(bytes).await?;
            },
            Act::HalfClose => {
                stream.shutdown().await?;
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
            }
            Act::Hang => {
                // What comes is thrown away: only so the end is noticed.
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
            }
            Act::Close => return stream.shutdown().await,
            Act::Reset => return stream.set_zero_linger(),
        }
    }
    stream.shutdown().await
}

/// Reads a request; `false` when the client closed before one came.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>, whole: bool) -> io::Result<bool> {
    let head = loop {
        if let Some(at) = find(buffer, b"\r\n\r\n") {
            break at + 4;
        }
        if !fill(stream, buffer).await? {
            return Ok(false);
        }
    };
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    buffer.drain(..head);
    if !whole {
        buffer.clear();
        return Ok(true);
    }
    if text.contains("transfer-encoding: chunked") {
        let end = loop {
            if let Some(at) = find(buffer, b"0\r\n\r\n") {
                break at + 5;
            }
            if !fill(stream, buffer).await? {
                return Ok(false);
            }
        };
        buffer.drain(..end);
        return Ok(true);
    }
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    while buffer.len() < length {
        if !fill(stream, buffer).await? {
            return Ok(false);
        }
    }
    buffer.drain(..length);
    Ok(true)
}

async fn fill(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut piece = [0; 4 << 10];
    let n = stream.read(&mut piece).await?;
    buffer.extend_from_slice(&piece[..n]);
    Ok(n > 0)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
