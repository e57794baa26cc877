//! Every coding there and back, whole and in pieces, damaged, layered, and as a bomb.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::HeaderValue;
use proptest::prelude::*;

use super::*;

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

fn bare(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[cfg(feature = "brotli")]
fn br(data: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = ::brotli::CompressorWriter::new(&mut packed, 4096, 4, 22);
    encoder.write_all(data).unwrap();
    drop(encoder);
    packed
}

#[cfg(feature = "zstd")]
fn zst(data: &[u8]) -> Vec<u8> {
    ::zstd::bulk::compress(data, 3).unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;

fn all() -> Vec<(&'static str, Pack)> {
    vec![
        ("gzip", gzip as Pack),
        ("deflate", zlib),
        ("deflate", bare),
        #[cfg(feature = "brotli")]
        ("br", br),
        #[cfg(feature = "zstd")]
        ("zstd", zst),
    ]
}

fn headers(coding: &str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_str(coding).unwrap())])
}

/// Undoes a body that comes in one piece, and checks that it makes no difference when it comes in many, with turns of
/// others in between.
fn whole(coding: &str, wire: impl AsRef<[u8]>, cap: usize) -> Result<Bytes> {
    let unpack = |piece: usize, turn: usize| {
        let mut decoder = Decoder::new(&headers(coding), cap)?;
        let mut whole = Gather::default();
        for piece in wire.as_ref().chunks(piece) {
            decoder.push(Bytes::copy_from_slice(piece));
            while !decoder.gather(&mut whole, turn)? {}
        }
        decoder.finish().map(|()| whole.finish())
    };
    let whole = unpack(usize::MAX, usize::MAX);
    match (&whole, unpack(13, 100)) {
        (Ok(whole), Ok(pieces)) => assert_eq!(*whole, pieces),
        (Err(whole), Err(pieces)) => assert_eq!(whole.kind(), pieces.kind()),
        (whole, pieces) => panic!("whole {whole:?}, in pieces {pieces:?}"),
    }
    whole
}

/// Decodes in pieces of `piece` bytes, and checks that no piece of the result is larger than promised.
fn streamed(coding: &str, wire: &[u8], piece: usize) -> Result<Vec<u8>> {
    let mut decoder = Decoder::streaming(&headers(coding))?;
    let mut out = Vec::new();
    for chunk in wire.chunks(piece) {
        decoder.push(Bytes::copy_from_slice(chunk));
        while let Some(piece) = decoder.pull()? {
            assert!(!piece.is_empty() && piece.len() <= PIECE);
            out.extend_from_slice(&piece);
        }
    }
    decoder.finish()?;
    Ok(out)
}

