//! What the server says of a report it refuses, taken apart: many lines, each a path of step names and a rule.
//!
//! `root -> Power -> Measure +5V: the name must be unique among its siblings` becomes the finding R206 at
//! `root → Power → Measure +5V`. The wording is the server's own and may change, so this is a best effort: a line that
//! matches no rule is kept in the server's words as R090.

use wats_report::lint::rules::{self, Rule};
use wats_report::lint::{Finding, MAX_FINDINGS};

/// Bytes of a line that are looked at; names and rules are shorter.
const MAX_LINE: usize = 4_096;
/// Colons of a line that are tried.
const MAX_SPLITS: usize = 8;

/// The findings in a refusal, one per line that says something.
pub(crate) fn findings(message: &str) -> Vec<Finding> {
    message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(MAX_FINDINGS)
        .map(finding)
        .collect()
}

/// Whether one of them says that the server does not know the report's process.
pub(crate) fn is_unknown_process(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.code() == rules::PROCESS_UNKNOWN.code)
}

fn finding(line: &str) -> Finding {
    let line = match line.char_indices().find(|(at, _)| *at >= MAX_LINE) {
        Some((end, _)) => &line[..end],
        None => line,
    };
    // Names and rules hold colons too. The last split that leaves a known rule is believed, else the first one after the
    // last arrow.
    let start = line.rfind(" -> ").map_or(0, |at| at + " -> ".len());
    let splits = || {
        let colons = line[start..].rmatch_indices(": ").map(|(at, _)| start + at);
        colons.map(|at| (&line[..at], &line[at + ": ".len()..]))
    };
    for (path, text) in splits().take(MAX_SPLITS) {
        if let Some(rule) = rule_of(path, text) {
            let finding = Finding::new(rule, text).at(arrows(path));
            // Of such a text the server does not say which of the two it is.
            let either = text.contains(" 1 to ") && !text.contains("process");
            return if either {
                finding.mended_by("Fill it in if it is empty; shorten it if it is too long.")
            } else {
                finding
            };
        }
    }
    let (path, text) = splits()
        .last()
        .filter(|(path, _)| is_path(path))
        .unwrap_or(("report", line));
    let rule = rule_of(path, text).unwrap_or(rules::SERVER_SAYS);
    Finding::new(rule, text).at(arrows(path))
}

/// Whether what stands before a colon leads into a report, and is not the beginning of a sentence.
fn is_path(path: &str) -> bool {
    path.contains(" -> ") || !path.trim().contains(' ')
}

fn arrows(path: &str) -> String {
    path.replace(" -> ", " → ").trim().to_owned()
}

