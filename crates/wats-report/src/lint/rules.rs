//! The table of rules: what the server demands of a report, what it drops without a word, and what is merely unwise.
//!
//! `docs/report-rules.md` is made from this table. Codes are stable: a rule that goes takes its code with it.

use std::fmt::{self, Write as _};

use serde::{Serialize, Serializer};

/// What breaking a rule leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// The server answers 400 and keeps nothing.
    Reject,
    /// The server takes the report, but drops, changes or sets aside a part of it without a word.
    SilentLoss,
    /// The server takes it as it is; it will mislead or hinder somebody.
    Advice,
}

impl Severity {
    /// In words: `reject`, `silent loss`, `advice`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::SilentLoss => "silent loss",
            Self::Advice => "advice",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A rule for reports.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Stable code, such as `R206`; the first digit is the group.
    pub code: &'static str,
    /// What breaking it leads to.
    pub severity: Severity,
    /// What must hold.
    pub text: &'static str,
    /// How to mend a report that breaks it.
    pub fix: &'static str,
    /// Whether [`fix`](super::fix()) mends it, always or when its policy allows it.
    pub fixable: bool,
    /// How it is known, as letters; see `docs/report-rules.md`.
    pub source: &'static str,
}

/// Groups by the first digit of the code.
const GROUPS: [(char, &str); 9] = [
    ('0', "Form"),
    ('1', "Header"),
    ('2', "Steps"),
    ('3', "Measurements"),
    ('4', "Charts"),
    ('5', "Loops"),
    ('6', "Attachments"),
    ('7', "Repairs and sub units"),
    ('8', "Texts and numbers"),
];

macro_rules! rules {
    ($( $name:ident $code:literal $severity:ident $source:literal $fixable:literal $text:literal $fix:literal; )*) => {
        $(
        #[doc = $text]
        pub const $name: &Rule = &Rule {
            code: $code,
            severity: Severity::$severity,
            text: $text,
            fix: $fix,
            fixable: $fixable,
            source: $source,
        }; )*

        /// All rules in the order of their codes.
        pub const RULES: &[&Rule] = &[$( $name, )*];
    };
}

