//! Bodies of several parts (`multipart/form-data`, RFC 7578).

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::answer::Answer;
use crate::call::invalid;

/// One part of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: Option<String>,
    pub(crate) file_name: Option<String>,
    pub(crate) data: Bytes,
}

/// The parts of a body, in their order; 400 if it is not of several parts or breaks off.
pub(crate) fn parts(headers: &HeaderMap, body: &Bytes) -> Result<Vec<Part>, Answer> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_form = content_type
        .get(..10)
        .is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"));
    let boundary = parameter(content_type, "boundary").filter(|_| is_form);
    let boundary =
        boundary.ok_or_else(|| invalid("the body must be multipart/form-data with a boundary"))?;
    let broken = || invalid("the body breaks off before its last boundary");

    let mark = format!("--{boundary}");
    let mut at = find(body, mark.as_bytes(), 0).ok_or_else(broken)? + mark.len();
    let mut parts = Vec::new();
    // A boundary is followed by two dashes at the end, by a line break before a part.
    while !body.get(at..).is_some_and(|rest| rest.starts_with(b"--")) {
        let head_end = find(body, b"\r\n\r\n", at).ok_or_else(broken)?;
        let next = find(body, format!("\r\n{mark}").as_bytes(), head_end + 2).ok_or_else(broken)?;
        let head = String::from_utf8_lossy(body.get(at..head_end).unwrap_or_default()).into_owned();
        let disposition = head.lines().find(|line| {
            line.get(..20)
                .is_some_and(|name| name.eq_ignore_ascii_case("content-disposition:"))
        });
        let disposition = disposition.unwrap_or_default();
        parts.push(Part {
            name: parameter(disposition, "name"),
            file_name: parameter(disposition, "filename"),
            data: body.slice((head_end + 4).min(next)..next),
        });
        at = next + 2 + mark.len();
    }
    Ok(parts)
}

/// The first file of a body.
pub(crate) fn file(headers: &HeaderMap, body: &Bytes) -> Result<Part, Answer> {
    let file = parts(headers, body)?
        .into_iter()
        .find(|part| part.file_name.is_some());
    file.ok_or_else(|| invalid("the body has no file"))
}

/// A parameter of a header's value, its quotes taken away.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|part| {
        let (given, value) = part.trim().split_once('=')?;
        given
            .trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn find(body: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = body.get(from..)?;
    rest.windows(wanted.len())
        .position(|window| window == wanted)
        .map(|place| from + place)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn parse(content_type: &'static str, body: &'static str) -> Result<Vec<Part>, Answer> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        parts(&headers, &Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn parts_have_names_and_bytes() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--2\r\n--x\r\n\
            content-disposition: form-data; name=\"file\"; filename=\"b.zip\"\r\nContent-Type: application/zip\r\n\r\n\r\n--x--\r\n";
        let parts = parse("multipart/form-data; boundary=\"x\"", body).unwrap();
        let part = |name: &str, file_name: Option<&str>, data: &'static str| Part {
            name: Some(name.to_owned()),
            file_name: file_name.map(str::to_owned),
            data: Bytes::from_static(data.as_bytes()),
        };
        assert_eq!(
            parts,
            [part("a", None, "1\r\n--2"), part("file", Some("b.zip"), "")]
        );
    }

    #[test]
    fn what_is_no_form_or_breaks_off_is_refused() {
        for (content_type, body) in [
            ("application/json", "--x--"),
            ("multipart/form-data", "--x--"),
            ("multipart/form-data; boundary=x", ""),
            (
                "multipart/form-data; boundary=x",
                "--x\r\nContent-Disposition: form-data\r\n",
            ),
            (
                "multipart/form-data; boundary=x",
                "--x\r\nContent-Disposition: form-data\r\n\r\nabc",
            ),
        ] {
            assert_eq!(
                parse(content_type, body).unwrap_err().status.as_u16(),
                400,
                "{body:?}"
            );
        }
    }
}
