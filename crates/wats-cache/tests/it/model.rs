//! The cache against a model too simple to be wrong, and many threads against its invariants.

use proptest::prelude::*;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;
use wats_cache::{ManualClock, Policy, TtlCache};

/// All keys fall into the same place.
#[derive(Clone, Default)]
struct Equal;

impl Hasher for Equal {
    fn finish(&self) -> u64 {
        42
    }
    fn write(&mut self, _: &[u8]) {}
}

impl BuildHasher for Equal {
    type Hasher = Self;
    fn build_hasher(&self) -> Self {
        Self
    }
}

#[derive(Debug, Clone)]
enum Step {
    Get(u8),
    Insert(u8, u16),
    InsertFor(u8, u16, u16),
    Remove(u8),
    Load(u8, u16),
    Advance(u16),
    Cleanup,
    Clear,
    RetainOdd,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0_u8..24;
    prop_oneof![
        6 => key.clone().prop_map(Step::Get),
        5 => (key.clone(), any::<u16>()).prop_map(|(k, v)| Step::Insert(k, v)),
        3 => (key.clone(), any::<u16>(), 0_u16..300).prop_map(|(k, v, t)| Step::InsertFor(k, v, t)),
        1 => key.clone().prop_map(Step::Remove),
        2 => (key, any::<u16>()).prop_map(|(k, v)| Step::Load(k, v)),
        3 => (0_u16..120).prop_map(Step::Advance),
        1 => Just(Step::Cleanup),
        1 => prop_oneof![9 => Just(Step::RetainOdd), 1 => Just(Step::Clear)],
    ]
}

/// Entries in the order of their last use, oldest first.
#[derive(Default)]
struct Model {
    entries: Vec<(u8, u16, u64)>,
    now: u64,
}

const DEFAULT_TTL: u64 = 100;

impl Model {
    fn purge(&mut self) {
        let now = self.now;
        self.entries.retain(|entry| entry.2 > now);
    }

    fn get(&mut self, key: u8) -> Option<u16> {
        self.purge();
        let at = self.entries.iter().position(|entry| entry.0 == key)?;
        let entry = self.entries.remove(at);
        self.entries.push(entry);
        Some(entry.1)
    }

    fn insert(&mut self, key: u8, value: u16, ttl: u64, capacity: usize) {
        self.purge();
        self.entries.retain(|entry| entry.0 != key);
        if capacity == 0 {
            return;
        }
        if self.entries.len() == capacity {
            self.entries.remove(0);
        }
        let until = self.now + ttl;
        self.entries.push((key, value, until));
    }
}

