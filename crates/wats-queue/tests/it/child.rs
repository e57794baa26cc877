//! A further process: this program started again with the one test that does what the variables of the environment say.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use wats_queue::{Body, Deliver, DrainOptions, Event, Item, Queue, Status, Verdict};

use crate::support::{INLINE, LONG, number, options, put, sent};

const ROLE: &str = "WATS_QUEUE_ROLE";
const FOLDER: &str = "WATS_QUEUE_FOLDER";
const WEAK: &str = "WATS_QUEUE_WEAK";

/// What a process is to do: words such as `enqueue 1 50`.
pub(crate) fn command(role: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "child::a_further_process",
            "--ignored",
            "--nocapture",
        ])
        .env(ROLE, role)
        .env(FOLDER, folder)
        .env_remove("WATS_QUEUE_FAIL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// A process that is killed at the latest when it is dropped.
pub(crate) struct Process {
    pub(crate) child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// What it says next; none when it has ended.
    pub(crate) fn line(&mut self) -> Option<(String, u32)> {
        loop {
            let mut line = String::new();
            // What a killed process had half written is nothing.
            if self.lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(said) = parsed(&line) {
                return Some(said);
            }
        }
    }

    /// All that it still says.
    pub(crate) fn rest(&mut self) -> Vec<(String, u32)> {
        std::iter::from_fn(|| self.line()).collect()
    }

    pub(crate) fn until(&mut self, word: &str) -> u32 {
        loop {
            let (said, at) = self.line().expect("it has ended too early");
            if said == word {
                return at;
            }
        }
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// It goes on when this is said.
    pub(crate) fn go_on(&mut self) {
        if let Some(input) = &mut self.child.stdin {
            let _ = input.write_all(b"\n");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// `> word 17`, a whole line. The test runner writes lines of its own.
pub(crate) fn parsed(line: &str) -> Option<(String, u32)> {
    let line = line.strip_suffix('\n')?;
    let (_, said) = line.rsplit_once("> ")?;
    let (word, at) = said.split_once(' ')?;
    Some((word.to_owned(), at.parse().ok()?))
}

fn say(word: &str, at: u32) {
    // One write, so that the log of a power cut has it whole.
    let line = format!("> {word} {at}\n");
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(line.as_bytes());
    let _ = out.flush();
}

fn wait_for_word() {
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
#[ignore = "what a further process does, started by other tests"]
fn a_further_process() {
    let (Ok(role), Ok(folder)) = (std::env::var(ROLE), std::env::var(FOLDER)) else {
        return;
    };
    let weak = std::env::var(WEAK).unwrap_or_default();
    let words: Vec<&str> = role.split(' ').collect();
    let argument = |at: usize| {
        words
            .get(at)
            .and_then(|word| word.parse().ok())
            .unwrap_or(0)
    };
    let mut options = options().inline_limit(INLINE).weakened(&weak);
    if words[0] == "stall" {
        options = options.stalled_after(Duration::from_millis(300));
    }
    let queue = Queue::open_blocking(&folder, options).unwrap();
    say("open", 0);
    match words[0] {
        "enqueue" => enqueue(&queue, argument(1), argument(2)),
        "drain" => drain(&queue, argument(1), false),
        "both" => {
            enqueue(&queue, argument(1), argument(2));
            drain(&queue, 4, true);
            queue.compact().wait().unwrap();
            say("compacted", 0);
        }
        "vacuum" => vacuum(&queue),
        "import" => {
            let from = Path::new(&folder).join(EXPORTED);
            queue.import(from).wait().unwrap();
            say("imported", 0);
        }
        "hold" => wait_for_word(),
        "stall" => stall(&queue),
        "fail" => fail(&queue),
        other => panic!("{other}"),
    }
    say("end", 0);
    queue.close().wait().unwrap();
}

fn enqueue(queue: &Queue, from: u32, to: u32) {
    for at in from..to {
        say("put", at);
        put(queue, at);
        say("ack", at);
    }
}

/// Below the folder of a queue: what another one has exported.
pub(crate) const EXPORTED: &str = "exported";

/// Gives the room back that is free, again and again as there is more of it, and says what it found.
fn vacuum(queue: &Queue) {
    for item in crate::support::all(queue) {
        say("ack", number(item.key));
    }
    say("vacuum", 0);
    queue.compact().wait().unwrap();
    say("compacted", 0);
}

struct Telling;

impl Deliver for Telling {
    async fn deliver(&self, item: &Item, body: Body) -> Verdict {
        let whole = body
            .read()
            .is_ok_and(|body| body[..] == crate::support::body(number(item.key))[..]);
        say(if whole { "sent" } else { "torn" }, number(item.key));
        sent()
    }
}

/// Sends what is there: until it is empty, or for ever.
fn drain(queue: &Queue, at_once: u32, until_empty: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let events = queue.events();
    runtime.block_on(async {
        let drain = queue
            .drain(Telling, DrainOptions::default().at_once(at_once))
            .unwrap();
        loop {
            while let Some(event) = events.try_next() {
                if let Event::Ended(past) = event {
                    say("done", number(past.key));
                }
            }
            if until_empty && queue.health().await.unwrap().all_items() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        drain.stop(LONG).await.unwrap();
    });
    while let Some(event) = events.try_next() {
        if let Event::Ended(past) = event {
            say("done", number(past.key));
        }
    }
}

/// Takes an item, and says what became of it only when it is told to go on.
fn stall(queue: &Queue) {
    struct Slow;
    impl Deliver for Slow {
        async fn deliver(&self, item: &Item, _: Body) -> Verdict {
            say("sending", number(item.key));
            tokio::task::spawn_blocking(wait_for_word).await.unwrap();
            sent()
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let events = queue.events();
    runtime.block_on(async {
        let drain = queue
            .drain(Slow, DrainOptions::default().at_once(1))
            .unwrap();
        loop {
            match events.try_next() {
                Some(Event::LateSettle) => break say("late", 0),
                Some(Event::Ended(past)) => break say("done", number(past.key)),
                _ => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
        drain.stop(LONG).await.unwrap();
    });
}

/// A disk that fails for a while.
fn fail(queue: &Queue) {
    let events = queue.events();
    put(queue, 1);
    for (at, point) in ["write.begin", "write.commit", "enqueue.row", "enqueue.body"]
        .iter()
        .enumerate()
    {
        for what in ["eio", "full"] {
            wats_queue::fail::set(&format!("{point}={what}"));
            let error = queue.enqueue(crate::support::entry(2)).wait().unwrap_err();
            assert_eq!(error.is_full(), what == "full", "{error}");
            let health = queue.health().wait().unwrap();
            // Where even opening it fails, that is what health says.
            if what == "eio" && point.starts_with("write.") {
                assert!(health.failing.is_some());
            }
            wats_queue::fail::set("");
            say("failed", at as u32);
        }
    }
    put(queue, 2);
    let status = queue.status(crate::support::key(1)).wait().unwrap();
    assert!(matches!(status, Status::Open(_)));
    let told: Vec<Event> = std::iter::from_fn(|| events.try_next()).collect();
    assert!(
        told.iter().any(|event| matches!(event, Event::Failing(_))),
        "{told:?}"
    );
    assert!(
        told.iter().any(|event| matches!(event, Event::Recovered)),
        "{told:?}"
    );
    say("ack", 2);
}

/// With settings that lose items.
pub(crate) fn weakened(command: &mut Command, how: &str) {
    command.env(WEAK, how);
}

/// Which variable names the places at which it fails.
pub(crate) fn failing_at(command: &mut Command, point: &str) {
    command.env("WATS_QUEUE_FAIL", point);
}
