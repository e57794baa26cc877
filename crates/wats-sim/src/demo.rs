//! A small factory for demos: products, units on their way through its processes, and 1 000 reports of what became of them.
//!
//! It is made by a generator with a fixed seed, so two servers differ by the time of their reports alone. Reports go in as
//! those that are posted do: the rules are checked, and the effects carried out.
//!
//! Each unit goes through all processes in their order. About one of twenty tests fails; the unit is tested again, after a
//! repair or without one. Values keep within their limits unless the test fails; some of them drift over the days, and they
//! spread by different parts of their limits, so that some steps are more capable than others.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::{product, report};
use crate::product_shape::{complete, new_product};
use crate::report_rules::ReportRules;
use crate::store::{Processing, Store};

const REPORTS: usize = 1_000;
const DAYS: i64 = 30;
/// No unit takes longer from its first report to its last.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// What a test comes to, of a thousand.
const FAILS: u64 = 50;

/// Part number, name, category, revisions.
const PRODUCTS: [(&str, &str, &str, &[&str]); 3] = [
    (
        "DEMO-PCBA-100",
        "Demo controller board",
        "PCBA",
        &["A", "B"],
    ),
    ("DEMO-MODULE-200", "Demo radio module", "Module", &["A"]),
    ("DEMO-BOX-300", "Demo gateway", "Box Build", &["1.0", "1.1"]),
];

/// A process: its code, its stations and sequence, its measurements.
struct Process {
    code: i64,
    stations: [&'static str; 2],
    sequence: &'static str,
    values: &'static [Measured],
}

/// What a step measures: within limits, spread around the middle by a part of their width, drifting by a part of it.
struct Measured {
    step: &'static str,
    unit: &'static str,
    low: f64,
    high: f64,
    spread: f64,
    drift: f64,
}

const fn measured(
    step: &'static str,
    unit: &'static str,
    (low, high): (f64, f64),
    spread: f64,
    drift: f64,
) -> Measured {
    Measured {
        step,
        unit,
        low,
        high,
        spread,
        drift,
    }
}

const PROCESSES: [Process; 3] = [
    Process {
        code: 60,
        stations: ["ICT-01", "ICT-02"],
        sequence: "in_circuit.seq",
        values: &[
            measured("R12 resistance", "Ohm", (950.0, 1050.0), 0.06, 0.0),
            measured("C7 capacitance", "uF", (9.0, 11.0), 0.12, 0.0),
            measured("3V3 rail impedance", "Ohm", (40.0, 60.0), 0.08, 0.15),
            measured("Leakage current", "uA", (0.0, 5.0), 0.15, 0.0),
        ],
    },
    Process {
        code: 90,
        stations: ["BURN-01", "BURN-02"],
        sequence: "burn_in.seq",
        values: &[
            measured("Supply current", "mA", (180.0, 240.0), 0.08, 0.0),
            measured("Case temperature", "degC", (35.0, 70.0), 0.1, 0.2),
            measured("Clock deviation", "ppm", (-20.0, 20.0), 0.07, 0.0),
        ],
    },
    Process {
        code: 100,
        stations: ["EOL-01", "EOL-02"],
        sequence: "end_of_line.seq",
        values: &[
            measured("Output power", "dBm", (17.0, 21.0), 0.09, -0.1),
            measured("Receiver sensitivity", "dBm", (-112.0, -100.0), 0.11, 0.0),
            measured("Idle current", "mA", (20.0, 32.0), 0.05, 0.0),
            measured("Boot time", "s", (1.0, 9.0), 0.14, 0.25),
            measured("Display brightness", "cd/m2", (250.0, 400.0), 0.1, 0.0),
        ],
    },
];
const REPAIR: i64 = 500;
/// The category and code of a repair, by chance.
const REPAIRS: [(&str, &str); 4] = [
    ("Component", "Defect Component"),
    ("Soldering", "Dry Joint"),
    ("Soldering", "Solder Bridge"),
    ("Component", "Wrong Component"),
];
const OPERATORS: [&str; 3] = ["anna", "bjarne", "chris"];

/// `SplitMix64`: small, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Of about the normal distribution, never beyond 6: the sum of twelve even ones.
    fn normal(&mut self) -> f64 {
        let even = (0..12).map(|_| self.below(1 << 32) as f64 / 4_294_967_296.0);
        even.sum::<f64>() - 6.0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(usize::try_from(self.below(all.len() as u64)).ok()?)
    }
}

