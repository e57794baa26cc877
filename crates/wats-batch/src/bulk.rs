//! The user's bulk function in one shape, whatever form its answers have, and its panics caught.

use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasher, Hash};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::BatchError;
use crate::error::{Answer, panic_message};
use crate::foreign::{forget_panic, let_go};

/// What a bulk call came back with: an answer for each item in order, or the failure of all.
pub(crate) type Outcome<R, E> = Result<Vec<Answer<R, E>>, BatchError<E>>;

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
    fn into_answers(self) -> Result<Vec<Answer<R, E>>, BatchError<E>>;
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
    fn into_map(self) -> Result<HashMap<K, Answer<R, E>>, BatchError<E>>;
}

mod sealed {
    pub trait Sealed {}
    impl<R> Sealed for Vec<R> {}
    impl<R, E> Sealed for Result<R, E> {}
    impl<K, R, S> Sealed for std::collections::HashMap<K, R, S> {}
}

fn of_item<R, E>(answer: Result<R, E>) -> Answer<R, E> {
    answer.map_err(|error| BatchError::Item(Arc::new(error)))
}

fn of_call<E>(error: E) -> BatchError<E> {
    BatchError::Bulk(Arc::new(error))
}

impl<R, E> IntoAnswers<R, E> for Vec<Result<R, E>> {
    fn into_answers(self) -> Outcome<R, E> {
        Ok(self.into_iter().map(of_item).collect())
    }
}

impl<R, E> IntoAnswers<R, E> for Result<Vec<R>, E> {
    fn into_answers(self) -> Outcome<R, E> {
        Ok(self.map_err(of_call)?.into_iter().map(Ok).collect())
    }
}

impl<R, E> IntoAnswers<R, E> for Result<Vec<Result<R, E>>, E> {
    fn into_answers(self) -> Outcome<R, E> {
        self.map_err(of_call)?.into_answers()
    }
}

type Keyed<K, R, E> = Result<HashMap<K, Answer<R, E>>, BatchError<E>>;

impl<K: Eq + Hash, R, E, S: BuildHasher> IntoKeyed<K, R, E> for HashMap<K, R, S> {
    fn into_map(self) -> Keyed<K, R, E> {
        Ok(self
            .into_iter()
            .map(|(key, value)| (key, Ok(value)))
            .collect())
    }
}

impl<K: Eq + Hash, R, E, S: BuildHasher> IntoKeyed<K, R, E> for HashMap<K, Result<R, E>, S> {
    fn into_map(self) -> Keyed<K, R, E> {
        Ok(self
            .into_iter()
            .map(|(key, answer)| (key, of_item(answer)))
            .collect())
    }
}

impl<K, R, E, M: IntoKeyed<K, R, E>> IntoKeyed<K, R, E> for Result<M, E> {
    fn into_map(self) -> Keyed<K, R, E> {
        self.map_err(of_call)?.into_map()
    }
}

/// The erased bulk function.
pub(crate) struct Bulk<T, R, E>(Box<Erased<T, R, E>>);

type Erased<T, R, E> = dyn Fn(Vec<T>) -> BoxFuture<'static, Outcome<R, E>> + Send + Sync;

impl<T: Send + 'static, R: Send + 'static, E: Send + 'static> Bulk<T, R, E> {
    /// `into` gives the function's answers.
    pub(crate) fn in_order<F, Fut>(function: F, into: fn(Fut::Output) -> Outcome<R, E>) -> Self
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
    {
        Self(Box::new(move |items| function(items).map(into).boxed()))
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
                let map = answer.await.into_map()?;
                Ok(pick(&keys, map))
            }
            .boxed()
        }))
    }

    /// Calls the function. A panic, in it or in its future, is an outcome like others.
    pub(crate) async fn call(&self, items: Vec<T>) -> Outcome<R, E> {
        let expected = items.len();
        let call = AssertUnwindSafe(async { (self.0)(items).await });
        match call.catch_unwind().await {
            Ok(Ok(answers)) if answers.len() != expected => {
                let actual = answers.len();
                let_go(answers);
                Err(BatchError::WrongCount { expected, actual })
            }
            Ok(outcome) => outcome,
            Err(payload) => {
                let message = panic_message(&*payload);
                forget_panic(payload);
                Err(BatchError::Panicked(message))
            }
        }
    }
}

/// The answer of each key. Items with the same key get the same answer; it is cloned for all but
/// the last of them.
fn pick<K: Eq + Hash, R: Clone, E>(
    keys: &[K],
    mut map: HashMap<K, Answer<R, E>>,
) -> Vec<Answer<R, E>> {
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
    keys.iter()
        .map(|key| answer(key).unwrap_or(Err(BatchError::Missing)))
        .collect()
}
