//! Requests of random bytes, paths, queries and bodies: nothing panics, and what is kept has a bound.
//!
//! `WATS_SIM_REQUESTS=1000000` sends more of them.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wats_sim::Simulator;

use crate::common::{Client, report, start};

/// A generator that gives the same numbers each time (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

const WORDS: &[&str] = &[
    "PART-0001",
    "S1",
    "A",
    "%2F",
    "%00",
    "%FF",
    "..",
    "-1",
    "0",
    "1e999",
    "9223372036854775808",
    "true",
    "null",
    "x%27y",
    "''",
    "33a2d408-3fc8-480b-b554-6866c77fd91c",
    "2026-01-30T22:01:41Z",
    "%C3%B8",
    "(((((",
    "WATS",
    "json",
];
const OPTIONS: &[&str] = &[
    "$filter=serialNumber%20eq%20'x'",
    "$filter=((((",
    "$orderby=start%20desc",
    "$top=99999999999",
    "$skip=1",
    "$select=uuid,x",
    "$expand=subUnits",
    "serialNumber=S1",
    "partNumber=PART-0001",
    "id=x",
    "quantity=1000000000",
    "serialNumberType=MAC",
    "startAddress=FF",
    "dateFrom=9999-12-31T23:59:59Z",
    "maxCount=-1",
    "days=99999",
    "dimensions=partNumber;period",
    "measurementPaths=a/b",
    "availableTime=0",
    "level=9",
    "dateTime=0000",
    "count=1",
    "status=1",
];
const BODIES: &[&str] = &[
    "",
    "{}",
    "[]",
    "null",
    "[{}]",
    "[null]",
    "{\"id\":1}",
    "[[[[[[[[[[[[",
    "\"x\"",
    "{\"partNumber\":\"P\",\"revisions\":[{\"revision\":\"A\"}]}",
    "[{\"serialNumber\":\"S\",\"partNumber\":\"P\"}]",
    "<Report/>",
    "{\"serialNumber\":\"A\",\"assetName\":null,\"typeId\":\"x\"}",
    "{\"dateFrom\":\"9999-99-99\",\"topCount\":-5,\"periodCount\":1e9,\"dateGrouping\":99}",
    "{\"name\":\"x\",\"files\":[{}]}",
];

/// The paths of all routes that are known, from the list of the server's own.
fn random_request(random: &mut Random, routes: &[String]) -> Vec<u8> {
    if random.below(20) == 0 {
        return (0..random.below(200))
            .map(|_| random.next() as u8)
            .collect();
    }
    let mut path = String::new();
    if random.below(10) == 0 {
        for _ in 0..random.below(6) {
            path += "/";
            path += random.one_of(WORDS);
        }
    } else {
        let route = &routes[random.below(routes.len())];
        let mut rest = route.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            path += before;
            path += random.one_of(WORDS);
            rest = after.split_once('}').map_or("", |(_, after)| after);
        }
        path += rest;
    }
    for place in 0..random.below(4) {
        path += if place == 0 { "?" } else { "&" };
        path += random.one_of(OPTIONS);
    }
    let method = random.one_of(&["GET", "POST", "PUT", "DELETE", "PATCH"]);
    let body = if random.below(8) == 0 {
        report(
            "33a2d408-3fc8-480b-b554-6866c77fd91c",
            random.one_of(WORDS),
            "F",
            random.one_of(WORDS),
        )
        .to_string()
    } else {
        random.one_of(BODIES).to_owned()
    };
    let token = wats_sim::DEFAULT_TOKEN;
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends requests until the server closes; answers how many were sent.
async fn connection(address: &str, random: &mut Random, routes: &[String], most: usize) -> usize {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = vec![0; 64 * 1024];
    for sent in 1..=most {
        if stream
            .write_all(&random_request(random, routes))
            .await
            .is_err()
        {
            return sent;
        }
        // What is no request may get no answer: the end of writing makes the server give up.
        let whole = async {
            let mut read = 0;
            loop {
                let more = stream.read(&mut answer[read..]).await.unwrap_or(0);
                read += more;
                let head = String::from_utf8_lossy(&answer[..read]).to_ascii_lowercase();
                if more == 0 {
                    return false;
                }
                if let Some((head, body)) = head.split_once("\r\n\r\n") {
                    let length = head
                        .lines()
                        .find_map(|line| line.strip_prefix("content-length: "));
                    let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
                    // A long answer is not needed to its end.
                    if body.len() >= length.min(30_000) {
                        return body.len() >= length;
                    }
                }
            }
        };
        if !tokio::time::timeout(std::time::Duration::from_millis(300), whole)
            .await
            .unwrap_or(false)
        {
            return sent;
        }
    }
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_makes_the_server_panic() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        before(info);
    }));
    let wanted = std::env::var("WATS_SIM_REQUESTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(10_000);
    let sim = start(
        Simulator::builder()
            .products(5)
            .max_products(50)
            .max_reports(50)
            .max_documents(50)
            .max_body(1 << 20),
    )
    .await;
    let address = sim.base_url().trim_start_matches("http://").to_owned();
    let routes: Vec<String> = Simulator::routes()
        .iter()
        .map(|(_, template)| (*template).to_owned())
        .collect();
    let mut random = Random(7);
    let mut sent = 0;
    while sent < wanted {
        sent += connection(&address, &mut random, &routes, 200).await;
    }
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
    assert_eq!(
        Client::h1(&sim).await.get("/api/App/Version").await.status,
        200
    );
}
