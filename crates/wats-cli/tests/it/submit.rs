//! `wats submit`: what reaches the server, what does not, and what is said of each.

use std::time::Duration;

use wats::serde_json::{Value, json};
use wats_sim::Fault;

use crate::harness::{Home, Server, stderr, stdout};
use crate::samples::{document_of, error, passed, refused, rows, text_of};

fn write(server: &Server, name: &str, text: impl AsRef<[u8]>) {
    std::fs::write(server.folder().join(name), text).unwrap();
}

fn outcomes(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .map(|row| row["outcome"].as_str().unwrap())
        .collect()
}

#[test]
fn each_report_of_each_file_is_sent_as_it_stands_there() {
    let server = Server::start();
    let one = passed("SN-1", 5.0);
    let marked = format!("\u{feff}{}\n", text_of(&one));
    write(&server, "one.json", &marked);
    let several = [passed("SN-2", 5.1), passed("SN-3", 5.2)];
    let lines: Vec<String> = several
        .iter()
        .map(|one| document_of(one).to_string())
        .collect();
    write(&server, "lines.jsonl", lines.join("\n"));
    let mut nameless = document_of(&passed("SN-4", 5.0));
    nameless.as_object_mut().unwrap().remove("id");
    write(&server, "nameless.json", format!("[{nameless}]"));
    write(&server, "notes.txt", "not for the server");
    let output = server.wats(["submit", ".", "--json"]).run();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    assert!(
        stderr(&output).contains("1 others are passed over"),
        "{}",
        stderr(&output)
    );
    let all = rows(&output);
    assert_eq!(outcomes(&all), ["sent"; 4]);
    let bytes = |id: &str| server.simulator().report_bytes(id).unwrap();
    assert_eq!(
        bytes(&one.id().to_string()),
        marked.trim_start_matches('\u{feff}')
    );
    for (report, text) in several.iter().zip(&lines) {
        assert_eq!(bytes(&report.id().to_string()), *text);
    }
    // The same again is the same report, also for one whose id was made.
    let made = all
        .iter()
        .find(|row| row["file"].as_str().unwrap().contains("nameless"))
        .unwrap();
    let made = made["id"].as_str().unwrap();
    assert_eq!(server.simulator().report(made).unwrap()["sn"], "SN-4");
    server.wats(["submit", "nameless.json"]).assert().code(0);
    assert_eq!(server.simulator().receive_count(made), 2);
}

#[test]
fn xml_and_standard_input_are_taken_too() {
    let server = Server::start();
    let (one, two) = (passed("SN-1", 5.0), passed("SN-2", 5.0));
    let xml = wats::report::wsxf::write_all([one.report(), two.report()])
        .unwrap()
        .xml;
    let output = server.wats(["submit", "-", "--jsonl"]).stdin(xml).run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output).lines().count(), 2);
    for report in [&one, &two] {
        assert!(
            server
                .simulator()
                .report(&report.id().to_string())
                .is_some()
        );
    }
}

#[test]
fn what_the_rules_refuse_is_not_sent_unless_it_is_forced() {
    let server = Server::start();
    write(&server, "bad.json", refused());
    write(&server, "good.json", text_of(&passed("SN-1", 5.0)));
    let output = server
        .wats(["submit", "bad.json", "good.json", "--json"])
        .run();
    assert_eq!(output.status.code(), Some(3));
    let all = rows(&output);
    assert_eq!(
        outcomes(&all),
        ["refused", "sent"],
        "each has its place, the good one is sent"
    );
    let told = error(&output);
    assert_eq!(
        (&told["code"], &told["kind"]),
        (&json!(3), &json!("refused"))
    );
    assert_eq!(told["findings"][0]["rule"], "R103");
    assert_eq!(server.simulator().counters().total_requests(), 1);

    let forced = server
        .wats(["submit", "bad.json", "--force", "--json"])
        .run();
    assert_eq!(forced.status.code(), Some(3), "now the server refuses it");
    assert_eq!(error(&forced)["status"], 400);
    let people = server.wats(["submit", "bad.json"]).run();
    assert!(
        stderr(&people).contains("R103") && stderr(&people).contains("error: "),
        "{}",
        stderr(&people)
    );
}

