//! Files of serial numbers: all forms that are known are read, all others refused, and what is written is read again.

use proptest::prelude::*;
use wats_domains::production::{FileFormat, SerialNumbers};
use wats_domains::{RemoteFile, Wats};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

fn read(text: impl AsRef<[u8]>) -> Result<Vec<String>, String> {
    SerialNumbers::parse(text.as_ref()).map_err(|error| error.to_string())
}

fn wide(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let marked = format!("\u{feff}{text}");
    marked.encode_utf16().flat_map(unit).collect()
}

#[test]
fn every_form_that_is_known_is_read() {
    for text in [
        "A1\nB2",
        "A1\r\nB2\r\n",
        "\u{feff}A1\r\rB2\r",
        "  A1 \n\n\"B2\"  \n",
        "SerialNumber\nA1\nB2\n",
        "\"Serial Number\"\n\"A1\"\n\"B2\"\n",
        "id;taken\nA1;true\nB2;false\n",
        "taken,sn\n\"a, b\",A1\n\"say \"\"no\"\"\",B2\n",
        "Id\tserial_number\n1\tA1\n2\tB2",
        r#"["A1","B2"]"#,
        r#" [{"id":7,"serialNumber":"A1"},{"serialNumber":"B2"}]"#,
        r#"[{"id":"A1","refSN":"X"},{"ID":"B2"}]"#,
        r#""[\"A1\",\"B2\"]""#,
    ] {
        assert_eq!(
            read(text).as_deref(),
            Ok(&["A1".into(), "B2".into()][..]),
            "{text}"
        );
    }
    for text in ["", " \r\n", "\u{feff}", "[]", "SN\r\n"] {
        assert_eq!(read(text), Ok(Vec::new()), "{text:?}");
    }
    assert_eq!(read("[12, \"007\"]").unwrap(), ["12", "007"]);
    assert_eq!(read("\"a;b\"\n\"c\"\"d\"").unwrap(), ["a;b", "c\"d"]);
    assert_eq!(read("SN\nA 1\n").unwrap(), ["A 1"]);
    for unit in [u16::to_le_bytes, u16::to_be_bytes] {
        assert_eq!(read(wide("A1\r\nØ2", unit)).unwrap(), ["A1", "Ø2"]);
    }
}

#[test]
#[cfg(feature = "xml")]
fn xml_is_read() {
    for text in [
        r#"<SerialNumbers><SN id="A1" /><SN taken="x" id='B2'></SN></SerialNumbers>"#,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<s:SerialNumbers xmlns:s='u'><list><s:SN ID='A1'><R/></s:SN></list>\n\
         <!-- <SN id='C3'/> --><s:SN id='B&#50;'/></s:SerialNumbers>",
        r#"<SN id="A1"/><SN id="B2"/>"#,
        r#""<SerialNumbers><SN id=\"A1\"/><SN id=\"B2\"/></SerialNumbers>""#,
    ] {
        assert_eq!(read(text).unwrap(), ["A1", "B2"], "{text}");
    }
    let utf16 =
        "<?xml version='1.0' encoding='utf-16'?><SerialNumbers><SN id='A&amp;1'/></SerialNumbers>";
    assert_eq!(read(wide(utf16, u16::to_le_bytes)).unwrap(), ["A&1"]);
    assert_eq!(read("<SerialNumbers/>").unwrap(), [""; 0]);
    for (text, problem) in [
        ("<SerialNumbers><SN id='A1'/>", "too early"),
        ("<SerialNumbers><SN id='A1'/></Other>", "damaged"),
        (
            "<SerialNumbers><SN number='A1'/></SerialNumbers>",
            "no `id`",
        ),
        ("<SerialNumbers><SN id='&own;'/></SerialNumbers>", "damaged"),
        (
            "<SerialNumbers><SN id=''/></SerialNumbers>",
            "no serial number",
        ),
        ("<html><body>Log in</body></html>", "no `SN` in its `html`"),
        ("<!-- -->", "no `SN`"),
    ] {
        let told = read(text).unwrap_err();
        assert!(told.contains(problem), "{text}: {told}");
    }
}

