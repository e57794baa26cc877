//! Users: what is sent, what comes back, how pages are read, what is refused, what is never shown.

use serde_json::{Value, json};
use wats_domains::scim::{User, UserChange};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, client, deletes, golden, refused, refusing};

const USERS: &str = "/api/SCIM/v2/Users";

fn read(user: Value) -> User {
    serde_json::from_value(user).unwrap()
}

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let scim = api.scim();
    let created = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada", "active": true,
    });
    let changes = [
        UserChange::FullName("Ada L".into()),
        UserChange::FamilyName("L".into()),
        UserChange::GivenName("Ada".into()),
        UserChange::Role("Admin".into()),
        UserChange::Email("ada@example.org".into()),
        UserChange::Active(false),
        UserChange::Levels(vec!["A".into(), "B".into()]),
        UserChange::ProductGroups(vec!["G".into()]),
    ];
    let replaced =
        |path: &str, value: Value| json!({"op": "replace", "path": path, "value": value});
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [
            replaced("fullName", json!("Ada L")), replaced("familyName", json!("L")), replaced("givenName", json!("Ada")),
            replaced("roles", json!("Admin")), replaced("email", json!("ada@example.org")), replaced("active", json!(false)),
            replaced("levels", json!("A;B")), replaced("productGroups", json!("G")),
        ],
    });
    golden! { mock;
        scim.token(None) => GET "/api/SCIM/v2/Token";
        scim.token(Some(30)) => GET "/api/SCIM/v2/Token?duration=30";
        scim.users() => GET "/api/SCIM/v2/Users";
        scim.users().filter("userName eq \"ada\"").start_index(2_u32).count(5_u32)
            => GET "/api/SCIM/v2/Users?filter=userName%20eq%20%22ada%22&startIndex=2&count=5";
        scim.all() => GET "/api/SCIM/v2/Users?startIndex=1&count=100";
        scim.get("7/a") => GET "/api/SCIM/v2/Users/7%2Fa";
        scim.by_name("ada@example.org") => GET "/api/SCIM/v2/Users/userName=ada%40example.org";
        scim.create(&User::new("ada")) => POST "/api/SCIM/v2/Users", created;
        scim.update("7", &changes) => PATCH "/api/SCIM/v2/Users/7", patch;
        scim.delete("7") => DELETE "/api/SCIM/v2/Users/7";
    }
}

#[tokio::test]
async fn bad_input_is_refused_by_name_before_anything_is_sent() {
    let (api, mock) = refusing();
    let scim = api.scim();
    let known = read(json!({"id": "7", "userName": "ada"}));
    let levels = |names: &[&str]| {
        [UserChange::Levels(
            names.iter().map(|n| (*n).to_owned()).collect(),
        )]
    };
    refused! { mock;
        scim.token(Some(0)) => "`days` is 0";
        scim.token(Some(u32::MAX)) => "`days` is 4294967295";
        scim.users().filter("") => "filter is empty";
        scim.get("") => "user id is empty";
        scim.get("..") => "`id`";
        scim.by_name("") => "user name is empty";
        scim.by_name("ada\u{200b}") => "user name";
        scim.create(&known) => "has the id";
        scim.create(&User::new("")) => "user name is empty";
        scim.update("7", &[]) => "nothing to change";
        scim.update(".", &[UserChange::Active(true)]) => "`id`";
        scim.update("7", &levels(&[])) => "levels or groups";
        scim.update("7", &levels(&["A", ""])) => "level or group";
        scim.update("7", &levels(&["A;B"])) => "\"A;B\"";
        scim.delete("") => "user id is empty";
    }
}

#[tokio::test]
async fn users_are_read_whatever_the_server_adds_or_changes() {
    let user = json!({
        "id": "7", "userName": "ada", "active": "yes", "externalId": null, "meta": {"resourceType": "User"},
        "name": {"givenName": "Ada", "familyName": null}, "emails": [{"value": "a@b", "primary": true, "x": 1}],
    });
    let api = answering(Method::GET, "/api/SCIM/v2/Users/7", &user);
    let read = api.scim().get("7").await.unwrap();
    assert_eq!(
        (&read.active, read.extra.get("active")),
        (&None, Some(&json!("yes")))
    );
    assert!(read.is_null("externalId"));
    assert_eq!(serde_json::to_value(&read).unwrap(), user);

    let missing = MockTransport::new().on(Method::GET, "/*", [MockAnswer::status(404)]);
    assert!(
        client(&missing)
            .scim()
            .by_name("ada")
            .await
            .unwrap()
            .is_none()
    );
    deletes! { api => api.scim().delete("7"), "/api/SCIM/v2/Users/7"; }
}

