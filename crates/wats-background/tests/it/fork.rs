//! The child of a fork: it has the memory of its parent and none of its threads.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use wats_background::{Job, Moment, Work, clock};
use wats_cache::{Join, SingleFlight, TtlCache, WaitOutcome};

const DEADLINE: Duration = Duration::from_secs(60);

/// Runs `child` in a child process; whether it returned `true` there.
fn in_child(child: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child allocates and starts threads, which the systems these tests run on allow; it leaves by `_exit`.
    unsafe {
        let id = libc::fork();
        assert!(id >= 0, "no fork");
        if id == 0 {
            let well = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
            libc::_exit(i32::from(!matches!(well, Ok(true))));
        }
        let mut status = 0;
        while libc::waitpid(id, &raw mut status, 0) != id {}
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
    }
}

struct Told(mpsc::Sender<()>);

impl Work for Told {
    fn run(&self) -> Option<Moment> {
        let _ = self.0.send(());
        None
    }
}

fn told() -> (Arc<Told>, Job, mpsc::Receiver<()>) {
    let (sender, runs) = mpsc::channel();
    let work = Arc::new(Told(sender));
    let job = Job::new(&work);
    (work, job, runs)
}

fn time_passes() -> bool {
    let (start, begun) = (clock::coarse(), Instant::now());
    while clock::coarse() < start + 50 {
        if begun.elapsed() > DEADLINE {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

#[test]
fn time_passes_in_the_child_and_in_its_child() {
    assert!(time_passes());
    assert!(in_child(|| time_passes() && in_child(time_passes)));
    assert!(time_passes());
}

/// Counts its runs. No channel: a worker of the parent may hold a lock of it while the parent forks.
#[derive(Default)]
struct Counts(AtomicU32);

impl Work for Counts {
    fn run(&self) -> Option<Moment> {
        self.0.fetch_add(1, Ordering::Relaxed);
        None
    }
}

impl Counts {
    fn comes_to(&self, runs: u32) -> bool {
        let begun = Instant::now();
        while self.0.load(Ordering::Relaxed) < runs {
            if begun.elapsed() > DEADLINE {
                return false;
            }
            std::thread::yield_now();
        }
        true
    }
}

#[test]
fn a_job_of_the_parent_runs_in_the_child_when_it_is_asked_for_there() {
    let work = Arc::new(Counts::default());
    let job = Job::new(&work);
    job.now();
    assert!(work.comes_to(1));
    // The parent's schedule stays with the parent.
    job.at(Moment::now().after(Duration::from_secs(3600)));
    assert!(in_child(|| {
        job.at(Moment::now().after(Duration::from_millis(1)));
        work.comes_to(2)
    }));
    job.now();
    assert!(work.comes_to(2));
}

#[test]
fn a_fork_in_the_middle_of_anything_leaves_no_lock_held() {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (_work, job, runs) = told();
                while !stop.load(Ordering::Relaxed) {
                    job.now();
                    clock::precise();
                    let _ = runs.recv();
                }
            });
        }
        for _ in 0..30 {
            let well = in_child(|| {
                let (_work, job, runs) = told();
                job.now();
                runs.recv_timeout(DEADLINE).is_ok() && time_passes()
            });
            if !well {
                stop.store(true, Ordering::Relaxed);
            }
            assert!(well);
        }
        stop.store(true, Ordering::Relaxed);
    });
}

/// Forks in its run; both processes go on.
struct Forks(mpsc::Sender<bool>);

impl Work for Forks {
    fn run(&self) -> Option<Moment> {
        let well = in_child(|| {
            let (_work, job, runs) = told();
            job.now();
            runs.recv_timeout(DEADLINE).is_ok()
        });
        let _ = self.0.send(well);
        None
    }
}

#[test]
fn a_job_may_fork() {
    let (sender, answers) = mpsc::channel();
    let work = Arc::new(Forks(sender));
    let job = Job::new(&work);
    for _ in 0..2 {
        job.now();
        assert!(answers.recv_timeout(DEADLINE).unwrap());
    }
}

#[test]
fn a_cache_expires_sweeps_and_ends_leases_in_the_child() {
    let cache: TtlCache<u32, Arc<()>> = TtlCache::builder()
        .sweep_interval(Some(Duration::from_millis(10)))
        .build();
    let loads = SingleFlight::<u32, u32>::with_lease(Duration::from_millis(20));
    let value = Arc::new(());
    // All of it is under way in the parent.
    cache.insert_with_ttl(0, Arc::clone(&value), Duration::from_secs(3600));
    cache.get(&0);
    assert!(in_child(|| {
        let ms = Duration::from_millis(20);
        let Join::Lead(_hung) = loads.join(&1) else {
            return false;
        };
        let Join::Wait(waiter) = loads.join(&1) else {
            return false;
        };
        let led = matches!(waiter.wait(), WaitOutcome::Lead(_));
        cache.insert_with_ttl(1, Arc::clone(&value), ms);
        cache.insert_with_ttl(2, Arc::clone(&value), ms);
        let begun = Instant::now();
        while cache.get(&1).is_some() || Arc::strong_count(&value) > 2 {
            if begun.elapsed() > DEADLINE {
                return false;
            }
            std::thread::yield_now();
        }
        led && cache.contains_key(&0)
    }));
}