#[test]
fn all_else_is_refused_and_shown() {
    for (text, problem) in [
        (&b"{\"sn\":\"A1\"}"[..], "a JSON object"),
        (b"[\"A1\"", "damaged"),
        (b"[\"A1\", null]", "item 1 has no serial number"),
        (b"[1.5]", "item 0"),
        (
            b"[{\"serialNumber\":\"A1\",\"Serial_Number\":\"B2\"}]",
            "item 0",
        ),
        (b"[\"A1\\u0000\"]", "no serial number"),
        (b"A1,A2,A3", "several columns"),
        (b"A1\nA2;x", "';' separates nothing"),
        (b"SN;x\nA1", "1 columns"),
        (b"SN;x\n;1", "no serial number"),
        (b"\"A1", "within quotes"),
        (b"\"A1\"x", "behind quotes"),
        (b"There are not enough numbers", "spaces"),
        (b"A1\xff", "not UTF-8"),
        (b"\xff\xfeA", "UTF-16"),
        (b"\xff\xfe\x00\xd8", "UTF-16"),
    ] {
        let told = read(text).unwrap_err();
        assert!(told.contains(problem), "{told}");
        assert!(told.contains("begins `"), "{told}");
    }
    for long in [
        "[".repeat(100_000),
        format!("SN;x\n{}", "y".repeat(100_000)),
    ] {
        assert!(read(long).unwrap_err().len() < 900);
    }
}

/// The one part of a form: its head and its contents.
fn part_of(body: &[u8]) -> (String, String) {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let (boundary, rest) = body.split_once("\r\n").unwrap();
    let (head, rest) = rest.split_once("\r\n\r\n").unwrap();
    let contents = rest.strip_suffix(&format!("\r\n{boundary}--\r\n")).unwrap();
    (head.to_owned(), contents.to_owned())
}

#[tokio::test]
async fn a_file_goes_up_and_numbers_come_down() {
    let mock = MockTransport::new()
        .on(Method::PUT, "/*", [MockAnswer::status(200)])
        .on(
            Method::POST,
            "/*",
            [MockAnswer::status(200).body("A1\r\nB2\r\n", "text/csv")],
        );
    let client = wats_http::Client::builder()
        .base_url("http://mock")
        .token("dTpw")
        .transport(mock.clone())
        .build()
        .unwrap();
    let api = Wats::from(client);
    let taken = api
        .production()
        .take_serial_numbers("MAC", 2, FileFormat::Csv);
    let file: RemoteFile = taken.for_part_number("P 1").await.unwrap();
    assert_eq!(SerialNumbers::read(&file).unwrap(), ["A1", "B2"]);
    for (format, kind, name, contents) in [
        (
            FileFormat::Csv,
            "text/csv",
            "serial-numbers.csv",
            "A1\r\n\"B,2\"\r\n",
        ),
        (
            FileFormat::Xml,
            "application/xml",
            "serial-numbers.xml",
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<SerialNumbers>\n  <SN id=\"A1\" />\n  <SN id=\"B,2\" />\n</SerialNumbers>\n",
        ),
    ] {
        let file = SerialNumbers::write(&["A1", "B,2"], format).unwrap();
        api.production()
            .upload_serial_numbers("MAC", format, file)
            .await
            .unwrap();
        let request = mock.requests().pop().unwrap();
        let (head, sent) = part_of(&request.body);
        let expected = format!(
            "Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}"
        );
        assert_eq!((head, sent.as_str()), (expected, contents));
    }
    let targets: Vec<_> = mock
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    assert_eq!(
        targets,
        [
            "/api/Production/SerialNumbers/Take?serialNumberType=MAC&quantity=2&format=CSV&refPN=P%201",
            "/api/Production/SerialNumbers?serialNumberType=MAC&format=CSV",
            "/api/Production/SerialNumbers?serialNumberType=MAC&format=XML",
        ]
    );
    for numbers in [&[][..], &[""], &["A\n1"], &["A\u{200b}"]] {
        assert!(
            SerialNumbers::write(numbers, FileFormat::Csv).is_err(),
            "{numbers:?}"
        );
    }
}

proptest! {
    #[test]
    fn lists_of_texts_survive(numbers in proptest::collection::vec("[A-Za-z0-9ø/;,\"&<-]{1,12}", 1..6)) {
        let json = serde_json::to_string(&numbers).unwrap();
        prop_assert_eq!(read(&json), Ok(numbers.clone()));
        let quoted = numbers.iter().map(|number| format!("\"{}\"\r\n", number.replace('"', "\"\"")));
        let csv = format!("SN\r\n{}", quoted.collect::<String>());
        prop_assert_eq!(read(csv), Ok(numbers));
    }

    #[test]
    fn no_bytes_panic(text in "\\PC{0,40}|(SN|id|=|<|>|/|\"|'|,|;|\\[|\\]|\\{|\n|A1| ){0,30}", bytes: Vec<u8>) {
        let _ = read(&text);
        let _ = read(bytes);
    }
}
