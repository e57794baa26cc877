//! What [`fix`](super::fix()) may change: one name for each kind of change, and the values that only somebody can name.

use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::Station;

macro_rules! mends {
    ($( $(#[doc = $doc:literal])+ $name:ident $word:literal; )*) => {
        /// A kind of change that [`fix`](super::fix()) may make; none is made that its policy does not allow.
        ///
        /// What a change takes out of a step is kept in the step's `additionalResults`, as free data named `Before fix`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Mend {
            $( $(#[doc = $doc])+ $name, )*
        }

        impl Mend {
            /// All of them.
            pub const ALL: &'static [Self] = &[$( Self::$name, )*];

            /// The name by which programs know it, such as `missing-start`.
            pub fn name(self) -> &'static str {
                match self {
                    $( Self::$name => $word, )*
                }
            }

            /// What it changes, in a sentence or a few.
            pub fn about(self) -> &'static str {
                match self {
                    $( Self::$name => concat!($($doc),+).trim_ascii_start(), )*
                }
            }
        }
    };
}

mends! {
    /// Characters that the server cannot store become U+FFFD, but not in what tells units apart.
    Characters "characters";
    /// Texts that are too long are cut at a character, but not what tells units apart, nor texts that were compared. A
    /// path keeps its end, and a `tsGuid` that is too long is left out.
    LongTexts "long-texts";
    /// Members that only the server writes are left out, such as `origin` and `productName`.
    OutputOnly "output-only";
    /// A missing one of `start` and `startUTC` is made from the other.
    MissingStart "missing-start";
    /// Steps without an id, or with that of another, get one of their own.
    StepIds "step-ids";
    /// Operators are written in capitals, a single limit stands in `lowLimit`, and limits that the operator does not have
    /// are left out, unless one of two has to be chosen.
    Operators "operators";
    /// A file without a content type is one of bytes, and `dataType` of a series that has none, or not in capitals, is XYG.
    ContentTypes "content-types";
    /// Loops are numbered and counted as their iterations stand.
    Loops "loops";
    /// A `startUTC` that contradicts `start` is made from it.
    StartWins "start-wins";
    /// A start in the future becomes now, in the offset that it has.
    FutureStart "future-start";
    /// A time without offset gets that by which `start` and `startUTC` differ, or that of the zone of the policy; a `startUTC`
    /// without one is in UTC. Blanks within are left out, and a moment in the notation of mails or of older writers of JSON,
    /// `/Date(1769806901470+0100)/`, is written as the server takes it.
    NaiveStart "naive-start";
    /// A number is appended to names that another step of the sequence, or another measurement of the step, has.
    DuplicateNames "duplicate-names";
    /// Steps and measurements that need a name and have none are named by what they are; so are files.
    MissingNames "missing-names";
    /// Values in another kind than the member's become that kind where they mean the same: `"5"` is 5, 5.0 is 5, `"true"`
    /// is true, `"5,5"` is 5.5. A number of misc info that is no whole one is its text. An object is a list of one where a list
    /// is meant, and the other way about. An empty text or list, or a null as an item, that stands for no value is left out.
    Kinds "kinds";
    /// `Done` and other outcomes that only exports have become those that the server takes: that of what the step holds,
    /// else passed for `Done`, skipped for unknown. A result that nothing tells is an error. Words become letters.
    Outcomes "outcomes";
    /// `group` of a step that has none, or a word, is its letter, else M.
    Groups "groups";
    /// Steps that hold none of what the server wants get a piece of free data, named by their type, with the answer of a
    /// message popup or the exit code of a program.
    EmptySteps "empty-steps";
    /// Measured numbers without a unit get that of the policy, which is `1` if none is set.
    MissingUnits "missing-units";
    /// Sequence calls get the parts that lack: the name of their step, path and version of the sequence around them, else
    /// `unknown`. Steps that hold steps become sequence calls; so does the root.
    SequenceCalls "sequence-calls";
    /// The summary of a loop gets the operators and limits of its iterations; if these differ, it keeps none.
    LoopLimits "loop-limits";
    /// A comparison that the server does not take is one that means the same, or else is only recorded (`LOG`): unknown
    /// operators, missing or crossed limits, compared texts that are too long. The outcome stays.
    Comparisons "comparisons";
    /// Values that are not finite are left out; an infinite limit is none.
    NonFinite "non-finite";
    /// A step that holds more than a step may becomes a sequence of several: of measurements of several kinds, chart and
    /// attachment, or charts of more series than a chart may have.
    MixedSteps "mixed-steps";
    /// A step that broke off and holds measurements becomes a sequence that broke off, with a step that holds them.
    BrokenOff "broken-off";
    /// Misc info without a value is left out.
    EmptyMiscInfos "empty-misc-infos";
    /// A repair report without sub units gets the repaired unit as the first, and any report the type that its parts tell.
    RepairUnits "repair-units";
    /// Numbers out of their range are left out and told in misc info or free data: sockets, buttons, process codes of `uur`.
    Ranges "ranges";
    /// Base64 of another alphabet, with line ends or without padding is written as the server takes it. Of a data URL it is
    /// its data, and a text that is no base64 at all is the contents of the file itself.
    Base64 "base64";
    /// Points of a series that has no x at all are numbered from 0; other points that lack their x or y are left out. A series
    /// of another type is one of x and y.
    ChartPoints "chart-points";
    /// The name of the process is left out; the code tells which it is.
    ProcessNames "process-names";
    /// Station, location, purpose and operator that are empty, and that the policy does not name, are `Unknown`.
    UnknownNames "unknown-names";
    /// The revision of a unit that has none, and that the policy does not name, is `Unknown`.
    UnknownRevision "unknown-revision";
    /// A file of which there is only the name, as in exports that were read without attachments, is left out. Its name and
    /// content type become free data, of the step or of the report. Submitted under its id, the report takes the place of one
    /// that has the file.
    MissingFiles "missing-files";
    /// A value that is not of the member's kind and means none of it, such as `n/a` for a number, is left out. It becomes
    /// free data of the report, with its place. What tells units apart, and what only somebody can name, stays; of a start that
    /// nobody can read the other one tells the moment.
    Unreadable "unreadable";
}

use Mend::{FutureStart, MissingFiles, ProcessNames};

impl Mend {
    /// Those of the default policy.
    const DEFAULT: &'static [Self] = &[
        Self::Characters,
        Self::LongTexts,
        Self::OutputOnly,
        Self::MissingStart,
        Self::StepIds,
        Self::Operators,
        Self::ContentTypes,
        Self::Loops,
    ];

    fn bit(self) -> u64 {
        1 << self as u64
    }
}

