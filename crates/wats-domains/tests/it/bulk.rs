//! What bulks of every domain have in common: their options, their outcomes, look-ups that are halved, saves in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::report_common::{id, read, start, test};
use futures_util::StreamExt as _;
use wats_domains::report::{ConfirmOptions, Detail, SubmitOptions};
use wats_domains::{BulkOptions, Error, Partition, Product, ProductSummary, Wats};
use wats_sim::{Fault, Simulator};

const QUERY: &str = "/api/Product/Query";

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("PART-{n:04}")).collect()
}

fn is_refused<T: std::fmt::Debug>(outcome: Result<T, Error>, option: &str) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error:?}");
    assert!(error.to_string().contains(option), "{error}");
    assert!(!error.is_retryable() && error.attempts() == 0);
}

#[tokio::test]
async fn options_that_cannot_be_kept_are_refused_by_name() {
    let (sim, api) = start(Simulator::builder()).await;
    let (reports, products) = (api.report(), api.product());
    let detail = Detail::default();
    for (many, option) in [
        (BulkOptions::default().at_once(0), "BulkOptions::at_once"),
        (
            BulkOptions::default().outage_wait(Duration::ZERO),
            "no_outage_wait()",
        ),
    ] {
        let report = read(&test(id(1), "S"));
        let options = SubmitOptions::default();
        is_refused(reports.submit_many([report], &options, &many).await, option);
        is_refused(reports.get_many([id(1)], detail, &many).await, option);
        is_refused(products.save_each([Product::new("P")], &many).await, option);
    }
    let mut each = reports.get_each([id(1), id(2)], detail, 0);
    is_refused(each.next().await.unwrap(), "at_once");
    assert!(each.next().await.is_none(), "once is enough");
    let each = reports.get_each([id(1), id(2)], detail, 0).wait();
    assert_eq!(each.count(), 1);

    let confirm = ConfirmOptions::default;
    for (confirm, option) in [
        (confirm().timeout(Duration::ZERO), "ConfirmOptions::timeout"),
        (
            confirm().first_pause(Duration::ZERO),
            "ConfirmOptions::first_pause",
        ),
        (
            confirm().longest_pause(Duration::ZERO),
            "ConfirmOptions::longest_pause",
        ),
    ] {
        let report = read(&test(id(1), "S"));
        let options = SubmitOptions::default().confirm(confirm);
        is_refused(reports.submit_with(&report, &options).await, option);
        let many = BulkOptions::default();
        is_refused(reports.submit_many([report], &options, &many).await, option);
        is_refused(reports.internal().confirm(id(1), &confirm).await, option);
    }
    assert_eq!(sim.counters().total_requests(), 0);
}

/// Outcomes are at the places of what was asked for, each once.
fn places<T>(parts: &Partition<T, Error>) -> Vec<usize> {
    let ok = parts.ok.iter().map(|(place, _)| *place);
    let mut places: Vec<usize> = ok.chain(parts.failed.iter().map(|(at, _)| *at)).collect();
    places.sort_unstable();
    places
}

#[tokio::test]
async fn a_look_up_that_asks_too_much_is_halved() {
    for status in [400, 404, 414] {
        let (sim, api) = start(Simulator::builder().products(100)).await;
        sim.inject(Fault::status(status).route("GET", QUERY).times(1));
        let numbers = numbers(100);
        let found = api.product().get_many(&numbers).await.unwrap();
        let got = found.into_result().unwrap();
        let got: Vec<&str> = got.iter().map(ProductSummary::part_number).collect();
        assert_eq!(got, numbers);
        assert_eq!(sim.counters().total_requests(), 5 + 2, "{status}");
    }
}

#[tokio::test]
async fn a_look_up_that_fails_otherwise_fails_its_part_numbers_only() {
    let (sim, api) = start(Simulator::builder().products(100)).await;
    sim.inject(Fault::status(409).route("GET", QUERY).times(1));
    let asked = [numbers(100), vec!["SN\r".to_owned(), "none".to_owned()]].concat();
    let parts = api.product().get_many(&asked).await.unwrap();
    assert_eq!(places(&parts), (0..102).collect::<Vec<_>>());
    let (mut conflicts, mut others) = (0, Vec::new());
    for (place, error) in &parts.failed {
        match error.status().map(|status| status.as_u16()) {
            Some(409) => conflicts += 1,
            _ => others.push((*place, error)),
        }
    }
    // The one that nobody sees is asked by itself of us only, and is told so.
    assert!((19..=21).contains(&conflicts), "{conflicts}");
    assert!(
        others
            .iter()
            .any(|(place, error)| (*place, matches!(error, Error::Query(_))) == (100, true))
    );
    assert_eq!(sim.counters().total_requests(), 6);
}

