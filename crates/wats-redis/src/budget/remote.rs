//! The log that all stations of a token share. Tests put one of their own in its place.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::script::{BOOK, Booked, Booking, PAUSE};
use crate::error::{Error, Result};
use crate::link::{Link, Script, ScriptCall, Session, Value};

static BOOK_SCRIPT: Script = Script::new(BOOK, 3);
static PAUSE_SCRIPT: Script = Script::new(PAUSE, 1);

/// What the limiter needs of Redis. Nothing here waits for a session: without one it fails at once.
pub(super) trait Remote: fmt::Debug + Send + Sync {
    /// Runs the script that books.
    fn book<'a>(&'a self, booking: &'a Booking) -> BoxFuture<'a, Result<Booked>>;

    /// Has all stations wait, without waiting for that.
    fn pause(&self, wait: Duration);

    /// How long all stations are to wait from now on.
    fn paused(&self) -> BoxFuture<'_, Result<Duration>>;

    /// The most stations that there were in the ten minutes before Redis was heard last, this one included; `None` if it never
    /// was.
    fn stations(&self) -> Option<u32>;
}

/// The log of a link's namespace.
#[derive(Debug)]
pub(super) struct LinkedLog {
    link: Arc<Link>,
    /// What the link told last; 0 before. The link itself forgets it while the server is away.
    stations: AtomicU32,
}

impl LinkedLog {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            stations: AtomicU32::new(0),
        }
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Runs the script that books on a session that is not the link's yet.
    pub(super) async fn book_on(session: &Arc<Session>, booking: &Booking) -> Result<Booked> {
        let keys = session.keys();
        let mut call = BOOK_SCRIPT
            .call()
            .key(&keys.log())
            .key(&keys.log_meta())
            .key(&keys.pause());
        for arg in booking.args() {
            call = call.arg(arg);
        }
        let answer = session.script(call).await?;
        integers(&answer)
            .and_then(|answer| Booked::read(&answer))
            .ok_or(Error::Protocol("the log of the request budget"))
    }

    /// The same for the pause.
    pub(super) async fn paused_on(session: &Arc<Session>) -> Result<Duration> {
        let call = PAUSE_SCRIPT.call().key(&session.keys().pause()).arg(0);
        match session.script(call).await? {
            // Less than zero: there is none.
            Value::Int(millis) => Ok(Duration::from_millis(u64::try_from(millis).unwrap_or(0))),
            _ => Err(Error::Protocol("the pause of the request budget")),
        }
    }

    /// Has all stations wait, on a session that is not the link's yet.
    pub(super) fn pause_on(&self, session: &Arc<Session>, wait: Duration) {
        session.send_script(self.pause_call(session, wait));
    }

    fn pause_call(&self, session: &Session, wait: Duration) -> ScriptCall {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        let call = PAUSE_SCRIPT.call().key(&session.keys().pause()).arg(millis);
        match self.link.publish() {
            Some((channel, before)) => call.arg(channel).arg(before),
            None => call,
        }
    }
}

impl Remote for LinkedLog {
    fn book<'a>(&'a self, booking: &'a Booking) -> BoxFuture<'a, Result<Booked>> {
        Box::pin(async { Self::book_on(&self.link.session()?, booking).await })
    }

    fn pause(&self, wait: Duration) {
        // Without a session the next one tells the others.
        if let Ok(session) = self.link.session() {
            self.pause_on(&session, wait);
        }
    }

    fn paused(&self) -> BoxFuture<'_, Result<Duration>> {
        Box::pin(async { Self::paused_on(&self.link.session()?).await })
    }

    fn stations(&self) -> Option<u32> {
        if let Some(most) = self.link.most_members() {
            self.stations.store(most, Relaxed);
        }
        Some(self.stations.load(Relaxed)).filter(|stations| *stations > 0)
    }
}

fn integers(value: &Value) -> Option<Vec<i64>> {
    let Value::Array(values) = value else {
        return None;
    };
    let integer = |value: &Value| match value {
        Value::Int(integer) => Some(*integer),
        _ => None,
    };
    values.iter().map(integer).collect()
}
