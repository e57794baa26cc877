//! Limits of measurements: an operator never stands without the limits it needs.

use std::ops::{Range, RangeInclusive};

use super::CompOp;

/// The operators for numbers.
static NUMERIC: [CompOp; 15] = [
    CompOp::Log,
    CompOp::Eq,
    CompOp::Ne,
    CompOp::Gt,
    CompOp::Ge,
    CompOp::Lt,
    CompOp::Le,
    CompOp::GtLt,
    CompOp::GtLe,
    CompOp::GeLt,
    CompOp::GeLe,
    CompOp::LtGt,
    CompOp::LtGe,
    CompOp::LeGt,
    CompOp::LeGe,
];

/// How far a value may be from its nominal one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// So much, in the unit of the value.
    Absolute(f64),
    /// So many per cent of the nominal value, whatever its sign.
    Percent(f64),
}

impl Tolerance {
    fn of(self, nominal: f64) -> f64 {
        match self {
            Self::Absolute(tolerance) => tolerance,
            Self::Percent(percent) => nominal.abs() * percent / 100.0,
        }
    }
}

/// What a numeric value must satisfy. An operator and its limits are one value, so they always fit. Two limits are a range,
/// `low..=high` or `low..high`; whether the bounds themselves pass, each function says. A report whose low limit is above
/// its high limit is refused when it is built.
///
/// ```
/// use wats_report::MeasurementLimits;
///
/// assert!(MeasurementLimits::between(4.75..=5.25).accepts(5.25));
/// assert!(!MeasurementLimits::at_least(3.0).accepts(f64::NAN)); // NaN satisfies nothing but `log`
/// assert!(MeasurementLimits::log().accepts(1e9));
/// ```
///
/// Numbers are compared as they are, each as the `f64` that it is, without an allowance for rounding: a value at a limit
/// is at it only if both are the same number. 0.1 + 0.2 is 0.30000000000000004 and above 0.3. Round a value that was
/// computed, or set its limits further, if that is not what is meant.
///
/// ```
/// # use wats_report::MeasurementLimits;
/// assert!(MeasurementLimits::at_most(0.3).accepts(0.3));
/// assert!(!MeasurementLimits::at_most(0.3).accepts(0.1 + 0.2));
/// ```
///
/// ```compile_fail,E0061
/// # use wats_report::MeasurementLimits;
/// let limits = MeasurementLimits::at_least(3.0, 5.0); // one limit too many
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasurementLimits {
    pub(crate) op: &'static CompOp,
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
}

impl MeasurementLimits {
    fn one(op: &'static CompOp, limit: f64) -> Self {
        Self {
            op,
            low: Some(limit),
            high: None,
        }
    }

    fn two(op: &'static CompOp, low: f64, high: f64) -> Self {
        Self {
            op,
            low: Some(low),
            high: Some(high),
        }
    }

    /// Operator and limits as they were read; `None` if they do not fit.
    pub(crate) fn of(op: &CompOp, low: Option<f64>, high: Option<f64>) -> Option<Self> {
        let fits = match op.numeric_limits()? {
            0 => true,
            1 => low.is_some(),
            _ => low.is_some() && high.is_some(),
        };
        let op = NUMERIC.iter().find(|known| *known == op)?;
        fits.then_some(Self { op, low, high })
    }

    /// The operator.
    pub fn operator(&self) -> &CompOp {
        self.op
    }

    /// The low limit, or the only one.
    pub fn low(&self) -> Option<f64> {
        self.low
    }

    /// The high limit of operators with two.
    pub fn high(&self) -> Option<f64> {
        self.high
    }

    /// No limits: the value is recorded and always passes (`LOG`).
    pub fn log() -> Self {
        Self {
            op: &CompOp::Log,
            low: None,
            high: None,
        }
    }

    /// value = limit (`EQ`).
    pub fn equals(limit: f64) -> Self {
        Self::one(&CompOp::Eq, limit)
    }

    /// value ≠ limit (`NE`).
    pub fn not_equals(limit: f64) -> Self {
        Self::one(&CompOp::Ne, limit)
    }

    /// value > limit (`GT`).
    pub fn greater_than(limit: f64) -> Self {
        Self::one(&CompOp::Gt, limit)
    }

