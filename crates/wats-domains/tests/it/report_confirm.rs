//! What becomes of a report after its 200: followed to the end, against a server over real TCP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use std::time::Duration;

use crate::report_common::{connect, id, read, start, test};
use jiff::Timestamp;
use serde_json::json;
use wats_domains::Wats;
use wats_domains::report::{ConfirmOptions, SubmissionState, SubmitOptions};
use wats_sim::{Fault, Simulator};

const WSJF: &str = "/api/Report/WSJF";
const STATE: &str = "/api/internal/Report/GetReportState/{id}";
const HEADERS: &str = "/api/Report/Query/Header";

/// Long enough never to be over in a test.
fn without_hurry() -> ConfirmOptions {
    ConfirmOptions::default()
        .timeout(Duration::from_secs(600))
        .first_pause(Duration::from_millis(1))
        .longest_pause(Duration::from_millis(5))
}

async fn submit(api: &Wats, n: u128) -> SubmissionState {
    let options = SubmitOptions::default().confirm(without_hurry());
    let report = read(&test(id(n), "S"));
    api.report()
        .submit_with(&report, &options)
        .await
        .unwrap()
        .state
        .unwrap()
}

#[tokio::test]
async fn a_report_that_is_stored_is_told_so() {
    let (_sim, api) = start(Simulator::builder()).await;
    assert_eq!(submit(&api, 1).await, SubmissionState::Stored);
    let state = api.report().internal().state(id(1)).await.unwrap().unwrap();
    assert_eq!(
        (state.id, state.attempts, state.receive_count),
        (Some(id(1)), Some(1), Some(1))
    );
    assert_eq!(api.report().internal().state(id(2)).await.unwrap(), None);
}

#[tokio::test]
async fn a_report_in_quarantine_is_told_with_the_reason() {
    let (sim, api) = start(Simulator::builder()).await;
    sim.inject(Fault::quarantine("Deadlock in the database").route("POST", WSJF));
    let SubmissionState::Quarantined { state, reason } = submit(&api, 1).await else {
        panic!("quarantined");
    };
    assert!(state.is_quarantined() && !state.is_invalid());
    assert_eq!(reason.as_deref(), Some("Deadlock in the database"));

    let mut future = test(id(2), "S");
    for start in ["start", "startUTC"] {
        future[start] = json!("9000-01-01T00:00:00Z");
    }
    let options = SubmitOptions::default().confirm(without_hurry());
    let submitted = api
        .report()
        .submit_with(&read(&future), &options)
        .await
        .unwrap();
    let Some(SubmissionState::Quarantined { reason, .. }) = submitted.state else {
        panic!("quarantined");
    };
    assert!(reason.unwrap().contains("in the future"));

    let internal = api.report().internal();
    let listed = internal.quarantine().await.unwrap();
    assert_eq!(
        listed.iter().map(|report| report.id).collect::<Vec<_>>(),
        [Some(id(1)), Some(id(2))]
    );
    internal.retry(&[id(1)]).await.unwrap();
    assert_eq!(
        internal.confirm(id(1), &without_hurry()).await.unwrap(),
        SubmissionState::Stored
    );
    let now: Timestamp = "2026-02-03T04:05:06Z".parse().unwrap();
    internal.retry_at(&[(id(2), now)]).await.unwrap();
    assert_eq!(
        internal.confirm(id(2), &without_hurry()).await.unwrap(),
        SubmissionState::Stored
    );
    assert!(internal.quarantine().await.unwrap().is_empty());
}

#[tokio::test]
async fn deleting_from_the_quarantine_is_not_repeated() {
    let (sim, api) = start(Simulator::builder()).await;
    sim.inject(Fault::quarantine("x").route("POST", WSJF).times(2));
    for n in [1, 2] {
        assert!(matches!(
            submit(&api, n).await,
            SubmissionState::Quarantined { .. }
        ));
    }
    let internal = api.report().internal();
    internal.delete_quarantined(&[id(1)]).await.unwrap();
    assert_eq!(sim.report_state(&id(1).to_string()), None);
    sim.inject(Fault::status(503).route("DELETE", "/api/internal/Quarantine"));
    sim.reset_counters();
    assert!(internal.delete_quarantined(&[id(2)]).await.is_err());
    assert_eq!(sim.counters().total_requests(), 1);

    // An empty list would mean all.
    for outcome in [
        internal.retry(&[]).await,
        internal.retry_at(&[]).await,
        internal.delete_quarantined(&[]).await,
    ] {
        assert!(outcome.unwrap_err().to_string().contains("all of them"));
    }
    assert_eq!(sim.counters().total_requests(), 1);
}

