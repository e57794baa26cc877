//! Answers that are far larger than they look, through the whole client over real TCP: each is refused with its kind of
//! error while no more is in memory than the cap and one megabyte, and no slot is kept.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::io::Write;
use std::sync::Arc;

use crate::common::*;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use tokio::io::AsyncWriteExt;
use wats_http::{Call, Client, Error, ErrorKind, Response, SizeLimits};

const MB: usize = 1_000_000;
const CAP: usize = 10 * MB;

/// How many megabytes make ten gigabytes.
const MEMBERS: usize = 10_000;

/// What some codings look back on, which the peer chooses and which is needed as long as something is undone.
#[cfg(feature = "brotli")]
const BROTLI_WINDOW: usize = 4 << 20;

/// An answer of which one part is sent over and over.
#[derive(Clone)]
struct RawAnswer {
    head: String,
    start: Vec<u8>,
    again: Vec<u8>,
    times: usize,
    end: Vec<u8>,
}

impl RawAnswer {
    fn new(head: &str, again: impl Into<Vec<u8>>, times: usize) -> Self {
        Self {
            head: format!("{head}\r\nconnection: close\r\n\r\n"),
            start: Vec::new(),
            again: again.into(),
            times,
            end: Vec::new(),
        }
    }

    fn encoded(coding: &str, again: impl Into<Vec<u8>>, times: usize) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {coding}");
        Self::new(&head, again, times)
    }
}

/// Serves an answer from a thread of its own.
fn serve(raw: RawAnswer) -> String {
    let raw = Arc::new(raw);
    on_a_thread(scripted(move |mut stream| {
        let raw = Arc::clone(&raw);
        async move {
            // The client closes in the middle; that is the point.
            let _ = stream.write_all(raw.head.as_bytes()).await;
            let _ = stream.write_all(&raw.start).await;
            for _ in 0..raw.times {
                if stream.write_all(&raw.again).await.is_err() {
                    return;
                }
            }
            let _ = stream.write_all(&raw.end).await;
            let _ = stream.shutdown().await;
        }
    }))
}

/// Makes a call and tells how it ended, and the most bytes that were in use meanwhile. No slot may be kept.
fn call(raw: RawAnswer, limits: SizeLimits) -> (Result<Response, Error>, usize) {
    let url = serve(raw);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client: Client = client(&url).limits(limits).build().unwrap();
    let mut outcome = None;
    let counted = allocation_counter::measure(|| {
        outcome = Some(runtime.block_on(client.execute(Call::new(&GET))));
    });
    runtime.block_on(until_free(&client));
    (outcome.unwrap(), counted.bytes_max as usize)
}

/// Both caps small, so that whatever is not bounded shows.
fn capped() -> SizeLimits {
    SizeLimits::default().wire(CAP).decoded(CAP)
}

/// Makes a call that must fail so, within the cap, one megabyte, and `more`.
fn refused(name: &str, raw: RawAnswer, limits: SizeLimits, kind: ErrorKind, more: usize) {
    let (outcome, most) = call(raw, limits);
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), kind, "{name}: {error:#}");
    assert!(
        most <= CAP + MB + more,
        "{name}: {most} bytes at most, {more} allowed for its window"
    );
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// So many megabytes of zeros as one stream of bare deflate data, of blocks that end at a byte.
fn bare_deflate(times: usize) -> RawAnswer {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&vec![0; MB]).unwrap();
    encoder.flush().unwrap();
    let mut raw = RawAnswer::encoded("deflate", encoder.get_ref().clone(), times);
    // An empty last block.
    raw.end = vec![3, 0];
    raw
}

#[cfg(feature = "brotli")]
fn brotli(data: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = ::brotli::CompressorWriter::new(&mut packed, 4096, 4, 22);
    encoder.write_all(data).unwrap();
    drop(encoder);
    packed
}

/// So many megabytes of zeros as one stream, whose parts end at a byte and lean on nothing but zeros before them.
#[cfg(feature = "brotli")]
fn brotli_parts(times: usize) -> RawAnswer {
    let mut encoder = ::brotli::CompressorWriter::new(Vec::new(), 4096, 4, 22);
    let mut ends = [0; 2];
    for end in &mut ends {
        encoder.write_all(&vec![0; MB]).unwrap();
        encoder.flush().unwrap();
        *end = encoder.get_ref().len();
    }
    let packed = encoder.get_ref().clone();
    let mut raw = RawAnswer::encoded("br", &packed[ends[0]..ends[1]], times - 1);
    raw.start = packed[..ends[0]].to_vec();
    // An empty last block.
    raw.end = vec![3];
    raw
}

/// So many megabytes of zeros in each coding, with what its window takes of the client's memory.
fn bombs(times: usize) -> Vec<(&'static str, RawAnswer, usize)> {
    vec![
        (
            "gzip",
            RawAnswer::encoded("gzip", gzip(&vec![0; MB]), times),
            0,
        ),
        ("deflate", bare_deflate(times), 0),
        #[cfg(feature = "brotli")]
        ("br", brotli_parts(times), BROTLI_WINDOW),
        // Its window is memory of the C library, which is not counted here: at most 8 MiB.
        #[cfg(feature = "zstd")]
        (
            "zstd",
            RawAnswer::encoded(
                "zstd",
                zstd::bulk::compress(&vec![0; MB], 3).unwrap(),
                times,
            ),
            0,
        ),
    ]
}

