//! Loads with options of their own, and what a loader says of its load while it runs.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its failure")]

use std::sync::mpsc;
use std::time::Duration;
use wats_cache::{LoadError, LoadHandle, LoadOptions, Loaded, ManualClock, Read, TtlCache};

const SECOND: Duration = Duration::from_secs(1);

type Cache = TtlCache<u32, u32>;
type Outcome = Result<u32, LoadError<&'static str>>;

fn load(value: u32) -> impl FnOnce(LoadHandle) -> Result<Loaded<u32>, &'static str> + Send {
    move |_| Ok(Loaded::new(value))
}

fn down(_: LoadHandle) -> Result<Loaded<u32>, &'static str> {
    Err("down")
}

fn old(value: u32, options: LoadOptions<u32>) -> LoadOptions<u32> {
    options.accept(move |kept| *kept > value)
}

#[test]
fn who_does_not_accept_what_is_there_loads() {
    let cache = Cache::new();
    cache.insert(1, 7);
    assert_eq!(
        cache.load_with(1, old(6, LoadOptions::new()), load(9)),
        Ok(7)
    );
    assert_eq!(
        cache.load_with(1, old(7, LoadOptions::new()), load(8)),
        Ok(8)
    );
    assert_eq!(cache.get(&1), Some(8));
    // Its own value is taken as it is.
    assert_eq!(
        cache.load_with(1, old(100, LoadOptions::new()), load(9)),
        Ok(9)
    );
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.loads_ok), (2, 2, 2));
}

#[test]
fn who_asks_the_origin_gets_its_answer_and_no_stale_one() {
    let clock = ManualClock::new();
    let cache: Cache = TtlCache::builder()
        .clock(clock.clone())
        .default_ttl(SECOND)
        .stale_if_error(SECOND)
        .build();
    for read in [Read::Shared, Read::Origin] {
        let options = || LoadOptions::new().read(read);
        cache.insert(1, 7);
        assert_eq!(
            cache.load_with(1, options(), down),
            Err(LoadError::Failed("down"))
        );
        assert_eq!(cache.get(&1), Some(7), "what there is stays");
        assert_eq!(cache.load_with(1, options(), load(8)), Ok(8));
        assert_eq!(cache.get(&1), Some(8));
        clock.advance(SECOND);
        assert!(cache.load_with(1, options(), down).is_err());
        assert_eq!(cache.load_with(1, LoadOptions::new(), down), Ok(8));
        let own = LoadOptions::new().stale_if_error(false);
        assert!(cache.load_with(1, own, down).is_err());
        let young = old(8, LoadOptions::new());
        assert!(cache.load_with(1, young, down).is_err(), "not young enough");
        assert_eq!(cache.get_stale(&1), Some(8));
    }
}

/// Runs `meanwhile` while a load of key 1 is under way, which then does what `before` says and returns 7. Tells what the load
/// returned, and what is cached then.
fn during(
    cache: &Cache,
    options: LoadOptions<u32>,
    loaded: Loaded<u32>,
    before: impl FnOnce(&LoadHandle) + Send + 'static,
    meanwhile: impl FnOnce(&Cache),
) -> (Outcome, Option<u32>) {
    let (go, gate) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let cache = cache.clone();
    let outcome = std::thread::scope(|scope| {
        let leader = cache.clone();
        let leader = scope.spawn(move || {
            let load = move |handle: LoadHandle| {
                started.send(()).unwrap();
                let _ = gate.recv();
                before(&handle);
                Ok(loaded)
            };
            leader.load_with(1, options, load)
        });
        running.recv().unwrap();
        meanwhile(&cache);
        drop(go);
        leader.join().unwrap()
    });
    (outcome, cache.peek(&1))
}

#[test]
fn what_is_declared_to_be_over_during_a_load_overtakes_it() {
    let nothing = |_: &LoadHandle| {};
    let new = || LoadOptions::new();
    let value = || Loaded::new(7).tags(["a"]);
    let all: [fn(&Cache); 4] = [
        |cache| {
            let _ = cache.expire(&1);
        },
        |cache| {
            let _ = cache.expire_tag("a");
        },
        |cache| cache.expire_all(),
        |cache| {
            let _ = cache.load_with(1, LoadOptions::new().read(Read::Origin), down);
        },
    ];
    for meanwhile in all {
        let cache = Cache::new();
        assert_eq!(
            during(&cache, new(), value(), nothing, meanwhile),
            (Ok(7), None)
        );
    }
    let others: [fn(&Cache); 2] = [
        |cache| {
            let _ = cache.expire(&2);
        },
        |cache| {
            let _ = cache.expire_tag("b");
        },
    ];
    for meanwhile in others {
        let cache = Cache::new();
        assert_eq!(
            during(&cache, new(), value(), nothing, meanwhile),
            (Ok(7), Some(7))
        );
    }
}

