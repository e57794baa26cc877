//! The user's bulk function in one shape, whatever form its answers have, and its panics caught.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hash};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::vec;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::BatchError;
use crate::error::panic_message;
use crate::foreign::{forget_panic, let_go};

/// What a bulk call came back with.
#[derive(Debug)]
pub enum Outcome<R, E> {
    /// An answer for each item, in order.
    Each(Vec<Result<R, E>>),
    /// The same, none of them an error.
    Values(Vec<R>),
    /// An answer for each item whose key was found, in order.
    Found(Vec<Option<Result<R, Arc<E>>>>),
    /// The call failed as a whole.
    Failed(E),
    /// The bulk function panicked.
    Panicked(Arc<str>),
}

/// The forms in which a bulk function may answer in order: `Vec<Result<R, E>>` (each item has its
/// own outcome), `Result<Vec<R>, E>` (all or nothing), `Result<Vec<Result<R, E>>, E>` (both).
///
/// One answer for each item, in the order of the items.
#[diagnostic::on_unimplemented(
    message = "a bulk function cannot answer with `{Self}`",
    label = "this bulk function's answer",
    note = "`new` and `build` take `Vec<Result<R, E>>`, `Result<Vec<R>, E>` and `Result<Vec<Result<R, E>>, E>`",
    note = "for plain values, `Vec<R>`, use `RequestBatcher::infallible` or `build_infallible`; for a map, `keyed` or `build_keyed`",
    note = "where only `Ok` is ever returned, name the error: `RequestBatcher<_, _, E>`"
)]
pub trait IntoAnswers<R, E>: sealed::Sealed {
    #[doc(hidden)]
    fn into_outcome(self) -> Outcome<R, E>;
}

/// The forms in which a bulk function may answer by key: `HashMap<K, R>`, `Result<HashMap<K, R>, E>`
/// and the same with `Result<R, E>` for the values.
///
/// Order does not matter; a key without an entry gives [`BatchError::Missing`].
#[diagnostic::on_unimplemented(
    message = "a bulk function cannot answer by key with `{Self}`",
    note = "`keyed` and `build_keyed` take `HashMap<K, R>` and the same with `Result` inside or around"
)]
pub trait IntoKeyed<K, R, E>: sealed::Sealed {
    #[doc(hidden)]
    fn into_map(self) -> Result<HashMap<K, Result<R, Arc<E>>>, E>;
}

mod sealed {
    pub trait Sealed {}
    impl<R> Sealed for Vec<R> {}
    impl<R, E> Sealed for Result<R, E> {}
    impl<K, R, S> Sealed for std::collections::HashMap<K, R, S> {}
}

impl<R, E> IntoAnswers<R, E> for Vec<Result<R, E>> {
    fn into_outcome(self) -> Outcome<R, E> {
        Outcome::Each(self)
    }
}

impl<R, E> IntoAnswers<R, E> for Result<Vec<R>, E> {
    fn into_outcome(self) -> Outcome<R, E> {
        self.map_or_else(Outcome::Failed, Outcome::Values)
    }
}

impl<R, E> IntoAnswers<R, E> for Result<Vec<Result<R, E>>, E> {
    fn into_outcome(self) -> Outcome<R, E> {
        self.map_or_else(Outcome::Failed, Outcome::Each)
    }
}

type Shared<K, R, E> = HashMap<K, Result<R, Arc<E>>>;

fn all_ok<K: Eq + Hash, R, E, S>(map: HashMap<K, R, S>) -> Shared<K, R, E> {
    map.into_iter()
        .map(|(key, value)| (key, Ok(value)))
        .collect()
}

fn each<K: Eq + Hash, R, E, S>(map: HashMap<K, Result<R, E>, S>) -> Shared<K, R, E> {
    map.into_iter()
        .map(|(key, answer)| (key, answer.map_err(Arc::new)))
        .collect()
}

impl<K: Eq + Hash, R, E, S: BuildHasher> IntoKeyed<K, R, E> for HashMap<K, R, S> {
    fn into_map(self) -> Result<Shared<K, R, E>, E> {
        Ok(all_ok(self))
    }
}

impl<K: Eq + Hash, R, E, S: BuildHasher> IntoKeyed<K, R, E> for HashMap<K, Result<R, E>, S> {
    fn into_map(self) -> Result<Shared<K, R, E>, E> {
        Ok(each(self))
    }
}

impl<K: Eq + Hash, R, E, S: BuildHasher> IntoKeyed<K, R, E> for Result<HashMap<K, R, S>, E> {
    fn into_map(self) -> Result<Shared<K, R, E>, E> {
        self.map(all_ok)
    }
}

impl<K: Eq + Hash, R, E, S: BuildHasher> IntoKeyed<K, R, E>
    for Result<HashMap<K, Result<R, E>, S>, E>
{
    fn into_map(self) -> Result<Shared<K, R, E>, E> {
        self.map(each)
    }
}

