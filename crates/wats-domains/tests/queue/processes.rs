//! Several programs on one folder, some of which are killed: each report is stored, and repeated only if it was on its way.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use uuid::Uuid;
use wats_domains::Wats;
use wats_domains::queue::{Bounds, DrainOptions, ReportQueue};
use wats_sim::Simulator;

use crate::common::{LONG, connect, id, read, test, unchecked, until};

const FOLDER: &str = "WATS_TEST_QUEUE_FOLDER";
const SERVER: &str = "WATS_TEST_QUEUE_SERVER";
const TOKEN: &str = "WATS_TEST_QUEUE_TOKEN";
const FIRST: &str = "WATS_TEST_QUEUE_FIRST";

const AT_ONCE: u32 = 2;

async fn open(api: &Wats, folder: impl Into<std::path::PathBuf>) -> ReportQueue {
    let bounds = Bounds::default().min_free(0);
    let builder = api.queue(folder).bounds(bounds);
    let builder = builder.options(|options| options.ballast(4096));
    builder.open().await.unwrap()
}

/// Not a test by itself: what the processes do that are killed. It enqueues until it is ended, and drains meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let variable = |name| std::env::var(name).unwrap();
    let api = Wats::builder()
        .base_url(variable(SERVER))
        .token(variable(TOKEN))
        .build()
        .unwrap();
    let queue = open(&api, folder).await;
    let _drain = queue
        .drain(DrainOptions::default().at_once(AT_ONCE))
        .unwrap();
    let first: u128 = variable(FIRST).parse().unwrap();
    for n in first..first + 500 {
        let report = read(&test(id(n), &format!("unit {n}")));
        queue.enqueue_with(&report, &unchecked()).await.unwrap();
        // Said only once it is on disk.
        println!("accepted {}", id(n));
    }
    std::future::pending::<()>().await;
}

fn start(sim: &Simulator, folder: &std::path::Path, first: u128) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "processes::a_child",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .env(SERVER, sim.base_url())
        .env(TOKEN, sim.token())
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Reads what a process has had accepted: so many, then it is killed, and what it said until then counts.
fn kill_after(mut child: Child, most: usize) -> BTreeSet<Uuid> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut accepted = BTreeSet::new();
    for line in lines {
        // The last line may be cut off.
        let Ok(line) = line else { break };
        // The harness writes in front of the first one.
        let Some((_, id)) = line.split_once("accepted ") else {
            continue;
        };
        if let Ok(id) = id.trim().parse() {
            accepted.insert(id);
        }
        if accepted.len() == most {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    accepted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_killed_programs_had_accepted_is_stored_once() {
    const KILLS: usize = 4;
    let sim = Simulator::builder().start().await.unwrap();
    let api = connect(&sim, sim.token());
    let folder = tempfile::tempdir().unwrap();
    // One that lives on, and drains as well.
    let queue = open(&api, folder.path()).await;
    let drain = queue
        .drain(DrainOptions::default().at_once(AT_ONCE))
        .unwrap();
    let mut accepted = BTreeSet::new();
    for round in 0..KILLS {
        let child = start(&sim, folder.path(), 1000 * (round as u128 + 1));
        let killed = tokio::task::spawn_blocking(move || kill_after(child, 15 + 5 * round));
        accepted.extend(killed.await.unwrap());
    }
    assert!(accepted.len() >= 15 * KILLS, "{}", accepted.len());
    until(|| async { queue.health().await.unwrap().all_items() == 0 }).await;
    let mut repeats = 0;
    for id in &accepted {
        let received = sim.receive_count(&id.to_string());
        assert!(received >= 1, "{id} was accepted and is lost");
        repeats += received - 1;
    }
    assert!(
        repeats <= KILLS as u64 * u64::from(AT_ONCE),
        "{repeats} repeats by {KILLS} kills"
    );
    assert!(drain.stop(LONG).await.unwrap());
}
