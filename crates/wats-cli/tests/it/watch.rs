//! `wats watch`: what is dropped is stored once, whoever writes slowly, rewrites, takes the folder away, or kills the program.

use std::fs;
use std::path::Path;

use serde_json::Value;
use wats_sim::Fault;

use crate::harness::{Home, Program, Server, document, stderr, stdout, until};
use crate::reports::{id, refused, test};

/// Looks that follow each other quickly.
const FAST: [&str; 4] = ["--poll", "10ms", "--settle", "30ms"];

fn watch(server: &Server, more: &[&str]) -> Program {
    let arguments = [&["watch", "in", "--queue", "q"], &FAST[..], more].concat();
    server.wats(arguments)
}

/// A folder to be watched, with files in it.
fn dropped(server: &Server, files: &[(&str, &str)]) {
    let folder = server.folder().join("in");
    fs::create_dir_all(&folder).unwrap();
    for (name, content) in files {
        fs::write(folder.join(name), content).unwrap();
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

/// A report as WSXF.
fn xml(serial: &str) -> String {
    format!(
        "<Report type=\"UUT\" PN=\"PCBA-001\" SN=\"{serial}\" Rev=\"A\" Result=\"Passed\" MachineName=\"ICT\" Location=\"Lab\" \
         Purpose=\"Test\" Start=\"2026-01-30T22:01:41+01:00\" Start_utc=\"2026-01-30T21:01:41Z\"><Process Code=\"100\"/>\
         <UUT UserLoginName=\"me\"/><Step StepID=\"0\" StepType=\"SequenceCall\" Name=\"Main\" Group=\"M\" Status=\"Passed\">\
         <SequenceCall Name=\"main\" Version=\"1\" Filepath=\"p\"/></Step></Report>"
    )
}

#[test]
fn each_file_ends_in_its_place_and_each_report_on_the_server() {
    let server = Server::start();
    let two = format!("[{}, {}]", test(2, "SN-2", ""), test(3, "SN-3", ""));
    let lines = [test(4, "SN-4", ""), test(5, "SN-5", "")]
        .map(|report| report.replace('\n', " "))
        .join("\n");
    let wsxf = format!(
        "<Reports xmlns=\"http://wats.virinco.com/schemas/WATS/Report/wsxf\">{}{}</Reports>",
        xml("SN-6"),
        xml("SN-7")
    );
    let good = test(1, "SN-1", "");
    dropped(
        &server,
        &[
            ("one.json", &good),
            ("two.json", &two),
            ("lines.jsonl", &lines),
            ("xml.xml", &wsxf),
            ("cut.json", &good[..good.len() - 1]),
            ("refused.json", &refused(8)),
            ("unfinished.json.tmp", &good),
            ("unfinished.json~", &good),
            (".hidden", &good),
        ],
    );
    let output = watch(&server, &["--once", "--json"]).run();
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    let told = document(&output);
    assert_eq!(
        (
            &told["files"],
            &told["reports"],
            &told["sent"],
            &told["failed"]
        ),
        (&4.into(), &7.into(), &7.into(), &2.into()),
        "{told} {}",
        stderr(&output)
    );
    let folder = server.folder().join("in");
    assert_eq!(
        names(&folder.join("done")),
        ["lines.jsonl", "one.json", "two.json", "xml.xml"]
    );
    assert_eq!(
        names(&folder.join("failed")),
        [
            "cut.json",
            "cut.json.why.json",
            "refused.json",
            "refused.json.why.json"
        ]
    );
    assert!(names(&folder.join("work")).is_empty());
    assert!(
        folder.join("unfinished.json.tmp").exists() && folder.join("unfinished.json~").exists()
    );
    for n in 1..=5 {
        assert_eq!(server.simulator().receive_count(&id(n)), 1, "{n}");
    }
    assert_eq!(server.simulator().report_bytes(&id(1)).unwrap(), good);
    let why = fs::read(folder.join("failed/refused.json.why.json")).unwrap();
    let why: Value = serde_json::from_slice(&why).unwrap();
    assert_eq!((&why["schema"], &why["code"]), (&1.into(), &3.into()));
    assert_eq!(why["findings"][0]["severity"], "reject", "{why}");

    // The same again is known, and its file has a name of its own.
    dropped(&server, &[("one.json", &good)]);
    let again = watch(&server, &["--once", "--jsonl"]).run();
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    let events: Vec<Value> = stdout(&again)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&events[0]["event"], &events[0]["ids"][0]),
        (&"queued".into(), &id(1).into())
    );
    assert_eq!(events[1]["event"], "end");
    assert!(folder.join("done/one-1.json").exists());
    assert_eq!(server.simulator().receive_count(&id(1)), 1);
}

