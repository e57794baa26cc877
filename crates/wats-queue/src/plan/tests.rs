//! The plan by itself: each verdict, and any order of them against what must always hold.

use proptest::prelude::*;
use std::time::Duration;

use super::backoff::{clamp, doubled, full_jitter, half_jitter};
use super::flow::{Admit, Flow, Reason};
use super::settle::{Change, Facts, Next, settle};
use super::{HOUR, MINUTE, SECOND, Verdict};
use crate::item::Fault;

fn fault() -> Fault {
    Fault::new("test", "because")
}

fn sent() -> Verdict {
    Verdict::Sent {
        reference: String::new(),
    }
}

fn facts(seq: i64) -> Facts {
    Facts {
        seq,
        ..Facts::default()
    }
}

/// With the longest random waits.
fn go(flow: &mut Flow, seq: i64, verdict: Verdict, now: i64) -> Change {
    settle(verdict, facts(seq), flow, now, &mut |most| most)
}

fn probe_at(flow: &mut Flow, seq: i64, now: i64) {
    let admit = flow.admit(now, 0, false, Some(0));
    assert!(matches!(admit, Admit::Now { probe: true, .. }), "{admit:?}");
    flow.leased(seq, true, now);
}

fn until(flow: &Flow) -> i64 {
    flow.pause.as_ref().unwrap().until
}

#[test]
fn waits_double_up_to_their_bound_and_are_random_within_it() {
    let waits: Vec<i64> = (1..=5).map(|times| doubled(15, times, 100)).collect();
    assert_eq!(waits, [15, 30, 60, 100, 100]);
    assert_eq!(doubled(i64::MAX, u32::MAX, HOUR), HOUR);
    let mut least = |_| 0;
    assert_eq!(full_jitter(1000, &mut least), 50);
    assert_eq!(half_jitter(1000, &mut least), 500);
    let mut most = |most| most;
    assert_eq!(full_jitter(1000, &mut most), 1000);
    assert_eq!(half_jitter(1001, &mut most), 1001);
    assert_eq!(clamp(500, 10, 100), 110);
    assert_eq!(clamp(105, 10, 100), 105);
    assert_eq!(clamp(i64::MAX, i64::MAX, 1), i64::MAX);
}

#[test]
fn an_outage_blames_no_item_and_ends_with_a_probe() {
    let mut flow = Flow::default();
    let change = go(&mut flow, 1, Verdict::Unreachable(fault()), 0);
    assert_eq!(change.next, Next::Ready);
    assert_eq!(change.paused, Some(Reason::Unreachable));
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..10 {
        assert!(matches!(
            flow.admit(until(&flow) - 1, 0, false, Some(0)),
            Admit::Not { .. }
        ));
        waits.push((until(&flow) - now) / SECOND);
        now = until(&flow);
        probe_at(&mut flow, 1, now);
        assert_eq!(flow.admit(now, 1, true, Some(0)), Admit::Not { at: None });
        let change = go(&mut flow, 1, Verdict::Unreachable(fault()), now);
        assert_eq!(change.paused, None, "it is no news");
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 120, 120, 120]);
    now = until(&flow);
    probe_at(&mut flow, 1, now);
    let change = go(&mut flow, 1, sent(), now);
    assert_eq!(change.resumed, Some(Reason::Unreachable));
    // After more than a minute it begins slowly, and not at once.
    let start = flow.next_at;
    assert!(start > now && start <= now + MINUTE);
    assert_eq!(
        flow.admit(now, 0, false, Some(0)),
        Admit::Not { at: Some(start) }
    );
    let most = |flow: &Flow| match flow.admit(start, 0, false, Some(0)) {
        Admit::Now { most, .. } => most,
        Admit::Not { .. } => 0,
    };
    let mut allowed = Vec::new();
    for seq in 0..7 {
        allowed.push(most(&flow));
        go(&mut flow, seq, sent(), start);
    }
    assert_eq!(allowed, [1, 2, 4, 8, 16, 32, u32::MAX]);
}

#[test]
fn what_was_under_way_when_a_pause_began_neither_lengthens_nor_ends_it() {
    let mut flow = Flow::default();
    go(&mut flow, 1, Verdict::Unreachable(fault()), 0);
    let first = flow.clone();
    go(&mut flow, 2, Verdict::Unreachable(fault()), 10);
    assert_eq!(flow.pause, first.pause);
    assert_eq!(go(&mut flow, 3, sent(), 20).resumed, None);
    assert_eq!(flow.pause, first.pause);
}

