//! How operations are carried out: `route` is the form of the table that says what each may do, `kept` holds answers in
//! memory, `list` reads rows page by page, `request` makes operations with optional parameters, `file` is what a download
//! gives, `disposition` its name, `driver` runs what a synchronous program waits for. Here are [`Ask`], an operation that has not begun, and the
//! core that all services share. Nothing here knows a domain's operations; the services stand above.

mod disposition;
mod driver;
mod file;
mod kept;
pub(crate) mod list;
pub(crate) mod request;
pub(crate) mod route;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use wats_codec::{Decode, Encode, Serializer};
use wats_http::{Call, Client, Response};

use crate::bulk::InOrder;
use crate::error::{Error, Result, none_if_missing};
use driver::Driver;
pub(crate) use driver::inside;
pub use file::RemoteFile;
pub(crate) use kept::Kept;
use kept::{Answer, Caches};
pub use kept::{CacheOptions, CachesStats, ClassOptions};
pub use list::{List, Pages, PagesIter};
pub(crate) use route::Route;

/// An operation that has not begun: `.await` it, or [`wait`](Self::wait) for it in a synchronous program.
///
/// ```no_run
/// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
/// let product = api.product().get("PCBA-001").await?; // in a task
/// # Ok(()) }
/// # fn synchronous(api: wats_domains::Wats) -> wats_domains::Result<()> {
/// let product = api.product().get("PCBA-001").wait()?; // in a thread
/// # Ok(()) }
/// ```
#[must_use = "nothing is sent until it is awaited or waited for"]
pub struct Ask<T> {
    work: Pin<Box<dyn Future<Output = Result<T>> + Send>>,
    driver: Arc<Driver>,
}

impl<T: Send + 'static> Ask<T> {
    /// Carries the operation out and blocks this thread until it has ended. No runtime is needed: the client has a
    /// thread of its own, with its own connections, which begins with the first wait and ends with the client.
    ///
    /// In a task it works too, but holds up the thread of the task, and with it what else would run there.
    ///
    /// # Errors
    /// As when it is awaited; [`Error::Wait`] inside a callback of another operation, which could never end if it has
    /// what this one needs, or when the thread cannot be started.
    ///
    /// # Panics
    /// When a callback of yours panics inside of it, as when it is awaited.
    pub fn wait(self) -> Result<T> {
        self.driver.run(self.work)?
    }
}

impl<T> Future for Ask<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        driver::inside(|| self.get_mut().work.as_mut().poll(context))
    }
}

impl<T> fmt::Debug for Ask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").finish_non_exhaustive()
    }
}

/// What all services share.
#[derive(Debug)]
pub(crate) struct Core {
    client: Client,
    /// The same client with connections of its own, for the driver: those that tasks opened do not move while a wait
    /// holds up the thread of these tasks.
    waiting: OnceLock<Client>,
    json: Serializer,
    caches: Caches,
    submits: InOrder,
    driver: Arc<Driver>,
}

impl Core {
    pub(crate) fn new(client: Client, json: Serializer, cache: &CacheOptions) -> Self {
        Self {
            client,
            waiting: OnceLock::new(),
            json,
            caches: Caches::new(cache),
            submits: InOrder::default(),
            driver: Arc::default(),
        }
    }

