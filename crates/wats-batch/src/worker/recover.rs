//! What a worker does when a bulk call fails and the batcher was told to recover: send the failed part
//! again, and cut a batch that fails as a whole in two until the failing item is alone. All of it happens
//! in the batch's own bulk slot.
//!
//! Halves are sent after all that is larger. So once the whole, its halves and its quarters have all
//! failed, it is known that nothing gets through: an outage, which more calls would only multiply.

use std::collections::VecDeque;

use super::Worker;
use crate::BatchError;
use crate::bulk::Outcome;
use crate::foreign::let_go;
use crate::list::Index;
use crate::recovery::{Recovery, SubBatch};

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
        let tickets = std::mem::take(&mut self.tickets);
        self.parts.push_back(SubBatch {
            items,
            tickets,
            attempt: 1,
            cuts: 0,
            failure: None,
        });
        let mut first = true;
        let mut got_through = false;
        while let Some(mut part) = self.parts.pop_front() {
            if !got_through
                && part.cuts > BLIND_CUTS
                && let Some(failure) = part.failure
            {
                // More calls would meet the same outage.
                self.tickets = part.tickets;
                let answers = std::iter::repeat_with(|| Err(failure.clone()));
                self.settle(answers.take(part.items.len()), false);
                continue;
            }
            if !std::mem::take(&mut first) {
                self.drop_unwanted(&mut part);
            }
            let SubBatch {
                items,
                tickets,
                attempt,
                cuts,
                failure,
            } = part;
            if items.is_empty() {
                continue;
            }
            self.tickets = tickets;
            let kept = recovery.keep(&items, attempt);
            let outcome = self.call(items).await;
            let failed_as_a_whole = match &outcome {
                Outcome::Failed(error) if recovery.retries(attempt, error) => {
                    let tickets = std::mem::take(&mut self.tickets);
                    self.parts.push_front(SubBatch {
                        items: kept,
                        tickets,
                        attempt: attempt + 1,
                        cuts,
                        failure,
                    });
                    self.settle(std::iter::empty(), false);
                    recovery.pause(attempt).await;
                    continue;
                }
                Outcome::Failed(_) | Outcome::Panicked(_) => true,
                _ => false,
            };
            got_through |= !failed_as_a_whole;
            if kept.len() > 1 && recovery.bisect.halves(&outcome) {
                self.cut_in_two(kept, attempt, cuts + 1, outcome);
                self.settle(std::iter::empty(), false);
            } else {
                let again = self.settle_or_keep(outcome, kept, attempt, recovery);
                if let Some((items, tickets)) = again {
                    self.parts.push_front(SubBatch {
                        items,
                        tickets,
                        attempt: attempt + 1,
                        cuts,
                        failure: None,
                    });
                    recovery.pause(attempt).await;
                }
            }
        }
        self.settle(std::iter::empty(), true);
    }

    fn cut_in_two(&mut self, mut items: Vec<T>, attempt: u32, cuts: u32, outcome: Outcome<R, E>) {
        let mut tickets = std::mem::take(&mut self.tickets);
        let failure = outcome.answers(tickets.len()).next().and_then(Result::err);
        let half = items.len() / 2;
        let second = SubBatch {
            items: items.split_off(half),
            tickets: tickets.split_off(half),
            attempt,
            cuts,
            failure: failure.clone(),
        };
        self.parts.push_back(SubBatch {
            items,
            tickets,
            attempt,
            cuts,
            failure,
        });
        self.parts.push_back(second);
    }

    /// Answers what has its final answer, and hands back what is to be sent again.
    fn settle_or_keep(
        &mut self,
        outcome: Outcome<R, E>,
        kept: Vec<T>,
        attempt: u32,
        recovery: &Recovery<T, E>,
    ) -> Option<(Vec<T>, Vec<Index>)> {
        // The predicate is foreign code: it is asked while the worker still has all tickets.
        let decided: Vec<_> = outcome
            .answers(self.tickets.len())
            .take(self.tickets.len())
            .map(|answer| match &answer {
                Err(BatchError::Item(error)) if !kept.is_empty() => {
                    (recovery.retries(attempt, error), answer)
                }
                _ => (false, answer),
            })
            .collect();
        let tickets = std::mem::take(&mut self.tickets);
        let mut answers = Vec::with_capacity(tickets.len());
        let mut again = (Vec::new(), Vec::new());
        let mut kept = VecDeque::from(kept);
        for (ticket, (repeat, answer)) in tickets.iter().zip(decided) {
            if let (Some(item), true) = (kept.pop_front(), repeat) {
                again.0.push(item);
                again.1.push(*ticket);
            } else {
                self.tickets.push(*ticket);
                answers.push(answer);
            }
        }
        self.settle(answers.into_iter(), false);
        (!again.0.is_empty()).then_some(again)
    }

    /// Takes out the items nobody waits for any more; they need not be sent again.
    fn drop_unwanted(&mut self, part: &mut SubBatch<T, E>) {
        let (items, tickets) = (
            std::mem::take(&mut part.items),
            std::mem::take(&mut part.tickets),
        );
        let mut unwanted = Vec::new();
        {
            let mut core = self.shared.core.lock();
            for (item, ticket) in items.into_iter().zip(tickets) {
                if core.is_wanted(ticket) {
                    part.items.push(item);
                    part.tickets.push(ticket);
                } else {
                    unwanted.push(item);
                    self.tickets.push(ticket);
                }
            }
            core.counters.resent += part.items.len() as u64;
        }
        let nobody = std::iter::repeat_with(|| Err(BatchError::Interrupted));
        self.settle(nobody.take(unwanted.len()), false);
        let_go(unwanted);
    }
}
