//! Many items saved in lists: each has its outcome, whatever the server refuses.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use crate::report_common::start;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;
use wats_domains::production::{ProductionBatch, Unit, UnitKey};
use wats_domains::{BulkOptions, Error, Partition, Product, ProductRevision, Wats};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_sim::{Fault, Simulator};

const UNITS: &str = "/api/Production/Units";

fn unit(serial_number: &str) -> Unit {
    Unit::new(UnitKey {
        serial_number,
        part_number: "P",
    })
}

/// One that the server refuses.
fn wrong_unit(serial_number: &str) -> Unit {
    let mut unit = unit(serial_number);
    unit.part_number = Some("P".repeat(101));
    unit
}

fn failed(parts: &Partition<(), Error>) -> Vec<usize> {
    parts.failed.iter().map(|(place, _)| *place).collect()
}

/// Each place has one outcome.
fn is_whole(parts: &Partition<(), Error>, count: usize) -> bool {
    let ok = parts.ok.iter().map(|(place, ())| *place);
    let mut places: Vec<usize> = ok.chain(failed(parts)).collect();
    places.sort_unstable();
    places == (0..count).collect::<Vec<_>>()
}

fn mock(answers: impl IntoIterator<Item = MockAnswer>) -> (MockTransport, Wats) {
    let mock = MockTransport::new().on(Method::PUT, "/api/*", answers);
    let client = wats_http::Client::builder()
        .base_url("http://mock")
        .token("aHVudGVyMjpodW50ZXIy")
        .transport(mock.clone())
        .build()
        .unwrap();
    (mock, Wats::from(client))
}

#[tokio::test]
async fn units_that_are_wrong_fail_alone() {
    let (sim, api) = start(Simulator::builder()).await;
    let wrong = [0, 57, 58, 199, 249];
    let units = (0..250).map(move |n| {
        let number = format!("S{n}");
        if wrong.contains(&n) {
            wrong_unit(&number)
        } else {
            unit(&number)
        }
    });
    let heard = Arc::new(Mutex::new(Vec::new()));
    let many = BulkOptions::default().progress({
        let heard = Arc::clone(&heard);
        move |progress| heard.lock().unwrap().push(progress)
    });
    let parts = api.production().save_many(units, &many).await.unwrap();
    assert!(is_whole(&parts, 250));
    assert_eq!(failed(&parts), wrong);
    let told = parts.failed[1].1.to_string();
    assert!(
        told.contains("\"S57\"") && told.contains("errorCount"),
        "{told}"
    );
    let stored = |n: &usize| sim.unit(&format!("S{n}")).is_some();
    assert!((0..250).all(|n| stored(&n) != wrong.contains(&n)));
    let heard = heard.lock().unwrap();
    let last = heard.last().unwrap();
    assert_eq!((last.done, last.failed, last.total), (250, 5, Some(250)));
    assert_eq!(heard.len(), 250, "item by item");
}

#[tokio::test]
async fn lists_are_bounded_by_items_and_by_bytes() {
    let (sim, api) = start(Simulator::builder()).await;
    let many = BulkOptions::default();
    let products = (0..250).map(|n| Product::new(format!("A{n}")));
    let parts = api.product().save_many(products, &many).await.unwrap();
    assert!(parts.is_ok() && is_whole(&parts, 250));
    assert_eq!(sim.counters().total_requests(), 3);
    let long = "x".repeat(400 << 10);
    let products = (0..5).map(move |n| Product::new(format!("B{n}")).with_description(&long));
    let parts = api.product().save_many(products, &many).await.unwrap();
    assert!(parts.is_ok() && is_whole(&parts, 5));
    assert_eq!(sim.counters().total_requests(), 3 + 3);
    let none: [Product; 0] = [];
    assert!(api.product().save_many(none, &many).await.unwrap().is_ok());
    assert_eq!(sim.counters().total_requests(), 6);
}

#[tokio::test]
async fn what_must_not_be_sent_fails_at_its_place_and_is_not_sent() {
    let (mock, api) = mock([MockAnswer::status(200)]);
    let many = BulkOptions::default();
    let mut nameless = unit("S");
    nameless.part_number = None;
    let units = [unit(""), unit("A\r"), nameless, unit("S")];
    let parts = api.production().save_many(units, &many).await.unwrap();
    assert_eq!(failed(&parts), [0, 1, 2]);
    assert!(
        parts
            .failed
            .iter()
            .all(|(_, error)| matches!(error, Error::Query(_)))
    );
    let sent: Value = serde_json::from_slice(&mock.requests()[0].body).unwrap();
    assert_eq!(sent, json!([{"serialNumber": "S", "partNumber": "P"}]));

    let products = [Product::new(""), Product::new("A\u{200b}")];
    let parts = api.product().save_many(products, &many).await.unwrap();
    assert_eq!(failed(&parts), [0, 1]);
    let batches = [ProductionBatch::new("", 1)];
    let parts = api.production().save_batches(batches, &many).await.unwrap();
    assert_eq!(failed(&parts), [0]);
    let revisions = [ProductRevision::new("A")];
    let parts = api
        .product()
        .save_revisions(revisions, &many)
        .await
        .unwrap();
    assert_eq!(failed(&parts), [0], "nobody knows of which product");
    assert_eq!(mock.requests().len(), 1);

    let none = BulkOptions::default().at_once(0);
    let refused = api.production().save_many([unit("S")], &none).await;
    assert!(matches!(refused, Err(Error::Config(_))));
}

