//! What others' clients were reported for, tried here: each test is a kind of defect, and how it is looked for.

use serde_json::{Value, json};
use uuid::Uuid;
use wats_domains::analytics::StatisticsFilter;
use wats_domains::asset::{Asset, AssetKey};
use wats_domains::root_cause::{TicketStatus, TicketView};
use wats_domains::{CacheOptions, Filter, Wats};
use wats_http::Part;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{METHODS, answering, client, refusing, with_caches};

/// Counts beyond 32 bits, `NaN` as text, and null where a number was do not take the whole answer with them.
#[tokio::test]
async fn one_odd_member_does_not_lose_the_row() {
    let rows = json!([{"partNumber": "P", "fpy": "NaN", "unitCount": 5_000_000_000_i64}, {"partNumber": "Q", "fpy": null}]);
    let api = answering(Method::POST, "/api/App/VolumeYield", &rows);
    let filter = StatisticsFilter::default().part_number("P");
    let read = api.analytics().volume_yield(&filter).await.unwrap();
    assert_eq!(serde_json::to_value(&read[..]).unwrap(), rows);
    let units = json!([{"serialNumber": "1", "totalCount": 9_007_199_254_740_993_i64, "state": 77, "tags": null}]);
    let api = answering(Method::GET, "/api/Asset", &units);
    let read = api.asset().list().await.unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), units);
}

/// A byte order mark before JSON is no fault.
#[tokio::test]
async fn a_byte_order_mark_is_passed_over() {
    let text = "\u{feff}[{\"name\": \"Pack\"}]";
    let answer = MockAnswer::status(200).body(text, "application/json");
    let mock = MockTransport::new().on(Method::GET, "/api/Software/Packages", [answer]);
    let packages = client(&mock).software().list().await.unwrap();
    assert_eq!(packages[0].name.as_deref(), Some("Pack"));
}

/// A page of a proxy is told as such, and is neither rows nor a report that was taken in.
#[tokio::test]
async fn a_web_page_is_no_answer() {
    let page = MockAnswer::status(200).body("<html><title>Sign in</title></html>", "text/html");
    let mock = METHODS
        .into_iter()
        .fold(MockTransport::new(), |mock, method| {
            mock.on(method, "/*", [page.clone()])
        });
    let api = client(&mock);
    let error = format!("{:#}", api.software().list().await.unwrap_err());
    assert!(error.contains("web page"), "{error}");
    assert!(api.product().find("P").await.is_err());
}

/// Slashes at the end of the address, and a path of its own, make no double slash.
#[tokio::test]
async fn the_address_may_end_with_slashes() {
    for (base, target) in [
        ("http://mock/", "/api/Software/Packages"),
        ("http://mock//", "/api/Software/Packages"),
        ("http://mock/wats/", "/wats/api/Software/Packages"),
    ] {
        let mock = MockTransport::new().on(Method::GET, "/*", [MockAnswer::json(&json!([]))]);
        let transport = mock.clone();
        let api = Wats::builder()
            .http(|client| client.transport(transport))
            .base_url(base)
            .token("dTpw")
            .build();
        api.unwrap().software().list().await.unwrap();
        assert_eq!(mock.requests()[0].target, target, "{base}");
    }
}

/// `+`, blanks and `%` in a value arrive as they are: in a path, a query and a filter.
#[tokio::test]
async fn plus_blank_and_percent_are_escaped_everywhere() {
    let (api, mock) = refusing();
    let text = "A+B C%2FD&E=F";
    let escaped = "A%2BB%20C%252FD%26E%3DF";
    drop(api.product().get(text).await);
    drop(api.production().verify(text).await);
    drop(
        api.asset()
            .list()
            .filter(Filter::eq("assetName", text))
            .await,
    );
    for request in mock.requests() {
        assert!(request.target.contains(escaped), "{}", request.target);
        assert!(!request.target.contains('+'), "{}", request.target);
    }
    assert_eq!(mock.requests().len(), 3);
}

/// A server that passes over the place of a page gives the first one for ever: that ends, with an error.
#[tokio::test]
async fn pages_that_do_not_move_on_end() {
    let rows = json!([{"assetId": "1"}, {"assetId": "2"}]);
    let api = answering(Method::GET, "/api/Asset", &rows);
    let mut all = api.asset().list().each();
    let mut read = 0;
    let error = loop {
        match all.try_next().await {
            Ok(Some(_)) => read += 1,
            Ok(None) => panic!("silently at its end"),
            Err(error) => break error,
        }
        assert!(read <= 4);
    };
    // The last row comes again, and tells.
    assert!(error.to_string().contains("out of order"), "{error}");
    assert_eq!(read, 2);
}

