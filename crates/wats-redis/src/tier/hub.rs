//! What the tiers of one namespace have in common: who is told of changes, who waits for one, when tags were invalidated,
//! and which invalidations could not be sent.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{BoxFuture, try_join_all};
use wats_background::Moment;

use crate::error::{Error, Result};
use crate::keys::{Keys, Named};
use crate::link::{Changed, Link, Listener, Session, Value, cmd};
use crate::tier::loads::Loads;
use crate::tier::tags::{field, hash_of, number, pairs_of, tag_in_name};
use crate::tier::unsent::{Gone, Unsent};
use crate::tier::wait_limit::WaitLimit;

/// The time of a tag is asked for again after that.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// The level of one tier in the memory of this process.
pub(super) trait Memory: Send + Sync {
    /// An entry was changed; its key as it stands in names.
    fn changed(&self, key: &[u8]);

    /// All entries with a tag are over.
    fn tag_changed(&self, tag: u64);

    /// All entries are over.
    fn all_changed(&self);
}

/// When a tag was invalidated, in µs on the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TagTime {
    At(u64),
    /// It has been asked for; until it is known all that carries the tag counts as over.
    Asked(Ask),
}

/// A question for the time of a tag. A later one is about a later time, so the answer to an earlier one does not end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ask {
    number: u64,
    at: Moment,
}

impl Ask {
    fn now() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        Self {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            at: Moment::now(),
        }
    }
}