/// What an answer of success says decides; what it does not say is no failure.
#[tokio::test]
async fn answers_of_all_forms_are_read() {
    let ok = MockAnswer::status(200);
    let saved = [
        ok.clone(),
        MockAnswer::status(204),
        MockAnswer::json(&Value::Null),
        MockAnswer::json(&json!({})),
        MockAnswer::json(&json!({"insertCount": 1, "errorCount": 0})),
        MockAnswer::json(&json!({"errorCount": null})),
        MockAnswer::json(&json!({"ErrorCount": "0"})),
        MockAnswer::json(&json!([{"serialNumber": "other writing"}])),
        MockAnswer::json(&json!("saved")),
    ];
    let not_saved = [
        MockAnswer::json(&json!({"errorCount": 1})),
        MockAnswer::json(&json!({"ErrorCount": "2"})),
        MockAnswer::json(&json!({"errorCount": -1})),
        MockAnswer::json(&json!({"errorCount": ["?"]})),
        MockAnswer::json(&json!([])),
        MockAnswer::json(&json!(false)),
        ok.body("<html>please log in</html>", "text/html"),
        MockAnswer::status(400),
        MockAnswer::status(401),
    ];
    for (answers, is_saved) in [(saved.to_vec(), true), (not_saved.to_vec(), false)] {
        for answer in answers {
            let (_, api) = mock([answer.clone()]);
            let many = BulkOptions::default();
            let parts = api
                .production()
                .save_many([unit("S")], &many)
                .await
                .unwrap();
            assert_eq!(parts.is_ok(), is_saved, "{answer:?}");
            assert!(is_whole(&parts, 1));
        }
    }
}

#[tokio::test]
async fn a_list_that_fails_for_other_reasons_is_not_halved() {
    for answer in [
        MockAnswer::status(405),
        MockAnswer::status(403),
        MockAnswer::json(&Value::Null).body("<html>", "text/html"),
    ] {
        let (mock, api) = mock([answer]);
        let units: Vec<Unit> = (0..50).map(|n| unit(&n.to_string())).collect();
        let many = BulkOptions::default();
        let parts = api.production().save_many(units, &many).await.unwrap();
        assert_eq!(parts.failed.len(), 50);
        assert_eq!(mock.requests().len(), 1);
    }
}

