#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::panic::AssertUnwindSafe;
use std::pin::pin;

use serde_json::{Value, json};
use tokio::time::sleep;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{Client, ErrorKind};

use super::*;
use crate::process::ProcessService;
use crate::product::{Product, ProductService};

/// Rows as no domain has them yet.
#[allow(
    dead_code,
    reason = "the macro lists the rows for the test of the tables, which these are not in"
)]
mod rows {
    use crate::ask::route::routes;

    routes! { "test";
        get    = GET    "/api/Product/{partNumber}" safe keeps Products;
        search = POST   "/api/Search"               safe keeps ProductLists;
        delete = DELETE "/api/Thing/{id}"           gone;
        once   = DELETE "/api/Thing/{id}"           once;
        again  = PUT    "/api/Thing/{id}"           safe;
    }
}

const PATH: &str = "/api/Product/P";
const SECOND: Duration = Duration::from_secs(1);

fn core_with(mock: &MockTransport, cache: &CacheOptions) -> Arc<Core> {
    let client = Client::builder()
        .base_url("http://mock")
        .token("aHVudGVyMjpodW50ZXIy")
        .rate_limit(None)
        .transport(mock.clone())
        .build()
        .unwrap();
    let json = Serializer::new(wats_codec::Format::Json);
    Arc::new(Core::new(client, json, cache, None))
}

fn core(mock: &MockTransport) -> Arc<Core> {
    core_with(mock, &CacheOptions::default())
}

fn product(name: &str) -> MockAnswer {
    MockAnswer::json(&json!({"partNumber": "P", "name": name}))
}

/// A server that answers reads of the product in this way, one after the other.
fn server(reads: impl IntoIterator<Item = MockAnswer>) -> MockTransport {
    MockTransport::new().on(Method::GET, PATH, reads)
}

async fn name(core: &Arc<Core>) -> String {
    let product = ProductService::new(core).get("P").await;
    product.unwrap().name.clone().unwrap()
}

fn asked(mock: &MockTransport, method: &Method) -> usize {
    let requests = mock.requests();
    requests.iter().filter(|r| r.method == *method).count()
}

