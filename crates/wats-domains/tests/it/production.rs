//! Units and serial numbers: what is sent, what comes back, what is kept, what is refused.

use jiff::Timestamp;
use serde_json::json;
use wats_domains::production::{
    AddChild, FileFormat, NewUnit, NumberRange, ProductionBatch, Reference, Reservation,
    SerialNumberIdentifier, SerialNumberRange, Unit, UnitKey, UnitPair, UnitPhase,
};
use wats_domains::{BulkOptions, CacheOptions};
use wats_http::Part;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, client, deletes, golden, refused, refusing, with_caches};

const UNIT: UnitKey<'_> = UnitKey {
    serial_number: "S/1",
    part_number: "P 1",
};
const PAIR: UnitPair<'_> = UnitPair {
    parent: UNIT,
    child: UnitKey {
        serial_number: "C",
        part_number: "D&E",
    },
};
const NEW: NewUnit<'_> = NewUnit {
    serial_number: "S/1",
    part_number: "P 1",
    revision: "A",
};
const RANGE: NumberRange<'_> = NumberRange {
    first: "001",
    last: "00F",
};

fn time() -> Timestamp {
    "2026-01-02T04:04:05+01:00".parse().unwrap()
}

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let (production, many) = (api.production(), BulkOptions::default());
    let other = AddChild::As {
        part_number: "Q",
        revision: "B",
    };
    golden! { mock;
        production.get(UNIT) => GET "/api/Production/Unit/S%2F1/P%201";
        production.verify("S/1") => GET "/api/Production/UnitVerification?serialNumber=S%2F1";
        production.verify("1").part_number("P") => GET "/api/Production/UnitVerification?serialNumber=1&partNumber=P";
        production.set_phase(UNIT, UnitPhase::Shipped)
            => PUT "/api/Production/SetUnitPhase?serialNumber=S%2F1&partNumber=P%201&phase=2048";
        production.set_phase(UNIT, UnitPhase::ServiceRepairQueued)
            => PUT "/api/Production/SetUnitPhase?serialNumber=S%2F1&partNumber=P%201&phase=4104";
        production.set_process(UNIT, "Final test")
            => PUT "/api/Production/SetUnitProcess?serialNumber=S%2F1&partNumber=P%201&processName=Final%20test";
        production.changes(10) => GET "/api/Production/Units/Changes?maxCount=10";
        production.delete_change(7) => DELETE "/api/Production/Units/Changes/7";
        production.add_child(PAIR, AddChild::ByBoxBuild)
            => POST "/api/Production/AddChildUnit?parentSerialNumber=S%2F1&parentPartNumber=P%201&childSerialNumber=C&childPartNumber=D%26E&checkPartNumber=&checkRevision=";
        production.add_child(PAIR, other)
            => POST "/api/Production/AddChildUnit?parentSerialNumber=S%2F1&parentPartNumber=P%201&childSerialNumber=C&childPartNumber=D%26E&checkPartNumber=Q&checkRevision=B";
        production.remove_child(PAIR)
            => POST "/api/Production/RemoveChildUnit?parentSerialNumber=S%2F1&parentPartNumber=P%201&childSerialNumber=C&childPartNumber=D%26E";
        production.check_children(UNIT)
            => GET "/api/Production/CheckChildUnits?parentSerialNumber=S%2F1&parentPartNumber=P%201";
        production.save_many([Unit::new(UNIT)], &many)
            => PUT "/api/Production/Units", json!([{"serialNumber": "S/1", "partNumber": "P 1"}]);
        production.save_batches([ProductionBatch::new("B", 5)], &many)
            => PUT "/api/Production/Batches", json!([{"batchNumber": "B", "batchSize": 5}]);
        production.serial_number_types() => GET "/api/Production/SerialNumbers/Types";
        production.take_serial_numbers("MAC", 3, FileFormat::Xml)
            => POST "/api/Production/SerialNumbers/Take?serialNumberType=MAC&quantity=3&format=XML";
        production.take_serial_numbers("MAC", 3, FileFormat::Csv).for_serial_number("S").for_part_number("P").station("T").only_in_sequence(true)
            => POST "/api/Production/SerialNumbers/Take?serialNumberType=MAC&quantity=3&format=CSV&refSN=S&refPN=P&stationName=T&onlyInSequence=true";
        production.serial_numbers_in("MAC", RANGE).from(time()).until(time())
            => GET "/api/Production/SerialNumbers/ByRange?serialNumberType=MAC&startAddress=001&endAddress=00F&startDate=2026-01-02T03%3A04%3A05Z&endDate=2026-01-02T03%3A04%3A05Z";
        production.serial_numbers_of("MAC", Reference::Unit(UNIT))
            => GET "/api/Production/SerialNumbers/ByReference?serialNumberType=MAC&refSN=S%2F1&refPN=P%201";
        production.serial_numbers_of("MAC", Reference::PartNumber("P")).from(time())
            => GET "/api/Production/SerialNumbers/ByReference?serialNumberType=MAC&refPN=P&startDate=2026-01-02T03%3A04%3A05Z";
        production.export_serial_numbers("MAC", FileFormat::Csv).first("1").last("2").until(time())
            => GET "/api/Production/SerialNumbers?serialNumberType=MAC&format=CSV&startAddress=1&endAddress=2&endDate=2026-01-02T03%3A04%3A05Z";
    }
}

