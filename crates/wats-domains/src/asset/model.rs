//! The wire models of assets (`Asset`, `AssetType` and `AssetLog` of the server, which its lists have too).

use serde_json::Value;
use uuid::Uuid;
use wats_report::wire::Number;
use wats_report::{ReportTime, wire};

use crate::setting::Setting;

wats_report::numbers! {
    /// What is done with an asset.
    pub enum AssetState: "the state of an asset" {
        /// Nobody knows.
        Unknown = 0,
        /// It is used.
        InOperation = 1,
        /// It is on its way.
        InTransit = 2,
        /// It is maintained.
        InMaintenance = 3,
        /// It is calibrated.
        InCalibration = 4,
        /// It is not used.
        InStorage = 5,
        /// It is gone.
        Scrapped = 6,
    }
}

wats_report::numbers! {
    /// What an entry of the log of an asset is.
    pub enum AssetLogType: "the type of a log entry" {
        /// A message.
        Message = 0,
        /// The asset was registered.
        Registered = 1,
        /// It was changed.
        Updated = 2,
        /// A count was reset.
        CountReset = 3,
        /// It was calibrated.
        Calibrated = 4,
        /// It was maintained.
        Maintained = 5,
        /// Its state changed.
        StateChanged = 6,
    }
}

wire! {
    /// An asset. Counts and the dates of calibration and maintenance are changed by operations of their own.
    pub struct Asset {
        /// Identifier given by the server; `None` for one that is not saved yet.
        "assetId" => asset_id: String,
        /// The asset that it belongs to.
        "parentAssetId" => parent_asset_id: String,
        /// Serial number.
        "serialNumber" => serial_number: String,
        /// Serial number of the asset that it belongs to.
        "parentSerialNumber" => parent_serial_number: String,
        /// Name for people.
        "assetName" => name: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// Its type.
        "typeId" => type_id: Uuid,
        /// The client that uses it.
        "ClientId" => client_id: i32,
        /// What is done with it.
        "state" => state: AssetState,
        /// Description.
        "description" => description: String,
        /// Where it is.
        "location" => location: String,
        /// When it was used first.
        "firstSeenDate" => first_seen: ReportTime,
        /// When it was used last.
        "lastSeenDate" => last_seen: ReportTime,
        /// When it was maintained last.
        "lastMaintenanceDate" => last_maintenance: ReportTime,
        /// When it is to be maintained.
        "nextMaintenanceDate" => next_maintenance: ReportTime,
        /// When it was calibrated last.
        "lastCalibrationDate" => last_calibration: ReportTime,
        /// When it is to be calibrated.
        "nextCalibrationDate" => next_calibration: ReportTime,
        /// How often it was used.
        "totalCount" => total_count: i32,
        /// How often since its last calibration.
        "runningCount" => running_count: i32,
        /// Tags.
        "tags" => tags: Vec<Setting>,
        /// Assets that belong to it.
        "assetChildren" => children: Vec<Asset>,
        /// Its type in full.
        "assetType" => asset_type: AssetType,
        /// Its log.
        "assetLog" => log: Vec<AssetLogEntry>,
        /// Tags as XML; only in lists.
        "xmlData" => xml_data: String,
    }

    /// A type of assets, with how often they are to be calibrated and maintained.
    pub struct AssetType {
        /// Identifier given by the server; `None` for one that is not saved yet.
        "typeId" => type_id: Uuid,
        /// Name.
        "typeName" => name: String,
        /// Most uses between two calibrations.
        "runningCountLimit" => running_count_limit: i32,
        /// Most uses.
        "totalCountLimit" => total_count_limit: i32,
        /// Days between two maintenances.
        "maintenanceInterval" => maintenance_interval: Number,
        /// Days between two calibrations.
        "calibrationInterval" => calibration_interval: Number,
        /// From how many percent of a limit on there is a warning.
        "warningThreshold" => warning_threshold: Number,
        /// From how many percent of a limit on there is an alarm.
        "alarmThreshold" => alarm_threshold: Number,
        /// Whether it cannot be changed.
        "isReadonly" => is_read_only: bool,
        /// Icon.
        "icon" => icon: String,
    }

    /// An entry of the log of an asset.
    pub struct AssetLogEntry {
        /// Identifier given by the server.
        "logId" => log_id: i32,
        /// The asset.
        "assetId" => asset_id: String,
        /// Its serial number.
        "serialNumber" => serial_number: String,
        /// When.
        "date" => date: ReportTime,
        /// Who.
        "user" => user: String,
        /// What it is.
        "type" => kind: AssetLogType,
        /// What was changed.
        "property" => property: String,
        /// To what.
        "value" => value: String,
        /// Text.
        "comment" => comment: String,
    }

    /// Whether an asset may be used. The server does not describe it; what it says beyond these members is in `extra`.
    pub struct AssetStatus {
        /// Serial number.
        "serialNumber" => serial_number: String,
        /// What is wrong, in words.
        "message" => message: String,
        /// How often it was used since its last calibration.
        "runningCount" => running_count: i32,
        /// How often it was used.
        "totalCount" => total_count: i32,
        /// The state of its alarms, as the server gives it.
        "alarmState" => alarm_state: Value,
    }
}

impl Asset {
    /// An asset of a type that is not saved yet.
    pub fn new(serial_number: impl Into<String>, type_id: Uuid) -> Self {
        Self {
            serial_number: Some(serial_number.into()),
            type_id: Some(type_id),
            state: Some(AssetState::InOperation),
            ..Self::default()
        }
    }
}

impl AssetType {
    /// A type that is not saved yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }
}