/// The erased bulk function.
pub(crate) struct Bulk<T, R, E>(Box<Erased<T, R, E>>);

type Erased<T, R, E> = dyn Fn(Vec<T>) -> BoxFuture<'static, Outcome<R, E>> + Send + Sync;

impl<T, R, E> fmt::Debug for Bulk<T, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bulk(..)")
    }
}

impl<T: Send + 'static, R: Send + 'static, E: Send + 'static> Bulk<T, R, E> {
    pub(crate) fn in_order<F, Fut>(function: F) -> Self
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoAnswers<R, E>,
    {
        Self(Box::new(move |items| {
            function(items).map(IntoAnswers::into_outcome).boxed()
        }))
    }

    pub(crate) fn values<F, Fut>(function: F) -> Self
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Vec<R>> + Send + 'static,
    {
        Self(Box::new(move |items| {
            function(items).map(Outcome::Values).boxed()
        }))
    }

    pub(crate) fn keyed<K, G, F, Fut>(key: G, function: F) -> Self
    where
        K: Eq + Hash + Send + 'static,
        R: Clone,
        G: Fn(&T) -> K + Send + Sync + 'static,
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoKeyed<K, R, E>,
    {
        Self(Box::new(move |items| {
            let keys: Vec<K> = items.iter().map(&key).collect();
            let answer = function(items);
            async move {
                match answer.await.into_map() {
                    Ok(map) => Outcome::Found(pick(&keys, map)),
                    Err(error) => Outcome::Failed(error),
                }
            }
            .boxed()
        }))
    }

    /// Calls the function. A panic, in it or in its future, is an outcome like others.
    pub(crate) async fn call(&self, items: Vec<T>) -> Outcome<R, E> {
        let call = AssertUnwindSafe(async { (self.0)(items).await });
        match call.catch_unwind().await {
            Ok(outcome) => outcome,
            Err(payload) => {
                let message = panic_message(&*payload);
                forget_panic(payload);
                Outcome::Panicked(message)
            }
        }
    }
}

/// The answer of each key. Items with the same key get the same answer; it is cloned for all but
/// the last of them.
fn pick<K: Eq + Hash, R: Clone, E>(
    keys: &[K],
    mut map: HashMap<K, Result<R, Arc<E>>>,
) -> Vec<Option<Result<R, Arc<E>>>> {
    let mut uses: HashMap<&K, usize> = HashMap::with_capacity(keys.len());
    for key in keys {
        *uses.entry(key).or_default() += 1;
    }
    let mut answer = |key: &K| match uses.get_mut(key) {
        Some(left) if *left > 1 => {
            *left -= 1;
            map.get(key).cloned()
        }
        _ => map.remove(key),
    };
    keys.iter().map(&mut answer).collect()
}

impl<R, E> Outcome<R, E> {
    /// Drops answers that nobody gets.
    fn let_go(self) {
        match self {
            Self::Each(answers) => let_go(answers),
            Self::Values(values) => let_go(values),
            Self::Found(found) => let_go(found),
            Self::Failed(_) | Self::Panicked(_) => {}
        }
    }

    /// The answers one by one; endless where all items share one failure.
    pub(crate) fn answers(self, expected: usize) -> Answers<R, E> {
        let actual = match &self {
            Self::Each(answers) => answers.len(),
            Self::Values(values) => values.len(),
            Self::Found(found) => found.len(),
            Self::Failed(_) | Self::Panicked(_) => expected,
        };
        if actual != expected {
            self.let_go();
            return Answers::Same(BatchError::WrongCount { expected, actual });
        }
        match self {
            Self::Each(answers) => Answers::Each(answers.into_iter()),
            Self::Values(values) => Answers::Values(values.into_iter()),
            Self::Found(found) => Answers::Found(found.into_iter()),
            Self::Failed(error) => Answers::Same(BatchError::Bulk(Arc::new(error))),
            Self::Panicked(message) => Answers::Same(BatchError::Panicked(message)),
        }
    }
}

/// See [`Outcome::answers`].
#[derive(Debug)]
pub(crate) enum Answers<R, E> {
    Each(vec::IntoIter<Result<R, E>>),
    Values(vec::IntoIter<R>),
    Found(vec::IntoIter<Option<Result<R, Arc<E>>>>),
    Same(BatchError<E>),
}

impl<R, E> Iterator for Answers<R, E> {
    type Item = Result<R, BatchError<E>>;

    fn next(&mut self) -> Option<Self::Item> {
        let own = |answer: Result<R, E>| answer.map_err(|error| BatchError::Item(Arc::new(error)));
        match self {
            Self::Each(answers) => answers.next().map(own),
            Self::Values(values) => values.next().map(Ok),
            Self::Found(found) => found.next().map(|answer| match answer {
                Some(answer) => answer.map_err(BatchError::Item),
                None => Err(BatchError::Missing),
            }),
            Self::Same(error) => Some(Err(error.clone())),
        }
    }
}
