//! A session: one connection, on which tracking is on, with a number.
//!
//! A command is sent by whoever waits for it: `driver` tells which thread writes it, `deadlines` ends the wait. So it needs
//! nothing of the caller's runtime. Dropped before its answer has come, it may have been carried out or not.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError, Value};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::link::deadlines::{Deadline, Deadlines};
use crate::link::driver::Driver;
use crate::link::script::ScriptCall;
use crate::link::state::State;

/// Commands under way beyond which further ones are refused.
const MOST_UNDER_WAY: usize = 8192;

/// With more than that under way, the thread of the link writes commands: many by one write.
const WRITTEN_HERE: usize = 2;

/// Timeouts in a row that end a session.
const TIMEOUTS: u32 = 3;

/// One connection with its number.
pub(crate) struct Session {
    number: u64,
    connection: MultiplexedConnection,
    driver: Arc<Driver>,
    deadlines: Arc<Deadlines>,
    watch: AbortHandle,
    runtime: Handle,
    keys: Arc<Keys>,
    state: Arc<State>,
    op_timeout: Duration,
    timeouts: AtomicU32,
    under_way: AtomicUsize,
    /// Why it is to end.
    end: OnceLock<Error>,
    ended: Notify,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Within the runtime of the link.
    pub(super) fn new(
        number: u64,
        connection: MultiplexedConnection,
        driver: Arc<Driver>,
        keys: Arc<Keys>,
        state: Arc<State>,
        op_timeout: Duration,
    ) -> Self {
        let deadlines = Arc::new(Deadlines::new(op_timeout));
        let watched = Arc::clone(&deadlines);
        let watch = tokio::spawn(async move { watched.watch().await });
        Self {
            number,
            connection,
            driver,
            deadlines,
            watch: watch.abort_handle(),
            runtime: Handle::current(),
            keys,
            state,
            op_timeout,
            timeouts: AtomicU32::new(0),
            under_way: AtomicUsize::new(0),
            end: OnceLock::new(),
            ended: Notify::new(),
        }
    }

    /// Its number: later sessions have higher ones.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The names of its namespace.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Whether it is the present one still.
    pub(crate) fn is_current(&self) -> bool {
        self.state.current() == self.number
    }

    /// The latest that it may be on the server now, in µs since 1970; `None` before the first heartbeat.
    pub(crate) fn server_micros_at_most(&self) -> Option<u64> {
        self.state.server_micros_at_most()
    }

    /// Runs a command. An answer of the server that is an error is one here.
    pub(crate) async fn run(&self, command: Cmd) -> Result<Value> {
        self.run_within(self.op_timeout, command).await
    }

    /// The same for a caller that cannot wait longer than that.
    pub(crate) async fn run_within(&self, limit: Duration, command: Cmd) -> Result<Value> {
        let mut connection = self.connection.clone();
        let work = async { self.checked(connection.send_packed_command(&command).await) };
        self.in_time(limit, work).await
    }

    /// Runs a script.
    pub(crate) async fn script(&self, call: ScriptCall) -> Result<Value> {
        self.script_within(self.op_timeout, call).await
    }

    /// Runs a script for a caller that cannot wait longer than that.
    pub(crate) async fn script_within(&self, limit: Duration, call: ScriptCall) -> Result<Value> {
        self.in_time(limit, self.supervise(&call)).await
    }

    /// Runs a script and then a command; nothing of others comes between them. What the script returns, and whether the command
    /// was carried out.
    pub(crate) async fn script_and(
        &self,
        limit: Duration,
        call: ScriptCall,
        command: Cmd,
    ) -> Result<(Value, bool)> {
        let work = async {
            match self.transaction(call.by_hash(), &command).await {
                // It was not run, so it may be sent again.
                Err(error) if error.code() == Some("NOSCRIPT") => {
                    self.transaction(&call.by_text(), &command).await
                }
                other => other,
            }
        };
        self.in_time(limit, work).await
    }

    async fn transaction(&self, script: &Cmd, command: &Cmd) -> Result<(Value, bool)> {
        const NOT_UNDERSTOOD: Error = Error::Protocol("a transaction");
        let mut all = redis::pipe();
        all.add_command(redis::cmd("MULTI"));
        all.add_command(script.clone());
        all.add_command(command.clone())
            .add_command(redis::cmd("EXEC"));
        let mut connection = self.connection.clone();
        let answers = connection.send_packed_commands(&all, 0, 4).await;
        let answers = answers.map_err(|error| failure(&error))?;
        let Ok([multi, queued, other, done]) = <[Value; 4]>::try_from(answers) else {
            return Err(NOT_UNDERSTOOD);
        };
        for answer in [multi, queued, other] {
            self.checked(Ok(answer))?;
        }
        let Value::Array(done) = done else {
            return self.checked(Ok(done)).and(Err(NOT_UNDERSTOOD));
        };
        let Ok([script, command]) = <[Value; 2]>::try_from(done) else {
            return Err(NOT_UNDERSTOOD);
        };
        let script = self.checked(Ok(script))?;
        Ok((script, !matches!(command, Value::ServerError(_))))
    }

    /// Runs a script for as long as it takes: for the supervisor, which has a limit of its own.
    pub(super) async fn supervise(&self, call: &ScriptCall) -> Result<Value> {
        let mut connection = self.connection.clone();
        let value = connection.send_packed_command(call.by_hash()).await;
        match self.checked(value) {
            // It was not run, so it may be sent again.
            Err(error) if error.code() == Some("NOSCRIPT") => {
                let value = connection.send_packed_command(&call.by_text()).await;
                self.checked(value)
            }
            other => other,
        }
    }

