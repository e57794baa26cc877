//! Answers are kept for the token that they were given to: with another one nothing of them is served, and what another token
//! was told is kept nowhere.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::time::advance;
use wats_cache::{AsyncTtlCache, TokioClock};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockRequest, MockTransport};
use wats_http::{RetryConfig, TokenFingerprint};

use super::tiers::{AnswerTier, Body, MakeTier};
use super::*;
use crate::Wats;
use crate::product::Product;

const GET: &str = "/api/Product/P";
const QUERY: &str = "/api/Product/Query";
const A: &str = "YTph";
const B: &str = "Yjpi";
const C: &str = "Yzpj";

type Memory = AsyncTtlCache<answer::Key, Arc<Body>>;

/// What clients with the same token share.
#[derive(Clone, Default)]
struct Levels(Arc<Mutex<HashMap<TokenFingerprint, Arc<Memory>>>>);

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Levels")
    }
}

impl MakeTier for Levels {
    fn make(&self, _: &str, _: &ClassOptions, token: TokenFingerprint) -> Option<Arc<AnswerTier>> {
        let mut levels = self.0.lock().unwrap();
        let level = levels.entry(token).or_insert_with(|| {
            let cache = AsyncTtlCache::builder()
                .default_ttl(Duration::from_secs(86_400))
                .clock(TokioClock::new());
            Arc::new(cache.build())
        });
        Some(Arc::clone(level) as _)
    }
}

type Act = Box<dyn FnOnce() + Send>;

/// A server of which every answer is another one, and what it does while it has a request.
#[derive(Clone, Default)]
struct Server {
    answers: Arc<Mutex<u64>>,
    meanwhile: Arc<Mutex<Option<Act>>>,
}

impl Server {
    fn meanwhile(&self, act: impl FnOnce() + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some(Box::new(act));
    }

    fn mock(&self) -> MockTransport {
        let rule = |wrap: fn(Value) -> Value| {
            let server = self.clone();
            move |_: &MockRequest| {
                let act = server.meanwhile.lock().unwrap().take();
                if let Some(act) = act {
                    act();
                }
                let mut answers = server.answers.lock().unwrap();
                *answers += 1;
                let product = json!({"partNumber": "P", "name": answers.to_string()});
                MockAnswer::json(&wrap(product))
            }
        };
        MockTransport::new()
            .answer(Method::GET, GET, rule(|product| product))
            .answer(Method::GET, QUERY, rule(|product| json!([product])))
            .answer(Method::PUT, "/api/Product", rule(|product| product))
    }
}

fn client(server: &Server, token: &str) -> Client {
    Client::builder()
        .base_url("http://mock")
        .token(token)
        .rate_limit(None)
        .retry(RetryConfig::default().max_attempts(1))
        .transport(server.mock())
        .build()
        .unwrap()
}

/// A client alone, and one that shares.
fn both(server: &Server, token: &str) -> [Wats; 2] {
    let options = CacheOptions::default();
    let levels: Arc<dyn MakeTier> = Arc::new(Levels::default());
    [
        Wats::new(client(server, token), &options),
        Wats::on(client(server, token), &options, Some(levels)),
    ]
}

/// What is read: an answer as it is, or one that is made of the row of a list.
#[derive(Debug, Clone, Copy)]
enum What {
    Product,
    Row,
}

async fn read(wats: &Wats, what: What) -> String {
    let name = match what {
        What::Product => wats.product().get("P").await.unwrap().name.clone(),
        What::Row => wats.product().summary("P").await.unwrap().name.clone(),
    };
    name.unwrap()
}

async fn write(wats: &Wats) {
    wats.product().save(&Product::new("P")).await.unwrap();
}

fn change(wats: &Wats, token: &str) {
    wats.http().set_token(token).unwrap();
}

