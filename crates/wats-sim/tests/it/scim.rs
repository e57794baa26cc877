//! Users by SCIM.

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::common::{AWKWARD, Client, Reply, encode, start};

const USERS: &str = "/api/SCIM/v2/Users";

async fn patch(client: &mut Client, id: &str, operations: Value) -> Reply {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations,
    });
    client
        .send(Method::PATCH, &format!("{USERS}/{id}"), body.to_string())
        .await
}

#[tokio::test]
async fn a_user_is_created_read_changed_and_deleted() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let new = json!({
        "userName": AWKWARD, "name": { "givenName": "Ada", "familyName": "Byron" },
        "emails": [{ "value": "ada@x.org", "type": "work", "primary": true }],
    });
    let created = client.post(USERS, &new).await;
    assert_eq!(
        created.headers["content-type"],
        "application/scim+json; charset=utf-8"
    );
    let created = created.json();
    let id = created["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&created["displayName"], &created["active"]),
        (&json!("Ada Byron"), &json!(true))
    );
    assert_eq!(client.get(&format!("{USERS}/{id}")).await.json(), created);
    let by_name = format!("{USERS}/userName={}", encode(&AWKWARD.to_uppercase()));
    assert_eq!(client.get(&by_name).await.json(), created);
    assert_eq!(client.post(USERS, &new).await.status, 409);

    let changes = json!([
        { "op": "Replace", "path": "active", "value": false },
        { "op": "replace", "path": "fullName", "value": "Ada L" },
        { "op": "replace", "path": "familyName", "value": "Lovelace" },
        { "op": "replace", "path": "email", "value": "a@x.org" },
        { "op": "replace", "path": "levels", "value": "A;B" },
        { "op": "replace", "path": "levels", "value": "B;C" },
    ]);
    let changed = patch(&mut client, &id, changes).await.json();
    let expected = json!(["Ada L", false, "Lovelace", "a@x.org", "A;B;C"]);
    let found = json!([
        changed["displayName"],
        changed["active"],
        changed["name"]["familyName"],
        changed["emails"][0]["value"],
        changed["levels"],
    ]);
    assert_eq!(found, expected);
    for refused in [
        json!([]),
        json!([{ "op": "add", "path": "email", "value": "x" }]),
        json!([{ "op": "replace", "path": "userName", "value": "x" }]),
        json!([{ "op": "replace", "path": "active", "value": "false" }]),
        json!([{ "op": "replace", "path": "roles", "value": "Nobody" }]),
        json!([{ "op": "replace", "path": "email", "value": "b@x.org" }, { "op": "replace", "path": "email", "value": 1 }]),
    ] {
        assert_eq!(
            patch(&mut client, &id, refused.clone()).await.status,
            400,
            "{refused}"
        );
    }
    assert_eq!(
        client.get(&by_name).await.json(),
        changed,
        "nothing of a refused patch is kept"
    );

    let path = format!("{USERS}/{id}");
    assert_eq!(client.send(Method::DELETE, &path, "").await.status, 204);
    for gone in [&path, &by_name] {
        assert_eq!(client.get(gone).await.status, 404);
    }
    assert_eq!(client.send(Method::DELETE, &path, "").await.status, 404);
    assert_eq!(
        patch(
            &mut client,
            &id,
            json!([{ "op": "replace", "path": "active", "value": true }])
        )
        .await
        .status,
        404
    );
    assert_eq!(
        client.post(USERS, &new).await.status,
        200,
        "the name is free again"
    );
}

