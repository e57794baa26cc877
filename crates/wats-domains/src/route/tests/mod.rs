//! Every row is called once, and its request is what the row and the server's description say.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use uuid::Uuid;
use wats_http::Idempotency;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockRequest, MockTransport};

use super::described::{Descriptions, shape_of};
use crate::ask::{Kept, Route};
use crate::{CacheOptions, Error, Wats};

pub(crate) use odd::{arg, range};

mod bad;
mod empty;
mod odd;
mod simulator;

/// All tables. Rows of a domain that is not here have nobody who uses their list, which the compiler tells.
fn all_rows() -> impl Iterator<Item = &'static Route> {
    [
        super::ALL,
        crate::analytics::route::ALL,
        crate::analytics::route::internal::ALL,
        crate::asset::route::ALL,
        crate::asset::route::internal::ALL,
        crate::auth::route::ALL,
        crate::barcode::route::ALL,
        crate::export::route::ALL,
        crate::manual_inspection::route::ALL,
        crate::production::route::ALL,
        crate::production::route::internal::ALL,
        crate::root_cause::route::ALL,
        crate::scim::route::ALL,
        crate::server::route::ALL,
        crate::server::route::internal::ALL,
        crate::software::route::ALL,
        crate::software::route::internal::ALL,
        crate::system::route::ALL,
        crate::workflow::route::ALL,
        crate::process::route::ALL,
        crate::process::route::internal::ALL,
        crate::product::route::ALL,
        crate::product::route::internal::ALL,
        crate::report::route::ALL,
        crate::report::route::internal::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// What calls each row of a domain once or more, with all that it may be given.
type CallAll = fn(&Wats) -> BoxFuture<'_, ()>;

const DOMAINS: [CallAll; 16] = [
    |api| Box::pin(crate::analytics::calls::call_all(api)),
    |api| Box::pin(crate::asset::calls::call_all(api)),
    |api| Box::pin(crate::auth::calls::call_all(api)),
    |api| Box::pin(crate::barcode::calls::call_all(api)),
    |api| Box::pin(crate::export::calls::call_all(api)),
    |api| Box::pin(crate::manual_inspection::calls::call_all(api)),
    |api| Box::pin(crate::production::calls::call_all(api)),
    |api| Box::pin(crate::root_cause::calls::call_all(api)),
    |api| Box::pin(crate::scim::calls::call_all(api)),
    |api| Box::pin(crate::server::calls::call_all(api)),
    |api| Box::pin(crate::software::calls::call_all(api)),
    |api| Box::pin(crate::system::calls::call_all(api)),
    |api| Box::pin(crate::workflow::calls::call_all(api)),
    |api| Box::pin(crate::process::calls::call_all(api)),
    |api| Box::pin(crate::product::calls::call_all(api)),
    |api| Box::pin(crate::report::calls::call_all(api)),
];

/// Rows of which the description lacks something that is known otherwise; each with what it lacks and why.
fn undescribed() -> impl Iterator<Item = &'static (&'static str, Lacks, &'static str)> {
    [
        crate::analytics::calls::UNDESCRIBED,
        crate::asset::calls::UNDESCRIBED,
        crate::auth::calls::UNDESCRIBED,
        crate::barcode::calls::UNDESCRIBED,
        crate::export::calls::UNDESCRIBED,
        crate::manual_inspection::calls::UNDESCRIBED,
        crate::production::calls::UNDESCRIBED,
        crate::root_cause::calls::UNDESCRIBED,
        crate::scim::calls::UNDESCRIBED,
        crate::server::calls::UNDESCRIBED,
        crate::software::calls::UNDESCRIBED,
        crate::system::calls::UNDESCRIBED,
        crate::workflow::calls::UNDESCRIBED,
        crate::product::calls::UNDESCRIBED,
        crate::report::calls::UNDESCRIBED,
    ]
    .into_iter()
    .flatten()
}

/// The rows that this build uses.
fn table() -> impl Iterator<Item = &'static Route> {
    all_rows().filter(|row| cfg!(feature = "xml") || row.operation.name() != "report.submit_wsxf")
}

/// What the calls fill in for a text, for an id and for a number.
const AWKWARD: &str = "A/B?x=1#2 %2F'ø&";
pub(crate) const ID: Uuid = Uuid::from_u128(0x1234_5678);
pub(crate) const NUMBER: i32 = 7;

/// The text of which calls are made.
pub(crate) fn text() -> &'static str {
    bad::text().unwrap_or(AWKWARD)
}

thread_local! {
    static ERRORS: RefCell<Vec<Error>> = const { RefCell::new(Vec::new()) };
}

