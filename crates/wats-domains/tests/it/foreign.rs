//! Texts that are no reports, and texts of scanners: what is said of them, and that nothing of them is sent.

use std::error::Error as _;
use std::sync::Arc;

use serde_json::{Value, json};
use wats_domains::report::{
    self, Attachment, Report, Station, SubUnit, Unit, UurReport, builder::ProcessCodes,
    builder::Sequence, evaluate, lint, lint_json,
};
use wats_domains::{
    Error, Filter, Finding, HeaderQuery, MeasurementLimits, Product, ProductRevision, UutReport,
    clean_scanned,
};
use wats_sim::Simulator;

use crate::report_common::{id, start};

/// The long form is one line that has the short form and all causes, and each cause once.
fn told(error: &Error) -> String {
    let (short, long) = (error.to_string(), format!("{error:#}"));
    assert_eq!(long.lines().count(), 1, "{long}");
    assert!(long.starts_with(&short), "{short}\n{long}");
    let mut cause = error.source();
    if let Some(first) = cause {
        assert!(long.contains(&first.to_string()), "{first}\n{long}");
    }
    while let Some(inner) = cause {
        assert!(
            long.matches(&inner.to_string()).count() <= 1,
            "{inner}\n{long}"
        );
        cause = inner.source();
    }
    long
}

fn utf16(text: &str, mark: bool, big: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff_u16);
    let units = mark.into_iter().chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[tokio::test]
async fn why_a_text_is_no_report_is_told_with_its_place() {
    let (sim, api) = start(Simulator::builder()).await;
    let begin = format!("{{\"id\": \"{}\",\n \"pn\": \"A\"", id(1));
    let json: Vec<(Vec<u8>, &str)> = vec![
        (
            format!("{begin}\n \"sn\": \"B\"}}").into(),
            "line 3 column 2",
        ),
        (begin.clone().into(), "line 2 column 10"),
        (format!("{begin}, \"x\": NaN}}").into(), "line 2 column 18"),
        (format!("{begin}, \"x\": 5,}}").into(), "line 2 column"),
        (format!("{begin}, \"x\": 'a'}}").into(), "line 2 column"),
        (format!("{begin}, \"x\": \"a\nb\"}}").into(), "line"),
        (format!("{begin}}} x").into(), "line 2 column"),
        (
            [begin.as_bytes(), b", \"x\": \"\xd8\"}"].concat(),
            "line 2 column",
        ),
        (utf16(&begin, true, false), "UTF-16"),
        (utf16(&begin, true, true), "UTF-16"),
        (utf16(&begin, false, false), "UTF-16"),
        (utf16(&begin, false, true), "UTF-16"),
        (Vec::new(), "it is empty"),
        (b"\xef\xbb\xbf \r\n".to_vec(), "it is empty"),
        (b"[{}]".to_vec(), "it is a list"),
        (b"5".to_vec(), "does not begin with `{`"),
        (
            b"<?xml version=\"1.0\"?><Reports/>".to_vec(),
            "it is XML; WSXF",
        ),
        (b"\x1f\x8b\x08\0".to_vec(), "compressed"),
        (b"Date;Serial\n1;2".to_vec(), "does not begin with `{`"),
    ];
    for (text, place) in json {
        let shown = String::from_utf8_lossy(&text).into_owned();
        let errors = [
            api.report().submit_wsjf(text.clone()).await.unwrap_err(),
            api.report().submit_json(&text).await.unwrap_err(),
            lint_json(&text).unwrap_err().into(),
        ];
        for error in errors {
            let long = told(&error);
            assert!(
                long.contains("not a WSJF report") && long.contains(place),
                "{shown:?}: {long}"
            );
            assert!(!error.is_retryable() && error.attempts() == 0);
        }
    }
    assert_eq!(sim.counters().total_requests(), 0);
    let deep = format!(
        "{{\"pn\": \"A\",\n\"x\": {}1{}}}",
        "[".repeat(200),
        "]".repeat(200)
    );
    let long = told(&lint_json(deep.as_bytes()).unwrap_err().into());
    assert!(
        long.contains("deeper") && long.contains("line 2 column"),
        "{long}"
    );
    // A mark of the encoding is no fault.
    assert!(lint_json("\u{feff}{}".as_bytes()).is_ok());
}

