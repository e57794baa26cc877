//! The server itself: what is sent, what comes back, what is refused.

use serde_json::json;
use wats_domains::server::ClientSettings;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, client, golden, refused, refusing};

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let (server, internal) = (api.server(), api.server().internal());
    let settings: ClientSettings =
        serde_json::from_value(json!({"name": "ICT 3", "utcoffset": "1"})).unwrap();
    golden! { mock;
        api.version() => GET "/api/App/Version";
        server.status() => GET "/api/SystemStatus";
        server.user_settings("ada@example.org") => GET "/api/App/CommonUserSettings?UserName=ada%40example.org";
        internal.ping() => GET "/api/internal/Client/Ping";
        internal.info() => GET "/api/internal/Client/ServerInfo";
        internal.update_client(&settings)
            => POST "/api/internal/Client/Update", json!({"name": "ICT 3", "utcoffset": "1"});
    }
    refused! { mock;
        server.user_settings("") => "user name is empty";
        server.user_settings("ada\r\n") => "user name";
    }
}

#[tokio::test]
async fn answers_are_read_whatever_the_server_adds_or_changes() {
    let status = json!({"Database": "OK", "Queue": 3, "Site": null, "Disks": ["C"]});
    let api = answering(Method::GET, "/api/SystemStatus", &status);
    let read = api.server().status().await.unwrap();
    assert_eq!(
        (&read["Database"], &read["Queue"]),
        (&json!("OK"), &json!(3))
    );
    assert_eq!(serde_json::to_value(&read).unwrap(), status);
    let api = answering(Method::GET, "/api/internal/Client/ServerInfo", &status);
    assert_eq!(api.server().internal().info().await.unwrap(), read);

    let settings = json!({"cultureCode": "nb-NO", "roles": ["Admin"], "levels": null, "email": 7, "theme": "dark"});
    let api = answering(Method::GET, "/api/App/CommonUserSettings", &settings);
    let read = api.server().user_settings("ada").await.unwrap();
    assert_eq!(read.culture_code.as_deref(), Some("nb-NO"));
    assert!(read.is_null("levels"));
    assert_eq!(serde_json::to_value(&read).unwrap(), settings);

    let station = json!({"ClientId": 7, "ClientType": 7, "UTCOffset": 5.5, "GUID": null, "Client_ID": 7, "Status": "1x"});
    let again = [MockAnswer::broken(), MockAnswer::json(&station)];
    let mock = MockTransport::new().on(Method::POST, "/api/internal/Client/Update", again);
    let settings = ClientSettings::default();
    let read = client(&mock)
        .server()
        .internal()
        .update_client(&settings)
        .await
        .unwrap();
    assert_eq!(
        (read.client_id, &read.utc_offset),
        (Some(7), &Some(5.5.into()))
    );
    assert_eq!(serde_json::to_value(&read).unwrap(), station);
    assert_eq!(mock.requests().len(), 2);
}
