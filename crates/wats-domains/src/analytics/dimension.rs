//! By what the rows of a statistic are told apart, and in which order they come.

use std::fmt;

wats_report::codes! {
    /// A dimension or a figure of yields. Rows are told apart by the dimensions that are named, and have the figures that are
    /// named, or all of them if none is. Others that the server knows, such as `fpColor`, are made `from` their names.
    pub enum Dimension: "a dimension" {
        /// Part number.
        PartNumber = "partNumber",
        /// Name of the product.
        ProductName = "productName",
        /// Test station.
        StationName = "stationName",
        /// Where the station stands.
        Location = "location",
        /// What the station is for.
        Purpose = "purpose",
        /// Revision.
        Revision = "revision",
        /// Name of the process.
        TestOperation = "testOperation",
        /// Code of the process.
        ProcessCode = "processCode",
        /// Name of the sequence file.
        SwFilename = "swFilename",
        /// Version of the sequence file.
        SwVersion = "swVersion",
        /// Group of products.
        ProductGroup = "productGroup",
        /// Level of the factory.
        Level = "level",
        /// Period, as the server writes it.
        Period = "period",
        /// Batch number.
        BatchNumber = "batchNumber",
        /// Operator.
        Operator = "operator",
        /// Fixture.
        FixtureId = "fixtureId",
        /// Test socket.
        SocketIndex = "socketIndex",
        /// Error code.
        ErrorCode = "errorCode",
        /// Name of a misc info.
        MiscInfoDescription = "miscInfoDescription",
        /// Text of a misc info.
        MiscInfoString = "miscInfoString",
        /// Name of the step that made the unit fail.
        StepCausedUutFailure = "stepCausedUutFailure",
        /// Path of that step, its parts separated by `¶`.
        StepPathCausedUutFailure = "stepPathCausedUutFailure",
        /// Serial number of an asset.
        AssetSerialNumber = "assetSerialNumber",
        /// Name of an asset.
        AssetName = "assetName",
        /// Units that were tested.
        UnitCount = "unitCount",
        /// Units that passed the first run.
        FpCount = "fpCount",
        /// Units that passed by the second run.
        SpCount = "spCount",
        /// Units that passed by the third run.
        TpCount = "tpCount",
        /// Units that passed the last run.
        LpCount = "lpCount",
        /// First pass yield: units that passed the first run, in percent.
        Fpy = "fpy",
        /// Second pass yield: units that passed by the second run, in percent.
        Spy = "spy",
        /// Third pass yield: units that passed by the third run, in percent.
        Tpy = "tpy",
        /// Last pass yield: units that passed the last run, in percent.
        Lpy = "lpy",
        /// Test reports that passed.
        TestYieldCount = "testYieldCount",
        /// Test reports, whichever run.
        TestReportCount = "testReportCount",
        /// Test reports that passed, in percent.
        TestYield = "testYield",
        /// When the first test began.
        FirstUtc = "firstUtc",
        /// When the last test began.
        LastUtc = "lastUtc",
        /// Units that failed the first run.
        FpFailCount = "fpFailCount",
        /// Units that had not passed by the second run.
        SpFailCount = "spFailCount",
        /// Units that had not passed by the third run.
        TpFailCount = "tpFailCount",
        /// Units that failed the last run.
        LpFailCount = "lpFailCount",
        /// Runs beyond the first of each unit.
        RetestCount = "retestCount",
        /// Units that failed the first run, of a million.
        PpmFpy = "ppmFpy",
        /// As [`PpmFpy`](Self::PpmFpy), by the second run.
        PpmSpy = "ppmSpy",
        /// As [`PpmFpy`](Self::PpmFpy), by the third run.
        PpmTpy = "ppmTpy",
        /// As [`PpmFpy`](Self::PpmFpy), of the last run.
        PpmLpy = "ppmLpy",
        /// Test reports that failed, of a million.
        PpmTestYield = "ppmTestYield",
        /// Units in the time before, which trends go by. Rows cannot be sorted by it, nor by what follows.
        PreviousUnitCount = "previousUnitCount",
        /// Test reports in the time before.
        PreviousTestReportCount = "previousTestReportCount",
        /// How the first pass yield has changed since the time before.
        FpyTrend = "fpyTrend",
        /// How the second pass yield has changed.
        SpyTrend = "spyTrend",
        /// How the third pass yield has changed.
        TpyTrend = "tpyTrend",
        /// How the last pass yield has changed.
        LpyTrend = "lpyTrend",
        /// How the share of reports that passed has changed.
        TestYieldTrend = "testYieldTrend",
    }
}

