//! Reports: posted, read back, listed.

use crate::common::{Client, report, start};
use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

const ROUTE: &str = "/api/Report/WSJF";
const HEADERS: &str = "/api/Report/Query/Header";
const ID: &str = "33a2d408-3fc8-480b-b554-6866c77fd91c";

fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

fn column(rows: &Value, name: &str) -> Vec<Value> {
    rows.as_array()
        .into_iter()
        .flatten()
        .map(|row| row[name].clone())
        .collect()
}

#[tokio::test]
async fn what_is_posted_is_what_is_read() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    // Odd spacing, doubled members, huge numbers: the bytes matter, not what a parser makes of them.
    let mut text = format!(
        "  {} ",
        report(ID, "S1", "P", "2026-01-30T22:01:41.4707353+01:00")
    );
    text = text.replace(
        "\"pn\"",
        "\n\"extra\" : 1e400000, \"big\": 123456789012345678901234567890, \"pn\"",
    );
    text = text.replace("1e400000", "0.1000");
    let reply = client.send(Method::POST, ROUTE, text.clone()).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json(), json!({"ID": ID, "uuid": ID, "Report_ID": 1}));
    for path in [
        format!("/api/Report/Wsjf/{ID}"),
        format!("/api/report/wsjf/{}", ID.to_uppercase()),
    ] {
        let read = client.get(&path).await;
        assert_eq!(read.body, text.as_bytes());
        assert_eq!(
            read.headers["content-type"],
            "application/json; charset=utf-8"
        );
    }
    assert_eq!(sim.report_bytes(ID).unwrap(), text.as_bytes());
    assert_eq!(sim.report(ID).unwrap()["extra"], 0.1);
    assert_eq!(
        client
            .get(&format!("/api/Report/Wsjf/{}", id(1)))
            .await
            .status,
        404
    );
    assert_eq!(client.get("/api/Report/Wsjf/nonsense").await.status, 400);
    assert!(sim.report("nonsense").is_none());
}

