//! Lost answers, many versions of one report, and units whose repair must not come before their test.

use wats_domains::queue::{DrainOptions, Order, State};
use wats_sim::Fault;

use crate::common::{WSJF, bench, id, read, repair, test, unchecked, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_lose_and_double_nothing() {
    let bench = bench().await;
    let ids = bench.enqueue(0..40).await;
    let lost = Fault::store_then_reset().route("POST", WSJF);
    bench.sim.inject(lost.every(3).always());
    let drain = bench.queue.drain(DrainOptions::default()).unwrap();
    bench.run_until_empty().await;
    let received: u64 = ids
        .iter()
        .map(|id| bench.sim.receive_count(&id.to_string()))
        .sum();
    // Each call that reached the server is explained by an answer, or by one that was lost.
    assert_eq!(received, bench.posts());
    assert!(received > 40, "no answer was lost");
    bench.assert_stored(&ids, u64::MAX);
    drop(drain);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_of_five_versions_wins() {
    let bench = bench().await;
    let versions = ["one", "two", "three", "four", "five"];
    for version in versions {
        let report = read(&test(id(1), version));
        bench
            .queue
            .enqueue_with(&report, &unchecked())
            .await
            .unwrap();
    }
    let again = read(&test(id(1), "five"));
    let receipt = bench
        .queue
        .enqueue_with(&again, &unchecked())
        .await
        .unwrap();
    assert_eq!(receipt.outcome, wats_domains::queue::Stored::SameAsOpen);
    let lost = Fault::store_then_reset().route("POST", WSJF);
    bench.sim.inject(lost.every(2).always());
    let drain = bench.queue.drain(DrainOptions::default()).unwrap();
    bench.run_until_empty().await;
    assert_eq!(bench.sim.report(&id(1).to_string()).unwrap()["sn"], "five");
    assert_eq!(bench.sim.receive_count(&id(1).to_string()), bench.posts());
    drop(drain);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repair_never_comes_before_its_test() {
    let bench = bench().await;
    let failed = read(&test(id(1), "SN-1"));
    // Units are told apart as the server does it.
    let repaired = read(&repair(id(2), id(1), "sn-1"));
    bench
        .queue
        .enqueue_with(&failed, &unchecked())
        .await
        .unwrap();
    bench
        .queue
        .enqueue_with(&repaired, &unchecked())
        .await
        .unwrap();
    let others = bench.enqueue(10..20).await;
    let fails = Fault::status(500).containing(format!("\"id\":\"{}\"", id(1)));
    bench.sim.inject(fails.times(2));
    let drain = bench.queue.drain(DrainOptions::default()).unwrap();
    until(|| async { bench.depth().await == 2 }).await;
    bench.assert_stored(&others, 1);
    until(|| async { bench.ids(State::Waiting).await == [id(1)] }).await;
    assert_eq!(bench.ids(State::Behind).await, [id(2)]);
    assert!(!bench.is_stored(id(2)));
    bench.run_until_empty().await;
    assert!(bench.is_stored(id(1)) && bench.is_stored(id(2)));
    drop(drain);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_order_of_units_it_may() {
    let bench = bench().await;
    let folder = tempfile::tempdir().unwrap();
    let builder = bench.api.queue(folder.path()).order(Order::Report);
    let queue = builder
        .bounds(wats_domains::queue::Bounds::default().min_free(0))
        .open()
        .await
        .unwrap();
    queue
        .enqueue_with(&read(&test(id(1), "SN-1")), &unchecked())
        .await
        .unwrap();
    queue
        .enqueue_with(&read(&repair(id(2), id(1), "SN-1")), &unchecked())
        .await
        .unwrap();
    let fails = Fault::status(500).containing(format!("\"id\":\"{}\"", id(1)));
    bench.sim.inject(fails.always());
    let drain = queue.drain(DrainOptions::default()).unwrap();
    until(|| async { bench.is_stored(id(2)) }).await;
    assert!(!bench.is_stored(id(1)));
    drop(drain);
}