#[test]
fn each_trouble_has_its_code_and_a_clear_line() {
    let server = Server::start();
    write(&server, "good.json", text_of(&passed("SN-1", 5.0)));
    for (name, text, code, word) in [
        ("broken.json", "{\"sn\": ", 1, "broken.json"),
        ("table.csv", "a;b\n1;2", 1, "format is not known"),
        (
            "record.json",
            "{\"dut_id\": \"x\", \"phases\": []}",
            1,
            "--from openhtf",
        ),
        ("suite.xml", "<testsuites/>", 1, "--from junit"),
        ("empty.json", "", 1, "empty"),
        ("none.json", "[]", 1, "no report"),
    ] {
        write(&server, name, text);
        let output = server.wats(["submit", name]).run();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{name}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains(word),
            "{name}: {}",
            stderr(&output)
        );
    }
    server
        .wats(["submit", "is-not-there.json"])
        .assert()
        .code(5);
    // Of several the gravest counts, wherever it stands.
    write(&server, "refused.json", refused());
    for (files, code) in [
        (["is-not-there.json", "refused.json"], 3),
        (["broken.json", "refused.json"], 3),
        (["broken.json", "is-not-there.json"], 1),
        (["good.json", "is-not-there.json"], 5),
    ] {
        let [one, other] = files;
        server.wats(["submit", one, other]).assert().code(code);
        server.wats(["submit", other, one]).assert().code(code);
    }
    let wrong = server
        .wats(["submit", "good.json", "--json"])
        .env("WATS_AUTH_TOKEN", "d3Jvbmc6d3Jvbmc=")
        .run();
    assert_eq!(wrong.status.code(), Some(4));
    assert_eq!(error(&wrong)["status"], 401);
    server.stop();
    let dead = server
        .wats(["submit", "good.json", "--timeout", "2s"])
        .run();
    assert_eq!(dead.status.code(), Some(6), "{}", stderr(&dead));
    let dry = Home::new();
    dry.file("good.json", text_of(&passed("SN-1", 5.0)));
    let output = dry
        .wats(["submit", "good.json", "--dry-run", "--json"])
        .run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(outcomes(&rows(&output)), ["checked"]);
}

#[test]
fn it_is_followed_until_it_is_stored_or_set_aside() {
    let server = Server::start();
    let (good, bad) = (passed("SN-1", 5.0), passed("SN-2", 5.0));
    write(&server, "good.json", text_of(&good));
    write(&server, "bad.json", text_of(&bad));
    let fault = Fault::quarantine("no room for it")
        .containing(bad.id().to_string())
        .always();
    server.simulator().inject(fault);
    let output = server
        .wats(["submit", "--confirm", "--json", "good.json", "bad.json"])
        .run();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let all = rows(&output);
    assert_eq!(outcomes(&all), ["stored", "quarantined"]);
    assert!(
        all[1]["message"]
            .as_str()
            .unwrap()
            .contains("no room for it")
    );
}

#[test]
fn outcomes_are_made_of_limits_when_that_is_asked_for() {
    let server = Server::start();
    let report = passed("SN-1", 5.0);
    let mut document = document_of(&report);
    document["root"]["steps"][0]["numericMeas"][0]["value"] = json!(9.0);
    write(&server, "report.json", document.to_string());
    server
        .wats(["submit", "--active", "report.json"])
        .assert()
        .code(0);
    let stored = server.simulator().report(&report.id().to_string()).unwrap();
    assert_eq!(stored["result"], "F");
}

#[test]
fn files_of_other_programs_become_reports() {
    let server = Server::start();
    write(
        &server,
        "suite.xml",
        "<testsuite name='s'><testcase name='a' time='0.1'/></testsuite>",
    );
    let arguments = [
        "submit",
        "suite.xml",
        "--json",
        "--from",
        "junit",
        "--part-number",
        "P-1",
        "--serial-number",
        "S-1",
        "--revision",
        "A",
        "--process-code",
        "100",
        "--station",
        "CI",
        "--location",
        "Lab",
        "--purpose",
        "Test",
        "--operator",
        "Kari",
    ];
    let output = server.wats(arguments).run();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    let all = rows(&output);
    let id = all[0]["id"].as_str().unwrap();
    assert_eq!(server.simulator().report(id).unwrap()["pn"], "P-1");
    server.wats(arguments).assert().code(0);
    assert_eq!(
        server.simulator().receive_count(id),
        2,
        "the same bytes, the same id"
    );
}

