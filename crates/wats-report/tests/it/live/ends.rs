//! Reports that do not come to their end: aborted, dropped, panicked, cancelled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc::{Receiver, channel};
use std::task::{Context, Poll, Waker};

use wats_report::live::{Abandoned, Abort, RunningReport};
use wats_report::{Error, LoopRule, MeasurementLimits, UutReport};

use super::{accepted, begun, letter, named};

/// A report whose remains come through the channel.
fn told() -> (RunningReport, Receiver<Abandoned>) {
    let (report, _) = begun();
    let (give, take) = channel();
    report.on_abandoned(move |left| drop(give.send(left)));
    (report, take)
}

/// Gives way once.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut paused, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[test]
fn aborted_with_all_that_was_measured() {
    for (abort, outcome) in [
        (Abort::terminated("the operator pressed stop"), "T"),
        (Abort::error("\u{0}the fixture\r\nis open").code(7), "E"),
    ] {
        let (report, left) = told();
        let power = report.sequence("Power");
        power
            .numeric("+5V", 7.0, "V", MeasurementLimits::at_most(5.0))
            .unwrap();
        let inner = power.sequence("Inner");
        let empty = inner.sequence("Empty");
        let none = inner.open_loop("None", LoopRule::All);
        let some = inner.open_loop("Some", LoopRule::All);
        let iteration = some.iteration();
        iteration.boolean("a", true).unwrap();
        let measured = inner.open_boolean_loop("Measured", LoopRule::All);
        measured.add(true).unwrap();
        let open = inner.step("Half done");
        let done = report.sequence("Done");
        done.end();
        // What would be refused is mended: nobody is there to do it.
        inner.boolean("Twin", true).unwrap();
        inner.boolean("Twin", true).unwrap();
        inner
            .numeric("NaN", f64::NAN, "V", MeasurementLimits::log())
            .unwrap();

        let aborted = report.abort(&abort).unwrap();
        accepted(&aborted, outcome);
        for name in ["Power", "Inner", "Empty", "None", "Some", "Half done"] {
            let step = named(aborted.report(), name);
            assert_eq!(letter(step.status.as_ref()), outcome, "{name}");
            assert_eq!(step.error_message.as_deref(), Some(abort.cause()));
        }
        for (name, status) in [
            ("+5V", "F"),
            ("Done", "P"),
            ("Twin (2)", "P"),
            ("Measured", "P"),
        ] {
            let step = named(aborted.report(), name);
            assert_eq!(letter(step.status.as_ref()), status, "{name}");
        }
        let uut = aborted.report().uut.as_ref().unwrap();
        assert_eq!(uut.error_message.as_deref(), Some(abort.cause()));
        // Whoever goes on is told.
        assert!(matches!(empty.boolean("b", true), Err(Error::Ended(_))));
        assert!(matches!(open.boolean(true), Err(Error::Ended(_))));
        assert!(matches!(
            none.iteration().boolean("b", true),
            Err(Error::Ended(_))
        ));
        drop((power, inner, empty, some, iteration, measured, report));
        assert!(left.recv().is_err(), "an aborted report is not abandoned");
    }
}

#[test]
fn dropped_by_an_error() {
    fn test(report: RunningReport) -> Result<UutReport, std::fmt::Error> {
        let power = report.sequence("Power");
        power.boolean("LED", true).map_err(|_| std::fmt::Error)?;
        let step = power.step("+5V");
        Err(std::fmt::Error)?;
        step.boolean(true).map_err(|_| std::fmt::Error)?;
        power.end();
        report.finish().map_err(|_| std::fmt::Error)
    }
    let (report, left) = told();
    let snapshot = report.clone();
    test(report).unwrap_err();
    // A clone is left.
    assert!(snapshot.snapshot().is_some());
    drop(snapshot);
    let left = left.recv().unwrap();
    accepted(&left.report, "T");
    assert_eq!(
        letter(named(left.report.report(), "Power").status.as_ref()),
        "T"
    );
    assert_eq!(
        letter(named(left.report.report(), "+5V").status.as_ref()),
        "T"
    );
    assert_eq!(
        letter(named(left.report.report(), "LED").status.as_ref()),
        "P"
    );
    left.done().unwrap();
}

#[test]
fn panics() {
    let (report, left) = told();
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let power = report.sequence("Power");
        power.boolean("LED", true).unwrap();
        let _step = power.step("+5V");
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    let left = left.recv().unwrap();
    accepted(&left.report, "E");
    assert_eq!(
        left.abort.cause(),
        "the test program panicked during the report"
    );
    let power = named(left.report.report(), "Power");
    assert_eq!(
        (letter(power.status.as_ref()), power.steps().len()),
        ("E", 2)
    );

    // One that panics itself ends nothing.
    let (report, _) = begun();
    report.on_abandoned(|_| panic!("on purpose"));
    drop(report);

    // A thread that panics breaks off its sequence, not the report.
    let (report, _) = begun();
    let power = report.sequence("Power");
    power.boolean("LED", true).unwrap();
    let thread = std::thread::spawn(move || {
        let _power = power;
        panic!("on purpose");
    });
    assert!(thread.join().is_err());
    accepted(&report.finish().unwrap(), "E");
}

#[test]
fn cancelled_at_every_await() {
    async fn test(report: RunningReport) -> wats_report::Result<UutReport> {
        pause().await;
        let power = report.sequence("Power");
        pause().await;
        let step = power.step("+5V");
        pause().await;
        step.numeric(5.0, "V", MeasurementLimits::log())?;
        pause().await;
        power
            .try_async_sequence("Inner", async |inner| {
                pause().await;
                inner.boolean("a", true)?;
                pause().await;
                wats_report::Result::Ok(())
            })
            .await?;
        let cycles = report.open_loop("Cycle", LoopRule::All);
        pause().await;
        for _ in 0..2 {
            let cycle = cycles.iteration();
            pause().await;
            cycle.boolean("b", true)?;
            pause().await;
            cycle.end();
            pause().await;
        }
        cycles.end();
        report
            .async_sequence("Last", async |last| {
                let step = last.step("c");
                pause().await;
                step.action().map(drop)
            })
            .await?;
        pause().await;
        power.end();
        pause().await;
        report.finish()
    }
    let mut awaits = 0;
    loop {
        let (report, left) = told();
        let finished = {
            let mut future = pin!(test(report));
            let mut polls = 0;
            loop {
                match future
                    .as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()))
                {
                    Poll::Ready(finished) => break Some(finished.unwrap()),
                    Poll::Pending if polls == awaits => break None,
                    Poll::Pending => polls += 1,
                }
            }
        };
        if let Some(finished) = finished {
            accepted(&finished, "P");
            assert_eq!(finished.report().step_count(), 12);
            assert!(left.recv().is_err());
            break;
        }
        let left = left.recv().unwrap();
        accepted(&left.report, "T");
        awaits += 1;
    }
    assert_eq!(awaits, 16);
}

#[test]
fn a_sequence_that_is_cancelled_does_not_pass() {
    let (report, _) = begun();
    {
        let mut future = pin!(report.async_sequence("Power", async |power| {
            power.boolean("LED", true).unwrap();
            pause().await;
        }));
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    report.boolean("After", true).unwrap();
    let report = report.finish().unwrap();
    accepted(&report, "T");
    assert_eq!(named(report.report(), "Power").steps().len(), 1);
}
