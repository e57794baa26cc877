//! What an outage, a refused token, a limit and a poisonous report do to a queue: an outage blames nobody, a refusal one report.

use std::time::Duration;

use tokio::time::sleep;
use wats_domains::Wats;
use wats_domains::queue::{DrainOptions, Event, Reason, State};
use wats_http::Client;
use wats_sim::{Access, Fault};

use crate::common::{WSJF, bench, connect, event, id, one_at_a_time, open, unchecked, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_costs_a_call_in_five_minutes_and_no_report() {
    let bench = bench().await;
    let ids = bench.enqueue(0..50).await;
    let old = bench.sim.token().to_owned();
    let refuse = Fault::status(401).token(old).route("POST", WSJF);
    bench.sim.inject(refuse.skip(20).always());
    let events = bench.queue.events();
    let drain = bench.queue.drain(one_at_a_time()).unwrap();
    event(&events, |event| {
        matches!(event, Event::Paused(Reason::Unauthorized))
    })
    .await;
    assert_eq!(bench.answers(401), 1);
    // One call in the first five minutes after it, and none in the four that follow.
    bench.clock.advance(5 * 60_000 + 1);
    until(|| async { bench.answers(401) == 2 }).await;
    until(|| async { bench.items(State::Leased).await.is_empty() }).await;
    bench.clock.advance(4 * 60_000);
    for _ in 0..20 {
        sleep(Duration::from_millis(20)).await;
        assert_eq!(bench.answers(401), 2);
    }
    assert!(bench.items(State::Parked).await.is_empty());
    let waiting = bench.items(State::Ready).await;
    assert_eq!(waiting.len(), 30);
    assert!(waiting.iter().all(|item| item.tries == 0), "{waiting:?}");
    // A new token ends the pause without a wait for the clock.
    bench.sim.grant(Access::new("bmV3OnRva2Vu"));
    bench.api.http().set_token("bmV3OnRva2Vu").unwrap();
    event(&events, |event| {
        matches!(event, Event::Resumed(Reason::Unauthorized))
    })
    .await;
    bench.run_until_empty().await;
    bench.assert_stored(&ids, 1);
    assert_eq!(bench.answers(401), 2);
    assert!(drain.stop(Duration::from_secs(30)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_two_programs_have_is_not_tried_by_them_in_turns() {
    let bench = bench().await;
    bench.enqueue(0..6).await;
    // Another fingerprint of a token that is refused as well stands for the other process, where all fingerprints differ.
    let other = connect(&bench.sim, "YW5vdGhlcjpvbmU=");
    let second = open(&other, bench.folder.path(), &bench.clock).await;
    bench
        .sim
        .inject(Fault::status(401).route("POST", WSJF).always());
    let drains = [
        bench.queue.drain(DrainOptions::default()).unwrap(),
        second.drain(DrainOptions::default()).unwrap(),
    ];
    until(|| async { bench.answers(401) >= 1 }).await;
    for _ in 0..60 {
        sleep(Duration::from_millis(50)).await;
        // Four that were under way in each at the first answer, a look at the clock, and a probe of each.
        assert!(bench.answers(401) <= 12, "{}", bench.answers(401));
    }
    drop(drains);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_429_to_one_holds_all_who_share_the_folder() {
    let bench = bench().await;
    let ids = bench.enqueue(0..30).await;
    bench.sim.inject(
        Fault::status(429)
            .header("retry-after", "60")
            .route("POST", WSJF)
            .skip(5),
    );
    let events = bench.queue.events();
    let mut drains = vec![bench.queue.drain(one_at_a_time()).unwrap()];
    let mut queues = Vec::new();
    for _ in 0..2 {
        let api = connect(&bench.sim, bench.sim.token());
        let queue = open(&api, bench.folder.path(), &bench.clock).await;
        drains.push(queue.drain(one_at_a_time()).unwrap());
        queues.push(queue);
    }
    until(|| async { bench.queue.health().await.unwrap().pause.is_some() }).await;
    let pause = bench.queue.health().await.unwrap().pause.unwrap();
    assert_eq!(pause.reason, Reason::Throttled);
    until(|| async { bench.items(State::Leased).await.is_empty() }).await;
    let calls = bench.posts();
    assert!(calls <= 8, "{calls}");
    bench.clock.advance(59_000);
    for _ in 0..30 {
        sleep(Duration::from_millis(20)).await;
        assert_eq!(bench.posts(), calls, "nobody calls before its time");
    }
    bench.run_until_empty().await;
    bench.assert_stored(&ids, 1);
    assert_eq!(bench.posts(), 31, "30 reports and the one call too many");
    drop((drains, events));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_page_and_a_wrong_address_blame_no_report() {
    let bench = bench().await;
    let ids = bench.enqueue(0..10).await;
    bench.sim.inject(
        Fault::status(200)
            .content_type("text/html")
            .body("<html><body>Welcome to the guest network</body></html>")
            .always(),
    );
    let events = bench.queue.events();
    let drain = bench.queue.drain(one_at_a_time()).unwrap();
    event(&events, |event| {
        matches!(event, Event::Paused(Reason::WrongReceiver))
    })
    .await;
    bench.run_until(|| async { bench.posts() >= 3 }).await;
    bench.sim.clear_faults();
    let address = format!("{}/elsewhere", bench.sim.base_url());
    assert!(drain.stop(Duration::from_secs(30)).await.unwrap());
    let untouched = bench.items(State::Ready).await;
    assert_eq!(untouched.len(), 10);
    assert!(untouched.iter().all(|item| item.tries == 0));
    assert!(bench.items(State::Parked).await.is_empty());

    // The same by an address where there is no such server. The folder knows whose reports it has.
    let wrong = Client::builder()
        .base_url(&address)
        .token(bench.sim.token())
        .build();
    let wrong = Wats::from(wrong.unwrap());
    assert!(wrong.queue(bench.folder.path()).open().await.is_err());
    let folder = tempfile::tempdir().unwrap();
    let queue = open(&wrong, folder.path(), &bench.clock).await;
    let report = crate::common::read(&crate::common::test(id(99), "x"));
    queue.enqueue_with(&report, &unchecked()).await.unwrap();
    let wrong_drain = queue.drain(one_at_a_time()).unwrap();
    until(|| async { queue.health().await.unwrap().pause.is_some() }).await;
    assert_eq!(queue.health().await.unwrap().items(State::Parked), 0);
    drop(wrong_drain);

    let drain = bench.queue.drain(one_at_a_time()).unwrap();
    bench.run_until_empty().await;
    bench.assert_stored(&ids, 1);
    drop(drain);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_probed_and_waited_out() {
    let bench = bench().await;
    let ids = bench.enqueue(0..12).await;
    bench
        .sim
        .inject(Fault::status(503).route("POST", WSJF).times(4));
    let drain = bench.queue.drain(DrainOptions::default()).unwrap();
    bench.run_until_empty().await;
    bench.assert_stored(&ids, 1);
    drop(drain);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poisonous_reports_hold_nobody_up() {
    let bench = bench().await;
    let ids = bench.enqueue(0..60).await;
    let (failing, refused, large) = (ids[7], ids[20], ids[41]);
    let for_ever = |fault: Fault, id: uuid::Uuid| fault.containing(id.to_string()).always();
    bench.sim.inject(for_ever(Fault::status(500), failing));
    bench.sim.inject(for_ever(
        Fault::status(400)
            .content_type("application/json")
            .body(r#"{"Message": "root -> A: the name must be unique among its siblings"}"#),
        refused,
    ));
    bench.sim.inject(for_ever(Fault::status(413), large));
    let drain = bench.queue.drain(DrainOptions::default()).unwrap();
    // The clock stands still: nobody else waits for them.
    until(|| async { bench.depth().await == 3 }).await;
    let others: Vec<_> = ids
        .iter()
        .copied()
        .filter(|id| ![failing, refused, large].contains(id))
        .collect();
    bench.assert_stored(&others, 1);
    until(|| async { bench.ids(State::Waiting).await == [failing] }).await;
    assert_eq!(bench.ids(State::Parked).await, [refused, large]);
    let parked = bench.items(State::Parked).await;
    let faults: Vec<_> = parked
        .iter()
        .map(|item| item.fault.clone().unwrap())
        .collect();
    assert_eq!(faults[0].kind, "status 400");
    assert!(faults[0].detail.contains("R206"), "{:?}", faults[0]);
    assert_eq!(faults[1].kind, "status 413");

    // What somebody mends is sent: with the same bytes, or with others under the same id.
    bench.sim.clear_faults();
    bench.queue.retry(large).await.unwrap();
    let mended = crate::common::read(&crate::common::test(refused, "mended"));
    assert!(
        bench
            .queue
            .replace(&crate::common::read(&crate::common::test(id(777), "x")))
            .await
            .is_err()
    );
    bench
        .queue
        .enqueue_with(&mended, &unchecked())
        .await
        .unwrap();
    bench.run_until_empty().await;
    bench.assert_stored(&ids, 1);
    assert_eq!(
        bench.sim.report(&refused.to_string()).unwrap()["sn"],
        "mended"
    );
    drop(drain);
}
