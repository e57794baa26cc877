//! Processes of their own, as a factory has: one load for all of them, whatever becomes of the one that leads, and reads that
//! are as new as is promised.
//!
//! Few calls by default; the long versions are ignored, and `WATS_REDIS_LONG=1` also checks what depends on the machine.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::Mutex;
use std::thread;

use tempfile::TempDir;

#[cfg(target_os = "linux")]
use super::clocks::SetClock;
use super::worker::{NAME, micros_now};
use super::*;
use crate::testing::{Lines, Server, Worker};

fn is_long() -> bool {
    std::env::var_os("WATS_REDIS_LONG").is_some()
}

/// What the values come from; it counts who asks.
struct Counting {
    port: u16,
    asked: Arc<Mutex<HashMap<String, usize>>>,
}

impl Counting {
    /// `answer` is given the key, and how often it was asked for before.
    fn start(answer: impl Fn(&str, usize) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::<Mutex<HashMap<String, usize>>>::default();
        let (of_thread, answer) = (Arc::clone(&asked), Arc::new(answer));
        // It ends with the test.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, answer) = (Arc::clone(&of_thread), Arc::clone(&answer));
                thread::spawn(move || {
                    let mut lines = Lines::of(stream);
                    let Some(key) = lines.next() else { return };
                    let before = {
                        let mut asked = asked.lock().unwrap();
                        let count = asked.entry(key.clone()).or_default();
                        *count += 1;
                        *count - 1
                    };
                    let _ = lines.say(&answer(&key, before));
                });
            }
        });
        Self { port, asked }
    }

    fn of(&self, key: &str) -> usize {
        self.asked.lock().unwrap().get(key).copied().unwrap_or(0)
    }
}

/// How a process is started.
struct Times {
    op_timeout: Duration,
    max_staleness: Duration,
    lease: Duration,
}

/// A machine that is slow changes nothing.
const SLOW: Times = Times {
    op_timeout: LONG,
    max_staleness: LONG,
    lease: LONG,
};

struct Factory {
    server: Server,
    origin: Counting,
    folder: TempDir,
}

impl Factory {
    fn start(answer: impl Fn(&str, usize) -> String + Send + Sync + 'static) -> Option<Self> {
        Some(Self {
            server: Server::start()?,
            origin: Counting::start(answer),
            folder: tempfile::tempdir().unwrap(),
        })
    }

    fn workers<const N: usize>(&self, times: &Times) -> [Worker; N] {
        let mut workers: [Worker; N] = std::array::from_fn(|_| Worker::start(NAME));
        let order = self.order(times);
        for worker in &mut workers {
            worker.tell(&order);
        }
        for worker in &mut workers {
            assert_eq!(worker.answer(), "ready");
        }
        workers
    }

    #[cfg(target_os = "linux")]
    fn begun(&self, mut worker: Worker, times: &Times) -> Worker {
        assert_eq!(worker.ask(&self.order(times)), "ready");
        worker
    }

    fn order(&self, times: &Times) -> String {
        let (url, folder) = (self.server.url(), self.folder.path().display());
        let Times {
            op_timeout,
            max_staleness,
            lease,
        } = times;
        let [one, other, third] = [op_timeout, max_staleness, lease].map(Duration::as_millis);
        let port = self.origin.port;
        format!("{url}\t{port}\t{folder}\t{one}\t{other}\t{third}")
    }
}

fn fields(answer: &str) -> Vec<u64> {
    answer
        .split('\t')
        .map(|field| field.parse().unwrap())
        .collect()
}

/// Processes with so many callers each, for so many keys.
fn herd<const N: usize>(callers: usize, keys: usize, delay: Duration) {
    let answer = move |key: &str, _| {
        thread::sleep(delay);
        format!("of {key}")
    };
    let Some(factory) = Factory::start(answer) else {
        return;
    };
    let mut workers = factory.workers::<N>(&SLOW);
    let at = micros_now() + 300_000;
    for worker in &mut workers {
        worker.tell(&format!("herd\t{callers}\t{keys}\t{at}"));
    }
    let answers: Vec<_> = workers
        .iter_mut()
        .map(|worker| fields(&worker.answer()))
        .collect();
    let last = answers.iter().map(|answer| answer[0]).max().unwrap();
    println!(
        "{N} processes, {callers} callers, {keys} keys: the last had its value after {last} µs"
    );
    let wrong: u64 = answers.iter().map(|answer| answer[1]).sum();
    let led: u64 = answers.iter().map(|answer| answer[2]).sum();
    assert_eq!((wrong, led), (0, keys as u64));
    for key in 0..keys {
        assert_eq!(factory.origin.of(&key.to_string()), 1, "key {key}");
    }
}

#[test]
fn processes_that_want_the_same_ask_for_it_once() {
    herd::<3>(10, 4, Duration::from_millis(50));
}

