//! Jobs: when they run, and what one does to another.

#![allow(clippy::panic, clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::time::{Duration, Instant};
use wats_background::{Job, Moment, Work};

/// Long enough for a machine with much else to do; nobody waits for it in vain.
const DEADLINE: Duration = Duration::from_secs(60);

const HOUR: Duration = Duration::from_secs(3600);

struct Call<F>(F);

impl<F: Fn() -> Option<Moment> + Send + Sync + 'static> Work for Call<F> {
    fn run(&self) -> Option<Moment> {
        (self.0)()
    }
}

fn job<F: Fn() -> Option<Moment> + Send + Sync + 'static>(run: F) -> (Arc<Call<F>>, Job) {
    let work = Arc::new(Call(run));
    let job = Job::new(&work);
    (work, job)
}

/// A job that tells when it runs, and how to hear it.
fn told() -> (Arc<impl Work>, Job, mpsc::Receiver<Instant>) {
    let (sender, runs) = mpsc::channel();
    let (work, job) = job(move || {
        let _ = sender.send(Instant::now());
        None
    });
    (work, job, runs)
}

#[test]
fn a_job_runs_at_its_time_and_not_before() {
    let (_work, job, runs) = told();
    for millis in [0, 1, 30] {
        let due = Instant::now() + Duration::from_millis(millis);
        job.at(Moment::of(due));
        assert!(runs.recv_timeout(DEADLINE).unwrap() >= due);
    }
    assert!(runs.try_recv().is_err());
}

#[test]
fn the_soonest_time_asked_for_holds() {
    let (_work, job, runs) = told();
    job.at(Moment::now().after(HOUR));
    job.at(Moment::now().after(Duration::from_millis(5)));
    job.at(Moment::now().after(2 * HOUR));
    runs.recv_timeout(DEADLINE).unwrap();
    assert!(runs.try_recv().is_err());
}

#[test]
fn a_time_without_end_is_never_and_harmless() {
    let (_work, job, runs) = told();
    job.at(Moment::NEVER);
    job.at(Moment::now().after(Duration::MAX));
    job.at(Moment::from_millis(u64::MAX - 1));
    let (_other, other, others) = told();
    other.now();
    others.recv_timeout(DEADLINE).unwrap();
    assert!(runs.try_recv().is_err());
}

#[test]
fn a_job_says_itself_when_it_runs_again() {
    let (sender, runs) = mpsc::channel();
    let left = AtomicU32::new(3);
    let (_work, job) = job(move || {
        sender.send(()).unwrap();
        let again = left.fetch_sub(1, Ordering::Relaxed) > 1;
        again.then(|| Moment::now().after(Duration::from_millis(1)))
    });
    job.now();
    for _ in 0..3 {
        runs.recv_timeout(DEADLINE).unwrap();
    }
    assert!(runs.try_recv().is_err());
}

#[test]
fn jobs_that_hang_keep_nobody_up_however_many_they_are() {
    let barrier = Arc::new(Barrier::new(21));
    let stuck: Vec<_> = (0..20)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            job(move || {
                barrier.wait();
                None
            })
        })
        .collect();
    for (_, job) in &stuck {
        job.now();
    }
    let (_work, job, runs) = told();
    for _ in 0..3 {
        job.now();
        runs.recv_timeout(DEADLINE).unwrap();
    }
    // All of them must be inside at once for it to open.
    barrier.wait();
}

#[test]
fn a_job_runs_once_more_if_asked_for_meanwhile_and_never_beside_itself() {
    let (entered, entries) = mpsc::channel();
    let (leave, left) = mpsc::channel::<()>();
    let left = std::sync::Mutex::new(left);
    let inside = AtomicBool::new(false);
    let (_work, job) = job(move || {
        assert!(
            !inside.swap(true, Ordering::SeqCst),
            "twice at the same time"
        );
        entered.send(()).unwrap();
        left.lock().unwrap().recv().unwrap();
        inside.store(false, Ordering::SeqCst);
        None
    });
    job.now();
    entries.recv_timeout(DEADLINE).unwrap();
    for _ in 0..5 {
        job.now();
    }
    // It is handed out, and not begun, while the first run is under way.
    let (_other, other, others) = told();
    other.now();
    others.recv_timeout(DEADLINE).unwrap();
    assert!(entries.try_recv().is_err());
    leave.send(()).unwrap();
    entries.recv_timeout(DEADLINE).unwrap();
    leave.send(()).unwrap();
    other.now();
    others.recv_timeout(DEADLINE).unwrap();
    assert!(entries.try_recv().is_err());
}

/// A payload whose destructor panics, too.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in the destructor of a payload, on purpose");
    }
}

#[test]
fn a_run_that_panics_is_run_again_and_the_others_go_on() {
    let (sender, runs) = mpsc::channel();
    let (_work, job) = job(move || {
        sender.send(()).unwrap();
        std::panic::panic_any(Bomb);
    });
    job.now();
    for _ in 0..2 {
        runs.recv_timeout(DEADLINE).unwrap();
        let (_other, other, others) = told();
        other.now();
        others.recv_timeout(DEADLINE).unwrap();
    }
}

/// Lets go of itself in its run, and panics in its destructor.
struct Last {
    own: std::sync::Mutex<Option<Arc<Last>>>,
    panics: bool,
    gone: mpsc::Sender<()>,
}

impl Work for Last {
    fn run(&self) -> Option<Moment> {
        let own = self.own.lock().unwrap().take();
        drop(own);
        assert!(!self.panics, "in the run, on purpose");
        None
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        let _ = self.gone.send(());
        panic!("in the destructor, on purpose");
    }
}

#[test]
fn an_owner_whose_destructor_panics_on_a_worker_stops_nothing() {
    for panics in [false, true] {
        let (gone, heard) = mpsc::channel();
        let work = Arc::new(Last {
            own: std::sync::Mutex::default(),
            panics,
            gone,
        });
        let job = Job::new(&work);
        *work.own.lock().unwrap() = Some(Arc::clone(&work));
        drop(work);
        job.now();
        heard.recv_timeout(DEADLINE).unwrap();
        let (_other, other, others) = told();
        other.now();
        others.recv_timeout(DEADLINE).unwrap();
    }
}

#[test]
fn nothing_is_left_of_a_job_that_was_dropped() {
    let (work, job, runs) = told();
    job.at(Moment::now().after(HOUR));
    drop(job);
    assert_eq!(Arc::weak_count(&work), 0);
    drop(work);
    assert!(runs.recv_timeout(DEADLINE).is_err(), "its sender is gone");
}

#[test]
fn no_run_is_lost_however_many_ask() {
    let written = Arc::new(AtomicU32::new(0));
    let seen = Arc::new(AtomicU32::new(0));
    let (_work, job) = {
        let (written, seen) = (Arc::clone(&written), Arc::clone(&seen));
        job(move || {
            seen.store(written.load(Ordering::Relaxed), Ordering::Relaxed);
            None
        })
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5000 {
                    written.fetch_add(1, Ordering::Relaxed);
                    job.now();
                }
            });
        }
    });
    let begun = Instant::now();
    while seen.load(Ordering::Relaxed) < 20_000 {
        assert!(
            begun.elapsed() < DEADLINE,
            "what was written last is not seen"
        );
        std::thread::yield_now();
    }
}
