//! What the rows are to reach, all in one place, and whether they did.
//!
//! A goal is data of its row ([`RowSpec::goal`]); [`set`] gives the rows those of this project. Which candidates are
//! no peers, but a floor or another way of using our own, is told by [`is_peer`].

use crate::report::{number, quantity};
use crate::row::{Better, Goal, Row};
use crate::spec::RowSpec;

/// Candidates that do less than the work of the row, as a floor.
const FLOORS: [&str; 5] = [
    "append + fdatasync",
    "clone of the value",
    "dashmap alone",
    "without TTL",
    "yield_now only, no answer",
];

/// The jobs in which processor time and memory are to be a fraction of the Python client's.
const BESIDE_THE_PYTHON_PEER: [[&str; 2]; 7] = [
    ["scenario.products_100.cpu", "scenario.products_100.peak"],
    ["scenario.reports_1000.cpu", "scenario.reports_1000.peak"],
    [
        "scenario.full_reports_1000.cpu",
        "scenario.full_reports_1000.peak",
    ],
    [
        "scenario.processes_second_call.cpu",
        "scenario.processes_second_call.peak",
    ],
    ["scenario.submit_100.cpu", "scenario.submit_100.peak"],
    ["scenario.transfer_10mb.cpu", "scenario.transfer_10mb.peak"],
    [
        "scenario.concurrent_100.cpu",
        "scenario.concurrent_100.peak",
    ],
];

/// What breaks while calls go on.
const FAULTS: [[&str; 3]; 3] = [
    [
        "redis.kill.errors",
        "redis.kill.slowest",
        "redis.kill.untrusted",
    ],
    [
        "redis.freeze.errors",
        "redis.freeze.slowest",
        "redis.freeze.untrusted",
    ],
    [
        "redis.black_hole.errors",
        "redis.black_hole.slowest",
        "redis.black_hole.untrusted",
    ],
];

/// Whether a candidate is another's way of doing the whole work.
pub fn is_peer(name: &str) -> bool {
    !FLOORS.contains(&name) && !is_ours(name)
}

/// Whether a candidate is our own code used in another way.
pub fn is_ours(name: &str) -> bool {
    name == "wats"
        || name.starts_with("wats-")
        || name.starts_with("wats,")
        || name.starts_with("our ")
}

/// Adds to each row its goals.
pub fn set(rows: &mut [RowSpec]) {
    let goals = all();
    for metric in rows.iter_mut().flat_map(|row| &mut row.metrics) {
        let own = goals.iter().filter(|(id, _)| is_row(&metric.id, id));
        metric.goals.extend(own.map(|(_, goal)| goal.clone()));
    }
}

/// Whether a row is the one that is meant: the time of a job may stand under the name of the job alone.
pub fn is_row(row: &str, wanted: &str) -> bool {
    row == wanted || Some(row) == wanted.strip_suffix(".time")
}

