//! `wats plot`: figures in the terminal, in a file, and as numbers.

use wats::report::StepPath;

use crate::harness::{Home, Server, stderr, stdout};
use crate::samples::{passed, rows, text_of};

#[test]
fn a_value_stands_between_its_limits() {
    let home = Home::new();
    home.file("report.json", text_of(&passed("SN-1", 5.0)));
    let output = home.wats(["plot", "report.json", "--width", "80"]).run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert_eq!(text.lines().count(), 1);
    for part in ["Measure +5V", "5 V", "4.75 ", "├", "●", "┤", " 5.25"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let ascii = home
        .wats(["plot", "report.json", "--width", "80", "--ascii"])
        .run();
    assert!(stdout(&ascii).is_ascii(), "{}", stdout(&ascii));
    let narrow = home
        .wats(["plot", "report.json", "--width", "40", "--color", "never"])
        .run();
    assert!(
        stdout(&narrow)
            .lines()
            .all(|line| line.chars().count() <= 40),
        "{}",
        stdout(&narrow)
    );
}

#[test]
fn several_reports_are_a_histogram_a_picture_and_numbers() {
    let home = Home::new();
    for at in 0..10 {
        let report = passed(&format!("SN-{at}"), 4.9 + 0.02 * f64::from(at));
        home.file(format!("{at}.json"), text_of(&report));
    }
    let output = home.wats(["plot", ".", "--width", "60"]).run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("n 10") && stdout(&output).contains("Cpk"),
        "{}",
        stdout(&output)
    );
    let numbers = home.wats(["plot", ".", "--json"]).run();
    let all = rows(&numbers);
    assert_eq!((all.len(), &all[0]["count"]), (1, &10.into()));
    assert!(all[0]["cpk"].as_f64().unwrap() > 1.0, "{}", all[0]);
    let picture = home.wats(["plot", ".", "--svg", "plot.svg"]).run();
    assert_eq!(picture.status.code(), Some(0), "{}", stderr(&picture));
    let svg = std::fs::read_to_string(home.folder().join("plot.svg")).unwrap();
    assert!(
        svg.starts_with("<svg ")
            && svg.contains("class=\"bar\"")
            && svg.trim_end().ends_with("</svg>")
    );
    home.wats(["plot", ".", "--svg", "plot.svg"])
        .assert()
        .code(1);
}

#[test]
fn without_a_terminal_nothing_is_drawn_unless_it_is_asked_for() {
    let home = Home::new();
    home.file("report.json", text_of(&passed("SN-1", 5.0)));
    let output = home.wats(["plot", "report.json"]).run();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--width"), "{}", stderr(&output));
    let none = home
        .wats([
            "plot",
            "report.json",
            "--width",
            "80",
            "--only",
            "no such step",
        ])
        .run();
    assert_eq!(none.status.code(), Some(5));
}

#[test]
fn reports_on_the_server_are_drawn_by_their_headers() {
    let server = Server::start();
    for at in 0..30 {
        let report = passed(&format!("SN-{at}"), 4.9 + 0.01 * f64::from(at));
        std::fs::write(server.folder().join(format!("{at}.json")), text_of(&report)).unwrap();
    }
    server.wats(["submit", "."]).assert().code(0);
    let plot = |arguments: &[&str]| {
        let program = server.wats(["plot", "--json"]);
        arguments
            .iter()
            .fold(program, crate::harness::Program::arg)
            .run()
    };
    let all = plot(&["--part", "PCBA-001"]);
    assert_eq!(all.status.code(), Some(0), "{}", stderr(&all));
    assert_eq!(rows(&all)[0]["count"], 30);
    assert!(!stderr(&all).contains("there are more"), "{}", stderr(&all));
    let some = plot(&["--part", "PCBA-001", "--station", "ICT-3", "--top", "25"]);
    assert_eq!(rows(&some)[0]["count"], 25);
    assert!(
        stderr(&some).contains("the newest 25 are drawn"),
        "{}",
        stderr(&some)
    );
    // What cannot be read by itself is left out, and said so.
    let fault = wats_sim::Fault::status(404)
        .route("GET", "/api/Report/Wsjf/{id}")
        .times(2);
    server.simulator().inject(fault);
    let fewer = plot(&["--since", "1d"]);
    assert_eq!(fewer.status.code(), Some(0), "{}", stderr(&fewer));
    assert_eq!(rows(&fewer)[0]["count"], 28);
    assert!(
        stderr(&fewer).contains("2 of 30 reports are left out"),
        "{}",
        stderr(&fewer)
    );
    assert_eq!(plot(&["--part", "none"]).status.code(), Some(5));
    for mistake in [
        &[][..],
        &["0.json", "--part", "PCBA-001"],
        &[
            "--step",
            "a",
            "--product",
            "p",
            "--operation",
            "o",
            "--top",
            "5",
        ],
    ] {
        assert_eq!(plot(mistake).status.code(), Some(2), "{mistake:?}");
    }
}

#[test]
fn files_of_other_programs_need_no_unit_to_be_drawn() {
    let home = Home::new();
    let record = r#"{"dut_id": "SN-1", "start_time_millis": 1769806901000, "end_time_millis": 1769806902000, "outcome": "PASS",
        "phases": [{"name": "Power", "outcome": "PASS", "start_time_millis": 1769806901000, "end_time_millis": 1769806902000,
        "measurements": {"volts": {"name": "volts", "outcome": "PASS", "measured_value": 5.0, "validators": ["4.5 <= x <= 5.5"]}}}]}"#;
    home.file("record.json", record);
    let output = home
        .wats([
            "plot",
            "record.json",
            "--from",
            "openhtf",
            "--unit",
            "V",
            "--json",
        ])
        .run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let all = rows(&output);
    assert_eq!((all.len(), &all[0]["unit"]), (1, &"V".into()), "{all:?}");
}

#[test]
fn reports_and_values_come_from_the_server_too() {
    let server = Server::start();
    let report = passed("SN-1", 5.0);
    std::fs::write(server.folder().join("report.json"), text_of(&report)).unwrap();
    server.wats(["submit", "report.json"]).assert().code(0);
    let id = report.id().to_string();
    let output = server.wats(["plot", &id, "--width", "80"]).run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("Measure +5V"));
    let missing = server
        .wats([
            "plot",
            "10000000-0000-4000-8000-000000000000",
            "--width",
            "80",
        ])
        .run();
    assert_eq!(missing.status.code(), Some(5), "{}", stderr(&missing));
    let root = report.report().root.as_ref().unwrap();
    let path = StepPath::new([root.name(), "Measure +5V"])
        .unwrap()
        .to_string();
    let arguments = [
        "plot",
        "--step",
        &path,
        "--product",
        "PCBA-001",
        "--operation",
        "ICT",
        "--json",
    ];
    let asked = server.wats(arguments).run();
    // What the server answers is its affair; that it was asked for these is ours.
    assert!(
        [Some(0), Some(5)].contains(&asked.status.code()),
        "{}",
        stderr(&asked)
    );
    server.wats(["plot", "--step", &path]).assert().code(2);
}
