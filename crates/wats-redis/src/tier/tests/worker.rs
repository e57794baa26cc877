//! A process of the tests in `processes`.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::*;
use crate::testing::orders;

/// What a worker is started as.
pub(super) const NAME: &str = "tier::tests::worker::takes_orders";

/// Time that all processes of a machine agree on, for what is not decided by it.
pub(super) fn micros_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_micros()).unwrap()
}

/// Two numbers for each key, in a file that processes share: what the values come from, or what was acknowledged when.
pub(super) struct Table {
    file: Mutex<File>,
}

/// One row: the numbers, and what shows that they are of one write.
const ROW: usize = 24;

impl Table {
    pub(super) fn open(path: &Path) -> Self {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .unwrap();
        Self {
            file: Mutex::new(file),
        }
    }

    fn row(one: u64, other: u64) -> [u8; ROW] {
        let mut row = [0; ROW];
        let sum = one.wrapping_mul(31).wrapping_add(other);
        for (place, number) in row.chunks_mut(8).zip([one, other, sum]) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        row
    }

    pub(super) fn get(&self, key: usize) -> (u64, u64) {
        let mut file = self.file.lock().unwrap();
        loop {
            let mut row = [0; ROW];
            file.seek(SeekFrom::Start((key * ROW) as u64)).unwrap();
            if file.read_exact(&mut row).is_err() {
                return (0, 0);
            }
            let number = |at: usize| u64::from_le_bytes(row[at..at + 8].try_into().unwrap());
            if row == Self::row(number(0), number(8)) {
                return (number(0), number(8));
            }
        }
    }

    pub(super) fn set(&self, key: usize, one: u64, other: u64) {
        let mut file = self.file.lock().unwrap();
        file.seek(SeekFrom::Start((key * ROW) as u64)).unwrap();
        file.write_all(&Self::row(one, other)).unwrap();
    }
}

/// Asks whoever counts.
fn asks(port: u16, key: &str) -> Origin<String, &'static str> {
    let key = key.to_owned();
    Box::new(move |_| {
        Box::pin(async move {
            let ask = async {
                let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
                stream.write_all(format!("{key}\n").as_bytes()).await?;
                let mut line = String::new();
                stream.read_line(&mut line).await?;
                Ok::<_, std::io::Error>(line.trim_end().to_owned())
            };
            ask.await.map(Loaded::new).map_err(|_| "down")
        })
    })
}

/// So many callers for each of so many keys, all from one moment on. When the last one had its value, in µs after it, and how
/// many had another one.
async fn herd(node: &Arc<Node>, port: u16, callers: usize, keys: usize, at: u64) -> (u64, usize) {
    tokio::time::sleep(Duration::from_micros(at.saturating_sub(micros_now()))).await;
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..callers {
        for key in 0..keys {
            let node = Arc::clone(node);
            all.spawn(async move {
                let key = key.to_string();
                node.load(&key, asks(port, &key)).await == Ok(format!("of {key}"))
            });
        }
    }
    let right = all
        .join_all()
        .await
        .into_iter()
        .filter(|right| *right)
        .count();
    (micros_now().saturating_sub(at), callers * keys - right)
}

/// What was read of keys that others write.
#[derive(Default)]
struct Seen {
    own_stale: u64,
    reads: u64,
    /// How long ago the write was acknowledged whose value a read that began afterwards did not see, in µs.
    late: Vec<u64>,
}

fn reads(truth: &Arc<Table>, key: usize) -> Origin<String, &'static str> {
    let truth = Arc::clone(truth);
    Box::new(move |_| {
        Box::pin(async move {
            let (version, _) = truth.get(key);
            Ok(loaded(&version.to_string()).tags([format!("of {}", key % 8)]))
        })
    })
}

/// Counts its own keys up, in one of several ways, and reads them and those of the other process.
async fn update(
    node: Arc<Node>,
    (truth, acknowledged): (Arc<Table>, Arc<Table>),
    part: usize,
    rounds: usize,
    keys: usize,
) -> Seen {
    let mut seen = Seen::default();
    let (node, truth) = (&node, &truth);
    let read = |key: usize| async move { node.load(&key.to_string(), reads(truth, key)).await };
    for round in 0..rounds {
        let own = round % (keys / 8) * 8 + part;
        let version = truth.get(own).0 + 1;
        truth.set(own, version, 0);
        match round % 5 {
            0 => node.cache.invalidate_tag(&format!("of {part}")).await,
            1 => drop(
                node.cache
                    .put(
                        own.to_string(),
                        loaded(&version.to_string()).tags([format!("of {part}")]),
                    )
                    .await,
            ),
            _ => node.remove(&own.to_string()).await,
        }
        acknowledged.set(own, version, micros_now());
        seen.own_stale += u64::from(read(own).await != Ok(version.to_string()));
        let other = round % (keys / 8) * 8 + (part + 4 + round / 7) % 8;
        let ((version, at), begin) = (acknowledged.get(other), micros_now());
        let value: u64 = read(other).await.unwrap().parse().unwrap();
        seen.reads += 1;
        if value < version {
            seen.late.push(begin.saturating_sub(at));
        }
    }
    seen
}

