//! The wire models of yields, repairs, levels and equipment. The server does not describe them; clients of it know these members, and
//! the figures of yields are those that can be ordered. What the server gives beyond them is in `extra`.

use uuid::Uuid;
use wats_report::wire::Number;
use wats_report::{ReportTime, wire};

wire! {
    /// Units and yields of what one row stands for. It has the dimensions and figures that were ordered. Colours, alarms,
    /// warnings and the other trends, such as `unitCountTrend`, are in `extra`.
    pub struct Yield {
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// Name of the product.
        "productName" => product_name: String,
        /// Group of products.
        "productGroup" => product_group: String,
        /// Test station.
        "stationName" => station_name: String,
        /// Where the station stands.
        "location" => location: String,
        /// What the station is for.
        "purpose" => purpose: String,
        /// Name of the process.
        "testOperation" => test_operation: String,
        /// Code of the process.
        "processCode" => process_code: i32,
        /// Period, as the server writes it.
        "period" => period: String,
        /// Level of the factory.
        "level" => level: String,
        /// Name of the sequence file.
        "swFilename" => sw_filename: String,
        /// Version of the sequence file.
        "swVersion" => sw_version: String,
        /// Batch number.
        "batchNumber" => batch_number: String,
        /// Operator.
        "operator" => operator: String,
        /// Fixture.
        "fixtureId" => fixture_id: String,
        /// Test socket.
        "socketIndex" => socket_index: i32,
        /// Error code.
        "errorCode" => error_code: i32,
        /// Name of a misc info.
        "miscInfoDescription" => misc_info_description: String,
        /// Text of a misc info.
        "miscInfoString" => misc_info_string: String,
        /// Name of the step that made the unit fail.
        "stepCausedUutFailure" => step_caused_uut_failure: String,
        /// Path of that step, its parts separated by `¶`.
        "stepPathCausedUutFailure" => step_path_caused_uut_failure: String,
        /// Serial number of an asset.
        "assetSerialNumber" => asset_serial_number: String,
        /// Name of an asset.
        "assetName" => asset_name: String,
        /// Units that were tested.
        "unitCount" => unit_count: i32,
        /// Units that passed the first run.
        "fpCount" => fp_count: i32,
        /// Units that passed by the second run.
        "spCount" => sp_count: i32,
        /// Units that passed by the third run.
        "tpCount" => tp_count: i32,
        /// Units that passed the last run.
        "lpCount" => lp_count: i32,
        /// Units that failed the first run.
        "fpFailCount" => fp_fail_count: i32,
        /// Units that had not passed by the second run.
        "spFailCount" => sp_fail_count: i32,
        /// Units that had not passed by the third run.
        "tpFailCount" => tp_fail_count: i32,
        /// Units that failed the last run.
        "lpFailCount" => lp_fail_count: i32,
        /// First pass yield: units that passed the first run, in percent.
        "fpy" => fpy: Number,
        /// Second pass yield: units that passed by the second run, in percent.
        "spy" => spy: Number,
        /// Third pass yield: units that passed by the third run, in percent.
        "tpy" => tpy: Number,
        /// Last pass yield: units that passed the last run, in percent.
        "lpy" => lpy: Number,
        /// Test reports, whichever run.
        "testReportCount" => test_report_count: i32,
        /// Test reports that passed.
        "testYieldCount" => test_yield_count: i32,
        /// Test reports that passed, in percent.
        "testYield" => test_yield: Number,
        /// Runs beyond the first of each unit.
        "retestCount" => retest_count: i32,
        /// Units that failed the first run, of a million.
        "ppmFpy" => ppm_fpy: Number,
        /// As [`ppm_fpy`](Self#structfield.ppm_fpy), by the second run.
        "ppmSpy" => ppm_spy: Number,
        /// As [`ppm_fpy`](Self#structfield.ppm_fpy), by the third run.
        "ppmTpy" => ppm_tpy: Number,
        /// As [`ppm_fpy`](Self#structfield.ppm_fpy), of the last run.
        "ppmLpy" => ppm_lpy: Number,
        /// Test reports that failed, of a million.
        "ppmTestYield" => ppm_test_yield: Number,
        /// When the first test began.
        "firstUtc" => first: ReportTime,
        /// When the last test began.
        "lastUtc" => last: ReportTime,
        /// Units in the time before, which trends go by.
        "previousUnitCount" => previous_unit_count: i32,
        /// Test reports in the time before.
        "previousTestReportCount" => previous_test_report_count: i32,
        /// How the first pass yield has changed since the time before.
        "fpyTrend" => fpy_trend: Number,
        /// How the second pass yield has changed.
        "spyTrend" => spy_trend: Number,
        /// How the third pass yield has changed.
        "tpyTrend" => tpy_trend: Number,
        /// How the last pass yield has changed.
        "lpyTrend" => lpy_trend: Number,
        /// How the share of reports that passed has changed.
        "testYieldTrend" => test_yield_trend: Number,
    }

    /// Repairs of what one row stands for. It has the dimensions that were ordered.
    pub struct RepairCount {
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// Name of the product.
        "productName" => product_name: String,
        /// Group of products.
        "productGroup" => product_group: String,
        /// What was repaired: the unit or a part of it.
        "unitType" => unit_type: String,
        /// Name of the process of the repair.
        "repairOperation" => repair_operation: String,
        /// Period of the repair, as the server writes it.
        "period" => period: String,
        /// Level of the factory where it was repaired.
        "level" => level: String,
        /// Station where it was repaired.
        "stationName" => station_name: String,
        /// Where that station stands.
        "location" => location: String,
        /// What that station is for.
        "purpose" => purpose: String,
        /// Who repaired it.
        "operator" => operator: String,
        /// Name of a misc info.
        "miscInfoDescription" => misc_info_description: String,
        /// Text of a misc info.
        "miscInfoString" => misc_info_string: String,
        /// Code of the failure, as it was named at the repair.
        "repairCode" => repair_code: String,
        /// Category of that code.
        "repairCategory" => repair_category: String,
        /// Type of that code.
        "repairType" => repair_type: String,
        /// Designator of the component that failed, such as `R12`.
        "componentRef" => component_ref: String,
        /// Part number of the component.
        "componentNumber" => component_number: String,
        /// Revision of the component.
        "componentRevision" => component_revision: String,
        /// Vendor of the component.
        "componentVendor" => component_vendor: String,
        /// Description of the component.
        "componentDescription" => component_description: String,
        /// Function block of the component.
        "functionBlock" => function_block: String,
        /// Name of the step that uncovered the failure.
        "referencedStep" => referenced_step: String,
        /// Path of that step, its parts separated by `¶`.
        "referencedStepPath" => referenced_step_path: String,
        /// Name of the process of the test that failed.
        "testOperation" => test_operation: String,
        /// Period of the test, as the server writes it.
        "testPeriod" => test_period: String,
        /// Level of the factory where it was tested.
        "testLevel" => test_level: String,
        /// Station where it was tested.
        "testStationName" => test_station_name: String,
        /// Where that station stands.
        "testLocation" => test_location: String,
        /// What that station is for.
        "testPurpose" => test_purpose: String,
        /// Who tested it.
        "testOperator" => test_operator: String,
        /// Batch number.
        "batchNumber" => batch_number: String,
        /// Name of the sequence file.
        "swFilename" => sw_filename: String,
        /// Version of the sequence file.
        "swVersion" => sw_version: String,
        /// Repair reports.
        "repairReportCount" => repair_report_count: i32,
        /// Failures that were repaired; a report may have several.
        "repairCount" => repair_count: i32,
        /// Units in all.
        "totalCount" => total_count: i32,
        /// Share of units that were repaired; the server does not say whether in percent.
        "repairRate" => repair_rate: Number,
        /// Code of the failure.
        "failCode" => fail_code: String,
    }

    /// A failure that was repaired.
    pub struct RepairedFailure {
        /// Serial number of the unit.
        "serialNumber" => serial_number: String,
        /// Part number of the unit.
        "partNumber" => part_number: String,
        /// Revision of the unit.
        "revision" => revision: String,
        /// The repair report.
        "reportId" => report_id: Uuid,
        /// When it was repaired.
        "repairDate" => repair_date: ReportTime,
        /// Name of the step that failed.
        "failStepName" => fail_step_name: String,
        /// Path of that step, its parts separated by `¶`.
        "failStepPath" => fail_step_path: String,
        /// Code of the failure.
        "failCode" => fail_code: String,
        /// Code of the repair.
        "repairCode" => repair_code: String,
        /// What was seen.
        "symptom" => symptom: String,
        /// Why it failed.
        "cause" => cause: String,
        /// What was done.
        "action" => action: String,
    }

    /// A level of the factory.
    pub struct Level {
        /// Identifier.
        "levelId" => level_id: i32,
        /// Name.
        "levelName" => level_name: String,
    }

    /// A group of products. Its filters are in `extra`, if they were asked for.
    pub struct ProductGroup {
        /// Identifier.
        "productGroupId" => product_group_id: i32,
        /// Name.
        "productGroupName" => product_group_name: String,
    }

    /// Overall equipment effectiveness. The server does not say whether shares are in percent, and in which unit times are.
    pub struct Oee {
        /// The effectiveness: availability times performance times quality.
        "oee" => oee: Number,
        /// Share of the planned time in which the equipment ran.
        "availability" => availability: Number,
        /// Share of the possible output that was reached while it ran.
        "performance" => performance: Number,
        /// Share of the output that passed.
        "quality" => quality: Number,
        /// All of the time that was looked at.
        "totalTime" => total_time: Number,
        /// Time in which the equipment ran.
        "runTime" => run_time: Number,
        /// Time in which it did not run, though it was planned to.
        "downTime" => down_time: Number,
        /// Time in which it was planned to run.
        "plannedProductionTime" => planned_production_time: Number,
        /// Units in all.
        "totalCount" => total_count: i32,
        /// Units that passed.
        "goodCount" => good_count: i32,
        /// Units that failed.
        "rejectCount" => reject_count: i32,
        /// Shortest time for a unit.
        "idealCycleTime" => ideal_cycle_time: Number,
        /// Time that a unit took.
        "actualCycleTime" => actual_cycle_time: Number,
        /// Period, as the server writes it.
        "period" => period: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Test station.
        "stationName" => station_name: String,
    }
}
