//! Declaring that the time of entries is over, alone and against a model.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its failure")]

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wats_cache::{CacheBuilder, LoadOptions, Loaded, ManualClock, Policy, RemovalCause, TtlCache};

const SECOND: Duration = Duration::from_secs(1);

type Builder = CacheBuilder<u8, u32>;

fn cache(options: impl FnOnce(Builder) -> Builder) -> (TtlCache<u8, u32>, ManualClock) {
    let clock = ManualClock::new();
    let builder = TtlCache::builder().clock(clock.clone());
    (options(builder).build(), clock)
}

#[test]
fn an_expired_entry_is_a_miss_and_stays_for_a_loader_that_fails() {
    let (cache, clock) = cache(|with| with.stale_if_error(10 * SECOND));
    cache.insert_with_ttl(1, 7, Duration::MAX);
    assert!(cache.expire(&1));
    assert!(!cache.expire(&1), "it was not fresh any more");
    assert_eq!((cache.get(&1), cache.peek(&1)), (None, None));
    assert!(!cache.contains_key(&1) && cache.keys().is_empty());
    clock.advance(9 * SECOND);
    assert_eq!(cache.get_or_try_insert_with(1, || Err("down")), Ok(7));
    // To be told again does not make it live longer.
    cache.expire(&1);
    cache.expire_all();
    clock.advance(SECOND);
    assert!(cache.get_or_try_insert_with(1, || Err("down")).is_err());
    cache.cleanup_expired();
    assert_eq!(cache.len(), 0);
}

#[test]
fn all_entries_expire_at_once_whatever_they_were_given() {
    // Nothing in the background: the test counts what it cleans up itself.
    let (cache, clock) = cache(|with| {
        with.stale_if_error(10 * SECOND)
            .max_entries(1000)
            .sweep_interval(None)
    });
    for key in 0..100 {
        cache.insert_with_ttl(key, 1, Duration::MAX);
    }
    cache.expire_all();
    cache.insert(200, 2);
    assert!((0..100).all(|key| cache.get(&key).is_none()));
    assert_eq!(cache.keys(), [200]);
    assert_eq!((cache.get(&200), cache.get_stale(&7)), (Some(2), Some(1)));
    clock.advance(10 * SECOND);
    assert_eq!((cache.get(&200), cache.get_stale(&7)), (Some(2), None));
    assert_eq!(cache.cleanup_expired(), 100);
    let stats = cache.stats();
    assert_eq!((stats.inserts, stats.expired, stats.size), (101, 100, 1));
}

#[test]
fn what_no_option_keeps_is_removed() {
    let gone = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&gone);
    let tell = move |key: &u8, _: &u32, cause| told.lock().unwrap().push((*key, cause));
    let (cache, _) = cache(|with| with.on_removal(tell).sweep_interval(None));
    cache.insert(1, 1);
    cache.insert_tagged(2, 2, None, &["a"]);
    cache.insert(3, 3);
    assert!(cache.expire(&1));
    assert_eq!(cache.expire_tag("a"), 1);
    assert_eq!(cache.len(), 1);
    cache.expire_all();
    assert_eq!(cache.cleanup_expired(), 1);
    let gone = gone.lock().unwrap().clone();
    let (invalidated, expired) = (RemovalCause::Invalidated, RemovalCause::Expired);
    assert_eq!(gone, [(1, invalidated), (2, invalidated), (3, expired)]);
}

#[test]
fn what_is_declared_to_be_over_is_not_served_while_it_is_refreshed() {
    let (cache, clock) = cache(|with| {
        with.stale_while_revalidate(100 * SECOND)
            .stale_if_error(100 * SECOND)
            .default_ttl(SECOND)
    });
    let served = |value| cache.get_or_refresh_with(1, move || Ok::<_, ()>(value));
    let expires: [fn(&TtlCache<u8, u32>); 2] = [
        |of| {
            let _ = of.expire(&1);
        },
        TtlCache::expire_all,
    ];
    for expire in expires {
        cache.insert(1, 7);
        clock.advance(SECOND);
        assert_eq!(served(8), Ok(7));
        while cache.get(&1) != Some(8) {
            std::thread::yield_now();
        }
        clock.advance(SECOND);
        expire(&cache);
        assert_eq!(served(9), Ok(9));
    }
}

#[test]
fn a_refresh_ahead_does_not_bring_an_expired_entry_back() {
    let (cache, clock) = cache(|with| {
        with.refresh_ahead(0.5)
            .default_ttl(10 * SECOND)
            .stale_if_error(10 * SECOND)
    });
    cache.insert(1, 7);
    clock.advance(6 * SECOND);
    cache.expire(&1);
    assert_eq!(cache.get_or_try_insert_with(1, || Ok::<_, ()>(8)), Ok(8));
    assert_eq!(cache.get(&1), Some(8));
}

