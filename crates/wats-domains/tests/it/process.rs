//! Processes: what is sent, what comes back, what is kept, what is refused.

use serde_json::{Value, json};
use uuid::Uuid;
use wats_domains::CacheOptions;
use wats_domains::process::{Binding, FailCode, RepairType};
use wats_domains::report::builder::FailureCode;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, golden, refused, refusing, with_caches};

const LIST: &str = "/api/App/Processes";
const REPAIRS: &str = "/api/internal/Process/GetRepairOperations";

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let (process, id) = (api.process(), Uuid::from_u128(7));
    let internal = process.internal();
    golden! { mock;
        process.list() => GET "/api/App/Processes";
        process.list().test_operations(true).repair_operations(false).wip_operations(true).inactive(true)
            => GET "/api/App/Processes?includeTestOperations=true&includeRepairOperations=false&includeWipOperations=true&includeInactiveProcesses=true";
        process.find("ICT") => GET "/api/App/Processes";
        internal.list() => GET "/api/internal/Process/GetProcesses";
        internal.get(id) => GET "/api/internal/Process/GetProcess/00000000-0000-0000-0000-000000000007";
        internal.repair_configs() => GET "/api/internal/Process/GetRepairOperations";
        internal.repair_config(id) => GET "/api/internal/Process/GetRepairOperation/00000000-0000-0000-0000-000000000007";
        internal.repair_config(id).process_code(500)
            => GET "/api/internal/Process/GetRepairOperation/00000000-0000-0000-0000-000000000007?processCode=500";
    }
}

fn processes() -> Value {
    json!([
        {"code": 10, "name": "SW Debug", "description": null, "isTestOperation": true, "isRepairOperation": false,
         "isWipOperation": false, "processIndex": 1, "state": 1, "new": [1]},
        {"code": 100, "name": "ICT", "isTestOperation": true, "isRepairOperation": null, "isWipOperation": false},
        {"code": 500, "name": "Repair", "isTestOperation": false, "isRepairOperation": true,
         "repairOperation": {"uutBinding": 0, "bomBinding": 9}},
        {"code": 600, "name": "Packing", "isWipOperation": true},
        {"code": null, "name": null}
    ])
}

#[tokio::test]
async fn operations_are_found_by_code_and_name_and_kind() {
    let api = answering(Method::GET, LIST, &processes());
    let process = api.process();
    let code = |found: Option<wats_domains::Process>| found.and_then(|process| process.code);
    assert_eq!(code(process.find("ict").await.unwrap()), Some(100));
    assert_eq!(code(process.find(600).await.unwrap()), Some(600));
    assert_eq!(
        code(process.test_operation("ICT").await.unwrap()),
        Some(100)
    );
    assert_eq!(
        code(process.repair_operation(500).await.unwrap()),
        Some(500)
    );
    assert_eq!(
        code(process.wip_operation("packing").await.unwrap()),
        Some(600)
    );
    // They exist, but are of another kind.
    assert_eq!(code(process.test_operation(500).await.unwrap()), None);
    assert_eq!(code(process.repair_operation("ICT").await.unwrap()), None);
    assert_eq!(code(process.wip_operation(10).await.unwrap()), None);

    let codes =
        |list: Vec<wats_domains::Process>| list.iter().filter_map(|p| p.code).collect::<Vec<_>>();
    assert_eq!(codes(process.test_operations().await.unwrap()), [10, 100]);
    assert_eq!(codes(process.repair_operations().await.unwrap()), [500]);
    assert_eq!(codes(process.wip_operations().await.unwrap()), [600]);
    assert_eq!(
        code(process.default_test_operation().await.unwrap()),
        Some(100)
    );
    assert_eq!(
        code(process.default_repair_operation().await.unwrap()),
        Some(500)
    );
    let all = process.list().await.unwrap();
    assert_eq!(
        serde_json::to_value(&*all).unwrap(),
        processes(),
        "nothing is lost"
    );
}

