//! Single look-ups that share queries: the same outcomes with fewer requests.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::report_common::{connect, id, read, start, test};
use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;
use wats_domains::report::SubmitOptions;
use wats_domains::{
    BatchingOptions, BulkOptions, CacheOptions, Error, Product, ProductSummary, Wats,
};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_sim::{Fault, Simulator};

const QUERY: &str = "/api/Product/Query";

fn number(n: usize) -> String {
    format!("PART-{:04}", n % 100)
}

/// All asked for at once, in one task.
async fn thousand(api: &Wats) -> Vec<String> {
    let found = join_all((0..1_000).map(|n| api.product().summary(&number(n)))).await;
    let part_number = |found: Result<std::sync::Arc<ProductSummary>, Error>| {
        found.unwrap().part_number().to_owned()
    };
    found.into_iter().map(part_number).collect()
}

#[tokio::test]
async fn a_thousand_summaries_of_a_hundred_products_are_five_requests() {
    let expected: Vec<String> = (0..1_000).map(number).collect();
    for (batching, requests) in [(true, 5), (false, 100)] {
        let (sim, api) = start(Simulator::builder().products(100)).await;
        let api = if batching { api.batching() } else { api };
        for round in ["first", "second"] {
            assert_eq!(thousand(&api).await, expected);
            assert_eq!(
                sim.counters().total_requests(),
                requests,
                "{batching} {round}"
            );
        }
    }
}

/// `get` gives more than a list shows: with batches too, each product is a request, which all share who want it.
#[tokio::test]
async fn a_thousand_gets_of_a_hundred_products_are_a_hundred_requests() {
    let expected: Vec<String> = (0..1_000).map(number).collect();
    for batching in [true, false] {
        let (sim, api) = start(Simulator::builder().products(100)).await;
        let api = if batching { api.batching() } else { api };
        for round in ["first", "second"] {
            let found = join_all((0..1_000).map(|n| api.product().get(&number(n)))).await;
            let names = found
                .into_iter()
                .map(|found| found.unwrap().part_number.clone());
            let names: Option<Vec<String>> = names.collect();
            assert_eq!(names.as_ref(), Some(&expected));
            let asked = sim.counters().total_requests();
            assert_eq!(asked, 100, "{batching} {round}");
        }
    }
}

/// Nothing is kept, so each round asks; the queries are shared all the same.
#[tokio::test]
async fn without_memory_each_round_asks_with_few_queries() {
    let sim = Simulator::builder().products(100).start().await.unwrap();
    let api = Wats::builder()
        .base_url(sim.base_url())
        .token(sim.token())
        .cache(CacheOptions::off())
        .build()
        .unwrap()
        .batching();
    for requests in [5, 10] {
        thousand(&api).await;
        assert_eq!(sim.counters().total_requests(), requests);
    }
}

/// Parts that are there, in other case, missing, and such as cannot be asked for.
#[tokio::test]
async fn outcomes_are_those_of_asking_alone() {
    let (_sim, api) = start(Simulator::builder().products(3)).await;
    let awkward = Product::new(crate::report_common::AWKWARD);
    api.product().save(&awkward).await.unwrap();
    let asked = [
        "PART-0000",
        "part-0001",
        "none",
        "",
        "A\r",
        "PART-0000",
        crate::report_common::AWKWARD,
    ];
    let mut outcomes = Vec::new();
    for api in [api.batching(), api.clone()] {
        api.product().refresh();
        let found = join_all(asked.iter().map(|number| api.product().summary(number))).await;
        let told = |outcome: &Result<_, Error>| match outcome {
            Ok(product) => format!("{product:?}"),
            Err(error) => format!(
                "{:?} {:?} {} {error:#}",
                error.kind(),
                error.status(),
                error.attempts()
            ),
        };
        assert!(matches!(&found[2], Err(Error::NotFound { key, .. }) if key == "none"));
        assert_eq!(
            found[2].as_ref().unwrap_err().status().unwrap().as_u16(),
            404
        );
        assert!(
            matches!(&found[3], Err(Error::Query(_))) && matches!(&found[4], Err(Error::Query(_)))
        );
        assert!(api.product().find_summary("none").await.unwrap().is_none());
        outcomes.push(found.iter().map(told).collect::<Vec<_>>());
    }
    assert_eq!(outcomes[0], outcomes[1]);
}

