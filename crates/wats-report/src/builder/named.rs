//! Arguments that belong together, by name. Two texts beside each other could be swapped, and nobody would notice.

/// Which unit a report is about. All three are at most 100 characters.
///
/// ```
/// use wats_report::{Unit, UutReport};
///
/// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
/// let report = UutReport::builder(unit, 100);
/// # let _ = report;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unit<'a> {
    /// Part number: what the unit is.
    pub part_number: &'a str,
    /// Serial number: which one it is.
    pub serial_number: &'a str,
    /// Revision of the part.
    pub revision: &'a str,
}

/// Where a report comes from. All three are at most 100 characters; they rarely change, so a program may have a constant.
///
/// ```
/// use wats_report::Station;
///
/// const STATION: Station<'_> = Station { name: "ICT-3", location: "Drammen", purpose: "Production" };
/// # let _ = STATION;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Station<'a> {
    /// Name of the station.
    pub name: &'a str,
    /// Where it stands.
    pub location: &'a str,
    /// What it is for: `Production`, `Development` …
    pub purpose: &'a str,
}

/// The two process codes of a repair report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProcessCodes {
    /// Code of the process of the repair.
    pub repair: i32,
    /// Code of the process of the test that failed.
    pub test: i32,
}

/// What went wrong, in the words that the server is configured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FailureCode<'a> {
    /// Category, such as `Component`.
    pub category: &'a str,
    /// Code within the category, such as `Burned`.
    pub code: &'a str,
}

/// What an operator answered to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PopupAnswer<'a> {
    /// The text that was entered.
    pub text: &'a str,
    /// Number of the button that was pressed.
    pub button: i16,
}
