//! Sizes for people.

/// Writes a number of bytes with one decimal in steps of 1024, under the customary labels.
///
/// Rounding never shows 1024 of a unit: it moves to the next.
///
/// ```
/// use wats_codec::format_bytes;
///
/// assert_eq!(format_bytes(512), "512 B");
/// assert_eq!(format_bytes(1_572_864), "1.5 MB");
/// assert_eq!(format_bytes(1_048_575), "1.0 MB");
/// ```
pub fn format_bytes(bytes: u64) -> String {
    scaled(bytes, ["B", "KB", "MB", "GB", "TB", "PB", "EB"])
}

/// Like [`format_bytes`], under the unambiguous IEC labels.
///
/// ```
/// assert_eq!(wats_codec::format_bytes_iec(1_572_864), "1.5 MiB");
/// ```
pub fn format_bytes_iec(bytes: u64) -> String {
    scaled(bytes, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
}

fn scaled(bytes: u64, labels: [&str; 7]) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Tenths of the unit in whole numbers: a float would round 1023.96 up to "1024.0".
    let mut unit = 1;
    loop {
        let size = 1u128 << (10 * unit);
        let tenths = (u128::from(bytes) * 10 + size / 2) / size;
        if tenths < 10_240 || unit + 1 == labels.len() {
            let label = labels.get(unit).copied().unwrap_or("B");
            return format!("{}.{} {label}", tenths / 10, tenths % 10);
        }
        unit += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shows_1024_of_a_unit() {
        for exponent in 1..=6u32 {
            let step = 1u64 << (10 * exponent);
            for below in [1, step / 10_000, step / 25, step / 19] {
                let text = format_bytes(step.saturating_sub(below));
                assert!(!text.starts_with("1024"), "{text}");
            }
        }
        assert_eq!(format_bytes(1023), "1023 B");
        assert_eq!(format_bytes(1024), "1.0 KB");
        assert_eq!(format_bytes(1024 * 1024 - 53), "1023.9 KB");
        assert_eq!(format_bytes(1024 * 1024 - 51), "1.0 MB");
        assert_eq!(format_bytes(u64::MAX), "16.0 EB");
        assert_eq!(format_bytes(0), "0 B");
    }

    #[test]
    fn agrees_with_float_arithmetic_away_from_the_edges() {
        for bytes in [1500u64, 98_099, 70_554, 262_979, 10_485_760, 987_654_321] {
            let mut value = bytes as f64;
            let mut unit = 0;
            while value >= 1024.0 {
                value /= 1024.0;
                unit += 1;
            }
            let label = ["B", "KB", "MB", "GB"][unit];
            assert_eq!(format_bytes(bytes), format!("{value:.1} {label}"));
        }
    }
}
