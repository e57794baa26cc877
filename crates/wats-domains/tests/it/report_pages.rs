//! Headers by pages while reports come in: none lost, none twice; against a server over real TCP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use std::collections::BTreeMap;

use crate::report_common::{id, read, start, test};
use futures_util::{StreamExt as _, TryStreamExt as _};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;
use wats_domains::report::{Cursor, HeaderField, HeaderOrder};
use wats_domains::{Error, Filter, HeaderQuery, Wats};
use wats_sim::{Fault, Simulator};

const HEADERS: &str = "/api/Report/Query/Header";

async fn submit(api: &Wats, n: u128, start: &str) {
    let mut report = test(id(n), &format!("S{n}"));
    report["start"] = json!(start);
    report.as_object_mut().unwrap().remove("startUTC");
    api.report().submit(&read(&report)).await.unwrap();
}

/// Reports that start at different times, so that an order by start would differ from that of processing.
async fn seed(api: &Wats, numbers: std::ops::Range<u128>) {
    for n in numbers {
        let start = format!("2026-01-{:02}T{:02}:00:00Z", 1 + (n * 7) % 28, (n * 5) % 24);
        submit(api, n, &start).await;
    }
}

fn ids(numbers: std::ops::Range<u128>) -> Vec<Uuid> {
    numbers.map(id).collect()
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_while_reports_come_in() {
    let (_sim, api) = start(Simulator::builder()).await;
    seed(&api, 0..50).await;
    let mut pages = api
        .report()
        .headers(&HeaderQuery::default())
        .each()
        .page_size(7);
    let mut seen = Vec::new();
    let mut next = 50;
    while let Some(page) = pages.next_page().await.unwrap() {
        assert!((1..=7).contains(&page.len()));
        seen.extend(page.iter().map(|header| header.id.unwrap()));
        if next < 80 {
            // One newer and one older than all others: by `$skip` each would push rows to another page.
            submit(&api, next, "2026-02-01T00:00:00Z").await;
            submit(&api, next + 1, "2020-01-01T00:00:00Z").await;
            next += 2;
        }
    }
    assert_eq!(seen, ids(0..next), "each once, in the order of processing");
}

#[tokio::test]
async fn paging_by_skip_would_double_rows() {
    // Why it is not done: the same reports, the same inserts, the newest first.
    let (_sim, api) = start(Simulator::builder()).await;
    seed(&api, 0..20).await;
    let query = |skip| {
        HeaderQuery::default()
            .order_by_desc(HeaderOrder::Start)
            .top(10)
            .skip(skip)
    };
    let first = api.report().headers(&query(0)).await.unwrap();
    submit(&api, 20, "2026-02-01T00:00:00Z").await;
    let second = api.report().headers(&query(10)).await.unwrap();
    assert!(second.iter().any(|header| first.contains(header)));
}

#[tokio::test]
async fn a_short_page_is_not_the_end() {
    let (sim, api) = start(Simulator::builder().max_headers(3)).await;
    seed(&api, 0..10).await;
    sim.reset_counters();
    let mut pages = api.report().headers(&HeaderQuery::default()).each();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next_page().await.unwrap() {
        sizes.push(page.len());
    }
    assert_eq!(sizes, [3, 3, 3, 1]);
    assert_eq!(sim.counters().total_requests(), 5, "the last one is empty");
}

#[tokio::test]
async fn a_failure_in_the_middle_loses_nothing() {
    let (sim, api) = start(Simulator::builder()).await;
    seed(&api, 0..20).await;
    let mut headers = api
        .report()
        .headers(&HeaderQuery::default())
        .each()
        .page_size(6);
    let mut seen = Vec::new();
    for _ in 0..8 {
        seen.push(headers.try_next().await.unwrap().unwrap().id.unwrap());
    }
    assert_eq!(
        headers.cursor(),
        Cursor::after(8),
        "behind what was given, not what was read"
    );
    sim.inject(Fault::status(400).route("GET", HEADERS));
    let mut failures = 0;
    while let Some(header) = headers.next().await {
        match header {
            Ok(header) => seen.push(header.id.unwrap()),
            Err(error) => {
                assert_eq!(error.status().unwrap().as_u16(), 400);
                failures += 1;
            }
        }
    }
    assert_eq!((seen, failures), (ids(0..20), 1));
}

#[tokio::test]
async fn the_cursor_goes_on_where_it_was_kept() {
    let (_sim, api) = start(Simulator::builder()).await;
    assert_eq!(api.report().latest().await.unwrap(), Cursor::START);
    seed(&api, 0..10).await;
    let mut kept = serde_json::to_string(&Cursor::START).unwrap();
    let mut seen = Vec::new();
    // A program that stops after each page and starts anew.
    for round in 0..8 {
        let cursor: Cursor = serde_json::from_str(&kept).unwrap();
        let mut news = api
            .report()
            .since(cursor, &HeaderQuery::default())
            .page_size(4);
        if let Some(page) = news.next_page().await.unwrap() {
            seen.extend(page.iter().map(|header| header.id.unwrap()));
            kept = serde_json::to_string(&news.cursor()).unwrap();
        }
        if round == 4 {
            seed(&api, 10..13).await;
        }
    }
    assert_eq!(seen, ids(0..13));

    // From now on: only what comes later, and what is received again.
    let now = api.report().latest().await.unwrap();
    assert_eq!(now, Cursor::after(13));
    let mut news = api.report().since(now, &HeaderQuery::default());
    assert!(news.next_page().await.unwrap().is_none());
    submit(&api, 3, "2026-03-01T00:00:00Z").await;
    submit(&api, 13, "2026-03-01T00:00:00Z").await;
    let page = news.next_page().await.unwrap().unwrap();
    let again: Vec<_> = page
        .iter()
        .map(|header| (header.id, header.receive_count))
        .collect();
    assert_eq!(again, [(Some(id(3)), Some(2)), (Some(id(13)), Some(1))]);
}

#[tokio::test]
async fn conditions_and_chosen_members_hold_on_every_page() {
    let (_sim, api) = start(Simulator::builder()).await;
    seed(&api, 0..30).await;
    let query = HeaderQuery::default()
        .filter(
            Filter::is_in("serialNumber", ["S1", "S2", "S17", "S29", "X"])
                .or(Filter::eq("serialNumber", "S5")),
        )
        .select([HeaderField::SerialNumber]);
    let headers: Vec<_> = api
        .report()
        .headers(&query)
        .each()
        .page_size(2)
        .try_collect()
        .await
        .unwrap();
    let serials: Vec<_> = headers
        .iter()
        .map(|header| header.serial_number.as_deref().unwrap())
        .collect();
    assert_eq!(serials, ["S1", "S2", "S5", "S17", "S29"]);
    assert!(
        headers
            .iter()
            .all(|header| header.id.is_none() && header.time_stamp.is_some())
    );
}

#[tokio::test]
async fn pages_that_cannot_be_gone_on_from_are_failures() {
    let (sim, api) = start(Simulator::builder()).await;
    for query in [
        HeaderQuery::default().order_by(HeaderOrder::Start),
        HeaderQuery::default().top(5),
        HeaderQuery::default().skip(5),
    ] {
        let error = api
            .report()
            .headers(&query)
            .each()
            .next_page()
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Query(_)), "{error}");
    }
    assert_eq!(sim.counters().total_requests(), 0);
    for rows in [
        json!([{"uuid": id(1).to_string()}]),
        json!([{"timeStamp": 5}, {"timeStamp": 5}]),
        json!([{"timeStamp": 5}, {"timeStamp": 4}]),
        json!([{"timeStamp": null}]),
    ] {
        sim.inject(
            Fault::status(200)
                .route("GET", HEADERS)
                .body(rows.to_string()),
        );
        let mut pages = api.report().headers(&HeaderQuery::default()).each();
        let error = pages.next_page().await.unwrap_err();
        assert!(error.to_string().contains("out of order"), "{error}");
        assert_eq!(pages.cursor(), Cursor::START, "nothing was taken");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Between any two pages any reports come in, new ones and known ones again. At the end each id was seen, a known one
    /// as often as it was received after it had been seen, and the last time as what it has become.
    #[test]
    fn any_interleaving_is_exact(
        first in 0_u128..30,
        page in 1_u32..9,
        steps in prop::collection::vec(prop::collection::vec(0_u128..60, 0..5), 0..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_sim, api) = start(Simulator::builder()).await;
            seed(&api, 0..first).await;
            let mut last: BTreeMap<Uuid, i32> = (0..first).map(|n| (id(n), 1)).collect();
            let mut steps = steps.into_iter();
            let mut pages = api.report().headers(&HeaderQuery::default())
        .each().page_size(page);
            let mut seen: BTreeMap<Uuid, Vec<i32>> = BTreeMap::new();
            while let Some(page) = pages.next_page().await.unwrap() {
                for header in page {
                    seen.entry(header.id.unwrap()).or_default().push(header.receive_count.unwrap());
                }
                for n in steps.next().into_iter().flatten() {
                    submit(&api, n, "2026-03-01T00:00:00Z").await;
                    *last.entry(id(n)).or_default() += 1;
                }
            }
            assert_eq!(seen.keys().collect::<Vec<_>>(), last.keys().collect::<Vec<_>>());
            for (id, counts) in seen {
                assert!(counts.is_sorted_by(|a, b| a < b), "{id} twice as the same: {counts:?}");
                assert_eq!(counts.last(), last.get(&id), "{id} not as it is now");
            }
        });
    }
}
