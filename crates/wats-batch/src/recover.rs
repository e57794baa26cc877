//! What a worker does when a bulk call fails and the batcher was told to recover: send the failed part
//! again, and cut a batch that fails as a whole in two until the failing item is alone. All of it happens
//! in the batch's own bulk slot.
//!
//! Halves are sent after all that is larger. So once the whole, its halves and its quarters have all
//! failed, it is known that nothing gets through: an outage, which more calls would only multiply.

use tokio::time::Instant;

use crate::BatchError;
use crate::entry::Index;
use crate::error::Answer;
use crate::foreign::let_go;
use crate::recovery::{Recovery, SubBatch};
use crate::worker::Worker;

/// How often a batch is cut while nothing of it gets through: down to quarters, seven calls in all.
const BLIND_CUTS: u32 = 2;

impl<T: Send + 'static, R: Send + 'static, E: Send + Sync + 'static> Worker<T, R, E> {
    /// Serves a batch just taken until each of its items is answered.
    pub(crate) async fn serve_with_recovery(&mut self, items: Vec<T>, recovery: &Recovery<T, E>) {
        let entries = std::mem::take(&mut self.entries);
        self.parts.push_back(SubBatch {
            items: entries.into_iter().zip(items).collect(),
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
                self.finish(part.items, &failure);
                continue;
            }
            if !std::mem::take(&mut is_first) {
                self.drop_unwanted(&mut part);
            }
            if part.items.is_empty() {
                continue;
            }
            let attempt = part.attempt;
            self.entries = part.items.iter().map(|(entry, _)| *entry).collect();
            let again = SubBatch {
                items: recovery.keep(&part.items, attempt),
                ..part
            };
            let items = part.items.into_iter().map(|(_, item)| item).collect();
            let is_retried = match self.call(items, Instant::now()).await {
                Ok(answers) => {
                    got_through = true;
                    self.settle_or_keep(answers, again, recovery)
                }
                Err(error) if recovery.retries(attempt, &error) => {
                    self.entries.clear();
                    self.send_again(again);
                    self.settle(std::iter::empty(), false);
                    true
                }
                Err(error) => {
                    got_through |= !matches!(error, BatchError::Bulk(_) | BatchError::Panicked(_));
                    if again.items.len() > 1 && recovery.halves(&error) {
                        self.cut_in_two(again, &error);
                    } else {
                        self.fail(&error, false);
                        let_go(again.items);
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

    /// Sends these again; the worker has the entries of the others.
    fn send_again(&mut self, mut part: SubBatch<T, E>) {
        part.attempt += 1;
        self.parts.push_front(part);
    }

    fn cut_in_two(&mut self, mut first: SubBatch<T, E>, error: &BatchError<E>) {
        self.entries.clear();
        first.cuts += 1;
        first.failure = Some(error.clone());
        let second = SubBatch {
            items: first.items.split_off(first.items.len() / 2),
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
        mut part: SubBatch<T, E>,
        recovery: &Recovery<T, E>,
    ) -> bool {
        // The predicate is foreign code: it is asked while the worker still has all entries.
        let is_retried = |answer: &Answer<R, E>| match answer {
            Err(error) if !part.items.is_empty() => recovery.retries(part.attempt, error),
            _ => false,
        };
        let retried: Vec<_> = answers.iter().map(is_retried).collect();
        if !retried.contains(&true) {
            self.settle(answers, false);
            let_go(part.items);
            return false;
        }
        let (mut finals, mut unused) = (Vec::new(), (Vec::new(), Vec::new()));
        let items = std::mem::take(&mut part.items);
        self.entries.clear();
        for ((item, answer), retried) in items.into_iter().zip(answers).zip(retried) {
            if retried {
                part.items.push(item);
                unused.0.push(answer);
            } else {
                self.entries.push(item.0);
                finals.push(answer);
                unused.1.push(item);
            }
        }
        part.failure = None;
        self.send_again(part);
        self.settle(finals, false);
        let_go(unused.0);
        let_go(unused.1);
        true
    }

    /// Takes out the items nobody waits for any more; they need not be sent again.
    fn drop_unwanted(&mut self, part: &mut SubBatch<T, E>) {
        let items = std::mem::take(&mut part.items);
        let unwanted = {
            let mut queue = self.shared.queue.lock();
            let (wanted, unwanted) = items
                .into_iter()
                .partition::<Vec<_>, _>(|(entry, _)| queue.is_wanted(*entry));
            queue.stats.resent += wanted.len() as u64;
            part.items = wanted;
            unwanted
        };
        self.finish(unwanted, &BatchError::Interrupted);
    }

    /// Answers these with an error.
    fn finish(&mut self, items: Vec<(Index, T)>, error: &BatchError<E>) {
        self.entries.extend(items.iter().map(|(entry, _)| *entry));
        self.fail(error, false);
        let_go(items);
    }
}