/// Runs the steps on both; `exact` says whether the model knows who is evicted.
fn agree<S>(
    hasher: S,
    policy: Policy,
    capacity: usize,
    steps: Vec<Step>,
) -> Result<(), TestCaseError>
where
    S: BuildHasher + Send + Sync + 'static,
{
    let exact = policy == Policy::Lru;
    let clock = ManualClock::new();
    let cache: TtlCache<u8, u16, S> = TtlCache::builder()
        .max_entries(capacity)
        .policy(policy)
        .default_ttl(Duration::from_millis(DEFAULT_TTL))
        .sweep_interval(None)
        .load_lease(None)
        .clock(clock.clone())
        .hasher(hasher)
        .build();
    let mut model = Model::default();
    let (mut gets, room) = (0, if exact { capacity } else { usize::MAX });
    for step in steps {
        match step {
            Step::Get(key) => {
                gets += 1;
                let (got, expected) = (cache.get(&key), model.get(key));
                // Another policy may have evicted it, but never makes anything up.
                prop_assert!(
                    got == expected || (!exact && got.is_none()),
                    "{got:?} {expected:?}"
                );
            }
            Step::Insert(key, value) => {
                cache.insert(key, value);
                model.insert(key, value, DEFAULT_TTL, room);
            }
            Step::InsertFor(key, value, ttl) => {
                cache.insert_with_ttl(key, value, Duration::from_millis(ttl.into()));
                model.insert(key, value, ttl.into(), room);
            }
            Step::Remove(key) => {
                let (got, expected) = (cache.remove(&key), model.get(key));
                prop_assert!(got == expected || (!exact && got.is_none()));
                model.entries.retain(|entry| entry.0 != key);
            }
            Step::Load(key, value) => {
                gets += 1;
                let (got, known) = (cache.get_or_insert_with(key, || value), model.get(key));
                let loaded = got == value && (!exact || known.is_none());
                prop_assert!(known == Some(got) || loaded);
                if known != Some(got) {
                    model.insert(key, value, DEFAULT_TTL, room);
                }
            }
            Step::Advance(by) => {
                clock.advance(Duration::from_millis(by.into()));
                model.now += u64::from(by);
            }
            Step::Cleanup => {
                cache.cleanup_expired();
                model.purge();
                prop_assert!(!exact || cache.len() == model.entries.len());
            }
            Step::Clear => {
                cache.clear();
                model.entries.clear();
            }
            Step::RetainOdd => {
                cache.retain(|_, value| value % 2 == 1);
                model.entries.retain(|entry| entry.1 % 2 == 1);
            }
        }
        let stats = cache.stats();
        prop_assert!(cache.len() <= capacity);
        prop_assert_eq!(stats.hits + stats.misses, gets);
        prop_assert_eq!(stats.inserts - stats.removals(), stats.size);
        model.purge();
        let (mut present, mut known) = (
            cache.keys(),
            model.entries.iter().map(|e| e.0).collect::<Vec<_>>(),
        );
        present.sort_unstable();
        known.sort_unstable();
        if exact {
            prop_assert_eq!(&present, &known);
        } else {
            prop_assert!(present.iter().all(|key| known.contains(key)));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn exact_lru_agrees_with_the_model(capacity in 0_usize..30, steps in prop::collection::vec(step(), 0..250)) {
        agree(wats_cache::RandomState::default(), Policy::Lru, capacity, steps)?;
    }

    #[test]
    fn no_policy_makes_anything_up(
        policy in prop_oneof![Just(Policy::S3Fifo), Just(Policy::Sieve)],
        capacity in 0_usize..30,
        steps in prop::collection::vec(step(), 0..250),
    ) {
        agree(wats_cache::RandomState::default(), policy, capacity, steps)?;
    }

    #[test]
    fn keys_with_equal_hashes_are_told_apart(
        policy in prop_oneof![Just(Policy::S3Fifo), Just(Policy::Sieve), Just(Policy::Lru)],
        capacity in 0_usize..30,
        steps in prop::collection::vec(step(), 0..250),
    ) {
        agree(Equal, policy, capacity, steps)?;
    }
}

#[test]
fn thirty_two_threads_keep_the_invariants() {
    const THREADS: u64 = 32;
    const STEPS: u64 = 4000;
    for policy in [Policy::S3Fifo, Policy::Sieve, Policy::Lru] {
        let clock = ManualClock::new();
        let told = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&told);
        let cache: TtlCache<u64, u64> = TtlCache::builder()
            .max_entries(500)
            .policy(policy)
            .default_ttl(Duration::from_millis(50))
            .clock(clock.clone())
            .on_removal(move |key, value, _| {
                assert_eq!(key % 1000, value % 1000, "a value under another's key");
                count.fetch_add(1, Ordering::Relaxed);
            })
            .build();
        let gets = AtomicU64::new(0);
        let barrier = Barrier::new(THREADS as usize);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (cache, clock, gets, barrier) = (&cache, &clock, &gets, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let mut random = thread + 1;
                    for _ in 0..STEPS {
                        random = random
                            .wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1);
                        let key = (random >> 33) % 1000;
                        let value = key + 1000 * (random % 7);
                        match (random >> 20) % 100 {
                            0..50 => {
                                gets.fetch_add(1, Ordering::Relaxed);
                                assert!(cache.get(&key).is_none_or(|got| got % 1000 == key));
                            }
                            50..75 => cache.insert(key, value),
                            75..90 => {
                                gets.fetch_add(1, Ordering::Relaxed);
                                assert_eq!(cache.get_or_insert_with(key, || value) % 1000, key);
                            }
                            90..96 => {
                                assert!(cache.remove(&key).is_none_or(|got| got % 1000 == key));
                            }
                            96 => drop(cache.keys()),
                            97 => clock.advance(Duration::from_millis(1)),
                            98 => assert!(cache.retain(|key, _| key % 50 != 0) <= 500),
                            _ => assert!(cache.cleanup_expired() <= 100_000),
                        }
                    }
                });
            }
        });
        assert!(cache.len() <= 500);
        // The clock stands still, so what is not expired now stays; the sweeper may help with the rest.
        let live = cache.iter().count();
        cache.cleanup_expired();
        let stats = cache.stats();
        assert_eq!(stats.hits + stats.misses, gets.into_inner());
        assert_eq!(stats.inserts - stats.removals(), stats.size);
        assert_eq!(stats.size, live as u64, "{policy:?}");
        cache.clear();
        let stats = cache.stats();
        assert_eq!(stats.size, 0);
        // The sweeper may be telling still what it has counted already.
        while told.load(Ordering::Relaxed) < stats.removals() + stats.updates {
            std::thread::yield_now();
        }
        assert_eq!(
            told.load(Ordering::Relaxed),
            stats.removals() + stats.updates,
            "{policy:?}"
        );
    }
}
