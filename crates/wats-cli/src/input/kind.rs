//! What a text is that is no report, as far as its first bytes tell.

use serde_json::Value;

/// Members by which a WSJF report is known; whoever has none of them is another document.
const WSJF: &[&str] = &[
    "pn",
    "sn",
    "root",
    "uut",
    "uur",
    "processcode",
    "machinename",
];

/// What a text is in place of a report, and which option takes it.
pub(crate) fn in_place_of_report(bytes: &[u8]) -> Option<&'static str> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = text.trim_ascii_start();
    match start {
        [] => Some("it is empty"),
        [b'{', ..] => of_json(start),
        [b'<', ..] => of_xml(start),
        [b'[', ..] => None,
        _ if bytes.get(2..4) == Some(&[0, 10]) => {
            Some("it is STDF; give --from stdf to read it as such")
        }
        [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] => Some("it is compressed; unpack it first"),
        _ => Some("its format is not known: it is neither WSJF (JSON) nor WSXF (XML)"),
    }
}

fn of_json(text: &[u8]) -> Option<&'static str> {
    let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(text) else {
        return None;
    };
    let has = |name: &str| members.keys().any(|key| key.eq_ignore_ascii_case(name));
    if WSJF.iter().any(|name| has(name)) {
        None
    } else if has("phases") {
        Some("it is an OpenHTF record; give --from openhtf to read it as such")
    } else {
        Some("it is JSON, but has no member of a WSJF report")
    }
}

fn of_xml(text: &[u8]) -> Option<&'static str> {
    let start = text.get(..text.len().min(4096)).unwrap_or_default();
    let start = String::from_utf8_lossy(start);
    start
        .contains("<testsuite")
        .then_some("it is JUnit XML; give --from junit to read it as such")
}

#[cfg(test)]
mod tests {
    use super::in_place_of_report;

    #[test]
    fn a_word_for_each_kind() {
        for (text, word) in [
            (&b""[..], Some("empty")),
            (b"a;b;c", Some("not known")),
            (b"{\"phases\": [], \"dut_id\": \"x\"}", Some("openhtf")),
            (b"{\"a\": 1}", Some("no member")),
            (b"{\"SN\": \"x\"}", None),
            (b"{", None),
            (b"[]", None),
            (b"<?xml version='1.0'?><testsuites/>", Some("junit")),
            (b"<Reports/>", None),
            (b"\x02\x00\x00\x0a\x02\x04", Some("stdf")),
            (b"PK\x03\x04", Some("unpack")),
        ] {
            let told = in_place_of_report(text);
            match word {
                Some(word) => assert!(told.is_some_and(|told| told.contains(word)), "{told:?}"),
                None => assert_eq!(told, None, "{text:?}"),
            }
        }
    }
}
