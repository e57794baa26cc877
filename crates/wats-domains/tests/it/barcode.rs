//! Identifiers of barcodes: what is sent, what comes back, what is refused, what is kept.

use serde_json::json;
use wats_domains::CacheOptions;
use wats_domains::barcode::BarcodeIdentifier;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, client, deletes, golden, refused, refusing, with_caches};

const SAVE: &str = "/api/BarcodeIdentifiers/BarcodeIdentifier";

fn known() -> BarcodeIdentifier {
    let mut known = BarcodeIdentifier::new("(.*)");
    known.id = Some(7);
    known
}

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let barcode = api.barcode();
    let (new, known) = (BarcodeIdentifier::new("(.*)"), known());
    golden! { mock;
        barcode.list() => GET "/api/BarcodeIdentifiers/BarcodeIdentifiers";
        barcode.identify("SN/1\u{1d}P") => GET "/api/BarcodeIdentifiers/IdentifyBarcode?code=SN%2F1%1DP";
        barcode.save(&new) => PUT "/api/BarcodeIdentifiers/BarcodeIdentifier", json!({"pattern": "(.*)"});
        barcode.save(&known) => PUT "/api/BarcodeIdentifiers/BarcodeIdentifier", json!({"id": 7, "pattern": "(.*)"});
        barcode.delete(7) => DELETE "/api/BarcodeIdentifiers/BarcodeIdentifier/7";
    }
    refused! { mock;
        barcode.identify("") => "code of the barcode is empty";
        barcode.save(&BarcodeIdentifier::default()) => "pattern of the barcode identifier is empty";
        barcode.save(&BarcodeIdentifier::new("")) => "pattern of the barcode identifier is empty";
    }
    deletes! { api => api.barcode().delete(7), "/api/BarcodeIdentifiers/BarcodeIdentifier/7"; }
}

#[tokio::test]
async fn parts_are_read_whatever_the_server_adds_or_changes() {
    let parts = json!({"serialNumber": "SN1", "partNumber": null, "process": 10, "order": "first", "site": "NO"});
    let api = answering(
        Method::GET,
        "/api/BarcodeIdentifiers/IdentifyBarcode",
        &parts,
    );
    let read = api.barcode().identify("SN1").await.unwrap();
    assert_eq!(read.serial_number.as_deref(), Some("SN1"));
    assert!(read.is_null("partNumber"));
    assert_eq!(read.extra.get("order"), Some(&json!("first")));
    assert_eq!(serde_json::to_value(&read).unwrap(), parts);
}

#[tokio::test]
async fn the_list_is_kept_and_each_write_makes_it_stale() {
    let lists = (1..=5).map(|n| MockAnswer::json(&json!([{"id": n}])));
    let mock = MockTransport::new()
        .on(
            Method::GET,
            "/api/BarcodeIdentifiers/BarcodeIdentifiers",
            lists,
        )
        .on(Method::PUT, SAVE, [MockAnswer::json(&json!({"id": 9}))])
        .on(Method::DELETE, "/*", [MockAnswer::status(404)]);
    let api = with_caches(&mock, CacheOptions::default());
    let barcode = api.barcode();
    let first = async || barcode.list().await.unwrap()[0].id.unwrap();
    assert_eq!((first().await, first().await), (1, 1));
    let saved = barcode.save(&BarcodeIdentifier::new("(.*)")).await.unwrap();
    assert_eq!((saved.id, first().await, first().await), (Some(9), 2, 2));
    barcode.save(&known()).await.unwrap();
    assert_eq!((first().await, first().await), (3, 3));
    assert!(barcode.delete(1).await.is_err());
    assert_eq!((first().await, first().await), (4, 4));
    barcode.refresh();
    assert_eq!(first().await, 5);
}

#[tokio::test]
async fn one_is_inserted_once_and_updated_again() {
    let lost = || {
        let answers = [MockAnswer::broken(), MockAnswer::json(&json!({}))];
        MockTransport::new().on(Method::PUT, SAVE, answers)
    };
    let (insert, update) = (lost(), lost());
    let new = BarcodeIdentifier::new("(.*)");
    assert!(client(&insert).barcode().save(&new).await.is_err());
    client(&update).barcode().save(&known()).await.unwrap();
    assert_eq!((insert.requests().len(), update.requests().len()), (1, 2));
}