    /// value ≥ limit (`GE`).
    pub fn at_least(limit: f64) -> Self {
        Self::one(&CompOp::Ge, limit)
    }

    /// value < limit (`LT`).
    pub fn less_than(limit: f64) -> Self {
        Self::one(&CompOp::Lt, limit)
    }

    /// value ≤ limit (`LE`).
    pub fn at_most(limit: f64) -> Self {
        Self::one(&CompOp::Le, limit)
    }

    /// low ≤ value ≤ high (`GELE`).
    pub fn between(range: RangeInclusive<f64>) -> Self {
        Self::two(&CompOp::GeLe, *range.start(), *range.end())
    }

    /// nominal - tolerance ≤ value ≤ nominal + tolerance (`GELE`).
    ///
    /// The limits are those that one would write down: each is rounded to 15 digits of the larger of nominal value and
    /// tolerance, so that 0.3 ± 0.1 begins at 0.2 and not at 0.19999999999999998. A negative tolerance makes limits that
    /// cross, with which a report is refused when it is built.
    ///
    /// ```
    /// use wats_report::{MeasurementLimits, Tolerance};
    ///
    /// let limits = MeasurementLimits::within(3.3, Tolerance::Percent(5.0));
    /// assert_eq!((limits.low(), limits.high()), (Some(3.135), Some(3.465)));
    /// assert!(limits.accepts(3.135));
    ///
    /// let limits = MeasurementLimits::within(-12.0, Tolerance::Percent(10.0));
    /// assert_eq!((limits.low(), limits.high()), (Some(-13.2), Some(-10.8)));
    /// ```
    pub fn within(nominal: f64, tolerance: Tolerance) -> Self {
        Self::within_each(nominal, tolerance, tolerance)
    }

    /// nominal - below ≤ value ≤ nominal + above (`GELE`), as [`within`](Self::within).
    ///
    /// ```
    /// use wats_report::{MeasurementLimits, Tolerance};
    ///
    /// let limits = MeasurementLimits::within_each(5.0, Tolerance::Percent(10.0), Tolerance::Absolute(0.25));
    /// assert_eq!((limits.low(), limits.high()), (Some(4.5), Some(5.25)));
    /// ```
    pub fn within_each(nominal: f64, below: Tolerance, above: Tolerance) -> Self {
        let (low, high) = (lowest(nominal, below), highest(nominal, above));
        Self::two(&CompOp::GeLe, low, high)
    }

    /// value ≥ nominal - tolerance (`GE`), as [`within`](Self::within).
    pub fn not_below(nominal: f64, tolerance: Tolerance) -> Self {
        Self::at_least(lowest(nominal, tolerance))
    }

    /// value ≤ nominal + tolerance (`LE`), as [`within`](Self::within).
    pub fn not_above(nominal: f64, tolerance: Tolerance) -> Self {
        Self::at_most(highest(nominal, tolerance))
    }

    /// low < value < high (`GTLT`).
    pub fn strictly_between(range: Range<f64>) -> Self {
        Self::two(&CompOp::GtLt, range.start, range.end)
    }

    /// low ≤ value < high (`GELT`).
    pub fn from_below(range: Range<f64>) -> Self {
        Self::two(&CompOp::GeLt, range.start, range.end)
    }

    /// low < value ≤ high (`GTLE`).
    pub fn above_to(range: RangeInclusive<f64>) -> Self {
        Self::two(&CompOp::GtLe, *range.start(), *range.end())
    }

    /// value < low or value > high (`LTGT`): outside, the bounds themselves fail.
    pub fn outside(range: RangeInclusive<f64>) -> Self {
        Self::two(&CompOp::LtGt, *range.start(), *range.end())
    }

    /// value ≤ low or value ≥ high (`LEGE`): outside, the bounds themselves pass.
    pub fn outside_or_at(range: Range<f64>) -> Self {
        Self::two(&CompOp::LeGe, range.start, range.end)
    }

    /// value ≤ low or value > high (`LEGT`).
    pub fn at_or_below_or_above(range: RangeInclusive<f64>) -> Self {
        Self::two(&CompOp::LeGt, *range.start(), *range.end())
    }

    /// value < low or value ≥ high (`LTGE`).
    pub fn below_or_at_or_above(range: Range<f64>) -> Self {
        Self::two(&CompOp::LtGe, range.start, range.end)
    }