/// Fills a fresh server with the factory's last 30 days; one that has reports stays as it is.
pub(crate) fn seed(store: &Store, until: Timestamp) -> Result<(), Answer> {
    if !store.read(|state| state.reports.all().is_empty()) {
        return Ok(());
    }
    store.change(|change| {
        for (part_number, name, category, revisions) in PRODUCTS {
            let mut product = new_product(part_number);
            product.insert("name".to_owned(), json!(name));
            product.insert("productCategoryName".to_owned(), json!(category));
            let revisions = revisions
                .iter()
                .map(|revision| json!({ "revision": revision }));
            product.insert("revisions".to_owned(), revisions.collect());
            complete(&mut product);
            product::store(change, Value::Object(product))?;
        }
        Ok(())
    })?;
    for report in reports(until) {
        let bytes = Bytes::from(report.to_string());
        report::take(
            store,
            until,
            ReportRules::Strict,
            &report,
            (bytes, None),
            Processing::default(),
        )?;
    }
    Ok(())
}

/// All reports, in the order of their starts.
fn reports(until: Timestamp) -> Vec<Value> {
    let mut factory = Factory {
        chance: Chance(17),
        begin: until - SignedDuration::from_hours(DAYS * 24),
        length: SignedDuration::from_hours(DAYS * 24) - LONGEST,
        made: Vec::new(),
    };
    let mut unit = 0;
    while factory.made.len() < REPORTS {
        unit += 1;
        factory.unit(unit);
    }
    factory.made.truncate(REPORTS);
    factory.made.sort_by_key(|(start, _)| *start);
    factory.made.into_iter().map(|(_, report)| report).collect()
}

struct Factory {
    chance: Chance,
    begin: Timestamp,
    /// From the first report of the first unit to that of the last.
    length: SignedDuration,
    made: Vec<(Timestamp, Value)>,
}

/// A unit on its way.
struct Unit {
    serial: String,
    part_number: &'static str,
    revision: &'static str,
    batch: String,
    at: Timestamp,
    /// How much of the 30 days is over.
    elapsed: f64,
}

impl Unit {
    fn pass(&mut self, minutes: u64) {
        self.at += SignedDuration::from_mins(minutes.cast_signed());
    }
}

impl Factory {
    fn unit(&mut self, number: usize) {
        let elapsed = self.made.len() as f64 / REPORTS as f64;
        let product = self.chance.of(&PRODUCTS).unwrap_or(&PRODUCTS[0]);
        let (part_number, _, _, revisions) = *product;
        // The newer revision takes over in the middle.
        let revision = if elapsed < 0.5 {
            revisions.first()
        } else {
            revisions.last()
        };
        let mut unit = Unit {
            serial: format!("SN{number:06}"),
            part_number,
            revision: revision.copied().unwrap_or("A"),
            batch: format!("BATCH-{:03}", number / 25 + 1),
            at: self.begin
                + SignedDuration::from_secs((self.length.as_secs() as f64 * elapsed) as i64),
            elapsed,
        };
        for process in &PROCESSES {
            unit.pass(20 + self.chance.below(30));
            // A unit that fails a third time is given up.
            let (mut runs, mut passed) = (0, false);
            while !passed && runs < 3 {
                runs += 1;
                passed = self.chance.below(1_000) >= if runs == 1 { FAILS } else { 4 * FAILS };
                let (id, failed) = self.test(process, &unit, passed);
                unit.pass(5 + self.chance.below(15));
                if let Some(failed) = failed
                    && self.chance.below(2) == 0
                {
                    self.repair(process, &unit, id, failed);
                    unit.pass(10 + self.chance.below(30));
                }
            }
            if !passed {
                return;
            }
        }
    }

    /// The head of a report, with its id and what all reports have.
    fn head(&self, unit: &Unit, code: i64, station: &str) -> (Uuid, Map<String, Value>) {
        let id =
            Uuid::from_u128(0xde30_0000_0000_4000_8000_0000_0000_0000 + self.made.len() as u128);
        let head = json!({
            "id": id.to_string(), "pn": unit.part_number, "sn": unit.serial, "rev": unit.revision,
            "processCode": code, "machineName": station, "location": "Line 1", "purpose": "Production",
            "start": unit.at.to_string(), "startUTC": unit.at.to_string(),
        });
        (id, head.as_object().cloned().unwrap_or_default())
    }