#[cfg(feature = "xml")]
#[tokio::test]
async fn why_a_text_is_no_wsxf_is_told_in_words_that_fit() {
    let (sim, api) = start(Simulator::builder()).await;
    let wsxf = "http://wats.virinco.com/schemas/WATS/Report/wsxf";
    let xml: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "it is empty"),
        (utf16("<Reports/>", true, false), "UTF-16"),
        (b"{\"id\": 1}".to_vec(), "it is JSON; WSJF"),
        (b"UUT;Result\n1;P\n".to_vec(), "it is no XML"),
        (
            b"<Reports><Report/></Reports>".to_vec(),
            "its `Reports` has no namespace",
        ),
        (
            b"<Reports xmlns=\"urn:other\"/>".to_vec(),
            "of the namespace `urn:other`",
        ),
        (
            b"<TestResults/>".to_vec(),
            "begins with `TestResults`, where WSXF has `Reports`",
        ),
        (
            format!("<Reports xmlns=\"{wsxf}\"></Reports>").into(),
            "no `Report` in it",
        ),
        (
            format!("<Reports xmlns=\"{wsxf}\"><Report/><Report/></Reports>").into(),
            "2 reports",
        ),
        (
            format!("<Reports xmlns=\"{wsxf}\">\n<Report></Wrong>").into(),
            "line 2 column",
        ),
        (
            format!("<Reports xmlns=\"{wsxf}\"><Report>").into(),
            "ends too early",
        ),
        (b"<a>\n\xff</a>".to_vec(), "0xff at line 2 column 1"),
    ];
    for (text, place) in xml {
        let error = api.report().submit_wsxf(text).await.unwrap_err();
        let long = told(&error);
        assert!(
            long.contains("not a WSXF report") && long.contains(place),
            "{long}"
        );
    }
    assert_eq!(sim.counters().total_requests(), 0);
}

#[tokio::test]
async fn every_error_tells_its_causes_in_its_long_form() {
    let (sim, api) = start(Simulator::builder()).await;
    let codec = lint_json(b"{\"pn\": \"A\"").unwrap_err();
    let report = UutReport::builder(
        Unit {
            part_number: "",
            serial_number: "",
            revision: "",
        },
        -1,
    )
    .build()
    .unwrap_err();
    let query = Filter::eq("a b", 1).to_odata().unwrap_err();
    let data = Attachment::from_path("no such file").unwrap_err();
    let http = api.product().get("no such product").await.unwrap_err();
    let nobody = wats_http::Client::builder()
        .base_url("http://127.0.0.1:9")
        .token("T");
    let nobody = nobody
        .retry(wats_http::RetryConfig::default().max_attempts(1))
        .build()
        .unwrap();
    let nobody = wats_domains::Api::new(nobody, &wats_domains::ApiOptions::default());
    let unreachable = nobody.version().await.unwrap_err();
    let unacknowledged = Error::Unacknowledged {
        id: id(1),
        answer: "hello".to_owned(),
        attempts: 1,
    };
    for error in [
        codec.into(),
        report.into(),
        query,
        data.into(),
        http,
        unreachable,
        unacknowledged,
        Error::Stopped,
        Error::Config("no URL".to_owned()),
    ] {
        let long = told(&error);
        assert!(!error.to_string().is_empty());
        // One that others have waited for says the same.
        let kind = error.kind();
        let shared = Error::Shared(Arc::new(error));
        assert_eq!((told(&shared), shared.kind()), (long, kind));
    }
    drop(sim);
}

/// Texts of one unit, as scanners, spreadsheets and web pages give them.
#[rustfmt::skip]
const HIDDEN: &[&str] = &[
    "SN42\r", "SN42\n", "SN42\r\n", "SN42\t", "\u{feff}SN42", "SN42\0", "SN42\u{1d}", "SN\u{1b}42", "SN42\u{7f}", "SN42\u{85}",
    "SN42\u{2028}", "S\u{200b}N42", "SN42\u{200e}", "\u{202e}SN42", "SN42\u{2066}", "SN\u{ad}42", "SN42\u{fe0f}", "SN\u{2060}42",
    "SN\u{34f}42", "SN\u{200d}42", "SN42\u{e0020}", "SN\u{180e}42", "\u{3164}SN42",
];

fn built(
    part_number: &str,
    serial_number: &str,
    revision: &str,
    operator: &str,
    station: &str,
) -> report::Result<UutReport> {
    UutReport::builder(
        Unit {
            part_number,
            serial_number,
            revision,
        },
        100,
    )
    .station(Station {
        name: station,
        location: "Drammen",
        purpose: "Production",
    })
    .operator(operator)
    .numeric("V", 1.0, "V", MeasurementLimits::log())
    .build()
}

