//! Caches: hits, mixed work, eviction, memory and hit ratio.

use crate::memory;
use crate::spec::{Context, RowSpec};
use std::collections::HashMap;
use std::hint::black_box;

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    vec![example(ctx), example_of_memory()]
}

/// Shows how a row is written; the floor under every cache.
fn example(ctx: &Context) -> RowSpec {
    let map = || {
        Ok((0..1000_u64)
            .map(|key| (key, key))
            .collect::<HashMap<_, _>>())
    };
    let (mut one, mut two) = (ctx.timer(), ctx.timer());
    RowSpec::new("cache.floor.hashmap")
        .unit("ns/op")
        .lower_is_better()
        .note("std HashMap, u64→u64, 1000 keys: get against get_mut")
        .subject_with("get", map, move |map| {
            Ok(one.ns_per_op(|| map.get(&black_box(7)).copied()))
        })
        .peer_with("get_mut", map, move |map| {
            Ok(two.ns_per_op(|| map.get_mut(&black_box(7)).copied()))
        })
}

/// Shows how allocations are counted.
fn example_of_memory() -> RowSpec {
    RowSpec::new("cache.floor.hashmap_bytes")
        .unit("bytes/entry")
        .lower_is_better()
        .note("std HashMap, u64→u64, 1000 keys")
        .counts_memory()
        .once()
        .subject("std HashMap", || {
            let (map, counted) = memory::count(|| {
                (0..1000_u64)
                    .map(|key| (key, key))
                    .collect::<HashMap<_, _>>()
            })?;
            Ok(counted.live as f64 / map.len() as f64)
        })
}