#[test]
fn a_credential_that_is_not_accepted_is_tried_again_when_it_is_another_one() {
    let mut flow = Flow::default();
    let mut with = facts(1);
    with.credential = 7;
    settle(
        Verdict::Unauthorized(fault()),
        with,
        &mut flow,
        0,
        &mut |most| most,
    );
    assert!(matches!(
        flow.admit(5 * MINUTE - 1, 0, false, Some(7)),
        Admit::Not { .. }
    ));
    assert!(matches!(
        flow.admit(5 * MINUTE, 0, false, Some(7)),
        Admit::Now { most: 1, .. }
    ));
    assert!(matches!(
        flow.admit(1, 0, false, Some(8)),
        Admit::Now { most: 1, .. }
    ));
    flow.leased(1, true, 1);
    with.credential = 8;
    settle(
        Verdict::Unauthorized(fault()),
        with,
        &mut flow,
        1,
        &mut |most| most,
    );
    assert!(matches!(
        flow.admit(2, 0, false, Some(8)),
        Admit::Not { .. }
    ));
    assert!(matches!(
        flow.admit(2, 0, false, Some(9)),
        Admit::Now { .. }
    ));
    // One that was refused here before is no other one, whatever its number is elsewhere.
    assert!(matches!(flow.admit(2, 0, false, None), Admit::Not { .. }));
}

#[test]
fn what_is_forbidden_is_told_from_one_item_by_another() {
    // Another item passes: it was the first one alone.
    let mut flow = Flow::default();
    go(&mut flow, 1, Verdict::Forbidden(fault()), 0);
    let admit = flow.admit(0, 0, false, Some(0));
    assert_eq!(
        admit,
        Admit::Now {
            most: 1,
            avoid: Some(1),
            probe: true
        }
    );
    flow.leased(2, true, 0);
    let change = go(&mut flow, 2, sent(), 0);
    assert_eq!(change.park, Some((1, fault())));
    assert_eq!(change.resumed, Some(Reason::Forbidden));
    // It does not: it is the credential.
    go(&mut flow, 1, Verdict::Forbidden(fault()), 0);
    flow.leased(2, true, 0);
    let change = go(&mut flow, 2, Verdict::Forbidden(fault()), 0);
    assert_eq!(change.park, None);
    assert_eq!(
        flow.admit(15 * MINUTE - 1, 0, false, Some(0)),
        Admit::Not {
            at: Some(15 * MINUTE)
        }
    );
    probe_at(&mut flow, 1, 15 * MINUTE);
    let change = go(&mut flow, 1, sent(), 15 * MINUTE);
    assert_eq!(
        change.park, None,
        "nobody is set aside for what held for all"
    );
}

#[test]
fn a_receiver_that_asks_for_a_pause_gets_it_and_a_lower_rate() {
    let mut flow = Flow::default();
    let throttled = |seconds: Option<u64>| Verdict::Throttled {
        retry_after: seconds.map(Duration::from_secs),
        fault: fault(),
    };
    let mut with = facts(1);
    with.sent_last_minute = 60;
    settle(throttled(Some(10)), with, &mut flow, 0, &mut |most| most);
    assert_eq!(until(&flow), 10 * SECOND);
    // One that was under way may only make it longer.
    settle(throttled(Some(5)), facts(2), &mut flow, 1, &mut |most| most);
    assert_eq!(until(&flow), 10 * SECOND);
    settle(throttled(Some(20)), facts(2), &mut flow, 1, &mut |most| {
        most
    });
    assert_eq!(until(&flow), 20 * SECOND + 1);
    let now = until(&flow);
    probe_at(&mut flow, 1, now);
    go(&mut flow, 1, sent(), now);
    let interval = SECOND * 10 / 7;
    assert_eq!(flow.interval, interval, "one a second was too much");
    let now = now + 3 * SECOND;
    assert!(matches!(
        flow.admit(now, 0, false, Some(0)),
        Admit::Now { most: 1, .. }
    ));
    flow.leased(3, false, now);
    assert_eq!(
        flow.admit(now, 1, false, Some(0)),
        Admit::Not {
            at: Some(now + interval)
        }
    );
    // A half more each minute, until it is no bound.
    flow.leased(4, false, now + 2 * MINUTE);
    assert_eq!(flow.interval, interval * 2 / 3 * 2 / 3);
    flow.leased(5, false, now + 20 * MINUTE);
    assert_eq!(flow.interval, 0);
    // Who has sent nothing in the last minute was refused because of others.
    flow.lower_rate(0, now);
    assert_eq!(flow.interval, 2 * SECOND * 10 / 7);
    // However long it was said, an hour is the most.
    let mut flow = Flow::default();
    settle(
        throttled(Some(u64::MAX)),
        facts(1),
        &mut flow,
        0,
        &mut |most| most,
    );
    assert_eq!(until(&flow), HOUR);
}

#[test]
fn three_different_items_that_fail_in_a_row_are_an_outage() {
    let mut flow = Flow::default();
    for _ in 0..5 {
        assert_eq!(go(&mut flow, 1, Verdict::Failed(fault()), 0).paused, None);
    }
    assert_eq!(go(&mut flow, 2, Verdict::Failed(fault()), 0).paused, None);
    go(&mut flow, 9, sent(), 0);
    for seq in [1, 2] {
        assert_eq!(go(&mut flow, seq, Verdict::Failed(fault()), 0).paused, None);
    }
    let change = go(&mut flow, 3, Verdict::Failed(fault()), 0);
    assert_eq!(change.paused, Some(Reason::Failing));
    assert!(matches!(change.next, Next::Waiting { wait: 15_000, .. }));
}