/// Words by which a rule is known; all must be in the line, in small letters. The first that matches counts.
const KNOWN: &[(&[&str], &Rule)] = &[
    (&["illegal character"], rules::ILLEGAL_CHARACTER),
    (&["must be a finite number"], rules::NOT_FINITE),
    (&["unit must be a text"], rules::UNIT_LENGTH),
    (&["must be an object"], rules::WRONG_KIND),
    (&["must be a list"], rules::WRONG_KIND),
    (&["must be a guid"], rules::WRONG_KIND),
    (&["whole number of 32 bits"], rules::WRONG_KIND),
    (&["must be true or false"], rules::WRONG_KIND),
    (&["nest at most"], rules::TOO_DEEP),
    (&["id is required"], rules::ID_MISSING),
    (&["processcode", "not exist"], rules::PROCESS_UNKNOWN),
    (&["processcode", "not found"], rules::PROCESS_UNKNOWN),
    (&["processname"], rules::PROCESS_UNKNOWN),
    (&["processcode", "operation"], rules::PROCESS_UNKNOWN),
    (&["processcode"], rules::PROCESS_CODE),
    (&["contenttype", "attachment"], rules::ATTACHMENT_TYPE),
    (&["name of an attachment"], rules::ATTACHMENT_NAME),
    (&["base64"], rules::ATTACHMENT_DATA),
    (&["type", "t or r"], rules::TYPE_UNKNOWN),
    (&["status", "equal", "result"], rules::ROOT_STATUS),
    (&["result", "p, f, e"], rules::RESULT_LETTER),
    (&["uut is required"], rules::TEST_PARTS),
    (&["root is required"], rules::TEST_PARTS),
    (&["uur is required"], rules::REPAIR_PARTS),
    (&["subunits is required"], rules::REPAIR_PARTS),
    (&["startutc", "date and time"], rules::START_UNREADABLE),
    (&["start is required"], rules::START_MISSING),
    (&["date and time"], rules::START_UNREADABLE),
    (&["origin"], rules::ORIGIN_GIVEN),
    (&["user is required"], rules::OPERATOR_MISSING),
    (&["comment must have"], rules::COMMENT_LENGTH),
    (&["from -1 to 32767"], rules::SOCKET_INDEX),
    (&["batchsn must have"], rules::BATCH_LENGTH),
    (&["fixtureid must have"], rules::BATCH_LENGTH),
    (&["description must have"], rules::MISC_NAME),
    (&["text or numeric"], rules::MISC_EMPTY),
    (&["of a text must have at most"], rules::TEXT_VALUE_LENGTH),
    (&["text must have at most"], rules::MISC_TEXT),
    (&["parttype must have"], rules::PART_TYPE),
    (&["machinename must have"], rules::STATION_LENGTH),
    (&["location must have"], rules::STATION_LENGTH),
    (&["purpose must have"], rules::STATION_LENGTH),
    (&["must have 1 to 100 characters"], rules::IDENTITY_LENGTH),
    (&["pn must have"], rules::UNIT_LENGTH_SUB),
    (&["sn must have"], rules::UNIT_LENGTH_SUB),
    (&["rev must have"], rules::UNIT_LENGTH_SUB),
    (&["seqcall is required"], rules::ROOT_SEQUENCE),
    (&["group must be"], rules::GROUP_LETTER),
    (
        &["status must be one of p, f, s"],
        rules::MEASUREMENT_STATUS,
    ),
    (&["status must be one of"], rules::STATUS_LETTER),
    (&["name must be a text of 1 to 200"], rules::CALL_NAME),
    (&["machinename is required"], rules::TEXT_MISSING),
    (&["name is required"], rules::NAME_MISSING),
    (&["name must be a text"], rules::NAME_LENGTH),
    (&["path must be a text"], rules::CALL_PATH),
    (&["version must be a text"], rules::CALL_VERSION),
    (&["unique", "sibling"], rules::NAME_TWICE),
    (&["needs one of"], rules::NOTHING_IN_STEP),
    (&["at most one of"], rules::TOO_MUCH_IN_STEP),
    (
        &["chart", "attachment", "both"],
        rules::CHART_AND_ATTACHMENT,
    ),
    (&["only", "seqcall", "steps"], rules::STEPS_WITHOUT_SEQUENCE),
    (&["all steps have an id"], rules::IDS_INCOMPLETE),
    (&["id of a step must be unique"], rules::ID_TWICE),
    (&["tsguid"], rules::GUID_LENGTH),
    (&["whole number of 16 bits"], rules::BUTTON_RANGE),
    (
        &["compop must be one of", "ignorecase"],
        rules::TEXT_COMPARISON_UNKNOWN,
    ),
    (&["compop must be one of"], rules::COMPARISON_UNKNOWN),
    (&["limit is required with"], rules::LIMIT_MISSING),
    (&["limit must be absent with"], rules::LIMIT_SURPLUS),
    (&["lowlimit", "above highlimit"], rules::LIMITS_CROSSED),
    (&["status of a single"], rules::STATUS_OF_SINGLE),
    (&["name of a measurement"], rules::MEASUREMENT_NAME),
    (&["each of several", "of its own"], rules::MEASUREMENT_TWICE),
    (&["each of several", "name"], rules::MEASUREMENT_NAME),
    (&["failed step needs a failed"], rules::FAILED_WITHOUT_CAUSE),
    (&["passed step has no failed"], rules::PASSED_WITH_FAILURE),
    (&["a step with status"], rules::BROKEN_OFF_WITH_MEASUREMENT),
    (&["datatype must be"], rules::SERIES_TYPE),
    (&["at most 10 series"], rules::SERIES_MANY),
    (&["at most 10000 points"], rules::POINTS_MANY),
    (&["as many x values"], rules::POINTS_UNEVEN),
    (&["unit of a chart"], rules::CHART_UNIT),
    (&["label of a chart"], rules::CHART_LABEL),
    (&["name of a series"], rules::CHART_LABEL),
    (&["summary of a loop needs"], rules::SUMMARY_INCOMPLETE),
    (&["endingindex"], rules::SUMMARY_ENDING),
    (&["ending index"], rules::SUMMARY_ENDING),
    (&["idx of the iterations"], rules::ITERATION_INDEX),
    (&["limits of an iteration"], rules::ITERATION_LIMITS),
    (&["iteration", "limit"], rules::ITERATION_LIMITS),
    (&["must be a text"], rules::WRONG_KIND),
    (&["is required"], rules::TEXT_MISSING),
];