/// Which outcome counts where a step and its measurements, or the root and the result, contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OutcomeConflict {
    /// Both stay as they are; the default.
    #[default]
    Keep,
    /// That of the step, and that of the root. A failed step of several measurements that all passed becomes a failed
    /// sequence with a step that holds them.
    Step,
    /// That of the measurements, and that of the root.
    Measurements,
    /// The graver one: no failure becomes a pass. Where none of several measurements failed, as with
    /// [`Step`](Self::Step).
    Graver,
}

/// What [`fix`](super::fix()) may change. The default is what is always safe.
///
/// ```
/// use wats_report::Station;
/// use wats_report::lint::{FixPolicy, Mend};
///
/// let policy = FixPolicy::resubmit()
///     .without(Mend::StartWins)
///     .operator("unknown")
///     .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" });
/// assert!(policy.has(Mend::EmptySteps) && !FixPolicy::default().has(Mend::EmptySteps));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixPolicy {
    mends: u64,
    pub(super) conflict: OutcomeConflict,
    pub(super) unit: String,
    /// What the header says where it says nothing.
    pub(super) given: Given,
}

/// Values for members of the header that are missing or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Given {
    pub(super) id: Option<Uuid>,
    pub(super) process_code: Option<i32>,
    pub(super) revision: Option<String>,
    pub(super) operator: Option<String>,
    pub(super) station: Option<String>,
    pub(super) location: Option<String>,
    pub(super) purpose: Option<String>,
    pub(super) zone: Option<TimeZone>,
}

impl Default for FixPolicy {
    fn default() -> Self {
        Mend::DEFAULT
            .iter()
            .fold(Self::none(), |policy, mend| policy.with(*mend))
    }
}

impl FixPolicy {
    /// Nothing is changed.
    pub fn none() -> Self {
        Self {
            mends: 0,
            conflict: OutcomeConflict::Keep,
            unit: "1".to_owned(),
            given: Given::default(),
        }
    }

    /// What the export of a server needs to be submitted again: all but [`Mend::FutureStart`], [`Mend::ProcessNames`] and
    /// [`Mend::MissingFiles`], and of two outcomes the graver counts. Members of the header that are missing are filled in with what
    /// [`operator`](Self::operator), [`station`](Self::station) and the like name, else with `Unknown`; the id, the process,
    /// the start and what tells units apart only with what is named.
    pub fn resubmit() -> Self {
        let all = Mend::ALL
            .iter()
            .fold(Self::none(), |policy, mend| policy.with(*mend));
        all.without(FutureStart)
            .without(ProcessNames)
            .without(MissingFiles)
            .conflict(OutcomeConflict::Graver)
    }

    /// Allows a kind of change.
    #[must_use]
    pub fn with(mut self, mend: Mend) -> Self {
        self.mends |= mend.bit();
        self
    }

    /// Forbids a kind of change.
    #[must_use]
    pub fn without(mut self, mend: Mend) -> Self {
        self.mends &= !mend.bit();
        self
    }

    /// Whether a kind of change is allowed.
    pub fn has(&self, mend: Mend) -> bool {
        self.mends & mend.bit() != 0
    }

    /// Sets which outcome counts where two contradict each other.
    #[must_use]
    pub fn conflict(mut self, which: OutcomeConflict) -> Self {
        self.conflict = which;
        self
    }

    /// Sets the unit of numbers that have none, for [`Mend::MissingUnits`]. Default is `1`, as numbers without a dimension
    /// have it.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// Names the operator of reports that name none.
    #[must_use]
    pub fn operator(mut self, name: impl Into<String>) -> Self {
        self.given.operator = Some(name.into());
        self
    }

    /// Names station, location and purpose of reports that lack any of them.
    #[must_use]
    pub fn station(mut self, station: Station<'_>) -> Self {
        self.given.station = Some(station.name.to_owned());
        self.given.location = Some(station.location.to_owned());
        self.given.purpose = Some(station.purpose.to_owned());
        self
    }

    /// Names the time zone of a start without offset, for [`Mend::NaiveStart`], where there is no `startUTC` to tell it. An
    /// hour that the zone has twice is the first of both; one that it does not have stays.
    #[must_use]
    pub fn zone(mut self, zone: TimeZone) -> Self {
        self.given.zone = Some(zone);
        self
    }

    /// Names the revision of units that have none.
    #[must_use]
    pub fn revision(mut self, revision: impl Into<String>) -> Self {
        self.given.revision = Some(revision.into());
        self
    }

    /// Names the process of reports that name none.
    #[must_use]
    pub fn process_code(mut self, code: i32) -> Self {
        self.given.process_code = Some(code);
        self
    }

    /// Gives an id to a report that has none. Each report needs its own, and the same one for every repeat.
    #[must_use]
    pub fn id(mut self, id: Uuid) -> Self {
        self.given.id = Some(id);
        self
    }
}
