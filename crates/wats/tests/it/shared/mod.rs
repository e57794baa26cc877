//! What clients share on a real Redis, counted by the simulator: calls that are not made, writes that are seen, and that
//! nothing fails without the Redis.

mod server;
mod tokens;

use std::process::Command;
use std::time::Duration;

use wats::redis::Shared;
use wats::{CacheOptions, Deadline, ErrorKind, RateLimit, Read, Timeouts, Wats};
use wats_sim::{Access, Simulator};

use self::server::{Server, free_port};

const GET: &str = "GET /api/Product/{partNumber}";
const NUMBER: &str = "PART-0001";

/// What a second process is told by.
const OTHER: &str = "WATS_TEST_OF_SHARING";

async fn simulator() -> Simulator {
    Simulator::builder().products(3).start().await.unwrap()
}

fn shared(url: &str) -> Shared {
    Shared::builder(url).namespace("test").build().unwrap()
}

/// Waits until it has a session that is trusted.
async fn ready(shared: &Shared) {
    while !shared.is_trusted() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn client_at(url: &str, token: &str, shared: &Shared) -> Wats {
    let client = Wats::builder().base_url(url).token(token);
    client.rate_limit(None).shared(shared).build().unwrap()
}

fn client(sim: &Simulator, shared: &Shared) -> Wats {
    client_at(sim.base_url(), sim.token(), shared)
}

/// Two stations on one Redis.
async fn stations(sim: &Simulator, server: &Server) -> [(Wats, Shared); 2] {
    let station = || async {
        let shared = shared(&server.url());
        ready(&shared).await;
        (client(sim, &shared), shared)
    };
    [station().await, station().await]
}

fn asked(sim: &Simulator) -> u64 {
    sim.counters().requests_to(GET)
}

async fn name(wats: &Wats) -> Option<String> {
    wats.product().get(NUMBER).await.unwrap().name.clone()
}

async fn rename(wats: &Wats, name: &str) {
    let read = wats.product().get(NUMBER).read(Read::Origin);
    let mut product = (*read.await.unwrap()).clone();
    product.name = Some(name.to_owned());
    wats.product().save(&product).await.unwrap();
}

#[tokio::test]
async fn two_stations_ask_the_server_once() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let [(one, _), (other, _)] = stations(&sim, &server).await;
    let first = one.product().get(NUMBER).await.unwrap();
    let second = other.product().get(NUMBER).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(asked(&sim), 1);
    // From memory it is the same value, and no copy. What was read while the first cache of a station was being made may be
    // read once more.
    let mut last = second;
    loop {
        let again = other.product().get(NUMBER).await.unwrap();
        if std::sync::Arc::ptr_eq(&last, &again) {
            break;
        }
        last = again;
    }
    assert_eq!(asked(&sim), 1);

    // Lists, and copies of one's own.
    let processes = one.process().list().await.unwrap();
    assert_eq!(other.process().list().await.unwrap(), processes);
    assert_eq!(sim.counters().requests_to("GET /api/App/Processes"), 1);
}

#[tokio::test]
async fn a_write_of_one_station_is_seen_by_the_others() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let [(one, _), (other, of_other)] = stations(&sim, &server).await;
    for new in ["A", "B", "C"] {
        let _ = name(&other).await;
        rename(&one, new).await;
        // The write had ended before: the fence brings what it has made stale.
        of_other.fence().await.unwrap();
        assert_eq!(name(&other).await.as_deref(), Some(new));
        assert_eq!(name(&one).await.as_deref(), Some(new));
    }
}

#[tokio::test]
async fn what_is_refreshed_is_asked_for_again() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let [(one, _), (other, of_other)] = stations(&sim, &server).await;
    name(&one).await;
    name(&other).await;
    one.product().refresh();
    name(&one).await;
    assert_eq!(asked(&sim), 2);
    of_other.fence().await.unwrap();
    name(&other).await;
    assert_eq!(asked(&sim), 2, "the other has it from the first");
}

