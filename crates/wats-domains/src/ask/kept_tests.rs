//! What may come from memory, for how long, and what never does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use serde_json::{Value, json};
use tokio::time::advance;
use uuid::Uuid;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockRequest, MockTransport};
use wats_http::{Client, ErrorKind, RetryConfig};

use super::*;
use crate::Wats;
use crate::analytics::StatisticsFilter;
use crate::bulk::BulkOptions;
use crate::product::{Product, ProductQuery};
use crate::report::{ConfirmOptions, Cursor, HeaderQuery, Report, SubmitOptions};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const PRODUCT: &str = "/api/Product/P";
const HEADERS: &str = "/api/Report/Query/Header";
const FAILED: &str = "/api/App/TopFailed";
const WSJF: &str = "/api/Report/WSJF";

fn wats(mock: &MockTransport, cache: &CacheOptions, attempts: u32) -> Wats {
    let retry = RetryConfig::default().max_attempts(attempts);
    let client = Client::builder()
        .base_url("http://mock")
        .token("aHVudGVyMjpodW50ZXIy")
        .rate_limit(None)
        .retry(retry)
        .transport(mock.clone())
        .build()
        .unwrap();
    Wats::new(client, cache)
}

/// With what is live kept for an hour.
fn keeping() -> CacheOptions {
    let class = ClassOptions::default().ttl(HOUR);
    CacheOptions::default()
        .headers(class.clone())
        .analytics(class)
}

fn header(time_stamp: i64) -> Value {
    json!({"uuid": Uuid::nil(), "timeStamp": time_stamp, "receiveCount": 1})
}

fn headers(time_stamps: &[i64]) -> MockAnswer {
    let rows: Vec<Value> = time_stamps.iter().map(|stamp| header(*stamp)).collect();
    MockAnswer::json(&rows)
}

fn asked(mock: &MockTransport, path: &str) -> usize {
    let requests = mock.requests();
    let of_path = |target: &str| target.split('?').next() == Some(path);
    requests.iter().filter(|r| of_path(&r.target)).count()
}

fn report() -> Report {
    serde_json::from_value(json!({
        "id": Uuid::from_u128(7).to_string(), "type": "T", "pn": "P", "sn": "S", "rev": "A", "processCode": 10,
        "result": "P", "machineName": "M", "location": "L", "purpose": "T", "start": "2026-01-30T22:01:41+01:00",
        "uut": {"user": "me", "execTime": 1.5}, "root": {"id": 0, "name": "Main", "group": "M", "status": "P"}
    }))
    .unwrap()
}

fn received() -> MockAnswer {
    MockAnswer::json(&json!([{"uuid": Uuid::from_u128(7)}]))
}

#[test]
fn what_hardly_changes_is_kept_for_an_hour_lists_for_minutes_and_what_is_live_not_at_all() {
    let options = CacheOptions::default();
    for class in [
        &options.processes,
        &options.levels,
        &options.product_groups,
        &options.serial_number_types,
        &options.asset_types,
        &options.phases,
        &options.sites,
        &options.repair_configs,
    ] {
        assert_eq!(class.ttl, Some(HOUR));
    }
    for class in [
        &options.products,
        &options.product_lists,
        &options.vendors,
        &options.boms,
        &options.barcodes,
        &options.folders,
        &options.definitions,
    ] {
        assert_eq!(class, &ClassOptions::default());
        assert_eq!(class.ttl, Some(Duration::from_secs(300)));
    }
    for class in [&options.headers, &options.analytics] {
        assert_eq!(class.ttl, Some(Duration::ZERO));
    }
    assert_eq!(options.products.stale_if_error, Duration::ZERO);
    let all = options.stale_if_error(HOUR);
    assert_eq!(
        (all.sites.stale_if_error, all.headers.stale_if_error),
        (HOUR, HOUR)
    );
}

