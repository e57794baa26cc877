//! A limit is data: every option works at its least and at its greatest value, and whatever an
//! iterator says of its length.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::Barrier;
use tokio::task::yield_now;
use wats_batch::{BatchMap, ChunkConfig, ChunkedBatcher, Retry, batch_map, batch_map_stream};

const ITEMS: usize = 10;
/// 0 counts as 1 in a map, and is refused by chunks.
const LIMITS: [usize; 6] = [0, 1, 2, ITEMS, usize::MAX - 1, usize::MAX];

/// An iterator that says something else of its length than it has.
#[derive(Clone)]
struct Says(std::ops::Range<usize>, (usize, Option<usize>));

impl Iterator for Says {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.1
    }
}

/// The list of this test, with all it may say of its length.
fn lists() -> impl Iterator<Item = Says> {
    let hints = [
        (ITEMS, Some(ITEMS)),
        (0, None),
        (0, Some(0)),
        (1, Some(1)),
        (ITEMS - 1, Some(ITEMS - 1)),
        (ITEMS + 5, Some(3)),
        (1 << 40, Some(1 << 40)),
        (usize::MAX, None),
        (usize::MAX, Some(usize::MAX)),
    ];
    hints.into_iter().map(|hint| Says(0..ITEMS, hint))
}

async fn same(item: usize) -> usize {
    yield_now().await;
    item
}

async fn echo(chunk: Vec<usize>) -> Result<Vec<usize>, String> {
    yield_now().await;
    Ok(chunk)
}

#[tokio::test]
async fn a_map_works_at_every_limit_and_size_hint() {
    let all: Vec<_> = (0..ITEMS).collect();
    for limit in LIMITS {
        for items in lists() {
            assert_eq!(batch_map(items.clone(), limit, same).await, all, "{limit}");
            let mut seen: Vec<_> = batch_map_stream(items.clone(), limit, same).collect().await;
            seen.sort_unstable();
            assert!(seen.into_iter().eq((0..ITEMS).zip(0..)), "{limit}");
            for ahead in LIMITS {
                let map = BatchMap::new(limit).max_ahead(ahead);
                let ordered = map.ordered_stream(items.clone(), same);
                assert_eq!(ordered.collect::<Vec<_>>().await, all, "{limit}, {ahead}");
                assert_eq!(map.run(items.clone(), same).await, all);
                let call = async |n| if n == 3 { Err(n) } else { Ok(n) };
                let parts = map.partition(items.clone(), call).await;
                assert_eq!((parts.ok.len(), parts.failed), (ITEMS - 1, vec![(3, 3)]));
            }
        }
    }
}

