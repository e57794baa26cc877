//! Many stations that come back at the same time after an outage, in simulated time: the plan of each by itself, and one server
//! with a limit for all of them.

use std::collections::VecDeque;
use std::time::Duration;

use super::flow::{Admit, Flow};
use super::settle::{Facts, Next, settle};
use super::{HOUR, MINUTE, SECOND, Verdict};
use crate::item::Fault;

/// How far time goes on at a time.
const STEP: i64 = 50;
/// How long an answer takes.
const ANSWER: i64 = 200;
/// What a drain has under way.
const AT_ONCE: u32 = 4;

/// Takes so many requests in each minute by its clock, and refuses those beyond with the time until the next one.
struct Server {
    down_until: i64,
    limit: u32,
    minute: i64,
    taken: u32,
    refused: u64,
    most_in_a_minute: u32,
}

impl Server {
    fn answer(&mut self, now: i64) -> Verdict {
        let fault = Fault::new("test", "because");
        if now < self.down_until {
            return Verdict::Unreachable(fault);
        }
        if now / MINUTE != self.minute {
            (self.minute, self.taken) = (now / MINUTE, 0);
        }
        if self.taken >= self.limit {
            self.refused += 1;
            let left = MINUTE - now % MINUTE;
            return Verdict::Throttled {
                retry_after: Some(Duration::from_millis(left as u64)),
                fault,
            };
        }
        self.taken += 1;
        self.most_in_a_minute = self.most_in_a_minute.max(self.taken);
        Verdict::Sent {
            reference: String::new(),
        }
    }
}

/// A station with its queue: the items are numbers, and those that failed are none of the plan's trouble here.
#[derive(Default)]
struct Station {
    flow: Flow,
    left: VecDeque<i64>,
    under_way: Vec<(i64, i64)>,
    sent: Vec<i64>,
}

impl Station {
    fn step(&mut self, now: i64, server: &mut Server, random: &mut fastrand::Rng) {
        let (due, later) = self.under_way.drain(..).partition(|(at, _)| *at <= now);
        self.under_way = later;
        let due: Vec<(i64, i64)> = due;
        for (_, seq) in due {
            let since = now - MINUTE;
            let facts = Facts {
                seq,
                sent_last_minute: self.sent.iter().rev().take_while(|at| **at > since).count()
                    as i64,
                ..Facts::default()
            };
            let verdict = server.answer(now);
            let mut any = |most: i64| random.i64(0..=most.max(0));
            match settle(verdict, facts, &mut self.flow, now, &mut any).next {
                Next::Sent { .. } => self.sent.push(now),
                _ => self.left.push_front(seq),
            }
        }
        let leased = self.under_way.len() as u32;
        let probe = self.flow.pause.as_ref().and_then(|pause| pause.probe);
        let probe_is_leased = self.under_way.iter().any(|(_, seq)| Some(*seq) == probe);
        if let Admit::Now { most, probe, .. } =
            self.flow.admit(now, leased, probe_is_leased, Some(0))
        {
            for _ in 0..most.min(AT_ONCE - leased) {
                let Some(seq) = self.left.pop_front() else {
                    break;
                };
                self.flow.leased(seq, probe, now);
                self.under_way.push((now + ANSWER, seq));
            }
        }
    }
}

struct Outcome {
    /// From the end of the outage to the last receipt.
    took: i64,
    refused: u64,
    most_in_a_minute: u32,
}

fn run(stations: i64, each: i64, limit: u32, outage: i64) -> Outcome {
    let mut random = fastrand::Rng::with_seed(11);
    let mut server = Server {
        down_until: outage,
        limit,
        minute: 0,
        taken: 0,
        refused: 0,
        most_in_a_minute: 0,
    };
    let mut all: Vec<Station> = (0..stations)
        .map(|_| Station {
            left: (1..=each).collect(),
            ..Station::default()
        })
        .collect();
    let mut now = 0;
    while all.iter().any(|station| (station.sent.len() as i64) < each) {
        now += STEP;
        assert!(now < outage + 12 * HOUR, "it never ends");
        for station in &mut all {
            station.step(now, &mut server, &mut random);
        }
    }
    let last = all.iter().filter_map(|station| station.sent.last()).max();
    Outcome {
        took: last.copied().unwrap_or(0) - outage,
        refused: server.refused,
        most_in_a_minute: server.most_in_a_minute,
    }
}

#[test]
fn forty_stations_after_an_outage_share_the_limit_of_their_server() {
    let (stations, each, limit) = (40, 300, 500);
    let outcome = run(stations, each, limit, HOUR);
    assert!(outcome.most_in_a_minute <= limit);
    let least = stations * each * MINUTE / i64::from(limit);
    println!(
        "{} s, at least {} s are needed; {} were refused",
        outcome.took / SECOND,
        least / SECOND,
        outcome.refused
    );
    assert!(
        outcome.took * 10 <= least * 12,
        "{} s instead of {} s",
        outcome.took / SECOND,
        least / SECOND
    );
    // No storm: what is refused is a small part of what is asked.
    let asked = (stations * each) as u64 + outcome.refused;
    assert!(
        outcome.refused * 10 < asked,
        "{} of {asked}",
        outcome.refused
    );
}
