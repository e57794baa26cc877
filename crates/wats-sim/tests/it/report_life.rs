//! Reports beyond posting and listing: processing and quarantine, WSXF, files, detail, misc info.

use std::io::Read as _;

use crate::common::{Client, report, start};
use http::Method;
use serde_json::{Value, json};
use wats_sim::{Fault, Simulator};

const WSJF: &str = "/api/Report/WSJF";
const WSXF: &str = "/api/Report/WSXF";
const HEADERS: &str = "/api/Report/Query/Header";
const QUARANTINE: &str = "/api/internal/Quarantine";
const ID: &str = "33a2d408-3fc8-480b-b554-6866c77fd91c";
const OTHER: &str = "44a2d408-3fc8-480b-b554-6866c77fd91c";

async fn state(client: &mut Client, id: &str) -> Value {
    let path = format!("/api/internal/Report/GetReportState/{id}");
    client.get(&path).await.json()
}

#[tokio::test]
async fn a_held_report_is_received_and_cannot_be_read_yet() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    sim.hold_reports();
    for serial in ["first", "second"] {
        let body = report(ID, serial, "P", "2026-01-30T10:00:00Z");
        assert_eq!(client.post(WSJF, &body).await.status, 200);
    }
    let waiting = state(&mut client, ID).await;
    assert_eq!(
        (&waiting["State"], &waiting["Attempts"]),
        (&json!("R"), &json!(0))
    );
    assert_eq!(waiting["ReceiveCount"], 2);
    let read = client.get(&format!("/api/Report/Wsjf/{ID}")).await;
    assert_eq!(read.status, 404);
    assert_eq!(client.get(HEADERS).await.json(), json!([]));

    sim.release_reports();
    assert_eq!(sim.report_state(ID).as_deref(), Some("P"));
    let row = client.get(HEADERS).await.json()[0].clone();
    assert_eq!(
        (&row["serialNumber"], &row["receiveCount"]),
        (&json!("second"), &json!(2))
    );
    let unknown = client
        .get(&format!("/api/internal/Report/GetReportState/{OTHER}"))
        .await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_start_in_the_future_ends_in_quarantine() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let body = report(ID, "S", "P", "9000-01-01T00:00:00Z");
    assert_eq!(client.post(WSJF, &body).await.status, 200);
    assert!(sim.report(ID).is_none());
    let listed = client.get(QUARANTINE).await.json();
    assert_eq!(
        (&listed[0]["uuid"], &listed[0]["State"]),
        (&json!(ID), &json!("E"))
    );
    let reason = listed[0]["ErrorMessage"].as_str().unwrap();
    assert!(reason.contains("in the future"), "{reason}");

    // Trying again changes nothing until the attempts are used up.
    for _ in 1..24 {
        client
            .post(&format!("{QUARANTINE}/Retry"), &json!([ID]))
            .await;
    }
    let invalid = state(&mut client, ID).await;
    assert_eq!(
        (&invalid["State"], &invalid["Attempts"]),
        (&json!("I"), &json!(24))
    );
    let path = format!("{QUARANTINE}/Retry/Future");
    let reply = client
        .post(&path, &json!({ID: "2026-01-01T00:00:00Z"}))
        .await;
    assert_eq!(reply.json(), json!({"retried": 1}));
    assert_eq!(client.get(QUARANTINE).await.json(), json!([]));
    let row = client.get(HEADERS).await.json()[0].clone();
    assert_eq!(row["start"], "2026-01-01T00:00:00Z");
    assert_eq!(
        sim.report(ID).unwrap()["start"],
        "9000-01-01T00:00:00Z",
        "as received"
    );
}

#[tokio::test]
async fn a_fault_puts_a_report_into_quarantine_and_a_retry_takes_it_out() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let old = report(ID, "old", "P", "2026-01-30T10:00:00Z");
    client.post(WSJF, &old).await;
    sim.inject(Fault::quarantine("Deadlock").route("POST", WSJF).times(2));
    let new = report(ID, "new", "P", "2026-01-30T10:00:00Z");
    assert_eq!(client.post(WSJF, &new).await.status, 200);
    client
        .post(WSJF, &report(OTHER, "S", "P", "2026-01-30T10:00:00Z"))
        .await;
    assert_eq!(
        sim.report(ID).unwrap()["sn"],
        "old",
        "stored before, and kept"
    );
    let listed = client.get(QUARANTINE).await.json();
    assert_eq!(listed[0]["ErrorMessage"], "Deadlock");
    assert_eq!(listed.as_array().unwrap().len(), 2);

    let deleted = client
        .send(Method::DELETE, QUARANTINE, json!([OTHER]).to_string())
        .await;
    assert_eq!(deleted.json(), json!({"deleted": 1}));
    assert_eq!(sim.report_state(OTHER), None);
    let retried = client
        .post(&format!("{QUARANTINE}/Retry"), &json!([]))
        .await;
    assert_eq!(retried.json(), json!({"retried": 1}));
    assert_eq!(sim.report(ID).unwrap()["sn"], "new");
    for body in ["{}", "[5]", "nonsense"] {
        let refused = client
            .send(Method::POST, &format!("{QUARANTINE}/Retry"), body)
            .await;
        assert_eq!(refused.status, 400, "{body}");
    }
}