#[test]
fn a_bomb_stops_at_the_cap_and_what_just_fits_does_not() {
    for (coding, pack) in all() {
        let bomb = pack(&vec![0; 4 << 20]);
        let error = whole(coding, bomb.clone(), 1 << 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{coding}");
        let error = whole(coding, bomb.clone(), (4 << 20) - 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{coding}");
        let fits = whole(coding, bomb.clone(), 4 << 20).unwrap();
        assert_eq!(fits.len(), 4 << 20, "{coding}");
        let no_cap = whole(coding, bomb.clone(), usize::MAX).unwrap();
        assert_eq!(no_cap.len(), 4 << 20, "{coding}");
        assert_eq!(streamed(coding, &bomb, 1000).unwrap().len(), 4 << 20);
    }
}

#[test]
fn layers_are_undone_from_the_outside_in_each_within_the_cap() {
    let packed = gzip(&zlib(b"hello"));
    assert_eq!(
        &whole("deflate, gzip", packed.clone(), 100).unwrap()[..],
        b"hello"
    );
    assert_eq!(
        &whole("identity, deflate , GZip,", packed.clone(), 100).unwrap()[..],
        b"hello"
    );
    assert!(whole("gzip, deflate", packed, 100).is_err());
    let bomb = gzip(&gzip(&vec![0; 8 << 20]));
    let error = whole("gzip, gzip", bomb, 1 << 20).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let error = whole("gzip, gzip, gzip, gzip", b"x", 9).unwrap_err();
    assert!(error.to_string().contains("3 times"), "{error}");
    assert!(Decoder::streaming(&headers("gzip, gzip")).is_err());
}

#[test]
fn truncated_extended_and_damaged_data_is_an_error() {
    let text = b"hello, hello, hello, this is a text".repeat(20);
    for (coding, pack) in all() {
        let wire = pack(&text);
        for cut in 1..wire.len() {
            let error = whole(coding, &wire[..cut], 10_000).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{coding} cut at {cut}");
            assert!(streamed(coding, &wire[..cut], 7).is_err());
        }
        let junk = [&wire[..], b"junk"].concat();
        let error = whole(coding, junk.clone(), 10_000).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{coding} with junk");
        assert!(streamed(coding, &junk, 7).is_err(), "{coding} with junk");
    }
    let wire = gzip(b"hello");
    let wrong_sum = [&wire[..wire.len() - 8], &[0; 8]].concat();
    assert_eq!(
        whole("gzip", wrong_sum, 100).unwrap_err().kind(),
        ErrorKind::Decode
    );
    let unknown = whole("compress", b"x", 100).unwrap_err();
    assert!(unknown.to_string().contains("`compress`"), "{unknown}");
    let echo = whole("gzip, c2VjcmV0OnRva2Vu", b"x", 100).unwrap_err();
    assert!(!format!("{echo:?}").contains("c2VjcmV0"), "{echo:?}");
}

#[test]
fn an_answer_without_content_needs_no_coding() {
    for (coding, _) in all() {
        assert!(whole(coding, Bytes::new(), 10).unwrap().is_empty());
        assert!(streamed(coding, b"", 10).unwrap().is_empty());
    }
    assert_eq!(&streamed("identity", b"abc", 2).unwrap()[..], b"abc");
}

#[test]
fn a_coding_that_is_not_built_in_is_not_asked_for_and_its_feature_is_named() {
    for (name, feature, built) in [
        ("br", "brotli", cfg!(feature = "brotli")),
        ("zstd", "zstd", cfg!(feature = "zstd")),
    ] {
        assert_eq!(ACCEPTED.split(", ").any(|one| one == name), built, "{name}");
        let error = whole(name, b"x", 100).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        let told = error.to_string();
        let advice = format!("turn on the feature `{feature}`");
        assert_eq!(told.contains(&advice), !built, "{told}");
        assert_eq!(Decoder::streaming(&headers(name)).is_ok(), built, "{name}");
    }
}

#[test]
#[cfg(feature = "zstd")]
fn a_zstd_window_beyond_eight_mebibytes_is_refused() {
    let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&vec![1; 1 << 20]).unwrap();
    let wire = encoder.finish().unwrap();
    assert_eq!(
        whole("zstd", wire, 10 << 20).unwrap_err().kind(),
        ErrorKind::Decode
    );
}

proptest! {
    #[test]
    fn there_and_back(data in any::<Vec<u8>>(), copies in 1_usize..200, piece in 1_usize..50) {
        let data = data.repeat(copies);
        for (coding, pack) in all() {
            let wire = pack(&data);
            prop_assert_eq!(&whole(coding, wire.clone(), 1 << 20).unwrap()[..], &data[..]);
            prop_assert_eq!(&streamed(coding, &wire, piece).unwrap()[..], &data[..]);
        }
    }

    #[test]
    fn members_follow_one_another(a in any::<Vec<u8>>(), b in any::<Vec<u8>>(), piece in 1_usize..50) {
        let wire = [gzip(&a), gzip(&b)].concat();
        let both = [a, b].concat();
        prop_assert_eq!(&whole("gzip", wire.clone(), 1 << 20).unwrap()[..], &both[..]);
        prop_assert_eq!(&streamed("gzip", &wire, piece).unwrap()[..], &both[..]);
    }

    #[test]
    fn no_bytes_panic(body in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        for (coding, pack) in all() {
            let _ = whole(coding, body.clone(), 1 << 10);
            let _ = streamed(coding, &body, 5);
            let mut flipped = pack(&body);
            let place = at.index(flipped.len());
            flipped[place] ^= 1 << bit;
            let _ = whole(coding, flipped, 1 << 10);
        }
    }
}

#[tokio::test]
async fn a_large_body_gives_others_their_turns() {
    let data: Vec<u8> = (0..5_000_000_u32).map(|n| (n / 7 % 251) as u8).collect();
    for (coding, pack) in all() {
        let mut body: Bytes = pack(&data).into();
        let headers = headers(coding);
        let mut turns = 0;
        let mut receiving = std::pin::pin!(receive(&mut body, &headers, data.len()));
        let whole = poll_fn(|context| {
            turns += 1;
            receiving.as_mut().poll(context)
        })
        .await;
        assert!(whole.unwrap().unwrap() == data, "{coding}");
        assert!(turns >= 4, "{coding}: {turns} turns");
    }
}

#[test]
fn members_must_hold_something() {
    let full = gzip(&vec![b'x'; 10 << 10]).repeat(4000);
    assert_eq!(
        whole("gzip", full.clone(), 1 << 26).unwrap().len(),
        4000 * (10 << 10)
    );
    assert_eq!(
        streamed("gzip", &full, 1 << 16).unwrap().len(),
        4000 * (10 << 10)
    );
    for hollow in [gzip(b"").repeat(2000), gzip(b"x").repeat(2000)] {
        let error = whole("gzip", hollow.clone(), 1 << 20).unwrap_err();
        assert!(
            format!("{error:#}").contains("members with next to nothing"),
            "{error:#}"
        );
        assert!(streamed("gzip", &hollow, 1 << 16).is_err());
    }
}
