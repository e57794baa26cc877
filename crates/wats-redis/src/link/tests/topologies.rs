//! TLS, Sentinel and Cluster.

use super::{member, up};
use crate::error::Error;
use crate::link::{Value, cmd};
use crate::shared::Shared;
use crate::testing::{Server, block_on, eventually, free_port, has_tls, major};
use crate::tier::{SharedCache, ValueCodec};
use wats_cache::Loaded;
use wats_http::TlsConfig;

#[test]
fn tls_is_spoken_to_servers_that_are_trusted_and_to_no_other() {
    if !has_tls() {
        return;
    }
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let port = free_port().to_string();
    let args = [
        "--tls-port",
        &port,
        "--tls-cert-file",
        certificate.to_str().unwrap(),
        "--tls-key-file",
        key.to_str().unwrap(),
        "--tls-ca-cert-file",
        certificate.to_str().unwrap(),
        "--tls-auth-clients",
        "no",
    ];
    let Some(_server) = Server::with(&args) else {
        return;
    };
    let url = format!("rediss://127.0.0.1:{port}");
    let tls = TlsConfig::default().only_ca_pem(&made.cert.pem()).unwrap();
    let shared = Shared::builder(&url)
        .tls(tls)
        .namespace("n")
        .build()
        .unwrap();
    let link = shared.link_of_program().unwrap();
    eventually("trusted", || up(&link));
    assert!(block_on(link.session().unwrap().run(cmd("PING"))).is_ok());

    let (_shared, stranger) = member(&url);
    eventually("attempts", || stranger.stats().failed_attempts >= 2);
    assert_eq!(stranger.session().unwrap_err(), Error::NoSession);
    let error = stranger.stats().last_error.unwrap();
    assert!(error.contains("certificate"), "{error}");
}

/// A master with a replica, and a sentinel that watches them.
struct Watched {
    master: Server,
    replica: Server,
    sentinel: Server,
}

impl Watched {
    fn start() -> Option<Self> {
        let lag = [
            "--min-replicas-max-lag",
            "1",
            "--repl-ping-replica-period",
            "1",
        ];
        let master = Server::with(&lag)?;
        let port = master.port().to_string();
        let replica = Server::with(&["--replicaof", "127.0.0.1", &port])?;
        let sentinel = Server::sentinel(&format!(
            "sentinel monitor wats 127.0.0.1 {port} 1\n\
             sentinel down-after-milliseconds wats 500\n\
             sentinel failover-timeout wats 3000\n"
        ))?;
        eventually("replicated", || {
            let info: String = master.run(&["INFO", "replication"]);
            info.contains("state=online")
        });
        eventually("the replica is known", || {
            let known: Vec<Value> = sentinel.run(&["SENTINEL", "replicas", "wats"]);
            known.len() == 1
        });
        Some(Self {
            master,
            replica,
            sentinel,
        })
    }

    fn shared(&self) -> Shared {
        // The host of the URL is not used.
        Shared::builder("redis://nobody.invalid")
            .sentinel("wats", [self.sentinel.address()])
            .namespace("n")
            .build()
            .unwrap()
    }
}

#[test]
fn after_a_failover_the_new_master_is_found() {
    let Some(mut watched) = Watched::start() else {
        return;
    };
    let shared = watched.shared();
    let link = shared.link_of_program().unwrap();
    eventually("trusted", || up(&link));
    let members: i64 = watched.master.run(&["ZCARD", "w1:{n}:n:members"]);
    assert_eq!(members, 1);
    watched.master.kill();
    eventually("untrusted", || !link.is_trusted());
    let took = eventually("trusted", || up(&link));
    println!("failover: trusted again after {took:?}");
    let info: String = watched.replica.run(&["INFO", "replication"]);
    assert!(info.contains("role:master"), "{info}");
    assert!(block_on(shared.fence()).is_ok());
}

#[test]
fn a_failover_under_load_costs_no_error_and_loses_values_and_no_more() {
    let Some(mut watched) = Watched::start() else {
        return;
    };
    let shared = watched.shared();
    let link = shared.link_of_program().unwrap();
    let codec = ValueCodec::message_pack("number", 1);
    let cache: SharedCache<String, u64> = shared.cache("number", codec).build().unwrap();
    eventually("trusted", || up(&link));
    let first = link.session().unwrap().number();
    let mut acknowledged = Vec::new();
    let mut write = |number: u64| {
        let refused = cache.stats().refused;
        block_on(cache.put(number.to_string(), number));
        if link.session().is_ok() && cache.stats().refused == refused {
            acknowledged.push(number);
        }
    };
    (0..200).for_each(&mut write);
    watched.master.kill();
    let mut written = 200;
    eventually("another master", || {
        write(written);
        written += 1;
        link.session().is_ok_and(|now| now.number() > first) && up(&link)
    });
    (written..written + 50).for_each(&mut write);
    let there = |number: &u64| -> bool {
        let key = format!("w1:{{n}}:c:knumber:={number}");
        watched.replica.run::<i64>(&["EXISTS", &key]) == 1
    };
    let lost = acknowledged.iter().filter(|number| !there(number)).count();
    println!(
        "{} values were acknowledged, {lost} of them are lost",
        acknowledged.len()
    );
    for number in [0, 199, written + 49] {
        let load = move || async move { Ok::<_, ()>(Loaded::new(number)) };
        let read = block_on(cache.get_or_load_with(number.to_string(), load));
        assert_eq!(read, Ok(number));
    }
    // What was written on the new one is there.
    assert!(there(&(written + 49)));
}

