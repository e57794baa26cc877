//! `wats queue`: looking without a server, sending, deciding, mending, moving to another machine, damage.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};

use serde_json::Value;
use wats_sim::Fault;

use crate::harness::{Home, Server, document, stderr, stdout};
use crate::reports::{enqueue, id, refused, test};

/// With the folder of the queue, relative to the home.
fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["queue", "--dir", "q"], more].concat()
}

fn ids(document: &Value) -> Vec<&str> {
    let items = document["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

#[test]
fn looking_needs_neither_server_nor_token() {
    let home = Home::new();
    let texts = [
        test(1, "SN-1", ""),
        test(2, "SN-2", ""),
        test(3, "sn-1", "again"),
    ];
    enqueue(&home.folder().join("q"), &texts);
    let list = |more: &[&str]| {
        let output = home.wats([&with(&["ls", "--json"]), more].concat()).run();
        assert!(output.status.success(), "{}", stderr(&output));
        document(&output)
    };
    let all = list(&[]);
    assert_eq!(ids(&all), [id(1), id(2), id(3)]);
    let first = &all["items"][0];
    assert_eq!(
        (&first["state"], &first["serial"], &first["process"]),
        (&"ready".into(), &"SN-1".into(), &100.into())
    );
    assert_eq!(all["items"][2]["state"], "behind");
    assert_eq!(ids(&list(&["--unit", "sn-1"])), [id(1), id(3)]);
    assert_eq!(ids(&list(&["--unit", "pcba-001/SN-2"])), [id(2)]);
    assert!(ids(&list(&["--unit", "OTHER/SN-2"])).is_empty());
    assert!(ids(&list(&["--process", "7"])).is_empty());
    assert_eq!(ids(&list(&["--state", "behind"])), [id(3)]);
    assert!(ids(&list(&["--state", "set-aside"])).is_empty());
    let page = list(&["--limit", "2"]);
    assert_eq!(ids(&page), [id(1), id(2)]);
    let last = page["items"][1]["seq"].to_string();
    assert_eq!(ids(&list(&["--after", &last])), [id(3)]);

    let shown = home.wats(with(&["show", &id(2), "--json"])).run();
    let shown = document(&shown);
    assert_eq!((&shown["schema"], &shown["id"]), (&1.into(), &id(2).into()));
    let body = home.wats(with(&["show", &id(2), "--body"])).run();
    assert_eq!(stdout(&body), texts[1]);

    let health = home.wats(with(&["health", "--json"])).run();
    assert_eq!(health.status.code(), Some(0));
    assert_eq!(document(&health)["to_send"], 3);
    // For people it fits a narrow terminal or none, and needs no colours.
    let table = home.wats(with(&["ls"])).env("COLUMNS", "40").run();
    assert!(stdout(&table).contains("SN-2") && !stdout(&table).contains('\u{1b}'));
}

#[test]
fn what_is_not_there_is_told_and_not_made() {
    let home = Home::new();
    home.wats(with(&["ls"])).assert().code(5);
    assert!(!home.folder().join("q").exists());
    home.wats(["queue", "ls"]).assert().code(2);
    enqueue(&home.folder().join("q"), &[]);
    for action in ["show", "retry", "fix"] {
        let output = home.wats(with(&[action, &id(9)])).run();
        assert_eq!(
            output.status.code(),
            Some(5),
            "{action}: {}",
            stderr(&output)
        );
    }
    home.wats(with(&["show", "nonsense"])).assert().code(2);
    // The folder may stand in the environment, too.
    home.wats(["queue", "health"])
        .env("WATS_QUEUE_DIR", home.folder().join("q"))
        .assert()
        .code(0);
}

#[test]
fn what_is_refused_is_mended_and_sent() {
    let server = Server::start();
    let folder = server.folder().join("q");
    let good = test(1, "SN-1", "");
    enqueue(&folder, &[good.clone(), refused(2)]);
    let drained = server.wats(with(&["drain", "--json"])).run();
    assert_eq!(drained.status.code(), Some(3), "{}", stderr(&drained));
    let told = document(&drained);
    assert_eq!((&told["sent"], &told["set_aside"]), (&1.into(), &1.into()));
    let stored = server.simulator().report_bytes(&id(1)).unwrap();
    assert_eq!(stored, good);

    let health = server.wats(with(&["health", "--json"])).run();
    assert_eq!(health.status.code(), Some(3));
    assert_eq!(document(&health)["set_aside"], 1);
    let sent = server.wats(with(&["show", &id(1), "--json"])).run();
    assert_eq!(document(&sent)["state"], "sent");
    let parked = server.wats(with(&["show", &id(2), "--json"])).run();
    let parked = document(&parked);
    assert_eq!(parked["state"], "parked");
    assert!(parked["reason"].is_string(), "{parked}");

    // What would be refused again is not taken, nor is another report.
    fs::write(
        server.folder().join("bad.json"),
        refused(2).replace("me", "you"),
    )
    .unwrap();
    let bad = server
        .wats(with(&["fix", &id(2), "--from", "bad.json", "--json"]))
        .run();
    assert_eq!(bad.status.code(), Some(3));
    let error: Value = serde_json::from_str(&stderr(&bad)).unwrap();
    assert!(!error["findings"].as_array().unwrap().is_empty(), "{error}");
    fs::write(server.folder().join("other.json"), test(3, "SN-3", "")).unwrap();
    server
        .wats(with(&["fix", &id(2), "--from", "other.json"]))
        .assert()
        .code(3);

    let mended = test(2, "SN-2", "mended");
    fs::write(server.folder().join("mended.json"), &mended).unwrap();
    let fixed = server
        .wats(with(&["fix", &id(2), "--from", "mended.json", "--json"]))
        .run();
    assert_eq!(fixed.status.code(), Some(0), "{}", stderr(&fixed));
    let copy = document(&fixed)["copy"].as_str().unwrap().to_owned();
    assert!(std::path::Path::new(&copy).join("manifest.jsonl").exists());
    server.wats(with(&["drain"])).assert().code(0);
    assert_eq!(server.simulator().report_bytes(&id(2)).unwrap(), mended);
    server.wats(with(&["health"])).assert().code(0);
}

/// The editor here is a program of Unix.
#[cfg(unix)]
#[test]
fn the_editor_has_the_text_and_what_it_makes_is_taken() {
    let server = Server::start();
    let folder = server.folder().join("q");
    enqueue(&folder, &[refused(2)]);
    server.wats(with(&["drain"])).assert().code(3);
    let fix = |editor: &str| {
        let program = server.wats(with(&["fix", &id(2)]));
        program.env("EDITOR", "false").env("VISUAL", editor).run()
    };
    assert_eq!(fix("true").status.code(), Some(0), "nothing was changed");
    assert_eq!(fix("false").status.code(), Some(1));
    // What it made is kept when the rules would refuse it.
    let broken = fix("sed -i.bak s/P/Q/g");
    assert_eq!(broken.status.code(), Some(3), "{}", stderr(&broken));
    let kept = folder.join(format!("fix-{}.wsjf", id(2)));
    assert!(stderr(&broken).contains("--from") && kept.exists());
    let mended = fix(r#"sed -i.bak 's/"pn": ""/"pn": "PCBA-001"/'"#);
    assert_eq!(mended.status.code(), Some(0), "{}", stderr(&mended));
    assert!(!kept.exists());
    server.wats(with(&["drain"])).assert().code(0);
    let stored = server.simulator().report(&id(2)).unwrap();
    assert_eq!(stored["pn"], "PCBA-001");
}

#[test]
fn an_outage_and_a_wrong_token_set_nothing_aside() {
    let server = Server::start();
    let folder = server.folder().join("q");
    enqueue(&folder, &[test(1, "SN-1", "")]);
    let wrong = server
        .wats(with(&["drain", "--for", "2s", "--json"]))
        .env("WATS_AUTH_TOKEN", "d3Jvbmc6d3Jvbmc=")
        .run();
    assert_eq!(wrong.status.code(), Some(4), "{}", stderr(&wrong));
    assert_eq!(document(&wrong)["left"], 1);
    server.wats(with(&["health"])).assert().code(4);
    // A good token ends that pause at once.
    server.simulator().inject(Fault::status(503).always());
    let outage = server.wats(with(&["drain", "--for", "2s", "--json"])).run();
    assert_eq!(outage.status.code(), Some(7), "{}", stderr(&outage));
    server.wats(with(&["health"])).assert().code(6);
    server.simulator().clear_faults();
    let again = server.wats(with(&["drain"])).run();
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    assert_eq!(server.simulator().receive_count(&id(1)), 1);
    server
        .wats(["queue", "drain", "--dir", "none"])
        .assert()
        .code(5);
}

/// Elsewhere nothing can press Ctrl-C for a process.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_drain_and_nothing_is_lost() {
    let server = Server::start();
    enqueue(&server.folder().join("q"), &[test(1, "SN-1", "")]);
    server.simulator().inject(Fault::status(503).always());
    let drain = server.wats(with(&["drain"])).start();
    crate::harness::until("the server was asked", || {
        server.simulator().counters().total_requests() > 0
    });
    drain.interrupt();
    let output = drain.output();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let left = server.wats(with(&["ls", "--json"])).run();
    assert_eq!(ids(&document(&left)), [id(1)]);
}

#[test]
fn what_is_discarded_is_kept_elsewhere() {
    let home = Home::new();
    enqueue(&home.folder().join("q"), &[test(1, "SN-1", "")]);
    home.wats(with(&["discard", &id(1), "--why", "a test"]))
        .assert()
        .code(2);
    home.wats(with(&["discard", &id(1), "--yes"]))
        .assert()
        .code(2);
    home.wats(with(&["discard", &id(1), "--yes", "--why", " "]))
        .assert()
        .code(2);
    let done = home
        .wats(with(&[
            "discard",
            &id(1),
            "--yes",
            "--why",
            "a test",
            "--json",
        ]))
        .run();
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let shown = home.wats(with(&["show", &id(1), "--json"])).run();
    let shown = document(&shown);
    assert_eq!(
        (&shown["state"], &shown["note"]),
        (&"discarded".into(), &"a test".into())
    );
    home.wats(with(&["discard", &id(1), "--yes", "--why", "again"]))
        .assert()
        .code(5);
    let copy = document(&done)["copy"].as_str().unwrap().to_owned();
    let back = home
        .wats(["queue", "--dir", "q2", "import", &copy, "--json"])
        .run();
    assert_eq!(document(&back)["copied"], 1);
    let body = home
        .wats(["queue", "--dir", "q2", "show", &id(1), "--body"])
        .run();
    assert_eq!(stdout(&body), test(1, "SN-1", ""));
}

#[test]
fn a_queue_moves_to_another_machine() {
    let home = Home::new();
    enqueue(
        &home.folder().join("q"),
        &[test(1, "SN-1", ""), test(2, "SN-2", "")],
    );
    let copied = home.wats(with(&["export", "stick", "--json"])).run();
    assert_eq!(document(&copied)["copied"], 2);
    home.wats(with(&["export", "stick"])).assert().code(1);
    let import = ["queue", "--dir", "new", "import", "stick", "--json"];
    assert_eq!(document(&home.wats(import).run())["copied"], 2);
    let again = home.wats(import).run();
    assert_eq!(document(&again)["known"], 2);
}

#[test]
fn damage_is_told_and_what_is_whole_is_there_again() {
    let home = Home::new();
    let folder = home.folder().join("q");
    enqueue(&folder, &[test(1, "SN-1", ""), test(2, "SN-2", "")]);
    home.wats(with(&["check"])).assert().code(0);
    let salvaged = home.wats(with(&["salvage", "--json"])).run();
    assert_eq!(salvaged.status.code(), Some(0));
    let mut file = fs::File::options()
        .write(true)
        .open(folder.join("queue.db"))
        .unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&[0x5a; 64]).unwrap();
    drop(file);
    let found = home.wats(with(&["check", "--json"])).run();
    assert_eq!(found.status.code(), Some(1), "{}", stderr(&found));
    let found = document(&found);
    assert_eq!(
        (&found["state"], &found["reports"]),
        (&"damaged".into(), &2.into())
    );
    home.wats(with(&["check"])).assert().code(0);
    let salvaged = home.wats(with(&["salvage", "--json"])).run();
    let salvaged = document(&salvaged);
    assert_eq!(salvaged["files"].as_array().unwrap().len(), 1, "{salvaged}");
    let list = home.wats(with(&["ls", "--json"])).run();
    assert_eq!(ids(&document(&list)), [id(1), id(2)]);
}

#[test]
fn a_closed_pipe_ends_a_long_list_quietly() {
    let home = Home::new();
    let texts: Vec<String> = (0..300).map(|n| test(n, "SN", "")).collect();
    enqueue(&home.folder().join("q"), &texts);
    let mut list = home.wats(with(&["ls", "--jsonl"])).start();
    assert!(list.line().unwrap().contains(&id(0)));
    list.close();
    let output = list.output();
    assert_eq!(
        (output.status.code(), stderr(&output)),
        (Some(0), String::new())
    );
}