    /// Whether a value satisfies the limits. NaN satisfies only [`log`](Self::log).
    #[expect(clippy::float_cmp, reason = "an equality limit is exact by definition")]
    pub fn accepts(&self, value: f64) -> bool {
        let low = self.low.unwrap_or(f64::NAN);
        let high = self.high.unwrap_or(f64::NAN);
        match self.op {
            CompOp::Eq => value == low,
            CompOp::Ne => !value.is_nan() && value != low,
            CompOp::Gt => value > low,
            CompOp::Ge => value >= low,
            CompOp::Lt => value < low,
            CompOp::Le => value <= low,
            CompOp::GtLt => value > low && value < high,
            CompOp::GtLe => value > low && value <= high,
            CompOp::GeLt => value >= low && value < high,
            CompOp::GeLe => value >= low && value <= high,
            CompOp::LtGt => value < low || value > high,
            CompOp::LtGe => value < low || value >= high,
            CompOp::LeGt => value <= low || value > high,
            CompOp::LeGe => value <= low || value >= high,
            _ => true,
        }
    }
}

fn lowest(nominal: f64, tolerance: Tolerance) -> f64 {
    let tolerance = tolerance.of(nominal);
    rounded(nominal - tolerance, nominal.abs().max(tolerance.abs()))
}

fn highest(nominal: f64, tolerance: Tolerance) -> f64 {
    let tolerance = tolerance.of(nominal);
    rounded(nominal + tolerance, nominal.abs().max(tolerance.abs()))
}

/// A limit with as many decimals as 15 digits of the larger of its terms have: what lies beyond them is the rounding of
/// the terms, which decimal fractions have as binary ones.
fn rounded(limit: f64, largest: f64) -> f64 {
    const DIGITS: i32 = 15;
    if !limit.is_finite() || largest == 0.0 {
        return limit;
    }
    let exponent = largest.log10().floor() as i32;
    let text = match usize::try_from(DIGITS - 1 - exponent) {
        Ok(decimals) => format!("{limit:.decimals$}"),
        // All of its digits stand before the point.
        Err(_) => format!("{limit:.14e}"),
    };
    // Zero has no sign.
    text.parse().unwrap_or(limit) + 0.0
}

/// What a text must satisfy.
///
/// Before and after mean the order of the characters' numbers (Unicode), so that capitals come before small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringLimit {
    pub(crate) op: CompOp,
    pub(crate) limit: Option<String>,
}

impl StringLimit {
    fn one(op: CompOp, limit: impl Into<String>) -> Self {
        Self {
            op,
            limit: Some(limit.into()),
        }
    }

    /// Operator and limit as they were read; `None` if they do not fit.
    pub(crate) fn of(op: &CompOp, limit: Option<&str>) -> Option<Self> {
        let fits = op.compares_texts() && (*op == CompOp::Log || limit.is_some());
        fits.then(|| Self {
            op: op.clone(),
            limit: limit.map(str::to_owned),
        })
    }

    /// The operator.
    pub fn operator(&self) -> &CompOp {
        &self.op
    }

    /// The text to compare with; none for [`log`](Self::log).
    pub fn limit(&self) -> Option<&str> {
        self.limit.as_deref()
    }

    /// No limit: the text is recorded and always passes (`LOG`).
    pub fn log() -> Self {
        Self {
            op: CompOp::Log,
            limit: None,
        }
    }

    /// The same text, case included (`CASESENSIT`).
    pub fn equals(limit: impl Into<String>) -> Self {
        Self::one(CompOp::CaseSensit, limit)
    }

    /// The same text, whatever the case of its letters (`IGNORECASE`).
    pub fn equals_ignore_case(limit: impl Into<String>) -> Self {
        Self::one(CompOp::IgnoreCase, limit)
    }

    /// The same text (`EQ`). Whether the server's `EQ` minds the case is not documented, so the outcome here does; see
    /// [`equals`](Self::equals) for an operator that says so.
    pub fn is(limit: impl Into<String>) -> Self {
        Self::one(CompOp::Eq, limit)
    }

    /// Any other text, case included (`NE`).
    pub fn not_equals(limit: impl Into<String>) -> Self {
        Self::one(CompOp::Ne, limit)
    }

    /// A text after the limit (`GT`).
    pub fn after(limit: impl Into<String>) -> Self {
        Self::one(CompOp::Gt, limit)
    }

