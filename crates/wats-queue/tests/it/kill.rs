//! Processes that are killed: at any moment, and at each place where something was half done.

use std::collections::BTreeSet;
use std::path::Path;

use wats_queue::{Entry, Filter, Queue, Status};

use crate::child::{EXPORTED, Process, command, failing_at};
use crate::support::{INLINE, bytes, copy, entry, fast_folder, is_kept, key, open, options, times};

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

/// Items that are kept, and so much free room that it takes two steps to give it back.
fn with_free_room(folder: &Path) {
    let queue = Queue::open_blocking(folder, options().inline_limit(INLINE)).unwrap();
    let numbers: Vec<u32> = (1..=8).collect();
    let mut waiting: Vec<_> = numbers.iter().map(|at| queue.enqueue(entry(*at))).collect();
    // More than a thousand pages of four KB.
    for at in 100..450 {
        waiting.push(queue.enqueue(Entry::new(key(at), bytes(at, 15_000))));
    }
    for answer in waiting {
        answer.wait().unwrap();
    }
    let gone: Vec<_> = (100..450)
        .map(|at| queue.discard(key(at), "test"))
        .collect();
    for answer in gone {
        answer.wait().unwrap();
    }
    queue.close().wait().unwrap();
}

#[test]
fn a_kill_while_free_room_is_given_back_loses_nothing() {
    killed("vacuum", 12, times(USUAL), with_free_room);
}

#[test]
fn a_process_that_ends_while_free_room_is_given_back_has_lost_nothing() {
    for time in [1, 2] {
        let folder = fast_folder();
        with_free_room(folder.path());
        let mut child = command("vacuum", folder.path());
        failing_at(&mut child, &format!("upkeep.vacuumed=abort@{time}"));
        let mut said = Said::default();
        let rest = Process::start(child).rest();
        assert!(rest.iter().all(|(word, _)| word != "end"), "{time}");
        for line in rest {
            said.hear(line);
        }
        assert_eq!(said.acknowledged.len(), 8);
        look(folder.path(), &said, &format!("vacuum {time}"));
    }
}

const EXPORTS: u32 = 20;

/// What an import has to take in, where nothing is yet.
fn with_an_export(folder: &Path) {
    let other = fast_folder();
    let queue = open(other.path());
    for at in 1..=EXPORTS {
        queue.enqueue(entry(at)).wait().unwrap();
    }
    let exported = folder.join(EXPORTED);
    queue.export(exported, Filter::all()).wait().unwrap();
    queue.close().wait().unwrap();
}

/// What was taken in is whole, and the rest comes with a second import: each once.
fn import_again(folder: &Path, when: &str) {
    let queue = Queue::open_blocking(folder, options().inline_limit(INLINE)).unwrap();
    let before = queue.list(Filter::all()).wait().unwrap();
    for item in &before {
        let at = crate::support::number(item.key);
        assert!(is_kept(&queue, at), "{when}: {at} is not as it was");
    }
    let done = queue.import(folder.join(EXPORTED)).wait().unwrap();
    let known = before.len() as u64;
    let expected = (u64::from(EXPORTS) - known, known, 0);
    assert_eq!((done.items, done.known, done.damaged), expected, "{when}");
    assert!((1..=EXPORTS).all(|at| is_kept(&queue, at)), "{when}");
    let all = queue.list(Filter::all()).wait().unwrap();
    assert_eq!(all.len(), EXPORTS as usize, "{when}");
    queue.close().wait().unwrap();
}

fn killed_imports(often: usize) {
    let mut random = fastrand::Rng::with_seed(5);
    for round in 0..often {
        let folder = fast_folder();
        with_an_export(folder.path());
        // At each of the twenty in turn, before or after its commit; it says nothing meanwhile.
        let place = [
            "enqueue.row",
            "write.commit",
            "write.committed",
            "blob.named",
        ][round % 4];
        let most = if place == "blob.named" { 2 } else { EXPORTS };
        let time = random.u32(1..=most);
        let mut child = command("import", folder.path());
        failing_at(&mut child, &format!("{place}=abort@{time}"));
        let rest = Process::start(child).rest();
        let when = format!("{place} {time}");
        assert!(rest.iter().all(|(word, _)| word != "imported"), "{when}");
        import_again(folder.path(), &when);
    }
}

#[test]
fn an_import_that_is_killed_is_begun_anew_and_doubles_nothing() {
    killed_imports(times(USUAL));
}

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
    killed("vacuum", 12, times(1000), with_free_room);
    killed_imports(times(1000));
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