#[tokio::test]
async fn a_list_that_refuses_everything_is_not_asked_for_each() {
    for status in [400, 401] {
        let (sim, api) = start(Simulator::builder().products(100)).await;
        sim.inject(Fault::status(status).times(100_000));
        let parts = api.product().get_many(numbers(400)).await.unwrap();
        assert_eq!(parts.failed.len(), 400);
        let unsent = |(_, error): &&(usize, Error)| {
            assert_eq!(error.status().unwrap().as_u16(), status);
            matches!(error, Error::Shared(inner) if matches!(**inner, Error::Unsent(_)))
        };
        // At most ten of the twenty queries were on their way when the third was refused.
        let unsent = parts.failed.iter().filter(unsent).count();
        assert!(unsent >= 200, "{unsent} {:?}", parts.failed[399]);
        let sent = sim.counters().total_requests();
        assert!(sent < 40, "{status}: {sent} sent");
    }
}

#[tokio::test]
async fn many_products_are_saved_each_with_its_outcome_and_the_last_one_stays() {
    let (sim, api) = start(Simulator::builder().products(3)).await;
    let before = api.product().get("PART-0001").await.unwrap();
    // The first answer is lost and comes late, so that an older one would be saved behind a newer one.
    sim.inject(Fault::delay(Duration::from_millis(50)).route("PUT", "/api/Product"));
    let mut products: Vec<Product> = (0..10)
        .map(|n| Product::new("NEW").with_name(n.to_string()))
        .collect();
    products.push(Product::new("P\u{200b}"));
    products.push(Product::new("OTHER"));
    products.push((*before).clone().with_name("changed"));
    let many = BulkOptions::default().at_once(8);
    let parts = api.product().save_each(products, &many).await.unwrap();
    assert_eq!(places(&parts), (0..13).collect::<Vec<_>>());
    let [(10, Error::Query(_))] = &parts.failed[..] else {
        panic!("{:?}", parts.failed);
    };
    assert!(parts.ok.iter().all(|(_, saved)| saved.product_id.is_some()));
    assert_eq!(sim.product("NEW").unwrap()["name"], "9", "the last one");
    assert!(sim.product("OTHER").is_some());
    let after = api.product().get("PART-0001").await.unwrap();
    assert_eq!(after.name.as_deref(), Some("changed"), "not from memory");
}

/// A list that makes its reports when they are asked for never has more of them than are under way.
#[tokio::test]
async fn reports_are_taken_from_the_list_when_their_turn_comes() {
    let (_sim, api) = start(Simulator::builder()).await;
    let (made, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let many = BulkOptions::default().at_once(3).progress({
        let (made, peak) = (Arc::clone(&made), Arc::clone(&peak));
        move |progress| {
            let ahead = made.load(Ordering::Relaxed) + 1 - progress.done;
            peak.fetch_max(ahead, Ordering::Relaxed);
        }
    });
    let counted = Arc::clone(&made);
    let reports = (0..60).map(move |n| {
        counted.fetch_add(1, Ordering::Relaxed);
        read(&test(id(n), &format!("S{n}")))
    });
    let bulk = api
        .report()
        .submit_many(reports, &SubmitOptions::default(), &many);
    assert_eq!(made.load(Ordering::Relaxed), 0, "not before it begins");
    assert!(bulk.await.unwrap().is_ok());
    assert_eq!(made.load(Ordering::Relaxed), 60);
    assert!((1..=4).contains(&peak.load(Ordering::Relaxed)), "{peak:?}");
}

/// Asking is cheap and owned: the service, the options and the list may be gone.
#[tokio::test]
async fn a_bulk_owns_what_it_needs() {
    let (_sim, api) = start(Simulator::builder().products(2)).await;
    let spawned = |api: Wats| {
        let numbers = vec!["PART-0000".to_owned()];
        tokio::spawn(api.product().get_many(&numbers))
    };
    assert!(spawned(api.clone()).await.unwrap().unwrap().is_ok());
    let reports = [Arc::new(read(&test(id(1), "S")))];
    let bulk =
        api.report()
            .submit_many(reports, &SubmitOptions::default(), &BulkOptions::default());
    assert!(tokio::spawn(bulk).await.unwrap().unwrap().is_ok());
    let each = api.report().get_each([id(1), id(2)], Detail::default(), 2);
    let read = tokio::spawn(each.collect::<Vec<_>>()).await.unwrap();
    assert_eq!(read.len(), 2);
}
