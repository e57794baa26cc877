//! The pool under generated schedules: calls that start, end, are dropped and cut in any order, over both protocols.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::sync::Arc;
use std::time::Duration;

use crate::common::*;
use proptest::prelude::*;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use wats_http::{Call, PoolConfig, TlsConfig};

/// One step of a schedule.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// So many calls begin.
    Start(usize),
    /// The server answers so many.
    Answer(usize),
    /// One of the calls is dropped.
    Drop(usize),
    /// The server takes no further calls on the connections it has.
    GoAway,
    /// Tasks run on.
    Run,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1_usize..8).prop_map(Step::Start),
        3 => (1_usize..8).prop_map(Step::Answer),
        2 => any::<usize>().prop_map(Step::Drop),
        1 => Just(Step::GoAway),
        3 => Just(Step::Run),
    ];
    proptest::collection::vec(step, 1..60)
}

async fn follow(speaks: Speaks, cap: usize, idle: usize, steps: Vec<Step>) {
    let release = Arc::new(Semaphore::new(0));
    let at_server = release.clone();
    let server = Server::start(speaks, move |_| {
        let release = at_server.clone();
        async move {
            release.acquire().await.unwrap().forget();
            ok("x")
        }
    })
    .await;
    let mut builder = client(&server.url())
        .retry(wats_http::RetryConfig::default())
        .pool(
            PoolConfig::default()
                .max_connections(cap)
                .max_idle(idle)
                .http2_connections(2),
        );
    if let Some(pem) = &server.ca_pem {
        builder = builder.tls(TlsConfig::default().only_ca_pem(pem).unwrap());
    }
    let client = builder.build().unwrap();
    let mut calls: Vec<JoinHandle<_>> = Vec::new();
    let check = |when: &str| {
        let stats = client.pool_stats();
        assert!(stats.live <= cap, "{when}: {stats:?}");
        assert!(
            stats.in_use <= cap && stats.idle <= cap,
            "{when}: {stats:?}"
        );
    };
    for step in steps {
        match step {
            Step::Start(n) => calls.extend((0..n).map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.execute(Call::new(&GET)).await.map(drop) })
            })),
            Step::Answer(n) => release.add_permits(n),
            Step::Drop(which) if !calls.is_empty() => {
                calls.swap_remove(which % calls.len()).abort();
            }
            Step::Drop(_) => {}
            Step::GoAway => server.go_away(),
            Step::Run => tokio::time::sleep(Duration::from_micros(300)).await,
        }
        check("on the way");
        tokio::task::yield_now().await;
    }
    // Everybody who still waits is served: no wake-up was lost.
    release.add_permits(Semaphore::MAX_PERMITS / 2);
    for call in calls {
        match tokio::time::timeout(Duration::from_secs(20), call)
            .await
            .expect("a call is stuck")
        {
            Ok(outcome) => outcome.unwrap(),
            Err(aborted) => assert!(aborted.is_cancelled()),
        }
        check("at the end");
    }
    until_free(&client).await;
    let stats = client.pool_stats();
    assert_eq!((stats.in_use, stats.waiting), (0, 0), "{stats:?}");
    drop(client);
    server.until_live(|n| n == 0).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_schedule_keeps_the_cap_and_loses_nobody(
        cap in 1_usize..6,
        idle in 0_usize..6,
        tls in any::<bool>(),
        steps in steps(),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let speaks = if tls { Speaks::Tls } else { Speaks::Plain };
        runtime.block_on(follow(speaks, cap, idle, steps));
    }
}
