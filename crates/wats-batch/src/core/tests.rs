//! The core against a plain model: random steps, then everything must add up.

use std::collections::{HashMap, HashSet};
use std::task::{Poll, Waker};

use proptest::prelude::*;

use super::sending::PATIENCE;
use super::*;
use crate::answers::Answers;
use crate::limit;

type Under = Core<u32>;

/// A bulk call under way.
struct Call {
    items: Vec<u32>,
    tickets: Vec<Index>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Add {
        priority: u8,
        key: u8,
        may_block: bool,
    },
    Cancel(usize),
    Take,
    Settle(usize),
    Look(usize),
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0u8..3, 0u8..5, any::<bool>())
            .prop_map(|(priority, key, may_block)| Step::Add { priority, key, may_block }),
        2 => (0usize..64).prop_map(Step::Cancel),
        3 => Just(Step::Take),
        3 => (0usize..8).prop_map(Step::Settle),
        2 => (0usize..64).prop_map(Step::Look),
        1 => Just(Step::Flush),
    ]
}

struct Model {
    core: Under,
    answers: Answers<u32, ()>,
    /// Workers that have yet to take.
    started: usize,
    calls: Vec<Call>,
    /// Item → its receipt, while its caller waits.
    callers: HashMap<u32, Receipt>,
    keys: HashMap<u32, u8>,
    cancelled: HashSet<u32>,
    sent: Vec<u32>,
    answered: HashSet<u32>,
    next: u32,
}

impl Model {
    fn new(policy: Policy) -> Self {
        let config = BatchConfig::default()
            .max_batch_size(limit::<3>())
            .max_concurrent_batches(limit::<2>())
            .max_pending(limit::<8>())
            .policy(policy);
        Self {
            core: Core::new(config),
            answers: Answers::new(),
            started: 0,
            calls: Vec::new(),
            callers: HashMap::new(),
            keys: HashMap::new(),
            cancelled: HashSet::new(),
            sent: Vec::new(),
            answered: HashSet::new(),
            next: 0,
        }
    }

    fn act(&mut self, todo: Todo) {
        self.started += usize::from(todo.start);
        assert!(
            self.started + self.calls.len() <= 2,
            "no more workers than allowed"
        );
    }

