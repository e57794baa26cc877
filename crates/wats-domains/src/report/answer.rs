//! What the server answers to a report that it has received.

use serde_json::Value;
use uuid::Uuid;

use super::internal::SubmissionState;

/// What the server says of a report it took in (`InsertReportResult`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Submitted {
    /// The id under which the report can be read.
    pub id: Uuid,
    /// The id that the report was sent with, if the server tells.
    pub source_id: Option<Uuid>,
    /// The number that old clients know it by, if the server tells.
    pub legacy_id: Option<i64>,
    /// What became of it, if [`SubmitOptions::confirm`](super::SubmitOptions::confirm) asked for that.
    pub state: Option<SubmissionState>,
}

impl Submitted {
    /// What an answer says of the report that was sent under this id: an object, a list of it as some versions answer,
    /// or only the id. `None` if the answer does not name the report: then nobody has said that it is received.
    pub(super) fn read(answer: &Value, sent: Uuid) -> Option<Self> {
        let results = match answer {
            Value::Array(results) => results.as_slice(),
            single => std::slice::from_ref(single),
        };
        results.iter().find_map(|result| Self::of(result, sent))
    }

    fn of(result: &Value, sent: Uuid) -> Option<Self> {
        let source_id = member(result, "ID").and_then(uuid);
        let stored_as = member(result, "uuid").and_then(uuid);
        let named = [source_id, stored_as, uuid(result)].contains(&Some(sent));
        named.then(|| Self {
            id: stored_as.unwrap_or(sent),
            source_id,
            legacy_id: member(result, "Report_ID").and_then(Value::as_i64),
            state: None,
        })
    }
}

/// A member, whatever the case of its name.
fn member<'a>(result: &'a Value, name: &str) -> Option<&'a Value> {
    let mut members = result.as_object()?.iter();
    members.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
}

fn uuid(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "83ac0b8e-b575-4004-94de-f905774c3ed8";

    #[test]
    fn the_answer_is_read_in_every_shape() {
        let sent = Uuid::from_u128(5);
        let result = json!({"ID": sent.to_string(), "uuid": ID, "Report_ID": 7});
        let other =
            json!({"ID": Uuid::from_u128(6).to_string(), "uuid": Uuid::from_u128(6).to_string()});
        for answer in [result.clone(), json!([result]), json!([other, result])] {
            let read = Submitted::read(&answer, sent).unwrap();
            assert_eq!(read.id.to_string(), ID);
            assert_eq!((read.source_id, read.legacy_id), (Some(sent), Some(7)));
        }
        let sent: Uuid = ID.parse().unwrap();
        for answer in [
            json!({"ID": ID}),
            json!({"id": ID.to_uppercase()}),
            json!({"Uuid": format!("{{{ID}}}"), "ID": null}),
            json!(ID),
            json!([ID]),
        ] {
            let read = Submitted::read(&answer, sent).map(|read| read.id);
            assert_eq!(read, Some(sent), "{answer}");
        }
    }

    #[test]
    fn an_answer_that_does_not_name_the_report_says_nothing_of_it() {
        let sent = Uuid::from_u128(5);
        for answer in [
            json!(null),
            json!("ok"),
            json!(true),
            json!([]),
            json!({}),
            json!({"ID": ""}),
            json!({"uuid": 5}),
            json!({"ID": ID, "uuid": ID}),
            json!([{"ID": ID, "uuid": ID}]),
            json!([[{"ID": sent.to_string()}]]),
        ] {
            assert_eq!(Submitted::read(&answer, sent), None, "{answer}");
        }
    }
}
