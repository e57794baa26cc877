//! The `wats-sim` program: a simulated WATS server until Ctrl-C.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::task::Poll;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use wats_sim::{Access, Builder, ReportRules, Simulator, parse_duration};

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
    /// Write the certificate authority of --tls to this file, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_out: Option<PathBuf>,
    /// Speak HTTP/1.1 only.
    #[arg(long)]
    http1_only: bool,
    /// Token to accept, as it stands after `Basic`.
    #[arg(long, default_value = wats_sim::DEFAULT_TOKEN)]
    token: String,
    /// A further token, which may only read; several are several tokens.
    #[arg(long, value_name = "TOKEN")]
    read_only_token: Vec<String>,
    /// Most requests of a token within a time, such as 500/1m.
    #[arg(long, value_name = "N/TIME", value_parser = parse_rate)]
    rate_limit: Option<(usize, Duration)>,
    /// Products to begin with.
    #[arg(long, default_value_t = 0)]
    products: usize,
    /// Data to begin with: `demo` is a small factory with a thousand reports of the last 30 days.
    #[arg(long, value_name = "SET")]
    seed_data: Option<SeedData>,
    /// Reports to begin with: files with one report each, WSJF or WSXF.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    load: Vec<PathBuf>,
    /// Check reports by the strict rules, as a server does that refuses its own exports.
    #[arg(long)]
    strict: bool,
    /// Keep the state in this folder, and begin with what it holds.
    #[cfg(feature = "data")]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Stand before the real server at this URL and add what it answers to --archive, without secrets.
    #[cfg(feature = "record")]
    #[arg(long, value_name = "URL", requires = "archive")]
    record: Option<String>,
    /// The archive of --record.
    #[cfg(feature = "record")]
    #[arg(long, value_name = "FILE", requires = "record")]
    archive: Option<PathBuf>,
    /// Answer what a real server answered when this archive was recorded.
    #[arg(long, value_name = "ARCHIVE")]
    replay: Option<PathBuf>,
    /// Faults from this file in TOML.
    #[cfg(feature = "script")]
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// What the chance of faults is drawn from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print a line of JSON for each request.
    #[arg(long)]
    json: bool,
}

/// What a server can begin with.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum SeedData {
    /// A small factory.
    Demo,
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
    #[cfg(feature = "script")]
    let faults = match &args.faults {
        Some(file) => {
            let in_file = |problem: String| format!("{}: {problem}", file.display());
            let script =
                std::fs::read_to_string(file).map_err(|error| in_file(error.to_string()))?;
            wats_sim::Fault::script(&script).map_err(in_file)?
        }
        None => Vec::new(),
    };
    let sim = builder(&args)
        .start()
        .await
        .map_err(|error| error.to_string())?;
    #[cfg(feature = "script")]
    for fault in faults {
        sim.inject(fault);
    }
    for file in &args.load {
        let in_file = |problem: String| format!("cannot load {}: {problem}", file.display());
        let report = std::fs::read(file).map_err(|error| in_file(error.to_string()))?;
        sim.load_report(report).map_err(in_file)?;
    }

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
    say(&format!("look at {}/ with a browser", sim.base_url()))?;
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

fn builder(args: &Args) -> Builder {
    let mut builder = Simulator::builder()
        .port(args.port)
        .latency(args.latency)
        .tls(args.tls)
        .http1_only(args.http1_only)
        .token(&args.token)
        .products(args.products)
        .seed(args.seed);
    if matches!(args.seed_data, Some(SeedData::Demo)) {
        builder = builder.seed_demo();
    }
    for token in &args.read_only_token {
        builder = builder.access(Access::new(token).read_only());
    }
    if let Some((requests, per)) = args.rate_limit {
        builder = builder.rate_limit(requests, per);
    }
    if args.strict {
        builder = builder.report_rules(ReportRules::Strict);
    }
    if args.json {
        builder = builder.on_request(|request| {
            let line = serde_json::to_string(request).unwrap_or_default();
            // The server goes on when nobody reads.
            let _ = say(&line);
        });
    }
    if let Some(archive) = &args.replay {
        builder = builder.replay(archive);
    }
    #[cfg(feature = "record")]
    if let (Some(url), Some(archive)) = (&args.record, &args.archive) {
        builder = builder.record(url, archive);
    }
    #[cfg(feature = "data")]
    if let Some(folder) = &args.data {
        builder = builder.data(folder);
    }
    builder
}

fn say(line: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())
}

/// A number of requests and the time they may take.
fn parse_rate(text: &str) -> Result<(usize, Duration), String> {
    let wrong = || "write requests and a time, such as 500/1m".to_owned();
    let (requests, per) = text.split_once('/').ok_or_else(wrong)?;
    let requests = requests.trim().parse().map_err(|_| wrong())?;
    Ok((requests, parse_duration(per.trim())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        assert_eq!(parse_rate("500/1m"), Ok((500, Duration::from_secs(60))));
        for bad in ["500", "x/1m", "500/", "-1/1s"] {
            assert!(parse_rate(bad).is_err(), "{bad}");
        }
    }
}
