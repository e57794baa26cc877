//! The line in front of the window, in paused time.

use std::sync::Arc;

use futures_util::future::{join_all, poll_immediate};

use super::*;
use crate::error::{Deadline, ErrorKind};

fn limiter(calls: u32, per: u64) -> Arc<TokenLimiter> {
    let limit = RateLimit::new(calls, Duration::from_secs(per));
    Arc::new(TokenLimiter::new(&limit))
}

/// As the pipeline does it.
async fn take(limiter: &TokenLimiter, calls: u32, deadline: Option<Instant>) -> Result<()> {
    if !limiter.try_acquire(calls, Instant::now()) {
        limiter.acquire(calls, deadline).await?;
    }
    Ok(())
}

fn in_seconds(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_are_served_in_order_and_at_the_first_moment() {
    let limiter = limiter(2, 10);
    let start = Instant::now();
    let served = Mutex::new(Vec::new());
    join_all((0..7).map(|n| {
        let (limiter, served) = (&limiter, &served);
        async move {
            take(limiter, 1, None).await.unwrap();
            served.lock().unwrap().push((n, start.elapsed().as_secs()));
        }
    }))
    .await;
    assert_eq!(
        *served.lock().unwrap(),
        [(0, 0), (1, 0), (2, 10), (3, 10), (4, 20), (5, 20), (6, 30)]
    );
    assert_eq!(limiter.token().waiting.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_light_call_does_not_overtake_a_heavy_one() {
    let limiter = limiter(10, 10);
    let start = Instant::now();
    take(&limiter, 5, None).await.unwrap();
    let heavy = async {
        take(&limiter, 8, None).await.unwrap();
        start.elapsed().as_secs()
    };
    let light = async {
        take(&limiter, 1, None).await.unwrap();
        start.elapsed().as_secs()
    };
    let (heavy, light) = futures_util::join!(heavy, light);
    assert_eq!((heavy, light), (10, 10));
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_waiting_leaves_the_line() {
    let limiter = limiter(1, 10);
    let start = Instant::now();
    take(&limiter, 1, None).await.unwrap();
    let mut first = Box::pin(take(&limiter, 1, None));
    let mut second = Box::pin(take(&limiter, 1, None));
    let mut third = Box::pin(take(&limiter, 1, None));
    for waiter in [&mut first, &mut second, &mut third] {
        assert!(poll_immediate(waiter).await.is_none());
    }
    // One who sleeps at the head of the queue, and one behind it.
    drop((first, second));
    third.await.unwrap();
    assert_eq!(
        start.elapsed().as_secs(),
        10,
        "nobody waited for the dropped"
    );
    assert_eq!(limiter.token().waiting.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_for_all_even_for_those_who_wait_already() {
    let limiter = limiter(1, 10);
    let start = Instant::now();
    take(&limiter, 1, None).await.unwrap();
    let mut waiting = Box::pin(take(&limiter, 1, None));
    assert!(poll_immediate(&mut waiting).await.is_none());
    limiter.pause(Duration::from_secs(25));
    waiting.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 25);
    limiter.pause(LONGEST_PAUSE);
    take(&limiter, 1, None).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(25) + LONGEST_PAUSE);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_in_time_fails_at_once_with_its_own_error() {
    let limiter = limiter(1, 60);
    let start = Instant::now();
    take(&limiter, 1, None).await.unwrap();
    let error = take(&limiter, 1, Some(in_seconds(20))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::RateLimit));
    assert_eq!(error.retry_after_hint(), Some(Duration::from_secs(60)));
    assert!(
        error.is_unsent() && error.to_string().contains("1 calls per 60s"),
        "{error}"
    );
    assert_eq!(start.elapsed(), Duration::ZERO);

    // Behind somebody else nobody knows, so the deadline decides.
    let mut ahead = Box::pin(take(&limiter, 1, None));
    assert!(poll_immediate(&mut ahead).await.is_none());
    let error = take(&limiter, 1, Some(in_seconds(20))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::RateLimit));
    assert_eq!(start.elapsed().as_secs(), 20);
    ahead.await.unwrap();
    assert_eq!(limiter.token().waiting.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_client_goes_with_it_even_for_those_who_wait_already() {
    let wide = limiter(100, 10);
    let narrow = RateLimit::new(1, Duration::from_secs(3600));
    let narrow = TokenLimiter::of(wide.token(), &narrow);
    let start = Instant::now();
    take(&wide, 1, None).await.unwrap();
    let error = take(&wide, 1, Some(in_seconds(20))).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("1 calls per 3600s"), "{error}");
    let mut waiting = Box::pin(take(&wide, 1, None));
    assert!(poll_immediate(&mut waiting).await.is_none());
    drop(narrow);
    waiting.await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn many_threads_get_exactly_the_limit() {
    let limiter = limiter(500, 3600);
    let tasks = (0..8).map(|_| {
        let limiter = Arc::clone(&limiter);
        std::thread::spawn(move || {
            let now = Instant::now();
            (0..1000)
                .filter(|_| limiter.token().rules().take(1, now).is_ok())
                .count()
        })
    });
    let granted: usize = tasks
        .collect::<Vec<_>>()
        .into_iter()
        .map(|t| t.join().unwrap())
        .sum();
    assert_eq!(granted, 500);
}