#[test]
fn a_master_that_is_cut_off_from_its_replicas_is_not_trusted() {
    let Some(watched) = Watched::start() else {
        return;
    };
    let link = watched.shared().link_of_program().unwrap();
    let _: Value = watched
        .master
        .run(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    eventually("trusted", || up(&link));
    watched.replica.freeze();
    eventually("untrusted", || {
        !link.is_trusted() && link.session().is_err()
    });
    watched.replica.thaw();
    eventually("trusted", || up(&link));
}

/// Three nodes that share the slots.
fn cluster() -> Option<Vec<Server>> {
    if major().is_some_and(|major| major < 7) {
        eprintln!("SKIPPED: a cluster is set up by commands that came with 7.0");
        return None;
    }
    let mut nodes = Vec::new();
    for _ in 0..3 {
        let bus = free_port().to_string();
        let node = Server::with(&["--cluster-enabled", "yes", "--cluster-port", &bus])?;
        nodes.push((node, bus));
    }
    let (first, first_bus) = (&nodes[0].0, &nodes[0].1);
    for (number, (node, _)) in nodes.iter().enumerate() {
        let (begin, end) = [("0", "5460"), ("5461", "10922"), ("10923", "16383")][number];
        let _: Value = node.run(&["CLUSTER", "ADDSLOTSRANGE", begin, end]);
        if number > 0 {
            let port = first.port().to_string();
            let _: Value = node.run(&["CLUSTER", "MEET", "127.0.0.1", &port, first_bus]);
        }
    }
    for (node, _) in &nodes {
        eventually("the cluster is up", || {
            let info: String = node.run(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        });
    }
    Some(nodes.into_iter().map(|(node, _)| node).collect())
}

#[test]
fn in_a_cluster_the_node_of_the_namespace_is_found_and_followed() {
    let Some(nodes) = cluster() else {
        return;
    };
    let slot_of = |namespace: &str| -> u16 {
        nodes[0].run(&[
            "CLUSTER",
            "KEYSLOT",
            &format!("w1:{{{namespace}}}:n:members"),
        ])
    };
    // One namespace for each node, asked for at the first.
    let mut links = Vec::new();
    for node in 0_u16..3 {
        let name = (0..1000)
            .map(|number| format!("line-{number}"))
            .find(|name| slot_of(name) / 5462 == node)
            .unwrap();
        let builder = Shared::builder(&nodes[0].url()).cluster([nodes[1].address()]);
        let shared = builder.namespace(name.clone()).build().unwrap();
        let link = shared.link_of_program().unwrap();
        eventually("trusted", || up(&link));
        let key = format!("w1:{{{name}}}:n:members");
        let members: i64 = nodes[usize::from(node)].run(&["ZCARD", &key]);
        assert_eq!(members, 1);
        links.push((shared, link, name));
    }

    // The slot of the first is moved to the last node, under load.
    let (shared, link, name) = &links[0];
    let slot = slot_of(name).to_string();
    let ids: Vec<String> = nodes
        .iter()
        .map(|node| node.run(&["CLUSTER", "MYID"]))
        .collect();
    let old = link.session().unwrap();
    let _: Value = nodes[2].run(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &ids[0]]);
    let _: Value = nodes[0].run(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &ids[2]]);
    loop {
        let keys: Vec<String> = nodes[0].run(&["CLUSTER", "GETKEYSINSLOT", &slot, "10"]);
        if keys.is_empty() {
            break;
        }
        let port = nodes[2].port().to_string();
        for key in keys {
            let _: Value = nodes[0].run(&["MIGRATE", "127.0.0.1", &port, &key, "0", "5000"]);
        }
    }
    for node in [2, 0, 1] {
        let _: Value = nodes[node].run(&["CLUSTER", "SETSLOT", &slot, "NODE", &ids[2]]);
    }
    eventually("another session", || up(link) && !old.is_current());
    assert!(block_on(shared.fence()).is_ok());
    let key = format!("w1:{{{name}}}:n:members");
    let members: i64 = nodes[2].run(&["ZCARD", &key]);
    assert_eq!(members, 1);
    assert!(links[1].1.is_trusted(), "{}", links[1].1.stats());
}