/// Polls once what cannot be ready yet.
async fn begin<F: Future>(mut future: Pin<&mut F>) {
    std::future::poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn a_write_that_is_cancelled_leaves_no_stale_read() {
    let mock =
        server([product("old"), product("new")]).on(Method::PUT, "/*", [MockAnswer::never()]);
    let core = core(&mock);
    assert_eq!(
        (name(&core).await, name(&core).await),
        ("old".into(), "old".into())
    );
    assert_eq!(asked(&mock, &Method::GET), 1, "kept");
    {
        let mut write = pin!(ProductService::new(&core).save(&Product::new("P")));
        begin(write.as_mut()).await;
        assert_eq!(asked(&mock, &Method::PUT), 1, "sent");
    }
    assert_eq!(name(&core).await, "new");
}

#[tokio::test]
async fn a_write_that_fails_leaves_no_stale_read_and_one_of_another_class_does() {
    let mock = server([product("old"), product("new")])
        .on(Method::PUT, "/api/Product", [MockAnswer::status(400)])
        .on(Method::PUT, "/api/Thing/*", [MockAnswer::status(200)]);
    let core = core(&mock);
    name(&core).await;
    let other = rows::again.call().path("id", 1);
    core.tell(&rows::again, Ok(other)).await.unwrap();
    assert_eq!(name(&core).await, "old");
    let saved = ProductService::new(&core).save(&Product::new("P")).await;
    assert!(saved.is_err());
    assert_eq!(name(&core).await, "new");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_began_before_a_write_is_neither_kept_nor_joined() {
    let mock = server([product("old").after(5 * SECOND), product("new")]).on(
        Method::PUT,
        "/*",
        [product("new")],
    );
    let core = core(&mock);
    let (old, new) = tokio::join!(name(&core), async {
        sleep(SECOND).await;
        ProductService::new(&core)
            .save(&Product::new("P"))
            .await
            .unwrap();
        name(&core).await
    });
    assert_eq!((old, new), ("old".into(), "new".into()));
    assert_eq!(name(&core).await, "new", "the late answer is not kept");
    assert_eq!(asked(&mock, &Method::GET), 2);
}

#[tokio::test(start_paused = true)]
async fn identical_reads_at_once_are_one_request_and_one_failure() {
    let fails = MockAnswer::status(400).after(SECOND);
    let mock = server([fails, product("P").after(SECOND)]);
    let core = core(&mock);
    for (failures, requests) in [(10, 1), (0, 2), (0, 2)] {
        let reads = (0..10).map(|_| ProductService::new(&core).get("P"));
        let read = futures_util::future::join_all(reads).await;
        let failed: Vec<_> = read.iter().filter_map(|read| read.as_ref().err()).collect();
        assert_eq!(failed.len(), failures);
        assert!(failed.iter().all(|error| error.status().unwrap() == 400));
        assert_eq!(mock.requests().len(), requests);
    }
    let stats = core.cache_stats().products;
    assert_eq!((stats.loads_failed, stats.loads_ok, stats.hits), (1, 1, 10));
}

#[tokio::test]
async fn a_failure_that_nobody_shares_is_what_it_was() {
    let core = core(&server([MockAnswer::status(400)]));
    let error = ProductService::new(&core).get("P").await.unwrap_err();
    assert!(matches!(error, Error::Http(_)), "{error:?}");
}

#[tokio::test]
async fn who_waits_for_a_read_that_is_cancelled_reads_itself() {
    let mock = server([MockAnswer::never(), product("P")]);
    let core = core(&mock);
    let mut waits = pin!(name(&core));
    {
        let mut leads = pin!(name(&core));
        begin(leads.as_mut()).await;
        begin(waits.as_mut()).await;
        assert_eq!(mock.requests().len(), 1);
    }
    assert_eq!(waits.await, "P");
}

/// On one thread, the wait holds up the task that has begun to read.
#[tokio::test]
async fn a_wait_does_not_wait_for_a_task_of_its_own_thread() {
    let mock = server([MockAnswer::never(), product("P")]);
    let core = core(&mock);
    let mut task = pin!(name(&core));
    begin(task.as_mut()).await;
    let start = std::time::Instant::now();
    let waited = ProductService::new(&core).get("P").wait().unwrap();
    assert_eq!(waited.part_number(), "P");
    // It would be let go on after the lease of the request.
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(name(&core).await, "P", "and what it read is kept for tasks");
    assert_eq!(mock.requests().len(), 2);
}

#[tokio::test]
async fn reads_are_told_apart_by_address_and_body() {
    let mock = MockTransport::new()
        .on(
            Method::GET,
            "/api/Product/A%2FB",
            [MockAnswer::json("slash")],
        )
        .on(Method::GET, "/api/Product/A", [MockAnswer::json("plain")])
        .on(Method::POST, "/*", (0..3).map(|n| MockAnswer::json(&n)));
    let core = core(&mock);
    let get = |number: &str| core.ask(&rows::get, Ok(rows::get.call().path("partNumber", number)));
    for _ in 0..2 {
        assert_eq!(
            (get("A").await.unwrap(), get("A/B").await.unwrap()),
            ("plain".to_owned(), "slash".to_owned())
        );
    }
    for (body, answer) in [("a", 0), ("b", 1), ("a", 0)] {
        let call = rows::search.call().json(body);
        assert_eq!(
            core.ask::<u32>(&rows::search, Ok(call)).await.unwrap(),
            answer
        );
    }
    assert_eq!(mock.requests().len(), 4);
}

#[tokio::test]
async fn answers_are_kept_for_their_time_up_to_a_size_or_not_at_all() {
    let class = ClassOptions::default();
    for (class, requests) in [
        (class.clone().ttl(Duration::ZERO), 3),
        (class.clone().ttl(Duration::from_secs(3600)), 1),
        (class.clone().ttl(None), 1),
        (class.clone().max_bytes(300), 3),
        (class.max_bytes(3_000), 1),
    ] {
        let mock = server([product(&"x".repeat(200))]);
        let core = core_with(&mock, &CacheOptions::default().products(class.clone()));
        for _ in 0..3 {
            name(&core).await;
        }
        assert_eq!(mock.requests().len(), requests, "{class:?}");
    }
}

#[tokio::test]
async fn a_refresh_forgets_the_classes_of_its_service() {
    let processes = [MockAnswer::json(&json!([{"code": 1}]))];
    let lists = [MockAnswer::json(&json!([]))];
    let mock = server([product("P")])
        .on(Method::GET, "/api/Product/Query", lists)
        .on(Method::GET, "/api/App/Processes", processes);
    let core = core(&mock);
    let (products, processes) = (ProductService::new(&core), ProcessService::new(&core));
    for (read, requests) in [("all", 3), ("none", 3), ("products", 5), ("processes", 6)] {
        match read {
            "products" => products.refresh(),
            "processes" => processes.refresh(),
            _ => {}
        }
        name(&core).await;
        products.query(&<_>::default()).await.unwrap();
        processes.list().await.unwrap();
        assert_eq!(mock.requests().len(), requests, "{read}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_repeat_finds_deleted_is_deleted() {
    for (row, repeated, found) in [
        (&rows::delete, true, true),
        (&rows::delete, false, false),
        (&rows::again, true, false),
    ] {
        let answers = [
            Some(MockAnswer::broken()).filter(|_| repeated),
            Some(MockAnswer::status(404)),
        ];
        let method = row.operation.method().clone();
        let mock = MockTransport::new().on(method, "/*", answers.into_iter().flatten());
        let call = row.call().path("id", 1);
        let outcome = core(&mock).tell(row, Ok(call)).await;
        assert_eq!(outcome.is_ok(), found, "{outcome:?}");
    }
    let mock = MockTransport::new().on(Method::DELETE, "/*", [MockAnswer::broken()]);
    let call = rows::once.call().path("id", 1);
    let error = core(&mock).tell(&rows::once, Ok(call)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 1));
}

fn processes(codes: impl IntoIterator<Item = i32>) -> MockAnswer {
    let list: Vec<Value> = codes
        .into_iter()
        .map(|code| json!({"code": code}))
        .collect();
    MockAnswer::json(&list)
}

#[tokio::test(start_paused = true)]
async fn a_process_that_an_old_list_lacks_is_asked_for_once() {
    let refused = MockAnswer::status(400);
    let lists = [
        processes([1]),
        processes([1, 2]),
        refused,
        processes([1, 2]),
    ];
    let mock = MockTransport::new().on(Method::GET, "/api/App/Processes", lists);
    let core = core(&mock);
    let service = ProcessService::new(&core);
    assert!(service.by_code(2).await.unwrap().is_none());
    assert!(service.by_code(2).await.unwrap().is_none());
    assert_eq!(
        mock.requests().len(),
        1,
        "a list of this second is believed"
    );

    sleep(2 * SECOND).await;
    assert!(service.by_code(1).await.unwrap().is_some());
    assert_eq!(
        mock.requests().len(),
        1,
        "what is in memory is not asked for"
    );
    let looks = (0..50).map(|_| service.by_code(2));
    let found = futures_util::future::join_all(looks).await;
    assert!(found.into_iter().all(|found| found.unwrap().is_some()));
    assert_eq!(mock.requests().len(), 2);

    sleep(2 * SECOND).await;
    let error = service.by_code(3).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 400, "not said to be missing");
    assert_eq!(service.list().await.unwrap().len(), 2, "the old list stays");
    assert_eq!(mock.requests().len(), 3);
    assert!(service.by_code(3).await.unwrap().is_none());
    assert_eq!(mock.requests().len(), 4);
}

#[tokio::test]
async fn a_process_is_asked_for_once_when_no_list_is_kept() {
    let mock = MockTransport::new().on(Method::GET, "/api/App/Processes", [processes([1])]);
    let core = core_with(&mock, &CacheOptions::off());
    assert!(
        ProcessService::new(&core)
            .by_code(2)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(mock.requests().len(), 1);
}

#[test]
fn a_panic_goes_on_where_it_is_waited_for_and_the_thread_lives_on() {
    let core = core(&server([product("P")]));
    let panics = core.run(|_| async { panic!("of the user") as Result<()> });
    let waited = std::panic::catch_unwind(AssertUnwindSafe(|| panics.wait()));
    assert_eq!(
        *waited.unwrap_err().downcast::<&str>().unwrap(),
        "of the user"
    );
    let works = core.run(|core| async move { Ok(name(&core).await) });
    assert_eq!(works.wait().unwrap(), "P");
}

#[test]
fn a_wait_inside_a_wait_is_an_error() {
    let core = core(&MockTransport::new());
    let outer = core.run(|core| async move {
        let inner = core.run(|_| async { Ok(1) });
        Ok(inner.wait())
    });
    let inner = outer.wait().unwrap();
    assert!(matches!(inner, Err(Error::Wait(_))), "{inner:?}");
}

/// Answers to pages of products.
fn pages(pages: &[&[&str]]) -> MockTransport {
    let page = |numbers: &&[&str]| {
        let rows = numbers.iter().map(|number| json!({"partNumber": number}));
        MockAnswer::json(&rows.collect::<Vec<_>>())
    };
    MockTransport::new().on(Method::GET, "/api/Product/Query", pages.iter().map(page))
}

#[tokio::test]
async fn each_page_lies_behind_the_last_row_whatever_stands_in_it() {
    use futures_util::TryStreamExt as _;
    let mock = pages(&[&["b", "A"], &["O'x\u{200b}"], &[]]);
    let service = ProductService::new(&core(&mock));
    let rows = service.query(&<_>::default()).each().page_size(2);
    let rows: Vec<_> = rows.try_collect().await.unwrap();
    assert_eq!(rows.len(), 3);
    let filters: Vec<String> = mock.requests().into_iter().map(|r| r.target).collect();
    assert_eq!(
        filters,
        [
            "/api/Product/Query?$top=2&$orderby=partNumber",
            "/api/Product/Query?$filter=partNumber%20gt%20%27A%27&$top=2&$orderby=partNumber",
            "/api/Product/Query?$filter=partNumber%20gt%20%27O%27%27x%E2%80%8B%27&$top=2&$orderby=partNumber",
        ]
    );
}

#[tokio::test]
async fn pages_of_a_server_that_ignores_filters_end() {
    let mock = pages(&[&["a", "b"]]);
    let service = ProductService::new(&core(&mock));
    let mut pages = service.query(&<_>::default()).each();
    assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 2);
    let error = pages.next_page().await.unwrap_err();
    assert!(error.to_string().contains("out of order"), "{error}");
}