#[test]
fn a_report_without_an_id_has_the_same_one_whenever_its_bytes_are_dropped() {
    let server = Server::start();
    let named = test(1, "SN-1", "");
    let nameless = named.replacen(&format!("\"id\": \"{}\", ", id(1)), "", 1);
    assert!(nameless.len() < named.len());
    let ids = ["first.json", "again.json"].map(|name| {
        dropped(&server, &[(name, &nameless)]);
        let output = watch(&server, &["--once", "--jsonl"]).run();
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
        let line = text.lines().find(|line| line.contains("\"queued\""));
        let line: Value = serde_json::from_str(line.unwrap()).unwrap();
        line["ids"][0].as_str().unwrap().to_owned()
    });
    assert_eq!(ids[0], ids[1]);
    assert_eq!(server.simulator().receive_count(&ids[0]), 1);
}

#[test]
fn what_cannot_be_sent_is_stored() {
    let server = Server::start();
    server.simulator().inject(Fault::status(503).always());
    dropped(&server, &[("one.json", &test(1, "SN-1", ""))]);
    let output = watch(&server, &["--once", "--for", "1s"]).run();
    assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("the queue waits"),
        "{}",
        stderr(&output)
    );
    assert!(server.folder().join("in/done/one.json").exists());
    server.simulator().clear_faults();
    server
        .wats(["queue", "drain", "--dir", "q"])
        .assert()
        .code(0);
    assert_eq!(server.simulator().receive_count(&id(1)), 1);

    let home = Home::new();
    home.wats(["watch", "in"]).assert().code(2);
    home.wats(["watch", "in", "--queue", "q"]).assert().code(2);
    // A script is told of a folder that is not there; a station waits for it.
    fs::remove_dir_all(server.folder().join("in")).unwrap();
    watch(&server, &["--once"]).assert().code(5);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_once_with_its_code() {
    let server = Server::start();
    server.simulator().inject(Fault::status(503).always());
    dropped(&server, &[("one.json", &test(1, "SN-1", ""))]);
    let running = watch(&server, &["--once", "--for", "1h"]).start();
    until("it was taken", || {
        server.folder().join("in/done/one.json").exists()
    });
    running.interrupt();
    let output = running.output();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
}

#[test]
fn a_mark_says_what_is_ready() {
    let server = Server::start();
    dropped(
        &server,
        &[
            ("one.json", &test(1, "SN-1", "")),
            ("one.json.ok", ""),
            ("two.json", &test(2, "SN-2", "")),
        ],
    );
    let output = watch(&server, &["--once", "--ready-suffix", ".ok"]).run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        names(&server.folder().join("in")),
        ["done", "failed", "two.json", "work"]
    );
    assert_eq!(names(&server.folder().join("in/done")), ["one.json"]);
}

#[test]
fn files_that_a_killed_program_had_taken_are_brought_to_their_end() {
    let server = Server::start();
    dropped(&server, &[("one.json.ok", ""), ("two.json.ok", "")]);
    let folder = server.folder().join("in");
    fs::create_dir(folder.join("work")).unwrap();
    fs::write(folder.join("work/one.json"), test(1, "SN-1", "")).unwrap();
    // One that is there again keeps its mark, and waits for its elder.
    fs::write(folder.join("work/two.json"), test(2, "SN-2", "old")).unwrap();
    fs::write(folder.join("two.json"), test(2, "SN-2", "new")).unwrap();
    let output = watch(&server, &["--once", "--ready-suffix", ".ok"]).run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(names(&folder), ["done", "failed", "work"]);
    assert_eq!(
        names(&folder.join("done")),
        ["one.json", "two-1.json", "two.json"]
    );
    let last = server.simulator().report_bytes(&id(2)).unwrap();
    assert_eq!(last, test(2, "SN-2", "new"));
}

