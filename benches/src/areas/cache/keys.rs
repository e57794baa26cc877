//! Sequences of keys: Zipf, scans, loops, and traces of real storage.

use crate::Result;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Spreads small numbers over all 64 bits, one to one.
pub(crate) fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Equally likely keys of `of`.
pub(crate) fn uniform(of: u64, len: usize, seed: u64) -> Vec<u64> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..len).map(|_| spread(random.u64(0..of))).collect()
}

/// Keys of `of` with Zipf's law of exponent 0.9.
pub(crate) fn zipf(of: usize, len: usize, seed: u64) -> Vec<u64> {
    let mut sum = 0.0;
    let sums: Vec<f64> = (1..=of)
        .map(|rank| {
            sum += (rank as f64).powf(-0.9);
            sum
        })
        .collect();
    let mut random = fastrand::Rng::with_seed(seed);
    (0..len)
        .map(|_| {
            let drawn = random.f64() * sum;
            spread(sums.partition_point(|&below| below < drawn) as u64)
        })
        .collect()
}

/// Zipf with a scan of keys used once after every 200 000 requests.
pub(crate) fn zipf_and_scans(len: usize) -> Vec<u64> {
    let mut keys = Vec::new();
    let mut once = 1_u64 << 50;
    for (number, chunk) in zipf(1_000_000, len, 5).chunks(100_000).enumerate() {
        keys.extend_from_slice(chunk);
        if number % 2 == 1 {
            keys.extend((once..once + 200_000).map(spread));
            once += 200_000;
        }
    }
    keys
}

/// Again and again through more keys than fit.
pub(crate) fn looped(of: u64, len: u64) -> Vec<u64> {
    (0..len).map(|i| spread(i % of)).collect()
}

/// A trace beside the repository: lines of `first_block count …`. `None` where it is absent.
///
/// The traces are those of Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST '03.
pub(crate) fn trace(name: &str) -> Result<Option<Arc<Vec<u64>>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/traces");
    let file = folder.join(format!("{name}.lis.zst"));
    if !file.exists() {
        return Ok(None);
    }
    let mut text = String::new();
    zstd::Decoder::new(std::fs::File::open(file)?)?.read_to_string(&mut text)?;
    let mut keys = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace().map(str::parse::<u64>);
        if let (Some(Ok(first)), Some(Ok(count))) = (words.next(), words.next()) {
            keys.extend((first..first + count).map(spread));
        }
    }
    Ok(Some(Arc::new(keys)))
}
