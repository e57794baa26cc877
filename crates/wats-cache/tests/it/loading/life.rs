//! What an entry was given stays with it when it is refreshed, and a loader can give it.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its failure")]

use super::SECOND;
use std::sync::mpsc;
use std::time::Duration;
use wats_cache::{CacheBuilder, LoadError, Loaded, ManualClock, TtlCache};

type Builder = CacheBuilder<u32, u32>;
type Options = fn(Builder) -> Builder;

/// The options under which an entry is refreshed, and when in its life of ten seconds.
fn refreshes() -> [(Options, Duration); 3] {
    [
        (|with| with.refresh_ahead(Some(0.5)), 5 * SECOND),
        (
            |with| with.stale_while_revalidate(100 * SECOND),
            10 * SECOND,
        ),
        (|with| with.stale_if_error(100 * SECOND), 10 * SECOND),
    ]
}

fn refreshed_cache(options: Options) -> (TtlCache<u32, u32>, ManualClock) {
    let clock = ManualClock::new();
    let with = TtlCache::builder().default_ttl(60 * SECOND);
    (options(with).clock(clock.clone()).build(), clock)
}

#[test]
fn tags_and_a_time_of_its_own_survive_every_refresh() {
    for (options, at) in refreshes() {
        let (cache, clock) = refreshed_cache(options);
        cache.insert_tagged(1, 1, Some(10 * SECOND), &["a", "b"]);
        cache.insert_with_ttl(2, 1, 10 * SECOND);
        for round in 2..5 {
            clock.advance(at);
            assert_eq!(cache.get_or_insert_with(1, || round), round);
            let load = || Ok::<_, LoadError<()>>(round);
            assert_eq!(cache.get_or_try_insert_with(2, load), Ok(round));
        }
        // The last refresh was at the start of a life of ten seconds.
        clock.advance(Duration::from_millis(9999));
        assert_eq!((cache.get(&1), cache.get(&2)), (Some(4), Some(4)));
        assert_eq!(cache.invalidate_tag("c"), 0);
        assert_eq!(cache.invalidate_tag("b"), 1);
        clock.advance(Duration::from_millis(1));
        assert_eq!((cache.peek(&1), cache.peek(&2)), (None, None));
    }
}

#[test]
fn they_survive_a_refresh_in_the_background() {
    let (cache, clock) = refreshed_cache(|with| with.refresh_ahead(Some(0.5)));
    cache.insert_tagged(1, 1, Some(10 * SECOND), &["a"]);
    clock.advance(5 * SECOND);
    assert_eq!(cache.get_or_refresh_with(1, || Ok::<_, ()>(2)), Ok(1));
    while cache.get(&1) != Some(2) {
        std::thread::yield_now();
    }
    clock.advance(9 * SECOND);
    assert_eq!(cache.get(&1), Some(2), "its life has begun anew");
    assert_eq!(cache.invalidate_tag("a"), 1);
}

#[test]
fn a_failed_refresh_changes_nothing() {
    let (cache, clock) = refreshed_cache(|with| with.refresh_ahead(Some(0.5)));
    cache.insert_tagged(1, 1, Some(10 * SECOND), &["a"]);
    clock.advance(5 * SECOND);
    assert_eq!(cache.get_or_try_insert_with(1, || Err("down")), Ok(1));
    clock.advance(5 * SECOND);
    assert_eq!(cache.get(&1), None);
}

#[test]
fn an_insert_by_the_user_is_a_new_entry() {
    let (cache, clock) = refreshed_cache(|with| with.stale_while_revalidate(SECOND));
    cache.insert_tagged(1, 1, Some(SECOND), &["a"]);
    cache.insert(1, 2);
    clock.advance(59 * SECOND);
    assert_eq!((cache.get(&1), cache.invalidate_tag("a")), (Some(2), 0));
}

#[test]
fn a_loader_gives_its_value_a_time_and_tags() {
    for (options, _) in refreshes() {
        let (cache, clock) = refreshed_cache(options);
        let load = |value, seconds| {
            let loaded = Loaded::new(value).ttl(seconds * SECOND).tags(["a", "b"]);
            move || Ok::<_, LoadError<()>>(loaded)
        };
        assert_eq!(cache.get_or_load_with(1, load(1, 10)), Ok(1));
        assert_eq!(cache.get_or_load_shared_with(2, load(2, 20)), Ok(2));
        assert_eq!(cache.get_or_load_refreshing_with(3, load(3, 30)), Ok(3));
        clock.advance(10 * SECOND);
        assert_eq!((cache.get(&1), cache.get(&2)), (None, Some(2)));
        clock.advance(10 * SECOND);
        assert_eq!((cache.get(&2), cache.get(&3)), (None, Some(3)));
        assert!(cache.invalidate_tag("b") >= 1);
        assert_eq!(cache.get(&3), None);
    }
}

#[test]
fn what_a_loader_says_replaces_what_was_given_before_and_the_rest_stays() {
    let (cache, clock) = refreshed_cache(|with| with.stale_while_revalidate(100 * SECOND));
    let load = |loaded: Loaded<u32>| cache.get_or_load_with(1, || Ok::<_, LoadError<()>>(loaded));
    cache.insert_tagged(1, 1, Some(10 * SECOND), &["a"]);
    clock.advance(10 * SECOND);
    assert_eq!(load(Loaded::new(2).tags(["b"])), Ok(2));
    assert_eq!(cache.invalidate_tag("a"), 0);
    clock.advance(10 * SECOND);
    assert_eq!(load(Loaded::new(3).ttl(20 * SECOND)), Ok(3));
    clock.advance(19 * SECOND);
    assert_eq!((cache.get(&1), cache.invalidate_tag("b")), (Some(3), 1));
    // Nothing is there now to take anything from.
    assert_eq!(load(Loaded::new(4)), Ok(4));
    clock.advance(59 * SECOND);
    assert_eq!(cache.get(&1), Some(4));
}

