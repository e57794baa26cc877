//! Assets: what is sent, what comes back, what is kept, what is refused.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;
use wats_domains::asset::{
    Asset, AssetFile, AssetKey, AssetLogType, AssetPair, AssetState, AssetType,
};
use wats_domains::{CacheOptions, Filter};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, client, deletes, golden, refused, refusing, with_caches};

const ID: AssetKey<'_> = AssetKey::Id("a/1");
const NUMBER: AssetKey<'_> = AssetKey::SerialNumber("DMM 7");

fn time() -> Timestamp {
    "2026-01-02T04:04:05+01:00".parse().unwrap()
}

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let (asset, internal, kind) = (api.asset(), api.asset().internal(), Uuid::from_u128(7));
    let file = AssetFile {
        asset_id: "a/1",
        name: "cal #1.pdf",
    };
    golden! { mock;
        asset.list().filter(Filter::eq("assetName", "it's")).top(5).skip(2).order_by("assetName desc")
            => GET "/api/Asset?$filter=assetName%20eq%20%27it%27%27s%27&$top=5&$skip=2&$orderby=assetName%20desc";
        asset.log().filter(Filter::eq("serialNumber", "7")) => GET "/api/Asset/Log?$filter=serialNumber%20eq%20%277%27";
        asset.types().top(5) => GET "/api/Asset/Types?$top=5";
        asset.get(ID) => GET "/api/Asset/a%2F1";
        asset.get(NUMBER) => GET "/api/Asset/DMM%207";
        asset.status(ID) => GET "/api/Asset/Status?id=a%2F1";
        asset.status(NUMBER).translate(false).culture_code("zh-CN")
            => GET "/api/Asset/Status?serialNumber=DMM%207&translate=false&cultureCode=zh-CN";
        asset.sub_assets(ID).level(1_u32) => GET "/api/Asset/SubAssets?id=a%2F1&level=1";
        asset.save(&Asset::new("DMM", kind))
            => PUT "/api/Asset", json!({"serialNumber": "DMM", "typeId": kind, "state": 1});
        asset.save_type(&AssetType::new("Meter")) => PUT "/api/Asset/Types", json!({"typeName": "Meter"});
        asset.set_state(NUMBER, AssetState::Scrapped) => PUT "/api/Asset/State?serialNumber=DMM%207&state=6";
        asset.add_count(ID, 3).with_children(true)
            => PUT "/api/Asset/Count?id=a%2F1&incrementBy=3&incrementChildren=true";
        asset.set_total_count(NUMBER, 9) => PUT "/api/Asset/Count?serialNumber=DMM%207&totalCount=9";
        asset.reset_running_count(ID).comment("new\nhead")
            => POST "/api/Asset/ResetRunningCount?id=a%2F1&comment=new%0Ahead";
        asset.calibrated(ID, time()).comment("ok")
            => POST "/api/Asset/Calibration?id=a%2F1&dateTime=2026-01-02T03%3A04%3A05Z&comment=ok";
        asset.maintained(NUMBER, time())
            => POST "/api/Asset/Maintenance?serialNumber=DMM%207&dateTime=2026-01-02T03%3A04%3A05Z";
        asset.post_message(ID, "moved") => POST "/api/Asset/Message?id=a%2F1", json!({"content": "moved"});
        asset.delete(NUMBER) => DELETE "/api/Asset?serialNumber=DMM%207";
        internal.files("a/1") => GET "/api/internal/Blob/Asset/List/a%2F1";
        internal.file(file) => GET "/api/internal/Blob/Asset?assetId=a%2F1&filename=cal%20%231.pdf";
        internal.upload_file(file, "bytes")
            => POST "/api/internal/Blob/Asset?assetId=a%2F1&filename=cal%20%231.pdf", "bytes";
        internal.delete_files("a/1", &["b", "c"]) => DELETE "/api/internal/Blob/Assets?assetId=a%2F1", json!(["b", "c"]);
    }
}

