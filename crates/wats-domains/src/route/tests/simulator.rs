//! Every call against the simulator: it has a route for each row, and answers what it is asked.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use wats_sim::Simulator;

use super::{DOMAINS, ERRORS, said, table};
use crate::{CacheOptions, Wats};

/// A template however its parameters are named and its letters are written.
fn normal(route: &str) -> String {
    let part = |part: &str| match part.find('{') {
        Some(at) => format!("{}{{}}", part[..at].to_ascii_lowercase()),
        None => part.to_ascii_lowercase(),
    };
    route.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_call_has_a_route_of_the_simulator() {
    let broken: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let heard = Arc::clone(&broken);
    let builder = Simulator::builder().products(1).on_request(move |request| {
        if request
            .status
            .is_none_or(|status| status == 405 || status >= 500)
        {
            heard
                .lock()
                .unwrap()
                .insert(format!("{} {}", request.method, request.route));
        }
    });
    let sim = builder.start().await.unwrap();
    let client = wats_http::Client::builder()
        .base_url(sim.base_url())
        .token(sim.token())
        .rate_limit(None)
        .breaker(None)
        .build()
        .unwrap();
    let api = Wats::new(client, &CacheOptions::off());
    said(api.version().await);
    for call_all in DOMAINS {
        call_all(&api).await;
    }
    ERRORS.with_borrow_mut(Vec::clear);

    let counters = sim.counters();
    let unknown: Vec<_> = counters
        .requests
        .keys()
        .filter(|route| route.ends_with("(unknown route)"))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // The server answers so to a list of materials of a product that it does not know, its description says.
    let broken = broken.lock().unwrap().clone();
    assert_eq!(broken, BTreeSet::from(["PUT /api/Product/BOM".to_owned()]));
    let asked: BTreeSet<String> = counters
        .requests
        .keys()
        .map(|route| normal(route))
        .collect();
    for row in table() {
        let route = format!("{} {}", row.operation.method(), row.operation.path());
        assert!(asked.contains(&normal(&route)), "{route}");
    }
}
