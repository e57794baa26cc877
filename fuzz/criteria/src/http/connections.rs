//! Bytes off the wire, over real TCP: the other side says them and closes.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wats_http::{Call, Client, ErrorKind, ProxyConfig, Timeouts};

use super::host::{DECODED, GET, check, client, run};

/// Any answer of a server: an error or an answer within the caps, at once, and no slot is kept.
pub(crate) fn wire(bytes: &[u8]) {
    run(async {
        let (listener, address) = listen().await;
        let client = client(&format!("http://{address}"))
            .timeouts(long_timeouts())
            .proxy(ProxyConfig::direct())
            .redirects(2)
            .build()
            .expect("a valid configuration");
        ends(&client, listener, bytes, true).await;
    });
}

/// Any answer of a proxy, the first byte choosing its kind; what follows a handshake is the server's.
pub(crate) fn proxy(input: &[u8]) {
    let Some((choice, bytes)) = input.split_first() else {
        return;
    };
    run(async {
        let (listener, address) = listen().await;
        let (base, proxy) = match choice % 4 {
            0 => ("http://server.example", format!("socks5h://{address}")),
            1 => (
                "http://server.example",
                format!("socks5h://user:pass@{address}"),
            ),
            2 => ("http://127.0.0.1:9", format!("socks5://{address}")),
            _ => (
                "https://server.example",
                format!("http://user:pass@{address}"),
            ),
        };
        let client = client(base)
            .timeouts(long_timeouts())
            .proxy(ProxyConfig::url(&proxy).expect("a valid address"))
            .build()
            .expect("a valid configuration");
        // An HTTP proxy speaks when it was asked.
        ends(&client, listener, bytes, choice % 4 == 3).await;
    });
}

/// So long that only a call that hangs gets there.
fn long_timeouts() -> Timeouts {
    let long = Duration::from_secs(60);
    Timeouts::default().connect(long).attempt(long).total(long)
}

async fn listen() -> (TcpListener, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// Makes two calls, each connection being answered with `bytes`, and checks how they end.
async fn ends(client: &Client, listener: TcpListener, bytes: &[u8], asked: bool) {
    let serve = async {
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                let _ = say(stream, bytes, asked).await;
            }
        }
    };
    let calls = async {
        for _ in 0..2 {
            match client.execute(Call::new(&GET)).await {
                Ok(answer) => assert!(answer.body().len() <= DECODED),
                Err(error) => {
                    check(&error);
                    let kind = error.kind();
                    assert!(
                        !matches!(kind, ErrorKind::Timeout(_) | ErrorKind::Config),
                        "{error:#}"
                    );
                }
            }
        }
        while client.pool_stats().in_use > 0 {
            tokio::task::yield_now().await;
        }
    };
    let ended = async {
        tokio::select! {
            () = calls => {}
            () = serve => {}
        }
    };
    tokio::time::timeout(Duration::from_secs(120), ended)
        .await
        .expect("a slot is kept");
}

async fn say(mut stream: TcpStream, bytes: &[u8], asked: bool) -> std::io::Result<()> {
    let mut head = Vec::new();
    while asked && !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    stream.write_all(bytes).await?;
    stream.shutdown().await?;
    // Reads on, so that the close is an orderly one.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}
