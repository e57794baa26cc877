//! Reads and writes of one client, interleaved at random, against a server that carries writes out when it likes. No read
//! that began after the end of a write, or after its future was dropped, shows what was there before.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::{Instant, advance};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockRequest, MockTransport};
use wats_http::{Client, RetryConfig};

use super::*;
use crate::bulk::BulkOptions;
use crate::error::none_if_missing;
use crate::product::{Product, ProductQuery, ProductService};

/// How many interleavings; each is of its own seed, so a failure tells which to look at.
const INTERLEAVINGS: u64 = 10_000;
const STEPS: u64 = 24;
const KEYS: [&str; 3] = ["A", "B", "C"];

/// The versions of all things, by their key; what is missing has version 0.
type Versions = BTreeMap<String, u64>;

mod rows {
    use crate::ask::route::routes;

    routes! { "test";
        search = POST   "/api/Search"        safe keeps ProductLists;
        delete = DELETE "/api/Product/{key}" gone stales [Products, ProductLists];
    }

    #[test]
    fn the_rows_are_these() {
        assert_eq!(ALL.len(), 2);
    }
}

/// Random numbers (`SplitMix64`), the same for a seed on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn key(&mut self) -> &'static str {
        KEYS[self.below(3) as usize]
    }

    fn millis(&mut self, end: u64) -> Duration {
        Duration::from_millis(self.below(end))
    }
}

/// A server. What it was told to write it writes when its time has come, whether anybody still waits for it or not.
struct Server {
    random: Random,
    written: Versions,
    /// Writes that were received: when they are carried out, of which key, and of which operation.
    due: Vec<(Instant, String, u64)>,
    /// Writes that were carried out: the key, its version from then on, and the operation.
    done: Vec<(String, u64, u64)>,
    /// The operation that is polled now.
    polled: u64,
}

impl Server {
    fn settle(&mut self) {
        let now = Instant::now();
        self.due.sort_by_key(|(at, ..)| *at);
        while self.due.first().is_some_and(|(at, ..)| *at <= now) {
            let (_, key, operation) = self.due.remove(0);
            let version = self.done.len() as u64 + 1;
            self.written.insert(key.clone(), version);
            self.done.push((key, version, operation));
        }
    }

    fn write(&mut self, key: &str) -> MockAnswer {
        self.settle();
        let done = self.random.millis(40);
        // What became of a write whose answer is lost shows any time later.
        let late = self.random.millis(20_000);
        let (carried_out, answer) = match self.random.below(10) {
            0 => return MockAnswer::status(400).after(done),
            1 => (late, MockAnswer::broken()),
            2 => (late, MockAnswer::status(503)),
            3 => (late, MockAnswer::never()),
            _ => (done, MockAnswer::json(&json!({"partNumber": key}))),
        };
        let at = Instant::now() + carried_out;
        self.due.push((at, key.to_owned(), self.polled));
        answer.after(done + self.random.millis(20))
    }

    fn read(&mut self, wanted: impl Fn(&Versions) -> Value) -> MockAnswer {
        self.settle();
        let answer = match self.random.below(8) {
            0 => MockAnswer::broken(),
            1 => MockAnswer::status(503),
            2 => MockAnswer::status(400),
            _ => MockAnswer::json(&wanted(&self.written)),
        };
        answer.after(self.random.millis(60))
    }
}

fn product(versions: &Versions, key: &str) -> Value {
    let version = versions.get(key).copied().unwrap_or_default();
    json!({"partNumber": key, "name": version.to_string()})
}

fn list(versions: &Versions) -> Value {
    KEYS.iter().map(|key| product(versions, key)).collect()
}

