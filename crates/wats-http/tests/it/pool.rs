//! The pool, counted from the server's side.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::sync::Arc;
use std::time::Duration;

use crate::common::*;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;
use wats_http::{
    Call, Client, Deadline, ErrorKind, PoolConfig, RetryConfig, Timeouts, TlsConfig, http::Version,
};

fn pool(max: usize) -> PoolConfig {
    PoolConfig::default().max_connections(max)
}

fn trusting(server: &Server) -> TlsConfig {
    TlsConfig::default()
        .only_ca_pem(server.ca_pem.as_deref().unwrap())
        .unwrap()
}

async fn burst(client: &Client, tasks: usize, calls_each: usize) {
    let mut set = JoinSet::new();
    for _ in 0..tasks {
        let client = client.clone();
        set.spawn(async move {
            for _ in 0..calls_each {
                client.execute(Call::new(&GET)).await.unwrap();
            }
        });
    }
    while let Some(done) = set.join_next().await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cap_holds_and_the_surplus_is_given_back() {
    let server = Server::start(Speaks::Plain, |_| async {
        tokio::time::sleep(Duration::from_millis(2)).await;
        ok("x")
    })
    .await;
    let client = client(&server.url())
        .pool(
            pool(100)
                .max_idle(20)
                .idle_timeout(Duration::from_secs(3600)),
        )
        .build()
        .unwrap();
    burst(&client, 300, 10).await;
    assert!(server.peak() <= 100, "{} live", server.peak());
    assert!(server.opened() <= 100, "{} opened", server.opened());
    assert!(
        server.opened() > 20,
        "the burst needed more than the idle ones"
    );
    // Well within the idle timeout: the surplus goes early.
    tokio::time::timeout(Duration::from_secs(60), server.until_live(|n| n <= 20))
        .await
        .expect("surplus is kept");
    let before = server.opened();
    burst(&client, 20, 3).await;
    assert_eq!(
        server.opened(),
        before,
        "the kept ones serve the next calls"
    );
    drop(client);
    server.until_live(|n| n == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_start_at_once_share_one_http2_connection() {
    // All hundred calls are on the server at the same time before the first is answered.
    let barrier = Arc::new(Barrier::new(100));
    let at_server = barrier.clone();
    let server = Server::start(Speaks::Tls, move |request| {
        let barrier = at_server.clone();
        async move {
            assert_eq!(request.version(), Version::HTTP_2);
            barrier.wait().await;
            ok("x")
        }
    })
    .await;
    let client = client(&server.url())
        .tls(trusting(&server))
        .build()
        .unwrap();
    burst(&client, 100, 3).await;
    assert_eq!(server.opened(), 1);
    assert_eq!(client.pool_stats().dialled, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tls_server_without_http2_is_spoken_to_in_http11() {
    let server = Server::start(Speaks::TlsHttp1Only, |_| async { ok("x") }).await;
    let client = client(&server.url())
        .pool(pool(10))
        .tls(trusting(&server))
        .build()
        .unwrap();
    let response = client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_11);
    burst(&client, 30, 3).await;
    assert!(server.peak() <= 10);
}

#[tokio::test]
async fn http2_can_be_turned_off() {
    let server = Server::start(Speaks::Tls, |_| async { ok("x") }).await;
    let client = client(&server.url())
        .pool(pool(10).http2(false))
        .tls(trusting(&server))
        .build()
        .unwrap();
    assert_eq!(
        client.execute(Call::new(&GET)).await.unwrap().version(),
        Version::HTTP_11
    );
}

#[tokio::test]
async fn an_http2_connection_that_ended_is_replaced() {
    let server = Server::start(Speaks::Tls, |_| async { ok("x") }).await;
    let proxy = Cuttable::in_front_of(server.address).await;
    let url = format!("https://{}", proxy.address);
    let client = client(&url).tls(trusting(&server)).build().unwrap();
    client.execute(Call::new(&GET)).await.unwrap();
    proxy.cut().await;
    server.until_live(|n| n == 0).await;
    // Whether the client has noticed by now is a race; a safe call may need one more try, never more.
    if client.execute(Call::new(&GET)).await.is_err() {
        client.execute(Call::new(&GET)).await.unwrap();
    }
    assert_eq!(server.opened(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_calls_give_their_slots_back_and_never_break_the_cap() {
    let gate = Arc::new(Semaphore::new(0));
    let at_server = gate.clone();
    let server = Server::start(Speaks::Plain, move |request| {
        let gate = at_server.clone();
        async move {
            if request.uri().path() == "/get" {
                gate.acquire().await.unwrap().forget();
            }
            ok("x")
        }
    })
    .await;
    let client = client(&server.url()).pool(pool(4)).build().unwrap();
    for _ in 0..25 {
        let calls = |n| {
            let mut set = JoinSet::new();
            for _ in 0..n {
                let client = client.clone();
                set.spawn(async move { client.execute(Call::new(&GET)).await });
            }
            set
        };
        let mut served = calls(4);
        server.until_live(|n| n == 4).await;
        let mut waiting = calls(2);
        while client.pool_stats().waiting < 2 {
            tokio::task::yield_now().await;
        }
        assert!(client.pool_stats().live <= 4);
        // Those that wait go first: one that is served next would be accepted before the server sees the close that
        // made room for it.
        waiting.shutdown().await;
        served.shutdown().await;
        assert!(client.pool_stats().live <= 4);
        // The server learns of a closed socket a moment after the client closed it, and may see the next one before
        // that; so its view is compared when all is quiet.
        until_free(&client).await;
        server.until_live(|n| n == 0).await;
    }
    let response = client
        .execute(Call::new(&ITEM).path("id", 1))
        .await
        .unwrap();
    assert_eq!(&response.body()[..], b"x");
}

#[tokio::test]
async fn waiting_for_a_connection_has_its_own_deadline() {
    let server = Server::start(Speaks::Plain, |_| std::future::pending()).await;
    let client = client(&server.url())
        .pool(pool(1))
        .timeouts(Timeouts::default().pool(Duration::from_millis(20)))
        .build()
        .unwrap();
    let holder = tokio::spawn({
        let client = client.clone();
        async move { client.execute(Call::new(&GET)).await }
    });
    server.until_live(|n| n == 1).await;
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Pool));
    holder.abort();
}

#[tokio::test]
async fn a_server_that_closes_after_each_answer_costs_no_errors() {
    // Says keep-alive and closes all the same: the client learns of it only by the closed socket.
    let url = answering("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx").await;
    let client = Client::builder()
        .base_url(url)
        .token(TOKEN)
        .build()
        .unwrap();
    for _ in 0..100 {
        client.execute(Call::new(&GET)).await.unwrap();
    }
}

#[tokio::test]
async fn warm_connections_are_used_by_the_first_calls() {
    let server = Server::start(Speaks::Plain, |_| async { ok("x") }).await;
    let client = client(&server.url()).build().unwrap();
    client.warm(10).await.unwrap();
    assert_eq!((server.opened(), client.pool_stats().idle), (10, 10));
    burst(&client, 10, 5).await;
    assert_eq!(server.opened(), 10);
}

#[tokio::test]
async fn connections_are_warmed_eight_at_a_time() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let (acceptor, pem) = tls_acceptor(Speaks::TlsHttp1Only);
    // Handshakes go through one by one.
    let gate = Arc::new(Semaphore::new(0));
    let at_server = gate.clone();
    let (came, mut coming) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            came.send(()).unwrap();
            let (acceptor, gate) = (acceptor.clone(), at_server.clone());
            tokio::spawn(async move {
                gate.acquire().await.unwrap().forget();
                let _open = acceptor.accept(stream).await.unwrap();
                std::future::pending::<()>().await;
            });
        }
    });
    let client = client(&url)
        .tls(TlsConfig::default().only_ca_pem(&pem).unwrap())
        .build()
        .unwrap();
    let warming = tokio::spawn({
        let client = client.clone();
        async move { client.warm(12).await }
    });
    let mut handshakes = 0;
    for released in 0..12 {
        // The first one is alone, because it tells the protocol.
        let most = if released == 0 {
            1
        } else {
            12.min(released + 8)
        };
        while handshakes < most {
            coming.recv().await.unwrap();
            handshakes += 1;
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(coming.is_empty(), "more than eight at a time");
        gate.add_permits(1);
    }
    warming.await.unwrap().unwrap();
    let stats = client.pool_stats();
    assert_eq!((stats.idle, stats.dialled, stats.in_use), (12, 12, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unused_http2_connection_is_closed_too() {
    let server = Server::start(Speaks::Tls, |_| async { ok("x") }).await;
    let idle_timeout = Duration::from_millis(1);
    let client = client(&server.url())
        .pool(pool(10).idle_timeout(idle_timeout))
        .tls(trusting(&server))
        .build()
        .unwrap();
    client.execute(Call::new(&GET)).await.unwrap();
    server.until_live(|n| n == 0).await;
    client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!(server.opened(), 2);
}

/// The reaper is a task, and ends with its runtime.
#[test]
fn a_client_that_moves_to_another_runtime_still_gives_idle_connections_up() {
    for speaks in [Speaks::Plain, Speaks::Tls] {
        let (url, pem) = on_own_thread(speaks, |_| async { ok("x") });
        let mut builder = client(&url).pool(pool(10).idle_timeout(Duration::from_millis(1)));
        if let Some(pem) = pem {
            builder = builder.tls(TlsConfig::default().only_ca_pem(&pem).unwrap());
        }
        let client = builder.build().unwrap();
        let runtime = || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
        };
        runtime().block_on(client.execute(Call::new(&GET))).unwrap();
        runtime().block_on(async {
            client.execute(Call::new(&GET)).await.unwrap();
            let closed = async {
                while client.pool_stats().live > 0 {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(60), closed)
                .await
                .expect("an idle connection is kept");
        });
    }
}

/// Over TLS, closing in order means writing, which a peer that does not read can hold up for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_stops_reading_cannot_keep_a_slot() {
    let server = Server::start(Speaks::TlsHttp1Only, |_| async { ok("x") }).await;
    let proxy = Deaf::in_front_of(server.address).await;
    let client = client(&format!("https://{}", proxy.address))
        .tls(trusting(&server))
        .pool(pool(1))
        .timeouts(Timeouts::default().attempt(Duration::from_millis(300)))
        .build()
        .unwrap();
    let large = Call::new(&POST).body(vec![b'x'; 64 << 20], "text/plain");
    let error = client.execute(large).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    // For as long as the socket is open, and no longer.
    let stats = client.pool_stats();
    assert_eq!(stats.in_use, stats.live);
    until_free(&client).await;
    assert_eq!(client.pool_stats().live, 0);
}

#[tokio::test]
async fn who_waits_for_a_dial_shares_its_failure() {
    // Takes the socket and says nothing, until all have called; then closes.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = client(&format!("https://{address}")).build().unwrap();
    let calls = (0..20).map(|_| client.execute(Call::new(&POST)));
    let refusing = async {
        let (socket, _) = listener.accept().await.unwrap();
        while client.pool_stats().waiting < 19 {
            tokio::task::yield_now().await;
        }
        drop(socket);
    };
    let (outcomes, ()) = tokio::join!(futures_util::future::join_all(calls), refusing);
    let mut told = None;
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:#}");
        assert!(error.to_string().contains(&address.to_string()), "{error}");
        let long = format!("{error:#}");
        assert_eq!(*told.get_or_insert(long.clone()), long);
        assert!(std::error::Error::source(&error).is_some(), "{long}");
    }
    assert_eq!(client.pool_stats().dialled, 1);
}

/// GOAWAY (RFC 9113, section 6.8): the connection serves what it has and takes nothing new.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_goaway_finishes_its_calls_and_gets_a_new_connection() {
    let release = Arc::new(Semaphore::new(0));
    let at_server = release.clone();
    let server = Server::start(Speaks::Tls, move |request| {
        let release = at_server.clone();
        async move {
            if request.uri().path() == "/get" {
                release.acquire().await.unwrap().forget();
            }
            ok("x")
        }
    })
    .await;
    let client = client(&server.url())
        .tls(trusting(&server))
        .build()
        .unwrap();
    let slow = tokio::spawn({
        let client = client.clone();
        async move { client.execute(Call::new(&GET)).await }
    });
    server.until_live(|n| n == 1).await;
    client
        .execute(Call::new(&ITEM).path("id", 1))
        .await
        .unwrap();
    server.go_away();
    // The client learns of it in its own time; at the latest the call that is refused moves on to a new connection.
    while server.opened() == 1 {
        client
            .execute(Call::new(&ITEM).path("id", 2))
            .await
            .unwrap();
    }
    release.add_permits(1);
    slow.await.unwrap().expect("the call under way is finished");
    server.until_live(|n| n == 1).await;
}

/// A TCP forwarder whose connections can be cut from outside.
struct Cuttable {
    address: std::net::SocketAddr,
    cut: tokio::sync::mpsc::Sender<()>,
}

impl Cuttable {
    async fn in_front_of(target: std::net::SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (cut, mut cuts) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            let mut live = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let (mut here, _) = accepted.unwrap();
                        live.spawn(async move {
                            let mut there = tokio::net::TcpStream::connect(target).await.unwrap();
                            let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
                        });
                    }
                    Some(()) = cuts.recv() => live.shutdown().await,
                }
            }
        });
        Self { address, cut }
    }

    async fn cut(&self) {
        self.cut.send(()).await.unwrap();
    }
}

