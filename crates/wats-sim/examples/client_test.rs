//! A server in the same process, a failure on purpose, and what the server saw of it.
//!
//! `cargo run -p wats-sim --example client_test`

use std::io::{self, Write as _};
use std::time::Duration;

use wats_sim::{Fault, Simulator};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Simulator::builder()
        .latency(Duration::from_millis(20))
        .products(3)
        .start()
        .await?;
    sim.inject(Fault::status(503).header("Retry-After", "1"));

    // Any client will do; a bare socket shows that nothing is hidden.
    let mut out = io::stdout();
    for _ in 0..2 {
        writeln!(out, "{}\n", get(&sim, "/api/Product/PART-0001").await?)?;
    }
    writeln!(out, "{}", sim.counters())?;
    sim.shutdown().await;
    Ok(())
}

async fn get(sim: &Simulator, path: &str) -> io::Result<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = sim.base_url().trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let token = sim.token();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {token}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
