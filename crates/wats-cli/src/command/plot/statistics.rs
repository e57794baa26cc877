//! Numbers that tell how values lie within their limits.

use super::series::Limits;

/// Of values that are finite.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Statistics {
    pub(super) count: usize,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) mean: Option<f64>,
    /// Of the sample: divided by one less than their number.
    pub(super) deviation: Option<f64>,
    /// How often six deviations fit between the limits.
    pub(super) cp: Option<f64>,
    /// How often three deviations fit between the mean and the nearer limit.
    pub(super) cpk: Option<f64>,
}

impl Statistics {
    pub(super) fn of(values: &[f64], limits: Limits) -> Self {
        let count = values.len();
        if count == 0 {
            return Self::default();
        }
        // Summed as differences to the first, so that large values with small differences keep their digits.
        let first = values.first().copied().unwrap_or_default();
        let number = count as f64;
        let mean = first
            + values
                .iter()
                .map(|value| (value - first) / number)
                .sum::<f64>();
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (count > 1).then(|| (squares / (number - 1.0)).sqrt());
        let spread = deviation.filter(|deviation| *deviation > 0.0);
        let below = limits.low.map(|low| mean - low);
        let above = limits.high.map(|high| high - mean);
        let nearer = match (below, above) {
            (Some(below), Some(above)) => Some(below.min(above)),
            (one, other) => one.or(other),
        };
        let finite = |number: f64| number.is_finite().then_some(number);
        Self {
            count,
            min: values.iter().copied().reduce(f64::min),
            max: values.iter().copied().reduce(f64::max),
            mean: finite(mean),
            deviation: deviation.and_then(finite),
            cp: limits
                .low
                .zip(limits.high)
                .zip(spread)
                .and_then(|((low, high), spread)| finite((high - low) / (6.0 * spread))),
            cpk: nearer
                .zip(spread)
                .and_then(|(nearer, spread)| finite(nearer / (3.0 * spread))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: Option<f64>, other: f64) -> bool {
        one.is_some_and(|one| (one - other).abs() < 1e-9)
    }

    #[test]
    fn as_computed_by_hand() {
        let limits = Limits {
            low: Some(0.0),
            high: Some(10.0),
        };
        let of = Statistics::of(&[2.0, 4.0, 6.0], limits);
        assert!(close(of.mean, 4.0) && close(of.deviation, 2.0));
        assert!(close(of.cp, 10.0 / 12.0) && close(of.cpk, 4.0 / 6.0));
        let one_sided = Statistics::of(
            &[2.0, 4.0, 6.0],
            Limits {
                low: None,
                ..limits
            },
        );
        assert!(one_sided.cp.is_none() && close(one_sided.cpk, 1.0));
    }

    #[test]
    fn what_says_nothing_is_none() {
        let limits = Limits {
            low: Some(0.0),
            high: Some(1.0),
        };
        assert_eq!(Statistics::of(&[], limits), Statistics::default());
        let alone = Statistics::of(&[0.5], limits);
        assert_eq!((alone.deviation, alone.cpk), (None, None));
        let same = Statistics::of(&[0.5, 0.5], limits);
        assert!(close(same.deviation, 0.0) && same.cpk.is_none());
        let huge = Statistics::of(&[f64::MAX, f64::MIN], limits);
        assert!(huge.cpk.is_none());
    }

    #[test]
    fn large_values_keep_their_digits() {
        let of = Statistics::of(&[1e9 + 0.25, 1e9 + 0.5, 1e9 + 0.75], Limits::default());
        assert!(close(of.deviation, 0.25));
    }
}
