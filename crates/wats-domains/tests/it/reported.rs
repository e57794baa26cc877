//! What others' clients were reported for, tried here: each test is a kind of defect, and how it is looked for.

use serde_json::json;
use wats_domains::analytics::StatisticsFilter;
use wats_domains::{CacheOptions, Filter, Wats};
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
