//! Hostile and damaged input, one hazard per test: each gives the typed error that names it, in
//! bounded memory and on a small stack.

mod gzip;
#[cfg(feature = "zstd")]
mod zstandard;

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wats_codec::{Error, Format, Limits, Position, Serde, Serializer};

fn reader() -> Serializer {
    Serializer::new(Format::Json)
}

fn read(bytes: &[u8]) -> Result<Value, Error> {
    reader().from_slice(bytes).map(|Serde(it)| it)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A type as recursive and as wide as a report's step.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Step {
    name: Option<String>,
    status: Option<String>,
    start: Option<String>,
    report_text: Option<String>,
    error_message: Option<String>,
    tot_time: Option<f64>,
    limits: Option<(f64, f64, f64, f64)>,
    steps: Vec<Step>,
}

/// Runs on a stack of a quarter of what worker threads usually have, or of a half without
/// optimization, where frames are larger.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let size = if cfg!(debug_assertions) { 1024 } else { 512 } * 1024;
    std::thread::Builder::new()
        .stack_size(size)
        .spawn(test)
        .unwrap()
        .join()
        .unwrap();
}

/// A bomb of more than the default limit allows, as a compressor makes it piece by piece.
fn blanks_to(mut compressor: impl Write) {
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..65 {
        compressor.write_all(&blanks).unwrap();
    }
}

/// Reads a bomb with default limits: refused by its size, in memory of no more than twice that.
fn refused_in_bounded_memory(bomb: &[u8]) {
    assert!(bomb.len() < 100_000);
    let mut read_as = None;
    let counted = allocation_counter::measure(|| read_as = Some(read(bomb)));
    let limit = Limits::default().max_bytes.unwrap();
    assert!(
        matches!(read_as, Some(Err(Error::TooLarge { limit: found, .. })) if found == limit),
        "{read_as:?}"
    );
    assert!(
        counted.bytes_max < 2 * limit as u64 + (1 << 20),
        "{} bytes",
        counted.bytes_max
    );
}

// ---- nesting

