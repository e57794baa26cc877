//! Connections that die unnoticed, as after a change of network: nothing comes through, and nobody is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use crate::common::*;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use wats_http::{
    Attempt, Call, Client, Deadline, ErrorKind, Intercept, Outcome, RetryConfig, Timeouts,
    TlsConfig,
};

/// A TCP forwarder whose connections fall silent for ever when it is told; later ones work.
struct Forwarder {
    address: SocketAddr,
    dead: watch::Sender<()>,
}

impl Forwarder {
    async fn in_front_of(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let dead = watch::Sender::new(());
        let told = dead.subscribe();
        tokio::spawn(async move {
            loop {
                let (mut here, _) = listener.accept().await.unwrap();
                let mut told = told.clone();
                told.mark_unchanged();
                tokio::spawn(async move {
                    let mut there = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        biased;
                        _ = told.changed() => std::future::pending().await,
                        _ = tokio::io::copy_bidirectional(&mut here, &mut there) => {}
                    }
                });
            }
        });
        Self { address, dead }
    }
}

/// Time stands still, and so jumps to the deadline, until the first try is over.
#[derive(Debug, Default)]
struct UntilFirstFailure(AtomicBool);

impl Intercept for UntilFirstFailure {
    fn after_attempt(&self, attempt: &Attempt<'_>, _: &Outcome<'_>) {
        if attempt.number() == 1 && !self.0.swap(true, SeqCst) {
            tokio::time::resume();
        }
    }
}

struct Rig {
    server: Server,
    forwarder: Forwarder,
    client: Client,
    /// How many calls the server has seen.
    seen: Arc<AtomicUsize>,
}

/// A client with so many open connections that have just died.
async fn dead(speaks: Speaks, open: usize) -> Rig {
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    let server = Server::start(speaks, move |_| {
        counted.fetch_add(1, SeqCst);
        async { ok("fine") }
    })
    .await;
    let forwarder = Forwarder::in_front_of(server.address).await;
    let scheme = if speaks == Speaks::Plain {
        "http"
    } else {
        "https"
    };
    let retry = RetryConfig::default()
        .max_attempts(2)
        .base_delay(Duration::from_millis(1));
    // Less than PINGs need to find a dead connection out.
    let timeouts = Timeouts::default().attempt(Duration::from_secs(15));
    let mut builder = client(&format!("{scheme}://{}", forwarder.address))
        .retry(retry)
        .timeouts(timeouts)
        .intercept(UntilFirstFailure::default());
    if let Some(pem) = &server.ca_pem {
        builder = builder.tls(TlsConfig::default().only_ca_pem(pem).unwrap());
    }
    let client = builder.build().unwrap();
    client.warm(open).await.unwrap();
    server.until_live(|n| n == open).await;
    forwarder.dead.send_replace(());
    Rig {
        server,
        forwarder,
        client,
        seen,
    }
}

#[tokio::test]
async fn one_deadline_on_a_dead_connection_is_enough_to_dial_anew() {
    for (speaks, open) in [
        (Speaks::Plain, 3),
        (Speaks::TlsHttp1Only, 3),
        (Speaks::Tls, 1),
    ] {
        let rig = dead(speaks, open).await;
        tokio::time::pause();
        let answer = rig.client.execute(Call::new(&GET)).await.unwrap();
        assert_eq!(answer.attempts(), 2, "{speaks:?}");
        assert_eq!(
            (rig.seen.load(SeqCst), rig.server.opened()),
            (1, open + 1),
            "{speaks:?}"
        );
        // The dead ones are closed.
        until_free(&rig.client).await;
        while rig.client.pool_stats().live > 1 {
            tokio::task::yield_now().await;
        }
        drop(rig.forwarder);
    }
}

#[tokio::test]
async fn what_must_not_be_repeated_is_not_and_the_next_call_dials_anew() {
    for (speaks, open) in [(Speaks::Plain, 3), (Speaks::Tls, 1)] {
        let rig = dead(speaks, open).await;
        tokio::time::pause();
        let error = rig.client.execute(Call::new(&POST)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
        assert_eq!(error.attempts(), 1, "{speaks:?}");
        let answer = rig.client.execute(Call::new(&POST)).await.unwrap();
        assert_eq!(answer.attempts(), 1, "{speaks:?}");
        assert_eq!(
            (rig.seen.load(SeqCst), rig.server.opened()),
            (1, open + 1),
            "{speaks:?}"
        );
        drop(rig.forwarder);
    }
}
