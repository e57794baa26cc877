//! By what the rows of a statistic are told apart, and in which order they come.

use std::fmt;

wats_report::codes! {
    /// A dimension or a figure of yields. Rows are told apart by the dimensions that are named, and have the figures that are
    /// named, or all of them if none is.
    pub enum Dimension: "a dimension" {
        /// `partNumber`
        PartNumber = "partNumber",
        /// `productName`
        ProductName = "productName",
        /// `stationName`
        StationName = "stationName",
        /// `location`
        Location = "location",
        /// `purpose`
        Purpose = "purpose",
        /// `revision`
        Revision = "revision",
        /// `testOperation`
        TestOperation = "testOperation",
        /// `processCode`
        ProcessCode = "processCode",
        /// `swFilename`
        SwFilename = "swFilename",
        /// `swVersion`
        SwVersion = "swVersion",
        /// `productGroup`
        ProductGroup = "productGroup",
        /// `level`
        Level = "level",
        /// `period`
        Period = "period",
        /// `batchNumber`
        BatchNumber = "batchNumber",
        /// `operator`
        Operator = "operator",
        /// `fixtureId`
        FixtureId = "fixtureId",
        /// `socketIndex`
        SocketIndex = "socketIndex",
        /// `errorCode`
        ErrorCode = "errorCode",
        /// `miscInfoDescription`
        MiscInfoDescription = "miscInfoDescription",
        /// `miscInfoString`
        MiscInfoString = "miscInfoString",
        /// `stepCausedUutFailure`
        StepCausedUutFailure = "stepCausedUutFailure",
        /// `stepPathCausedUutFailure`
        StepPathCausedUutFailure = "stepPathCausedUutFailure",
        /// `assetSerialNumber`
        AssetSerialNumber = "assetSerialNumber",
        /// `assetName`
        AssetName = "assetName",
        /// `unitCount`
        UnitCount = "unitCount",
        /// `fpCount`
        FpCount = "fpCount",
        /// `spCount`
        SpCount = "spCount",
        /// `tpCount`
        TpCount = "tpCount",
        /// `lpCount`
        LpCount = "lpCount",
        /// `fpy`
        Fpy = "fpy",
        /// `spy`
        Spy = "spy",
        /// `tpy`
        Tpy = "tpy",
        /// `lpy`
        Lpy = "lpy",
        /// `testYieldCount`
        TestYieldCount = "testYieldCount",
        /// `testReportCount`
        TestReportCount = "testReportCount",
        /// `testYield`
        TestYield = "testYield",
        /// `firstUtc`
        FirstUtc = "firstUtc",
        /// `lastUtc`
        LastUtc = "lastUtc",
        /// `fpFailCount`
        FpFailCount = "fpFailCount",
        /// `spFailCount`
        SpFailCount = "spFailCount",
        /// `tpFailCount`
        TpFailCount = "tpFailCount",
        /// `lpFailCount`
        LpFailCount = "lpFailCount",
        /// `retestCount`
        RetestCount = "retestCount",
        /// `ppmFpy`
        PpmFpy = "ppmFpy",
        /// `ppmSpy`
        PpmSpy = "ppmSpy",
        /// `ppmTpy`
        PpmTpy = "ppmTpy",
        /// `ppmLpy`
        PpmLpy = "ppmLpy",
        /// `ppmTestYield`
        PpmTestYield = "ppmTestYield",
    }
}

wats_report::codes! {
    /// A dimension or a figure of repairs.
    pub enum RepairDimension: "a dimension of repairs" {
        /// `partNumber`
        PartNumber = "partNumber",
        /// `revision`
        Revision = "revision",
        /// `productName`
        ProductName = "productName",
        /// `productGroup`
        ProductGroup = "productGroup",
        /// `unitType`
        UnitType = "unitType",
        /// `repairOperation`
        RepairOperation = "repairOperation",
        /// `period`
        Period = "period",
        /// `level`
        Level = "level",
        /// `stationName`
        StationName = "stationName",
        /// `location`
        Location = "location",
        /// `purpose`
        Purpose = "purpose",
        /// `operator`
        Operator = "operator",
        /// `miscInfoDescription`
        MiscInfoDescription = "miscInfoDescription",
        /// `miscInfoString`
        MiscInfoString = "miscInfoString",
        /// `repairCode`
        RepairCode = "repairCode",
        /// `repairCategory`
        RepairCategory = "repairCategory",
        /// `repairType`
        RepairType = "repairType",
        /// `componentRef`
        ComponentRef = "componentRef",
        /// `componentNumber`
        ComponentNumber = "componentNumber",
        /// `componentRevision`
        ComponentRevision = "componentRevision",
        /// `componentVendor`
        ComponentVendor = "componentVendor",
        /// `componentDescription`
        ComponentDescription = "componentDescription",
        /// `functionBlock`
        FunctionBlock = "functionBlock",
        /// `referencedStep`
        ReferencedStep = "referencedStep",
        /// `referencedStepPath`
        ReferencedStepPath = "referencedStepPath",
        /// `testOperation`
        TestOperation = "testOperation",
        /// `testPeriod`
        TestPeriod = "testPeriod",
        /// `testLevel`
        TestLevel = "testLevel",
        /// `testStationName`
        TestStationName = "testStationName",
        /// `testLocation`
        TestLocation = "testLocation",
        /// `testPurpose`
        TestPurpose = "testPurpose",
        /// `testOperator`
        TestOperator = "testOperator",
        /// `batchNumber`
        BatchNumber = "batchNumber",
        /// `swFilename`
        SwFilename = "swFilename",
        /// `swVersion`
        SwVersion = "swVersion",
        /// `repairReportCount`
        RepairReportCount = "repairReportCount",
        /// `repairCount`
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

/// Dimensions and figures in the order in which rows are sorted by them.
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
