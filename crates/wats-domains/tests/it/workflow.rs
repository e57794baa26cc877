//! Workflows: what is sent, what comes back, what is refused.

use serde_json::json;
use wats_domains::production::UnitKey;
use wats_domains::workflow::WorkflowStatus;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, client, golden, refused, refusing};

const UNIT: UnitKey<'_> = UnitKey {
    serial_number: "0001",
    part_number: "A/1",
};

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let workflow = api.workflow();
    golden! { mock;
        workflow.start_test(UNIT) => GET "/api/Workflow/StartTest?serialNumber=0001&partNumber=A%2F1";
        workflow.start_test(UNIT).operator("Ada").station("S 1").status(WorkflowStatus::Draft)
            => GET "/api/Workflow/StartTest?serialNumber=0001&partNumber=A%2F1&operatorName=Ada&stationName=S%201&status=0";
        workflow.end_test(UNIT, true) => GET "/api/Workflow/EndTest?serialNumber=0001&partNumber=A%2F1&passed=true";
        workflow.end_test(UNIT, false).operator("Ada").station("S").status(WorkflowStatus::Revoked)
            => GET "/api/Workflow/EndTest?serialNumber=0001&partNumber=A%2F1&passed=false&operatorName=Ada&stationName=S&status=3";
    }
}

#[tokio::test]
async fn an_answer_is_yes_or_no_and_a_step_is_never_taken_twice() {
    for yes in [true, false] {
        let api = answering(Method::GET, "/api/Workflow/StartTest", &json!(yes));
        assert_eq!(api.workflow().start_test(UNIT).await.unwrap(), yes);
    }
    let other = answering(
        Method::GET,
        "/api/Workflow/EndTest",
        &json!({"ended": true}),
    );
    assert!(other.workflow().end_test(UNIT, true).await.is_err());

    let lost = MockTransport::new().on(Method::GET, "/*", [MockAnswer::broken()]);
    let api = client(&lost);
    assert!(api.workflow().start_test(UNIT).await.is_err());
    assert!(api.workflow().end_test(UNIT, true).await.is_err());
    assert_eq!(lost.requests().len(), 2);
}

#[tokio::test]
async fn bad_input_is_refused_by_name_before_anything_is_sent() {
    let (api, mock) = refusing();
    let workflow = api.workflow();
    let unit = |serial_number, part_number| UnitKey {
        serial_number,
        part_number,
    };
    refused! { mock;
        workflow.start_test(unit("", "P")) => "serial number is empty";
        workflow.start_test(unit("1\n", "P")) => "serial number";
        workflow.end_test(unit("1", ""), true) => "part number is empty";
        workflow.start_test(UNIT).operator("") => "operator is empty";
        workflow.end_test(UNIT, true).station("S\u{200b}") => "station";
    }
}
