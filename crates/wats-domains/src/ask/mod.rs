//! How operations are carried out: `route` is the form of the table that says what each may do, `kept` holds answers in
//! memory (each an `answer`, for as long as `class_options` and the `token` say), `tiers` those that other processes share, `outcome` says
//! how a load ends, `lookup` looks there, `list` reads rows page by page, `request` makes operations with optional
//! parameters, `file`
//! is what a download gives, `disposition` its name, `many` saves lists and looks up one of many, `undescribed` reads answers
//! that nobody describes or that say nothing, `sent` is a call under way, `service` makes the types of services, `driver` runs
//! what a synchronous program waits for. Here are [`Ask`], an operation that has not begun, and the core that all services share.
//! Nothing here knows a domain's operations; the services stand above.

mod answer;
mod class_options;
mod disposition;
mod driver;
mod file;
mod kept;
pub(crate) mod list;
mod lookup;
mod many;
mod outcome;
pub(crate) mod request;
pub(crate) mod route;
mod sent;
pub(crate) mod service;
mod tiers;
mod token;
mod undescribed;

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use wats_cache::Read;
use wats_codec::{Decode, Encode, Serializer};
use wats_http::{Call, Client, Download, Response};

use crate::argument;
use crate::bulk::InOrder;
use crate::error::{Error, Result, none_if_missing};
use answer::Answer;
#[cfg(feature = "redis")]
pub(crate) use answer::Key;
pub use class_options::ClassOptions;
use driver::Driver;
pub(crate) use driver::inside;
pub use file::RemoteFile;
use kept::Caches;
pub(crate) use kept::Kept;
#[cfg(feature = "redis")]
pub(crate) use kept::OVERHEAD;
pub use kept::{CacheOptions, CachesStats};
pub use list::{List, Pages, PagesIter};
use lookup::{Found, Lookup, Owned, Rows, Shape, Shared};
pub(crate) use many::Gathered;
pub(crate) use route::Route;
use sent::{Sent, Stales};
pub(crate) use tiers::MakeTier;
#[cfg(feature = "redis")]
pub(crate) use tiers::{AnswerTier, Body};
use token::TokenInUse;

/// An operation that has not begun: `.await` it, or [`wait`](Self::wait) for it in a synchronous program.
///
/// Each may fail as a call may ([`Error`]); what stands under "Errors" of an operation is what it may fail with besides, or
/// what a failure means there.
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
    core: Arc<Core>,
    work: Work<T>,
    /// Where what is read may come from, if that was said.
    read: Option<Read>,
}

/// Work in a box. Answers of servers are read outside of it, so that one future is compiled for answers of all types.
type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Puts a future in a box without copying it there: it is large, and there is a place for it before it is made.
fn boxed<F>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::into_pin(Box::write(Box::new_uninit(), make()))
}

/// How far an operation is.
///
/// What is large stands in it: in a box, each read from memory would allocate once more.
enum Work<T> {
    /// It may be in memory and has not been looked up.
    Lookup(Lookup<T>),
    /// It is asked for, together with all who want the same, and may be kept.
    Load(Boxed<Result<Answer>>, fn(Result<Answer>) -> Result<T>),
    /// It is a call that has not begun, and how its answer is read.
    Call(&'static Route, Option<Result<Call>>, ReadResponse<T>),
    /// It is what a response says.
    Send(Sent, ReadResponse<T>),
    /// Whatever else.
    Run(Boxed<Result<T>>),
    Ended,
}

/// How a response, or that there is none, becomes the outcome of an operation.
type ReadResponse<T> = fn(&Core, Result<Response>) -> Result<T>;

impl<T> Work<T> {
    /// Looks up what may be in memory; what remains to be done is left in its place.
    fn look(&mut self, core: &Arc<Core>) -> Option<Result<T>> {
        let Self::Lookup(lookup) = self else {
            return None;
        };
        match lookup.look(core)? {
            ControlFlow::Break(outcome) => {
                *self = Self::Ended;
                Some(outcome)
            }
            ControlFlow::Continue(work) => {
                *self = work;
                None
            }
        }
    }

    fn poll(&mut self, core: &Arc<Core>, context: &mut Context<'_>) -> Poll<Result<T>> {
        if let Some(outcome) = self.look(core) {
            return Poll::Ready(outcome);
        }
        self.begin(core);
        match self {
            Self::Load(load, give) => load.as_mut().poll(context).map(give),
            Self::Send(sent, read) => sent.poll(context).map(|it| read(core, it)),
            Self::Run(work) => work.as_mut().poll(context),
            Self::Lookup(_) | Self::Call(..) | Self::Ended => Poll::Ready(Err(ended())),
        }
    }

