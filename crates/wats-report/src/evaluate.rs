//! Outcomes from values and limits: what the builder does while a report is made, for reports that come from elsewhere.

use super::lint::misread;
use super::{
    CompOp, MeasurementLimits, Report, Status, Step, StringLimit,
    model::{NumericMeasurement, StringMeasurement},
};
use crate::wire::{Extra, Number};

/// Makes the outcomes of a report agree with its values and limits, and tells how many it has changed.
///
/// A measurement outside its limits fails, and one without an outcome gets one. A failure is carried up: from
/// measurements to their step, from steps to their sequence, to the root and the report; an error or a stop above it
/// stays. Nothing that is given as failed is made to pass, skipped steps stay skipped, and where operator or limits are
/// missing or unknown the outcome stays as it is.
///
/// What cannot be read does not pass: a measurement fails when its value, operator or a limit is given, but is of another
/// kind or beyond every `f64`, and so does a step whose measurements or steps are no list of such. (Failed and not an
/// error, because the server takes no measurement in a step that broke off.) [`lint`](super::lint()) tells each with its
/// path.
///
/// The summary of a loop speaks for its iterations, which may have failed
/// on the way; only a failure that was not told before, found by a limit here, is carried from an iteration to it.
///
/// ```
/// use wats_report::Report;
/// use wats_report::{Status, evaluate};
///
/// let mut report: Report = serde_json::from_str(r#"{"type": "T", "result": "P", "root": {"status": "P", "steps": [
///     {"name": "+5V", "status": "P", "numericMeas": [{"compOp": "LE", "value": 5.6, "lowLimit": 5.5, "status": "P"}]}
/// ]}}"#)?;
/// assert_eq!(evaluate(&mut report), 4); // measurement, step, root, report
/// assert_eq!(report.result, Some(Status::Failed));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn evaluate(report: &mut Report) -> usize {
    let mut changed = 0;
    let outcome = match &mut report.root {
        Some(root) => step(root, &mut changed),
        None => misread(&report.extra, "root").then_some(Status::Failed),
    };
    raise(&mut report.result, outcome, &mut changed);
    changed
}

/// Evaluates a step and those in it; answers its outcome. Steps nest no deeper than reading allows.
fn step(step: &mut Step, changed: &mut usize) -> Option<Status> {
    // The server drops what skipped steps measured, so it says nothing.
    if step.status == Some(Status::Skipped) {
        return step.status.clone();
    }
    let mut parts = Vec::new();
    for measured in step.numeric.iter_mut().flatten() {
        let outcome = numeric(measured);
        settle(&mut measured.status, outcome.as_ref(), changed);
        parts.extend(part(measured.status.as_ref(), outcome, &measured.extra));
    }
    for measured in step.strings.iter_mut().flatten() {
        let outcome = string(measured);
        settle(&mut measured.status, outcome.as_ref(), changed);
        parts.extend(part(measured.status.as_ref(), outcome, &measured.extra));
    }
    for measured in step.booleans.iter().flatten() {
        parts.extend(part(measured.status.as_ref(), None, &measured.extra));
    }
    children(
        step.steps.as_deref_mut().unwrap_or_default(),
        &mut parts,
        changed,
    );
    let lists = ["numericMeas", "stringMeas", "booleanMeas", "steps"];
    if any_misread(&step.extra, &lists) {
        parts.push(Status::Failed);
    }
    // Of a status that nobody can read nobody knows that it is not a failure.
    if matches!(step.status, Some(Status::Other(_))) || misread(&step.extra, "status") {
        parts.push(Status::Failed);
    }
    let of_parts = (!parts.is_empty()).then(|| Status::of_parts(&parts));
    raise(&mut step.status, of_parts, changed);
    step.status.clone()
}

fn any_misread(extra: &Extra, names: &[&str]) -> bool {
    !extra.is_empty() && names.iter().any(|name| misread(extra, name))
}

