//! Exports: what is sent, what comes back, what is refused.

use serde_json::json;
use wats_domains::analytics::StatisticsFilter;
use wats_domains::export::Certificates;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, client, golden, refused, refusing};

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let export = api.export();
    let filter = StatisticsFilter::default().part_number("A/1");
    let body = json!({"partNumber": "A/1"});
    let queue = || export.queue_certificates(&filter, Certificates::HeadersOnly, true);
    golden! { mock;
        export.list() => GET "/api/Export/List";
        export.download("may 2026/a.zip") => GET "/api/Export/may%202026%2Fa.zip";
        export.queue_certificates(&filter, Certificates::Full, false)
            => POST "/api/Export/Certificate?headerDataOnly=false&asIndividualFiles=false", body;
        queue().details(["miscInfo", "asset"]).numeric_format("decimal").email("ada@example.org")
            => POST "/api/Export/Certificate?headerDataOnly=true&asIndividualFiles=true&dimensions=miscInfo%3Basset&numericFormat=decimal&email=ada%40example.org",
            body;
        queue().body_footer_tag("A").document_footer_tag("B")
            => POST "/api/Export/Certificate?headerDataOnly=true&asIndividualFiles=true&bodyFooterTag=A&documentFooterTag=B", body;
    }
    refused! { mock;
        export.download("") => "file name is empty";
        export.download("..") => "`fileName`";
        export.download("../a") => "`fileName`";
        export.download("a\n") => "file name";
        queue().email("") => "email is empty";
        queue().numeric_format("a\u{200b}") => "numeric_format";
        export.queue_certificates(&filter.clone().top_count(0), Certificates::Full, true) => "top_count is 0";
    }
}

#[tokio::test]
async fn answers_are_read_and_a_job_is_queued_once() {
    let api = answering(Method::GET, "/api/Export/List", &json!(["a.zip", "b"]));
    assert_eq!(api.export().list().await.unwrap(), ["a.zip", "b"]);
    let zip = MockAnswer::status(200).body("PK", "application/zip");
    let mock = MockTransport::new()
        .on(Method::GET, "/api/Export/a.zip", [zip])
        .on(Method::POST, "/*", [MockAnswer::broken()]);
    let api = client(&mock);
    assert_eq!(
        &api.export().download("a.zip").await.unwrap().contents[..],
        b"PK"
    );
    let filter = StatisticsFilter::default();
    let queued = api
        .export()
        .queue_certificates(&filter, Certificates::Full, false)
        .await;
    assert!(queued.is_err());
    assert_eq!(mock.requests().len(), 2);
}