wats_report::codes! {
    /// A dimension or a figure of repairs.
    pub enum RepairDimension: "a dimension of repairs" {
        /// Part number.
        PartNumber = "partNumber",
        /// Revision.
        Revision = "revision",
        /// Name of the product.
        ProductName = "productName",
        /// Group of products.
        ProductGroup = "productGroup",
        /// What was repaired: the unit or a part of it.
        UnitType = "unitType",
        /// Name of the process of the repair.
        RepairOperation = "repairOperation",
        /// Period of the repair, as the server writes it.
        Period = "period",
        /// Level of the factory where it was repaired.
        Level = "level",
        /// Station where it was repaired.
        StationName = "stationName",
        /// Where that station stands.
        Location = "location",
        /// What that station is for.
        Purpose = "purpose",
        /// Who repaired it.
        Operator = "operator",
        /// Name of a misc info.
        MiscInfoDescription = "miscInfoDescription",
        /// Text of a misc info.
        MiscInfoString = "miscInfoString",
        /// Code of the failure, as it was named at the repair.
        RepairCode = "repairCode",
        /// Category of that code.
        RepairCategory = "repairCategory",
        /// Type of that code.
        RepairType = "repairType",
        /// Designator of the component that failed, such as `R12`.
        ComponentRef = "componentRef",
        /// Part number of the component.
        ComponentNumber = "componentNumber",
        /// Revision of the component.
        ComponentRevision = "componentRevision",
        /// Vendor of the component.
        ComponentVendor = "componentVendor",
        /// Description of the component.
        ComponentDescription = "componentDescription",
        /// Function block of the component.
        FunctionBlock = "functionBlock",
        /// Name of the step that uncovered the failure.
        ReferencedStep = "referencedStep",
        /// Path of that step, its parts separated by `¶`.
        ReferencedStepPath = "referencedStepPath",
        /// Name of the process of the test that failed.
        TestOperation = "testOperation",
        /// Period of the test, as the server writes it.
        TestPeriod = "testPeriod",
        /// Level of the factory where it was tested.
        TestLevel = "testLevel",
        /// Station where it was tested.
        TestStationName = "testStationName",
        /// Where that station stands.
        TestLocation = "testLocation",
        /// What that station is for.
        TestPurpose = "testPurpose",
        /// Who tested it.
        TestOperator = "testOperator",
        /// Batch number.
        BatchNumber = "batchNumber",
        /// Name of the sequence file.
        SwFilename = "swFilename",
        /// Version of the sequence file.
        SwVersion = "swVersion",
        /// Repair reports.
        RepairReportCount = "repairReportCount",
        /// Failures that were repaired; a report may have several.
        RepairCount = "repairCount",
    }
}

macro_rules! orders {
    ($($name:ident),+) => { $(
        impl $name {
            /// The rows with the least first.
            pub fn asc(&self) -> String {
                format!("{} asc", self.as_str())
            }

            /// The rows with the most first.
            pub fn desc(&self) -> String {
                format!("{} desc", self.as_str())
            }
        }

        impl From<$name> for String {
            fn from(dimension: $name) -> Self {
                dimension.as_str().to_owned()
            }
        }
    )+ };
}

orders!(Dimension, RepairDimension);

/// Dimensions and figures in the order in which rows are sorted by them. None at all leaves them to the server.
///
/// ```
/// use wats_domains::analytics::{Dimension, Dimensions};
///
/// let dimensions = Dimensions::from([Dimension::UnitCount.desc(), Dimension::PartNumber.into()]);
/// assert_eq!(dimensions.to_string(), "unitCount desc;partNumber");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimensions(String);

impl<I: IntoIterator<Item: Into<String>>> From<I> for Dimensions {
    fn from(dimensions: I) -> Self {
        let names: Vec<String> = dimensions.into_iter().map(Into::into).collect();
        Self(names.join(";"))
    }
}

impl fmt::Display for Dimensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
