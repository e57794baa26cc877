//! Which report headers to list: conditions, order, members and lists, each restricted to what the server allows.

use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::ReportType;
use crate::argument;
use crate::ask::list;
use crate::error::{Error, Result};
use crate::odata::Filter;
use crate::scanned::{self, Kind};
use wats_report::zone;

macro_rules! names {
    ($( $(#[$meta:meta])* pub enum $name:ident { $( $(#[$of_variant:meta])* $variant:ident = $wire:literal, )* } )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$of_variant])* $variant, )*
        }

        impl $name {
            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $wire, )*
                }
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.as_str().to_owned()
            }
        }
    )* };
}

names! {
    /// A member of a [`ReportHeader`](super::ReportHeader), for `$select` and for filters.
    ///
    /// ```
    /// use wats_domains::Filter;
    /// use wats_domains::report::HeaderField;
    ///
    /// assert_eq!(Filter::eq(HeaderField::Result, "Failed").to_odata()?, "result eq 'Failed'");
    /// # Ok::<(), wats_domains::Error>(())
    /// ```
    #[allow(missing_docs, reason = "the fields of ReportHeader say what they mean")]
    pub enum HeaderField {
        Id = "uuid",
        SerialNumber = "serialNumber",
        PartNumber = "partNumber",
        ReportType = "reportType",
        Start = "start",
        Revision = "revision",
        Result = "result",
        BatchNumber = "batchNumber",
        Operator = "userName",
        Station = "stationName",
        Location = "location",
        Purpose = "purpose",
        MeasuresDeleted = "measuresDeleted",
        TimeStamp = "timeStamp",
        ProcessCode = "processCode",
        ProcessName = "processName",
        Comment = "comment",
        ExecutionTime = "executionTime",
        SoftwareFilename = "swFilename",
        SoftwareVersion = "swVersion",
        SocketIndex = "testSocketIndex",
        FixtureId = "fixtureId",
        ErrorCode = "errorCode",
        ErrorMessage = "errorMessage",
        Run = "run",
        ReceiveCount = "receiveCount",
        ReportSize = "reportSize",
        CausedUutFailure = "causedUutFailure",
        CausedUutFailurePath = "causedUutFailurePath",
        PassedInRun = "passedInRun",
        ReferencedUut = "referencedUut",
    }

    /// What headers may be ordered by; the server allows nothing else.
    pub enum HeaderOrder {
        /// Start of the test.
        Start = "start",
        /// Identifier of the report.
        Id = "uuid",
        /// Serial number of the unit.
        SerialNumber = "serialNumber",
        /// Order of processing.
        TimeStamp = "timeStamp",
    }

    /// A list of a header that is answered only when asked for (`$expand`).
    pub enum HeaderList {
        /// Units built into the tested one.
        SubUnits = "subUnits",
        /// Further named values of a test.
        MiscInfo = "miscInfo",
        /// Equipment used.
        Assets = "assets",
        /// Attachments of a test.
        Attachments = "attachments",
        /// Units of a repair.
        UurSubUnits = "uurSubUnits",
        /// Further named values of a repair.
        UurMiscInfo = "uurMiscInfo",
        /// Attachments of a repair.
        UurAttachments = "uurAttachments",
    }
}