/// Every goal of the project with the id of its row.
pub fn all() -> Vec<(&'static str, Goal)> {
    let times = |peer: &str, least| Goal::Times {
        peer: peer.to_owned(),
        least,
    };
    let part = |peer: &str, most| Goal::Part {
        peer: peer.to_owned(),
        most,
    };
    let part_of_row = |row: &str, most| Goal::PartOfRow {
        row: row.to_owned(),
        most,
    };
    let by_hand = "reqwest + serde_json";
    let naive = "wats, naive";
    let mut goals = vec![
        ("cache.get_hit.1k.1t", part("quick_cache", 0.85)),
        ("cache.get_hit.1k.2t", part("quick_cache", 1.0)),
        ("cache.get_hit.50k.1t", part("quick_cache", 0.9)),
        ("cache.get_hit.ttl_tax", part("without TTL", 1.05)),
        ("cache.mixed_zipf.1t", part("quick_cache", 0.95)),
        ("cache.insert_evict.1k.1t", part("quick_cache", 0.85)),
        ("cache.insert_evict.1k.2t", part("quick_cache", 1.0)),
        ("cache.insert_evict.1t", part("quick_cache", 0.85)),
        ("cache.sweep", part("dashmap retain", 1.5)),
        ("cache.memory_per_entry", Goal::Figure(56.0)),
        ("cache.async_get_hit", part("wats-cache, sync", 1.5)),
        ("batch.add.1t.pure", times("batch-aint-one Immediate", 3.5)),
        ("batch.lone_add", Goal::Figure(100_000.0)),
        ("codec.json.ser", times("serde_json", 1.7)),
        ("codec.json.de_kept", times("serde_json", 2.0)),
        ("codec.msgpack.ser", times("serde_json", 3.3)),
        ("codec.msgpack.de_kept", times("serde_json", 3.3)),
        ("codec.archive.size", part("serde_json", 0.15)),
        ("codec.archive.ser", times("serde_json", 2.0)),
        ("codec.archive.de_kept", times("serde_json", 2.5)),
        ("codec.json_gzip.ser", times("pywats", 6.0)),
        ("codec.report.build_10", Goal::Figure(10.0)),
        ("codec.report.live_step", Goal::Figure(5.0)),
        ("codec.report.live_10", Goal::Figure(10.0)),
        ("codec.report.parse_10", Goal::Figure(15.0)),
        ("codec.report.parse_10_exported", Goal::Figure(15.0)),
        ("codec.report.headers_1000", times("pywats", 10.0)),
        ("http.get.mean.cpu", part("hyper-util legacy", 1.0)),
        ("http.get.mean.cpu", part("reqwest", 0.75)),
        ("http.get.10.tls_h2.cpu", part("hyper-util legacy", 0.95)),
        ("http.get.100.tls_h2.cpu", part("hyper-util legacy", 0.95)),
        ("http.get.1.tls_h2.cpu", times("httpx", 15.0)),
        ("http.get.10.tls_h2.cpu", times("httpx", 70.0)),
        ("http.get.100.tls_h2.cpu", times("httpx", 100.0)),
        (
            "http.instructions_per_get.tls_h2",
            part("hyper-util legacy", 0.95),
        ),
        (
            "http.warm.first_20.cpu",
            part_of_row("http.warm.pooled_20.cpu", 1.1),
        ),
        ("http.cap", Goal::Figure(100.0)),
        ("http.cap.left", Goal::Figure(20.0)),
        ("redis.l1_hit", Goal::Figure(30.0)),
        ("redis.l1_hit", part("wats-cache, async", 2.0)),
        ("redis.l2_hit.1.cpu", part("redis-rs", 1.15)),
        ("redis.l2_hit.100.cpu", part("redis-rs", 1.15)),
        ("redis.fill", part("redis-rs", 2.5)),
        ("redis.take", part("redis-rs", 1.3)),
        ("redis.own_write.stale", Goal::Figure(0.0)),
        ("redis.stuck", Goal::Figure(0.0)),
        ("redis.lag.p99", Goal::Figure(2.0)),
        ("redis.herd.origin_calls", Goal::Figure(1.0)),
        // What the origin takes, and 20 ms.
        ("redis.herd.last_caller", Goal::Figure(120.0)),
        ("redis.budget.used", Goal::Figure(97.0)),
        ("redis.budget.over", Goal::Figure(0.0)),
        ("redis.idle.cpu", Goal::Figure(0.1)),
        ("redis.idle.commands", Goal::Figure(3.0)),
        ("scenario.products_100.time", times(naive, 20.0)),
        ("scenario.products_100.time", times("pywats", 10.0)),
        ("scenario.products_100.calls", Goal::Figure(5.0)),
        ("scenario.full_reports_1000.time", times(naive, 40.0)),
        ("scenario.full_reports_1000.time", times("pywats", 10.0)),
        // A thousandth of a millisecond.
        ("scenario.processes_second_call.time", Goal::Figure(0.001)),
        // 100 reports, 20 at a time, 20 ms each: 100 ms at best.
        ("scenario.submit_100.time", Goal::Figure(110.0)),
        (
            "scenario.concurrent_100.time",
            part("wats, slowest of 100 reads one by one", 1.2),
        ),
        ("scenario.reports_1000.allocated", part(by_hand, 1.0)),
        ("scenario.submit_100.allocated", part(by_hand, 1.0)),
        ("scenario.transfer_10mb.allocated", Goal::Figure(30e6)),
        ("queue.enqueue.10k", part("append + fdatasync", 1.5)),
        ("queue.enqueue.10k", times("pywats", 5.0)),
        (
            "queue.enqueue.4t",
            part_of_row("queue.enqueue.10k.rate", 0.5),
        ),
        ("queue.enqueue.4p.worst", Goal::Figure(50.0)),
        ("queue.take_ack.1", Goal::Figure(400.0)),
        ("queue.take_ack.20", Goal::Figure(5000.0)),
        ("queue.backlog_100k.open", Goal::Figure(20.0)),
        ("queue.backlog_100k.take", Goal::Figure(1.0)),
        ("queue.backlog_100k.rss", Goal::Figure(20e6)),
        ("queue.backlog_100k.drained.size", Goal::Figure(64e6)),
        ("queue.backlog_1m.open", Goal::Figure(50.0)),
        ("queue.backlog_1m.rss", Goal::Figure(32e6)),
        ("queue.backlog_1m.drained.rss", Goal::Figure(32e6)),
        // 95 %.
        ("queue.drain_sim.500", part("wats, submit_many", 1.0 / 0.95)),
        ("queue.attachment_300mb.rise", Goal::Figure(10e6)),
        ("queue.lost.kill9", Goal::Figure(0.0)),
        ("queue.lost.two_processes", Goal::Figure(0.0)),
        ("queue.after_kill.open", Goal::Figure(100.0)),
        ("queue.takeover", Goal::Figure(1000.0)),
        ("sim.version.rps", Goal::Figure(20_000.0)),
        ("sim.reports_10000.peak", Goal::Figure(1e9)),
        ("sim.start", Goal::Figure(100.0)),
    ];
    for [errors, slowest, untrusted] in FAULTS {
        goals.push((errors, Goal::Figure(0.0)));
        // What the origin takes (20 ms), how long an operation of the Redis may (100 ms), and what timers are late by.
        goals.push((slowest, Goal::Figure(125.0)));
        goals.push((untrusted, Goal::Figure(2_000.0)));
    }
    for [cpu, peak] in BESIDE_THE_PYTHON_PEER {
        goals.push((cpu, times("pywats", 50.0)));
        goals.push((peak, times("pywats", 4.0)));
    }
    goals
}

