//! Attachments from files: sent as they were attached or not at all, and never in memory as a whole.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use std::fs;
use std::io::{self, Read, Write as _};
use std::path::Path;

use wats_report::{Attachment, Payload, Report, Station, Unit, UutReport, lint};
use wats_report::{Error, MeasurementLimits};

fn report(files: Vec<Attachment>) -> UutReport {
    UutReport::builder(
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
        for (n, file) in files.into_iter().enumerate() {
            root.numeric(format!("Before {n}"), 0.5, "V", MeasurementLimits::log());
            root.attachment(format!("File {n}"), file);
        }
    })
    .build()
    .unwrap()
}

/// Bytes that never repeat within a piece.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 42_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn file(folder: &Path, name: &str, contents: &[u8]) -> Attachment {
    let path = folder.join(name);
    fs::write(&path, contents).unwrap();
    Attachment::from_path(path)
        .unwrap()
        .content_type("application/octet-stream")
}

fn text(report: &Report) -> io::Result<String> {
    let mut text = String::new();
    report.body().unwrap().reader().read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn files_of_every_length_are_sent_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let piece = 48 * 1024;
    let lengths = [
        0,
        1,
        2,
        3,
        3_072,
        4_096,
        piece - 1,
        piece,
        piece + 1,
        3 * piece + 2,
    ];
    let contents: Vec<_> = lengths.iter().map(|length| noise(*length)).collect();
    let files = contents
        .iter()
        .zip(lengths)
        .map(|(bytes, length)| file(folder.path(), &format!("{length}.bin"), bytes));
    let from_disk = report(files.collect());
    let told: Vec<_> = lint(from_disk.report())
        .iter()
        .map(ToString::to_string)
        .collect();
    // The file without contents is told, and sent all the same.
    assert!(
        matches!(told.as_slice(), [one] if one.contains("the file is empty")),
        "{told:?}"
    );
    let written = text(from_disk.report()).unwrap();
    assert_eq!(written, serde_json::to_string(from_disk.report()).unwrap());
    assert_eq!(
        written.len() as u64,
        from_disk.report().body().unwrap().len()
    );
    let back: Report = serde_json::from_str(&written).unwrap();
    let read: Vec<_> = back
        .steps()
        .filter_map(|step| step.attachment.as_ref()?.data.as_ref()?.to_bytes().ok())
        .collect();
    assert_eq!(read, contents);
}

#[test]
fn a_repeat_sends_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(vec![
        file(folder.path(), "a.bin", &noise(200_000)),
        Attachment::new("b.bin", noise(100_000)).content_type("application/octet-stream"),
    ]);
    let body = report.report().body().unwrap();
    assert!(body.as_whole().is_none());
    let mut half = vec![0; 150_000];
    body.reader().read_exact(&mut half).unwrap();
    let mut whole = Vec::new();
    assert_eq!(body.write_to(&mut whole).unwrap(), body.len());
    assert_eq!(half, whole[..half.len()]);
    // Readers of any size of buffer see the same.
    let mut single = Vec::new();
    let mut reader = body.clone().reader();
    let mut byte = [0];
    while reader.read(&mut byte).unwrap() == 1 {
        single.push(byte[0]);
    }
    assert_eq!(single, whole);
    assert_eq!(reader.read(&mut byte).unwrap(), 0);
    let pieces: Vec<_> = body.chunks().map(Result::unwrap).collect();
    assert_eq!(pieces.concat(), whole);
    assert!(
        pieces
            .iter()
            .all(|piece| (1..=64 * 1024).contains(&piece.len()))
    );
}

type Change = fn(&Path);

#[test]
fn a_file_that_is_no_longer_what_it_was_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let changes: [(&str, Change); 3] = [
        ("longer", |path| {
            fs::OpenOptions::new()
                .append(true)
                .open(path)
                .unwrap()
                .write_all(b"!")
                .unwrap();
        }),
        ("other", |path| {
            let long_ago = std::time::SystemTime::UNIX_EPOCH;
            fs::write(path, noise(100_000)).unwrap();
            fs::File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_modified(long_ago)
                .unwrap();
        }),
        ("gone", |path| fs::remove_file(path).unwrap()),
    ];
    for (name, change) in changes {
        let report = report(vec![file(folder.path(), name, &noise(100_000))]);
        let body = report.report().body().unwrap();
        change(&folder.path().join(name));
        let error = body.write_to(&mut io::sink()).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        let mut chunks = body.chunks();
        assert!(chunks.any(|piece| piece.is_err()) && chunks.next().is_none());
        assert!(serde_json::to_string(report.report()).is_err(), "{name}");
    }
}

#[test]
fn what_cannot_be_attached_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("nothing"), folder.path().to_owned()] {
        let error = Attachment::from_path(&path).unwrap_err();
        assert!(matches!(error, Error::Data(_)), "{error:?}");
        assert!(error.to_string().contains("cannot be attached"), "{error}");
    }
}

#[test]
fn contents_are_equal_however_they_are_kept() {
    let bytes = Payload::from_bytes("Hello");
    let text: Payload = serde_json::from_str("\"SGVsbG8=\"").unwrap();
    assert_eq!(bytes, text);
    assert_eq!((text.len(), text.as_base64()), (5, Some("SGVsbG8=")));
    assert_ne!(bytes, Payload::from_bytes("hello"));
    let odd: Payload = serde_json::from_str("\"not base64\"").unwrap();
    assert_ne!(odd, bytes);
    assert!(
        odd.to_bytes()
            .unwrap_err()
            .to_string()
            .contains("not base64")
    );
    assert_eq!(serde_json::to_string(&odd).unwrap(), "\"not base64\"");
}

#[test]
fn a_body_that_cannot_be_made_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    // No file is opened while the body is made, however short it is: that is for whoever reads.
    let broken = report(vec![
        Attachment::new("a", noise(10_000)).content_type("b"),
        file(folder.path(), "short.bin", b"Hello"),
    ]);
    fs::remove_file(folder.path().join("short.bin")).unwrap();
    assert!(serde_json::to_string(broken.report()).is_err());
    let body = broken.report().body().unwrap();
    let error = body.write_to(&mut io::sink()).unwrap_err().to_string();
    assert!(error.contains("short.bin"), "{error}");
    // Written plainly, contents stand where they belong again.
    let good = report(vec![Attachment::new("a", noise(10_000)).content_type("b")]);
    assert!(serde_json::to_string(good.report()).unwrap().len() > 13_000);
}

/// What is loaded may hold any text where base64 belongs.
#[test]
fn texts_that_need_an_escape_are_written_with_one() {
    let lines = format!("{}\r\n", "QUJD".repeat(19)).repeat(100);
    let quoted = format!("{}\",\"injected\":\"{}", "QUJD".repeat(1_500), "QUJD");
    let plain = "QUJD".repeat(2_000) + "+/-_QQ==";
    for (data, kept) in [
        (lines, true),
        (quoted, true),
        ("\\".repeat(5_000), true),
        ("ø\u{1}".repeat(5_000), true),
        (plain, false),
    ] {
        let mut value = serde_json::to_value(
            report(vec![Attachment::new("a", b"c").content_type("b")]).report(),
        )
        .unwrap();
        value["root"]["steps"][1]["attachment"]["data"] = data.into();
        let loaded: Report = serde_json::from_value(value.clone()).unwrap();
        let written = text(&loaded).unwrap();
        assert_eq!(written, serde_json::to_string(&loaded).unwrap());
        let back: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(back, value);
        assert_eq!(
            loaded.body().unwrap().as_whole().is_some(),
            kept,
            "base64 is streamed"
        );
    }
}
