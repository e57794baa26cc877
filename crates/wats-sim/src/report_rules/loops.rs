//! The published rules for loops: a summary, then its iterations, all of one name.

use serde_json::{Map, Value};

use super::{Findings, given, objects, real, text_of};

/// A loop whose iterations are being read.
struct Open<'a> {
    step: &'a Map<String, Value>,
    path: String,
    /// How many iterations it says it has.
    num: Option<i64>,
    seen: i64,
    /// Whether all of them had the index that was due.
    in_order: bool,
}

/// The loops among the steps of one sequence.
pub(super) fn check(parent: &Map<String, Value>, path: &str, findings: &mut Findings) {
    let mut open: Option<Open<'_>> = None;
    for step in objects(parent, "steps") {
        let name = text_of(step, "name").unwrap_or_default();
        let path = format!("{path} -> {name}");
        let info = given(step, "loop").and_then(Value::as_object);
        match (info, &mut open) {
            (Some(info), _) if given(info, "idx").is_none() => {
                close(open.take(), findings);
                let num = summary(info, &path, findings);
                open = Some(Open {
                    step,
                    path,
                    num,
                    seen: 0,
                    in_order: true,
                });
            }
            (Some(info), Some(open)) if text_of(open.step, "name") == text_of(step, "name") => {
                open.in_order &= given(info, "idx").and_then(Value::as_i64) == Some(open.seen);
                open.seen += 1;
                if !same_limits(open.step, step) {
                    findings.add(
                        &path,
                        "limits of an iteration must be those of the loop's summary",
                    );
                }
            }
            _ => close(open.take(), findings),
        }
    }
    close(open.take(), findings);
}

/// Its number of iterations; its last index is one less.
fn summary(info: &Map<String, Value>, path: &str, findings: &mut Findings) -> Option<i64> {
    let whole = |name: &str| given(info, name).and_then(Value::as_i64);
    let num = whole("num");
    match (num, whole("endingIndex")) {
        (Some(num), Some(ending)) if ending.checked_add(1) == Some(num) => {}
        (Some(_), Some(_)) => findings.add(path, "endingIndex of a loop must be num - 1"),
        _ => findings.add(path, "the summary of a loop needs num and endingIndex"),
    }
    num
}

fn close(open: Option<Open<'_>>, findings: &mut Findings) {
    let Some(open) = open.filter(|open| open.seen > 0) else {
        return;
    };
    if !open.in_order || open.num.is_some_and(|num| num != open.seen) {
        findings.add(
            &open.path,
            "idx of the iterations must run from 0 to num - 1",
        );
    }
}

/// Measurements that both have, by name or as the only one, have the same operator and limits.
fn same_limits(summary: &Map<String, Value>, iteration: &Map<String, Value>) -> bool {
    let same = |kind: &str, equal: fn(&Map<String, Value>, &Map<String, Value>) -> bool| {
        let of_summary: Vec<_> = objects(summary, kind).collect();
        let of_iteration: Vec<_> = objects(iteration, kind).collect();
        if let ([a], [b]) = (of_summary.as_slice(), of_iteration.as_slice()) {
            return equal(a, b);
        }
        of_iteration.iter().all(|b| {
            let Some(name) = text_of(b, "name") else {
                return true;
            };
            let twin = of_summary.iter().find(|a| text_of(a, "name") == Some(name));
            twin.is_none_or(|a| equal(a, b))
        })
    };
    same("numericMeas", |a, b| {
        let limit = |m: &Map<String, Value>, name: &str| given(m, name).and_then(real);
        text_of(a, "compOp") == text_of(b, "compOp")
            && limit(a, "lowLimit") == limit(b, "lowLimit")
            && limit(a, "highLimit") == limit(b, "highLimit")
    }) && same("stringMeas", |a, b| {
        text_of(a, "compOp") == text_of(b, "compOp") && text_of(a, "limit") == text_of(b, "limit")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(info: &Value, limit: i32) -> Value {
        json!({ "name": "L", "loop": info,
            "numericMeas": [{ "compOp": "GE", "lowLimit": limit }] })
    }

    fn findings(steps: &[Value]) -> Vec<String> {
        let mut findings = Findings::default();
        let parent = json!({ "steps": steps });
        check(parent.as_object().unwrap(), "root", &mut findings);
        findings.list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_summary_and_its_iterations() {
        let head = |num: i32| step(&json!({ "num": num, "endingIndex": num - 1 }), 1);
        let turn = |idx: i32| step(&json!({ "idx": idx }), 1);
        for good in [
            vec![head(2), turn(0), turn(1)],
            vec![head(7)],
            vec![turn(3)],
            vec![head(1), turn(0), head(1), turn(0)],
        ] {
            assert_eq!(findings(&good), Vec::<String>::new());
        }
        let order = "root -> L: idx of the iterations must run from 0 to num - 1";
        for bad in [
            vec![head(2), turn(1), turn(0)],
            vec![head(2), turn(0)],
            vec![head(1), turn(0), turn(1)],
        ] {
            assert_eq!(findings(&bad), [order]);
        }
        let other = step(&json!({ "idx": 0 }), 2);
        assert_eq!(
            findings(&[head(1), other]),
            ["root -> L: limits of an iteration must be those of the loop's summary"]
        );
    }
}
