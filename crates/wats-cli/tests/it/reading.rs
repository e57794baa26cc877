//! Reports, products, units and yields, read from a server.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::harness::{Home, Server, document, stderr, stdout};

const FIRST: &str = "de300000-0000-4000-8000-000000000000";
const NONE: &str = "00000000-0000-4000-8000-000000000000";

fn factory() -> Server {
    let until = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    Server::of(Simulator::builder().seed_demo_until(until))
}

fn items(document: &Value) -> &[Value] {
    document["items"].as_array().unwrap()
}

#[test]
fn reports_are_printed_as_the_server_has_them() {
    let server = factory();
    let one = server.wats(["get", FIRST]).run();
    assert_eq!(document(&one), server.simulator().report(FIRST).unwrap());
    let two = server
        .wats(["get", FIRST, NONE, "de300000-0000-4000-8000-000000000001"])
        .run();
    assert_eq!(two.status.code(), Some(5));
    assert_eq!(stdout(&two).lines().count(), 2);
    assert!(stderr(&two).contains(NONE), "{}", stderr(&two));
    let xml = server.wats(["get", FIRST, "--wsxf"]).run();
    assert!(stdout(&xml).trim_start().starts_with('<'));
    server.wats(["get", FIRST, NONE, "--wsxf"]).assert().code(2);
}

#[test]
fn ids_come_from_a_list_and_reports_go_to_a_folder() {
    let server = factory();
    let list = server
        .wats([
            "headers", "--top", "3", "--order", "id", "--fields", "id", "--csv",
        ])
        .run();
    server
        .wats(["get", "-", "-o", "a/b"])
        .stdin(list.stdout)
        .assert()
        .code(0);
    let path = server.folder().join("a/b").join(format!("{FIRST}.json"));
    let report: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(Some(report), server.simulator().report(FIRST));
    assert_eq!(
        std::fs::read_dir(server.folder().join("a/b"))
            .unwrap()
            .count(),
        3
    );
    server.wats(["get", "-"]).stdin("no id\n").assert().code(2);
}

#[test]
fn a_column_without_a_value_is_a_record_and_a_list_may_have_a_mark_of_its_bytes() {
    let server = factory();
    let ids = ["headers", "--top", "2", "--fields", "id", "--csv"];
    let ids = stdout(&server.wats(ids).run());
    let printed = server
        .wats(["get", "-", "-o", "reports"])
        .stdin(format!("\u{feff}{}", ids.replace('\n', "\r\n")))
        .run();
    assert_eq!(printed.status.code(), Some(0), "{}", stderr(&printed));
    let files = std::fs::read_dir(server.folder().join("reports")).unwrap();
    assert_eq!(files.count(), 2);
    let batches = ["headers", "--top", "2", "--fields", "batch", "--csv"];
    let batches = stdout(&server.wats(batches).run());
    assert_eq!(batches.lines().count(), 3);
    assert!(batches.lines().all(|line| !line.is_empty()), "{batches:?}");
}

#[test]
fn a_table_has_what_was_measured() {
    let server = factory();
    let rows = server
        .wats(["get", FIRST, "--format", "table", "--json"])
        .run();
    let rows = document(&rows);
    let measured = items(&rows)
        .iter()
        .find(|row| row["kind"] == "number")
        .unwrap();
    assert_eq!(measured["report"], FIRST);
    assert!(
        measured["value"].is_number() && measured["low"].is_number(),
        "{measured}"
    );
    assert!(
        measured["step"].as_str().unwrap().starts_with("Measure/"),
        "{measured}"
    );
    let csv = server.wats(["get", FIRST, "--csv"]).run();
    assert!(stdout(&csv).starts_with("step,name,status,value,low,high,unit\n"));
}

#[test]
fn attachments_stay_in_their_folder() {
    let server = Server::start();
    let id = "00000000-0000-4000-8000-0000000000aa";
    let step = |number: u32, name: &str| {
        json!({ "id": number, "group": "M", "stepType": "Attachment", "name": format!("S{number}"), "status": "P",
            "attachment": { "name": name, "contentType": "text/plain", "data": "aGVsbG8=" } })
    };
    let report = json!({
        "type": "T", "id": id, "pn": "P", "sn": "S", "rev": "A", "processCode": 100, "result": "P", "machineName": "M",
        "location": "L", "purpose": "T", "start": "2026-01-30T22:01:41+01:00",
        "root": { "id": 0, "group": "M", "stepType": "SequenceCall", "name": "Main", "status": "P",
            "seqCall": { "path": "p", "name": "n", "version": "1" },
            "steps": [step(1, "../../evil.txt"), step(2, "a.txt"), step(3, "A.txt")] },
        "uut": { "user": "u", "execTime": 1.0 },
    });
    server.simulator().load_report(report.to_string()).unwrap();
    let output = server
        .wats(["get", id, "--attachments", "files", "-o", "reports"])
        .run();
    assert!(output.status.success(), "{}", stderr(&output));
    let folder = server.folder().join("files").join(id);
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["A (2).txt", "a.txt", "evil.txt"]);
    assert_eq!(std::fs::read(folder.join("evil.txt")).unwrap(), b"hello");
}

