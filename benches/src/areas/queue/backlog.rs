//! What a night without the server leaves: leases and removals, a backlog of a hundred thousand, and one of a million.
//!
//! A backlog is made once for each contestant and lent to both of its rows; it is opened by a process of its own, so that memory is
//! that of one who has done nothing else.

use super::folder;
use super::ours::Ours;
use super::peers::{Files, Redb};
use super::process::{self, Role, number};
use super::store::Store;
use super::system::size_of;
use super::text::{STEPS_OF_1_KB, STEPS_OF_10_KB, Texts};
use crate::spec::{Context, RowSpec};
use crate::{Error, Result, memory};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;
use tempfile::TempDir;

/// How many are sent at a time where it is the queue that bounds.
const AT_ONCE: usize = 20;

pub(super) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let hundred = Size {
        name: "100k",
        reports: 100_000,
        steps: ctx.scale(0, STEPS_OF_10_KB),
    };
    let mut rows = vec![take_and_end(ctx, 1), take_and_end(ctx, AT_ONCE)];
    let ours = Rc::default();
    let row = opened(ctx, hundred);
    let row = lent::<Ours>(row, hundred, &ours, true);
    let row = lent::<Redb<false>>(row, hundred, &Rc::default(), false);
    rows.push(lent::<Files>(row, hundred, &Rc::default(), false));
    rows.push(drained(hundred, &ours));
    // It takes minutes.
    if !ctx.quick() {
        let million = Size {
            name: "1m",
            reports: 1_000_000,
            steps: STEPS_OF_1_KB,
        };
        let ours = Rc::default();
        rows.push(lent::<Ours>(opened(ctx, million), million, &ours, true));
        rows.push(drained(million, &ours));
    }
    rows
}

/// Leases and removals, one after the other or so many at a time, where delivering takes no time.
fn take_and_end(ctx: &Context, at_once: usize) -> RowSpec {
    let count = ctx.scale(100, if at_once == 1 { 300 } else { 2000 });
    let row = RowSpec::new(&format!("queue.take_ack.{at_once}"))
        .unit("reports/s")
        .higher_is_better()
        .note(&format!(
            "reports of 1 KB are leased, {at_once} at a time, and removed for good; delivering takes no time"
        ));
    let row = taking::<Ours>(row, count, at_once, true);
    let row = taking::<Redb<false>>(row, count, at_once, false);
    taking::<Files>(row, count, at_once, false)
}

fn taking<O: Store>(row: RowSpec, count: u64, at_once: usize, subject: bool) -> RowSpec {
    let set_up = || {
        let folder = folder()?;
        let store = O::open(folder.path())?;
        Ok((store, folder, Texts::new(STEPS_OF_1_KB)?, 1))
    };
    let round = move |(store, _, texts, next): &mut (O, TempDir, Texts, u64)| {
        store.fill(*next..*next + count, texts)?;
        *next += count;
        let start = Instant::now();
        store.drain(at_once, count)?;
        Ok(count as f64 / start.elapsed().as_secs_f64())
    };
    if subject {
        row.subject_with(O::NAME, set_up, round)
    } else {
        row.peer_with(O::NAME, set_up, round)
    }
}

#[derive(Debug, Clone, Copy)]
struct Size {
    name: &'static str,
    reports: u64,
    steps: usize,
}

impl Size {
    fn id(self, what: &str) -> String {
        format!("queue.backlog_{}.{what}", self.name)
    }

    fn note(self, what: &str) -> String {
        let bytes = match self.steps {
            STEPS_OF_10_KB => "10 KB",
            STEPS_OF_1_KB => "1 KB",
            _ => "half a KB (a quick run)",
        };
        format!("{} reports of {bytes}: {what}", self.reports)
    }
}

/// A backlog, once it is made.
type Backlog = Rc<RefCell<Option<TempDir>>>;

fn made<O: Store>(size: Size, backlog: &Backlog) -> Result<()> {
    if backlog.borrow().is_none() {
        let folder = folder()?;
        let store = O::open(folder.path())?;
        store.fill(1..size.reports + 1, &Texts::new(size.steps)?)?;
        drop(store);
        *backlog.borrow_mut() = Some(folder);
    }
    Ok(())
}

fn opened(ctx: &Context, size: Size) -> RowSpec {
    RowSpec::new(&size.id("open"))
        .unit("ms")
        .and(&size.id("take"))
        .unit("ms")
        .and(&size.id("count"))
        .unit("ms")
        .and(&size.id("rss"))
        .unit("bytes")
        .note(&size.note(
            "a process opens it, gets hold of the oldest one with its text, and counts all of them; the most of its memory that \
             was resident (Linux)",
        ))
        .most_rounds(ctx.scale(1, 5))
}

fn lent<O: Store>(row: RowSpec, size: Size, backlog: &Backlog, subject: bool) -> RowSpec {
    let backlog = Rc::clone(backlog);
    let set_up = {
        let backlog = Rc::clone(&backlog);
        move || made::<O>(size, &backlog)
    };
    let round = move |(): &mut ()| {
        let backlog = backlog.borrow();
        let folder = backlog.as_ref().ok_or("it is not made")?;
        let process = process::start::<O>(Role::Open, folder.path(), "")?;
        let figures: Vec<f64> = process
            .address()
            .split(' ')
            .map(number)
            .collect::<Result<_>>()?;
        Ok(figures)
    };
    if subject {
        row.subject_with(O::NAME, set_up, round)
    } else {
        row.peer_with(O::NAME, set_up, round)
    }
}

fn drained(size: Size, backlog: &Backlog) -> RowSpec {
    let backlog = Rc::clone(backlog);
    let set_up = {
        let backlog = Rc::clone(&backlog);
        move || made::<Ours>(size, &backlog)
    };
    let round = move |(): &mut ()| {
        // It is gone afterwards, and so is what is lent.
        let folder = backlog.borrow_mut().take().ok_or("it was drained before")?;
        let at_once = AT_ONCE.to_string();
        let mut process = process::start::<Ours>(Role::Drain, folder.path(), &at_once)?;
        let ours = Ours::open(folder.path())?;
        // Some were sent by who opened it.
        let left = ours.count()?;
        drop(ours);
        let took = number(&process.ask(&left.to_string())?)?;
        let peak = memory::resident_peak(process.id()).unwrap_or(f64::NAN);
        drop(process);
        let size = size_of(folder.path()).map_err(Error::from)?;
        Ok([left as f64 / took, peak, size])
    };
    RowSpec::new(&size.id("drained.rate"))
        .unit("reports/s")
        .higher_is_better()
        .and(&size.id("drained.rss"))
        .unit("bytes")
        .and(&size.id("drained.size"))
        .unit("bytes")
        .note(&size.note(
            "a process sends all of them, 20 at a time, to somebody who takes no time, and gives the free room back; the most of its \
             memory that was resident (Linux), and what the folder takes afterwards",
        ))
        .once()
        .subject_with(Ours::NAME, set_up, round)
}
