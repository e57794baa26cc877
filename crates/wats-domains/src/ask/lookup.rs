//! Operations whose answer may be in memory. They are looked up when they are first polled and not before, since a write
//! may come between; what is found needs no future, which is large.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use wats_codec::Decode;
use wats_http::{Call, Response};

use super::kept::{Answer, Key};
use super::{Core, ReadResponse, Route, Work, boxed, driver, send};
use crate::error::{Error, Result, none_if_missing};

/// What of an answer is kept, and what of that callers get.
pub(super) trait Shape: Send + 'static {
    /// One value for all who ask.
    type Kept: Send + Sync + 'static;
    type Given: Send + 'static;

    fn read(core: &Core, response: &Response) -> Result<Self::Kept>;
    fn give(outcome: Result<Arc<Self::Kept>>) -> Result<Self::Given>;

    /// What is kept of a response.
    fn keep(core: &Core, response: &Response) -> Result<Answer> {
        let value = Self::read(core, response)?;
        Ok(Answer::new(value, response.body().len()))
    }

    /// What the caller gets of what is kept.
    fn give_kept(answer: Result<Answer>) -> Result<Self::Given> {
        Self::give(answer.and_then(|answer| {
            let value = answer.value.downcast::<Self::Kept>();
            value.map_err(|_| Error::Data("two operations keep one answer".to_owned()))
        }))
    }

    /// What the caller gets of a response that is not kept.
    fn give_read(core: &Core, response: Result<Response>) -> Result<Self::Given> {
        let value = response.and_then(|response| Self::read(core, &response));
        Self::give(value.map(Arc::new))
    }
}

/// How a response becomes what is kept.
type KeepResponse = fn(&Core, &Response) -> Result<Answer>;

/// The value itself, shared.
pub(super) struct Shared<T>(PhantomData<fn() -> T>);

/// The value itself, shared, or that there is none.
pub(super) struct Found<T>(PhantomData<fn() -> T>);

/// A value of the caller's own.
pub(super) struct Owned<T>(PhantomData<fn() -> T>);

/// A list, shared.
pub(super) struct Rows<T>(PhantomData<fn() -> T>);

impl<T: Decode + Send + Sync + 'static> Shape for Shared<T> {
    type Kept = T;
    type Given = Arc<T>;

    fn read(core: &Core, response: &Response) -> Result<T> {
        core.decode(response)
    }

    fn give(outcome: Result<Arc<T>>) -> Result<Arc<T>> {
        outcome
    }
}

impl<T: Decode + Send + Sync + 'static> Shape for Found<T> {
    type Kept = T;
    type Given = Option<Arc<T>>;

    fn read(core: &Core, response: &Response) -> Result<T> {
        core.decode(response)
    }

    fn give(outcome: Result<Arc<T>>) -> Result<Option<Arc<T>>> {
        none_if_missing(outcome)
    }
}

impl<T: Decode + Clone + Send + Sync + 'static> Shape for Owned<T> {
    type Kept = T;
    type Given = T;

    fn read(core: &Core, response: &Response) -> Result<T> {
        core.decode(response)
    }

    fn give(outcome: Result<Arc<T>>) -> Result<T> {
        outcome.map(Arc::unwrap_or_clone)
    }
}

impl<T: Decode + Send + Sync + 'static> Shape for Rows<T> {
    type Kept = Arc<[T]>;
    type Given = Arc<[T]>;

    fn read(core: &Core, response: &Response) -> Result<Arc<[T]>> {
        Ok(core.decode::<Vec<T>>(response)?.into())
    }

    fn give(outcome: Result<Arc<Arc<[T]>>>) -> Result<Arc<[T]>> {
        outcome.map(Arc::unwrap_or_clone)
    }
}

/// A read that has not been looked up.
pub(super) struct Lookup<T> {
    route: &'static Route,
    /// Until it is looked up.
    call: Option<Result<Call>>,
    max_age: Duration,
    keep: KeepResponse,
    give_kept: fn(Result<Answer>) -> Result<T>,
    give_read: ReadResponse<T>,
}

impl<T> Lookup<T> {
    pub(super) fn new<S: Shape<Given = T>>(
        route: &'static Route,
        call: Result<Call>,
        max_age: Duration,
    ) -> Self {
        Self {
            route,
            call: Some(call),
            max_age,
            keep: S::keep,
            give_kept: S::give_kept,
            give_read: S::give_read,
        }
    }

    /// What is in memory, or the work that asks for it.
    pub(super) fn look(&mut self, core: &Arc<Core>) -> ControlFlow<Result<T>, Work<T>> {
        let Self {
            route,
            max_age,
            keep,
            ..
        } = *self;
        let Some(call) = self.call.take() else {
            return ControlFlow::Continue(Work::Ended);
        };
        let class = core.class(route);
        let key = class.and_then(|_| call.as_ref().ok()?.key());
        let (Some(class), Some(key)) = (class, key) else {
            let send = boxed(|| send(Arc::clone(core), route, call));
            return ControlFlow::Continue(Work::Send(send, self.give_read));
        };
        if let Some(answer) = class.get(&key, max_age) {
            return ControlFlow::Break((self.give_kept)(Ok(answer)));
        }
        let load = boxed(|| load(Arc::clone(core), route, call, key, max_age, keep));
        ControlFlow::Continue(Work::Load(load, self.give_kept))
    }
}

/// Asks the server for what is not in memory, together with all who want the same.
async fn load(
    core: Arc<Core>,
    route: &'static Route,
    call: Result<Call>,
    key: Key,
    max_age: Duration,
    keep: KeepResponse,
) -> Result<Answer> {
    // One future for both ways, as it is large.
    let fetch = pin!(async { keep(&core, &core.send(route, call?).await?) });
    match core.class(route).filter(|class| class.may_keep()) {
        Some(class) => {
            let (on_driver, name) = (driver::is_here(), route.operation.name());
            class.load(key, on_driver, max_age, name, || fetch).await
        }
        None => fetch.await,
    }
}
