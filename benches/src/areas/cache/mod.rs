//! Caches: hits, mixed work, eviction, sweeping, memory, hit ratio, loading.
//!
//! Ours has a time to live and statistics in every row; the others have neither, unless they cannot be without.
//! `caches` are the candidates, `keys` the sequences they are asked for, `expiry` the rows on sweeping and memory.

mod caches;
mod expiry;
mod keys;

use crate::spec::{Context, RowSpec};
use caches::{Cache, Cached, Dash, MiniMoka, Moka, Ours, Quick};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wats_cache::{AsyncTtlCache, TtlCache};

/// Keys drawn beforehand; a power of two, so that going round costs one instruction.
const DRAWN: usize = 1 << 20;

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let mut rows = Vec::new();
    for (name, resident) in [("1k", 1000), ("50k", 50_000)] {
        for threads in [1, 2] {
            rows.push(get_hit(ctx, name, resident, threads));
        }
    }
    rows.push(ttl_tax(ctx));
    rows.extend([1, 2].map(|threads| mixed(ctx, threads)));
    for (name, capacity) in [("1k.", 1000), ("", 100_000)] {
        rows.extend([1, 2].map(|threads| insert_evict(ctx, name, capacity, threads)));
    }
    rows.push(expiry::sweep(ctx));
    rows.push(expiry::memory_per_entry(ctx));
    rows.extend(hit_ratios(ctx));
    rows.push(cold_flight(ctx));
    rows.push(async_get_hit(ctx));
    rows
}

/// The driver of the Python peer: what to measure, and the number of keys.
const PYTHON: &str = include_str!("../../../python/cache.py");

/// What is done over and over in a row.
trait Op: 'static {
    /// Whether a map without a bound can take part.
    const WITHOUT_BOUND: bool = true;
    fn run(cache: &impl Cache, keys: &[u64], step: usize) -> Option<u64>;
}

fn key(keys: &[u64], step: usize) -> u64 {
    keys[step % DRAWN]
}

struct Get;

impl Op for Get {
    fn run(cache: &impl Cache, keys: &[u64], step: usize) -> Option<u64> {
        cache.get(key(keys, step))
    }
}

/// Nine look-ups, then an insert.
struct Mixed;

impl Op for Mixed {
    fn run(cache: &impl Cache, keys: &[u64], step: usize) -> Option<u64> {
        let key = key(keys, step);
        if step % 10 == 9 {
            cache.insert(key, key);
            None
        } else {
            cache.get(key)
        }
    }
}

/// Keys never seen before, into a cache that is full.
struct InsertFresh;

/// The next fresh key, in stretches of which each worker takes one after the other.
static FRESH: AtomicU64 = AtomicU64::new(1 << 32);

impl Op for InsertFresh {
    const WITHOUT_BOUND: bool = false;
    fn run(cache: &impl Cache, keys: &[u64], step: usize) -> Option<u64> {
        // `keys` holds nothing but where this worker's fresh keys begin.
        let fresh = keys::spread(keys[0] + step as u64);
        cache.insert(fresh, fresh);
        None
    }
}

/// What a row starts from.
#[derive(Clone)]
struct Start {
    capacity: usize,
    resident: Arc<Vec<u64>>,
    /// For each thread.
    keys: Vec<Arc<Vec<u64>>>,
}

impl Start {
    fn filled<C: Cache>(&self) -> C {
        let cache = C::new(self.capacity);
        for (count, &key) in self.resident.iter().enumerate() {
            cache.insert(key, key);
            if count % 256 == 0 {
                cache.settle();
            }
        }
        cache.settle();
        cache
    }
}

/// One candidate of a row.
fn with<C: Cache, O: Op>(row: RowSpec, ctx: &Context, start: &Start) -> RowSpec {
    if !(C::BOUNDED || O::WITHOUT_BOUND) {
        return row;
    }
    let mut timer = ctx.timer();
    let filled = start.clone();
    let keys = start.keys.clone();
    let set_up = move || Ok(filled.filled::<C>());
    let round = move |cache: &mut C| {
        let cache = &*cache;
        let work = |thread: usize| {
            let fresh = || Arc::new(vec![FRESH.fetch_add(1 << 32, Ordering::Relaxed)]);
            let keys = if O::WITHOUT_BOUND {
                Arc::clone(&keys[thread])
            } else {
                fresh()
            };
            let mut step = 0_usize;
            move || {
                step += 1;
                O::run(cache, &keys, step)
            }
        };
        // One thread needs no other: starting it would only add noise.
        Ok(if keys.len() == 1 {
            timer.ns_per_op(work(0))
        } else {
            timer.ns_per_op_threads(keys.len(), work)
        })
    };
    if C::NAME == Ours::NAME {
        row.subject_with(C::NAME, set_up, round)
    } else {
        row.peer_with(C::NAME, set_up, round)
    }
}