#[test]
fn one_that_fails_for_a_day_while_others_are_sent_is_set_aside() {
    let mut flow = Flow {
        last_sent: 25 * HOUR - 1,
        ..Flow::default()
    };
    let mut with = Facts {
        seq: 1,
        tries: 30,
        suspect_tries: 19,
        failed_since: HOUR,
        failed_at: 24 * HOUR,
        ..Facts::default()
    };
    let go = |facts, flow: &mut Flow| {
        settle(
            Verdict::Failed(fault()),
            facts,
            flow,
            25 * HOUR,
            &mut |most| most,
        )
        .next
    };
    assert!(matches!(go(with, &mut flow), Next::Parked(fault) if fault.kind == "suspect"));
    // Not when nothing was sent since it failed last, not before a day is over, not after fewer tries.
    flow.last_sent = 23 * HOUR;
    assert!(matches!(
        go(with, &mut flow),
        Next::Waiting { suspect: false, .. }
    ));
    flow.last_sent = 25 * HOUR - 1;
    with.failed_since = HOUR + 1;
    assert!(matches!(
        go(with, &mut flow),
        Next::Waiting {
            suspect: true,
            wait: HOUR,
            ..
        }
    ));
    (with.failed_since, with.suspect_tries) = (HOUR, 18);
    assert!(matches!(go(with, &mut flow), Next::Waiting { .. }));
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(sent()),
        Just(Verdict::Unconfirmed {
            reference: String::new()
        }),
        Just(Verdict::Quarantined(fault())),
        Just(Verdict::Refused(fault())),
        Just(Verdict::Failed(fault())),
        Just(Verdict::Unreachable(fault())),
        Just(Verdict::WrongReceiver(fault())),
        Just(Verdict::Unauthorized(fault())),
        Just(Verdict::Forbidden(fault())),
        any::<Option<u32>>().prop_map(|seconds| Verdict::Throttled {
            retry_after: seconds.map(|it| Duration::from_secs(u64::from(it))),
            fault: fault(),
        }),
        any::<u32>().prop_map(|seconds| Verdict::Hold {
            lasting: Duration::from_secs(u64::from(seconds)),
            fault: fault(),
        }),
        Just(Verdict::Damaged(fault())),
        Just(Verdict::GivenBack),
    ]
}

proptest! {
    /// Whatever comes in whatever order, at whatever time: nothing overflows, a pause ends within its bound, at most one
    /// probe is under way, and no verdict on the whole queue moves an item.
    #[test]
    fn any_order_of_verdicts_keeps_the_queue_going(
        steps in prop::collection::vec((any_verdict(), 0_i64..6, any::<bool>(), -HOUR..HOUR), 1..60)
    ) {
        let mut flow = Flow::default();
        let mut now = 1_700_000_000_000;
        let mut probe: Option<i64> = None;
        for (verdict, seq, take, passes) in steps {
            now += passes;
            if passes < 0 {
                flow.clamp_waits(now);
            }
            if take && let Admit::Now { probe: is_probe, most, avoid } = flow.admit(now, 0, probe.is_some(), Some(0)) {
                prop_assert!(most >= 1);
                if is_probe {
                    prop_assert!(probe.is_none());
                    prop_assert_eq!(most, 1);
                    if avoid != Some(seq) {
                        probe = Some(seq);
                        flow.leased(seq, true, now);
                    }
                } else {
                    flow.leased(seq, false, now);
                }
            }
            let blameless = matches!(
                verdict,
                Verdict::Unreachable(_) | Verdict::WrongReceiver(_) | Verdict::Unauthorized(_)
                    | Verdict::Forbidden(_) | Verdict::Throttled { .. } | Verdict::GivenBack
            );
            let half = now % 2;
            let change = settle(verdict, facts(seq), &mut flow, now, &mut |most| most * half / 2);
            if blameless {
                prop_assert_eq!(&change.next, &Next::Ready);
            }
            if probe == Some(seq) {
                probe = None;
            }
            if let Some(pause) = &flow.pause {
                prop_assert!(pause.wait <= HOUR && pause.wait > 0);
                prop_assert!(pause.until - pause.wait <= now + 2 * HOUR);
                // The longest wait over, one item is tried.
                let probing = flow.admit(now + HOUR, 0, false, Some(0));
                let probing = matches!(probing, Admit::Now { most: 1, probe: true, .. });
                prop_assert!(probing);
            } else {
                let goes_on = matches!(flow.admit(now + HOUR, 0, false, Some(0)), Admit::Now { .. });
                prop_assert!(goes_on, "{:?}", flow);
            }
            // What is stored is read as it was written.
            let text = serde_json::to_string(&flow).unwrap();
            prop_assert_eq!(serde_json::from_str::<Flow>(&text).unwrap(), flow.clone());
        }
    }
}
