//! Every text of every call is bad once, alone: none of them reaches the server, and each is refused by its name.

use std::cell::Cell;
use std::collections::BTreeSet;

use wats_http::test_util::MockRequest;

use super::{CallAll, DOMAINS, ERRORS, all_rows, client, refusing};
use crate::ask::Route;

thread_local! {
    static BAD: Cell<&'static str> = const { Cell::new("") };
    /// Which text of the calls is the bad one, and how many were made.
    static AT: Cell<Option<usize>> = const { Cell::new(None) };
    static MADE: Cell<usize> = const { Cell::new(0) };
}

/// The bad text when it is its turn.
pub(super) fn text() -> Option<&'static str> {
    let made = MADE.replace(MADE.get() + 1);
    (AT.get() == Some(made)).then(|| BAD.get())
}

/// What is empty names another route or means all; what nobody sees finds nothing; dots are steps to other folders.
const TEXTS: [&str; 3] = ["", "A\u{200b}B", ".."];

/// Where a text may be anything: the row and the parameter, `path` or `body`; first those that may be empty as well.
const FREE: [&[(&str, &str)]; 2] = [
    &[
        // All of them, or none, as the documentation says.
        ("analytics.top_failed_of", "productGroupId"),
        ("analytics.top_failed_of", "levelId"),
        ("analytics.internal.top_failed_of", "productGroupId"),
        ("analytics.internal.top_failed_of", "levelId"),
        ("manual_inspection.sequences", "revision"),
        ("manual_inspection.sequences", "batchNumber"),
        // A text for people.
        ("asset.reset_running_count", "comment"),
        ("asset.calibrated", "comment"),
        ("asset.maintained", "comment"),
        // What the server has already may be odd.
        ("server.internal.update_client", "body"),
        ("software.save", "body"),
    ],
    &[
        // Conditions on whatever the server has.
        ("asset.list", "$filter"),
        ("asset.log", "$filter"),
        ("product.query", "$filter"),
        ("report.headers", "$filter"),
        ("analytics.internal.unit_flow_links", "filter"),
        ("analytics.internal.unit_flow_nodes", "filter"),
        ("analytics.internal.unit_flow_units", "filter"),
        ("software.internal.by_tags", "tags"),
        ("software.internal.history", "tags"),
        // Names of steps are what reports have.
        ("analytics.measurements", "measurementPaths"),
        ("analytics.aggregated_measurements", "measurementPaths"),
        // Names of columns.
        ("export.queue_certificates", "dimensions"),
        // Codes have separators that nobody sees.
        ("barcode.identify", "code"),
        // A text for people.
        ("asset.reset_running_count", "comment"),
        ("asset.calibrated", "comment"),
        ("asset.maintained", "comment"),
        ("asset.post_message", "body"),
        // What the server has already may be odd.
        ("server.internal.update_client", "body"),
        ("software.save", "body"),
        ("software.internal.update_folder", "body"),
    ],
];

/// A row, and a parameter, `path` or `body` of it.
type Place = (&'static str, String);

/// The row of a request, whatever fills its path: the one of fewest parameters, as servers have it.
pub(super) fn row_of(request: &MockRequest) -> &'static Route {
    let path = request.target.split('?').next().unwrap();
    let fits = |template: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template
                .zip(path)
                .all(|(template, segment)| match template.split_once('{') {
                    Some((before, _)) => segment.starts_with(before),
                    None => template == segment,
                })
    };
    all_rows()
        .filter(|row| *row.operation.method() == request.method && fits(row.operation.path()))
        .min_by_key(|row| row.operation.path().matches('{').count())
        .unwrap_or_else(|| panic!("{} {} is of no row", request.method, request.target))
}

/// Where a request carries the bad text: the names of parameters, `path` or `body`.
fn carries(request: &MockRequest, bad: &str) -> Vec<String> {
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let escaped = wats_http::encoded(bad);
    let is = |value: &str| match bad {
        "" | ".." => value == bad,
        _ => value.contains(&escaped),
    };
    let mut places = Vec::new();
    if path.split('/').skip(1).any(is) {
        places.push("path".to_owned());
    }
    // Dots step to nowhere in a query or a body.
    if bad == ".." {
        return places;
    }
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    places.extend(
        pairs
            .filter(|(_, value)| is(value))
            .map(|(name, _)| name.to_owned()),
    );
    let body = String::from_utf8_lossy(&request.body);
    let quoted = serde_json::to_string(bad).unwrap();
    let in_body = match bad {
        "" => body.contains("\"\""),
        _ => body.contains(quoted.trim_matches('"')) || body.contains(bad),
    };
    if in_body {
        places.push("body".to_owned());
    }
    places
}

/// Where requests of a domain carry the bad text when it is the one at a place, and how many texts there are.
async fn sent(call_all: CallAll, bad: &'static str, at: Option<usize>) -> (BTreeSet<Place>, usize) {
    let mock = refusing();
    let api = client(&mock);
    BAD.set(bad);
    AT.set(at);
    MADE.set(0);
    ERRORS.take();
    call_all(&api).await;
    AT.set(None);
    let mut places = BTreeSet::new();
    for request in mock.requests() {
        let name = row_of(&request).operation.name();
        places.extend(
            carries(&request, bad)
                .into_iter()
                .map(|place| (name, place)),
        );
    }
    for error in ERRORS
        .take()
        .into_iter()
        .filter(|error| error.attempts() == 0)
    {
        let text = error.to_string();
        let names = text.contains(" the ") || text.contains("parameter `");
        assert!(names, "{bad:?}: {text}");
    }
    (places, MADE.get())
}

#[tokio::test]
async fn no_bad_text_reaches_the_server() {
    for bad in TEXTS {
        let mut found = BTreeSet::new();
        for call_all in DOMAINS {
            // What is empty though no text is bad was left out on purpose.
            let (before, texts) = sent(call_all, bad, None).await;
            for at in 0..texts {
                let (places, _) = sent(call_all, bad, Some(at)).await;
                found.extend(places.difference(&before).cloned());
            }
        }
        let free: BTreeSet<Place> = match bad {
            "" => FREE[0],
            ".." => &[],
            _ => FREE[1],
        }
        .iter()
        .map(|(name, place)| (*name, (*place).to_owned()))
        .collect();
        assert_eq!(found, free, "{bad:?}");
    }
}
