//! The serializer as its users see it: every format written, every format read, bytes as other
//! libraries write them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wats_codec::{Error, Format, NonFinite, Serde, Serializer, benchmark_with, compare};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    serial_number: String,
    result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    comment: Option<String>,
    exec_time: f64,
    steps: Vec<Step>,
    misc: BTreeMap<String, i64>,
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Outcome {
    #[serde(rename = "P")]
    Passed,
    #[serde(rename = "F")]
    Failed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Step {
    name: String,
    #[serde(with = "wats_codec::float")]
    value: f64,
    #[serde(with = "wats_codec::float::option", default)]
    limit: Option<f64>,
    #[serde(with = "wats_codec::float::seq", default)]
    series: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    One(u64),
    Pair(i8, Option<char>),
    Named { a: bool, b: (u8, u16) },
}

fn reports() -> Vec<Report> {
    let shapes = [
        Shape::Unit,
        Shape::One(u64::MAX),
        Shape::Pair(-128, Some('å')),
        Shape::Named {
            a: true,
            b: (1, 65_535),
        },
    ];
    let report = |(i, shape): (usize, Shape)| Report {
        serial_number: format!("24475000{i:05}"),
        result: if i == 1 {
            Outcome::Failed
        } else {
            Outcome::Passed
        },
        comment: (i % 2 == 0).then(|| "Målt \"OK\"\n\u{1}\\ 😀".to_owned()),
        exec_time: 0.1 + i as f64,
        steps: vec![Step {
            name: "Boost".into(),
            value: 1.0 / 3.0,
            limit: (i > 1).then_some(f64::INFINITY),
            series: vec![-0.0, f64::NEG_INFINITY, 5e-324, f64::MAX],
        }],
        misc: BTreeMap::from([("min".into(), i64::MIN), (String::new(), 0)]),
        shape,
    };
    shapes.into_iter().enumerate().map(report).collect()
}

#[test]
fn every_format_reads_back_through_every_serializer() {
    let reports = reports();
    for &format in Format::ALL {
        for threshold in [0, 10_000_000] {
            let bytes = Serializer::new(format)
                .compress_threshold(threshold)
                .to_vec(&Serde(&reports))
                .unwrap();
            for &other in Format::ALL {
                let back: Vec<Report> = Serializer::new(other)
                    .from_slice(&bytes)
                    .map(|Serde(it)| it)
                    .unwrap();
                assert_eq!(back, reports, "{format} read by {other}");
            }
            let back: Vec<Report> = Serializer::default()
                .from_reader(&bytes[..])
                .map(|Serde(it)| it)
                .unwrap();
            assert_eq!(back, reports, "{format} from a reader");
        }
    }
}

#[test]
fn bytes_are_those_of_the_known_libraries() {
    // Without special floats, which are our own form.
    let mut reports = reports();
    for report in &mut reports {
        report.steps[0].limit = Some(2.5);
        report.steps[0].series = vec![1.0, -0.0, 1e300];
    }
    let write = |format| Serializer::new(format).to_vec(&Serde(&reports)).unwrap();
    assert_eq!(write(Format::Json), serde_json::to_vec(&reports).unwrap());
    assert_eq!(
        write(Format::JsonPretty),
        serde_json::to_vec_pretty(&reports).unwrap()
    );
    assert_eq!(
        write(Format::MessagePack),
        rmp_serde::to_vec_named(&reports).unwrap()
    );
}

#[test]
fn golden_bytes() {
    let step = Step {
        name: "Vin".into(),
        value: 5.0,
        limit: Some(f64::INFINITY),
        series: vec![],
    };
    let json = br#"{"name":"Vin","value":5.0,"limit":"Infinity","series":[]}"#;
    let packed = b"\x84\xa4name\xa3Vin\xa5value\xcb\x40\x14\0\0\0\0\0\0\xa5limit\xcb\x7f\xf0\0\0\0\0\0\0\xa6series\x90";
    let write = |format| Serializer::new(format).to_vec(&Serde(&step)).unwrap();
    assert_eq!(write(Format::Json), json);
    assert_eq!(write(Format::MessagePack), packed);
    assert_eq!(
        write(Format::JsonPretty),
        b"{\n  \"name\": \"Vin\",\n  \"value\": 5.0,\n  \"limit\": \"Infinity\",\n  \"series\": []\n}"
    );
    // The header of our gzip: no name, no time, so equal input gives equal bytes.
    let gzip = Serializer::new(Format::JsonGzip).compress_threshold(0);
    let bytes = gzip.to_vec(&Serde(&step)).unwrap();
    assert_eq!(&bytes[..8], b"\x1f\x8b\x08\0\0\0\0\0");
    assert_eq!(bytes, gzip.to_vec(&Serde(&step)).unwrap());
}

#[test]
fn the_threshold_decides_about_compression() {
    let text = "x".repeat(9_998); // 10 000 bytes with the quotes
    let gzip = Serializer::new(Format::JsonGzip);
    assert!(gzip.to_vec(&Serde(&text)).unwrap().starts_with(b"\x1f\x8b"));
    assert!(
        gzip.to_vec(&Serde(&text[1..]))
            .unwrap()
            .starts_with(b"\"xx")
    );

    let packed = gzip.encode(&text).unwrap();
    assert_eq!(packed.content_encoding, Some("gzip"));
    assert_eq!(packed.content_type, "application/json");
    assert_eq!(gzip.encode("").unwrap().content_encoding, None);
}

#[test]
fn gzip_levels_order_by_size() {
    let text: Vec<u32> = (0..20_000).map(|i| i * i % 977).collect();
    let size = |level| {
        let gzip = Serializer::new(Format::JsonGzip).gzip_level(level);
        let bytes = gzip.to_vec(&Serde(&text)).unwrap();
        assert_eq!(
            gzip.from_slice::<Serde<Vec<u32>>>(&bytes)
                .map(|Serde(it)| it)
                .unwrap(),
            text
        );
        bytes.len()
    };
    assert!(size(0) > size(1) && size(1) > size(9));
    assert_eq!(size(9), size(1000));
}

#[test]
fn a_buffer_is_replaced_and_emptied_on_error() {
    let json = Serializer::new(Format::Json);
    let mut buffer = b"old contents, long enough to show".to_vec();
    json.to_buffer(&Serde(&[1, 2]), &mut buffer).unwrap();
    assert_eq!(buffer, b"[1,2]");
    let error = json
        .to_buffer(&Serde(&[1.0, f64::NAN]), &mut buffer)
        .unwrap_err();
    assert!(matches!(error, Error::NonFinite { value: "NaN", .. }));
    assert!(buffer.is_empty());
}

#[test]
fn a_buffer_keeps_its_place_in_every_format_and_new_bytes_take_no_more_than_they_need() {
    let text = "0123456789".repeat(5_000);
    for &format in Format::ALL {
        let codec = Serializer::new(format);
        let mut buffer = Vec::new();
        codec.to_buffer(&Serde(&text), &mut buffer).unwrap();
        let (place, room) = (buffer.as_ptr(), buffer.capacity());
        codec.to_buffer(&Serde(&text), &mut buffer).unwrap();
        assert_eq!(
            (buffer.as_ptr(), buffer.capacity()),
            (place, room),
            "{format}"
        );
        let bytes = codec.to_vec(&Serde(&text)).unwrap();
        assert_eq!(bytes, buffer, "{format}");
        assert!(bytes.capacity() <= 2 * bytes.len().max(128), "{format}");
    }
}

#[test]
fn a_writer_gets_all_or_nothing() {
    let json = Serializer::new(Format::Json);
    let mut sink = Vec::new();
    json.to_writer(&mut sink, &[0.5]).unwrap();
    assert_eq!(sink, b"[0.5]");
    let mut sink = Vec::new();
    json.to_writer(&mut sink, &[0.5, f64::INFINITY])
        .unwrap_err();
    assert!(sink.is_empty());
}

#[test]
fn failing_readers_and_writers_are_io_errors() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("unplugged"))
        }
    }
    impl std::io::Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("unplugged"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let json = Serializer::default();
    let read = json
        .from_reader::<Serde<u8>>(Broken)
        .map(|Serde(it)| it)
        .unwrap_err();
    let written = json.to_writer(Broken, &1).unwrap_err();
    for error in [read, written] {
        assert!(matches!(error, Error::Io(_)));
        assert!(error.to_string().contains("unplugged"), "{error}");
    }
}

