//! Forms with files, against a server that reads them by rules of its own: contents, names, lengths, further tries.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::*;
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use wats_http::http::Method;
use wats_http::{
    Attempt, BodySource, Call, Client, ErrorKind, Idempotency, Intercept, Multipart, Operation,
    Part, Refusal, RequestCompression, RetryConfig,
};

static FORM: Operation =
    Operation::new("test.form", Method::POST, "/form", Idempotency::Idempotent);

/// A field of a form as a server sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
    content: Vec<u8>,
}

fn field(name: &str, content: impl Into<Vec<u8>>) -> Field {
    Field {
        name: name.to_owned(),
        file_name: None,
        content_type: None,
        content: content.into(),
    }
}

fn file(name: &str, file_name: &str, content_type: &str, content: impl Into<Vec<u8>>) -> Field {
    Field {
        file_name: Some(file_name.to_owned()),
        content_type: Some(content_type.to_owned()),
        ..field(name, content)
    }
}

/// Reads a form, and takes nothing that RFC 2046 and RFC 7578 do not have.
fn fields(headers: &HeaderMap, body: &[u8]) -> Vec<Field> {
    let content_type = headers[CONTENT_TYPE].to_str().unwrap();
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .expect("the content type of a form");
    let delimiter = format!("\r\n--{boundary}");
    // The first one may stand without a line end before it.
    let whole = [b"\r\n", body].concat();
    let mut parts = split(&whole, delimiter.as_bytes());
    assert!(parts.remove(0).is_empty(), "nothing before the first part");
    assert_eq!(parts.pop().unwrap(), b"--\r\n", "the closing delimiter");
    let mut fields = Vec::new();
    for part in parts {
        let part = part.strip_prefix(b"\r\n").expect("a delimiter is a line");
        // A part without a header would begin with the empty line.
        let end = find(part, b"\r\n\r\n").expect("a head ends with an empty line");
        let (head, content) = (&part[..end], &part[end + 4..]);
        let mut read = field("", content);
        let mut disposition = 0;
        for line in str::from_utf8(head).unwrap().split("\r\n") {
            assert!(!line.contains(['\r', '\n']), "a line within a line");
            let (name, value) = line.split_once(": ").expect("a header");
            match name {
                "Content-Disposition" => {
                    disposition += 1;
                    let rest = value.strip_prefix("form-data; name=\"").unwrap();
                    let (name, rest) = rest.split_once('"').unwrap();
                    read.name = unescaped(name);
                    if !rest.is_empty() {
                        let name = rest.strip_prefix("; filename=\"").unwrap();
                        let name = name.strip_suffix('"').unwrap();
                        assert!(!name.contains('"'));
                        read.file_name = Some(unescaped(name));
                    }
                }
                "Content-Type" => read.content_type = Some(value.to_owned()),
                other => unreachable!("a header of a part: {other}"),
            }
        }
        assert_eq!(disposition, 1);
        fields.push(read);
    }
    fields
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn split<'a>(mut text: &'a [u8], at: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some(end) = find(text, at) {
        parts.push(&text[..end]);
        text = &text[end + at.len()..];
    }
    parts.push(text);
    parts
}

fn unescaped(name: &str) -> String {
    name.replace("%22", "\"")
        .replace("%0D", "\r")
        .replace("%0A", "\n")
}

type Requests = Arc<Mutex<VecDeque<(HeaderMap, Bytes)>>>;

/// Keeps what it is sent; the first `failures` requests are answered with 503.
async fn keeping(
    speaks: Speaks,
    failures: usize,
    then: impl Fn() + Clone + Send + Sync + 'static,
) -> (Server, Requests) {
    let kept = Requests::default();
    let keeps = kept.clone();
    let left = Arc::new(AtomicUsize::new(failures));
    let server = Server::start(speaks, move |request| {
        let (head, body) = request.into_parts();
        keeps.lock().unwrap().push_back((head.headers, body));
        let failing = left.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1));
        then();
        async move {
            let mut answer = ok("");
            if failing.is_ok() {
                *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            }
            answer
        }
    })
    .await;
    (server, kept)
}

