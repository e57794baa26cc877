//! Any bytes through the readers of every format. What is read must survive being written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wats_codec::{Format, Limits, Serializer};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default().max_bytes(1 << 20);
    for format in [Format::Json, Format::MessagePack] {
        let codec = Serializer::new(format).with_limits(limits);
        let Ok(value) = codec.from_slice::<Value>(bytes) else {
            continue;
        };
        for &format in Format::ALL {
            let again = Serializer::new(format);
            let written = again.to_vec(&value).expect("what was read can be written");
            let back: Value = again
                .from_slice(&written)
                .expect("what was written can be read");
            assert_eq!(back, value, "{format}");
        }
    }
});
