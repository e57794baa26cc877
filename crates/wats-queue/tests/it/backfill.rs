//! A long backfill beside live items, at the rate of a receiver with a limit, by a clock that is set by hand: what is live does not
//! wait, the end is foretold, and a new start goes on where the old one ended.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::{Semaphore, mpsc};
use wats_queue::{
    Body, Bounds, Class, Deliver, Drain, DrainOptions, Entry, Event, Item, ManualClock, Queue,
    Verdict,
};

use crate::support::{LONG, bytes, fast_folder, key, number, options, sent, times};

/// Five hundred a minute.
const EACH: i64 = 120;
/// One live item in so many deliveries.
const LIVE_EACH: usize = 10;
/// Numbers of live items begin here.
const LIVE: u32 = 1_000_000;

/// Takes an item whenever the receiver has room for one.
struct Limited {
    room: Arc<Semaphore>,
    got: mpsc::UnboundedSender<u32>,
}

impl Deliver for Limited {
    async fn deliver(&self, item: &Item, _: Body) -> Verdict {
        self.room.acquire().await.unwrap().forget();
        self.got.send(number(item.key)).unwrap();
        sent()
    }
}

/// A program with the queue, that runs until it is stopped.
struct Program {
    queue: Queue,
    drain: Drain,
    room: Arc<Semaphore>,
    got: mpsc::UnboundedReceiver<u32>,
    events: wats_queue::Events,
}

fn open(folder: &Path, clock: &Arc<ManualClock>) -> Queue {
    let clock = Arc::clone(clock);
    let options = options().clock(clock).bounds(Bounds::default().min_free(0));
    Queue::open_blocking(folder, options).unwrap()
}

fn start(folder: &Path, clock: &Arc<ManualClock>) -> Program {
    let queue = open(folder, clock);
    let room = Arc::new(Semaphore::new(0));
    let (sender, got) = mpsc::unbounded_channel();
    let deliver = Limited {
        room: Arc::clone(&room),
        got: sender,
    };
    let events = queue.events();
    let drain = queue.drain(deliver, DrainOptions::default()).unwrap();
    Program {
        queue,
        drain,
        room,
        got,
        events,
    }
}

impl Program {
    /// The receiver has room for one more; which one it got, once that has ended.
    async fn one(&mut self) -> u32 {
        self.room.add_permits(1);
        let got = tokio::time::timeout(LONG, self.got.recv()).await;
        let got = got.expect("nothing is sent").unwrap();
        loop {
            let event = tokio::time::timeout(LONG, self.events.next()).await;
            match event.expect("it does not end").unwrap() {
                Event::Ended(past) if number(past.key) == got => return got,
                _ => {}
            }
        }
    }
}

async fn backfill(many: u32, length: usize) -> Vec<i64> {
    let folder = fast_folder();
    let clock = Arc::new(ManualClock::at(1_800_000_000_000));
    let queue = open(folder.path(), &clock);
    let mut waiting = VecDeque::new();
    for at in 0..many {
        let entry = Entry::new(key(at), bytes(at, length)).class(Class::Backfill);
        waiting.push_back(queue.enqueue(entry));
        if waiting.len() > 100 {
            waiting.pop_front().unwrap().await.unwrap();
        }
    }
    for answer in waiting {
        answer.await.unwrap();
    }
    queue.close().await.unwrap();

    let live = many as usize / (LIVE_EACH - 1);
    let all = many as usize + live;
    let mut program = start(folder.path(), &clock);
    let (mut now, mut put, mut latencies) = (0_i64, 0_u32, Vec::new());
    let mut since: HashMap<u32, i64> = HashMap::new();
    let mut got: Vec<u32> = Vec::new();
    let mut foretold = None;
    while got.len() < all {
        if got.len().is_multiple_of(LIVE_EACH) && (put as usize) < live {
            let at = LIVE + put;
            let entry = Entry::new(key(at), bytes(at, 1000));
            program.queue.enqueue(entry).await.unwrap();
            since.insert(at, now);
            put += 1;
        }
        clock.advance(EACH);
        now += EACH;
        let at = program.one().await;
        got.push(at);
        if let Some(since) = since.get(&at) {
            latencies.push(now - since);
        }
        // In the middle somebody asks how long it will take, and then the program ends and is started again.
        if got.len() == all / 2 {
            let health = program.queue.health().await.unwrap();
            foretold = health.eta.map(|eta| (now, eta));
            assert!(program.drain.stop(Duration::ZERO).await.is_ok());
            program.queue.close().await.unwrap();
            program = start(folder.path(), &clock);
        }
    }
    assert_eq!(program.queue.health().await.unwrap().all_items(), 0);
    assert!(program.drain.stop(LONG).await.unwrap());
    // Each once, whatever the end of the program did.
    let mut each = got.clone();
    each.sort_unstable();
    each.dedup();
    assert_eq!(each.len(), all, "something was sent twice");
    let (at, eta) = foretold.expect("no time was foretold");
    let (foretold, took) = (eta.as_millis() as i64, now - at);
    // The live ones that come later are not in the queue yet: they are a tenth of what is to be sent.
    let known = took - took / LIVE_EACH as i64;
    assert!(
        (foretold - known).abs() * 10 <= known,
        "{foretold} ms were foretold for {known} ms"
    );
    latencies.sort_unstable();
    latencies
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_items_do_not_wait_for_a_backfill() {
    // More than a minute of them, so that there is a rate.
    let many = u32::try_from(times(1200)).unwrap();
    let latencies = backfill(many, if many > 5000 { 100_000 } else { 500 }).await;
    let p99 = latencies[latencies.len() * 99 / 100];
    println!("live p99 {p99} ms of {}", latencies.len());
    assert!(p99 < 5000, "{p99} ms");
}