#[tokio::test]
async fn wsxf_comes_back_as_it_went() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let text = format!(
        "<?xml version=\"1.0\"?><Reports xmlns=\"http://wats.virinco.com/schemas/WATS/Report/wsxf\">\n<Report \
         type=\"UUT\" ID=\"{}\" Start=\"2026-01-30T22:01:41+01:00\" Result=\"Failed\" SN=\"S &amp; Co\" PN=\"P\" \
         Rev=\"A\" MachineName=\"M\" Location=\"L\" Purpose=\"T\"><UUT UserLoginName=\"me\"/><Process Code=\"100\"/>\
         <MiscInfo Description=\"d\">x &lt; y</MiscInfo><Step Name=\"Main\" Group=\"Main\" Status=\"Failed\">\
         <SequenceCall Filepath=\"p\" Filename=\"n\" Version=\"1\"/></Step></Report></Reports>",
        ID.to_uppercase()
    );
    let reply = client.send(Method::POST, WSXF, text.clone()).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.json()["ID"]),
        (200, &json!(ID))
    );
    let path = format!("/api/Report/Wsxf/{ID}");
    let read = client.get(&path).await;
    assert_eq!(read.body, text.as_bytes());
    assert_eq!(
        read.headers["content-type"],
        "application/xml; charset=utf-8"
    );
    assert_eq!(sim.report_bytes(ID).unwrap(), text.as_bytes());
    let options = [("$expand", "miscInfo")];
    let row = client.query(HEADERS, &options).await.json()[0].clone();
    assert_eq!(
        (&row["serialNumber"], &row["result"]),
        (&json!("S & Co"), &json!("Failed"))
    );
    assert_eq!(row["miscInfo"][0]["value"], "x < y");
    let wsjf = client.get(&format!("/api/Report/Wsjf/{ID}")).await.json();
    assert_eq!(
        wsjf["root"]["seqCall"],
        json!({"path": "p", "name": "n", "version": "1"})
    );

    // The other way: a WSJF report as XML.
    client
        .post(WSJF, &report(OTHER, "S", "P", "2026-01-30T10:00:00Z"))
        .await;
    let xml = client.get(&format!("/api/Report/Wsxf/{OTHER}")).await;
    let xml = String::from_utf8(xml.body.to_vec()).unwrap();
    assert!(
        xml.contains("NumericValue=\"5.0\"") && xml.contains("Result=\"Passed\""),
        "{xml}"
    );

    for (body, reason) in [
        (text.replace("ID=", "Id="), "report: id is required"),
        (text.replace("Code=\"100\"", "Code=\"4711\""), "4711"),
        ("<Reports/>".to_owned(), "namespace"),
    ] {
        let refused = client.send(Method::POST, WSXF, body).await;
        assert_eq!(refused.status, 400);
        assert!(refused.message().contains(reason), "{}", refused.message());
    }
}

