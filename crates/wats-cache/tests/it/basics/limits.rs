//! Every option over its whole range: a limit is data, and no number of it breaks anything.

use std::time::Duration;
use wats_cache::{CacheBuilder, LoadError, ManualClock, Policy, SingleFlight, TtlCache};

type Builder = CacheBuilder<u32, u64>;
type Options = Box<dyn Fn(Builder) -> Builder>;

const TIMES: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_nanos(1),
    Duration::from_millis(1),
    Duration::from_secs(60),
    Duration::from_secs(u64::MAX),
    Duration::MAX,
];
const COUNTS: [usize; 7] = [0, 1, 2, 3, 1000, usize::MAX - 1, usize::MAX];
const WEIGHTS: [u64; 6] = [0, 1, 2, 1000, u64::MAX - 1, u64::MAX];
const SHARES: [f64; 9] = [
    0.0,
    f64::MIN_POSITIVE,
    0.5,
    1.0,
    -1.0,
    f64::MAX,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// All options but the bounds, each at all its ends.
fn options() -> Vec<(String, Options)> {
    let mut all: Vec<(String, Options)> = Vec::new();
    macro_rules! option {
        ($name:ident, $values:expr, $of:expr) => {
            for value in $values {
                let of = $of(value);
                let name = format!("{} = {of:?}", stringify!($name));
                all.push((name, Box::new(move |builder| builder.$name(of))));
            }
        };
    }
    option!(default_ttl, TIMES, |time| time);
    option!(time_to_idle, TIMES, Some);
    option!(load_lease, TIMES, Some);
    option!(stale_while_revalidate, TIMES, |time| time);
    option!(stale_if_error, TIMES, |time| time);
    option!(ttl_jitter, SHARES, |share| share);
    option!(refresh_ahead, SHARES, Some);
    option!(shards, COUNTS, Some);
    for ttl in TIMES {
        let negative = move |builder: Builder| builder.negative(ttl, |value| *value == 0);
        all.push((format!("negative = {ttl:?}"), Box::new(negative)));
    }
    all
}

#[test]
fn a_cache_works_with_every_option_at_every_end() {
    for policy in [Policy::S3Fifo, Policy::Sieve, Policy::Lru] {
        for (name, option) in options() {
            let clock = ManualClock::new();
            let builder = TtlCache::builder().policy(policy).clock(clock.clone());
            let cache = option(builder).build();
            for step in 0..40 {
                let (key, value) = (step % 7, u64::from(step % 3));
                cache.insert(key, value);
                assert!(cache.get(&key).is_none_or(|got| got == value), "{name}");
                let loaded =
                    cache.get_or_try_insert_with(key + 7, || Ok::<_, LoadError<()>>(value));
                assert!(loaded.is_ok(), "{name}");
                if step == 30 {
                    clock.set(Duration::MAX);
                } else {
                    clock.advance(Duration::from_millis(1));
                }
            }
            let stats = cache.stats();
            assert_eq!(stats.inserts - stats.removals(), stats.size, "{name}");
        }
    }
}

#[test]
fn an_insert_may_live_for_any_time() {
    for ttl in TIMES {
        let (clock, lives) = (ManualClock::new(), !ttl.is_zero());
        let cache: TtlCache<u32, u64> = TtlCache::builder()
            .refresh_ahead(Some(1.0))
            .stale_if_error(Duration::MAX)
            .clock(clock.clone())
            .build();
        cache.insert_with_ttl(1, 1, ttl);
        cache.insert_tagged(2, 2, Some(ttl), &["a"]);
        assert_eq!(
            (cache.get(&1), cache.get(&2)),
            (lives.then_some(1), lives.then_some(2)),
            "{ttl:?}"
        );
        clock.advance(ttl);
        assert_eq!(cache.get_or_insert_with(1, || 1), 1, "{ttl:?}");
        assert_eq!(cache.invalidate_tag("a"), 1, "{ttl:?}");
    }
}

#[test]
fn what_fits_the_whole_cache_is_taken_in_however_it_is_split() {
    for policy in [Policy::S3Fifo, Policy::Sieve, Policy::Lru] {
        for shards in COUNTS {
            for entries in COUNTS {
                let cache: TtlCache<u32, u64> = TtlCache::builder()
                    .policy(policy)
                    .max_entries(entries)
                    .shards(Some(shards))
                    .build();
                for key in 0..200 {
                    cache.clear();
                    cache.insert(key, 1);
                    let kept = cache.get(&key).is_some();
                    assert_eq!(kept, entries > 0, "{entries} entries, {shards} shards");
                }
                (0..200).for_each(|key| cache.insert(key, 1));
                assert!(cache.len() <= entries, "{entries} entries, {shards} shards");
            }
        }
    }
}

#[test]
fn the_bound_of_the_weight_holds_for_every_weight() {
    for shards in [None, Some(1), Some(usize::MAX)] {
        for most in WEIGHTS {
            for weight in WEIGHTS {
                let cache: TtlCache<u32, u64> = TtlCache::builder()
                    .max_weight(Some(most))
                    .shards(shards)
                    .weigher(|_, weight| *weight)
                    .build();
                for key in 0..100 {
                    cache.insert(key, weight);
                    assert_eq!(
                        cache.get(&key).is_some(),
                        weight <= most,
                        "{weight} of {most}"
                    );
                    assert!(cache.stats().weight <= most, "{weight} of {most}");
                }
                // Lighter, heavier, and away again.
                (0..100).for_each(|key| cache.insert(key, u64::from(key) % 3));
                assert!(cache.stats().weight <= most);
                for key in 0..100 {
                    cache.remove(&key);
                }
                assert_eq!((cache.len(), cache.stats().weight), (0, 0));
            }
        }
    }
}

#[test]
fn without_a_bound_of_the_weight_its_sum_has_an_end_all_the_same() {
    let cache: TtlCache<u32, u64> = TtlCache::builder()
        .shards(Some(1))
        .weigher(|_, weight| *weight)
        .build();
    cache.insert(1, u64::MAX - 1);
    cache.insert(2, 10);
    assert_eq!((cache.len(), cache.get(&2)), (1, Some(10)));
    cache.insert(3, u64::MAX);
    assert_eq!((cache.len(), cache.stats().weight), (1, u64::MAX));
    // Of one key, too, and over several shards.
    cache.insert(3, 7);
    assert_eq!(cache.stats().weight, 7);
    let split: TtlCache<u32, u64> = TtlCache::builder().weigher(|_, weight| *weight).build();
    (0..500).for_each(|key| split.insert(key, u64::MAX));
    assert_eq!(split.stats().weight, u64::MAX);
    for key in 0..500 {
        split.remove(&key);
    }
    assert_eq!((split.len(), split.stats().weight), (0, 0));
}

#[test]
fn entries_without_weight_are_bounded_as_entries() {
    let cache: TtlCache<u32, u64> = TtlCache::builder()
        .max_weight(Some(1 << 30))
        .weigher(|_, _| 0)
        .build();
    (0..5000).for_each(|key| cache.insert(key, 1));
    assert_eq!((cache.len(), cache.stats().weight), (1000, 0));
}

#[test]
fn without_a_weigher_the_bound_of_the_weight_is_one_of_entries() {
    for most in WEIGHTS {
        for shards in COUNTS {
            let cache: TtlCache<u32, u64> = TtlCache::builder()
                .max_weight(Some(most))
                .shards(Some(shards))
                .build();
            (0..2000).for_each(|key| cache.insert(key, 1));
            let stats = cache.stats();
            assert!(
                stats.weight <= most && stats.size <= 1000,
                "{most} {shards}"
            );
            assert_eq!(cache.get(&1999).is_some(), most > 0, "{most} {shards}");
        }
    }
}

#[test]
fn a_lease_may_have_any_length() {
    for lease in TIMES {
        let clock = ManualClock::new();
        let loads = SingleFlight::<u32, u64>::with_lease_and_clock(lease, clock.clone());
        assert_eq!(loads.run(&1, || Ok::<_, ()>(1)), Ok(1), "{lease:?}");
        clock.set(Duration::MAX);
        assert_eq!(loads.run(&1, || Ok::<_, ()>(2)), Ok(2), "{lease:?}");
        assert_eq!(loads.in_flight(), 0);
    }
}

#[test]
fn a_default_of_zero_keeps_nothing_and_none_keeps_for_ever() {
    let clock = ManualClock::new();
    let builder = || TtlCache::<u32, u32>::builder().clock(clock.clone());
    let nothing = builder().default_ttl(Duration::ZERO).build();
    let negative = builder().negative(Duration::ZERO, |_| true).build();
    let for_ever = builder().default_ttl(None).build();
    for cache in [&nothing, &negative, &for_ever] {
        assert_eq!(cache.get_or_insert_with(1, || 1), 1);
    }
    assert_eq!((nothing.get(&1), negative.get(&1)), (None, None));
    clock.advance(Duration::from_secs(86_400 * 365 * 100));
    assert_eq!(for_ever.get(&1), Some(1));
}
