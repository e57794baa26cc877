//! JUnit XML, as Ant, Maven, pytest and many others write it.
//!
//! Here are suites and cases; `lenient` reads what some producers write that is no XML.

mod lenient;

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

use super::{Defaults, Header, comment_of, cut, finished, info, name_of};
use crate::Report;
use crate::StepType;
use crate::builder::{Outcome, Sequence, StepRef};
use crate::error::{Error, Result};
use crate::text::place;
use crate::wsxf::MAX_BYTES;
use crate::wsxf::decoded;
use crate::wsxf::element::{self, Element};

/// The report of a JUnit XML text.
///
/// Each suite is a sequence with a pass/fail step for each of its cases.
///
/// # Errors
/// [`Error::Data`] when the text is no JUnit XML, [`Error::Report`] when the server would not take the report, with what
/// is wrong with it.
pub fn junit(text: &[u8], defaults: &Defaults) -> Result<Report> {
    let wrong = |why: String| Error::Data(format!("the text is no JUnit XML: {why}"));
    if text.len() > MAX_BYTES {
        return Err(wrong(format!("it is longer than {MAX_BYTES} bytes")));
    }
    let decoded = decoded(text).map_err(wrong)?;
    let decoded = lenient::with_characters(&decoded);
    let mut root = Element::default();
    let begins = |begun: &Element<'_>, _: &str| match begun.name.as_ref() {
        "testsuites" | "testsuite" => {
            root = owned(begun);
            Ok(())
        }
        other => Err(format!(
            "it begins with `{other:.80}`, where JUnit has `testsuites` or `testsuite`"
        )),
    };
    let mut children = Vec::new();
    element::read(&decoded, begins, |child| {
        children.push(lenient::without_namespaces(child));
        Ok(())
    })
    .map_err(|problem| {
        let at = place(decoded.as_bytes(), problem.at);
        wrong(format!("{}, {at}", problem.what))
    })?;
    let suite = Suite {
        begun: &root,
        children: &children,
    };
    let mut header = Header::default();
    let mut infos = Vec::new();
    suite.header(defaults, &mut header, &mut infos);
    let mut report = header.builder(defaults, text);
    for (name, value) in infos {
        report = info(report, &name, &value);
    }
    if let Some(time) = seconds(&root) {
        report = report.execution_time(time);
    }
    let name = name_of(root.attribute("name").unwrap_or("JUnit"));
    report = report
        .software(name)
        .steps(|steps| suite.steps(steps, defaults));
    finished(match suite.counted() {
        Some(outcome) => report.outcome(outcome).comment(COUNTED),
        None => report,
    })
}

/// The comment of a suite whose outcome is that of its counts.
const COUNTED: &str = "The suite counts failures or errors that none of its cases has.";

/// Properties that are taken as misc info, at most.
const MOST_INFOS: usize = 100;

/// Bytes of what a case says that are looked at for its comment, at most.
const MOST_COMMENT: usize = 20_000;

/// A suite: what it says of itself, and what is in it.
struct Suite<'e, 'a> {
    begun: &'e Element<'a>,
    children: &'e [Element<'a>],
}

impl<'e, 'a> Suite<'e, 'a> {
    /// The suites within it.
    fn suites(&self) -> impl Iterator<Item = Suite<'e, 'a>> {
        let is_suite = |child: &&'e Element<'a>| child.name == "testsuite";
        self.children.iter().filter(is_suite).map(|suite| Suite {
            begun: suite,
            children: &suite.children,
        })
    }

    /// What it and the suites in it say of the header; what is said first counts.
    fn header(&self, defaults: &Defaults, header: &mut Header, infos: &mut Vec<(String, String)>) {
        let said = |name: &str| self.begun.attribute(name).unwrap_or_default();
        if header.start.is_none() {
            header.start = moment(said("timestamp"), defaults);
        }
        if header.station.is_empty() {
            said("hostname").trim().clone_into(&mut header.station);
        }
        let lists = self
            .children
            .iter()
            .filter(|child| child.name == "properties");
        for property in lists.flat_map(|list| &list.children) {
            let name = property.attribute("name").unwrap_or_default();
            let value = property.attribute("value").unwrap_or(&property.text);
            let is_told = infos.len() == MOST_INFOS || infos.iter().any(|(told, _)| told == name);
            if !header.take(name, value.trim()) && !is_told {
                infos.push((name.to_owned(), value.to_owned()));
            }
        }
        for suite in self.suites() {
            suite.header(defaults, header, infos);
        }
    }