#[tokio::test]
async fn a_query_that_fails_is_the_failure_of_those_who_share_it_and_not_kept() {
    let (sim, api) = start(Simulator::builder().products(100)).await;
    let api = api.batching();
    sim.inject(Fault::status(409).route("GET", QUERY).times(1));
    let found = join_all((0..100).map(|n| api.product().summary(&number(n)))).await;
    let failed: Vec<&Error> = found
        .iter()
        .filter_map(|found| found.as_ref().err())
        .collect();
    assert_eq!(failed.len(), 20);
    assert!(
        failed
            .iter()
            .all(|error| error.status().unwrap().as_u16() == 409)
    );
    assert_eq!(sim.counters().total_requests(), 5);
    thousand(&api).await;
    assert_eq!(
        sim.counters().total_requests(),
        6,
        "those that failed, once more"
    );
    // One that asks too much is halved.
    api.product().refresh();
    sim.inject(Fault::status(414).route("GET", QUERY).times(1));
    thousand(&api).await;
    assert_eq!(sim.counters().total_requests(), 6 + 5 + 2);
}

/// Polls once.
async fn begin<F: Future + Unpin>(future: &mut F) {
    poll_fn(|context| {
        assert!(std::pin::Pin::new(&mut *future).poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_look_up_takes_nothing_from_others() {
    let (sim, api) = start(Simulator::builder().products(100)).await;
    let window = BatchingOptions::default().window(Duration::from_millis(50));
    let api = api.batching_with(&window).unwrap();
    let mut asks: Vec<_> = (0..30).map(|n| api.product().summary(&number(n))).collect();
    for ask in &mut asks {
        begin(ask).await;
    }
    // The one of which another waits for the same answer, too.
    let mut second = api.product().summary(&number(0));
    begin(&mut second).await;
    asks.truncate(15);
    drop(asks.remove(0));
    assert_eq!(second.await.unwrap().part_number(), number(0));
    for found in join_all(asks).await {
        found.unwrap();
    }
    let asked = sim.counters().total_requests();
    assert!(asked <= 2, "those that are gone are not asked for: {asked}");

    let mut gone = api.product().summary(&number(50));
    begin(&mut gone).await;
    drop(gone);
    api.product().summary(&number(51)).await.unwrap();
    assert_eq!(sim.counters().total_requests(), asked + 1);
}

#[test]
fn threads_that_wait_share_queries_too() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (sim, api) = runtime.block_on(start(Simulator::builder().products(100)));
    let api = api.batching();
    let threads: Vec<_> = (0..40)
        .map(|n| {
            let api = api.clone();
            std::thread::spawn(move || {
                api.product()
                    .summary(&number(n))
                    .wait()
                    .unwrap()
                    .part_number()
                    .to_owned()
            })
        })
        .collect();
    for (n, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), number(n));
    }
    // Never more than one for each; how many share one is up to the scheduler.
    assert!(sim.counters().total_requests() <= 40);
    // And a task beside them, in a thread that waits.
    let waited = runtime.block_on(async {
        let mut begun = api.product().summary(&number(90));
        begin(&mut begun).await;
        let waited = api.product().summary(&number(90)).wait().unwrap();
        begun.await.unwrap();
        waited
    });
    assert_eq!(waited.part_number(), number(90));
    // Another runtime, beside the one that has begun.
    let other = tokio::runtime::Runtime::new().unwrap();
    let found = other.block_on(async { api.product().summary(&number(91)).await });
    assert_eq!(found.unwrap().part_number(), number(91));
    drop(other);
    let found = runtime.block_on(async { api.product().summary(&number(92)).await });
    assert_eq!(found.unwrap().part_number(), number(92));
}

#[tokio::test]
async fn options_that_cannot_be_kept_are_refused() {
    let (_sim, api) = start(Simulator::builder().products(3)).await;
    let error = api
        .batching_with(&BatchingOptions::default().most(0))
        .unwrap_err();
    assert!(matches!(&error, Error::Config(text) if text.contains("BatchingOptions::most")));
    for options in [
        BatchingOptions::default().window(Duration::ZERO),
        BatchingOptions::default().most(1),
    ] {
        let api = api.batching_with(&options).unwrap();
        assert!(api.product().summary("PART-0002").await.is_ok());
    }
}

fn mocked(mock: &MockTransport) -> Wats {
    let client = wats_http::Client::builder()
        .base_url("http://mock")
        .token("aHVudGVyMjpodW50ZXIy")
        .transport(mock.clone())
        .build()
        .unwrap();
    Wats::from(client)
}

/// A read that has begun before a write is joined by nobody who asks after it, and not kept.
#[tokio::test(start_paused = true)]
async fn a_read_after_an_own_write_is_never_stale() {
    let named = |name: &str| MockAnswer::json(&json!([{"partNumber": "P", "name": name}]));
    let slow = named("old").after(Duration::from_secs(5));
    let mock = MockTransport::new()
        .on(Method::GET, QUERY, [slow, named("new")])
        .on(
            Method::PUT,
            "/api/Product",
            [MockAnswer::json(&json!({"partNumber": "P"}))],
        );
    let api = mocked(&mock).batching();
    let before = tokio::spawn(api.product().summary("P"));
    while mock.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    api.product().save(&Product::new("P")).await.unwrap();
    let after = api.product().summary("P").await.unwrap();
    assert_eq!(after.name.as_deref(), Some("new"));
    assert_eq!(before.await.unwrap().unwrap().name.as_deref(), Some("old"));
    let kept = api.product().summary("P").await.unwrap();
    assert_eq!(kept.name.as_deref(), Some("new"));
    assert_eq!(mock.requests().len(), 3);
    assert_eq!(api.cache_stats().product_lists.hits, 1);
}

#[tokio::test(start_paused = true)]
async fn assets_are_looked_up_together() {
    let assets = json!([{"serialNumber": "b", "assetName": "second", "odd": 1}, {"serialNumber": "A'1", "assetName": "first"}]);
    let mock = MockTransport::new().on(Method::GET, "/api/Asset", [MockAnswer::json(&assets)]);
    let api = mocked(&mock);
    let asked = ["A'1", "none", "B", "C\r", "A'1"];
    let parts = api.asset().get_many(asked).await.unwrap();
    let names: Vec<_> = parts
        .ok
        .iter()
        .map(|(at, asset)| (*at, asset.name.as_deref().unwrap()))
        .collect();
    assert_eq!(names, [(0, "first"), (2, "second"), (4, "first")]);
    assert!(matches!(
        &parts.failed[..],
        [
            (1, Error::NotFound { what: "asset", .. }),
            (3, Error::Query(_))
        ]
    ));
    assert_eq!(
        mock.requests()[0].target,
        "/api/Asset?$filter=serialNumber%20eq%20%27A%27%271%27%20or%20serialNumber%20eq%20%27B%27%20or%20serialNumber%20eq%20%27none%27"
    );
    // Each by itself, with and without sharing: live, so each round asks.
    for (api, requests) in [(api.batching(), 1), (api.clone(), 4)] {
        let before = mock.requests().len();
        let found = join_all(asked.map(|number| api.asset().summary(number))).await;
        assert_eq!(found[2].as_ref().unwrap().name.as_deref(), Some("second"));
        assert!(
            matches!(found[1], Err(Error::NotFound { .. }))
                && matches!(found[3], Err(Error::Query(_)))
        );
        assert_eq!(mock.requests().len() - before, requests);
    }
}

#[tokio::test]
async fn headers_are_looked_up_together() {
    let (sim, api) = start(Simulator::builder()).await;
    let reports: Vec<_> = (0..90)
        .map(|n| read(&test(id(n), &format!("S{n}"))))
        .collect();
    let submitted = api
        .report()
        .submit_many(reports, &SubmitOptions::default(), &BulkOptions::default())
        .await
        .unwrap();
    assert!(submitted.is_ok());
    sim.reset_counters();
    let ids: Vec<Uuid> = (0..91).rev().map(id).collect();
    let parts = api.report().headers_many(ids.clone()).await.unwrap();
    assert!(
        parts
            .ok
            .iter()
            .all(|(place, header)| header.id == Some(ids[*place]))
    );
    let [(0, Error::NotFound { what: "report", .. })] = &parts.failed[..] else {
        panic!("{:?}", parts.failed);
    };
    assert_eq!(sim.counters().total_requests(), 3);
    let api = api.batching();
    let headers = join_all(ids.iter().map(|id| api.report().header(*id))).await;
    assert!(headers[0].is_err());
    for (id, header) in ids.iter().zip(&headers).skip(1) {
        assert_eq!(header.as_ref().unwrap().id, Some(*id));
    }
    assert_eq!(sim.counters().total_requests(), 6);
}

/// The client that was made of another shares its memory, and outlives it.
#[tokio::test]
async fn clients_share_what_is_kept() {
    let (sim, plain) = start(Simulator::builder().products(3)).await;
    let api = plain.batching();
    plain.product().summary("PART-0001").await.unwrap();
    api.product().summary("PART-0001").await.unwrap();
    assert_eq!(sim.counters().total_requests(), 1);
    drop(plain);
    let ask = { api.product().summary("PART-0002") };
    drop(api);
    assert!(ask.await.is_ok());
    let refused = connect(&sim, "bm8gdG9rZW4=").batching();
    let error = pin!(refused.product().summary("PART-0001"))
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 401);
}
