//! Operations whose answer may be in memory. They are looked up when they are first polled and not before, since a write
//! may come between; what is found needs no future, which is large.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use wats_codec::Decode;
use wats_http::{Call, Response};

use super::kept::{Answer, Key};
use super::{Core, Route, Work};
use crate::error::{Error, Result, none_if_missing};

/// What of an answer is kept, and what of that callers get.
pub(super) trait Shape: Send + 'static {
    /// One value for all who ask.
    type Kept: Send + Sync + 'static;
    type Given: Send + 'static;

    fn read(core: &Core, response: &Response) -> Result<Self::Kept>;
    fn give(outcome: Result<Arc<Self::Kept>>) -> Result<Self::Given>;
}

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
    core: Arc<Core>,
    route: &'static Route,
    call: Result<Call>,
    hit: fn(Answer) -> Result<T>,
    load: fn(Arc<Core>, &'static Route, Call, Option<Key>) -> Work<T>,
}

impl<T> Lookup<T> {
    pub(super) fn new<S: Shape<Given = T>>(
        core: Arc<Core>,
        route: &'static Route,
        call: Result<Call>,
    ) -> Self {
        Self {
            core,
            route,
            call,
            hit: |answer| S::give(value::<S>(answer)),
            load: |core, route, call, key| {
                let load =
                    async move { S::give(core.load::<S>(route, call, key, Duration::MAX).await) };
                Work::Begun(Box::pin(load))
            },
        }
    }

    /// What is in memory, or the work that asks for it.
    pub(super) fn look(self) -> ControlFlow<Result<T>, Work<T>> {
        let call = match self.call {
            Ok(call) => call,
            Err(mistake) => return ControlFlow::Break(Err(mistake)),
        };
        let class = self.core.class(self.route);
        let key = class.and_then(|_| call.key());
        if let (Some(class), Some(key)) = (class, &key)
            && let Some(answer) = class.get(key, Duration::MAX)
        {
            return ControlFlow::Break((self.hit)(answer));
        }
        ControlFlow::Continue((self.load)(self.core, self.route, call, key))
    }
}

/// The value of an answer that is kept.
pub(super) fn value<S: Shape>(answer: Answer) -> Result<Arc<S::Kept>> {
    let value = answer.value.downcast::<S::Kept>();
    value.map_err(|_| Error::Data("two operations keep one answer".to_owned()))
}
