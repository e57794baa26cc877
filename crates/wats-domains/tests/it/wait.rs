//! Operations that are waited for: by threads, inside runtimes, from both sides of one client.

use std::thread;

use tokio::runtime::{Builder, Runtime};
use wats_domains::report::{Cursor, Station, Unit};
use wats_domains::{CacheOptions, Filter, HeaderQuery, ProductQuery, UutReport, Wats};
use wats_sim::{Fault, Simulator};

/// A server on a runtime of its own, which no test blocks.
pub(crate) struct Server {
    pub(crate) sim: Simulator,
    _runtime: Runtime,
}

pub(crate) fn server() -> Server {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let sim = runtime
        .block_on(Simulator::builder().products(20).start())
        .unwrap();
    Server {
        sim,
        _runtime: runtime,
    }
}

/// Each call goes to the server.
pub(crate) fn api(server: &Server) -> Wats {
    api_with(server, CacheOptions::off())
}

fn api_with(server: &Server, cache: CacheOptions) -> Wats {
    Wats::builder()
        .base_url(server.sim.base_url())
        .token(server.sim.token())
        .rate_limit(None)
        .cache(cache)
        .build()
        .unwrap()
}

pub(crate) fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn wait(api: &Wats) {
    let product = api.product().get("PART-0001").wait().unwrap();
    assert_eq!(product.part_number(), "PART-0001");
}

fn submit(api: &Wats) {
    let unit = Unit {
        part_number: "PART-0001",
        serial_number: "SN",
        revision: "A",
    };
    let report = UutReport::builder(unit, 100)
        .station(Station {
            name: "S",
            location: "L",
            purpose: "P",
        })
        .operator("O")
        .build()
        .unwrap();
    let submitted = api.report().submit(&report).wait().unwrap();
    assert_eq!(submitted.id, report.id());
}

async fn ask(api: &Wats) {
    let product = api.product().get("PART-0001").await.unwrap();
    assert_eq!(product.part_number(), "PART-0001");
}

#[test]
fn on_a_plain_thread() {
    let server = server();
    let api = api(&server);
    wait(&api);
    assert!(!api.process().list().wait().unwrap().is_empty());
    assert!(api.product().find("none").wait().unwrap().is_none());
    submit(&api);
    assert_eq!(server.sim.counters().connections_opened, 1);
}

#[test]
fn inside_runtimes_of_both_kinds_with_a_client_that_tasks_use_too() {
    let server = server();
    let several = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for runtime in [current_thread(), several] {
        let api = api(&server);
        runtime.block_on(async {
            // The connection of the task stands still while the wait holds up its thread.
            ask(&api).await;
            wait(&api);
            ask(&api).await;
            let other = api.clone();
            tokio::spawn(async move { wait(&other) }).await.unwrap();
        });
    }
}

/// 16 000 reads that are answered from memory, and 960 that go to the server.
#[test]
fn sixteen_threads_at_once() {
    let server = server();
    let (kept, unkept) = (api_with(&server, CacheOptions::default()), api(&server));
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    wait(&kept);
                }
            });
            scope.spawn(|| (0..60).for_each(|_| wait(&unkept)));
        }
    });
    assert_eq!(server.sim.counters().total_requests(), 1 + 16 * 60);
}

#[test]
fn after_the_runtime_that_dialled_has_ended() {
    let server = server();
    let api = api(&server);
    current_thread().block_on(ask(&api));
    wait(&api);
    current_thread().block_on(ask(&api));
    wait(&api);
}

#[test]
fn dropped_inside_a_task() {
    let server = server();
    current_thread().block_on(async {
        let api = api(&server);
        wait(&api);
        drop(api.product().get("PART-0001"));
        drop(api);
    });
}

#[test]
fn an_operation_that_is_dropped_sends_nothing() {
    let server = server();
    let api = api(&server);
    drop(api.version());
    assert_eq!(server.sim.counters().total_requests(), 0);
}

#[test]
fn lists_are_rows_or_iterators_of_all_rows() {
    let server = server();
    let api = api(&server);
    let some = ProductQuery::default().filter(Filter::le("partNumber", "PART-0012"));
    let at_once = api.product().query(&some).wait().unwrap();
    server.sim.reset_counters();
    let all = api.product().query(&some).each().page_size(5).wait();
    let numbers: Vec<String> = all
        .map(|product| product.unwrap().part_number.unwrap())
        .collect();
    assert_eq!(numbers.len(), at_once.len());
    assert!(
        numbers.len() > 10 && numbers.is_sorted_by(|a, b| a < b),
        "{numbers:?}"
    );
    let pages = numbers.len().div_ceil(5) as u64 + 1;
    assert_eq!(
        server.sim.counters().total_requests(),
        pages,
        "the last one is empty"
    );
}

#[test]
fn an_iterator_goes_on_where_it_was_left_and_ends_with_an_error() {
    let server = server();
    let api = api(&server);
    (0..7).for_each(|_| submit(&api));
    let query = HeaderQuery::default();
    let mut first = api.report().headers(&query).each().page_size(3).wait();
    assert!(first.by_ref().take(4).all(|header| header.is_ok()));
    let cursor = first.cursor();
    assert_eq!(
        cursor,
        Cursor::after(4),
        "behind what was taken, not what was read"
    );
    drop(first);

    let mut rest = api.report().since(cursor, &query).page_size(2).wait();
    assert!(rest.by_ref().take(2).all(|header| header.is_ok()));
    server
        .sim
        .inject(Fault::status(400).route("GET", "/api/Report/Query/Header"));
    let outcomes: Vec<bool> = rest.by_ref().take(9).map(|header| header.is_ok()).collect();
    assert_eq!(outcomes, [false], "an error is the last item");
    assert_eq!(rest.cursor(), Cursor::after(6));
    let rest = api.report().since(rest.cursor(), &query).wait();
    assert_eq!(rest.map(Result::unwrap).count(), 1);
}