/// A TCP forwarder that passes the handshake and then reads nothing more from the client.
struct Deaf {
    address: std::net::SocketAddr,
}

impl Deaf {
    async fn in_front_of(target: std::net::SocketAddr) -> Self {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (here, _) = listener.accept().await.unwrap();
            let there = tokio::net::TcpStream::connect(target).await.unwrap();
            let (mut from_client, mut to_client) = here.into_split();
            let (mut from_server, mut to_server) = there.into_split();
            tokio::spawn(async move {
                let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
            });
            // A handshake and a request head are far below this.
            let mut budget = 16_384;
            let mut buffer = [0; 1024];
            while budget > 0 {
                let n = from_client.read(&mut buffer).await.unwrap();
                to_server.write_all(&buffer[..n]).await.unwrap();
                budget -= n.min(budget);
            }
            std::future::pending::<()>().await;
        });
        Self { address }
    }
}

/// Waiting for a connection sends nothing, so even what must not happen twice is tried again after it.
#[tokio::test]
async fn a_try_that_never_got_a_connection_is_repeated_whatever_it_does() {
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = asked.clone();
    let release = Arc::new(Semaphore::new(0));
    let at_server = release.clone();
    let server = Server::start(Speaks::Plain, move |_| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let release = at_server.clone();
        async move {
            release.acquire().await.unwrap().forget();
            ok("x")
        }
    })
    .await;
    let client = Client::builder()
        .base_url(server.url())
        .token(TOKEN)
        .rate_limit(None)
        .pool(pool(1))
        .timeouts(Timeouts::default().pool(Duration::from_secs(60)))
        .build()
        .unwrap();
    let holder = tokio::spawn({
        let client = client.clone();
        async move { client.execute(Call::new(&GET)).await }
    });
    while asked.load(std::sync::atomic::Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    // The deadline of a try is shorter than that of waiting.
    let short = Timeouts::default().attempt(Duration::from_millis(20));
    let call = Call::new(&POST).timeouts(short);
    let error = client.execute(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    assert_eq!(error.attempts(), 4, "it was provably never sent");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1);
    // On the connection it is another matter.
    release.add_permits(1);
    holder.await.unwrap().unwrap();
    let short = Timeouts::default().attempt(Duration::from_secs(1));
    let error = client
        .execute(Call::new(&POST).timeouts(short))
        .await
        .unwrap_err();
    assert_eq!(error.attempts(), 1, "{error:#}");
    until_free(&client).await;
}

