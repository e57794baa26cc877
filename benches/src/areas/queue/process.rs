//! The processes of these rows: `serve queue ROLE CONTESTANT FOLDER MORE`, where `MORE` depends on the role.

use super::attach::attach;
use super::ours::{AtOnce, Ours, key};
use super::peers::{Files, Redb};
use super::store::Store;
use super::system::resident;
use super::text::{STEPS_OF_10_KB, id};
use crate::server::{self, Server};
use crate::{Error, Result};
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc;
use std::time::Instant;
use wats_domains::queue::{Body, Item};
use wats_queue::{Deliver, Entry, Verdict};

/// Name of the child process.
pub(in crate::areas) const NAME: &str = "queue";

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Stores as many reports as it is asked to, one after the other, and answers how many seconds the longest one took. `MORE` is
    /// the number of this writer.
    Write,
    /// Stores reports one after the other from the number `MORE` on, and writes the number of each that is stored in a line.
    Forever,
    /// Opens, counts, and gets hold of the oldest one; says how many milliseconds each took.
    Open,
    /// Sends as many as it is asked to, `MORE` at a time, gives the free room back, and answers how many seconds sending took.
    Drain,
    /// Has reports leased and never says what became of them.
    Hold,
    /// Sends what there is, and says the number of each in a line, when it is asked to.
    Share,
    /// Enqueues and sends a report with the file `MORE`, and answers by how much memory rose. The contestant is the address.
    Attach,
}

const ROLES: [(Role, &str); 7] = [
    (Role::Write, "write"),
    (Role::Forever, "forever"),
    (Role::Open, "open"),
    (Role::Drain, "drain"),
    (Role::Hold, "hold"),
    (Role::Share, "share"),
    (Role::Attach, "attach"),
];

/// So many reports are held.
pub(super) const HELD: usize = 4;

/// Starts one.
pub(super) fn start<O: Store>(role: Role, folder: &Path, more: &str) -> Result<Server> {
    start_named(role, O::NAME, folder, more)
}

/// Starts one whose contestant goes by another word.
pub(super) fn start_named(role: Role, name: &str, folder: &Path, more: &str) -> Result<Server> {
    let word = ROLES.iter().find(|(there, _)| *there == role);
    let (_, word) = word.ok_or("there is no such role")?;
    let folder = folder.to_str().ok_or("the folder's name is no text")?;
    Server::start(NAME, &[word, name, folder, more])
}

/// Is such a process until the parent goes.
pub(in crate::areas) fn serve(arguments: &[String]) -> Result<()> {
    let [role, name, folder, more] = arguments else {
        return Err("usage: serve queue ROLE CONTESTANT FOLDER MORE".into());
    };
    let role = ROLES.iter().find(|(_, word)| word == role);
    let (role, _) = *role.ok_or("there is no such role")?;
    let folder = Path::new(folder);
    if role == Role::Attach {
        return attach(name, folder, Path::new(more));
    }
    match name.as_str() {
        Ours::NAME => act::<Ours>(role, folder, more),
        Redb::<false>::NAME => act::<Redb<false>>(role, folder, more),
        Redb::<true>::NAME => act::<Redb<true>>(role, folder, more),
        Files::NAME => act::<Files>(role, folder, more),
        _ => Err(format!("there is no contestant {name:?}").into()),
    }
}

fn act<O: Store>(role: Role, folder: &Path, more: &str) -> Result<()> {
    match role {
        Role::Write => write::<O>(folder, more.parse()?),
        Role::Forever => for_ever::<O>(folder, more.parse()?),
        Role::Open => open::<O>(folder),
        Role::Drain => drain::<O>(folder, more.parse()?),
        Role::Hold => hold(folder),
        Role::Share => share(folder),
        Role::Attach => Err("it has no contestant".into()),
    }
}

fn answered(outcome: Result<String>) -> String {
    outcome.unwrap_or_else(|error| format!("failed: {error}"))
}

fn write<O: Store>(folder: &Path, writer: u64) -> Result<()> {
    let store = O::open(folder)?;
    let mut next = writer << 32;
    server::serve_until_closed("", |count| {
        let mut work = || {
            let count: u64 = count.parse()?;
            let mut items = Vec::new();
            for number in next..next + count {
                items.push(O::item(number, STEPS_OF_10_KB)?);
            }
            next += count;
            let mut worst = 0_f64;
            for item in items {
                let start = Instant::now();
                store.put(item)?;
                worst = worst.max(start.elapsed().as_secs_f64());
            }
            Ok(worst.to_string())
        };
        answered(work())
    })
}

fn for_ever<O: Store>(folder: &Path, first: u64) -> Result<()> {
    let store = O::open(folder)?;
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", server::READY)?;
    for number in first.. {
        store.put(O::item(number, STEPS_OF_10_KB)?)?;
        // One write: what a killed process had half written is no line.
        output.write_all(format!("{number}\n").as_bytes())?;
        output.flush()?;
    }
    Ok(())
}

fn open<O: Store>(folder: &Path) -> Result<()> {
    let start = Instant::now();
    let store = O::open(folder)?;
    let opened = start.elapsed();
    store.first()?;
    let taken = start.elapsed() - opened;
    let counting = Instant::now();
    store.count()?;
    let figures = [opened, taken, counting.elapsed()].map(|time| time.as_secs_f64() * 1e3);
    let (_, peak) = resident();
    let [opened, taken, counted] = figures;
    server::serve_until_closed(&format!("{opened} {taken} {counted} {peak}"), |_| {
        String::new()
    })
}

fn drain<O: Store>(folder: &Path, at_once: usize) -> Result<()> {
    let mut store = O::open(folder)?;
    server::serve_until_closed("", |count| {
        let mut work = || {
            let count = count.parse()?;
            let start = Instant::now();
            store.drain(at_once, count)?;
            let took = start.elapsed();
            store.compact()?;
            Ok(took.as_secs_f64().to_string())
        };
        answered(work())
    })
}

/// Never comes to an end.
struct Never(mpsc::Sender<()>);

impl Deliver for Never {
    async fn deliver(&self, _: &Item, _: Body) -> Verdict {
        // The other end is there as long as somebody waits for all of them.
        let _ = self.0.send(());
        std::future::pending().await
    }
}

fn hold(folder: &Path) -> Result<()> {
    let ours = Ours::open(folder)?;
    for number in 0..HELD as u64 {
        let entry = Entry::new(key(number), id(number).to_string());
        ours.queue.raw().enqueue(entry).wait()?;
    }
    let (sender, held) = mpsc::channel();
    let drain = ours.deliver(Never(sender), HELD);
    for _ in 0..HELD {
        held.recv()?;
    }
    server::serve_until_closed("", |_| String::new())?;
    drop(drain);
    Ok(())
}

fn share(folder: &Path) -> Result<()> {
    let ours = Ours::open(folder)?;
    server::serve_until_closed("", |_| {
        let (sender, sent) = mpsc::channel();
        let drain = ours.deliver(AtOnce(Some(sender)), HELD);
        let work = || {
            // What the other one has leased is still there.
            while ours.count()? > 0 {
                std::thread::yield_now();
            }
            let numbers: Vec<String> = sent
                .try_iter()
                .map(|number: u64| number.to_string())
                .collect();
            Ok(numbers.join(" "))
        };
        let answer = answered(work());
        drop(drain);
        answer
    })
}

/// In the parent: a number that a process has answered.
pub(super) fn number(answer: &str) -> Result<f64> {
    answer.parse().map_err(|_| Error::from(answer))
}
