//! Many calls against a server that closes its connections whenever it likes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::*;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use wats_http::{
    BreakerConfig, Call, Client, Deadline, ErrorKind, PoolConfig, Timeouts, TlsConfig,
};

/// Counts how often each `?n=` was asked for by POST.
type Posts = Arc<Mutex<HashMap<String, u32>>>;

/// The POSTs of one outcome.
type Names = Arc<Mutex<Vec<String>>>;

/// A server that drops each connection 1 to 40 ms after its first answer as soon as it is not answering, without a
/// word: a request that is on its way then is lost. That is what servers do whose keep-alive timeout is over.
async fn closing_at_random(posts: Posts) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let opened = Arc::new(AtomicU64::new(0));
    let counted = opened.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, SeqCst);
            let posts = posts.clone();
            tokio::spawn(async move {
                let busy = Arc::new(AtomicBool::new(true));
                let answering = busy.clone();
                let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    answering.store(true, SeqCst);
                    if request.method() == http::Method::POST {
                        let name = request.uri().query().unwrap().to_owned();
                        *posts.lock().unwrap().entry(name).or_default() += 1;
                    }
                    let answering = answering.clone();
                    async move {
                        tokio::task::yield_now().await;
                        answering.store(false, SeqCst);
                        Ok::<_, Infallible>(ok("x"))
                    }
                });
                let serving = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                let over = async {
                    // Busy until the first answer.
                    while busy.load(SeqCst) {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=40))).await;
                    while busy.load(SeqCst) {
                        tokio::task::yield_now().await;
                    }
                };
                tokio::select! {
                    _ = serving => {}
                    () = over => {}
                }
            });
        }
    });
    (url, opened)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_closes_at_random_costs_no_visible_error_and_no_post_arrives_twice() {
    // A million by `WATS_HTTP_LONG=1`; fewer in the suite.
    let long = std::env::var_os("WATS_HTTP_LONG").is_some();
    let calls_each = if long { 100_000 } else { 400 };
    let posts = Posts::default();
    let (url, opened) = closing_at_random(posts.clone()).await;
    let client = Client::builder()
        .base_url(url)
        .token(TOKEN)
        .rate_limit(None)
        .breaker(None::<BreakerConfig>)
        .build()
        .unwrap();
    // What the client says of each POST.
    let (done, failed) = (Names::default(), Names::default());
    let tasks = (0..10).map(|task| {
        let (client, done, failed) = (client.clone(), done.clone(), failed.clone());
        tokio::spawn(async move {
            for n in 0..calls_each {
                if n % 10 == 9 {
                    let name = format!("{task}-{n}");
                    let call = Call::new(&POST).query("n", &name);
                    let outcome = match client.execute(call).await {
                        Ok(_) => &done,
                        Err(_) => &failed,
                    };
                    outcome.lock().unwrap().push(format!("n={name}"));
                } else {
                    client.execute(Call::new(&GET)).await.unwrap();
                }
                // Idle now and then, which is when servers close.
                if n % 50 == 0 {
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(..40))).await;
                }
            }
        })
    });
    for done in futures_util::future::join_all(tasks).await {
        done.unwrap();
    }
    until_free(&client).await;
    let posts = posts.lock().unwrap();
    let twice: Vec<_> = posts.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let (done, failed) = (done.lock().unwrap(), failed.lock().unwrap());
    let lost: Vec<_> = done
        .iter()
        .filter(|name| !posts.contains_key(*name))
        .collect();
    assert!(
        lost.is_empty(),
        "told to be done, but never arrived: {lost:?}"
    );
    let sent = calls_each / 10 * 10;
    assert_eq!(done.len() + failed.len(), sent, "each POST has an outcome");
    let failed = failed.len();
    assert!(opened.load(SeqCst) > 10, "connections were closed");
    let (opened, stats) = (opened.load(SeqCst), client.pool_stats());
    eprintln!("{sent} POSTs, {failed} of them failed; {opened} connections; {stats:?}");
}

/// Three failures in a row open the breaker; a try may take no longer than a moment.
fn soon_open() -> (BreakerConfig, Timeouts) {
    let breaker = BreakerConfig::default()
        .failures(3)
        .open_for(Duration::from_secs(3600));
    (
        breaker,
        Timeouts::default().attempt(Duration::from_millis(20)),
    )
}

#[tokio::test]
async fn calls_that_wait_for_each_other_do_not_open_the_breaker() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let arrived = Arc::new(tokio::sync::Notify::new());
    let (held, tell) = (gate.clone(), arrived.clone());
    let server = Server::start(Speaks::Plain, move |request| {
        let (held, tell) = (held.clone(), tell.clone());
        async move {
            if request.uri().path() == "/item/slow" {
                tell.notify_one();
                held.acquire().await.unwrap().forget();
            }
            ok("x")
        }
    })
    .await;
    let (breaker, timeouts) = soon_open();
    let client = client(&server.url())
        .pool(PoolConfig::default().max_connections(1))
        .breaker(breaker)
        .build()
        .unwrap();
    let slow = tokio::spawn({
        let call = Call::new(&ITEM).path("id", "slow");
        let client = client.clone();
        async move { client.execute(call).await }
    });
    arrived.notified().await;
    for _ in 0..5 {
        let call = Call::new(&GET).timeouts(timeouts.clone());
        let error = client.execute(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    }
    gate.add_permits(1);
    slow.await.unwrap().unwrap();
    client.execute(Call::new(&GET)).await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_let_in_opens_the_breaker_whichever_deadline_passes_first() {
    // It accepts, and never says a word of TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let (breaker, timeouts) = soon_open();
    let tls = TlsConfig::default().only_ca_pem(&authority().pem).unwrap();
    let client = client(&url)
        .tls(tls)
        .pool(PoolConfig::default().max_connections(1))
        .timeouts(timeouts)
        .breaker(breaker)
        .build()
        .unwrap();
    // One dials; the others wait for that.
    let calls = (0..3).map(|_| client.execute(Call::new(&GET)));
    for outcome in futures_util::future::join_all(calls).await {
        let kind = outcome.unwrap_err().kind();
        assert_eq!(kind, ErrorKind::Timeout(Deadline::Attempt));
    }
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen);
}
