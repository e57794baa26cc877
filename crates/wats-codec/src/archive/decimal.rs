//! Floats of few decimals as whole numbers.

pub(super) const POWERS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Whole numbers below this are digits without decimals.
const MOST_WHOLE: i64 = 4_000_000_000_000;

/// A float as digits and a number of decimals, if that gives the same float back, bit for bit.
#[inline]
pub(super) fn decimal(value: f64) -> Option<(i64, u8)> {
    let size = value.abs();
    let whole = size as i64;
    let is_whole = (whole as f64).to_bits() == size.to_bits();
    if is_whole && whole < MOST_WHOLE && (whole > 0 || value.is_sign_positive()) {
        return Some((if value < 0.0 { -whole } else { whole }, 0));
    }
    // Below 2^52 after scaling, so that digits and power are exact and one division rounds right. Shorter digits over a
    // smaller power are the same number, and rounded the same.
    let (digits, decimals) = match size {
        ..4e6 => match scaled(size, MOST) {
            Some(digits) => shortened(digits),
            None => of_few(size, 1)?,
        },
        4e6..4e12 => of_few(size, 3)?,
        _ => return None,
    };
    // -0 has no digits to carry the sign.
    match (value.is_sign_negative(), digits) {
        (true, 0) => None,
        (true, digits) => Some((-digits, decimals)),
        (false, digits) => Some((digits, decimals)),
    }
}

#[inline]
fn power(decimals: u8) -> f64 {
    POWERS.get(usize::from(decimals)).copied().unwrap_or(1.0)
}

/// The digits of `size` with so many decimals, if it has no more.
#[inline]
fn scaled(size: f64, decimals: u8) -> Option<i64> {
    let digits = (size * power(decimals) + 0.5) as i64;
    let same = (digits as f64 / power(decimals)).to_bits() == size.to_bits();
    same.then_some(digits)
}

/// The most decimals that are kept.
const MOST: u8 = 9;

/// Digits of [`MOST`] decimals without the zeros at the end. How many there are nobody can foresee, so nothing is left to a
/// branch.
#[inline]
fn shortened(digits: i64) -> (i64, u8) {
    let (mut digits, mut decimals) = (digits.unsigned_abs(), MOST);
    for zeros in [4, 2, 2, 1] {
        let shorter = digits
            .wrapping_mul(INVERSE_OF_FIVE.wrapping_pow(zeros))
            .rotate_right(zeros);
        // What is no multiple of the power of ten comes out above all that are.
        let divides = shorter <= u64::MAX / 10u64.pow(zeros);
        digits = if divides { shorter } else { digits };
        decimals -= if divides { zeros as u8 } else { 0 };
    }
    (digits.cast_signed(), decimals)
}

/// Multiplies by a fifth whatever is a multiple of five, modulo 2^64.
const INVERSE_OF_FIVE: u64 = 0xCCCC_CCCC_CCCC_CCCD;

/// A number with at most so many decimals that it could not be told with [`MOST`] of them, for its size.
#[cold]
fn of_few(size: f64, most: u8) -> Option<(i64, u8)> {
    (0..=most).find_map(|decimals| Some((scaled(size, decimals)?, decimals)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn decimals_are_exact(
            digits in -4_000_000_000_000_000i64..4_000_000_000_000_000,
            decimals in 0..12u8,
            any: f64,
        ) {
            for value in [digits as f64 / 10f64.powi(i32::from(decimals)), any] {
                if let Some((digits, decimals)) = decimal(value) {
                    let back = digits as f64 / POWERS[usize::from(decimals)];
                    prop_assert_eq!(back.to_bits(), value.to_bits());
                }
            }
        }
    }

    #[test]
    fn few_decimals_are_found() {
        assert_eq!(decimal(0.1), Some((1, 1)));
        assert_eq!(decimal(-0.3), Some((-3, 1)));
        assert_eq!(decimal(5.0), Some((5, 0)));
        assert_eq!(decimal(0.0), Some((0, 0)));
        assert_eq!(decimal(2.345_678_9), Some((23_456_789, 7)));
        for value in [-0.0, f64::NAN, f64::INFINITY, 1e300, 5e-324, 1.0 / 3.0] {
            assert_eq!(decimal(value), None, "{value}");
        }
    }
}
