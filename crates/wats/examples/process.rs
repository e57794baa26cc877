//! Processes: which ones there are, which one to test by, which failures a repair may name.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example process
//! ```

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use wats::Wats;

#[tokio::main(flavor = "current_thread")]
async fn main() -> wats::Result<()> {
    let wats = Wats::from_env()?;
    let process = wats.process();

    // One request; the other questions are answered from memory.
    for test in process.test_operations().await? {
        println!("{:?} {}", test.code, test.name());
    }
    if let Some(test) = process.default_test_operation().await? {
        println!("test by {}", test.name());
    }
    match process.test_operation("ict test").await? {
        Some(ict) => println!("ICT test has the code {:?}", ict.code),
        None => println!("there is no test operation of this name"),
    }
    let with_inactive = process.list().inactive(true).await?;
    println!("{} with those not in use any more", with_inactive.len());

    // By a route that the server does not publish.
    for code in process.internal().fail_codes(500).await? {
        println!("{}: {}", code.category, code.code.description());
    }
    Ok(())
}