/// Their clocks are of no account.
#[cfg(target_os = "linux")]
#[test]
fn processes_whose_clocks_are_wrong_share_all_the_same() {
    let (Some(fast), Some(slow)) = (SetClock::make(), SetClock::make()) else {
        return;
    };
    let Some(factory) = Factory::start(|_, before| format!("{before}")) else {
        return;
    };
    fast.set(3600);
    slow.set(-3600);
    let mut workers = [&fast, &slow].map(|clock| {
        let worker = Worker::start_in(NAME, clock.environment());
        factory.begun(worker, &SLOW)
    });
    for round in 0..3 {
        for worker in &mut workers {
            let answer = worker.ask("load\ta");
            assert!(answer.starts_with(&format!("{round}\t")), "{answer}");
        }
        workers[round % 2].ask("remove\ta");
        workers[1 - round % 2].ask("fence");
    }
    assert_eq!(factory.origin.of("a"), 3);
}

#[test]
#[ignore = "many more calls than the test above: run it by name"]
fn eight_processes_with_a_hundred_callers_each_ask_once_for_each_key() {
    for _ in 0..5 {
        herd::<8>(100, 20, Duration::from_millis(100));
    }
}

/// So that who leads can be waited for, and then is told to go on.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, std::sync::Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let mut open = self.0.0.lock().unwrap();
        while !*open {
            open = self.0.1.wait(open).unwrap();
        }
    }
}

const LEASE: Duration = Duration::from_secs(1);

/// The first who asks is kept waiting, and given what was; the others get what is.
fn first_is_held() -> Option<(Factory, Gate)> {
    let gate = Gate::default();
    let of_origin = gate.clone();
    let factory = Factory::start(move |_, before| {
        if before == 0 {
            of_origin.wait();
            return "old".to_owned();
        }
        "new".to_owned()
    });
    factory.map(|factory| (factory, gate))
}

fn times() -> Times {
    Times {
        lease: LEASE,
        ..SLOW
    }
}

#[track_caller]
fn within_the_lease(answer: &str) {
    let (value, rest) = answer.split_once('\t').unwrap();
    assert_eq!(value, "new");
    let took = fields(rest)[0];
    println!("whoever waited had a value after {took} ms");
    if is_long() {
        assert!(u128::from(took) <= LEASE.as_millis() + 100, "{took} ms");
    }
}

#[test]
fn a_process_that_is_killed_while_it_leads_is_waited_for_as_long_as_its_lease() {
    let Some((factory, _gate)) = first_is_held() else {
        return;
    };
    let [mut leader, mut other] = factory.workers(&times());
    leader.tell("load\ta");
    eventually("asked", || factory.origin.of("a") == 1);
    leader.kill();
    within_the_lease(&other.ask("load\ta"));
    assert_eq!(factory.origin.of("a"), 2);
}

/// Frozen for longer than its lease, it does not write what it has loaded over what is newer.
#[cfg(unix)]
#[test]
fn a_process_that_is_frozen_while_it_leads_does_not_write_when_it_goes_on() {
    let Some((factory, gate)) = first_is_held() else {
        return;
    };
    let [mut leader, mut other] = factory.workers(&times());
    leader.tell("load\ta");
    eventually("asked", || factory.origin.of("a") == 1);
    leader.freeze();
    within_the_lease(&other.ask("load\ta"));
    gate.open();
    leader.thaw();
    // Its own caller is given what it has asked for.
    let late = leader.answer();
    assert!(late.starts_with("old\t") && late.ends_with("\t1"), "{late}");
    for worker in [&mut leader, &mut other] {
        assert!(worker.ask("load\ta").starts_with("new\t"));
    }
    assert_eq!(factory.origin.of("a"), 2);
}

/// Two processes that change their own keys and read those of the other. The server is killed so often meanwhile.
fn updates(rounds: usize, keys: usize, kills: u32) {
    const BOUND: Duration = Duration::from_secs(2);
    let Some(mut factory) = Factory::start(|_, _| "none".to_owned()) else {
        return;
    };
    let times = Times {
        max_staleness: BOUND,
        ..SLOW
    };
    let mut workers = factory.workers::<2>(&times);
    for (number, worker) in workers.iter_mut().enumerate() {
        worker.tell(&format!("update\t{number}\t{rounds}\t{keys}"));
    }
    for _ in 0..kills {
        thread::sleep(Duration::from_millis(200));
        factory.server.kill();
        thread::sleep(Duration::from_millis(50));
        factory.server.restart();
    }
    for worker in &mut workers {
        let seen = fields(&worker.answer());
        let (own, reads, late, latest) = (seen[0], seen[1], seen[2], seen[3]);
        println!("{reads} reads of the other's keys: {late} were late, at most by {latest} µs");
        assert_eq!(own, 0, "reads of what was before an own write");
        let bound = BOUND + Duration::from_millis(50);
        assert!(Duration::from_micros(latest) <= bound, "{latest} µs");
    }
    for worker in &mut workers {
        assert_eq!(worker.ask(&format!("check\t{keys}")), "0", "keys are stuck");
    }
}

#[test]
fn two_processes_read_their_own_writes_at_once_and_the_others_in_time() {
    updates(100, 32, 0);
}

#[test]
fn and_where_the_server_is_killed_meanwhile() {
    updates(100, 32, 1);
}

#[test]
#[ignore = "many more calls than the test above: run it by name"]
fn two_processes_read_their_own_writes_at_once_and_the_others_in_time_in_a_hundred_thousand() {
    updates(12_500, 104, 0);
}

#[test]
#[ignore = "many more calls than the test above: run it by name"]
fn and_where_the_server_is_killed_twice_in_a_hundred_thousand() {
    updates(12_500, 104, 2);
}
