//! The caches. Their hash has another seed in each process, so every row goes over many keys.

use super::{Row, Work, row, runtime};
use futures_util::future::join_all;
use std::hint::black_box;
use std::time::Duration;
use wats_bench_check::Result;
use wats_cache::{AsyncTtlCache, ManualClock, TtlCache};

/// Keys that are in the caches.
const RESIDENT: u64 = 1000;

/// Entries that expire at once.
const EXPIRED: u64 = 20_000;

/// Callers that want the same key at the same time.
const TOGETHER: u64 = 100;

pub(super) const ROWS: &[Row] = &[
    row("cache.hit", [RESIDENT, 100_000], |_| hit()),
    row("cache.insert_evict", [10_000, 50_000], |_| insert_evict()).within(5.0),
    row("cache.sweep", [0, EXPIRED], |_| sweep()),
    row("cache.async_hit", [RESIDENT, 100_000], |_| async_hit()),
    row("cache.coalesced_load", [TOGETHER, 100 * TOGETHER], |_| {
        coalesced_load()
    }),
];

/// Spreads small numbers over all 64 bits, one to one.
fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn hit() -> Result<Work> {
    let cache = TtlCache::builder().max_entries(4000).build();
    (0..RESIDENT).for_each(|key| cache.insert(spread(key), key));
    Ok(Box::new(move |times| {
        for step in 0..times {
            black_box(cache.get(&spread(step % RESIDENT)));
        }
        Ok(())
    }))
}

fn insert_evict() -> Result<Work> {
    let cache = TtlCache::builder().max_entries(RESIDENT as usize).build();
    let mut next = 0;
    Ok(Box::new(move |times| {
        for _ in 0..times {
            next += 1;
            cache.insert(spread(next), next);
        }
        Ok(())
    }))
}

fn sweep() -> Result<Work> {
    let clock = ManualClock::new();
    let cache = TtlCache::builder()
        .max_entries(100_000)
        .clock(clock.clone())
        .sweep_interval(None)
        .build();
    (0..EXPIRED).for_each(|key| cache.insert(spread(key), key));
    clock.advance(Duration::from_secs(301));
    Ok(Box::new(move |times| {
        let removed = if times == 0 {
            0
        } else {
            cache.cleanup_expired()
        };
        if removed as u64 == times {
            Ok(())
        } else {
            Err(format!("{removed} entries removed instead of {times}").into())
        }
    }))
}

fn async_hit() -> Result<Work> {
    let runtime = runtime()?;
    let cache = AsyncTtlCache::builder().max_entries(4000).build();
    (0..RESIDENT).for_each(|key| cache.insert(spread(key), key));
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            for step in 0..times {
                let key = spread(step % RESIDENT);
                black_box(cache.get_or_insert_with(key, async || 0).await);
            }
        });
        Ok(())
    }))
}

fn coalesced_load() -> Result<Work> {
    let runtime = runtime()?;
    let cache = AsyncTtlCache::builder()
        .max_entries(RESIDENT as usize)
        .build();
    let mut next = 0;
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times / TOGETHER {
                next += 1;
                let key = spread(next);
                let callers = (0..TOGETHER).map(|_| {
                    cache.get_or_insert_with(key, async move || {
                        tokio::task::yield_now().await;
                        key
                    })
                });
                black_box(join_all(callers).await);
            }
        });
        Ok(())
    }))
}
