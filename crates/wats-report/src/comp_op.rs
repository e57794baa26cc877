//! Comparison operators, as they stand on the wire.

use super::codes::prints_as_code;

crate::codes! {
    /// A comparison operator of WSJF. Operators with one limit carry it in `lowLimit`, `LT` and `LE` too. Other spellings
    /// than these are kept as they are.
    #[allow(
        missing_docs,
        reason = "the names are the wire codes; see MeasurementLimits and StringLimit for what they mean"
    )]
    pub enum CompOp: "a comparison operator" {
        Log = "LOG",
        Eq = "EQ",
        Ne = "NE",
        Gt = "GT",
        Ge = "GE",
        Lt = "LT",
        Le = "LE",
        GtLt = "GTLT",
        GtLe = "GTLE",
        GeLt = "GELT",
        GeLe = "GELE",
        LtGt = "LTGT",
        LtGe = "LTGE",
        LeGt = "LEGT",
        LeGe = "LEGE",
        CaseSensit = "CASESENSIT",
        IgnoreCase = "IGNORECASE",
    }
}

prints_as_code!(CompOp);

impl CompOp {
    /// How many limits an operator for numbers has; `None` if it is none.
    pub(crate) fn numeric_limits(&self) -> Option<u8> {
        Some(match self {
            Self::Log => 0,
            Self::Eq | Self::Ne | Self::Gt | Self::Ge | Self::Lt | Self::Le => 1,
            Self::GtLt
            | Self::GtLe
            | Self::GeLt
            | Self::GeLe
            | Self::LtGt
            | Self::LtGe
            | Self::LeGt
            | Self::LeGe => 2,
            Self::CaseSensit | Self::IgnoreCase | Self::Other(_) => return None,
        })
    }

    /// Whether an operator compares texts. The schema misspells two of them, so its spelling is taken too.
    pub(crate) fn compares_texts(&self) -> bool {
        match self {
            Self::Other(text) => matches!(&**text, "IGNORECAS" | "CASESENIT"),
            Self::CaseSensit | Self::IgnoreCase => true,
            other => other.numeric_limits().is_some_and(|limits| limits < 2),
        }
    }
}
