//! Content codings: undoing those of answers within a cap, and compressing the bodies of requests.
//!
//! [`coding`] undoes one coding step by step. [`decoder`] undoes all those of a body that comes in pieces, which it puts
//! together or hands out in pieces, and never holds more than it was allowed, however far a few bytes inflate.
//! [`request`] is the way out.

mod coding;
mod decoder;
mod request;
#[cfg(test)]
mod tests;

use std::future::poll_fn;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap};
use tokio::task::yield_now;

use self::coding::Coding;
use crate::body::Gather;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::AnswerBody;

pub(crate) use self::coding::ACCEPTED;
pub(crate) use self::decoder::Decoder;
#[cfg(test)]
use self::decoder::PIECE;
pub(crate) use self::request::CompressionState;
pub use self::request::RequestCompression;

/// Codings that may lie on top of each other.
const MOST_LAYERS: usize = 3;

/// What is decompressed at a time, until other calls go on: some milliseconds.
const YIELD_AFTER: usize = 1 << 20;

/// Reads the body of an answer and undoes its content codings, at most `cap` bytes of result. The outer error is that of
/// the connection, the inner one that of the codings, after which the rest of the body is of no use: it is to be abandoned.
pub(crate) async fn receive<B: AnswerBody>(
    body: &mut B,
    headers: &HeaderMap,
    cap: usize,
) -> Result<Result<Bytes>> {
    if !headers.contains_key(CONTENT_ENCODING) {
        return body.read().await.map(Ok);
    }
    // Few answers are large; what is needed for packed ones must not make the calls of others larger.
    Box::pin(async move {
        let mut decoder = match Decoder::new(headers, cap) {
            Ok(decoder) => decoder,
            Err(error) => return Ok(Err(error)),
        };
        let mut whole = None;
        let mut stall = std::pin::pin!(None);
        while let Some(data) = poll_fn(|context| body.poll_piece(context, stall.as_mut())).await? {
            let whole = whole.get_or_insert_with(|| decoder.room_for(&data));
            decoder.push(data);
            loop {
                match decoder.gather(whole, YIELD_AFTER) {
                    Ok(true) => break,
                    Ok(false) => yield_now().await,
                    Err(error) => return Ok(Err(error)),
                }
            }
        }
        body.give_back().await;
        // Put together only when it is good, because that takes as much memory once more.
        Ok(decoder
            .finish()
            .map(|()| whole.map(Gather::finish).unwrap_or_default()))
    })
    .await
}

/// The codings in the order in which they were applied (RFC 9110, section 8.4).
fn codings(headers: &HeaderMap) -> Result<Vec<Coding>> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in value.to_str().unwrap_or("?").split(',').map(str::trim) {
            if name.is_empty() || name.eq_ignore_ascii_case("identity") {
                continue;
            }
            let coding = Coding::named(name).ok_or_else(|| not_asked_for(name))?;
            if codings.len() == MOST_LAYERS {
                return Err(Error::new(ErrorKind::Decode).message(format!(
                    "the answer is encoded more than {MOST_LAYERS} times over"
                )));
            }
            codings.push(coding);
        }
    }
    Ok(codings)
}

/// Only registered names are told: any other is a text of the server's, which may echo what nobody may see.
fn not_asked_for(name: &str) -> Error {
    const REGISTERED: [&str; 9] = [
        "aes128gcm",
        "br",
        "compress",
        "dcb",
        "dcz",
        "exi",
        "pack200-gzip",
        "x-compress",
        "zstd",
    ];
    let known = REGISTERED
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name));
    Error::new(ErrorKind::Decode).message(match known {
        Some(&"br") => not_built("br", "brotli"),
        Some(&"zstd") => not_built("zstd", "zstd"),
        Some(known) => format!("the answer is encoded as `{known}`, which was not asked for"),
        None => "the answer is encoded in a way that was not asked for".to_owned(),
    })
}

/// For a coding that a feature of this crate brings.
fn not_built(coding: &str, feature: &str) -> String {
    format!(
        "the answer is encoded as `{coding}`, which this build does not read; turn on the feature `{feature}`"
    )
}

fn damaged(coding: Coding, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::new(ErrorKind::Decode)
        .message(format!(
            "the {} data of the answer is damaged",
            coding.name()
        ))
        .source(source)
}

fn too_large(cap: usize, packed: usize) -> Error {
    Error::new(ErrorKind::TooLarge).message(format!(
        "more than {cap} bytes after decompression of {packed} bytes"
    ))
}
