//! Limits hold for both directions: whatever is written is read back by the same serializer, however
//! well it compresses, and what would be refused in reading is refused in writing.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wats_codec::{Error, Format, Limits, Serde, Serializer, fast_struct};

/// Values that stand in lists and maps many times over.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("2026-11-25T12:00:00.000Z")),
        Just(json!("00112233-4455-6677-8899-aabbccddeeff")),
    ];
    leaf.prop_recursive(4, 40, 6, |inside| {
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z\u{e5}]{0,6}", inside.clone(), 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
            (inside, 0usize..300).prop_map(|(value, times)| Value::from(vec![value; times])),
        ]
    })
}

/// A value as often as it takes for `bytes` of JSON: far above any ratio that varied data reaches.
fn repeated(value: &Value, bytes: usize) -> Vec<&Value> {
    vec![value; bytes / (value.to_string().len() + 1) + 1]
}

/// The documents of a value by `serde` and by the fast path, which are the same.
fn write(codec: &Serializer, value: &Value) -> Result<Vec<u8>, Error> {
    let plain = codec.to_vec(&Serde(value));
    let fast = codec.to_vec(value);
    match (&plain, &fast) {
        (Ok(plain), Ok(fast)) => assert_eq!(plain, fast),
        (Err(plain), Err(fast)) => assert_eq!(plain.to_string(), fast.to_string()),
        _ => panic!("{plain:?}, {fast:?}"),
    }
    plain
}

/// Reads both ways.
fn read(codec: &Serializer, bytes: &[u8]) -> Result<Value, Error> {
    let plain = codec.from_slice(bytes).map(|Serde(it)| it);
    let fast = codec.from_slice::<Value>(bytes);
    match (&plain, &fast) {
        (Ok(plain), Ok(fast)) => assert_eq!(plain, fast),
        (Err(plain), Err(fast)) => assert_eq!(plain.to_string(), fast.to_string()),
        _ => panic!("{plain:?}, {fast:?}"),
    }
    plain
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_written_is_read_back_equal(value in any_value(), threshold in 0usize..20_000) {
        for &format in Format::ALL {
            let codec = Serializer::new(format).compress_threshold(threshold);
            let bytes = write(&codec, &value).unwrap();
            prop_assert_eq!(&read(&codec, &bytes).unwrap(), &value, "{}", format);
        }
    }

    #[test]
    fn with_any_limits_the_writer_refuses_just_what_the_reader_does(
        value in any_value(),
        max_bytes in prop_oneof![0usize..400, 0usize..40_000],
        compress_threshold in 0usize..2_000,
    ) {
        for &format in Format::ALL {
            let codec = Serializer::new(format).compress_threshold(compress_threshold);
            let limited = codec.limits(Limits::default().max_bytes(max_bytes));
            let bytes = write(&codec, &value).unwrap();
            let is_refused = |error: &Error| {
                matches!(error, Error::TooLarge { limit, .. } if *limit == max_bytes)
            };
            match write(&limited, &value) {
                Ok(written) => {
                    prop_assert_eq!(&written, &bytes);
                    prop_assert_eq!(&read(&limited, &written).unwrap(), &value, "{}", format);
                }
                Err(error) => {
                    prop_assert!(is_refused(&error), "{}: {}", format, error);
                    let refused = read(&limited, &bytes).unwrap_err();
                    prop_assert!(is_refused(&refused), "{}: {}", format, refused);
                    let mut sink = Vec::new();
                    limited.to_writer(&mut sink, &value).unwrap_err();
                    prop_assert!(sink.is_empty());
                }
            }
        }
    }

    #[test]
    fn an_archive_counts_for_no_more_than_its_json(value in any_value()) {
        let json = Serializer::default().to_vec(&Serde(&value)).unwrap().len();
        let archive = Serializer::new(Format::Archive);
        let size = archive.to_vec(&Serde(&value)).unwrap().len();
        // An archive of little is larger than its JSON: it has a header, tables and a checksum.
        let limited = archive.limits(Limits::default().max_bytes(json.max(size)));
        let bytes = write(&limited, &value).unwrap();
        prop_assert_eq!(read(&limited, &bytes).unwrap(), value);
    }
}

