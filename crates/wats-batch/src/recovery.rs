//! What to do about a bulk call that fails, and the parts of a batch that are sent again.

use crate::entry::Index;
use crate::retry::Predicate;
use crate::{BatchError, Retry};

/// What to do about failures.
pub(crate) struct Recovery<T, E> {
    /// Makes the copy that is kept while the bulk function has the items.
    pub(crate) copy: fn(&T) -> T,
    pub(crate) retry: Option<Retry<E>>,
    /// Which failures of a whole call have it cut in two.
    pub(crate) bisect: Option<Predicate<BatchError<E>>>,
}

/// Items that are sent together, with the number of their attempt.
pub(crate) struct SubBatch<T, E> {
    pub(crate) items: Vec<(Index, T)>,
    pub(crate) attempt: u32,
    /// How often the batch was cut to come to this part.
    pub(crate) cuts: u32,
    /// What became of the larger part it was cut from.
    pub(crate) failure: Option<BatchError<E>>,
}

impl<T, E> Recovery<T, E> {
    /// Copies of the items, if they may be needed again.
    pub(crate) fn keep(&self, items: &[(Index, T)], attempt: u32) -> Vec<(Index, T)> {
        let retry = self.retry.as_ref();
        let retry = retry.is_some_and(|retry| retry.may_follow(attempt));
        let bisect = self.bisect.is_some() && items.len() > 1;
        if retry || bisect {
            let copy = |(entry, item): &(Index, T)| (*entry, (self.copy)(item));
            items.iter().map(copy).collect()
        } else {
            Vec::new()
        }
    }

    pub(crate) async fn pause(&self, attempt: u32) {
        if let Some(retry) = &self.retry {
            retry.pause(attempt).await;
        }
    }

    /// Whether to send again what failed with this error, of the call or of the item.
    pub(crate) fn retries(&self, attempt: u32, error: &BatchError<E>) -> bool {
        let again = |retry: &Retry<E>| {
            error
                .inner()
                .is_some_and(|error| retry.again(attempt, error))
        };
        self.retry.as_ref().is_some_and(again)
    }

    /// Whether to cut in two what failed as a whole with this error.
    pub(crate) fn halves(&self, error: &BatchError<E>) -> bool {
        self.bisect.as_ref().is_some_and(|halves| halves(error))
    }
}
