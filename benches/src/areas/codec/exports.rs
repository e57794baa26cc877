//! Reports as a server exports them: sequences within sequences, loops, charts, several measurements in a step, members that
//! the SDK has no field for, and a null wherever the schema names a member of a header, measurement or loop that has no
//! value. Beside the SDK's models stand derived ones of the same content, and a generator that always makes the same reports.

use serde::{Deserialize, Serialize};

use super::reports::{Compare, Dice, Group, Kind, SequenceCall, Status, model};

// What stands here without `optional` is written as null where there is no value, as exports have it.
model!(Numeric {
    compare: Compare = "compOp",
    name: Option<String> = "name",
    status: Status = "status",
    unit: Option<String> = "unit",
    value: f64 = "value",
    value_format: Option<String> = "valueFormat" optional,
    high_limit: Option<f64> = "highLimit",
    low_limit: Option<f64> = "lowLimit",
});
model!(Text {
    compare: Compare = "compOp",
    name: Option<String> = "name",
    status: Status = "status",
    value: Option<String> = "value",
    limit: Option<String> = "limit",
});
model!(PassFail {
    name: Option<String> = "name",
    status: Status = "status",
});
model!(Loop {
    index: Option<i32> = "idx",
    count: Option<i32> = "num",
    end: Option<i32> = "endingIndex",
    passed: Option<i32> = "passed",
    failed: Option<i32> = "failed",
});
model!(Exe {
    exit_code: f64 = "exitCode",
});
model!(Popup {
    response: Option<String> = "response",
    button: Option<i32> = "button",
});
model!(Series {
    kind: String = "dataType",
    name: String = "name",
    x: String = "xdata",
    y: String = "ydata",
});
model!(Chart {
    kind: String = "chartType",
    label: String = "label",
    x_label: String = "xLabel",
    x_unit: Option<String> = "xUnit",
    y_label: String = "yLabel",
    y_unit: Option<String> = "yUnit",
    series: Vec<Series> = "series",
});
model!(File {
    name: String = "name",
    content_type: String = "contentType",
    data: String = "data",
});
model!(Step {
    id: i32 = "id",
    group: Group = "group",
    category: String = "stepType",
    looped: Option<Loop> = "loop" optional,
    name: String = "name",
    status: Status = "status",
    error_code: Option<i32> = "errorCode" optional,
    error_message: Option<String> = "errorMessage" optional,
    total_time: f64 = "totTime",
    caused_failure: bool = "causedUUTFailure",
    report_text: Option<String> = "reportText" optional,
    steps: Option<Vec<Step>> = "steps" optional,
    numeric: Option<Vec<Numeric>> = "numericMeas" optional,
    text: Option<Vec<Text>> = "stringMeas" optional,
    pass_fail: Option<Vec<PassFail>> = "booleanMeas" optional,
    call: Option<SequenceCall> = "seqCall" optional,
    exe: Option<Exe> = "callExe" optional,
    popup: Option<Popup> = "messagePopup" optional,
    chart: Option<Chart> = "chart" optional,
    file: Option<File> = "attachment" optional,
});
model!(Uut {
    exec_time: f64 = "execTime",
    socket: Option<i32> = "testSocketIndex",
    batch: Option<String> = "batchSN",
    comment: Option<String> = "comment",
    error_code: Option<i32> = "errorCode",
    error_message: Option<String> = "errorMessage",
    fixture: Option<String> = "fixtureId",
    user: String = "user",
    batch_failed: Option<i32> = "batchFailCount",
    batch_index: Option<i32> = "batchLoopIndex",
    failing_step: Option<i32> = "stepIdCausedUUTFailure",
});
model!(Misc {
    description: String = "description",
    text: Option<String> = "text",
    number: Option<i32> = "numeric",
});
model!(SubUnit {
    part_type: String = "partType",
    part_number: String = "pn",
    revision: String = "rev",
    serial_number: String = "sn",
    position: i32 = "position",
});
model!(Export {
    kind: Kind = "type",
    id: String = "id",
    part_number: String = "pn",
    serial_number: String = "sn",
    revision: String = "rev",
    product: Option<String> = "productName",
    process_code: i32 = "processCode",
    process_format: Option<String> = "processCodeFormat",
    process_name: String = "processName",
    result: Status = "result",
    machine: String = "machineName",
    location: String = "location",
    purpose: String = "purpose",
    origin: Option<String> = "origin",
    start: String = "start",
    start_utc: String = "startUTC",
    root: Step = "root",
    uut: Uut = "uut",
    misc: Vec<Misc> = "miscInfos",
    sub_units: Vec<SubUnit> = "subUnits",
    assets: Vec<String> = "assets",
    asset_statistics: Vec<String> = "assetStats",
    additional: Vec<String> = "additionalData",
});

/// Steps of a report, the root included.
const STEPS: usize = 281;
/// Steps of other kinds than those that measure, in the words of the test executive.
const OTHERS: [&str; 8] = [
    "Action",
    "NI_Flow_If",
    "NI_Flow_End",
    "NI_Flow_For",
    "NI_Wait",
    "Label",
    "NI_Lock",
    "NI_Switch",
];

