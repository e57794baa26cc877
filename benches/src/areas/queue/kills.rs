//! After a kill: what is lost, how soon it is open again, who takes over; and two processes that send from one folder.

use super::folder;
use super::ours::{AtOnce, Ours};
use super::peers::{Files, Redb};
use super::process::{self, HELD, Role};
use super::store::Store;
use super::text::{STEPS_OF_1_KB, Texts};
use crate::server::Server;
use crate::spec::{Context, RowSpec};
use crate::{Error, Result};
use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long one may write before it is killed.
const WRITING: Duration = Duration::from_millis(300);
/// Kills in a round.
const KILLS: u32 = 3;
/// Longer than a takeover takes.
const LONG: Duration = Duration::from_secs(60);

pub(super) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let killed = RowSpec::new("queue.lost.kill9")
        .unit("reports")
        .and("queue.after_kill.open")
        .unit("ms")
        .note(
            "a process that stores one report of 10 KB after the other is killed three times: how many of those that it had told of are \
             missing, and how long the next one takes to open, at most; the same folder in all rounds",
        )
        .most_rounds(ctx.scale(1, 5));
    let killed = kills::<Ours>(killed, true);
    let killed = kills::<Redb<false>>(killed, false);
    let killed = kills::<Files>(killed, false);
    vec![killed, takeover(ctx), two_processes(ctx)]
}

fn kills<O: Store>(row: RowSpec, subject: bool) -> RowSpec {
    let set_up = || Ok((folder()?, BTreeSet::new()));
    let round = |(folder, told): &mut (TempDir, BTreeSet<u64>)| {
        let mut slowest = 0_f64;
        for _ in 0..KILLS {
            let next = told.last().map_or(1, |last: &u64| last + 1_000);
            let process = process::start::<O>(Role::Forever, folder.path(), &next.to_string())?;
            std::thread::sleep(WRITING);
            for line in process.kill()? {
                told.insert(line.parse()?);
            }
            let start = Instant::now();
            let opened = O::open(folder.path())?;
            slowest = slowest.max(start.elapsed().as_secs_f64() * 1e3);
            drop(opened);
        }
        let store = O::open(folder.path())?;
        let mut lost = 0;
        for number in told.iter() {
            lost += u32::from(!store.has(*number)?);
        }
        if told.is_empty() {
            return Err(Error::from("it stored nothing before it was killed"));
        }
        Ok([f64::from(lost), slowest])
    };
    if subject {
        row.subject_with(O::NAME, set_up, round)
    } else {
        row.peer_with(O::NAME, set_up, round)
    }
}

fn takeover(ctx: &Context) -> RowSpec {
    RowSpec::new("queue.takeover")
        .unit("ms")
        .note(&format!(
            "a process that has {HELD} reports leased is killed, and another one waits for work: from the kill to the last of them in \
             its hands"
        ))
        .most_rounds(ctx.scale(1, 5))
        .subject(Ours::NAME, || {
            let folder = folder()?;
            let holder = process::start::<Ours>(Role::Hold, folder.path(), "")?;
            let ours = Ours::open(folder.path())?;
            let (sender, taken) = mpsc::channel();
            let drain = ours.deliver(AtOnce(Some(sender)), HELD);
            let start = Instant::now();
            holder.kill()?;
            for _ in 0..HELD {
                taken.recv_timeout(LONG)?;
            }
            let took = start.elapsed().as_secs_f64() * 1e3;
            drop(drain);
            Ok(took)
        })
}

fn two_processes(ctx: &Context) -> RowSpec {
    let count = ctx.scale(50, 400);
    RowSpec::new("queue.lost.two_processes")
        .unit("reports")
        .note(&format!(
            "two processes send the same {count} reports at the same time: how many are missing or were sent twice"
        ))
        .most_rounds(ctx.scale(1, 3))
        .subject(Ours::NAME, move || {
            let folder = folder()?;
            let ours = Ours::open(folder.path())?;
            ours.fill(1..count + 1, &Texts::new(STEPS_OF_1_KB)?)?;
            let mut processes: Vec<Server> = Vec::new();
            for _ in 0..2 {
                processes.push(process::start::<Ours>(Role::Share, folder.path(), "")?);
            }
            let answers = std::thread::scope(|scope| {
                let asked: Vec<_> = processes
                    .iter_mut()
                    .map(|process| scope.spawn(|| process.ask("go")))
                    .collect();
                let answers = asked.into_iter().map(|asked| {
                    let answer = asked.join();
                    answer.map_err(|_| Error::from("it panicked"))?
                });
                answers.collect::<Result<Vec<_>>>()
            })?;
            let mut times = vec![0_u32; usize::try_from(count)? + 1];
            for number in answers.iter().flat_map(|answer| answer.split_whitespace()) {
                let number: usize = number.parse().map_err(|_| number.to_owned())?;
                *times.get_mut(number).ok_or("a report that there is not")? += 1;
            }
            let wrong = times.iter().skip(1).filter(|times| **times != 1).count();
            Ok(wrong as f64)
        })
}
