//! Letters and words with a meaning on the wire, as enums that keep what they do not know.

/// Has an enum of `codes!` print as it stands on the wire.
macro_rules! prints_as_code {
    ($($name:ident),*) => { $(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )* };
}

pub(super) use prints_as_code;

crate::codes! {
    /// What kind of report it is.
    pub enum ReportType: "a report type" {
        /// `T`: the test of a unit (UUT report).
        Test = "T",
        /// `R`: the repair of a unit (UUR report).
        Repair = "R",
    }
}

crate::codes! {
    /// The part of a sequence that a step belongs to.
    pub enum StepGroup: "a step group" {
        /// `S`
        Setup = "S",
        /// `M`
        Main = "M",
        /// `C`
        Cleanup = "C",
    }
}

crate::codes! {
    /// The type of a step in the words of the test executive. It decides only the icon that the server shows; what a
    /// step measured is in its members. The set is open.
    pub enum StepType: "a step type" {
        /// A sequence.
        SequenceCall = "SequenceCall",
        /// One measured number.
        Numeric = "ET_NLT",
        /// Several measured numbers.
        MultiNumeric = "ET_MNLT",
        /// One pass/fail measurement.
        PassFail = "ET_PFT",
        /// Several pass/fail measurements.
        MultiPassFail = "ET_MPFT",
        /// One measured text.
        Text = "ET_SVT",
        /// Several measured texts.
        MultiText = "ET_MSVT",
        /// Something done, not measured.
        Action = "Action",
        /// A chart.
        Chart = "Chart",
        /// A chart with measured numbers.
        MeasuredChart = "WATS_XYGMNLT",
        /// A file.
        Attachment = "Attachment",
        /// A message to the operator.
        MessagePopup = "MessagePopup",
        /// A program that was called.
        CallExecutable = "CallExecutable",
    }
}

crate::codes! {
    /// How the axes of a chart are divided.
    pub enum ChartType: "a chart type" {
        /// Both linear.
        Line = "Line",
        /// Both logarithmic.
        LineLogXY = "LineLogXY",
        /// The axis of x is logarithmic.
        LineLogX = "LineLogX",
        /// The axis of y is logarithmic.
        LineLogY = "LineLogY",
    }
}

prints_as_code!(ReportType, StepGroup, StepType, ChartType);
