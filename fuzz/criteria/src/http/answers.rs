//! Answers, by a mock in the place of the network.

use std::time::Duration;

use wats_http::http::{Method, StatusCode, uri::PathAndQuery};
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{Call, ErrorKind};

use super::host::{DECODED, GET, WIRE, check, client, mocked, run};

/// Any `Retry-After`: the hint is what the header says, or nothing.
pub(crate) fn retry_after(text: &str) {
    let answer = MockAnswer::status(503).header("retry-after", text);
    let client = mocked(&MockTransport::new().on(Method::GET, "/x", [answer]));
    let error = run(client.execute(Call::new(&GET))).expect_err("503");
    check(&error);
    let hint = error.retry_after_hint();
    let sent = text.bytes().all(|b| (b' '..=b'~').contains(&b));
    if sent && let Ok(seconds) = text.trim().parse::<u32>() {
        assert_eq!(hint, Some(Duration::from_secs(seconds.into())));
    }
    if sent && !text.contains(|c: char| c.is_ascii_digit()) {
        assert_eq!(hint, None);
    }
}

/// Any body of a refusal: the error keeps the status, prints one line, and never shows the token.
pub(crate) fn error_body(body: &[u8]) {
    for kind in ["application/json", "text/html"] {
        let answer = MockAnswer::status(400).body(body.to_vec(), kind);
        let client = mocked(&MockTransport::new().on(Method::GET, "/x", [answer]));
        let error = run(client.execute(Call::new(&GET))).expect_err("400");
        check(&error);
        if body.len() <= WIRE {
            assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
        }
        assert!(
            error
                .body_excerpt()
                .is_none_or(|it| it.chars().count() <= 501)
        );
        assert!(error.server_message().is_none_or(|it| it.len() <= 65 << 10));
    }
}

/// Any compressed body, the first byte choosing the codings: never more than the cap, and the same whole as in pieces.
pub(crate) fn encoding(input: &[u8]) {
    const CODINGS: [&str; 8] = [
        "gzip",
        "deflate",
        "br",
        "zstd",
        "gzip, br",
        "zstd, deflate",
        "gzip, gzip, gzip",
        "identity",
    ];
    let Some((choice, body)) = input.split_first() else {
        return;
    };
    let coding = CODINGS[usize::from(*choice) % CODINGS.len()];
    let answer = MockAnswer::status(200)
        .body(body.to_vec(), "application/json")
        .header("content-encoding", coding);
    let client = mocked(&MockTransport::new().on(Method::GET, "/x", [answer]));
    let whole = run(client.execute(Call::new(&GET)));
    let pieces = run(async {
        let mut download = client.download(Call::new(&GET)).await?;
        let mut all = Vec::new();
        while let Some(piece) = download.chunk().await? {
            all.extend_from_slice(&piece);
        }
        Ok::<_, wats_http::Error>(all)
    });
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert!(whole.body().len() <= DECODED);
            assert_eq!(whole.body()[..], pieces[..], "{coding}");
        }
        (Err(whole), Err(pieces)) => {
            for error in [whole, pieces] {
                check(&error);
                let kind = error.kind();
                assert!(
                    matches!(kind, ErrorKind::Decode | ErrorKind::TooLarge),
                    "{error:#}"
                );
            }
        }
        // Several codings on top of each other are not streamed.
        (Ok(_), Err(_)) if coding.contains(',') => {}
        (whole, pieces) => panic!("{coding}: whole {whole:?}, in pieces {pieces:?}"),
    }
}

/// Any `Location`: followed to what can be asked of a server, or an error that keeps the status.
pub(crate) fn redirect(location: &str) {
    let moved = MockAnswer::status(302).header("location", location);
    let arrived = MockAnswer::json(&"arrived");
    let mock = MockTransport::new()
        .on(Method::GET, "/x", [moved, arrived.clone()])
        .on(Method::GET, "/*", [arrived]);
    let client = client("https://mock/wats/../")
        .transport(mock.clone())
        .redirects(3)
        .build()
        .expect("a valid configuration");
    let outcome = run(client.execute(Call::new(&GET)));
    let asked = mock.requests();
    for request in &asked {
        assert!(request.target.starts_with('/'), "{}", request.target);
        let readable: Result<PathAndQuery, _> = request.target.parse();
        assert!(readable.is_ok(), "{}", request.target);
    }
    match outcome {
        Ok(_) => assert_eq!(asked.len(), 2, "{location:?}"),
        Err(error) => {
            check(&error);
            assert_eq!(error.status(), Some(StatusCode::FOUND), "{error:#}");
            assert_eq!(asked.len(), 1, "{location:?}");
        }
    }
}
