//! What the functions return borrows neither the map nor the batcher: it may leave the function that
//! made it, and run as a task of its own.

use futures_util::{Stream, StreamExt};
use wats_batch::Retry;
use wats_batch::{BatchMap, ChunkConfig, ChunkDone, ChunkError, ChunkedBatcher, Partition};

fn map() -> BatchMap {
    BatchMap::new(4)
}

fn chunked() -> ChunkedBatcher<u32, String> {
    ChunkedBatcher::new(ChunkConfig::default().chunk_size(2)).unwrap()
}

async fn echo(chunk: Vec<u32>) -> Result<Vec<u32>, String> {
    Ok(chunk)
}

fn outcomes(items: Vec<u32>) -> impl Future<Output = Vec<u32>> {
    map().run(items, async |n| n)
}

fn outcomes_until(items: Vec<u32>) -> impl Future<Output = Vec<u32>> {
    map().run_until(items, async |n| n, std::future::pending())
}

fn parts(items: Vec<u32>) -> impl Future<Output = Partition<u32, ()>> {
    map().partition(items, async |n| Ok(n))
}

fn ordered(items: Vec<u32>) -> impl Stream<Item = u32> {
    map().ordered_stream(items, async |n| n)
}

fn chunks(items: Vec<u32>) -> impl Stream<Item = ChunkDone<Vec<u32>, String>> {
    chunked().stream(items, echo)
}

fn chunks_with_retry(items: Vec<u32>) -> impl Stream<Item = ChunkDone<Vec<u32>, String>> {
    let retry = Retry::attempts(1);
    chunked().retry(retry).stream(items, echo)
}

fn values(items: Vec<u32>) -> impl Future<Output = Result<Vec<u32>, ChunkError<String>>> {
    chunked().try_run(items, echo)
}

fn answers(items: Vec<u32>) -> impl Future<Output = Result<Vec<Vec<u32>>, ChunkError<String>>> {
    chunked().try_chunks(items, echo)
}

#[tokio::test]
async fn what_is_returned_outlives_what_made_it() {
    let items = vec![1, 2, 3];
    assert_eq!(outcomes(items.clone()).await, items);
    assert_eq!(outcomes_until(items.clone()).await, items);
    assert_eq!(parts(items.clone()).await.into_values(), items);
    assert_eq!(ordered(items.clone()).collect::<Vec<_>>().await, items);
    assert_eq!(chunks(items.clone()).count().await, 2);
    assert_eq!(chunks_with_retry(items.clone()).count().await, 2);
    assert_eq!(values(items.clone()).await.unwrap(), items);
    assert_eq!(answers(items).await.unwrap().concat(), [1, 2, 3]);
}

#[tokio::test]
async fn what_is_returned_may_be_a_task() {
    let double = |n: u32| std::future::ready(2 * n);
    let doubled = tokio::spawn(map().run(0..3, double));
    assert_eq!(doubled.await.unwrap(), [0, 2, 4]);
    let echoed = tokio::spawn(chunked().try_run(0..3, echo));
    assert_eq!(echoed.await.unwrap().unwrap(), [0, 1, 2]);
}

#[tokio::test]
async fn a_call_may_still_borrow_from_its_caller() {
    let (factor, chunked) = (10, chunked());
    let call = async |chunk: Vec<u32>| Ok(chunk.iter().map(|n| n * factor).collect());
    assert_eq!(chunked.try_run(0..3, call).await.unwrap(), [0, 10, 20]);
}
