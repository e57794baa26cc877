//! Serial numbers: uploaded, taken, reserved, found, freed.

use std::collections::HashSet;

use crate::common::{Client, Reply, encode, start};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

const ROUTE: &str = "/api/Production/SerialNumbers";
const INTERNAL: &str = "/api/internal/Production/SerialNumbers";
const RESERVE: &str = "/api/internal/Production/GetAndReserveNewSerialNumbers";

async fn upload(client: &mut Client, of: &str, format: &str, file: &str) -> Reply {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n{file}\r\n--x--\r\n"
    );
    let path = format!("{ROUTE}?serialNumberType={of}&format={format}");
    let kind = ("Content-Type", "multipart/form-data; boundary=x");
    client
        .try_send(Method::PUT, &path, &[kind], body)
        .await
        .unwrap()
}

fn mac(last: u32) -> String {
    format!("00-1B-C5-00-{:02X}-{:02X}", last >> 8, last & 255)
}

/// The numbers of an XML or CSV file, without the reader of the server.
fn numbers(file: &Bytes) -> Vec<String> {
    let text = String::from_utf8_lossy(file).into_owned();
    let number = |text: &str, end: char| text.split(end).next().unwrap().to_owned();
    if text.contains("<SerialNumbers") {
        return text
            .split("<SN id=\"")
            .skip(1)
            .map(|rest| number(rest, '"'))
            .collect();
    }
    text.lines().skip(1).map(|line| number(line, ',')).collect()
}

async fn take(client: &mut Client, options: &str) -> Reply {
    let path = format!("{ROUTE}/Take?serialNumberType=MACAddress&{options}");
    client.send(Method::POST, &path, "").await
}

async fn get(client: &mut Client, path: &str) -> Value {
    client.get(path).await.json()
}

async fn with_addresses(client: &mut Client, count: u32) {
    let file: String = (0..count).map(|n| format!("{}\n", mac(n))).collect();
    assert_eq!(
        upload(client, "MACAddress", "CSV", &file).await.json(),
        json!([])
    );
}

#[tokio::test]
async fn files_of_both_formats_are_taken_in_and_what_is_known_is_told() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let types = get(&mut client, &format!("{ROUTE}/Types")).await;
    let kinds: Vec<_> = types
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["identifier"])
        .collect();
    assert_eq!(kinds, [0, 1, 2]);

    let xml = "<?xml version=\"1.0\"?><SerialNumbers><SN id=\"A&amp;10\"/><SN taken=\"x\" id=\"A&amp;9\"></SN></SerialNumbers>";
    for (of, format, file, known) in [
        ("serialnumber", "xml", xml, json!([])),
        (
            "SerialNumber",
            "CSV",
            "\u{feff}SerialNumber\r\nA&9\r\n\"B;1\"\r\n",
            json!(["A&9"]),
        ),
        ("SerialNumber", "CSV", "taken;id\n;C1\n\n", json!([])),
        (
            "MACAddress",
            "CSV",
            "00-1B-C5-00-00-00\n001bc5000001",
            json!([]),
        ),
        (
            "MACAddress",
            "CSV",
            "00:1b:c5:00:00:01",
            json!(["00:1b:c5:00:00:01"]),
        ),
        ("IMEI", "CSV", "490154203237518", json!([])),
    ] {
        assert_eq!(
            upload(&mut client, of, format, file).await.json(),
            known,
            "{file}"
        );
    }
    for (of, format, file, status) in [
        (
            "MACAddress",
            "CSV",
            "00-1B-C5-00-00-02\nG0-1B-C5-00-00-02",
            400,
        ),
        ("IMEI", "CSV", "123", 400),
        (
            "SerialNumber",
            "XML",
            "<SerialNumbers><SN/></SerialNumbers>",
            400,
        ),
        ("SerialNumber", "XML", "<SerialNumbers", 400),
        ("SerialNumber", "ZIP", "A", 400),
        ("none", "CSV", "A", 404),
    ] {
        assert_eq!(
            upload(&mut client, of, format, file).await.status,
            status,
            "{of} {file}"
        );
    }
    // Numbers are in the order of their values, and a refused file has left nothing.
    for (format, of, expected) in [
        (
            "CSV",
            "SerialNumber",
            vec!["A&amp;9", "A&amp;10", "\"B;1\"", "C1"],
        ),
        (
            "XML",
            "SerialNumber",
            vec!["A&amp;9", "A&amp;10", "B;1", "C1"],
        ),
        (
            "XML",
            "MACAddress",
            vec!["00-1B-C5-00-00-00", "001bc5000001"],
        ),
    ] {
        let file = client
            .get(&format!("{ROUTE}?serialNumberType={of}&format={format}"))
            .await;
        let expected: Vec<String> = expected
            .into_iter()
            .map(|text| {
                if format == "CSV" {
                    text.replace("&amp;", "&")
                } else {
                    text.to_owned()
                }
            })
            .collect();
        assert_eq!(numbers(&file.body), expected, "{format}");
    }
    let path = format!(
        "{ROUTE}?serialNumberType=SerialNumber&format=CSV&startAddress=A%2610&endAddress=B"
    );
    assert_eq!(numbers(&client.get(&path).await.body), ["A&10"]);
}

