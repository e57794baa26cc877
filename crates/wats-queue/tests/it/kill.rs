//! Processes that are killed: at any moment, and at each place where something was half done.

use std::collections::BTreeSet;
use std::path::Path;

use wats_queue::{Queue, Status};

use crate::child::{Process, command, failing_at};
use crate::support::{INLINE, copy, fast_folder, is_kept, key, options, times};

/// What a process had said before it ended.
#[derive(Default)]
struct Said {
    acknowledged: BTreeSet<u32>,
    sent: BTreeSet<u32>,
    done: BTreeSet<u32>,
}

impl Said {
    fn hear(&mut self, (word, at): (String, u32)) {
        match word.as_str() {
            "ack" => self.acknowledged.insert(at),
            "sent" => self.sent.insert(at),
            "done" => self.done.insert(at),
            "torn" => panic!("{at} was not what was stored"),
            _ => true,
        };
    }
}

/// All that was acknowledged is there, and at most what was on its way is sent again.
fn look(folder: &Path, said: &Said, when: &str) {
    let options = options().inline_limit(INLINE).ballast(0);
    let queue = Queue::open_blocking(folder, options).unwrap();
    queue.check().wait().unwrap();
    for at in &said.acknowledged {
        assert!(is_kept(&queue, *at), "{when}: {at} is lost");
    }
    let ended = |at: &u32| matches!(queue.status(key(*at)).wait().unwrap(), Status::Ended(_));
    assert!(
        said.done.iter().all(ended),
        "{when}: what was done would be sent again"
    );
    let again = said.sent.iter().filter(|at| !ended(at)).count();
    assert!(again <= 8, "{when}: {again} would be sent again");
    queue.close().wait().unwrap();
}

/// Kills a process after it has said a random number of words.
fn killed(role: &str, most_words: usize, often: usize, before: fn(&Path)) {
    let mut random = fastrand::Rng::with_seed(3);
    for round in 0..often {
        let folder = fast_folder();
        before(folder.path());
        let mut process = Process::start(command(role, folder.path()));
        let mut said = Said::default();
        for _ in 0..random.usize(0..most_words) {
            match process.line() {
                Some(line) => said.hear(line),
                None => break,
            }
        }
        // Somewhere between two words.
        for _ in 0..random.u32(0..200) {
            std::thread::yield_now();
        }
        process.kill();
        for line in process.rest() {
            said.hear(line);
        }
        look(folder.path(), &said, &format!("round {round}"));
    }
}

const USUAL: usize = 12;

#[test]
fn nothing_that_was_acknowledged_is_lost_by_a_kill() {
    killed("enqueue 1 60", 120, times(USUAL), |_| {});
}

#[test]
fn a_kill_while_sending_repeats_what_was_on_its_way_at_most() {
    killed("both 1 25", 130, times(USUAL), |_| {});
}

#[test]
fn a_kill_while_an_older_format_is_brought_to_this_one_loses_nothing() {
    killed("enqueue 10 14", 3, times(USUAL), |folder| {
        copy(&crate::queue::formats().join("0"), folder);
    });
}

#[test]
#[ignore = "minutes: a thousand kills of each kind, or as many as WATS_QUEUE_TIMES says"]
fn a_thousand_kills() {
    killed("enqueue 1 60", 120, times(1000), |_| {});
    killed("both 1 25", 130, times(1000), |_| {});
    killed("enqueue 10 14", 3, times(1000), |folder| {
        copy(&crate::queue::formats().join("0"), folder);
    });
}

/// The places that a run with large and small bodies, sends and giving room back passes.
const PLACES: [&str; 12] = [
    "open.migrate",
    "open.migrated",
    "write.begin",
    "write.commit",
    "write.committed",
    "blob.rename",
    "blob.named",
    "enqueue.row",
    "enqueue.body",
    "take.leased",
    "end.receipt",
    "settle.done",
];

#[test]
fn a_process_that_ends_within_any_step_has_lost_nothing() {
    for place in PLACES {
        for time in [1, 3] {
            let folder = fast_folder();
            let mut child = command("both 1 23", folder.path());
            failing_at(&mut child, &format!("{place}=abort@{time}"));
            let mut process = Process::start(child);
            let mut said = Said::default();
            let rest = process.rest();
            let to_the_end = rest.iter().any(|(word, _)| word == "end");
            for line in rest {
                said.hear(line);
            }
            // Opening is a step that comes once.
            let once = place.starts_with("open.") && time > 1;
            assert_eq!(
                to_the_end, once,
                "{place} was passed less often than {time} times"
            );
            look(folder.path(), &said, &format!("{place} {time}"));
        }
    }
}
