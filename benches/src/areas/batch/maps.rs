//! A bounded async function over a list.

use super::{check, runtime, work};
use crate::spec::{Context, RowSpec};
use crate::{Error, Result};
use futures_util::{StreamExt, stream};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, yield_now};
use wats_batch::batch_map;

/// Items under way at a time.
const LIMIT: usize = 50;

/// What is called for each item. A type of its own for each, so that none carries the others' state about.
trait Call: Send + 'static {
    fn call(item: u64) -> impl Future<Output = u64> + Send + 'static;
}

/// Answers at once.
struct Ready;

impl Call for Ready {
    async fn call(item: u64) -> u64 {
        work(item)
    }
}

/// Lets others run first.
struct Yield;

impl Call for Yield {
    async fn call(item: u64) -> u64 {
        yield_now().await;
        work(item)
    }
}

/// The first item takes 200 ms, the others 1 ms each.
struct SlowFirst;

impl Call for SlowFirst {
    async fn call(item: u64) -> u64 {
        let takes = if item == 0 { 200 } else { 1 };
        tokio::time::sleep(Duration::from_millis(takes)).await;
        work(item)
    }
}

pub(super) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let items = ctx.scale(50_000, 100_000);
    let mut rows = Vec::new();
    for threads in [1, 2] {
        let row = |name: &str, note: &str| {
            RowSpec::new(&format!("batch.map.{name}.{threads}t"))
                .unit("ns/item")
                .note(&format!(
                    "{items} items, {LIMIT} at a time, in order; futures that {note}"
                ))
        };
        rows.push(candidates::<Ready>(
            row("ready", "are ready at once"),
            threads,
            items,
        ));
        rows.push(candidates::<Yield>(
            row("yield", "yield once"),
            threads,
            items,
        ));
    }
    let row = RowSpec::new("batch.map.slow_first")
        .unit("ns/item")
        .note("4000 items of 1 ms, 50 at a time, and a first one of 200 ms")
        .most_rounds(5);
    rows.push(candidates::<SlowFirst>(row, 1, 4000));
    rows
}

fn candidates<C: Call>(row: RowSpec, threads: usize, items: u64) -> RowSpec {
    row.subject_with(
        "wats-batch batch_map",
        move || runtime(threads),
        move |runtime| timed(runtime, items, ours::<C>(items)),
    )
    .peer_with(
        "buffered",
        move || runtime(threads),
        move |runtime| timed(runtime, items, buffered::<C>(items)),
    )
    .peer_with(
        "spawn + semaphore",
        move || runtime(threads),
        move |runtime| timed(runtime, items, spawned::<C>(items)),
    )
}

async fn ours<C: Call>(items: u64) -> Result<Vec<u64>> {
    Ok(batch_map(0..items, LIMIT, C::call).await)
}

async fn buffered<C: Call>(items: u64) -> Result<Vec<u64>> {
    let calls = stream::iter(0..items).map(C::call);
    Ok(calls.buffered(LIMIT).collect().await)
}

async fn spawned<C: Call>(items: u64) -> Result<Vec<u64>> {
    let permits = Arc::new(Semaphore::new(LIMIT));
    let mut tasks = JoinSet::new();
    for item in 0..items {
        let permits = Arc::clone(&permits);
        tasks.spawn(async move {
            let _permit = permits.acquire_owned().await?;
            Ok::<_, Error>((item, C::call(item).await))
        });
    }
    let mut answers = vec![0; items as usize];
    while let Some(task) = tasks.join_next().await {
        let (item, answer) = task??;
        answers[item as usize] = answer;
    }
    Ok(answers)
}

/// Nanoseconds an item, in a task of the runtime; checks the answers afterwards.
fn timed(
    runtime: &Runtime,
    items: u64,
    map: impl Future<Output = Result<Vec<u64>>> + Send + 'static,
) -> Result<f64> {
    let (answers, elapsed) = runtime.block_on(runtime.spawn(async {
        let start = Instant::now();
        let answers = map.await?;
        Ok::<_, Error>((answers, start.elapsed()))
    }))??;
    if answers.len() as u64 != items {
        return Err(format!("{} answers for {items} items", answers.len()).into());
    }
    for (item, answer) in (0..).zip(answers) {
        check(answer, item)?;
    }
    Ok(elapsed.as_secs_f64() * 1e9 / items as f64)
}
