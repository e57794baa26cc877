//! What a worker does when a bulk call fails and the batcher was told to recover: send the failed part
//! again, and cut a batch that fails as a whole in two until the failing item is alone. All of it happens
//! in the batch's own bulk slot.
//!
//! Halves are sent after all that is larger. So once the whole, its halves and its quarters have all
//! failed, it is known that nothing gets through: an outage, which more calls would only multiply.

use crate::BatchError;
use crate::error::Answer;
use crate::foreign::let_go;
use crate::recovery::{Part, Recovery};
use crate::worker::Worker;

/// How often a batch is cut while nothing of it gets through: down to quarters, seven calls in all.
const BLIND_CUTS: u32 = 2;

impl<T, R, E> Worker<T, R, E>
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    /// Serves a batch just taken until each of its items is answered.
    pub(crate) async fn serve_with_recovery(&mut self, items: Vec<T>, recovery: &Recovery<T, E>) {
        let entries = std::mem::take(&mut self.entries);
        self.parts.push_back(Part {
            items,
            entries,
            attempt: 1,
            cuts: 0,
            failure: None,
        });
        let mut is_first = true;
        let mut got_through = false;
        while let Some(mut part) = self.parts.pop_front() {
            if !got_through
                && part.cuts > BLIND_CUTS
                && let Some(failure) = part.failure
            {
                // More calls would meet the same outage.
                self.entries = part.entries;
                self.fail(&failure, false);
                continue;
            }
            if !std::mem::take(&mut is_first) {
                self.drop_unwanted(&mut part);
            }
            if part.items.is_empty() {
                continue;
            }
            self.entries = part.entries;
            let attempt = part.attempt;
            let kept = recovery.keep(&part.items, attempt);
            let again = Part {
                items: kept,
                entries: Vec::new(),
                ..part
            };
            let is_retried = match self.call(part.items).await {
                Ok(answers) => {
                    got_through = true;
                    self.settle_or_keep(answers, again, recovery)
                }
                Err(error) if recovery.retries(attempt, &error) => {
                    self.send_again(again);
                    true
                }
                Err(error) => {
                    got_through |= !matches!(error, BatchError::Bulk(_) | BatchError::Panicked(_));
                    if again.items.len() > 1 && recovery.halves(&error) {
                        self.cut_in_two(again, &error);
                    } else {
                        self.fail(&error, false);
                    }
                    false
                }
            };
            if is_retried {
                recovery.pause(attempt).await;
            }
        }
        self.settle(std::iter::empty(), true);
    }

    /// Sends all that the call had again.
    fn send_again(&mut self, mut part: Part<T, E>) {
        part.entries = std::mem::take(&mut self.entries);
        part.attempt += 1;
        self.parts.push_front(part);
        self.settle(std::iter::empty(), false);
    }

    fn cut_in_two(&mut self, mut first: Part<T, E>, error: &BatchError<E>) {
        let half = first.items.len() / 2;
        first.entries = std::mem::take(&mut self.entries);
        first.cuts += 1;
        first.failure = Some(error.clone());
        let second = Part {
            items: first.items.split_off(half),
            entries: first.entries.split_off(half),
            failure: first.failure.clone(),
            ..first
        };
        self.parts.extend([first, second]);
        self.settle(std::iter::empty(), false);
    }

    /// Answers what has its final answer, and says whether there is anything to be sent again. `part` has
    /// the copies of the items, if they may be.
    fn settle_or_keep(
        &mut self,
        answers: Vec<Answer<R, E>>,
        mut part: Part<T, E>,
        recovery: &Recovery<T, E>,
    ) -> bool {
        if part.items.is_empty() {
            self.settle(answers, false);
            return false;
        }
        // The predicate is foreign code: it is asked while the worker still has all entries.
        let is_retried = |answer: &Answer<R, E>| match answer {
            Ok(_) => false,
            Err(error) => recovery.retries(part.attempt, error),
        };
        let retried: Vec<_> = answers.iter().map(is_retried).collect();
        let (mut finals, mut unused_answers, mut unused_items) =
            (Vec::new(), Vec::new(), Vec::new());
        let items = std::mem::take(&mut part.items).into_iter();
        let entries = std::mem::take(&mut self.entries).into_iter();
        for (((entry, item), answer), retried) in entries.zip(items).zip(answers).zip(retried) {
            if retried {
                part.items.push(item);
                part.entries.push(entry);
                unused_answers.push(answer);
            } else {
                self.entries.push(entry);
                finals.push(answer);
                unused_items.push(item);
            }
        }
        let is_retried = !part.items.is_empty();
        if is_retried {
            part.attempt += 1;
            part.failure = None;
            self.parts.push_front(part);
        }
        self.settle(finals, false);
        let_go(unused_answers);
        let_go(unused_items);
        is_retried
    }

    /// Takes out the items nobody waits for any more; they need not be sent again.
    fn drop_unwanted(&mut self, part: &mut Part<T, E>) {
        let items = std::mem::take(&mut part.items);
        let entries = std::mem::take(&mut part.entries);
        let mut unwanted = Vec::new();
        {
            let mut queue = self.shared.queue.lock();
            for (item, entry) in items.into_iter().zip(entries) {
                if queue.is_wanted(entry) {
                    part.items.push(item);
                    part.entries.push(entry);
                } else {
                    unwanted.push(item);
                    self.entries.push(entry);
                }
            }
            queue.stats.resent += part.items.len() as u64;
        }
        self.fail(&BatchError::Interrupted, false);
        let_go(unwanted);
    }
}
