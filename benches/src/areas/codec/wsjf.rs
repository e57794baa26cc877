//! Whole reports and their headers: building and writing, and reading without losing anything.
//!
//! The subject is the model of `wats-domains`, which keeps every member that it does not know. Beside it stand what one
//! would write by hand: a derived model that drops them, one that keeps them by serde's `flatten`, and a plain tree.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Write as _;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use wats_codec::{Format, Serializer};
use wats_domains::report::{Report, Station, Unit};
use wats_domains::{MeasurementLimits, ReportHeader, UutReport};

use crate::spec::{Context, RowSpec};

const SCRIPT: &str = include_str!("../../../python/report.py");
const STEPS: usize = 10;

pub(super) fn rows(ctx: &Context) -> Vec<RowSpec> {
    vec![
        build(ctx),
        parse(ctx, "codec.report.parse_10", "built by wats", built_text()),
        parse(
            ctx,
            "codec.report.parse_10_exported",
            "as a server exports it, with explicit nulls",
            exported(),
        ),
        headers(ctx),
    ]
}

fn report() -> wats_domains::report::Result<UutReport> {
    UutReport::builder(
        Unit {
            part_number: "PART-0001",
            serial_number: "SN-00042",
            revision: "A",
        },
        100,
    )
    .station(Station {
        name: "Bench",
        location: "Here",
        purpose: "Bench",
    })
    .operator("bench")
    .steps(|root| {
        for step in 0..STEPS {
            let value = 5.0 + step as f64 / 1000.0;
            root.numeric(
                format!("Rail {step}"),
                value,
                "V",
                MeasurementLimits::between(4.5..=1000.5),
            );
        }
    })
    .build()
}

fn built_text() -> Vec<u8> {
    let report = report().ok().map(Report::from);
    report
        .and_then(|report| serde_json::to_vec(&report).ok())
        .unwrap_or_default()
}

/// A report of the same steps as servers write it.
fn exported() -> Vec<u8> {
    let step = |n: usize| {
        json!({"id": n + 2, "group": "M", "stepType": "ET_NLT", "name": format!("Rail {n}"), "status": "P",
            "totTime": 0.0, "causedUUTFailure": false, "numericMeas": [{"compOp": "GELE", "name": null,
            "status": "P", "unit": "V", "value": 5.0 + n as f64 / 1000.0, "highLimit": 1000.5, "lowLimit": 4.5}]})
    };
    let mut whole: Value = serde_json::from_slice(&built_text()).unwrap_or_default();
    whole["productName"] = Value::Null;
    whole["processCodeFormat"] = Value::Null;
    whole["processName"] = json!("ICT");
    whole["origin"] = json!("4C5F70D62FF4");
    for list in [
        "miscInfos",
        "subUnits",
        "assets",
        "assetStats",
        "additionalData",
    ] {
        whole[list] = json!([]);
    }
    whole["root"]["steps"] = (0..STEPS).map(step).collect();
    serde_json::to_vec(&whole).unwrap_or_default()
}

/// What one would write by hand: JSON as a tree, with what the server needs.
fn by_hand() -> Value {
    let step = |n: usize| {
        let value = 5.0 + n as f64 / 1000.0;
        let status = if (4.5..=1000.5).contains(&value) {
            "P"
        } else {
            "F"
        };
        json!({"id": n + 2, "group": "M", "stepType": "ET_NLT", "name": format!("Rail {n}"), "status": status,
            "numericMeas": [{"compOp": "GELE", "status": status, "unit": "V", "value": value, "lowLimit": 4.5,
            "highLimit": 1000.5}]})
    };
    json!({
        "type": "T", "id": "83ac0b8e-b575-4004-94de-f905774c3ed8", "pn": "PART-0001", "sn": "SN-00042", "rev": "A",
        "processCode": 100, "result": "P", "machineName": "Bench", "location": "Here", "purpose": "Bench",
        "start": "2026-01-30T22:01:41.4707353+01:00", "startUTC": "2026-01-30T21:01:41.4707353Z",
        "uut": {"execTime": 0.0, "user": "bench"},
        "root": {"id": 1, "group": "M", "stepType": "SequenceCall", "name": "Main", "status": "P",
            "seqCall": {"path": "wats", "name": "Main", "version": "1"},
            "steps": (0..STEPS).map(step).collect::<Vec<_>>()},
    })
}

fn build(ctx: &Context) -> RowSpec {
    let (mut ours, mut theirs) = (ctx.timer(), ctx.timer());
    let json = Serializer::new(Format::Json);
    RowSpec::new("codec.report.build_10")
        .unit("µs/report")
        .note("build a report of 10 steps with a new id and the time, check every rule, write it as JSON")
        .subject("wats-domains", move || {
            Ok(ours.ns_per_op(|| report().map(|report| json.to_vec(report.report()))) / 1000.0)
        })
        .peer("json! by hand, unchecked", move || {
            Ok(theirs.ns_per_op(|| serde_json::to_vec(&by_hand())) / 1000.0)
        })
        .peer_python(ctx, SCRIPT, &["build"])
}

/// A text, and the file with it for the Python peer, which is removed with the row.
struct Document {
    text: Vec<u8>,
    file: Option<NamedTempFile>,
}

