//! Single cases: exact bytes, limits, errors, odd documents.

use super::*;

fn step() -> Step {
    Step {
        id: 1,
        name: "Vout".into(),
        status: Status::Passed,
        kind: Kind::Test,
        error_code: None,
        nullable: None,
        value: 12.5,
        high_limit: None,
        low_limit: None,
        series: vec![],
        steps: vec![],
        tags: vec![],
        a_key_of_more_than_thirty_one_bytes: 0,
        shape: Shape::Nothing,
        extra: Map::new(),
    }
}

#[test]
fn an_integer_beyond_the_signed_ones_is_kept() {
    let numbers = Numbers {
        a: 0,
        b: 0,
        c: 0,
        d: 0,
        e: 10_000_000_000_000_000_000,
        f: 0,
        g: 0.0,
        h: Box::new(str2::Text("å".into())),
        m: BTreeMap::from([("k".to_owned(), 0)]),
    };
    verify(&numbers).unwrap();
}

#[test]
fn floats_of_many_digits_round_correctly() {
    // Between 15 and 20 digits, where digits and power are no longer exact both.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..20_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let digits = (state >> (state % 16)).to_string();
        let (whole, fraction) = digits.split_at(1 + (state % 3) as usize % digits.len());
        let text = format!("{whole}.{fraction}1");
        let text = text.trim_start_matches('0');
        let text = if text.starts_with('.') {
            format!("0{text}")
        } else {
            text.to_owned()
        };
        let back: f64 = Serializer::default().from_slice(text.as_bytes()).unwrap();
        assert_eq!(
            back.to_bits(),
            text.parse::<f64>().unwrap().to_bits(),
            "{text}"
        );
    }
}

#[test]
fn golden_bytes() {
    let text = r#"{"id":1,"name":"Vout","status":"P","kind":"T","nullable":null,"value":12.5,"lowLimit":null,"series":[],"tags":[],"aKeyOfMoreThanThirtyOneBytes":0,"shape":"Nothing"}"#;
    let bytes = Serializer::default().to_vec(&step()).unwrap();
    assert_eq!(std::str::from_utf8(&bytes).unwrap(), text);
}

#[test]
fn sizes_around_every_length_form() {
    for count in [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
        verify(&vec![7u8; count]).unwrap();
        verify(&"a".repeat(count)).unwrap();
        let map: BTreeMap<String, u32> = (0..count as u32).map(|n| (format!("{n:x}"), n)).collect();
        verify(&map).unwrap();
    }
}

#[test]
fn special_floats_survive_both_formats() {
    let mut step = step();
    step.value = f64::NAN;
    step.high_limit = Some(f64::INFINITY);
    step.low_limit = Some(f64::NEG_INFINITY);
    step.series = vec![f64::NAN, -0.0];
    for format in [Format::Json, Format::MessagePack] {
        let codec = Serializer::new(format);
        let bytes = codec.to_vec(&step).unwrap();
        assert_eq!(bytes, codec.to_vec(&Serde(&step)).unwrap());
        assert_same(&fast_only(&step, format).unwrap(), &step);
    }
}

#[test]
fn plain_floats_follow_the_policy() {
    let json = Serializer::default();
    let error = json.to_vec(&vec![1.0, f64::NAN]).unwrap_err();
    assert!(matches!(error, Error::NonFinite { value: "NaN", .. }));
    let text = json.non_finite(NonFinite::Text);
    let values = vec![f64::INFINITY, f64::NAN, 0.5];
    assert_eq!(
        text.to_vec(&values).unwrap(),
        text.to_vec(&Serde(&values)).unwrap()
    );
}

#[test]
fn depth_is_held_to_on_both_sides_as_by_serde() {
    let nest = |levels: usize| {
        (0..levels).fold(step(), |inside, _| Step {
            steps: vec![inside],
            ..step()
        })
    };
    // A map for each step, a list around each but the first, an empty list in the last.
    let deep = nest(62);
    let deeper = nest(63);
    for format in [Format::Json, Format::MessagePack] {
        let codec = Serializer::new(format);
        verify(&deep).unwrap();
        let fast = codec.to_vec(&deeper).unwrap_err();
        let serde = codec.to_vec(&Serde(&deeper)).unwrap_err();
        assert!(matches!(fast, Error::TooDeep { limit: 127, .. }));
        assert_same(&fast, &serde);

        let bytes = codec.to_vec(&Serde(&deep)).unwrap();
        for depth in [1, 2, 125, 126] {
            let limited = codec.limits(Limits::default().max_depth(depth));
            let fast = limited.from_slice::<Step>(&bytes);
            assert_same(
                &fast,
                &limited
                    .from_slice::<Serde<Step>>(&bytes)
                    .map(|Serde(it)| it),
            );
            assert_eq!(fast.is_ok(), depth == 126);
        }
    }
}

