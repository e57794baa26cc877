//! Figures of this machine, printed by name: `--ignored figures --nocapture`, in a release build.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use wats_queue::{DrainOptions, Entry, Queue};

use crate::support::{LONG, Receiver, bytes, key, open, options, states, until};

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.unwrap_or("VmRSS: not known").to_owned()
}

fn fill(queue: &Queue, count: u32, length: usize) {
    let mut waiting = Vec::new();
    for at in 0..count {
        waiting.push(queue.enqueue(Entry::new(key(at), bytes(at, length))));
        if waiting.len() == 1000 {
            for answer in waiting.drain(..) {
                answer.wait().unwrap();
            }
        }
    }
    for answer in waiting {
        answer.wait().unwrap();
    }
}

fn drained(queue: &Queue, at_once: u32, count: u32) -> (Duration, Duration) {
    let receiver = Receiver::that_takes_all();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let start = Instant::now();
    let drain = runtime
        .block_on(async { queue.drain(receiver.clone(), DrainOptions::default().at_once(at_once)) })
        .unwrap();
    until("one is sent", || !receiver.got().is_empty());
    let first = start.elapsed();
    while (receiver.got.lock().unwrap().len() as u32) < count {
        std::thread::sleep(Duration::from_millis(5));
    }
    until("it is empty", || states(queue).is_empty());
    let all = start.elapsed();
    drain.stop(LONG).wait().unwrap();
    (first, all)
}

#[test]
#[ignore = "a minute: measures, and asserts nothing"]
fn figures() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        println!(
            "round {round}: append + fdatasync {:?}",
            floor(folder.path())
        );
        let queue = open(&folder.path().join(format!("one-{round}")));
        let mut times = Vec::new();
        for at in 0..500 {
            let entry = Entry::new(key(at), bytes(at, 10_000));
            let start = Instant::now();
            queue.enqueue(entry).wait().unwrap();
            times.push(start.elapsed());
        }
        times.sort_unstable();
        println!(
            "round {round}: enqueue p50 {:?} p99 {:?}",
            times[250], times[495]
        );
        let start = Instant::now();
        std::thread::scope(|scope| {
            for thread in 1..5_u32 {
                let queue = &queue;
                scope.spawn(move || {
                    for at in 0..200 {
                        let at = thread * 1000 + at;
                        let entry = Entry::new(key(at), bytes(at, 10_000));
                        queue.enqueue(entry).wait().unwrap();
                    }
                });
            }
        });
        let rate = 800.0 / start.elapsed().as_secs_f64();
        println!("round {round}: four threads {rate:.0}/s");
        let (_, all) = drained(&queue, 4, 1300);
        println!(
            "round {round}: drained by four {:.0}/s",
            1300.0 / all.as_secs_f64()
        );
    }
    for count in [100_000, 1_000_000_u32] {
        let path = folder.path().join(format!("backlog-{count}"));
        let queue = Queue::open_blocking(&path, options()).unwrap();
        let start = Instant::now();
        fill(&queue, count, 1000);
        println!("{count}: enqueued in {:?}, {}", start.elapsed(), resident());
        queue.close().wait().unwrap();
        drop(queue);
        let start = Instant::now();
        let queue = Queue::open_blocking(&path, options()).unwrap();
        println!("{count}: opened in {:?}, {}", start.elapsed(), resident());
        let start = Instant::now();
        queue.health().wait().unwrap();
        println!("{count}: health in {:?}", start.elapsed());
        let receiver = Receiver::that_takes_all();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let start = Instant::now();
        let drain = runtime
            .block_on(async { queue.drain(receiver.clone(), DrainOptions::default()) })
            .unwrap();
        until("one is sent", || !receiver.got().is_empty());
        println!("{count}: first one sent after {:?}", start.elapsed());
        drain.stop(LONG).wait().unwrap();
        println!("{count}: {}", resident());
    }
}

fn floor(folder: &Path) -> Duration {
    let mut file = std::fs::File::create(folder.join("floor")).unwrap();
    let content = bytes(1, 10_000);
    let mut times = Vec::new();
    for _ in 0..500 {
        let start = Instant::now();
        file.write_all(&content).unwrap();
        file.sync_data().unwrap();
        times.push(start.elapsed());
    }
    median(times)
}
