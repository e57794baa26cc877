//! Memory: the counter is one of the thread that measures, so other tests do not disturb it.

use std::{fs, io};

use wats_report::{Attachment, MeasurementLimits, Station, Unit, UutReport};

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