#[test]
fn ten_gigabytes() {
    for (name, raw, window) in bombs(MEMBERS) {
        refused(name, raw, capped(), ErrorKind::TooLarge, window);
    }
}

#[test]
fn what_just_fits_is_no_bomb() {
    for (name, raw, _) in bombs(CAP / MB) {
        let (outcome, _) = call(raw, capped());
        assert_eq!(outcome.unwrap().body().len(), CAP, "{name}");
    }
    for (name, raw, window) in bombs(CAP / MB) {
        let smaller = capped().decoded(CAP - 1);
        refused(name, raw, smaller, ErrorKind::TooLarge, window);
    }
}

#[test]
fn bombs_that_are_cut_off() {
    let whole = gzip(&vec![0; CAP / 2]);
    let mut raw = RawAnswer::encoded("gzip", whole.clone(), 1);
    raw.end = whole[..whole.len() / 2].to_vec();
    refused("gzip cut", raw, capped(), ErrorKind::Decode, 0);
    let whole = zlib(&vec![0; CAP / 2]);
    let raw = RawAnswer::encoded("deflate", &whole[..whole.len() - 3], 1);
    refused("zlib cut", raw, capped(), ErrorKind::Decode, 0);
    #[cfg(feature = "brotli")]
    {
        let whole = brotli(&vec![0; CAP / 2]);
        let raw = RawAnswer::encoded("br", &whole[..whole.len() - 1], 1);
        refused("br cut", raw, capped(), ErrorKind::Decode, BROTLI_WINDOW);
    }
    #[cfg(feature = "zstd")]
    {
        let whole = zstd::bulk::compress(&vec![0; CAP / 2], 3).unwrap();
        let raw = RawAnswer::encoded("zstd", &whole[..whole.len() - 1], 1);
        refused("zstd cut", raw, capped(), ErrorKind::Decode, 0);
    }
    // A connection that breaks is told as such, and not as damaged data.
    let mut raw = RawAnswer::encoded("gzip", gzip(&vec![0; CAP / 2]), 1);
    raw.head =
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9000000\r\n\r\n".into();
    refused("gzip broken off", raw, capped(), ErrorKind::Transport, 0);
}

#[test]
fn bombs_within_bombs() {
    let ten_gigabytes = gzip(&vec![0; MB]).repeat(MEMBERS);
    let twice = gzip(&ten_gigabytes);
    let raw = RawAnswer::encoded("gzip, gzip", twice.clone(), 1);
    refused("gzip twice", raw, capped(), ErrorKind::TooLarge, 0);
    let raw = RawAnswer::encoded("gzip, gzip, gzip", gzip(&twice), 1);
    refused("gzip thrice", raw, capped(), ErrorKind::TooLarge, 0);
    let raw = RawAnswer::encoded("gzip, gzip, gzip, gzip", gzip(&twice), 1);
    refused("gzip four times", raw, capped(), ErrorKind::Decode, 0);
    // Nothing comes of it in the end, but a lot in between: members that hold nothing, and too many bytes.
    let raw = RawAnswer::encoded("gzip, gzip", gzip(&gzip(b"").repeat(MB)), 1);
    refused("gzip of nothing", raw, capped(), ErrorKind::Decode, 0);
    let filler = [0, 0, 0, 0xff, 0xff].repeat(2 * CAP / 5);
    let raw = RawAnswer::encoded("deflate, gzip", gzip(&filler), 1);
    refused(
        "gzip of empty blocks",
        raw,
        capped(),
        ErrorKind::TooLarge,
        0,
    );
}

#[test]
fn plain_answers_without_end() {
    let raw = RawAnswer::new("HTTP/1.1 200 OK", vec![b'x'; MB], 1000);
    refused("plain", raw, capped(), ErrorKind::TooLarge, 0);
    let raw = RawAnswer::new(
        "HTTP/1.1 200 OK\r\ncontent-length: 1000000000",
        vec![b'x'; MB],
        MEMBERS,
    );
    refused("plain, announced", raw, capped(), ErrorKind::TooLarge, 0);
    let chunk = [b"f4240\r\n", &vec![b'x'; MB][..], b"\r\n"].concat();
    let raw = RawAnswer::new(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked",
        chunk,
        MEMBERS,
    );
    refused("plain, in chunks", raw, capped(), ErrorKind::TooLarge, 0);
}

#[test]
fn an_error_page_of_a_gigabyte() {
    let head = "HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/html";
    let raw = RawAnswer::new(head, vec![b'x'; MB], 1000);
    refused("error page", raw, capped(), ErrorKind::TooLarge, 0);
    let raw = RawAnswer::new(
        &format!("{head}\r\ncontent-length: 1000000000"),
        vec![b'x'; MB],
        MEMBERS,
    );
    refused(
        "error page, announced",
        raw,
        capped(),
        ErrorKind::TooLarge,
        0,
    );
    // What it hides is not read to the end, and its status is told.
    let packed = gzip(&vec![b'x'; MB]);
    let raw = RawAnswer::new(
        &format!("{head}\r\ncontent-encoding: gzip"),
        packed,
        MEMBERS,
    );
    let status = ErrorKind::Status(http::StatusCode::INTERNAL_SERVER_ERROR);
    refused("error page, packed", raw, capped(), status, 0);
}
