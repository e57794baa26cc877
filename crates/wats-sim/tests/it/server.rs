//! The server itself, its clients and levels, and the tokens it makes.

use http::Method;
use serde_json::{Value, json};
use wats_sim::{DEFAULT_TOKEN, Simulator};

use crate::common::{Client, Reply, report, start};

/// A request with another token.
async fn with(client: &mut Client, token: &str, method: Method, path: &str, body: String) -> Reply {
    let basic = format!("Basic {token}");
    client
        .try_send(method, path, &[("authorization", &basic)], body)
        .await
        .unwrap()
}

fn basic(name: &str, password: &Value) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .encode(format!("{name}:{}", password.as_str().unwrap()))
}

#[tokio::test]
async fn the_server_tells_of_itself_and_its_user() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let version = client.get("/api/App/Version").await.json();
    for path in ["/api/SystemStatus", "/api/internal/Client/ServerInfo"] {
        let told = client.get(path).await.json();
        assert_eq!(told["Version"], version);
        assert!(told.as_object().unwrap().values().all(Value::is_string));
    }
    let ping = client.get("/api/internal/Client/Ping").await.json();
    let time: jiff::Timestamp = ping["ServerTime"].as_str().unwrap().parse().unwrap();
    assert!(time <= jiff::Timestamp::now() && ping["ServerName"].is_string());

    client
        .post("/api/SystemManager/Level", &json!(["Plant", "Line 1"]))
        .await;
    client
        .post("/api/Product/ProductGroup", &json!({ "name": "Boards" }))
        .await;
    let settings = client
        .get("/api/App/CommonUserSettings?UserName=demo")
        .await
        .json();
    assert_eq!(
        settings,
        json!({ "fullName": "demo", "cultureCode": "en-US", "email": null, "roles": ["Administrator"],
        "levels": ["Plant", "Line 1"], "productGroups": ["Boards"] })
    );
    let user = json!({ "userName": "eva", "displayName": "Eva N", "emails": [{ "value": "eva@example.org" }] });
    client.post("/api/SCIM/v2/Users", &user).await;
    let path = "/api/App/CommonUserSettings?UserName=Eva";
    let settings = client.get(path).await.json();
    let told = (&settings["fullName"], &settings["email"]);
    assert_eq!(told, (&json!("Eva N"), &json!("eva@example.org")));
    assert_eq!(client.get("/api/App/CommonUserSettings").await.status, 400);
    assert_eq!(
        client
            .get("/api/App/CommonUserSettings?UserName=ada")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn stations_of_reports_and_clients_that_tell_of_themselves_are_known() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    for (id, start) in [
        (1, "2026-01-02T03:04:05+01:00"),
        (2, "2026-01-01T00:00:00+01:00"),
    ] {
        let id = format!("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1{id}");
        assert_eq!(
            client
                .post("/api/Report/WSJF", &report(&id, "S", "P", start))
                .await
                .status,
            200
        );
    }
    let list = client.get("/api/SystemManager/Clients").await.json();
    let names: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["type"].as_i64().unwrap()))
        .collect();
    assert_eq!(names, [("WATS-SIM", 2), ("Station", 5)]);
    let station = client
        .get("/api/SystemManager/Client?name=Station")
        .await
        .json();
    assert_eq!(station, list[1]);
    assert_eq!(
        (
            &station["location"],
            &station["purpose"],
            &station["clientGroupId"]
        ),
        (&json!("Lab"), &json!("Test"), &Value::Null)
    );
    let last: jiff::Timestamp = station["lastReport"].as_str().unwrap().parse().unwrap();
    assert_eq!(last, "2026-01-02T02:04:05Z".parse().unwrap());

    let told = json!({ "name": "Bench", "utcoffset": "1.5", "miscinfo": "<x/>" });
    let known = client
        .post("/api/internal/Client/Update", &told)
        .await
        .json();
    assert_eq!(
        (
            &known["Name"],
            &known["UTCOffset"],
            &known["MiscInfo"],
            &known["ClientType"]
        ),
        (&json!("Bench"), &json!(1.5), &json!("<x/>"), &json!(6))
    );
    client.get("/api/internal/Client/Ping").await;
    let again = client
        .post("/api/internal/Client/Update", &json!({ "purpose": "Demo" }))
        .await
        .json();
    assert_eq!(
        (&again["ClientId"], &again["Purpose"], &again["Name"]),
        (&known["ClientId"], &json!("Demo"), &json!("Bench"))
    );
    assert!(known["LastPing"].is_null() && again["LastPing"].is_string());
    for (body, status) in [
        (json!({ "name": "Station" }), 409),
        (json!({ "utcoffset": "east" }), 400),
        (json!({ "location": 7 }), 400),
        (json!([]), 400),
    ] {
        assert_eq!(
            client
                .post("/api/internal/Client/Update", &body)
                .await
                .status,
            status,
            "{body}"
        );
    }
    let log = client.get("/api/SystemManager/ClientLog/demo").await;
    let lines = String::from_utf8(log.body.to_vec()).unwrap();
    assert!(
        log.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    assert!(
        lines.lines().count() == 3 && lines.contains("Bench: Ping"),
        "{lines}"
    );
    for path in [
        "ClientLog/none",
        "Client?name=none",
        "Client?identifier=none",
    ] {
        assert_eq!(
            client
                .get(&format!("/api/SystemManager/{path}"))
                .await
                .status,
            404
        );
    }
    for path in [
        "Client",
        "Client?name=a&identifier=b",
        "Level",
        "Level?hierarchy=",
    ] {
        assert_eq!(
            client
                .get(&format!("/api/SystemManager/{path}"))
                .await
                .status,
            400,
            "{path}"
        );
    }
}

