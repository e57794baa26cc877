//! How long a wait is: doubled with each failure up to a bound, and random, so that many stations do not come at once.

/// Where randomness comes from: a number from 0 up to and including the bound.
pub(crate) type Random<'a> = &'a mut dyn FnMut(i64) -> i64;

/// `first` doubled `times - 1` times, at most `most`.
pub(crate) fn doubled(first: i64, times: u32, most: i64) -> i64 {
    let factor = 1_i64
        .checked_shl(times.saturating_sub(1).min(40))
        .unwrap_or(i64::MAX);
    first.saturating_mul(factor).clamp(0, most)
}

/// A random part of a bound, and at least a twentieth of it: for what all stations of a site wait for.
pub(crate) fn full_jitter(bound: i64, random: Random<'_>) -> i64 {
    let least = bound / 20;
    least + random(bound - least)
}

/// Between half of a bound and the bound: for an item that failed by itself.
pub(crate) fn half_jitter(bound: i64, random: Random<'_>) -> i64 {
    bound / 2 + random(bound - bound / 2)
}

/// The end of a wait of this length, seen now. It never lies further ahead than the wait is long, whatever the wall clock
/// did since the end was written down.
pub(crate) fn clamp(until: i64, wait: i64, now: i64) -> i64 {
    until.min(now.saturating_add(wait.max(0)))
}