/// Evaluates the steps of a sequence, and adds the outcomes that count for it.
fn children(steps: &mut [Step], parts: &mut Vec<Status>, changed: &mut usize) {
    let mut summary = None;
    for at in 0..steps.len() {
        let told = steps[at].status.clone();
        let outcome = step(&mut steps[at], changed);
        if !steps[at].is_iteration() {
            summary = steps[at].is_in_loop().then_some(at);
            continue;
        }
        match summary.filter(|summary| steps[*summary].name == steps[at].name) {
            // Nobody speaks for it.
            None => parts.extend(outcome),
            Some(summary) if outcome != told && steps[summary].status != Some(Status::Skipped) => {
                raise(&mut steps[summary].status, outcome, changed);
            }
            Some(_) => {}
        }
    }
    let count = steps.iter().filter(|step| !step.is_iteration());
    parts.extend(count.filter_map(|step| step.status.clone()));
}

/// Gives a measurement its outcome, unless it has failed or was skipped already. Words that are no outcome give way to a
/// failure.
fn settle(status: &mut Option<Status>, outcome: Option<&Status>, changed: &mut usize) {
    let Some(outcome) = outcome else { return };
    let gives_way = match status {
        None => true,
        Some(Status::Passed | Status::Done | Status::Unknown | Status::Other(_)) => {
            *outcome == Status::Failed
        }
        Some(_) => false,
    };
    if gives_way {
        *status = Some(outcome.clone());
        *changed += 1;
    }
}

/// What a measurement says of its step; a status that nobody can read says that it failed, unless the limits know better.
fn part(status: Option<&Status>, outcome: Option<Status>, extra: &Extra) -> Option<Status> {
    match status {
        Some(Status::Other(_)) => outcome.or(Some(Status::Failed)),
        Some(status) => Some(status.clone()),
        None => misread(extra, "status").then_some(Status::Failed),
    }
}

/// Gives a whole the outcome of its parts if that is graver, or if it has none.
fn raise(status: &mut Option<Status>, parts: Option<Status>, changed: &mut usize) {
    let Some(parts) = parts else { return };
    let graver = match status {
        None => parts,
        Some(own) => {
            // Done, unknown and the like say nothing of the whole, so a failure below shows through them.
            let weighed = Status::of_parts([&*own, &parts]);
            if weighed == Status::Passed {
                return;
            }
            weighed
        }
    };
    if *status != Some(graver.clone()) {
        *status = Some(graver);
        *changed += 1;
    }
}

fn numeric(measured: &NumericMeasurement) -> Option<Status> {
    let numbers = [&measured.value, &measured.low_limit, &measured.high_limit];
    let beyond = |number: &Number| number.comparable().is_none();
    if any_misread(
        &measured.extra,
        &["value", "compOp", "lowLimit", "highLimit"],
    ) || numbers
        .iter()
        .any(|number| number.as_ref().is_some_and(beyond))
    {
        return Some(Status::Failed);
    }
    let limit = |number: &Option<Number>| number.as_ref().map(Number::value);
    let value = measured.value.as_ref()?.value();
    let op = spelled_out(measured.comp_op.as_ref()?);
    let limits =
        MeasurementLimits::of(&op, limit(&measured.low_limit), limit(&measured.high_limit))?;
    Some(Status::of(limits.accepts(value)))
}

fn string(measured: &StringMeasurement) -> Option<Status> {
    if any_misread(&measured.extra, &["value", "compOp", "limit"]) {
        return Some(Status::Failed);
    }
    let value = measured.value.as_deref()?;
    let op = spelled_out(measured.comp_op.as_ref()?);
    let limit = StringLimit::of(&op, measured.limit.as_deref())?;
    Some(Status::of(limit.accepts(value)))
}