#[tokio::test]
async fn what_is_taken_is_never_taken_again() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    with_addresses(&mut client, 300).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let mut client = Client::h1(&sim).await;
        tasks.spawn(async move {
            let mut all = Vec::new();
            for _ in 0..10 {
                all.extend(numbers(
                    &take(&mut client, "quantity=7&format=CSV").await.body,
                ));
            }
            all
        });
    }
    let taken: Vec<String> = tasks.join_all().await.concat();
    assert_eq!(taken.len(), 280);
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), 280);
    // Fewer if there are fewer, and then none.
    for expected in [20, 0] {
        let rest = take(&mut client, "quantity=50").await;
        assert_eq!(numbers(&rest.body).len(), expected);
        assert_eq!(
            rest.headers["content-type"],
            "application/xml; charset=utf-8"
        );
    }
    assert_eq!(
        upload(&mut client, "MACAddress", "CSV", &mac(5))
            .await
            .json(),
        json!([mac(5)])
    );
    for options in [
        "quantity=0",
        "quantity=-1",
        "quantity=x",
        "",
        "quantity=1&format=PDF",
    ] {
        assert_eq!(take(&mut client, options).await.status, 400, "{options}");
    }
}

#[tokio::test]
async fn numbers_are_found_by_range_by_reference_and_by_time() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    with_addresses(&mut client, 20).await;
    take(&mut client, "quantity=2&refSN=S%201&refPN=P&stationName=T").await;
    take(&mut client, "quantity=3&refPN=P").await;
    let of = "serialNumberType=MACAddress";
    for (query, expected) in [
        ("refSN=S%201", 2),
        ("refPN=P", 5),
        ("refSN=S%201&refPN=P", 2),
        ("refSN=S", 0),
        ("refPN=P&startDate=2000-01-01", 5),
        ("refPN=P&endDate=2000-01-01", 0),
    ] {
        let rows = get(&mut client, &format!("{ROUTE}/ByReference?{of}&{query}")).await;
        assert_eq!(rows.as_array().unwrap().len(), expected, "{query}");
    }
    let rows = get(
        &mut client,
        &format!("{ROUTE}/ByReference?{of}&refSN=S%201"),
    )
    .await;
    assert_eq!(
        (
            &rows[1]["serialNumber"],
            &rows[1]["refPN"],
            &rows[1]["stationName"]
        ),
        (&json!(mac(1)), &json!("P"), &json!("T"))
    );
    assert!(rows[1]["taken"].is_string());

    let range = format!(
        "startAddress={}&endAddress={}",
        mac(4),
        encode("00:1b:c5:00:00:08")
    );
    for route in [format!("{ROUTE}/ByRange"), INTERNAL.to_owned()] {
        let rows = get(&mut client, &format!("{route}?{of}&{range}")).await;
        let found: Vec<_> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["serialNumber"].as_str().unwrap())
            .collect();
        assert_eq!(found, (4..=8).map(mac).collect::<Vec<_>>());
        assert_eq!(
            client
                .get(&format!("{route}?{of}&startAddress={}", mac(4)))
                .await
                .status,
            400
        );
        assert_eq!(
            client
                .get(&format!("{route}?{of}&startAddress=x&endAddress=y"))
                .await
                .status,
            400
        );
    }
    for (query, expected) in [
        (String::new(), 20),
        (range, 5),
        ("toDate=2000-01-01".to_owned(), 0),
    ] {
        assert_eq!(
            get(&mut client, &format!("{INTERNAL}/Count?{of}&{query}")).await,
            json!(expected)
        );
    }
    assert_eq!(
        client
            .get(&format!("{ROUTE}/ByReference?{of}"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_sequence_has_no_gaps() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let file: Vec<String> = [0, 1, 3, 4, 5, 254, 255, 256, 257].map(mac).to_vec();
    upload(&mut client, "MACAddress", "CSV", &file.join("\n")).await;
    let ranges = get(
        &mut client,
        &format!("{INTERNAL}/Ranges?serialNumberType=MACAddress"),
    )
    .await;
    let ends: Vec<_> = (ranges.as_array().unwrap().iter())
        .map(|range| {
            (
                range["startAddress"].clone(),
                range["endAddress"].clone(),
                range["free"].clone(),
            )
        })
        .collect();
    let range = |first, last, count: u32| (json!(mac(first)), json!(mac(last)), json!(count));
    assert_eq!(ends, [range(0, 1, 2), range(3, 5, 3), range(254, 257, 4)]);

    assert_eq!(
        take(&mut client, "quantity=5&onlyInSequence=true")
            .await
            .status,
        409
    );
    for (quantity, expected) in [(4, vec![254, 255, 256, 257]), (3, vec![3, 4, 5])] {
        let options = format!("quantity={quantity}&onlyInSequence=true");
        let taken = take(&mut client, &options).await;
        assert_eq!(
            numbers(&taken.body),
            expected.into_iter().map(mac).collect::<Vec<_>>()
        );
    }
    assert_eq!(
        take(&mut client, "quantity=3&onlyInSequence=true")
            .await
            .status,
        409
    );
    let statistics = get(
        &mut client,
        &format!("{INTERNAL}/Statistics?serialNumberType=MACAddress"),
    )
    .await;
    let expected = json!({
        "type": "MACAddress", "identifier": 1, "identifierName": "MAC address",
        "total": 9, "free": 2, "taken": 7, "reserved": 0,
    });
    assert_eq!(statistics, expected);
    assert_eq!(
        get(&mut client, &format!("{INTERNAL}/Statistics"))
            .await
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

async fn reserve(client: &mut Client, size: u32, kept: Value) -> Vec<String> {
    let pool = json!({ "sn": {
        "serialNumberType": "MACAddress", "requestType": "Reserve", "batchSize": size, "stationName": "T",
        "fetchWhenLessThan": 3, "fetchWhenLessThanSpecified": true, "SN": kept,
    }});
    let answer = client.post(RESERVE, &pool).await.json();
    let xml = answer["sn"].as_str().unwrap().to_owned();
    assert!(
        xml.contains("fetchWhenLessThan=\"3\"") && !xml.contains("Specified"),
        "{xml}"
    );
    numbers(&Bytes::from(xml))
}

#[tokio::test]
async fn a_pool_is_reserved_filled_up_and_given_back() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    with_addresses(&mut client, 10).await;
    let macs = |numbers: &[u32]| numbers.iter().map(|n| mac(*n)).collect::<Vec<_>>();
    assert_eq!(reserve(&mut client, 3, json!([])).await, macs(&[0, 1, 2]));
    // Reserved numbers are not taken by others.
    assert_eq!(
        numbers(&take(&mut client, "quantity=1").await.body),
        macs(&[3])
    );
    let kept = json!([
        { "id": mac(0), "taken": "2026-01-30T10:00:00Z", "takenSpecified": true, "refSN": "S" },
        { "id": mac(1) }, { "id": mac(2), "takenSpecified": false },
        { "id": mac(9) },
    ]);
    assert_eq!(reserve(&mut client, 2, kept).await, macs(&[1, 2, 4, 5]));
    let of = "serialNumberType=MACAddress";
    let taken = get(&mut client, &format!("{ROUTE}/ByReference?{of}&refSN=S")).await;
    assert_eq!(
        (&taken[0]["serialNumber"], &taken[0]["stationName"]),
        (&json!(mac(0)), &json!("T"))
    );
    let none: Vec<String> = Vec::new();
    assert_eq!(
        reserve(&mut client, 0, json!([{ "id": mac(1) }, { "id": mac(2) }])).await,
        none
    );
    let counts = get(&mut client, &format!("{INTERNAL}/Statistics?{of}")).await;
    assert_eq!(
        (&counts["free"], &counts["reserved"], &counts["taken"]),
        (&json!(6), &json!(2), &json!(2))
    );

    // Ranges that overlap count once; what is taken stays.
    let range = |first: u32, last: u32| json!({ "type": "MACAddress", "startAddress": mac(first), "endAddress": mac(last) });
    let free = format!("{INTERNAL}/Free");
    let ranges = json!([range(0, 4), range(3, 4), range(9, 9)]);
    assert_eq!(client.put(&free, &ranges).await.json(), json!(1));
    assert_eq!(client.put(&free, &ranges).await.json(), json!(0));
    let deleted = client
        .send(
            Method::DELETE,
            &free,
            json!([range(0, 1), range(7, 9)]).to_string(),
        )
        .await;
    assert_eq!(deleted.json(), json!(4));
    assert_eq!(
        get(&mut client, &format!("{INTERNAL}/Count?{of}")).await,
        json!(6)
    );
    for body in [
        "",
        "[{}]",
        "[{\"type\":\"MACAddress\",\"startAddress\":\"x\",\"endAddress\":\"y\"}]",
    ] {
        assert_eq!(
            client.send(Method::DELETE, &free, body).await.status,
            400,
            "{body}"
        );
    }

    let query = format!(
        "{RESERVE}?{of}&requestType=Take&batchSize=1&onlyInSequence=false&refSN=&refPN=&siteName=&stationName=&format=CSV"
    );
    assert_eq!(numbers(&client.get(&query).await.body), macs(&[2]));
    for (name, value) in [
        ("requestType", json!("Borrow")),
        ("batchSize", json!(-1)),
        ("serialNumberType", json!("none")),
    ] {
        let mut pool = json!({ "sn": { "serialNumberType": "MACAddress", "requestType": "Take", "batchSize": 1 } });
        pool["sn"][name] = value;
        let status = client.post(RESERVE, &pool).await.status;
        assert_eq!(status, if name == "serialNumberType" { 404 } else { 400 });
    }
}