#[tokio::test]
async fn answers_lose_nothing() {
    let answer = json!({
        "assetId": "1", "serialNumber": "DMM", "state": 42, "firstSeenDate": "2026-01-30T22:01:41.4707353+01:00",
        "lastSeenDate": null, "totalCount": 7, "tags": [{"key": "Site", "value": null, "change": 0}],
        "assetLog": [{"logId": 3, "type": 4, "property": "x"}, {"logId": 4, "type": "StateChanged"}, {"type": 99}],
        "assetChildren": [{"serialNumber": "sub"}], "assetType": {"typeName": "Meter", "calibrationInterval": 30.5},
        "ClientId": null, "later": {"a": [1, null]}
    });
    let api = answering(Method::GET, "/api/Asset/1", &answer);
    let asset = api.asset().get(AssetKey::Id("1")).await.unwrap();
    assert_eq!(asset.state, Some(AssetState::Other(42)));
    let kinds: Vec<_> = asset.log.iter().flatten().map(|entry| entry.kind).collect();
    let known = [
        AssetLogType::Calibrated,
        AssetLogType::StateChanged,
        AssetLogType::Other(99),
    ];
    assert_eq!(kinds, known.map(Some));
    assert_eq!(serde_json::to_value(&asset).unwrap(), answer);

    let status = json!({"serialNumber": "DMM", "message": null, "alarmState": 2, "runningCount": 1, "limits": {}});
    let api = answering(Method::GET, "/api/Asset/Status", &status);
    let read = api.asset().status(NUMBER).await.unwrap();
    assert_eq!(read.alarm_state, Some(json!(2)));
    assert_eq!(serde_json::to_value(&read).unwrap(), status);
}

#[tokio::test]
async fn an_asset_that_is_not_there_is_none() {
    let mock = MockTransport::new().on(Method::GET, "/api/Asset/1", [MockAnswer::status(404)]);
    let api = client(&mock);
    assert!(api.asset().find(AssetKey::Id("1")).await.unwrap().is_none());
    let error = api.asset().get(AssetKey::Id("1")).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 404);
}