#[test]
fn a_value_whose_time_is_over_is_handed_out_and_not_cached() {
    let clock = ManualClock::new();
    let cache: TtlCache<u32, u32> = TtlCache::builder().clock(clock.clone()).build();
    let load =
        |ttl| cache.get_or_load_with(1, move || Ok::<_, LoadError<()>>(Loaded::new(1).ttl(ttl)));
    assert_eq!(load(Duration::ZERO), Ok(1));
    assert_eq!(cache.get(&1), None);
    assert_eq!(load(Duration::MAX), Ok(1));
    clock.advance(1_000_000_000 * SECOND);
    assert_eq!(cache.get(&1), Some(1), "the longest time is for ever");
}

#[test]
fn a_negative_value_lives_its_own_time_even_where_it_refreshes_another() {
    let clock = ManualClock::new();
    let cache: TtlCache<u32, u32> = TtlCache::builder()
        .stale_if_error(100 * SECOND)
        .negative(SECOND, |value| *value == 0)
        .clock(clock.clone())
        .build();
    cache.insert_with_ttl(1, 1, 10 * SECOND);
    clock.advance(10 * SECOND);
    assert_eq!(cache.get_or_insert_with(1, || 0), 0);
    clock.advance(SECOND);
    assert_eq!(cache.get(&1), None);
    assert_eq!(cache.get_or_insert_with(1, || 2), 2);
    clock.advance(9 * SECOND);
    assert_eq!(
        cache.get(&1),
        Some(2),
        "and the next has the entry's time again"
    );
    clock.advance(SECOND);
    assert_eq!(cache.get(&1), None);
}

/// Runs `meanwhile` while a load of key 1 is under way, and tells whether its value was cached.
fn is_cached(
    cache: &TtlCache<u32, u32>,
    loaded: Loaded<u32>,
    meanwhile: impl FnOnce(&TtlCache<u32, u32>),
) -> bool {
    let (go, gate) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    std::thread::scope(|scope| {
        let leader = scope.spawn(move || {
            let load = || {
                started.send(()).unwrap();
                let _ = gate.recv();
                Ok::<_, LoadError<()>>(loaded)
            };
            cache.get_or_load_with(1, load)
        });
        running.recv().unwrap();
        meanwhile(cache);
        drop(go);
        assert_eq!(leader.join().unwrap(), Ok(7));
    });
    cache.peek(&1) == Some(7)
}

#[test]
fn a_tag_overtakes_the_loads_that_carry_it_and_no_others() {
    let untagged = || Loaded::new(7);
    let tagged = || Loaded::new(7).tags(["a", "b"]);
    let invalidate = |tag: &'static str| {
        move |cache: &TtlCache<u32, u32>| assert_eq!(cache.invalidate_tag(tag), 0)
    };
    let new = TtlCache::<u32, u32>::new;
    assert!(is_cached(&new(), untagged(), invalidate("a")));
    assert!(is_cached(&new(), tagged(), invalidate("c")));
    assert!(!is_cached(&new(), tagged(), invalidate("b")));
    // So many that they are not noted one by one.
    let many = |cache: &TtlCache<u32, u32>| {
        for n in 0..1000 {
            cache.invalidate_tag(&n.to_string());
        }
        cache.invalidate_tag("b");
    };
    assert!(!is_cached(&new(), tagged(), many));
    // A load that refreshes carries the tags of the entry.
    for (tag, cached) in [("a", false), ("b", true)] {
        let (cache, clock) = refreshed_cache(|with| with.stale_if_error(SECOND * 9));
        cache.insert_tagged(1, 1, Some(SECOND), &["a"]);
        clock.advance(SECOND);
        let meanwhile = |cache: &TtlCache<u32, u32>| {
            cache.invalidate_tag(tag);
        };
        assert_eq!(is_cached(&cache, untagged(), meanwhile), cached);
    }
}

#[test]
fn who_comes_after_a_tag_was_invalidated_does_not_get_what_may_carry_it() {
    let cache = TtlCache::<u32, u32>::new();
    let later = |cache: &TtlCache<u32, u32>| {
        cache.invalidate_tag("a");
        assert_eq!(cache.get_or_insert_with(1, || 8), 8);
    };
    assert!(!is_cached(&cache, Loaded::new(7).tags(["a"]), later));
    assert_eq!(cache.get(&1), Some(8));
}

#[test]
fn what_a_loader_inserts_for_its_own_key_wins() {
    let cache = TtlCache::<u32, u32>::new();
    let load = || {
        cache.insert_with_ttl(1, 5, SECOND);
        6
    };
    assert_eq!(cache.get_or_insert_with(1, load), 6);
    assert_eq!(cache.get(&1), Some(5));
}

#[test]
fn a_value_whose_time_is_zero_is_handed_out_and_not_kept_by_the_real_clock_either() {
    let cache: TtlCache<u32, u32> = TtlCache::new();
    for n in 0..100 {
        let value = cache.get_or_load_with(1, || {
            Ok::<_, ()>(Loaded::new(n).ttl(std::time::Duration::ZERO))
        });
        assert_eq!(value, Ok(n));
        assert_eq!(cache.get(&1), None);
    }
}
