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

use super::answer::Answer;
use super::{Ask, Core, Route, driver, lookup};
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
        &self,
        route: &Route,
        key: K,
        gathered: &Gathered<K, T>,
        alone: impl Fn(Vec<K>) -> F,
    ) -> Result<Arc<T>>
    where
        K: Clone + Eq + std::hash::Hash + ToString + Send + Sync + 'static,
        T: Encode + Send + Sync + 'static,
        F: Future<Output = Result<Partition<T, Error>>>,
    {
        let load = || async {
            if let Some(together) = gathered
                && let Some(outcome) = together.get(key.clone(), driver::is_here()).await
            {
                return outcome;
            }
            let mut parts = alone(vec![key.clone()]).await?;
            match (parts.ok.pop(), parts.failed.pop()) {
                (Some((_, value)), _) => Ok(Arc::new(value)),
                (None, Some((_, error))) => Err(error),
                (None, None) => Err(Error::Data("a look-up without an outcome".to_owned())),
            }
        };
        // What is gathered is a row of a list, and no answer that could be shared.
        let Some(class) = self.class(route).filter(|class| class.shared().is_none()) else {
            return load().await;
        };
        let name = format!("one of {}: {}", route.operation.name(), key.to_string());
        let name = name.into_bytes().into();
        let read = lookup::read_from();
        let kept = (read == Read::Cached).then(|| class.get(&name, Duration::MAX));
        let answer = if let Some(answer) = kept.flatten() {
            answer
        } else if !class.may_keep() {
            return load().await;
        } else {
            let load = || async {
                let value = load().await?;
                let bytes = self
                    .encode("a row cannot be written as JSON", &*value)?
                    .len();
                Ok(Answer::shared(value, bytes))
            };
            if read != Read::Cached {
                class.overtake();
            }
            class
                .load(
                    name,
                    driver::is_here(),
                    read,
                    Duration::MAX,
                    route.operation.name(),
                    load,
                )
                .await?
        };
        let value = answer.value.downcast::<T>();
        value.map_err(|_| Error::Data("two operations keep one answer".to_owned()))
    }
}