#[tokio::test]
async fn each_internal_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let internal = api.production().internal();
    let ranges = [SerialNumberRange::new("MAC", RANGE)];
    let body = json!([{"type": "MAC", "startAddress": "001", "endAddress": "00F"}]);
    let reservation = Reservation {
        type_name: "MAC",
        quantity: 2,
        station: "T",
        only_in_sequence: false,
    };
    golden! { mock;
        internal.unit_by_serial_number("S/1") => GET "/api/internal/Production/GetUnit?serialNumber=S%2F1";
        internal.unit_by_serial_number("1").part_number("P") => GET "/api/internal/Production/GetUnit?serialNumber=1&partNumber=P";
        internal.unit_info(UNIT) => GET "/api/internal/Production/GetUnitInfo?serialNumber=S%2F1&partNumber=P%201";
        internal.unit_hierarchy(UNIT) => GET "/api/internal/Production/GetUnitHierarchy?serialNumber=S%2F1&partNumber=P%201";
        internal.unit_phase(UNIT) => GET "/api/internal/Production/GetUnitPhase?serialNumber=S%2F1&partNumber=P%201";
        internal.unit_process(UNIT) => GET "/api/internal/Production/GetUnitProcess?serialNumber=S%2F1&partNumber=P%201";
        internal.unit_history(UNIT) => GET "/api/internal/Production/GetUnitStateHistory?serialNumber=S%2F1&partNumber=P%201";
        internal.unit_contents(NEW)
            => GET "/api/internal/Production/GetUnitContents?serialNumber=S%2F1&partNumber=P%201&revision=A";
        internal.phases() => GET "/api/internal/Mes/GetUnitPhases";
        internal.sites() => GET "/api/internal/Production/GetSites";
        internal.is_connected() => GET "/api/internal/Production/isConnected";
        internal.create_unit(NEW).batch_number("B").phase(UnitPhase::Finalized)
            => POST "/api/internal/Production/CreateUnit?serialNumber=S%2F1&partNumber=P%201&revision=A&batchNumber=B&unitPhase=16";
        internal.add_child(PAIR, AddChild::ByBoxBuild, "en-US").check_phase(true)
            => POST "/api/internal/Production/AddChildUnit?serialNumber=S%2F1&partNumber=P%201&childSerialNumber=C&childPartNumber=D%26E&checkPartNumber=&checkRevision=&cultureCode=en-US&checkPhase=true";
        internal.remove_child(PAIR).culture_code("en-US")
            => POST "/api/internal/Production/RemoveChildUnit?serialNumber=S%2F1&partNumber=P%201&childSerialNumber=C&childPartNumber=D%26E&cultureCode=en-US";
        internal.remove_all_children(UNIT)
            => POST "/api/internal/Production/RemoveAllChildUnits?serialNumber=S%2F1&partNumber=P%201";
        internal.check_children(UNIT, "en-US")
            => GET "/api/internal/Production/CheckChildUnits?ParentSerialNumber=S%2F1&ParentPartNumber=P%201&CultureCode=en-US";
        internal.serial_numbers("MAC", RANGE).from(time())
            => GET "/api/internal/Production/SerialNumbers?serialNumberType=MAC&startAddress=001&endAddress=00F&startDate=2026-01-02T03%3A04%3A05Z";
        internal.serial_number_count("MAC").first("1").last("2").from(time()).until(time())
            => GET "/api/internal/Production/SerialNumbers/Count?serialNumberType=MAC&startAddress=1&endAddress=2&fromDate=2026-01-02T03%3A04%3A05Z&toDate=2026-01-02T03%3A04%3A05Z";
        internal.serial_number_ranges() => GET "/api/internal/Production/SerialNumbers/Ranges";
        internal.serial_number_statistics().of_type("MAC")
            => GET "/api/internal/Production/SerialNumbers/Statistics?serialNumberType=MAC";
        internal.free_serial_numbers(&ranges) => PUT "/api/internal/Production/SerialNumbers/Free", body;
        internal.delete_free_serial_numbers(&ranges) => DELETE "/api/internal/Production/SerialNumbers/Free", body;
        // The token stays in its header.
        internal.reserve_serial_numbers(reservation)
            => POST "/api/internal/Production/GetAndReserveNewSerialNumbers",
            json!({"sn": {"serialNumberType": "MAC", "batchSize": 2, "requestType": "Reserve", "onlyInSequence": false, "stationName": "T"}});
    }
}