fn repeating(server: &Server) -> Client {
    let retry = RetryConfig::default().base_delay(Duration::from_millis(1));
    let mut builder = client(&server.url())
        .retry(retry)
        .request_compression(RequestCompression::Try);
    if let Some(pem) = &server.ca_pem {
        builder = builder.tls(wats_http::TlsConfig::default().only_ca_pem(pem).unwrap());
    }
    builder.build().unwrap()
}

#[tokio::test]
async fn texts_and_files_go_out_with_their_length_and_go_out_again() {
    let content: Vec<u8> = (0..1_000_003_u32).map(|n| (n % 251) as u8).collect();
    let folder = tempfile::tempdir().unwrap();
    let (large, empty) = (
        folder.path().join("Prüfung 1.bin"),
        folder.path().join("empty"),
    );
    std::fs::write(&large, &content).unwrap();
    std::fs::write(&empty, "").unwrap();
    for speaks in [Speaks::Plain, Speaks::Tls] {
        let (server, kept) = keeping(speaks, 1, || ()).await;
        let form = Multipart::new()
            .text("comment", "two\r\nlines, ø")
            .file("report", &large)
            .file("empty", &empty)
            .text("nothing", "")
            .part(
                "comment",
                Part::text("again").content_type("text/plain; charset=utf-8"),
            )
            .part(
                "chart",
                Part::bytes(&b"\x89PNG"[..])
                    .file_name("c.png")
                    .content_type("image/png"),
            );
        let most = Arc::new(AtomicU64::new(0));
        let heard = most.clone();
        let call = Call::new(&FORM).multipart(form).on_upload(move |progress| {
            assert!(progress.total.is_some_and(|total| progress.bytes <= total));
            heard.fetch_max(progress.bytes, SeqCst);
        });
        let answer = repeating(&server).execute(call).await.unwrap();
        assert_eq!(answer.attempts(), 2);
        let octets = "application/octet-stream";
        let expected = [
            field("comment", "two\r\nlines, ø"),
            file("report", "Prüfung 1.bin", octets, content.clone()),
            file("empty", "empty", octets, ""),
            field("nothing", ""),
            Field {
                content_type: Some("text/plain; charset=utf-8".to_owned()),
                ..field("comment", "again")
            },
            file("chart", "c.png", "image/png", &b"\x89PNG"[..]),
        ];
        let kept = kept.lock().unwrap();
        for (headers, body) in kept.iter() {
            assert!(fields(headers, body) == expected, "{headers:?}");
            assert_eq!(headers[CONTENT_LENGTH], body.len().to_string());
            assert_eq!(most.load(SeqCst), body.len() as u64);
            assert!(!headers.contains_key(CONTENT_ENCODING), "is not packed");
        }
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[0].1, kept[1].1, "both tries sent the same");
    }
}