/// One for each namespace.
pub(crate) struct Hub {
    link: Arc<Link>,
    /// For tasks that outlive a call.
    own: Weak<Self>,
    memories: Mutex<HashMap<String, Vec<Weak<dyn Memory>>>>,
    loads: Arc<Loads>,
    tags: Mutex<HashMap<u64, TagTime>>,
    unsent: Mutex<Unsent>,
    sending: tokio::sync::Mutex<()>,
    /// The session for which all in memory became suspect last.
    begun: AtomicU64,
    /// The session on which times of tags were read last.
    known_on: AtomicU64,
    /// Known with the first session.
    keys: OnceLock<Keys>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// Has itself told of what happens on the link.
    pub(crate) fn new(link: &Arc<Link>) -> Result<Arc<Self>> {
        let hub = Arc::new_cyclic(|own| Self {
            link: Arc::clone(link),
            own: own.clone(),
            memories: Mutex::default(),
            loads: Arc::default(),
            tags: Mutex::default(),
            unsent: Mutex::default(),
            sending: tokio::sync::Mutex::default(),
            begun: AtomicU64::new(0),
            known_on: AtomicU64::new(0),
            keys: OnceLock::new(),
        });
        let listener: Weak<dyn Listener> = hub.own.clone() as Weak<dyn Listener>;
        link.subscribe(listener)?;
        Ok(hub)
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Has a tier told of changes for as long as it lives.
    pub(super) fn add(&self, kind: &str, memory: Weak<dyn Memory>) {
        let mut memories = lock(&self.memories);
        let of_kind = memories.entry(kind.to_owned()).or_default();
        of_kind.retain(|memory| memory.strong_count() > 0);
        of_kind.push(memory);
    }

    fn of_kind(&self, kind: &str) -> Vec<Arc<dyn Memory>> {
        let memories = lock(&self.memories);
        let of_kind = memories.get(kind).into_iter().flatten();
        of_kind.filter_map(Weak::upgrade).collect()
    }

    fn all(&self) -> Vec<Arc<dyn Memory>> {
        let memories = lock(&self.memories);
        memories
            .values()
            .flatten()
            .filter_map(Weak::upgrade)
            .collect()
    }

    /// This process has changed an entry: the server does not tell it of that, so other tiers of the kind are told here. The
    /// one that has changed it is `except`.
    pub(super) fn changed_here(&self, kind: &str, key: &[u8], except: *const ()) {
        for memory in self.of_kind(kind) {
            if Arc::as_ptr(&memory).cast::<()>() != except {
                memory.changed(key);
            }
        }
        self.loads.wake(kind, key);
    }

    /// A tag is over, as of that time.
    fn tag_over(&self, tag: u64, at: u64) {
        self.note(tag, at, None);
        self.tell_tag(tag);
    }

    /// What is known of a tag. Times only grow; a question is ended by its own answer.
    fn note(&self, tag: u64, at: u64, answers: Option<Ask>) {
        let mut tags = lock(&self.tags);
        let time = tags.entry(tag).or_insert(TagTime::At(at));
        *time = match *time {
            TagTime::At(before) => TagTime::At(before.max(at)),
            TagTime::Asked(ask) if Some(ask) != answers => TagTime::Asked(ask),
            TagTime::Asked(_) => TagTime::At(at),
        };
    }

    /// The server knows of no such tag: it has lost it, and all entries with it.
    fn forget(&self, tag: u64, answers: Ask) {
        let mut tags = lock(&self.tags);
        if tags.get(&tag) == Some(&TagTime::Asked(answers)) {
            tags.remove(&tag);
        }
    }

    fn tell_tag(&self, tag: u64) {
        for memory in self.all() {
            memory.tag_changed(tag);
        }
    }

    /// Whether what was loaded at that time is over because of a tag.
    pub(super) fn is_over(&self, created: u64, tags: impl IntoIterator<Item = u64>) -> bool {
        let times = lock(&self.tags);
        if times.is_empty() {
            return false;
        }
        let mut asked = None;
        let over = tags.into_iter().any(|tag| match times.get(&tag) {
            None => false,
            Some(TagTime::Asked(ask)) => {
                asked = Some((tag, ask.at));
                true
            }
            Some(TagTime::At(at)) => created <= *at,
        });
        drop(times);
        if let Some((tag, at)) = asked
            && at.until(Moment::now()) > ASK_AGAIN
        {
            self.ask_for(tag);
        }
        over
    }

    /// Invalidates for all members, now or as soon as there is a session. Goes on if nobody waits for it.
    pub(super) async fn invalidate(self: &Arc<Self>, gone: Gone) {
        let Ok(session) = self.link.session() else {
            self.keep(gone);
            return;
        };
        let (hub, of_task) = (Arc::clone(self), Arc::clone(&session));
        let task = session.spawn(async move {
            if hub.send_one(&gone, &of_task).await.is_err() {
                hub.keep(gone);
            }
        });
        let _ = task.await;
        // Where it was kept: there may be another session by now.
        self.send_soon();
    }

    /// The same for who waits no longer: what is read here from now on is read behind it.
    pub(super) fn invalidate_soon(self: &Arc<Self>, gone: Gone) {
        self.keep(gone);
        self.send_soon();
    }

    /// Keeps an invalidation until there is a session again.
    fn keep(&self, gone: Gone) {
        lock(&self.unsent).add(gone);
    }

    /// Whether there is a change that nobody has been told of.
    pub(crate) fn has_unsent(&self) -> bool {
        !lock(&self.unsent).is_empty()
    }

    /// Sends what was kept, if there is a session, and waits for nothing.
    fn send_soon(self: &Arc<Self>) {
        if lock(&self.unsent).is_empty() {
            return;
        }
        if let Ok(session) = self.link.session() {
            let (hub, of_task) = (Arc::clone(self), Arc::clone(&session));
            session.spawn(async move {
                let _ = hub.send(&of_task).await;
            });
        }
    }

    /// Until a session may be read from: what could not be sent has been, and the times of tags are known. Usually that is so:
    /// the link sees to it, but for a session that was there before this hub.
    pub(super) async fn ready(
        self: &Arc<Self>,
        session: &Arc<Session>,
        wait_limit: &mut WaitLimit,
    ) -> Result<()> {
        if self.knows_tags(session) && lock(&self.unsent).is_empty() {
            return Ok(());
        }
        let (hub, of_task) = (Arc::clone(self), Arc::clone(session));
        let ready = session.within(wait_limit.left(), async move { hub.begin(&of_task).await });
        // Seldom, so it takes no room in the futures of those who need not wait.
        wait_limit.wait_for(Box::pin(ready)).await
    }

    /// All in memory is suspect from the beginning of a session on, once: what is read on the session itself is not.
    fn begins(&self, session: u64) {
        if self.begun.load(Ordering::Acquire) < session
            && self.begun.fetch_max(session, Ordering::AcqRel) < session
        {
            // What happened meanwhile is not known.
            self.all().iter().for_each(|memory| memory.all_changed());
            self.loads.wake_all();
        }
    }

    /// Before a load begins, which would be overtaken by this if it came later: what is in memory is suspect where the session
    /// was there before this hub, and the link has not come to it yet.
    pub(super) fn meet(&self) {
        if let Ok(session) = self.link.session() {
            self.begins(session.number());
        }
    }

    fn knows_tags(&self, session: &Session) -> bool {
        self.known_on.load(Ordering::Acquire) == session.number()
    }

    async fn begin(&self, session: &Arc<Session>) -> Result<()> {
        self.keys.get_or_init(|| session.keys().clone());
        self.send(session).await?;
        if !self.knows_tags(session) {
            self.begins(session.number());
            self.read_tags(session).await?;
            self.known_on.fetch_max(session.number(), Ordering::AcqRel);
        }
        Ok(())
    }

    async fn send_one(&self, gone: &Gone, session: &Arc<Session>) -> Result<()> {
        let at = gone.send(session, &self.link).await?;
        if let (Gone::Tag(tag), Some(at)) = (gone, at) {
            self.tag_over(*tag, at);
        }
        Ok(())
    }

    /// The loads that are under way.
    pub(super) fn loads(&self) -> &Arc<Loads> {
        &self.loads
    }

    /// A lease of this process has ended: the server does not tell it of that.
    pub(super) fn lease_ended(&self, kind: &str, key: &[u8]) {
        self.loads.wake(kind, key);
    }

    /// It may be that this process has written an entry, and does not know when: the server does not tell it.
    pub(super) fn maybe_written(&self, kind: &str, key: &[u8]) {
        self.changed_here(kind, key, std::ptr::null());
    }

    /// A lease of this process may stand on the server though nobody has it: it is ended with the next session.
    pub(super) fn lease_orphaned(&self, name: Vec<u8>, token: String) {
        lock(&self.unsent).add(Gone::Lease { name, token });
    }

    /// A signal named a tag: asks when that was.
    fn ask_for(&self, tag: u64) {
        let question = Ask::now();
        lock(&self.tags).insert(tag, TagTime::Asked(question));
        let (Ok(session), Some(hub)) = (self.link.session(), self.own.upgrade()) else {
            // All times are read before the next session is trusted, and this one is asked for again.
            return;
        };
        let mut ask = cmd("HGET");
        ask.arg(session.keys().tags()).arg(field(tag));
        let of_task = Arc::clone(&session);
        session.spawn(async move {
            if let Ok(value) = of_task.run(ask).await {
                match number(&value) {
                    Some(at) => hub.note(tag, at, Some(question)),
                    None => hub.forget(tag, question),
                }
            }
        });
    }

    /// Sends what could not be sent. Nothing is read on a session before that: it may be what was invalidated.
    async fn send(&self, session: &Arc<Session>) -> Result<()> {
        if lock(&self.unsent).is_empty() {
            return Ok(());
        }
        // One at a time: what is sent twice ends loads that have begun in between.
        let _sending = self.sending.lock().await;
        let kinds: Vec<String> = lock(&self.memories).keys().cloned().collect();
        let waiting = lock(&self.unsent).waiting(kinds);
        // In whatever order they come: none of them depends on another.
        let each = waiting.gone.iter().map(|(gone, number)| async move {
            self.send_one(gone, session).await?;
            lock(&self.unsent).sent(gone, *number);
            Ok(())
        });
        try_join_all(each).await?;
        lock(&self.unsent).all_sent(&waiting);
        Ok(())
    }

    /// Reads when tags were invalidated.
    async fn read_tags(&self, session: &Arc<Session>) -> Result<()> {
        let asked: HashMap<u64, Ask> = lock(&self.tags)
            .iter()
            .filter_map(|(tag, time)| match time {
                TagTime::Asked(ask) => Some((*tag, *ask)),
                TagTime::At(_) => None,
            })
            .collect();
        let mut ask = cmd("HGETALL");
        ask.arg(session.keys().tags());
        let known = match session.run(ask).await? {
            Value::Map(pairs) => pairs,
            Value::Array(flat) => pairs_of(flat),
            Value::Nil => Vec::new(),
            _ => return Err(Error::Protocol("times of tags")),
        };
        let known: HashMap<u64, u64> = known
            .iter()
            .filter_map(|(tag, at)| Some((hash_of(tag)?, number(at)?)))
            .collect();
        for (tag, at) in &known {
            self.note(*tag, *at, asked.get(tag).copied());
        }
        for (tag, ask) in asked {
            if !known.contains_key(&tag) {
                self.forget(tag, ask);
            }
        }
        Ok(())
    }
}

impl Listener for Hub {
    fn prepare<'a>(&'a self, session: &'a Arc<Session>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.begin(session).await })
    }

    fn session_begins(&self, session: u64) {
        self.begins(session);
    }

    fn changed(&self, _: u64, what: Changed<'_>) {
        let (Changed::Key(name), Some(keys)) = (what, self.keys.get()) else {
            self.all().iter().for_each(|memory| memory.all_changed());
            self.loads.wake_all();
            return;
        };
        match keys.parse(name) {
            Some(Named::Entry { kind, key }) => {
                self.of_kind(kind)
                    .iter()
                    .for_each(|memory| memory.changed(key));
                self.loads.wake(kind, key);
            }
            Some(Named::Lease { kind, key }) => self.loads.wake(kind, key),
            Some(Named::Tag(tag)) => match tag_in_name(tag) {
                Some(tag) => {
                    self.ask_for(tag);
                    self.tell_tag(tag);
                }
                // Not one of this crate's.
                None => self.all().iter().for_each(|memory| memory.all_changed()),
            },
            Some(Named::Pause) | None => {}
        }
    }

    fn session_ended(&self, _: u64) {
        self.loads.wake_all();
    }
}