/// What became of a goal.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The goal in words.
    pub goal: String,
    /// What was reached, in words; why it cannot be told, when it cannot.
    pub reached: String,
    /// Whether it was met; `None` when it cannot be told from this run.
    pub met: Option<bool>,
}

/// Holds a row against one of its goals; `rows` is the whole run.
pub fn check(goal: &Goal, row: &Row, rows: &[Row]) -> Verdict {
    let untold = |goal: String, why: &str| Verdict {
        goal,
        reached: why.to_owned(),
        met: None,
    };
    let Some(subject) = &row.subject else {
        return untold(words(goal, row), "ours has no figure");
    };
    let reached = match goal {
        Goal::Figure(figure) => {
            let met = match row.better {
                Better::Lower => subject.median <= *figure,
                Better::Higher => subject.median >= *figure,
            };
            return Verdict {
                goal: words(goal, row),
                reached: quantity(subject.median, &row.unit),
                met: Some(met),
            };
        }
        Goal::Times { peer, .. } | Goal::Part { peer, .. } => {
            let Some(peer) = row.peers.iter().find(|there| there.name == *peer) else {
                return untold(words(goal, row), &format!("{peer} was not run"));
            };
            row.advantage(peer)
        }
        Goal::PartOfRow { row: other, .. } => {
            let other = rows.iter().find(|there| there.id == *other);
            other
                .and_then(|other| other.subject.as_ref())
                .and_then(|other| row.advantage(other))
        }
    };
    let Some(advantage) = reached else {
        return untold(words(goal, row), "the other has no figure");
    };
    let (reached, met) = match goal {
        Goal::Part { most, .. } | Goal::PartOfRow { most, .. } => {
            let part = 1.0 / advantage;
            (format!("{} ×", number(part)), part <= *most)
        }
        Goal::Times { least, .. } => (format!("{} times", number(advantage)), advantage >= *least),
        Goal::Figure(_) => (String::new(), false),
    };
    Verdict {
        goal: words(goal, row),
        reached,
        met: Some(met),
    }
}

fn words(goal: &Goal, row: &Row) -> String {
    match goal {
        Goal::Figure(figure) => {
            let figure = quantity(*figure, &row.unit);
            match row.better {
                Better::Lower => format!("at most {figure}"),
                Better::Higher => format!("at least {figure}"),
            }
        }
        Goal::Times { peer, least } => {
            format!("at least {} times better than {peer}", plain(*least))
        }
        Goal::Part { peer, most } => format!("at most {} × {peer}", plain(*most)),
        Goal::PartOfRow { row, most } => format!("at most {} × {row}", plain(*most)),
    }
}