/// Lets time pass. The clock is not stopped otherwise: it would run ahead while other threads answer.
async fn pass(seconds: u64) {
    tokio::time::pause();
    advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

/// Clients that share nothing, that share, and that gather what they look up, with all that is read.
fn cases(server: &Server) -> Vec<(Wats, What)> {
    let all = both(server, A).into_iter();
    let all = all.chain(both(server, A).map(|wats| wats.batching()));
    all.flat_map(|wats| [(wats.clone(), What::Product), (wats, What::Row)])
        .collect()
}

#[tokio::test]
async fn nothing_that_one_token_was_told_is_served_with_another() {
    let server = Server::default();
    for (wats, what) in cases(&server) {
        change(&wats, A);
        let of_a = read(&wats, what).await;
        assert_eq!(read(&wats, what).await, of_a, "{what:?}");
        change(&wats, B);
        let of_b = read(&wats, what).await;
        assert_ne!(of_b, of_a, "{what:?}");
        assert_eq!(read(&wats, what).await, of_b, "{what:?}");
        change(&wats, A);
        assert_ne!(read(&wats, what).await, of_b, "{what:?}");
    }
}

#[tokio::test]
async fn what_comes_after_the_token_was_changed_is_kept_for_neither() {
    let server = Server::default();
    for (wats, what) in cases(&server) {
        for back in [A, B] {
            change(&wats, A);
            wats.product().refresh();
            let of_call = wats.clone();
            // The call has the token of before, or the other one: nobody can tell.
            server.meanwhile(move || change(&of_call, B));
            let given = read(&wats, what).await;
            change(&wats, back);
            assert_ne!(read(&wats, what).await, given, "{what:?}, {back}");
        }
    }
}

#[tokio::test]
async fn clients_that_come_to_one_token_share_its_answers() {
    let server = Server::default();
    let levels = Levels::default();
    let options = CacheOptions::default();
    let made = |token| {
        let levels: Arc<dyn MakeTier> = Arc::new(levels.clone());
        Wats::on(client(&server, token), &options, Some(levels))
    };
    let (one, other) = (made(A), made(B));
    let of_b = read(&other, What::Product).await;
    assert_ne!(read(&one, What::Product).await, of_b);
    change(&one, B);
    assert_eq!(read(&one, What::Product).await, of_b);
    // And lose them together.
    write(&one).await;
    let anew = read(&other, What::Product).await;
    assert_ne!(anew, of_b);
    assert_eq!(read(&one, What::Product).await, anew);
}

#[tokio::test]
async fn what_was_written_with_one_token_is_seen_with_the_next() {
    let server = Server::default();
    let levels = Levels::default();
    let options = CacheOptions::default();
    let made = |token| {
        let levels: Arc<dyn MakeTier> = Arc::new(levels.clone());
        Wats::on(client(&server, token), &options, Some(levels))
    };
    let (one, other) = (made(A), made(B));
    let before = read(&other, What::Product).await;
    write(&one).await;
    change(&one, B);
    let after = read(&one, What::Product).await;
    assert_ne!(after, before, "it is from before the own write");
    assert_eq!(read(&other, What::Product).await, after);

    // While it is under way: for those of both tokens.
    let (third, of_call) = (made(A), one.clone());
    change(&one, A);
    let of_a = read(&third, What::Product).await;
    server.meanwhile(move || change(&of_call, B));
    write(&one).await;
    assert_ne!(read(&third, What::Product).await, of_a);
    assert_ne!(read(&other, What::Product).await, after);

    // What is older than the write has ended by itself when the time of an answer is over, so nobody has to be told.
    let lasts = read(&made(C), What::Product).await;
    change(&one, C);
    assert_ne!(read(&one, What::Product).await, lasts);
    change(&one, A);
    pass(301).await;
    let young = read(&made(C), What::Product).await;
    change(&one, C);
    assert_eq!(read(&one, What::Product).await, young);
}

#[tokio::test]
async fn a_write_without_an_answer_is_not_over_with_its_token() {
    let server = Server::default();
    for wats in both(&server, A) {
        let class = |wats: &Wats| {
            let caches = wats.core().caches();
            caches.class(Kept::Products).unwrap().may_keep()
        };
        wats.core().caches().clear_unsettled(Kept::Products);
        change(&wats, B);
        assert!(!class(&wats));
        pass(31).await;
        assert!(class(&wats));
    }
}
