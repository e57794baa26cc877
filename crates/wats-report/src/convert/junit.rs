//! JUnit XML, as Ant, Maven, pytest and many others write it.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::{Timestamp, ZonedDateTime};

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
        children.push(child);
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
    report = report.software(name).steps(|steps| suite.steps(steps));
    finished(report)
}

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

    fn steps(&self, steps: &mut Sequence) {
        for child in self.children {
            match child.name.as_ref() {
                "testcase" => case(steps, child),
                "testsuite" => {
                    let suite = Suite {
                        begun: child,
                        children: &child.children,
                    };
                    let name = name_of(child.attribute("name").unwrap_or("suite"));
                    let step = steps.sequence(name, |inside| suite.steps(inside));
                    if let Some(time) = seconds(child) {
                        step.duration(time);
                    }
                }
                _ => {}
            }
        }
    }
}

fn case(steps: &mut Sequence, case: &Element<'_>) {
    let name = name_of(case.attribute("name").unwrap_or_default());
    let of = |name: &str| case.children.iter().find(|child| child.name == name);
    let mut comment = case.attribute("classname").unwrap_or_default().to_owned();
    for child in &case.children {
        if child.name == "properties" {
            for property in &child.children {
                let of = |name: &str| property.attribute(name).unwrap_or_default();
                if comment.len() < MOST_COMMENT {
                    comment = format!("{comment}\n{} = {}", of("name"), of("value"));
                }
            }
        } else if comment.len() < MOST_COMMENT {
            let message = child.attribute("message").unwrap_or_default();
            comment = format!("{comment}\n{}: {message}\n{}", child.name, child.text);
        }
    }
    let comment = comment_of(&comment);
    let time = seconds(case);
    if of("skipped").is_some() {
        commented(steps.skipped(name), comment);
    } else if let Some(error) = of("error") {
        let message = error.attribute("message").unwrap_or(&error.text);
        let step = steps
            .generic(name, StepType::PassFail)
            .outcome(Outcome::Error)
            .error(0, cut(message, 200));
        let step = commented(step, comment);
        if let Some(time) = time {
            step.duration(time);
        }
    } else {
        let passed = of("failure").is_none();
        let step = commented(steps.boolean(name, passed), comment);
        if let Some(time) = time {
            step.duration(time);
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

fn seconds(element: &Element<'_>) -> Option<Duration> {
    // Some write thousands with a comma.
    let time = element.attribute("time")?.trim().replace(',', "");
    let seconds: f64 = time.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// A time with an offset, or one of the zone of the defaults.
fn moment(text: &str, defaults: &Defaults) -> Option<ZonedDateTime> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
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