/// Makes the steps of one report.
struct Maker<'a> {
    dice: &'a mut Dice,
    made: usize,
}

impl Maker<'_> {
    fn bare(&mut self, category: &str, name: String) -> Step {
        self.made += 1;
        let failed = self.dice.below(12) == 0;
        Step {
            id: i32::try_from(self.made).unwrap_or_default(),
            group: Group::Main,
            category: category.to_owned(),
            looped: None,
            name,
            status: if failed {
                Status::Failed
            } else {
                Status::Passed
            },
            error_code: failed.then_some(-17_500),
            error_message: failed.then(|| "The value is out of its limits".to_owned()),
            total_time: self.dice.decimal(2.5, 7),
            caused_failure: failed,
            report_text: None,
            steps: None,
            numeric: None,
            text: None,
            pass_fail: None,
            call: None,
            exe: None,
            popup: None,
            chart: None,
            file: None,
        }
    }

    fn sequence(&mut self, name: String) -> Step {
        let mut step = self.bare("SequenceCall", name.clone());
        step.call = Some(SequenceCall {
            path: "C:\\Tests\\Sequences\\Board.seq".to_owned(),
            name,
            version: "1.0.0".to_owned(),
        });
        step.steps = Some(Vec::new());
        step
    }

    fn numeric(&mut self, name: Option<String>, status: Status) -> Numeric {
        let compare = self
            .dice
            .pick(&[Compare::Log, Compare::Lt, Compare::GeLe, Compare::GeLe]);
        let value = self.dice.decimal(140.0, 5);
        Numeric {
            compare,
            name,
            status,
            unit: (self.dice.below(3) > 0).then(|| "V".to_owned()),
            value,
            value_format: (self.dice.below(8) == 0).then(|| "%.3f".to_owned()),
            high_limit: (compare == Compare::GeLe).then(|| value.ceil()),
            low_limit: (compare != Compare::Log).then(|| value.floor()),
        }
    }

    fn chart(&mut self) -> Chart {
        let series = |name: &str, dice: &mut Dice| {
            let texts = |mut value: Box<dyn FnMut(u32) -> String + '_>| {
                (0..40).map(&mut value).collect::<Vec<_>>().join(";")
            };
            Series {
                kind: "XYG".to_owned(),
                name: name.to_owned(),
                x: texts(Box::new(|at| at.to_string())),
                y: texts(Box::new(|_| dice.decimal(5.0, 4).to_string())),
            }
        };
        Chart {
            kind: "Line".to_owned(),
            label: "Power up".to_owned(),
            x_label: "Time".to_owned(),
            x_unit: Some("ms".to_owned()),
            y_label: "Voltage".to_owned(),
            y_unit: None,
            series: vec![series("Rail", self.dice), series("Mean", self.dice)],
        }
    }

    /// A step that is no sequence.
    fn leaf(&mut self) -> Step {
        let number = self.made;
        let kind = self.dice.below(100);
        let name = |what: &str| format!("{what} {number}");
        match kind {
            0..40 => {
                let mut step = self.bare("ET_NLT", name("Voltage"));
                step.numeric = Some(vec![self.numeric(None, step.status)]);
                step
            }
            40..47 => {
                let mut step = self.bare("ET_MNLT", name("Rails"));
                let count = if self.dice.below(6) == 0 { 30 } else { 2 };
                let named = |at| Some(format!("Rail {at}"));
                step.numeric = Some(
                    (0..count)
                        .map(|at| self.numeric(named(at), step.status))
                        .collect(),
                );
                step
            }
            47..57 => {
                let mut step = self.bare("ET_SVT", name("Firmware"));
                let read = format!("1.{}.0", self.dice.below(20));
                let limited = self.dice.below(2) == 0;
                step.text = Some(vec![Text {
                    compare: if limited { Compare::Case } else { Compare::Log },
                    name: None,
                    status: step.status,
                    limit: limited.then(|| read.clone()),
                    value: Some(read),
                }]);
                step
            }
            57..66 => {
                let mut step = self.bare("ET_PFT", name("Lamp"));
                let status = step.status;
                step.pass_fail = Some(vec![PassFail { name: None, status }]);
                step
            }
            66..69 => {
                let mut step = self.bare("ET_MPFT", name("Lamps"));
                let status = step.status;
                let one = |at| PassFail {
                    name: Some(format!("Lamp {at}")),
                    status,
                };
                step.pass_fail = Some((0..3).map(one).collect());
                step
            }
            69..71 => {
                let mut step = self.bare("WATS_XYGMNLT", name("Ramp"));
                step.numeric = Some(vec![self.numeric(None, step.status)]);
                step.chart = Some(self.chart());
                step
            }
            71..73 => {
                let mut step = self.bare("CallExecutable", name("Program"));
                step.exe = Some(Exe { exit_code: 0.0 });
                step
            }
            73..75 => {
                let mut step = self.bare("MessagePopup", name("Message"));
                let (response, button) = (None, Some(1));
                step.popup = Some(Popup { response, button });
                step.report_text = Some("The operator looked at both lamps.\n".repeat(3));
                step
            }
            // Rare: one report in four has a file.
            75 if self.dice.below(10) == 0 => {
                let mut step = self.bare("Attachment", name("Picture"));
                step.file = Some(File {
                    name: "lamp.png".to_owned(),
                    content_type: "image/png".to_owned(),
                    data: "iVBORw0KGgoAAAAN".repeat(200),
                });
                step
            }
            _ => {
                let category = self.dice.pick(&OTHERS);
                self.bare(category, name("Step"))
            }
        }
    }

    /// The summary of a loop, and its iterations after it.
    fn looped(&mut self, into: &mut Vec<Step>) {
        let count = 2 + self.dice.below(3) as i32;
        let name = format!("Loop {}", self.made);
        for index in -1..count {
            let mut step = self.leaf();
            step.name.clone_from(&name);
            let is_summary = index < 0;
            step.looped = Some(Loop {
                index: (!is_summary).then_some(index),
                count: is_summary.then_some(count),
                end: is_summary.then_some(count),
                passed: is_summary.then_some(count),
                failed: is_summary.then_some(0),
            });
            into.push(step);
        }
    }

    fn fill(&mut self, sequence: &mut Step, depth: u32, until: usize) {
        let mut steps = Vec::new();
        while self.made < until {
            match self.dice.below(10) {
                0 if depth < 5 => {
                    let mut inner = self.sequence(format!("Group {}", self.made));
                    let most = self.made + 4 + self.dice.below(25) as usize;
                    self.fill(&mut inner, depth + 1, most.min(until));
                    steps.push(inner);
                }
                1 if self.made + 5 < until => self.looped(&mut steps),
                _ => steps.push(self.leaf()),
            }
        }
        sequence.steps = Some(steps);
    }
}