fn rule_of(path: &str, text: &str) -> Option<&'static Rule> {
    let text = text.to_lowercase();
    let (_, rule) = KNOWN
        .iter()
        .find(|(words, _)| words.iter().all(|word| text.contains(word)))?;
    // Test and repair have members of the same names.
    let of_repair = path.ends_with("uur");
    Some(if of_repair && *rule == rules::OPERATOR_MISSING {
        rules::REPAIR_OPERATOR
    } else if of_repair && *rule == rules::PROCESS_CODE {
        rules::REPAIRED_PROCESS
    } else {
        rule
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(line: &str) -> (&'static str, String, String) {
        let found = findings(line);
        assert_eq!(found.len(), 1, "{found:?}");
        (
            found[0].code(),
            found[0].path.clone(),
            found[0].text.clone(),
        )
    }

    #[test]
    fn lines_become_places_and_rules() {
        for (line, code, path) in [
            ("report: sn is required", "R103", "report"),
            (
                "report: processCode 4711 does not exist on the server",
                "R107",
                "report",
            ),
            (
                "root -> Power -> A: the name must be unique among its siblings",
                "R206",
                "root → Power → A",
            ),
            (
                "root -> 12:30: lamp -> A: B: endingIndex of a loop must be num - 1",
                "R502",
                "root → 12:30: lamp → A: B",
            ),
            (
                "root -> A: no more room: come back later",
                "R090",
                "root → A",
            ),
            ("The request is invalid: try again", "R090", "report"),
            ("  An error has occurred.  ", "R090", "report"),
        ] {
            let found = one(line);
            assert_eq!((found.0, found.1.as_str()), (code, path), "{line}");
        }
        assert_eq!(one("An error has occurred.").2, "An error has occurred.");
    }

    #[test]
    fn empty_lines_say_nothing_and_others_are_all_kept() {
        assert!(findings("\r\n \n\t").is_empty());
        assert_eq!(findings("report: a\r\n\r\nwhat: else\nplain").len(), 3);
        assert_eq!(findings(&"x\n".repeat(5_000)).len(), MAX_FINDINGS);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_line_is_lost(text in "(root|report|[a-zæ:> \n\r-]|->|: |num|\\PC){0,40}") {
            let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
            prop_assert_eq!(findings(&text).len(), lines);
        }

        #[test]
        fn long_lines_are_cut_at_a_character(text in "[æ→x]{4000,5000}") {
            prop_assert_eq!(findings(&text).len(), 1);
        }
    }
}
