//! Enqueues that are on the disk when they return: one by one, from four threads, from four processes.

use super::folder;
use super::ours::Ours;
use super::peers::{Files, Floor, Redb};
use super::process::{self, Role};
use super::store::Store;
use super::system::written;
use super::text::STEPS_OF_10_KB;
use crate::server::Server;
use crate::spec::{Context, RowSpec};
use crate::{Error, Result};
use std::time::Instant;
use tempfile::TempDir;

const WRITERS: usize = 4;

pub(super) fn rows(ctx: &Context) -> Vec<RowSpec> {
    vec![one_by_one(ctx), by_threads(ctx), by_processes(ctx)]
}

/// A contestant with its folder, and the number of its next report.
struct Stage<O> {
    store: O,
    next: u64,
    _folder: TempDir,
}

impl<O: Store> Stage<O> {
    fn set() -> Result<Self> {
        let folder = folder()?;
        Ok(Self {
            store: O::open(folder.path())?,
            next: 1,
            _folder: folder,
        })
    }

    fn items(&mut self, count: usize) -> Result<Vec<O::Item>> {
        let first = self.next;
        self.next += count as u64;
        (first..self.next)
            .map(|number| O::item(number, STEPS_OF_10_KB))
            .collect()
    }
}

fn one_by_one(ctx: &Context) -> RowSpec {
    let count = ctx.scale(50, 300);
    let row = RowSpec::new("queue.enqueue.10k")
        .unit("µs")
        .and("queue.enqueue.10k.rate")
        .unit("reports/s")
        .higher_is_better()
        .and("queue.enqueue.10k.written")
        .unit("bytes")
        .note(
            "one report of 10 KB after the other, each on the disk before the next: the median, the mean rate, and the bytes \
             that the process wrote for each (Linux)",
        );
    let row = alone::<Ours>(row, count, true);
    let row = alone::<Floor>(row, count, false);
    let row = alone::<Redb<false>>(row, count, false);
    let row = alone::<Files>(row, count, false);
    let Some(beside) = folder_of_program() else {
        return row;
    };
    row.peer_python(
        ctx,
        include_str!("../../../python/queue.py"),
        &["enqueue", &count.to_string(), &beside],
    )
}

fn folder_of_program() -> Option<String> {
    let program = std::env::current_exe().ok()?;
    Some(program.parent()?.to_str()?.to_owned())
}

fn alone<O: Store>(row: RowSpec, count: usize, subject: bool) -> RowSpec {
    let round = move |stage: &mut Stage<O>| {
        let items = stage.items(count)?;
        let before = written();
        let mut times = Vec::with_capacity(count);
        for item in items {
            let start = Instant::now();
            stage.store.put(item)?;
            times.push(start.elapsed().as_secs_f64());
        }
        let bytes = written() - before;
        let all: f64 = times.iter().sum();
        times.sort_by(f64::total_cmp);
        let count = count as f64;
        Ok([times[times.len() / 2] * 1e6, count / all, bytes / count])
    };
    with(row, subject, Stage::<O>::set, round)
}

fn by_threads(ctx: &Context) -> RowSpec {
    let count = ctx.scale(30, 150);
    let row = RowSpec::new("queue.enqueue.4t")
        .unit("reports/s")
        .higher_is_better()
        .note("four threads, each with one report of 10 KB after the other");
    let row = threads::<Ours>(row, count, true);
    let row = threads::<Floor>(row, count, false);
    let row = threads::<Redb<false>>(row, count, false);
    threads::<Files>(row, count, false)
}

fn threads<O: Store>(row: RowSpec, count: usize, subject: bool) -> RowSpec {
    let round = move |stage: &mut Stage<O>| {
        let mut items = Vec::new();
        for _ in 0..WRITERS {
            items.push(stage.items(count)?);
        }
        let store = &stage.store;
        let start = Instant::now();
        std::thread::scope(|scope| {
            let mut writers = Vec::new();
            for items in items {
                writers.push(scope.spawn(move || -> Result<()> {
                    for item in items {
                        store.put(item)?;
                    }
                    Ok(())
                }));
            }
            for writer in writers {
                writer
                    .join()
                    .map_err(|_| Error::from("a writer panicked"))??;
            }
            Ok::<_, Error>(())
        })?;
        Ok((WRITERS * count) as f64 / start.elapsed().as_secs_f64())
    };
    with(row, subject, Stage::<O>::set, round)
}

fn by_processes(ctx: &Context) -> RowSpec {
    let count = ctx.scale(30, 150);
    let row = RowSpec::new("queue.enqueue.4p")
        .unit("reports/s")
        .higher_is_better()
        .and("queue.enqueue.4p.worst")
        .unit("ms")
        .note(
            "four processes with one folder, each with one report of 10 KB after the other: their rate together, and the \
             longest that one of them waited",
        );
    let row = processes::<Ours>(row, count, true);
    let row = processes::<Redb<true>>(row, count, false);
    processes::<Files>(row, count, false)
}

fn processes<O: Store>(row: RowSpec, count: usize, subject: bool) -> RowSpec {
    let set_up = || {
        let folder = folder()?;
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            writers.push(process::start::<O>(
                Role::Write,
                folder.path(),
                &writer.to_string(),
            )?);
        }
        Ok((writers, folder))
    };
    let round = move |(writers, _): &mut (Vec<Server>, TempDir)| {
        let start = Instant::now();
        let worst = std::thread::scope(|scope| {
            let waiting: Vec<_> = writers
                .iter_mut()
                .map(|writer| {
                    scope.spawn(move || -> Result<f64> {
                        let answer = writer.ask(&count.to_string())?;
                        answer.parse().map_err(|_| Error::from(answer))
                    })
                })
                .collect();
            let mut worst = 0_f64;
            for waiting in waiting {
                let ended = waiting.join();
                worst = worst.max(ended.map_err(|_| Error::from("it panicked"))??);
            }
            Ok::<_, Error>(worst)
        })?;
        let rate = (WRITERS * count) as f64 / start.elapsed().as_secs_f64();
        Ok([rate, worst * 1e3])
    };
    if subject {
        row.subject_with(O::NAME, set_up, round)
    } else {
        row.peer_with(O::NAME, set_up, round)
    }
}

/// A candidate by the name of its contestant.
fn with<O: Store, R: Into<crate::spec::Round>>(
    row: RowSpec,
    subject: bool,
    set_up: impl FnMut() -> Result<Stage<O>> + 'static,
    round: impl FnMut(&mut Stage<O>) -> Result<R> + 'static,
) -> RowSpec {
    if subject {
        row.subject_with(O::NAME, set_up, round)
    } else {
        row.peer_with(O::NAME, set_up, round)
    }
}
