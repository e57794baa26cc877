//! The wire models of steps and measurements. The server does not describe them; clients of it know these members. What the
//! server gives beyond them is in `extra`.

use uuid::Uuid;
use wats_report::wire::Number;
use wats_report::{ReportTime, wire};

wire! {
    /// Statistics of one step, or of one measurement of it. Members that end in `wof` are without failed: they leave out
    /// the values that failed. Values are in the unit of the measurement.
    pub struct StepAnalysis {
        /// Name of the step.
        "stepName" => step_name: String,
        /// Path of the step, its parts separated by `¶`.
        "stepPath" => step_path: String,
        /// Type of the step.
        "stepType" => step_type: String,
        /// Part of the sequence: setup, main or cleanup.
        "stepGroup" => step_group: String,
        /// How often the step was run.
        "stepCount" => step_count: i32,
        /// How often it passed.
        "stepPassedCount" => step_passed_count: i32,
        /// How often it was done, without passing or failing.
        "stepDoneCount" => step_done_count: i32,
        /// How often it was skipped.
        "stepSkippedCount" => step_skipped_count: i32,
        /// How often it failed.
        "stepFailedCount" => step_failed_count: i32,
        /// How often it ended with an error.
        "stepErrorCount" => step_error_count: i32,
        /// How often it was terminated.
        "stepTerminatedCount" => step_terminated_count: i32,
        /// How often it ended in another way.
        "stepOtherCount" => step_other_count: i32,
        /// How often it failed, ended with an error or was terminated.
        "stepFailedErrorTerminatedCount" => step_failed_error_terminated_count: i32,
        /// How often it made the unit fail, end with an error or be terminated.
        "stepCausedUutFailedErrorTerminated" => step_caused_uut_failed_error_terminated: i32,
        /// How often it made the unit fail.
        "stepCausedUutFailed" => step_caused_uut_failed: i32,
        /// How often it made the unit end with an error.
        "stepCausedUutError" => step_caused_uut_error: i32,
        /// How often it had the unit terminated.
        "stepCausedUutTerminated" => step_caused_uut_terminated: i32,
        /// First limit, or the only one.
        "limit1" => limit1: Number,
        /// First limit, or the only one, without failed.
        "limit1Wof" => limit1_wof: Number,
        /// Second limit, of an operator that has two.
        "limit2" => limit2: Number,
        /// Second limit, of an operator that has two, without failed.
        "limit2Wof" => limit2_wof: Number,
        /// How the value is compared with the limits, such as `GELE`.
        "compOperator" => comp_operator: String,
        /// Mean time of the step, in seconds.
        "stepTimeAvg" => step_time_avg: Number,
        /// Longest time of the step, in seconds.
        "stepTimeMax" => step_time_max: Number,
        /// Shortest time of the step, in seconds.
        "stepTimeMin" => step_time_min: Number,
        /// Name of the measurement, where the step has several.
        "measureName" => measure_name: String,
        /// Measured values.
        "measureCount" => measure_count: i32,
        /// Measured values, without failed.
        "measureCountWof" => measure_count_wof: i32,
        /// Least value.
        "min" => min: Number,
        /// Least value, without failed.
        "minWof" => min_wof: Number,
        /// Greatest value.
        "max" => max: Number,
        /// Greatest value, without failed.
        "maxWof" => max_wof: Number,
        /// Mean.
        "avg" => avg: Number,
        /// Mean, without failed.
        "avgWof" => avg_wof: Number,
        /// Standard deviation.
        "stdev" => stdev: Number,
        /// Standard deviation, without failed.
        "stdevWof" => stdev_wof: Number,
        /// Variance.
        "var" => variance: Number,
        /// Variance, without failed.
        "varWof" => var_wof: Number,
        /// Process capability Cpk, by the nearer limit.
        "cpk" => cpk: Number,
        /// Process capability Cpk, by the nearer limit, without failed.
        "cpkWof" => cpk_wof: Number,
        /// Process capability Cp.
        "cp" => cp: Number,
        /// Process capability Cp, without failed.
        "cpWof" => cp_wof: Number,
        /// Process capability by the lower limit.
        "cpLower" => cp_lower: Number,
        /// Process capability by the lower limit, without failed.
        "cpLowerWof" => cp_lower_wof: Number,
        /// Process capability by the upper limit.
        "cpUpper" => cp_upper: Number,
        /// Process capability by the upper limit, without failed.
        "cpUpperWof" => cp_upper_wof: Number,
        /// Mean plus three standard deviations.
        "sigmaHigh3" => sigma_high3: Number,
        /// Mean plus three standard deviations, without failed.
        "sigmaHigh3Wof" => sigma_high3_wof: Number,
        /// Mean minus three standard deviations.
        "sigmaLow3" => sigma_low3: Number,
        /// Mean minus three standard deviations, without failed.
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
        /// Part of the sequence: setup, main or cleanup.
        "stepGroup" => step_group: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// Group of products.
        "productGroup" => product_group: String,
        /// How often it failed.
        "failCount" => fail_count: i32,
        /// How often it was run.
        "totalCount" => total_count: i32,
        /// Share of runs that failed; the server does not say whether in percent.
        "failRate" => fail_rate: Number,
        /// When it failed first.
        "firstFailDate" => first_fail_date: ReportTime,
        /// When it failed last.
        "lastFailDate" => last_fail_date: ReportTime,
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
        "reportId" => report_id: Uuid,
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
        /// Unit of the value, such as `V`.
        "unit" => unit: String,
        /// Status of the measurement.
        "status" => status: String,
        /// When the test began.
        "startUtc" => started: ReportTime,
    }

    /// Statistics of the values of one measurement, in its unit.
    pub struct AggregatedMeasurement {
        /// Name of the step.
        "stepName" => step_name: String,
        /// Path of the step, its parts separated by `¶`.
        "stepPath" => step_path: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// Measured values.
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
        /// Process capability Cpk, by the nearer limit.
        "cpk" => cpk: Number,
        /// Process capability Cp.
        "cp" => cp: Number,
        /// Process capability by the lower limit.
        "cpLower" => cp_lower: Number,
        /// Process capability by the upper limit.
        "cpUpper" => cp_upper: Number,
        /// Unit of the values, such as `V`.
        "unit" => unit: String,
    }

    /// A measured value, of the routes that the server does not publish.
    pub struct MeasurementListItem {
        /// Serial number.
        "serialNumber" => serial_number: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// The report.
        "id" => report_id: Uuid,
        /// Name of the step.
        "stepName" => step_name: String,
        /// Path of the step, its parts separated by `¶`.
        "stepPath" => step_path: String,
        /// The measured value.
        "value" => value: Number,
        /// The value of a step that compares texts.
        "stringValue" => string_value: String,
        /// First limit, or the only one.
        "limit1" => limit1: Number,
        /// Second limit.
        "limit2" => limit2: Number,
        /// Unit of the value, such as `V`.
        "unit" => unit: String,
        /// Status of the measurement.
        "status" => status: String,
        /// When the test began.
        "startUtc" => started: ReportTime,
        /// Test station.
        "stationName" => station_name: String,
    }

    /// How a step ended, of the routes that the server does not publish.
    pub struct StepStatusItem {
        /// Name of the step.
        "stepName" => step_name: String,
        /// Path of the step, its parts separated by `¶`.
        "stepPath" => step_path: String,
        /// Type of the step.
        "stepType" => step_type: String,
        /// Part of the sequence: setup, main or cleanup.
        "stepGroup" => step_group: String,
        /// Serial number.
        "serialNumber" => serial_number: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// The report.
        "id" => report_id: Uuid,
        /// How often it passed.
        "passCount" => pass_count: i32,
        /// How often it failed.
        "failCount" => fail_count: i32,
        /// How often it was run.
        "totalCount" => total_count: i32,
        /// Status of the step.
        "status" => status: String,
        /// When the test began.
        "startUtc" => started: ReportTime,
    }
}
