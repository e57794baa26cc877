//! How a figure grows with the size of the work: the exponent of `figure = c · sizeᵉ`, by least squares over the logarithms.
//!
//! 1 is growth in proportion, 0 no growth. Between two neighbouring sizes the same is the slope of the line between them;
//! where that leaves the exponent of the whole is a knee.

/// By how much the slope between two neighbours may differ from that of the whole before it is a knee.
pub const KNEE: f64 = 0.3;

/// The exponent of all points; `None` for fewer than two sizes, or figures that are not positive.
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = points
        .iter()
        .filter(|(size, figure)| *size > 0.0 && *figure > 0.0 && figure.is_finite())
        .map(|(size, figure)| (size.ln(), figure.ln()))
        .collect();
    let count = logs.len() as f64;
    let mean_x = logs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = logs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let spread: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let common: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (logs.len() >= 2 && spread > 0.0).then(|| common / spread)
}

/// The slopes between neighbours, in their order.
pub fn between(points: &[(f64, f64)]) -> Vec<Option<f64>> {
    points.windows(2).map(exponent).collect()
}

/// The size after which a curve bends most, and the slopes before and after; `None` where no slope leaves that of the whole.
pub fn knee(points: &[(f64, f64)]) -> Option<(f64, f64, f64)> {
    let slopes = between(points);
    let mut found: Option<(f64, f64, f64)> = None;
    for (index, pair) in slopes.windows(2).enumerate() {
        let [Some(before), Some(after)] = pair else {
            continue;
        };
        let bend = (after - before).abs();
        if bend > KNEE && found.is_none_or(|(_, b, a)| bend > (a - b).abs()) {
            found = Some((points[index + 1].0, *before, *after));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(of: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        [10.0, 100.0, 1000.0, 10_000.0]
            .map(|size| (size, of(size)))
            .to_vec()
    }

    #[test]
    fn the_exponent_is_that_of_the_law() {
        let close = |points: &[(f64, f64)], wanted: f64| {
            let found = exponent(points).unwrap();
            assert!((found - wanted).abs() < 1e-9, "{found} for {wanted}");
        };
        close(&curve(|n| 3.0 * n), 1.0);
        close(&curve(|n| 0.5 * n * n), 2.0);
        close(&curve(|_| 7.0), 0.0);
        assert_eq!(exponent(&[(10.0, 1.0)]), None);
        assert_eq!(exponent(&[(10.0, 1.0), (10.0, 2.0)]), None);
        assert_eq!(exponent(&[(10.0, 0.0), (100.0, f64::NAN)]), None);
    }

    #[test]
    fn a_knee_is_where_the_slope_changes() {
        assert_eq!(knee(&curve(|n| 2.0 * n)), None);
        let (size, before, after) = knee(&curve(|n| n.max(1000.0))).unwrap();
        assert!((size - 1000.0).abs() < 1e-9);
        assert!(before.abs() < 1e-9 && (after - 1.0).abs() < 1e-9);
    }
}
