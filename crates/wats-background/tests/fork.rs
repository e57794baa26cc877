//! The child of a fork: it has the memory of its parent and none of its threads.

#![cfg(unix)]
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use wats_background::{Job, Moment, Work, clock};

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

#[test]
fn a_job_of_the_parent_runs_in_the_child_when_it_is_asked_for_there() {
    let (_work, job, runs) = told();
    job.now();
    runs.recv_timeout(DEADLINE).unwrap();
    // The parent's schedule stays with the parent.
    job.at(Moment::now().after(Duration::from_secs(3600)));
    assert!(in_child(|| {
        job.at(Moment::now().after(Duration::from_millis(1)));
        runs.recv_timeout(DEADLINE).is_ok()
    }));
    job.now();
    runs.recv_timeout(DEADLINE).unwrap();
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
