//! The store beside a pure model: whatever is done in whatever order, by two processes that may be killed, with a clock that may
//! be set, both say the same of each item. What was accepted is in exactly one state, or has ended for a reason.

use proptest::prelude::*;

use super::*;
use crate::item::Stored;

#[derive(Debug, Clone)]
enum Step {
    Enqueue { key: u8, text: u8, lane: u8 },
    Take { process: usize, most: u32 },
    Settle { lease: usize, verdict: u8 },
    Kill { process: usize },
    Advance(i64),
    Jump(i64),
    Retry(u8),
    Discard(u8),
    Confirm { item: usize, how: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_u8, 0..3_u8, 0..3_u8).prop_map(|(key, text, lane)| Step::Enqueue { key, text, lane }),
        4 => (0..2_usize, 1..4_u32).prop_map(|(process, most)| Step::Take { process, most }),
        5 => (any::<usize>(), 0..8_u8).prop_map(|(lease, verdict)| Step::Settle { lease, verdict }),
        1 => (0..2_usize).prop_map(|process| Step::Kill { process }),
        2 => (0..40_000_i64).prop_map(Step::Advance),
        1 => prop_oneof![Just(-315_360_000_000), Just(7_200_000), Just(-3_600_000)].prop_map(Step::Jump),
        1 => (0..4_u8).prop_map(Step::Retry),
        1 => (0..4_u8).prop_map(Step::Discard),
        1 => (any::<usize>(), 0..3_u8).prop_map(|(item, how)| Step::Confirm { item, how }),
    ]
}

#[derive(Debug, Clone, PartialEq)]
struct Item {
    seq: i64,
    key: u8,
    text: u8,
    lane: String,
    state: State,
    process: usize,
}

/// The queue as a list.
#[derive(Debug, Default)]
struct Model {
    items: Vec<Item>,
    /// What has ended: number, key, text, how.
    ended: Vec<(i64, u8, u8, Ended)>,
    last: i64,
}

impl Model {
    fn at(&mut self, seq: i64) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.seq == seq)
    }

    fn end(&mut self, seq: i64, how: Ended) {
        let Some(at) = self.items.iter().position(|item| item.seq == seq) else {
            return;
        };
        let item = self.items.remove(at);
        self.ended.push((seq, item.key, item.text, how));
        self.lift(&item.lane);
    }

    fn is_active(state: State) -> bool {
        matches!(
            state,
            State::Ready | State::Leased | State::Waiting | State::Held
        )
    }

    fn lift(&mut self, lane: &str) {
        let active = |item: &&Item| item.lane == lane && Self::is_active(item.state);
        if self.items.iter().any(|item| active(&item)) {
            return;
        }
        let next = self
            .items
            .iter_mut()
            .find(|item| item.lane == lane && item.state == State::Behind);
        if let Some(item) = next {
            item.state = State::Ready;
        }
    }

    fn has_newer(&self, item: &Item) -> bool {
        let newer = |seq: i64, key: u8| key == item.key && seq > item.seq;
        self.items.iter().any(|other| newer(other.seq, other.key))
            || self
                .ended
                .iter()
                .any(|(seq, key, _, how)| newer(*seq, *key) && *how == Ended::Sent)
    }

    fn set_aside(&mut self, seq: i64, state: State) {
        let Some(item) = self.at(seq) else { return };
        item.state = state;
        let item = item.clone();
        if self.has_newer(&item) {
            self.end(seq, Ended::Replaced);
        }
        self.lift(&item.lane);
    }

    fn enqueue(&mut self, key: u8, text: u8, lane: u8) -> Stored {
        let newest = self.items.iter().rfind(|item| item.key == key).cloned();
        if newest.as_ref().is_some_and(|item| item.text == text) {
            return Stored::SameAsOpen;
        }
        let mut sent: Vec<_> = self
            .ended
            .iter()
            .filter(|(_, of, _, how)| *of == key && *how == Ended::Sent)
            .collect();
        sent.sort_by_key(|(seq, ..)| *seq);
        if newest.is_none() && sent.last().is_some_and(|(_, _, last, _)| *last == text) {
            return Stored::AlreadySent(0);
        }
        let lane = newest.map_or_else(|| lane.to_string(), |item| item.lane);
        let old: Vec<i64> = self
            .items
            .iter()
            .filter(|item| item.key == key && item.state.is_set_aside())
            .map(|item| item.seq)
            .collect();
        for seq in old {
            self.end(seq, Ended::Replaced);
        }
        let held_up = self.items.iter().any(|item| {
            item.lane == lane && (Self::is_active(item.state) || item.state == State::Behind)
        });
        self.last += 1;
        self.items.push(Item {
            seq: self.last,
            key,
            text,
            lane,
            state: if held_up { State::Behind } else { State::Ready },
            process: 0,
        });
        Stored::New
    }

    /// An item that comes back into its lane.
    fn back(&mut self, seq: i64) {
        let Some(item) = self.at(seq).map(|item| item.clone()) else {
            return;
        };
        let others = self.items.iter().any(|other| {
            other.seq != seq && other.lane == item.lane && Self::is_active(other.state)
        });
        if let Some(item) = self.at(seq) {
            item.state = if others { State::Behind } else { State::Ready };
        }
    }
}