    /// An operation made of whatever work.
    pub(crate) fn run<T, F>(self: &Arc<Self>, work: impl FnOnce(Arc<Self>) -> F) -> Ask<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        Ask {
            work: Box::pin(work(Arc::clone(self))),
            driver: Arc::clone(&self.driver),
        }
    }

    /// The operation of a row, whose answer is JSON.
    pub(crate) fn ask<T>(self: &Arc<Self>, route: &'static Route, call: Result<Call>) -> Ask<T>
    where
        T: Decode + Clone + Send + Sync + 'static,
    {
        self.run(|core| async move { core.read(route, call?).await })
    }

    /// The operation of a row that keeps its answer, which is JSON. Who asks for it again gets the same one.
    pub(crate) fn ask_kept<T>(
        self: &Arc<Self>,
        route: &'static Route,
        call: Result<Call>,
    ) -> Ask<Arc<T>>
    where
        T: Decode + Send + Sync + 'static,
    {
        self.run(|core| async move { core.answer(route, call?, Duration::MAX, Self::decode).await })
    }

    /// The operation of a row that keeps its answer, which is a list.
    pub(crate) fn ask_list<T>(
        self: &Arc<Self>,
        route: &'static Route,
        call: Result<Call>,
    ) -> Ask<Arc<[T]>>
    where
        T: Decode + Send + Sync + 'static,
    {
        self.run(|core| async move { core.read_list(route, call?, Duration::MAX).await })
    }

    /// The operation of a row, whose answer says nothing.
    pub(crate) fn tell(self: &Arc<Self>, route: &'static Route, call: Result<Call>) -> Ask<()> {
        self.run(|core| async move {
            match core.send(route, call?).await {
                // An earlier try has done it, and its answer was lost. One that was refused for its token has not, and is not
                // waited after.
                Err(error) if route.gone && waited(&error) => {
                    none_if_missing(Err(error)).map(|_: Option<()>| ())
                }
                outcome => outcome.map(drop),
            }
        })
    }

    /// The operation of a row, whose answer is a file. Files come as they are: the usual wish for JSON would have servers
    /// wrap them in it.
    pub(crate) fn download(
        self: &Arc<Self>,
        route: &'static Route,
        call: Result<Call>,
    ) -> Ask<RemoteFile> {
        self.run(|core| async move {
            let call = call?.header("accept", "*/*");
            Ok(RemoteFile::of(core.send(route, call).await?))
        })
    }

    pub(crate) fn http(&self) -> &Client {
        if driver::is_here() {
            self.waiting.get_or_init(|| self.client.with_own_pool())
        } else {
            &self.client
        }
    }

    /// Where reports of one id wait for each other.
    pub(crate) fn submits(&self) -> &InOrder {
        &self.submits
    }

    /// Sends a call and makes stale what the table says it makes stale.
    pub(crate) async fn send(&self, route: &Route, call: Call) -> Result<Response> {
        let _stales = Stales { core: self, route };
        let http = self.http();
        let call = if route.is_internal() {
            // Internal routes ask where a call comes from.
            call.header("referer", http.base_url())
        } else {
            call
        };
        Ok(http.execute(call).await?)
    }

    /// Carries out a row whose answer is JSON.
    pub(crate) async fn read<T>(&self, route: &Route, call: Call) -> Result<T>
    where
        T: Decode + Clone + Send + Sync + 'static,
    {
        let answer = self.answer(route, call, Duration::MAX, Self::decode).await;
        answer.map(Arc::unwrap_or_clone)
    }

    /// Carries out a row whose answer is a list; from memory, if the row keeps it and it is no older than `max_age`.
    pub(crate) async fn read_list<T>(
        &self,
        route: &Route,
        call: Call,
        max_age: Duration,
    ) -> Result<Arc<[T]>>
    where
        T: Decode + Send + Sync + 'static,
    {
        let read = |core: &Self, response: &_| Ok(core.decode::<Vec<T>>(response)?.into());
        let answer: Arc<Arc<[T]>> = self.answer(route, call, max_age, read).await?;
        Ok(Arc::clone(&answer))
    }

    /// Carries out a row and makes its answer into what `read` says; from memory, if the row keeps it and it is no older
    /// than `max_age`.
    pub(crate) async fn answer<T>(
        &self,
        route: &Route,
        call: Call,
        max_age: Duration,
        read: impl FnOnce(&Self, &Response) -> Result<T>,
    ) -> Result<Arc<T>>
    where
        T: Send + Sync + 'static,
    {
        let class = route.keeps.and_then(|kept| self.caches.class(kept));
        let (Some(class), Some(key)) = (class, call.key()) else {
            return read(self, &self.send(route, call).await?).map(Arc::new);
        };
        let answer = if let Some(answer) = class.get(&key, max_age) {
            answer
        } else {
            let load = || async {
                let response = self.send(route, call).await?;
                Ok(Answer::new(read(self, &response)?, response.body().len()))
            };
            let on_driver = driver::is_here();
            class.load(key, on_driver, max_age, load).await?
        };
        let value = answer.value.downcast::<T>();
        value.map_err(|_| Error::Data("two operations keep one answer".to_owned()))
    }

    /// Whether answers of a class are kept.
    pub(crate) fn keeps(&self, kept: Kept) -> bool {
        self.caches.class(kept).is_some()
    }

    /// Forgets what is kept of a class.
    pub(crate) fn clear(&self, kept: Kept) {
        self.caches.clear(kept);
    }

    pub(crate) fn cache_stats(&self) -> CachesStats {
        self.caches.stats()
    }

    pub(crate) fn decode<T: Decode>(&self, response: &Response) -> Result<T> {
        Ok(response.decode_with(|body| self.json.from_json(body))?)
    }

    pub(crate) fn encode<T: Encode>(&self, what: &'static str, value: &T) -> Result<Bytes> {
        match self.json.to_vec(value) {
            Ok(bytes) => Ok(bytes.into()),
            Err(source) => Err(Error::Codec { what, source }),
        }
    }
}

/// Whether an attempt failed before the last one in a way in which the server may have carried it out.
fn waited(error: &Error) -> bool {
    error
        .as_http()
        .is_some_and(|error| !error.delays().is_empty())
}

/// Makes stale what an operation changes when it ends: after a failure too, and when its future is dropped, for the
/// server may have carried it out.
struct Stales<'a> {
    core: &'a Core,
    route: &'a Route,
}

impl Drop for Stales<'_> {
    fn drop(&mut self) {
        for kept in self.route.stales {
            self.core.clear(*kept);
        }
    }
}

#[cfg(test)]
mod tests;