    fn steps(&self, steps: &mut Sequence, defaults: &Defaults) {
        for child in self.children {
            match child.name.as_ref() {
                "testcase" => case(steps, child, defaults),
                "error" | "failure" => {
                    // Of the suite as a whole, which may have no case at all then.
                    let name = child.attribute("type").unwrap_or_default();
                    let name = if name.is_empty() {
                        child.name.as_ref()
                    } else {
                        name
                    };
                    let state = problem(child);
                    let comment = comment_of(&told(child));
                    step(steps, name_of(name), state, (None, None), comment);
                }
                "testsuite" => {
                    let suite = Suite {
                        begun: child,
                        children: &child.children,
                    };
                    let name = name_of(child.attribute("name").unwrap_or("suite"));
                    let mut step = steps.sequence(name, |inside| suite.steps(inside, defaults));
                    if let Some(outcome) = suite.counted() {
                        step = step.outcome(outcome).comment(COUNTED);
                    }
                    if let Some(time) = seconds(child) {
                        step.duration(time);
                    }
                }
                _ => {}
            }
        }
    }

    /// The outcome that the counts of the suite tell, where nothing in it does.
    fn counted(&self) -> Option<Outcome> {
        counts(self.begun).filter(|_| !self.children.iter().any(has_problem))
    }
}

/// The outcome that the counts of a suite tell, if they tell of any problem.
fn counts(suite: &Element<'_>) -> Option<Outcome> {
    let count = |name: &str| -> u64 {
        let count = suite.attribute(name).unwrap_or_default();
        count.trim().parse().unwrap_or_default()
    };
    match (count("errors"), count("failures")) {
        (0, 0) => None,
        (0, _) => Some(Outcome::Failed),
        _ => Some(Outcome::Error),
    }
}

/// Whether an element says, at any depth, that something failed, or once did.
fn has_problem(element: &Element<'_>) -> bool {
    match element.name.as_ref() {
        "testsuite" if counts(element).is_some() => true,
        "failure" | "error" | "flakyFailure" | "flakyError" | "rerunFailure" | "rerunError" => true,
        "testcase" if matches!(said(element), State::Failed | State::Error(_)) => true,
        _ => element.children.iter().any(has_problem),
    }
}

/// How a case ended.
enum State {
    Passed,
    Failed,
    Skipped,
    /// With its message.
    Error(String),
}

/// What a failure or an error is.
fn problem(element: &Element<'_>) -> State {
    if element.name != "error" {
        return State::Failed;
    }
    let message = element.attribute("message").unwrap_or(&element.text);
    State::Error(cut(message, 200))
}

/// The outcome in words, as some write it.
fn said(case: &Element<'_>) -> State {
    let of = |name: &str| case.attribute(name).unwrap_or_default().trim();
    match of("status").to_ascii_lowercase().as_str() {
        "failed" | "fail" | "failure" => return State::Failed,
        "error" | "errored" | "broken" => return State::Error(String::new()),
        "notrun" | "disabled" | "skipped" | "ignored" | "pending" => return State::Skipped,
        _ => {}
    }
    match of("result") {
        "suppressed" | "skipped" => State::Skipped,
        _ => State::Passed,
    }
}

