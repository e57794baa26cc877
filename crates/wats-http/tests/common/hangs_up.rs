//! A server that answers uploads before it has read them, and then does something else than to wait: over HTTP/1.1, with
//! TLS, and over HTTP/2 frame by frame.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::common::{Speaks, tls_acceptor};

/// What it does after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Closes with the body unread, which resets the connection.
    Closes,
    /// Says so in the answer, and closes.
    ClosesAsItSaid,
    /// Closes its own direction and reads no more.
    HalfCloses,
    /// Reads all the rest.
    ReadsOn,
    /// Resets the stream without or with an error and stays (HTTP/2).
    Resets(u32),
    /// Says goodbye and closes (HTTP/2).
    SaysGoodbye,
}

impl Ending {
    pub(crate) fn all(speaks: Speaks) -> Vec<Self> {
        let mut all = vec![Self::Closes, Self::HalfCloses, Self::ReadsOn];
        if speaks == Speaks::Tls {
            // NO_ERROR and CANCEL.
            all.extend([Self::Resets(0), Self::Resets(8), Self::SaysGoodbye]);
        } else {
            all.push(Self::ClosesAsItSaid);
        }
        all
    }
}

pub(crate) struct HangsUp {
    pub(crate) url: String,
    pub(crate) ca_pem: Option<String>,
    uploads: Arc<AtomicUsize>,
}

impl HangsUp {
    pub(crate) async fn start(speaks: Speaks, status: u16, ending: Ending) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls = (speaks != Speaks::Plain).then(|| tls_acceptor(speaks));
        let ca_pem = tls.as_ref().map(|(_, pem)| pem.clone());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let uploads = Arc::new(AtomicUsize::new(0));
        let counted = uploads.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // What is held back when a connection is reset is never sent.
                stream.set_nodelay(true).unwrap();
                let (tls, counted) = (tls.clone(), counted.clone());
                tokio::spawn(async move {
                    match tls {
                        None => http1(stream, status, ending, &counted).await,
                        Some((acceptor, _)) => {
                            let Ok(stream) = acceptor.accept(stream).await else {
                                return;
                            };
                            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                                let _ = http2(stream, status, ending, &counted).await;
                            } else {
                                http1(stream, status, ending, &counted).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            url: format!("{scheme}://{address}"),
            ca_pem,
            uploads,
        }
    }

    /// How many bodies it has been sent since this was asked last.
    pub(crate) fn take_uploads(&self) -> usize {
        self.uploads.swap(0, SeqCst)
    }
}

async fn read_on(stream: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = vec![0; 256 << 10];
    while let Ok(1..) = stream.read(&mut buffer).await {}
}

/// Reads nothing more, for a while.
async fn stand_still<T>(stream: T) {
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    drop(stream);
}

async fn http1<T>(mut stream: T, status: u16, ending: Ending, uploads: &AtomicUsize)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let mut read = Vec::new();
        while !read.windows(4).any(|window| window == b"\r\n\r\n") {
            let mut buffer = [0; 4096];
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(n) => read.extend_from_slice(&buffer[..n]),
            }
        }
        if read.starts_with(b"GET ") {
            let fine = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(fine).await.unwrap();
            stream.flush().await.unwrap();
            continue;
        }
        uploads.fetch_add(1, SeqCst);
        let close = if ending == Ending::ClosesAsItSaid {
            "connection: close\r\n"
        } else {
            ""
        };
        let rest = if status == 204 {
            "\r\n"
        } else {
            "content-length: 2\r\n\r\nno"
        };
        let answer = format!("HTTP/1.1 {status} Status\r\n{close}{rest}");
        if stream.write_all(answer.as_bytes()).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        match ending {
            Ending::ReadsOn => return read_on(&mut stream).await,
            Ending::HalfCloses => {
                let _ = stream.shutdown().await;
                return stand_still(stream).await;
            }
            _ => return,
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

async fn http2<T>(
    mut stream: T,
    status: u16,
    ending: Ending,
    uploads: &AtomicUsize,
) -> std::io::Result<()>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    const PREFACE: usize = 24;
    let window = 0x7fff_ffff_u32.to_be_bytes();
    let settings = [&[0, 4][..], &window].concat();
    // Room for whatever comes: this server never says that it has read something.
    let more = (0x7000_0000_u32).to_be_bytes();
    stream.write_all(&frame(4, 0, 0, &settings)).await?;
    stream.write_all(&frame(8, 0, 0, &more)).await?;
    stream.flush().await?;
    let mut preface = [0; PREFACE];
    stream.read_exact(&mut preface).await?;
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).await?;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await?;
        let (kind, flags) = (header[3], header[4]);
        let id = u32::from_be_bytes(header[5..].try_into().unwrap());
        if kind == 4 && flags & 1 == 0 {
            stream.write_all(&frame(4, 1, 0, b"")).await?;
            stream.flush().await?;
        }
        if kind != 1 {
            continue;
        }
        let upload = flags & 1 == 0;
        let told = if upload { status } else { 200 };
        uploads.fetch_add(usize::from(upload), SeqCst);
        // HPACK: a literal without indexing, of the name at 8, `:status`.
        let block = [&[8, 3][..], told.to_string().as_bytes()].concat();
        let mut answer = frame(1, 0x5, id, &block);
        match ending {
            _ if !upload => {}
            Ending::Resets(reason) => answer.extend(frame(3, 0, id, &reason.to_be_bytes())),
            Ending::SaysGoodbye => {
                let payload = [id.to_be_bytes(), [0; 4]].concat();
                answer.extend(frame(7, 0, 0, &payload));
            }
            _ => {}
        }
        stream.write_all(&answer).await?;
        stream.flush().await?;
        match ending {
            _ if !upload => {}
            Ending::ReadsOn | Ending::Resets(_) => {
                read_on(&mut stream).await;
                return Ok(());
            }
            Ending::HalfCloses => {
                stream.shutdown().await?;
                stand_still(stream).await;
                return Ok(());
            }
            _ => return Ok(()),
        }
    }
}