#[tokio::test]
async fn a_known_id_is_overwritten_and_counted() {
    let sim = start(Simulator::builder().max_reports(1)).await;
    let mut client = Client::h1(&sim).await;
    client
        .post(ROUTE, &report(ID, "S1", "F", "2026-01-30T10:00:00Z"))
        .await;
    let again = client
        .post(ROUTE, &report(ID, "S1", "P", "2026-01-30T10:00:00Z"))
        .await;
    assert_eq!(again.json()["Report_ID"], 1);
    let header = client.get(HEADERS).await.json()[0].clone();
    assert_eq!(header["receiveCount"], 2);
    assert_eq!(header["timeStamp"], 2);
    assert_eq!(
        (&header["run"], &header["passedInRun"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(header["result"], "Passed");

    let full = client
        .post(ROUTE, &report(&id(2), "S2", "P", "2026-01-30T10:00:00Z"))
        .await;
    assert_eq!(full.status, 507);
    assert!(full.message().contains("at most 1"));
    assert_eq!(
        client
            .post(ROUTE, &report(ID, "S1", "P", "2026-01-30T10:00:00Z"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn broken_reports_are_refused_line_by_line() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let reply = client.send(Method::POST, ROUTE, "<report/>").await;
    assert_eq!(reply.status, 400);
    assert!(reply.message().contains("not JSON"));

    let mut bad = report(ID, "S1", "P", "2026-01-30T10:00:00Z");
    bad["sn"] = Value::Null;
    bad["processCode"] = json!(4711);
    bad["root"]["status"] = json!("F");
    bad["root"]["seqCall"] = Value::Null;
    let reply = client.post(ROUTE, &bad).await;
    assert_eq!(reply.status, 400);
    let message = reply.message();
    let lines: Vec<_> = message.lines().collect();
    assert_eq!(
        lines,
        [
            "report: sn is required",
            "report: processCode 4711 does not exist on the server",
            "root: seqCall is required in the root step",
            "root: status (F) must be equal to the report's result (P)",
        ]
    );
    assert!(sim.report(ID).is_none());
    sim.put_process(json!({"code": 4711, "name": "Mine", "state": 1}));
    bad["sn"] = json!("S1");
    bad["root"] = report(ID, "S1", "P", "")["root"].clone();
    assert_eq!(client.post(ROUTE, &bad).await.status, 200);
}

#[tokio::test]
async fn headers_are_derived_from_the_report() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let body = report(ID, "S1", "F", "2026-01-30T22:01:41.4707353+01:00");
    client.post(ROUTE, &body).await;
    let options = [(
        "$expand",
        "subunits,miscinfo,assets,attachments,uurSubUnits",
    )];
    let rows = client.query(HEADERS, &options).await.json();
    let header = &rows[0];
    for (name, value) in [
        ("uuid", json!(ID)),
        ("serialNumber", json!("S1")),
        ("partNumber", json!("PART-0001")),
        ("reportType", json!("T")),
        ("start", json!("2026-01-30T21:01:41.4707353Z")),
        ("revision", json!("A")),
        ("result", json!("Failed")),
        ("batchNumber", json!("B1")),
        ("userName", json!("me")),
        ("stationName", json!("Station")),
        ("location", json!("Lab")),
        ("purpose", json!("Test")),
        ("processCode", json!(100)),
        ("processName", json!("End of line test")),
        ("comment", json!("ø")),
        ("executionTime", json!(1.5)),
        ("swFilename", json!("main.seq")),
        ("swVersion", json!("1.2")),
        ("run", json!(1)),
        ("receiveCount", json!(1)),
        ("reportSize", json!(body.to_string().len().div_ceil(1024))),
        ("causedUutFailure", json!("Rail")),
        ("causedUutFailurePath", json!("Main/Rail")),
        ("passedInRun", Value::Null),
        (
            "subUnits",
            json!([{"partType": "PCBA", "partNumber": "SUB", "revision": "C", "serialNumber": "S-1"}]),
        ),
        (
            "miscInfo",
            json!([{"description": "Text", "value": "value"}, {"description": "Number", "value": "7"}]),
        ),
        ("attachments", json!([{"stepId": 1, "filename": "a.png"}])),
        ("uurSubUnits", json!([])),
    ] {
        assert_eq!(header[name], value, "{name}");
    }
    let asset = &header["assets"][0];
    assert_eq!(
        (&asset["serialNumber"], &asset["totalCount"]),
        (&json!("FIX-1"), &Value::Null)
    );
    assert!(
        client.get(HEADERS).await.json()[0]
            .get("subUnits")
            .is_none(),
        "only when expanded"
    );
}

#[tokio::test]
async fn headers_come_newest_first_in_pages() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    for n in 0..25 {
        // Posted in another order than started.
        let hour = (n * 7) % 25;
        let start = format!("2026-01-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24);
        let result = if n % 5 == 0 { "F" } else { "P" };
        let serial = format!("S{hour:02}");
        assert_eq!(
            client
                .post(ROUTE, &report(&id(n), &serial, result, &start))
                .await
                .status,
            200
        );
    }
    let serials = |rows: &Value| column(rows, "serialNumber");
    let newest = client.get(HEADERS).await.json();
    assert_eq!(newest.as_array().unwrap().len(), 10);
    assert_eq!(serials(&newest)[..2], ["S24", "S23"]);

    let page = [
        ("$top", "2"),
        ("$skip", "3"),
        ("$orderby", "serialNumber desc"),
    ];
    assert_eq!(
        serials(&client.query(HEADERS, &page).await.json()),
        ["S21", "S20"]
    );
    let by_stamp = [
        ("$top", "1"),
        ("$orderby", "timestamp desc"),
        ("$select", "uuid,timeStamp"),
    ];
    let rows = client.query(HEADERS, &by_stamp).await.json();
    assert_eq!(rows, json!([{"uuid": id(24), "timeStamp": 25}]));

    for (filter, count) in [
        ("result eq 'Failed'", 5),
        ("serialNumber in ('S01','S02','S99')", 2),
        (
            "start ge 2026-01-01T20:00:00Z and start lt 2026-01-02T00:00:00Z",
            4,
        ),
        ("start lt 2026-01-01T02:00:00+01:00", 1),
        ("timeStamp gt 20 and not startswith(serialNumber,'X')", 5),
        ("processCode eq 100 and partNumber ne 'PART-0001'", 0),
    ] {
        let options = [("$filter", filter), ("$top", "10000")];
        let rows = client.query(HEADERS, &options).await.json();
        assert_eq!(rows.as_array().unwrap().len(), count, "{filter}");
    }
    let guid = format!("uuid eq {}", id(7));
    assert_eq!(
        column(
            &client.query(HEADERS, &[("$filter", &guid)]).await.json(),
            "uuid"
        ),
        [id(7)]
    );

    for (name, value, reason) in [
        ("$top", "10001", "limit of '10000'"),
        ("$orderby", "partNumber", "cannot order by 'partNumber'"),
        (
            "$filter",
            "serialNumber eq 5",
            "a text cannot be compared with a number",
        ),
        ("$select", "nothing", "'nothing'"),
        ("$expand", "steps", "'steps'"),
        ("reportType", "X", "'X'"),
    ] {
        let reply = client.query(HEADERS, &[(name, value)]).await;
        assert_eq!(reply.status, 400, "{name}={value}");
        assert!(reply.message().contains(reason), "{}", reply.message());
    }
}

#[tokio::test]
async fn runs_are_counted_per_unit_and_process() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    for (n, serial, result) in [(1, "A", "F"), (2, "A", "P"), (3, "B", "P"), (4, "A", "P")] {
        let start = format!("2026-01-01T0{n}:00:00Z");
        client
            .post(ROUTE, &report(&id(n), serial, result, &start))
            .await;
    }
    let rows = client.query(HEADERS, &[("$orderby", "start")]).await.json();
    assert_eq!(column(&rows, "run"), [1, 2, 1, 3]);
    assert_eq!(
        column(&rows, "passedInRun"),
        [Value::Null, json!(2), json!(1), json!(2)]
    );
}

#[tokio::test]
async fn repair_reports_are_told_apart() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    client
        .post(ROUTE, &report(&id(1), "S", "F", "2026-01-01T00:00:00Z"))
        .await;
    let mut repair = report(&id(2), "S", "P", "2026-01-02T00:00:00Z");
    repair["type"] = json!("R");
    repair["processCode"] = json!(500);
    repair["uur"] = json!({"user": "fixer", "refUUT": id(1)});
    for gone in ["root", "uut"] {
        repair.as_object_mut().unwrap().remove(gone);
    }
    assert_eq!(client.post(ROUTE, &repair).await.status, 200);
    for (kind, wanted) in [("U", id(1)), ("R", id(2))] {
        let rows = client.query(HEADERS, &[("reportType", kind)]).await.json();
        assert_eq!(column(&rows, "uuid"), [json!(wanted)]);
    }
    let options = [
        ("$filter", "reportType eq 'R'"),
        ("$expand", "uurSubUnits,uurMiscInfo"),
    ];
    let row = client.query(HEADERS, &options).await.json()[0].clone();
    assert_eq!(
        (&row["referencedUut"], &row["userName"]),
        (&json!(id(1)), &json!("fixer"))
    );
    assert_eq!(row["uurSubUnits"][0]["serialNumber"], "S-1");
    assert_eq!(row["uurMiscInfo"][1]["value"], "7");
}

#[tokio::test]
async fn a_report_may_be_read_without_its_bulk() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let mut body = report(ID, "S1", "P", "2026-01-30T10:00:00Z");
    body["root"]["steps"][0]["chart"] =
        json!({"series": [{"name": "x", "xdata": "1;2", "ydata": "3;4"}]});
    client.post(ROUTE, &body).await;
    let path = format!("/api/Report/Wsjf/{ID}");
    let plain = client
        .query(&path, &[("includeAttachments", "false")])
        .await
        .json();
    let step = &plain["root"]["steps"][0];
    assert_eq!(
        step["attachment"],
        json!({"name": "a.png", "contentType": "image/png"})
    );
    assert_eq!(step["chart"]["series"][0]["ydata"], "3;4");
    let plain = client
        .query(&path, &[("includeChartdata", "false")])
        .await
        .json();
    assert_eq!(
        plain["root"]["steps"][0]["chart"]["series"],
        json!([{"name": "x"}])
    );
    assert_eq!(plain["root"]["steps"][0]["attachment"]["data"], "AAAA");
    let level0 = client.query(&path, &[("detailLevel", "0")]).await.json();
    assert_eq!((&level0["sn"], level0.get("root")), (&json!("S1"), None));
    assert_eq!(
        client.query(&path, &[("detailLevel", "8")]).await.status,
        400
    );
    let full = client.query(&path, &[("detailLevel", "7")]).await;
    assert_eq!(full.body, body.to_string());
}

#[tokio::test]
async fn strict_rules_are_applied_on_request() {
    let mut body = report(ID, "S1", "P", "2026-01-30T10:00:00Z");
    body["root"]["steps"][0]["numericMeas"][0]["unit"] = json!("");
    let sim = start(Simulator::builder()).await;
    assert_eq!(Client::h1(&sim).await.post(ROUTE, &body).await.status, 200);
    let sim = start(Simulator::builder().report_rules(wats_sim::ReportRules::Strict)).await;
    let reply = Client::h1(&sim).await.post(ROUTE, &body).await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.message(),
        "root -> Rail: unit must be a text of 1 to 20"
    );
}