/// None of many asks for nothing, where the server would take no condition for all.
#[tokio::test]
async fn none_of_many_is_none_and_not_all() {
    let (api, mock) = refusing();
    let none: [&str; 0] = [];
    assert!(api.product().get_many(none).await.unwrap().ok.is_empty());
    assert!(api.asset().get_many(none).await.unwrap().ok.is_empty());
    assert!(api.report().headers_many([]).await.unwrap().ok.is_empty());
    assert!(mock.requests().is_empty());
}

/// What was written is read anew, however the write ended.
#[tokio::test]
async fn a_write_that_fails_makes_stale_what_it_may_have_changed() {
    let mock = MockTransport::new()
        .on(
            Method::GET,
            "/api/Product/Vendors",
            [MockAnswer::json(&json!([]))],
        )
        .on(
            Method::DELETE,
            "/api/Product/Vendors",
            [MockAnswer::status(400)],
        );
    let api = with_caches(&mock, CacheOptions::default());
    api.product().vendors().await.unwrap();
    api.product().vendors().await.unwrap();
    let reads = || {
        mock.requests()
            .iter()
            .filter(|request| request.method == Method::GET)
            .count()
    };
    assert_eq!(reads(), 1);
    assert!(api.product().delete_vendors(&["V"]).await.is_err());
    api.product().vendors().await.unwrap();
    assert_eq!(reads(), 2);
}

/// What was never sent may be called again, what was sent and not answered may have been carried out.
#[tokio::test]
async fn a_count_whose_answer_was_lost_is_told_from_one_that_was_never_sent() {
    for (answer, unsent) in [(MockAnswer::refused(), true), (MockAnswer::broken(), false)] {
        let mock = MockTransport::new().on(Method::PUT, "/api/Asset/Count", [answer]);
        let count = client(&mock).asset().add_count(AssetKey::Id("7"), 1).await;
        let error = count.unwrap_err();
        assert!(error.is_retryable());
        assert_eq!(error.is_unsent(), unsent, "{error:?}");
    }
    // The repeat that found no connection came after a try that was sent.
    let answers = [MockAnswer::broken(), MockAnswer::refused()];
    let mock = MockTransport::new().on(Method::GET, "/api/Asset/7", answers);
    let error = client(&mock).asset().get(AssetKey::Id("7")).await;
    assert!(!error.unwrap_err().is_unsent());
    let error = client(&mock).asset().get(AssetKey::Id("")).await;
    assert!(error.unwrap_err().is_unsent());
}

/// What is not set is not sent, so that it stays as it is; what is to be cleared is sent as null.
#[tokio::test]
async fn a_member_that_is_not_set_stays_and_one_is_cleared_by_a_null() {
    let (api, mock) = refusing();
    let mut asset = Asset::new("DMM-7", Uuid::from_u128(1));
    api.asset().save(&asset).await.unwrap_err();
    let sent = || serde_json::from_slice::<Value>(&mock.requests().last().unwrap().body).unwrap();
    let mut names: Vec<String> = sent().as_object().unwrap().keys().cloned().collect();
    names.sort();
    assert_eq!(names, ["serialNumber", "state", "typeId"]);
    asset.extra.insert("description", Value::Null);
    api.asset().save(&asset).await.unwrap_err();
    assert_eq!(sent().get("description"), Some(&Value::Null));
}

/// The name of an uploaded file is sent as it is, in UTF-8, as browsers do and servers read.
#[tokio::test]
async fn the_name_of_a_file_may_have_any_letters() {
    let (api, mock) = refusing();
    let file = Part::bytes("png");
    let attach = api.root_cause().attach("målt \"A\" 測試.png", file).await;
    attach.unwrap_err();
    let body = mock.requests()[0].body.clone();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(
        body.contains("filename=\"målt %22A%22 測試.png\""),
        "{body}"
    );
}

/// A status that a newer server has does not take the row with it, and is written back.
#[tokio::test]
async fn a_status_that_is_new_is_kept() {
    let tickets = json!([{"ticketId": Uuid::from_u128(1), "status": 64, "priority": 9}]);
    let api = answering(Method::GET, "/api/RootCause/Tickets", &tickets);
    let open = [TicketStatus::Open];
    let read = api.root_cause().list(&open, TicketView::All, None).await;
    let read = read.unwrap();
    assert_eq!(read[0].status, Some(TicketStatus::Other(64)));
    assert_eq!(serde_json::to_value(&read).unwrap(), tickets);
}

/// A list of some is one request, whose address no server can read beyond its end.
#[tokio::test]
async fn a_list_that_fits_no_address_is_refused() {
    let (api, mock) = refusing();
    let ids = vec![Uuid::from_u128(1); 5_000];
    let error = api.software().internal().available(&ids).await.unwrap_err();
    assert!(
        error.is_unsent() && error.to_string().contains("`installedPackages`"),
        "{error}"
    );
    assert_eq!(mock.requests().len(), 0);
}
