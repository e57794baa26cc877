//! The link to the server that is shared: one connection, kept up by a thread of its own.
//!
//! ```text
//! Link ── session() ──► Session ── run, script, in the caller's thread ──► driver ──► the socket
//!   │                                                                        │
//!   ├── trust()  ◄── heartbeat ◄── supervisor (connects, sets up, begins anew)
//!   └── subscribe(listener) ◄── changes, in the order in which they came ◄────┘
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `settings`, `address` | what the user said |
//! | `supervisor` | the life of sessions; `topology`, `connect`, `heartbeat`, `listener` and `trust` are its parts |
//! | `session`, `script` | how commands are run |
//! | `driver`, `poll_state` | what reads and writes the socket, and which thread does it |
//! | `deadlines` | when a caller stops waiting |
//! | `state`, `published`, `counters` | what is known of the server and of the present session |
//!
//! Nothing here belongs to a runtime of the user, and no call waits for a session: without one it fails at once.

mod address;
mod connect;
mod counters;
mod deadlines;
mod driver;
mod heartbeat;
mod listener;
mod poll_state;
mod published;
mod script;
mod session;
mod settings;
mod state;
mod supervisor;
#[cfg(test)]
mod tests;
mod topology;
mod trust;

use std::convert::Infallible;
use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use wats_background::{clock, forks};

pub(crate) use self::address::{Server, parse_url};
pub(crate) use self::listener::{Changed, Listener};
pub(crate) use self::script::{Script, ScriptCall};
pub(crate) use self::session::Session;
pub(crate) use self::settings::{Config, Sentinel};
pub(crate) use self::trust::Trust;
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::security::{Namespace, hex};
use crate::stats::LinkStats;
/// The vocabulary of commands and answers.
pub(crate) use redis::{Cmd, Value, cmd};

/// One namespace on the server. The thread ends when it is dropped.
pub(crate) struct Link {
    config: Arc<Config>,
    namespace: Namespace,
    trust: Arc<Trust>,
    listeners: Arc<listener::Listeners>,
    /// The number of the last session.
    numbers: Arc<AtomicU64>,
    /// The thread of the process that made the link. In the child of a fork another one takes its place.
    running: Running,
}

/// The thread of one process.
struct Running {
    /// How many forks lie before that process.
    forks: u64,
    member: String,
    state: Arc<state::State>,
    published: Arc<published::Published>,
    /// Dropped, it ends the thread.
    _stop: oneshot::Sender<Infallible>,
    /// That of a child.
    child: OnceLock<Option<Box<Running>>>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("namespace", &self.namespace)
            .field("trusted", &self.is_trusted())
            .finish_non_exhaustive()
    }
}

impl Link {
    /// Starts the thread.
    pub(crate) fn start(config: Arc<Config>, namespace: Namespace) -> Result<Self> {
        // Forks are counted from the first use of the coarse clock on.
        let _ = clock::coarse();
        let trust = Arc::default();
        let listeners = Arc::default();
        let numbers = Arc::default();
        let state = state::State::new(Arc::clone(&numbers));
        let running = Running::start(forks(), &config, &namespace, &trust, &listeners, state)?;
        Ok(Self {
            config,
            namespace,
            trust,
            listeners,
            numbers,
            running,
        })
    }

    /// Its namespace.
    pub(crate) fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The session to use now.
    ///
    /// # Errors
    /// [`Error::NoSession`] at once if there is none.
    pub(crate) fn session(&self) -> Result<Arc<Session>> {
        self.running()
            .and_then(|running| running.published.session())
            .ok_or(Error::NoSession)
    }

    /// Whether what was kept in memory may be served: all changes that were acknowledged more than `max_staleness` ago are
    /// known here.
    #[inline]
    pub(crate) fn is_trusted(&self) -> bool {
        self.trust.holds()
    }

    /// The same to keep, so that a hit is one load.
    pub(crate) fn trust(&self) -> Arc<Trust> {
        Arc::clone(&self.trust)
    }

    /// Whether changes by others are told on the present session, so that somebody may wait for one.
    pub(crate) fn is_told(&self) -> bool {
        self.running()
            .is_some_and(|running| running.published.is_told())
    }

    /// Has a part of this crate told of sessions and changes, for as long as it lives. If there is a session it is told of
    /// that, soon; [`Listener::session_begins`] says when.
    ///
    /// # Errors
    /// When there are eight of them already.
    pub(crate) fn subscribe(&self, listener: Weak<dyn Listener>) -> Result<()> {
        self.listeners.add(listener)?;
        if let Some(running) = self.running() {
            running.state.listeners_changed.notify_one();
        }
        Ok(())
    }

    /// Time of the server now, in µs since 1970; `None` before the first heartbeat. Right to half the
    /// round trip of the last heartbeat.
    #[cfg(test)]
    pub(crate) fn server_micros(&self) -> Option<i64> {
        self.running()?.state.server_micros()
    }

