//! Which reports count for a statistic (`PublicWatsFilter` of the server).

use jiff::{SignedDuration, Timestamp};
use wats_http::Call;
use wats_report::{ReportTime, wire};

use crate::error::{Error, Result};
use crate::scanned::{self, Kind};

wats_report::numbers! {
    /// How long a period is. An example of the server's description has 1 for days; clients that are in use send these
    /// numbers, and [`StatisticsFilter::last_days`] needs none of them.
    pub enum DateGrouping: "a length of periods" {
        /// There are no periods.
        None = -1,
        /// A year.
        Year = 0,
        /// A quarter.
        Quarter = 1,
        /// A month.
        Month = 2,
        /// A week.
        Week = 3,
        /// A day.
        Day = 4,
        /// An hour.
        Hour = 5,
    }
}

wire! {
    /// Which reports count for a statistic; all members are optional. Each operation takes some of them and says which; the
    /// server passes over the others. Several values of a text are separated by `;`. What a server takes beyond these
    /// members, such as `assetName`, goes to `extra`.
    ///
    /// An empty text, a count of zero and an end before the beginning are refused, as the server would take them for no
    /// filter at all.
    ///
    /// ```
    /// use wats_domains::analytics::StatisticsFilter;
    ///
    /// let filter = StatisticsFilter::default().part_number("PCBA-001").last_days(30).top_count(10);
    /// # let _ = filter;
    /// ```
    pub struct StatisticsFilter {
        /// Serial number.
        "serialNumber" => serial_number: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// Batch number.
        "batchNumber" => batch_number: String,
        /// Test station.
        "stationName" => station_name: String,
        /// Name of the process.
        "testOperation" => test_operation: String,
        /// Status of the report, such as `Passed`.
        "status" => status: String,
        /// Name of a misc info.
        "miscDescription" => misc_description: String,
        /// Text of a misc info.
        "miscValue" => misc_value: String,
        /// Group of products.
        "productGroup" => product_group: String,
        /// Level of the factory.
        "level" => level: String,
        /// Name of the sequence file.
        "swFilename" => sw_filename: String,
        /// Version of the sequence file.
        "swVersion" => sw_version: String,
        /// Test socket.
        "socket" => socket: String,
        /// Which yield failed steps are counted for; the server describes no numbers.
        "yield" => yield_number: i32,
        /// The first moment, with its offset.
        "dateFrom" => date_from: ReportTime,
        /// The last moment, with its offset.
        "dateTo" => date_to: ReportTime,
        /// How long a period is.
        "dateGrouping" => date_grouping: DateGrouping,
        /// How many periods, up to now.
        "periodCount" => period_count: i32,
        /// Whether the period that is not over yet counts.
        "includeCurrentPeriod" => include_current_period: bool,
        /// Most reports that are looked at.
        "maxCount" => max_count: i32,
        /// Fewest units of a row.
        "minCount" => min_count: i32,
        /// Most rows.
        "topCount" => top_count: i32,
        /// By what rows are told apart; set by the operations that take it.
        "dimensions" => dimensions: String,
        /// Which run of a unit counts for [`step_analysis`](crate::analytics::AnalyticsService::step_analysis): 1 the first, 2
        /// the second, 3 the third, -1 the last, -2 all.
        "run" => run: i32,
    }
}

macro_rules! texts {
    ($($field:ident),+) => { $(
        #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
        pub fn $field(mut self, text: impl Into<String>) -> Self {
            self.$field = Some(text.into());
            self
        }
    )+ };
}

impl StatisticsFilter {
    texts!(
        serial_number,
        part_number,
        revision,
        batch_number,
        station_name,
        test_operation,
        status,
        misc_description,
        misc_value,
        product_group,
        level,
        sw_filename,
        sw_version,
        socket
    );

    /// From this moment on.
    pub fn from(mut self, moment: Timestamp) -> Self {
        self.date_from = Some(utc(moment));
        self
    }

    /// Up to this moment.
    pub fn until(mut self, moment: Timestamp) -> Self {
        self.date_to = Some(utc(moment));
        self
    }

    /// The last so many times 24 hours, from the start of a minute on: who asks twice in a minute asks for the same, so that
    /// the answer can be kept ([`CacheOptions::analytics`](crate::CacheOptions::analytics)).
    pub fn last_days(self, days: u32) -> Self {
        let past = SignedDuration::from_hours(24 * i64::from(days));
        let minute = Timestamp::now().as_second().div_euclid(60) * 60;
        let from = Timestamp::from_second(minute).and_then(|now| now.checked_sub(past));
        // Far back is as good as ever, and a year of four digits is what servers read.
        self.from(from.unwrap_or_default().max(Timestamp::UNIX_EPOCH))
    }

    /// The last so many periods of a length, the current one included.
    pub fn periods(mut self, count: u32, length: DateGrouping) -> Self {
        self.period_count = Some(count.try_into().unwrap_or(i32::MAX));
        self.date_grouping = Some(length);
        self.include_current_period = Some(true);
        self
    }

    /// At most so many rows.
    pub fn top_count(mut self, rows: u32) -> Self {
        self.top_count = Some(rows.try_into().unwrap_or(i32::MAX));
        self
    }
}

impl StatisticsFilter {
    /// Puts the filter into the body of a call.
    pub(crate) fn body_of(&self, call: Call) -> Result<Call> {
        self.check()?;
        Ok(call.json(self))
    }

    fn check(&self) -> Result<()> {
        for (name, text, kind) in [
            ("serial_number", &self.serial_number, Kind::Number),
            ("part_number", &self.part_number, Kind::Number),
            ("revision", &self.revision, Kind::Number),
            ("batch_number", &self.batch_number, Kind::Number),
            ("station_name", &self.station_name, Kind::Name),
            ("test_operation", &self.test_operation, Kind::Name),
            ("status", &self.status, Kind::Name),
            ("misc_description", &self.misc_description, Kind::Name),
            ("misc_value", &self.misc_value, Kind::Name),
            ("product_group", &self.product_group, Kind::Name),
            ("level", &self.level, Kind::Name),
            ("sw_filename", &self.sw_filename, Kind::Name),
            ("sw_version", &self.sw_version, Kind::Name),
            ("socket", &self.socket, Kind::Name),
        ] {
            if let Some(text) = text {
                scanned::check_some(name, text, kind)?;
            }
        }
        for (name, count, least) in [
            ("period_count", self.period_count, 1),
            ("max_count", self.max_count, 1),
            ("min_count", self.min_count, 0),
            ("top_count", self.top_count, 1),
        ] {
            if let Some(count) = count.filter(|count| *count < least) {
                return Err(Error::Query(format!(
                    "the filter's {name} is {count}; it is {least} or more"
                )));
            }
        }
        let moment = |time: &Option<ReportTime>| time.as_ref()?.timestamp().ok();
        match (moment(&self.date_from), moment(&self.date_to)) {
            (Some(from), Some(to)) if from > to => Err(Error::Query(format!(
                "the filter's date_from {from} is after its date_to {to}"
            ))),
            _ => Ok(()),
        }
    }
}

/// A moment in UTC, so that no server takes it for its local time.
fn utc(moment: Timestamp) -> ReportTime {
    ReportTime::from(moment.to_string().as_str())
}
