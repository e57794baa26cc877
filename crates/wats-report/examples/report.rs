//! Builds the report of a test that failed and that of its repair, and prints both as they would be sent.
//!
//! `cargo run -p wats-report --example report`

use std::io::{self, Write as _};
use std::time::Duration;

use wats_report::{
    Attachment, Chart, ChartType, Failure, LoopRule, Station, StepGroup, StepPath, StringLimit,
    SubUnit, Unit, builder::FailureCode, model::Axis,
};
use wats_report::{Error, MeasurementLimits, UutReport};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let test = UutReport::builder(
        Unit {
            part_number: "PCBA-001",
            serial_number: "SN-42",
            revision: "A",
        },
        100,
    )
    .station(Station {
        name: "ICT-3",
        location: "Drammen",
        purpose: "Production",
    })
    .operator("Kari")
    .execution_time(Duration::from_secs(12))
    .sub_unit(SubUnit::new(
        "Module",
        Unit {
            part_number: "MOD-1",
            serial_number: "M-77",
            revision: "B",
        },
    ))
    .steps(|root| {
        root.action("Close the fixture").group(StepGroup::Setup);
        root.sequence("Power", |power| {
            power.numeric("+5V", 5.92, "V", MeasurementLimits::between(4.75..=5.25));
            power.numeric_loop(
                "Settle",
                MeasurementLimits::at_least(4.9),
                "V",
                LoopRule::Last,
                |iterations| {
                    for value in [4.2, 4.8, 5.0] {
                        iterations.add(value);
                    }
                },
            );
            let (time, current) = ([0.0, 0.1, 0.2], [2.4, 0.9, 0.3]);
            power
                .numeric("Inrush", 2.4, "A", MeasurementLimits::less_than(3.0))
                .chart(
                    Chart::new(ChartType::Line, "I(t)")
                        .x(Axis {
                            label: "Time",
                            unit: "s",
                        })
                        .y(Axis {
                            label: "Current",
                            unit: "A",
                        })
                        .line("I", time.into_iter().zip(current)),
                );
        });
        root.string("Firmware", "1.4.2", StringLimit::equals("1.4.2"));
        root.attachment(
            "Log",
            Attachment::new("log.txt", b"all is well but +5V").content_type("text/plain"),
        );
    })
    .build()
    .inspect_err(tell)?;

    let path: StepPath = "MainSequence Callback/Power/+5V".parse()?;
    let failed = test
        .report()
        .root
        .as_ref()
        .and_then(|root| path.find(root))
        .ok_or("no such step")?;
    let repair = test
        .report()
        .repair(500)
        .station(Station {
            name: "Repair-1",
            location: "Drammen",
            purpose: "Repair",
        })
        .operator("Ola")
        .failure(
            Failure::new(FailureCode {
                category: "Component",
                code: "Burned",
            })
            .component("U1")
            .found_by(failed),
        )
        .build()
        .inspect_err(tell)?;

    let mut out = io::stdout().lock();
    for body in [test.report().body()?, repair.report().body()?] {
        body.write_to(&mut out)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Everything that is wrong with a report, and how to mend it.
fn tell(error: &Error) {
    let mut out = io::stderr().lock();
    for finding in error.findings() {
        // Nobody may be listening.
        let _ = writeln!(out, "{finding:#}");
    }
}
