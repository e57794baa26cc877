//! A cache of 100 to 10 million entries (100 000 in a short run): a hit, an insert, bytes.

use super::{curve, round};
use crate::memory;
use crate::pace::Timer;
use crate::spec::{Context, RowSpec};
use std::hint::black_box;
use wats_cache::TtlCache;

/// The largest takes half a gigabyte or more and stands in full runs only.
const SIZES: &[usize] = &[100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

pub(super) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let sizes: &[usize] = ctx.scale(&SIZES[..4], SIZES);
    let note = format!(
        "u64→u64, random resident keys, and filling an empty cache; an entry that is in none of the processor's caches \
         costs an access to memory ({})",
        processor_caches()
    );
    let mut hits = Timers::new(ctx, sizes);
    let mut inserts = Timers::new(ctx, sizes);
    let timed = curve("cache", &[("hit", "ns/op"), ("insert", "ns/op")], sizes)
        .note(&note)
        .most_rounds(ctx.scale(1, 3))
        .subject("wats-cache", move || {
            round(sizes, |size| {
                let insert = inserts.of(size).ns_per_op(|| filled(size)) / size as f64;
                let cache = filled(size);
                let mut random = fastrand::Rng::with_seed(size as u64);
                let hit = hits
                    .of(size)
                    .ns_per_op(|| cache.get(&spread(random.u64(0..size as u64))));
                Ok([hit, insert])
            })
        });
    let bytes = curve("cache", &[("entry", "bytes/entry")], sizes)
        .note("allocator bytes of a full cache by its entries; steps of the table show as a wave")
        .counts_memory()
        .once()
        .subject("wats-cache", move || {
            round(sizes, |size| {
                let (cache, counted) = memory::count(|| filled(size))?;
                Ok([counted.live as f64 / cache.len() as f64])
            })
        });
    vec![timed, bytes]
}

/// Spreads small numbers over all 64 bits, one to one.
fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn filled(size: usize) -> TtlCache<u64, u64> {
    let cache = TtlCache::builder().max_entries(size).build();
    for key in 0..size as u64 {
        cache.insert(spread(key), black_box(key));
    }
    cache
}

/// A timer for each size, since each finds out its own repetitions.
struct Timers(Vec<(usize, Timer)>);

impl Timers {
    fn new(ctx: &Context, sizes: &[usize]) -> Self {
        Self(sizes.iter().map(|&size| (size, ctx.timer())).collect())
    }

    fn of(&mut self, size: usize) -> &mut Timer {
        let index = self.0.iter().position(|(of, _)| *of == size);
        &mut self.0[index.unwrap_or_default()].1
    }
}

/// `L1 48K, L2 1024K, L3 32768K`, where Linux tells.
fn processor_caches() -> String {
    let folder = std::path::Path::new("/sys/devices/system/cpu/cpu0/cache");
    let told: Vec<String> = (0..8)
        .filter_map(|index| {
            let read = |what: &str| {
                let file = folder.join(format!("index{index}")).join(what);
                let text = std::fs::read_to_string(file).ok()?;
                Some(text.trim().to_owned())
            };
            let data = read("type")? != "Instruction";
            data.then(|| Some(format!("L{} {}", read("level")?, read("size")?)))?
        })
        .collect();
    if told.is_empty() {
        "their sizes are unknown here".to_owned()
    } else {
        format!("here {}", told.join(", "))
    }
}
