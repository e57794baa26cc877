//! Clients and levels: what is sent, what comes back, what is refused, what becomes stale.

use serde_json::json;
use wats_domains::CacheOptions;
use wats_domains::system::{ClientKey, SystemClient};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, client, golden, refused, refusing, with_caches};

fn station() -> SystemClient {
    serde_json::from_value(json!({"clientId": 7, "location": "Lab", "clientGroupId": 3})).unwrap()
}

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let system = api.system();
    let station = station();
    let body = json!({"clientId": 7, "location": "Lab", "clientGroupId": 3});
    golden! { mock;
        system.client(ClientKey::Name("ICT 3")) => GET "/api/SystemManager/Client?name=ICT%203";
        system.client(ClientKey::Identifier("00:1A")) => GET "/api/SystemManager/Client?identifier=00%3A1A";
        system.clients() => GET "/api/SystemManager/Clients";
        system.save_client(&station) => PUT "/api/SystemManager/Client", body;
        system.save_client(&station).move_with_history(true) => PUT "/api/SystemManager/Client?moveWithHistory=true", body;
        system.client_log("00:1A") => GET "/api/SystemManager/ClientLog/00%3A1A";
        system.level(&["Plant/1", "Line"]) => GET "/api/SystemManager/Level?hierarchy=Plant%2F1&hierarchy=Line";
        system.create_level(&["Plant/1", "Line"]) => POST "/api/SystemManager/Level", json!(["Plant/1", "Line"]);
    }
}

#[tokio::test]
async fn bad_input_is_refused_by_name_before_anything_is_sent() {
    let (api, mock) = refusing();
    let system = api.system();
    refused! { mock;
        system.client(ClientKey::Name("")) => "name is empty";
        system.client(ClientKey::Identifier("00\n")) => "identifier";
        system.save_client(&SystemClient::default()) => "client_id";
        system.client_log("") => "identifier is empty";
        system.client_log(".") => "`identifier`";
        system.level(&[]) => "hierarchy";
        system.level(&["A", ""]) => "name of a level is empty";
        system.create_level(&[]) => "hierarchy";
        system.create_level(&["A\u{200b}"]) => "name of a level";
    }
}

#[tokio::test]
async fn answers_are_read_whatever_the_server_adds_or_changes() {
    let clients = json!([
        {"clientId": 7, "name": "ICT 3", "type": 5, "location": null, "lastReport": "2026-01-30T21:01:41Z", "pending": 2},
        {"clientId": "seven", "type": 99, "name": 3},
        {},
    ]);
    let api = answering(Method::GET, "/api/SystemManager/Clients", &clients);
    let read = api.system().clients().await.unwrap();
    assert_eq!((read[0].client_id, read[0].kind), (Some(7), Some(5)));
    assert_eq!(read[0].extra.get("pending"), Some(&json!(2)));
    assert_eq!((read[1].client_id, read[1].kind), (None, Some(99)));
    assert_eq!(serde_json::to_value(&read).unwrap(), clients);

    for (answer, level) in [(json!(12), Some(12)), (json!(null), None)] {
        let api = answering(Method::GET, "/api/SystemManager/Level", &answer);
        assert_eq!(api.system().level(&["A"]).await.unwrap(), level);
    }
    let log = MockAnswer::status(200)
        .body("\u{feff}line", "text/plain")
        .header("content-disposition", "attachment; filename=\"log.txt\"");
    let mock = MockTransport::new().on(Method::GET, "/*", [log]);
    let file = client(&mock).system().client_log("00:1A").await.unwrap();
    assert_eq!(&file.contents[..], "\u{feff}line".as_bytes());
    assert_eq!(mock.requests()[0].headers["accept"], "*/*");
}

#[tokio::test]
async fn levels_are_kept_until_one_is_created_or_a_client_is_changed() {
    let levels = (1..=4).map(|n| MockAnswer::json(&json!([{"levelId": n}])));
    let mock = MockTransport::new()
        .on(Method::GET, "/api/App/Levels", levels)
        .on(
            Method::POST,
            "/api/SystemManager/Level",
            [MockAnswer::broken()],
        )
        .on(
            Method::PUT,
            "/api/SystemManager/Client",
            [MockAnswer::json(&json!({}))],
        );
    let api = with_caches(&mock, CacheOptions::default());
    let first = async || api.analytics().levels().await.unwrap()[0].level_id;
    assert_eq!((first().await, first().await), (Some(1), Some(1)));
    // Its answer is lost, but the level may be there. It is not sent again.
    assert!(api.system().create_level(&["A"]).await.is_err());
    let created = mock
        .requests()
        .iter()
        .filter(|r| r.method == Method::POST)
        .count();
    assert_eq!(created, 1);
    // As it may still come, nothing is kept for a while.
    assert_eq!((first().await, first().await), (Some(2), Some(3)));
    api.system().save_client(&station()).await.unwrap();
    assert_eq!(first().await, Some(4));
}