#[tokio::test]
async fn levels_are_made_once_and_clients_belong_to_them() {
    const LEVEL: &str = "/api/SystemManager/Level";
    const CLIENT: &str = "/api/SystemManager/Client";
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    assert_eq!(
        client.post(LEVEL, &json!(["Plant/1", "Line"])).await.json(),
        2
    );
    assert_eq!(
        client.post(LEVEL, &json!(["Plant/1", "Line"])).await.json(),
        2
    );
    assert_eq!(client.post(LEVEL, &json!(["Line"])).await.json(), 3);
    for (hierarchy, expected) in [
        ("hierarchy=Plant%2F1&hierarchy=Line", json!(2)),
        ("hierarchy=Plant%2F1", json!(1)),
        ("hierarchy=Line", json!(3)),
        ("hierarchy=Line&hierarchy=Plant%2F1", Value::Null),
    ] {
        assert_eq!(
            client.get(&format!("{LEVEL}?{hierarchy}")).await.json(),
            expected,
            "{hierarchy}"
        );
    }
    for body in [
        json!([]),
        json!([""]),
        json!([1]),
        json!({}),
        json!(vec!["x"; 51]),
    ] {
        assert_eq!(client.post(LEVEL, &body).await.status, 400, "{body}");
    }
    let body = json!({ "clientId": 1, "name": "other", "displayName": "Hall", "clientGroupId": 2, "type": 5 });
    let saved = client
        .put(&format!("{CLIENT}?moveWithHistory=true"), &body)
        .await
        .json();
    assert_eq!(
        (
            &saved["name"],
            &saved["type"],
            &saved["displayName"],
            &saved["levelName"]
        ),
        (
            &json!("WATS-SIM"),
            &json!(2),
            &json!("Hall"),
            &json!("Line")
        )
    );
    assert_eq!(
        client
            .get(&format!("{CLIENT}?identifier=WATS-SIM"))
            .await
            .json()["clientGroupId"],
        2
    );
    for (body, status) in [
        (json!({}), 400),
        (json!({ "clientId": 9 }), 404),
        (json!({ "clientId": 1, "clientGroupId": 9 }), 404),
    ] {
        assert_eq!(client.put(CLIENT, &body).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn a_token_that_is_made_is_accepted_until_it_is_made_anew() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    for path in ["/api/Auth/GetToken", "/api/Auth/GetToken/line%201%2Fa"] {
        let first = client.get(path).await.json();
        let first = first.as_str().unwrap();
        assert_eq!(client.get(path).await.status, 409);
        let second = client.get(&format!("{path}?reset=true")).await.json();
        for (token, status) in [
            (first, 401),
            (second.as_str().unwrap(), 200),
            (DEFAULT_TOKEN, 200),
            ("", 401),
        ] {
            let reply = with(
                &mut client,
                token,
                Method::GET,
                "/api/App/Version",
                String::new(),
            )
            .await;
            assert_eq!(reply.status, status, "{path} {token}");
        }
    }
    assert_eq!(client.get("/api/Auth/GetToken?reset=x").await.status, 400);
}

#[tokio::test]
async fn a_client_registers_and_comes_with_its_own_token() {
    const REGISTER: &str = "/api/Client/Register?location=Lab&purpose=Test";
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let first = client
        .post(
            &format!("{REGISTER}&id=PC-1&name=Bench&type=python"),
            &Value::Null,
        )
        .await
        .json();
    let second = client
        .post(
            &format!("{REGISTER}&id=PC-1&name=Bench&type=python"),
            &Value::Null,
        )
        .await
        .json();
    let old = with(
        &mut client,
        &basic("PC-1", &first),
        Method::GET,
        "/api/internal/Client/Ping",
        String::new(),
    )
    .await;
    assert_eq!(old.status, 401);
    let token = basic("PC-1", &second);
    assert_eq!(
        with(
            &mut client,
            &token,
            Method::GET,
            "/api/internal/Client/Ping",
            String::new()
        )
        .await
        .status,
        200
    );
    let told = json!({ "status": "Running", "version": "1.2", "pendingTotal": 3, "computer": {} })
        .to_string();
    assert_eq!(
        with(&mut client, &token, Method::PUT, "/api/Client/Update", told)
            .await
            .status,
        200
    );
    let known = client
        .get("/api/SystemManager/Client?identifier=PC-1")
        .await
        .json();
    for (name, expected) in [
        ("name", json!("Bench")),
        ("location", json!("Lab")),
        ("type", json!(7)),
        ("statusText", json!("Running")),
        ("pending", json!(3)),
    ] {
        assert_eq!(known[name], expected);
    }
    assert!(known["lastPing"].is_string());
    assert_eq!(
        client
            .get("/api/internal/Auth/Disconnect?id=PC-1")
            .await
            .status,
        200
    );
    assert_eq!(
        client
            .get("/api/SystemManager/Client?name=Bench")
            .await
            .json()["statusText"],
        "Offline"
    );
    for (query, status) in [
        ("id=PC-2&name=Bench&type=python", 409),
        ("id=WATS-SIM&name=WATS-SIM&type=python", 409),
        ("id=PC-2&name=X&type=toaster", 400),
        ("id=a:b&name=X&type=python", 400),
        ("name=X&type=python", 400),
    ] {
        assert_eq!(
            client
                .post(&format!("{REGISTER}&{query}"), &Value::Null)
                .await
                .status,
            status,
            "{query}"
        );
    }
    assert_eq!(
        client
            .get("/api/internal/Auth/Disconnect?id=none")
            .await
            .status,
        404
    );
}
