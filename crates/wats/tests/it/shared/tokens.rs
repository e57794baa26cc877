//! Answers are those of one token, on the Redis too: stations with the same one share, and nothing that one token was told is
//! given with another.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use wats::redis::Shared;
use wats::{Error, Read, TokenProvider, Wats};
use wats_sim::{Access, Simulator};

use super::server::Server;
use super::{GET, NUMBER, asked, rename};

/// May do all.
const NEW: &str = "bmV3Om5ldw==";
/// May not see products.
const BARE: &str = "YmFyZTpiYXJl";

async fn simulator() -> Simulator {
    Simulator::builder()
        .products(3)
        .access(Access::new(NEW))
        .access(bare())
        .start()
        .await
        .unwrap()
}

fn bare() -> Access {
    Access::new(BARE).only("/api/App")
}

/// A station of its own, whose namespace is that of its token.
fn station(sim: &Simulator, server: &Server) -> (Wats, Shared) {
    let shared = Shared::builder(&server.url()).build().unwrap();
    let client = Wats::builder().base_url(sim.base_url()).token(sim.token());
    let client = client.rate_limit(None).shared(&shared);
    (client.build().unwrap(), shared)
}

async fn read(wats: &Wats, number: &str) -> Result<Option<String>, Error> {
    let product = wats.product().get(number).await?;
    Ok(product.name.clone())
}

/// Until the namespace of its token is trusted. It is known a while after somebody has asked for something.
async fn settle((wats, shared): &(Wats, Shared)) {
    loop {
        let _ = wats.version().await;
        let _ = read(wats, NUMBER).await;
        if shared.is_trusted() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is_refused(outcome: &Result<Option<String>, Error>) -> bool {
    let status = outcome
        .as_ref()
        .err()
        .and_then(|error| error.as_http()?.status());
    status.is_some_and(|status| status == 403)
}

#[tokio::test]
async fn a_token_with_fewer_rights_is_given_nothing_of_the_one_before() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let [one, other] = [station(&sim, &server), station(&sim, &server)];
    for station in [&one, &other] {
        settle(station).await;
        read(&station.0, NUMBER).await.unwrap();
    }
    one.0.http().set_token(BARE).unwrap();
    // From the first call on, and when its namespace is known.
    assert!(is_refused(&read(&one.0, NUMBER).await));
    settle(&one).await;
    assert!(is_refused(&read(&one.0, NUMBER).await));
    // The other keeps what it has.
    let before = asked(&sim);
    read(&other.0, NUMBER).await.unwrap();
    assert_eq!(asked(&sim), before);
    other.0.http().set_token(BARE).unwrap();
    assert!(is_refused(&read(&other.0, NUMBER).await));
    // Back again, it is given what the stations of its token have.
    one.0.http().set_token(sim.token()).unwrap();
    settle(&one).await;
    read(&one.0, NUMBER).await.unwrap();
    let before = asked(&sim);
    read(&one.0, NUMBER).await.unwrap();
    assert_eq!(asked(&sim), before);
}

#[tokio::test]
async fn stations_that_come_to_one_token_share_its_answers_and_writes() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let [one, other] = [station(&sim, &server), station(&sim, &server)];
    for station in [&one, &other] {
        settle(station).await;
        station.0.http().set_token(NEW).unwrap();
        settle(station).await;
    }
    let before = asked(&sim);
    let first = read(&one.0, "PART-0002").await.unwrap();
    assert_eq!(read(&other.0, "PART-0002").await.unwrap(), first);
    assert_eq!(asked(&sim), before + 1);
    rename(&one.0, "A").await;
    other.1.fence().await.unwrap();
    assert_eq!(read(&other.0, NUMBER).await.unwrap().as_deref(), Some("A"));
}

#[tokio::test]
async fn what_a_station_wrote_with_one_token_it_sees_with_the_next() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let [one, other] = [station(&sim, &server), station(&sim, &server)];
    other.0.http().set_token(NEW).unwrap();
    for station in [&one, &other] {
        settle(station).await;
        read(&station.0, NUMBER).await.unwrap();
    }
    rename(&one.0, "mine").await;
    one.0.http().set_token(NEW).unwrap();
    for _ in 0..2 {
        let name = read(&one.0, NUMBER).await.unwrap();
        assert_eq!(name.as_deref(), Some("mine"));
        settle(&one).await;
    }
    other.1.fence().await.unwrap();
    let name = read(&other.0, NUMBER).await.unwrap();
    assert_eq!(name.as_deref(), Some("mine"));
}

#[tokio::test]
async fn a_provider_that_goes_to_and_fro_mixes_nothing() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let full = sim.token().to_owned();
    let valid = Arc::new(Mutex::new(full.clone()));
    let of_provider = Arc::clone(&valid);
    let provider = TokenProvider::callback(move || {
        let token = of_provider.lock().unwrap().clone();
        Ok::<_, std::io::Error>(token)
    });
    let shared = Shared::builder(&server.url()).build().unwrap();
    let client = Wats::builder().base_url(sim.base_url());
    let client = client.token_provider(provider).rate_limit(None);
    let wats = client.shared(&shared).build().unwrap();
    let station = (wats.clone(), shared);
    sim.revoke(BARE);
    for _ in 0..4 {
        settle(&station).await;
        read(&wats, NUMBER).await.unwrap();
        // The one it has is refused, so it takes the other.
        sim.grant(bare());
        sim.revoke(&full);
        BARE.clone_into(&mut valid.lock().unwrap());
        let asks = wats.product().get(NUMBER).read(Read::Origin).await;
        assert!(is_refused(&asks.map(|product| product.name.clone())));
        assert!(is_refused(&read(&wats, NUMBER).await));
        sim.grant(Access::new(&full));
        sim.revoke(BARE);
        full.clone_into(&mut valid.lock().unwrap());
        read(&wats, NUMBER).await.unwrap();
    }
    // The one that is not in use may have been forgotten.
    let links = wats.shared_stats().unwrap().links.len();
    assert!(
        (1..=2).contains(&links),
        "a namespace for each token, however often it comes: {links}"
    );
}

/// Whatever is under way while the token is changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_are_under_way_mix_nothing_either() {
    let Some(server) = Server::start() else {
        return;
    };
    let sim = simulator().await;
    let station = station(&sim, &server);
    settle(&station).await;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let wats = station.0.clone();
            tokio::spawn(async move {
                loop {
                    let _ = read(&wats, NUMBER).await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let wats = &station.0;
    for round in 0..50 {
        wats.http().set_token(BARE).unwrap();
        for _ in 0..3 {
            assert!(is_refused(&read(wats, NUMBER).await), "round {round}");
        }
        wats.http().set_token(sim.token()).unwrap();
        for _ in 0..3 {
            read(wats, NUMBER).await.unwrap();
        }
        if round % 10 == 0 {
            settle(&station).await;
        }
    }
    for reader in readers {
        reader.abort();
    }
    assert!(sim.counters().requests_to(GET) > 0);
}
