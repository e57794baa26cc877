//! Manual inspections: what is sent, what comes back, what is refused, what is kept.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;
use wats_domains::manual_inspection::{
    DefinitionStatus, InspectedUnit, InspectionDefinition, InspectionEntity, InspectionMiscInfo,
    InspectionRelation, InspectionStep,
};
use wats_domains::{CacheOptions, ClassOptions};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, client, golden, refused, refusing, with_caches};

const ID: Uuid = Uuid::from_u128(7);
const TEXT: &str = "00000000-0000-0000-0000-000000000007";
const UNIT: InspectedUnit<'_> = InspectedUnit {
    serial_number: "0001",
    part_number: "A/1",
    revision: "B",
    batch_number: "",
};

fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).unwrap()
}

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let inspection = api.manual_inspection();
    let definition = InspectionDefinition::new("Look");
    let entity: InspectionEntity = read(json!({"id": TEXT, "status": 2}));
    let relation = InspectionRelation::new(ID);
    let known: InspectionRelation =
        read(json!({"TestSequenceRelationId": TEXT, "EntityValue": "A/1"}));
    let steps: Vec<InspectionStep> = read(json!([{"id": 1, "result": 1}]));
    let info: InspectionMiscInfo = read(json!({"name": "Fw", "value": "1"}));
    golden! { mock;
        inspection.definitions(false)
            => GET "/api/internal/ManualInspection/GetTestSequenceDefinitions?isGlobalDefinitions=false";
        inspection.definition(ID)
            => GET "/api/internal/ManualInspection/GetTestSequenceDefinition?definitionId=00000000-0000-0000-0000-000000000007";
        inspection.copy_of(ID)
            => GET "/api/internal/ManualInspection/GetDefinitionCopy/00000000-0000-0000-0000-000000000007";
        inspection.create(&definition) => POST "/api/internal/ManualInspection/PostDefinition", json!({"Name": "Look"});
        inspection.create(&definition).default_steps(true)
            => POST "/api/internal/ManualInspection/PostDefinition?createDefaultXaml=true", json!({"Name": "Look"});
        inspection.create_entity(&definition)
            => POST "/api/internal/ManualInspection/PostDefinition?returnAsProductionManagerEntity=true", json!({"Name": "Look"});
        inspection.update(&entity)
            => PUT "/api/internal/ManualInspection/PutDefinitionNew", json!({"id": TEXT, "status": 2});
        inspection.xaml(ID)
            => GET "/api/internal/ManualInspection/GetTestSequenceDefinitionXaml?definitionId=00000000-0000-0000-0000-000000000007";
        inspection.save_xaml(ID, "<A b=\"1\"/>").user_name("Ada")
            => PUT "/api/internal/ManualInspection/PutTestSequenceDefinitionXaml?definitionId=00000000-0000-0000-0000-000000000007&username=Ada",
            json!("<A b=\"1\"/>");
        inspection.workflow(ID)
            => GET "/api/internal/ManualInspection/GetWatswwfContent/00000000-0000-0000-0000-000000000007";
        inspection.instances_count(ID)
            => GET "/api/internal/ManualInspection/GetInstancesCount/00000000-0000-0000-0000-000000000007";
        inspection.relations(ID)
            => GET "/api/internal/ManualInspection/GetRelations/00000000-0000-0000-0000-000000000007";
        inspection.relation_conflicts(ID)
            => GET "/api/internal/ManualInspection/GetRelationConflicts/00000000-0000-0000-0000-000000000007";
        inspection.definition_conflicts(ID)
            => GET "/api/internal/ManualInspection/GetRelationConflictsNew/00000000-0000-0000-0000-000000000007";
        inspection.create_relation(&relation)
            => POST "/api/internal/ManualInspection/PostRelation", json!({"TestSequenceDefinitionId": TEXT});
        inspection.update_relation(&known)
            => PUT "/api/internal/ManualInspection/PutRelation", json!({"TestSequenceRelationId": TEXT, "EntityValue": "A/1"});
        inspection.delete_relations(&[ID])
            => PUT "/api/internal/ManualInspection/DeleteRelationNew", json!([TEXT]);
        inspection.sequences(UNIT)
            => GET "/api/internal/ManualInspection/GetSequences?serialNumber=0001&partNumber=A%2F1&revision=B&batchNumber=";
        inspection.sequences(UNIT).status(DefinitionStatus::Released).station_name("S 1")
            => GET "/api/internal/ManualInspection/GetSequences?serialNumber=0001&partNumber=A%2F1&revision=B&batchNumber=&status=2&stationName=S%201";
        inspection.inspection(ID)
            => GET "/api/internal/ManualInspection/GetMiDetails/00000000-0000-0000-0000-000000000007";
        inspection.inspection_by_newer_route(ID)
            => GET "/api/internal/ManualInspection/GetMiDetailsNew/00000000-0000-0000-0000-000000000007";
        inspection.save_steps(&steps)
            => PUT "/api/internal/ManualInspection/PutSequence", json!([{"id": 1, "result": 1}]);
        inspection.save_steps(&steps).submit(true).return_root_sequence(false)
            => PUT "/api/internal/ManualInspection/PutSequence?submit=true&returnRootSequence=false", json!([{"id": 1, "result": 1}]);
        inspection.save_string_test(&steps[0])
            => PUT "/api/internal/ManualInspection/PutStringTest", json!({"id": 1, "result": 1});
        inspection.check_misc_info(&info)
            => PUT "/api/internal/ManualInspection/ValidateMiscInfo", json!({"name": "Fw", "value": "1"});
    }
}

