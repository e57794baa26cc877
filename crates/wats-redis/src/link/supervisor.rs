//! Keeps a session up: connects, sets it up, proves it by a heartbeat, and begins anew when it ends.
//!
//! The order matters: tracking is on before anything is read; everything in memory counts as suspect before trust begins;
//! and trust begins before anybody uses the session.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use redis::{PushInfo, PushKind, Value};
use tokio::time::{sleep, timeout};
use wats_background::{discard, guarded};
use wats_http::TlsConnector;

use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::link::connect::{Connected, Greeting, Pushes, connect};
use crate::link::heartbeat::{self, Answer, MEMBER_LENGTH, Sent};
use crate::link::listener::{Changed, Listeners};
use crate::link::published::Published;
use crate::link::session::{Session, failure};
use crate::link::settings::Config;
use crate::link::state::State;
use crate::link::topology;
use crate::link::trust::Trust;
use crate::tracking::Tracking;

/// The first wait after a session has ended; it doubles with each attempt that fails.
const FIRST_WAIT: Duration = Duration::from_millis(20);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Redirections in a row that are followed at once.
const REDIRECTS: u32 = 4;

/// What the supervisor works with.
pub(super) struct Supervisor {
    pub(super) config: Arc<Config>,
    pub(super) tls: Option<TlsConnector>,
    pub(super) keys: Arc<Keys>,
    /// What this process is called among the members.
    pub(super) member: String,
    pub(super) state: Arc<State>,
    pub(super) published: Arc<Published>,
    pub(super) trust: Arc<Trust>,
    pub(super) listeners: Arc<Listeners>,
}

/// How far a session came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Nothing,
    /// It was there for all to use.
    Session,
    /// And lasted for a further heartbeat.
    Heartbeat,
}

/// How a session was set up.
struct Ready {
    session: Arc<Session>,
    told: bool,
    /// Listeners that were there.
    listeners: usize,
}

impl Supervisor {
    /// For ever. Dropped when the last handle of the link is.
    pub(super) async fn run(&self) {
        let mut failures = 0_u32;
        loop {
            let (error, reached) = self.session(failures).await;
            // Until here the session may have been used: first nothing is trusted any more, then nothing is sent.
            self.trust.end();
            let number = self.state.current();
            self.state.end_session();
            self.published.set(None, false);
            if reached != Reached::Nothing {
                self.listeners
                    .each(|listener| listener.session_ended(number));
            }
            self.state.stats.error(error.to_string());
            if self.state.is_redirected() && failures < REDIRECTS {
                tracing::debug!(%error, "another node has the namespace");
                failures = failures.saturating_add(1);
                continue;
            }
            if reached == Reached::Heartbeat {
                tracing::warn!(%error, "the session with the shared server has ended");
                failures = 0;
            } else if failures == 0 {
                tracing::warn!(%error, "the shared server cannot be used; it is tried again and again");
            } else {
                tracing::debug!(%error, failures, "the shared server cannot be used still");
            }
            sleep(wait_after(failures)).await;
            failures = failures.saturating_add(1);
        }
    }

    /// The last handle was dropped: the others need not wait to find out.
    pub(super) async fn leave(&self) {
        self.trust.end();
        if let Some(session) = self.published.session() {
            let call = heartbeat::leave(&self.keys, &self.member);
            let _ = timeout(self.config.op_timeout, session.supervise(&call)).await;
        }
    }

    /// One session, from connecting to its end.
    async fn session(&self, failures: u32) -> (Error, Reached) {
        let mut reached = Reached::Nothing;
        let (mut connected, ready) = match self.set_up(failures).await {
            Ok(ready) => ready,
            Err(error) => {
                self.state.stats.failed_attempt();
                return (error, reached);
            }
        };
        reached = Reached::Session;
        self.state.stats.session();
        let session = &ready.session;
        let number = session.number();
        tracing::info!(
            number,
            told = ready.told,
            "a session with the shared server has begun"
        );
        let error = tokio::select! {
            result = self.keep_up(&ready, &mut reached) => {
                let Err(error) = result;
                error
            }
            error = session.ended() => error,
            () = connected.reader.closed() => {
                Error::SessionEnded("the connection was closed".to_owned())
            }
        };
        (error, reached)
    }

    /// Proves a session by heartbeats, until one fails.
    async fn keep_up(&self, ready: &Ready, reached: &mut Reached) -> Result<Infallible> {
        let mut listeners = ready.listeners;
        loop {
            tokio::select! {
                () = sleep(self.config.heartbeat_interval()) => {
                    let sent = self.heartbeat(&ready.session).await?;
                    self.extend_trust(sent, ready.told);
                    *reached = Reached::Heartbeat;
                }
                () = self.state.listeners_changed.notified() => {
                    listeners = self.prepare(&ready.session, listeners).await?;
                }
            }
        }
    }

    async fn set_up(&self, failures: u32) -> Result<(Connected, Ready)> {
        let limit = self.config.connect_timeout;
        let number = self.state.next_session();
        let connecting = async {
            let server = topology::find(&self.config, self.tls.as_ref(), &self.state, failures);
            let greeting = Greeting {
                credentials: self.config.credentials.as_ref(),
                database: self.config.database,
                tls: self.tls.as_ref(),
            };
            let pushes = self.pushes(number);
            connect(&server.await?, greeting, &self.state, Some(pushes)).await
        };
        let connected = timeout(limit, connecting)
            .await
            .map_err(|_| Error::Timeout(limit))??;
        let session = Arc::new(Session::new(
            number,
            connected.connection.clone(),
            Arc::clone(connected.reader.driver()),
            Arc::clone(&self.keys),
            Arc::clone(&self.state),
            self.config.op_timeout,
        ));
        let setting_up = async {
            let told = self.track(&connected).await?;
            let sent = self.heartbeat(&session).await?;
            let listeners = self.prepare(&session, 0).await?;
            Ok((told, sent, listeners))
        };
        let (told, sent, listeners) = tokio::select! {
            result = timeout(limit, setting_up) => result.map_err(|_| Error::Timeout(limit))??,
            error = session.ended() => return Err(error),
        };
        self.extend_trust(sent, told);
        self.published.set(Some(Arc::clone(&session)), told);
        let ready = Ready {
            session,
            told,
            listeners,
        };
        Ok((connected, ready))
    }

