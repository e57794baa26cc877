//! Where an answer may come from, call by call; and what clients give each other, on a tier in memory.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use serde_json::json;
use tokio::time::{advance, sleep};
use wats_cache::{AsyncTtlCache, TokioClock};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{Client, ErrorKind, RetryConfig, TokenFingerprint};

use super::tiers::{AnswerTier, Body, MakeTier};
use super::*;
use crate::Wats;
use crate::product::Product;

const PATH: &str = "/api/Product/P";
const DAY: Duration = Duration::from_secs(86_400);

type Memory = AsyncTtlCache<answer::Key, Arc<Body>>;

/// One level that clients share.
#[derive(Clone, Default)]
struct Level(Arc<OnceLock<Arc<Memory>>>);

impl Level {
    fn tier(&self) -> &Arc<Memory> {
        self.0.get_or_init(|| {
            let cache = AsyncTtlCache::builder()
                .default_ttl(Duration::from_secs(300))
                .stale_if_error(DAY)
                .clock(TokioClock::new());
            Arc::new(cache.build())
        })
    }
}

/// One class alone is shared.
struct Maker(Level, &'static str);

impl fmt::Debug for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Maker")
    }
}

impl MakeTier for Maker {
    fn make(&self, class: &str, _: &ClassOptions, _: TokenFingerprint) -> Option<Arc<AnswerTier>> {
        let tier: Arc<AnswerTier> = Arc::clone(self.0.tier()) as _;
        (class == self.1).then_some(tier)
    }
}

fn client(mock: &MockTransport) -> Client {
    Client::builder()
        .base_url("http://mock")
        .token("aHVudGVyMjpodW50ZXIy")
        .rate_limit(None)
        .retry(RetryConfig::default().max_attempts(1))
        .transport(mock.clone())
        .build()
        .unwrap()
}

fn alone(mock: &MockTransport) -> Wats {
    Wats::new(client(mock), &CacheOptions::default())
}

fn on(mock: &MockTransport, level: &Level) -> Wats {
    sharing("products", mock, level)
}

fn sharing(class: &'static str, mock: &MockTransport, level: &Level) -> Wats {
    let maker: Arc<dyn MakeTier> = Arc::new(Maker(level.clone(), class));
    Wats::on(client(mock), &CacheOptions::default(), Some(maker))
}

fn product(name: &str) -> MockAnswer {
    MockAnswer::json(&json!({"partNumber": "P", "name": name}))
}

/// A server that answers reads of the product in this way, one after the other.
fn server(reads: impl IntoIterator<Item = MockAnswer>) -> MockTransport {
    MockTransport::new().on(Method::GET, PATH, reads)
}

async fn named(wats: &Wats, read: Read) -> Result<String> {
    let product = wats.product().get("P").read(read).await?;
    Ok(product.name.clone().unwrap_or_default())
}

fn asked(mock: &MockTransport) -> usize {
    mock.requests().len()
}

#[tokio::test]
async fn a_client_alone_asks_the_server_when_it_is_told_to() {
    let mock = server(["a", "b", "c"].map(product));
    let wats = alone(&mock);
    for (read, expected) in [
        (Read::Cached, "a"),
        (Read::Cached, "a"),
        (Read::Origin, "b"),
        (Read::Cached, "b"),
        (Read::Shared, "c"),
        (Read::Cached, "c"),
    ] {
        assert_eq!(named(&wats, read).await.unwrap(), expected, "{read:?}");
    }
    assert_eq!(asked(&mock), 3);
}

#[tokio::test(start_paused = true)]
async fn who_asks_the_server_joins_no_request_from_before_and_it_keeps_nothing() {
    let slow = product("old").after(Duration::from_secs(2));
    let mock = server([slow, product("new")]);
    let wats = alone(&mock);
    let (old, new) = tokio::join!(named(&wats, Read::Cached), async {
        sleep(Duration::from_secs(1)).await;
        named(&wats, Read::Origin).await
    });
    assert_eq!(
        (old.unwrap(), new.unwrap()),
        ("old".to_owned(), "new".to_owned())
    );
    assert_eq!(named(&wats, Read::Cached).await.unwrap(), "new");
}

#[tokio::test]
async fn clients_have_one_answer_and_lose_it_together() {
    let level = Level::default();
    let reads = ["a", "b"].map(product);
    let mock = server(reads).on(Method::PUT, "/api/Product", [product("b")]);
    let (one, other) = (on(&mock, &level), on(&mock, &level));
    assert_eq!(named(&one, Read::Cached).await.unwrap(), "a");
    assert_eq!(named(&other, Read::Cached).await.unwrap(), "a");
    assert_eq!(asked(&mock), 1);
    one.product().save(&Product::new("P")).await.unwrap();
    assert_eq!(named(&other, Read::Cached).await.unwrap(), "b");
    assert_eq!(named(&one, Read::Cached).await.unwrap(), "b");
    assert_eq!(asked(&mock), 3);
}