#[tokio::test]
async fn bad_input_is_refused_by_name_before_anything_is_sent() {
    let (api, mock) = refusing();
    let inspection = api.manual_inspection();
    let known: InspectionDefinition =
        read(json!({"TestSequenceDefinitionId": TEXT, "Name": "Look"}));
    let relation: InspectionRelation =
        read(json!({"TestSequenceDefinitionId": TEXT, "TestSequenceRelationId": TEXT}));
    refused! { mock;
        inspection.create(&known) => "definition_id";
        inspection.create_entity(&InspectionDefinition::new("")) => "name of the definition is empty";
        inspection.update(&read(json!({"name": "Look"}))) => "definition_id";
        inspection.save_xaml(ID, " ") => "xaml is empty";
        inspection.save_xaml(ID, "<A/>").user_name("") => "user_name is empty";
        inspection.create_relation(&relation) => "relation_id";
        inspection.create_relation(&read(json!({}))) => "definition_id";
        inspection.update_relation(&InspectionRelation::new(ID)) => "relation_id";
        inspection.delete_relations(&[]) => "relation_ids";
        inspection.sequences(InspectedUnit { serial_number: "", ..UNIT }) => "serial number is empty";
        inspection.sequences(InspectedUnit { part_number: "P\n", ..UNIT }) => "part number";
        inspection.sequences(InspectedUnit { batch_number: "\u{feff}", ..UNIT }) => "batch number";
        inspection.sequences(UNIT).station_name("S\u{200b}") => "station_name";
        inspection.save_steps(&[]) => "`steps` is empty";
    }
}

#[tokio::test]
async fn answers_are_read_whatever_the_server_adds_or_changes() {
    let rows = json!([
        {"TestSequenceDefinitionId": TEXT, "Name": "Look", "Version": 2, "Status": 2, "IsGlobal": true, "Revoked": null,
         "Relations": [{"EntityKey": "PartNumber", "Status": "1"}], "XAML": {"Definition": "<A/>"}, "New": [1]},
        {"Status": 9, "Version": "two", "XAML": "<A/>", "IsGlobal": null},
    ]);
    let path = "/api/internal/ManualInspection/GetTestSequenceDefinitions";
    let api = answering(Method::GET, path, &rows);
    let read = api.manual_inspection().definitions(true).await.unwrap();
    assert_eq!(read[0].status, Some(DefinitionStatus::Released));
    let xaml = read[0]
        .xaml
        .as_ref()
        .and_then(|xaml| xaml.definition.clone());
    assert_eq!(xaml.as_deref(), Some("<A/>"));
    assert!(read[0].is_null("Revoked"));
    assert_eq!(read[1].status, Some(DefinitionStatus::Other(9)));
    assert_eq!(read[1].extra.get("Version"), Some(&json!("two")));
    assert_eq!(serde_json::to_value(&read[..]).unwrap(), rows);

    let path = format!("/api/internal/ManualInspection/GetMiDetails/{TEXT}");
    let api = answering(Method::GET, &path, &json!(null));
    assert!(
        api.manual_inspection()
            .inspection(ID)
            .await
            .unwrap()
            .is_none()
    );
    let api = answering(Method::GET, &path, &json!({"UnitId": TEXT, "Steps": []}));
    let inspection = api
        .manual_inspection()
        .inspection(ID)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(inspection.unit_id, Some(ID));
    let path = format!("/api/internal/ManualInspection/GetInstancesCount/{TEXT}");
    let api = answering(Method::GET, &path, &json!(3));
    assert_eq!(
        api.manual_inspection().instances_count(ID).await.unwrap(),
        3
    );
}