#[cfg(feature = "queue")]
#[test]
fn what_cannot_be_sent_waits_in_the_queue() {
    let server = Server::start();
    let (one, two) = (passed("SN-1", 5.0), passed("SN-2", 5.0));
    write(&server, "one.json", text_of(&one));
    write(&server, "two.json", text_of(&two));
    server.simulator().inject(Fault::status(503).always());
    let output = server
        .wats([
            "submit",
            "--or-queue",
            "queue",
            "one.json",
            "--json",
            "--timeout",
            "2s",
        ])
        .run();
    assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
    assert_eq!(outcomes(&rows(&output)), ["queued"]);
    // A refusal is none of the network: it is not queued.
    write(&server, "bad.json", refused());
    let output = server
        .wats(["submit", "--or-queue", "queue", "bad.json"])
        .run();
    assert_eq!(output.status.code(), Some(3));
    server.simulator().clear_faults();
    let waits = server
        .wats(["submit", "--queue", "queue", "--wait", "0s", "two.json"])
        .run();
    assert_eq!(waits.status.code(), Some(7), "{}", stderr(&waits));
    assert!(server.simulator().report(&two.id().to_string()).is_none());
    // Whoever drains sends all that is in it.
    let sent = server
        .wats([
            "submit", "--queue", "queue", "--wait", "100s", "one.json", "two.json", "--json",
        ])
        .run();
    assert_eq!(
        sent.status.code(),
        Some(0),
        "{}{}",
        stdout(&sent),
        stderr(&sent)
    );
    assert_eq!(outcomes(&rows(&sent)), ["sent", "sent"]);
    for report in [&one, &two] {
        assert_eq!(
            server.simulator().receive_count(&report.id().to_string()),
            1
        );
    }
}

/// Elsewhere nothing can press Ctrl-C for a process.
#[cfg(unix)]
#[test]
fn ctrl_c_tells_what_was_sent_and_what_not() {
    let server = Server::start();
    let reports: Vec<_> = (0..20).map(|at| passed(&format!("SN-{at}"), 5.0)).collect();
    for (at, report) in reports.iter().enumerate() {
        write(&server, &format!("{at:02}.json"), text_of(report));
    }
    server
        .simulator()
        .inject(Fault::delay(Duration::from_secs(1)).always());
    let program = server
        .wats(["submit", ".", "--at-once", "1", "--json"])
        .start();
    crate::harness::until("the server was asked", || {
        server.simulator().counters().total_requests() > 0
    });
    program.interrupt();
    let output = program.output();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let all = rows(&output);
    assert_eq!(all.len(), reports.len());
    for row in &all {
        let is_there = server
            .simulator()
            .report(row["id"].as_str().unwrap())
            .is_some();
        assert_eq!(row["outcome"], if is_there { "sent" } else { "unsent" });
    }
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_unicode_is_a_name() {
    use std::os::unix::ffi::OsStrExt as _;
    let server = Server::start();
    let name = std::ffi::OsStr::from_bytes(b"r\xff.json");
    // Not every file system takes such a name.
    if std::fs::write(server.folder().join(name), text_of(&passed("SN-1", 5.0))).is_err() {
        return crate::harness::skipped("names that are no Unicode");
    }
    let output = server.wats(["submit", "--json"]).arg(name).run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(outcomes(&rows(&output)), ["sent"]);
}

/// A report with a member of so many bytes.
#[cfg(target_os = "linux")]
fn large(path: &std::path::Path, bytes: usize, report: &Value) {
    use std::io::Write as _;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let text = report.to_string();
    let (inside, _) = text.split_at(text.len() - 1);
    write!(file, "{inside},\"padding\":\"").unwrap();
    let piece = [b'x'; 4096];
    for _ in 0..bytes / piece.len() {
        file.write_all(&piece).unwrap();
    }
    file.write_all(b"\"}").unwrap();
}

/// A report without an id, and with more megabytes in `WATS_LARGE_REPORT_MB` one with an id, too.
#[cfg(target_os = "linux")]
#[test]
fn a_large_report_is_never_in_memory_as_a_whole() {
    const MOST: u64 = 40 * 1024;
    let told = std::env::var("WATS_LARGE_REPORT_MB").ok();
    let told: Option<usize> = told.and_then(|text| text.parse().ok());
    let megabytes = told.unwrap_or(24);
    let server = Server::of(wats_sim::Simulator::builder().max_body(256 << 20));
    for (name, id) in [("without.json", false), ("with.json", true)] {
        if id && told.is_none() {
            continue;
        }
        let report = passed("SN-1", 5.0);
        let mut document = document_of(&report);
        if !id {
            document.as_object_mut().unwrap().remove("id");
        }
        let path = server.folder().join(name);
        large(&path, megabytes << 20, &document);
        let mut program = server
            .wats(["submit", "--json", "--timeout", "100s"])
            .arg(&path)
            .start();
        let peak = program.peak_memory();
        let output = program.output();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}{}",
            stdout(&output),
            stderr(&output)
        );
        assert!(stderr(&output).contains("its loops are not checked"));
        let all = rows(&output);
        let stored = server
            .simulator()
            .report(all[0]["id"].as_str().unwrap())
            .unwrap();
        assert_eq!(stored["sn"], "SN-1");
        assert!(
            peak < MOST,
            "{name}: {peak} KiB of memory for {megabytes} MiB"
        );
        eprintln!("{name}: {peak} KiB of memory for {megabytes} MiB");
    }
}