fn key_of(request: &MockRequest) -> String {
    request
        .target
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// A client of such a server.
fn start(seed: u64) -> (Arc<Core>, Arc<Mutex<Server>>) {
    let server = Arc::new(Mutex::new(Server {
        random: Random(seed ^ 0xABCD),
        written: Versions::new(),
        due: Vec::new(),
        done: Vec::new(),
        polled: 0,
    }));
    let with = |answer: fn(&mut Server, &MockRequest) -> MockAnswer| {
        let server = Arc::clone(&server);
        move |request: &MockRequest| answer(&mut server.lock().unwrap(), request)
    };
    let mock = MockTransport::new()
        .answer(
            Method::GET,
            "/api/Product/Query",
            with(|server, _| server.read(list)),
        )
        .answer(
            Method::GET,
            "/api/Product/*",
            with(|server, request| {
                let key = key_of(request);
                server.read(|versions| product(versions, &key))
            }),
        )
        .answer(
            Method::POST,
            "/api/Search",
            with(|server, request| {
                let key: String = serde_json::from_slice(&request.body).unwrap();
                server.read(|versions| product(versions, &key))
            }),
        )
        .answer(
            Method::PUT,
            "/api/Product",
            with(|server, request| {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                server.write(body["partNumber"].as_str().unwrap())
            }),
        )
        .answer(
            Method::DELETE,
            "/api/Product/*",
            with(|server, request| server.write(&key_of(request))),
        );
    // A repeat that comes late would write once more behind the back of its caller.
    let retry = RetryConfig::default().max_attempts(1);
    let client = Client::builder()
        .base_url("http://mock")
        .token("aHVudGVyMjpodW50ZXIy")
        .rate_limit(None)
        .breaker(None)
        .retry(retry)
        .transport(mock)
        .build()
        .unwrap();
    // Times that pass within a scenario, so that answers past their time are given too.
    let class = ClassOptions::default()
        .ttl(Duration::from_millis(100))
        .stale_if_error(Duration::from_secs(60));
    let cache = CacheOptions::off()
        .products(class.clone())
        .product_lists(class);
    let json = Serializer::new(wats_codec::Format::Json);
    (Arc::new(Core::new(client, json, &cache, None)), server)
}

/// What was read: versions by key. Nothing where the call failed.
type Read = Option<Versions>;

/// An operation under way.
struct Doing {
    operation: u64,
    what: What,
}

enum What {
    /// With what it must not be older than.
    Read(Versions, BoxFuture<'static, Read>),
    Write(BoxFuture<'static, ()>),
}

fn versions<'a>(products: impl IntoIterator<Item = (&'a str, Option<&'a String>)>) -> Versions {
    products
        .into_iter()
        .map(|(key, name)| (key.to_owned(), name.unwrap().parse().unwrap()))
        .collect()
}

fn begin_read(core: &Arc<Core>, random: &mut Random) -> BoxFuture<'static, Read> {
    let (products, key) = (ProductService::new(core), random.key());
    let core = Arc::clone(core);
    let one = |product: &Arc<Product>| versions([(product.part_number(), product.name.as_ref())]);
    let query = ProductQuery::default();
    match random.below(7) {
        0 => Box::pin(async move {
            let rows = products.query(&query).await.ok()?;
            Some(versions(
                rows.iter()
                    .map(|row| (row.part_number(), row.name.as_ref())),
            ))
        }),
        1 => Box::pin(async move {
            let rows = products.query(&query).shared().await.ok()?;
            Some(versions(
                rows.iter()
                    .map(|row| (row.part_number(), row.name.as_ref())),
            ))
        }),
        2 => Box::pin(async move { Some(one(&products.find(key).await.ok()??)) }),
        3 | 4 => Box::pin(async move {
            let call = rows::search.call().json(key);
            let found = core.ask_kept::<Product>(&rows::search, Ok(call)).await;
            Some(one(&found.ok()?))
        }),
        _ => Box::pin(async move { Some(one(&products.get(key).await.ok()?)) }),
    }
}

fn begin_write(core: &Arc<Core>, random: &mut Random) -> BoxFuture<'static, ()> {
    let (products, key) = (ProductService::new(core), random.key());
    let core = Arc::clone(core);
    match random.below(4) {
        0 => {
            let all = KEYS.map(Product::new);
            let many = BulkOptions::default().at_once(2).no_outage_wait();
            Box::pin(async move { drop(products.save_each(all, &many).await) })
        }
        1 => Box::pin(async move {
            let call = rows::delete.call().path("key", key);
            drop(none_if_missing(core.tell(&rows::delete, Ok(call)).await));
        }),
        _ => Box::pin(async move { drop(products.save(&Product::new(key)).await) }),
    }
}