/// Items of a refused list were sent, so being stopped is not why they fail.
#[tokio::test]
async fn what_was_sent_is_not_told_as_unsent() {
    let (mock, api) = mock([MockAnswer::json(&json!({"errorCount": 1}))]);
    let mut looks = 0;
    let stop = poll_fn(move |_| {
        looks += 1;
        if looks > 1 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    let many = BulkOptions::default().at_once(1).until(stop);
    let units: Vec<Unit> = (0..101).map(|n| unit(&n.to_string())).collect();
    let parts = api.production().save_many(units, &many).await.unwrap();
    assert_eq!((mock.requests().len(), parts.failed.len()), (1, 101));
    let stopped = |(_, error): &&(usize, Error)| matches!(error, Error::Stopped);
    let of_list = |(_, error): &&(usize, Error)| error.to_string().contains("errorCount");
    assert_eq!(parts.failed.iter().filter(of_list).count(), 100);
    assert!(stopped(&parts.failed.last().unwrap()));
}

#[tokio::test]
async fn the_last_of_a_key_stays_although_the_first_is_slow() {
    let (sim, api) = start(Simulator::builder().products(1)).await;
    let id: Uuid =
        serde_json::from_value(sim.product("PART-0000").unwrap()["productId"].clone()).unwrap();
    sim.inject(Fault::delay(Duration::from_millis(50)).route("PUT", "/api/Products"));
    let named = |number: &str, name: u32| Product::new(number).with_name(name.to_string());
    let mut by_id = named("PART-0000", 20);
    by_id.product_id = Some(id);
    let products = [
        named("X", 1),
        named("x", 2),
        named("X", 3),
        named("PART-0000", 10),
        named("X", 4),
        by_id,
    ];
    let many = BulkOptions::default().at_once(8);
    let parts = api.product().save_many(products, &many).await.unwrap();
    assert!(parts.is_ok(), "{:?}", parts.failed);
    assert_eq!(sim.product("X").unwrap()["name"], "4");
    assert_eq!(sim.product("PART-0000").unwrap()["name"], "20");
}

#[tokio::test]
async fn batches_and_revisions_are_saved_too_and_reads_are_stale() {
    let (sim, api) = start(Simulator::builder().products(2)).await;
    let many = BulkOptions::default();
    let batches =
        [("A", 5), ("B", -1), ("C", 7)].map(|(number, size)| ProductionBatch::new(number, size));
    let parts = api.production().save_batches(batches, &many).await;
    assert_eq!(failed(&parts.unwrap()), [1]);
    assert_eq!(sim.batch("C").unwrap()["batchSize"], 7);

    let before = api.product().get("PART-0001").await.unwrap();
    let of = |number: &str, name: &str| {
        let mut revision = ProductRevision::new(name);
        revision.part_number = Some(number.to_owned());
        revision
    };
    let revisions = vec![of("PART-0001", "Z"), of("none", "Z"), of("PART-0000", "Z")];
    let saving = api.product().save_revisions(revisions, &many);
    let parts = tokio::task::spawn_blocking(|| saving.wait())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(failed(&parts), [1]);
    assert_eq!(parts.failed[0].1.status().unwrap().as_u16(), 404);
    let after = api.product().get("PART-0001").await.unwrap();
    assert_eq!(after.revisions().len(), before.revisions().len() + 1);
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the server refuses, for what is in a list or because it is busy: what is right is saved, what is wrong
    /// fails, the last right one of a key stays, and no place is left out. One server refuses all for one, the other counts.
    #[test]
    fn each_item_has_the_outcome_it_deserves(
        items in prop::collection::vec((0u16..260, prop::bool::weighted(0.06)), 0..330),
        faults in prop::collection::vec((400u16..=413, 0u8..2), 0..4),
        at_once in 1usize..6,
    ) {
        runtime().block_on(async {
            let (sim, api) = start(Simulator::builder()).await;
            for (status, busy) in faults {
                // Busy for a while, or refused without a reason.
                let status = match (busy, status) {
                    (0, _) => 503,
                    (_, 401 | 402 | 403 | 405..=408 | 410..=412) => 400,
                    (_, status) => status,
                };
                sim.inject(Fault::status(status).route("PUT", "/api/Products"));
                sim.inject(Fault::status(status).route("PUT", UNITS));
            }
            let many = BulkOptions::default().at_once(at_once);
            let products: Vec<Product> = items.iter().enumerate().map(|(place, (key, wrong))| {
                let mut product = Product::new(format!("K{key}")).with_name(place.to_string());
                product.state = Some(if *wrong { 7 } else { 1 });
                product
            }).collect();
            let units: Vec<Unit> = items.iter().enumerate().map(|(place, (key, wrong))| {
                let number = format!("K{key}");
                let mut unit = if *wrong { wrong_unit(&number) } else { unit(&number) };
                unit.location = Some(place.to_string());
                unit
            }).collect();
            let wrong: Vec<usize> = (0..items.len()).filter(|place| items[*place].1).collect();
            let mut last = BTreeMap::new();
            for (place, (key, is_wrong)) in items.iter().enumerate() {
                if !is_wrong {
                    last.insert(format!("K{key}"), place.to_string());
                }
            }
            let parts = api.product().save_many(products, &many).await.unwrap();
            assert!(is_whole(&parts, items.len()));
            // A lone refusal without a reason may have met one item by itself.
            let unjust = |place: &usize| !wrong.contains(place);
            let refused: Vec<usize> = failed(&parts);
            assert!(wrong.iter().all(|place| refused.contains(place)));
            let unjust: Vec<usize> = refused.into_iter().filter(unjust).collect();
            assert!(unjust.len() <= 4, "{unjust:?}");
            for (key, place) in &last {
                if unjust.is_empty() {
                    assert_eq!(&sim.product(key).unwrap()["name"], place);
                }
            }
            let parts = api.production().save_many(units, &many).await.unwrap();
            assert!(is_whole(&parts, items.len()));
            let refused = failed(&parts);
            assert!(wrong.iter().all(|place| refused.contains(place)));
            let unjust: Vec<usize> = refused.into_iter().filter(|place| !wrong.contains(place)).collect();
            assert!(unjust.len() <= 4, "{unjust:?}");
            for (key, place) in &last {
                if unjust.is_empty() {
                    assert_eq!(&sim.unit(key).unwrap()["currentLocation"], place);
                }
            }
        });
    }
}