#[test]
fn headers_are_chosen_by_flags() {
    let server = factory();
    let count = |arguments: &[&str]| {
        let program = server.wats(["headers", "--all", "--json"]);
        let output = arguments
            .iter()
            .fold(program, crate::harness::Program::arg)
            .run();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            stderr(&output)
        );
        let rows = document(&output);
        assert!(items(&rows).iter().all(|row| row["id"].is_string()));
        items(&rows).len()
    };
    let all = count(&[]);
    assert_eq!(all, 1_000);
    assert_eq!(
        count(&["--type", "test"]) + count(&["--type", "repair"]),
        all
    );
    assert_eq!(
        count(&["--type", "test", "--status", "passed,failed"]),
        count(&["--type", "test"])
    );
    assert_eq!(
        count(&["--process", "60"])
            + count(&["--process", "90"])
            + count(&["--process", "100"])
            + count(&["--process", "500"]),
        all
    );
    assert_eq!(
        count(&["--until", "2026-09-10"]) + count(&["--since", "2026-09-10"]),
        all
    );
    assert!(count(&["--serial", "SN000001"]) >= 3);
    assert!(
        count(&[
            "--part",
            "DEMO-BOX-300",
            "--revision",
            "1.1",
            "--station",
            "EOL-01"
        ]) > 0
    );
    assert_eq!(
        count(&["--filter", "serialNumber eq 'SN000001'"]),
        count(&["--serial", "SN000001"])
    );
    assert_eq!(count(&["--part", "O'Neill"]), 0);
    server
        .wats(["headers", "--filter", "nonsense ("])
        .assert()
        .code(3);

    let cut = server.wats(["headers", "--jsonl"]).run();
    assert_eq!(stdout(&cut).lines().count(), 100);
    assert!(stderr(&cut).contains("--all"), "{}", stderr(&cut));
    let oldest = document(
        &server
            .wats(["headers", "--top", "2", "--order", "oldest", "--json"])
            .run(),
    );
    assert_eq!(items(&oldest)[0]["id"], FIRST);
    server.wats(["headers", "--top", "10001"]).assert().code(2);
}

#[test]
fn products_and_units_are_looked_up() {
    let server = factory();
    let all = document(&server.wats(["products", "--json"]).run());
    assert_eq!(items(&all).len(), 3);
    let some = server
        .wats(["products", "DEMO-BOX-300", "none", "--json"])
        .run();
    assert_eq!(some.status.code(), Some(5));
    assert_eq!(
        items(&document(&some))[0]["revisions"],
        json!(["1.0", "1.1"])
    );
    assert!(
        stderr(&some).contains("\"kind\":\"not-found\""),
        "{}",
        stderr(&some)
    );
    let one = document(&server.wats(["products", "--top", "1", "--json"]).run());
    assert_eq!(items(&one).len(), 1);

    let header = document(
        &server
            .wats(["headers", "--serial", "SN000001", "--json"])
            .run(),
    );
    let part = items(&header)[0]["part"].as_str().unwrap().to_owned();
    let unit = server
        .wats(["units", "SN000001", "--part", &part, "--json"])
        .run();
    assert!(unit.status.success(), "{}", stderr(&unit));
    assert_eq!(items(&document(&unit))[0]["serial"], "SN000001");
    server
        .wats(["units", "none", "--part", &part])
        .assert()
        .code(5);
    server.wats(["units", "SN000001"]).assert().code(2);
}

#[test]
fn yields_have_their_figures() {
    let server = factory();
    let time = ["--since", "2026-01-01", "--until", "2026-12-01", "--json"];
    let rows = |arguments: &[&str]| {
        let program = server.wats(["yield"]);
        let all = arguments.iter().chain(&time);
        let output = all.fold(program, crate::harness::Program::arg).run();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            stderr(&output)
        );
        document(&output)["items"].as_array().unwrap().clone()
    };
    let usual = rows(&[]);
    assert_eq!(
        usual.len(),
        9,
        "three products in three processes: {usual:?}"
    );
    for row in &usual {
        let fpy = row["fpy"].as_f64().unwrap();
        let lpy = row["lpy"].as_f64().unwrap();
        assert!(0.0 < fpy && fpy <= lpy && lpy <= 100.0, "{row}");
        assert!(
            row["part"].is_string() && row["process"].is_string() && row["units"].is_i64(),
            "{row}"
        );
    }
    let stations = rows(&[
        "--by",
        "station",
        "--process",
        usual[0]["process"].as_str().unwrap(),
    ]);
    assert_eq!(stations.len(), 2);
    let weeks = rows(&["--by", "part", "--part", "DEMO-BOX-300", "--period", "week"]);
    assert!(
        weeks.len() > 2 && weeks.iter().all(|row| row["period"].is_string()),
        "{weeks:?}"
    );
    let cut = server
        .wats(["yield", "--top", "1", "--since", "2026-01-01"])
        .run();
    assert!(stderr(&cut).contains("--top"), "{}", stderr(&cut));
}

#[test]
fn of_several_failures_the_gravest_counts() {
    let server = factory();
    for (ids, before) in [([NONE, FIRST], 1), ([FIRST, NONE], 0)] {
        let wrong = wats_sim::Fault::status(400).skip(before).times(1);
        server.simulator().inject(wrong);
        let output = server.wats(["get"]).args(ids).run();
        assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 2, "{}", stderr(&output));
        server.simulator().clear_faults();
    }
}

#[test]
fn a_dead_server_ends_all_at_once() {
    let home = Home::new();
    let token = crate::harness::TOKEN;
    for line in [
        format!("get {FIRST} {NONE}"),
        "products A B".to_owned(),
        "units A B --part P".to_owned(),
        "yield".to_owned(),
        "headers --all".to_owned(),
    ] {
        // Nothing listens on port 1.
        let output = home
            .wats(
                line.split(' ')
                    .chain(["--base-url", "http://127.0.0.1:1", "--timeout", "1s"]),
            )
            .env("WATS_AUTH_TOKEN", token)
            .run();
        assert_eq!(output.status.code(), Some(6), "{line}: {}", stderr(&output));
        assert_eq!(
            stderr(&output).lines().count(),
            1,
            "{line}: {}",
            stderr(&output)
        );
    }
}
