//! What must hold of any request.

mod wire;

use wats_sim::ReportRules;

use self::wire::{Answer, ask, escaped, server};

/// Lists that headers of reports can be expanded by.
const EXPAND: &str = "subUnits,miscInfo,assets,attachments,uurSubUnits,uurMiscInfo,uurAttachments";

/// Any line of a request and any body: an answer, and not one that says that the server failed.
pub(crate) fn request(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (line, body) = end.map_or((bytes, &bytes[..0]), |at| (&bytes[..at], &bytes[at + 1..]));
    let line: String = line.iter().map(|byte| char::from(*byte)).collect();
    let (method, target) = line.split_once(' ').unwrap_or(("GET", &line));
    let sendable = |c: char| c.is_ascii_graphic();
    let method: String = method.chars().filter(char::is_ascii_uppercase).collect();
    let method = if method.is_empty() { "GET" } else { &method };
    let target: String = target.chars().filter(|c| sendable(*c)).collect();
    for rules in [ReportRules::Basic, ReportRules::Strict] {
        let answer = ask(&server(rules), method, &format!("/{target}"), body);
        assert!(answer.status < 500 || method == "CONNECT", "{answer:?}");
    }
}

/// Any filter and any order: rows, or a refusal with its reason.
pub(crate) fn filter(text: &str) {
    let sim = server(ReportRules::Basic);
    let text = escaped(text);
    for path in ["/api/Product/Query", "/api/Report/Query/Header"] {
        for option in ["$filter", "$orderby", "$top", "$select", "$expand"] {
            let target = format!("{path}?{option}={text}");
            refused_or(&ask(&sim, "GET", &target, b""), |answer| {
                assert!(answer.json().is_array(), "{answer:?}");
            });
        }
    }
}

/// Any report: refused with its reasons, or given back as it came, and every view of it works.
pub(crate) fn report(bytes: &[u8]) {
    for rules in [ReportRules::Basic, ReportRules::Strict] {
        let sim = server(rules);
        for format in ["WSJF", "WSXF"] {
            let answer = ask(&sim, "POST", &format!("/api/Report/{format}"), bytes);
            refused_or(&answer, |answer| {
                let id = answer.json()["ID"].as_str().expect("an id").to_owned();
                let same = ask(&sim, "GET", &format!("/api/Report/{format}/{id}"), b"");
                assert_eq!((same.status, &same.body[..]), (200, bytes));
                views(&sim, &id);
            });
        }
    }
}

fn views(sim: &wats_sim::Simulator, id: &str) {
    for target in [
        format!("/api/Report/Wsjf/{id}?detailLevel=0"),
        format!("/api/Report/Wsjf/{id}?detailLevel=5&includeChartdata=false"),
        format!("/api/Report/Wsxf/{id}?detailLevel=6&includeAttachments=false"),
        format!("/api/Report/Attachments/{id}"),
        format!("/api/Report/Attachment?reportId={id}&stepId=1"),
        format!("/api/Report/Certificate/{id}"),
        format!("/api/internal/Report/GetReportState/{id}"),
        "/api/internal/Quarantine".to_owned(),
        format!("/api/Report/Query/Header?$filter=uuid eq {id}&$expand={EXPAND}")
            .replace(' ', "%20"),
        "/api/Report/Query/Header?$orderby=start%20desc".to_owned(),
        "/api/Report/Query/HeaderByMiscInfo?description=d".to_owned(),
    ] {
        let answer = ask(sim, "GET", &target, b"");
        assert!(answer.status < 500, "{target}: {answer:?}");
    }
    let written = ask(
        sim,
        "GET",
        &format!("/api/Report/Wsxf/{id}?detailLevel=7"),
        b"",
    );
    assert_eq!(written.status, 200, "{written:?}");
}

/// A refusal has a status for it and says why.
fn refused_or(answer: &Answer, taken: impl FnOnce(&Answer)) {
    match answer.status {
        200 => taken(answer),
        400 | 404 | 413 => assert!(answer.json()["Message"].is_string(), "{answer:?}"),
        _ => panic!("{answer:?}"),
    }
}
