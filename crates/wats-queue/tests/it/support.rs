//! Bodies that are known by their number, receivers that write down what they get, folders on a fast disk.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wats_queue::{
    Body, Bounds, Deliver, Entry, Filter, Item, Key, Queue, QueueOptions, Receipt, Sha256, State,
    Status, Verdict,
};

/// Longer than anything takes on a loaded machine; what waits so long has failed.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn options() -> QueueOptions {
    QueueOptions::default()
        .bounds(Bounds::default().min_free(0))
        .ballast(4 << 10)
}

pub(crate) fn open(folder: &Path) -> Queue {
    Queue::open_blocking(folder, options()).unwrap()
}

/// In memory where the system has such a place: what is tested here does not depend on it.
pub(crate) fn fast_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir()
        && let Ok(folder) = tempfile::tempdir_in(memory)
    {
        return folder;
    }
    tempfile::tempdir().unwrap()
}

pub(crate) fn key(number: u32) -> Key {
    let mut key = [0; 16];
    key[..4].copy_from_slice(&number.to_le_bytes());
    Key(key)
}

pub(crate) fn number(key: Key) -> u32 {
    let mut first = [0; 4];
    first.copy_from_slice(&key.0[..4]);
    u32::from_le_bytes(first)
}

/// Bytes that are known by their number: no two alike, and no part of them twice.
pub(crate) fn bytes(number: u32, length: usize) -> Vec<u8> {
    let mut state = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The usual body of an item: some hundred bytes up to 10 KB; every seventh is larger than what the tests keep in the database.
pub(crate) fn body(number: u32) -> Vec<u8> {
    let length = if number.is_multiple_of(7) {
        30_000
    } else {
        200 + (number as usize * 997) % 10_000
    };
    bytes(number, length)
}

/// Bodies longer than this are files, in tests.
pub(crate) const INLINE: usize = 16 << 10;

pub(crate) fn entry(number: u32) -> Entry {
    Entry::new(key(number), body(number)).labels(number.to_string())
}

pub(crate) fn put(queue: &Queue, number: u32) -> Receipt {
    queue.enqueue(entry(number)).wait().unwrap()
}

/// What a receiver got, and what it says.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) got: Arc<Mutex<Vec<u32>>>,
    answer: Arc<dyn Fn(u32) -> Verdict + Send + Sync>,
}

impl Receiver {
    pub(crate) fn new(answer: impl Fn(u32) -> Verdict + Send + Sync + 'static) -> Self {
        Self {
            got: Arc::default(),
            answer: Arc::new(answer),
        }
    }

    pub(crate) fn that_takes_all() -> Self {
        Self::new(|_| sent())
    }

    pub(crate) fn got(&self) -> Vec<u32> {
        self.got.lock().unwrap().clone()
    }

    pub(crate) fn counts(&self) -> HashMap<u32, usize> {
        let mut counts = HashMap::new();
        for number in self.got() {
            *counts.entry(number).or_default() += 1;
        }
        counts
    }
}

impl Deliver for Receiver {
    async fn deliver(&self, item: &Item, body: Body) -> Verdict {
        let number = number(item.key);
        assert_eq!(Sha256::of(&body.read().unwrap()), item.sha256);
        self.got.lock().unwrap().push(number);
        (self.answer)(number)
    }
}

pub(crate) fn sent() -> Verdict {
    Verdict::Sent {
        reference: String::new(),
    }
}

pub(crate) fn fault() -> wats_queue::Fault {
    wats_queue::Fault::new("test", "because")
}

/// Until something holds. What it looks at changes by itself.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !holds() {
        assert!(start.elapsed() < LONG, "still not: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn all(queue: &Queue) -> Vec<Item> {
    queue.list(Filter::all().most(10_000)).wait().unwrap()
}

pub(crate) fn states(queue: &Queue) -> Vec<(u32, State)> {
    let items = all(queue);
    items
        .iter()
        .map(|item| (number(item.key), item.state))
        .collect()
}

/// Whether an item is in the queue with the bytes that it had, or is known to have been sent.
pub(crate) fn is_kept(queue: &Queue, at: u32) -> bool {
    match queue.status(key(at)).wait().unwrap() {
        Status::Ended(past) => past.sha256 == Sha256::of(&body(at)),
        Status::Open(_) => {
            let stored = queue.body(key(at)).wait().unwrap();
            stored.read().is_ok_and(|stored| stored[..] == body(at)[..])
        }
        _ => false,
    }
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Says visibly that a test did nothing, and why.
pub(crate) fn skipped(why: &str) {
    println!("SKIPPED: {why}");
    eprintln!("SKIPPED: {why}");
}

/// How often something is done: as the variable says, where a test runs by its name.
pub(crate) fn times(usual: usize) -> usize {
    let set = std::env::var("WATS_QUEUE_TIMES").ok();
    set.and_then(|times| times.parse().ok()).unwrap_or(usual)
}
