//! Power cuts: a process runs under `strace`, which writes down every write, sync and change of a name. From that log, what a
//! disk may hold after a cut at any moment is built and opened. Nothing that was acknowledged before the cut may be missing.
//!
//! - `log.rs`: the log as events.
//! - `disk.rs`: what a disk may hold, and why.
//! - here: the runs, and what must hold. The same runs with settings that lose items must fail: the test itself is tested.
//!
//! What is written through a mapped file is not seen: that is only the index of SQLite's log, which is built anew.

mod disk;
mod log;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use wats_queue::{Queue, Status};

use crate::child;
use crate::support::{INLINE, copy, fast_folder, is_kept, key, options, skipped, times};
use disk::{Disk, Mode};
use log::Event;

/// A recorded run.
struct Run {
    events: Vec<Event>,
    /// What was there before.
    before: tempfile::TempDir,
}

/// Records a process. None without strace.
fn record(role: &str, weak: &str, before: impl FnOnce(&Path)) -> Option<Run> {
    let works = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !works {
        skipped("no strace here, or it may not trace: power cuts were not tried");
        return None;
    }
    let (folder, saved) = (fast_folder(), fast_folder());
    before(folder.path());
    copy(folder.path(), saved.path());
    let log = saved.path().with_extension("strace");
    let mut traced = child::command(role, folder.path());
    child::weakened(&mut traced, weak);
    let mut command = Command::new("strace");
    command
        .args(["-f", "-y", "-xx", "-s", "8000000", "-o"])
        .arg(&log)
        .args(["-e", log::TRACED])
        .arg(traced.get_program())
        .args(traced.get_args());
    for (name, value) in traced.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let events = log::read(&log, folder.path());
    std::fs::remove_file(&log).unwrap();
    assert!(events.len() > 20, "the log says nothing: {}", events.len());
    Some(Run {
        events,
        before: saved,
    })
}

/// What a process had said up to a moment.
#[derive(Default)]
struct Said {
    acknowledged: BTreeSet<u32>,
    sent: BTreeSet<u32>,
    done: BTreeSet<u32>,
}

impl Said {
    fn hear(&mut self, event: &Event) {
        let Event::Said(text) = event else { return };
        for line in text.split_inclusive('\n') {
            let Some((word, at)) = child::parsed(line) else {
                continue;
            };
            match word.as_str() {
                "ack" => self.acknowledged.insert(at),
                "sent" => self.sent.insert(at),
                "done" => self.done.insert(at),
                "torn" => panic!("a body that was not what was stored was sent: {at}"),
                _ => true,
            };
        }
    }
}

/// Cuts the power so often, and says what was wrong after each.
fn cut(run: &Run, times: usize, at_once: usize) -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut moments: Vec<usize> = (0..times)
        .map(|_| random.usize(0..=run.events.len()))
        .collect();
    moments.sort_unstable();
    let mut disk = Disk::new(run.before.path());
    let mut said = Said::default();
    let (mut at, mut wrong) = (0, Vec::new());
    for (number, moment) in moments.into_iter().enumerate() {
        for event in &run.events[at..moment] {
            disk.apply(event);
            said.hear(event);
        }
        at = moment;
        let mode = Mode::ALL[number % Mode::ALL.len()];
        let image = fast_folder();
        disk.write(image.path(), mode, &mut random);
        if let Err(problem) = look(image.path(), &said, at_once) {
            wrong.push(format!(
                "cut {number} after event {moment}, {mode:?}: {problem}"
            ));
        }
    }
    wrong
}

/// Opens what a cut has left, and looks whether all is there.
fn look(folder: &Path, said: &Said, at_once: usize) -> Result<(), String> {
    let options = options().inline_limit(INLINE).ballast(0);
    let queue = Queue::open_blocking(folder, options).map_err(|error| error.to_string())?;
    queue.check().wait().map_err(|error| error.to_string())?;
    let health = queue.health().wait().map_err(|error| error.to_string())?;
    if health.salvaged > 0 {
        return Err("the database was damaged".to_owned());
    }
    for at in &said.acknowledged {
        if !is_kept(&queue, *at) {
            return Err(format!("{at} was acknowledged and is lost"));
        }
    }
    for at in &said.done {
        if !matches!(queue.status(key(*at)).wait(), Ok(Status::Ended(_))) {
            return Err(format!("{at} was done and would be sent again"));
        }
    }
    let again = said
        .sent
        .iter()
        .filter(|at| !matches!(queue.status(key(**at)).wait(), Ok(Status::Ended(_))));
    let again = again.count();
    // What was on its way, and what was done and is still to be told.
    if again > at_once * 2 {
        return Err(format!("{again} were sent and would be sent again"));
    }
    queue.close().wait().map_err(|error| error.to_string())
}

fn holds(role: &str, times: usize, before: impl FnOnce(&Path)) {
    if let Some(run) = record(role, "", before) {
        let wrong = cut(&run, times, 4);
        println!("{role}: {} of {times} cuts lost something", wrong.len());
        assert!(
            wrong.is_empty(),
            "{} of {times}:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}

fn fails(role: &str, weak: &str, times: usize) {
    if let Some(run) = record(role, weak, |_| {}) {
        let wrong = cut(&run, times, 4);
        println!("{weak}: {} of {times} cuts lost something", wrong.len());
        assert!(
            wrong.iter().any(|problem| problem.contains("lost")),
            "{weak} was not noticed in {times} cuts: {wrong:?}"
        );
    }
}

/// Cuts of a usual run; more by name.
const USUAL: usize = 200;

#[test]
fn enqueues_survive_power_cuts() {
    holds("enqueue 1 40", times(USUAL), |_| {});
}

#[test]
fn sending_and_giving_pages_back_survive_power_cuts() {
    holds("both 1 30", times(USUAL), |_| {});
}

#[test]
fn bringing_an_older_format_to_this_one_survives_power_cuts() {
    holds("enqueue 10 12", times(USUAL), |folder| {
        copy(&crate::queue::formats().join("0"), folder);
    });
}

#[test]
fn a_log_that_is_not_synced_is_noticed() {
    fails("enqueue 1 40", "wal-normal", 60);
}

#[test]
fn a_rollback_journal_whose_folder_is_not_synced_is_noticed() {
    fails("enqueue 1 40", "delete-full", 200);
}

#[test]
fn names_of_bodies_that_are_not_synced_are_noticed() {
    fails("enqueue 1 40", "no-folder-sync", 100);
}

#[test]
#[ignore = "minutes: ten thousand cuts of each kind, or as many as WATS_QUEUE_TIMES says"]
fn ten_thousand_power_cuts() {
    holds("enqueue 1 40", times(10_000), |_| {});
    holds("both 1 30", times(10_000), |_| {});
    holds("enqueue 10 12", times(10_000), |folder| {
        copy(&crate::queue::formats().join("0"), folder);
    });
}
