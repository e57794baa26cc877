//! Tickets: opened, updated, listed, archived, with files.

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::common::{Client, start};

const TICKET: &str = "/api/RootCause/Ticket";

async fn open(client: &mut Client, body: Value) -> Value {
    client.post(TICKET, &body).await.json()
}

#[tokio::test]
async fn an_update_appends_to_the_history() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let tags = json!([{ "key": "Line", "value": "L7" }]);
    let update = json!({ "content": "seen", "updateType": 0 });
    let opened = open(
        &mut client,
        json!({ "subject": "Cold start", "tags": tags, "update": update, "ticketNumber": 9 }),
    )
    .await;
    let id = opened["ticketId"].as_str().unwrap().to_owned();
    assert_eq!(
        (
            &opened["ticketNumber"],
            &opened["status"],
            &opened["update"]
        ),
        (&json!(1), &json!(1), &Value::Null)
    );
    assert_eq!(opened["history"][0]["content"], "seen");

    let attach = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.png\"\r\n\r\nPNG\r\n--x--";
    let headers = [("Content-Type", "multipart/form-data; boundary=x")];
    let path = "/api/RootCause/Attachment";
    let file = client
        .try_send(Method::POST, path, &headers, attach)
        .await
        .unwrap()
        .json();
    let file = file.as_str().unwrap().to_owned();
    let change = json!({
        "ticketId": id, "status": 2, "assignee": "api", "progress": "half", "history": [],
        "update": { "content": "photo", "attachments": [{ "attachmentId": file }] },
    });
    let updated = client.put(TICKET, &change).await.json();
    let history: Vec<(i64, &str)> = updated["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["updateType"].as_i64().unwrap(),
                entry["content"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        history,
        [
            (0, "seen"),
            (0, "photo"),
            (1, "progress: half"),
            (2, "assignee: api\nstatus: 2")
        ]
    );
    let named = json!([{ "attachmentId": file, "filename": "a b.png" }]);
    assert_eq!(updated["history"][1]["attachments"], named);
    assert_eq!(
        client.get(&format!("{TICKET}?ticketId={id}")).await.json(),
        updated
    );

    let shown = client.get(&format!("{path}?attachmentId={file}")).await;
    assert_eq!(
        (
            &shown.body[..],
            shown.headers["content-type"].to_str().unwrap()
        ),
        (&b"PNG"[..], "image/png")
    );
    let kept = client
        .get(&format!("{path}?attachmentId={file}&fileName=x.png"))
        .await;
    assert_eq!(
        kept.headers["content-disposition"],
        "attachment; filename=\"x.png\""
    );

    open(&mut client, json!({ "subject": "Other" })).await;
    for (query, found) in [
        ("status=63&view=2", vec![1, 2]),
        ("status=1&view=2", vec![2]),
        ("status=3&view=0", vec![1]),
        ("status=3&view=1", vec![1, 2]),
        ("status=3&view=2&searchString=cold", vec![1]),
        ("status=3&view=2&searchString=l7", vec![1]),
        ("status=3&view=2&searchString=none", vec![]),
    ] {
        let listed = client
            .get(&format!("/api/RootCause/Tickets?{query}"))
            .await
            .json();
        let numbers: Vec<i64> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["ticketNumber"].as_i64().unwrap())
            .collect();
        assert_eq!(numbers, found, "{query}");
    }
}

#[tokio::test]
async fn only_solved_tickets_are_archived_all_or_none() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let mut ids = Vec::new();
    for status in [8, 1] {
        let ticket = open(&mut client, json!({ "subject": "S", "status": status })).await;
        ids.push(ticket["ticketId"].clone());
    }
    let archive = "/api/RootCause/ArchiveTickets";
    assert_eq!(client.post(archive, &json!(ids)).await.status, 400);
    let archived = "/api/RootCause/Tickets?status=32&view=2";
    assert_eq!(client.get(archived).await.json(), json!([]));
    assert_eq!(
        client.post(archive, &json!(ids[..1])).await.json()["status"],
        32
    );
    assert_eq!(client.get(archived).await.json()[0]["ticketId"], ids[0]);

    for (method, body, status) in [
        (
            Method::PUT,
            json!({ "ticketId": ids[0], "subject": "x" }),
            400,
        ),
        (Method::PUT, json!({ "subject": "x" }), 400),
        (
            Method::PUT,
            json!({ "ticketId": "33a2d408-3fc8-480b-b554-6866c77fd91c" }),
            404,
        ),
        (
            Method::PUT,
            json!({ "ticketId": ids[1], "status": 32 }),
            400,
        ),
        (
            Method::PUT,
            json!({ "ticketId": ids[1], "priority": 3 }),
            400,
        ),
        (
            Method::PUT,
            json!({ "ticketId": ids[1], "update": { "attachments": [{ "attachmentId": "x" }] } }),
            400,
        ),
        (
            Method::PUT,
            json!({ "ticketId": ids[1], "update": { "updateType": 4 } }),
            400,
        ),
        (Method::POST, json!({ "assignee": "x" }), 400),
    ] {
        assert_eq!(
            client.send(method, TICKET, body.to_string()).await.status,
            status,
            "{body}"
        );
    }
    for (path, status) in [
        ("Ticket", 400),
        ("Ticket?ticketId=x", 400),
        ("Tickets?status=1", 400),
        ("Tickets?status=1&view=3", 400),
        (
            "Attachment?attachmentId=33a2d408-3fc8-480b-b554-6866c77fd91c",
            404,
        ),
    ] {
        assert_eq!(
            client.get(&format!("/api/RootCause/{path}")).await.status,
            status,
            "{path}"
        );
    }
    assert_eq!(
        client
            .post("/api/RootCause/Attachment", &json!({}))
            .await
            .status,
        400
    );
}