fn contest<O: Op>(row: RowSpec, ctx: &Context, start: &Start) -> RowSpec {
    let row = with::<Ours, O>(row, ctx, start);
    let row = with::<Dash, O>(row, ctx, start);
    let row = with::<Quick, O>(row, ctx, start);
    let row = with::<Moka, O>(row, ctx, start);
    let row = with::<MiniMoka, O>(row, ctx, start);
    with::<Cached, O>(row, ctx, start)
}

fn get_hit(ctx: &Context, name: &str, resident: u64, threads: usize) -> RowSpec {
    let row = RowSpec::new(&format!("cache.get_hit.{name}.{threads}t"))
        .unit("ns/op")
        .note("u64→u64, random resident keys; TTL and statistics on for us, off for the others");
    let start = Start {
        capacity: resident as usize * 4,
        resident: Arc::new((0..resident).map(keys::spread).collect()),
        keys: (0..threads as u64)
            .map(|seed| Arc::new(keys::uniform(resident, DRAWN, seed)))
            .collect(),
    };
    let row = contest::<Get>(row, ctx, &start);
    if threads == 1 {
        row.peer_python(ctx, PYTHON, &["get_hit", &resident.to_string()])
    } else {
        row
    }
}

/// The same look-up of entries that expire and of entries that never do.
fn ttl_tax(ctx: &Context) -> RowSpec {
    let cache = |ttl: Option<Duration>| {
        move || {
            let cache = TtlCache::builder()
                .max_entries(4000)
                .default_ttl(ttl)
                .build();
            for key in 0..1000 {
                cache.insert(keys::spread(key), key);
            }
            Ok(cache)
        }
    };
    let drawn = Arc::new(keys::uniform(1000, DRAWN, 1));
    let round = |mut timer: crate::pace::Timer, drawn: Arc<Vec<u64>>| {
        move |cache: &mut TtlCache<u64, u64>| {
            let mut step = 0;
            Ok(timer.ns_per_op(|| {
                step += 1;
                cache.get(&key(&drawn, step))
            }))
        }
    };
    RowSpec::new("cache.get_hit.ttl_tax")
        .unit("ns/op")
        .note("1000 keys, our cache with a TTL of an hour against the same without")
        .subject_with(
            "with TTL",
            cache(Some(Duration::from_secs(3600))),
            round(ctx.timer(), Arc::clone(&drawn)),
        )
        .peer_with("without TTL", cache(None), round(ctx.timer(), drawn))
}

fn mixed(ctx: &Context, threads: usize) -> RowSpec {
    let row = RowSpec::new(&format!("cache.mixed_zipf.{threads}t"))
        .unit("ns/op")
        .note("90 % look-ups, 10 % inserts, Zipf 0.9 over 1 M keys, capacity 100 k; dashmap without its bound");
    let start = Start {
        capacity: 100_000,
        resident: Arc::new(keys::zipf(1_000_000, 600_000, 21)),
        keys: (0..threads as u64)
            .map(|seed| Arc::new(keys::zipf(1_000_000, DRAWN, seed)))
            .collect(),
    };
    contest::<Mixed>(row, ctx, &start)
}

fn insert_evict(ctx: &Context, name: &str, capacity: usize, threads: usize) -> RowSpec {
    let row = RowSpec::new(&format!("cache.insert_evict.{name}{threads}t"))
        .unit("ns/op")
        .note(&format!("fresh keys into a full cache of {capacity}"));
    let start = Start {
        capacity,
        resident: Arc::new((0..capacity as u64 * 2).map(keys::spread).collect()),
        keys: vec![Arc::default(); threads],
    };
    let row = contest::<InsertFresh>(row, ctx, &start);
    if threads == 1 {
        row.peer_python(ctx, PYTHON, &["insert_evict", &capacity.to_string()])
    } else {
        row
    }
}

/// Makes the keys of a row when it is measured.
type Draw = fn() -> crate::Result<Arc<Vec<u64>>>;

fn hit_ratios(ctx: &Context) -> Vec<RowSpec> {
    let quick = ctx.quick();
    let mut rows: Vec<(String, usize, Draw)> = vec![
        ("zipf".to_owned(), 100_000, || {
            Ok(Arc::new(keys::zipf(1_000_000, 2_000_000, 3)))
        }),
        ("zipf_scan".to_owned(), 100_000, || {
            Ok(Arc::new(keys::zipf_and_scans(2_000_000)))
        }),
        ("loop".to_owned(), 100_000, || {
            Ok(Arc::new(keys::looped(150_000, 1_500_000)))
        }),
    ];
    let oltp: Draw = || keys::trace("OLTP")?.ok_or_else(|| "the trace OLTP is absent".into());
    let p3: Draw = || keys::trace("P3")?.ok_or_else(|| "the trace P3 is absent".into());
    if matches!(keys::trace("OLTP"), Ok(Some(_))) {
        rows.extend([500, 1000, 2000].map(|capacity| (format!("oltp_{capacity}"), capacity, oltp)));
    }
    if !quick && matches!(keys::trace("P3"), Ok(Some(_))) {
        rows.extend([25_000, 100_000].map(|capacity| (format!("p3_{capacity}"), capacity, p3)));
    }
    rows.into_iter()
        .map(|(name, capacity, draw)| hit_ratio(&name, capacity, draw))
        .collect()
}

