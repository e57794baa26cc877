//! The body of a request: read up to a cap, and unpacked.

use std::io::Read as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::StatusCode;
use http::header::{self, HeaderMap};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

use crate::answer::Answer;
use crate::settings::Settings;

/// How long a body that is too large is read on.
const DRAIN: Duration = Duration::from_secs(10);

/// The body as the handlers get it.
pub(crate) async fn received(
    settings: &Settings,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<Bytes, Answer> {
    let body = read(headers, body, settings.max_body).await?;
    if settings.gzip_requests && is_gzip(headers) {
        return unpack(&body, settings.max_body);
    }
    Ok(body)
}

/// Reads a body up to the cap.
pub(crate) async fn read(
    headers: &HeaderMap,
    mut body: Incoming,
    max: usize,
) -> Result<Bytes, Answer> {
    if body.size_hint().lower() > max as u64 {
        // Who asks first sends nothing when the answer is no.
        if !headers.contains_key(header::EXPECT) {
            drain(body).await;
        }
        return Err(too_large(max));
    }
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let message = format!("The body of the request broke off: {error}");
            Answer::message(StatusCode::BAD_REQUEST, message)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if read.len() + data.len() > max {
            drop(read);
            drain(body).await;
            return Err(too_large(max));
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}

/// Reads on and keeps nothing: a client that is still sending would meet a reset connection instead of the answer.
async fn drain(mut body: Incoming) {
    let all = async { while let Some(Ok(_)) = body.frame().await {} };
    // One that takes longer has to live with it.
    let _ = tokio::time::timeout(DRAIN, all).await;
}

fn too_large(max: usize) -> Answer {
    let message = format!("Maximum request length exceeded: a body may have {max} bytes.");
    Answer::message(StatusCode::PAYLOAD_TOO_LARGE, message)
}

fn is_gzip(headers: &HeaderMap) -> bool {
    let coding = headers.get(header::CONTENT_ENCODING);
    coding.is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"gzip"))
}

/// Undoes gzip, up to the cap.
pub(crate) fn unpack(packed: &Bytes, max: usize) -> Result<Bytes, Answer> {
    let mut plain = Vec::new();
    let mut decoder = MultiGzDecoder::new(packed.as_ref()).take(max as u64 + 1);
    decoder.read_to_end(&mut plain).map_err(|error| {
        let message = format!("The body of the request is not gzip: {error}");
        Answer::message(StatusCode::BAD_REQUEST, message)
    })?;
    if plain.len() > max {
        return Err(too_large(max));
    }
    Ok(plain.into())
}
