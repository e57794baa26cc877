//! What calls make of answers that say nothing.

use std::collections::BTreeSet;

use serde_json::Value;
use wats_http::http::Method;
use wats_http::test_util::MockAnswer;

use super::{DOMAINS, ERRORS, answering, client, table};

/// Writes whose answer the server describes: without one it is not known what they have done.
const DESCRIBED: [&str; 17] = [
    "asset.save",
    "asset.save_type",
    "barcode.add",
    "barcode.update",
    "manual_inspection.create",
    "manual_inspection.create_relation",
    "manual_inspection.update",
    "manual_inspection.update_relation",
    "product.save",
    "product.save_revision",
    "root_cause.attach",
    "root_cause.open",
    "root_cause.update",
    "scim.create",
    "server.internal.update_client",
    "software.create",
    "software.set_status",
];

/// Those that are described as lists: nothing at all is none, 204 is a list without rows.
const LISTS: [&str; 2] = ["product.internal.relate", "product.internal.save_relation"];

/// Names of the rows whose calls fail with such an answer.
async fn failing(answer: &MockAnswer) -> BTreeSet<&'static str> {
    let api = client(&answering(answer));
    ERRORS.take();
    for call_all in DOMAINS {
        call_all(&api).await;
    }
    let errors = ERRORS.take();
    let names = errors
        .iter()
        .filter_map(|error| error.as_http()?.operation());
    let names: BTreeSet<&str> = names.collect();
    let known = table().map(|row| row.operation.name());
    known.filter(|name| names.contains(name)).collect()
}

#[tokio::test]
async fn a_write_that_was_carried_out_does_not_fail_for_what_is_not_said() {
    for (status, lists) in [(204, &LISTS[..0]), (200, &LISTS[..])] {
        let failing = failing(&MockAnswer::status(status)).await;
        let writes = table().filter(|row| {
            let name = row.operation.name();
            // Statistics are asked for by `POST`.
            let reads = row.operation.method() == Method::GET || name.starts_with("analytics.");
            !reads && failing.contains(name)
        });
        let found: BTreeSet<&str> = writes.map(|row| row.operation.name()).collect();
        let known: BTreeSet<&str> = DESCRIBED.iter().chain(lists).copied().collect();
        assert_eq!(found, known, "{status}");
    }
}

#[tokio::test]
async fn null_and_no_content_are_lists_without_rows() {
    for answer in [MockAnswer::json(&Value::Null), MockAnswer::status(204)] {
        let api = client(&answering(&answer));
        assert!(api.software().list().await.unwrap().is_empty());
        assert!(api.analytics().levels().await.unwrap().is_empty());
        assert!(api.asset().list().await.unwrap().is_empty());
        assert!(
            api.asset()
                .list()
                .each()
                .try_next()
                .await
                .unwrap()
                .is_none()
        );
        assert!(api.production().changes(5).await.unwrap().is_empty());
        assert!(
            api.manual_inspection()
                .inspection(super::ID)
                .await
                .unwrap()
                .is_none()
        );
        // One that is asked for by name is not nothing.
        assert!(api.product().get("P").await.is_err());
        assert!(api.software().get(super::ID).await.is_err());
    }
    // Who answers nothing at all is no such server.
    let api = client(&answering(&MockAnswer::status(200)));
    assert!(api.software().list().await.is_err());
}