#[tokio::test]
async fn what_another_process_wrote_is_read_or_passed_over() {
    let json = br#"{"partNumber": "P", "name": "theirs", "new": [1]}"#;
    for (text, expected) in [(&json[..], "theirs"), (b"<html>", "own"), (b"[1", "own")] {
        let level = Level::default();
        let mock = server([product("own")]);
        let key = PATH.as_bytes().to_vec().into();
        level.tier().insert(key, Arc::new(Body::foreign(text)));
        let wats = on(&mock, &level);
        for _ in 0..2 {
            assert_eq!(named(&wats, Read::Cached).await.unwrap(), expected);
        }
        assert_eq!(asked(&mock), usize::from(expected == "own"));
    }
}

#[tokio::test]
async fn an_answer_past_its_time_stands_in_for_a_server_that_is_away_only() {
    let level = Level::default();
    let mock = server([
        product("a"),
        MockAnswer::status(503),
        MockAnswer::status(503),
        MockAnswer::status(403),
    ]);
    let wats = on(&mock, &level);
    named(&wats, Read::Cached).await.unwrap();
    level.tier().expire_all();
    assert_eq!(named(&wats, Read::Cached).await.unwrap(), "a");
    let kind = |outcome: Result<String>| outcome.unwrap_err().kind();
    assert!(matches!(kind(named(&wats, Read::Origin).await), ErrorKind::Status(s) if s == 503));
    assert!(matches!(kind(named(&wats, Read::Cached).await), ErrorKind::Status(s) if s == 403));
}

#[tokio::test]
async fn a_write_without_an_answer_is_told_again_when_it_is_over() {
    let level = Level::default();
    let mock = server(["before", "between", "after"].map(product)).on(
        Method::PUT,
        "/api/Product",
        [MockAnswer::broken()],
    );
    let (one, other) = (on(&mock, &level), on(&mock, &level));
    named(&one, Read::Cached).await.unwrap();
    one.product().save(&Product::new("P")).await.unwrap_err();
    // The server has not carried it out yet, and will.
    assert_eq!(named(&other, Read::Cached).await.unwrap(), "between");
    assert_eq!(named(&other, Read::Cached).await.unwrap(), "between");
    // Not earlier: the clock would run ahead while other threads answer.
    tokio::time::pause();
    advance(Duration::from_secs(31)).await;
    tokio::task::yield_now().await;
    tokio::time::resume();
    assert_eq!(named(&other, Read::Cached).await.unwrap(), "after");
}

#[tokio::test]
async fn single_rows_are_shared_though_nobody_has_sent_them_so() {
    let level = Level::default();
    let rows = |name: &str, more: i32| {
        MockAnswer::json(&json!([{"partNumber": "P", "name": name, "new": {"of": more}}]))
    };
    let mock = MockTransport::new()
        .on(
            Method::GET,
            "/api/Product/Query",
            [rows("a", 1), rows("b", 2), rows("c", 3), rows("d", 4)],
        )
        .on(Method::PUT, "/api/Product", [product("b")]);
    let [one, other] = [(); 2].map(|()| sharing("product_lists", &mock, &level));
    let summary = async |wats: &Wats, read| wats.product().summary("P").read(read).await.unwrap();
    let first = summary(&one, Read::Cached).await;
    let second = summary(&other, Read::Cached).await;
    assert_eq!(first, second);
    assert_eq!(asked(&mock), 1);
    // What is not known goes along.
    assert_eq!(
        serde_json::to_value(&*second).unwrap()["new"],
        json!({"of": 1})
    );
    let named = |row: Arc<crate::ProductSummary>| row.name.clone().unwrap_or_default();
    one.product().save(&Product::new("P")).await.unwrap();
    assert_eq!(named(summary(&other, Read::Cached).await), "b");
    assert_eq!(named(summary(&one, Read::Cached).await), "b");
    assert_eq!(named(summary(&one, Read::Origin).await), "c");
    assert_eq!(named(summary(&other, Read::Cached).await), "c");
    assert_eq!(asked(&mock), 4);

    // Those that are gathered are shared, too; so is one that somebody waits for.
    let batching = other.batching();
    assert_eq!(named(summary(&batching, Read::Origin).await), "d");
    let waited = tokio::task::spawn_blocking(move || one.product().summary("P").wait());
    assert_eq!(named(waited.await.unwrap().unwrap()), "d");
    assert_eq!(asked(&mock), 5);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_asked_for() {
    let level = Level::default();
    let rows = MockAnswer::json(&json!([{"partNumber": "P", "name": "own"}]));
    let mock = MockTransport::new().on(Method::GET, "/api/Product/Query", [rows]);
    let name = b"one of product.query: P".to_vec().into();
    level
        .tier()
        .insert(name, Arc::new(Body::foreign(&b"[1"[..])));
    let wats = sharing("product_lists", &mock, &level);
    let row = wats.product().summary("P").await.unwrap();
    assert_eq!(row.name.as_deref(), Some("own"));
}