struct World {
    fixture: Fixture,
    stores: [Option<Store>; 2],
    model: Model,
    leases: Vec<(usize, Leased)>,
}

impl World {
    fn store(&mut self, process: usize) -> &mut Store {
        let fixture = &self.fixture;
        self.stores[process].get_or_insert_with(|| fixture.open())
    }

    fn run(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match *step {
            Step::Enqueue {
                key: of,
                text,
                lane,
            } => {
                let new = NewItem {
                    lane: Some(lane.to_string()),
                    ..item(of, &format!("text {text}"))
                };
                let stored = put(self.store(0), new).outcome;
                let expected = self.model.enqueue(of, text, lane);
                prop_assert_eq!(
                    std::mem::discriminant(&stored),
                    std::mem::discriminant(&expected),
                    "{:?} {:?}",
                    stored,
                    expected
                );
            }
            Step::Take { process, most } => self.take(process, most)?,
            Step::Settle { lease, verdict } => self.settle(lease, verdict)?,
            Step::Kill { process } => {
                self.stores[process] = None;
                for item in &mut self.model.items {
                    if item.state == State::Leased && item.process == process {
                        item.state = State::Ready;
                    }
                }
                self.store(1 - process)
                    .write(false, |write| write.take_over(i64::MAX, 0))
                    .unwrap();
            }
            Step::Advance(time) => self.fixture.clock.advance(time),
            Step::Jump(time) => self.fixture.clock.jump(time),
            Step::Retry(of) => {
                let done = self.store(0).write(true, |write| write.retry(&key(of)));
                let items: Vec<Item> = self
                    .model
                    .items
                    .iter()
                    .filter(|item| item.key == of)
                    .cloned()
                    .collect();
                let mut changed = false;
                for item in items {
                    if item.state.is_set_aside() {
                        if self.model.has_newer(&item) {
                            self.model.end(item.seq, Ended::Replaced);
                        } else {
                            self.model.back(item.seq);
                            changed = true;
                        }
                    } else if matches!(item.state, State::Waiting | State::Held) {
                        self.model.at(item.seq).unwrap().state = State::Ready;
                        changed = true;
                    }
                }
                prop_assert_eq!(done.is_ok(), changed);
            }
            Step::Discard(of) => {
                let done = self
                    .store(0)
                    .write(true, |write| write.discard(&key(of), "why"));
                let items: Vec<Item> = self
                    .model
                    .items
                    .iter()
                    .filter(|item| item.key == of)
                    .cloned()
                    .collect();
                let possible =
                    !items.is_empty() && items.iter().all(|item| item.state != State::Leased);
                prop_assert_eq!(done.is_ok(), possible);
                if possible {
                    for item in items {
                        self.model.end(item.seq, Ended::Discarded);
                    }
                }
            }
            Step::Confirm { item, how } => self.confirm(item, how),
        }
        self.compare()
    }

    fn take(&mut self, process: usize, most: u32) -> Result<(), TestCaseError> {
        // What waits and is due is for the store to say: its waits are random.
        let taken = take(self.store(process), most);
        let flow = self
            .store(process)
            .read(|read| read.totals(0))
            .unwrap()
            .flow;
        self.see_due(true)?;
        for leased in taken {
            let first = self
                .model
                .items
                .iter_mut()
                .find(|item| item.state == State::Ready)
                .unwrap();
            prop_assert_eq!(first.seq, leased.item.seq, "the oldest one comes first");
            first.state = State::Leased;
            first.process = process;
            let text = format!("text {}", first.text);
            prop_assert!(
                matches!(&leased.body, Body::Bytes(bytes) if bytes[..] == *text.as_bytes())
            );
            self.leases.push((process, leased));
        }
        let ready = self
            .model
            .items
            .iter()
            .any(|item| item.state == State::Ready);
        let leased = self.leases.len();
        let bounded = flow.pause.is_some() || flow.ramp > 0 || flow.next_at > 0;
        prop_assert!(
            !ready || bounded || leased > 0,
            "nothing was taken, and nothing holds it up"
        );
        Ok(())
    }