#[test]
fn what_was_over_before_the_read_that_counts_does_not_matter() {
    let all: [fn(&Cache); 5] = [
        |cache| {
            let _ = cache.expire(&1);
        },
        |cache| {
            let _ = cache.remove(&1);
        },
        |cache| {
            let _ = cache.invalidate_tag("a");
        },
        |cache| cache.expire_all(),
        |cache| {
            for n in 0..100 {
                cache.invalidate_tag(&n.to_string());
            }
        },
    ];
    for meanwhile in all {
        let cache = Cache::new();
        let reads = |handle: &LoadHandle| assert!(handle.from_here_on());
        let value = Loaded::new(7).tags(["a", "3"]);
        let outcome = during(&cache, LoadOptions::new(), value, reads, meanwhile);
        assert_eq!(outcome, (Ok(7), Some(7)));
    }
}

#[test]
fn a_load_that_began_later_wins_over_one_that_reads_again() {
    let (go, gate) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let cache = Cache::new();
    let later = cache.clone();
    let (told, may) = mpsc::channel();
    let reads = move |handle: &LoadHandle| told.send(handle.from_here_on()).unwrap();
    let mut second = None;
    let outcome = during(&cache, LoadOptions::new(), Loaded::new(7), reads, |cache| {
        cache.expire(&1);
        second = Some(std::thread::spawn(move || {
            later.get_or_load_with(1, || {
                started.send(()).unwrap();
                let _ = gate.recv();
                Ok::<_, ()>(Loaded::new(8))
            })
        }));
        running.recv().unwrap();
    });
    assert_eq!(outcome, (Ok(7), None));
    assert!(!may.recv().unwrap());
    drop(go);
    assert_eq!(second.unwrap().join().unwrap(), Ok(8));
    assert_eq!(cache.get(&1), Some(8));
}

#[test]
fn a_handle_that_outlives_its_load_or_the_cache_does_nothing() {
    let cache = Cache::new();
    let (give, handles) = mpsc::channel();
    let load = move |handle: LoadHandle| {
        give.send(handle).unwrap();
        Ok::<_, &str>(Loaded::new(7))
    };
    assert_eq!(cache.load_with(1, LoadOptions::new(), load), Ok(7));
    let handle = handles.recv().unwrap();
    assert!(!handle.from_here_on());
    drop(cache);
    assert!(!handle.from_here_on());
}

#[test]
fn who_loads_alone_waits_for_nobody_and_the_one_that_began_last_is_kept() {
    let cache = Cache::new();
    let alone = || LoadOptions::new().alone(true);
    let beside = |cache: &Cache| {
        assert_eq!(cache.load_with(1, alone(), load(8)), Ok(8));
        assert_eq!(cache.get(&1), Some(8));
    };
    let nothing = |_: &LoadHandle| {};
    let outcome = during(&cache, LoadOptions::new(), Loaded::new(7), nothing, beside);
    assert_eq!(outcome, (Ok(7), Some(8)));
    // Nor does anybody wait for it.
    cache.clear();
    let joins = |cache: &Cache| assert_eq!(cache.get_or_insert_with(1, || 9), 9);
    let outcome = during(&cache, alone(), Loaded::new(7), nothing, joins);
    assert_eq!(outcome, (Ok(7), Some(9)));
    assert_eq!(
        cache.load_with(1, alone(), load(1)),
        Ok(9),
        "what is there will do"
    );
}

#[test]
fn who_announces_its_tags_is_waited_for_in_spite_of_others() {
    let joined = |announced: &[&'static str], tag: &'static str| {
        let cache = Cache::new();
        let joiner = cache.clone();
        let mut waits = None;
        let nothing = |_: &LoadHandle| {};
        let options = LoadOptions::new().tags(announced);
        let value = Loaded::new(7).tags(["a"]);
        let outcome = during(&cache, options, value, nothing, |cache| {
            cache.expire_tag(tag);
            let (done, joins) = mpsc::channel();
            waits = Some(std::thread::spawn(move || {
                let value = joiner.get_or_insert_with(1, || 8);
                let _ = done.send(());
                value
            }));
            // One that does not wait is done soon; the other is not done before the load is.
            if announced.contains(&tag) {
                joins.recv().unwrap();
            } else {
                while cache.stats().misses < 2 {
                    std::thread::yield_now();
                }
            }
        });
        (outcome.0, waits.unwrap().join().unwrap(), cache.get(&1))
    };
    assert_eq!(joined(&["a"], "a"), (Ok(7), 8, Some(8)));
    assert_eq!(joined(&["a"], "b"), (Ok(7), 7, Some(7)));
}
