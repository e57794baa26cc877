//! Bombs, damage and odd members of gzip.

use super::*;

// By default the size alone bounds what comes out. A ratio, once the default here, refused genuine data
// too: reports that are alike pass any ratio that a bomb would (see `tests/limits.rs`). It holds where
// it is asked for.
#[test]
fn gzip_bomb_is_stopped_by_ratio() {
    let bomb = gzip(&vec![b' '; 8 << 20]);
    assert!(bomb.len() < 20_000);
    let strict = reader().limits(Limits::default().max_ratio(200));
    let error = strict
        .from_slice::<Serde<Value>>(&bomb)
        .map(|Serde(it)| it)
        .unwrap_err();
    assert!(
        matches!(error, Error::RatioTooHigh { limit: 200, .. }),
        "{error}"
    );
}

#[test]
fn gzip_bomb_is_stopped_by_the_default_size() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    blanks_to(&mut bomb);
    refused_in_bounded_memory(&bomb.finish().unwrap());
}

#[test]
fn gzip_bomb_is_stopped_by_size() {
    let limits = Limits::default().no_max_ratio().max_bytes(3 << 20);
    let bomb = gzip(&vec![b' '; 8 << 20]);
    let error = reader()
        .limits(limits)
        .from_slice::<Serde<Value>>(&bomb)
        .map(|Serde(it)| it);
    assert!(matches!(error, Err(Error::TooLarge { .. })));
}

#[test]
fn the_size_limit_is_exact() {
    let text = br#""0123456789""#;
    let fits = reader().limits(Limits::default().max_bytes(text.len()));
    let short = reader().limits(Limits::default().max_bytes(text.len() - 1));
    for bytes in [
        text.to_vec(),
        gzip(&[b"\"".as_slice(), &[b'0'; 10], b"\""].concat()),
    ] {
        if bytes.len() > text.len() {
            continue;
        }
        assert_eq!(
            fits.from_slice::<Serde<String>>(&bytes)
                .map(|Serde(it)| it)
                .unwrap()
                .len(),
            10
        );
        let error = short
            .from_slice::<Serde<String>>(&bytes)
            .map(|Serde(it)| it)
            .unwrap_err();
        assert!(
            matches!(error, Error::TooLarge { limit: 11, .. }),
            "{error}"
        );
    }
    // Compressed bytes within the limit, contents one byte beyond.
    let long = format!("\"{}\"", "0".repeat(998));
    let packed = gzip(long.as_bytes());
    let read = |max| {
        let limited = reader().limits(Limits::default().max_bytes(max));
        limited
            .from_slice::<Serde<String>>(&packed)
            .map(|Serde(it)| it)
    };
    assert_eq!(read(1000).unwrap().len(), 998);
    assert!(matches!(read(999), Err(Error::TooLarge { limit: 999, .. })));
}

#[test]
fn a_reader_is_not_read_beyond_the_limit() {
    let limited = reader().limits(Limits::default().max_bytes(1000));
    let error = limited
        .from_reader::<Serde<Value>>(std::io::repeat(b' '))
        .map(|Serde(it)| it)
        .unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { limit: 1000, .. }),
        "{error}"
    );
}

#[test]
fn small_but_repetitive_documents_are_no_bombs() {
    let zeros = vec![0u8; 200_000];
    let codec = Serializer::new(Format::JsonGzip).gzip_level(9);
    let bytes = codec.to_vec(&Serde(&zeros)).unwrap();
    assert!(bytes.len() * 300 < 400_001, "the ratio is far above 200");
    assert_eq!(read(&bytes).unwrap().as_array().unwrap().len(), 200_000);
}

#[test]
fn every_gzip_member_is_read() {
    let members = [gzip(b"[1,"), gzip(b""), gzip(b"2"), gzip(b"]")].concat();
    assert_eq!(read(&members).unwrap(), json!([1, 2]));
}