    /// The limit or a text after it (`GE`).
    pub fn at_or_after(limit: impl Into<String>) -> Self {
        Self::one(CompOp::Ge, limit)
    }

    /// A text before the limit (`LT`).
    pub fn before(limit: impl Into<String>) -> Self {
        Self::one(CompOp::Lt, limit)
    }

    /// The limit or a text before it (`LE`).
    pub fn at_or_before(limit: impl Into<String>) -> Self {
        Self::one(CompOp::Le, limit)
    }

    /// Whether a text satisfies the limit.
    pub fn accepts(&self, value: &str) -> bool {
        let limit = self.limit.as_deref().unwrap_or_default();
        match self.op {
            CompOp::CaseSensit | CompOp::Eq => value == limit,
            CompOp::IgnoreCase => value.to_lowercase() == limit.to_lowercase(),
            CompOp::Ne => value != limit,
            CompOp::Gt => value > limit,
            CompOp::Ge => value >= limit,
            CompOp::Lt => value < limit,
            CompOp::Le => value <= limit,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_below_at_between_and_above() {
        // Outcome for 0 (below), 1 (at low), 2 (between), 3 (at high), 4 (above), NaN.
        let table: [(MeasurementLimits, &str); 15] = [
            (MeasurementLimits::log(), "PPPPPP"),
            (MeasurementLimits::equals(1.0), "FPFFFF"),
            (MeasurementLimits::not_equals(1.0), "PFPPPF"),
            (MeasurementLimits::greater_than(1.0), "FFPPPF"),
            (MeasurementLimits::at_least(1.0), "FPPPPF"),
            (MeasurementLimits::less_than(1.0), "PFFFFF"),
            (MeasurementLimits::at_most(1.0), "PPFFFF"),
            (MeasurementLimits::strictly_between(1.0..3.0), "FFPFFF"),
            (MeasurementLimits::above_to(1.0..=3.0), "FFPPFF"),
            (MeasurementLimits::from_below(1.0..3.0), "FPPFFF"),
            (MeasurementLimits::between(1.0..=3.0), "FPPPFF"),
            (MeasurementLimits::outside(1.0..=3.0), "PFFFPF"),
            (MeasurementLimits::below_or_at_or_above(1.0..3.0), "PFFPPF"),
            (MeasurementLimits::at_or_below_or_above(1.0..=3.0), "PPFFPF"),
            (MeasurementLimits::outside_or_at(1.0..3.0), "PPFPPF"),
        ];
        let mut codes = std::collections::BTreeSet::new();
        for (limits, expected) in table {
            assert!(codes.insert(limits.op.as_str().to_owned()));
            let got: String = [0.0, 1.0, 2.0, 3.0, 4.0, f64::NAN]
                .map(|value| if limits.accepts(value) { 'P' } else { 'F' })
                .iter()
                .collect();
            assert_eq!(got, expected, "{}", limits.op);
            let one_limit = matches!(limits.op.as_str(), "EQ" | "NE" | "GT" | "GE" | "LT" | "LE");
            assert_eq!(
                limits.high.is_none(),
                one_limit || *limits.op == CompOp::Log,
                "{}",
                limits.op
            );
        }
    }

    #[test]
    fn tolerances_are_limits_as_one_would_write_them() {
        use Tolerance::{Absolute, Percent};
        for (nominal, tolerance, low, high) in [
            (5.0, Absolute(0.1), 4.9, 5.1),
            (0.3, Absolute(0.1), 0.2, 0.4),
            (3.3, Percent(5.0), 3.135, 3.465),
            (-3.3, Percent(5.0), -3.465, -3.135),
            (-12.0, Absolute(0.5), -12.5, -11.5),
            (0.0, Percent(5.0), 0.0, 0.0),
            (0.0, Absolute(1e-9), -1e-9, 1e-9),
            (0.1 + 0.2, Absolute(0.3), 0.0, 0.6),
            (1.8, Percent(3.0), 1.746, 1.854),
            (1e-12, Percent(10.0), 0.9e-12, 1.1e-12),
            (1e20, Percent(1.0), 0.99e20, 1.01e20),
            (1e300, Percent(1.0), 0.99e300, 1.01e300),
            (5e-324, Absolute(0.0), 5e-324, 5e-324),
            (1.0, Absolute(0.0), 1.0, 1.0),
            (12.0, Absolute(1e-9), 11.999_999_999, 12.000_000_001),
        ] {
            let limits = MeasurementLimits::within(nominal, tolerance);
            assert_eq!(
                (limits.low, limits.high),
                (Some(low), Some(high)),
                "{nominal} {tolerance:?}"
            );
            assert!(
                limits
                    .low
                    .is_none_or(|low| low != 0.0 || low.is_sign_positive())
            );
            assert_eq!(
                MeasurementLimits::not_below(nominal, tolerance),
                MeasurementLimits::at_least(low)
            );
            assert_eq!(
                MeasurementLimits::not_above(nominal, tolerance),
                MeasurementLimits::at_most(high)
            );
            assert!(limits.accepts(low) && limits.accepts(high));
            assert!(!limits.accepts(low.next_down()) && !limits.accepts(high.next_up()));
        }
        let crossed = MeasurementLimits::within(5.0, Absolute(-1.0));
        assert!(crossed.low > crossed.high);
        assert!(!MeasurementLimits::within(f64::NAN, Absolute(1.0)).accepts(1.0));
        assert!(!MeasurementLimits::within(1.0, Percent(f64::NAN)).accepts(1.0));
    }

    /// Bits are compared, without an allowance for rounding.
    #[test]
    fn at_the_edge_numbers_are_compared_as_they_are() {
        let sum = 0.1 + 0.2;
        for (limits, at, beyond) in [
            (MeasurementLimits::at_most(0.3), 0.3, sum),
            (MeasurementLimits::at_least(sum), sum, 0.3),
            (MeasurementLimits::equals(0.3), 0.3, sum),
            (MeasurementLimits::between(0.0..=0.3), -0.0, sum),
        ] {
            assert!(limits.accepts(at) && !limits.accepts(beyond), "{limits:?}");
        }
        assert!(!MeasurementLimits::less_than(0.3).accepts(0.3));
        assert!(MeasurementLimits::greater_than(0.3).accepts(sum));
    }

    proptest::proptest! {
        /// No limit is further from the exact one than rounding explains, and the nominal value is within.
        #[test]
        fn tolerances_of_any_size(nominal in -1e9..1e9, tolerance in 0.0..1e9) {
            let limits = MeasurementLimits::within(nominal, Tolerance::Absolute(tolerance));
            let largest = f64::max(nominal.abs(), tolerance);
            let near = |limit: Option<f64>, exact: f64| limit.is_some_and(|limit| (limit - exact).abs() <= largest * 1e-14);
            proptest::prop_assert!(near(limits.low, nominal - tolerance) && near(limits.high, nominal + tolerance));
        }
    }

    #[test]
    fn texts() {
        assert!(
            StringLimit::equals("Ab").accepts("Ab") && !StringLimit::equals("Ab").accepts("ab")
        );
        assert!(StringLimit::equals_ignore_case("ÅB").accepts("åb"));
        assert!(StringLimit::not_equals("x").accepts("X") && StringLimit::log().accepts(""));
        // Outcome for a text before, the same, and one after.
        for (limit, expected) in [
            (StringLimit::log(), "PPP"),
            (StringLimit::is("m"), "FPF"),
            (StringLimit::equals("m"), "FPF"),
            (StringLimit::equals_ignore_case("M"), "FPF"),
            (StringLimit::not_equals("m"), "PFP"),
            (StringLimit::after("m"), "FFP"),
            (StringLimit::at_or_after("m"), "FPP"),
            (StringLimit::before("m"), "PFF"),
            (StringLimit::at_or_before("m"), "PPF"),
        ] {
            let got: String = ["M", "m", "z"]
                .iter()
                .skip(usize::from(limit.op == CompOp::IgnoreCase))
                .map(|text| if limit.accepts(text) { 'P' } else { 'F' })
                .collect();
            let expected = if limit.op == CompOp::IgnoreCase {
                "PF"
            } else {
                expected
            };
            assert_eq!(got, expected, "{}", limit.op);
        }
    }

    #[test]
    fn other_spellings_survive() {
        for text in ["LOG", "GELE", "IgnoreCase", "EQT"] {
            assert_eq!(CompOp::from(text).as_str(), text);
        }
    }
}
