//! Rows that save a list, and single answers that are made from the rows of a list.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use wats_batch::Partition;
use wats_cache::Read;
use wats_codec::{Decode, Encode};
use wats_http::Call;

use super::answer::{Answer, Key};
use super::kept::{Caches, Class};
use super::lookup::{Wanted, load_shared};
use super::tiers::Body;
use super::{Ask, Boxed, Core, Route, driver, lookup};
use crate::bulk::{Arrays, BulkOptions, Together};
use crate::error::{Error, Result};

/// Where single look-ups of a kind are gathered, if they are.
pub(crate) type Gathered<K, T> = Option<Arc<Together<K, T>>>;

impl Core {
    /// Saves items by a row that takes a list of them; each has its outcome at its place.
    pub(crate) fn save_lists<T, I>(
        self: &Arc<Self>,
        route: &'static Route,
        arrays: &'static Arrays<T>,
        items: I,
        many: &BulkOptions,
    ) -> Ask<Partition<(), Error>>
    where
        T: Encode + 'static,
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Borrow<T> + Send + 'static,
    {
        let items = items.into_iter();
        let many = many.clone();
        self.run(|core| async move {
            let core = &core;
            let write = |item: &T| core.encode("an item of a list cannot be written as JSON", item);
            let put = |body: Bytes| async move {
                let call = route.call().body(body, "application/json");
                let response = core.send(route, call).await?;
                if response.body().trim_ascii().is_empty() {
                    return Ok(None);
                }
                core.decode::<Value>(&response).map(Some)
            };
            arrays.save(items, &many, write, put).await
        })
    }

    /// The answer of a row that is a list, live: what is made of it is kept by itself.
    pub(crate) async fn rows<T: Decode>(
        &self,
        route: &Route,
        call: Result<Call>,
    ) -> Result<Vec<T>> {
        let response = self.send(route, call?).await?;
        self.decode(&response)
    }

    /// One of many: from memory, if the class of the row keeps it under this name, or by a query that it shares with
    /// others if they are gathered, or else by `alone`.
    pub(crate) async fn one<K, T, F>(
        self: &Arc<Self>,
        route: &'static Route,
        key: K,
        gathered: &Gathered<K, T>,
        alone: fn(Arc<Self>, Vec<K>) -> F,
    ) -> Result<Arc<T>>
    where
        K: Clone + Eq + std::hash::Hash + ToString + Send + Sync + 'static,
        T: Encode + Decode + Send + Sync + 'static,
        F: Future<Output = Result<Partition<T, Error>>> + Send + 'static,
    {
        let name = format!("one of {}: {}", route.operation.name(), key.to_string());
        let name = name.into_bytes().into();
        let (core, gathered) = (Arc::clone(self), gathered.clone());
        let look = move || look(Arc::clone(&core), key.clone(), gathered.clone(), alone);
        let caches = Arc::clone(&self.caches());
        let answer = match lookup::class(&caches, route) {
            None => return look().await,
            Some(class) => self.row_of(&caches, class, route, name, look).await?,
        };
        let value = answer.value.downcast::<T>();
        value.map_err(|_| Error::Data("two operations keep one answer".to_owned()))
    }

    /// A row as it is written here, and as it is kept.
    async fn written<T: Encode + Send + Sync + 'static>(
        &self,
        row: impl Future<Output = Result<Arc<T>>>,
    ) -> Result<(Bytes, Answer)> {
        let row = row.await?;
        let text = self.encode("a row cannot be written as JSON", &*row)?;
        let answer = Answer::shared(row, text.len());
        Ok((text, answer))
    }

    /// A row that a class keeps under this name.
    async fn row_of<T, F>(
        self: &Arc<Self>,
        caches: &Arc<Caches>,
        class: &Class,
        route: &'static Route,
        name: Key,
        look: impl Fn() -> F + Send + Sync + 'static,
    ) -> Result<Answer>
    where
        T: Encode + Decode + Send + Sync + 'static,
        F: Future<Output = Result<Arc<T>>> + Send + 'static,
    {
        let read = lookup::read_from();
        let text = |core: &Self, text: &[u8]| {
            let value = core.decode_text::<T>(text)?;
            Some(Answer::new(value, text.len()))
        };
        if read == Read::Cached {
            let kept = match class.shared() {
                None => class.get(&name, Duration::MAX),
                Some(shared) => shared
                    .hit(&name, Duration::MAX)
                    .and_then(|body| body.answer(|row| text(self, row))),
            };
            if let Some(answer) = kept {
                return Ok(answer);
            }
        }
        if !class.may_keep() {
            return Ok(self.written(look()).await?.1);
        }
        if class.shared().is_some() {
            let core = Arc::clone(self);
            // What is shared is the row as it is written here: it was never an answer by itself.
            let origin = move || -> Boxed<Result<Arc<Body>>> {
                let (core, look) = (Arc::clone(&core), look());
                Box::pin(async move {
                    let (text, answer) = core.written(look).await?;
                    Ok(Arc::new(Body::own(text, answer)))
                })
            };
            let wanted = Wanted {
                route,
                caches: Arc::clone(caches),
                key: name,
                read,
                max_age: Duration::MAX,
                text,
            };
            let load = load_shared(Arc::clone(self), wanted, Arc::new(origin));
            return lookup::on_driver(self, Box::pin(load)).await;
        }
        if read != Read::Cached {
            class.overtake();
        }
        let on_driver = driver::is_here();
        let operation = route.operation.name();
        let load = || async { Ok(self.written(look()).await?.1) };
        class
            .load(name, on_driver, read, Duration::MAX, operation, load)
            .await
    }
}

/// Asks the server for one of many, together with others if they are gathered.
async fn look<K, T, F>(
    core: Arc<Core>,
    key: K,
    gathered: Gathered<K, T>,
    alone: fn(Arc<Core>, Vec<K>) -> F,
) -> Result<Arc<T>>
where
    K: Clone + Eq + std::hash::Hash + Send + Sync + 'static,
    T: Send + Sync + 'static,
    F: Future<Output = Result<Partition<T, Error>>>,
{
    if let Some(together) = gathered
        && let Some(outcome) = together.get(key.clone(), driver::is_here()).await
    {
        return outcome;
    }
    let mut parts = alone(core, vec![key]).await?;
    match (parts.ok.pop(), parts.failed.pop()) {
        (Some((_, value)), _) => Ok(Arc::new(value)),
        (None, Some((_, error))) => Err(error),
        (None, None) => Err(Error::Data("a look-up without an outcome".to_owned())),
    }
}