/// A number of a goal as it was set, without digits that say nothing.
fn plain(value: f64) -> String {
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::Pace;
    use crate::row::Measurement;
    use crate::spec::Context;
    use crate::{areas, report};
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::runtime::Runtime;

    /// A row that goes or is renamed takes its goal and its line in the reference's tables along.
    #[test]
    fn goals_and_promises_name_rows_that_there_are() {
        let runtime = Arc::new(Runtime::new().unwrap());
        let pace = Pace::new(Duration::from_millis(1));
        let mut rows = areas::all(&Context::new(false, pace, runtime, None));
        set(&mut rows);
        let metrics: Vec<_> = rows.iter().flat_map(|row| &row.metrics).collect();
        let goals: usize = metrics.iter().map(|metric| metric.goals.len()).sum();
        assert!(goals > 20, "{goals}");
        let named = all().into_iter().map(|(id, _)| id);
        let named = named.chain(report::promised_rows());
        for id in named.filter(|id| !id.starts_with("scenario.")) {
            assert!(metrics.iter().any(|metric| metric.id == id), "{id}");
        }
        for (id, goal) in all() {
            if let Goal::PartOfRow { row, .. } = goal {
                assert!(metrics.iter().any(|metric| metric.id == row), "{id}: {row}");
            }
        }
    }

    fn row(better: Better) -> Row {
        Row {
            id: "a.b".into(),
            area: "a".into(),
            unit: "ms".into(),
            better,
            subject: Measurement::of("ours", &[10.0]),
            peers: Measurement::of("theirs", &[40.0]).into_iter().collect(),
            rounds: 1,
            note: String::new(),
            goals: Vec::new(),
            error: None,
        }
    }

    fn met(goal: &Goal, better: Better) -> Option<bool> {
        let mut other = row(better);
        other.id = "a.other".into();
        other.subject = Measurement::of("ours", &[20.0]);
        check(goal, &row(better), &[other]).met
    }

    #[test]
    fn goals_are_held_against_figures_peers_and_rows() {
        let theirs = || "theirs".to_owned();
        let times = |least| Goal::Times {
            peer: theirs(),
            least,
        };
        let part = |most| Goal::Part {
            peer: theirs(),
            most,
        };
        let of_row = |most| Goal::PartOfRow {
            row: "a.other".into(),
            most,
        };
        for (goal, lower, higher) in [
            (Goal::Figure(10.0), true, true),
            (Goal::Figure(9.0), false, true),
            (Goal::Figure(11.0), true, false),
            (times(4.0), true, false),
            (times(4.1), false, false),
            (part(0.25), true, false),
            (part(0.24), false, false),
            (of_row(0.5), true, false),
            (of_row(0.4), false, false),
        ] {
            assert_eq!(met(&goal, Better::Lower), Some(lower), "{goal:?}");
            assert_eq!(met(&goal, Better::Higher), Some(higher), "{goal:?}");
        }
    }

    #[test]
    fn what_was_not_run_is_neither_met_nor_missed() {
        let absent = Goal::Times {
            peer: "absent".into(),
            least: 2.0,
        };
        let verdict = check(&absent, &row(Better::Lower), &[]);
        assert_eq!(verdict.met, None);
        assert_eq!(verdict.reached, "absent was not run");
        let no_row = Goal::PartOfRow {
            row: "a.none".into(),
            most: 2.0,
        };
        assert_eq!(check(&no_row, &row(Better::Lower), &[]).met, None);
        let mut failed = row(Better::Lower);
        failed.subject = None;
        assert_eq!(check(&Goal::Figure(1.0), &failed, &[]).met, None);
    }

    #[test]
    fn the_time_of_a_job_has_two_names() {
        assert!(is_row("scenario.a", "scenario.a.time"));
        assert!(is_row("scenario.a.time", "scenario.a.time"));
        assert!(!is_row("scenario.a.calls", "scenario.a.time"));
        assert!(!is_row("scenario.a.time", "scenario.a"));
    }

    #[test]
    fn our_own_ways_and_floors_are_no_peers() {
        for name in [
            "wats",
            "wats, one by one",
            "wats-cache, sync",
            "our get, then insert",
            "dashmap alone",
        ] {
            assert!(!is_peer(name), "{name}");
        }
        for name in ["moka", "pywats", "dashmap retain", "reqwest + serde_json"] {
            assert!(is_peer(name), "{name}");
        }
    }
}
