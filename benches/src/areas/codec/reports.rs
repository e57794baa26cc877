//! WSJF-like reports as a test station writes them: what one would write by hand, owned models with derived `serde`, and a
//! generator that always makes the same ones. The models of the SDK stand beside them; these are their peers.

use serde::{Deserialize, Serialize};
use wats_codec::{fast_enum, fast_struct};

macro_rules! texts {
    ($name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        pub(super) enum $name {
            $(#[serde(rename = $text)] $variant),*
        }
    };
}

texts!(Status { Passed = "P", Failed = "F", Done = "D", Skipped = "S" });
texts!(Group { Setup = "S", Main = "M", Cleanup = "C" });
texts!(Kind { Uut = "T", Uur = "R" });
texts!(Compare { Log = "LOG", Lt = "LT", GeLe = "GELE", Case = "CASESENSIT" });

/// A struct with its `serde` names; `optional` marks what may be absent.
macro_rules! model {
    ($name:ident { $($field:ident : $type:ty = $key:literal $($optional:ident)?),* $(,)? }) => {
        model!(@define $name {} $($field: $type = $key $(($optional))?,)*);
    };
    (@define $name:ident {$($done:tt)*}) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub(super) struct $name { $($done)* }
    };
    (@define $name:ident {$($done:tt)*}
     $field:ident : $type:ty = $key:literal, $($rest:tt)*) => {
        model!(@define $name {$($done)* #[serde(rename = $key)] pub(super) $field: $type,} $($rest)*);
    };
    (@define $name:ident {$($done:tt)*}
     $field:ident : $type:ty = $key:literal (optional), $($rest:tt)*) => {
        model!(@define $name {$($done)*
            #[serde(rename = $key, default, skip_serializing_if = "Option::is_none")]
            pub(super) $field: $type,} $($rest)*);
    };
}

pub(super) use model;

model!(Numeric {
    compare: Compare = "compOp",
    name: Option<String> = "name" optional,
    status: Status = "status",
    unit: Option<String> = "unit" optional,
    value: f64 = "value",
    high_limit: Option<f64> = "highLimit" optional,
    low_limit: Option<f64> = "lowLimit" optional,
});
model!(Text {
    compare: Compare = "compOp",
    name: Option<String> = "name" optional,
    status: Status = "status",
    value: Option<String> = "value" optional,
    limit: Option<String> = "limit" optional,
});
model!(PassFail {
    name: Option<String> = "name" optional,
    status: Status = "status",
});
model!(SequenceCall {
    path: String = "path",
    name: String = "name",
    version: String = "version",
});
model!(Step {
    id: u32 = "id",
    group: Group = "group",
    category: String = "stepType",
    name: String = "name",
    start: Option<String> = "start" optional,
    status: Status = "status",
    error_code: Option<i32> = "errorCode" optional,
    error_message: Option<String> = "errorMessage" optional,
    ts_guid: Option<String> = "tsGuid" optional,
    total_time: Option<f64> = "totTime" optional,
    caused_failure: Option<bool> = "causedUUTFailure" optional,
    report_text: Option<String> = "reportText" optional,
    numeric: Option<Vec<Numeric>> = "numericMeas" optional,
    text: Option<Vec<Text>> = "stringMeas" optional,
    pass_fail: Option<Vec<PassFail>> = "booleanMeas" optional,
    call: Option<SequenceCall> = "seqCall" optional,
    steps: Option<Vec<Step>> = "steps" optional,
});
model!(Uut {
    user: String = "user",
    exec_time: f64 = "execTime",
    fixture: Option<String> = "fixtureId" optional,
    socket: Option<i32> = "testSocketIndex" optional,
    error_code: Option<i32> = "errorCode" optional,
    error_message: Option<String> = "errorMessage" optional,
    batch: Option<String> = "batchSN" optional,
    comment: Option<String> = "comment" optional,
});
model!(Misc {
    description: String = "description",
    text: Option<String> = "text" optional,
    number: Option<i32> = "numeric" optional,
});
model!(SubUnit {
    part_number: String = "pn",
    revision: String = "rev",
    serial_number: String = "sn",
    part_type: String = "partType",
});
model!(Report {
    id: String = "id",
    kind: Kind = "type",
    part_number: String = "pn",
    serial_number: String = "sn",
    revision: String = "rev",
    product: Option<String> = "productName" optional,
    process_code: u32 = "processCode",
    process_name: Option<String> = "processName" optional,
    result: Status = "result",
    machine: String = "machineName",
    location: String = "location",
    purpose: String = "purpose",
    origin: Option<String> = "origin" optional,
    start: String = "start",
    start_utc: Option<String> = "startUTC" optional,
    root: Step = "root",
    uut: Uut = "uut",
    misc: Vec<Misc> = "miscInfos",
    sub_units: Vec<SubUnit> = "subUnits",
});

/// A small generator of numbers (splitmix64): the same reports on every machine.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, sides: u64) -> u64 {
        (self.roll() >> 11) % sides
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// A number up to `most` with so many decimals.
    pub(super) fn decimal(&mut self, most: f64, decimals: i32) -> f64 {
        let unit = (self.roll() >> 11) as f64 / (1u64 << 53) as f64;
        let scale = 10f64.powi(decimals);
        (unit * most * scale).round() / scale
    }

    pub(super) fn letters(&mut self, from: &[u8], count: usize) -> String {
        (0..count).map(|_| char::from(self.pick(from))).collect()
    }

    pub(super) fn uuid(&mut self) -> String {
        let digits = self.letters(b"0123456789abcdef", 30);
        let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
        let (high, middle, low) = (part(0..8), part(8..12), part(12..15));
        format!("{high}-{middle}-4{low}-a{}-{}", part(15..18), part(18..30))
    }

    pub(super) fn time(&mut self) -> String {
        let (day, hour) = (1 + self.below(28), self.below(24));
        let (minute, second, milli) = (self.below(60), self.below(60), self.below(1000));
        format!("2026-01-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}+00:00")
    }
}

const MEASURED: [(&str, &str); 10] = [
    ("Measure fixture temp", "degC"),
    ("Measure boost voltage", "Vdc"),
    ("Apply 60V on boost", "V"),
    ("Measure T101 voltage", "V"),
    ("Measure boost current", "mA"),
    ("Measure +12VS feed", "Vdc"),
    ("Ripple 120Hz out", "mVpp"),
    ("Efficiency @ 50% load", "%"),
    ("Output power", "W"),
    ("Rise time", "ms"),
];
const ACTIONS: [&str; 5] = [
    "Turn discharge relay ON",
    "Switch DC source #1/2 to T101",
    "Wait 0.5 sec",
    "Remove load",
    "Initialize DMM",
];
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn bare(dice: &mut Dice, id: u32, kind: &str, name: &str, status: Status, traced: bool) -> Step {
    Step {
        id,
        group: if dice.below(8) == 0 {
            Group::Setup
        } else {
            Group::Main
        },
        category: kind.to_owned(),
        name: name.to_owned(),
        start: traced.then(|| dice.time()),
        status,
        error_code: traced.then_some(0),
        error_message: None,
        ts_guid: traced.then(|| format!("ID#:{}", dice.letters(BASE64, 22))),
        total_time: Some(dice.decimal(2.5, 7)),
        caused_failure: Some(false),
        report_text: None,
        numeric: None,
        text: None,
        pass_fail: None,
        call: None,
        steps: None,
    }
}

fn step(dice: &mut Dice, id: u32, traced: bool) -> Step {
    let status = if dice.below(25) == 0 {
        Status::Failed
    } else {
        Status::Passed
    };
    match dice.below(10) {
        0..=5 => {
            let (name, unit) = dice.pick(&MEASURED);
            let mut step = bare(dice, id, "ET_NLT", name, status, traced);
            let nominal = 1.0 + dice.decimal(140.0, 1);
            let decimals = dice.pick(&[13, 5]);
            let compare = dice.pick(&[Compare::Log, Compare::Lt, Compare::GeLe, Compare::GeLe]);
            let tenths = |value: f64| (value * 10.0).round() / 10.0;
            step.numeric = Some(vec![Numeric {
                compare,
                name: None,
                status,
                unit: Some(unit.to_owned()),
                value: dice.decimal(nominal * 1.05, decimals),
                high_limit: (compare != Compare::Log).then_some(tenths(nominal * 1.1)),
                low_limit: (compare == Compare::GeLe).then_some(tenths(nominal * 0.9)),
            }]);
            step
        }
        6 => {
            let mut step = bare(dice, id, "ET_SVT", "Read serial number", status, traced);
            let read = format!("SN-{:08}", dice.below(100_000_000));
            step.text = Some(vec![Text {
                compare: Compare::Case,
                name: None,
                status,
                value: Some(read.clone()),
                limit: Some(read),
            }]);
            step
        }
        7 => {
            let mut step = bare(dice, id, "ET_PFT", "LED visual check", status, traced);
            step.pass_fail = Some(vec![PassFail { name: None, status }]);
            step
        }
        _ => {
            let name = dice.pick(&ACTIONS);
            bare(dice, id, "ET_A", name, Status::Done, traced)
        }
    }
}

fn report(dice: &mut Dice, number: u64, steps: u32) -> Report {
    // One station in three traces every step.
    let traced = dice.below(3) == 0;
    let mut root = bare(
        dice,
        1,
        "SequenceCall",
        "MainSequence Callback",
        Status::Passed,
        traced,
    );
    root.call = Some(SequenceCall {
        path: "C:\\TestStand\\SeqFiles\\PCBA-001 rev03.seq".to_owned(),
        name: "MainSequence Callback".to_owned(),
        version: format!("1.6.{}.0", dice.below(4)),
    });
    let half = steps / 2;
    let mut top: Vec<_> = (0..half).map(|n| step(dice, 2 + n, traced)).collect();
    let mut sub = bare(
        dice,
        2 + half,
        "SequenceCall",
        "AUX voltages",
        Status::Passed,
        traced,
    );
    sub.steps = Some((half..steps).map(|n| step(dice, 3 + n, traced)).collect());
    top.push(sub);
    root.steps = Some(top);
    let start = dice.time();
    Report {
        id: dice.uuid(),
        kind: Kind::Uut,
        part_number: dice
            .pick(&["4494394418", "PCBA-001", "PCBA-002"])
            .to_owned(),
        serial_number: format!("2447500{:05}", number * 37 + dice.below(30)),
        revision: dice.pick(&["01", "02", "A"]).to_owned(),
        product: None,
        process_code: 50,
        process_name: Some("PCBA test".to_owned()),
        result: if dice.below(10) == 0 {
            Status::Failed
        } else {
            Status::Passed
        },
        machine: dice.pick(&["WVXM-NGH-Z-998", "STATION-12"]).to_owned(),
        location: dice.pick(&["Wisconsin, USA", "Drammen, Norway"]).to_owned(),
        purpose: "Production".to_owned(),
        origin: None,
        start_utc: Some(start.replace("+00:00", "Z")),
        start,
        root,
        uut: Uut {
            user: format!("te{}", dice.below(99)),
            exec_time: dice.decimal(200.0, 7),
            fixture: Some(format!("290473  #{}", dice.below(100))),
            socket: Some(-1),
            error_code: Some(0),
            error_message: None,
            batch: Some(format!("195245{:05}", dice.below(100_000))),
            comment: (dice.below(6) == 0)
                .then(|| "Målt på nytt: \"OK\" etter 2\n forsøk".to_owned()),
        },
        misc: vec![Misc {
            description: "UUT description".to_owned(),
            text: Some("Main board FP S 48/1800 HE".to_owned()),
            number: None,
        }],
        sub_units: if dice.below(2) == 0 {
            vec![SubUnit {
                part_number: "4494394453".to_owned(),
                revision: "01".to_owned(),
                serial_number: format!("2413500{:05}", dice.below(100_000)),
                part_type: "Primary board".to_owned(),
            }]
        } else {
            Vec::new()
        },
    }
}

/// So many reports of so many steps each.
pub(super) fn reports(count: u64, steps: u32) -> Vec<Report> {
    let dice = &mut Dice(42);
    (0..count)
        .map(|number| report(dice, number, steps))
        .collect()
}

model!(DemoStep {
    name: String = "name",
    value: f64 = "value",
    low_limit: f64 = "lowLimit",
    high_limit: f64 = "highLimit",
    status: Status2 = "status",
});
texts!(Status2 { Pass = "Pass", Fail = "Fail" });
fast_enum!(Status2 { Pass = "Pass", Fail = "Fail" });
fast_struct!(DemoStep {
    name = "name",
    value = "value",
    low_limit = "lowLimit",
    high_limit = "highLimit",
    status = "status",
});
model!(DemoReport {
    id: String = "id",
    part_number: String = "partNumber",
    serial_number: String = "serialNumber",
    operation: String = "operationType",
    status: Status2 = "status",
    time: f64 = "testTime",
    steps: Vec<DemoStep> = "steps",
});

fast_struct!(DemoReport {
    id = "id",
    part_number = "partNumber",
    serial_number = "serialNumber",
    operation = "operationType",
    status = "status",
    time = "testTime",
    steps = "steps",
});

/// The shape of the reference's own demonstration: 100 reports of 10 steps. No model of the SDK; a user's own would be so.
pub(super) fn demo() -> Vec<DemoReport> {
    let report = |number: u32| DemoReport {
        id: format!("report_{number}"),
        part_number: format!("PN-{:04}", number % 10),
        serial_number: format!("SN-{number:06}"),
        operation: "Final Test".to_owned(),
        status: if number.is_multiple_of(10) {
            Status2::Fail
        } else {
            Status2::Pass
        },
        time: 45.5 + f64::from(number) * 0.1,
        steps: (0..10)
            .map(|step| DemoStep {
                name: format!("Step {step}"),
                value: 3.3 + f64::from(step) * 0.01,
                low_limit: 3.0,
                high_limit: 3.6,
                status: Status2::Pass,
            })
            .collect(),
    };
    (0..100).map(report).collect()
}
