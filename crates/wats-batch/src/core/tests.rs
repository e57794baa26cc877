//! The core against a plain model: random steps, then everything must add up.

use std::collections::{HashMap, HashSet};
use std::task::{Poll, Waker};

use proptest::prelude::*;

use super::sending::PATIENCE;
use super::*;
use crate::answers::Answers;
use crate::intake::{BufferId, Buffered, IntakeBuffers};
use crate::{Policy, limit};

type Under = Core<u32>;

/// The one site there is.
const POST: Post = Post { site: 0, place: 0 };

fn under(config: BatchConfig, retries: bool) -> Under {
    let mut core = Core::new(config, retries);
    assert_eq!(core.register(None, None).0, POST.site);
    core
}

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
        by_buffer: bool,
    },
    Cancel(usize),
    Take,
    Settle(usize),
    Look(usize),
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0u8..3, 0u8..5, any::<bool>(), any::<bool>()).prop_map(
            |(priority, key, may_block, by_buffer)| Step::Add { priority, key, may_block, by_buffer }
        ),
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
    buffers: IntakeBuffers<u32>,
    /// The buffer that one of the workers holds open.
    buffer: Option<BufferId>,
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
            .max_batch_size(limit::<3>())
            .max_concurrent_batches(limit::<2>())
            .max_pending(limit::<8>())
            .policy(policy);
        Self {
            core: under(config, retries),
            answers: Answers::new(),
            buffers: IntakeBuffers::new(),
            buffer: None,
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

    fn act(&mut self, effects: Effects) {
        while effects.errands
            && let Some(errand) = self.core.errand()
        {
            match errand {
                Errand::Worker(post, None) if post == POST => self.gather(),
                Errand::Timer(..) => {}
                other => unreachable!("{other:?}"),
            }
        }
        assert!(
            self.started + self.calls.len() <= 2,
            "no more workers than allowed"
        );
    }

    /// One more worker is about to take.
    fn gather(&mut self) {
        self.started += 1;
        self.buffer = self.buffer.or_else(|| self.buffers.open(None, POST.site));
    }

    fn empty_buffer(&mut self) {
        if let Some(id) = self.buffer {
            let mut refused = Drained::default();
            self.core.take_in(&mut self.buffers.lock(id), &mut refused);
            assert!(refused.callers.is_empty());
        }
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
                by_buffer,
            } => {
                let item = self.next;
                self.next += 1;
                self.priorities.insert(item, priority);
                let priority =
                    [Priority::Low, Priority::Normal, Priority::High][usize::from(priority)];
                if by_buffer && let Some(id) = self.buffer {
                    let mut buffer = self.buffers.lock(id);
                    let index = buffer.admit(None, || self.answers.open()).unwrap();
                    let waker = Waker::noop().clone();
                    buffer.leave(Buffered {
                        item,
                        waker,
                        priority,
                        index,
                    });
                    assert!(self.callers.insert(item, index).is_none());
                    self.keys.insert(item, 0);
                    return;
                }
                self.empty_buffer();
                let options = AddOptions {
                    priority,
                    key: Key::new(u64::from(key)),
                    flight: 0,
                };
                let more = || self.answers.open();
                match self
                    .core
                    .enter(POST.site, item, None, options, may_block, more)
                {
                    Ok((index, effects)) => {
                        assert!(self.callers.insert(item, index).is_none());
                        self.keys.insert(item, key);
                        self.act(effects);
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
                    let withdrawn = self
                        .buffer
                        .and_then(|id| self.buffers.lock(id).withdraw(index));
                    if let Some(left) = withdrawn {
                        assert_eq!(left.item, item);
                        self.answers.cancel(index);
                        self.cancelled.insert(item);
                        return;
                    }
                    let Removed {
                        withdrawn, effects, ..
                    } = self.core.leave(index);
                    if withdrawn {
                        self.answers.cancel(index);
                    } else {
                        self.answers.leave(index);
                    }
                    if !self.sent.contains(&item) {
                        self.cancelled.insert(item);
                    }
                    self.act(effects);
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
                self.empty_buffer();
                let (_, effects) = self.core.flush();
                self.act(effects);
            }
        }
        assert!(self.core.pending() <= 8, "the queue is bounded");
    }

    fn take(&mut self) {
        self.started -= 1;
        self.empty_buffer();
        if let Some(id) = self.buffer.take() {
            self.buffers.close(id, |_| ());
        }
        let mut tickets = Vec::new();
        let (items, effects) = self.core.take(POST, &mut tickets);
        if let Some(items) = items {
            assert!((1..=3).contains(&items.len()), "the size is a hard cap");
            assert_eq!(items.len(), tickets.len());
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
            self.calls.push(Call { items, tickets });
        }
        self.act(effects);
    }

    fn settle(&mut self, call: &Call) {
        let mut callers = Vec::new();
        self.core.settle(call.tickets.iter().copied(), &mut callers);
        let answers = callers
            .into_iter()
            .zip(call.items.iter().map(|item| Ok(item * 2)));
        self.answers
            .deliver(answers, &mut Vec::new(), &mut Vec::new());
        self.core.gather_again(POST);
        self.gather();
        let effects = self.core.effects();
        self.act(effects);
    }

    fn look(&mut self, item: u32, index: Index) {
        if let Poll::Ready(answer) = self.answers.poll(index, Waker::noop()) {
            assert_eq!(answer.unwrap(), item * 2, "the answer is the item's own");
            assert!(self.answered.insert(item), "one answer");
            self.callers.remove(&item);
        }
    }

    /// Closes and lets all work end.
    fn finish(&mut self) {
        self.empty_buffer();
        self.core.close();
        let effects = self.core.effects();
        self.act(effects);
        while self.started > 0 || !self.calls.is_empty() {
            while self.started > 0 {
                self.take();
            }
            if let Some(call) = self.calls.pop() {
                self.settle(&call);
            }
        }
        assert!(self.core.is_idle());
        for (item, index) in self.callers.clone() {
            self.look(item, index);
        }
        assert!(self.callers.is_empty(), "nobody is left waiting");
        assert_eq!(self.core.keys.len(), 0, "no key is remembered");
        assert_eq!(self.core.slab.live(), 0, "no slot is left behind");
        // One for the queue, one for the buffer.
        assert!(self.answers.usage().0 <= 2, "no cell is left behind");
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

#[test]
fn cancelled_items_do_not_fill_the_queue() {
    let mut core = under(BatchConfig::default().max_pending(limit::<2>()), false);
    let answers = Answers::<u32, ()>::new();
    for _ in 0..1000 {
        let entered = core.enter(POST.site, 1, None, AddOptions::default(), false, || {
            answers.open()
        });
        let (index, _) = entered.unwrap();
        let _ = core.leave(index);
        answers.cancel(index);
    }
    assert_eq!(core.pending(), 0);
    assert!(core.slab.capacity() <= 64);
    assert!(answers.usage().0 <= 1);
}

#[test]
fn a_burst_gives_its_memory_back() {
    let mut core = under(
        BatchConfig::default().max_pending(limit::<100_000>()),
        false,
    );
    let answers = Answers::<u32, ()>::new();
    let indices: Vec<_> = (0..50_000)
        .map(|n| {
            let entered = core.enter(POST.site, n, None, AddOptions::default(), false, || {
                answers.open()
            });
            let (index, _) = entered.unwrap();
            assert!(answers.poll(index, Waker::noop()).is_pending());
            index
        })
        .collect();
    assert!(core.slab.capacity() >= 50_000);
    assert!(answers.usage().1 >= 50_000);
    for index in indices {
        let _ = core.leave(index);
        answers.cancel(index);
    }
    assert!(core.slab.capacity() <= 5000);
    assert!(answers.usage().1 <= 5000);
}

#[test]
fn high_goes_first_and_low_is_not_starved() {
    let config = BatchConfig::default()
        .max_batch_size(limit::<1>())
        .policy(Policy::Manual);
    let mut core = under(config, false);
    let mut cells = 0..1000;
    let mut add = |core: &mut Under, item, priority| {
        let options = AddOptions {
            priority,
            ..AddOptions::default()
        };
        core.enter(POST.site, item, None, options, false, || {
            std::mem::take(&mut cells)
        })
        .unwrap()
        .1
    };
    assert_eq!(add(&mut core, 1, Priority::Low), Effects::default());
    let mut sent = Vec::new();
    for _ in 0..9 {
        let _ = add(&mut core, 3, Priority::High);
        let _ = add(&mut core, 3, Priority::High);
        assert!(core.flush().1.errands);
        assert!(matches!(core.errand(), Some(Errand::Worker(POST, None))));
        let (items, _) = core.take(POST, &mut Vec::new());
        sent.extend(items.unwrap());
        // A worker that goes on, and finds nothing that it may take.
        core.gather_again(POST);
        core.worker_lost(POST, true);
    }
    assert_eq!(
        sent.iter().filter(|item| **item == 1).count(),
        1,
        "{sent:?}"
    );
    assert_eq!(sent[..PATIENCE as usize], [3; PATIENCE as usize]);
}
