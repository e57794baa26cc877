//! Operations whose answer may be in memory. They are looked up when they are first polled and not before, since a write
//! may come between; what is found needs no future, which is large.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use wats_cache::Read;
use wats_codec::Decode;
use wats_http::{Call, Response};

use super::answer::{Answer, Key};
use super::kept::{Caches, Class};
use super::sent::Sent;
use super::tiers::Body;
use super::{Boxed, Core, ReadResponse, Route, Work, boxed, driver};
use crate::error::{Error, Result, none_if_missing};

thread_local! {
    static READ: Cell<Read> = const { Cell::new(Read::Cached) };
}

/// Polls an operation whose reads, also those of operations inside of it, may come from there.
pub(super) fn reading<T>(read: Option<Read>, poll: impl FnOnce() -> T) -> T {
    struct Back(Read);
    impl Drop for Back {
        fn drop(&mut self) {
            READ.set(self.0);
        }
    }
    let _back = read.map(|read| Back(READ.replace(read)));
    poll()
}

/// Where the operation that is being polled may read from.
pub(super) fn read_from() -> Read {
    READ.get()
}

/// What of an answer is kept, and what of that callers get.
pub(super) trait Shape: Send + 'static {
    /// One value for all who ask.
    type Kept: Send + Sync + 'static;
    type Given: Send + 'static;

    fn read(core: &Core, response: &Response) -> Result<Self::Kept>;
    /// The same of what another process had as the answer.
    fn read_text(core: &Core, text: &[u8]) -> Option<Self::Kept>;
    fn give(outcome: Result<Arc<Self::Kept>>) -> Result<Self::Given>;

    /// What is kept of a response.
    fn keep(core: &Core, response: &Response) -> Result<Answer> {
        let value = Self::read(core, response)?;
        Ok(Answer::new(value, response.body().len()))
    }

    /// What is kept of what another process had as the answer.
    fn keep_text(core: &Core, text: &[u8]) -> Option<Answer> {
        Some(Answer::new(Self::read_text(core, text)?, text.len()))
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

/// How a response, or what another process had as one, becomes what is kept.
#[derive(Clone, Copy)]
struct Keep {
    response: KeepResponse,
    text: fn(&Core, &[u8]) -> Option<Answer>,
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

    fn read_text(core: &Core, text: &[u8]) -> Option<T> {
        core.decode_text(text)
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

    fn read_text(core: &Core, text: &[u8]) -> Option<T> {
        core.decode_text(text)
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

    fn read_text(core: &Core, text: &[u8]) -> Option<T> {
        core.decode_text(text)
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

    fn read_text(core: &Core, text: &[u8]) -> Option<Arc<[T]>> {
        Some(core.decode_text::<Vec<T>>(text)?.into())
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
    keep: Keep,
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
            keep: Keep {
                response: S::keep,
                text: S::keep_text,
            },
            give_kept: S::give_kept,
            give_read: S::give_read,
        }
    }

    /// What is in memory, or the work that asks for it; `None` if nothing would be kept of this call.
    pub(super) fn look(&mut self, core: &Arc<Core>) -> Option<ControlFlow<Result<T>, Work<T>>> {
        let looked = look(core, self.route, &mut self.call, self.max_age, self.keep)?;
        Some(match looked {
            Looked::Kept(answer) => ControlFlow::Break((self.give_kept)(Ok(answer))),
            Looked::Load(load) => ControlFlow::Continue(Work::Load(load, self.give_kept)),
        })
    }

    /// The call of which nothing is kept.
    pub(super) fn begin(&mut self, core: &Arc<Core>) -> Work<T> {
        let sent = Sent::begin(core, self.route, &mut self.call);
        Work::Send(sent, self.give_read)
    }
}

/// The class that a row keeps its answers in, unless that is off.
pub(super) fn class<'a>(caches: &'a Caches, route: &Route) -> Option<&'a Class> {
    caches.class(route.keeps?)
}

enum Looked {
    Kept(Answer),
    Load(Boxed<Result<Answer>>),
}

/// Looks up answers of all types. The call stays where it is unless it is asked for.
fn look(
    core: &Arc<Core>,
    route: &'static Route,
    call: &mut Option<Result<Call>>,
    max_age: Duration,
    keep: Keep,
) -> Option<Looked> {
    // Most rows keep nothing.
    route.keeps?;
    let caches = core.caches();
    let class = class(&caches, route)?;
    let key = call.as_ref()?.as_ref().ok()?.key()?;
    let read = read_from();
    if read == Read::Cached {
        let kept = match class.shared() {
            None => class.get(&key, max_age),
            Some(shared) => shared
                .hit(&key, max_age)
                .and_then(|body| body.answer(|text| (keep.text)(core, text))),
        };
        if let Some(answer) = kept {
            return Some(Looked::Kept(answer));
        }
    }
    let call = call.take()?;
    let wanted = Wanted {
        route,
        caches: Arc::clone(&caches),
        key,
        read,
        max_age,
        text: keep.text,
    };
    drop(caches);
    let load = boxed(|| load(Arc::clone(core), wanted, keep.response, call));
    Some(Looked::Load(load))
}

/// What is not in memory, or shall not come from there.
pub(super) struct Wanted {
    pub(super) route: &'static Route,
    /// Those of the token that it was wanted with.
    pub(super) caches: Arc<Caches>,
    pub(super) key: Key,
    pub(super) read: Read,
    pub(super) max_age: Duration,
    /// How what another process had is read.
    pub(super) text: fn(&Core, &[u8]) -> Option<Answer>,
}

/// How a response becomes what is kept.
type KeepResponse = fn(&Core, &Response) -> Result<Answer>;

/// Asks the server for what is wanted, together with all who want the same.
async fn load(
    core: Arc<Core>,
    wanted: Wanted,
    keep: KeepResponse,
    call: Result<Call>,
) -> Result<Answer> {
    let caches = Arc::clone(&wanted.caches);
    let class = class(&caches, wanted.route).filter(|class| class.may_keep());
    if class.is_some_and(|class| class.shared().is_some()) {
        let load = boxed(|| load_answer(Arc::clone(&core), wanted, keep, call));
        return on_driver(&core, load).await;
    }
    let Wanted {
        route,
        key,
        read,
        max_age,
        ..
    } = wanted;
    // One future for both ways, as it is large.
    let fetch = pin!(async { keep(&core, &core.send(route, call?).await?) });
    match class {
        Some(class) => {
            let (on_driver, name) = (driver::is_here(), route.operation.name());
            if read != Read::Cached {
                class.overtake();
            }
            class
                .load(key, on_driver, read, max_age, name, || fetch)
                .await
        }
        None => fetch.await,
    }
}

/// Loads what other processes share: see [`tiers`](super::tiers) for the thread.
pub(super) async fn on_driver(core: &Core, load: Boxed<Result<Answer>>) -> Result<Answer> {
    if driver::is_here() {
        return load.await;
    }
    let (ended, end) = oneshot::channel();
    core.driver.begin(Box::pin(async move {
        // Who wanted it may have given up; it is kept all the same.
        let _ = ended.send(load.await);
    }))?;
    match end.await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::Wait("its thread has ended".to_owned())),
    }
}

