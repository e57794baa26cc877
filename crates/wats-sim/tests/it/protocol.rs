//! Connections, protocols, tokens, limits, counters, the end.

use std::sync::Arc;

use crate::common::{Client, report, start};
use http::{Method, Version};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use wats_sim::{Error, Simulator};

const VERSION: &str = "/api/App/Version";

#[tokio::test]
async fn plain_connections_speak_http1_and_http2() {
    let sim = start(Simulator::builder()).await;
    assert!(sim.base_url().starts_with("http://127.0.0.1:"));
    assert_eq!(sim.ca_certificate_pem(), None);
    assert_eq!(
        Client::h1(&sim).await.get(VERSION).await.version,
        Version::HTTP_11
    );
    assert_eq!(
        Client::h2(&sim).await.get(VERSION).await.version,
        Version::HTTP_2
    );
    let versions = sim.counters().http_versions;
    assert_eq!((versions["HTTP/1.1"], versions["HTTP/2"]), (1, 1));
}

#[tokio::test]
async fn tls_connections_settle_by_alpn() {
    let sim = start(Simulator::builder().tls(true)).await;
    assert!(sim.base_url().starts_with("https://127.0.0.1:"));
    for (alpn, version) in [
        (&[b"h2".as_slice(), b"http/1.1"][..], Version::HTTP_2),
        (&[b"http/1.1"], Version::HTTP_11),
        (&[], Version::HTTP_11),
    ] {
        let mut client = Client::tls(&sim, alpn).await;
        let reply = client.get(VERSION).await;
        assert_eq!((reply.status.as_u16(), reply.version), (200, version));
    }
    // A client that does not speak TLS costs the server nothing but the connection.
    let mut plain = Client::h1(&sim).await;
    assert!(plain.try_send(Method::GET, VERSION, &[], "").await.is_err());
    assert_eq!(sim.counters().total_requests(), 3);
    sim.shutdown().await;
    assert_eq!(sim.counters().connections_live, 0);
}