#[tokio::test]
async fn a_server_that_says_when_it_will_close_is_believed() {
    // Grants no idle time at all, and would answer on.
    let server = Server::start(Speaks::Plain, |_| async {
        let mut answer = ok("x");
        answer
            .headers_mut()
            .insert("keep-alive", "timeout=0".parse().unwrap());
        answer
    })
    .await;
    let client = client(&server.url()).build().unwrap();
    for _ in 0..3 {
        client.execute(Call::new(&GET)).await.unwrap();
    }
    assert_eq!((server.opened(), client.pool_stats().reused), (3, 0));
    until_free(&client).await;
    server.until_live(|n| n == 0).await;
    assert_eq!(client.pool_stats().live, 0);
}

#[tokio::test]
async fn a_server_that_says_connection_close_is_not_used_again() {
    let server = Server::start(Speaks::Plain, |_| async {
        let mut answer = ok("x");
        answer
            .headers_mut()
            .insert("connection", "close".parse().unwrap());
        answer
    })
    .await;
    let client = client(&server.url()).build().unwrap();
    for _ in 0..3 {
        client.execute(Call::new(&GET)).await.unwrap();
    }
    assert_eq!((server.opened(), client.pool_stats().reused), (3, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_have_a_lifetime_over_both_protocols() {
    for speaks in [Speaks::Plain, Speaks::Tls] {
        let server = Server::start(speaks, |_| async { ok("x") }).await;
        let mut builder = client(&server.url()).pool(pool(2).max_lifetime(Duration::from_nanos(1)));
        if speaks == Speaks::Tls {
            builder = builder.tls(trusting(&server));
        }
        let client = builder.build().unwrap();
        for _ in 0..5 {
            client.execute(Call::new(&GET)).await.unwrap();
        }
        assert_eq!(server.opened(), 5, "each was too old for a second call");
        until_free(&client).await;
        server.until_live(|n| n == 0).await;
    }
}

/// A server that takes `streams` calls at a time over HTTP/2, and answers when it is let.
async fn narrow(streams: u32) -> (Server, Arc<Semaphore>) {
    let release = Arc::new(Semaphore::new(0));
    let at_server = release.clone();
    let server = Server::start_with(Speaks::Tls, Some(streams), move |_| {
        let release = at_server.clone();
        async move {
            release.acquire().await.unwrap().forget();
            ok("x")
        }
    })
    .await;
    (server, release)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_beyond_the_servers_limit_wait_unsent_and_no_second_connection_is_opened() {
    let (server, release) = narrow(2).await;
    let client = client(&server.url())
        .tls(trusting(&server))
        .pool(pool(50))
        .build()
        .unwrap();
    client.warm(1).await.unwrap();
    // The server's settings come with the handshake; the first call makes sure that they have been read.
    release.add_permits(1);
    client.execute(Call::new(&GET)).await.unwrap();
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.execute(Call::new(&POST)).await })
        })
        .collect();
    while client.pool_stats().waiting < 8 {
        tokio::task::yield_now().await;
    }
    // Who waits too long was never sent.
    let short = Timeouts::default().pool(Duration::from_millis(10));
    let error = client
        .execute(Call::new(&POST).timeouts(short))
        .await
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Timeout(Deadline::Pool),
        "{error:#}"
    );
    release.add_permits(10);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.opened(), 1);
    let stats = client.pool_stats();
    assert_eq!((stats.waiting, stats.in_use), (0, 0));
    assert!(
        stats.waits >= 9 && stats.wait_time > Duration::ZERO,
        "{stats:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn further_http2_connections_are_opened_by_choice_when_streams_run_out() {
    let (server, release) = narrow(2).await;
    let client = client(&server.url())
        .tls(trusting(&server))
        .pool(pool(50).http2_connections(3))
        .build()
        .unwrap();
    release.add_permits(1);
    client.execute(Call::new(&GET)).await.unwrap();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.execute(Call::new(&GET)).await })
        })
        .collect();
    server.until_live(|n| n == 3).await;
    release.add_permits(1000);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.opened(), 3);
}