#[tokio::test]
async fn definitions_are_kept_and_each_write_makes_them_stale() {
    let path = "/api/internal/ManualInspection/GetTestSequenceDefinition";
    let answers = (1..)
        .take(20)
        .map(|n| MockAnswer::json(&json!({"Version": n})));
    let rest = |mock: MockTransport, method| mock.on(method, "/*", [MockAnswer::json(&json!({}))]);
    let mut mock = MockTransport::new().on(Method::GET, path, answers);
    for method in [Method::GET, Method::POST, Method::PUT] {
        mock = rest(mock, method);
    }
    let api = with_caches(
        &mock,
        CacheOptions::default().analytics(ClassOptions::default()),
    );
    let inspection = api.manual_inspection();
    let version = async || inspection.definition(ID).await.unwrap().version.unwrap();
    assert_eq!((version().await, version().await), (1, 1));
    let first = inspection.definition(ID).await.unwrap();
    assert!(Arc::ptr_eq(
        &first,
        &inspection.definition(ID).await.unwrap()
    ));

    let known: InspectionRelation = read(json!({"TestSequenceRelationId": TEXT}));
    let entity: InspectionEntity = read(json!({"id": TEXT}));
    inspection.copy_of(ID).await.unwrap();
    assert_eq!((version().await, version().await), (2, 2));
    inspection
        .create(&InspectionDefinition::new("N"))
        .await
        .unwrap();
    assert_eq!((version().await, version().await), (3, 3));
    inspection.update(&entity).await.unwrap();
    assert_eq!((version().await, version().await), (4, 4));
    inspection.save_xaml(ID, "<A/>").await.unwrap();
    assert_eq!((version().await, version().await), (5, 5));
    inspection
        .create_relation(&InspectionRelation::new(ID))
        .await
        .unwrap();
    assert_eq!((version().await, version().await), (6, 6));
    inspection.update_relation(&known).await.unwrap();
    assert_eq!((version().await, version().await), (7, 7));
    inspection.delete_relations(&[ID]).await.unwrap();
    assert_eq!((version().await, version().await), (8, 8));
    inspection.refresh();
    assert_eq!(version().await, 9);
    // What is done of an inspection changes no definition.
    inspection
        .save_steps(&[read(json!({"id": 1}))])
        .await
        .unwrap();
    inspection
        .save_string_test(&read(json!({"id": 1})))
        .await
        .unwrap();
    assert_eq!(version().await, 9);
}

#[tokio::test]
async fn what_makes_something_each_time_is_not_repeated() {
    let lost = |method| MockTransport::new().on(method, "/*", [MockAnswer::broken()]);
    let mock = lost(Method::PUT);
    let steps = [read::<InspectionStep>(json!({"id": 1}))];
    let saved = client(&mock)
        .manual_inspection()
        .save_steps(&steps)
        .submit(true)
        .await;
    assert!(saved.is_err());
    assert_eq!(mock.requests().len(), 1);
    let mock = lost(Method::GET);
    assert!(client(&mock).manual_inspection().copy_of(ID).await.is_err());
    assert_eq!(mock.requests().len(), 1);
}