impl Document {
    fn new(text: Vec<u8>) -> Rc<Self> {
        let file = NamedTempFile::new().and_then(|mut file| {
            file.write_all(&text)?;
            Ok(file)
        });
        let file = file.ok();
        Rc::new(Self { text, file })
    }
}

fn parse(ctx: &Context, id: &str, what: &str, text: Vec<u8>) -> RowSpec {
    let document = Document::new(text);
    let json = Serializer::new(Format::Json);
    let mut timer = ctx.timer();
    let own = Rc::clone(&document);
    let bytes = document.text.len();
    let row = RowSpec::new(id)
        .unit("µs/report")
        .note(&format!("read a report of 10 steps, {what}, {bytes} bytes"))
        .subject("wats-domains", move || {
            Ok(timer.ns_per_op(|| json.from_json::<Report>(black_box(&own.text))) / 1000.0)
        });
    let row = serde_peer::<derived::Report>(row, ctx, "serde derive, drops the unknown", &document);
    let row = serde_peer::<flattened::Report>(row, ctx, "serde derive, flatten", &document);
    let row = serde_peer::<Value>(row, ctx, "serde_json::Value", &document);
    python(row, ctx, "parse", &document)
}

fn headers(ctx: &Context) -> RowSpec {
    let header = |n: usize| {
        json!({"uuid": format!("83ac0b8e-b575-4004-94de-{n:012}"), "serialNumber": format!("SN-{n:05}"),
            "partNumber": "PCBA-001", "revision": "A", "batchNumber": null, "stationName": "ICT-3",
            "location": "Drammen", "purpose": "Production", "result": "Passed", "start": "2026-01-30T21:01:41Z",
            "userName": "Kari", "comment": null, "reportType": "T", "processCode": 100, "processName": "ICT",
            "executionTime": 12.5, "testSocketIndex": -1, "fixtureId": null, "errorCode": 0, "errorMessage": null,
            "timeStamp": n, "receiveCount": 1, "reportSize": 12, "run": 1})
    };
    let text = serde_json::to_vec(&(0..1000).map(header).collect::<Vec<_>>()).unwrap_or_default();
    let document = Document::new(text);
    let bytes = document.text.len();
    let json = Serializer::new(Format::Json);
    let (mut timer, own) = (ctx.timer(), Rc::clone(&document));
    let row = RowSpec::new("codec.report.headers_1000")
        .unit("µs/1000 headers")
        .note(&format!(
            "read a list of 1000 report headers, {bytes} bytes"
        ))
        .subject("wats-domains", move || {
            Ok(
                timer.ns_per_op(|| json.from_json::<Vec<ReportHeader>>(black_box(&own.text)))
                    / 1000.0,
            )
        });
    let row = serde_peer::<Value>(row, ctx, "serde_json::Value", &document);
    python(row, ctx, "headers", &document)
}

fn serde_peer<T: serde::de::DeserializeOwned + 'static>(
    row: RowSpec,
    ctx: &Context,
    name: &str,
    document: &Rc<Document>,
) -> RowSpec {
    let (mut timer, own) = (ctx.timer(), Rc::clone(document));
    row.peer(name, move || {
        // Whether it can read the text at all.
        serde_json::from_slice::<T>(&own.text)?;
        Ok(timer.ns_per_op(|| serde_json::from_slice::<T>(black_box(&own.text))) / 1000.0)
    })
}

fn python(row: RowSpec, ctx: &Context, what: &str, document: &Document) -> RowSpec {
    match document.file.as_ref().and_then(|file| file.path().to_str()) {
        Some(path) => row.peer_python(ctx, SCRIPT, &[what, path]),
        None => row,
    }
}

/// Models as one derives them, once without and once with a place for unknown members.
macro_rules! models {
    ($module:ident { $($extra:tt)* }) => {
        mod $module {
            use super::*;

            #[derive(Debug, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase")]
            pub(super) struct Report {
                r#type: Option<String>,
                id: Option<String>,
                pn: Option<String>,
                sn: Option<String>,
                rev: Option<String>,
                process_code: Option<i32>,
                process_name: Option<String>,
                result: Option<String>,
                machine_name: Option<String>,
                location: Option<String>,
                purpose: Option<String>,
                start: Option<String>,
                #[serde(rename = "startUTC")]
                start_utc: Option<String>,
                root: Option<Step>,
                uut: Option<Uut>,
                $($extra)*
            }

            #[derive(Debug, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Uut {
                exec_time: Option<f64>,
                user: Option<String>,
                comment: Option<String>,
                $($extra)*
            }

            #[derive(Debug, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Step {
                id: Option<i32>,
                group: Option<String>,
                #[serde(rename = "stepType")]
                kind: Option<String>,
                name: Option<String>,
                status: Option<String>,
                tot_time: Option<f64>,
                #[serde(rename = "causedUUTFailure")]
                caused_uut_failure: Option<bool>,
                steps: Option<Vec<Step>>,
                numeric_meas: Option<Vec<Numeric>>,
                seq_call: Option<BTreeMap<String, String>>,
                $($extra)*
            }

            #[derive(Debug, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Numeric {
                comp_op: Option<String>,
                name: Option<String>,
                status: Option<String>,
                unit: Option<String>,
                value: Option<f64>,
                high_limit: Option<f64>,
                low_limit: Option<f64>,
                $($extra)*
            }
        }
    };
}

models!(derived {});
models!(flattened {
    #[serde(flatten)]
    extra: serde_json::Map<String, Value>,
});
