//! Any bytes as a stream of records, in pieces of any size.
#![no_main]

use std::io::BufReader;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wats_codec::{Framing, Limits, RecordReader, Serializer};

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let codec = Serializer::default().with_limits(Limits::default().max_bytes(4096));
    for framing in [Framing::Lines, Framing::LengthPrefixed] {
        let source = BufReader::with_capacity(usize::from(piece) + 1, bytes);
        let pieces = RecordReader::<_, Value>::new(codec, framing, source);
        let whole = RecordReader::<_, Value>::new(codec, framing, bytes);
        for (one, other) in pieces.zip(whole) {
            assert_eq!(one.ok(), other.ok());
        }
    }
});
