//! Tickets: what is sent, what comes back, what is refused.

use serde_json::json;
use uuid::Uuid;
use wats_domains::root_cause::{
    Ticket, TicketPriority, TicketStatus, TicketUpdateType, TicketView,
};
use wats_http::Part;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, client, golden, refused, refusing};

const ID: Uuid = Uuid::from_u128(7);
const TEXT: &str = "00000000-0000-0000-0000-000000000007";

fn read(ticket: serde_json::Value) -> Ticket {
    serde_json::from_value(ticket).unwrap()
}

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let root_cause = api.root_cause();
    let mut ticket = Ticket::new("Fails").comment("Often");
    ticket.priority = Some(TicketPriority::High);
    ticket.report_id = Some(ID);
    let known = read(json!({"ticketId": TEXT, "status": 2, "new": {"a": 1}}));
    golden! { mock;
        root_cause.get(ID) => GET "/api/RootCause/Ticket?ticketId=00000000-0000-0000-0000-000000000007";
        root_cause.list(&[TicketStatus::Open, TicketStatus::Solved, TicketStatus::Open], TicketView::All, None)
            => GET "/api/RootCause/Tickets?status=9&view=2";
        root_cause.list(&[TicketStatus::Archived], TicketView::Assigned, Some("cold & wet"))
            => GET "/api/RootCause/Tickets?status=32&view=0&searchString=cold%20%26%20wet";
        root_cause.open(&ticket) => POST "/api/RootCause/Ticket",
            json!({"subject": "Fails", "priority": 2, "reportUuid": TEXT, "update": {"content": "Often", "updateType": 0}});
        root_cause.update(&known) => PUT "/api/RootCause/Ticket", json!({"ticketId": TEXT, "status": 2, "new": {"a": 1}});
        root_cause.archive(&[ID, ID]) => POST "/api/RootCause/ArchiveTickets", json!([TEXT, TEXT]);
        root_cause.attachment(ID)
            => GET "/api/RootCause/Attachment?attachmentId=00000000-0000-0000-0000-000000000007";
        root_cause.attachment(ID).file_name("a b.png")
            => GET "/api/RootCause/Attachment?attachmentId=00000000-0000-0000-0000-000000000007&fileName=a%20b.png";
    }
}

#[tokio::test]
async fn a_file_is_uploaded_as_a_form_and_its_id_comes_back() {
    let path = "/api/RootCause/Attachment";
    let mock = MockTransport::new().on(Method::POST, path, [MockAnswer::json(TEXT)]);
    let api = client(&mock);
    let sent = api
        .root_cause()
        .attach("bo\"ard.png", Part::bytes("png"))
        .await;
    assert_eq!(sent.unwrap(), ID);
    let request = &mock.requests()[0];
    let kind = request.headers["content-type"].to_str().unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = String::from_utf8_lossy(&request.body);
    assert!(body.starts_with(&format!("--{boundary}\r\n")), "{body}");
    assert!(
        body.contains("name=\"file\"; filename=\"bo%22ard.png\""),
        "{body}"
    );
    assert!(body.contains("\r\n\r\npng\r\n"), "{body}");

    for odd in [json!("none"), json!(7), json!({"id": TEXT})] {
        let api = answering(Method::POST, path, &odd);
        assert!(
            api.root_cause().attach("a", Part::bytes("")).await.is_err(),
            "{odd}"
        );
    }
}

#[tokio::test]
async fn bad_input_is_refused_by_name_before_anything_is_sent() {
    let (api, mock) = refusing();
    let root_cause = api.root_cause();
    let known = read(json!({"ticketId": TEXT, "subject": "Fails"}));
    let file = || Part::bytes("x");
    refused! { mock;
        root_cause.list(&[], TicketView::All, None) => "status of tickets";
        root_cause.list(&[TicketStatus::Open], TicketView::All, Some("")) => "search text is empty";
        root_cause.list(&[TicketStatus::Open], TicketView::All, Some("a\u{200b}")) => "search text";
        root_cause.open(&known) => "ticket has the id";
        root_cause.update(&Ticket::new("Fails")) => "`ticket_id` is missing";
        root_cause.archive(&[]) => "`ticket_ids` is empty";
        root_cause.attach("", file()) => "file name is empty";
        root_cause.attach("..", file()) => "file name";
        root_cause.attach("a/b.png", file()) => "is a path";
        root_cause.attach("a\\b.png", file()) => "is a path";
        root_cause.attach("a\r\nb.png", file()) => "file name";
        root_cause.attachment(ID).file_name("") => "file_name is empty";
    }
}