proptest! {
    // Each case writes and reads megabytes in every format.
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn very_repetitive_data_is_read_back_equal(value in any_value(), bytes in 1_100_000usize..1_500_000) {
        let many = repeated(&value, bytes);
        for &format in Format::ALL {
            let codec = Serializer::new(format);
            let written = codec.to_vec(&Serde(&many)).unwrap();
            let back: Vec<Value> = codec.from_slice(&written).map(|Serde(it)| it).unwrap();
            prop_assert!(back.iter().eq(many.iter().copied()), "{}", format);
        }
    }

    #[test]
    fn with_a_ratio_the_writer_refuses_just_what_the_reader_does(
        value in any_value(),
        ratio in prop_oneof![1u32..20, 20u32..2_000],
    ) {
        let many = repeated(&value, 1_100_000);
        for &format in Format::ALL {
            let codec = Serializer::new(format);
            let limited = codec.limits(Limits::default().max_ratio(ratio));
            let written = codec.to_vec(&Serde(&many)).unwrap();
            match limited.to_vec(&Serde(&many)) {
                Ok(bytes) => {
                    prop_assert_eq!(&bytes, &written);
                    prop_assert!(limited.from_slice::<Serde<Value>>(&bytes).map(|Serde(it)| it).is_ok(), "{}", format);
                }
                Err(error) => {
                    prop_assert!(matches!(error, Error::RatioTooHigh { .. }), "{}: {}", format, error);
                    let refused = limited.from_slice::<Serde<Value>>(&written).map(|Serde(it)| it).unwrap_err();
                    prop_assert!(matches!(refused, Error::RatioTooHigh { .. }), "{}: {}", format, refused);
                }
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Report {
    serial_number: String,
    part_number: String,
    passed: bool,
    values: Vec<f64>,
}
fast_struct!(Report {
    serial_number = "serial_number",
    part_number = "part_number",
    passed = "passed",
    values = "values",
});

#[test]
fn thousands_of_reports_that_are_alike_are_read_back() {
    let report = |number: usize| Report {
        serial_number: format!("SN-{:04}", number % 10),
        part_number: "PCBA-100".to_owned(),
        passed: true,
        values: vec![0.5; 64],
    };
    let reports: Vec<Report> = (0..5_000).map(report).collect();
    let plain = Serializer::default()
        .to_vec(&Serde(&reports))
        .unwrap()
        .len();
    for &format in Format::ALL {
        let codec = Serializer::new(format);
        let bytes = codec.to_vec(&reports).unwrap();
        #[cfg(feature = "zstd")]
        if format == Format::JsonZstd {
            assert!(plain / bytes.len() > 200, "{} bytes", bytes.len());
        }
        let back: Vec<Report> = codec.from_slice(&bytes).unwrap();
        assert_eq!(back, reports, "{format}");
    }
    assert!(plain > 1 << 20);
}

#[test]
fn a_million_equal_values_are_read_back() {
    let values = vec![true; 1_000_000];
    for &format in Format::ALL {
        let codec = Serializer::new(format);
        let bytes = codec.to_vec(&Serde(&values)).unwrap();
        assert!(
            codec
                .from_slice::<Serde<Vec<bool>>>(&bytes)
                .map(|Serde(it)| it)
                .unwrap()
                == values,
            "{format}"
        );
    }
}

#[test]
fn more_than_the_default_limit_is_refused_in_every_format() {
    // 68 MB in MessagePack as in JSON, and next to nothing compressed.
    let text = "x".repeat(34_000_000);
    let texts = vec![text; 2];
    let limit = Limits::default().max_bytes.unwrap();
    for &format in Format::ALL {
        let mut buffer = b"before".to_vec();
        let codec = Serializer::new(format);
        let error = codec.to_buffer(&texts, &mut buffer).unwrap_err();
        assert!(
            matches!(error, Error::TooLarge { limit: found, .. } if found == limit),
            "{format}: {error}"
        );
        assert!(buffer.is_empty(), "{format}");
    }
}

#[test]
fn shapes_beyond_the_room_for_tables_are_refused_in_writing() {
    // Maps of one entry, no two alike in key and kind: their tables in memory take more than four times
    // what the maps count for.
    let kinds = [
        json!(null),
        json!(true),
        json!(false),
        json!(1),
        json!(-1),
        json!(""),
        json!([]),
        json!({}),
    ];
    let maps: Vec<Value> = (b'a'..=b'z')
        .flat_map(|key| {
            kinds
                .each_ref()
                .map(|value| json!({ char::from(key).to_string(): value }))
        })
        .collect();
    let maps = Value::from(maps);
    let codec = Serializer::new(Format::Archive);
    let bytes = write(&codec, &maps).unwrap();
    let refused: Vec<bool> = (bytes.len()..3 * bytes.len())
        .step_by(10)
        .map(|max_bytes| {
            let limited = codec.limits(Limits::default().max_bytes(max_bytes));
            let read = read(&limited, &bytes);
            assert_eq!(
                write(&limited, &maps).is_err(),
                read.is_err(),
                "{max_bytes}"
            );
            read.is_err()
        })
        .collect();
    assert!(refused.contains(&true) && refused.contains(&false));
}

#[test]
fn what_grows_in_compression_is_limited_too() {
    // Level 0 stores: larger than the plain text by the frame.
    let value = json!("x".repeat(1000));
    let gzip = Serializer::new(Format::JsonGzip)
        .compress_threshold(0)
        .gzip_level(0);
    let bytes = write(&gzip, &value).unwrap();
    assert!(bytes.len() > 1002);
    let limited = |max_bytes| gzip.limits(Limits::default().max_bytes(max_bytes));
    assert_eq!(read(&limited(bytes.len()), &bytes).unwrap(), value);
    assert_eq!(write(&limited(bytes.len()), &value).unwrap(), bytes);
    for max_bytes in [1002, bytes.len() - 1] {
        assert!(read(&limited(max_bytes), &bytes).unwrap_err().is_limit());
        assert!(write(&limited(max_bytes), &value).unwrap_err().is_limit());
    }
}

#[test]
fn an_archive_of_the_shortest_values_counts_for_no_more_than_its_json() {
    for value in [
        json!(null),
        json!(true),
        json!(0),
        json!({"a": 0, "b": 1, "c": 2, "d": 3}),
        json!("a"),
    ] {
        let many = Value::from(vec![value; 1000]);
        let json = Serializer::default().to_vec(&Serde(&many)).unwrap().len();
        let limited = Serializer::new(Format::Archive).limits(Limits::default().max_bytes(json));
        let bytes = write(&limited, &many).unwrap();
        assert_eq!(read(&limited, &bytes).unwrap(), many);
    }
}

#[test]
fn every_setting_holds_at_its_ends() {
    let values = [
        json!(null),
        json!(7),
        json!([]),
        json!({"a": [{"b": "text", "c": [1, 2.5, null]}]}),
        json!(vec!["the same text"; 2_000]),
    ];
    let ends = [0, 1, 2, usize::MAX - 1, usize::MAX];
    let mut settings = Vec::new();
    for end in ends {
        let limits = Limits::default();
        let small = u32::try_from(end).unwrap_or(u32::MAX);
        settings.extend(
            [
                limits.max_bytes(end),
                limits.max_depth(end),
                limits.max_ratio(small),
                limits.max_bytes(end).max_depth(end).max_ratio(small),
            ]
            .map(|limits| (limits, Serializer::DEFAULT_COMPRESS_THRESHOLD, 5)),
        );
        settings.push((limits, end, 5));
        settings.push((limits, 0, small));
        settings.push((limits.max_bytes(end), 0, small));
    }
    for &format in Format::ALL {
        for (limits, threshold, level) in &settings {
            let codec = Serializer::new(format)
                .limits(*limits)
                .compress_threshold(*threshold)
                .gzip_level(*level);
            #[cfg(feature = "zstd")]
            let codec = codec.zstd_level(i32::try_from(*level).unwrap_or(i32::MIN));
            for value in &values {
                match write(&codec, value) {
                    Ok(bytes) => assert_eq!(&read(&codec, &bytes).unwrap(), value, "{codec:?}"),
                    Err(error) => assert!(error.is_limit(), "{codec:?}: {error}"),
                }
                // What others wrote is read, or refused by its size.
                let bytes = write(&Serializer::new(format), value).unwrap();
                if let Err(error) = read(&codec, &bytes) {
                    assert!(error.is_limit(), "{codec:?}: {error}");
                }
                let framing = wats_codec::Framing::LengthPrefixed;
                let frame = [&(bytes.len() as u32).to_be_bytes()[..], &bytes].concat();
                let records = wats_codec::RecordReader::<_, Value>::new(codec, framing, &frame[..]);
                assert_eq!(records.count(), 1);
            }
        }
    }
}