/// Calls that are dropped at random moments, from the server's side: never more than the cap, and nothing is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_cancellations_neither_break_the_cap_nor_keep_a_slot() {
    // 10^5 by `WATS_HTTP_LONG=1`; fewer in the suite.
    let long = std::env::var_os("WATS_HTTP_LONG").is_some();
    let rounds = if long { 1000 } else { 20 };
    for speaks in [Speaks::Plain, Speaks::Tls] {
        let server = Server::start(speaks, |request| async move {
            if request.uri().path() == "/get" {
                for _ in 0..fastrand::u32(..20) {
                    tokio::task::yield_now().await;
                }
            }
            ok("x")
        })
        .await;
        // Servers end an HTTP/2 connection on which too many streams are reset, so some calls are tried again.
        let retry = RetryConfig::default()
            .base_delay(Duration::from_millis(1))
            .no_budget();
        let mut builder = client(&server.url())
            .pool(pool(10).max_idle(4))
            .retry(retry)
            .breaker(None);
        if speaks == Speaks::Tls {
            builder = builder.tls(trusting(&server));
        }
        let client = builder.build().unwrap();
        for _ in 0..rounds {
            let calls = (0..100).map(|_| {
                let client = client.clone();
                async move {
                    let polls = fastrand::u32(..60);
                    let cancelled = async {
                        for _ in 0..polls {
                            tokio::task::yield_now().await;
                        }
                    };
                    tokio::select! {
                        outcome = client.execute(Call::new(&GET)) => { outcome.unwrap(); }
                        () = cancelled => {}
                    }
                }
            });
            for done in futures_util::future::join_all(calls.map(tokio::spawn)).await {
                done.unwrap();
            }
        }
        until_free(&client).await;
        // What the client has open is at most ten; the server learns of closed sockets a moment later.
        assert!(client.pool_stats().live <= 10);
        client
            .execute(Call::new(&ITEM).path("id", 1))
            .await
            .unwrap();
        server.until_live(|n| n <= 4).await;
    }
}