/// The answer to a call.
async fn load_answer(
    core: Arc<Core>,
    wanted: Wanted,
    keep: KeepResponse,
    call: Result<Call>,
) -> Result<Answer> {
    let route = wanted.route;
    let call = Arc::new(Mutex::new(Some(call)));
    let own = Arc::clone(&core);
    let origin = move || -> Boxed<Result<Arc<Body>>> {
        let (core, call) = (Arc::clone(&own), Arc::clone(&call));
        Box::pin(async move {
            let call = call.lock().unwrap_or_else(PoisonError::into_inner).take();
            let call = call.unwrap_or_else(|| Err(unreadable()))?;
            let response = core.send(route, call).await?;
            let answer = keep(&core, &response)?;
            Ok(Arc::new(Body::own(response.body().clone(), answer)))
        })
    };
    load_shared(core, wanted, Arc::new(origin)).await
}

/// What any process has, or else what an origin says, for all of them. It knows no types: it is compiled once for all.
pub(super) async fn load_shared(
    core: Arc<Core>,
    wanted: Wanted,
    origin: Arc<dyn Fn() -> Boxed<Result<Arc<Body>>> + Send + Sync>,
) -> Result<Answer> {
    let Wanted {
        route,
        caches,
        key,
        read,
        max_age,
        text,
    } = wanted;
    let name = route.operation.name();
    let answer = |body: Arc<Body>| body.answer(|written| text(&core, written));
    let Some(shared) = class(&caches, route).and_then(Class::shared) else {
        return answer(origin().await?).ok_or_else(unreadable);
    };
    let load = || {
        let origin = Arc::clone(&origin);
        move || async move { origin().await.map_err(Arc::new) }
    };
    let loaded = shared.load(key.clone(), read, max_age, load()).await;
    if let Some(answer) = answer(loaded.into_result(name)?) {
        return Ok(answer);
    }
    // Another process had it, and it says nothing here: the server is asked after all.
    let loaded = shared.load(key, Read::Origin, max_age, load()).await;
    answer(loaded.into_result(name)?).ok_or_else(unreadable)
}

fn unreadable() -> Error {
    Error::Data("what other processes share cannot be read".to_owned())
}
