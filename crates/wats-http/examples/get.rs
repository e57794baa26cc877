//! One call that works and one that does not:
//!
//! ```text
//! cargo run -p wats-http --example get
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats-http --example get -- PART-NUMBER
//! ```

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod server;

use std::error::Error;

use wats_http::{Call, Client, Idempotency, Operation, http::Method};

// What a server can do is written down once: the name for logs and errors, the path with its parameters, and whether
// doing it twice is safe. The method does not decide that.
static VERSION: Operation = Operation::new(
    "app.version",
    Method::GET,
    "/api/App/Version",
    Idempotency::Idempotent,
);
static PRODUCT: Operation = Operation::new(
    "product.get",
    Method::GET,
    "/api/Product/{partNumber}",
    Idempotency::Idempotent,
);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = server::start(false).await?;
    // Make one client and keep it: it holds the connections. Clones share them.
    let client = Client::builder()
        .base_url(&server.url)
        .token(&server.token)
        .build()?;

    let version: String = client.execute(Call::new(&VERSION)).await?.json()?;
    println!("WATS {version}");

    // Any part number is one segment of the path, whatever is in it.
    let part_number = std::env::args()
        .nth(1)
        .unwrap_or("no such/part #1".to_owned());
    match client
        .execute(Call::new(&PRODUCT).path("partNumber", &part_number))
        .await
    {
        Ok(answer) => println!("{}", String::from_utf8_lossy(answer.body())),
        // `{:#}` tells everything on one line: operation, address, status, the server's words, what to do.
        Err(error) => println!("{error:#}"),
    }
    Ok(())
}