#[tokio::test]
async fn a_report_is_followed_until_the_server_has_got_round_to_it() {
    let (sim, api) = start(Simulator::builder()).await;
    // An older version is stored; it must not pass for the new one.
    assert_eq!(submit(&api, 1).await, SubmissionState::Stored);
    sim.hold_reports();
    sim.reset_counters();
    let followed = tokio::spawn({
        let api = api.clone();
        async move { submit(&api, 1).await }
    });
    while sim.counters().requests.get(&format!("GET {STATE}")) < Some(&5) {
        assert!(
            !followed.is_finished(),
            "the older version passed for the new one"
        );
        tokio::task::yield_now().await;
    }
    assert!(!followed.is_finished(), "received, not stored");
    sim.release_reports();
    assert_eq!(followed.await.unwrap(), SubmissionState::Stored);
}

#[tokio::test]
async fn when_the_time_is_over_the_last_state_is_told() {
    let (sim, api) = start(Simulator::builder()).await;
    sim.hold_reports();
    let report = read(&test(id(1), "S"));
    api.report().submit(&report).await.unwrap();
    let brief = without_hurry().timeout(Duration::from_millis(200));
    let state = api
        .report()
        .internal()
        .confirm(id(1), &brief)
        .await
        .unwrap();
    let SubmissionState::Pending { state, trouble } = state else {
        panic!("pending");
    };
    assert_eq!(trouble, None);
    assert!(state.is_none_or(|state| state.state.as_deref() == Some("R")));
}

#[tokio::test]
async fn without_the_internal_route_the_public_list_must_do() {
    let (sim, api) = start(Simulator::builder()).await;
    sim.inject(Fault::status(403).route("GET", STATE).times(1_000));
    assert_eq!(submit(&api, 1).await, SubmissionState::Stored);
    sim.inject(Fault::quarantine("x").route("POST", WSJF));
    let report = read(&test(id(2), "S"));
    api.report().submit(&report).await.unwrap();
    let brief = without_hurry().timeout(Duration::from_millis(50));
    let state = api
        .report()
        .internal()
        .confirm(id(2), &brief)
        .await
        .unwrap();
    assert!(
        matches!(state, SubmissionState::Pending { state: None, .. }),
        "{state:?}"
    );
}

#[tokio::test]
async fn an_earlier_version_does_not_pass_for_the_one_in_quarantine() {
    let (sim, api) = start(Simulator::builder()).await;
    assert_eq!(submit(&api, 1).await, SubmissionState::Stored);
    for status in [403, 404] {
        sim.clear_faults();
        sim.inject(Fault::status(status).route("GET", STATE).times(100_000));
        // Stored anew, it is listed as received once more.
        assert_eq!(submit(&api, 1).await, SubmissionState::Stored, "{status}");

        sim.inject(Fault::quarantine("x").route("POST", WSJF));
        let brief = without_hurry().timeout(Duration::from_millis(300));
        let options = SubmitOptions::default().confirm(brief);
        let report = read(&test(id(1), "S"));
        let submitted = api.report().submit_with(&report, &options).await.unwrap();
        let Some(SubmissionState::Pending { trouble, .. }) = submitted.state else {
            panic!("{status}: {:?}", submitted.state);
        };
        let trouble = trouble.unwrap();
        assert!(trouble.contains("earlier version"), "{trouble}");
        // Nothing was read before this one; it cannot be told either.
        let state = api
            .report()
            .internal()
            .confirm(id(1), &brief)
            .await
            .unwrap();
        assert!(
            matches!(state, SubmissionState::Pending { .. }),
            "{status}: {state:?}"
        );
    }
}

#[tokio::test]
async fn a_failure_to_look_does_not_undo_the_submit() {
    let (sim, api) = start(Simulator::builder()).await;
    // Passing trouble is looked through, on either route.
    sim.inject(Fault::status(503).route("GET", STATE).times(3));
    sim.inject(Fault::drop_before_response().route("GET", HEADERS));
    assert_eq!(submit(&api, 1).await, SubmissionState::Stored);

    // A token that is refused from now on ends it.
    sim.replace_token("bmV3OnRva2Vu");
    let state = api
        .report()
        .internal()
        .confirm(id(1), &without_hurry())
        .await
        .unwrap();
    let SubmissionState::Pending {
        trouble: Some(trouble),
        ..
    } = state
    else {
        panic!("pending with trouble");
    };
    assert!(trouble.contains("401"), "{trouble}");
    let with_new_token = connect(&sim, "bmV3OnRva2Vu");
    assert!(
        with_new_token
            .report()
            .internal()
            .confirm(id(1), &without_hurry())
            .await
            .unwrap()
            .is_stored()
    );
}
