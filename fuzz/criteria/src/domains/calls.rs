//! Calls, with a mock in the place of the server.

use std::future::Future;

use serde_json::Value;
use uuid::Uuid;
use wats_domains::report::{
    Detail, HeaderQuery, MiscInfoSearch, Station, StepPath, SubmitOptions, Submitted, Unit,
};
use wats_domains::{BulkOptions, Error, Partition, Product, ProductQuery, UutReport, Wats};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{Client, RetryConfig};

fn api(mock: &MockTransport) -> Wats {
    let client = Client::builder()
        .base_url("http://mock")
        .token("aHVudGVyMjpodW50ZXIy")
        .retry(RetryConfig::never())
        .rate_limit(None)
        .transport(mock.clone())
        .build()
        .expect("a valid configuration");
    Wats::from(client)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(work))
}

/// What holds of every error: it can be printed, and takes a refusal apart into lines.
fn check(error: &Error) {
    let _ = format!("{error:#} {error:?}");
    for finding in error.findings() {
        let line = finding.to_string();
        assert!(line.lines().count() <= 1, "{line}");
    }
}

/// The id under which a text was sent. The mock cannot name it in its answer, so it stands in the error.
fn sent_as(outcome: Result<Submitted, Error>) -> Option<Uuid> {
    match outcome {
        Ok(submitted) => Some(submitted.id),
        Err(error) => {
            check(&error);
            match error {
                Error::Unacknowledged { id, .. } => Some(id),
                _ => None,
            }
        }
    }
}

/// Any bytes as a report text: it is refused, or goes out byte for byte (without a byte order mark, or with an id more)
/// under the id it has.
pub(crate) fn texts(bytes: &[u8]) {
    let mock = MockTransport::new().on(Method::POST, "/*", [MockAnswer::json(&"")]);
    let api = api(&mock);
    let sent = |number: usize| mock.requests()[number].body.clone();
    let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut number = 0;
    if let Some(id) = sent_as(run(api.report().submit_wsjf(bytes.to_vec()))) {
        assert_eq!(&sent(number)[..], unmarked);
        number += 1;
        if let Some(object) = json(unmarked) {
            assert_eq!(ids(&object), [id]);
        }
    }
    if let Some(id) = sent_as(run(api.report().submit_json(bytes))) {
        let body = sent(number);
        number += 1;
        if let (Some(mut after), Some(before)) = (json(&body), json(unmarked)) {
            assert_eq!(ids(&after), [id]);
            if ids(&before).is_empty() {
                after.as_object_mut().expect("an object").remove("id");
                assert_eq!(after, before);
                let again = sent_as(run(api.report().submit_json(bytes)));
                number += 1;
                assert_eq!(again, Some(id), "the id is made from the text");
            } else {
                assert_eq!(&body[..], unmarked);
            }
        }
    }
    if sent_as(run(api.report().submit_wsxf(bytes.to_vec()))).is_some() {
        assert_eq!(&sent(number)[..], bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    if let Ok(path) = text.parse::<StepPath>() {
        let again: StepPath = path
            .to_wire()
            .parse()
            .expect("what was written can be read");
        assert_eq!(again, path);
    }
}

/// A text as JSON; `None` where a string has half a character in it, which servers take and `serde_json` does not.
fn json(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

/// The ids in an object, in whatever case their name is.
fn ids(object: &Value) -> Vec<Uuid> {
    let members = object.as_object().expect("an object");
    let ids = members
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("id"));
    ids.map(|(_, id)| id.as_str().expect("a text").parse().expect("a UUID"))
        .collect()
}

/// Any answer to any call: the first line is its `Content-Disposition`, the rest its body.
pub(crate) fn answers(text: &[u8]) {
    let end = text.iter().position(|byte| *byte == b'\n');
    let (line, body) = end.map_or((&text[..0], text), |at| (&text[..at], &text[at + 1..]));
    let disposition = String::from_utf8_lossy(line);
    for status in [200, 400, 404] {
        let answer = MockAnswer::status(status)
            .body(body.to_vec(), "application/json")
            .header("content-disposition", &disposition);
        let mock = MockTransport::new()
            .on(Method::GET, "/*", [answer.clone()])
            .on(Method::PUT, "/*", [answer.clone()])
            .on(Method::POST, "/*", [answer]);
        run(every_call(&api(&mock)));
    }
}

async fn every_call(api: &Wats) {
    fn see<T>(outcome: Result<T, Error>) {
        if let Err(error) = outcome {
            check(&error);
        }
    }
    fn see_each<T>(outcome: Result<Partition<T, Error>, Error>, items: usize) {
        let parts = outcome.expect("options that can be kept");
        parts.failed.iter().for_each(|(_, error)| check(error));
        assert_eq!(parts.ok.len() + parts.failed.len(), items);
    }
    let id = Uuid::nil();
    see(api.version().await);
    see(api.process().list().await);
    see(api.process().by_code(10).await);
    see(api.product().get("A").await);
    see(api.product().find("A").await);
    see(api.product().query(&ProductQuery::default()).await);
    let many = BulkOptions::default().no_outage_wait();
    let products = ["A", "b", "A"];
    see_each(api.product().get_many(products).await, 3);
    let products = products.map(Product::new);
    see_each(api.product().save_each(products, &many).await, 3);
    let report = api.report();
    see(report.find(id).await);
    see(report.get_with(id, Detail::default()).await);
    let detail = Detail::default();
    see_each(report.get_many([id, id], detail, &many).await, 2);
    see(report.get_wsxf(id, Detail::default(), true).await);
    see(report.headers(&HeaderQuery::default()).await);
    see(report
        .by_misc_info(&MiscInfoSearch::default().description("x"))
        .await);
    see(report.attachments(id).await);
    see(report.attachments_zip(id).await);
    see(report.certificate(id).await);
    see(report.latest().await);
    see(report.internal().state(id).await);
    see(report.internal().quarantine().await);
    see(report.internal().retry(&[id]).await);
    let mut pages = report.headers(&HeaderQuery::default()).each();
    for _ in 0..3 {
        see(pages.next_page().await);
    }
    let made = UutReport::builder(
        Unit {
            part_number: "P",
            serial_number: "S",
            revision: "A",
        },
        100,
    )
    .station(Station {
        name: "Station",
        location: "Place",
        purpose: "Purpose",
    })
    .operator("Kari")
    .build()
    .expect("a valid report");
    let options = SubmitOptions::default();
    see(report.submit_with(&made, &options).await);
    see_each(report.submit_many([made], &options, &many).await, 1);
}
