//! The clients of a server with their levels, without a runtime of its own; with two names, the id of a level.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example system -- Plant "Line 1"
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::error::Error;

use wats::Wats;

fn main() -> Result<(), Box<dyn Error>> {
    let wats = Wats::from_env()?;
    println!("server {}", wats.version().wait()?);
    for client in wats.system().clients().wait()? {
        let state = client.extra.get("status");
        println!("{:?} in {:?}: {state:?}", client.name, client.location);
    }
    let names: Vec<String> = std::env::args().skip(1).collect();
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match wats.system().level(&names).wait()? {
            Some(id) => println!("the level is {id}"),
            None => println!("there is no such level"),
        }
    }
    Ok(())
}