/// Which headers to list and how; all conditions must hold, and all are optional.
///
/// ```
/// use wats_domains::report::{HeaderList, HeaderOrder};
/// use wats_domains::{Filter, HeaderQuery};
///
/// let last_failures = HeaderQuery::default()
///     .part_number("PCBA-001")
///     .filter(Filter::eq("result", "Failed"))
///     .expand(HeaderList::SubUnits)
///     .order_by_desc(HeaderOrder::Start)
///     .top(50);
/// # let _ = last_failures;
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct HeaderQuery {
    /// Tests or repairs only.
    pub kind: Option<ReportType>,
    /// Condition on the members of [`ReportHeader`](super::ReportHeader), by their names on the wire.
    pub filter: Option<Filter>,
    /// Most headers to return, at most 10 000. The server returns 10 unless asked for more.
    pub top: Option<u32>,
    /// Headers to skip.
    pub skip: Option<u32>,
    /// The order, `true` for descending. Default: newest start first.
    pub order_by: Vec<(HeaderOrder, bool)>,
    /// The members to answer; all if none is named.
    pub select: Vec<HeaderField>,
    /// The lists to answer beside.
    pub expand: Vec<HeaderList>,
    /// Members of a sub unit and what they must be.
    sub_units: Vec<(&'static str, String)>,
    /// Told when the query is sent, so that it can be written as one chain.
    mistake: Option<String>,
}

impl HeaderQuery {
    /// Tests only, or repairs only.
    pub fn kind(mut self, kind: ReportType) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Adds a condition; all that are added must hold.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(match self.filter.take() {
            Some(before) => before.and(filter),
            None => filter,
        });
        self
    }

    /// Reports of units with this serial number.
    pub fn serial_number(self, serial_number: impl Into<String>) -> Self {
        self.filter(Filter::eq(HeaderField::SerialNumber, serial_number.into()))
    }

    /// Reports of units with this part number.
    pub fn part_number(self, part_number: impl Into<String>) -> Self {
        self.filter(Filter::eq(HeaderField::PartNumber, part_number.into()))
    }

    /// Reports that started in this range of time, the end not included. The server compares whole seconds, so a bound
    /// inside a second is widened to the whole of it.
    pub fn started(mut self, range: Range<Timestamp>) -> Self {
        let (from, to) = (range.start, range.end);
        if let Err(Error::Query(mistake)) =
            argument::at_least("started", &to, ("its beginning", Some(&from)))
        {
            self.mistake = Some(mistake);
            return self;
        }
        self.filter(Filter::ge(HeaderField::Start, from).and(Filter::lt(HeaderField::Start, to)))
    }

    /// Reports that started on this day in this time zone: from midnight to midnight, 23 or 25 hours where the clock is
    /// changed. A zone that is unknown, as `TimeZone::system()` gives it where that of the machine cannot be read, is an error
    /// of the query.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "time zones are made on the spot, as TimeZone::try_system()?"
    )]
    pub fn started_on(mut self, day: Date, zone: TimeZone) -> Self {
        if zone.is_unknown() {
            self.mistake = Some(zone::unknown());
            return self;
        }
        let midnight = |date: Date| date.to_zoned_datetime(zone.clone());
        let range = midnight(day)
            .and_then(|from| Ok(from.timestamp()..midnight(day.tomorrow()?)?.timestamp()));
        self.started_within(range)
    }

    /// Reports that started today, by the clock and the time zone of this machine.
    pub fn started_today(mut self) -> Self {
        match zone::now() {
            Ok(now) => self.started_on(now.date(), now.time_zone().clone()),
            Err(problem) => {
                self.mistake = Some(problem);
                self
            }
        }
    }

    /// Reports that started within this time from now backwards, such as the last 7 days.
    pub fn started_within_last(self, time: Duration) -> Self {
        let now = Timestamp::now();
        // Up to now only: the clock of a station may be ahead.
        self.started_within(now.checked_sub(time).map(|from| from..now))
    }

    fn started_within(mut self, range: Result<Range<Timestamp>, jiff::Error>) -> Self {
        match range {
            Ok(range) => self.started(range),
            Err(problem) => {
                self.mistake = Some(format!("the range of time cannot be expressed: {problem}"));
                self
            }
        }
    }

    /// Reports with a sub unit of this serial number.
    pub fn sub_unit_serial_number(mut self, serial_number: impl Into<String>) -> Self {
        self.sub_units.push(("serialNumber", serial_number.into()));
        self
    }

    /// Reports with a sub unit of this part number. With
    /// [`sub_unit_serial_number`](Self::sub_unit_serial_number), one sub unit must have both.
    pub fn sub_unit_part_number(mut self, part_number: impl Into<String>) -> Self {
        self.sub_units.push(("partNumber", part_number.into()));
        self
    }

    /// Sets the most headers to return.
    pub fn top(mut self, n: u32) -> Self {
        self.top = Some(n);
        self
    }

    /// Sets how many headers to skip. Between two calls headers move when reports come in;
    /// [`each`](crate::List::each) does not.
    pub fn skip(mut self, n: u32) -> Self {
        self.skip = Some(n);
        self
    }

    /// Adds an order, ascending.
    pub fn order_by(mut self, order: HeaderOrder) -> Self {
        self.order_by.push((order, false));
        self
    }

    /// Adds an order, descending.
    pub fn order_by_desc(mut self, order: HeaderOrder) -> Self {
        self.order_by.push((order, true));
        self
    }

    /// Names the members to answer, beside those named before; others are `None` then.
    pub fn select(mut self, fields: impl IntoIterator<Item = HeaderField>) -> Self {
        self.select.extend(fields);
        self
    }

    /// Adds a list to answer.
    pub fn expand(mut self, list: HeaderList) -> Self {
        self.expand.push(list);
        self
    }

    /// The query in OData's words.
    pub(crate) fn options(&self) -> list::Options {
        let orders = self.order_by.iter().map(|(order, descending)| {
            let direction = if *descending { " desc" } else { "" };
            format!("{}{direction}", order.as_str())
        });
        list::Options {
            filter: self.whole_filter(),
            top: self.top,
            skip: self.skip,
            order_by: orders.reduce(|all, order| format!("{all},{order}")),
            select: self.select.iter().map(|field| field.as_str()).collect(),
            expand: self.expand.iter().map(|list| list.as_str()).collect(),
            mistake: self.mistake.clone(),
        }
    }

    /// The condition with kind and sub units.
    fn whole_filter(&self) -> Option<Filter> {
        let kind = self.kind.as_ref();
        let kind = kind.map(|kind| Filter::eq(HeaderField::ReportType, kind.as_str()));
        [kind, self.sub_unit_filter(), self.filter.clone()]
            .into_iter()
            .flatten()
            .reduce(Filter::and)
    }

    /// Tests and repairs have their sub units in different lists.
    fn sub_unit_filter(&self) -> Option<Filter> {
        let unit = self
            .sub_units
            .iter()
            .map(|(member, value)| Filter::eq(*member, value))
            .reduce(Filter::and)?;
        let in_list = |list: HeaderList| Filter::any(list.as_str(), unit.clone());
        Some(match self.kind {
            Some(ReportType::Test) => in_list(HeaderList::SubUnits),
            Some(ReportType::Repair) => in_list(HeaderList::UurSubUnits),
            _ => in_list(HeaderList::SubUnits).or(in_list(HeaderList::UurSubUnits)),
        })
    }
}