#[tokio::test(start_paused = true)]
async fn a_list_of_headers_is_kept_by_choice_and_what_must_be_live_is_not() {
    let mock = MockTransport::new().on(
        Method::GET,
        HEADERS,
        [headers(&[1]), headers(&[2]), headers(&[]), headers(&[3])],
    );
    let report = wats(&mock, &keeping(), 1).report();
    let query = HeaderQuery::default();
    for _ in 0..3 {
        assert_eq!(report.headers(&query).await.unwrap()[0].time_stamp, Some(1));
        let shared = report.headers(&query).shared();
        assert_eq!(shared.await.unwrap()[0].time_stamp, Some(1));
    }
    assert_eq!(mock.requests().len(), 1);

    // Pages: the page behind the last row is asked for each time.
    let mut news = report.since(Cursor::after(1), &query);
    let page = news.next_page().await.unwrap().unwrap();
    assert_eq!(page[0].time_stamp, Some(2));
    assert!(news.next_page().await.unwrap().is_none());
    let page = news.next_page().await.unwrap().unwrap();
    assert_eq!(page[0].time_stamp, Some(3), "it has come since");
    assert_eq!(mock.requests().len(), 4);

    // The newest of all.
    for n in 5..7 {
        assert_eq!(report.latest().await.unwrap(), Cursor::after(3));
        assert_eq!(mock.requests().len(), n);
    }
    report.refresh();
    assert_eq!(report.headers(&query).await.unwrap()[0].time_stamp, Some(3));
}