/// Takes what came of a call.
pub(crate) fn said<T>(outcome: crate::Result<T>) {
    ERRORS.with_borrow_mut(|errors| errors.extend(outcome.err()));
}

/// What stands in the place of a parameter of the path when the calls fill it so.
const FILLED: [&str; 3] = [
    "A%2FB%3Fx%3D1%232%20%252F%27%C3%B8%26",
    "00000000-0000-0000-0000-000012345678",
    "7",
];

async fn requests() -> Vec<MockRequest> {
    let mock = refusing();
    let api = client(&mock);
    said(api.version().await);
    for call_all in DOMAINS {
        call_all(&api).await;
    }
    mock.requests()
}

/// A server that refuses whatever it is asked.
fn refusing() -> MockTransport {
    answering(&MockAnswer::status(400))
}

/// A server that answers so, whatever it is asked.
fn answering(answer: &MockAnswer) -> MockTransport {
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
    ];
    methods
        .into_iter()
        .fold(MockTransport::new(), |mock, method| {
            mock.on(method, "/*", [answer.clone()])
        })
}

fn client(mock: &MockTransport) -> Wats {
    let client = wats_http::Client::builder()
        .base_url("http://mock")
        .token("aHVudGVyMjpodW50ZXIy")
        .rate_limit(None)
        .breaker(None)
        .transport(mock.clone())
        .build()
        .unwrap();
    Wats::new(client, &CacheOptions::off())
}

/// Whether the path fills that of the row.
fn fills(row: &Route, request: &MockRequest) -> bool {
    fn rest_fills(template: &str, path: &str) -> bool {
        let Some((before, rest)) = template.split_once('{') else {
            return template == path;
        };
        let after = rest.split_once('}').unwrap().1;
        path.strip_prefix(before).is_some_and(|path| {
            let rests = FILLED.iter().filter_map(|value| path.strip_prefix(value));
            rests.into_iter().any(|path| rest_fills(after, path))
        })
    }
    let path = request.target.split('?').next().unwrap();
    request.method == *row.operation.method() && rest_fills(row.operation.path(), path)
}

fn query_of(request: &MockRequest) -> BTreeSet<String> {
    let query = request
        .target
        .split_once('?')
        .map_or("", |(_, query)| query);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap().0.to_owned())
        .collect()
}

#[tokio::test]
async fn every_row_is_called_and_its_request_is_what_it_says() {
    let requests = requests().await;
    for row in table() {
        let name = row.operation.name();
        let ours: Vec<_> = requests.iter().filter(|r| fills(row, r)).collect();
        assert!(
            !ours.is_empty(),
            "{name}: no call of it in `call_all` asks for {} {}",
            row.operation.method(),
            row.operation.path()
        );
        for request in ours {
            let legal = |c: char| c.is_ascii_alphanumeric() || "-._~%/?$&=".contains(c);
            assert!(
                request.target.chars().all(legal),
                "{name}: {}",
                request.target
            );
            assert_eq!(
                request.headers.contains_key("referer"),
                row.is_internal(),
                "{name}: Referer"
            );
            let typed = request.headers.contains_key("content-type");
            assert_eq!(
                typed,
                !request.body.is_empty(),
                "{name}: a body and its type"
            );
        }
    }
    let of_no_row = |request: &&MockRequest| !all_rows().any(|row| fills(row, request));
    let rest: Vec<_> = requests
        .iter()
        .filter(of_no_row)
        .map(|r| &r.target)
        .collect();
    assert!(rest.is_empty(), "requests of no row: {rest:?}");
}

#[test]
fn the_table_is_consistent() {
    let mut names = BTreeSet::new();
    for row in table() {
        let name = row.operation.name();
        assert!(names.insert(name), "{name} twice");
        assert!(row.operation.path().starts_with("/api/"));
        let is_read = row.operation.method() == Method::GET;
        // Statistics are asked for by a filter in the body.
        let is_statistic = row.keeps == Some(Kept::Analytics);
        assert!(
            row.keeps.is_none() || is_read || is_statistic,
            "{name} writes and must not be answered from memory"
        );
        // Some write though they are `GET`, and are sent once.
        let is_once = row.operation.idempotency() == Idempotency::NotIdempotent;
        assert!(
            row.stales.is_empty() || !is_read || is_once,
            "{name} reads and makes nothing stale"
        );
        // However it is called, it may not answer from memory what it has made stale itself.
        assert!(
            row.keeps.is_none() || row.stales.is_empty(),
            "{name} either reads or writes"
        );
        let deletes = row.operation.method() == Method::DELETE;
        assert!(!row.gone || deletes, "{name} does not delete");
    }
}