    /// Members of the namespace as of the last heartbeat, this one included; `None` before the first.
    #[cfg(test)]
    pub(crate) fn members(&self) -> Option<u32> {
        self.running()?.state.members()
    }

    /// Most members within the last ten minutes; `None` if there was no heartbeat in that time.
    pub(crate) fn most_members(&self) -> Option<u32> {
        self.running()?.state.most_members()
    }

    /// Begins what is published of a change where there is no tracking (`Tracking::Channel`): the channel, and what comes
    /// before the key's name in the message. A message with `*` for a name says that everything has changed.
    pub(crate) fn publish(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        if self.config.tracking != crate::tracking::Tracking::Channel {
            return None;
        }
        let running = self.running()?;
        let session = running.published.session()?;
        Some((
            session.keys().channel(),
            running.member.clone().into_bytes(),
        ))
    }

    /// Until all is known here that others had acknowledged before this call.
    ///
    /// # Errors
    /// When the server does not answer, or there is no session.
    pub(crate) async fn fence(&self) -> Result<()> {
        let member = self.running().map(|running| running.member.clone());
        let (session, member) = (self.session()?, member.ok_or(Error::NoSession)?);
        // As the heartbeat it proves that this server takes writes, and all pushes before its answer are handled by then.
        let call = heartbeat::call(session.keys(), &member);
        session.script(call).await.map(drop)
    }

    /// A name for something on the server that nobody else gives to anything; `None` where the link has no thread.
    pub(crate) fn token(&self) -> Option<String> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // In the child of a fork the member is another one.
        let number = hex(&number.to_be_bytes());
        Some([self.running()?.member.as_str(), &number].concat())
    }

    /// The limit of one operation.
    pub(crate) fn op_timeout(&self) -> Duration {
        self.config.op_timeout
    }

    /// What it has done so far.
    pub(crate) fn stats(&self) -> LinkStats {
        let Some(running) = self.running() else {
            return LinkStats::default();
        };
        LinkStats {
            connected: running.published.session().is_some(),
            trusted: self.is_trusted(),
            members: running.state.members(),
            round_trip: running.state.round_trip(),
            clock_offset_micros: running.state.clock_offset(),
            ..running.state.stats.stats()
        }
    }

    /// The thread of this process; `None` if one cannot be started in the child of a fork.
    fn running(&self) -> Option<&Running> {
        self.running_in(forks())
    }

    /// The same for a process that so many forks lie before.
    fn running_in(&self, forks: u64) -> Option<&Running> {
        let mut running = &self.running;
        while running.forks != forks {
            let start = || {
                let state = state::State::new(Arc::clone(&self.numbers));
                let (config, namespace) = (&self.config, &self.namespace);
                Running::start(
                    forks,
                    config,
                    namespace,
                    &self.trust,
                    &self.listeners,
                    state,
                )
                .ok()
                .map(Box::new)
            };
            running = running.child.get_or_init(start).as_deref()?;
        }
        Some(running)
    }
}

impl Running {
    fn start(
        forks: u64,
        config: &Arc<Config>,
        namespace: &Namespace,
        trust: &Arc<Trust>,
        listeners: &Arc<listener::Listeners>,
        state: state::State,
    ) -> Result<Self> {
        let cannot = |problem: std::io::Error| {
            Error::config("url", format!("its thread cannot be started: {problem}"))
        };
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(cannot)?;
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let state = Arc::new(state);
        let published = Arc::<published::Published>::default();
        let member = random_name()?;
        let (config, namespace) = (Arc::clone(config), namespace.clone());
        let (trust, listeners) = (Arc::clone(trust), Arc::clone(listeners));
        let (states, publish, name) = (Arc::clone(&state), Arc::clone(&published), member.clone());
        thread::Builder::new()
            .name("wats-redis".to_owned())
            .spawn(move || {
                // Here and not where it was asked for: it takes a while.
                let keys = Arc::new(Keys::new(&namespace.name()));
                let tls = config.tls.clone().map(wats_http::TlsConnector::new);
                let supervisor = supervisor::Supervisor {
                    tls,
                    config,
                    keys,
                    member: name,
                    state: states,
                    published: publish,
                    trust,
                    listeners,
                };
                runtime.block_on(async {
                    let mut run = pin!(supervisor.run());
                    tokio::select! {
                        // It is not dropped, so the connection is open for the farewell.
                        _ = stopped => supervisor.leave().await,
                        () = &mut run => {}
                    }
                });
                runtime.shutdown_background();
            })
            .map_err(cannot)?;
        Ok(Self {
            forks,
            member,
            state,
            published,
            _stop: stop,
            child: OnceLock::new(),
        })
    }
}

/// What nobody else is called: not even another child of one fork, so the generator is the system's.
fn random_name() -> Result<String> {
    let mut bytes = [0; heartbeat::MEMBER_LENGTH / 2];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::config("url", "the operating system gives no random numbers"))?;
    Ok(hex(&bytes))
}
