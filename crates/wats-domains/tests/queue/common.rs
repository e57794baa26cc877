//! What these tests share: a server, a client, a queue in a folder of its own, and a clock that runs when it is told to.

#[path = "../it/report_common.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod reports;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use uuid::Uuid;
use wats_domains::Wats;
use wats_domains::queue::{
    DrainOptions, EnqueueOptions, Event, Filter, Item, ReportQueue, State, report_id,
};
use wats_queue::ManualClock;
use wats_sim::Simulator;

pub(crate) use reports::{connect, id, read, repair, test};

pub(crate) const WSJF: &str = "/api/Report/WSJF";

/// Nothing here takes so long, on any machine.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// A server with a client, a folder and a queue in it, whose clock stands still.
pub(crate) struct Bench {
    pub(crate) sim: Simulator,
    pub(crate) api: Wats,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) queue: ReportQueue,
}

pub(crate) async fn bench() -> Bench {
    let sim = Simulator::builder().start().await.unwrap();
    let api = connect(&sim, sim.token());
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(1_800_000_000_000));
    let queue = open(&api, folder.path(), &clock).await;
    Bench {
        sim,
        api,
        folder,
        clock,
        queue,
    }
}

pub(crate) async fn open(api: &Wats, folder: &Path, clock: &Arc<ManualClock>) -> ReportQueue {
    let clock = Arc::clone(clock);
    let builder = api.queue(folder);
    let small = |options: wats_domains::queue::QueueOptions| {
        // The clock runs fast, and nobody here is stopped.
        let never = Duration::from_secs(10 * 365 * 24 * 3600);
        options.clock(clock).ballast(4096).stalled_after(never)
    };
    builder
        .bounds(wats_domains::queue::Bounds::default().min_free(0))
        .options(small)
        .open()
        .await
        .unwrap()
}

/// Takes what the linter would not.
pub(crate) fn unchecked() -> EnqueueOptions {
    EnqueueOptions::default().unchecked(true)
}

pub(crate) fn one_at_a_time() -> DrainOptions {
    DrainOptions::default().at_once(1)
}

impl Bench {
    /// Puts tests of these ids, each of a unit of its own, into the queue.
    pub(crate) async fn enqueue(&self, ids: impl IntoIterator<Item = u128>) -> Vec<Uuid> {
        let mut stored = Vec::new();
        for n in ids {
            let report = read(&test(id(n), &format!("unit {n}")));
            self.queue
                .enqueue_with(&report, &unchecked())
                .await
                .unwrap();
            stored.push(id(n));
        }
        stored
    }

    pub(crate) fn is_stored(&self, id: Uuid) -> bool {
        self.sim.report(&id.to_string()).is_some()
    }

    pub(crate) fn posts(&self) -> u64 {
        self.sim.counters().requests_to("POST /api/Report/WSJF")
    }

    pub(crate) fn answers(&self, status: u16) -> u64 {
        let counters = self.sim.counters();
        counters.statuses.get(&status).copied().unwrap_or(0)
    }

    /// Lets time pass, ten seconds at a time, until something holds.
    pub(crate) async fn run_until<F: Future<Output = bool>>(&self, holds: impl Fn() -> F) {
        let run = async {
            while !holds().await {
                self.clock.advance(10_000);
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LONG, run).await.expect("it never came to hold");
    }

    pub(crate) async fn run_until_empty(&self) {
        self.run_until(|| async { self.depth().await == 0 }).await;
    }

    pub(crate) async fn depth(&self) -> u64 {
        self.queue.health().await.unwrap().all_items()
    }

    pub(crate) async fn items(&self, state: State) -> Vec<Item> {
        let filter = Filter::all().state(state);
        self.queue.list(filter).await.unwrap()
    }

    pub(crate) async fn ids(&self, state: State) -> Vec<Uuid> {
        self.items(state).await.iter().map(report_id).collect()
    }

    /// That each of them is stored, and was received this often at most.
    pub(crate) fn assert_stored(&self, ids: &[Uuid], most: u64) {
        for id in ids {
            assert!(self.is_stored(*id), "{id} is lost");
            let received = self.sim.receive_count(&id.to_string());
            assert!(received <= most, "{id} was received {received} times");
        }
    }
}

/// Waits until something holds, while the queue's clock stands still.
pub(crate) async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let look = async {
        while !holds().await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LONG, look).await.expect("it never came to hold");
}

/// Waits for an event.
pub(crate) async fn event(
    events: &wats_domains::queue::Events,
    wanted: impl Fn(&Event) -> bool,
) -> Event {
    let look = async {
        loop {
            match events.try_next() {
                Some(event) if wanted(&event) => return event,
                Some(_) => {}
                None => sleep(Duration::from_millis(5)).await,
            }
        }
    };
    timeout(LONG, look).await.expect("the event never came")
}
