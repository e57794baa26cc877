//! What a client is told of its server, its token and its station.

use serde_json::json;
use wats_domains::asset::AssetKey;
use wats_domains::report::{Station, Unit};
use wats_domains::{Access, MeasurementLimits, Wats, WatsBuilder};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{ErrorKind, TokenProvider};

const VERSION: &str = "/api/App/Version";
const UNIT: Unit<'_> = Unit {
    part_number: "PCBA-001",
    serial_number: "SN-42",
    revision: "A",
};
const STATION: Station<'_> = Station {
    name: "ICT-3",
    location: "Drammen",
    purpose: "Production",
};

fn builder(server: &MockTransport) -> WatsBuilder {
    let server = server.clone();
    Wats::builder()
        .http(|client| client.transport(server))
        .base_url("http://mock")
        .token("dTpw")
}

#[tokio::test]
async fn what_is_not_known_is_told_with_its_reason() {
    let server = MockTransport::new()
        .on(Method::GET, VERSION, [MockAnswer::json("2025.3.9.824")])
        .on(
            Method::GET,
            "/api/App/Processes",
            [MockAnswer::json(&json!([]))],
        )
        .on(Method::GET, "/api/SystemStatus", [MockAnswer::status(501)])
        .on(
            Method::GET,
            "/api/internal/Client/Ping",
            [MockAnswer::status(403)],
        );
    let wats = builder(&server).build().unwrap();
    let can = wats.capabilities().await.unwrap();
    assert_eq!(can.version.unwrap().numbers(), [2025, 3, 9, 824]);
    assert!(can.reads.unwrap().is_allowed());
    let status = can.status.unwrap_err();
    assert_eq!(status.status().map(|status| status.as_u16()), Some(501));
    let Ok(Access::Refused(why)) = can.internal_routes else {
        panic!("403 is an answer");
    };
    assert!(why.to_string().contains("403"), "{why}");
    let ping = wats.ping().await.unwrap();
    assert_eq!((&*ping.version, ping.attempts), ("2025.3.9.824", 1));
    assert_eq!(ping.clock_skew, None, "an answer without a date");
}

#[test]
fn reports_begin_with_the_station_of_the_client() {
    let server = MockTransport::new();
    let bare = builder(&server).build().unwrap();
    let limits = || MeasurementLimits::between(4.75..=5.25);
    let test = bare.uut_report(UNIT).numeric("+5V", 5.0, "V", limits());
    let error = test.build().unwrap_err().to_string();
    assert!(error.contains("process code is missing"), "{error}");

    let wats = builder(&server)
        .station(STATION)
        .process_code(100)
        .operator("Kari");
    let wats = wats.build().unwrap();
    let test = wats
        .clone()
        .uut_report(UNIT)
        .numeric("+5V", 5.0, "V", limits());
    let report = test.clone().build().unwrap().into_report();
    assert_eq!(report.station.as_deref(), Some("ICT-3"));
    assert_eq!(report.location.as_deref(), Some("Drammen"));
    assert_eq!(report.purpose.as_deref(), Some("Production"));
    assert_eq!(report.process_code, Some(100));
    assert_eq!(report.uut.unwrap().operator.as_deref(), Some("Kari"));
    let other = test.process_code(200).operator("Ola").build().unwrap();
    assert_eq!(other.report().process_code, Some(200));

    for (builder, why) in [
        (
            builder(&server).station(Station {
                name: " ",
                ..STATION
            }),
            "the name of the station is empty",
        ),
        (builder(&server).process_code(-1), "the process code is -1"),
        (builder(&server).operator("Ka\nri"), "the operator"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_delete_that_was_refused_for_its_token_has_not_been_done() {
    let server = MockTransport::new().on(
        Method::DELETE,
        "/api/Asset",
        [MockAnswer::status(401), MockAnswer::status(404)],
    );
    let reads = std::sync::atomic::AtomicUsize::new(0);
    let provider = TokenProvider::callback(move || {
        let n = reads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok::<_, std::io::Error>(["b2xkOm9sZA==", "bmV3Om5ldw=="][n.min(1)].to_owned())
    });
    let wats = builder(&server).token_provider(provider).build().unwrap();
    let delete = wats.asset().delete(AssetKey::SerialNumber("DMM-7"));
    let error = delete.await.unwrap_err();
    assert_eq!(
        (error.status().unwrap().as_u16(), error.attempts()),
        (404, 2)
    );
}
