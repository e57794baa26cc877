//! What reads keep in memory: one cache for each class of answers, whatever their types, and one request for all who want
//! the same answer at the same time. The table of operations says which class a read keeps and which a write makes stale.
//!
//! Answers differ by what a token may see, so all of it is that of one token. With another one all begins anew, and what was
//! under way is kept for nobody.
//!
//! Tasks and the driver share what is kept, but not the requests under way: a wait may hold up the very thread that
//! would carry out the request of a task, and would then wait for itself.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use wats_cache::{CacheStats, LoadError, Read, SingleFlight, TtlCache};

use super::answer::{Answer, Key};
use super::class_options::{ClassOptions, LISTS};
use super::outcome::{LoadOutcome, is_away};
use super::tiers::{MakeTier, SharedClass};
use super::token::TokenInUse;
use crate::error::{Error, Result};

/// A request that takes longer does not hold others up that want the same answer: one of them asks too.
const LEASE: Duration = Duration::from_secs(60);

/// For how long answers are kept: what hardly ever changes, and what people maintain. What is live is not kept unless a
/// program asks for it.
const STATIC: Duration = Duration::from_secs(3_600);
const LIVE: Duration = Duration::ZERO;

/// For how long the server may still carry out a write whose answer did not come. Nothing that it changes is kept meanwhile:
/// it would be out of date from then on.
const UNSETTLED: Duration = Duration::from_secs(30);

/// What an answer takes in memory beside its length, and so the least.
pub(crate) const OVERHEAD: usize = 256;

