//! Adding an item to a batcher that nobody else uses, and one hundred at once.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use wats_batch::{BatchConfig, Policy, RequestBatcher};

fn batch(criterion: &mut Criterion) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    let made = {
        let _inside = runtime.enter();
        RequestBatcher::infallible(
            BatchConfig::default().policy(Policy::Eager),
            |items: Vec<u64>| async move { items },
        )
    };
    let Ok(batcher) = made else { return };
    criterion.bench_function("batch/add/lone", |bencher| {
        bencher.iter(|| runtime.block_on(async { batcher.add(black_box(7)).await }));
    });
    criterion.bench_function("batch/add/hundred", |bencher| {
        bencher.iter(|| runtime.block_on(async { batcher.add_many(black_box(0..100)).await }));
    });
}

criterion_group!(benches, batch);
criterion_main!(benches);