#[tokio::test]
async fn a_call_says_where_its_answer_may_come_from() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let [(one, _), (other, _)] = stations(&sim, &server).await;
    name(&one).await;
    let get = |wats: &Wats, read| wats.product().get(NUMBER).read(read);
    get(&other, Read::Shared).await.unwrap();
    get(&other, Read::Shared).await.unwrap();
    assert_eq!(asked(&sim), 1);
    get(&other, Read::Origin).await.unwrap();
    assert_eq!(asked(&sim), 2);
    // What came is kept.
    get(&other, Read::Cached).await.unwrap();
    assert_eq!(asked(&sim), 2);
    // Also in an operation that reads for another purpose.
    for read in [Read::Cached, Read::Cached, Read::Origin] {
        other.process().test_operations().read(read).await.unwrap();
    }
    assert_eq!(sim.counters().requests_to("GET /api/App/Processes"), 2);
}

#[tokio::test]
async fn nothing_fails_when_the_redis_is_killed() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let [(one, of_one), (other, _)] = stations(&sim, &server).await;
    name(&one).await;
    for at in 0..40 {
        if at == 10 {
            server.kill();
        }
        let new = format!("name {at}");
        rename(&one, &new).await;
        assert_eq!(name(&one).await.as_deref(), Some(&*new));
        // The other may still have what it was allowed to trust.
        name(&other).await;
    }
    while of_one.is_trusted() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(name(&other).await, name(&one).await);
}

#[tokio::test]
async fn a_wrong_address_is_as_good_as_none() {
    let sim = simulator().await;
    let shared = shared(&format!("redis://127.0.0.1:{}", free_port()));
    let wats = client(&sim, &shared);
    rename(&wats, "A").await;
    assert_eq!(name(&wats).await.as_deref(), Some("A"));
    wats.product().refresh();
    assert_eq!(name(&wats).await.as_deref(), Some("A"));
    assert!(shared.fence().await.is_err());
}

#[test]
fn a_wait_is_not_held_up_by_a_task_of_its_own_thread() {
    let Some(server) = Server::start() else {
        return;
    };
    let elsewhere = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let sim = Simulator::builder()
        .products(3)
        .latency(Duration::from_millis(50))
        .start();
    let sim = elsewhere.block_on(sim).unwrap();
    let here = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    here.block_on(async {
        let [(one, _), _] = stations(&sim, &server).await;
        let of_task = one.clone();
        let task = tokio::spawn(async move { name(&of_task).await });
        while asked(&sim) == 0 {
            tokio::task::yield_now().await;
        }
        // It joins what the task has begun, and holds up the thread on which that runs.
        let waited = one.product().get(NUMBER).wait().unwrap();
        assert_eq!(task.await.unwrap(), waited.name);
        assert_eq!(asked(&sim), 1);
    });
}