#[test]
fn plain_floats_as_text_on_request() {
    let values = (f64::NAN, f64::INFINITY, f32::NEG_INFINITY, Some(1.5));
    let json = Serializer::new(Format::Json).non_finite(NonFinite::Text);
    assert_eq!(
        json.to_vec(&Serde(&values)).unwrap(),
        br#"["NaN","Infinity","-Infinity",1.5]"#
    );
    // MessagePack has real floats and needs no policy.
    let packed = Serializer::new(Format::MessagePack);
    let back: (f64, f64, f32, Option<f64>) = packed
        .from_slice(&packed.to_vec(&Serde(&values)).unwrap())
        .map(|Serde(it)| it)
        .unwrap();
    assert!(back.0.is_nan());
    assert_eq!((back.1, back.2, back.3), (values.1, values.2, values.3));
}

#[test]
fn comparison_and_benchmark_agree_on_sizes() {
    let mut reports = reports();
    for _ in 0..5 {
        reports.extend_from_within(..);
    }
    let comparison = compare(&Serde(&reports)).unwrap();
    let json = comparison.get(Format::Json).unwrap();
    assert_eq!((json.ratio, json.savings_percent), (1.0, 0.0));
    let gzip = comparison.get(Format::JsonGzip).unwrap();
    assert!(gzip.savings_percent > 70.0, "{comparison}");

    let once = wats_codec::BenchOptions::default().rounds(1);
    let report = benchmark_with(&Serde(reports), &once).unwrap();
    for row in &report.rows {
        assert_eq!(row.bytes, comparison.get(row.format).unwrap().bytes);
    }
}