    /// Has the changes told. `false` where that is off or the server refuses it: then the session serves to read and write,
    /// and nothing in memory is trusted.
    async fn track(&self, connected: &Connected) -> Result<bool> {
        let mut connection = connected.connection.clone();
        let result = match self.config.tracking {
            Tracking::Off => return Ok(false),
            Tracking::Broadcast => {
                let mut command = redis::cmd("CLIENT");
                command.arg("TRACKING").arg("ON").arg("BCAST");
                command.arg("PREFIX").arg(self.keys.tracked_prefix());
                command.arg("NOLOOP");
                let answer = connection.send_packed_command(&command).await;
                answer.and_then(Value::extract_error).map(|_| ())
            }
            Tracking::Channel => connection.subscribe(self.keys.channel()).await,
        };
        match result {
            Ok(()) => Ok(true),
            Err(error) if error.code().is_some() => {
                tracing::warn!(
                    %error,
                    "the shared server does not tell of changes: nothing is kept in memory as fresh"
                );
                self.state.stats.error(error.to_string());
                Ok(false)
            }
            Err(error) => Err(failure(&error)),
        }
    }

    async fn heartbeat(&self, session: &Arc<Session>) -> Result<Sent> {
        let limit = self.config.heartbeat_timeout();
        let sent = Sent::now();
        let call = heartbeat::call(&self.keys, &self.member);
        let value = timeout(limit, session.supervise(&call))
            .await
            .map_err(|_| Error::Timeout(limit))??;
        self.state.answered(Answer::read(&value, sent)?);
        if session.is_current() {
            Ok(sent)
        } else {
            Err(Error::Protocol("a push that could not be handled"))
        }
    }

    /// Prepares the listeners from this number on, and tells how many there are.
    async fn prepare(&self, session: &Arc<Session>, first: usize) -> Result<usize> {
        let mut count = first;
        for (number, listener) in self.listeners.from(first) {
            // A panic ends this session and not the link.
            let prepared = AssertUnwindSafe(listener.prepare(session)).catch_unwind();
            let outcome = match prepared.await {
                Ok(outcome) => {
                    outcome?;
                    guarded(|| listener.session_begins(session.number()))
                }
                Err(panic) => Err(panic),
            };
            if let Err(panic) = outcome {
                discard(panic);
                return Err(Error::Protocol("a listener could not be prepared"));
            }
            count = number + 1;
        }
        Ok(count)
    }

    fn extend_trust(&self, sent: Sent, told: bool) {
        if told {
            let lapse = self.trust.extend(sent.tick, self.config.max_staleness);
            self.state.stats.untrusted(lapse);
        }
    }

    /// What the reader of the socket does with a push of this session.
    fn pushes(&self, number: u64) -> Pushes {
        let (state, trust) = (Arc::clone(&self.state), Arc::clone(&self.trust));
        let listeners = Arc::clone(&self.listeners);
        let member = self.member.clone();
        Box::new(move |push| {
            // Of an older session: whatever it says, all was taken for suspect since.
            if state.current() != number {
                return;
            }
            let well = dispatch(&push, number, &member, &state, &listeners);
            if !well {
                // What a listener has missed is not known.
                trust.end();
                state.end_session();
            }
        })
    }
}

/// Tells the listeners of a push; `false` when one of them failed.
fn dispatch(
    push: &PushInfo,
    session: u64,
    member: &str,
    state: &State,
    listeners: &Listeners,
) -> bool {
    let tell = |what| listeners.each(|listener| listener.changed(session, what));
    match (&push.kind, push.data.as_slice()) {
        (PushKind::Invalidate, [Value::Array(names)]) => {
            state.stats.push(names.len() as u64);
            names.iter().fold(true, |well, name| match name {
                Value::BulkString(name) => tell(Changed::Key(name)) && well,
                _ => well,
            })
        }
        (PushKind::Invalidate, _) => {
            state.stats.push_of_all();
            tell(Changed::All)
        }
        (PushKind::Message, [_, Value::BulkString(message)]) => {
            let Some((from, name)) = message.split_at_checked(MEMBER_LENGTH) else {
                return true;
            };
            if from == member.as_bytes() {
                return true;
            }
            state.stats.push(1);
            tell(if name == b"*" {
                Changed::All
            } else {
                Changed::Key(name)
            })
        }
        _ => true,
    }
}

/// Doubles, and is at random in its upper half, so that stations do not come back all at once.
fn wait_after(failures: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(failures.min(16)));
    doubled
        .min(LONGEST_WAIT)
        .mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_second() {
        for (failures, most) in [(0, 20), (1, 40), (5, 640), (6, 1000), (u32::MAX, 1000)] {
            for _ in 0..100 {
                let wait = wait_after(failures).as_millis();
                assert!(wait <= most && wait >= most / 2 - 1, "{failures}: {wait}");
            }
        }
    }
}