#[tokio::test]
async fn tickets_are_read_whatever_the_server_adds_or_changes() {
    let ticket = json!({
        "ticketId": TEXT, "ticketNumber": 12, "status": 64, "priority": "High", "assignee": null, "team": 7,
        "tags": [{"key": "Line", "value": "3"}], "watchers": ["ada"],
        "history": [{"updateType": 3, "content": null, "attachments": [{"filename": "a.png", "size": 3}]}, {}],
    });
    let api = answering(Method::GET, "/api/RootCause/Ticket", &ticket);
    let read = api.root_cause().get(ID).await.unwrap();
    assert_eq!(
        (read.number, read.status),
        (Some(12), Some(TicketStatus::Other(64)))
    );
    assert_eq!(read.priority, Some(TicketPriority::High));
    assert!(read.is_null("assignee"));
    assert_eq!(read.extra.get("team"), Some(&json!(7)));
    let history = read.history.as_ref().unwrap();
    assert_eq!(history[0].kind, Some(TicketUpdateType::Notification));
    assert_eq!(serde_json::to_value(&read).unwrap(), ticket);
}

#[tokio::test]
async fn what_appends_is_not_repeated_and_what_sets_is() {
    let server = |method| {
        let answers = [
            MockAnswer::broken(),
            MockAnswer::json(&json!({"ticketId": TEXT})),
        ];
        MockTransport::new().on(method, "/*", answers)
    };
    let known = read(json!({"ticketId": TEXT}));
    let (post, put, again) = (
        server(Method::POST),
        server(Method::PUT),
        server(Method::POST),
    );
    assert!(
        client(&post)
            .root_cause()
            .open(&Ticket::new("Fails"))
            .await
            .is_err()
    );
    assert!(client(&put).root_cause().update(&known).await.is_err());
    client(&again).root_cause().archive(&[ID]).await.unwrap();
    let asked = [post, put, again].map(|mock| mock.requests().len());
    assert_eq!(asked, [1, 1, 2]);
}

#[tokio::test]
async fn a_comment_is_one_call_that_reads_and_changes() {
    // The last update comes back with the ticket, and must not be added again.
    let ticket = json!({"ticketId": TEXT, "assignee": "bob", "new": 1, "update": {"updateId": TEXT, "content": "old"}});
    let path = "/api/RootCause/Ticket";
    let answer = [MockAnswer::json(&ticket)];
    let mock = MockTransport::new()
        .on(Method::GET, path, answer.clone())
        .on(Method::PUT, path, answer);
    let api = client(&mock);
    api.root_cause().comment(ID, "R7 is cold").await.unwrap();
    api.root_cause().assign(ID, "ada").await.unwrap();
    api.root_cause()
        .set_status(ID, TicketStatus::Solved)
        .await
        .unwrap();
    let bodies: Vec<serde_json::Value> = mock
        .requests()
        .iter()
        .filter(|request| request.method == Method::PUT)
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    let base = json!({"ticketId": TEXT, "assignee": "bob", "new": 1});
    let with = |name: &str, value: serde_json::Value| {
        let mut ticket = base.clone();
        ticket[name] = value;
        ticket
    };
    let comment = json!({"content": "R7 is cold", "updateType": 0});
    assert_eq!(
        bodies,
        [
            with("update", comment),
            with("assignee", json!("ada")),
            with("status", json!(8))
        ]
    );
    let (api, mock) = refusing();
    refused! { mock;
        api.root_cause().comment(ID, " ") => "comment is empty";
        api.root_cause().assign(ID, "") => "assignee is empty";
        api.root_cause().assign(ID, "a\u{200b}") => "assignee";
    }
}
