//! How long is waited between attempts.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_servers_wait_is_kept_to() {
    let outcome = run(
        plain(),
        Idempotency::Idempotent,
        [Step::RetryAfter(429, "7"), Step::Answer(200, "")],
    )
    .await;
    assert!(outcome.result.is_ok());
    assert_eq!(outcome.tries[1].as_secs(), 7);
}

/// The waits that jitter seeded with `seed` gives, from upper bounds in milliseconds.
fn jittered(seed: u64, bounds: &[u64]) -> Vec<Duration> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let wait = |bound: &u64| Duration::from_millis(*bound).mul_f64(rng.f64());
    bounds.iter().map(wait).collect()
}

/// The timer wakes at the first whole millisecond after.
fn rounded_up(waits: &[Duration]) -> Duration {
    waits
        .iter()
        .map(|wait| Duration::from_millis(wait.as_nanos().div_ceil(1_000_000) as u64))
        .sum()
}

#[tokio::test(start_paused = true)]
async fn the_waits_are_exactly_those_of_the_seed() {
    let bounds = [100, 200, 400, 800, 1600, 3200, 5000];
    let retry = RetryConfig::default().max_attempts(8);
    for seed in [1, 2, 3, 0xdead_beef] {
        let expected = jittered(seed, &bounds);
        fastrand::seed(seed);
        let steps = (0..8).map(|_| Step::Answer(503, ""));
        let start = Instant::now();
        let outcome = run(
            with(retry.clone(), Timeouts::default()),
            Idempotency::Idempotent,
            steps,
        )
        .await;
        let error = outcome.result.unwrap_err();
        assert_eq!(error.delays(), expected);
        assert_eq!(
            (start.elapsed(), error.elapsed()),
            (rounded_up(&expected), Some(start.elapsed()))
        );
        for (n, at) in outcome.tries.iter().enumerate() {
            assert_eq!(*at, rounded_up(&expected[..n]));
        }
        let line = format!("{error:#}");
        assert!(
            line.contains(&format!(
                "waiting {:.1?} + {:.1?} + ",
                expected[0], expected[1]
            )),
            "{line}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn jitter_stands_above_what_the_server_asks_for() {
    let steps = || {
        [
            Step::RetryAfter(503, "2"),
            Step::RetryAfter(429, "0"),
            Step::Answer(502, ""),
            Step::Answer(200, ""),
        ]
    };
    let jitter = jittered(9, &[100, 200, 400]);
    let expected = [Duration::from_secs(2) + jitter[0], jitter[1], jitter[2]];
    fastrand::seed(9);
    let outcome = run(plain(), Idempotency::Idempotent, steps()).await;
    assert_eq!(outcome.result.unwrap().1, 4);
    assert_eq!(*outcome.tries.last().unwrap(), rounded_up(&expected));
}

/// The waits of three calls that fail four times each, for a seed, to the millisecond.
async fn waits(seed: u64) -> Vec<Vec<u128>> {
    let mut pipeline = plain();
    pipeline.jitter = Some(Mutex::new(fastrand::Rng::with_seed(seed)));
    let mut all = Vec::new();
    for _ in 0..3 {
        let steps = (0..4).map(|_| Step::Answer(503, ""));
        let outcome = run_on(&pipeline, Idempotency::Idempotent, steps).await;
        let error = outcome.result.unwrap_err();
        // What the error tells is what was slept; tokio's clock counts whole milliseconds, upwards.
        let slept: Vec<_> = outcome
            .tries
            .windows(2)
            .map(|pair| pair[1].saturating_sub(pair[0]))
            .collect();
        for (told, slept) in error.delays().iter().zip(&slept) {
            assert!(*slept >= *told && *slept <= *told + Duration::from_millis(1));
        }
        all.push(error.delays().iter().map(Duration::as_millis).collect());
    }
    all
}

#[tokio::test(start_paused = true)]
async fn seeded_waits_are_the_same_in_every_run() {
    assert_eq!(waits(7).await, [[77, 44, 287], [48, 23, 66], [79, 18, 55]],);
    assert_ne!(waits(7).await, waits(8).await);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_time_gets_at_least_that() {
    let mut pipeline = plain();
    pipeline.jitter = Some(Mutex::new(fastrand::Rng::with_seed(7)));
    let steps = [
        Step::RetryAfter(503, "2"),
        Step::RetryAfter(429, "0"),
        Step::Answer(200, ""),
    ];
    let outcome = run_on(&pipeline, Idempotency::Idempotent, steps).await;
    outcome.result.unwrap();
    let first = outcome.tries[1];
    assert!(
        first >= Duration::from_secs(2) && first <= Duration::from_millis(2101),
        "{first:?}"
    );
    assert!(outcome.tries[2].saturating_sub(first) <= Duration::from_millis(201));
}