#[tokio::test]
async fn defaults_are_the_first_ones_where_the_usual_codes_are_not() {
    let list = json!([{"code": 3, "isTestOperation": true}, {"code": 4, "isTestOperation": true}]);
    let api = answering(Method::GET, LIST, &list);
    let test = api.process().default_test_operation().await.unwrap();
    assert_eq!(test.unwrap().code, Some(3));
    assert!(
        api.process()
            .default_repair_operation()
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn repair_operations_have_categories_and_codes() {
    let id = Uuid::from_u128(1);
    let answer = json!({
        "500": {
            "Description": "Repair", "UUTRequired": 0, "CompRefMask": null, "BOMRequired": 1, "VendorRequired": 77,
            "Categories": [
                {"GUID": id, "Description": "Component", "Selectable": true, "FailureType": 4, "Status": 1,
                 "Failcodes": [{"GUID": id, "Description": "Broken", "FailureType": "Replaced"}, {"Description": null}]},
                {"Description": "Other", "Failcodes": null}
            ],
            "MiscInfos": [{"any": 1}], "later": {}
        },
        "501": null,
        "none": {"Description": 5}
    });
    let api = answering(Method::GET, REPAIRS, &answer);
    let internal = api.process().internal();
    let all = internal.repair_configs().await.unwrap();
    let repair = all.get(500).unwrap();
    assert_eq!(
        (repair.uut, repair.bom),
        (Some(Binding::Required), Some(Binding::Optional))
    );
    assert_eq!(repair.vendor, Some(Binding::Other(77)));
    assert_eq!(
        serde_json::to_value(repair).unwrap(),
        answer["500"],
        "nothing is lost"
    );
    assert!(all.get(501).is_none() && all.get(502).is_none());
    assert_eq!(
        all.iter().map(|(code, _)| code).collect::<Vec<_>>(),
        ["500", "none"]
    );

    let categories = internal.repair_categories(500).await.unwrap();
    assert_eq!(categories[0].repair_type, Some(RepairType::Component));
    assert_eq!(
        categories[0].fail_codes()[0].repair_type,
        Some(RepairType::Replaced)
    );
    let codes = internal.fail_codes(500).await.unwrap();
    let texts: Vec<_> = codes.iter().map(FailCode::failure_code).collect();
    let code = |code| FailureCode {
        category: "Component",
        code,
    };
    assert_eq!(texts, [code("Broken"), code("")]);
    assert!(internal.fail_codes(501).await.unwrap().is_empty());
    let named: Vec<_> = repair
        .fail_codes()
        .map(|(category, code)| (category.description(), code.description()))
        .collect();
    assert_eq!(named, [("Component", "Broken"), ("Component", "")]);
}

#[tokio::test]
async fn a_process_with_its_id_is_read_in_the_servers_capitals() {
    let id = Uuid::from_u128(9);
    let answer = json!([{"ProcessID": id, "Code": 100, "Name": "ICT", "IsWIPOperation": false, "Properties": null}]);
    let api = answering(Method::GET, "/api/internal/Process/GetProcesses", &answer);
    let all = api.process().internal().list().await.unwrap();
    assert_eq!((all[0].id, all[0].code), (Some(id), Some(100)));
    assert_eq!(serde_json::to_value(&*all).unwrap(), answer);
}

#[tokio::test]
async fn each_choice_of_processes_is_kept_for_itself_until_a_refresh() {
    let mock = MockTransport::new()
        .on(Method::GET, LIST, [MockAnswer::json(&processes())])
        .on(Method::GET, REPAIRS, [MockAnswer::json(&json!({}))]);
    let api = with_caches(&mock, CacheOptions::default());
    let (process, internal) = (api.process(), api.process().internal());
    for _ in 0..2 {
        process.list().await.unwrap();
        process.list().inactive(true).await.unwrap();
        assert!(process.test_operation(100).await.unwrap().is_some());
        internal.repair_configs().await.unwrap();
        internal.fail_codes(500).await.unwrap();
    }
    assert_eq!(mock.requests().len(), 3);
    process.refresh();
    process.list().await.unwrap();
    internal.repair_configs().await.unwrap();
    assert_eq!(mock.requests().len(), 5);
}

#[tokio::test]
async fn bad_input_is_refused_by_name_before_anything_is_sent() {
    let (api, mock) = refusing();
    let process = api.process();
    refused! { mock;
        process.find("") => "process name is empty";
        process.by_name("ICT\n") => "process name";
        process.test_operation("") => "process name is empty";
        process.repair_operation("\u{200b}") => "process name";
        process.wip_operation("") => "process name is empty";
    }
}
