//! The queue against a plain model: random steps, then everything must add up.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::sending::MAX_PASSED_OVER;
use super::*;
use crate::{Policy, Priority};

type Under = Queue<u32, u32, ()>;

/// The one site there is.
const POST: Post = Post { site: 0, place: 0 };

fn under(config: BatchConfig, retries: bool) -> Under {
    let mut queue = Queue::new(config, retries);
    assert!(queue.register(None, None).is_none());
    assert_eq!(queue.site_of(None), Some(POST.site));
    queue
}

/// A bulk call under way.
struct Call {
    items: Vec<u32>,
    entries: Vec<Index>,
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
    queue: Under,
    /// Workers that have yet to take.
    started: usize,
    calls: Vec<Call>,
    /// Item → its number, while its caller waits.
    callers: HashMap<u32, Index>,
    retries: bool,
    keys: HashMap<u32, u8>,
    priorities: HashMap<u32, u8>,
    cancelled: HashSet<u32>,
    sent: Vec<u32>,
    answered: HashSet<u32>,
    next: u32,
}

impl Model {
    fn new(policy: Policy, retries: bool) -> Self {
        let config = BatchConfig::default()
            .max_batch_size(3)
            .max_concurrent_batches(2)
            .max_pending(8)
            .policy(policy);
        Self {
            queue: under(config, retries),
            started: 0,
            calls: Vec::new(),
            callers: HashMap::new(),
            retries,
            keys: HashMap::new(),
            priorities: HashMap::new(),
            cancelled: HashSet::new(),
            sent: Vec::new(),
            answered: HashSet::new(),
            next: 0,
        }
    }

    fn act(&mut self) {
        let effects = self.queue.effects();
        while effects.errands
            && let Some(errand) = self.queue.errand()
        {
            assert_eq!(errand.post, POST);
            match errand.task {
                Task::Worker => self.started += 1,
                Task::Timer => {}
                Task::Watch => unreachable!("one site"),
            }
        }
        assert!(
            self.started + self.calls.len() <= 2,
            "no more workers than allowed"
        );
    }

    fn pick(&self, at: usize) -> Option<(u32, Index)> {
        let mut callers: Vec<_> = self
            .callers
            .iter()
            .map(|(item, index)| (*item, *index))
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
                self.priorities.insert(item, priority);
                let priority =
                    [Priority::Low, Priority::Normal, Priority::High][usize::from(priority)];
                let options = AddOptions {
                    priority,
                    key: Key::new(u64::from(key)),
                };
                let when_full = if may_block {
                    WhenFull::Wait
                } else {
                    WhenFull::Reject
                };
                match self.queue.enter(POST.site, item, None, options, when_full) {
                    Ok((index, _)) => {
                        assert!(self.callers.insert(item, index).is_none());
                        self.keys.insert(item, key);
                    }
                    Err(error) => {
                        assert!(!may_block);
                        assert_eq!(error.into_item(), item);
                    }
                }
            }
            Step::Cancel(at) => {
                if let Some((item, index)) = self.pick(at) {
                    self.callers.remove(&item);
                    self.queue.leave(index, &mut Deferred::default());
                    if !self.sent.contains(&item) {
                        self.cancelled.insert(item);
                    }
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
                if let Some((item, index)) = self.pick(at) {
                    self.look(item, index);
                }
            }
            Step::Flush => {
                self.queue.flush();
            }
        }
        self.act();
        assert!(self.queue.accepted <= 8, "the queue is bounded");
    }

    fn take(&mut self) {
        self.started -= 1;
        let mut entries = Vec::new();
        let items = self.queue.take(POST, &mut entries);
        if let Some((items, _)) = items {
            assert!((1..=3).contains(&items.len()), "the size is a hard cap");
            assert_eq!(items.len(), entries.len());
            if self.retries {
                let keys: Vec<_> = items.iter().map(|item| self.keys[item]).collect();
                for (at, key) in keys.iter().enumerate().filter(|(_, key)| **key != 0) {
                    assert!(!keys[..at].contains(key), "one item of a key in a batch");
                }
            }
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
                for earlier in self.sent.iter().filter(|_| key == 0) {
                    let like = |other| {
                        self.keys[other] == 0 && self.priorities[other] == self.priorities[item]
                    };
                    assert!(!like(earlier) || earlier < item, "first come, first served");
                }
                self.sent.push(*item);
            }
            self.calls.push(Call { items, entries });
        }
        self.act();
    }

    fn settle(&mut self, call: &Call) {
        let answers = call.items.iter().map(|item| Ok(item * 2));
        let entries = call.entries.iter().copied();
        self.queue
            .settle(entries, answers, &mut Deferred::default());
        self.queue.look_again(POST);
        self.started += 1;
        self.act();
    }

    fn look(&mut self, item: u32, index: Index) {
        if let Poll::Ready(answer) = self.queue.take_answer(index) {
            assert_eq!(answer.unwrap(), item * 2, "the answer is the item's own");
            assert!(self.answered.insert(item), "one answer");
            self.callers.remove(&item);
        }
    }

    /// Closes and lets all work end.
    fn finish(&mut self) {
        self.queue.close();
        self.act();
        while self.started > 0 || !self.calls.is_empty() {
            while self.started > 0 {
                self.take();
            }
            if let Some(call) = self.calls.pop() {
                self.settle(&call);
            }
        }
        assert!(self.queue.is_idle());
        for (item, index) in self.callers.clone() {
            self.look(item, index);
        }
        assert!(self.callers.is_empty(), "nobody is left waiting");
        assert_eq!(self.queue.keys.len(), 0, "no key is remembered");
        assert!(self.queue.slots.is_empty(), "no slot is left behind");
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
        retries in any::<bool>(),
        steps in proptest::collection::vec(step(), 0..200),
    ) {
        let mut model = Model::new(policy, retries);
        for step in steps {
            model.step(step);
        }
        model.finish();
    }
}