#[tokio::test]
async fn http1_only_offers_nothing_else() {
    let sim = start(Simulator::builder().tls(true).http1_only(true)).await;
    let mut client = Client::tls(&sim, &[b"h2", b"http/1.1"]).await;
    assert_eq!(client.get(VERSION).await.version, Version::HTTP_11);
    let sim = start(Simulator::builder().http1_only(true)).await;
    let mut client = Client::h2(&sim).await;
    assert!(
        client
            .try_send(Method::GET, VERSION, &[], "")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn only_the_token_opens_the_door() {
    let sim = start(Simulator::builder().token("c2VjcmV0OnRva2Vu")).await;
    let mut client = Client::h1(&sim).await;
    for header in [
        "Basic d3Jvbmc6dG9rZW4=",
        "Bearer c2VjcmV0OnRva2Vu",
        "Basic c2VjcmV0OnRva2V",
        "Basic",
        "c2VjcmV0OnRva2Vu",
    ] {
        let reply = client
            .try_send(Method::GET, VERSION, &[("Authorization", header)], "")
            .await
            .unwrap();
        assert_eq!(reply.status, 401, "{header}");
        assert!(reply.headers.contains_key("www-authenticate"));
        assert!(reply.message().contains("denied"));
        let all = format!("{:?} {:?}", reply.headers, reply.body);
        assert!(!all.contains("c2VjcmV0"), "the token is never echoed");
    }
    let good = [("Authorization", "basic c2VjcmV0OnRva2Vu")];
    let reply = client
        .try_send(Method::GET, VERSION, &good, "")
        .await
        .unwrap();
    assert_eq!(reply.status, 200);
    assert!(!format!("{sim:?}").contains("c2VjcmV0"));
    assert!(!format!("{:?}", Simulator::builder().token("c2VjcmV0")).contains("c2VjcmV0"));

    sim.replace_token("bmV3");
    let reply = client
        .try_send(Method::GET, VERSION, &good, "")
        .await
        .unwrap();
    assert_eq!(reply.status, 401);
    let new = [("Authorization", "Basic bmV3")];
    assert_eq!(
        client
            .try_send(Method::GET, VERSION, &new, "")
            .await
            .unwrap()
            .status,
        200
    );
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let reply = client.get("/api/Nothing/There").await;
    assert_eq!(reply.status, 404);
    assert!(reply.message().contains("'/api/Nothing/There'"));
    let reply = client.send(Method::DELETE, "/api/Report/WSJF", "").await;
    assert_eq!(
        (reply.status.as_u16(), &reply.headers["allow"]),
        (405, &"POST".parse().unwrap())
    );
    assert_eq!(client.get("/api/Product/%FF").await.status, 400);
    let counters = sim.counters();
    assert_eq!(counters.requests_to("GET (unknown route)"), 2);
    assert_eq!(counters.requests_to("DELETE /api/Report/WSJF"), 1);
}

#[tokio::test]
async fn large_bodies_are_refused_and_large_answers_compressed() {
    let sim = start(Simulator::builder().max_body(10_000).products(20)).await;
    let mut client = Client::h1(&sim).await;
    let reply = client
        .send(Method::PUT, "/api/Product", vec![b' '; 10_001])
        .await;
    assert_eq!(reply.status, 413);
    assert!(reply.message().contains("10000"));
    let mut client = Client::h2(&sim).await;
    assert_eq!(
        client
            .send(Method::PUT, "/api/Product", vec![b' '; 10_001])
            .await
            .status,
        413
    );

    let path = "/api/Product/Query";
    let plain = client.get(path).await;
    assert!(!plain.headers.contains_key("content-encoding"));
    assert_eq!(plain.headers["vary"], "Accept-Encoding");
    let accept = [("Accept-Encoding", "gzip, deflate")];
    let packed = client
        .try_send(Method::GET, path, &accept, "")
        .await
        .unwrap();
    assert_eq!(packed.headers["content-encoding"], "gzip");
    assert!(packed.body.len() * 3 < plain.body.len());
    let mut unpacked = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(packed.body.as_ref());
    std::io::Read::read_to_end(&mut decoder, &mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    let small = client
        .try_send(Method::GET, VERSION, &accept, "")
        .await
        .unwrap();
    assert!(!small.headers.contains_key("content-encoding"));

    let sim = start(Simulator::builder().gzip(false).products(20)).await;
    let mut client = Client::h1(&sim).await;
    let reply = client
        .try_send(Method::GET, path, &accept, "")
        .await
        .unwrap();
    assert!(!reply.headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn packed_requests_are_taken_when_the_option_says_so_and_within_the_cap() {
    let pack = |plain: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, plain).unwrap();
        encoder.finish().unwrap()
    };
    let (path, gzip) = ("/api/Product", [("Content-Encoding", "gzip")]);
    let product = pack(br#"{"partNumber":"PACKED","name":"n"}"#);
    let builder = || Simulator::builder().max_body(10_000);

    let sim = start(builder()).await;
    let mut client = Client::h1(&sim).await;
    let send = client.try_send(Method::PUT, path, &gzip, product.clone());
    let reply = send.await.unwrap();
    assert_eq!(reply.status, 400, "it is read as it is");
    assert!(!reply.headers.contains_key("accept-encoding"));

    let sim = start(builder().gzip_requests(true)).await;
    let mut client = Client::h1(&sim).await;
    let reply = client.get(VERSION).await;
    assert_eq!(reply.headers["accept-encoding"], "gzip");
    let send = client.try_send(Method::PUT, path, &gzip, product.clone());
    assert_eq!(send.await.unwrap().status, 200);
    assert_eq!(client.get("/api/Product/PACKED").await.status, 200);
    for (body, status) in [
        (pack(&vec![b' '; 10_001]), 413),
        (product[..product.len() - 9].to_vec(), 400),
        (b"not gzip".to_vec(), 400),
    ] {
        let send = client.try_send(Method::PUT, path, &gzip, body);
        assert_eq!(send.await.unwrap().status, status);
    }
}

#[tokio::test]
async fn the_counters_are_exact() {
    let sim = start(Simulator::builder().products(2)).await;
    let mut one = Client::h1(&sim).await;
    let mut two = Client::h1(&sim).await;
    for _ in 0..3 {
        one.get("/API/product/PART-0000").await;
    }
    two.get("/api/Product/NONE").await;
    let body = report(
        "33a2d408-3fc8-480b-b554-6866c77fd91c",
        "S",
        "P",
        "2026-01-01T00:00:00Z",
    );
    two.post("/api/Report/WSJF", &body).await;

    let counters = sim.counters();
    assert_eq!(counters.total_requests(), 5);
    let requests: Vec<_> = counters
        .requests
        .iter()
        .map(|(k, v)| (k.as_str(), *v))
        .collect();
    assert_eq!(
        requests,
        [
            ("GET /api/Product/{partNumber}", 4),
            ("POST /api/Report/WSJF", 1)
        ]
    );
    assert_eq!(
        counters.statuses.into_iter().collect::<Vec<_>>(),
        [(200, 4), (404, 1)]
    );
    assert_eq!(
        (counters.connections_opened, counters.connections_live),
        (2, 2)
    );
    assert_eq!((counters.connections_peak, counters.in_flight_peak), (2, 1));

    sim.reset_counters();
    // Over HTTP/1.1 without anything added by the client the bytes can be told beforehand.
    let stream = TcpStream::connect(sim.base_url().trim_start_matches("http://"))
        .await
        .unwrap();
    let request = format!(
        "GET {VERSION} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {}\r\nConnection: close\r\n\r\n",
        sim.token()
    );
    let answer = exchange(stream, request.as_bytes()).await.unwrap();
    let counters = sim.counters();
    assert_eq!(counters.bytes_in, request.len() as u64);
    assert_eq!(counters.bytes_out, answer.len() as u64);
    assert_eq!(
        (counters.connections_opened, counters.total_requests()),
        (1, 1)
    );
    let json = serde_json::to_value(&counters).unwrap();
    assert_eq!(json["requests"]["GET /api/App/Version"], 1);
}

/// Sends the bytes and reads until the server closes.
async fn exchange(mut stream: TcpStream, request: &[u8]) -> std::io::Result<Vec<u8>> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_at_once_lose_nothing() {
    let sim = Arc::new(start(Simulator::builder()).await);
    let barrier = Arc::new(Barrier::new(50));
    let mut tasks = tokio::task::JoinSet::new();
    for client_number in 0..50_u32 {
        let (sim, barrier) = (Arc::clone(&sim), Arc::clone(&barrier));
        tasks.spawn(async move {
            let mut client = match client_number % 2 {
                0 => Client::h1(&sim).await,
                _ => Client::h2(&sim).await,
            };
            // A connection can stand before the server has accepted it; an answer proves that it has.
            assert_eq!(client.get(VERSION).await.status, 200);
            barrier.wait().await;
            for n in 0..10_u32 {
                let id = format!("00000000-0000-4000-8000-{client_number:06}{n:06}");
                let serial = format!("S{client_number}-{n}");
                let body = report(&id, &serial, "P", "2026-01-01T00:00:00Z");
                assert_eq!(client.post("/api/Report/WSJF", &body).await.status, 200);
                let read = client.get(&format!("/api/Report/Wsjf/{id}")).await;
                assert_eq!(read.json()["sn"], serial);
            }
        });
    }
    tasks.join_all().await;
    let counters = sim.counters();
    assert_eq!(counters.total_requests(), 1050);
    assert_eq!(counters.statuses.get(&200), Some(&1050));
    assert_eq!(
        (counters.connections_opened, counters.connections_peak),
        (50, 50)
    );
    let mut client = Client::h1(&sim).await;
    let rows = client
        .get("/api/Report/Query/Header?$top=10000&$select=timeStamp")
        .await
        .json();
    let mut stamps: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["timeStamp"].as_u64().unwrap())
        .collect();
    stamps.sort_unstable();
    assert_eq!(stamps, (1..=500).collect::<Vec<_>>());
}

#[tokio::test]
async fn latency_holds_requests_and_the_peak_shows_it() {
    // Requests are held for so long that all are in flight together, then the server ends them.
    let latency = std::time::Duration::from_secs(3600);
    let sim = start(Simulator::builder().latency(latency)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut client = Client::h1(&sim).await;
        tasks.spawn(async move {
            client
                .try_send(Method::GET, VERSION, &[], "")
                .await
                .is_err()
        });
    }
    while sim.counters().in_flight_peak < 20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(sim.counters().total_requests(), 20);
    drop(sim);
    assert!(
        tasks.join_all().await.into_iter().all(|cut| cut),
        "a dropped server cuts requests"
    );
}

#[tokio::test]
async fn shutdown_frees_the_port_and_closes_connections() {
    let sim = start(Simulator::builder()).await;
    let port: u16 = sim.base_url().rsplit(':').next().unwrap().parse().unwrap();
    let mut idle = Client::h1(&sim).await;
    let mut idle2 = Client::h2(&sim).await;
    idle.get(VERSION).await;
    idle2.get(VERSION).await;

    let error = Simulator::builder().port(port).start().await.unwrap_err();
    assert!(matches!(error, Error::Listen { .. }), "{error}");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
    assert!(!error.to_string().contains('\n'));

    sim.shutdown().await;
    sim.shutdown().await;
    assert_eq!(sim.counters().connections_live, 0);
    assert!(idle.try_send(Method::GET, VERSION, &[], "").await.is_err());
    assert!(idle2.try_send(Method::GET, VERSION, &[], "").await.is_err());
    let again = start(Simulator::builder().port(port)).await;
    Client::h1(&again).await.get(VERSION).await;
}

#[tokio::test]
async fn a_shutdown_lets_running_requests_finish() {
    let latency = std::time::Duration::from_millis(200);
    let sim = start(Simulator::builder().latency(latency)).await;
    let mut client = Client::h1(&sim).await;
    let request = client.get(VERSION);
    let stopped = async {
        while sim.counters().total_requests() < 1 {
            tokio::task::yield_now().await;
        }
        sim.shutdown().await;
    };
    let (reply, ()) = tokio::join!(request, stopped);
    assert_eq!(reply.status, 200);
}

#[test]
fn a_server_dies_with_its_runtime_or_its_handle() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let first = runtime();
    let sim = first.block_on(Simulator::builder().start()).unwrap();
    let port: u16 = sim.base_url().rsplit(':').next().unwrap().parse().unwrap();
    drop(first);
    drop(sim);
    let second = runtime();
    let sim = second
        .block_on(Simulator::builder().port(port).start())
        .unwrap();
    drop(sim);
    // Dropping asks the runtime to end the task; the port is free once it has.
    let third = second.block_on(async {
        loop {
            match Simulator::builder().port(port).start().await {
                Ok(sim) => return sim,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    });
    assert!(third.base_url().ends_with(&port.to_string()));
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed() {
    let sim = start(Simulator::builder().max_connections(1)).await;
    let mut first = Client::h1(&sim).await;
    first.get(VERSION).await;
    let mut second = Client::h1(&sim).await;
    assert!(
        second
            .try_send(Method::GET, VERSION, &[], "")
            .await
            .is_err()
    );
    assert_eq!(first.get(VERSION).await.status, 200);
    assert_eq!(sim.counters().connections_peak, 1);
}

#[tokio::test]
async fn impossible_options_are_refused() {
    let error = Simulator::builder()
        .products(2)
        .max_products(1)
        .start()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Option {
                option: "products",
                ..
            }
        ),
        "{error}"
    );
    let sim = start(Simulator::builder()).await;
    assert!(!sim.put_product(json!(null)));
}

#[tokio::test(start_paused = true)]
async fn a_token_expires_until_a_new_one_is_made() {
    let hour = std::time::Duration::from_secs(3600);
    let sim = start(Simulator::builder().token_valid_for(hour)).await;
    let mut client = Client::h1(&sim).await;
    assert_eq!(client.get(VERSION).await.status, 200);
    tokio::time::advance(hour).await;
    assert_eq!(client.get(VERSION).await.status, 401);
    sim.replace_token(wats_sim::DEFAULT_TOKEN);
    assert_eq!(client.get(VERSION).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_says_when_to_come_again() {
    let minute = std::time::Duration::from_secs(60);
    let sim = start(Simulator::builder().rate_limit(2, minute)).await;
    let mut client = Client::h1(&sim).await;
    assert_eq!(client.get(VERSION).await.status, 200);
    tokio::time::advance(minute / 4).await;
    assert_eq!(client.get(VERSION).await.status, 200);
    for _ in 0..3 {
        let reply = client.get(VERSION).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.headers["retry-after"]),
            (429, &45.into())
        );
        assert!(reply.message().contains("45 s"));
    }
    tokio::time::advance(minute * 3 / 4).await;
    assert_eq!(
        client.get(VERSION).await.status,
        200,
        "the first has left the window"
    );
    assert_eq!(client.get(VERSION).await.headers["retry-after"], "15");
}