/// A server that gives pages with users of these ids, one after the other, and says that there are so many in all.
fn pages(total: &Value, pages: &[&[u32]]) -> MockTransport {
    let page = |ids: &&[u32]| {
        let users: Vec<Value> = ids.iter().map(|id| json!({"id": id.to_string()})).collect();
        MockAnswer::json(&json!({"totalResults": total, "Resources": users}))
    };
    MockTransport::new().on(Method::GET, USERS, pages.iter().map(page))
}

async fn all(mock: &MockTransport) -> wats_domains::Result<Vec<String>> {
    let users = client(mock).scim().all().await?;
    Ok(users.into_iter().map(|user| user.id.unwrap()).collect())
}

/// The places at which pages began.
fn places(mock: &MockTransport) -> Vec<String> {
    let requests = mock.requests();
    let place = |target: &str| {
        let query = target.split_once("startIndex=").unwrap().1;
        query.split_once('&').unwrap().0.to_owned()
    };
    requests
        .iter()
        .map(|request| place(&request.target))
        .collect()
}

#[tokio::test]
async fn all_users_come_once_whatever_the_server_says_of_their_number() {
    // Too many, too few, none and another kind are told; short pages are no end.
    for total in [
        json!(3),
        json!(99),
        json!(1),
        json!(0),
        json!(-1),
        json!("3"),
        json!(null),
    ] {
        let mock = pages(&total, &[&[1, 2], &[3], &[]]);
        assert_eq!(all(&mock).await.unwrap(), ["1", "2", "3"], "{total}");
        assert_eq!(places(&mock), ["1", "3", "4"], "{total}");
    }
    assert!(all(&pages(&json!(0), &[&[]])).await.unwrap().is_empty());
    for empty in [
        json!({}),
        json!({"Resources": null}),
        json!({"totalResults": 5, "Resources": []}),
    ] {
        let api = answering(Method::GET, USERS, &empty);
        assert!(api.scim().all().await.unwrap().is_empty(), "{empty}");
    }
    // One that was moved on by a new user comes once, and those behind it are not left out.
    let mock = pages(&json!(4), &[&[1, 2], &[2, 3], &[4], &[]]);
    assert_eq!(all(&mock).await.unwrap(), ["1", "2", "3", "4"]);
    assert_eq!(places(&mock), ["1", "3", "5", "6"]);
}

#[tokio::test]
async fn a_server_without_pages_gives_all_users_and_one_that_repeats_a_page_is_an_error() {
    let mock = pages(&json!(2), &[&[1, 2]]);
    assert_eq!(all(&mock).await.unwrap(), ["1", "2"]);
    assert_eq!(mock.requests().len(), 2);
    let mock = pages(&json!(500), &[&[1, 2]]);
    let error = all(&mock).await.unwrap_err().to_string();
    assert!(error.contains("place 3"), "{error}");
    assert_eq!(mock.requests().len(), 2);
    // Users without an id are known by their names, or by all that they have.
    let nameless =
        json!({"totalResults": 9, "Resources": [{"displayName": "A"}, {"userName": "b"}]});
    let api = answering(Method::GET, USERS, &nameless);
    assert!(api.scim().all().await.is_err());
}

#[tokio::test]
async fn a_user_is_created_once_and_replaced_again() {
    let server = |method| {
        let answers = [MockAnswer::broken(), MockAnswer::json(&json!({"id": "7"}))];
        MockTransport::new().on(method, "/*", answers)
    };
    let (post, patch) = (server(Method::POST), server(Method::PATCH));
    assert!(
        client(&post)
            .scim()
            .create(&User::new("ada"))
            .await
            .is_err()
    );
    client(&patch)
        .scim()
        .update("7", &[UserChange::Active(false)])
        .await
        .unwrap();
    assert_eq!((post.requests().len(), patch.requests().len()), (1, 2));
}

#[tokio::test]
async fn a_change_that_is_answered_without_the_user_reads_it() {
    let path = "/api/SCIM/v2/Users/7";
    let user = json!({"id": "7", "userName": "ada", "active": false});
    let mock = MockTransport::new()
        .on(Method::PATCH, path, [MockAnswer::status(204)])
        .on(Method::GET, path, [MockAnswer::json(&user)]);
    let changed = client(&mock)
        .scim()
        .update("7", &[UserChange::Active(false)])
        .await
        .unwrap();
    assert_eq!(serde_json::to_value(&changed).unwrap(), user);
    let sent: Vec<_> = mock
        .requests()
        .iter()
        .map(|request| request.method.clone())
        .collect();
    assert_eq!(sent, [Method::PATCH, Method::GET]);
}