#[test]
fn a_use_does_not_bring_an_expired_entry_back() {
    for policy in [Policy::Lru, Policy::S3Fifo, Policy::Sieve] {
        let (cache, clock) = cache(|with| {
            with.time_to_idle(10 * SECOND)
                .policy(policy)
                .stale_if_error(5 * SECOND)
        });
        cache.insert(1, 7);
        cache.insert(2, 8);
        cache.expire(&1);
        cache.expire_all();
        assert_eq!((cache.get(&1), cache.get(&2)), (None, None), "{policy:?}");
        clock.advance(4 * SECOND);
        assert_eq!(
            (cache.get_stale(&1), cache.get_stale(&2)),
            (Some(7), Some(8))
        );
        clock.advance(SECOND);
        assert_eq!((cache.get_stale(&1), cache.get_stale(&2)), (None, None));
    }
}

#[test]
fn a_loader_says_for_how_long_its_value_may_be_served_stale() {
    let (cache, clock) = cache(|with| with.stale_if_error(10 * SECOND));
    let load = |key, loaded: Loaded<u32>| {
        let load = move || Ok::<_, String>(loaded);
        cache.get_or_load_with(key, load).unwrap()
    };
    let fails = |key| cache.get_or_try_insert_with(key, || Err("down")).is_err();
    load(1, Loaded::new(1).ttl(SECOND).stale_for(3 * SECOND));
    load(2, Loaded::new(1).ttl(SECOND).stale_for(Duration::ZERO));
    load(3, Loaded::new(1).ttl(SECOND).stale_for(Duration::MAX));
    // What is over already can be kept for its reserve.
    load(4, Loaded::new(1).ttl(Duration::ZERO).stale_for(4 * SECOND));
    assert_eq!((cache.get(&4), cache.get_stale(&4)), (None, Some(1)));
    clock.advance(SECOND);
    assert_eq!([1, 2, 3, 4].map(fails), [false, true, false, false]);
    clock.advance(2 * SECOND);
    assert_eq!([1, 3, 4].map(fails), [false, false, false]);
    clock.advance(SECOND);
    assert_eq!([1, 3, 4].map(fails), [true, false, true]);
    clock.advance(6 * SECOND);
    assert_eq!([3].map(fails), [false], "the option is the longest");
    clock.advance(SECOND);
    assert_eq!([3].map(fails), [true]);
}

#[test]
fn the_sweeper_hears_that_all_is_over() {
    let clock = ManualClock::new();
    let cache: TtlCache<u8, u32> = TtlCache::builder()
        .clock(clock.clone())
        .default_ttl(None)
        .stale_if_error(SECOND)
        .build();
    cache.insert(1, 1);
    cache.insert(2, 1);
    cache.expire(&1);
    cache.expire_all();
    clock.advance(SECOND);
    while !cache.is_empty() {
        std::thread::yield_now();
    }
}

#[derive(Debug, Clone)]
enum Step {
    Insert {
        key: u8,
        ttl: Option<u16>,
        tagged: bool,
    },
    /// A load whose value has a reserve of its own.
    Load {
        key: u8,
        ttl: u16,
        reserve: u16,
    },
    Fail(u8),
    Expire(u8),
    ExpireTag,
    ExpireAll(u8),
    Remove(u8),
    Clear,
    Advance(u16),
    Cleanup,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0_u8..6;
    let ttl = prop::option::of(0_u16..200);
    prop_oneof![
        6 => (key.clone(), ttl, any::<bool>())
            .prop_map(|(key, ttl, tagged)| Step::Insert { key, ttl, tagged }),
        4 => (key.clone(), 0_u16..200, 0_u16..300)
            .prop_map(|(key, ttl, reserve)| Step::Load { key, ttl, reserve }),
        2 => key.clone().prop_map(Step::Fail),
        3 => key.clone().prop_map(Step::Expire),
        1 => Just(Step::ExpireTag),
        3 => prop_oneof![9 => Just(1_u8), 1 => 1_u8..80].prop_map(Step::ExpireAll),
        1 => key.prop_map(Step::Remove),
        1 => Just(Step::Clear),
        5 => (0_u16..150).prop_map(Step::Advance),
        1 => Just(Step::Cleanup),
    ]
}

#[derive(Debug, Clone)]
struct Known {
    value: u32,
    /// None is never.
    fresh_until: Option<u64>,
    reserve: Option<u64>,
    tagged: bool,
}

#[derive(Default)]
struct Model {
    entries: BTreeMap<u8, Known>,
    now: u64,
    stale: u64,
}

impl Model {
    fn fresh(&self, key: u8) -> Option<u32> {
        let known = self.entries.get(&key)?;
        let fresh = known.fresh_until.is_none_or(|until| until > self.now);
        fresh.then_some(known.value)
    }

    fn stale(&self, key: u8) -> Option<u32> {
        let known = self.entries.get(&key)?;
        let late_by = self.now.checked_sub(known.fresh_until?)?;
        let most = known.reserve.unwrap_or(self.stale).min(self.stale);
        (late_by < most).then_some(known.value)
    }