rules! {
    WRONG_KIND "R001" Reject "S" true
        "Each member has the kind of value that the schema names."
        "Write the member as the kind of value that is named.";
    UNKNOWN_MEMBER "R002" SilentLoss "S" false
        "Only members of the schema are stored; others are ignored."
        "Check the spelling, or put the value where the schema has a place for it, such as misc info.";
    TOO_DEEP "R003" Reject "I" false
        "Sequences nest at most 50 deep."
        "Flatten the sequences.";
    GIVEN_TWICE "R004" SilentLoss "I" false
        "An object has each member once. Of several of one name the server keeps one, as the model does: the last."
        "Leave out all but one, or find out which is meant; the text of the report still has all.";
    SERVER_SAYS "R090" Reject "-" false
        "The server refuses a report in words that no rule here matches."
        "Correct what the server names.";

    ID_MISSING "R101" Reject "W U" true
        "The report has an id, a UUID that is not nil. Reports of one id overwrite each other."
        "Give the report a new UUID, and keep it for every repeat.";
    TYPE_UNKNOWN "R102" Reject "S" true
        "`type` is T (test) or R (repair)."
        "Set `type`.";
    TEXT_MISSING "R103" Reject "W U" true
        "Part number, serial number, revision, station name, location and purpose are given."
        "Fill in the member.";
    IDENTITY_LENGTH "R104" Reject "W U" false
        "Part number, serial number and revision have 1 to 100 characters."
        "Shorten it; cutting would make it another unit's, so it is not done for you.";
    STATION_LENGTH "R105" Reject "W U" true
        "Station name, location and purpose have 1 to 100 characters."
        "Shorten it.";
    PROCESS_CODE "R106" Reject "W U" true
        "`processCode` is given and from 0 to 32767."
        "Set `processCode` to the code of a process of the server, as a number.";
    PROCESS_UNKNOWN "R107" Reject "W U" true
        "The process exists on the server and is one for this type of report, and `processName`, if sent, is its name, case included. Only the server can tell."
        "Create the process in the Control Panel, or use one that the list of processes names.";
    RESULT_LETTER "R108" Reject "S" true
        "`result` is given: P, F, E or T."
        "Set `result` to the outcome of the root step.";
    TEST_PARTS "R109" Reject "W U" true
        "A test report has `uut` and `root`."
        "Add the missing part.";
    REPAIR_PARTS "R110" Reject "W U" true
        "A repair report has `uur` and `subUnits`."
        "Add the missing part.";
    START_MISSING "R111" Reject "W" true
        "`start` is given."
        "Set `start` to the local time with its offset; it can be made from `startUTC`.";
    START_UNREADABLE "R112" Reject "S" true
        "`start` and `startUTC` are times, such as 2026-01-30T22:01:41.47+01:00."
        "Write the time in ISO 8601 with its offset.";
    START_NAIVE "R113" SilentLoss "W" true
        "`start` and `startUTC` have an offset; which moment is meant by one without is a guess."
        "Add the offset.";
    START_CONTRADICTION "R114" SilentLoss "W" true
        "`start` and `startUTC` name the same moment; if not, one of the two times shown is wrong for ever."
        "Make `startUTC` from `start`.";
    START_UTC_MISSING "R115" Advice "W C" true
        "`startUTC` goes with `start`."
        "Make `startUTC` from `start`.";
    START_IN_FUTURE "R116" SilentLoss "W" true
        "The start is not in the future; the server would put the report into quarantine."
        "Set the station's clock; `Mend::FutureStart` sets the start to now.";
    START_TOO_OLD "R117" SilentLoss "C" false
        "The start is in 1970 or later; an earlier one may be replaced by the time of submission."
        "Set the start.";
    ORIGIN_GIVEN "R118" Reject "W U" true
        "`origin` is made by the server and absent in what is sent."
        "Leave `origin` out.";
    OUTPUT_ONLY "R119" SilentLoss "U" true
        "`productName`, `assetStats`, `refUURs` and `stepIdCausedUUTFailure` are the server's words; they are ignored in what is sent."
        "Leave the member out.";
    OPERATOR_MISSING "R120" Reject "W U" true
        "The operator is named (`user`), in 1 to 100 characters."
        "Name the operator.";
    COMMENT_LENGTH "R121" Reject "U" true
        "A comment has at most 5000 characters."
        "Shorten it.";
    SOCKET_INDEX "R122" Reject "U" true
        "`testSocketIndex` is from -1 to 32767."
        "Number the sockets from 0.";
    BATCH_LENGTH "R123" Reject "U" false
        "`batchSN` and `fixtureId` have at most 100 characters."
        "Shorten it; cutting would make it another's, so it is not done for you.";
    MISC_NAME "R124" Reject "S U" true
        "Misc info has a description of 1 to 100 characters."
        "Name the value.";
    MISC_TEXT "R125" Reject "U" true
        "The text of misc info has at most 100 characters."
        "Shorten it, or put it into the comment or a text step.";
    MISC_EMPTY "R126" Reject "U" true
        "Misc info has a text or a number."
        "Give it a value, or leave it out.";
    HARMFUL_CHARACTERS "R127" Advice "I" false
        "Part and serial number are free of `* % ? [ ] ^ ! / \\ ; ,`, which mean something else in searches and paths."
        "Use letters, digits, `-`, `_` and `.`.";
    HEADER_ERROR_LENGTH "R128" SilentLoss "U" true
        "The error message of the report has at most 200 characters; more may be cut."
        "Shorten it.";
    HIDDEN_CHARACTER "R129" SilentLoss "I" false
        "What tells units, batches and equipment apart, and what names operator, station and the like, has no line ends, other control characters, nor characters that show nothing, such as byte order marks. With one it is another unit's, and nobody sees it."
        "Take it off before the report is built; `clean_scanned` does that with what a scanner gives.";
    MISLEADING_CHARACTER "R130" Advice "I" false
        "What tells units apart neither begins nor ends with a blank, and has no characters that look like others: unusual blanks and dashes, wide letters, combining marks."
        "Check that it is meant; `clean_scanned` takes off what stands at the ends.";

    ROOT_SEQUENCE "R201" Reject "W U" true
        "The root step is a sequence call (`seqCall`)."
        "Give the root a sequence call.";
    ROOT_STATUS "R202" Reject "W U" true
        "The root's status is the report's result."
        "Set both to the same outcome.";
    GROUP_LETTER "R203" Reject "S" true
        "`group` of a step is S (setup), M (main) or C (cleanup)."
        "Set `group`; M is the usual one.";
    NAME_MISSING "R204" Reject "U" true
        "A step has a name."
        "Name the step.";
    NAME_LENGTH "R205" Reject "U" true
        "The name of a step has at most 100 characters."
        "Shorten it.";
    NAME_TWICE "R206" Reject "U" true
        "The steps of a sequence differ in their names; the steps of a loop share theirs."
        "Rename one; `Mend::DuplicateNames` appends a number.";
    STATUS_LETTER "R207" Reject "U" true
        "The status of a step is P, F, E, T or S. D (done) and U (unknown) are only in what servers export."
        "Set the outcome; a step that only does something has passed when it is done.";
    NOTHING_IN_STEP "R208" Reject "U" true
        "A step has a sequence call, measurements, a chart, an attachment or additional results."
        "Add what the step found out, such as a pass/fail measurement, or leave the step out.";
    TOO_MUCH_IN_STEP "R209" Reject "U" true
        "A step has at most one of sequence call, numeric, text and pass/fail measurements."
        "Make it several steps.";
    CHART_AND_ATTACHMENT "R210" Reject "U" true
        "A step has a chart or an attachment, not both."
        "Put the attachment into a step of its own.";
    STEPS_WITHOUT_SEQUENCE "R211" Reject "U" true
        "Only a sequence call has steps."
        "Give the step a sequence call, or move its steps up.";
    IDS_INCOMPLETE "R212" Reject "U" true
        "All steps have an id, or none has."
        "Number all steps, or leave all ids out.";
    ID_TWICE "R213" Reject "U" true
        "The ids of steps differ within a report."
        "Number the steps anew.";
    GUID_LENGTH "R214" Reject "U" true
        "`tsGuid` has at most 30 characters."
        "Shorten it, or leave it out.";
    ERROR_LENGTH "R215" SilentLoss "U" true
        "The error message of a step has at most 200 characters; more may be cut."
        "Shorten it, or put it into `reportText`.";
    CALL_PATH "R216" Reject "U" true
        "The path of a sequence call has 1 to 500 characters."
        "Name the file of the sequence.";
    CALL_NAME "R217" Reject "U" true
        "The name of a sequence call has 1 to 200 characters."
        "Name the sequence.";
    CALL_VERSION "R218" Reject "U" true
        "The version of a sequence call has 1 to 30 characters."
        "Name the version of the test program.";
    SKIPPED_STEP "R219" SilentLoss "U" false
        "A skipped step (S) holds nothing; the server drops its measurements, chart, attachment and steps."
        "Give the step the outcome it has, or leave its contents out.";
    BUTTON_RANGE "R220" Reject "U" true
        "`button` of a message popup is from -32768 to 32767."
        "Number the buttons from 1.";
    PASSED_OVER_FAILURE "R221" Advice "I" false
        "A sequence that passed has no step that failed or broke off."
        "Check that the failure is meant not to count.";
    STEP_TIME "R222" Advice "S" false
        "The start of a step is a time with an offset."
        "Write the time in ISO 8601 with its offset.";

    COMPARISON_UNKNOWN "R301" Reject "S" true
        "`compOp` of a number is LOG, EQ, NE, GT, GE, LT, LE, GTLT, GTLE, GELT, GELE, LTGT, LTGE, LEGT or LEGE."
        "Set the operator; LOG records without comparing. Letters are capitals.";
    TEXT_COMPARISON_UNKNOWN "R302" Reject "S W" true
        "`compOp` of a text is LOG, EQ, NE, GT, GE, LT, LE, CASESENSIT or IGNORECASE."
        "Set the operator; LOG records without comparing. Letters are capitals.";
    UNIT_LENGTH "R303" Reject "U" true
        "A measured number has a unit of 1 to 20 characters."
        "Name the unit; a number without one may say `1` or `count`.";
    VALUE_MISSING "R304" Advice "I" false
        "A measurement has a value."
        "Record the value, or leave the measurement out.";
    LIMIT_MISSING "R305" Reject "S U" true
        "Operators have their limits: two-limit ones both, one-limit ones `lowLimit`, LT and LE too."
        "Set the limit; one that stands alone in `highLimit` belongs in `lowLimit`.";
    LIMIT_SURPLUS "R306" Reject "S U" true
        "Operators have no limit beyond their own: LOG none, one-limit ones no `highLimit`."
        "Leave the limit out. If a one-limit operator has two, find out which is meant; `fix` chooses only with `Mend::Comparisons`.";
    LIMITS_CROSSED "R307" Reject "I" true
        "The low limit is not above the high limit."
        "Exchange them.";
    STATUS_OF_SINGLE "R308" Reject "U" true
        "A single measurement has the status of its step."
        "Set both to the same outcome.";
    MEASUREMENT_NAME "R309" Reject "U" true
        "Where a step has several measurements, each has a name, and no name is longer than 100 characters."
        "Name the measurement.";
    MEASUREMENT_TWICE "R310" Reject "U" true
        "The measurements of a step differ in their names."
        "Rename one.";
    FAILED_WITHOUT_CAUSE "R311" Reject "U" true
        "A failed step with several measurements has one that failed."
        "Set the outcomes from values and limits.";
    PASSED_WITH_FAILURE "R312" Reject "U" true
        "A passed step has no failed measurement among several."
        "Set the outcomes from values and limits.";
    MEASUREMENT_STATUS "R313" Reject "S" true
        "The status of a measurement is P, F or S."
        "Set the outcome from value and limits.";
    BROKEN_OFF_WITH_MEASUREMENT "R314" Reject "U" true
        "A step that broke off (E or T) holds no measurement."
        "Record what was measured in a step of its own, or give the step the outcome of its measurements.";
    WRONG_OUTCOME "R315" Advice "W" false
        "The status is what value and limits say; the server does not compare, and believes a wrong one."
        "Set the outcome from value and limits.";
    TEXT_VALUE_LENGTH "R316" Reject "U" true
        "Measured texts and their limits have at most 100 characters."
        "Shorten it, or attach the text.";
    TEXT_LIMIT "R317" Advice "S" false
        "A text has a limit if its operator compares."
        "Set `limit`, or the operator to LOG.";

    SERIES_TYPE "R401" Reject "S" true
        "`dataType` of a series is XYG."
        "Set `dataType` to XYG.";
    SERIES_MANY "R402" Reject "U" true
        "A chart has at most 10 series."
        "Make it several steps with a chart each.";
    POINTS_MANY "R403" Reject "U" true
        "A series has at most 10000 points."
        "Thin the points out, or attach them as a file.";
    POINTS_UNEVEN "R404" Reject "U" true
        "A series has as many x as y values."
        "Give each point both values.";
    POINTS_UNREADABLE "R405" SilentLoss "I" false
        "The values of a series are numbers with a decimal point, with `;` in between; others are not drawn."
        "Write the numbers with a decimal point, with `;` in between.";
    CHART_LABEL "R406" Reject "U" true
        "Labels of a chart and names of its series have at most 50 characters."
        "Shorten it.";
    CHART_UNIT "R407" Reject "U" true
        "Units of a chart have at most 20 characters."
        "Shorten it.";

    SUMMARY_INCOMPLETE "R501" Reject "W R" true
        "The summary of a loop, which has no `idx`, has `num` and `endingIndex`."
        "Set `num` to the number of iterations and `endingIndex` to one less.";
    SUMMARY_ENDING "R502" Reject "R" true
        "`endingIndex` of a loop is `num` - 1. What servers export breaks this."
        "Set `endingIndex` to `num` - 1.";
    ITERATION_INDEX "R503" Reject "R" true
        "The iterations that follow the summary of a loop have `idx` 0, 1, 2 … `num` - 1."
        "Number the iterations from 0, and set `num` to how many there are.";
    ITERATION_LIMITS "R504" Reject "R" true
        "The iterations of a loop have the operators and limits of its summary."
        "Give the summary the limits of the iterations.";
    LOOP_COUNTS "R505" Advice "W" true
        "`passed` and `failed` of a loop count the iterations that passed and failed."
        "Count them.";
    ITERATION_ALONE "R506" Advice "I" false
        "An iteration follows the summary of its loop, which has the same name."
        "Add a summary before the first iteration.";

    ATTACHMENT_NAME "R601" Reject "U" true
        "An attachment has a name of 1 to 100 characters."
        "Name the file.";
    ATTACHMENT_TYPE "R602" Reject "U" true
        "An attachment names its content type."
        "Set `contentType`; application/octet-stream is always right.";
    ATTACHMENT_DATA "R603" Reject "U" true
        "The data of an attachment is base64."
        "Encode the bytes as base64, with the alphabet of `+` and `/`, padded, without line ends. Of a file without data, read the report with its attachments.";
    ATTACHMENT_SIZE "R604" Advice "I" false
        "An attachment has at most 10 MB; servers may refuse larger requests."
        "Pack the file or store it elsewhere.";
    ATTACHMENT_EMPTY "R605" Advice "I" false
        "An attachment has contents."
        "Check that the file was written before it was attached, or leave it out.";
    ATTACHMENT_CHARACTER "R606" SilentLoss "I" false
        "Name and content type of an attachment have no line ends, other control characters, nor characters that show nothing or turn the direction of writing: the name would be another, and the type would break the headers with which the file is sent."
        "Take the character out.";
    ATTACHMENT_FILE_NAME "R607" Advice "I" false
        "The name of an attachment is a file's on every system: no path, none of `< > : \" / \\ | ? *`, no name that Windows reserves, no blank or point at its end."
        "Name the file without its folder, with letters, digits, `-`, `_` and `.`.";
    ATTACHMENT_MEDIA_TYPE "R608" Advice "I" false
        "The content type of an attachment is a media type, such as `image/png`."
        "Write type and subtype; application/octet-stream is always right.";
    ATTACHMENT_CONTENTS "R609" Advice "I" false
        "The contents of an attachment do not begin as those of another content type: a picture named as text is shown as text. Files on disk are not looked into."
        "Name the content type of the contents; application/octet-stream is always right.";

    REPAIR_OPERATOR "R701" Reject "I" true
        "The operator of a repair is named (`uur.user`), in 1 to 100 characters."
        "Name the operator.";
    REPAIRED_PROCESS "R702" Reject "I" true
        "`uur.processCode`, if given, is from 0 to 32767: the code of the test that failed."
        "Set the process code of the test; `processCode` of the report is that of the repair.";
    PART_TYPE "R703" Reject "U" true
        "`partType` of a sub unit has at most 50 characters."
        "Shorten it.";
    UNIT_LENGTH_SUB "R704" Reject "I" false
        "Part number, serial number and revision of a sub unit have at most 100 characters."
        "Shorten it; cutting would make it another unit's, so it is not done for you.";
    FAILURE_UNNAMED "R705" Advice "I" false
        "A failure has a category and a code."
        "Choose both from those the server is configured with.";
    UNIT_TREE "R706" Advice "I" false
        "Sub units of a repair have an `idx` of their own, and `parentIdx` and `replacedIdx` name one that exists."
        "Number the units from 0, the repaired unit itself.";
    REPAIR_ONLY "R707" SilentLoss "S" false
        "`failures` and `binaryData` belong to repair reports only."
        "Put them into a repair report; a test report has attachments per step.";

    ILLEGAL_CHARACTER "R801" Reject "U" true
        "No text has control characters other than tab and line ends, nor U+FFFE or U+FFFF."
        "Replace the character. Not done for you in numbers that tell units apart.";
    NOT_FINITE "R802" Reject "I" true
        "Numbers are finite: NaN and the infinities have no place in JSON."
        "Record it as a text, or leave it out.";
}