#[test]
fn json_nested_too_deep() {
    let allowed = [vec![b'['; 127], vec![b']'; 127]].concat();
    read(&allowed).unwrap();
    for depth in [128, 1_000_000] {
        match read(&vec![b'['; depth]).unwrap_err() {
            Error::TooDeep { limit, at, .. } => {
                assert_eq!(limit, 127);
                assert_eq!(
                    at,
                    Some(Position::Text {
                        line: 1,
                        column: 128
                    })
                );
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn msgpack_nested_too_deep() {
    let nested = |depth: usize| [vec![0x91; depth], vec![0xc0]].concat();
    read(&nested(127)).unwrap();
    for depth in [128, 1_000_000] {
        match read(&nested(depth)).unwrap_err() {
            Error::TooDeep { limit, at, .. } => {
                assert_eq!((limit, at), (127, Some(Position::Offset(127))));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_lower_depth_limit_holds_in_both_formats_and_when_writing() {
    let shallow = reader().limits(Limits::default().max_depth(3));
    let fits = json!([{"a": [1]}]);
    let deep = json!([{"a": [[1]], "s": "]]]"}]);
    for format in [Format::Json, Format::MessagePack] {
        let writer = Serializer::new(format);
        let bytes = writer.to_vec(&Serde(&fits)).unwrap();
        assert_eq!(
            shallow
                .from_slice::<Serde<Value>>(&bytes)
                .map(|Serde(it)| it)
                .unwrap(),
            fits
        );
        let bytes = writer.to_vec(&Serde(&deep)).unwrap();
        let error = shallow
            .from_slice::<Serde<Value>>(&bytes)
            .map(|Serde(it)| it)
            .unwrap_err();
        assert!(matches!(error, Error::TooDeep { limit: 3, .. }), "{error}");

        let writer = writer.limits(Limits::default().max_depth(3));
        writer.to_vec(&Serde(&fits)).unwrap();
        let error = writer.to_vec(&Serde(&deep)).unwrap_err();
        assert!(matches!(
            error,
            Error::TooDeep {
                limit: 3,
                at: None,
                ..
            }
        ));
    }
}

#[test]
fn brackets_in_strings_do_not_count_as_depth() {
    let shallow = reader().limits(Limits::default().max_depth(1));
    let text = br#"["[[[", "\"[[[", "\\", "[{"]"#;
    assert_eq!(
        shallow
            .from_slice::<Serde<Vec<String>>>(text)
            .map(|Serde(it)| it)
            .unwrap()
            .len(),
        4
    );
}

#[test]
fn what_can_be_written_can_be_read_at_the_depth_limit() {
    fn tower(levels: usize) -> Value {
        (0..levels).fold(json!(1), |inside, _| json!([inside]))
    }
    for format in [Format::Json, Format::MessagePack, Format::JsonPretty] {
        let writer = Serializer::new(format);
        let bytes = writer.to_vec(&Serde(&tower(127))).unwrap();
        assert_eq!(read(&bytes).unwrap(), tower(127));
        let error = writer.to_vec(&Serde(&tower(128))).unwrap_err();
        assert!(matches!(error, Error::TooDeep { .. }), "{error}");
    }
}

#[test]
fn nested_enums_count_as_depth_in_every_format() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Tree {
        Leaf,
        Node(Box<Tree>),
        Pair(Box<Tree>, u8),
        Named { inner: Box<Tree> },
    }
    on_a_small_stack(|| {
        let grow = |levels: usize, node: fn(Box<Tree>) -> Tree| {
            (0..levels).fold(Tree::Leaf, |inner, _| node(Box::new(inner)))
        };
        for format in [Format::Json, Format::MessagePack] {
            let codec = Serializer::new(format);
            let node = |levels| grow(levels, Tree::Node);
            let bytes = codec.to_vec(&Serde(&node(127))).unwrap();
            assert_eq!(
                codec
                    .from_slice::<Serde<Tree>>(&bytes)
                    .map(|Serde(it)| it)
                    .unwrap(),
                node(127)
            );
            assert!(codec.to_vec(&Serde(&node(128))).unwrap_err().is_limit());
            for node in [
                (|inner| Tree::Pair(inner, 1)) as fn(Box<Tree>) -> Tree,
                |inner| Tree::Named { inner },
            ] {
                let bytes = codec.to_vec(&Serde(&grow(63, node))).unwrap();
                assert_eq!(
                    codec
                        .from_slice::<Serde<Tree>>(&bytes)
                        .map(|Serde(it)| it)
                        .unwrap(),
                    grow(63, node)
                );
                assert!(
                    codec
                        .to_vec(&Serde(&grow(64, node)))
                        .unwrap_err()
                        .is_limit()
                );
            }
        }
        // Levels of enums that the decoder itself does not count.
        let hostile = b"\x81\xa4Node".repeat(100_000);
        let hostile = [hostile, b"\xa4Leaf".to_vec()].concat();
        let error = reader()
            .from_slice::<Serde<Tree>>(&hostile)
            .map(|Serde(it)| it)
            .unwrap_err();
        assert!(matches!(error, Error::TooDeep { .. }), "{error}");
    });
}

#[test]
fn deep_documents_do_not_overflow_a_small_stack() {
    on_a_small_stack(|| {
        let json = br#"{"steps":["#.repeat(100_000);
        let packed = b"\x81\xa5steps\x91".repeat(100_000);
        for bytes in [json, packed] {
            let error = reader()
                .from_slice::<Serde<Step>>(&bytes)
                .map(|Serde(it)| it)
                .unwrap_err();
            assert!(
                matches!(error, Error::TooDeep { .. } | Error::Truncated { .. }),
                "{error}"
            );
        }
        // The deepest that is allowed: 63 objects with a list each, and one object.
        let mut step = Step::default();
        for _ in 0..63 {
            step = Step {
                steps: vec![step],
                ..Step::default()
            };
        }
        for format in [Format::Json, Format::MessagePack] {
            let codec = Serializer::new(format);
            let bytes = codec.to_vec(&Serde(&step.steps[0])).unwrap();
            codec
                .from_slice::<Serde<Step>>(&bytes)
                .map(|Serde(it)| it)
                .unwrap();
        }
    });
}

/// As wide as steps of reports are, each with as many members that may be absent.
macro_rules! wide {
    ($($field:ident)*) => {
        #[derive(Default, Serialize, Deserialize)]
        struct Wide {
            $(#[serde(default, skip_serializing_if = "Option::is_none")] $field: Option<String>,)*
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            steps: Vec<Wide>,
        }
    };
}
wide!(a b c d e f g h i j k l m n o p q r s t u v w x y z aa bb cc dd ee ff gg hh ii jj kk ll mm nn oo
    pp qq rr ss tt uu vv ww xx yy zz);

/// The deepest document of [`Wide`] that is allowed, written and read on a stack of so many KiB.
fn widest_and_deepest(format: Format, kib: usize) {
    let test = move || {
        let mut value = Wide::default();
        for _ in 0..63 {
            value = Wide {
                steps: vec![value],
                ..Wide::default()
            };
        }
        let codec = Serializer::new(format).compress_threshold(0);
        let bytes = codec.to_vec(&Serde(&value)).unwrap();
        let back: Wide = codec.from_slice(&bytes).map(|Serde(it)| it).unwrap();
        assert_eq!(back.steps.len(), 1);
        // What does not fit the type is read a second time, for the words of the error.
        let mut tree: Value = codec.from_slice(&bytes).map(|Serde(it)| it).unwrap();
        let mut deepest = &mut tree;
        while deepest["steps"].is_array() {
            deepest = &mut deepest["steps"][0];
        }
        deepest["a"] = json!(1);
        let bytes = codec.to_vec(&Serde(&tree)).unwrap();
        assert!(
            codec
                .from_slice::<Serde<Wide>>(&bytes)
                .map(|Serde(it)| it)
                .is_err()
        );
    };
    let thread = std::thread::Builder::new()
        .stack_size(kib << 10)
        .spawn(test);
    thread.unwrap().join().unwrap();
}

/// A stack that overflows ends the process; so it is one of its own.
#[test]
fn the_deepest_document_of_a_wide_type_fits_the_stack_of_a_worker() {
    const ASKED: &str = "WATS_CODEC_STACK";
    if let Ok(asked) = std::env::var(ASKED) {
        let (format, kib) = asked.split_once(' ').unwrap();
        return widest_and_deepest(format.parse().unwrap(), kib.parse().unwrap());
    }
    // What threads have by default, those of tokio too.
    let kib = 2048;
    for format in Format::ALL {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "the_deepest_document_of_a_wide_type_fits_the_stack_of_a_worker",
            ])
            .env(ASKED, format!("{format} {kib}"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{format} on {kib} KiB: {told}");
    }
}

// ---- ends

#[test]
fn trailing_bytes_are_refused() {
    let cases: [(&[u8], Position); 4] = [
        (b"[1] x", Position::Text { line: 1, column: 5 }),
        (b"{}\n{}", Position::Text { line: 2, column: 1 }),
        (b"\x91\x01\x00", Position::Offset(2)),
        (b"\xc0\xc0", Position::Offset(1)),
    ];
    for (bytes, place) in cases {
        match read(bytes).unwrap_err() {
            Error::TrailingBytes { at, .. } => assert_eq!(at, place),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn truncated_documents_are_named_as_such_at_every_length() {
    let value = json!({"id": "ab\u{e5}", "steps": [{"value": 1.25, "ok": true}, null, -7]});
    for format in [Format::Json, Format::MessagePack, Format::JsonGzip] {
        let codec = Serializer::new(format).compress_threshold(0);
        let bytes = codec.to_vec(&Serde(&value)).unwrap();
        assert_eq!(read(&bytes).unwrap(), value);
        // One byte of gzip's magic is a whole MessagePack integer, so begin after it.
        for length in 2..bytes.len() {
            let error = read(&bytes[..length]).unwrap_err();
            assert!(
                matches!(error, Error::Truncated { .. }),
                "{format} cut at {length}: {error}"
            );
        }
    }
}

#[test]
fn empty_input_is_named() {
    for blank in [&b""[..], b"  \n", b"\xef\xbb\xbf"] {
        assert!(matches!(read(blank), Err(Error::Empty)));
    }
    assert!(matches!(read(&gzip(b"")), Err(Error::Empty)));
}

// ---- text

#[test]
fn utf8_byte_order_mark_is_skipped_and_utf16_named() {
    assert_eq!(read(b"\xef\xbb\xbf{\"a\":1}").unwrap(), json!({"a": 1}));
    assert_eq!(read(&gzip(b"\xef\xbb\xbf[1]")).unwrap(), json!([1]));
    assert!(matches!(
        read(b"\xff\xfe[\0]\0"),
        Err(Error::Encoding {
            encoding: "UTF-16LE",
            ..
        })
    ));
    // A second mark is no white space.
    assert!(read(b"\xef\xbb\xbf\xef\xbb\xbf[]").is_err());
}

#[test]
fn bad_json_says_where() {
    let error = read(b"{\n  \"a\": 1,\n  \"b\": oops\n}").unwrap_err();
    match &error {
        Error::Syntax { at, .. } => {
            assert_eq!(*at, Position::Text { line: 3, column: 8 });
        }
        other => panic!("{other}"),
    }
    assert_eq!(
        error.to_string(),
        "json: malformed at line 3 column 8: expected value"
    );
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn a_wrong_type_says_where_and_what() {
    let error = reader()
        .from_slice::<Serde<Vec<u8>>>(b"[1, 2, \"x\"]")
        .map(|Serde(it)| it)
        .unwrap_err();
    assert!(matches!(error, Error::Data { .. }));
    assert_eq!(
        error.position(),
        Some(Position::Text {
            line: 1,
            column: 10
        })
    );
    assert!(error.to_string().contains("expected u8"), "{error}");

    let error = reader()
        .from_slice::<Serde<Vec<u8>>>(b"\x93\x01\x02\xa1x")
        .map(|Serde(it)| it)
        .unwrap_err();
    assert!(matches!(error, Error::Data { .. }));
    assert_eq!(error.position(), Some(Position::Offset(4)));
}

#[test]
fn an_early_syntax_error_is_not_blamed_on_later_depth() {
    let text = [b"[1,,".to_vec(), vec![b'['; 500]].concat();
    let error = read(&text).unwrap_err();
    assert!(matches!(error, Error::Syntax { .. }), "{error}");
}

#[test]
fn invalid_utf8_is_refused() {
    assert!(matches!(read(b"[\"\xff\"]"), Err(Error::Syntax { .. })));
    assert!(
        reader()
            .from_slice::<Serde<String>>(b"\xa1\xff")
            .map(|Serde(it)| it)
            .is_err()
    );
}

// ---- hostile MessagePack

#[test]
fn hostile_lengths_are_truncation_not_allocation() {
    for bytes in [
        &b"\xdd\xff\xff\xff\xff"[..], // list of 4 G
        b"\xdf\xff\xff\xff\xff",      // map of 4 G
        b"\xdb\xff\xff\xff\xffabc",   // text of 4 G
        b"\xc6\xff\xff\xff\xff\0",    // bytes of 4 G
        b"\xc9\xff\xff\xff\xff\x01",  // extension of 4 G
        b"\xdc\xff\xff\xc0",          // list of 65535 with one
    ] {
        let error = read(bytes).unwrap_err();
        assert!(matches!(error, Error::Truncated { .. }), "{error}");
    }
}

#[test]
fn the_reserved_marker_is_a_syntax_error() {
    match read(b"\x92\x01\xc1").unwrap_err() {
        Error::Syntax { at, .. } => assert_eq!(at, Position::Offset(2)),
        other => panic!("{other}"),
    }
}

#[test]
fn every_marker_is_walked_over_as_the_decoder_reads_it() {
    // One value of each width, side by side in a list; the walk and the decoder agree on the end.
    let values: &[&[u8]] = &[
        b"\x05",
        b"\xff",
        b"\xc0",
        b"\xc2",
        b"\xc3",
        b"\xcc\xff",
        b"\xcd\xff\xff",
        b"\xce\xff\xff\xff\xff",
        b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xd0\x80",
        b"\xd1\x80\0",
        b"\xd2\x80\0\0\0",
        b"\xd3\x80\0\0\0\0\0\0\0",
        b"\xca\x3f\x80\0\0",
        b"\xcb\x3f\xf0\0\0\0\0\0\0",
        b"\xa2ab",
        b"\xd9\x01a",
        b"\xda\0\x01a",
        b"\xdb\0\0\0\x01a",
        b"\x90",
        b"\xdc\0\x01\x01",
        b"\xdd\0\0\0\x01\x01",
        b"\x80",
        b"\xde\0\x01\xa1a\x01",
        b"\xdf\0\0\0\x01\xa1a\x01",
        b"\x81\xa1a\x92\x01\x02",
    ];
    let bytes = [&[0xdc, 0, values.len() as u8], &values.concat()[..]].concat();
    let list = read(&bytes).unwrap();
    assert_eq!(list.as_array().unwrap().len(), values.len());
    for length in 2..bytes.len() {
        assert!(matches!(
            read(&bytes[..length]),
            Err(Error::Truncated { .. })
        ));
    }
}