#[tokio::test]
async fn a_part_of_unknown_length_goes_out_in_chunks_and_once_only_parts_are_not_sent_again() {
    let pieces = || {
        stream::iter([
            Ok(Bytes::from_static(b"a\r\n")),
            Ok(Bytes::from_static(b"b")),
        ])
    };
    let (server, kept) = keeping(Speaks::Plain, 1, || ()).await;
    let part = Part::stream(BodySource::repeatable(move || Ok(pieces()))).file_name("log");
    let form = Multipart::new().part("log", part).text("last", "1");
    let call = Call::new(&FORM).multipart(form);
    let answer = repeating(&server).execute(call).await.unwrap();
    assert_eq!(answer.attempts(), 2);
    for (headers, body) in kept.lock().unwrap().drain(..) {
        assert!(!headers.contains_key(CONTENT_LENGTH));
        let log = file("log", "log", "application/octet-stream", "a\r\nb");
        assert_eq!(fields(&headers, &body), [log, field("last", "1")]);
    }

    let (server, kept) = keeping(Speaks::Plain, 1, || ()).await;
    let once = Part::stream(BodySource::once(pieces()).length(4));
    let form = Multipart::new().text("first", "1").part("log", once);
    let call = Call::new(&FORM).multipart(form);
    let error = repeating(&server).execute(call).await.unwrap_err();
    assert_eq!(error.attempts(), 1);
    assert!(error.to_string().contains("only once"), "{error}");
    let (headers, body) = kept.lock().unwrap().pop_front().unwrap();
    assert_eq!(headers[CONTENT_LENGTH], body.len().to_string());
    assert_eq!(fields(&headers, &body)[1].content, b"a\r\nb");
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_before_anything_is() {
    let (server, kept) = keeping(Speaks::Plain, 0, || ()).await;
    let client = repeating(&server);
    for (form, why) in [
        (Multipart::new().file("a", "/no/such/file"), "/no/such/file"),
        (
            Multipart::new().part("a", Part::text("x").content_type("none")),
            "content type `none`",
        ),
    ] {
        let error = client.execute(Call::new(&FORM).multipart(form)).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(format!("{error:#}").contains(why), "{error:#}");
    }
    assert!(kept.lock().unwrap().is_empty());
}

/// A client of the program's whose every call has a content type.
#[derive(Debug)]
struct Kind(&'static str);

impl Intercept for Kind {
    fn before_attempt(&self, attempt: &mut Attempt<'_>) -> Result<(), Refusal> {
        attempt.set_header("Content-Type", self.0)?;
        Ok(())
    }
}

#[tokio::test]
async fn nobody_takes_the_boundary_from_a_form() {
    let (server, kept) = keeping(Speaks::Plain, 0, || ()).await;
    let plain = client(&server.url()).build().unwrap();
    let form = || Multipart::new().text("a", "1");
    let json = Kind("application/json");
    let hooked = client(&server.url()).intercept(json).build().unwrap();
    let bare = "multipart/form-data";
    let call = || Call::new(&FORM).multipart(form());
    for outcome in [
        plain.execute(call().header("Content-Type", bare)).await,
        plain
            .execute(call().header("content-type", "multipart/form-data; boundary=x"))
            .await,
        plain
            .post("/form")
            .multipart(form())
            .header("content-type", bare)
            .send()
            .await,
        hooked.execute(call()).await,
    ] {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{error:#}");
        assert!(format!("{error:#}").contains("boundary"), "{error:#}");
    }
    assert!(kept.lock().unwrap().is_empty(), "nothing was sent");
    // What is set before the form gives way to it, and what has no boundary is anybody's.
    let before = Call::new(&FORM)
        .header("content-type", bare)
        .multipart(form());
    plain.execute(before).await.unwrap();
    let (headers, body) = kept.lock().unwrap().pop_front().unwrap();
    assert_eq!(fields(&headers, &body), [field("a", "1")]);
    let text = Call::new(&FORM).body("x", "text/plain");
    hooked.execute(text).await.unwrap();
    let (headers, _) = kept.lock().unwrap().pop_front().unwrap();
    assert_eq!(headers[CONTENT_TYPE], "application/json");
}

#[tokio::test]
async fn of_several_bodies_the_last_is_sent_with_its_own_content_type() {
    let (server, kept) = keeping(Speaks::Plain, 0, || ()).await;
    let client = client(&server.url()).build().unwrap();
    let call = || Call::new(&FORM);
    let form = || Multipart::new().text("a", "1");
    let stream = || BodySource::repeatable(|| Ok(stream::iter([Ok(Bytes::from_static(b"s"))])));
    for (call, kind, body) in [
        (
            call().multipart(form()).json(&[1]),
            "application/json",
            "[1]",
        ),
        (
            call().stream(stream(), "a/b").body("x", "text/plain"),
            "text/plain",
            "x",
        ),
        (call().json(&[1]).stream(stream(), "a/b"), "a/b", "s"),
        (call().multipart(form()).stream(stream(), "a/b"), "a/b", "s"),
        (
            call().multipart(form()).body("", "text/plain"),
            "text/plain",
            "",
        ),
    ] {
        assert_eq!(call.key().is_some(), body != "s", "{kind}");
        client.execute(call).await.unwrap();
        let (headers, sent) = kept.lock().unwrap().pop_front().unwrap();
        assert_eq!(headers[CONTENT_TYPE], kind);
        assert_eq!(sent, body, "{kind}");
    }
    client
        .execute(call().json(&[1]).multipart(form()))
        .await
        .unwrap();
    let (headers, sent) = kept.lock().unwrap().pop_front().unwrap();
    assert_eq!(fields(&headers, &sent), [field("a", "1")]);
}

/// The sum of both lengths stays, but neither file is what was announced.
#[tokio::test]
async fn files_that_change_between_tries_are_an_error_though_the_whole_is_as_long() {
    for (first, second) in [(50, 150), (150, 50)] {
        // Of its own: the server may see the end of the second try only after this test did.
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let write = {
            let (a, b) = (a.clone(), b.clone());
            move |first: usize, second: usize| {
                std::fs::write(&a, vec![b'a'; first])?;
                std::fs::write(&b, vec![b'b'; second])
            }
        };
        write(100, 100).unwrap();
        let changed = write.clone();
        let change = move || drop(changed(first, second));
        let (server, kept) = keeping(Speaks::Plain, 1, change).await;
        let form = Multipart::new().file("a", &a).file("b", &b);
        let call = Call::new(&FORM).multipart(form);
        let error = repeating(&server).execute(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{error:#}");
        assert!(
            format!("{error:#}").contains("announced length"),
            "{error:#}"
        );
        let whole = kept.lock().unwrap();
        assert_eq!(fields(&whole[0].0, &whole[0].1)[1].content, vec![b'b'; 100]);
    }
}

/// A name, a name of a file, and a content in pieces.
type Any = (String, Option<String>, Vec<Vec<u8>>);

fn any_part() -> impl Strategy<Value = Any> {
    // What could be taken for a part of the form.
    let name = prop_oneof![
        any::<String>(),
        "[\"\r\n;=a\\\\]{0,8}",
        Just("a\"\r\nContent-Type: text/html\r\n\r\n".to_owned()),
    ]
    // The escapes themselves stay as they are, so a server cannot tell these apart.
    .prop_filter("not escaped already", |name| unescaped(name) == *name);
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        Just(b"\r\n--".to_vec()),
        Just(b"--\r\n".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
    ];
    let pieces = prop::collection::vec(piece, 0..5);
    (name.clone(), prop::option::of(name), pieces)
}

#[test]
fn any_form_arrives_as_it_was_made() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (server, kept) = runtime.block_on(keeping(Speaks::Plain, 0, || ()));
    let client = repeating(&server);
    proptest!(ProptestConfig::with_cases(64), |(parts in prop::collection::vec((any_part(), 0..3), 0..5))| {
        let mut form = Multipart::new();
        let mut expected = Vec::new();
        for ((name, file_name, pieces), kind) in parts {
            let whole = pieces.concat();
            let octets = Some("application/octet-stream".to_owned());
            let (mut part, content_type) = match (kind, String::from_utf8(whole.clone())) {
                (0, Ok(text)) => (Part::text(text), None),
                (0 | 1, _) => (Part::bytes(whole.clone()), octets),
                _ => {
                    let open = move || {
                        let pieces = pieces.clone().into_iter().map(|p| Ok::<_, io::Error>(p.into()));
                        Ok(stream::iter(pieces))
                    };
                    (Part::stream(BodySource::repeatable(open)), octets)
                }
            };
            if let Some(name) = &file_name {
                part = part.file_name(name);
            }
            form = form.part(&name, part);
            expected.push(Field { name, file_name, content_type, content: whole });
        }
        let call = Call::new(&FORM).multipart(form);
        runtime.block_on(client.execute(call)).unwrap();
        let (headers, body) = kept.lock().unwrap().pop_front().unwrap();
        prop_assert_eq!(fields(&headers, &body), expected);
    });
}
