//! What stands for what: the elements and attributes of WSXF, and the members of WSJF that they are.
//!
//! One table serves both ways, so that what is written is read as the same.

use super::form::Form;
use super::form::Form::{Base64, Flags, Id, Indexes, Number, Text, TrueFalse};

/// A kind of element, which is an object of WSJF.
pub(super) struct Kind {
    /// Attribute, member, form of the value.
    pub(super) attributes: &'static [(&'static str, &'static str, Form)],
    /// The member that the text of the element is.
    pub(super) text: Option<(&'static str, Form)>,
    /// Elements within it, in the order in which they are written.
    pub(super) children: &'static [Child],
    /// Attributes that number the element among those of its kind. The order of the elements says the same.
    pub(super) positions: &'static [&'static str],
}

/// An element within another.
pub(super) struct Child {
    pub(super) element: &'static str,
    /// The member that it is; of [`Shape::Inline`] none.
    pub(super) member: &'static str,
    pub(super) shape: Shape,
}

/// How an element is a member.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Its text is.
    Text,
    /// It is an object, and stands there once.
    One(&'static Kind),
    /// Each of its name is an object of a list.
    Many(&'static Kind),
    /// Its attributes are members of the object around it.
    Inline(&'static Kind),
    /// The elements of this name within it are the objects of a list.
    Wrapped(&'static str, &'static Kind),
    /// As [`Many`](Self::Many), but written in another way.
    Also(&'static Kind),
}

impl Kind {
    /// The member and form of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<(&'static str, Form)> {
        let found = self.attributes.iter().find(|(known, ..)| *known == name)?;
        Some((found.1, found.2))
    }

    /// The child of an element's name.
    pub(super) fn child(&self, element: &str) -> Option<&'static Child> {
        self.children.iter().find(|child| child.element == element)
    }
}

const fn child(element: &'static str, member: &'static str, shape: Shape) -> Child {
    Child {
        element,
        member,
        shape,
    }
}

/// An element of attributes only.
const fn plain(attributes: &'static [(&'static str, &'static str, Form)]) -> Kind {
    Kind {
        attributes,
        text: None,
        children: &[],
        positions: &[],
    }
}

/// An element of attributes, which also says which one it is of those of a step.
const fn measured(attributes: &'static [(&'static str, &'static str, Form)]) -> Kind {
    Kind {
        positions: &["MeasIndex"],
        ..plain(attributes)
    }
}

const STATUS: Form = Form::Words(&[
    ("P", "Passed"),
    ("F", "Failed"),
    ("E", "Error"),
    ("T", "Terminated"),
    ("S", "Skipped"),
    ("D", "Done"),
    ("U", "Unknown"),
]);
const GROUP: Form = Form::Words(&[("S", "Setup"), ("M", "Main"), ("C", "Cleanup")]);
const TYPE: Form = Form::Words(&[("T", "UUT"), ("R", "UUR")]);

pub(super) static REPORT: Kind = Kind {
    attributes: &[
        ("type", "type", TYPE),
        ("ID", "id", Id),
        ("Start", "start", Text),
        ("Start_utc", "startUTC", Text),
        ("Result", "result", STATUS),
        ("SN", "sn", Text),
        ("PN", "pn", Text),
        ("Rev", "rev", Text),
        ("origin", "origin", Text),
        ("MachineName", "machineName", Text),
        ("Location", "location", Text),
        ("Purpose", "purpose", Text),
        ("ProductName", "productName", Text),
    ],
    text: None,
    children: &[
        child("UUT", "uut", Shape::One(&UUT)),
        child("UUR", "uur", Shape::One(&UUR)),
        child("Process", "", Shape::Inline(&PROCESS)),
        child("MiscInfo", "miscInfos", Shape::Many(&MISC_INFO)),
        child("ReportUnitHierarchy", "subUnits", Shape::Many(&UNIT)),
        child("Assets", "assets", Shape::Wrapped("Asset", &ASSET)),
        child("Asset", "assets", Shape::Also(&ASSET)),
        child("AdditionalData", "additionalData", Shape::Many(&FREE_DATA)),
        child("Step", "root", Shape::One(&STEP)),
    ],
    positions: &[],
};

static PROCESS: Kind = plain(&[
    ("Code", "processCode", Number),
    ("CodeFormat", "processCodeFormat", Text),
    ("Name", "processName", Text),
]);

static UUT: Kind = Kind {
    children: &[child("Comment", "comment", Shape::Text)],
    ..plain(&[
        ("UserLoginName", "user", Text),
        ("BatchSN", "batchSN", Text),
        ("TestSocketIndex", "testSocketIndex", Number),
        ("TestSocketIndexFormat", "testSocketIndexFormat", Text),
        ("ExecutionTime", "execTime", Number),
        ("ExecutionTimeFormat", "execTimeFormat", Text),
        ("FixtureId", "fixtureId", Text),
        ("ErrorCode", "errorCode", Number),
        ("ErrorCodeFormat", "errorCodeFormat", Text),
        ("ErrorMessage", "errorMessage", Text),
        ("BatchFailCount", "batchFailCount", Number),
        ("BatchFailCountFormat", "batchFailCountFormat", Text),
        ("BatchLoopIndex", "batchLoopIndex", Number),
        ("BatchLoopIndexFormat", "batchLoopIndexFormat", Text),
        ("StepIdCausedUUTFailure", "stepIdCausedUUTFailure", Number),
    ])
};

static UUR: Kind = Kind {
    children: &[
        child("Comment", "comment", Shape::Text),
        child("Process", "", Shape::Inline(&PROCESS)),
    ],
    ..plain(&[
        ("UserLoginName", "user", Text),
        ("ReferencedUUT", "refUUT", Id),
        ("ConfirmDate", "confirmDate", Text),
        ("FinalizeDate", "finalizeDate", Text),
        ("ExecutionTime", "execTime", Number),
        ("Parent", "parent", Id),
    ])
};

static MISC_INFO: Kind = Kind {
    text: Some(("text", Text)),
    positions: &["idx", "order_no"],
    ..plain(&[
        ("Typedef", "typedef", Text),
        ("Description", "description", Text),
        ("Numeric", "numeric", Number),
        ("NumericFormat", "numericFormat", Text),
        ("Id", "id", Id),
    ])
};

static UNIT: Kind = plain(&[
    ("PartType", "partType", Text),
    ("PN", "pn", Text),
    ("SN", "sn", Text),
    ("Rev", "rev", Text),
    ("Idx", "idx", Number),
    ("ParentIDX", "parentIdx", Number),
    ("Position", "position", Number),
    ("ReplacedIDX", "replacedIdx", Number),
]);

static ASSET: Kind = plain(&[
    ("AssetSN", "assetSN", Text),
    ("UsageCount", "usageCount", Number),
    ("UsageCountFormat", "usageCountFormat", Text),
]);

pub(super) static STEP: Kind = Kind {
    attributes: &[
        ("Id", "id", Number),
        ("Group", "group", GROUP),
        ("Name", "name", Text),
        ("StepType", "stepType", Text),
        ("Status", "status", STATUS),
        ("Start", "start", Text),
        ("total_time", "totTime", Number),
        ("total_timeFormat", "totTimeFormat", Text),
        ("StepErrorCode", "errorCode", Number),
        ("StepErrorCodeFormat", "errorCodeFormat", Text),
        ("StepErrorMessage", "errorMessage", Text),
        ("TSGuid", "tsGuid", Text),
        ("InteractiveExeNum", "interactiveExeNum", Number),
        ("InteractiveExeNumFormat", "interactiveExeNumFormat", Text),
        ("StepCausedSequenceFailure", "causedSeqFailure", TrueFalse),
        ("StepCausedUUTFailure", "causedUUTFailure", TrueFalse),
    ],
    text: None,
    children: &[
        child("ReportText", "reportText", Shape::Text),
        child("Loop", "loop", Shape::One(&LOOP)),
        child("SequenceCall", "seqCall", Shape::One(&SEQUENCE_CALL)),
        child("NumericLimit", "numericMeas", Shape::Many(&NUMERIC)),
        child("PassFail", "booleanMeas", Shape::Many(&BOOLEAN)),
        child("StringValue", "stringMeas", Shape::Many(&STRING)),
        child("MessagePopup", "messagePopup", Shape::One(&POPUP)),
        child("Callexe", "callExe", Shape::One(&CALL_EXE)),
        child("Chart", "chart", Shape::One(&CHART)),
        child("Attachment", "attachment", Shape::One(&ATTACHMENT)),
        child(
            "AdditionalResults",
            "additionalResults",
            Shape::Many(&FREE_DATA),
        ),
        child("Step", "steps", Shape::Many(&STEP)),
    ],
    positions: &["StepIndex"],
};

static LOOP: Kind = plain(&[
    ("index", "idx", Number),
    ("num", "num", Number),
    ("passed", "passed", Number),
    ("failed", "failed", Number),
    ("ending_index", "endingIndex", Number),
]);

/// Beside the path stands the name of the file, which is the end of the path.
pub(super) static SEQUENCE_CALL: Kind = measured(&[
    ("Name", "name", Text),
    ("Version", "version", Text),
    ("Filepath", "path", Text),
]);

static NUMERIC: Kind = measured(&[
    ("Name", "name", Text),
    ("NumericValue", "value", Number),
    ("NumericValueFormat", "valueFormat", Text),
    ("Units", "unit", Text),
    ("CompOperator", "compOp", Text),
    ("HighLimit", "highLimit", Number),
    ("HighLimitFormat", "highLimitFormat", Text),
    ("LowLimit", "lowLimit", Number),
    ("LowLimitFormat", "lowLimitFormat", Text),
    ("Status", "status", STATUS),
]);

static STRING: Kind = measured(&[
    ("Name", "name", Text),
    ("CompOperator", "compOp", Text),
    ("StringLimit", "limit", Text),
    ("StringValue", "value", Text),
    ("Status", "status", STATUS),
]);

static BOOLEAN: Kind = measured(&[("Name", "name", Text), ("Status", "status", STATUS)]);

static POPUP: Kind = measured(&[
    ("Button", "button", Number),
    ("ButtonFormat", "buttonFormat", Text),
    ("Response", "response", Text),
]);

static CALL_EXE: Kind = measured(&[
    ("ExitCode", "exitCode", Number),
    ("ExitCodeFormat", "exitCodeFormat", Text),
]);

static CHART: Kind = Kind {
    children: &[child("Series", "series", Shape::Many(&SERIES))],
    positions: &["idx"],
    ..plain(&[
        ("ChartType", "chartType", Text),
        ("Label", "label", Text),
        ("XLabel", "xLabel", Text),
        ("XUnit", "xUnit", Text),
        ("YLabel", "yLabel", Text),
        ("YUnit", "yUnit", Text),
    ])
};

static SERIES: Kind = Kind {
    children: &[
        child("ydata", "ydata", Shape::Text),
        child("xdata", "xdata", Shape::Text),
    ],
    ..plain(&[("Name", "name", Text), ("DataType", "dataType", Text)])
};

static ATTACHMENT: Kind = Kind {
    text: Some(("data", Base64)),
    ..plain(&[("Name", "name", Text), ("ContentType", "contentType", Text)])
};

pub(super) static FAILURE: Kind = plain(&[
    ("ArticleNumber", "artNumber", Text),
    ("ArticleRevision", "artRev", Text),
    ("ArticleVendor", "artVendor", Text),
    ("ArticleDescription", "artDescription", Text),
    ("Category", "category", Text),
    ("Code", "code", Text),
    ("Comment", "comment", Text),
    ("CompRef", "comRef", Text),
    ("FunctionBlock", "funcBlock", Text),
    ("StepID", "refStepId", Number),
]);

pub(super) static BINARY_DATA: Kind = Kind {
    text: Some(("data", Base64)),
    ..plain(&[
        ("ContentType", "contentType", Text),
        ("FileName", "name", Text),
        ("BinaryDataGUID", "id", Id),
    ])
};

static FREE_DATA: Kind = Kind {
    children: &[child("Prop", "props", Shape::Many(&PROPERTY))],
    positions: &["Idx"],
    ..plain(&[("Name", "name", Text)])
};

/// A property as the test executive writes it; arrays have a short form, see `free_data`.
pub(super) static PROPERTY: Kind = Kind {
    children: &[
        child("Value", "value", Shape::Text),
        child("Prop", "props", Shape::Many(&PROPERTY)),
        child("Array", "array", Shape::One(&ARRAY)),
    ],
    ..plain(&[
        ("Name", "name", Text),
        ("Type", "type", Text),
        ("Flags", "flags", Flags),
        ("NumFormat", "numFormat", Text),
        ("Comment", "comment", Text),
    ])
};

static ARRAY: Kind = Kind {
    children: &[child("Index", "indexes", Shape::Many(&ITEM))],
    ..plain(&[("Dimension", "dimension", Number), ("Type", "type", Text)])
};

static ITEM: Kind = Kind {
    children: &[child("Prop", "value", Shape::One(&PROPERTY))],
    ..plain(&[("Text", "text", Text), ("Indexes", "indexes", Indexes)])
};