/// Report-like trees: objects of texts, numbers, lists of steps within steps.
fn any_report() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (any::<i32>(), 0..9i32).prop_map(|(n, d)| Value::from(f64::from(n) / 10f64.powi(d))),
        any::<String>().prop_map(Value::from),
        "2026-0[1-9]-[0-2][1-8]T[01][0-9]:00:00\\.[0-9]{3}\\+00:00".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 80, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map("[a-z][a-zA-Z]{0,12}", inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn reports_survive_every_pair_of_formats(report in any_report()) {
        for &first in Format::ALL {
            let first = Serializer::new(first).compress_threshold(0);
            let bytes = first.to_vec(&Serde(&report)).unwrap();
            let once: Value = first.from_slice(&bytes).unwrap();
            prop_assert_eq!(&once, &report, "{}", first.format());
            prop_assert_eq!(&first.to_vec(&report).unwrap(), &bytes, "{}", first.format());
            for &second in Format::ALL {
                let second = Serializer::new(second).compress_threshold(0);
                let bytes = second.to_vec(&once).unwrap();
                let twice: Value = first.from_slice(&bytes).map(|Serde(it)| it).unwrap();
                prop_assert_eq!(&twice, &report, "{} then {}", first.format(), second.format());
            }
        }
    }
}

#[test]
fn from_json_reads_json_and_names_what_else_comes() {
    let json = Serializer::default();
    for text in ["[1,2]", " [1, 2]\n", "\u{feff}[1,2]"] {
        assert_eq!(
            json.from_json::<Serde<Vec<u8>>>(text.as_bytes())
                .map(|Serde(it)| it)
                .unwrap(),
            [1, 2]
        );
    }
    for (format, name) in [
        (Format::MessagePack, "msgpack"),
        (Format::Archive, "archive"),
        (Format::JsonGzip, "json-gzip"),
    ] {
        let other = Serializer::new(format).compress_threshold(0);
        let bytes = other.to_vec(&Serde(&[1, 2])).unwrap();
        let error = json
            .from_json::<Serde<Vec<u8>>>(&bytes)
            .map(|Serde(it)| it)
            .unwrap_err();
        assert!(matches!(error, Error::Syntax { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let small = json.limits(wats_codec::Limits::default().max_bytes(4));
    assert!(matches!(
        small
            .from_json::<Serde<Vec<u8>>>(b"[1,2]")
            .map(|Serde(it)| it),
        Err(Error::TooLarge { limit: 4, .. })
    ));
    assert!(matches!(
        json.from_json::<Serde<u8>>(b" ").map(|Serde(it)| it),
        Err(Error::Empty)
    ));
    assert!(matches!(
        json.from_json::<Serde<u8>>(b"[1").map(|Serde(it)| it),
        Err(Error::Data { .. } | Error::Truncated { .. })
    ));
}
