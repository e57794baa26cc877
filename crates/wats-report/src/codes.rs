//! Letters and words with a meaning on the wire, as enums that keep what they do not know.

/// Makes such an enum: each variant with its text, and `Other` for any other text.
macro_rules! codes {
    (
        $(#[$meta:meta])*
        pub enum $name:ident: $what:literal {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
            /// Anything else, kept for writing back.
            Other(Box<str>),
        }

        impl $name {
            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )*
                    other => Self::Other(other.into()),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_str<E>(self, text: &str) -> Result<$name, E> {
                        Ok(text.into())
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl $crate::wire::Member for $name {
            const KIND: &'static str = "a text";

            fn text(text: &str) -> Option<Self> {
                Some(text.into())
            }

            fn encode_member<S: $crate::wire::fast::Sink>(&self, sink: &mut S) {
                match self {
                    $( Self::$variant => sink.symbol(&$crate::wire::key!($text)), )*
                    Self::Other(text) => sink.str(text),
                }
            }

            fn decode_member<'de, S: $crate::wire::fast::Source<'de>>(
                field: &mut Option<Self>,
                leftover: &mut $crate::wire::read::Leftover,
                source: &mut S,
            ) -> Option<()> {
                $( if source.try_symbol(&$crate::wire::key!($text)) {
                    *field = Some(Self::$variant);
                    return Some(());
                } )*
                $crate::wire::read::decode_plain(field, leftover, source)
            }

            fn leaf(&self) -> Option<$crate::wire::Leaf<'_>> {
                // The known ones need no look.
                match self {
                    Self::Other(text) => Some($crate::wire::Leaf::Text(text)),
                    _ => None,
                }
            }
        }
    };
}

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

pub(super) use codes;
pub(super) use prints_as_code;

codes! {
    /// What kind of report it is.
    pub enum ReportType: "a report type" {
        /// `T`: the test of a unit (UUT report).
        Test = "T",
        /// `R`: the repair of a unit (UUR report).
        Repair = "R",
    }
}

codes! {
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

codes! {
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

codes! {
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