    fn pick(&self, at: usize) -> Option<(u32, Receipt)> {
        let mut callers: Vec<_> = self
            .callers
            .iter()
            .map(|(item, receipt)| (*item, *receipt))
            .collect();
        callers.sort_unstable_by_key(|(item, _)| *item);
        callers.get(at % callers.len().max(1)).copied()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Add {
                priority,
                key,
                may_block,
            } => {
                let item = self.next;
                self.next += 1;
                let priority =
                    [Priority::Low, Priority::Normal, Priority::High][usize::from(priority)];
                let manner = Manner {
                    priority,
                    key: Key::new(u64::from(key)),
                };
                let more = || self.answers.open();
                match self.core.enter(item, None, manner, may_block, more) {
                    Ok((receipt, todo)) => {
                        assert!(self.callers.insert(item, receipt).is_none());
                        self.keys.insert(item, key);
                        self.act(todo);
                    }
                    Err(error) => {
                        assert!(!may_block);
                        assert_eq!(error.into_item(), item);
                    }
                }
            }
            Step::Cancel(at) => {
                if let Some((item, receipt)) = self.pick(at) {
                    self.callers.remove(&item);
                    let Gone {
                        withdrawn, todo, ..
                    } = self.core.leave(receipt);
                    if withdrawn {
                        self.answers.cancel(receipt.cell);
                    } else {
                        self.answers.leave(receipt.cell);
                    }
                    if !self.sent.contains(&item) {
                        self.cancelled.insert(item);
                    }
                    self.act(todo);
                }
            }
            Step::Take => {
                if self.started > 0 {
                    self.take();
                }
            }
            Step::Settle(at) => {
                if !self.calls.is_empty() {
                    let call = self.calls.remove(at % self.calls.len());
                    self.settle(&call);
                }
            }
            Step::Look(at) => {
                if let Some((item, receipt)) = self.pick(at) {
                    self.look(item, receipt);
                }
            }
            Step::Flush => {
                let (_, todo) = self.core.flush();
                self.act(todo);
            }
        }
        assert!(self.core.pending() <= 8, "the queue is bounded");
    }

    fn take(&mut self) {
        self.started -= 1;
        let mut tickets = Vec::new();
        let (items, todo) = self.core.take(&mut tickets);
        if let Some(items) = items {
            assert!((1..=3).contains(&items.len()), "the size is a hard cap");
            assert_eq!(items.len(), tickets.len());
            for item in &items {
                assert!(
                    !self.cancelled.contains(item),
                    "a cancelled item is not sent"
                );
                assert!(!self.sent.contains(item), "no item is sent twice");
                let key = self.keys[item];
                let under_way = self.calls.iter().flat_map(|call| &call.items);
                for other in under_way.filter(|_| key != 0) {
                    assert_ne!(self.keys[other], key, "a key is in one call at a time");
                }
                for earlier in self.sent.iter().filter(|_| key != 0) {
                    let in_order = self.keys[earlier] != key || earlier < item;
                    assert!(in_order, "a key keeps its order: {earlier} before {item}");
                }
                self.sent.push(*item);
            }
            self.calls.push(Call { items, tickets });
        }
        self.act(todo);
    }

    fn settle(&mut self, call: &Call) {
        let mut callers = Vec::new();
        self.core.settle(call.tickets.iter().copied(), &mut callers);
        let answers = callers
            .into_iter()
            .zip(call.items.iter().map(|item| Ok(item * 2)));
        self.answers
            .deliver(answers, &mut Vec::new(), &mut Vec::new());
        self.core.gather_again();
        self.started += 1;
        let todo = self.core.todo();
        self.act(todo);
    }

    fn look(&mut self, item: u32, receipt: Receipt) {
        if let Poll::Ready(answer) = self.answers.poll(receipt.cell, Waker::noop()) {
            assert_eq!(answer.unwrap(), item * 2, "the answer is the item's own");
            assert!(self.answered.insert(item), "one answer");
            self.callers.remove(&item);
        }
    }

    /// Closes and lets all work end.
    fn finish(&mut self) {
        self.core.close();
        let todo = self.core.todo();
        self.act(todo);
        while self.started > 0 || !self.calls.is_empty() {
            while self.started > 0 {
                self.take();
            }
            if let Some(call) = self.calls.pop() {
                self.settle(&call);
            }
        }
        assert!(self.core.is_idle());
        for (item, receipt) in self.callers.clone() {
            self.look(item, receipt);
        }
        assert!(self.callers.is_empty(), "nobody is left waiting");
        assert_eq!(self.core.keys.len(), 0, "no key is remembered");
        assert_eq!(self.core.slab.live(), 0, "no slot is left behind");
        assert!(self.answers.usage().0 <= 1, "no cell is left behind");
        for item in self.keys.keys() {
            let outcomes = [self.sent.contains(item), self.cancelled.contains(item)];
            assert_eq!(
                outcomes.iter().filter(|outcome| **outcome).count(),
                1,
                "item {item}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn everything_adds_up(
        policy in prop_oneof![Just(Policy::Eager), Just(Policy::Window), Just(Policy::Manual)],
        steps in proptest::collection::vec(step(), 0..200),
    ) {
        let mut model = Model::new(policy);
        for step in steps {
            model.step(step);
        }
        model.finish();
    }
}

#[test]
fn cancelled_items_do_not_fill_the_queue() {
    let mut core = Under::new(BatchConfig::default().max_pending(limit::<2>()));
    let answers = Answers::<u32, ()>::new();
    for _ in 0..1000 {
        let entered = core.enter(1, None, Manner::default(), false, || answers.open());
        let (receipt, _) = entered.unwrap();
        let _ = core.leave(receipt);
        answers.cancel(receipt.cell);
    }
    assert_eq!(core.pending(), 0);
    assert!(core.slab.capacity() <= 8);
    assert!(answers.usage().0 <= 1);
}

#[test]
fn a_burst_gives_its_memory_back() {
    let mut core = Under::new(BatchConfig::default().max_pending(limit::<100_000>()));
    let answers = Answers::<u32, ()>::new();
    let receipts: Vec<_> = (0..50_000)
        .map(|n| {
            let entered = core.enter(n, None, Manner::default(), false, || answers.open());
            let (receipt, _) = entered.unwrap();
            assert!(answers.poll(receipt.cell, Waker::noop()).is_pending());
            receipt
        })
        .collect();
    assert!(core.slab.capacity() >= 50_000);
    assert!(answers.usage().1 >= 50_000);
    for receipt in receipts {
        let _ = core.leave(receipt);
        answers.cancel(receipt.cell);
    }
    assert_eq!(core.slab.capacity(), 0);
    assert!(answers.usage().1 <= 5000);
}

#[test]
fn high_goes_first_and_low_is_not_starved() {
    let config = BatchConfig::default()
        .max_batch_size(limit::<1>())
        .policy(Policy::Manual);
    let mut core = Under::new(config);
    let mut cells = 0..1000;
    let mut add = |core: &mut Under, item, priority| {
        let manner = Manner {
            priority,
            key: None,
        };
        core.enter(item, None, manner, false, || std::mem::take(&mut cells))
            .unwrap()
            .1
    };
    assert_eq!(add(&mut core, 1, Priority::Low), Todo::default());
    let mut sent = Vec::new();
    for _ in 0..9 {
        let _ = add(&mut core, 3, Priority::High);
        let _ = add(&mut core, 3, Priority::High);
        assert!(core.flush().1.start || !sent.is_empty());
        let (items, todo) = core.take(&mut Vec::new());
        sent.extend(items.unwrap());
        // Stands for a worker that goes on.
        if !todo.start {
            core.gather_again();
        }
    }
    assert_eq!(
        sent.iter().filter(|item| **item == 1).count(),
        1,
        "{sent:?}"
    );
    assert_eq!(sent[..PATIENCE as usize], [3; PATIENCE as usize]);
}
