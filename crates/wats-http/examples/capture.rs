//! What to attach to a support case: every try of a piece of work, with headers and the starts of bodies, without the
//! token:
//!
//! ```text
//! cargo run -p wats-http --example capture
//! ```

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod server;

use std::error::Error;

use wats_http::{Call, Capture, Client, Idempotency, Operation, http::Method};
use wats_sim::Fault;

static VERSION: Operation = Operation::new(
    "app.version",
    Method::GET,
    "/api/App/Version",
    Idempotency::Idempotent,
);
static PRODUCTS: Operation = Operation::new(
    "product.query",
    Method::GET,
    "/api/Product/Query",
    Idempotency::Idempotent,
);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = server::start(false).await?;
    if let Some(simulator) = &server.simulator {
        // The first try fails, so that there is something to see.
        simulator.inject(Fault::status(503).times(1));
    }
    let client = Client::builder()
        .base_url(&server.url)
        .token(&server.token)
        .build()?;

    let work = async {
        client.execute(Call::new(&VERSION)).await?;
        client
            .execute(Call::new(&PRODUCTS).query("$filter", "nonsense"))
            .await
    };
    // Bodies are cut; calls of other tasks are not in it.
    let (outcome, trace) = Capture::default().max_body(200).of(work).await;
    if let Err(error) = outcome {
        println!("{error:#}\n");
    }
    print!("{trace}");
    // The same for a file; `MockTransport::replay` (feature `test-util`) answers from it in a test.
    println!("\n{} bytes as JSON", serde_json::to_vec(&trace)?.len());
    Ok(())
}