#[test]
fn one_program_watches_a_folder() {
    let server = Server::start();
    dropped(&server, &[]);
    let mut first = watch(&server, &["--jsonl"]).start();
    dropped(&server, &[("one.json", &test(1, "SN-1", ""))]);
    assert!(first.line().unwrap().contains("queued"));
    let second = watch(&server, &["--once"]).run();
    assert_eq!(second.status.code(), Some(1), "{}", stderr(&second));
    assert!(
        stderr(&second).contains("another program"),
        "{}",
        stderr(&second)
    );
    // Nobody reads any more what it tells: it ends by itself.
    first.close();
    dropped(&server, &[("two.json", &test(2, "SN-2", ""))]);
    let output = first.output();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        names(&server.folder().join("in/done")),
        ["one.json", "two.json"]
    );
}

#[test]
fn a_queue_is_not_watched() {
    let server = Server::start();
    for (folder, queue) in [
        ("in", "in"),
        ("in", "./in/../in/work"),
        ("not-there", "not-there"),
        ("in", "in/failed"),
    ] {
        fs::create_dir_all(server.folder().join("in")).unwrap();
        let output = server
            .wats(["watch", folder, "--queue", queue, "--once"])
            .run();
        assert_eq!(
            output.status.code(),
            Some(2),
            "{folder} {queue}: {}",
            stderr(&output)
        );
    }
    assert!(names(&server.folder().join("in")).is_empty());
    assert!(!server.folder().join("not-there").exists());
    // Beside the files it may be.
    server
        .wats(["watch", "in", "--queue", "in/q", "--once"])
        .assert()
        .code(0);
}

