//! `ChunkedBatcher`, on a paused clock.
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, sleep};
use wats_batch::{BatchError, ChunkConfig, ChunkError, ChunkedBatcher, Retry};

const MS: Duration = Duration::from_millis(1);

fn tens() -> ChunkConfig {
    ChunkConfig::default().chunk_size(10).max_concurrent(2)
}

#[tokio::test(start_paused = true)]
async fn chunks_are_full_and_run_some_at_a_time() {
    let sizes = Mutex::new(Vec::new());
    let start = Instant::now();
    let out = ChunkedBatcher::new(tens())
        .unwrap()
        .try_run(0..45, |chunk: Vec<u32>| {
            sizes.lock().unwrap().push(chunk.len());
            async move {
                sleep(10 * MS).await;
                Ok::<_, String>(chunk)
            }
        })
        .await
        .unwrap();
    assert_eq!(out, (0..45).collect::<Vec<_>>());
    assert_eq!(*sizes.lock().unwrap(), [10, 10, 10, 10, 5]);
    assert_eq!(start.elapsed(), 30 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_failed_chunk_fails_its_items_and_no_others() {
    let out = ChunkedBatcher::new(tens())
        .unwrap()
        .run(0..30, |chunk: Vec<u32>| async move {
            match chunk[0] {
                0 => Ok(chunk),
                10 => Err("down"),
                _ => Ok(vec![7]),
            }
        })
        .await;
    assert_eq!(out.len(), 30);
    assert!(out[..10].iter().all(Result::is_ok));
    for failed in &out[10..20] {
        let error = failed.as_ref().unwrap_err();
        assert_eq!((error.chunk, error.inner()), (1, Some(&"down")));
    }
    for short in &out[20..] {
        let error = short.as_ref().unwrap_err();
        let wrong = BatchError::<&str>::WrongCount {
            expected: 10,
            actual: 1,
        };
        assert_eq!(
            (error.chunk, error.error.to_string()),
            (2, wrong.to_string())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_error_ends_the_run() {
    let started = AtomicU32::new(0);
    let error = ChunkedBatcher::new(tens())
        .unwrap()
        .try_run(0..1000, |chunk: Vec<u32>| {
            started.fetch_add(1, Ordering::Relaxed);
            async move {
                sleep(MS).await;
                if chunk[0] == 20 { Err("no") } else { Ok(chunk) }
            }
        })
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        ChunkError {
            chunk: 2,
            attempts: 1,
            error: BatchError::Bulk(_),
            ..
        }
    ));
    assert!(started.load(Ordering::Relaxed) <= 6);
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_its_chunk() {
    let out = ChunkedBatcher::<_, String>::new(tens())
        .unwrap()
        .run_chunks(0..30, |chunk: Vec<u32>| async move {
            assert_ne!(chunk[0], 10, "second chunk");
            Ok(chunk.len())
        })
        .await;
    assert_eq!(out[0].as_ref().unwrap(), &10);
    let panic = out[1].as_ref().unwrap_err();
    assert!(matches!(
        panic,
        ChunkError {
            chunk: 1,
            error: BatchError::Panicked(_),
            ..
        }
    ));
    assert!(panic.to_string().contains("second chunk"));
    assert_eq!(out[2].as_ref().unwrap(), &10);
}

#[tokio::test(start_paused = true)]
async fn a_chunk_is_tried_again_as_told() {
    let calls = Mutex::new(Vec::new());
    let start = Instant::now();
    let retry = Retry::attempts(3)
        .delay(100 * MS)
        .when(|error: &&str| *error == "busy");
    let out = ChunkedBatcher::new(tens())
        .unwrap()
        .retry(retry)
        .run_chunks(0..30, |chunk: Vec<u32>| {
            let mut calls = calls.lock().unwrap();
            calls.push(chunk[0]);
            let nth = calls.iter().filter(|first| **first == chunk[0]).count();
            let answer = match (chunk[0], nth) {
                (0, 1 | 2) | (20, _) => Err("busy"),
                (10, _) => Err("denied"),
                _ => Ok(nth),
            };
            std::future::ready(answer)
        })
        .await;
    assert_eq!(out[0].as_ref().unwrap(), &3);
    assert!(matches!(
        out[1],
        Err(ChunkError {
            attempts: 1,
            error: BatchError::Bulk(_),
            ..
        })
    ));
    assert!(matches!(
        out[2],
        Err(ChunkError {
            attempts: 3,
            error: BatchError::Bulk(_),
            ..
        })
    ));
    assert_eq!(start.elapsed(), 300 * MS);
}

#[tokio::test(start_paused = true)]
async fn results_stream_as_they_come_with_progress() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let chunked = ChunkedBatcher::new(tens())
        .unwrap()
        .progress(move |progress| log.lock().unwrap().push(progress.to_string()));
    let stream = chunked.stream(0..25, |chunk: Vec<u64>| async move {
        sleep(MS * (30 - chunk[0]) as u32).await;
        if chunk[0] == 10 {
            Err("no")
        } else {
            Ok(chunk.len())
        }
    });
    let order: Vec<_> = stream.map(|done| (done.chunk, done.items)).collect().await;
    assert_eq!(order, [(1, 10..20), (0, 0..10), (2, 20..25)]);
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "10/25 (10 failed)",
            "20/25 (10 failed)",
            "25/25 (10 failed)"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_is_no_call() {
    let chunked = ChunkedBatcher::<_, String>::new(tens()).unwrap();
    let call = |_: Vec<u32>| async { unreachable!("nothing to send") };
    let out: Vec<u32> = chunked.try_run(Vec::new(), call).await.unwrap();
    assert!(out.is_empty());
}

#[tokio::test]
async fn without_a_retry_items_need_not_be_clone() {
    struct Image(u32);
    let send = async |chunk: Vec<Image>| Ok::<Vec<_>, String>(chunk.iter().map(|i| i.0).collect());
    let images = (0..3).map(Image);
    let sent = ChunkedBatcher::new(tens())
        .unwrap()
        .try_run(images, send)
        .await;
    assert_eq!(sent.unwrap(), [0, 1, 2]);
}

#[tokio::test]
async fn progress_and_outcomes_agree_on_what_failed() {
    type Answer = Result<Vec<u32>, &'static str>;
    let calls: [fn(Vec<u32>) -> Answer; 5] = [
        Ok,
        |chunk| Ok(chunk[1..].to_vec()),
        |chunk| Ok([chunk.as_slice(), &[7]].concat()),
        |_| Err("down"),
        |_| panic!("a bug"),
    ];
    for call in calls {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let chunked = ChunkedBatcher::new(tens())
            .unwrap()
            .progress(move |progress| log.lock().unwrap().push(progress));
        let outcomes = chunked.run(0..25, async |chunk| call(chunk)).await;
        let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        let last = *seen.lock().unwrap().last().unwrap();
        assert_eq!((last.done, last.failed), (25, failed));

        let all = chunked.try_run(0..25, async |chunk| call(chunk)).await;
        let last = *seen.lock().unwrap().last().unwrap();
        assert_eq!(all.is_ok(), last.failed == 0);
    }
}

#[tokio::test]
async fn an_answer_for_the_chunk_may_have_any_length() {
    let seen = Arc::new(Mutex::new(None));
    let log = Arc::clone(&seen);
    let chunked = ChunkedBatcher::<_, String>::new(tens())
        .unwrap()
        .progress(move |progress| *log.lock().unwrap() = Some(progress.failed));
    let outcomes = chunked
        .run_chunks(0..25, async |_: Vec<u32>| Ok(vec!["one for all"]))
        .await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(*seen.lock().unwrap(), Some(0));
}