fn case(steps: &mut Sequence, case: &Element<'_>, defaults: &Defaults) {
    let name = name_of(case.attribute("name").unwrap_or_default());
    let of = |name: &str| case.children.iter().find(|child| child.name == name);
    let class = case.attribute("classname").or(case.attribute("class"));
    let mut comment = class.unwrap_or_default().to_owned();
    if let Some(file) = case.attribute("file") {
        let line = case.attribute("line").unwrap_or_default();
        let colon = if line.is_empty() { "" } else { ":" };
        comment = format!("{comment}\n{file}{colon}{line}");
    }
    for child in &case.children {
        if child.name == "properties" {
            for property in &child.children {
                let name = property.attribute("name").unwrap_or_default();
                let value = property.attribute("value").unwrap_or(&property.text);
                if comment.len() < MOST_COMMENT {
                    comment = format!("{comment}\n{name} = {value}");
                }
            }
        } else if comment.len() < MOST_COMMENT {
            comment = format!("{comment}\n{}", told(child));
        }
    }
    let is_skipped = ["skipped", "disabled", "ignored"].map(of);
    let state = if is_skipped.iter().any(Option::is_some) {
        State::Skipped
    } else if let Some(found) = of("error").or(of("failure")) {
        problem(found)
    } else {
        said(case)
    };
    let start = moment(case.attribute("timestamp").unwrap_or_default(), defaults);
    step(
        steps,
        name,
        state,
        (start, seconds(case)),
        comment_of(&comment),
    );
}

/// What a failure and the like says.
fn told(element: &Element<'_>) -> String {
    let message = element.attribute("message").unwrap_or_default();
    let mut told = format!("{}: {message}\n{}", element.name, element.text);
    for child in &element.children {
        if told.len() < MOST_COMMENT {
            told = format!("{}\n{}", told.trim_end(), child.text);
        }
    }
    told
}

fn step(steps: &mut Sequence, name: String, state: State, when: When, comment: String) {
    match state {
        State::Skipped => {
            commented(steps.skipped(name), comment);
        }
        State::Error(message) => {
            let step = steps.generic(name, StepType::PassFail);
            let step = step.outcome(Outcome::Error).error(0, message);
            timed(commented(step, comment), when);
        }
        State::Passed | State::Failed => {
            let step = steps.boolean(name, matches!(state, State::Passed));
            timed(commented(step, comment), when);
        }
    }
}

/// The step with its comment, if it has one.
fn commented<K, F>(step: StepRef<'_, K, F>, comment: String) -> StepRef<'_, K, F> {
    if comment.is_empty() {
        return step;
    }
    step.comment(comment)
}

/// When a step began, and how long it took.
type When = (Option<ZonedDateTime>, Option<Duration>);

fn timed<K, F>(mut step: StepRef<'_, K, F>, (start, time): When) {
    if let Some(start) = start {
        step = step.start(&start);
    }
    if let Some(time) = time {
        step.duration(time);
    }
}

fn seconds(element: &Element<'_>) -> Option<Duration> {
    let time = element
        .attribute("time")
        .or(element.attribute("duration"))?;
    let time = time.trim();
    // Some write units, as in `1m 30.5s` and `80.803us`.
    if time.ends_with(|last: char| last.is_alphabetic()) {
        return Duration::try_from(time.parse::<SignedDuration>().ok()?).ok();
    }
    let mut seconds = 0.0;
    // Some write minutes and hours before them.
    for part in time.split(':') {
        // Some write thousands with a comma, others a decimal comma.
        let is_decimal = !part.contains('.')
            && part
                .split_once(',')
                .is_some_and(|(whole, part)| whole.trim() == "0" || part.len() != 3);
        let part = part.replace(',', if is_decimal { "." } else { "" });
        let part: f64 = part.parse().ok()?;
        seconds = seconds * 60.0 + part;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

/// A time with an offset, or one of the zone of the defaults.
fn moment(text: &str, defaults: &Defaults) -> Option<ZonedDateTime> {
    let text = text.trim();
    let in_utc = |text: &str| format!("{}Z", text.trim_end()).parse::<Timestamp>();
    let at = match (text.parse(), rfc2822::parse(text), text.strip_suffix("UTC")) {
        (Ok(at), ..) => Some(at),
        (_, Ok(zoned), _) => Some(zoned.timestamp()),
        (.., Some(text)) => in_utc(text).ok(),
        _ => None,
    };
    if let Some(at) = at {
        return Some(defaults.moment(at));
    }
    let local: DateTime = text.parse().ok()?;
    local.to_zoned_datetime(defaults.zone.clone()).ok()
}

/// The element without a tie to the text.
fn owned(element: &Element<'_>) -> Element<'static> {
    let mut owned = Element::new(element.name.clone().into_owned());
    for (name, value) in &element.attributes {
        owned.push_attribute(name.clone().into_owned(), value.clone().into_owned());
    }
    owned
}