#[test]
fn bytes_after_the_last_gzip_member_are_refused() {
    let member = gzip(b"[1]");
    for junk in [&b"junk"[..], b"\0\0\0\0", b"\x1f\x00"] {
        let error = read(&[&member, junk].concat()).unwrap_err();
        match error {
            Error::TrailingBytes { at, .. } => assert_eq!(at, Position::Offset(member.len())),
            other => panic!("{other}"),
        }
    }
    let cut = [&member, &b"\x1f\x8b\x08"[..]].concat();
    assert!(matches!(read(&cut), Err(Error::Truncated { .. })));
}

#[test]
fn damage_in_gzip_never_changes_what_is_read() {
    let value = json!((0..50).map(|i| format!("step {i}")).collect::<Vec<_>>());
    let good = gzip(&serde_json::to_vec(&value).unwrap());
    let mut unnoticed = 0;
    for place in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[place] ^= 1 << bit;
            match read(&bad) {
                Ok(back) => {
                    assert_eq!(back, value, "bit {bit} of byte {place}");
                    unnoticed += 1;
                }
                // The trailer is good for nothing but the check.
                Err(error) if place >= good.len() - 8 => {
                    assert!(matches!(error, Error::Checksum { .. }), "{error}");
                }
                Err(_) => {}
            }
        }
    }
    // One flag, the time, two bytes about the compressor, and padding in the last data byte.
    assert!(unnoticed <= 1 + 6 * 8 + 7, "{unnoticed}");
}

#[test]
fn a_wrong_checksum_or_length_is_named() {
    let good = gzip(b"[1,2,3]");
    for place in [good.len() - 8, good.len() - 1] {
        let mut bad = good.clone();
        bad[place] ^= 1;
        match read(&bad).unwrap_err() {
            Error::Checksum { at, .. } => assert_eq!(at, Position::Offset(bad.len())),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn gzip_headers_with_every_optional_part_are_read() {
    let mut encoder = flate2::GzBuilder::new()
        .filename("report.json")
        .comment("made by hand")
        .extra([1, 2, 3])
        .mtime(1)
        .write(Vec::new(), Compression::fast());
    encoder.write_all(b"[true]").unwrap();
    let bytes = encoder.finish().unwrap();
    assert_eq!(read(&bytes).unwrap(), json!([true]));
    for length in 2..bytes.len() {
        assert!(matches!(
            read(&bytes[..length]),
            Err(Error::Truncated { .. })
        ));
    }
}

#[test]
fn compressed_twice_is_refused_with_advice() {
    let error = read(&gzip(&gzip(b"[1]"))).unwrap_err();
    assert!(
        error.to_string().contains("json-gzip within json-gzip"),
        "{error}"
    );
}

#[test]
fn the_long_form_of_an_error_has_what_the_decompressor_said() {
    for format in [
        Format::JsonGzip,
        #[cfg(feature = "zstd")]
        Format::JsonZstd,
    ] {
        let codec = Serializer::new(format).compress_threshold(0);
        let written = codec.to_vec(&Serde(&vec!["text"; 2000])).unwrap();
        let mut with_causes = 0;
        for at in 0..written.len() {
            let mut bytes = written.clone();
            bytes[at] ^= 0xff;
            let Err(error) = codec
                .from_slice::<Serde<Vec<String>>>(&bytes)
                .map(|Serde(it)| it)
            else {
                continue;
            };
            let (short, long) = (format!("{error}"), format!("{error:#}"));
            assert!(long.starts_with(&short) && !long.contains('\n'), "{long}");
            let mut cause = std::error::Error::source(&error);
            while let (Some(inner), Error::Syntax { .. }) = (cause, &error) {
                let said = inner.to_string();
                if !said.contains(" at line ") {
                    assert!(long.contains(&said), "{said} in {long}");
                    with_causes += 1;
                }
                cause = inner.source();
            }
        }
        assert!(with_causes > 0, "{format}");
    }
}
