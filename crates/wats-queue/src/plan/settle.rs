//! What a verdict does to its item and to the flow.

use super::backoff::{Random, doubled, half_jitter};
use super::flow::{Flow, Reason, Trouble};
use super::verdict::Verdict;
use super::{HOUR, SECOND};
use crate::item::Fault;

/// What is known of the item that a verdict is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Facts {
    pub(crate) seq: i64,
    /// How often it failed.
    pub(crate) tries: u32,
    /// How often it failed after another one was sent.
    pub(crate) suspect_tries: u32,
    /// When it failed first and last; 0 for never.
    pub(crate) failed_since: i64,
    pub(crate) failed_at: i64,
    /// Which credential it was sent with.
    pub(crate) credential: i64,
    /// How many items were sent within the last minute.
    pub(crate) sent_last_minute: i64,
}

/// Where the item goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    Sent {
        reference: String,
    },
    Unconfirmed {
        reference: String,
    },
    Quarantined(Fault),
    Parked(Fault),
    Ready,
    /// It failed by itself and waits so long.
    Waiting {
        wait: i64,
        suspect: bool,
        fault: Fault,
    },
    Held {
        wait: i64,
        fault: Fault,
    },
}

/// What else comes of a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) next: Next,
    /// Another item is to be parked: it alone was forbidden.
    pub(crate) park: Option<(i64, Fault)>,
    pub(crate) paused: Option<Reason>,
    pub(crate) resumed: Option<Reason>,
}

/// The first and the longest wait of an item that failed by itself.
const FIRST_WAIT: i64 = 15 * SECOND;
pub(crate) const LONGEST_WAIT: i64 = HOUR;

/// So often, and over so long, has an item to fail while others are sent, to be set aside.
const SUSPECT_TRIES: u32 = 20;
const SUSPECT_FOR: i64 = 24 * HOUR;

/// So many different items that fail in a row are an outage.
const FAILING: usize = 3;

/// The longest time for which an item is held at a time; then it is asked about anew.
const LONGEST_HOLD: i64 = 365 * 24 * HOUR;

/// What a verdict does.
pub(crate) fn settle(
    verdict: Verdict,
    facts: Facts,
    flow: &mut Flow,
    now: i64,
    random: Random<'_>,
) -> Change {
    let mut change = Change {
        next: Next::Ready,
        park: None,
        paused: None,
        resumed: None,
    };
    let trouble = |reason, fault| Trouble {
        reason,
        lasting: None,
        credential: facts.credential,
        suspect: None,
        fault,
    };
    let trouble = match verdict {
        Verdict::Sent { reference } => {
            sent(&mut change, facts, flow, now, random);
            change.next = Next::Sent { reference };
            return change;
        }
        Verdict::Unconfirmed { reference } => {
            sent(&mut change, facts, flow, now, random);
            flow.all_confirmed = false;
            change.next = Next::Unconfirmed { reference };
            return change;
        }
        Verdict::Quarantined(fault) => {
            sent(&mut change, facts, flow, now, random);
            change.next = Next::Quarantined(fault);
            return change;
        }
        Verdict::Refused(fault) => {
            change.resumed = flow.answered(facts.seq, now, random).map(|it| it.reason);
            change.next = Next::Parked(fault);
            return change;
        }
        Verdict::Hold { lasting, fault } => {
            flow.forget_probe(facts.seq);
            let wait = i64::try_from(lasting.as_millis()).unwrap_or(i64::MAX);
            change.next = Next::Held {
                wait: wait.clamp(SECOND, LONGEST_HOLD),
                fault,
            };
            return change;
        }
        Verdict::Damaged(fault) => {
            flow.forget_probe(facts.seq);
            change.next = Next::Parked(fault);
            return change;
        }
        Verdict::GivenBack => {
            flow.forget_probe(facts.seq);
            return change;
        }
        Verdict::Failed(fault) => {
            let Some(outage) = failed(&mut change, facts, flow, now, random, fault) else {
                return change;
            };
            trouble(Reason::Failing, outage)
        }
        Verdict::Unreachable(fault) => trouble(Reason::Unreachable, fault),
        Verdict::WrongReceiver(fault) => trouble(Reason::WrongReceiver, fault),
        Verdict::Unauthorized(fault) => trouble(Reason::Unauthorized, fault),
        Verdict::Forbidden(fault) => {
            let mut trouble = trouble(Reason::Forbidden, fault);
            // The second one in a row shows that it is not the item.
            let second = flow.is_probe(facts.seq)
                && flow.pause.as_ref().is_some_and(|pause| {
                    pause.reason == Reason::Forbidden && pause.suspect != Some(facts.seq)
                });
            trouble.suspect = (!second).then_some(facts.seq);
            trouble
        }
        Verdict::Throttled { retry_after, fault } => {
            if flow.pause.is_none() || flow.is_probe(facts.seq) {
                flow.lower_rate(facts.sent_last_minute, now);
            }
            let mut trouble = trouble(Reason::Throttled, fault);
            trouble.lasting =
                retry_after.map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
            trouble
        }
    };
    let reason = trouble.reason;
    if flow.hold_up(facts.seq, trouble, now, random) {
        change.paused = Some(reason);
    }
    change
}

/// An item has reached its receiver.
fn sent(change: &mut Change, facts: Facts, flow: &mut Flow, now: i64, random: Random<'_>) {
    flow.last_sent = now;
    if let Some(ended) = flow.answered(facts.seq, now, random) {
        change.resumed = Some(ended.reason);
        change.park = ended
            .suspect
            .filter(|suspect| ended.reason == Reason::Forbidden && *suspect != facts.seq)
            .map(|suspect| (suspect, ended.fault));
    }
}

/// An item has failed by itself. Gives back the reason for a pause, if that is more than one item's trouble.
fn failed(
    change: &mut Change,
    facts: Facts,
    flow: &mut Flow,
    now: i64,
    random: Random<'_>,
    fault: Fault,
) -> Option<Fault> {
    let others_pass = facts.failed_at > 0 && flow.last_sent > facts.failed_at;
    let times = facts.suspect_tries.saturating_add(u32::from(others_pass));
    let lasting = now.saturating_sub(facts.failed_since);
    if times >= SUSPECT_TRIES && facts.failed_since > 0 && lasting >= SUSPECT_FOR {
        let text = format!(
            "failed {} times in {} hours while others were sent; the last time: {}",
            facts.tries.saturating_add(1),
            lasting / HOUR,
            fault.text
        );
        change.next = Next::Parked(Fault {
            kind: "suspect".to_owned(),
            text,
            detail: fault.detail.clone(),
        });
    } else {
        let bound = doubled(FIRST_WAIT, facts.tries.saturating_add(1), LONGEST_WAIT);
        change.next = Next::Waiting {
            wait: half_jitter(bound, random),
            suspect: others_pass,
            fault: fault.clone(),
        };
    }
    if flow.is_probe(facts.seq) {
        return Some(fault);
    }
    if !flow.failing.contains(&facts.seq) {
        flow.failing.push(facts.seq);
    }
    if flow.pause.is_none() && flow.failing.len() >= FAILING {
        flow.failing.clear();
        return Some(fault);
    }
    flow.failing.truncate(FAILING);
    None
}