    /// A test; answers its id and the id and name of the step that failed.
    fn test(
        &mut self,
        process: &Process,
        unit: &Unit,
        passed: bool,
    ) -> (Uuid, Option<(usize, &'static str)>) {
        let station = self
            .chance
            .of(&process.stations)
            .copied()
            .unwrap_or_default();
        let (id, mut report) = self.head(unit, process.code, station);
        let bad = (!passed).then(|| self.chance.below(process.values.len() as u64) as usize);
        let mut failed = None;
        let (mut steps, mut total) = (Vec::new(), 1.5);
        for (place, measured) in process.values.iter().enumerate() {
            let (step_id, fails) = (place + 4, bad == Some(place));
            if fails {
                failed = Some((step_id, measured.step));
            }
            let time = 0.5 + self.chance.below(2_000) as f64 / 1_000.0;
            total += time;
            steps.push(json!({
                "id": step_id, "name": measured.step, "group": "M", "stepType": "ET_NLT",
                "status": letter(!fails), "totTime": time, "causedUUTFailure": fails,
                "numericMeas": [{
                    "compOp": "GELE", "unit": measured.unit, "lowLimit": measured.low,
                    "highLimit": measured.high, "status": letter(!fails),
                    "value": measured.value(&mut self.chance, unit.elapsed, fails),
                }],
            }));
        }
        let result = letter(passed);
        let sequence = |id: usize, name: &str, status: &str, steps: Value| {
            json!({
                "id": id, "name": name, "group": "M", "stepType": "SequenceCall", "status": status,
                "seqCall": { "path": "C:\\Tests", "name": process.sequence, "version": "1.4.0" },
                "steps": steps,
            })
        };
        let identify = json!([{
            "id": 2, "name": "Read serial number", "group": "M", "stepType": "ET_SVT", "status": "P",
            "totTime": 0.2, "stringMeas": [{
                "compOp": "EQ", "value": unit.serial, "limit": unit.serial, "status": "P",
            }],
        }]);
        let parts = json!([
            sequence(1, "Identify", "P", identify),
            sequence(3, "Measure", result, Value::Array(steps)),
        ]);
        let mut root = sequence(0, "MainSequence Callback", result, parts);
        root["totTime"] = json!(total);
        let uut = json!({
            "user": self.chance.of(&OPERATORS), "execTime": total, "batchSN": unit.batch,
            "testSocketIndex": 0, "fixtureId": format!("FIXTURE-{}", process.code),
        });
        report.insert("type".to_owned(), json!("T"));
        report.insert("result".to_owned(), json!(result));
        report.insert("uut".to_owned(), uut);
        report.insert("root".to_owned(), root);
        let misc =
            json!([{ "description": "Software version", "text": format!("2.{}", unit.revision) }]);
        report.insert("miscInfos".to_owned(), misc);
        self.made.push((unit.at, Value::Object(report)));
        (id, failed)
    }

    fn repair(&mut self, process: &Process, unit: &Unit, test: Uuid, (step, name): (usize, &str)) {
        let (_, mut report) = self.head(unit, REPAIR, "REPAIR-01");
        let (category, code) = self.chance.of(&REPAIRS).copied().unwrap_or_default();
        let uur = json!({
            "user": "dora", "processCode": process.code, "refUUT": test.to_string(), "execTime": 600.0,
            "comment": format!("{name} was out of its limits"),
        });
        let failure = json!({
            "category": category, "code": code, "comment": "Replaced", "refStepId": step, "refStepName": name,
            "comRef": format!("R{}", 1 + self.chance.below(40)), "artNumber": "RES-0402",
        });
        let units = json!([{
            "partType": "Main", "pn": unit.part_number, "sn": unit.serial, "rev": unit.revision, "idx": 0,
            "failures": [failure],
        }]);
        for (name, value) in [
            ("type", json!("R")),
            ("result", json!("P")),
            ("uur", uur),
            ("subUnits", units),
        ] {
            report.insert(name.to_owned(), value);
        }
        self.made.push((unit.at, Value::Object(report)));
    }
}

impl Measured {
    /// A value, beyond a limit if the test fails, rounded to four digits of the width.
    fn value(&self, chance: &mut Chance, elapsed: f64, fails: bool) -> f64 {
        let width = self.high - self.low;
        let place = 0.5 + self.drift * elapsed + self.spread * chance.normal();
        let place = match (fails, place < 0.5) {
            (false, _) => place.clamp(0.0, 1.0),
            (true, true) => -0.02 - place.abs() / 10.0,
            (true, false) => 1.02 + place / 10.0,
        };
        ((self.low + place * width) * 10_000.0).round() / 10_000.0
    }
}

fn letter(passed: bool) -> &'static str {
    if passed { "P" } else { "F" }
}
