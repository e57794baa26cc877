//! What a worker does when a bulk call fails and the batcher was told to recover: send the failed part
//! again, and cut a batch that fails as a whole in two until the poisoned item stands alone. All of
//! it happens in the batch's own bulk slot.

use std::collections::VecDeque;

use crate::bulk::Outcome;
use crate::list::Index;
use crate::worker::Worker;
use crate::{BatchError, Retry};

/// What to do about failures.
pub(crate) struct Recovery<T, E> {
    /// Makes the copy that is kept while the bulk function has the items.
    pub(crate) copy: fn(&T) -> T,
    pub(crate) retry: Option<Retry<E>>,
    pub(crate) bisect: bool,
}

/// Items that are sent together, with the number of their try.
pub(crate) struct Part<T> {
    pub(crate) items: Vec<T>,
    pub(crate) tickets: Vec<Index>,
    attempt: u32,
}

impl<T, E> Recovery<T, E> {
    /// A copy of the items, if they may be needed again.
    fn keep(&self, items: &[T], attempt: u32) -> Vec<T> {
        let retry = self
            .retry
            .as_ref()
            .is_some_and(|retry| retry.may_follow(attempt));
        if retry || (self.bisect && items.len() > 1) {
            items.iter().map(self.copy).collect()
        } else {
            Vec::new()
        }
    }

    async fn pause(&self, attempt: u32) {
        if let Some(retry) = &self.retry {
            retry.pause(attempt).await;
        }
    }

    fn retries(&self, attempt: u32, error: &E) -> bool {
        self.retry
            .as_ref()
            .is_some_and(|retry| retry.again(attempt, error))
    }
}

impl<T, R, E> Worker<T, R, E>
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    /// Serves a batch just taken until each of its items is answered.
    pub(crate) async fn serve_with_recovery(&mut self, items: Vec<T>, recovery: &Recovery<T, E>) {
        let tickets = std::mem::take(&mut self.tickets);
        self.parts.push_back(Part {
            items,
            tickets,
            attempt: 1,
        });
        let mut first = true;
        while let Some(mut part) = self.parts.pop_front() {
            if !std::mem::take(&mut first) {
                self.drop_unwanted(&mut part);
            }
            let Part {
                items,
                tickets,
                attempt,
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
                    self.parts.push_front(Part {
                        items: kept,
                        tickets,
                        attempt: attempt + 1,
                    });
                    self.settle(std::iter::empty(), false);
                    recovery.pause(attempt).await;
                    continue;
                }
                Outcome::Failed(_) | Outcome::Panicked(_) => true,
                _ => false,
            };
            if failed_as_a_whole && recovery.bisect && kept.len() > 1 {
                self.cut_in_two(kept, attempt);
                self.settle(std::iter::empty(), false);
            } else {
                let again = self.settle_or_keep(outcome, kept, attempt, recovery);
                if let Some(part) = again {
                    self.parts.push_front(part);
                    recovery.pause(attempt).await;
                }
            }
        }
        self.settle(std::iter::empty(), true);
    }

    fn cut_in_two(&mut self, mut items: Vec<T>, attempt: u32) {
        let mut tickets = std::mem::take(&mut self.tickets);
        let half = items.len() / 2;
        let second = Part {
            items: items.split_off(half),
            tickets: tickets.split_off(half),
            attempt,
        };
        self.parts.push_front(second);
        self.parts.push_front(Part {
            items,
            tickets,
            attempt,
        });
    }

    /// Answers what has its final answer, and hands back what is to be sent again.
    fn settle_or_keep(
        &mut self,
        outcome: Outcome<R, E>,
        kept: Vec<T>,
        attempt: u32,
        recovery: &Recovery<T, E>,
    ) -> Option<Part<T>> {
        let tickets = std::mem::take(&mut self.tickets);
        let mut answers = Vec::with_capacity(tickets.len());
        let mut again = Part {
            items: Vec::new(),
            tickets: Vec::new(),
            attempt: attempt + 1,
        };
        let mut kept = VecDeque::from(kept);
        for (ticket, answer) in tickets.iter().zip(outcome.answers(tickets.len())) {
            match (kept.pop_front(), answer) {
                (Some(item), Err(BatchError::Item(error))) if recovery.retries(attempt, &error) => {
                    again.items.push(item);
                    again.tickets.push(*ticket);
                }
                (_, answer) => {
                    self.tickets.push(*ticket);
                    answers.push(answer);
                }
            }
        }
        self.settle(answers.into_iter(), false);
        (!again.items.is_empty()).then_some(again)
    }

    /// Takes out the items nobody waits for any more; they need not be sent again.
    fn drop_unwanted(&mut self, part: &mut Part<T>) {
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
    }
}
