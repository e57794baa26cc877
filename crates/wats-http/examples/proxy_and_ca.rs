//! The network of a factory: a proxy that wants a password, and a server whose certificate is from a private CA:
//!
//! ```text
//! cargo run -p wats-http --example proxy_and_ca
//! WATS_BASE_URL=… WATS_AUTH_TOKEN=… cargo run -p wats-http --example proxy_and_ca -- http://proxy:3128 USER PASSWORD ca.pem
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

mod server;

use std::error::Error;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use wats_http::{
    Call, Client, Idempotency, Operation, ProxyConfig, ProxyCredentials, TlsConfig, http::Method,
};

static VERSION: Operation = Operation::new(
    "app.version",
    Method::GET,
    "/api/App/Version",
    Idempotency::Idempotent,
);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = server::start(true).await?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (proxy, tls) = match (&arguments[..], &server.simulator) {
        ([proxy, user, password, ca_file], _) => (
            ProxyConfig::url(proxy)?.credentials(ProxyCredentials { user, password })?,
            // Beside the system's own; `only_ca_file` trusts no other.
            TlsConfig::default().add_ca_file(ca_file)?,
        ),
        (_, Some(simulator)) => {
            let pem = simulator.ca_certificate_pem().ok_or("it speaks TLS")?;
            (
                ProxyConfig::url(&start_proxy().await?)?.credentials(ProxyCredentials {
                    user: "station-7",
                    password: "secret",
                })?,
                TlsConfig::default().only_ca_pem(pem)?,
            )
        }
        // What the environment says: HTTPS_PROXY, NO_PROXY, the system's certificates.
        (_, None) => (ProxyConfig::from_env(), TlsConfig::default()),
    };
    let client = Client::builder()
        .base_url(&server.url)
        .token(&server.token)
        .proxy(proxy)
        .tls(tls)
        .build()?;
    let answer = client.execute(Call::new(&VERSION)).await?;
    println!(
        "WATS {} over {:?}",
        answer.json::<String>()?,
        answer.version()
    );

    if let Some(simulator) = &server.simulator {
        // What it looks like when the CA is missing.
        let stranger = Client::builder()
            .base_url(simulator.base_url())
            .token(simulator.token());
        if let Err(error) = stranger
            .proxy(ProxyConfig::direct())
            .build()?
            .execute(Call::new(&VERSION))
            .await
        {
            println!("without the CA: {error:#}");
        }
    }
    Ok(())
}

/// A proxy as small as can be: it connects whoever asks, and wants to hear a password.
async fn start_proxy() -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("using a proxy at {url}");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Err(error) = tunnel(client).await {
                    eprintln!("the proxy: {error}");
                }
            });
        }
    });
    Ok(url)
}

async fn tunnel(mut client: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default();
    if !head
        .to_ascii_lowercase()
        .contains("proxy-authorization: basic")
    {
        return client.write_all(b"HTTP/1.1 407 Who are you?\r\n\r\n").await;
    }
    println!("the proxy: connects to {target}");
    let mut server = TcpStream::connect(target).await?;
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut server)
        .await
        .map(|_| ())
}
