//! The wire model of alarms and notifications. The server does not describe it: clients of the server know these members.

use std::fmt;

use uuid::Uuid;
use wats_report::wire::Number;
use wats_report::{ReportTime, wire};

wats_report::numbers! {
    /// What an alarm is about.
    pub enum AlarmType: "the type of an alarm" {
        /// A report.
        Report = 1,
        /// Yield and volume.
        YieldVolume = 2,
        /// Serial numbers that are left.
        SerialNumber = 3,
        /// Measured values.
        Measurement = 4,
        /// An asset.
        Asset = 5,
    }
}

/// Types of alarms, as one parameter.
///
/// ```
/// use wats_domains::analytics::{AlarmType, AlarmTypes};
///
/// assert_eq!(AlarmTypes::from([AlarmType::Report, AlarmType::Asset]).to_string(), "1;5");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmTypes(String);

impl<I: IntoIterator<Item = AlarmType>> From<I> for AlarmTypes {
    fn from(types: I) -> Self {
        let numbers = types.into_iter().map(|kind| kind.number().to_string());
        Self(numbers.collect::<Vec<_>>().join(";"))
    }
}

impl fmt::Display for AlarmTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

wire! {
    /// An alarm or notification that there was. Which members it has depends on its type.
    pub struct AlarmLog {
        /// Identifier.
        "logId" => log_id: i64,
        /// Name of the alarm.
        "name" => name: String,
        /// When it was.
        "logDate" => time: ReportTime,
        /// What set it off.
        "triggerId" => trigger_id: i32,
        /// What it is about.
        "type" => kind: AlarmType,
        /// Its state.
        "state" => state: String,
        /// How it was calculated, if that was asked for.
        "calculationsString" => calculation: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Name of the product.
        "productName" => product_name: String,
        /// Revision.
        "revision" => revision: String,
        /// Serial number.
        "serialNumber" => serial_number: String,
        /// Code of the process.
        "processCode" => process_code: String,
        /// Name of the process.
        "processName" => process_name: String,
        /// Test station.
        "stationName" => station_name: String,
        /// The report.
        "reportGuid" => report_id: Uuid,
        /// Operator.
        "operator" => operator: String,
        /// Result of the report.
        "result" => result: String,
        /// When the test began.
        "startUtc" => started: ReportTime,
        /// Units.
        "unitCount" => unit_count: i32,
        /// Yield of first runs, in percent.
        "fpy" => fpy: Number,
        /// Yield of last runs, in percent.
        "lpy" => lpy: Number,
        /// Reports of tests.
        "uutCount" => report_count: i32,
        /// Type of serial numbers.
        "serialNumberType" => serial_number_type: String,
        /// Serial numbers of the type that are free.
        "free" => free: i32,
        /// Serial numbers of the type that are reserved.
        "reserved" => reserved: i32,
        /// The measurement, its parts separated by `¶`.
        "measurementPath" => measurement_path: String,
        /// Process capability, by the nearer limit.
        "cpk" => cpk: Number,
        /// Process capability.
        "cp" => cp: Number,
        /// Least value.
        "min" => min: Number,
        /// Greatest value.
        "max" => max: Number,
        /// Mean.
        "avg" => avg: Number,
        /// Standard deviation.
        "stdev" => stdev: Number,
        /// Name of the asset.
        "assetname" => asset_name: String,
        /// Serial number of the asset.
        "serialnumber" => asset_serial_number: String,
        /// State of the asset.
        "assetstate" => asset_state: String,
    }
}