fn export(dice: &mut Dice, number: u64) -> Export {
    let mut maker = Maker {
        dice: &mut *dice,
        made: 0,
    };
    let mut root = maker.sequence("MainSequence Callback".to_owned());
    maker.fill(&mut root, 2, STEPS);
    let start = dice.time();
    let misc = |description: &str, text: Option<&str>, number| Misc {
        description: description.to_owned(),
        text: text.map(str::to_owned),
        number,
    };
    let unit = |kind: &str, dice: &mut Dice| SubUnit {
        part_type: kind.to_owned(),
        part_number: format!("44943944{}", dice.below(90)),
        revision: "02".to_owned(),
        serial_number: format!("2413500{:05}", dice.below(100_000)),
        position: 0,
    };
    Export {
        kind: Kind::Uut,
        id: dice.uuid(),
        part_number: "PCBA-001".to_owned(),
        serial_number: format!("2447500{number:05}"),
        revision: "02".to_owned(),
        product: None,
        process_code: 10,
        process_format: None,
        process_name: "Final test".to_owned(),
        result: root.status,
        machine: "STATION-12".to_owned(),
        location: "Drammen, Norway".to_owned(),
        purpose: "Production".to_owned(),
        origin: Some(dice.letters(b"0123456789ABCDEF", 12)),
        start_utc: start.replace("+00:00", "Z"),
        start,
        root,
        uut: Uut {
            exec_time: dice.decimal(200.0, 2),
            socket: Some(1),
            batch: None,
            comment: None,
            error_code: Some(0),
            error_message: None,
            fixture: Some("Fixture 7".to_owned()),
            user: "te42".to_owned(),
            batch_failed: None,
            batch_index: None,
            failing_step: None,
        },
        misc: vec![
            misc("Firmware", Some("1.4.2"), None),
            misc("Slots", None, Some(4)),
            misc("Line", Some("SMT 3"), None),
        ],
        sub_units: vec![unit("PCBA", dice), unit("MODULE", dice)],
        assets: Vec::new(),
        asset_statistics: Vec::new(),
        additional: Vec::new(),
    }
}

/// So many reports.
pub(super) fn exports(count: u64) -> Vec<Export> {
    let dice = &mut Dice(281);
    (0..count).map(|number| export(dice, number)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use wats_codec::{Format, Serializer};
    use wats_domains::report::Report;

    use super::*;

    /// What the peers write is what the SDK's models write: both carry the same content.
    #[test]
    fn both_models_hold_the_same() -> Result<(), Box<dyn std::error::Error>> {
        let theirs = exports(2);
        let json = serde_json::to_vec(&theirs)?;
        let ours: Vec<Report> = Serializer::new(Format::Json).from_slice(&json)?;
        assert_eq!(serde_json::to_value(&ours)?, serde_json::to_value(&theirs)?);
        assert_eq!(serde_json::from_slice::<Vec<Export>>(&json)?, theirs);
        for report in &ours {
            assert_eq!(report.step_count(), STEPS);
            // What has no field: how numbers were written.
            assert_eq!(report.extra.get("processCodeFormat"), Some(&Value::Null));
            let depth = |text: &str| text.matches("\"steps\"").count();
            assert!(depth(&serde_json::to_string(&report.root)?) > 5);
        }
        Ok(())
    }
}