#[test]
fn names_are_never_too_long_and_no_file_takes_the_place_of_another() {
    let server = Server::start();
    let long = |letter: &str| format!("{}.json", letter.repeat(250));
    let (good, bad) = (test(1, "SN-1", ""), refused(2));
    for _ in 0..2 {
        dropped(
            &server,
            &[
                (&long("a"), &good),
                (&long("b"), &bad),
                ("c.json", &bad),
                ("c.json.why.json", &bad),
            ],
        );
        let output = watch(&server, &["--once", "--json"]).run();
        let told = document(&output);
        assert_eq!(
            (&told["files"], &told["failed"], &told["stuck"]),
            (&1.into(), &3.into(), &0.into()),
            "{told} {}",
            stderr(&output)
        );
    }
    let failed = server.folder().join("in/failed");
    let names = names(&failed);
    let (why, reports): (Vec<_>, Vec<_>) = names.iter().partition(|name| {
        let content = fs::read_to_string(failed.join(name)).unwrap();
        content.contains("\"findings\"")
    });
    assert_eq!((why.len(), reports.len()), (6, 6), "{names:?}");
    for report in reports {
        assert!(
            why.contains(&&format!("{report}.why.json")),
            "{report} in {names:?}"
        );
    }
    assert_eq!(
        fs::read_dir(server.folder().join("in/done"))
            .unwrap()
            .count(),
        2
    );
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_to_say_why_a_file_failed() {
    let server = Server::start();
    dropped(&server, &[("one.json", &refused(1))]);
    let failed = server.folder().join("in/failed");
    fs::create_dir(&failed).unwrap();
    let other = server.folder().join("other");
    fs::write(&other, "of another").unwrap();
    std::os::unix::fs::symlink(&other, failed.join("one.json.why.json")).unwrap();
    watch(&server, &["--once"]).assert().code(3);
    assert_eq!(fs::read_to_string(&other).unwrap(), "of another");
    assert!(failed.join("one-1.json.why.json").exists());
}

#[test]
fn a_file_that_is_written_to_all_the_time_does_not_keep_it() {
    use std::sync::atomic::{AtomicBool, Ordering};

    let server = Server::start();
    dropped(&server, &[("one.json", &test(1, "SN-1", ""))]);
    let growing = server.folder().join("in/growing.json");
    let file = fs::File::create(&growing).unwrap();
    let is_over = AtomicBool::new(false);
    let output = std::thread::scope(|scope| {
        scope.spawn(|| {
            for length in 1.. {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                file.set_len(length).unwrap();
            }
        });
        let more = [
            "--once",
            "--for",
            "200ms",
            "--give-up-after",
            "1h",
            "--json",
        ];
        let output = watch(&server, &more).run();
        is_over.store(true, Ordering::SeqCst);
        output
    });
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    let told = document(&output);
    assert_eq!(
        (&told["files"], &told["stuck"]),
        (&1.into(), &1.into()),
        "{told}"
    );
    assert!(
        stderr(&output).contains("still being written"),
        "{}",
        stderr(&output)
    );
    assert!(growing.exists());
}

#[test]
fn what_is_no_folder_is_not_waited_for_and_it_is_not_looked_without_a_pause() {
    let server = Server::start();
    fs::write(server.folder().join("in"), "").unwrap();
    watch(&server, &[]).assert().code(1);
    fs::remove_file(server.folder().join("in")).unwrap();
    dropped(&server, &[("work", "")]);
    let output = watch(&server, &[]).run();
    assert!(
        stderr(&output).contains("has to be a folder"),
        "{}",
        stderr(&output)
    );
    server
        .wats(["watch", "in", "--queue", "q", "--poll", "0s"])
        .assert()
        .code(2);
}

#[cfg(unix)]
#[test]
fn a_folder_in_the_place_of_another_is_watched_by_one_program_too() {
    let server = Server::start();
    dropped(&server, &[("one.json", &test(1, "SN-1", ""))]);
    let mut first = watch(&server, &["--jsonl"]).start();
    assert!(first.line().unwrap().contains("queued"));
    fs::rename(server.folder().join("in"), server.folder().join("old")).unwrap();
    dropped(&server, &[("two.json", &test(2, "SN-2", ""))]);
    assert!(first.line().unwrap().contains("queued"));
    let second = watch(&server, &["--once"]).run();
    assert_eq!(second.status.code(), Some(1), "{}", stderr(&second));
    assert!(
        stderr(&second).contains("another program"),
        "{}",
        stderr(&second)
    );
}

/// Where names of files may be any bytes, and Ctrl-C can be pressed for a process.
#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn any_name_of_a_file_is_taken_and_ctrl_c_ends_it() {
    use std::os::unix::ffi::OsStrExt as _;

    let server = Server::start();
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe\x1b[31m\n.json");
    let mut running = watch(&server, &["--jsonl"]).start();
    // The folder is waited for.
    dropped(&server, &[]);
    fs::write(server.folder().join("in").join(name), test(1, "SN-1", "")).unwrap();
    let line: Value = serde_json::from_str(&running.line().unwrap()).unwrap();
    assert_eq!(line["event"], "queued");
    assert!(server.folder().join("in/done").join(name).exists());
    until("it was sent", || {
        server.simulator().receive_count(&id(1)) == 1
    });
    running.interrupt();
    let output = running.output();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!output.stderr.contains(&0x1b), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("\"event\":\"end\""),
        "{}",
        stdout(&output)
    );
}