macro_rules! classes {
    ($( $(#[$meta:meta])* $class:ident = $field:ident, $ttl:ident; )+) => {
        /// A class of answers that are kept.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kept {
            $( $(#[$meta])* $class, )+
        }

        /// How long answers are kept in memory, by what they tell.
        ///
        /// What hardly ever changes is kept for an hour, lists that people maintain for 5 minutes, and what is live (report
        /// headers, statistics) only when a time is set for it here.
        ///
        /// A write of this client makes stale what it changes. What others change on the server is seen when the time is
        /// over, or after a `refresh()` of the service.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct CacheOptions {
            $( $(#[$meta])* pub $field: ClassOptions, )+
        }

        impl Default for CacheOptions {
            fn default() -> Self {
                Self { $( $field: ClassOptions::kept_for($ttl), )+ }
            }
        }

        impl CacheOptions {
            /// Nothing is kept: each read asks the server.
            pub fn off() -> Self {
                let off = ClassOptions::default().ttl(Duration::ZERO);
                Self { $( $field: off.clone(), )+ }
            }

            /// Sets [`ClassOptions::stale_if_error`] of every class.
            pub fn stale_if_error(mut self, time: Duration) -> Self {
                $( self.$field.stale_if_error = time; )+
                self
            }

            $(
                $(#[$meta])*
                pub fn $field(mut self, options: ClassOptions) -> Self {
                    self.$field = options;
                    self
                }
            )+
        }

        /// What the caches did since the token is in use; all zero for one that is off.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct CachesStats {
            $( $(#[$meta])* pub $field: CacheStats, )+
        }

        /// The caches of all classes, for one token. Most programs read few of them, so each is made when it is first asked
        /// for.
        #[derive(Debug)]
        pub(super) struct Caches {
            token: TokenInUse,
            options: CacheOptions,
            /// What holds the answers if other processes share them.
            tiers: Option<Arc<dyn MakeTier>>,
            $( $field: OnceLock<Option<Class>>, )+
        }

        impl Caches {
            pub(super) fn new(
                token: TokenInUse,
                options: &CacheOptions,
                tiers: Option<Arc<dyn MakeTier>>,
            ) -> Self {
                Self {
                    token,
                    options: options.clone(),
                    tiers,
                    $( $field: OnceLock::new(), )+
                }
            }

            /// Those of the token that has taken the place of theirs. They are empty, and know of the writes of before.
            pub(super) fn of_next_token(&self) -> Self {
                let token = self.token.next();
                let next = Self::new(token, &self.options, self.tiers.clone());
                $(
                    if let Some(before) = self.made(Kept::$class)
                        && before.was_cleared_lately()
                        && let Some(class) = next.class(Kept::$class)
                    {
                        class.clear_as(before);
                    }
                )+
                next
            }

            /// The cache of a class; `None` if it is off.
            pub(super) fn class(&self, kept: Kept) -> Option<&Class> {
                let (class, options, name) = match kept {
                    $( Kept::$class => (&self.$field, &self.options.$field, stringify!($field)), )+
                };
                class
                    .get_or_init(|| Class::new(name, options, &self.token, self.tiers.as_deref()))
                    .as_ref()
            }

            pub(super) fn stats(&self) -> CachesStats {
                let of = |class: &OnceLock<Option<Class>>| {
                    class.get().and_then(Option::as_ref).map(Class::stats).unwrap_or_default()
                };
                CachesStats { $( $field: of(&self.$field), )+ }
            }

            /// The cache of a class that somebody has read from.
            fn made(&self, kept: Kept) -> Option<&Class> {
                let class = match kept {
                    $( Kept::$class => &self.$field, )+
                };
                class.get()?.as_ref()
            }
        }
    };
}

classes! {
    /// The list of processes. No public operation changes it, so it only ages.
    Processes = processes, STATIC;
    /// Levels of a factory.
    Levels = levels, STATIC;
    /// Groups of products, and the groups of a product.
    ProductGroups = product_groups, STATIC;
    /// Types of serial numbers.
    SerialNumberTypes = serial_number_types, STATIC;
    /// Types of assets.
    AssetTypes = asset_types, STATIC;
    /// Phases of units.
    Phases = phases, STATIC;
    /// Sites.
    Sites = sites, STATIC;
    /// Repair operations with their failure codes.
    RepairConfigs = repair_configs, STATIC;
    /// Single products.
    Products = products, LISTS;
    /// Lists of products.
    ProductLists = product_lists, LISTS;
    /// Vendors of products.
    Vendors = vendors, LISTS;
    /// Bills of materials.
    Boms = boms, LISTS;
    /// Identifiers of barcodes.
    Barcodes = barcodes, LISTS;
    /// Folders of software packages.
    Folders = folders, LISTS;
    /// Definitions of manual inspections.
    Definitions = definitions, LISTS;
    /// Lists of report headers; off unless a time is set. A submit of this client makes them stale.
    Headers = headers, LIVE;
    /// Statistics; off unless a time is set. A submit of this client makes them stale.
    Analytics = analytics, LIVE;
}

impl Caches {
    /// Whether their token is in use.
    #[inline]
    pub(super) fn are_in_use(&self) -> bool {
        self.token.is_in_use()
    }

    /// Forgets what is kept of a class, if anything is.
    pub(super) fn clear(&self, kept: Kept) {
        // Others may keep what nobody has read here.
        let class = match self.tiers {
            Some(_) => self.class(kept),
            None => self.made(kept),
        };
        if let Some(class) = class {
            class.clear(Duration::ZERO);
        }
    }

    /// Waits until other processes do not get any more of a class what was cleared.
    pub(super) async fn settled(&self, kept: Kept) {
        if let Some(shared) = self.made(kept).and_then(Class::shared) {
            shared.settled().await;
        }
    }

    /// Whether other processes share what is kept.
    pub(super) fn are_shared(&self) -> bool {
        self.tiers.is_some()
    }

    /// As [`clear`](Self::clear), after a write that the server may still carry out.
    pub(super) fn clear_unsettled(&self, kept: Kept) {
        // Made if need be: what is read next must not be kept.
        if let Some(class) = self.class(kept) {
            class.clear(UNSETTLED);
        }
    }
}

/// A failure is that of all who waited for it.
type Outcome = Result<Answer, Arc<Error>>;

#[derive(Debug, Default)]
struct Cleared {
    /// How often the class was cleared. A request from before is not kept.
    times: u64,
    /// Until when nothing is kept.
    unsettled: Option<Instant>,
    /// When the last write was over that it was cleared for, as far as that is known.
    last: Option<Instant>,
}

/// The cache of one class.
#[derive(Debug)]
pub(super) struct Class {
    /// What holds the answers if other processes share them; `answers` is empty then, and nothing else is under way.
    shared: Option<SharedClass>,
    /// For how long an answer may be kept anywhere; `None` for ever.
    life: Option<Duration>,
    answers: TtlCache<Key, Answer>,
    /// Requests under way, of tasks and of the driver.
    tasks: SingleFlight<Key, Outcome>,
    driver: SingleFlight<Key, Outcome>,
    cleared: Mutex<Cleared>,
    loads_ok: AtomicU64,
    loads_failed: AtomicU64,
}

impl Class {
    fn new(
        name: &str,
        options: &ClassOptions,
        token: &TokenInUse,
        tiers: Option<&dyn MakeTier>,
    ) -> Option<Self> {
        if options.ttl == Some(Duration::ZERO) {
            return None;
        }
        let tier = tiers.and_then(|tiers| tiers.make(name, options, token.fingerprint()));
        let weight = |key: &Key, answer: &Answer| (OVERHEAD + key.len() + answer.bytes) as u64;
        let answers = TtlCache::builder()
            .max_entries(options.max_bytes / OVERHEAD)
            .max_weight(options.max_bytes as u64)
            .weigher(weight)
            .default_ttl(options.ttl)
            .stale_if_error(options.stale_if_error);
        #[cfg(test)]
        let answers = answers.clock(wats_cache::TokioClock::new());
        Some(Self {
            shared: tier.map(|tier| SharedClass::new(tier, token.clone())),
            life: options
                .ttl
                .map(|ttl| ttl.saturating_add(options.stale_if_error)),
            answers: answers.build(),
            tasks: SingleFlight::with_lease(LEASE),
            driver: SingleFlight::with_lease(LEASE),
            cleared: Mutex::default(),
            loads_ok: AtomicU64::new(0),
            loads_failed: AtomicU64::new(0),
        })
    }

    /// What is kept, if it is no older than that.
    pub(super) fn get(&self, key: &Key, max_age: Duration) -> Option<Answer> {
        let answer = self.answers.get(key)?;
        answer.is_within(max_age).then_some(answer)
    }

    /// What holds the answers, if other processes share them.
    #[inline]
    pub(super) fn shared(&self) -> Option<&SharedClass> {
        self.shared.as_ref()
    }

    /// Whether what is read now may be kept, and shared with who comes later.
    pub(super) fn may_keep(&self) -> bool {
        let mut cleared = self.cleared();
        let Some(until) = cleared.unsettled else {
            return true;
        };
        let over = Instant::now() >= until;
        if over {
            cleared.unsettled = None;
            drop(cleared);
            if let Some(shared) = &self.shared {
                // Others may have kept what the write has changed since.
                shared.clear();
            }
        }
        over
    }

    /// Has those who come from now on not join requests that are under way, nor these keep what they bring.
    pub(super) fn overtake(&self) {
        self.cleared().times += 1;
        self.tasks.forget_all();
        self.driver.forget_all();
    }

    /// The answer of a request under way, or else of `load`, which is kept unless the class is cleared meanwhile. If the
    /// server is away, one past its time, as the options allow.
    pub(super) async fn load<F>(
        &self,
        key: Key,
        on_driver: bool,
        read: Read,
        max_age: Duration,
        operation: &str,
        load: impl FnOnce() -> F,
    ) -> Result<Answer>
    where
        F: Future<Output = Result<Answer>>,
    {
        let loads = if on_driver { &self.driver } else { &self.tasks };
        let is_cached = read == Read::Cached;
        let is_any = is_cached && max_age == Duration::MAX;
        let lead = || async {
            // It may have come since it was looked for.
            if is_cached
                && let Some(answer) = self.answers.peek(&key)
                && answer.is_within(max_age)
            {
                return Ok::<_, Infallible>(Ok(answer));
            }
            let cleared = self.cleared().times;
            let outcome = load().await.map_err(Arc::new);
            self.keep(&key, &outcome, cleared);
            Ok(outcome)
        };
        let outcome = match loads.run_async(&key, lead).await {
            Ok(Ok(answer)) => LoadOutcome::Loaded(answer),
            // Who wants a younger one than is kept does not want an older one.
            Ok(Err(error)) if is_any && is_away(&error) => match self.answers.get_stale(&key) {
                Some(answer) => {
                    let age = answer.since.elapsed();
                    LoadOutcome::Stale(answer, error, Some(age))
                }
                None => LoadOutcome::Failed(error),
            },
            Ok(Err(error)) => LoadOutcome::Failed(error),
            Err(LoadError::Failed(never)) => match never {},
            Err(LoadError::Reentrant) => LoadOutcome::Reentrant,
        };
        outcome.into_result(operation)
    }

    fn keep(&self, key: &Key, outcome: &Outcome, cleared: u64) {
        let count = match outcome {
            Ok(_) => &self.loads_ok,
            Err(_) => &self.loads_failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
        let now = self.cleared();
        let may_keep = now.times == cleared && now.unsettled.is_none();
        if let (Ok(answer), true) = (outcome, may_keep) {
            self.answers.insert(key.clone(), answer.clone());
        }
    }

    /// Forgets all answers; requests under way are kept for nobody and joined by nobody any more. Nothing is kept for this
    /// time.
    fn clear(&self, unsettled: Duration) {
        let mut cleared = self.cleared();
        cleared.times += 1;
        let over = Instant::now() + unsettled;
        cleared.last = cleared.last.max(Some(over));
        if !unsettled.is_zero() {
            cleared.unsettled = Some(over);
        }
        if let Some(shared) = &self.shared {
            drop(cleared);
            if unsettled.is_zero() {
                shared.clear();
            } else {
                shared.clear_again_after(unsettled);
            }
            return;
        }
        self.answers.clear();
        self.tasks.forget_all();
        self.driver.forget_all();
    }

    /// Whether others may have an answer in memory from before it was cleared.
    fn was_cleared_lately(&self) -> bool {
        let last = self.cleared().last;
        last.is_some_and(|last| self.life.is_none_or(|life| last.elapsed() < life))
    }

    /// As that of another token was cleared: those who share the answers of this one were not told.
    fn clear_as(&self, before: &Self) {
        let (unsettled, last) = {
            let cleared = before.cleared();
            (cleared.unsettled, cleared.last)
        };
        let left = unsettled.map(|until| until.saturating_duration_since(Instant::now()));
        self.clear(left.unwrap_or_default());
        // Not that it has been told just now.
        self.cleared().last = last;
    }

    #[cfg(test)]
    pub(super) fn forgotten(&self) -> u64 {
        self.cleared().times
    }

    fn stats(&self) -> CacheStats {
        if let Some(shared) = &self.shared {
            return shared.stats();
        }
        let mut stats = self.answers.stats();
        stats.loads_ok = self.loads_ok.load(Ordering::Relaxed);
        stats.loads_failed = self.loads_failed.load(Ordering::Relaxed);
        stats
    }

    fn cleared(&self) -> MutexGuard<'_, Cleared> {
        self.cleared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