#[tokio::test(start_paused = true)]
async fn what_a_repeat_does_not_find_is_gone() {
    deletes! {
        api => api.asset().delete(ID), "/api/Asset";
        api => api.asset().internal().delete_files("1", &["a"]), "/api/internal/Blob/Assets";
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_may_be_done_twice_is_repeated() {
    let lost = || {
        MockTransport::new()
            .on(
                Method::PUT,
                "/*",
                [MockAnswer::broken(), MockAnswer::json(&json!({}))],
            )
            .on(
                Method::POST,
                "/*",
                [MockAnswer::broken(), MockAnswer::json(&json!({}))],
            )
    };
    let mock = lost();
    client(&mock).asset().set_total_count(ID, 3).await.unwrap();
    client(&mock).asset().calibrated(ID, time()).await.unwrap();
    assert_eq!(mock.requests().len(), 4);
    let (first, second) = (mock.requests()[2].clone(), mock.requests()[3].clone());
    assert_eq!(
        first.target, second.target,
        "the time is that of the first try"
    );
    for mock in [lost(), lost(), lost()].iter().enumerate() {
        let (place, mock) = mock;
        let asset = client(mock).asset();
        let failed = match place {
            0 => asset.add_count(ID, 1).await.is_err(),
            1 => asset.reset_running_count(ID).await.is_err(),
            _ => asset.post_message(ID, "text").await.is_err(),
        };
        assert!(failed);
        assert_eq!(mock.requests().len(), 1);
    }
}

#[tokio::test]
async fn types_are_kept_until_one_is_saved() {
    let mock = MockTransport::new()
        .on(
            Method::GET,
            "/api/Asset/Types",
            [MockAnswer::json(&json!([{"typeName": "Meter"}]))],
        )
        .on(Method::PUT, "/api/Asset/Types", [MockAnswer::status(500)]);
    let api = with_caches(&mock, CacheOptions::default());
    for _ in 0..2 {
        assert_eq!(api.asset().types().await.unwrap().len(), 1);
    }
    assert_eq!(mock.requests().len(), 1);
    // It may have been saved all the same.
    let _: wats_domains::Error = api
        .asset()
        .save_type(&AssetType::new("M"))
        .await
        .unwrap_err();
    let before = mock.requests().len();
    api.asset().types().await.unwrap();
    api.asset().refresh();
    api.asset().types().await.unwrap();
    assert_eq!(mock.requests().len(), before + 2);
}

#[tokio::test]
async fn bad_input_is_refused_by_name_before_anything_is_sent() {
    let (api, mock) = refusing();
    let (asset, internal) = (api.asset(), api.asset().internal());
    let (none, dots) = (AssetKey::Id(""), AssetKey::SerialNumber(".."));
    let file = |asset_id, name| AssetFile { asset_id, name };
    refused! { mock;
        asset.get(none) => "asset id is empty";
        asset.get(dots) => "key";
        asset.get(AssetKey::Id(".")) => "key";
        asset.get(AssetKey::SerialNumber("7\r\n")) => "serial number";
        asset.find(none) => "asset id is empty";
        asset.status(none) => "asset id is empty";
        asset.status(NUMBER).culture_code("") => "culture_code is empty";
        asset.sub_assets(AssetKey::SerialNumber("")) => "serial number is empty";
        asset.set_state(none, AssetState::InStorage) => "asset id is empty";
        asset.add_count(NUMBER, 0) => "`uses` is 0";
        asset.add_count(NUMBER, u32::MAX) => "`uses` is 4294967295";
        asset.set_total_count(NUMBER, 0) => "`uses` is 0";
        asset.reset_running_count(none) => "asset id is empty";
        asset.calibrated(none, time()) => "asset id is empty";
        asset.maintained(none, time()) => "asset id is empty";
        asset.post_message(NUMBER, "") => "message is empty";
        asset.post_message(none, "text") => "asset id is empty";
        asset.delete(none) => "asset id is empty";
        asset.save(&Asset::new("", Uuid::nil())) => "serial number is empty";
        asset.save(&serde_json::from_value(json!({"serialNumber": "1"})).unwrap()) => "type_id";
        asset.save_type(&AssetType::new("")) => "name of the type is empty";
        asset.list().filter(Filter::eq("totalCount", f64::NAN)) => "`totalCount` is compared with NaN";
        internal.files("") => "asset id is empty";
        internal.files("..") => "assetId";
        internal.file(file("1", "")) => "name of the file is empty";
        internal.upload_file(file("", "a"), "") => "asset id is empty";
        internal.delete_files("1", &[]) => "`names` is empty";
        internal.delete_files("1", &["a", ""]) => "name of the file is empty";
        internal.delete_files("", &["a"]) => "asset id is empty";
    }
}

#[tokio::test]
async fn a_child_is_saved_with_its_parent() {
    let kind = Uuid::from_u128(7).to_string();
    let asset = |id: &str, number: &str| json!({"assetId": id, "serialNumber": number, "typeId": kind, "new": 1});
    let mock = MockTransport::new()
        .on(
            Method::GET,
            "/api/Asset/RACK",
            [MockAnswer::json(&asset("1", "RACK"))],
        )
        .on(
            Method::GET,
            "/api/Asset/DMM",
            [MockAnswer::json(&asset("2", "DMM"))],
        )
        .on(
            Method::GET,
            "/api/Asset/2",
            [MockAnswer::json(&asset("2", "DMM"))],
        )
        .on(Method::GET, "/api/Asset/none", [MockAnswer::status(404)])
        .on(
            Method::PUT,
            "/api/Asset",
            [MockAnswer::json(&asset("2", "DMM"))],
        );
    let api = client(&mock);
    let (parent, child) = (
        AssetKey::SerialNumber("RACK"),
        AssetKey::SerialNumber("DMM"),
    );
    let pair = AssetPair { parent, child };
    api.asset().add_child(pair).await.unwrap();
    let body = mock.requests().last().unwrap().body.clone();
    let mut expected = asset("2", "DMM");
    expected["parentAssetId"] = json!("1");
    expected["parentSerialNumber"] = json!("RACK");
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&body).unwrap(),
        expected
    );

    let saves = || {
        mock.requests()
            .iter()
            .filter(|request| request.method == Method::PUT)
            .count()
    };
    let none = AssetKey::SerialNumber("none");
    for pair in [
        AssetPair {
            parent: none,
            child,
        },
        AssetPair {
            parent,
            child: none,
        },
    ] {
        let error = api.asset().add_child(pair).await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 404);
    }
    let same = AssetPair {
        parent: AssetKey::Id("2"),
        child,
    };
    assert!(
        api.asset()
            .add_child(same)
            .await
            .unwrap_err()
            .to_string()
            .contains("itself")
    );
    assert_eq!(saves(), 1);
    let (api, mock) = refusing();
    refused! { mock;
        api.asset().add_child(AssetPair { parent: child, child }) => "itself";
        api.asset().add_child(AssetPair { parent: AssetKey::Id(""), child }) => "asset id is empty";
        api.asset().add_child(AssetPair { parent, child: AssetKey::Id("") }) => "asset id is empty";
    }
}
