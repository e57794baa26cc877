//! What `serde_json` writes for itself with its features `arbitrary_precision` and `raw_value`.

use super::*;

/// A number as `serde_json` writes it with its feature `arbitrary_precision`.
#[derive(Debug, Clone)]
struct AnyNumber(&'static str);

impl Serialize for AnyNumber {
    fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        const NAME: &str = "$serde_json::private::Number";
        let mut fields = writer.serialize_struct(NAME, 1)?;
        fields.serialize_field(NAME, self.0)?;
        fields.end()
    }
}

/// Raw JSON as `serde_json` writes it with its feature `raw_value`.
struct RawJson(String);

impl Serialize for RawJson {
    fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        const NAME: &str = "$serde_json::private::RawValue";
        let mut fields = writer.serialize_struct(NAME, 1)?;
        fields.serialize_field(NAME, &self.0)?;
        fields.end()
    }
}
/// Writing alone by way of `serde`, within the fast path.
macro_rules! fast_serde_writing {
    ($($type:ty),*) => { $(
        impl wats_codec::fast::Encode for $type {
            fn encode<S: wats_codec::fast::Sink>(&self, sink: &mut S) {
                sink.serde(self);
            }
        }
    )* };
}

fast_serde_writing!(AnyNumber, RawJson);

#[test]
fn numbers_of_any_size_are_written_as_the_numbers_that_they_are() {
    let equal = |number: &'static str, plain: &dyn Fn(&Serializer) -> Vec<u8>| {
        for codec in codecs() {
            let number = vec![AnyNumber(number)];
            let bytes = codec.to_vec(&Serde(&number)).unwrap();
            assert_eq!(bytes, plain(&codec), "{number:?} in {}", codec.format());
            assert_eq!(codec.to_vec(&number).unwrap(), bytes, "{}", codec.format());
        }
    };
    for (number, plain) in [("0", 0u64), ("7", 7), ("18446744073709551615", u64::MAX)] {
        equal(number, &|codec| codec.to_vec(&Serde(&[plain])).unwrap());
    }
    for (number, plain) in [("-1", -1i64), ("-9223372036854775808", i64::MIN)] {
        equal(number, &|codec| codec.to_vec(&Serde(&[plain])).unwrap());
    }
    for (number, plain) in [
        ("-0", -0.0f64),
        ("1.10", 1.1),
        ("1e2", 100.0),
        ("0.10000000000000001", 0.1),
        ("18446744073709551616", 18_446_744_073_709_551_616.0),
        ("5e-324", 5e-324),
    ] {
        equal(number, &|codec| codec.to_vec(&Serde(&[plain])).unwrap());
    }
}

#[test]
fn numbers_that_nothing_holds_are_refused_in_writing() {
    for number in [
        "1e400",
        "-1e999",
        "18446744073709551617",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "x",
        "",
        "1 ",
        "NaN",
    ] {
        for codec in codecs() {
            let error = codec.to_vec(&Serde(&AnyNumber(number))).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, Error::Unwritable { .. }), "{text}");
            assert!(text.contains("number"), "{text}");
        }
    }
}

#[test]
fn numbers_and_raw_json_take_no_level_of_their_own() {
    for codec in codecs() {
        let deepest = Nested(127, AnyNumber("5"));
        let bytes = codec.to_vec(&Serde(&deepest)).unwrap();
        codec
            .from_slice::<Serde<Value>>(&bytes)
            .map(|Serde(it)| it)
            .unwrap();
        let error = codec
            .to_vec(&Serde(&Nested(128, AnyNumber("5"))))
            .unwrap_err();
        assert!(error.is_limit(), "{error}");
    }
}

/// A value within so many lists.
struct Nested<T>(usize, T);

impl<T: Serialize> Serialize for Nested<T> {
    fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        struct Inner<'a, T>(usize, &'a T);
        impl<T: Serialize> Serialize for Inner<'_, T> {
            fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
                match self.0.checked_sub(1) {
                    Some(levels) => writer.collect_seq([Inner(levels, self.1)]),
                    None => self.1.serialize(writer),
                }
            }
        }
        Inner(self.0, &self.1).serialize(writer)
    }
}

#[test]
fn raw_json_stands_in_json_only_and_counts_for_its_levels() {
    let raw = |text: &str| RawJson(text.to_owned());
    for codec in codecs() {
        let format = codec.format();
        let written = codec.to_vec(&Serde(&[raw("[1, 2.50]")]));
        if matches!(format, Format::MessagePack | Format::Archive) {
            let error = written.unwrap_err();
            assert!(error.to_string().contains("RawValue"), "{error}");
            assert!(codec.to_vec(&vec![raw("1")]).is_err(), "{format}");
            continue;
        }
        for broken in ["", "[1", "1 2", "{]", "nul", "\"\u{1}\"", "[1],"] {
            let error = codec.to_vec(&Serde(&[raw(broken)])).unwrap_err();
            assert!(
                matches!(error, Error::Unwritable { .. }),
                "{broken}: {error}"
            );
        }
        let deep = |levels: usize| raw(&("[".repeat(levels) + &"]".repeat(levels)));
        codec.to_vec(&Serde(&Nested(9, deep(118)))).unwrap();
        codec.to_vec(&Serde(&Nested(0, deep(127)))).unwrap();
        for (own, raw) in [(9, 119), (127, 1), (0, 128), (120, 120)] {
            let error = codec.to_vec(&Serde(&Nested(own, deep(raw)))).unwrap_err();
            assert!(error.is_limit(), "{own} and {raw}: {error}");
        }
    }
}