#[tokio::test(start_paused = true)]
async fn a_report_is_followed_by_what_the_server_says_now() {
    let state = "/api/internal/Report/GetReportState/*";
    let mock = MockTransport::new()
        .on(
            Method::GET,
            HEADERS,
            [headers(&[]), headers(&[]), headers(&[]), headers(&[9])],
        )
        .on(Method::GET, state, [MockAnswer::status(404)])
        .on(Method::POST, WSJF, [received()]);
    let report_service = wats(&mock, &keeping(), 1).report();
    let options = SubmitOptions::default().confirm(ConfirmOptions::default());
    let submitted = report_service
        .submit_with(&report(), &options)
        .await
        .unwrap();
    assert!(submitted.state.unwrap().is_stored());
    assert_eq!(
        asked(&mock, HEADERS),
        4,
        "once before, and until it is listed"
    );
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_stored_at_last_makes_stale_what_was_read_since_it_was_received() {
    let state = json!({"uuid": Uuid::max(), "ReceiveCount": 1});
    let mock = MockTransport::new()
        .on(Method::GET, HEADERS, [headers(&[]), headers(&[1])])
        .on(
            Method::GET,
            "/api/internal/Report/GetReportState/*",
            [MockAnswer::json(&state)],
        );
    let report = wats(&mock, &keeping(), 1).report();
    let list = || async { report.headers(&<_>::default()).await.unwrap().len() };
    assert_eq!(
        (list().await, list().await),
        (0, 0),
        "received and not yet stored"
    );
    let state = report.internal().confirm(Uuid::max(), &<_>::default());
    assert!(state.await.unwrap().is_stored());
    assert_eq!(list().await, 1);
}

/// Each way to submit, and how its call ends.
#[tokio::test(start_paused = true)]
async fn a_submit_makes_headers_and_statistics_stale_however_it_ends() {
    let wsxf = format!(
        "<Reports xmlns=\"http://wats.virinco.com/schemas/WATS/Report/wsxf\"><Report type=\"UUT\" ID=\"{}\" \
         Start=\"2026-01-30T22:01:41+01:00\" Result=\"Passed\" SN=\"S\" PN=\"P\" Rev=\"A\" MachineName=\"M\" \
         Location=\"L\" Purpose=\"T\"><UUT UserLoginName=\"me\"/><Process Code=\"100\"/></Report></Reports>",
        Uuid::from_u128(7)
    );
    for answer in [received(), MockAnswer::status(400), MockAnswer::broken()] {
        for way in 0..4 {
            let mock = MockTransport::new()
                .on(Method::GET, HEADERS, [headers(&[1])])
                .on(Method::POST, FAILED, [MockAnswer::json(&json!([]))])
                .on(Method::POST, "/api/Report/*", [answer.clone()]);
            let api = wats(&mock, &keeping(), 1);
            let read = || async {
                api.report().headers(&<_>::default()).await.unwrap();
                let filter = StatisticsFilter::default();
                api.analytics().top_failed(&filter).await.unwrap();
            };
            read().await;
            read().await;
            assert_eq!((asked(&mock, HEADERS), asked(&mock, FAILED)), (1, 1));
            let reports = api.report();
            let bytes = || serde_json::to_vec(&report()).unwrap();
            match way {
                0 => drop(reports.submit(&report()).await),
                1 => {
                    let many = BulkOptions::default().no_outage_wait();
                    drop(
                        reports
                            .submit_many([report()], &<_>::default(), &many)
                            .await,
                    );
                }
                2 => drop(reports.submit_wsjf(bytes()).await),
                #[cfg(feature = "xml")]
                _ => drop(reports.submit_wsxf(wsxf.clone()).await),
                #[cfg(not(feature = "xml"))]
                _ => drop(reports.submit_json(&bytes()).await),
            }
            let is_submit = |r: &&MockRequest| r.target.contains("/WS");
            let submits = mock.requests().iter().filter(is_submit).count();
            assert!(submits > 0, "way {way}: {wsxf}");
            read().await;
            assert_eq!(
                (asked(&mock, HEADERS), asked(&mock, FAILED)),
                (2, 2),
                "way {way}"
            );
        }
    }
}

/// The filter of statistics is their body.
#[tokio::test(start_paused = true)]
async fn identical_reads_by_post_at_once_are_one_request() {
    let answer = MockAnswer::json(&json!([{"stepName": "x"}])).after(SECOND);
    let mock = MockTransport::new().on(Method::POST, FAILED, [answer]);
    let analytics = wats(&mock, &keeping(), 1).analytics();
    let ask = |n: u32| analytics.top_failed(&StatisticsFilter::default().top_count(n));
    let reads = (0..30).map(|n| ask(1 + n % 3));
    let read = futures_util::future::join_all(reads).await;
    assert!(read.iter().all(Result::is_ok));
    assert_eq!(mock.requests().len(), 3, "one for each filter");
    let (first, again) = (read[0].as_ref().unwrap(), read[3].as_ref().unwrap());
    assert!(Arc::ptr_eq(first, again), "all who ask share one answer");
}

#[tokio::test(start_paused = true)]
async fn all_who_ask_for_a_list_or_a_product_share_it() {
    let product = json!({"partNumber": "P"});
    let mock = MockTransport::new()
        .on(Method::GET, PRODUCT, [MockAnswer::json(&product)])
        .on(
            Method::GET,
            "/api/Product/Query",
            [MockAnswer::json(&json!([product]))],
        );
    let products = wats(&mock, &CacheOptions::default(), 1).product();
    let (one, found) = (
        products.get("P").await.unwrap(),
        products.find("P").await.unwrap(),
    );
    assert!(Arc::ptr_eq(&one, &found.unwrap()));
    let list = || products.query(&ProductQuery::default());
    let (one, again) = (
        list().shared().await.unwrap(),
        list().shared().await.unwrap(),
    );
    assert!(Arc::ptr_eq(&one, &again));
    assert_eq!(list().await.unwrap(), *one);
    assert_eq!(mock.requests().len(), 2);
}

/// Waited for, what is in memory needs no other thread.
#[test]
fn what_is_kept_is_waited_for_on_this_thread() {
    let answers = [MockAnswer::json(&json!({"partNumber": "P"}))];
    let mock = MockTransport::new().on(Method::GET, PRODUCT, answers);
    let api = wats(&mock, &CacheOptions::default(), 1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .unwrap()
        .block_on(async { api.product().get("P").await.unwrap() });
    assert_eq!(api.product().get("P").wait().unwrap().part_number(), "P");
    assert!(!api.core().driver.has_begun());
    api.product().refresh();
    assert_eq!(api.product().get("P").wait().unwrap().part_number(), "P");
    assert!(api.core().driver.has_begun());
    assert_eq!(mock.requests().len(), 2);
}

fn stale(time: Duration) -> CacheOptions {
    CacheOptions::default().stale_if_error(time)
}

fn then(failure: &MockAnswer) -> MockTransport {
    let kept = MockAnswer::json(&json!({"partNumber": "P", "name": "kept"}));
    MockTransport::new()
        .on(Method::GET, PRODUCT, [kept, failure.clone()])
        .on(Method::PUT, "/api/Product", [MockAnswer::status(400)])
}

#[tokio::test(start_paused = true)]
async fn an_answer_past_its_time_is_given_while_the_server_is_away() {
    for (failure, is_away) in [
        (MockAnswer::refused(), true),
        (MockAnswer::broken(), true),
        (MockAnswer::never(), true),
        (MockAnswer::status(500), true),
        (MockAnswer::status(503), true),
        (MockAnswer::status(400), false),
        (MockAnswer::status(401), false),
        (MockAnswer::status(404), false),
        (MockAnswer::status(429), false),
        (MockAnswer::status(200).body("<html>", "text/html"), false),
    ] {
        let mock = then(&failure);
        let api = wats(&mock, &stale(HOUR), 1);
        api.product().get("P").await.unwrap();
        advance(301 * SECOND).await;
        let asks = (0..3).map(|_| api.product().get("P"));
        let answers = futures_util::future::join_all(asks).await;
        for answer in answers {
            assert_eq!(answer.is_ok(), is_away, "{failure:?}: {answer:?}");
        }
        let stats = api.cache_stats().products;
        assert_eq!(stats.stale_served, if is_away { 3 } else { 0 });
        assert_eq!((stats.hits, stats.misses), (0, 4), "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_given_past_its_time_for_no_longer_than_was_chosen() {
    let failure = MockAnswer::status(503);
    for (time, past, given) in [
        (Duration::ZERO, SECOND, false),
        (60 * SECOND, 50 * SECOND, true),
        (60 * SECOND, 70 * SECOND, false),
    ] {
        let api = wats(&then(&failure), &stale(time), 1);
        api.product().get("P").await.unwrap();
        advance(300 * SECOND + past).await;
        assert_eq!(
            api.product().get("P").await.is_ok(),
            given,
            "{time:?} {past:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_this_client_has_changed_is_not_given_past_its_time() {
    let mock = then(&MockAnswer::refused());
    let api = wats(&mock, &stale(HOUR), 1);
    api.product().get("P").await.unwrap();
    advance(301 * SECOND).await;
    assert!(api.product().get("P").await.is_ok());
    assert!(api.product().save(&Product::new("P")).await.is_err());
    let error = api.product().get("P").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    api.product().refresh();
    assert!(api.product().get("P").await.is_err());
}

/// Nor is it given to who wants it as it is now.
#[tokio::test(start_paused = true)]
async fn an_outage_is_bridged_while_the_breaker_is_open() {
    let mock = then(&MockAnswer::status(503));
    let api = wats(&mock, &stale(HOUR), 4);
    api.product().get("P").await.unwrap();
    advance(301 * SECOND).await;
    for _ in 0..50 {
        let product = api.product().get("P").await.unwrap();
        assert_eq!(product.name.as_deref(), Some("kept"));
    }
    assert!(asked(&mock, PRODUCT) < 100, "the breaker has opened");
    let live = api.core().live::<Value>(&crate::product::route::get, {
        Ok(crate::product::route::get.call().path("partNumber", "P"))
    });
    assert!(live.await.is_err());
}

/// The server may carry out later what it was sent.
#[tokio::test(start_paused = true)]
async fn after_a_write_with_an_unknown_end_nothing_is_kept_for_a_while() {
    for (end, kept) in [
        (MockAnswer::status(200).body("{}", "application/json"), true),
        (MockAnswer::status(400), true),
        (MockAnswer::refused(), true),
        (MockAnswer::status(502), false),
        (MockAnswer::broken(), false),
        (MockAnswer::never(), false),
    ] {
        let mock = MockTransport::new()
            .on(
                Method::GET,
                PRODUCT,
                [MockAnswer::json(&json!({"partNumber": "P"}))],
            )
            .on(Method::PUT, "/api/Product", [end.clone()]);
        let api = wats(&mock, &CacheOptions::default(), 1);
        drop(api.product().save(&Product::new("P")).await);
        let before = asked(&mock, PRODUCT);
        for _ in 0..3 {
            api.product().get("P").await.unwrap();
        }
        let reads = asked(&mock, PRODUCT) - before;
        assert_eq!(reads, if kept { 1 } else { 3 }, "{end:?}");
        advance(31 * SECOND).await;
        let before = asked(&mock, PRODUCT);
        for _ in 0..3 {
            api.product().get("P").await.unwrap();
        }
        assert!(asked(&mock, PRODUCT) - before <= 1, "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_refused_before_it_is_sent_makes_nothing_stale() {
    let product = MockAnswer::json(&json!({"partNumber": "P"}));
    let mock = MockTransport::new().on(Method::GET, PRODUCT, [product.clone(), product]);
    let products = wats(&mock, &keeping(), 1).product();
    products.get("P").await.unwrap();
    let refused = products.save(&Product::new("P\n")).await;
    assert!(matches!(refused, Err(Error::Query(_))), "{refused:?}");
    products.get("P").await.unwrap();
    assert_eq!(mock.requests().len(), 1);
}
