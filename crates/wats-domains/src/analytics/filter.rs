//! Which reports count for a statistic (`PublicWatsFilter` of the server).

use jiff::{SignedDuration, Timestamp};
use wats_report::{ReportTime, wire};

wats_report::numbers! {
    /// How long a period is.
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
    /// Which reports count for a statistic; all members are optional. Which of them an operation observes is the server's
    /// matter and stands with the operation. Where a member is a text, several are separated by `;`.
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
        /// Yield, in percent: which of them, by the operation.
        "yield" => max_yield: i32,
        /// The first moment.
        "dateFrom" => date_from: ReportTime,
        /// The last moment.
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
        /// By what rows are told apart; set by the operations that observe it.
        "dimensions" => dimensions: String,
        /// Which run of a unit counts: 1 the first, 2 the second, -1 the last, -2 all.
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

    /// The last so many times 24 hours.
    pub fn last_days(self, days: u32) -> Self {
        let past = SignedDuration::from_hours(24 * i64::from(days));
        let from = Timestamp::now().checked_sub(past);
        self.from(from.unwrap_or(Timestamp::MIN))
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

/// A moment in UTC, so that no server takes it for its local time.
fn utc(moment: Timestamp) -> ReportTime {
    ReportTime::from(moment.to_string().as_str())
}
