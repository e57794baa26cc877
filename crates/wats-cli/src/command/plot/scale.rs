//! Values as places between two ends, and numbers as people read them.

/// The ends of what is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Scale {
    /// Ends that hold all of these, with room at both sides. Of nothing, or of what is no number, any will do.
    pub(super) fn around(values: impl IntoIterator<Item = f64>, room: f64) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            return Self {
                low: 0.0,
                high: 1.0,
            };
        }
        // Halves, because the whole may be beyond every number.
        let half = high / 2.0 - low / 2.0;
        let margin = if half > 0.0 {
            half * (2.0 * room)
        } else if low == 0.0 {
            1.0
        } else {
            low.abs() * 0.1
        };
        Self {
            low: (low - margin).max(f64::MIN),
            high: (high + margin).min(f64::MAX),
        }
    }

    /// Where a value is: 0 at the low end, 1 at the high end, and never beyond.
    pub(super) fn place(self, value: f64) -> f64 {
        let whole = self.high / 2.0 - self.low / 2.0;
        let place = (value / 2.0 - self.low / 2.0) / whole;
        if place.is_nan() {
            0.5
        } else {
            place.clamp(0.0, 1.0)
        }
    }

    /// Which of so many columns holds a value.
    pub(super) fn column(self, value: f64, columns: usize) -> usize {
        let last = columns.saturating_sub(1);
        ((self.place(value) * last as f64).round() as usize).min(last)
    }

    /// The value at this part of the way from the low end to the high end.
    pub(super) fn value(self, place: f64) -> f64 {
        self.low * (1.0 - place) + self.high * place
    }
}

/// A number with at most five digits that count.
pub(super) fn short(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return format!("{}", number + 0.0);
    }
    let exponent = number.abs().log10().floor();
    if !(-4.0..6.0).contains(&exponent) {
        let text = format!("{number:.3e}");
        return match text.split_once('e') {
            Some((digits, power)) => format!("{}e{power}", trimmed(digits)),
            None => text,
        };
    }
    let decimals = (4.0 - exponent).max(0.0) as usize;
    trimmed(&format!("{number:.decimals$}")).to_owned()
}

/// Without zeros that say nothing.
fn trimmed(digits: &str) -> &str {
    if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_read_them() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (5.02, "5.02"),
            (5.0, "5"),
            (1234.5678, "1234.6"),
            (123_456.0, "123456"),
            (0.000_123_4, "0.0001234"),
            (1.5e-9, "1.5e-9"),
            (-2e12, "-2e12"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(short(number), text);
        }
    }

    #[test]
    fn every_value_has_a_column() {
        let extreme = [
            f64::MIN,
            -1.0,
            0.0,
            f64::MIN_POSITIVE,
            1.0,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
        ];
        for low in extreme {
            for high in extreme {
                let scale = Scale::around([low, high], 0.25);
                for value in extreme {
                    assert!(scale.column(value, 10) < 10, "{value} in {scale:?}");
                }
                assert_eq!(scale.column(low, 0), 0);
            }
        }
        let scale = Scale::around([0.0, 10.0], 0.0);
        assert_eq!(
            Scale {
                low: 0.0,
                high: 10.0
            }
            .column(5.0, 11),
            5
        );
        assert_eq!((scale.low, scale.high), (0.0, 10.0));
    }
}