/// The operator in capitals, as the known ones are.
fn spelled_out(op: &CompOp) -> CompOp {
    match op {
        CompOp::Other(text) => CompOp::from(text.to_ascii_uppercase().as_str()),
        known => known.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A report with these steps that says it has passed.
    fn evaluated(steps: &Value) -> (usize, Report) {
        let report = json!({"result": "P", "root": {"status": "P", "steps": steps}});
        let mut report: Report = serde_json::from_value(report).unwrap();
        (evaluate(&mut report), report)
    }

    fn numeric(measured: &Value) -> String {
        let mut step = json!({"numericMeas": [measured]});
        step["numericMeas"][0]["unit"] = "V".into();
        let (_, report) = evaluated(&json!([step]));
        let root = report.root.unwrap();
        let status = root.steps()[0].numeric()[0].status.as_ref();
        status.map_or("-", Status::as_str).to_owned()
    }

    #[test]
    fn measurements_follow_their_limits_and_only_those_known() {
        for (measured, expected) in [
            (
                json!({"compOp": "GELE", "value": 5, "lowLimit": 4, "highLimit": 5}),
                "P",
            ),
            (
                json!({"compOp": "GELT", "value": 5, "lowLimit": 4, "highLimit": 5}),
                "F",
            ),
            (
                json!({"compOp": "gele", "value": "6", "lowLimit": "4", "highLimit": 5}),
                "F",
            ),
            (
                json!({"compOp": "LE", "value": 6, "lowLimit": 5, "status": "P"}),
                "F",
            ),
            // The limit of one-limit operators is the low one; without it nothing is known.
            (
                json!({"compOp": "LE", "value": 6, "highLimit": 5, "status": "P"}),
                "P",
            ),
            (json!({"compOp": "GELE", "value": 6, "lowLimit": 5}), "-"),
            (json!({"compOp": "EQT", "value": 6, "lowLimit": 5}), "-"),
            (json!({"compOp": "LOG", "value": "NaN"}), "P"),
            (
                json!({"compOp": "LTGT", "value": "NaN", "lowLimit": 1, "highLimit": 2}),
                "F",
            ),
            (json!({"compOp": "LOG"}), "-"),
            // What has failed is not made to pass; what was skipped stays so.
            (json!({"compOp": "LOG", "value": 1, "status": "F"}), "F"),
            (
                json!({"compOp": "EQ", "value": 1, "lowLimit": 2, "status": "S"}),
                "S",
            ),
        ] {
            assert_eq!(numeric(&measured), expected, "{measured}");
        }
    }

    #[test]
    fn what_cannot_be_read_does_not_pass() {
        let good =
            json!({"compOp": "GELE", "value": 5, "lowLimit": 4, "highLimit": 6, "status": "P"});
        assert_eq!(numeric(&good), "P");
        for (member, value) in [
            ("value", json!("5,0 V")),
            ("value", json!(true)),
            ("value", json!([5])),
            ("value", json!({"x": 5})),
            ("value", json!("1e400")),
            ("lowLimit", json!("four")),
            ("lowLimit", json!("-1e400")),
            ("highLimit", json!({})),
            ("compOp", json!(3)),
        ] {
            let mut measured = good.clone();
            measured[member] = value.clone();
            assert_eq!(numeric(&measured), "F", "{member}: {value}");
            let (changed, report) = evaluated(&json!([{"status": "P", "numericMeas": [measured]}]));
            assert_eq!((changed, report.result), (4, Some(Status::Failed)));
        }
        // A word that is no outcome hides no failure.
        for status in ["Passed", "p", "D", ""] {
            let mut measured = good.clone();
            (measured["value"], measured["status"]) = (json!(7), json!(status));
            assert_eq!(numeric(&measured), "F", "{status}");
        }
        for step in [
            json!({"stringMeas": [{"compOp": "EQ", "value": 5, "limit": "5", "status": "P"}]}),
            json!({"stringMeas": [{"compOp": "EQ", "value": "5", "limit": [5], "status": "P"}]}),
            json!({"booleanMeas": [{"status": true}]}),
            json!({"booleanMeas": [{"status": "Failed"}]}),
            json!({"booleanMeas": [{"status": "P"}, 5]}),
            json!({"numericMeas": {"value": 5}}),
            json!({"stringMeas": "none"}),
            json!({"steps": [5]}),
        ] {
            let mut passed = step.clone();
            passed["status"] = json!("P");
            let (_, report) = evaluated(&json!([passed]));
            assert_eq!(report.result, Some(Status::Failed), "{step}");
        }
        let mut report: Report = serde_json::from_value(json!({"result": "P", "root": 5})).unwrap();
        assert_eq!(
            (evaluate(&mut report), report.result),
            (1, Some(Status::Failed))
        );
    }

    #[test]
    fn texts_follow_theirs() {
        for (measured, expected) in [
            (
                json!({"compOp": "CASESENSIT", "value": "a", "limit": "A"}),
                Some(Status::Failed),
            ),
            (
                json!({"compOp": "IgnoreCase", "value": "a", "limit": "A"}),
                Some(Status::Passed),
            ),
            (
                json!({"compOp": "EQ", "value": "a", "limit": "a"}),
                Some(Status::Passed),
            ),
            (
                json!({"compOp": "NE", "value": "a", "limit": "a"}),
                Some(Status::Failed),
            ),
            (json!({"compOp": "NE", "value": "a"}), None),
            (
                json!({"compOp": "GT", "value": "a", "limit": "b"}),
                Some(Status::Failed),
            ),
            (json!({"compOp": "GELE", "value": "a", "limit": "b"}), None),
        ] {
            let (_, report) = evaluated(&json!([{"stringMeas": [measured]}]));
            assert_eq!(
                report.root.unwrap().steps()[0].strings()[0].status,
                expected,
                "{measured}"
            );
        }
    }

    #[test]
    fn failures_climb_and_graver_outcomes_stay() {
        let fails = json!({"name": "a", "status": "P", "numericMeas": [
            {"name": "x", "compOp": "EQ", "value": 1, "lowLimit": 1, "status": "P"},
            {"name": "y", "compOp": "EQ", "value": 1, "lowLimit": 2, "status": "P"}]});
        let (changed, report) = evaluated(&json!([
            {"name": "inner", "status": "D", "steps": [fails.clone()]},
            {"name": "stopped", "status": "T", "steps": [fails.clone()]},
            {"name": "skipped", "status": "S", "steps": [fails]},
            {"name": "lamp", "status": "P", "booleanMeas": [{"status": "F"}]},
        ]));
        let root = report.root.unwrap();
        let letters: Vec<&str> = root
            .steps()
            .iter()
            .map(|step| step.status.as_ref().unwrap().as_str())
            .collect();
        assert_eq!(letters, ["F", "T", "S", "F"]);
        assert_eq!(root.steps()[0].steps()[0].status, Some(Status::Failed));
        assert_eq!(
            root.steps()[2].steps()[0].status,
            Some(Status::Passed),
            "not looked at"
        );
        // A stop is graver than a failure.
        assert_eq!(
            (root.status, report.result),
            (Some(Status::Terminated), Some(Status::Terminated))
        );
        assert_eq!(changed, 2 + 1 + 2 + 1 + 1 + 1);
    }

    #[test]
    fn what_agrees_is_left_alone() {
        let (changed, _) = evaluated(&json!([
            {"name": "a", "status": "P", "numericMeas": [{"compOp": "GE", "value": 2, "lowLimit": 1, "status": "P"}]},
            {"name": "done", "status": "D"},
        ]));
        assert_eq!(changed, 0);
        let mut repair: Report =
            serde_json::from_value(json!({"type": "R", "result": "P"})).unwrap();
        assert_eq!(evaluate(&mut repair), 0);
    }
}