fn codes(error: &report::Error) -> Vec<&'static str> {
    error.findings().iter().map(Finding::code).collect()
}

#[test]
fn what_nobody_sees_is_refused_by_the_builder_and_told_by_the_linter() {
    assert!(built("SN42", "SN42", "SN42", "SN42", "SN42").is_ok());
    for &text in HIDDEN {
        for (place, outcome) in [
            ("part number", built(text, "S", "A", "Kari", "ICT")),
            ("serial number", built("P", text, "A", "Kari", "ICT")),
            ("revision", built("P", "S", text, "Kari", "ICT")),
        ] {
            let error = outcome.unwrap_err();
            assert!(
                ["R129", "R801"].contains(&codes(&error)[0]),
                "{place} {text:?}: {error}"
            );
            assert!(error.to_string().lines().count() == 1, "{error}");
        }
        if text != "SN\u{200d}42" {
            assert!(built("P", "S", "A", text, "ICT").is_err(), "{text:?}");
            assert!(built("P", "S", "A", "Kari", text).is_err(), "{text:?}");
        }
        // One call makes it good, but for what may part two fields.
        let inner = text
            .trim_matches(char::is_control)
            .chars()
            .any(char::is_control);
        let cleaned = clean_scanned(text);
        assert_eq!(cleaned.removed.is_empty(), inner, "{text:?}");
        assert_eq!(
            built("P", &cleaned.text, "A", "Kari", "ICT").is_ok(),
            !inner,
            "{text:?}"
        );
        if !inner {
            assert_eq!(cleaned.text, "SN42");
        }
    }
    // Names may be written in every script, and with a blank in it.
    for name in [
        "Kari Nordmann",
        "می\u{200c}نا",
        "王 芳",
        "José",
        "Jose\u{301}",
    ] {
        assert!(built("P", "S", "A", name, "ICT").is_ok(), "{name}");
    }
    let repair = UurReport::builder(
        Unit {
            part_number: "P",
            serial_number: "S",
            revision: "A",
        },
        ProcessCodes {
            repair: 500,
            test: 100,
        },
    )
    .station(Station {
        name: "R",
        location: "L",
        purpose: "Repair",
    })
    .operator("Ola")
    .sub_unit(SubUnit::new(
        "Board",
        Unit {
            part_number: "PCB",
            serial_number: "B-1\r",
            revision: "A",
        },
    ))
    .build();
    assert_eq!(codes(&repair.unwrap_err()), ["R129"]);
}

#[test]
fn what_only_looks_like_something_else_is_advised_on() {
    for text in [
        " SN42",
        "SN42 ",
        "SN42\u{a0}",
        "SN\u{a0}42",
        "SN\u{2011}42",
        "ＳＮ４２",
        "SN4２",
        "A\u{30a}42",
        "SN\u{3000}42",
        "SN\u{fffd}42",
    ] {
        let report = built("P", text, "A", "Kari", "ICT").unwrap();
        let found = lint(report.report());
        assert_eq!(
            found.iter().map(Finding::code).collect::<Vec<_>>(),
            ["R130"],
            "{text:?}"
        );
        assert_eq!(
            report.report().serial_number.as_deref(),
            Some(text),
            "nothing is changed"
        );
    }
    for text in ["SN 42", "Å42", "序列号-42", "SN_42.b"] {
        assert!(
            lint(built("P", text, "A", "Kari", "ICT").unwrap().report()).is_empty(),
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn what_nobody_sees_is_not_asked_for() {
    let (sim, api) = start(Simulator::builder()).await;
    for &text in HIDDEN {
        let refused = |outcome: Result<usize, Error>| {
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::Query(_)), "{text:?}: {error}");
            assert!(told(&error).contains("clean_scanned"));
        };
        for query in [
            HeaderQuery::default().serial_number(text),
            HeaderQuery::default().part_number(text),
            HeaderQuery::default().sub_unit_serial_number(text),
            HeaderQuery::default().sub_unit_part_number(text),
            HeaderQuery::default().filter(Filter::any_of("serialNumber", ["A", text])),
        ] {
            refused(api.report().headers(&query).await.map(|list| list.len()));
        }
        refused(api.product().get(text).await.map(|_| 0));
        refused(api.product().find(text).await.map(|_| 0));
        refused(
            api.product()
                .get_many(&["A", text])
                .await
                .map(|list| list.len()),
        );
        refused(api.product().save(&Product::new(text)).await.map(|_| 0));
        let mut product = Product::new("P");
        product.revisions = Some(vec![ProductRevision::new(text)]);
        refused(api.product().save(&product).await.map(|_| 0));
    }
    assert_eq!(sim.counters().total_requests(), 0);
}

/// What a server holds is read, written and sent as it is, whatever it is.
#[tokio::test]
async fn what_was_stored_with_such_texts_is_kept() {
    let (sim, api) = start(Simulator::builder()).await;
    for (n, &text) in HIDDEN.iter().enumerate() {
        // The server keeps reports as XML, which cannot hold these.
        if text.contains(['\0', '\u{1d}', '\u{1b}']) {
            continue;
        }
        let mut report: Value =
            serde_json::to_value(built("P", "S", "A", "Kari", "ICT").unwrap().report()).unwrap();
        report["id"] = json!(id(n as u128));
        report["sn"] = json!(text);
        report["uut"]["batchSN"] = json!(text);
        let read: Report = serde_json::from_value(report.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), report);
        api.report().submit(&read).await.unwrap();
        assert_eq!(
            api.report()
                .get(id(n as u128))
                .await
                .unwrap()
                .serial_number
                .as_deref(),
            Some(text)
        );
    }
    drop(sim);
}

