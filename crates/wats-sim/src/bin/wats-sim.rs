//! The `wats-sim` program: a simulated WATS server until Ctrl-C.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::task::Poll;
use std::time::Duration;

use clap::Parser;
use wats_sim::{Simulator, parse_duration};

/// A simulated WATS server on 127.0.0.1; prints its counters when stopped with Ctrl-C.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Time added to each request, such as 20ms or 1.5s.
    #[arg(long, default_value = "0ms", value_parser = parse_duration)]
    latency: Duration,
    /// Speak TLS with a certificate made at start.
    #[arg(long)]
    tls: bool,
    /// Speak HTTP/1.1 only.
    #[arg(long)]
    http1_only: bool,
    /// Token to accept, as it stands after `Basic`.
    #[arg(long, default_value = wats_sim::DEFAULT_TOKEN)]
    token: String,
    /// Products to begin with.
    #[arg(long, default_value_t = 0)]
    products: usize,
    /// Keep the state in this folder, and begin with what it holds.
    #[cfg(feature = "data")]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Write the certificate authority of --tls to this file, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_out: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nothing is left to do if even standard error is gone.
            let _ = writeln!(io::stderr(), "error: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), String> {
    let builder = Simulator::builder()
        .port(args.port)
        .latency(args.latency)
        .tls(args.tls)
        .http1_only(args.http1_only)
        .token(args.token)
        .products(args.products);
    #[cfg(feature = "data")]
    let builder = match args.data {
        Some(folder) => builder.data(folder),
        None => builder,
    };
    let sim = builder.start().await.map_err(|error| error.to_string())?;

    say(&format!(
        "WATS_BASE_URL={}\nWATS_AUTH_TOKEN={}",
        sim.base_url(),
        sim.token()
    ))?;
    if let (Some(file), Some(pem)) = (&args.ca_out, sim.ca_certificate_pem()) {
        std::fs::write(file, pem)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        say(&format!("certificate authority in {}", file.display()))?;
    }
    // Listening for the key begins at the first poll: before the line that invites to press it.
    let mut pressed = std::pin::pin!(tokio::signal::ctrl_c());
    let early = std::future::poll_fn(|cx| Poll::Ready(pressed.as_mut().poll(cx))).await;
    say("stop with Ctrl-C")?;
    let heard = match early {
        Poll::Ready(heard) => heard,
        Poll::Pending => pressed.await,
    };
    heard.map_err(|error| format!("cannot wait for Ctrl-C: {error}"))?;
    sim.shutdown().await;
    say(&format!("\n{}", sim.counters()))
}

fn say(line: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())
}
