//! A pooled GET over loopback, the simulator answering on another thread without latency.

use criterion::{Criterion, criterion_group, criterion_main};
use std::sync::mpsc;
use wats_http::http::Method;
use wats_http::{Call, Client, Idempotency, Operation};
use wats_sim::Simulator;

static GET: Operation = Operation::new(
    "product.get",
    Method::GET,
    "/api/Product/{partNumber}",
    Idempotency::Idempotent,
);

fn http(criterion: &mut Criterion) {
    let (address, started) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let sim = runtime.block_on(Simulator::builder().products(1).start())?;
        address.send((sim.base_url().to_owned(), sim.token().to_owned()))?;
        // The process ends before the simulator does.
        runtime.block_on(std::future::pending::<wats_benches::Result<()>>())
    });
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    let Ok((base_url, token)) = started.recv() else {
        return;
    };
    let client = Client::builder().base_url(base_url).token(token);
    let Ok(client) = client.rate_limit(None).build() else {
        return;
    };
    criterion.bench_function("http/get/pooled", |bencher| {
        bencher.iter(|| {
            runtime.block_on(client.execute(Call::new(&GET).path("partNumber", "PART-0000")))
        });
    });
}

criterion_group!(benches, http);
criterion_main!(benches);