    fn expire(&mut self, which: impl Fn(u8, &Known) -> bool) {
        let now = self.now;
        for (key, known) in &mut self.entries {
            if which(*key, known) {
                known.fresh_until = Some(known.fresh_until.map_or(now, |until| until.min(now)));
            }
        }
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each step")]
fn agree(policy: Policy, idle: bool, stale: u16, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let millis = |length: u16| Duration::from_millis(length.into());
    let clock = ManualClock::new();
    let mut builder = TtlCache::builder()
        .max_entries(100)
        .policy(policy)
        .default_ttl(None)
        .stale_if_error(millis(stale))
        .sweep_interval(None)
        .clock(clock.clone());
    if idle {
        // So long that it changes nothing but the way of a hit.
        builder = builder.time_to_idle(Duration::from_secs(1 << 30));
    }
    let cache: TtlCache<u8, u32> = builder.build();
    let stale = u64::from(stale);
    let mut model = Model {
        stale,
        ..Model::default()
    };
    for (value, step) in (1_u32..).zip(steps) {
        let now = model.now;
        match step {
            Step::Insert { key, ttl, tagged } => {
                let tags: &[&str] = if tagged { &["tag"] } else { &[] };
                cache.insert_tagged(key, value, ttl.map(millis), tags);
                let ttl = ttl.map(u64::from);
                let fresh_until = ttl.map(|ttl| now + ttl);
                let reserve = None;
                model.entries.insert(
                    key,
                    Known {
                        value,
                        fresh_until,
                        reserve,
                        tagged,
                    },
                );
            }
            Step::Load { key, ttl, reserve } => {
                let loaded = Loaded::new(value)
                    .ttl(millis(ttl))
                    .stale_for(millis(reserve));
                let load = move |_| Ok::<_, String>(loaded);
                let got = cache.load_with(key, LoadOptions::new(), load).unwrap();
                let known = model.fresh(key);
                prop_assert_eq!(got, known.unwrap_or(value));
                if known.is_none() {
                    // What is kept still is refreshed, and its tags stay.
                    let kept = model
                        .entries
                        .get(&key)
                        .filter(|known| known.fresh_until.is_none_or(|until| until + stale > now));
                    let tagged = kept.is_some_and(|known| known.tagged);
                    let (ttl, reserve) = (Some(ttl.into()), Some(reserve.into()));
                    let fresh_until = ttl.map(|ttl: u64| now + ttl);
                    model.entries.insert(
                        key,
                        Known {
                            value,
                            fresh_until,
                            reserve,
                            tagged,
                        },
                    );
                }
            }
            Step::Fail(key) => {
                let got = cache.get_or_try_insert_with(key, || Err("down")).ok();
                prop_assert_eq!(got, model.fresh(key).or_else(|| model.stale(key)));
            }
            Step::Expire(key) => {
                let fresh = model.fresh(key).is_some();
                prop_assert_eq!(cache.expire(&key), fresh);
                model.expire(|of, _| of == key);
            }
            Step::ExpireTag => {
                let tagged = |key: &&u8| model.entries[key].tagged && model.fresh(**key).is_some();
                let fresh = model.entries.keys().filter(tagged).count();
                prop_assert_eq!(cache.expire_tag("tag"), fresh);
                model.expire(|_, known| known.tagged);
            }
            Step::ExpireAll(times) => {
                for _ in 0..times {
                    cache.expire_all();
                }
                model.expire(|_, _| true);
            }
            Step::Remove(key) => {
                prop_assert_eq!(cache.remove(&key), model.fresh(key));
                model.entries.remove(&key);
            }
            Step::Clear => {
                cache.clear();
                model.entries.clear();
            }
            Step::Advance(by) => {
                clock.advance(millis(by));
                model.now += u64::from(by);
            }
            Step::Cleanup => {
                cache.cleanup_expired();
                let kept =
                    |known: &&Known| known.fresh_until.is_none_or(|until| until + stale > now);
                prop_assert_eq!(cache.len(), model.entries.values().filter(kept).count());
            }
        }
        for key in 0..6 {
            prop_assert_eq!(cache.peek(&key), model.fresh(key), "key {}", key);
            prop_assert_eq!(cache.get_stale(&key), model.stale(key), "key {}", key);
            prop_assert_eq!(cache.get(&key), model.fresh(key), "key {}", key);
        }
        let stats = cache.stats();
        prop_assert_eq!(stats.inserts - stats.removals(), stats.size);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn declared_ends_agree_with_a_model(
        policy in prop_oneof![Just(Policy::S3Fifo), Just(Policy::Sieve), Just(Policy::Lru)],
        idle in any::<bool>(),
        stale in prop_oneof![Just(0_u16), 1_u16..400],
        steps in prop::collection::vec(step(), 0..120),
    ) {
        agree(policy, idle, stale, steps)?;
    }
}