#[tokio::test]
async fn lists_have_filters_and_pages() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    for name in ["b", "a", "c", "D"] {
        let user = json!({ "userName": name, "active": name != "c", "externalId": format!("X-{name}"), "name": { "givenName": name } });
        client.post(USERS, &user).await;
    }
    for (query, total, names) in [
        (vec![], 4, "a b c D"),
        (vec![("startIndex", "2"), ("count", "2")], 4, "b c"),
        (vec![("startIndex", "0"), ("count", "1")], 4, "a"),
        (vec![("startIndex", "9")], 4, ""),
        (vec![("count", "0")], 4, ""),
        (vec![("filter", "userName eq \"d\"")], 1, "D"),
        (
            vec![(
                "filter",
                "active eq false or externalId ew \"-A\" and active eq true",
            )],
            2,
            "a c",
        ),
        (vec![("filter", "name.givenName co \"b\"")], 1, "b"),
        (vec![("filter", "emails.value pr")], 0, ""),
        (
            vec![("filter", "USERNAME ne \"a\""), ("count", "1")],
            3,
            "b",
        ),
    ] {
        let page = client.query(USERS, &query).await.json();
        let users = page["Resources"].as_array().unwrap();
        let found: Vec<&str> = users
            .iter()
            .map(|user| user["userName"].as_str().unwrap())
            .collect();
        assert_eq!(
            (
                page["totalResults"].as_i64().unwrap(),
                found.join(" ").as_str()
            ),
            (total, names),
            "{query:?}"
        );
        assert_eq!(page["itemsPerPage"], users.len());
    }
    for filter in [
        "userName",
        "userName eq",
        "nobody eq \"x\"",
        "userName is \"x\"",
        "userName eq \"x",
        "userName pr x",
        "id pr and",
    ] {
        assert_eq!(
            client.query(USERS, &[("filter", filter)]).await.status,
            400,
            "{filter}"
        );
    }
    for body in [
        json!({}),
        json!({ "userName": "" }),
        json!({ "userName": "x", "name": 1 }),
        json!({ "userName": "x", "emails": [1] }),
    ] {
        assert_eq!(client.post(USERS, &body).await.status, 400, "{body}");
    }
    assert_eq!(client.get(&format!("{USERS}/x")).await.status, 400);
}

#[tokio::test]
async fn a_token_is_another_each_time_and_has_an_end() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let route = "/api/SCIM/v2/Token";
    for (query, days) in [("", 90), ("?duration=7", 7)] {
        let before = jiff::Timestamp::now();
        let token = client.get(&format!("{route}{query}")).await.json();
        let expires: jiff::Timestamp = token["expiresUtc"].as_str().unwrap().parse().unwrap();
        assert_eq!(expires.duration_since(before).as_hours(), days * 24);
        let again = client.get(&format!("{route}{query}")).await.json();
        assert_ne!(token["token"], again["token"]);
        assert_eq!(token["token"].as_str().unwrap().split('.').count(), 3);
    }
    for days in ["0", "-1", "x", "9223372036854775807"] {
        assert_eq!(
            client.get(&format!("{route}?duration={days}")).await.status,
            400,
            "{days}"
        );
    }
}

#[tokio::test]
async fn a_token_opens_the_routes_of_users_until_it_expires() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let made = client.get("/api/SCIM/v2/Token?duration=1").await.json();
    let token = made["token"].as_str().unwrap();
    let users = "/api/SCIM/v2/Users";
    let mut ask = async |scheme: &str, path: &str| {
        let authorization = format!("{scheme} {token}");
        let headers = [("Authorization", authorization.as_str())];
        let reply = client.try_send(Method::GET, path, &headers, "").await;
        reply.unwrap().status.as_u16()
    };
    assert_eq!(ask("Bearer", users).await, 200);
    assert_eq!(ask("Basic", users).await, 200);
    assert_eq!(ask("Bearer", "/api/Product/Query").await, 401);
    assert_eq!(ask("Bearer", "/api/SCIM/v2/Users/x").await, 400);
    sim.set_clock_skew(jiff::SignedDuration::from_hours(23));
    assert_eq!(ask("Bearer", users).await, 200);
    sim.set_clock_skew(jiff::SignedDuration::from_hours(25));
    assert_eq!(ask("Bearer", users).await, 401);
}
