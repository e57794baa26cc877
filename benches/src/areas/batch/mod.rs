//! Batching: one item at a time through our batchers and theirs, and a function over a list.
//!
//! The bulk function is trivial, so a figure is the batcher's own cost: 100 tasks, batches of 50, and for those that
//! wait a window of 1 ms. `pure` takes the items from one counter, so callers are never short; `fixed` gives each task
//! its share, so the last few callers cannot fill a batch any more and the tail shows who waits for nothing.

mod adders;
mod maps;

use crate::spec::{Context, RowSpec};
use crate::{Error, Result};
use adders::{Adder, AintOne, DataLoader, Direct, Eager, Floor, UltraBatch, Window};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Tasks that add.
const TASKS: usize = 100;

/// How items are shared out among the tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    Pure,
    Fixed,
}

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let mut rows = Vec::new();
    for threads in [1, 2] {
        for share in [Share::Pure, Share::Fixed] {
            rows.push(add(ctx, threads, share));
        }
    }
    rows.push(lone_add(ctx));
    rows.extend(maps::rows(ctx));
    rows
}

/// A runtime of its own for each candidate, so that no task of another is left on it.
fn runtime(threads: usize) -> Result<Runtime> {
    let mut builder = if threads == 1 {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    Ok(builder.worker_threads(threads).enable_all().build()?)
}

fn add(ctx: &Context, threads: usize, share: Share) -> RowSpec {
    let (name, note) = match share {
        Share::Pure => ("pure", "items from one counter"),
        Share::Fixed => ("fixed", "each task its share, tail included"),
    };
    let items = ctx.scale(50_000, 100_000);
    let row = RowSpec::new(&format!("batch.add.{threads}t.{name}"))
        .unit("ns/item")
        .note(&format!(
            "{items} items from {TASKS} tasks, batches of 50, {note}"
        ))
        .subject_with(
            Eager::NAME,
            move || runtime(threads),
            move |runtime| drive::<Eager>(runtime, items, share),
        );
    let row = add_peer::<Window>(row, threads, items, share);
    let row = add_peer::<AintOne>(row, threads, items, share);
    let row = add_peer::<DataLoader>(row, threads, items, share);
    let row = add_peer::<UltraBatch>(row, threads, items, share);
    let row = add_peer::<Direct>(row, threads, items, share);
    add_peer::<Floor>(row, threads, items, share)
}

fn add_peer<A: Adder>(row: RowSpec, threads: usize, items: usize, share: Share) -> RowSpec {
    row.peer_with(
        A::NAME,
        move || runtime(threads),
        move |runtime| drive::<A>(runtime, items, share),
    )
}

/// Adds all items from all tasks; nanoseconds an item.
fn drive<A: Adder>(runtime: &Runtime, items: usize, share: Share) -> Result<f64> {
    // In a task, as all of the work: the thread that blocks is no worker.
    let run = runtime.spawn(async move {
        let adder = A::new()?;
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        let start = Instant::now();
        for task in 0..TASKS {
            let (adder, next) = (adder.clone(), Arc::clone(&next));
            tasks.spawn(async move {
                let each = items / TASKS;
                for nth in 0.. {
                    let item = match share {
                        Share::Pure => next.fetch_add(1, Ordering::Relaxed),
                        Share::Fixed if nth == each => items,
                        Share::Fixed => task * each + nth,
                    };
                    if item >= items {
                        break;
                    }
                    check(adder.add(item as u64).await?, item as u64)?;
                }
                Ok::<_, Error>(())
            });
        }
        while let Some(task) = tasks.join_next().await {
            task??;
        }
        Ok::<_, Error>(start.elapsed())
    });
    let elapsed = runtime.block_on(run)??;
    Ok(elapsed.as_secs_f64() * 1e9 / items as f64)
}

/// What every bulk function does.
fn work(item: u64) -> u64 {
    item.wrapping_mul(3)
}

fn check(answer: u64, item: u64) -> Result<()> {
    if answer == work(item) {
        Ok(())
    } else {
        Err(format!("{answer} is not the answer of item {item}").into())
    }
}

fn lone_add(ctx: &Context) -> RowSpec {
    let row = RowSpec::new("batch.lone_add")
        .unit("ns")
        .note("one caller, idle batcher; window batchers at their usual windows");
    let row = lone(ctx, row, Eager::NAME, true, Eager::new);
    let row = lone(ctx, row, "wats-batch, Window 100 ms", false, Window::usual);
    let row = lone(ctx, row, AintOne::NAME, false, AintOne::new);
    let row = lone(ctx, row, DataLoader::NAME, false, DataLoader::new);
    lone(ctx, row, UltraBatch::NAME, false, UltraBatch::new)
}

fn lone<A: Adder>(
    ctx: &Context,
    row: RowSpec,
    name: &str,
    subject: bool,
    new: fn() -> Result<A>,
) -> RowSpec {
    let mut timer = ctx.timer();
    let set_up = move || {
        let runtime = runtime(1)?;
        let inside = runtime.enter();
        let adder = new()?;
        drop(inside);
        Ok((runtime, adder))
    };
    let round = move |(runtime, adder): &mut (Runtime, A)| {
        Ok(runtime.block_on(timer.ns_per_op_async(async || adder.add(7).await)))
    };
    if subject {
        row.subject_with(name, set_up, round)
    } else {
        row.peer_with(name, set_up, round)
    }
}