fn enter(queue: &mut Under, item: u32, priority: Priority) -> Index {
    let options = AddOptions {
        priority,
        ..AddOptions::default()
    };
    let entered = queue.enter(POST.site, item, None, options, WhenFull::Reject);
    entered.unwrap().0
}

#[test]
fn cancelled_items_do_not_fill_the_queue() {
    let mut queue = under(BatchConfig::default().max_pending(2), false);
    let stays = enter(&mut queue, 0, Priority::Normal);
    for _ in 0..1000 {
        let index = enter(&mut queue, 1, Priority::Normal);
        queue.leave(index, &mut Deferred::default());
    }
    assert_eq!(queue.snapshot().pending, 1);
    assert!(queue.slots.capacity() <= 64);
    assert!(queue.sites.get(POST.site).lanes[1].links() <= 64);
    queue.leave(stays, &mut Deferred::default());
}

#[test]
fn a_burst_gives_its_memory_back() {
    let config = BatchConfig::default().max_pending(100_000);
    let mut queue = under(config, false);
    let indices: Vec<_> = (0..50_000)
        .map(|item| enter(&mut queue, item, Priority::Normal))
        .collect();
    assert!(queue.slots.capacity() >= 50_000);
    for index in indices {
        queue.leave(index, &mut Deferred::default());
    }
    assert!(queue.slots.capacity() <= 5000);
    assert!(queue.sites.get(POST.site).lanes[1].links() <= 5000);
}

#[test]
fn high_goes_first_and_low_is_not_starved() {
    let config = BatchConfig::default()
        .max_batch_size(1)
        .policy(Policy::Manual);
    let mut queue = under(config, false);
    enter(&mut queue, 1, Priority::Low);
    assert_eq!(queue.effects(), Effects::default());
    let mut sent = Vec::new();
    for _ in 0..9 {
        enter(&mut queue, 3, Priority::High);
        enter(&mut queue, 3, Priority::High);
        queue.flush();
        assert!(queue.effects().errands);
        assert_eq!(queue.errand().unwrap().task, Task::Worker);
        sent.extend(queue.take(POST, &mut Vec::new()).unwrap().0);
        // A worker that goes on, and finds nothing that it may take.
        queue.look_again(POST);
        queue.worker_lost(POST, true);
    }
    assert_eq!(
        sent.iter().filter(|item| **item == 1).count(),
        1,
        "{sent:?}"
    );
    assert_eq!(
        sent[..MAX_PASSED_OVER as usize],
        [3; MAX_PASSED_OVER as usize]
    );
}
