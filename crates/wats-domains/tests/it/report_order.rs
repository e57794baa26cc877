//! Reports of one id that are submitted by several tasks: an older one never undoes a newer one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use crate::report_common::{id, read, start, test};
use wats_domains::BulkOptions;
use wats_domains::report::SubmitOptions;
use wats_sim::{Fault, Simulator};

const WSJF: &str = "/api/Report/WSJF";

/// Polls a future once, so that it has begun.
fn begin(future: std::pin::Pin<&mut impl Future>) {
    assert!(
        future
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
}

#[tokio::test]
async fn a_newer_report_waits_for_the_repeats_of_an_older_one() {
    let (sim, api) = start(Simulator::builder()).await;
    let [older, newer] = ["older", "newer"].map(|serial| read(&test(id(1), serial)));
    // The older one is sent again after a pause, which is longer than the newer one would take.
    sim.inject(
        Fault::status(503)
            .header("retry-after", "1")
            .route("POST", WSJF),
    );
    let (first, second) = (api.clone(), api.clone());
    let mut first = pin!(first.report().submit(&older));
    let mut second = pin!(second.report().submit(&newer));
    begin(first.as_mut());
    begin(second.as_mut());
    let (first, second) = tokio::join!(first, second);
    first.unwrap();
    second.unwrap();
    assert_eq!(sim.report(&id(1).to_string()).unwrap()["sn"], "newer");
}

#[tokio::test]
async fn texts_models_and_bulks_wait_for_each_other() {
    let (sim, api) = start(Simulator::builder()).await;
    let report = |serial: &str| test(id(1), serial);
    for (round, delay) in [(0, 50), (1, 0)] {
        sim.inject(Fault::delay(Duration::from_millis(delay)).route("POST", WSJF));
        let many = [read(&report("a")), read(&report("b"))];
        let (options, bulk) = (SubmitOptions::default(), BulkOptions::default());
        let mut bulk = pin!(api.report().submit_many(many, &options, &bulk));
        let text = report("c").to_string();
        let mut text = pin!(api.report().submit_wsjf(text));
        let json = report("d").to_string();
        let mut json = pin!(api.report().submit_json(json.as_bytes()));
        let last = read(&report("e"));
        let mut last = pin!(api.report().submit(&last));
        begin(bulk.as_mut());
        begin(text.as_mut());
        begin(json.as_mut());
        begin(last.as_mut());
        let (bulk, text, json, last) = tokio::join!(bulk, text, json, last);
        assert!(bulk.unwrap().is_ok() && text.is_ok() && json.is_ok() && last.is_ok());
        assert_eq!(
            sim.report(&id(1).to_string()).unwrap()["sn"],
            "e",
            "round {round}"
        );
    }
    assert!(sim.counters().in_flight_peak <= 1, "{}", sim.counters());
}

#[tokio::test]
async fn one_that_is_given_up_lets_the_next_go() {
    let (sim, api) = start(Simulator::builder()).await;
    let [older, newer] = ["older", "newer"].map(|serial| read(&test(id(1), serial)));
    {
        let mut dropped = pin!(api.report().submit(&older));
        begin(dropped.as_mut());
        let mut waiting = pin!(api.report().submit(&older));
        begin(waiting.as_mut());
    }
    api.report().submit(&newer).await.unwrap();
    assert_eq!(sim.report(&id(1).to_string()).unwrap()["sn"], "newer");
}