fn hit_ratio(name: &str, capacity: usize, draw: Draw) -> RowSpec {
    fn of<C: Cache>(capacity: usize, draw: Draw) -> impl FnMut() -> crate::Result<f64> {
        move || {
            let cache = C::new(capacity);
            let keys = draw()?;
            let mut hits = 0_usize;
            for (count, &key) in keys.iter().enumerate() {
                if cache.get(key).is_some() {
                    hits += 1;
                } else {
                    cache.insert(key, key);
                }
                if count % 32 == 0 {
                    cache.settle();
                }
            }
            Ok(hits as f64 * 100.0 / keys.len() as f64)
        }
    }
    RowSpec::new(&format!("cache.hit_ratio.{name}"))
        .unit("%")
        .higher_is_better()
        .note(&format!("capacity {capacity}; every miss is inserted"))
        .once()
        .subject(Ours::NAME, of::<Ours>(capacity, draw))
        .peer(Quick::NAME, of::<Quick>(capacity, draw))
        .peer(Moka::NAME, of::<Moka>(capacity, draw))
        .peer(MiniMoka::NAME, of::<MiniMoka>(capacity, draw))
        .peer(Cached::NAME, of::<Cached>(capacity, draw))
}

/// A look-up that finds nothing, loads and inserts, alone on its key.
fn cold_flight(ctx: &Context) -> RowSpec {
    let (mut ours, mut plain, mut theirs) = (ctx.timer(), ctx.timer(), ctx.timer());
    let fresh = || FRESH.fetch_add(1 << 32, Ordering::Relaxed);
    RowSpec::new("cache.cold_flight")
        .unit("ns/op")
        .note("a fresh key looked up, loaded and inserted into a full cache of 100 000")
        .subject_with(
            "wats-cache",
            || Ok(Ours::new(100_000)),
            move |cache| {
                let mut next = fresh();
                Ok(ours.ns_per_op(|| {
                    next += 1;
                    cache.0.get_or_insert_with(keys::spread(next), || next)
                }))
            },
        )
        .peer_with(
            "our get, then insert",
            || Ok(Ours::new(100_000)),
            move |cache| {
                let mut next = fresh();
                Ok(plain.ns_per_op(|| {
                    next += 1;
                    if cache.get(keys::spread(next)).is_none() {
                        cache.insert(keys::spread(next), next);
                    }
                }))
            },
        )
        .peer_with(
            Moka::NAME,
            || Ok(Moka::new(100_000)),
            move |cache| {
                let mut next = fresh();
                Ok(theirs.ns_per_op(|| {
                    next += 1;
                    cache.0.get_with(keys::spread(next), || next)
                }))
            },
        )
}

fn async_get_hit(ctx: &Context) -> RowSpec {
    let (mut ours, mut direct) = (ctx.timer(), ctx.timer());
    let drawn = Arc::new(keys::uniform(1000, DRAWN, 1));
    let theirs = Arc::clone(&drawn);
    RowSpec::new("cache.async_get_hit")
        .unit("ns/op")
        .note("1000 keys, hits of an awaited loading look-up against plain sync hits")
        .subject_async(
            ctx,
            "wats-cache, awaited",
            async || {
                let cache = AsyncTtlCache::builder().max_entries(4000).build();
                for key in 0..1000 {
                    cache.insert(keys::spread(key), key);
                }
                Ok(cache)
            },
            async move |cache: &mut AsyncTtlCache<u64, u64>| {
                let mut step = 0;
                Ok(ours
                    .ns_per_op_async(async || {
                        step += 1;
                        let key = key(&drawn, step);
                        cache.get_or_insert_with(key, async || key).await
                    })
                    .await)
            },
        )
        .peer_with(
            "wats-cache, sync",
            || {
                let cache = Ours::new(4000);
                (0..1000).for_each(|key| cache.insert(keys::spread(key), key));
                Ok(cache)
            },
            move |cache| {
                let mut step = 0;
                Ok(direct.ns_per_op(|| {
                    step += 1;
                    cache.get(key(&theirs, step))
                }))
            },
        )
        .peer_python(ctx, PYTHON, &["async_get_hit", "1000"])
}