    /// Sends a call that has not begun.
    fn begin(&mut self, core: &Arc<Core>) {
        *self = match self {
            Self::Lookup(lookup) => lookup.begin(core),
            Self::Call(route, call, read) => Self::Send(Sent::begin(core, route, call), *read),
            _ => return,
        };
    }
}

#[cold]
fn ended() -> Error {
    Error::Wait("it has ended".to_owned())
}

impl<T> Ask<T> {
    /// Sets where the answer may come from, if it is one that is [kept](CacheOptions): from the memory of this process, as it
    /// does by default; from what other processes share, or else the server; or from the server. What comes is kept. It is
    /// not answered by anything that began before, nor by what is past its time where the server is away.
    ///
    /// For operations that keep nothing it changes nothing: they ask the server.
    ///
    /// ```no_run
    /// use wats_domains::Read;
    ///
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// let product = api.product().get("PCBA-001").read(Read::Origin).await?;
    /// # let _ = product;
    /// # Ok(()) }
    /// ```
    pub fn read(mut self, read: Read) -> Self {
        self.read = Some(read);
        self
    }
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
    pub fn wait(mut self) -> Result<T> {
        driver::check()?;
        // What is in memory needs no other thread.
        match lookup::reading(self.read, || self.work.look(&self.core)) {
            Some(outcome) => outcome,
            None => Arc::clone(&self.core.driver).run(self)?,
        }
    }
}

impl<T> Future for Ask<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { core, work, read } = self.get_mut();
        lookup::reading(*read, || driver::inside(|| work.poll(core, context)))
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
    /// What is kept of the answers to the token that was in use when it was last asked for.
    caches: RwLock<Arc<Caches>>,
    submits: InOrder,
    driver: Arc<Driver>,
}

impl Core {
    pub(crate) fn new(
        client: Client,
        json: Serializer,
        cache: &CacheOptions,
        tiers: Option<Arc<dyn MakeTier>>,
    ) -> Self {
        let caches = Caches::new(TokenInUse::of(&client), cache, tiers);
        Self {
            client,
            waiting: OnceLock::new(),
            json,
            caches: RwLock::new(Arc::new(caches)),
            submits: InOrder::default(),
            driver: Arc::default(),
        }
    }

    fn begin<T>(self: &Arc<Self>, work: Work<T>) -> Ask<T> {
        Ask {
            core: Arc::clone(self),
            work,
            read: None,
        }
    }

