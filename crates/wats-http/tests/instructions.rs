//! What a pooled GET costs in instructions, held by a test: more than a tenth above the figures written down here fails.
//!
//! valgrind counts them (`--tool=callgrind`). The client runs in a process of its own, and only what runs within
//! [`counted_section`] counts: start-up and handshake do not, which take another number of instructions each time (the
//! random numbers of TLS begin with a measure of how irregular the machine is). The server is this process and is not
//! counted. What it sends is there before the client looks, so that a busy machine does not make the client look twice.
//!
//! Counts depend on the compiler, the target, the build and the features. [`RECORDED`] says for which they hold; with
//! others the test measures and prints, and compares nothing. Without valgrind it is skipped and says so.
//!
//! To write new figures down, after a change that is meant to cost or save:
//!
//! ```text
//! cargo test -p wats-http --all-features --test instructions -- --nocapture            # the suite's build
//! cargo test -p wats-http --all-features --test instructions --release -- --nocapture  # as `--only instructions`
//! ```
//! Each prints its row of [`RECORDED`], ready to be put in the place of the old one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a panic here is the failing test, and what it measures is to be seen"
)]

mod common;

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::*;
use tokio::runtime::Runtime;
use wats_http::{Call, Client, TlsConfig};

/// Where the figures hold, beside all features of the crate.
const COMPILER: &str = "1.95.0";
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Instructions of a pooled GET of 1.1 KB over HTTP/1.1, with TLS, and over HTTP/2. A build without a row is measured and
/// not compared.
const RECORDED: &[(&str, [u64; 3])] = &[
    ("debug", [185_100, 224_100, 315_600]),
    ("release", [24_000, 34_500, 54_500]),
];

const PROTOCOLS: [Speaks; 3] = [Speaks::Plain, Speaks::TlsHttp1Only, Speaks::Tls];

/// Calls before those that count, and calls that do.
const BEFORE: u64 = 50;
const CALLS: u64 = 200;

/// How long a client that has nothing to do leaves it to the server to send all of an answer.
const HEAD_START: Duration = Duration::from_millis(1);

/// What the client's process is told.
const URL: &str = "WATS_HTTP_COUNTED_URL";
const CA_FILE: &str = "WATS_HTTP_COUNTED_CA";

#[test]
fn a_pooled_get_takes_no_more_instructions_than_it_did() {
    if let Err(error) = Command::new("valgrind").arg("--version").output() {
        return eprintln!("skipped: valgrind cannot be started: {error}");
    }
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let counted = PROTOCOLS.map(per_call);
    eprintln!("    (\"{build}\", {counted:?}),");
    if let Some(other) = not_as_recorded() {
        return eprintln!("measured and not compared: {other}");
    }
    let Some((_, recorded)) = RECORDED.iter().find(|(of, _)| *of == build) else {
        return eprintln!("measured and not compared: no figures of this build are written down");
    };
    for ((protocol, now), before) in PROTOCOLS.iter().zip(counted).zip(recorded) {
        assert!(
            now <= before + before / 10,
            "{protocol:?}: {now} instructions per GET, {before} are written down"
        );
    }
}

/// Why the figures say nothing about this build.
fn not_as_recorded() -> Option<String> {
    let all_features = cfg!(all(
        feature = "brotli",
        feature = "metrics",
        feature = "platform-roots",
        feature = "test-util",
        feature = "tls-aws-lc",
        feature = "tower",
        feature = "zstd",
    ));
    if !all_features {
        return Some("the figures are those of --all-features".to_owned());
    }
    // That of the toolchain which runs the test, and so most likely built it.
    let rustc = Command::new("rustc").arg("-vV").output().ok()?;
    let told = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let line = |name: &str| told.lines().find_map(|line| line.strip_prefix(name));
    let here = (line("release: ")?, line("host: ")?);
    (here != (COMPILER, TARGET)).then(|| {
        let (compiler, target) = here;
        format!("the figures are those of rustc {COMPILER} for {TARGET}, this is {compiler} for {target}")
    })
}

/// Instructions of one pooled call.
fn per_call(protocol: Speaks) -> u64 {
    let (url, ca_pem) = on_own_thread(protocol, |_| async { ok(vec![b'x'; 1100]) });
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    if let Some(pem) = &ca_pem {
        std::fs::write(&ca_file, pem).unwrap();
    }
    let mut out_file = OsString::from("--callgrind-out-file=");
    out_file.push(folder.path().join("counts"));
    let mut counted = Command::new("valgrind");
    counted
        .args(["--tool=callgrind", "--toggle-collect=*counted_section*"])
        .arg(&out_file)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "counted_calls", "--ignored", "--test-threads=1"])
        .env(URL, &url)
        .stdin(Stdio::null());
    if ca_pem.is_some() {
        counted.env(CA_FILE, &ca_file);
    }
    let output = counted.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let counted: u64 = told
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .expect("valgrind tells what it counted");
    assert!(counted > 0, "the counted section was not found: {told}");
    counted / CALLS
}

/// The client's process.
#[test]
#[ignore = "is run under valgrind by the other test"]
fn counted_calls() {
    let Ok(url) = std::env::var(URL) else {
        return eprintln!("skipped: nobody counts");
    };
    let mut builder = client(&url);
    if let Ok(file) = std::env::var(CA_FILE) {
        builder = builder.tls(TlsConfig::default().only_ca_file(file).unwrap());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(|| std::thread::sleep(HEAD_START))
        .build()
        .unwrap();
    let client = builder.build().unwrap();
    runtime.block_on(call(&client, BEFORE));
    counted_section(&runtime, &client);
}

/// What valgrind counts, by this name.
#[inline(never)]
fn counted_section(runtime: &Runtime, client: &Client) {
    runtime.block_on(call(client, CALLS));
}

async fn call(client: &Client, calls: u64) {
    for _ in 0..calls {
        client.execute(Call::new(&GET)).await.unwrap();
    }
}
