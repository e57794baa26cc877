//! Reading answers within caps: first the bytes on the wire, then what they decompress to.

use std::io::Read;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, HeaderMap};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use crate::error::{Error, ErrorKind, Result};

/// First guess of how much a body inflates, to save reallocations.
const TYPICAL_RATIO: usize = 6;

/// Reads a body to its end, at most `cap` bytes of it.
pub(crate) async fn read(mut body: Incoming, cap: usize) -> Result<Bytes> {
    let announced = body.size_hint().lower();
    if announced > cap as u64 {
        return Err(too_large(format!(
            "the server announces {announced} bytes, the limit is {cap}"
        )));
    }
    // Most answers come in one piece, which needs no copy; the buffer is for the others.
    let mut only = None;
    let mut buffer = BytesMut::new();
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|source| {
            Error::new(ErrorKind::Transport)
                .message(format!("the answer broke off after {read} bytes"))
                .source(source)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        read += data.len();
        if read > cap {
            return Err(too_large(format!("more than {cap} bytes on the wire")));
        }
        if read == data.len() {
            only = Some(data);
            continue;
        }
        if let Some(first) = only.take() {
            // What a server announces is a hint, not a reason to allocate without limit.
            buffer.reserve((announced as usize).min(1 << 20).max(read));
            buffer.extend_from_slice(&first);
        }
        buffer.extend_from_slice(&data);
    }
    Ok(only.unwrap_or_else(|| buffer.freeze()))
}

/// Undoes the content encoding, at most `cap` bytes of result.
pub(crate) fn decode(headers: &HeaderMap, body: Bytes, cap: usize) -> Result<Bytes> {
    let Some(encoding) = headers.get(CONTENT_ENCODING) else {
        return Ok(body);
    };
    match encoding
        .to_str()
        .unwrap_or("?")
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "" | "identity" => Ok(body),
        // An answer without content may keep the header of the one it stands for.
        _ if body.is_empty() => Ok(body),
        "gzip" | "x-gzip" => gunzip(&body, cap),
        other => Err(Error::new(ErrorKind::Decode).message(format!(
            "the answer is encoded as `{other}`, which was not asked for"
        ))),
    }
}

fn gunzip(body: &[u8], cap: usize) -> Result<Bytes> {
    let mut out = Vec::with_capacity(
        body.len()
            .saturating_mul(TYPICAL_RATIO)
            .min(cap)
            .min(1 << 24),
    );
    flate2::bufread::MultiGzDecoder::new(body)
        // One byte more than allowed tells "exactly at the limit" from "cut off".
        .take((cap as u64).saturating_add(1))
        .read_to_end(&mut out)
        .map_err(|source| {
            Error::new(ErrorKind::Decode)
                .message("the gzip data of the answer is damaged")
                .source(source)
        })?;
    if out.len() > cap {
        return Err(too_large(format!(
            "more than {cap} bytes after decompression of {} bytes",
            body.len()
        )));
    }
    Ok(out.into())
}

fn too_large(message: String) -> Error {
    Error::new(ErrorKind::TooLarge).message(message)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn headers(encoding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(encoding))])
    }

    #[test]
    fn a_bomb_stops_at_the_cap() {
        let bomb = gzip(&vec![0; 2 << 20]);
        let error = decode(&headers("gzip"), bomb.clone().into(), 1 << 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(
            decode(&headers("gzip"), bomb.into(), 2 << 20)
                .unwrap()
                .len(),
            2 << 20,
            "exactly at the cap is fine"
        );
    }

    #[test]
    fn no_cap_is_no_cap() {
        let wire = gzip(b"hello");
        let whole = decode(&headers("GZip"), wire.into(), usize::MAX).unwrap();
        assert_eq!(&whole[..], b"hello");
    }

    #[test]
    fn damaged_and_unknown_encodings_are_typed() {
        let whole = gzip(b"hello");
        let cases: [(&'static str, Vec<u8>); 4] = [
            ("gzip", whole[..whole.len() - 3].to_vec()),
            ("gzip", [&whole[..whole.len() - 8], &[0; 8]].concat()),
            ("gzip", [&whole[..], b"junk"].concat()),
            ("br", b"x".to_vec()),
        ];
        for (encoding, body) in cases {
            assert_eq!(
                decode(&headers(encoding), body.into(), 100)
                    .unwrap_err()
                    .kind(),
                ErrorKind::Decode,
                "{encoding}"
            );
        }
    }

    proptest! {
        #[test]
        fn gzip_of_one_or_two_members_comes_back(a in any::<Vec<u8>>(), b in any::<Vec<u8>>()) {
            let wire = [gzip(&a), gzip(&b)].concat();
            let whole = decode(&headers("gzip"), wire.into(), 1 << 20).unwrap();
            prop_assert_eq!(&whole[..], &[a, b].concat()[..]);
        }

        #[test]
        fn no_bytes_panic(body in any::<Vec<u8>>()) {
            let _ = decode(&headers("gzip"), body.into(), 1 << 10);
        }
    }
}