    /// Runs a task on the thread of the link: it goes on whoever waits for it, and needs no other runtime. It must be short.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.runtime.spawn(task)
    }

    /// Runs several operations for a caller that waits for all of them together, no longer than that. What is under way then
    /// is dropped.
    pub(crate) async fn within<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        // The timer is that of the link, so it is made there.
        let task = self
            .runtime
            .spawn(async move { timeout(limit, work).await });
        match task.await {
            Ok(in_time) => in_time.unwrap_or(Err(Error::Timeout(limit))),
            Err(_) => Err(closed()),
        }
    }

    /// Runs a script that nobody waits for, such as the release of a lease in a destructor.
    pub(crate) fn send_script(self: &Arc<Self>, call: ScriptCall) {
        let session = Arc::clone(self);
        drop(self.runtime.spawn(async move {
            let _ = session.script(call).await;
        }));
    }

    /// Ends it, now.
    pub(crate) fn end(&self, reason: Error) {
        let _ = self.end.set(reason);
        self.ended.notify_one();
    }

    /// Until somebody has ended it.
    pub(super) async fn ended(&self) -> Error {
        loop {
            if let Some(reason) = self.end.get() {
                return reason.clone();
            }
            self.ended.notified().await;
        }
    }

    /// An operation within its time. What comes back when the session is no longer the present one does not count: changes
    /// may have been missed meanwhile.
    async fn in_time<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let _under_way = UnderWay::of(self)?;
        self.state.stats.operation();
        let mut waiting = Waiting {
            deadlines: &self.deadlines,
            at: Instant::now() + limit,
            deadline: None,
        };
        // In a box: all that wait for it, layer by layer, are as large as what they hold.
        let span = tracing::debug_span!("wats.redis.operation", session = self.number);
        let mut work = Box::pin(work.instrument(span));
        let outcome = poll_fn(|context| {
            let polled = self.send(|| work.as_mut().poll(context));
            match polled {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending => waiting.poll(context).map(|()| None),
            }
        });
        let Some(result) = outcome.await else {
            self.state.stats.timeout();
            // A limit that is nearly used up says little of the server.
            if limit >= self.op_timeout / 2 {
                let in_a_row = self.timeouts.fetch_add(1, Ordering::Relaxed) + 1;
                if in_a_row >= TIMEOUTS {
                    self.end(Error::Timeout(self.op_timeout));
                }
            }
            return Err(Error::Timeout(limit));
        };
        self.timeouts.store(0, Ordering::Relaxed);
        if !self.is_current() {
            return Err(Error::SessionEnded("a newer one has begun".to_owned()));
        }
        result
    }

    /// Polls something that may send a command, and has it written.
    fn send<T>(&self, poll: impl FnOnce() -> T) -> T {
        let (outcome, sent) = self.driver.while_sending(poll);
        if sent {
            if self.under_way.load(Ordering::Relaxed) <= WRITTEN_HERE {
                self.driver.write_here();
            } else {
                self.driver.write_soon();
            }
        }
        outcome
    }

    /// An answer, whose errors may say that this server is not the one to talk to.
    fn checked(&self, value: Result<Value, RedisError>) -> Result<Value> {
        let error = match value.and_then(Value::extract_error) {
            Ok(value) => return Ok(value),
            Err(error) => failure(&error),
        };
        if let Some(code) = error.code() {
            self.state.stats.refused();
            if ends_session(code) {
                self.state.redirected(&error);
                self.end(error.clone());
            }
        }
        Err(error)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// The wait for an answer; dropped, it is over.
struct Waiting<'a> {
    deadlines: &'a Deadlines,
    at: Instant,
    deadline: Option<Deadline>,
}

impl Waiting<'_> {
    /// Ready when the time is over.
    fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        match &self.deadline {
            None => {
                let waker = context.waker().clone();
                self.deadline = Some(self.deadlines.add(self.at, waker));
            }
            Some(_) if Instant::now() >= self.at => return Poll::Ready(()),
            Some(deadline) => self.deadlines.update(deadline, context.waker()),
        }
        Poll::Pending
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(deadline) = &self.deadline {
            self.deadlines.remove(deadline);
        }
    }
}

/// The thread of the link ends with its last handle, and everything in it.
fn closed() -> Error {
    Error::SessionEnded("the link was closed".to_owned())
}

/// Counts an operation while it lasts.
struct UnderWay<'a>(&'a Session);

impl<'a> UnderWay<'a> {
    fn of(session: &'a Session) -> Result<Self> {
        let guard = Self(session);
        if session.under_way.fetch_add(1, Ordering::Relaxed) < MOST_UNDER_WAY {
            Ok(guard)
        } else {
            Err(Error::Busy)
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Errors that hold for the whole connection, not for one command.
fn ends_session(code: &str) -> bool {
    matches!(
        code,
        "READONLY" | "MOVED" | "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "NOAUTH" | "NOREPLICAS"
    )
}

/// Our error for one of the client library.
pub(super) fn failure(error: &RedisError) -> Error {
    match error.code() {
        Some(code) => Error::Refused {
            code: code.to_owned(),
            message: shortened(error.detail().unwrap_or_default()),
        },
        None => Error::SessionEnded(shortened(&error.to_string())),
    }
}

/// Texts of a server are not taken at any length.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