/// The page `docs/report-rules.md`.
pub fn page() -> String {
    let mut page = String::from(
        "# Rules for reports\n\n\
         <!-- Made from the table in wats-report, module lint::rules. Change it there; the test\n     \
         `the_page_of_rules_is_that_of_the_table` with WATS_WRITE_DOCS=1 writes this page anew. -->\n\n\
         What `lint` looks for; see [Reports](reports.md#linting) for how to call it.\n\n\
         **reject**: the server answers 400 and keeps nothing. **silent loss**: it takes the report, but drops, changes\n\
         or sets aside a part of it. **advice**: it takes it as it is. Fixed: `fix` mends it, with the default policy or\n\
         when the policy allows it; see `Mend`.\n\n\
         Source: S the server's interface description, W the vendor's support pages, U users' transcriptions of the\n\
         rules, R seen on a server by users, C the vendor's C# client, I inferred. No rule could be tried on a live\n\
         server here.\n",
    );
    for (digit, title) in GROUPS {
        let _ = write!(
            page,
            "\n## {title}\n\n| code | severity | rule | mend | fixed | source |\n|---|---|---|---|---|---|\n"
        );
        for rule in RULES
            .iter()
            .filter(|rule| rule.code.chars().nth(1) == Some(digit))
        {
            let fixed = if rule.fixable { "yes" } else { "" };
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {fixed} | {} |",
                rule.code, rule.severity, rule.text, rule.fix, rule.source
            );
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_belong_to_a_group() {
        for pair in RULES.windows(2) {
            assert!(pair[0].code < pair[1].code, "{}", pair[1].code);
        }
        for rule in RULES {
            assert!(
                GROUPS
                    .iter()
                    .any(|(digit, _)| rule.code.chars().nth(1) == Some(*digit)),
                "{}",
                rule.code
            );
            assert!(
                rule.text.ends_with('.') && rule.fix.ends_with('.'),
                "{}",
                rule.code
            );
        }
    }
}