/// Rows that are `GET` and do something all the same, or give a secret. The last three are internal.
const NO_READS: [&str; 8] = [
    "/api/Auth/GetToken",
    "/api/Auth/GetToken/{identifier}",
    "/api/SCIM/v2/Token",
    "/api/Workflow/StartTest",
    "/api/Workflow/EndTest",
    "/api/internal/Software/Log",
    "/api/internal/Software/DownloadFile",
    "/api/internal/Production/SerialNumbers/GetAndReserveNewSerialNumbers",
];

fn is_no_read(row: &Route) -> bool {
    let path = row.operation.path();
    let name = path.rsplit('/').next();
    row.operation.method() == Method::GET
        && NO_READS
            .iter()
            .any(|known| *known == path || (row.is_internal() && known.rsplit('/').next() == name))
}

#[test]
fn rows_with_side_effects_or_secrets_keep_nothing_and_are_not_repeated() {
    for row in table().filter(|row| is_no_read(row)) {
        let name = row.operation.name();
        assert!(row.keeps.is_none(), "{name} is kept");
        let once = row.operation.idempotency() == wats_http::Idempotency::NotIdempotent;
        assert!(once, "{name} may be repeated");
    }
    for path in &NO_READS[..5] {
        let known = table().any(|row| row.operation.path() == *path);
        assert!(known, "{path} is no row any more");
    }
}

/// What is kept and not repeatable would be read twice by chance only; what writes once is never kept.
#[test]
fn what_is_kept_may_be_read_again() {
    for row in table().filter(|row| row.keeps.is_some()) {
        assert_eq!(
            row.operation.idempotency(),
            wats_http::Idempotency::Idempotent,
            "{}",
            row.operation.name()
        );
    }
}

#[test]
fn each_class_that_is_kept_is_forgotten_by_a_refresh() {
    let client = wats_http::Client::builder()
        .base_url("http://mock")
        .token("aHVudGVyMjpodW50ZXIy")
        .transport(MockTransport::new())
        .build()
        .unwrap();
    let forever = crate::ClassOptions::default().ttl(None);
    let cache = CacheOptions::default()
        .headers(forever.clone())
        .analytics(forever);
    let api = Wats::new(client, &cache);
    let forgotten = |kept| api.core().forgotten(kept);
    let kept: Vec<Kept> = table().filter_map(|row| row.keeps).collect();
    assert!(kept.iter().all(|kept| forgotten(*kept) == 0));
    api.analytics().refresh();
    api.asset().refresh();
    api.barcode().refresh();
    api.manual_inspection().refresh();
    api.process().refresh();
    api.product().refresh();
    api.production().refresh();
    api.report().refresh();
    api.software().refresh();
    for kept in kept {
        assert!(forgotten(kept) > 0, "no refresh() forgets {kept:?}");
    }
}

/// What a description may lack.
#[derive(Debug, PartialEq)]
pub(crate) enum Lacks {
    Query,
    Body,
}

const ODATA: [&str; 6] = ["$filter", "$top", "$skip", "$orderby", "$select", "$expand"];

#[tokio::test]
async fn every_row_is_called_as_the_server_describes_it() {
    let Some(descriptions) = Descriptions::read() else {
        return;
    };
    let requests = requests().await;
    for row in table() {
        let name = row.operation.name();
        let described = descriptions.of(row);
        let described = described.unwrap_or_else(|| panic!("{name} is no operation of the server"));
        let lacks = |what| undescribed().any(|(of, lacks, _)| *of == name && *lacks == what);
        for request in requests.iter().filter(|r| fills(row, r)) {
            let query = query_of(request);
            let unknown = query.iter().find(|name| {
                let odata = lacks(Lacks::Query) && ODATA.contains(&name.as_str());
                !odata && !described.query.contains(*name)
            });
            assert_eq!(unknown, None, "{name}: no such parameter");
            let missing: Vec<_> = described.required.difference(&query).collect();
            assert!(missing.is_empty(), "{name} lacks {missing:?}");
            let body = described.body != lacks(Lacks::Body);
            assert_eq!(!request.body.is_empty(), body, "{name}: body");
        }
    }
    for (name, _, reason) in undescribed() {
        let known = all_rows().any(|row| row.operation.name() == *name);
        assert!(known, "{name} is no row any more ({reason})");
    }
}

#[test]
fn the_rows_are_the_servers_public_operations() {
    let Some(descriptions) = Descriptions::read() else {
        return;
    };
    let ours: BTreeSet<_> = all_rows()
        .filter(|row| !row.is_internal())
        .map(shape_of)
        .collect();
    let missing: Vec<_> = descriptions.public().difference(&ours).cloned().collect();
    assert!(
        missing.is_empty(),
        "no row for {} of them: {missing:#?}",
        missing.len()
    );
}