/// What to search for in misc info; all that is given must fit.
///
/// ```
/// use wats_domains::report::MiscInfoSearch;
///
/// let search = MiscInfoSearch::default().description("Firmware").data("1.4.2");
/// # let _ = search;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MiscInfoSearch {
    /// Name of the value.
    pub description: Option<String>,
    /// The value.
    pub data: Option<String>,
    /// Serial number of the unit.
    pub serial_number: Option<String>,
    /// Code of the process.
    pub process_code: Option<i32>,
}

impl MiscInfoSearch {
    /// Sets the name of the value.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the value.
    pub fn data(mut self, data: impl Into<String>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Sets the serial number of the unit.
    pub fn serial_number(mut self, serial_number: impl Into<String>) -> Self {
        self.serial_number = Some(serial_number.into());
        self
    }

    /// Sets the code of the process.
    pub fn process_code(mut self, code: i32) -> Self {
        self.process_code = Some(code);
        self
    }

    /// Refuses an empty text, which the server would take for no condition at all.
    pub(super) fn check(&self) -> Result<()> {
        for (name, text, kind) in [
            ("description", &self.description, Kind::Name),
            ("data", &self.data, Kind::Name),
            ("serial_number", &self.serial_number, Kind::Number),
        ] {
            if let Some(text) = text {
                scanned::check_some(name, text, kind)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use wats_http::Call;

    fn fill(query: &HeaderQuery) -> Result<Call> {
        query.options().fill(crate::report::route::headers.call())
    }

    fn filter(query: &HeaderQuery) -> String {
        let filter = query.whole_filter();
        filter.map_or_else(String::new, |filter| filter.to_odata().unwrap())
    }

    #[test]
    fn days_are_those_of_the_time_zone() {
        // The clock goes forward in Oslo on this day, so it has 23 hours.
        let oslo = TimeZone::get("Europe/Oslo").unwrap();
        let query = HeaderQuery::default().started_on(date(2026, 3, 29), oslo);
        assert_eq!(
            filter(&query),
            "start ge 2026-03-28T23:00:00Z and start lt 2026-03-29T22:00:00Z"
        );
        let query = HeaderQuery::default().started_on(Date::MAX, TimeZone::UTC);
        assert!(matches!(fill(&query), Err(Error::Query(_))));
        let query = HeaderQuery::default().started_within_last(Duration::MAX);
        assert!(fill(&query).is_err());
    }

    #[test]
    fn conditions_add_up_and_quotes_are_doubled() {
        let query = HeaderQuery::default()
            .serial_number("O'Neil")
            .filter(Filter::eq("result", "Failed").or(Filter::eq("result", "Error")))
            .kind(ReportType::Repair)
            .sub_unit_part_number("' or true or '")
            .sub_unit_serial_number("S");
        assert_eq!(
            filter(&query),
            "reportType eq 'R' and uurSubUnits/any(x: x/partNumber eq ''' or true or ''' and x/serialNumber eq 'S') \
             and (serialNumber eq 'O''Neil' and (result eq 'Failed' or result eq 'Error'))"
        );
        let either = HeaderQuery::default().sub_unit_serial_number("S");
        assert_eq!(
            filter(&either),
            "subUnits/any(x: x/serialNumber eq 'S') or uurSubUnits/any(x: x/serialNumber eq 'S')"
        );
    }
}
