//! What is left of a test that did not come to its end is taken by a server with all rules.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::build_common::{builder, server_says};
use wats_domains::MeasurementLimits;
use wats_domains::report::live::{Abort, RunningReport, recover};
use wats_domains::report::{LoopRule, Result, Status, UutReport};

/// A test of all that can be open, with a stop after each; the stops are numbered.
async fn test(report: RunningReport, panics_at: usize) -> Result<UutReport> {
    let mut stops = 0;
    let mut stop = async || {
        stops += 1;
        assert!(stops != panics_at, "on purpose");
        tokio::task::yield_now().await;
    };
    stop().await;
    let power = report.sequence("Power");
    stop().await;
    let step = power.step("+5V");
    stop().await;
    step.numeric(7.0, "V", MeasurementLimits::at_most(5.25))?;
    let inner = power.sequence("Inner");
    stop().await;
    let cycles = inner.open_loop("Cycle", LoopRule::All);
    stop().await;
    for _ in 0..2 {
        let cycle = cycles.iteration();
        stop().await;
        cycle.boolean("Relay", true)?;
        stop().await;
        cycle.end();
    }
    cycles.end();
    let settle = inner.open_numeric_loop("Settle", MeasurementLimits::log(), "V", LoopRule::Last);
    stop().await;
    for value in [f64::NAN, 5.0] {
        settle.add(value)?;
        stop().await;
    }
    settle.end();
    // Two of one name.
    inner.boolean("LED", true)?;
    inner.boolean("LED", true)?;
    stop().await;
    inner.end();
    power.end();
    stop().await;
    report.finish()
}

/// Runs it until so many stops; whether that was all of them.
fn run(report: RunningReport, stops: usize, panics_at: usize) -> bool {
    let mut future = pin!(test(report, panics_at));
    for _ in 0..=stops {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(finished) = future.as_mut().poll(&mut context) {
            // Equal names and NaN are refused of what is finished.
            assert!(finished.is_err());
            return true;
        }
    }
    false
}

fn taken(report: &UutReport, outcome: &Status) {
    assert_eq!(server_says(report.report()), None);
    assert_eq!(report.report().result.as_ref(), Some(outcome));
}

#[test]
fn cancelled_panicked_aborted_and_killed_at_every_await() {
    let dir = tempfile::tempdir().unwrap();
    let mut stops = 0;
    loop {
        // Cancelled.
        let (give, left) = channel();
        let report = builder().begin();
        report.on_abandoned(move |left| drop(give.send(left)));
        let all = run(report, stops, usize::MAX);
        taken(&left.recv().unwrap().report, &Status::Terminated);
        if all {
            break;
        }
        // Panicked.
        let (give, left) = channel();
        let report = builder().begin();
        report.on_abandoned(move |left| drop(give.send(left)));
        let panicked = catch_unwind(AssertUnwindSafe(|| run(report, usize::MAX - 1, stops + 1)));
        assert!(panicked.is_err());
        taken(&left.recv().unwrap().report, &Status::Error);
        // Aborted by another, and a journal that nobody ended.
        let report = builder().begin();
        report.journal(dir.path()).unwrap();
        let other = report.clone();
        {
            let mut future = pin!(test(report, usize::MAX));
            for _ in 0..=stops {
                let mut context = Context::from_waker(Waker::noop());
                assert!(future.as_mut().poll(&mut context).is_pending());
            }
            taken(&other.snapshot().unwrap(), &Status::Terminated);
            let aborted = other.abort(&Abort::error("the fixture is open")).unwrap();
            taken(&aborted, &Status::Error);
            drop(other);
        }
        for left in recover(dir.path()).unwrap() {
            taken(left.report.as_ref().unwrap(), &Status::Error);
            left.done().unwrap();
        }
        stops += 1;
    }
    assert_eq!(stops, 14);
}

/// Awaits in a runtime of its own, whose time is paused; the server has another.
fn paused<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

async fn soak() -> UutReport {
    let begun = tokio::time::Instant::now();
    let report = builder().begin_with_clock(move || begun.elapsed());
    // A task of its own: the closure and the sequence go from thread to thread.
    let other = report.clone();
    let task = tokio::spawn(async move {
        other
            .try_async_sequence("Soak", async |soak| {
                for minute in 0..60 {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                    soak.boolean(format!("minute {minute}"), true)?;
                }
                Ok::<(), wats_domains::report::Error>(())
            })
            .await
    });
    let beside = report.sequence("Beside");
    let step = beside.step("Warm up");
    tokio::time::sleep(Duration::from_secs(90)).await;
    step.action().unwrap();
    beside.end();
    task.await.unwrap().unwrap();
    report.finish().unwrap()
}

#[test]
fn time_that_is_paused_is_that_of_the_report() {
    let report = paused(soak());
    assert_eq!(server_says(report.report()), None);
    let seconds = |name: &str| {
        let step = report.report().steps().find(|step| step.name() == name);
        step.unwrap().total_time.as_ref().unwrap().value().round()
    };
    let seconds = |name| seconds(name) as u64;
    assert_eq!((seconds("Soak"), seconds("Warm up")), (3600, 90));
    assert_eq!(seconds("minute 30"), 60);
}

#[test]
fn a_task_that_is_dropped_leaves_its_report() {
    let (give, left) = channel();
    let report = builder().begin();
    report.on_abandoned(move |left| drop(give.send(left)));
    paused(async {
        let task = tokio::spawn(async move {
            let power = report.sequence("Power");
            power.boolean("LED", true)?;
            std::future::pending::<()>().await;
            power.end();
            report.finish()
        });
        tokio::task::yield_now().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    });
    let left = left.recv().unwrap();
    taken(&left.report, &Status::Terminated);
    assert_eq!(left.report.report().step_count(), 3);
}