#[tokio::test]
async fn files_come_one_by_one_and_together() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    client
        .post(WSJF, &report(ID, "S", "P", "2026-01-30T10:00:00Z"))
        .await;
    let mut repair = report(OTHER, "S", "P", "2026-01-30T10:00:00Z");
    let file = "55a2d408-3fc8-480b-b554-6866c77fd91c";
    let photo =
        json!({"id": file, "name": "foto ø.jpg", "contentType": "image/jpeg", "data": "/9g="});
    repair["type"] = json!("R");
    repair["processCode"] = json!(500);
    repair["uur"] = json!({"user": "fixer"});
    for gone in ["root", "uut"] {
        repair.as_object_mut().unwrap().remove(gone);
    }
    repair["subUnits"][0]["failures"] = json!([{"attachments": [photo]}]);
    repair["binaryData"] =
        json!([{"id": ID, "name": "foto ø.jpg", "contentType": "bad\n", "data": "AA=="}]);
    assert_eq!(client.post(WSJF, &repair).await.status, 200);

    let one = client
        .query(
            "/api/Report/Attachment",
            &[("reportId", ID), ("stepId", "1")],
        )
        .await;
    assert_eq!(
        (one.status.as_u16(), one.body.as_ref()),
        (200, [0, 0, 0].as_slice())
    );
    assert_eq!(one.headers["content-type"], "image/png");
    assert_eq!(
        one.headers["content-disposition"],
        "attachment; filename=\"a.png\""
    );
    let options = [("reportId", OTHER), ("attachmentId", file)];
    let one = client.query("/api/Report/Attachment", &options).await;
    assert_eq!(one.body.as_ref(), [0xff, 0xd8]);
    assert!(
        one.headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains("UTF-8''foto%20%C3%B8")
    );
    for (options, status) in [
        (vec![("stepId", "1")], 400),
        (vec![("reportId", ID)], 400),
        (vec![("reportId", ID), ("stepId", "77")], 404),
        (vec![("reportId", ID), ("attachmentId", file)], 404),
    ] {
        assert_eq!(
            client
                .query("/api/Report/Attachment", &options)
                .await
                .status,
            status
        );
    }
    let options = [
        ("$filter", "reportType eq 'R'"),
        ("$expand", "uurAttachments,attachments"),
    ];
    let row = client.query(HEADERS, &options).await.json()[0].clone();
    assert_eq!(
        row["uurAttachments"][1],
        json!({"id": file, "filename": "foto ø.jpg"})
    );
    assert_eq!(row["attachments"], json!([]));

    let all = client
        .get(&format!("/api/Report/Attachments/{OTHER}"))
        .await;
    assert_eq!(all.headers["content-type"], "application/zip");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(all.body)).unwrap();
    assert_eq!(archive.len(), 2);
    let mut bytes = Vec::new();
    archive
        .by_name("1-foto ø.jpg")
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    assert_eq!(bytes, [0xff, 0xd8]);

    let certificate = client.get(&format!("/api/Report/Certificate/{ID}")).await;
    assert!(String::from_utf8_lossy(&certificate.body).contains("Serial number S\n"));
}

#[tokio::test]
async fn each_level_of_detail_has_more() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let mut body = report(ID, "S", "P", "2026-01-30T10:00:00Z");
    body["root"]["steps"][0]["chart"] = json!({"series": [{"name": "x", "xdata": "1;2"}]});
    client.post(WSJF, &body).await;
    let step = ["", "root", "steps", "0"].join("/");
    for (pointer, from) in [
        ("/sn".to_owned(), 0),
        ("/uut".to_owned(), 1),
        ("/miscInfos".to_owned(), 2),
        (format!("{step}/name"), 3),
        (format!("{step}/attachment/data"), 4),
        (format!("{step}/numericMeas"), 5),
        (format!("{step}/chart/series/0/xdata"), 6),
    ] {
        for level in 0..=7 {
            let options = [("detailLevel", level.to_string())];
            let options: Vec<_> = options.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let read = client
                .query(&format!("/api/Report/Wsjf/{ID}"), &options)
                .await
                .json();
            assert_eq!(
                read.pointer(&pointer).is_some(),
                level >= from,
                "{pointer} at {level}"
            );
        }
    }
}

#[tokio::test]
async fn test_reports_are_found_by_their_misc_info_and_sub_units() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let mut one = report(ID, "S1", "P", "2026-01-30T10:00:00Z");
    one["miscInfos"] =
        json!([{"description": "A", "text": "x"}, {"description": "B", "text": "y"}]);
    one["subUnits"] = json!([{"partType": "PCBA", "pn": "SUB", "rev": "C", "sn": "O'Neil"}]);
    client.post(WSJF, &one).await;
    client
        .post(WSJF, &report(OTHER, "S2", "P", "2026-01-31T10:00:00Z"))
        .await;
    for (options, count) in [
        (vec![("description", "A"), ("data", "x")], 1),
        (vec![("description", "A"), ("data", "y")], 0),
        (vec![("data", "7")], 1),
        (vec![("serialNumber", "S2"), ("description", "Number")], 1),
        (vec![("processCode", "100")], 2),
        (vec![("processCode", "50")], 0),
    ] {
        let rows = client
            .query("/api/Report/Query/HeaderByMiscInfo", &options)
            .await
            .json();
        assert_eq!(rows.as_array().unwrap().len(), count, "{options:?}");
    }
    let rows = client
        .query(
            "/api/Report/Query/HeaderByMiscInfo",
            &[("description", "A")],
        )
        .await;
    assert_eq!(
        rows.json()[0]["miscData"][0],
        json!({"description": "A", "data": "x"})
    );
    for (filter, count) in [
        ("subUnits/any(s: s/serialNumber eq 'O''Neil')", 1),
        ("subUnits/any(s: s/partNumber eq 'SUB')", 2),
        ("uurSubUnits/any(s: s/partNumber eq 'SUB')", 0),
        (
            "miscInfo/any(m: m/description eq 'A' and m/value eq 'x')",
            1,
        ),
    ] {
        let rows = client.query(HEADERS, &[("$filter", filter)]).await.json();
        assert_eq!(rows.as_array().unwrap().len(), count, "{filter}");
        assert!(rows[0].get("subUnits").is_none(), "only when expanded");
    }
}
