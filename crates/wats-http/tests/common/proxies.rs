//! Small but real proxies: HTTP (CONNECT and forwarding, with and without a password) and SOCKS5.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// A proxy and what it was asked.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// An HTTP proxy; with `login` (`user:password`) it turns others away.
    pub(crate) async fn http(login: Option<&'static str>) -> Self {
        Self::start(move |client, asked| serve_http(client, asked, login)).await
    }

    /// An HTTP proxy that answers every CONNECT with this head.
    pub(crate) async fn answering(head: &'static str) -> Self {
        Self::start(move |mut client, asked| async move {
            let (request, _) = read_head(&mut client).await?;
            asked.lock().unwrap().push(request);
            client.write_all(head.as_bytes()).await.ok()?;
            // Until the client closes, so that it reads the answer and not a reset.
            let _ = client.read(&mut [0; 1]).await;
            Some(())
        })
        .await
    }

    /// A SOCKS5 proxy.
    pub(crate) async fn socks5(login: Option<&'static str>) -> Self {
        Self::start(move |client, asked| serve_socks5(client, asked, login)).await
    }

    async fn start<F, Fut>(serve: F) -> Self
    where
        F: Fn(TcpStream, Arc<Mutex<Vec<String>>>) -> Fut + Send + 'static,
        Fut: Future<Output = Option<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::default());
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(client, Arc::clone(&kept)));
            }
        });
        Self { address, asked }
    }

    /// The first line of each request, or `SOCKS5 <host:port>`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn read_head(client: &mut TcpStream) -> Option<(String, Vec<String>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    let text = String::from_utf8(head).ok()?;
    let mut lines = text.trim_end().split("\r\n").map(str::to_owned);
    Some((lines.next()?, lines.collect()))
}

async fn serve_http(
    mut client: TcpStream,
    asked: Arc<Mutex<Vec<String>>>,
    login: Option<&str>,
) -> Option<()> {
    let (request, headers) = read_head(&mut client).await?;
    asked.lock().unwrap().push(request.clone());
    if let Some(login) = login {
        let wanted = format!("proxy-authorization: Basic {}", STANDARD.encode(login));
        if !headers.iter().any(|h| h.eq_ignore_ascii_case(&wanted)) {
            let no = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            client.write_all(no).await.ok()?;
            return client.shutdown().await.ok();
        }
    }
    let (method, target) = request.rsplit_once(' ')?.0.split_once(' ')?;
    if method == "CONNECT" {
        let mut server = TcpStream::connect(target).await.ok()?;
        client
            .write_all(b"HTTP/1.1 200 Connected\r\n\r\n")
            .await
            .ok()?;
        copy_bidirectional(&mut client, &mut server).await.ok()?;
        return Some(());
    }
    let (authority, path) = target.strip_prefix("http://")?.split_once('/')?;
    let mut server = TcpStream::connect(authority).await.ok()?;
    let mut head = format!("{method} /{path} HTTP/1.1\r\nvia: 1.1 test\r\nconnection: close\r\n");
    for header in headers {
        if !header.to_ascii_lowercase().starts_with("proxy-") {
            head.push_str(&header);
            head.push_str("\r\n");
        }
    }
    server
        .write_all(format!("{head}\r\n").as_bytes())
        .await
        .ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}

async fn serve_socks5(
    mut client: TcpStream,
    asked: Arc<Mutex<Vec<String>>>,
    login: Option<&str>,
) -> Option<()> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting).await.ok()?;
    let mut methods = vec![0; usize::from(greeting[1])];
    client.read_exact(&mut methods).await.ok()?;
    let method = if login.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        return client.write_all(&[5, 0xff]).await.ok();
    }
    client.write_all(&[5, method]).await.ok()?;
    if let Some(login) = login {
        client.read_u8().await.ok()?;
        let mut parts = Vec::new();
        for _ in 0..2 {
            let mut part = vec![0; usize::from(client.read_u8().await.ok()?)];
            client.read_exact(&mut part).await.ok()?;
            parts.push(String::from_utf8(part).ok()?);
        }
        let fits = parts.join(":") == login;
        client.write_all(&[1, u8::from(!fits)]).await.ok()?;
        if !fits {
            return None;
        }
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await.ok()?;
    let host = match request[3] {
        1 => {
            let mut bytes = [0; 4];
            client.read_exact(&mut bytes).await.ok()?;
            std::net::Ipv4Addr::from(bytes).to_string()
        }
        3 => {
            let mut name = vec![0; usize::from(client.read_u8().await.ok()?)];
            client.read_exact(&mut name).await.ok()?;
            String::from_utf8(name).ok()?
        }
        _ => return None,
    };
    let port = client.read_u16().await.ok()?;
    let target = format!("{host}:{port}");
    asked.lock().unwrap().push(format!("SOCKS5 {target}"));
    let Ok(mut server) = TcpStream::connect(&target).await else {
        return client.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok();
    };
    client
        .write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        .await
        .ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}
