//! A load of the level in memory: from the server, or from the origin for all processes.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::select;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use wats_cache::{LoadHandle, Loaded, Origin, Read};
use xxhash_rust::xxh3::xxh3_64;

use crate::keys::short;
use crate::link::{Cmd, Session, Value};
use crate::tier::alarm::Alarm;
use crate::tier::cache::Inner;
use crate::tier::codec::CacheKey;
use crate::tier::entry::{self, Answer, Found, What, beginning};
use crate::tier::lease::{Lease, Names, millis};
use crate::tier::loads::Load;
use crate::tier::options::LONGEST_LIFE;
use crate::tier::scripts::READ;
use crate::tier::unsent::Gone;
use crate::tier::wait_limit::WaitLimit;

/// What is waited beyond the end of a lease, so that it is over by then.
const BEYOND: Duration = Duration::from_millis(5);

/// How often it is looked for the end of another's load where changes are not told.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What a load is to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// What is there, if it is fresh.
    Fresh,
    /// The same, and anew where its time is nearly over: what there is, is served meanwhile.
    Refreshed,
    /// Anew, whatever is there.
    Anew,
}

/// A key on the server.
struct Place {
    session: Arc<Session>,
    bytes: Vec<u8>,
    /// As it stands in names.
    short: Vec<u8>,
    /// The name of its entry.
    entry: Vec<u8>,
}

impl Place {
    fn names(&self, kind: &str) -> Names {
        Names {
            entry: self.entry.clone(),
            lease: self.session.keys().lease(kind, &self.short),
        }
    }
}

/// What a value is given on its way to all.
struct Given {
    fresh: Duration,
    reserve: Duration,
    tags: Vec<u64>,
}

/// What became of a value that was to be written for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Yes,
    /// Somebody has changed or written the entry meanwhile.
    Refused,
    /// It cannot be, or nobody knows.
    Not,
}

/// What was seen of an entry that does not do.
struct Seen<V> {
    /// By which it is known again.
    beginning: Option<Vec<u8>>,
    /// Fresh, and nearly over.
    old: Option<Found<V>>,
    stale: Option<Found<V>>,
}

impl<V> Default for Seen<V> {
    fn default() -> Self {
        Self {
            beginning: None,
            old: None,
            stale: None,
        }
    }
}

/// How a step of a load ends.
enum Step<V> {
    Done(Loaded<V>),
    Lead {
        created: u64,
        lease: Lease,
    },
    /// Without the server.
    Alone,
}