/// A report of 18 MB in many steps, one of which is wrong in the same way as its header.
fn long(report: &Value) -> String {
    let mut document = report.clone();
    document["rev"] = json!("x".repeat(101));
    let mut step = document["root"]["steps"][0].clone();
    step["reportText"] = json!("x".repeat(20_000));
    let steps = (0..850).map(|number| {
        let mut step = step.clone();
        step["id"] = json!(number + 1_000);
        step["name"] = json!(format!("step {number}"));
        if number == 500 {
            step["name"] = json!("");
        }
        step
    });
    document["root"]["steps"] = steps.collect();
    document.to_string()
}

#[test]
fn a_large_report_is_checked_before_it_is_sent() {
    let server = Server::start();
    let report = document_of(&passed("SN-1", 5.0));
    let text = long(&report);
    assert!(text.len() > 16 << 20, "{}", text.len());
    write(&server, "long.json", &text);
    let output = server.wats(["submit", "long.json", "--json"]).run();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let told = stderr(&output);
    assert!(told.contains("its loops are not checked"), "{told}");
    let all = rows(&output);
    assert_eq!(outcomes(&all), ["refused"]);
    let rules: Vec<_> = all[0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["R104", "R204"], "{all:?}");
    assert_eq!(server.simulator().counters().total_requests(), 0);
    // The same from standard input, and by the linter.
    let piped = server.wats(["submit", "-"]).stdin(text).run();
    assert_eq!(piped.status.code(), Some(3), "{}", stderr(&piped));
    let linted = server
        .wats(["lint", "long.json", "--severity", "reject", "--json"])
        .run();
    assert_eq!(linted.status.code(), Some(3));
    assert_eq!(rows(&linted).len(), 2);
}

#[test]
fn of_many_findings_people_are_told_the_first_and_how_many_more() {
    let server = Server::start();
    let mut bad = document_of(&passed("SN-1", 5.0));
    let steps = bad["root"]["steps"].as_array_mut().unwrap();
    let step = steps[0].clone();
    for number in 0..15 {
        let mut step = step.clone();
        step["id"] = json!(100 + number);
        step["name"] = json!(format!("step {number}"));
        step["numericMeas"][0]["unit"] = json!("");
        steps.push(step);
    }
    write(&server, "bad.json", bad.to_string());
    let people = server.wats(["submit", "bad.json"]).run();
    assert_eq!(people.status.code(), Some(3));
    let told = stderr(&people);
    let findings = told.lines().filter(|line| line.contains(" R303: "));
    assert_eq!(findings.count(), 10, "{told}");
    assert!(told.contains("and 5 more; `wats lint` tells"), "{told}");
    let programs = server.wats(["submit", "bad.json", "--json"]).run();
    let findings = error(&programs)["findings"].as_array().unwrap().len();
    assert_eq!(findings, 15);
}
