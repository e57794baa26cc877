//! Any contents of an archive under a right checksum, which otherwise keeps the fuzzer out.
#![no_main]

mod model;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|contents: &[u8]| {
    let mut archive = b"\xc1WA\x01".to_vec();
    archive.extend_from_slice(contents);
    let sum = checksum(&archive);
    archive.extend_from_slice(&sum.to_le_bytes());
    model::read_alike(&archive);
});

/// As `wats_codec` makes it, in the plainest way.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |state: u64, word: u64| {
        (state ^ word)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29)
    };
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len() / 32 * 32 + 32, 0);
    let mut lanes = [1, 2, 3, 4];
    for (n, word) in padded.chunks_exact(8).enumerate() {
        let word = word
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        lanes[n % 4] = step(lanes[n % 4], word);
    }
    let sum = lanes.into_iter().fold(bytes.len() as u64, step);
    sum ^ sum >> 32
}
