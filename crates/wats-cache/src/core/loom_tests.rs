//! A load and what overtakes it, in every order in which their threads can run: what was read before is not kept after.
//!
//! ```text
//! RUSTFLAGS="--cfg wats_loom" cargo test --release -p wats-cache --lib loom_tests
//! ```

use crate::{LoadHandle, LoadOptions, Loaded, ManualClock, Read, TtlCache};
use loom::sync::atomic::AtomicU32;
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

type Cache = TtlCache<u8, u32>;

fn read(
    source: &Arc<AtomicU32>,
    begin: fn(LoadHandle),
) -> impl FnOnce(LoadHandle) -> Result<Loaded<u32>, ()> + Send + 'static {
    let source = Arc::clone(source);
    move |handle| {
        begin(handle);
        Ok(Loaded::new(source.load(Ordering::SeqCst)).tags(["a"]))
    }
}

/// One thread loads, another changes the source, declares what was read to be over, and asks.
fn check(begin: fn(LoadHandle), options: fn() -> LoadOptions<u32>, overtake: fn(&Cache)) {
    loom::model(move || {
        let cache: Cache = TtlCache::builder()
            .max_entries(1)
            .sweep_interval(None)
            .load_lease(None)
            .stale_if_error(Duration::from_secs(1))
            .clock(ManualClock::new())
            .build();
        let source = Arc::new(AtomicU32::new(1));
        let loading = {
            let (cache, load) = (cache.clone(), read(&source, begin));
            thread::spawn(move || cache.load_with(1, options(), load))
        };
        source.store(2, Ordering::SeqCst);
        overtake(&cache);
        let load = read(&source, |_| {});
        assert_eq!(cache.load_with(1, LoadOptions::new(), load), Ok(2));
        loading.join().unwrap().unwrap();
        // Who stores while a tag is looked for may lose an entry too many, never one too few.
        assert_ne!(cache.peek(&1), Some(1));
        assert_eq!(cache.core.single_flight.in_flight(), 0);
    });
}

fn reads_at_once(_: LoadHandle) {}

fn reads_later(handle: LoadHandle) {
    handle.from_here_on();
}

#[test]
fn a_key_that_expires() {
    check(reads_at_once, LoadOptions::new, |cache| {
        cache.expire(&1);
    });
}

#[test]
fn a_tag_that_expires() {
    check(reads_at_once, LoadOptions::new, |cache| {
        cache.expire_tag("a");
    });
}

#[test]
fn an_announced_tag_that_expires() {
    check(
        reads_at_once,
        || LoadOptions::new().tags(["a"]),
        |cache| {
            cache.expire_tag("a");
        },
    );
}

#[test]
fn all_that_expires() {
    check(reads_at_once, LoadOptions::new, Cache::expire_all);
}

#[test]
fn a_key_that_expires_before_the_read_that_counts() {
    check(reads_later, LoadOptions::new, |cache| {
        cache.expire(&1);
    });
}

#[test]
fn all_that_expires_before_the_read_that_counts() {
    check(reads_later, LoadOptions::new, Cache::expire_all);
}

#[test]
fn a_load_alone() {
    check(
        reads_later,
        || LoadOptions::new().alone(true),
        |cache| {
            cache.expire(&1);
        },
    );
}

#[test]
fn a_load_that_passes_over_the_cache() {
    check(
        reads_at_once,
        || LoadOptions::new().read(Read::Origin),
        |cache| {
            cache.expire(&1);
        },
    );
}