#[tokio::test]
async fn a_file_of_serial_numbers_is_a_form() {
    let (api, mock) = refusing();
    let file = Part::bytes("1;2").file_name("numbers.csv");
    let upload = api
        .production()
        .upload_serial_numbers("MAC", FileFormat::Csv, file);
    drop(upload.await);
    let request = &mock.requests()[0];
    assert_eq!(
        request.target,
        "/api/Production/SerialNumbers?serialNumberType=MAC&format=CSV"
    );
    let kind = request.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
    let body = std::str::from_utf8(&request.body).unwrap();
    assert!(
        body.contains("filename=\"numbers.csv\"") && body.contains("\r\n\r\n1;2\r\n"),
        "{body}"
    );
}

#[tokio::test]
async fn answers_lose_nothing() {
    let answer = json!({
        "serialNumber": "1", "partNumber": "P", "unitPhaseId": 3, "unitPhase": null, "serialDate": "2026-01-30T22:01:41.47",
        "product": {"partNumber": "P", "later": 1}, "productRevision": null, "tags": [{"key": "a", "value": "b"}],
        "subUnits": [{"serialNumber": "2", "unitPhaseId": "Finalized", "subUnits": []}, {"unitPhaseId": 4098}], "extra": null
    });
    let api = answering(Method::GET, "/api/Production/Unit/1/P", &answer);
    let key = UnitKey {
        serial_number: "1",
        part_number: "P",
    };
    let unit = api.production().get(key).await.unwrap();
    assert_eq!(unit.phase, Some(UnitPhase::Other(3)));
    let phases: Vec<_> = unit
        .sub_units
        .iter()
        .flatten()
        .map(|unit| unit.phase)
        .collect();
    assert_eq!(
        phases,
        [
            Some(UnitPhase::Finalized),
            Some(UnitPhase::ProductionQueued)
        ]
    );
    assert_eq!(serde_json::to_value(&unit).unwrap(), answer);

    let answer = json!({"status": "Passed", "grade": "A", "noRepairs": null, "results": [
        {"processCode": 10, "startUtc": "2026-01-30T21:01:41.4707353Z", "totalCount": 2, "later": {}}, {}
    ]});
    let api = answering(Method::GET, "/api/Production/UnitVerification", &answer);
    let grade = api.production().verify("1").await.unwrap();
    assert_eq!(grade.results.as_ref().unwrap()[0].total_count, Some(2));
    assert_eq!(serde_json::to_value(&grade).unwrap(), answer);

    let answer = json!([{"id": 7, "unitSerialNumber": "1", "newUnitPhaseId": 16, "oldPartNumber": "Q"}, {"id": null}]);
    let api = answering(Method::GET, "/api/Production/Units/Changes", &answer);
    let changes = api.production().changes(5).await.unwrap();
    assert_eq!(changes[0].new_phase, Some(UnitPhase::Finalized));
    assert_eq!(serde_json::to_value(&changes).unwrap(), answer);

    let answer = json!([{"type": "MAC", "identifier": 1, "startAddress": "0", "free": 5, "taken": null}, {"identifier": 8}]);
    let api = answering(
        Method::GET,
        "/api/internal/Production/SerialNumbers/Ranges",
        &answer,
    );
    let ranges = api
        .production()
        .internal()
        .serial_number_ranges()
        .await
        .unwrap();
    let kinds = [
        SerialNumberIdentifier::MacAddress,
        SerialNumberIdentifier::Other(8),
    ];
    assert_eq!(
        [ranges[0].identifier, ranges[1].identifier],
        kinds.map(Some)
    );
    assert_eq!(serde_json::to_value(&ranges).unwrap(), answer);
}

