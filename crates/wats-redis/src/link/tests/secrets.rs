//! Neither tokens nor passwords nor what they could be guessed from are written.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use ring::digest;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::up;
use crate::link::{Value, cmd};
use crate::security::hex;
use crate::shared::Shared;
use crate::testing::{Server, block_on, eventually};

const TOKEN: &str = "c3RhdGlvbi03OmNvcnJlY3QgaG9yc2U=";

/// What must not be found, in any form.
fn forbidden() -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for secret in [
        TOKEN,
        "station-7:correct horse",
        "correct horse",
        "s3cret-of-redis",
    ] {
        let bytes = secret.as_bytes();
        forms.push(bytes.to_vec());
        let mut hashes = vec![
            xxh3_64(bytes).to_le_bytes().to_vec(),
            xxh3_64(bytes).to_be_bytes().to_vec(),
            xxh3_128(bytes).to_be_bytes().to_vec(),
        ];
        for algorithm in [&digest::SHA1_FOR_LEGACY_USE_ONLY, &digest::SHA256] {
            let digest = digest::digest(algorithm, bytes);
            hashes.push(digest.as_ref()[..8].to_vec());
        }
        for hash in hashes {
            forms.push(hex(&hash).into_bytes());
            forms.push(hash);
        }
    }
    forms
}

#[track_caller]
fn clean(what: &str, bytes: &[u8]) {
    for secret in forbidden() {
        let found = bytes.windows(secret.len()).any(|part| part == secret);
        assert!(!found, "{what}: {:?}", String::from_utf8_lossy(&secret));
    }
}

#[test]
fn two_tokens_have_two_namespaces_and_no_secret_is_written() {
    let Some(server) = Server::start() else {
        return;
    };
    let rules = [
        "ACL",
        "SETUSER",
        "wats",
        "on",
        ">s3cret-of-redis",
        "~w1:*",
        "resetchannels",
        "&w1:*",
        "+@all",
    ];
    let _: Value = server.run(&rules);
    let mut monitor = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    monitor.write_all(b"MONITOR\r\n").unwrap();
    let _ = monitor.read(&mut [0; 5]).unwrap();

    let shared = Shared::builder(&server.url())
        .credentials("wats", "s3cret-of-redis")
        .build()
        .unwrap();
    let one = shared.link_of_token("wats.example:443", TOKEN).unwrap();
    let other = shared.link_of_token("wats.example:443", "other").unwrap();
    let again = shared.link_of_token("WATS.example:443", TOKEN).unwrap();
    assert!(std::sync::Arc::ptr_eq(&one, &again));
    eventually("trusted", || up(&one) && up(&other));
    let session = one.session().unwrap();
    let entry = session.keys().entry("product", b"=A");
    assert_ne!(
        entry,
        other.session().unwrap().keys().entry("product", b"=A")
    );
    let mut set = cmd("HSET");
    set.arg(&entry[..]).arg("f").arg("v");
    block_on(session.run(set)).unwrap();
    assert_eq!((one.members(), other.members()), (Some(1), Some(1)));

    let _: Value = server.run(&["SAVE"]);
    let dump = server.dump();
    assert!(dump.windows(entry.len()).any(|part| part == entry));
    clean("dump", &dump);
    let _: Value = server.run(&["ECHO", "the end"]);
    monitor
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut seen = Vec::new();
    while !seen.windows(7).any(|part| part == b"the end") {
        let mut buffer = [0; 4096];
        let read = monitor.read(&mut buffer).unwrap();
        assert!(read > 0);
        seen.extend_from_slice(&buffer[..read]);
    }
    assert!(
        seen.windows(4)
            .any(|part| part.eq_ignore_ascii_case(b"HSET"))
    );
    clean("monitor", &seen);
    let shown = format!(
        "{shared:?} {one:?} {session:?} {:?} {}",
        one.stats(),
        one.stats()
    );
    clean("shown", shown.as_bytes());
}
