//! What to do about a bulk call that fails, and the parts of a batch that are sent again.

use crate::bulk::Outcome;
use crate::list::Index;
use crate::retry::Predicate;
use crate::{BatchError, Retry};

/// What to do about failures.
pub(crate) struct Recovery<T, E> {
    /// Makes the copy that is kept while the bulk function has the items.
    pub(crate) copy: fn(&T) -> T,
    pub(crate) retry: Option<Retry<E>>,
    pub(crate) bisect: Bisect<E>,
}

/// Which failures of a whole call have it cut in two.
pub(crate) enum Bisect<E> {
    None,
    /// All, panics too.
    All,
    /// The errors for which this holds.
    When(Predicate<E>),
}

impl<E> Bisect<E> {
    pub(crate) fn halves<R>(&self, outcome: &Outcome<R, E>) -> bool {
        match (self, outcome) {
            (Self::All, Outcome::Failed(_) | Outcome::Panicked(_)) => true,
            (Self::When(when), Outcome::Failed(error)) => when(error),
            _ => false,
        }
    }
}

/// Items that are sent together, with the number of their try.
pub(crate) struct SubBatch<T, E> {
    pub(crate) items: Vec<T>,
    pub(crate) tickets: Vec<Index>,
    pub(crate) attempt: u32,
    /// How often the batch was cut to come to this part.
    pub(crate) cuts: u32,
    /// What became of the larger part it was cut from.
    pub(crate) failure: Option<BatchError<E>>,
}

impl<T, E> Recovery<T, E> {
    /// A copy of the items, if they may be needed again.
    pub(crate) fn keep(&self, items: &[T], attempt: u32) -> Vec<T> {
        let retry = self
            .retry
            .as_ref()
            .is_some_and(|retry| retry.may_follow(attempt));
        let bisect = !matches!(self.bisect, Bisect::None);
        if retry || (bisect && items.len() > 1) {
            items.iter().map(self.copy).collect()
        } else {
            Vec::new()
        }
    }

    pub(crate) async fn pause(&self, attempt: u32) {
        if let Some(retry) = &self.retry {
            retry.pause(attempt).await;
        }
    }

    pub(crate) fn retries(&self, attempt: u32, error: &E) -> bool {
        self.retry
            .as_ref()
            .is_some_and(|retry| retry.again(attempt, error))
    }
}
