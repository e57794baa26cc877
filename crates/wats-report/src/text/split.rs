//! The reports of a text that holds several: a list, lines or a row of JSON objects; WSXF with many `Report`.

use std::ops::Range;

use serde::de::IgnoredAny;

use super::without_mark;

/// Where the reports of a WSJF text are: one object, several one after the other (such as one on each line), or a list of
/// them. Only where each begins and ends is looked for. A text that is not such is one report as a whole: whoever reads it
/// says what is wrong.
///
/// ```
/// use wats_report::text::split_wsjf;
///
/// let text = br#"[{"sn": "1"}, {"sn": "2"}]"#;
/// assert_eq!(split_wsjf(text).into_iter().map(|at| &text[at]).collect::<Vec<_>>(), [br#"{"sn": "1"}"#, br#"{"sn": "2"}"#]);
/// ```
pub fn split_wsjf(text: &[u8]) -> Vec<Range<usize>> {
    let start = text.len() - without_mark(text).len();
    let whole = start..text.len();
    let begin = past_blanks(text, start);
    let several = match text.get(begin) {
        Some(b'[') => items(text, begin + 1),
        Some(b'{') => row(text, begin),
        _ => None,
    };
    match several {
        Some(several) if text.get(begin) == Some(&b'[') || several.len() > 1 => several,
        _ => std::iter::once(whole).collect(),
    }
}

/// The items of a list; `None` if it is none to its end.
fn items(text: &[u8], start: usize) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut at = past_blanks(text, start);
    if text.get(at) != Some(&b']') {
        loop {
            let end = value(text, at)?;
            found.push(at..end);
            at = past_blanks(text, end);
            match text.get(at)? {
                b',' => at = past_blanks(text, at + 1),
                b']' => break,
                _ => return None,
            }
        }
    }
    (past_blanks(text, at + 1) == text.len()).then_some(found)
}

/// Values with nothing but blanks in between.
fn row(text: &[u8], start: usize) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut at = start;
    while at < text.len() {
        if text.get(at) != Some(&b'{') {
            return None;
        }
        let end = value(text, at)?;
        found.push(at..end);
        at = past_blanks(text, end);
    }
    Some(found)
}

/// Where the value ends that begins here.
fn value(text: &[u8], at: usize) -> Option<usize> {
    let mut values =
        serde_json::Deserializer::from_slice(text.get(at..)?).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    Some(at + values.byte_offset())
}

fn past_blanks(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        split_wsjf(text.as_bytes())
            .into_iter()
            .map(|at| &text[at])
            .collect()
    }

    #[test]
    fn what_holds_several_reports_and_what_is_one() {
        for (text, parts) in [
            ("{\"a\": 1}\n", &["{\"a\": 1}\n"][..]),
            ("\u{feff} {} ", &[" {} "]),
            ("{}\n{\"a\": \"}{\"}\r\n", &["{}", "{\"a\": \"}{\"}"]),
            ("{}{}", &["{}", "{}"]),
            ("[{}]", &["{}"]),
            (" [ {\"a\": [1]} , {} ]\n", &["{\"a\": [1]}", "{}"]),
            ("[5, {}]", &["5", "{}"]),
            ("[]", &[]),
            // None of these is what it begins as.
            ("[{}", &["[{}"]),
            ("[{},]", &["[{},]"]),
            ("[{}] x", &["[{}] x"]),
            ("{} 5", &["{} 5"]),
            ("{\"a\": ", &["{\"a\": "]),
            ("<a/>", &["<a/>"]),
            ("", &[""]),
        ] {
            assert_eq!(split(text), parts, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}|([\\[\\]{}\",: \n]|1){0,30}") {
            let _ = split(&text);
        }

        #[test]
        fn what_is_written_in_a_row_or_a_list_comes_back(names in prop::collection::vec("\\PC{0,8}", 2..5), list: bool) {
            let parts: Vec<String> = names.iter().map(|name| serde_json::json!({ "sn": name }).to_string()).collect();
            let text = if list { format!("[{}]", parts.join(",")) } else { parts.join("\n") };
            prop_assert_eq!(split(&text), parts);
        }
    }
}