/// Files written slowly, renamed and rewritten, on a folder that goes away and comes back, by a program that is killed at random.
/// `WATS_WATCH_FILES` says how many files.
#[cfg(unix)]
#[test]
#[allow(clippy::too_many_lines, reason = "what goes on at once is read as one")]
fn each_report_is_stored_once_whatever_happens() {
    use std::collections::hash_map::RandomState;
    use std::hash::BuildHasher as _;
    use std::io::Write as _;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::thread;
    use std::time::Duration;

    const WRITERS: u32 = 4;
    let files: u32 = std::env::var("WATS_WATCH_FILES").map_or(24, |count| count.parse().unwrap());
    let server = Server::start();
    let share = server.folder().join("share");
    let folder = share.join("in");
    fs::create_dir_all(&folder).unwrap();
    let random = |of: u32, most: u32| {
        let number = RandomState::new().hash_one(of);
        u32::try_from(number % u64::from(most)).unwrap()
    };
    let pause = |most: u32| thread::sleep(Duration::from_millis(random(1, most).into()));
    // The folder may be away just then: whoever writes tries again.
    let insist = |what: &dyn Fn() -> std::io::Result<()>| {
        until("a file is written", || what().is_ok());
    };
    let slowly = |path: &Path, content: &str| -> std::io::Result<()> {
        let mut file = fs::File::create(path)?;
        let (start, end) = content.as_bytes().split_at(content.len() / 2);
        file.write_all(start)?;
        if random(2, 4) == 0 {
            pause(120);
        }
        file.write_all(end)
    };
    let write = |n: u32| {
        let serial = format!("SN-{n}");
        let name = format!("report-{n}.json");
        let (first, last) = (test(n, &serial, "first"), test(n, &serial, "the last one"));
        let place = folder.join(&name);
        match n % 3 {
            0 => insist(&|| slowly(&place, &last)),
            1 => {
                let unfinished = folder.join(format!("{name}.part"));
                insist(&|| {
                    slowly(&unfinished, &last)?;
                    fs::rename(&unfinished, &place)
                });
            }
            _ => {
                // The second time it may be there still, or be taken.
                insist(&|| slowly(&place, &first));
                pause(200);
                insist(&|| slowly(&place, &last));
            }
        }
    };
    let start = || {
        let arguments = [
            "watch",
            "share/in",
            "--queue",
            "q",
            "--poll",
            "10ms",
            "--settle",
            "30ms",
            "--give-up-after",
            "1h",
            "--quiet",
        ];
        server.wats(arguments).start()
    };
    let (next, is_over) = (AtomicU32::new(0), AtomicBool::new(false));
    let (kills, absences) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut running = start();
            while !is_over.load(Ordering::SeqCst) {
                pause(400);
                running.kill();
                drop(running.output());
                kills.fetch_add(1, Ordering::SeqCst);
                running = start();
            }
        });
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                pause(900);
                let away = share.with_extension("away");
                fs::rename(&share, &away).unwrap();
                pause(150);
                fs::rename(&away, &share).unwrap();
                absences.fetch_add(1, Ordering::SeqCst);
            }
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let n = next.fetch_add(1, Ordering::SeqCst);
                        if n >= files {
                            return;
                        }
                        write(n);
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
    });
    let rest = server
        .wats([
            "watch", "share/in", "--queue", "q", "--once", "--for", "1h", "--poll", "10ms",
            "--settle", "30ms", "--json",
        ])
        .run();
    assert_eq!(
        rest.status.code(),
        Some(0),
        "{}{}",
        stdout(&rest),
        stderr(&rest)
    );
    assert_eq!(names(&folder), ["done", "failed", "work"]);
    assert!(names(&folder.join("failed")).is_empty() && names(&folder.join("work")).is_empty());
    let mut received = 0;
    for n in 0..files {
        let stored = server.simulator().report_bytes(&id(n));
        let last = test(n, &format!("SN-{n}"), "the last one");
        assert_eq!(stored.as_deref(), Some(last.as_bytes()), "report {n}");
        let times = server.simulator().receive_count(&id(n));
        let versions = if n % 3 == 2 { 2 } else { 1 };
        // What was on its way when the program was killed is sent again.
        received += times.saturating_sub(versions);
    }
    let (kills, absences) = (kills.into_inner(), absences.into_inner());
    assert!(kills > 0, "nothing was killed");
    eprintln!("{files} files, {kills} kills, away {absences} times, {received} received again");
}