#[tokio::test]
async fn chunks_work_at_every_limit_and_size_hint() {
    let all: Vec<_> = (0..ITEMS).collect();
    for size in LIMITS.into_iter().skip(1) {
        let chunks = ITEMS.div_ceil(size.min(ITEMS));
        for limit in LIMITS.into_iter().skip(1) {
            let config = ChunkConfig::default()
                .chunk_size(size)
                .max_concurrent(limit);
            let chunked = ChunkedBatcher::<_, String>::new(config).unwrap();
            for items in lists() {
                let outcomes = chunked.run(items.clone(), echo).await;
                assert!(outcomes.into_iter().map(Result::unwrap).eq(0..ITEMS));
                assert_eq!(chunked.try_run(items.clone(), echo).await.unwrap(), all);
                assert_eq!(chunked.run_chunks(items.clone(), echo).await.len(), chunks);
                let answers = chunked.try_chunks(items.clone(), echo).await.unwrap();
                assert_eq!(answers.concat(), all);
                assert_eq!(chunked.stream(items, echo).count().await, chunks);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_works_at_every_limit() {
    const DELAYS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(1), Duration::MAX];
    for attempts in [1, 2, u32::MAX] {
        for delay in DELAYS {
            for max_delay in DELAYS {
                let retry = Retry::attempts(attempts).delay(delay).max_delay(max_delay);
                let chunked = ChunkedBatcher::new(ChunkConfig::default())
                    .unwrap()
                    .retry(retry);
                let tries = Cell::new(0);
                let call = async |chunk: Vec<usize>| {
                    tries.set(tries.get() + 1);
                    if tries.get() > 15 {
                        Ok(chunk)
                    } else {
                        Err("busy")
                    }
                };
                let run = pin!(chunked.run(0..ITEMS, call));
                let day = Duration::from_secs(86_400);
                let outcomes = tokio::time::timeout(day, run).await;
                let pauses = delay.min(max_delay) == Duration::MAX;
                match (attempts, outcomes) {
                    (2 | u32::MAX, Err(_)) => assert!(pauses && tries.get() == 1),
                    (u32::MAX, Ok(outcomes)) => {
                        assert!(outcomes.iter().all(Result::is_ok) && tries.get() == 16);
                    }
                    (_, outcomes) => {
                        assert!(outcomes.unwrap().iter().all(Result::is_err));
                        assert_eq!(tries.get(), attempts);
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_list_without_end_runs_until_it_is_stopped() {
    for limit in [1, 4, 1000] {
        let map = BatchMap::new(limit);
        let calls = Cell::new(0);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let stop = Cell::new(Some(stop));
        let call = async |n: u64| {
            calls.set(calls.get() + 1);
            if calls.get() == 5000
                && let Some(stop) = stop.take()
            {
                stop.send(()).unwrap();
            }
            yield_now().await;
            n
        };
        let stopped = async { stopped.await.unwrap() };
        let outcomes = map.run_until(0.., call, stopped).await;
        assert!(outcomes.len() >= 5000, "{limit}: {}", outcomes.len());
        assert!(outcomes.into_iter().eq(0..calls.get()), "no gap");
    }
    // It knows its length, but nobody has that much memory.
    let call = async |n: u64| n;
    let outcomes = BatchMap::new(4)
        .run_until(0..1 << 40, call, std::future::ready(()))
        .await;
    assert!(outcomes.is_empty());
}

#[tokio::test]
async fn a_chunk_of_a_list_without_end_is_cut_at_once() {
    let chunked = ChunkedBatcher::<_, String>::new(ChunkConfig::default()).unwrap();
    let first = std::pin::pin!(chunked.stream(0.., echo)).next().await;
    assert_eq!(first.unwrap().items, 0..100);
}

#[tokio::test]
async fn items_that_wait_for_each_other_are_under_way_together() {
    for items in lists() {
        let together = Barrier::new(ITEMS);
        let call = async |_| together.wait().await.is_leader();
        let leaders = batch_map(items, ITEMS, call).await;
        assert_eq!(leaders.into_iter().filter(|leader| *leader).count(), 1);
    }
}

#[tokio::test]
async fn progress_has_no_total_where_the_list_was_wrong() {
    for items in lists() {
        let (least, most) = items.size_hint();
        let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = std::sync::Arc::clone(&seen);
        let map = BatchMap::new(2).progress(move |p| log.lock().unwrap().push(p));
        map.run(items, same).await;
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert_eq!(seen.len(), ITEMS);
        for progress in seen {
            let total = most.filter(|all| *all == least && *all >= progress.done);
            assert_eq!(progress.total, total);
            assert!(progress.fraction().is_none_or(|share| share <= 1.0));
        }
    }
}

#[tokio::test]
async fn a_list_is_over_when_it_first_says_so() {
    // As a channel's `try_iter`, which may have more later.
    let mut next = 0;
    let items = std::iter::from_fn(|| {
        next += 1;
        (next != 4).then_some(next)
    });
    let config = ChunkConfig::default().chunk_size(2);
    let chunks = ChunkedBatcher::<_, String>::new(config)
        .unwrap()
        .stream(items, echo);
    let sizes: Vec<_> = chunks.map(|done| done.items.len()).collect().await;
    assert_eq!(sizes, [2, 1]);
}

#[tokio::test]
async fn a_wake_up_polls_nobody_else_however_many_are_under_way() {
    const WIDE: usize = 10_000;
    let polls: Vec<_> = (0..WIDE).map(|_| Cell::new(0)).collect();
    let (send, receive): (Vec<_>, Vec<_>) = (0..WIDE)
        .map(|_| tokio::sync::oneshot::channel::<usize>())
        .unzip();
    let mut receive: Vec<_> = receive.into_iter().map(Some).collect();
    let call = |n: usize| {
        let mut receive = receive[n].take().unwrap();
        let polls = &polls[n];
        std::future::poll_fn(move |cx| {
            polls.set(polls.get() + 1);
            std::pin::Pin::new(&mut receive).poll(cx)
        })
    };
    let answers = async {
        // From all over the list, one at a time.
        for (n, send) in send.into_iter().enumerate().rev() {
            send.send(n).unwrap();
            yield_now().await;
        }
    };
    let map = batch_map(0..WIDE, usize::MAX, call);
    let (outcomes, ()) = tokio::join!(map, answers);
    assert!(outcomes.into_iter().map(Result::unwrap).eq(0..WIDE));
    assert!(polls.iter().all(|polls| polls.get() <= 2));
}