#[test]
fn files_that_are_odd_are_advised_on_and_those_that_lie_are_refused() {
    let report = |file: Attachment| {
        let fill = |root: &mut Sequence| {
            root.attachment("File", file);
        };
        UutReport::builder(
            Unit {
                part_number: "P",
                serial_number: "S",
                revision: "A",
            },
            100,
        )
        .station(Station {
            name: "ST",
            location: "L",
            purpose: "Test",
        })
        .operator("O")
        .steps(fill)
        .build()
    };
    for (name, content_type, contents, code) in [
        ("a.txt", "text/plain", "x", ""),
        ("a.txt", "text/plain; charset=\"utf-8\"", "x", ""),
        ("Messung 3 (ø).tar.gz", "application/x-tar+gzip", "x", ""),
        (".profile", "application/octet-stream", "x", ""),
        ("console.txt", "a/b", "x", ""),
        ("a.txt", "text/plain", "", "R605"),
        ("../a.txt", "a/b", "x", "R607"),
        ("a/b.txt", "a/b", "x", "R607"),
        ("..\\a.txt", "a/b", "x", "R607"),
        ("a:b.txt", "a/b", "x", "R607"),
        ("COM1", "a/b", "x", "R607"),
        ("Lpt9.log.txt", "a/b", "x", "R607"),
        ("aux .txt", "a/b", "x", "R607"),
        ("a.", "a/b", "x", "R607"),
        (".", "a/b", "x", "R607"),
        ("a.txt", "image", "x", "R608"),
        ("a.txt", "/png", "x", "R608"),
        ("a.txt", "image/png/x", "x", "R608"),
        ("a.txt", "bilde/ø", "x", "R608"),
    ] {
        let found = lint(
            report(Attachment::new(name, contents.as_bytes()).content_type(content_type))
                .unwrap()
                .report(),
        );
        let codes: Vec<_> = found.iter().map(Finding::code).collect();
        assert_eq!(codes.join(" "), code, "{name:?} {content_type:?}");
    }
    for (name, content_type) in [
        ("a\r\n.txt", "a/b"),
        ("a\n", "a/b"),
        ("a\t.txt", "a/b"),
        ("a\u{202e}txt.exe", "a/b"),
        ("a\u{200b}.txt", "a/b"),
        ("a.txt", "text/plain\r\nX-Evil: 1"),
        ("a.txt", "text/plain\n"),
        ("a\0.txt", "a/b"),
    ] {
        let error = report(Attachment::new(name, b"x").content_type(content_type)).unwrap_err();
        assert!(
            ["R606", "R801"].contains(&codes(&error)[0]),
            "{name:?} {content_type:?}: {error}"
        );
    }
}

/// The way in which most programs read a report.
#[test]
fn a_report_read_by_whatever_reader_is_evaluated_alike() {
    let text = r#"{"result": "P", "root": {"status": "P", "steps": [{"status": "P", "numericMeas": [
        {"compOp": "GELE", "value": 25.31, "lowLimit": 23.5, "highLimit": 24.5, "status": "P"}]}]}}"#;
    let mut report: Report = serde_json::from_str(text).unwrap();
    assert_eq!(evaluate(&mut report), 4);
}
