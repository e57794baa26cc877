//! Part 3: many products with few calls, in the three ways of the batching layer.

use std::collections::HashMap;
use std::future::Future;
use std::time::{Duration, Instant};

use wats::batch::{BatchConfig, ChunkConfig, ChunkedBatcher, RequestBatcher, batch_map};
use wats::{Filter, ProductQuery, ProductSummary, Wats};

use crate::Outcome;
use crate::figures::Figures;
use crate::reads;
use crate::stage::{Side, Stage};

const PART: &str = "3 bulk";

/// What the three ways have in common: products by part number.
type Found = HashMap<String, ProductSummary>;

pub(crate) async fn show(stage: &Stage, numbers: &[String], figures: &mut Figures) -> Outcome {
    println!(
        "\n{PART}: {} products in as few calls as possible",
        numbers.len()
    );
    let wats = &stage.main.wats;
    let before = stage.main.counters();
    let naive = Naive {
        time: reads::one_by_one(wats, numbers).await?,
        calls: stage.main.calls_since(before.as_ref()),
    };
    let mut contest = Contest {
        side: &stage.main,
        numbers,
        naive,
        figures,
    };
    contest
        .enter(
            "RequestBatcher, 20 a batch",
            by_request_batcher(wats, numbers),
        )
        .await?;
    contest
        .enter(
            "ChunkedBatcher, 20 a chunk",
            by_chunked_batcher(wats, numbers),
        )
        .await?;
    contest
        .enter("batch_map, 20 at a time", by_batch_map(wats, numbers))
        .await?;
    contest
        .enter("product().get_many", by_get_many(wats, numbers))
        .await
}

struct Naive {
    time: Duration,
    calls: Option<u64>,
}

/// Several ways of finding the same products.
struct Contest<'a> {
    side: &'a Side,
    numbers: &'a [String],
    naive: Naive,
    figures: &'a mut Figures,
}

impl Contest<'_> {
    /// Runs one way, checks that it finds everything, and records its time and its calls.
    async fn enter(&mut self, what: &str, way: impl Future<Output = Outcome<Found>>) -> Outcome {
        let before = self.side.counters();
        let start = Instant::now();
        let found = way.await?;
        let elapsed = start.elapsed();
        if let Some(missing) = self
            .numbers
            .iter()
            .find(|number| !found.contains_key(*number))
        {
            return Err(format!("{what} did not find {missing}").into());
        }
        self.figures
            .time(PART, what, Some(self.naive.time), elapsed, String::new());
        if let Some(calls) = self.side.calls_since(before.as_ref()) {
            self.figures.count(
                PART,
                "  server calls",
                self.naive.calls,
                calls,
                String::new(),
            );
        }
        Ok(())
    }
}

/// Callers that know nothing of each other ask for one product each; the batcher brings them together.
async fn by_request_batcher(wats: &Wats, numbers: &[String]) -> Outcome<Found> {
    let config = BatchConfig::default()
        .max_batch_size(20)
        .max_wait(Duration::from_millis(10));
    let wats = wats.clone();
    let batcher: RequestBatcher<String, ProductSummary, wats::Error> =
        RequestBatcher::keyed(config, String::clone, move |numbers: Vec<String>| {
            let wats = wats.clone();
            async move { query(&wats, numbers).await.map(by_number) }
        })?;
    let answers = batch_map(numbers, 100, |number| batcher.add(number.clone())).await;
    let mut found = Vec::with_capacity(numbers.len());
    for answer in answers {
        found.push(answer?);
    }
    batcher.close().await;
    Ok(by_number(found))
}

/// One caller has the whole list; it is sent in chunks.
async fn by_chunked_batcher(wats: &Wats, numbers: &[String]) -> Outcome<Found> {
    let chunked = ChunkedBatcher::new(ChunkConfig::default().chunk_size(20))?;
    let chunks = chunked
        .try_chunks(numbers.to_vec(), |chunk| query(wats, chunk))
        .await?;
    Ok(by_number(chunks.into_iter().flatten()))
}

/// One call per product, some at a time: no fewer calls, but no waiting in line either.
async fn by_batch_map(wats: &Wats, numbers: &[String]) -> Outcome<Found> {
    let answers = batch_map(numbers, 20, |number| {
        let query = ProductQuery::default().filter(Filter::eq("partNumber", number));
        async move { wats.product().query(&query).await }
    })
    .await;
    let mut found = Vec::with_capacity(numbers.len());
    for answer in answers {
        found.extend(answer?);
    }
    Ok(by_number(found))
}

/// What the SDK offers ready-made for just this.
async fn by_get_many(wats: &Wats, numbers: &[String]) -> Outcome<Found> {
    let found = wats.product().get_many(numbers).await?;
    Ok(by_number(found.into_values()))
}

async fn query(wats: &Wats, numbers: Vec<String>) -> wats::Result<Vec<ProductSummary>> {
    wats.product()
        .query(&ProductQuery::default().filter(Filter::any_of("partNumber", numbers)))
        .await
}

fn by_number(products: impl IntoIterator<Item = ProductSummary>) -> Found {
    products
        .into_iter()
        .map(|product| (product.part_number().to_owned(), product))
        .collect()
}
