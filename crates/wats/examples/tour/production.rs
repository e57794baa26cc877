//! Part 5: the production pattern. Known operation types, reports built and checked, submitted some at a time with
//! progress, read back and compared.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use wats::batch::batch_map;
use wats::report::{MiscInfo, Station, StringLimit, Unit};
use wats::{MeasurementLimits, UutReport, Wats};

use crate::Outcome;
use crate::figures::Figures;
use crate::file::lost;
use crate::stage::Stage;

const PART: &str = "5 production";

/// How many reports are built.
pub(crate) const REPORTS: usize = 100;

pub(crate) async fn show(stage: &Stage, figures: &mut Figures) -> Outcome {
    println!("\n{PART}: {REPORTS} reports built, submitted 20 at a time, read back and compared");
    let wats = &stage.main.wats;
    let processes = wats.process().list().await?;
    let process = processes
        .iter()
        .find(|process| process.is_test())
        .ok_or("the server has no test operation")?;
    let code = process.code.ok_or("the test operation has no code")?;

    let start = Instant::now();
    let reports = (0..REPORTS)
        .map(|i| report(i, code))
        .collect::<wats::report::Result<Vec<_>>>()?;
    figures.time(
        PART,
        "build and check",
        None,
        start.elapsed(),
        format!("{} steps each", reports[0].report().step_count()),
    );

    // On a real server the naive way would only submit everything a second time.
    let naive = match stage.main.simulator() {
        Some(_) => Some(one_by_one(wats, &reports).await?),
        None => None,
    };
    let bar = progress_bar(reports.len())?;
    let start = Instant::now();
    let answers = batch_map(&reports, 20, |report| {
        let bar = &bar;
        async move {
            let answer = wats.report().submit(report).await;
            bar.inc(1);
            answer
        }
    })
    .await;
    let elapsed = start.elapsed();
    bar.finish_and_clear();
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    if let Some(error) = answers.into_iter().find_map(Result::err) {
        return Err(format!(
            "{failed} of {REPORTS} reports were not taken, the first because of: {error:#}"
        )
        .into());
    }
    figures.time(
        PART,
        "submit",
        naive,
        elapsed,
        format!("{:.0} reports/s", REPORTS as f64 / elapsed.as_secs_f64()),
    );

    let start = Instant::now();
    let back = batch_map(&reports, 20, |report| wats.report().get(report.id())).await;
    let elapsed = start.elapsed();
    let mut same = 0;
    for (report, back) in reports.iter().zip(back) {
        let back = back?;
        // A server may add members of its own; ours must be there unchanged.
        let [sent, stored] = [&report.report().root, &back.root].map(serde_json::to_value);
        same += u64::from(
            lost(&sent?, &stored?).is_empty()
                && back.serial_number == report.report().serial_number
                && back.result == report.report().result,
        );
    }
    figures.time(
        PART,
        "read back",
        None,
        elapsed,
        format!("{same} of {REPORTS} equal"),
    );
    if same != REPORTS as u64 {
        return Err(format!("{} reports came back changed", REPORTS as u64 - same).into());
    }
    Ok(())
}

async fn one_by_one(wats: &Wats, reports: &[UutReport]) -> Outcome<Duration> {
    let start = Instant::now();
    for report in reports {
        wats.report().submit(report).await?;
    }
    Ok(start.elapsed())
}

/// A report as a functional test makes it: some twenty steps in nested sequences; every tenth unit fails.
pub(crate) fn report(i: usize, process_code: i32) -> wats::report::Result<UutReport> {
    let drift = if i % 10 == 9 {
        0.4
    } else {
        0.001 * (i % 7) as f64
    };
    UutReport::builder(
        Unit {
            part_number: "WATS-DEMO",
            serial_number: &format!("DEMO-{i:05}"),
            revision: "A",
        },
        process_code,
    )
    .station(Station {
        name: "TOUR",
        location: "Here",
        purpose: "Demo",
    })
    .operator("tour")
    .execution_time(Duration::from_millis(41_250 + i as u64))
    .misc_info(MiscInfo::new("Ambient temperature").text("23.4 °C"))
    .sequence("Power", |power| {
        power.numeric(
            "Supply current",
            0.4183 + drift,
            "A",
            MeasurementLimits::at_most(0.75),
        );
        power.multi_numeric("Rails", |rails| {
            rails.add(
                "+5V",
                5.0217 + drift,
                "V",
                MeasurementLimits::between(4.75..=5.25),
            );
            rails.add(
                "+3V3",
                3.3041 + drift,
                "V",
                MeasurementLimits::between(3.135..=3.465),
            );
            rails.add("+1V8", 1.8006, "V", MeasurementLimits::between(1.71..=1.89));
        });
        power.sequence("Ripple", |ripple| {
            for channel in 1..=6 {
                let value = 0.0101 + f64::from(channel) * 0.0007;
                ripple.numeric(
                    format!("CH{channel}"),
                    value,
                    "V",
                    MeasurementLimits::less_than(0.05),
                );
            }
        });
    })
    .sequence("Digital", |digital| {
        digital.string("Firmware", "1.4.2", StringLimit::equals("1.4.2"));
        digital.boolean("Flash erases", true);
        digital.boolean("RAM test", true);
        digital.sequence("Buses", |buses| {
            for bus in ["I2C", "SPI", "CAN", "UART"] {
                buses.boolean(format!("{bus} loopback"), true);
            }
        });
    })
    .numeric(
        "Oscillator",
        31_999.87 + drift,
        "Hz",
        MeasurementLimits::between(31_990.0..=32_010.0),
    )
    .build()
}

fn progress_bar(len: usize) -> Outcome<ProgressBar> {
    let style = ProgressStyle::with_template("  submitting {bar:40} {pos}/{len} {per_sec} {eta}")?;
    Ok(ProgressBar::new(len as u64).with_style(style))
}