#[tokio::test]
async fn stations_keep_to_one_rate_limit() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let station = || {
        let shared = shared(&server.url());
        let client = Wats::builder()
            .base_url(sim.base_url())
            .token(sim.token())
            .cache(CacheOptions::off())
            .rate_limit(RateLimit::new(6, Duration::from_secs(3600)))
            .timeouts(Timeouts::default().total(Duration::from_secs(30)))
            .shared(&shared);
        (client.build().unwrap(), shared)
    };
    let [(one, of_one), (other, of_other)] = [station(), station()];
    ready(&of_one).await;
    ready(&of_other).await;
    for wats in [&one, &other, &one, &other, &one, &other] {
        wats.product().get(NUMBER).await.unwrap();
    }
    for wats in [&one, &other] {
        let error = wats.product().get(NUMBER).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Timeout(Deadline::RateLimit),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_new_token_has_a_limit_of_its_own() {
    let Some(server) = Server::start() else {
        return;
    };
    let other = "b3RoZXI6b3RoZXI=";
    let sim = Simulator::builder().products(3).access(Access::new(other));
    let sim = sim.start().await.unwrap();
    // Without a name, each token has a namespace of its own.
    let shared = Shared::builder(&server.url()).build().unwrap();
    let wats = Wats::builder()
        .base_url(sim.base_url())
        .token(sim.token())
        .cache(CacheOptions::off())
        .rate_limit(RateLimit::new(2, Duration::from_secs(3600)))
        .local_share(1)
        .timeouts(Timeouts::default().total(Duration::from_secs(30)))
        .shared(&shared)
        .build()
        .unwrap();
    let get = async || wats.product().get(NUMBER).await;
    ready(&shared).await;
    for _ in 0..2 {
        get().await.unwrap();
    }
    let granted = || wats.shared_stats().unwrap().rate_limit.unwrap().granted;
    assert_eq!(granted(), 2);
    assert!(get().await.is_err());
    wats.http().set_token(other).unwrap();
    ready(&shared).await;
    for _ in 0..2 {
        get().await.unwrap();
    }
    assert_eq!(granted(), 2);
    assert!(get().await.is_err());
}

#[tokio::test]
async fn a_station_alone_may_be_given_less() {
    let sim = simulator().await;
    let shared = shared(&format!("redis://127.0.0.1:{}", free_port()));
    let wats = Wats::builder()
        .base_url(sim.base_url())
        .token(sim.token())
        .rate_limit(RateLimit::new(500, Duration::from_secs(3600)))
        .local_share(3)
        .timeouts(Timeouts::default().total(Duration::from_secs(30)))
        .shared(&shared)
        .build()
        .unwrap();
    for _ in 0..3 {
        wats.version().await.unwrap();
    }
    let error = wats.version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::RateLimit));
    let stats = wats.shared_stats().unwrap();
    assert_eq!(stats.rate_limit.unwrap().local, 3);
    assert!(
        Wats::builder()
            .base_url(sim.base_url())
            .token("eA==")
            .build()
            .unwrap()
            .shared_stats()
            .is_none()
    );
}

#[tokio::test]
async fn statistics_tell_of_all_levels() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let [(one, _), (other, _)] = stations(&sim, &server).await;
    name(&one).await;
    name(&other).await;
    let stats = other.shared_stats().unwrap();
    assert!(stats.links[0].connected);
    assert!(stats.rate_limit.is_none(), "this client has no limit");
    let (class, products) = &stats.classes[0];
    assert_eq!(class, "products");
    assert_eq!((products.led, products.shared_hits), (0, 1));
    let text = stats.to_string();
    assert!(text.starts_with("link: connected"), "{text}");
    assert!(text.contains("\nproducts: SharedCacheStats("), "{text}");
}

#[tokio::test]
async fn another_process_has_what_this_one_asked_for() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let [(one, of_one), _] = stations(&sim, &server).await;
    rename(&one, "of the first").await;
    name(&one).await;
    let before = asked(&sim);
    let other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shared::the_other_process", "--ignored"])
        .env(
            OTHER,
            format!("{} {} {}", sim.base_url(), sim.token(), server.url()),
        )
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // The simulator runs on this thread.
    let output = tokio::task::spawn_blocking(move || other.wait_with_output().unwrap());
    let output = output.await.unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    // It has read it to write it, and not before.
    assert_eq!(asked(&sim), before + 1);
    of_one.fence().await.unwrap();
    assert_eq!(name(&one).await.as_deref(), Some("of the other"));
}

#[tokio::test]
#[ignore = "another test runs it in a process of its own"]
async fn the_other_process() {
    let told = std::env::var(OTHER).unwrap();
    let [url, token, redis] = told.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let shared = shared(redis);
    ready(&shared).await;
    let wats = client_at(url, token, &shared);
    assert_eq!(name(&wats).await.as_deref(), Some("of the first"));
    rename(&wats, "of the other").await;
}