    /// An operation made of whatever work.
    pub(crate) fn run<T, F>(self: &Arc<Self>, work: impl FnOnce(Arc<Self>) -> F) -> Ask<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        self.begin(Work::Run(boxed(|| work(Arc::clone(self)))))
    }

    /// A call of a row that keeps nothing, and how its answer is read.
    fn call<T>(
        self: &Arc<Self>,
        route: &'static Route,
        call: Result<Call>,
        read: ReadResponse<T>,
    ) -> Ask<T> {
        self.begin(Work::Call(route, Some(call), read))
    }

    /// A read that may be in memory, if its row keeps anything.
    fn look<S: Shape>(
        self: &Arc<Self>,
        route: &'static Route,
        call: Result<Call>,
        max_age: Duration,
    ) -> Ask<S::Given> {
        self.begin(Work::Lookup(Lookup::new::<S>(route, call, max_age)))
    }

    /// The operation of a row, whose answer is JSON. If the row keeps it, each caller gets a copy.
    pub(crate) fn ask<T>(self: &Arc<Self>, route: &'static Route, call: Result<Call>) -> Ask<T>
    where
        T: Decode + Clone + Send + Sync + 'static,
    {
        if route.keeps.is_some() {
            self.look::<Owned<T>>(route, call, Duration::MAX)
        } else {
            self.live(route, call)
        }
    }

    /// The operation of a row, whose answer is JSON and comes from the server whatever the row keeps: for what must be as it
    /// is now. It is not kept either.
    pub(crate) fn live<T>(self: &Arc<Self>, route: &'static Route, call: Result<Call>) -> Ask<T>
    where
        T: Decode + Send + 'static,
    {
        self.call(route, call, |core, answer| core.decode(&answer?))
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
        self.look::<Shared<T>>(route, call, Duration::MAX)
    }

    /// As [`ask_kept`](Self::ask_kept), with `None` for what is not there.
    pub(crate) fn find_kept<T>(
        self: &Arc<Self>,
        route: &'static Route,
        call: Result<Call>,
    ) -> Ask<Option<Arc<T>>>
    where
        T: Decode + Send + Sync + 'static,
    {
        self.look::<Found<T>>(route, call, Duration::MAX)
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
        self.ask_list_within(Duration::MAX, route, call)
    }

    /// As [`ask_list`](Self::ask_list), with a list from memory only if it is no older than `max_age`.
    pub(crate) fn ask_list_within<T>(
        self: &Arc<Self>,
        max_age: Duration,
        route: &'static Route,
        call: Result<Call>,
    ) -> Ask<Arc<[T]>>
    where
        T: Decode + Send + Sync + 'static,
    {
        self.look::<Rows<T>>(route, call, max_age)
    }

    /// The operation of a row, whose answer says nothing.
    pub(crate) fn tell(self: &Arc<Self>, route: &'static Route, call: Result<Call>) -> Ask<()> {
        let read = |_: &Self, answer: Result<Response>| match answer {
            // An earlier try has done it, and its answer was lost. One that was refused for its token has not, and is not
            // waited after.
            Err(error) if waited(&error) => none_if_missing(Err(error)).map(|_: Option<()>| ()),
            answer => answer.map(drop),
        };
        if route.gone {
            self.call(route, call, read)
        } else {
            self.call(route, call, |_, answer| answer.map(drop))
        }
    }

    /// The operation of a row, whose answer is a file. Files come as they are: the usual wish for JSON would have servers
    /// wrap them in it.
    pub(crate) fn download(
        self: &Arc<Self>,
        route: &'static Route,
        call: Result<Call>,
    ) -> Ask<RemoteFile> {
        let call = call.map(|call| call.header("accept", "*/*"));
        self.call(route, call, |_, answer| answer.map(RemoteFile::of))
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

    /// Has work done on the thread on which operations run that somebody waits for.
    #[cfg(feature = "queue")]
    pub(crate) fn spawn(&self, work: Boxed<()>) -> Result<()> {
        self.driver.send(work)
    }

    /// Sends a call and makes stale what the table says it makes stale.
    pub(crate) async fn send(&self, route: &Route, call: Call) -> Result<Response> {
        let call = self.ready(route, call)?;
        let stales = Stales::new(self, route);
        stales.settle(self.http().execute_boxed(call).await).await
    }

    /// Begins to read a file of any size, as it is.
    pub(crate) async fn stream(&self, route: &Route, call: Call) -> Result<Download> {
        let call = self.ready(route, call.header("accept", "*/*"))?;
        Ok(self.http().download_boxed(call).await?)
    }

    /// The call as it is sent.
    fn ready(&self, route: &Route, call: Call) -> Result<Call> {
        if let Some(error) = Self::refusal(&call) {
            return Err(error);
        }
        Ok(match self.referer(route) {
            Some(referer) => call.header("referer", referer),
            None => call,
        })
    }

    /// Why a call is not sent: an id that was never filled in.
    fn refusal(call: &Call) -> Option<Error> {
        let nil = |(name, value): &(&str, &str)| argument::is_nil(name, value);
        let (name, _) = call.parameters().find(nil)?;
        Some(Error::Query(format!(
            "the parameter `{name}` is all zeros, which is the id of nothing"
        )))
    }

    /// Where a call comes from, which internal routes ask.
    fn referer(&self, route: &Route) -> Option<String> {
        route.is_internal().then(|| self.http().base_url())
    }

    /// What is kept of the answers to the token in use.
    fn caches(&self) -> RwLockReadGuard<'_, Arc<Caches>> {
        loop {
            let caches = self.caches.read().unwrap_or_else(PoisonError::into_inner);
            if caches.are_in_use() {
                return caches;
            }
            drop(caches);
            let mut caches = self.caches.write().unwrap_or_else(PoisonError::into_inner);
            if !caches.are_in_use() {
                let next = Arc::new(caches.of_next_token());
                let left = std::mem::replace(&mut *caches, next);
                drop(caches);
                drop(left);
            }
        }
    }

    /// Whether answers of a class are kept.
    pub(crate) fn keeps(&self, kept: Kept) -> bool {
        self.caches().class(kept).is_some()
    }

    /// Forgets what is kept of a class.
    pub(crate) fn clear(&self, kept: Kept) {
        self.caches().clear(kept);
    }

    /// How often a class was forgotten.
    #[cfg(test)]
    pub(crate) fn forgotten(&self, kept: Kept) -> u64 {
        let caches = self.caches();
        caches.class(kept).map_or(0, kept::Class::forgotten)
    }

    pub(crate) fn cache_stats(&self) -> CachesStats {
        self.caches().stats()
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

#[cfg(test)]
mod interleaving_tests;
#[cfg(test)]
mod kept_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tiers_tests;
#[cfg(test)]
mod token_tests;
