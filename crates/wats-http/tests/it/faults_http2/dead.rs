//! Connections over HTTP/2 whose peer is gone, and nobody is told; or does not read.

use std::sync::OnceLock;

use super::*;
use wats_http::{Attempt, Intercept, Outcome};

/// Lets time stand still until a try fails, and tells how long that took. While time stands still it jumps to the next
/// timer when all wait; that must not happen to the try after it, which waits for the network.
#[derive(Debug, Clone, Default)]
struct FirstFailure(Arc<OnceLock<Duration>>);

impl Intercept for FirstFailure {
    fn after_attempt(&self, _: &Attempt<'_>, outcome: &Outcome<'_>) {
        if outcome.error().is_some() && self.0.set(outcome.elapsed()).is_ok() {
            tokio::time::resume();
        }
    }
}

impl FirstFailure {
    fn seconds(&self) -> u64 {
        self.0.get().unwrap().as_secs()
    }
}

#[tokio::test]
async fn a_connection_whose_pings_stay_unanswered_is_dead_and_its_calls_end() {
    for (operation, attempts) in [(&POST, 1), (&GET, 2)] {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = seen.clone();
        let (muted, mut mute) = tokio::sync::mpsc::unbounded_channel();
        let (client, opened) = scripted_narrow(u32::MAX, move |number, mut http2| {
            let (counted, muted) = (counted.clone(), muted.clone());
            async move {
                if number > 0 {
                    return answer_all(http2).await;
                }
                let _call = http2.accept().await;
                counted.fetch_add(1, SeqCst);
                let _ = muted.send(());
                black_hole(http2).await;
            }
        })
        .await;
        let failed = FirstFailure::default();
        let client = client.intercept(failed.clone()).build().unwrap();
        let call = tokio::spawn({
            let client = client.clone();
            async move {
                client
                    .execute(Call::new(operation).timeouts(long_timeouts()))
                    .await
            }
        });
        mute.recv().await.unwrap();
        tokio::time::pause();
        let outcome = call.await.unwrap();
        // 20 s without traffic, and 10 s for the answer to a PING.
        assert!((29..=31).contains(&failed.seconds()), "{failed:?}");
        match outcome {
            Ok(answer) => assert_eq!((answer.attempts(), attempts), (2, 2)),
            Err(error) => {
                assert_eq!((error.attempts(), attempts), (1, 1), "{error:#}");
                assert_eq!(error.kind(), ErrorKind::Transport, "{error:#}");
                client.execute(Call::new(operation)).await.unwrap();
            }
        }
        assert_eq!((seen.load(SeqCst), opened.load(SeqCst)), (1, 2));
        until_free(&client).await;
        // The dead one is closed.
        while client.pool_stats().live > 1 {
            tokio::task::yield_now().await;
        }
    }
}

/// PINGs go out only while calls are in flight, so it is the next call that finds out.
#[tokio::test]
async fn a_connection_that_went_dead_while_idle_costs_the_next_call_time_and_nothing_else() {
    for (operation, attempts) in [(&POST, 1), (&GET, 2)] {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = seen.clone();
        let mute = Arc::new(tokio::sync::Notify::new());
        let told = mute.clone();
        let (client, opened) = scripted_narrow(u32::MAX, move |number, mut http2| {
            let (counted, told) = (counted.clone(), told.clone());
            async move {
                if number > 0 {
                    while let Some(Ok((_, respond))) = http2.accept().await {
                        counted.fetch_add(1, SeqCst);
                        answer(respond, "fine");
                    }
                    return;
                }
                loop {
                    tokio::select! {
                        call = http2.accept() => answer(call.unwrap().unwrap().1, "fine"),
                        () = told.notified() => return black_hole(http2).await,
                    }
                }
            }
        })
        .await;
        let failed = FirstFailure::default();
        let client = client.intercept(failed.clone()).build().unwrap();
        client.execute(Call::new(&GET)).await.unwrap();
        mute.notify_one();
        tokio::task::yield_now().await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(5)).await;
        // With the deadlines that everybody has.
        let outcome = client.execute(Call::new(operation)).await;
        assert!((20..30).contains(&failed.seconds()), "{failed:?}");
        match outcome {
            Ok(answer) => assert_eq!((answer.attempts(), attempts), (2, 2)),
            Err(error) => {
                // It may have arrived, as far as the client can know.
                assert_eq!((error.attempts(), attempts), (1, 1), "{error:#}");
                assert_eq!(error.kind(), ErrorKind::Transport, "{error:#}");
                client.execute(Call::new(operation)).await.unwrap();
            }
        }
        assert_eq!((seen.load(SeqCst), opened.load(SeqCst)), (1, 2));
        until_free(&client).await;
        // The dead one is closed.
        while client.pool_stats().live > 1 {
            tokio::task::yield_now().await;
        }
    }
}

/// What the peer does not read stays in the way of a goodbye.
#[tokio::test]
async fn a_peer_that_stops_reading_cannot_keep_a_connection_that_is_given_up() {
    let (client, _) = scripted_narrow(9, |_, mut http2| async move {
        let (request, _respond) = http2.accept().await.unwrap().unwrap();
        let mut body = request.into_body();
        // Takes data until the client knows of a window that is more than any socket buffers.
        let (mut read, mut widened) = (0, 0);
        while widened == 0 || read < widened + 100_000 {
            tokio::select! {
                data = body.data() => {
                    let data = data.unwrap().unwrap();
                    read += data.len();
                    if widened == 0 {
                        body.flow_control().release_capacity(data.len()).unwrap();
                    }
                }
                _ = http2.accept() => {}
            }
            if widened == 0 && http2.set_initial_window_size(1 << 30).is_ok() {
                http2.set_target_window_size(1 << 30);
                widened = read;
            }
        }
        black_hole(http2).await;
    })
    .await;
    let pool = PoolConfig::default().idle_timeout(Duration::from_millis(1));
    let client = client.pool(pool).build().unwrap();
    let attempt = Timeouts::default().attempt(Duration::from_secs(2));
    let large = Call::new(&POST).body(vec![b'x'; 64 << 20], "text/plain");
    let error = client.execute(large.timeouts(attempt)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    let closed = async {
        while client.pool_stats().live > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), closed)
        .await
        .expect("the socket is kept");
}