    /// Items whose wait was over when the store looked.
    fn see_due(&mut self, written: bool) -> Result<(), TestCaseError> {
        let items = self
            .store(0)
            .read(|read| read.list(&Filter::all()))
            .unwrap();
        for item in items {
            let Some(known) = self.model.at(item.seq) else {
                continue;
            };
            if matches!(known.state, State::Waiting | State::Held) {
                let longest = crate::clock::Clock::wall(&*self.fixture.clock) + 3_600_000;
                prop_assert!(!written || item.not_before <= longest);
                if matches!(item.state, State::Ready | State::Leased) {
                    known.state = State::Ready;
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, lease: usize, verdict: u8) -> Result<(), TestCaseError> {
        if self.leases.is_empty() {
            return Ok(());
        }
        let at = lease % self.leases.len();
        let (process, leased) = self.leases.swap_remove(at);
        let reference = String::new();
        let verdict = match verdict {
            0 | 1 => Verdict::Sent { reference },
            2 => Verdict::Refused(fault()),
            3 => Verdict::Failed(fault()),
            4 => Verdict::Unreachable(fault()),
            5 => Verdict::Quarantined(fault()),
            6 => Verdict::Unconfirmed { reference },
            _ => Verdict::GivenBack,
        };
        let seq = leased.item.seq;
        let settled = settle(self.store(process), &leased, &verdict);
        let valid = self
            .model
            .at(seq)
            .is_some_and(|item| item.state == State::Leased && item.process == process);
        // A process that was killed has another name when it comes back: its old word is void.
        let done = matches!(settled, Settled::Done(_));
        prop_assert!(valid || !done, "a late word was taken");
        if !done {
            return Ok(());
        }
        match verdict {
            Verdict::Sent { .. } => self.model.end(seq, Ended::Sent),
            Verdict::Refused(_) => self.model.set_aside(seq, State::Parked),
            Verdict::Quarantined(_) => self.model.set_aside(seq, State::Quarantined),
            Verdict::Failed(_) => self.model.at(seq).unwrap().state = State::Waiting,
            Verdict::Unconfirmed { .. } => {
                let item = self.model.at(seq).unwrap();
                item.state = State::Unconfirmed;
                let lane = item.lane.clone();
                self.model.lift(&lane);
            }
            _ => self.model.at(seq).unwrap().state = State::Ready,
        }
        Ok(())
    }

    fn confirm(&mut self, item: usize, how: u8) {
        let open: Vec<Item> = self
            .model
            .items
            .iter()
            .filter(|item| item.state == State::Unconfirmed)
            .cloned()
            .collect();
        if open.is_empty() {
            return;
        }
        let item = &open[item % open.len()];
        let confirmation = match how {
            0 => Confirmation::Stored,
            1 => Confirmation::Quarantined(fault()),
            _ => Confirmation::Lost,
        };
        self.store(0)
            .write(true, |write| write.confirm(item.seq, confirmation.clone()))
            .unwrap();
        match confirmation {
            Confirmation::Stored => self.model.end(item.seq, Ended::Sent),
            Confirmation::Quarantined(_) => self.model.set_aside(item.seq, State::Quarantined),
            Confirmation::Lost if self.model.has_newer(item) => {
                self.model.end(item.seq, Ended::Replaced);
            }
            Confirmation::Lost => self.model.back(item.seq),
        }
    }

    fn compare(&mut self) -> Result<(), TestCaseError> {
        self.see_due(false)?;
        let found: Vec<(i64, u8, String, State)> = self
            .store(0)
            .read(|read| read.list(&Filter::all()))
            .unwrap()
            .into_iter()
            .map(|item| (item.seq, item.key.0[0], item.lane, item.state))
            .collect();
        let known: Vec<(i64, u8, String, State)> = self
            .model
            .items
            .iter()
            .map(|item| (item.seq, item.key, item.lane.clone(), item.state))
            .collect();
        prop_assert_eq!(found, known);
        for seq in 1..=self.model.last {
            let past = self.store(0).read(|read| read.receipt(seq)).unwrap();
            let known = self.model.ended.iter().find(|(at, ..)| *at == seq);
            prop_assert_eq!(past.map(|past| past.ended), known.map(|(.., how)| *how));
        }
        let counted = self
            .store(0)
            .write(false, |write| {
                Ok(write
                    .one("SELECT items FROM meta", |row| row.get::<_, i64>(0))?
                    .unwrap_or(-1))
            })
            .unwrap();
        prop_assert_eq!(counted, i64::try_from(self.model.items.len()).unwrap());
        let store = self.store(0);
        let db = &store.db.as_ref().unwrap().connection;
        prop_assert_eq!(crate::store::consistent::problem(db).unwrap(), None);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_model_does(steps in prop::collection::vec(step(), 1..50)) {
        let mut world = World {
            fixture: Fixture::new(),
            stores: [None, None],
            model: Model::default(),
            leases: Vec::new(),
        };
        for step in &steps {
            world.run(step)?;
        }
    }
}
