//! The wire models of statistics. The server does not describe them and clients of it know these members; what it gives beyond
//! them is in `extra`.

use wats_report::wire::Number;
use wats_report::{ReportTime, wire};

wire! {
    /// Units and yields of what one row stands for. Numbers that were ordered beyond these members are in `extra`.
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
        /// Name of the process.
        "testOperation" => test_operation: String,
        /// Period, as the server writes it.
        "period" => period: String,
        /// Units.
        "unitCount" => unit_count: i32,
        /// Units that passed the first run.
        "fpCount" => fp_count: i32,
        /// Units that passed by the second run.
        "spCount" => sp_count: i32,
        /// Units that passed by the third run.
        "tpCount" => tp_count: i32,
        /// Units that passed the last run.
        "lpCount" => lp_count: i32,
        /// Yield of first runs, in percent.
        "fpy" => fpy: Number,
        /// Yield by the second run, in percent.
        "spy" => spy: Number,
        /// Yield by the third run, in percent.
        "tpy" => tpy: Number,
        /// Yield of last runs, in percent.
        "lpy" => lpy: Number,
    }

    /// A level of the factory.
    pub struct Level {
        /// Identifier.
        "levelId" => level_id: i32,
        /// Name.
        "levelName" => level_name: String,
    }

    /// A group of products.
    pub struct ProductGroup {
        /// Identifier.
        "productGroupId" => product_group_id: i32,
        /// Name.
        "productGroupName" => product_group_name: String,
    }

    /// Statistics of one step or measurement. Members that end in `wof` leave out what failed.
    pub struct StepAnalysis {
        /// Name of the step.
        "stepName" => step_name: String,
        /// Path of the step, its parts separated by `¶`.
        "stepPath" => step_path: String,
        /// Type of the step.
        "stepType" => step_type: String,
        /// Part of the sequence.
        "stepGroup" => step_group: String,
        /// Step count.
        "stepCount" => step_count: i32,
        /// Step passed count.
        "stepPassedCount" => step_passed_count: i32,
        /// Step done count.
        "stepDoneCount" => step_done_count: i32,
        /// Step skipped count.
        "stepSkippedCount" => step_skipped_count: i32,
        /// Step failed count.
        "stepFailedCount" => step_failed_count: i32,
        /// Step error count.
        "stepErrorCount" => step_error_count: i32,
        /// Step terminated count.
        "stepTerminatedCount" => step_terminated_count: i32,
        /// Step other count.
        "stepOtherCount" => step_other_count: i32,
        /// Step failed error terminated count.
        "stepFailedErrorTerminatedCount" => step_failed_error_terminated_count: i32,
        /// Step caused uut failed error terminated.
        "stepCausedUutFailedErrorTerminated" => step_caused_uut_failed_error_terminated: i32,
        /// Step caused uut failed.
        "stepCausedUutFailed" => step_caused_uut_failed: i32,
        /// Step caused uut error.
        "stepCausedUutError" => step_caused_uut_error: i32,
        /// Step caused uut terminated.
        "stepCausedUutTerminated" => step_caused_uut_terminated: i32,
        /// Limit1.
        "limit1" => limit1: Number,
        /// Limit1, without what failed.
        "limit1Wof" => limit1_wof: Number,
        /// Limit2.
        "limit2" => limit2: Number,
        /// Limit2, without what failed.
        "limit2Wof" => limit2_wof: Number,
        /// How the value is compared.
        "compOperator" => comp_operator: String,
        /// Step time avg.
        "stepTimeAvg" => step_time_avg: Number,
        /// Step time max.
        "stepTimeMax" => step_time_max: Number,
        /// Step time min.
        "stepTimeMin" => step_time_min: Number,
        /// Name of the measurement.
        "measureName" => measure_name: String,
        /// Measure count.
        "measureCount" => measure_count: i32,
        /// Measure count, without what failed.
        "measureCountWof" => measure_count_wof: i32,
        /// Least value.
        "min" => min: Number,
        /// Least value, without what failed.
        "minWof" => min_wof: Number,
        /// Greatest value.
        "max" => max: Number,
        /// Greatest value, without what failed.
        "maxWof" => max_wof: Number,
        /// Mean.
        "avg" => avg: Number,
        /// Mean, without what failed.
        "avgWof" => avg_wof: Number,
        /// Standard deviation.
        "stdev" => stdev: Number,
        /// Standard deviation, without what failed.
        "stdevWof" => stdev_wof: Number,
        /// Variance.
        "var" => variance: Number,
        /// Variance, without what failed.
        "varWof" => var_wof: Number,
        /// Process capability, by the nearer limit.
        "cpk" => cpk: Number,
        /// Process capability, by the nearer limit, without what failed.
        "cpkWof" => cpk_wof: Number,
        /// Process capability.
        "cp" => cp: Number,
        /// Process capability, without what failed.
        "cpWof" => cp_wof: Number,
        /// That by the lower limit.
        "cpLower" => cp_lower: Number,
        /// That by the lower limit, without what failed.
        "cpLowerWof" => cp_lower_wof: Number,
        /// That by the upper limit.
        "cpUpper" => cp_upper: Number,
        /// That by the upper limit, without what failed.
        "cpUpperWof" => cp_upper_wof: Number,
        /// Sigma high3.
        "sigmaHigh3" => sigma_high3: Number,
        /// Sigma high3, without what failed.
        "sigmaHigh3Wof" => sigma_high3_wof: Number,
        /// Sigma low3.
        "sigmaLow3" => sigma_low3: Number,
        /// Sigma low3, without what failed.
        "sigmaLow3Wof" => sigma_low3_wof: Number,
    }

    /// A step that fails often.
    pub struct FailedStep {
        /// Name of the step.
        "stepName" => step_name: String,
        /// Path of the step, its parts separated by `¶`.
        "stepPath" => step_path: String,
        /// Type of the step.
        "stepType" => step_type: String,
        /// Part of the sequence.
        "stepGroup" => step_group: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// Group of products.
        "productGroup" => product_group: String,
        /// Fail count.
        "failCount" => fail_count: i32,
        /// Total count.
        "totalCount" => total_count: i32,
        /// Fail rate.
        "failRate" => fail_rate: Number,
        /// First fail date.
        "firstFailDate" => first_fail_date: ReportTime,
        /// Last fail date.
        "lastFailDate" => last_fail_date: ReportTime,
    }

    /// Repairs of what one row stands for.
    pub struct RepairCount {
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// Group of products.
        "productGroup" => product_group: String,
        /// Name of the product.
        "productName" => product_name: String,
        /// Unit type.
        "unitType" => unit_type: String,
        /// Name of the repair process.
        "repairOperation" => repair_operation: String,
        /// Test station.
        "stationName" => station_name: String,
        /// Name of the process.
        "testOperation" => test_operation: String,
        /// Period, as the server writes it.
        "period" => period: String,
        /// Level.
        "level" => level: String,
        /// Location.
        "location" => location: String,
        /// Purpose.
        "purpose" => purpose: String,
        /// Operator.
        "operator" => operator: String,
        /// Misc info description.
        "miscInfoDescription" => misc_info_description: String,
        /// Misc info string.
        "miscInfoString" => misc_info_string: String,
        /// Repair category.
        "repairCategory" => repair_category: String,
        /// Repair type.
        "repairType" => repair_type: String,
        /// Component ref.
        "componentRef" => component_ref: String,
        /// Component number.
        "componentNumber" => component_number: String,
        /// Component revision.
        "componentRevision" => component_revision: String,
        /// Component vendor.
        "componentVendor" => component_vendor: String,
        /// Component description.
        "componentDescription" => component_description: String,
        /// Function block.
        "functionBlock" => function_block: String,
        /// Referenced step.
        "referencedStep" => referenced_step: String,
        /// Referenced step path.
        "referencedStepPath" => referenced_step_path: String,
        /// Test period.
        "testPeriod" => test_period: String,
        /// Test level.
        "testLevel" => test_level: String,
        /// Test station name.
        "testStationName" => test_station_name: String,
        /// Test location.
        "testLocation" => test_location: String,
        /// Test purpose.
        "testPurpose" => test_purpose: String,
        /// Test operator.
        "testOperator" => test_operator: String,
        /// Batch number.
        "batchNumber" => batch_number: String,
        /// Name of the sequence file.
        "swFilename" => sw_filename: String,
        /// Version of the sequence file.
        "swVersion" => sw_version: String,
        /// Repair report count.
        "repairReportCount" => repair_report_count: i32,
        /// Repair count.
        "repairCount" => repair_count: i32,
        /// Total count.
        "totalCount" => total_count: i32,
        /// Repair rate.
        "repairRate" => repair_rate: Number,
        /// Failure code.
        "failCode" => fail_code: String,
        /// Repair code.
        "repairCode" => repair_code: String,
    }

    /// A failure that was repaired.
    pub struct RepairedFailure {
        /// Serial number.
        "serialNumber" => serial_number: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// The report.
        "reportId" => report_id: String,
        /// Repair date.
        "repairDate" => repair_date: ReportTime,
        /// Fail step name.
        "failStepName" => fail_step_name: String,
        /// Fail step path.
        "failStepPath" => fail_step_path: String,
        /// Failure code.
        "failCode" => fail_code: String,
        /// Repair code.
        "repairCode" => repair_code: String,
        /// Symptom.
        "symptom" => symptom: String,
        /// Cause.
        "cause" => cause: String,
        /// Action.
        "action" => action: String,
    }

    /// A measured value.
    pub struct MeasuredValue {
        /// Serial number.
        "serialNumber" => serial_number: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// The report.
        "reportId" => report_id: String,
        /// Name of the step.
        "stepName" => step_name: String,
        /// Path of the step, its parts separated by `¶`.
        "stepPath" => step_path: String,
        /// The measured value.
        "value" => value: Number,
        /// Lower limit.
        "limitLow" => limit_low: Number,
        /// Upper limit.
        "limitHigh" => limit_high: Number,
        /// Unit of the value.
        "unit" => unit: String,
        /// Status.
        "status" => status: String,
        /// When the test began.
        "startUtc" => start_utc: ReportTime,
    }

    /// Statistics of the values of one measurement.
    pub struct AggregatedMeasurement {
        /// Name of the step.
        "stepName" => step_name: String,
        /// Path of the step, its parts separated by `¶`.
        "stepPath" => step_path: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// How many.
        "count" => count: i32,
        /// Least value.
        "min" => min: Number,
        /// Greatest value.
        "max" => max: Number,
        /// Mean.
        "avg" => avg: Number,
        /// Standard deviation.
        "stdev" => stdev: Number,
        /// Variance.
        "var" => variance: Number,
        /// Lower limit.
        "limitLow" => limit_low: Number,
        /// Upper limit.
        "limitHigh" => limit_high: Number,
        /// Process capability, by the nearer limit.
        "cpk" => cpk: Number,
        /// Process capability.
        "cp" => cp: Number,
        /// That by the lower limit.
        "cpLower" => cp_lower: Number,
        /// That by the upper limit.
        "cpUpper" => cp_upper: Number,
        /// Unit of the value.
        "unit" => unit: String,
    }

    /// Overall equipment effectiveness.
    pub struct Oee {
        /// Oee.
        "oee" => oee: Number,
        /// Availability.
        "availability" => availability: Number,
        /// Performance.
        "performance" => performance: Number,
        /// Quality.
        "quality" => quality: Number,
        /// Total time.
        "totalTime" => total_time: Number,
        /// Run time.
        "runTime" => run_time: Number,
        /// Down time.
        "downTime" => down_time: Number,
        /// Planned production time.
        "plannedProductionTime" => planned_production_time: Number,
        /// Total count.
        "totalCount" => total_count: i32,
        /// Good count.
        "goodCount" => good_count: i32,
        /// Reject count.
        "rejectCount" => reject_count: i32,
        /// Ideal cycle time.
        "idealCycleTime" => ideal_cycle_time: Number,
        /// Actual cycle time.
        "actualCycleTime" => actual_cycle_time: Number,
        /// Period, as the server writes it.
        "period" => period: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Test station.
        "stationName" => station_name: String,
    }
}