#[tokio::test]
async fn a_unit_that_is_not_there_is_none() {
    let mock = MockTransport::new().on(Method::GET, "/*", [MockAnswer::status(404)]);
    let api = client(&mock);
    assert!(api.production().find(UNIT).await.unwrap().is_none());
    assert_eq!(
        api.production()
            .get(UNIT)
            .await
            .unwrap_err()
            .status()
            .unwrap(),
        404
    );
}

#[tokio::test]
async fn phases_are_found_by_name_and_by_code() {
    let answer = json!([
        {"UnitPhaseId": 2, "Code": "Under production", "Name": "Making", "Description": null},
        {"UnitPhaseId": 16, "Code": "Finalized", "Name": "Done"}, {"UnitPhaseId": 9000, "Code": "Done", "Name": null}
    ]);
    let path = "/api/internal/Mes/GetUnitPhases";
    let mock = MockTransport::new().on(Method::GET, path, [MockAnswer::json(&answer)]);
    let api = with_caches(&mock, CacheOptions::default());
    let internal = api.production().internal();
    let phase =
        |found: Option<wats_domains::production::Phase>| found.and_then(|found| found.phase);
    assert_eq!(
        phase(internal.phase("making").await.unwrap()),
        Some(UnitPhase::UnderProduction)
    );
    assert_eq!(
        phase(internal.phase("FINALIZED").await.unwrap()),
        Some(UnitPhase::Finalized)
    );
    // A name goes before a code.
    assert_eq!(
        phase(internal.phase("done").await.unwrap()),
        Some(UnitPhase::Finalized)
    );
    assert_eq!(phase(internal.phase("lost").await.unwrap()), None);
    let all = internal.phases().await.unwrap();
    assert_eq!(serde_json::to_value(&*all).unwrap(), answer);
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test]
async fn static_lists_are_kept_until_a_refresh() {
    let mock = MockTransport::new().on(
        Method::GET,
        "/*",
        [MockAnswer::json(&json!([{"name": "MAC"}]))],
    );
    let api = with_caches(&mock, CacheOptions::default());
    let (production, internal) = (api.production(), api.production().internal());
    for rounds in 1..=2 {
        for _ in 0..2 {
            assert_eq!(production.serial_number_types().await.unwrap().len(), 1);
            internal.sites().await.unwrap();
            internal.phases().await.unwrap();
        }
        assert_eq!(mock.requests().len(), 3 * rounds);
        production.refresh();
    }
    // What is live is asked for each time.
    internal.unit_phase(UNIT).await.unwrap();
    internal.unit_phase(UNIT).await.unwrap();
    assert_eq!(mock.requests().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn what_a_repeat_does_not_find_is_gone() {
    let ranges = [SerialNumberRange::new("MAC", RANGE)];
    deletes! {
        api => api.production().delete_change(7), "/api/Production/Units/Changes/7";
        api => api.production().internal().delete_free_serial_numbers(&ranges), "/api/internal/Production/SerialNumbers/Free";
    }
}

#[tokio::test]
async fn what_adds_each_time_is_not_repeated() {
    let mock = MockTransport::new()
        .on(Method::POST, "/*", [MockAnswer::broken()])
        .on(Method::PUT, "/*", [MockAnswer::broken()]);
    let api = client(&mock);
    let (production, internal) = (api.production(), api.production().internal());
    let numbers = Reservation {
        type_name: "MAC",
        quantity: 1,
        station: "T",
        only_in_sequence: false,
    };
    assert!(
        production
            .take_serial_numbers("MAC", 1, FileFormat::Xml)
            .await
            .is_err()
    );
    assert!(
        production
            .add_child(PAIR, AddChild::ByBoxBuild)
            .await
            .is_err()
    );
    assert!(production.remove_child(PAIR).await.is_err());
    let file = Part::bytes("1");
    assert!(
        production
            .upload_serial_numbers("MAC", FileFormat::Csv, file)
            .await
            .is_err()
    );
    assert!(internal.create_unit(NEW).await.is_err());
    assert!(
        internal
            .add_child(PAIR, AddChild::ByBoxBuild, "en")
            .await
            .is_err()
    );
    assert!(internal.remove_child(PAIR).await.is_err());
    assert!(internal.remove_all_children(UNIT).await.is_err());
    assert!(internal.reserve_serial_numbers(numbers).await.is_err());
    assert_eq!(mock.requests().len(), 9);
}

#[tokio::test]
async fn bad_input_is_refused_by_name_before_anything_is_sent() {
    let (api, mock) = refusing();
    let (production, internal) = (api.production(), api.production().internal());
    let unit = |serial_number, part_number| UnitKey {
        serial_number,
        part_number,
    };
    let range = |first, last| NumberRange { first, last };
    let numbers = |type_name, quantity, station| Reservation {
        type_name,
        quantity,
        station,
        only_in_sequence: false,
    };
    let pair = |child| UnitPair {
        parent: UNIT,
        child,
    };
    let no_part = AddChild::As {
        part_number: "",
        revision: "A",
    };
    let new = |revision| NewUnit { revision, ..NEW };
    refused! { mock;
        production.get(unit("", "P")) => "serial number is empty";
        production.get(unit("1", "")) => "part number is empty";
        production.get(unit(".", "P")) => "serialNumber";
        production.get(unit("1", "..")) => "partNumber";
        production.get(unit("1\u{feff}", "P")) => "serial number";
        production.find(unit("", "P")) => "serial number is empty";
        production.verify("") => "serial number is empty";
        production.verify("1").part_number("") => "part_number is empty";
        production.verify("1").part_number("P\n") => "part_number";
        production.set_phase(unit("", "P"), UnitPhase::Shipped) => "serial number is empty";
        production.set_process(UNIT, "") => "process name is empty";
        production.changes(0) => "`most` is 0";
        production.add_child(pair(unit("", "P")), AddChild::ByBoxBuild) => "serial number is empty";
        production.add_child(PAIR, no_part) => "part number to check is empty";
        production.remove_child(pair(unit("1", ""))) => "part number is empty";
        production.check_children(unit("", "P")) => "serial number is empty";
        production.take_serial_numbers("", 1, FileFormat::Xml) => "type of serial numbers is empty";
        production.take_serial_numbers("MAC", 0, FileFormat::Xml) => "`quantity` is 0";
        production.take_serial_numbers("MAC", u32::MAX, FileFormat::Xml) => "`quantity` is 4294967295";
        production.take_serial_numbers("MAC", 1, FileFormat::Xml).for_serial_number("") => "for_serial_number is empty";
        production.serial_numbers_in("MAC", range("", "2")) => "first number is empty";
        production.serial_numbers_in("MAC", range("1", "2\n")) => "last number";
        production.serial_numbers_of("MAC", Reference::SerialNumber("")) => "serial number is empty";
        production.serial_numbers_of("", Reference::PartNumber("P")) => "type of serial numbers is empty";
        production.export_serial_numbers("", FileFormat::Csv) => "type of serial numbers is empty";
        production.export_serial_numbers("MAC", FileFormat::Csv).first("") => "first is empty";
        production.upload_serial_numbers("", FileFormat::Csv, Part::bytes("1")) => "type of serial numbers is empty";
        internal.unit_by_serial_number("") => "serial number is empty";
        internal.unit_info(unit("1", "")) => "part number is empty";
        internal.unit_contents(new("")) => "revision is empty";
        internal.phase("") => "phase is empty";
        internal.create_unit(new("")) => "revision is empty";
        internal.create_unit(NEW).batch_number("") => "batch_number is empty";
        internal.add_child(PAIR, AddChild::ByBoxBuild, "") => "culture code is empty";
        internal.remove_child(pair(unit("", "P"))) => "serial number is empty";
        internal.remove_all_children(unit("", "P")) => "serial number is empty";
        internal.check_children(UNIT, "") => "culture code is empty";
        internal.serial_numbers("MAC", range("1", "")) => "last number is empty";
        internal.serial_number_count("") => "type of serial numbers is empty";
        internal.serial_number_ranges().of_type("") => "of_type is empty";
        internal.free_serial_numbers(&[]) => "`ranges` is empty";
        internal.free_serial_numbers(&[SerialNumberRange::new("", RANGE)]) => "type of serial numbers is empty";
        internal.delete_free_serial_numbers(&[]) => "`ranges` is empty";
        internal.delete_free_serial_numbers(&[SerialNumberRange::new("MAC", range("1", ""))]) => "last number is empty";
        internal.reserve_serial_numbers(numbers("", 1, "T")) => "type of serial numbers is empty";
        internal.reserve_serial_numbers(numbers("MAC", 0, "T")) => "`quantity` is 0";
        internal.reserve_serial_numbers(numbers("MAC", 1, "")) => "station is empty";
    }
}

#[tokio::test]
async fn many_units_are_read_each_with_its_outcome() {
    let mock = MockTransport::new()
        .on(
            Method::GET,
            "/api/Production/Unit/1/P",
            [MockAnswer::json(&json!({"serialNumber": "1"}))],
        )
        .on(
            Method::GET,
            "/api/Production/Unit/2/P",
            [MockAnswer::status(404)],
        );
    let api = client(&mock);
    let key = |serial_number| UnitKey {
        serial_number,
        part_number: "P",
    };
    let keys = ["1", "2", "", "1"].map(key);
    let units = api
        .production()
        .get_many(keys, &BulkOptions::default())
        .await
        .unwrap();
    let found: Vec<_> = units
        .ok
        .iter()
        .map(|(place, unit)| (*place, unit.serial_number.as_deref()))
        .collect();
    assert_eq!(found, [(0, Some("1")), (3, Some("1"))]);
    let failed: Vec<_> = units
        .failed
        .iter()
        .map(|(place, error)| (*place, error.status().map(|status| status.as_u16())))
        .collect();
    assert_eq!(failed, [(1, Some(404)), (2, None)]);
    assert_eq!(mock.requests().len(), 3);
}
