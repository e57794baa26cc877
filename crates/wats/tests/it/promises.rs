//! What the README promises, counted by the server: few calls, few connections, nothing lost, telling errors.

use std::time::Duration;

use wats::batch::{BatchConfig, ChunkConfig, ChunkedBatcher, RequestBatcher, batch_map};
use wats::http::http::StatusCode;
use wats::prelude::*;
use wats::{ErrorKind, ProductSummary, RetryConfig, TlsConfig};
use wats_sim::{Fault, Simulator};

const PRODUCTS: usize = 100;

async fn simulator(tls: bool) -> (Simulator, Wats) {
    let sim = Simulator::builder()
        .products(PRODUCTS)
        .latency(Duration::from_millis(5))
        .tls(tls)
        .start()
        .await
        .unwrap();
    let mut builder = Wats::builder()
        .base_url(sim.base_url())
        .token(sim.token())
        .rate_limit(None)
        // Each call goes to the server.
        .cache(wats::CacheOptions::off());
    if let Some(pem) = sim.ca_certificate_pem() {
        let tls = TlsConfig::default().only_ca_pem(pem).unwrap();
        builder = builder.http(|client| client.tls(tls));
    }
    (sim, builder.build().unwrap())
}

fn numbers() -> Vec<String> {
    (0..PRODUCTS).map(|i| format!("PART-{i:04}")).collect()
}

async fn query(wats: Wats, numbers: Vec<String>) -> wats::Result<Vec<ProductSummary>> {
    wats.product()
        .query(&ProductQuery::default().filter(Filter::any_of("partNumber", numbers)))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_reads_stay_within_the_cap_over_http1() {
    let (sim, wats) = simulator(false).await;
    let numbers = numbers();
    let products = batch_map(&numbers, 100, |number| wats.product().get(number)).await;
    for (number, product) in numbers.iter().zip(products) {
        assert_eq!(product.unwrap().part_number(), number);
    }
    let seen = sim.counters();
    assert!(seen.connections_peak <= 100, "{seen}");
    assert_eq!(seen.http_versions.keys().collect::<Vec<_>>(), ["HTTP/1.1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_reads_share_one_connection_over_http2() {
    let (sim, wats) = simulator(true).await;
    let numbers = numbers();
    let products = batch_map(&numbers, 100, |number| wats.product().get(number)).await;
    assert!(products.iter().all(Result::is_ok));
    let seen = sim.counters();
    assert_eq!(
        (seen.connections_opened, seen.connections_peak),
        (1, 1),
        "{seen}"
    );
    assert_eq!(seen.http_versions.keys().collect::<Vec<_>>(), ["HTTP/2"]);
}

#[tokio::test]
async fn each_bulk_way_takes_five_calls() {
    let (sim, wats) = simulator(false).await;
    let numbers = numbers();

    let config = BatchConfig::default().max_batch_size(20);
    let client = wats.clone();
    let batcher: RequestBatcher<String, ProductSummary, wats::Error> =
        RequestBatcher::keyed(config, String::clone, move |numbers| {
            let answer = query(client.clone(), numbers);
            async move {
                let products = answer.await?;
                Ok::<std::collections::HashMap<_, _>, wats::Error>(
                    products
                        .into_iter()
                        .map(|p| (p.part_number().to_owned(), p))
                        .collect(),
                )
            }
        })
        .unwrap();
    let found = batch_map(&numbers, 100, |number| batcher.add(number.clone())).await;
    for (number, product) in numbers.iter().zip(found) {
        assert_eq!(product.unwrap().part_number(), number);
    }
    assert_eq!(sim.counters().total_requests(), 5);

    sim.reset_counters();
    let chunked = ChunkedBatcher::new(ChunkConfig::default().chunk_size(20)).unwrap();
    let chunks = chunked
        .try_chunks(numbers.clone(), |chunk| query(wats.clone(), chunk))
        .await
        .unwrap();
    assert_eq!(chunks.iter().map(Vec::len).sum::<usize>(), PRODUCTS);
    assert_eq!(sim.counters().total_requests(), 5);

    sim.reset_counters();
    assert!(wats.product().get_many(&numbers).await.unwrap().is_ok());
    assert_eq!(sim.counters().total_requests(), 5);
}

#[tokio::test]
async fn every_failure_is_typed_and_told_on_one_line() {
    let (sim, wats) = simulator(false).await;
    let once = |base_url: &str, token: &str| {
        Wats::builder()
            .base_url(base_url)
            .token(token)
            .retry(RetryConfig::never())
            .build()
            .unwrap()
    };
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let route = |fault: Fault| fault.route("GET", "/api/Product/{partNumber}");
    let wrong_token = "d3Jvbmc6dG9rZW4=";

    let html = r"<html><body>Please sign in</body></html>";
    let cases = [
        (
            once(sim.base_url(), wrong_token),
            None,
            ErrorKind::Status(StatusCode::UNAUTHORIZED),
            "Control Panel",
        ),
        (
            once(&format!("http://{nobody}"), sim.token()),
            None,
            ErrorKind::Connect,
            "check the base URL",
        ),
        (
            wats.clone(),
            Some(Fault::status(404)),
            ErrorKind::Status(StatusCode::NOT_FOUND),
            "check the identifier",
        ),
        (
            once(sim.base_url(), sim.token()),
            Some(Fault::status(500).body(r#"{"Message":"disk\nfull"}"#)),
            ErrorKind::Status(StatusCode::INTERNAL_SERVER_ERROR),
            "disk full",
        ),
        (
            wats.clone(),
            Some(Fault::status(200).body("{not json")),
            ErrorKind::Decode,
            "line 1",
        ),
        (
            wats,
            Some(Fault::status(200).content_type("text/html").body(html)),
            ErrorKind::Decode,
            "web page",
        ),
    ];
    for (wats, fault, kind, words) in cases {
        sim.clear_faults();
        if let Some(fault) = fault {
            sim.inject(route(fault));
        }
        let error = wats.product().get("PART-0001").await.unwrap_err();
        let line = format!("{error:#}");
        assert_eq!(error.kind(), kind, "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(
            line.contains("product.get: GET http") && line.contains(words),
            "{line}"
        );
        // What a `main` prints that returns it.
        assert_eq!(format!("{error:?}"), line);
        let parts = format!("{error:#?}");
        assert!(parts.starts_with("Http(\n"), "{parts}");
        for text in [&line, &parts, &format!("{wats:?}")] {
            assert!(
                !text.contains(wrong_token) && !text.contains(sim.token()),
                "{text}"
            );
        }
    }
}

#[test]
fn a_missing_variable_is_named() {
    // The process's own environment decides which of the two is named first.
    if std::env::var_os("WATS_BASE_URL").is_none() {
        let error = Wats::from_env().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().contains("WATS_BASE_URL is not set"),
            "{error}"
        );
    }
}
