//! The way to a step or measurement, as the server's analytics name them.

use std::fmt;
use std::str::FromStr;

use super::Step;
use crate::error::{Error, Result};

/// What separates the steps of a path on the wire; two of them come before the name of a measurement.
const MARK: char = '¶';

/// The way from the root to a step, or to one of several measurements of a step.
///
/// For people the names are separated by `/`, on the wire by `¶`. A path can be read from either form; names that hold
/// a `/` themselves need the form of the wire, or [`new`](Self::new).
///
/// ```
/// use wats_report::StepPath;
///
/// let path: StepPath = "MainSequence Callback/Power/Ripple".parse()?;
/// let first = path.measurement("CH1")?;
/// assert_eq!(first.to_wire(), "MainSequence Callback¶Power¶Ripple¶¶CH1");
/// assert_eq!(first.to_wire().parse::<StepPath>()?, first);
///
/// let odd = StepPath::new(["MainSequence Callback", "Gain 1/2"])?;
/// assert_eq!(odd.to_string(), "MainSequence Callback/Gain 1/2");
/// # Ok::<(), wats_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StepPath {
    steps: Vec<String>,
    measurement: Option<String>,
}

impl StepPath {
    /// A path by the names of its steps, the root first.
    ///
    /// # Errors
    /// [`Error::Query`] when there is none, or a name is empty or holds `¶` or `;`, which a path cannot express.
    pub fn new<S: Into<String>>(steps: impl IntoIterator<Item = S>) -> Result<Self> {
        let steps: Vec<String> = steps.into_iter().map(Into::into).collect();
        if steps.is_empty() {
            return Err(refused("it names no step"));
        }
        steps.iter().try_for_each(|name| check(name))?;
        Ok(Self {
            steps,
            measurement: None,
        })
    }

    /// The path of one of several measurements of the step.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn measurement(mut self, name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        check(&name)?;
        self.measurement = Some(name);
        Ok(self)
    }

    /// The names of the steps, the root first.
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// The name of the measurement, if it is the path of one.
    pub fn measurement_name(&self) -> Option<&str> {
        self.measurement.as_deref()
    }

    /// The form of the wire.
    pub fn to_wire(&self) -> String {
        let mut text = self.steps.join("¶");
        if let Some(name) = &self.measurement {
            text.push(MARK);
            text.push(MARK);
            text.push_str(name);
        }
        text
    }

    /// Several paths in the form of the wire.
    pub fn list_to_wire<'a>(paths: impl IntoIterator<Item = &'a Self>) -> String {
        let paths: Vec<_> = paths.into_iter().map(Self::to_wire).collect();
        paths.join(";")
    }

    /// The step of a report, or that with the measurement, that the path leads to. `root` is the root of the report.
    pub fn find<'a>(&self, root: &'a Step) -> Option<&'a Step> {
        let (first, rest) = self.steps.split_first()?;
        let mut step = (root.name() == first).then_some(root)?;
        for name in rest {
            step = step.steps().iter().find(|inner| inner.name() == name)?;
        }
        Some(step)
    }
}

impl FromStr for StepPath {
    type Err = Error;

    /// Reads a path in either form: that with `¶` if there is one, else that with `/`.
    fn from_str(text: &str) -> Result<Self> {
        if !text.contains(MARK) {
            return Self::new(text.split('/'));
        }
        match text.split_once("¶¶") {
            Some((steps, name)) => Self::new(steps.split(MARK))?.measurement(name),
            None => Self::new(text.split(MARK)),
        }
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.steps.join("/"))?;
        match &self.measurement {
            Some(name) => write!(f, "/{name}"),
            None => Ok(()),
        }
    }
}

fn check(name: &str) -> Result<()> {
    match name.chars().find(|c| matches!(c, '¶' | ';')) {
        _ if name.is_empty() => Err(refused("a name in it is empty")),
        Some(bad) => Err(refused(&format!(
            "a name in it holds `{bad}`, which separates"
        ))),
        None => Ok(()),
    }
}

fn refused(why: &str) -> Error {
    Error::Query(format!("this is no path of a step: {why}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_that_are_none() {
        for text in [
            "",
            "/",
            "a//b",
            "a/",
            "¶",
            "a¶",
            "a¶¶",
            "¶¶a",
            "a¶¶b¶c",
            "a;b",
        ] {
            assert!(text.parse::<StepPath>().is_err(), "{text}");
        }
        assert!(StepPath::new(Vec::<String>::new()).is_err());
    }

    #[test]
    fn several_paths_and_what_they_lead_to() {
        let root: Step = serde_json::from_str(
            r#"{"name": "Main", "steps": [{"name": "A"}, {"name": "B", "steps": [{"name": "A"}]}]}"#,
        )
        .unwrap();
        let inner: StepPath = "Main/B/A".parse().unwrap();
        assert!(std::ptr::eq(
            inner.find(&root).unwrap(),
            &raw const root.steps()[1].steps()[0]
        ));
        let other: StepPath = "Main/C".parse().unwrap();
        assert_eq!(
            (other.find(&root), StepPath::new(["B"]).unwrap().find(&root)),
            (None, None)
        );
        assert_eq!(StepPath::list_to_wire([&inner, &other]), "Main¶B¶A;Main¶C");
    }

    proptest! {
        #[test]
        fn the_wire_form_comes_back(steps in prop::collection::vec("[^¶;]{1,8}", 1..5), name in prop::option::of("[^¶;]{1,8}")) {
            let mut path = StepPath::new(steps).unwrap();
            if let Some(name) = name {
                path = path.measurement(name).unwrap();
            }
            // A single step needs no mark, so a `/` in it would separate.
            prop_assume!(path.to_wire().contains('¶') || !path.to_wire().contains('/'));
            prop_assert_eq!(path.to_wire().parse::<StepPath>().unwrap(), path);
        }
    }
}