impl<K: CacheKey, V: Clone + Send + Sync + 'static> Inner<K, V> {
    /// Where a key stands, if there is a session and it may stand there.
    fn place(&self, bytes: Vec<u8>) -> Option<Place> {
        if bytes.len() > self.options.max_key {
            self.counters.too_large.up();
            return None;
        }
        let session = self.link.session().ok()?;
        let short = short(&bytes);
        Some(Place {
            entry: session.keys().entry(&self.kind, &short),
            session,
            bytes,
            short,
        })
    }

    /// The loader of the level in memory. `serves` is whether a stale value may be served in the place of an error.
    pub(super) async fn fill<E>(
        self: Arc<Self>,
        key: K,
        handle: LoadHandle,
        read: Read,
        serves: bool,
        origin: Origin<V, E>,
    ) -> Result<Loaded<V>, E> {
        let span = tracing::debug_span!("wats.redis.load", kind = self.kind, outcome = Empty);
        let load = self.fill_within(key, handle, read, serves, origin, span.clone());
        load.instrument(span).await
    }

    async fn fill_within<E>(
        self: Arc<Self>,
        key: K,
        handle: LoadHandle,
        read: Read,
        serves: bool,
        origin: Origin<V, E>,
        span: Span,
    ) -> Result<Loaded<V>, E> {
        // What is not done for a value that is there is in boxes: the future of a load is moved some times.
        let Some(place) = self.place(key.to_bytes().into_owned()) else {
            return Box::pin(self.alone(handle, origin, &span)).await;
        };
        let mut wait_limit = WaitLimit::new(self.link.op_timeout());
        if self
            .hub
            .ready(&place.session, &mut wait_limit)
            .await
            .is_err()
        {
            return Box::pin(self.alone(handle, origin, &span)).await;
        }
        let _known = self.remember(&key, &place.bytes, &place.short);
        let load = self.hub.loads().begin(&self.kind, &place.short);
        let wanted = match read {
            Read::Origin => Wanted::Anew,
            Read::Cached if self.is_served_meanwhile(&key) => Wanted::Refreshed,
            _ => Wanted::Fresh,
        };
        let mut seen = Seen::default();
        let found = self.look_plainly(&place, wanted, &mut seen, &mut wait_limit);
        if let Some(loaded) = found.await {
            span.record("outcome", "shared");
            return Ok(loaded);
        }
        let at = (&place, &load, &handle);
        let step = self.look(at, serves, wanted, &mut seen, &mut wait_limit);
        let (created, lease) = match Box::pin(step).await {
            Step::Done(loaded) => {
                span.record("outcome", "shared");
                return Ok(loaded);
            }
            Step::Alone => return Box::pin(self.alone(handle, origin, &span)).await,
            Step::Lead { created, lease } => (created, lease),
        };
        self.counters.led.up();
        span.record("outcome", "led");
        match origin(handle).await {
            Ok(loaded) => {
                let at = (&place, &load, &key);
                let shared = self.share(at, lease, created, loaded, &mut wait_limit);
                Ok(Box::pin(shared).await.0)
            }
            Err(error) => {
                if serves {
                    lease.fail(self.options.first_hold, self.options.longest_hold);
                } else {
                    drop(lease);
                }
                if let Some(stale) = seen.stale.filter(|stale| !stale.reserve.is_zero()) {
                    // For those who are served it instead.
                    self.memory.insert_loaded(key, stale.into_stale());
                }
                Err(error)
            }
        }
    }

    /// Asks the origin as if there were no server.
    async fn alone<E>(
        &self,
        handle: LoadHandle,
        origin: Origin<V, E>,
        span: &Span,
    ) -> Result<Loaded<V>, E> {
        self.counters.without.up();
        span.record("outcome", "without");
        handle.from_here_on();
        let loaded = origin(handle).await?;
        let given = self.given(&loaded, &[]);
        Ok(given.apply(loaded.into_value()))
    }

    /// Whether callers are served what is in memory while this load goes on.
    fn is_served_meanwhile(&self, key: &K) -> bool {
        self.options.refresh_ahead.is_some() && self.is_trusted() && self.memory.contains_key(key)
    }

    /// Reads the entry, until there is one that is fresh, or it is this process that leads.
    async fn look(
        &self,
        (place, load, handle): (&Place, &Load, &LoadHandle),
        serves: bool,
        wanted: Wanted,
        seen: &mut Seen<V>,
        wait_limit: &mut WaitLimit,
    ) -> Step<V> {
        let anyway = wanted == Wanted::Anew;
        let names = place.names(&self.kind);
        let (mut lead, mut waited) = (anyway, false);
        loop {
            // Both before the read: what is told from here on may be about what it finds.
            let next = load.next();
            handle.from_here_on();
            let Some(token) = self.link.token() else {
                return Step::Alone;
            };
            let call = READ
                .call()
                .key(&names.entry)
                .key(&names.lease)
                .arg(&self.field)
                .arg(&token)
                .arg(millis(self.options.lease))
                .arg(seen.beginning.as_deref().unwrap_or_default())
                .arg(i32::from(lead));
            let read = place.session.script_within(wait_limit.left(), call);
            let answer = wait_limit.wait_for(read).await.and_then(Answer::read);
            let Ok(answer) = answer else {
                // It may have been taken all the same.
                drop(self.taken(place, token));
                return Step::Alone;
            };
            let found = answer
                .entry()
                .and_then(|bytes| self.take_in(place, (bytes, answer.now), wanted, seen));
            if let Some(found) = found {
                if answer.what == What::Lead {
                    // It came while this process asked for the lease, which is nobody's then.
                    drop(self.taken(place, token));
                }
                return Step::Done(found);
            }
            if answer.what != What::Lead
                && answer.what != What::Serve
                && let Some(old) = seen.old.take()
            {
                // Another process refreshes it, or could not just now.
                self.counters.shared_hits.up();
                return Step::Done(old.into_loaded());
            }
            match answer.what {
                // An entry that cannot be told from none: this process writes it anew.
                What::Serve => lead = seen.beginning.as_ref().is_some_and(Vec::is_empty),
                What::Lead => {
                    if !anyway {
                        self.counters.shared_misses.up();
                    }
                    return Step::Lead {
                        created: answer.now,
                        lease: self.taken(place, token),
                    };
                }
                What::Wait(left) => {
                    if !std::mem::replace(&mut waited, true) {
                        self.counters.waited.up();
                    }
                    let told = self.link.is_told();
                    // Looks again also where it should be told: the server may be away meanwhile.
                    let pace = if told {
                        self.link.op_timeout()
                    } else {
                        LOOK_AGAIN
                    };
                    let end = pin!(Alarm::after(pace.max(LOOK_AGAIN).min(left + BEYOND)));
                    select(pin!(next), end).await;
                    *wait_limit = WaitLimit::new(self.link.op_timeout());
                }
                What::HoldBack => {
                    let kept = seen.stale.take().filter(|stale| !stale.reserve.is_zero());
                    match kept {
                        Some(stale) if serves => {
                            self.counters.stale_served.up();
                            return Step::Done(stale.into_stale());
                        }
                        // Who has nothing to serve asks.
                        kept => seen.stale = kept,
                    }
                    lead = true;
                }
            }
        }
    }

    /// Reads the entry by a plain command, which costs the server a tenth of what a script does, and takes no lease. `None` if
    /// that does not do. What time is left to the entry is told too short by at most a round trip.
    async fn look_plainly(
        &self,
        place: &Place,
        wanted: Wanted,
        seen: &mut Seen<V>,
        wait_limit: &mut WaitLimit,
    ) -> Option<Loaded<V>> {
        if wanted == Wanted::Anew || !self.finds.load(Ordering::Relaxed) {
            return None;
        }
        let mut read = Cmd::with_capacity(3, 128);
        read.arg("HGET").arg(&place.entry).arg(&self.field);
        let read = place.session.run_within(wait_limit.left(), read);
        let answer = wait_limit.wait_for(read).await;
        let found = match (answer, place.session.server_micros_at_most()) {
            (Ok(Value::BulkString(bytes)), Some(now)) => {
                self.take_in(place, (&bytes, now), wanted, seen)
            }
            _ => None,
        };
        if found.is_none() {
            self.finds.store(false, Ordering::Relaxed);
        }
        found
    }

    /// Takes in what was read of an entry at that time of the server. What it gives is fresh.
    fn take_in(
        &self,
        place: &Place,
        (bytes, now): (&[u8], u64),
        wanted: Wanted,
        seen: &mut Seen<V>,
    ) -> Option<Loaded<V>> {
        let beginning = beginning(bytes);
        if seen.beginning.as_deref() == Some(beginning) {
            return None;
        }
        match self.checked(place, bytes, now) {
            Some(found) if wanted == Wanted::Refreshed && self.is_due(&found) => {
                seen.old = Some(found);
            }
            Some(found) if !found.fresh.is_zero() && wanted != Wanted::Anew => {
                self.finds.store(true, Ordering::Relaxed);
                self.counters.shared_hits.up();
                return Some(found.into_loaded());
            }
            found => seen.stale = found,
        }
        seen.beginning = Some(beginning.to_vec());
        None
    }

    fn taken(&self, place: &Place, token: String) -> Lease {
        let life = self.options.lease;
        let of = (self.kind.clone(), place.short.clone());
        let names = place.names(&self.kind);
        Lease::taken(&place.session, &self.hub, names, of, token, life)
    }

    /// What an entry is worth at that time of the server: `None` for what is not ours, not fresh where a tag is over.
    fn checked(&self, place: &Place, bytes: &[u8], now: u64) -> Option<Found<V>> {
        let (kind, most) = (&self.kind, self.options.max_value);
        let found = Found::read(bytes, now, &self.codec, kind, &place.bytes, most);
        match found {
            Ok(mut found) => {
                let tags = found.tags.iter().copied().chain([self.own_tag]);
                if self.hub.is_over(found.created, tags) {
                    // Who invalidates a tag has changed what it stands for: that is not served any more.
                    found.fresh = Duration::ZERO;
                    found.reserve = Duration::ZERO;
                }
                Some(found)
            }
            Err(foreign) => {
                self.counters.foreign.count(foreign);
                None
            }
        }
    }

    /// Whether the time of a fresh value is so nearly over that it is to be loaded anew.
    fn is_due(&self, found: &Found<V>) -> bool {
        let share = self.options.refresh_ahead.unwrap_or(1.0);
        !found.fresh.is_zero() && found.age >= found.life.mul_f64(share)
    }

    fn given(&self, loaded: &Loaded<V>, bytes: &[u8]) -> Given {
        let negative = self.negative.as_ref();
        let negative = negative
            .filter(|(_, is)| is(loaded.value()))
            .map(|(ttl, _)| *ttl);
        let life = loaded.own_ttl().or(negative).unwrap_or(self.options.ttl);
        let most = self.options.stale_if_error;
        // By the key, so that all processes agree.
        let share = (xxh3_64(bytes) >> 11) as f64 / (1_u64 << 53) as f64;
        let shorter = 1.0 - self.options.jitter * if bytes.is_empty() { 0.0 } else { share };
        Given {
            fresh: life.min(LONGEST_LIFE).mul_f64(shorter),
            reserve: loaded.own_stale_for().unwrap_or(most).min(most),
            tags: loaded.hashed_tags().to_vec(),
        }
    }

    /// Writes a loaded value for all, and tells how it is kept here.
    async fn share(
        self: &Arc<Self>,
        (place, load, key): (&Place, &Load, &K),
        lease: Lease,
        created: u64,
        loaded: Loaded<V>,
        wait_limit: &mut WaitLimit,
    ) -> (Loaded<V>, Written) {
        let mut given = self.given(&loaded, &place.bytes);
        let value = loaded.into_value();
        if given.fresh.is_zero() {
            drop(lease);
            return (given.apply(value), Written::Not);
        }
        let at = (self.kind.as_str(), place.bytes.as_slice());
        let lives = (given.fresh, given.reserve);
        let most = self.options.max_value;
        let Some(bytes) = entry::write(&value, &self.codec, at, created, lives, &given.tags, most)
        else {
            // It stays here; the others ask for themselves.
            self.counters.too_large.up();
            drop(lease);
            return (given.apply(value), Written::Not);
        };
        let life = given.fresh + given.reserve;
        let written = lease.put(&self.field, bytes, life, wait_limit).await;
        let tags = given.tags.iter().copied().chain([self.own_tag]);
        if written == Ok(true) {
            self.hub
                .changed_here(&self.kind, &place.short, self.address());
            if !load.is_alone() {
                // Another load of this process may have read what was there before, and nobody tells this process of what it
                // has written.
                self.memory.expire(key);
                given.fresh = Duration::ZERO;
                given.reserve = Duration::ZERO;
            }
            if !self.hub.is_over(created, tags) {
                return (given.apply(value), Written::Yes);
            }
        }
        // Something was changed since it was read, or nobody knows.
        self.counters.refused.up();
        let loaded = Loaded::new(value)
            .ttl(Duration::ZERO)
            .stale_for(Duration::ZERO);
        let written = match written {
            Ok(_) => Written::Refused,
            Err(_) => Written::Not,
        };
        (loaded, written)
    }

    /// The loader of a value that the program writes.
    pub(super) async fn write(
        self: Arc<Self>,
        key: K,
        handle: LoadHandle,
        loaded: Loaded<V>,
    ) -> Result<Loaded<V>, Infallible> {
        let bytes = key.to_bytes().into_owned();
        let gone = Gone::Key {
            kind: self.kind.clone(),
            key: bytes.clone(),
        };
        let Some(place) = self.place(bytes) else {
            let given = self.given(&loaded, &[]);
            self.hub.invalidate(gone).await;
            handle.from_here_on();
            return Ok(given.apply(loaded.into_value()));
        };
        let _known = self.remember(&key, &place.bytes, &place.short);
        let load = self.hub.loads().begin(&self.kind, &place.short);
        let mut wait_limit = WaitLimit::new(self.link.op_timeout());
        let step = match self.hub.ready(&place.session, &mut wait_limit).await {
            Ok(()) => {
                let (seen, wait_limit) = (&mut Seen::default(), &mut wait_limit);
                let at = (&place, &load, &handle);
                self.look(at, false, Wanted::Anew, seen, wait_limit).await
            }
            Err(_) => Step::Alone,
        };
        let (loaded, written) = match step {
            Step::Lead { created, lease } => {
                let at = (&place, &load, &key);
                let shared = self.share(at, lease, created, loaded, &mut wait_limit);
                shared.await
            }
            Step::Done(_) | Step::Alone => {
                let loaded = Loaded::new(loaded.into_value()).ttl(Duration::ZERO);
                (loaded, Written::Not)
            }
        };
        if written == Written::Not {
            // What was there before must not stay.
            if wait_limit.left() < self.link.op_timeout() / 2 {
                self.hub.invalidate_soon(gone);
            } else {
                self.hub.invalidate(gone).await;
            }
            if loaded.own_ttl() == Some(Duration::ZERO) {
                self.memory.expire(&key);
            }
        }
        Ok(loaded)
    }
}

impl Given {
    fn apply<V>(self, value: V) -> Loaded<V> {
        Loaded::new(value)
            .ttl(self.fresh)
            .stale_for(self.reserve)
            .with_hashed_tags(self.tags)
    }
}
