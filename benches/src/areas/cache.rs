//! Caches: hits so far; mixed work, eviction, memory and hit ratio belong here too.

use crate::spec::{Context, RowSpec};
use dashmap::DashMap;
use std::hint::black_box;
use std::time::Duration;
use wats_cache::TtlCache;

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let mut rows = Vec::new();
    for (name, keys) in [("1k", 1_000), ("50k", 50_000)] {
        for threads in [1, 2] {
            rows.push(get_hit(ctx, name, keys, threads));
        }
    }
    rows
}

fn get_hit(ctx: &Context, name: &str, keys: u64, threads: usize) -> RowSpec {
    let (mut ours, mut floor) = (ctx.timer(), ctx.timer());
    let row = RowSpec::new(&format!("cache.get_hit.{name}.{threads}t"))
        .unit("ns/op")
        .lower_is_better()
        .note("u64→u64, keys in a fixed scattered order, TTL and statistics on; dashmap has neither and is the floor")
        .subject_with(
            "wats-cache",
            move || {
                let cache = TtlCache::builder()
                    .max_entries(usize::try_from(keys)? * 2)
                    .default_ttl(Duration::from_secs(3600))
                    .build();
                for key in 0..keys {
                    cache.insert(key, key);
                }
                Ok(cache)
            },
            move |cache| {
                let cache = &*cache;
                Ok(ours.ns_per_op_threads(threads, |thread| {
                    let mut next = scattered(thread, keys);
                    move || cache.get(black_box(&next()))
                }))
            },
        )
        .peer_with(
            "dashmap",
            move || Ok((0..keys).map(|key| (key, key)).collect::<DashMap<_, _>>()),
            move |map| {
                let map = &*map;
                Ok(floor.ns_per_op_threads(threads, |thread| {
                    let mut next = scattered(thread, keys);
                    move || map.get(black_box(&next())).map(|value| *value)
                }))
            },
        );
    // Texts for keys, one thread: the peer has no other.
    if threads == 1 {
        row.peer_python(
            ctx,
            include_str!("../../python/cache_get_hit.py"),
            &[&keys.to_string()],
        )
    } else {
        row
    }
}

/// Keys below `keys` in an order that no prefetcher guesses, another one for each thread; costs about a nanosecond.
fn scattered(thread: usize, keys: u64) -> impl FnMut() -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ (thread as u64) << 32;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((u128::from(state) * u128::from(keys)) >> 64) as u64
    }
}