/// What there is of one interleaving.
struct Scenario {
    seed: u64,
    core: Arc<Core>,
    server: Arc<Mutex<Server>>,
    doing: Vec<Doing>,
    begun: u64,
    compared: u64,
}

impl Scenario {
    /// What a read that begins now must not be older than: what the server has carried out of writes that are over.
    fn at_least(&self) -> Versions {
        let mut server = self.server.lock().unwrap();
        server.settle();
        let is_over = |operation| self.doing.iter().all(|doing| doing.operation != operation);
        let done = server
            .done
            .iter()
            .filter(|(.., operation)| is_over(*operation));
        done.map(|(key, version, _)| (key.clone(), *version))
            .collect()
    }

    fn begin(&mut self, what: What) {
        self.begun += 1;
        self.doing.push(Doing {
            operation: self.begun,
            what,
        });
        self.poll(self.doing.len() - 1);
    }

    /// Polls one; what has ended is checked and gone.
    fn poll(&mut self, at: usize) {
        let doing = &mut self.doing[at];
        self.server.lock().unwrap().polled = doing.operation;
        let mut context = Context::from_waker(Waker::noop());
        let ended = match &mut doing.what {
            What::Write(write) => write.as_mut().poll(&mut context).is_ready(),
            What::Read(at_least, read) => match read.as_mut().poll(&mut context) {
                Poll::Pending => false,
                Poll::Ready(read) => {
                    for (key, version) in read.into_iter().flatten() {
                        let least = at_least.get(&key).copied().unwrap_or_default();
                        assert!(
                            version >= least,
                            "seed {}: {key} was read as version {version}, which {least} had replaced before",
                            self.seed
                        );
                        self.compared += 1;
                    }
                    true
                }
            },
        };
        if ended {
            drop(self.doing.swap_remove(at));
        }
    }

    async fn step(&mut self, random: &mut Random) {
        let under_way = self.doing.len() as u64;
        match random.below(20) {
            0..=5 => {
                let read = begin_read(&self.core, random);
                self.begin(What::Read(self.at_least(), read));
            }
            at @ 6..=8 if at < 6 + self.seed % 4 => {
                let write = begin_write(&self.core, random);
                self.begin(What::Write(write));
            }
            9..=13 if under_way > 0 => self.poll(random.below(under_way) as usize),
            14 if under_way > 0 => {
                drop(self.doing.swap_remove(random.below(under_way) as usize));
            }
            15 => ProductService::new(&self.core).refresh(),
            16 => advance(random.millis(8_000)).await,
            _ => advance(random.millis(50)).await,
        }
    }
}

async fn interleave(seed: u64) -> (u64, u64) {
    let mut random = Random(seed);
    let (core, server) = start(seed);
    let mut scenario = Scenario {
        seed,
        core,
        server,
        doing: Vec::new(),
        begun: 0,
        compared: 0,
    };
    for _ in 0..STEPS {
        scenario.step(&mut random).await;
    }
    for _ in 0..4 {
        advance(Duration::from_millis(50)).await;
        for at in (0..scenario.doing.len()).rev() {
            scenario.poll(at);
        }
    }
    let stats = scenario.core.cache_stats();
    let stale = stats.products.stale_served + stats.product_lists.stale_served;
    (scenario.compared, stale)
}

#[tokio::test(start_paused = true)]
async fn no_read_shows_what_a_write_before_it_has_replaced() {
    let (mut compared, mut stale) = (0, 0);
    for seed in 0..INTERLEAVINGS {
        let (more, served) = interleave(seed).await;
        compared += more;
        stale += served;
    }
    // The test does what it says.
    assert!(compared > 2 * INTERLEAVINGS, "{compared}");
    assert!(stale > INTERLEAVINGS / 200, "{stale}");
}
