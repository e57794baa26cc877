//! The command line of the server: its options, and a run until it is told to stop. The program `wats-sim` is this alone;
//! other programs have it as a command of theirs.

use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use clap::ValueEnum;

use crate::{Access, Builder, ReportRules, Simulator, parse_duration, parse_rate};

/// A simulated WATS server; prints its counters when stopped with Ctrl-C.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct Args {
    /// Address to listen on; 0.0.0.0 is any of this machine, as in a container.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
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
    #[arg(long, default_value = crate::DEFAULT_TOKEN)]
    token: String,
    /// A further token, which may only read; several are several tokens.
    #[arg(long, value_name = "TOKEN")]
    read_only_token: Vec<String>,
    /// Most requests of a token within a time, such as 500/1m.
    #[arg(long, value_name = "N/TIME", value_parser = parse_rate)]
    rate_limit: Option<(usize, Duration)>,
    /// Largest body of a request in bytes; larger ones are answered with 413.
    #[arg(long, value_name = "BYTES")]
    max_body: Option<usize>,
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
    /// The only certificate authority that --record trusts, as PEM; else those that the system trusts.
    #[cfg(feature = "record")]
    #[arg(long, value_name = "FILE", requires = "record", value_parser = text_of)]
    record_ca: Option<String>,
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

/// Starts a server as the options say, prints its address and token, and runs until Ctrl-C.
///
/// # Errors
/// What is wrong with an option or a file, or that the address cannot be had, in words.
pub async fn run(args: Args) -> Result<(), String> {
    #[cfg(feature = "script")]
    let faults = match &args.faults {
        Some(file) => {
            let in_file = |problem: String| format!("{}: {problem}", file.display());
            let script =
                std::fs::read_to_string(file).map_err(|error| in_file(error.to_string()))?;
            crate::Fault::script(&script).map_err(in_file)?
        }
        None => Vec::new(),
    };
    let out = Out::start();
    let sim = builder(&args, &out)
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

    out.say(format!(
        "WATS_BASE_URL={}\nWATS_AUTH_TOKEN={}",
        sim.base_url(),
        sim.token()
    ));
    if let (Some(file), Some(pem)) = (&args.ca_out, sim.ca_certificate_pem()) {
        std::fs::write(file, pem)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        out.say(format!("certificate authority in {}", file.display()));
    }
    out.say(format!("look at {}/ with a browser", sim.base_url()));
    // Listening for signals begins at the first poll: before the line that invites to send one.
    let mut told = std::pin::pin!(told_to_stop());
    let early = std::future::poll_fn(|cx| Poll::Ready(told.as_mut().poll(cx))).await;
    out.say("stop with Ctrl-C".to_owned());
    let heard = match early {
        Poll::Ready(heard) => heard,
        Poll::Pending => told.await,
    };
    heard.map_err(|error| format!("cannot wait for Ctrl-C: {error}"))?;
    tokio::select! {
        () = sim.shutdown() => {}
        // Told a second time, it waits for no request.
        _ = told_to_stop() => {}
    }
    out.say(format!("\n{}", sim.counters()));
    out.finish();
    Ok(())
}

#[cfg(feature = "record")]
fn text_of(file: &str) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| error.to_string())
}

/// Waits for Ctrl-C, or for what ends a container.
async fn told_to_stop() -> io::Result<()> {
    #[cfg(unix)]
    {
        let kind = tokio::signal::unix::SignalKind::terminate();
        let mut terminated = tokio::signal::unix::signal(kind)?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// Most lines that wait to be written.
const WAITING: usize = 10_000;
/// How long the end waits for lines to be written.
const LAST: Duration = Duration::from_secs(1);

/// Standard output, written by a thread of its own: the server goes on when nobody reads it, and when it is closed. Lines for
/// which there is no room are dropped.
#[derive(Clone)]
struct Out {
    lines: SyncSender<Option<String>>,
    written: Arc<Mutex<Receiver<()>>>,
    dropped: Arc<AtomicU64>,
}

impl Out {
    fn start() -> Self {
        let (lines, to_write) = mpsc::sync_channel::<Option<String>>(WAITING);
        let (done, written) = mpsc::channel();
        std::thread::spawn(move || {
            while let Ok(Some(line)) = to_write.recv() {
                let mut out = io::stdout().lock();
                // Nobody is left to tell that it is closed.
                let _ = writeln!(out, "{line}").and_then(|()| out.flush());
            }
            let _ = done.send(());
        });
        Self {
            lines,
            written: Arc::new(Mutex::new(written)),
            dropped: Arc::default(),
        }
    }

    fn say(&self, line: String) {
        if self.lines.try_send(Some(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits a moment until all is written.
    fn finish(&self) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        if dropped > 0 {
            let _ = writeln!(io::stderr(), "{dropped} lines were not read and dropped");
        }
        if self.lines.try_send(None).is_ok()
            && let Ok(written) = self.written.lock()
        {
            let _ = written.recv_timeout(LAST);
        }
    }
}

fn builder(args: &Args, out: &Out) -> Builder {
    let mut builder = Simulator::builder()
        .host(args.host)
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
    if let Some(bytes) = args.max_body {
        builder = builder.max_body(bytes);
    }
    if args.strict {
        builder = builder.report_rules(ReportRules::Strict);
    }
    if args.json {
        let out = out.clone();
        builder = builder
            .on_request(move |request| out.say(serde_json::to_string(request).unwrap_or_default()));
    }
    if let Some(archive) = &args.replay {
        builder = builder.replay(archive);
    }
    #[cfg(feature = "record")]
    if let (Some(url), Some(archive)) = (&args.record, &args.archive) {
        builder = builder.record(url, archive);
    }
    #[cfg(feature = "record")]
    if let Some(pem) = &args.record_ca {
        builder = builder.record_ca(pem);
    }
    #[cfg(feature = "data")]
    if let Some(folder) = &args.data {
        builder = builder.data(folder);
    }
    builder
}
