//! Memory: the counter is one of the thread that measures, so other tests do not disturb it.

use std::{fs, io};

use wats_codec::{Format, Serializer};
use wats_report::model::NumericMeasurement;
use wats_report::wire::Number;
use wats_report::{Attachment, MeasurementLimits, Report, Station, Step, Unit, UutReport};

/// 10 000 steps and 100 MB of files.
#[test]
fn large_reports_take_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..10)
        .map(|n| {
            let path = folder.path().join(format!("{n}.bin"));
            fs::File::create(&path)
                .unwrap()
                .set_len(10_000_000)
                .unwrap();
            path
        })
        .collect();
    let mut sent = 0;
    let memory = allocation_counter::measure(|| {
        let report = UutReport::builder(
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
        .steps(|root| {
            for (n, path) in files.iter().enumerate() {
                root.attachment(
                    format!("File {n}"),
                    Attachment::from_path(path).unwrap().content_type("a/b"),
                );
            }
            for n in 0..10_000 {
                root.numeric(
                    format!("Step {n}"),
                    1.5,
                    "V",
                    MeasurementLimits::between(1.0..=2.0),
                );
            }
        })
        .build()
        .unwrap();
        let body = report.report().body().unwrap();
        sent = body.write_to(&mut io::sink()).unwrap();
        assert_eq!(sent, body.len());
    });
    assert!(sent > 133_000_000, "{sent}");
    assert!(memory.bytes_max < 24_000_000, "{}", memory.bytes_max);
}

fn ten_steps() -> Report {
    steps(10)
}

fn steps(count: usize) -> Report {
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number: "SN-42",
        revision: "A",
    };
    let station = Station {
        name: "ICT-3",
        location: "Drammen",
        purpose: "Production",
    };
    let report = UutReport::builder(unit, 100)
        .station(station)
        .operator("Kari")
        .steps(|root| {
            for n in 0..count {
                root.numeric(
                    format!("Voltage {n}"),
                    3.3,
                    "V",
                    MeasurementLimits::between(3.0..=3.6),
                );
            }
        });
    report.build().unwrap().into_report()
}

/// A step is read to three allocations (its name, its list of measurements, a unit), and lists have the room of their items.
#[test]
fn a_report_that_is_read_takes_little_memory() {
    let report = ten_steps();
    for format in [Format::Json, Format::MessagePack, Format::Archive] {
        let codec = Serializer::new(format);
        let bytes = codec.to_vec(&report).unwrap();
        let mut read = None;
        let memory = allocation_counter::measure(|| {
            read = Some(codec.from_slice::<Report>(&bytes).unwrap());
        });
        assert_eq!(read.as_ref(), Some(&report));
        assert!(memory.count_total <= 65, "{format}: {memory:?}");
        assert!(memory.bytes_current <= 7_200, "{format}: {memory:?}");
    }
}

/// A list that doubled while it is read would be there twice, and half empty at the end.
#[test]
fn a_long_report_takes_little_more_memory_than_its_steps() {
    let mut report = None;
    let built = allocation_counter::measure(|| report = Some(steps(5_000)));
    let report = report.unwrap();
    let codec = Serializer::new(Format::Json);
    let text = codec.to_vec(&report).unwrap();
    let mut read = None;
    let memory = allocation_counter::measure(|| {
        read = Some(codec.from_slice::<Report>(&text).unwrap());
    });
    assert_eq!(read.as_ref(), Some(&report));
    let mut body = None;
    let written = allocation_counter::measure(|| body = Some(report.body().unwrap()));
    assert!(
        written.bytes_current.unsigned_abs() < text.len() as u64 + (64 << 10),
        "{written:?}"
    );
    let kept = memory.bytes_current.unsigned_abs();
    assert!(memory.bytes_max < kept + kept / 2, "{memory:?}");
    assert!(
        built.bytes_current.unsigned_abs() < kept + kept / 8,
        "{built:?}, {memory:?}"
    );
}

/// An explicit null of a member takes no room beyond its object.
#[test]
fn nulls_take_no_memory() {
    let bare = r#"{"root":{"name":"Main","numericMeas":[{"value":1.5}]}}"#;
    let nulls = r#"{"origin":null,"root":{"name":"Main","start":null,"numericMeas":[{"name":null,"value":1.5,"highLimit":null}]},"uut":null}"#;
    let codec = Serializer::new(Format::Json);
    let room = |text: &str| {
        let mut read = None;
        let memory = allocation_counter::measure(|| {
            read = Some(codec.from_slice::<Report>(text.as_bytes()).unwrap());
        });
        assert_eq!(serde_json::to_string(&read).unwrap().len(), text.len());
        memory.bytes_current
    };
    assert_eq!(room(nulls), room(bare));
}

/// What stands in every report, step and measurement must not grow unseen.
#[test]
#[cfg(target_pointer_width = "64")]
fn models_are_not_larger_than_they_were() {
    assert!(size_of::<Report>() <= 1_152, "{}", size_of::<Report>());
    assert!(size_of::<Step>() <= 424, "{}", size_of::<Step>());
    let measurement = size_of::<NumericMeasurement>();
    assert!(measurement <= 160, "{measurement}");
    assert!(size_of::<Number>() <= 16, "{}", size_of::<Number>());
}