/// What this process is and has.
struct Process {
    node: Arc<Node>,
    port: u16,
    tables: (Arc<Table>, Arc<Table>),
}

impl Process {
    /// From the first order: the server, the port of the origin, a folder, and times in ms.
    fn begin(order: &str) -> Self {
        let words: Vec<&str> = order.split('\t').collect();
        let millis = |text: &str| Duration::from_millis(text.parse().unwrap());
        let shared = Shared::builder(words[0])
            .namespace("n")
            .op_timeout(millis(words[3]))
            .max_staleness(millis(words[4]))
            .build()
            .unwrap();
        let codec = ValueCodec::message_pack("text", 1);
        let builder = shared
            .cache("text", codec)
            .ttl(HOUR)
            .lease(millis(words[5]));
        let cache = builder.build().unwrap();
        let node = Arc::new(Node { shared, cache });
        eventually("trusted", || node.shared.is_trusted());
        let table = |name| Arc::new(Table::open(&Path::new(words[2]).join(name)));
        Self {
            node,
            port: words[1].parse().unwrap(),
            tables: (table("truth"), table("acknowledged")),
        }
    }

    async fn carry_out(&self, order: &str) -> String {
        let words: Vec<&str> = order.split('\t').collect();
        let number = |at: usize| words[at].parse::<usize>().unwrap();
        match words[0] {
            "load" => {
                let begin = Instant::now();
                let value = self.node.load(words[1], asks(self.port, words[1])).await;
                let stats = self.node.cache.stats();
                let value = value.unwrap_or_else(|error| error.to_string());
                format!(
                    "{value}\t{}\t{}",
                    begin.elapsed().as_millis(),
                    stats.refused
                )
            }
            "remove" => {
                self.node.remove(words[1]).await;
                "removed".to_owned()
            }
            "fence" => {
                self.node.fence().await;
                "known".to_owned()
            }
            "herd" => {
                let (took, wrong) = herd(
                    &self.node,
                    self.port,
                    number(1),
                    number(2),
                    number(3) as u64,
                )
                .await;
                format!("{took}\t{wrong}\t{}", self.node.cache.stats().led)
            }
            "update" => {
                let mut all = tokio::task::JoinSet::new();
                for task in 0..4 {
                    let (node, tables) = (Arc::clone(&self.node), self.tables.clone());
                    all.spawn(update(
                        node,
                        tables,
                        number(1) * 4 + task,
                        number(2),
                        number(3),
                    ));
                }
                let seen = all.join_all().await;
                let own: u64 = seen.iter().map(|seen| seen.own_stale).sum();
                let reads: u64 = seen.iter().map(|seen| seen.reads).sum();
                let late: Vec<_> = seen.iter().flat_map(|seen| &seen.late).collect();
                let latest = late.iter().max().map_or(0, |late| **late);
                format!("{own}\t{reads}\t{}\t{latest}", late.len())
            }
            "check" => {
                eventually("trusted", || self.node.shared.is_trusted());
                self.node.fence().await;
                let mut wrong = 0;
                for key in 0..number(1) {
                    let truth = &self.tables.0;
                    let value = self.node.load(&key.to_string(), reads(truth, key)).await;
                    wrong += usize::from(value != Ok(truth.get(key).0.to_string()));
                }
                wrong.to_string()
            }
            _ => panic!("{order}"),
        }
    }
}

#[test]
#[ignore = "not a test: what the processes run that other tests start"]
fn takes_orders() {
    let Some(mut orders) = orders() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let process = Process::begin(&orders.next().unwrap());
    orders.say("ready").unwrap();
    while let Some(order) = orders.next() {
        let answer = runtime.block_on(process.carry_out(&order));
        if orders.say(&answer).is_err() {
            return;
        }
    }
}