#[test]
fn depth_counts_through_serde_fields() {
    let limited =
        |format, depth| Serializer::new(format).limits(Limits::default().max_depth(depth));
    let value = vec![Shape::Line(1, 2)];
    for format in [Format::Json, Format::MessagePack] {
        let fits = limited(format, 3);
        let bytes = fits.to_vec(&value).unwrap();
        assert_eq!(fits.from_slice::<Vec<Shape>>(&bytes).unwrap(), value);
        let short = limited(format, 2);
        assert!(short.to_vec(&value).unwrap_err().is_limit());
        assert!(
            short
                .from_slice::<Vec<Shape>>(&bytes)
                .unwrap_err()
                .is_limit()
        );
    }
}

#[test]
fn errors_are_those_of_serde() {
    for text in [
        r#"{"id":1}"#,
        r#"{"id":1,"id":2}"#,
        r#"{"id":"x"}"#,
        r#"{"id":1 "name":2}"#,
        r#"{"id":1,}"#,
        r#"{,"id":1}"#,
        "[1,2",
        "{} x",
        "null",
        "[]",
        "",
        r#"{"a":1,"b":1,"c":1,"d":1,"e":1,"f":-0,"g":1,"h":"","m":{}}"#,
        r#"{"a":1,"unknown":[1,2}"#,
        r#"{"a":1,"unknown":01}"#,
        "{\"a\":1,\"unknown\":\"\\ud800\"}",
        "{\"a\":1,\"unknown\":\"\u{1}\"}",
        "[\u{a0}1]",
    ] {
        read_alike::<Step>(text.as_bytes());
        read_alike::<Numbers>(text.as_bytes());
        read_alike::<Vec<Option<bool>>>(text.as_bytes());
    }
    read_alike::<Numbers>(b"\xff\xfe");
    read_alike::<Vec<String>>(b"[\"\xff\"]");
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Pair {
    a: u8,
    b: u8,
}
fast_struct!(Pair { a = "a", b = "b" });

#[test]
fn documents_as_lists_and_unusual_enums_still_read() {
    // Forms that serde takes and the fast path leaves to it.
    let codec = Serializer::default();
    let numbers: Vec<Status> = codec
        .from_slice(br#"["P", {"Failed, at last": null}]"#)
        .unwrap();
    assert_eq!(numbers, [Status::Passed, Status::Failed]);
    let pair: Pair = codec.from_slice(b"[1,2]").unwrap();
    assert_eq!(pair, Pair { a: 1, b: 2 });
}

#[test]
fn unknown_keys_are_passed_over_or_kept() {
    let codec = Serializer::default();
    let known = json!({"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1.0,"h":"","m":{}});
    let mut more = known.clone();
    more["bb"] = json!({"x": [1, {"y": "]}"}]});
    let more = serde_json::to_vec(&more).unwrap();
    let numbers: Numbers = codec.from_slice(&more).unwrap();
    assert_eq!(serde_json::to_value(&numbers).unwrap(), known);

    let mut step = step();
    step.extra.insert("later".into(), json!([1, {"x": null}]));
    step.extra.insert("more".into(), json!("å\n"));
    verify(&step).unwrap();
}

#[test]
fn hostile_lengths_are_refused_without_allocation() {
    for bytes in [
        &b"\xdd\xff\xff\xff\xff"[..],
        b"\xdf\xff\xff\xff\xff\xa1a",
        b"\xdb\xff\xff\xff\xff",
    ] {
        let codec = Serializer::default();
        let list = codec.from_slice::<Vec<Step>>(bytes).unwrap_err();
        assert!(matches!(list, Error::Truncated { .. }), "{list}");
    }
}

#[test]
fn verify_names_a_type_that_differs() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Wrong {
        a: u8,
    }
    fast_struct!(Wrong { a = "b" });
    let error = verify(&Wrong { a: 1 }).unwrap_err();
    assert!(matches!(
        error,
        Error::Mismatch {
            format: Format::Json,
            ..
        }
    ));
}

#[test]
fn short_texts_are_checked_where_they_end() {
    let codec = Serializer::new(Format::MessagePack);
    let read = |text: &[u8]| {
        let mut bytes = vec![0x92, 0xa0 | text.len() as u8];
        bytes.extend_from_slice(text);
        bytes.extend([0xd9, 38]);
        bytes.extend([b'x'; 38]);
        codec.from_slice::<Vec<String>>(&bytes)
    };
    for length in 0..32 {
        let plain = "y".repeat(length);
        assert_eq!(read(plain.as_bytes()).unwrap()[0], plain);
        if length >= 2 {
            let ends_in_two = format!("{}å", "y".repeat(length - 2));
            assert_eq!(read(ends_in_two.as_bytes()).unwrap()[0], ends_in_two);
        }
        if length >= 1 {
            let mut cut = plain.into_bytes();
            cut[length - 1] = 0xc3;
            read(&cut).unwrap_err();
        }
    }
}

macro_rules! all_optional {
    ($name:ident: $($field:ident)*) => {
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        struct $name {
            $(#[serde(default, skip_serializing_if = "Option::is_none")] $field: Option<u8>,)*
        }
        impl $name {
            /// The fields whose bits are set.
            fn of(bits: u64) -> Self {
                let mut rest = bits;
                let mut next = || {
                    let set = rest & 1 == 1;
                    rest >>= 1;
                    set.then_some(7)
                };
                Self { $($field: next(),)* }
            }
        }
    };
}
#[rustfmt::skip]
all_optional!(Wide:
    f00 f01 f02 f03 f04 f05 f06 f07
    f08 f09 f10 f11 f12 f13 f14 f15
    f16 f17 f18 f19 f20 f21 f22 f23
    f24 f25 f26 f27 f28 f29 f30 f31
    f32 f33 f34 f35 f36 f37 f38 f39
    f40 f41 f42 f43 f44 f45 f46 f47
    f48 f49 f50 f51 f52 f53 f54 f55
    f56 f57 f58 f59 f60 f61 f62 f63
);
#[rustfmt::skip]
fast_struct!(Wide {
    f00 = "f00" (optional), f01 = "f01" (optional), f02 = "f02" (optional), f03 = "f03" (optional),
    f04 = "f04" (optional), f05 = "f05" (optional), f06 = "f06" (optional), f07 = "f07" (optional),
    f08 = "f08" (optional), f09 = "f09" (optional), f10 = "f10" (optional), f11 = "f11" (optional),
    f12 = "f12" (optional), f13 = "f13" (optional), f14 = "f14" (optional), f15 = "f15" (optional),
    f16 = "f16" (optional), f17 = "f17" (optional), f18 = "f18" (optional), f19 = "f19" (optional),
    f20 = "f20" (optional), f21 = "f21" (optional), f22 = "f22" (optional), f23 = "f23" (optional),
    f24 = "f24" (optional), f25 = "f25" (optional), f26 = "f26" (optional), f27 = "f27" (optional),
    f28 = "f28" (optional), f29 = "f29" (optional), f30 = "f30" (optional), f31 = "f31" (optional),
    f32 = "f32" (optional), f33 = "f33" (optional), f34 = "f34" (optional), f35 = "f35" (optional),
    f36 = "f36" (optional), f37 = "f37" (optional), f38 = "f38" (optional), f39 = "f39" (optional),
    f40 = "f40" (optional), f41 = "f41" (optional), f42 = "f42" (optional), f43 = "f43" (optional),
    f44 = "f44" (optional), f45 = "f45" (optional), f46 = "f46" (optional), f47 = "f47" (optional),
    f48 = "f48" (optional), f49 = "f49" (optional), f50 = "f50" (optional), f51 = "f51" (optional),
    f52 = "f52" (optional), f53 = "f53" (optional), f54 = "f54" (optional), f55 = "f55" (optional),
    f56 = "f56" (optional), f57 = "f57" (optional), f58 = "f58" (optional), f59 = "f59" (optional),
    f60 = "f60" (optional), f61 = "f61" (optional), f62 = "f62" (optional), f63 = "f63" (optional),
});

proptest! {
    #[test]
    fn as_many_fields_as_can_be_named_are_told_apart(bits: [u64; 3]) {
        let all = bits.into_iter().chain([0, u64::MAX, 1, 1 << 63]);
        let wides: Vec<_> = all.map(Wide::of).collect();
        prop_assert!(verify(&wides).is_ok(), "{:?}", verify(&wides));
    }
}

#[test]
fn values_of_the_standard_library_are_those_of_serde() {
    use std::collections::HashMap;
    use std::net::IpAddr;
    use std::time::Duration;

    type All = (
        (u8, String, Option<f64>),
        [i64; 3],
        HashMap<String, u16>,
        Vec<(f32, char)>,
        (i128, u128, usize, isize, ()),
        (Duration, IpAddr, [(); 0]),
    );
    let value: All = (
        (7, "Vout".into(), None),
        [-1, 0, i64::MAX],
        HashMap::from([("a".to_owned(), 3)]),
        vec![(0.1, 'Ω')],
        (-5, u128::from(u64::MAX), 9, -9, ()),
        (Duration::from_millis(1500), [127, 0, 0, 1].into(), []),
    );
    verify(&value).unwrap();
    // A list of another length is no tuple, and no array.
    for text in ["[1]", "[1,2,3]"] {
        let codec = Serializer::default();
        codec.from_slice::<(u8, u8)>(text.as_bytes()).unwrap_err();
        codec.from_slice::<[u8; 2]>(text.as_bytes()).unwrap_err();
    }
}
