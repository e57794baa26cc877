//! What a linter found: which rule is broken, where, and how to mend it.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::rules::{Rule, Severity};

/// One thing in a report that breaks a rule.
///
/// `{}` prints one line: place, problem and code; `{:#}` begins with the severity and ends with the way to mend it. As
/// JSON it has the members `code`, `severity`, `path`, `text`, `fix` and `fixable`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule, with its code and severity.
    pub rule: &'static Rule,
    /// Where it is, such as `root → Power → Measure +5V → measurement 2`.
    pub path: String,
    /// What is wrong here.
    pub text: String,
    /// How to mend it, where the rule's own words do not fit the case.
    mend: Option<&'static str>,
}

impl Finding {
    /// What of the report as a whole breaks a rule.
    pub fn new(rule: &'static Rule, text: impl Into<String>) -> Self {
        Self {
            rule,
            path: "report".to_owned(),
            text: text.into(),
            mend: None,
        }
    }

    /// Says where in the report it is.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Says how to mend it in this case.
    pub fn mended_by(mut self, mend: &'static str) -> Self {
        self.mend = Some(mend);
        self
    }

    /// The stable code of the rule, such as `R206`.
    pub fn code(&self) -> &'static str {
        self.rule.code
    }

    /// What it leads to.
    pub fn severity(&self) -> Severity {
        self.rule.severity
    }

    /// How to mend it: in this case, where the rule covers several.
    pub fn fix(&self) -> &'static str {
        self.mend.unwrap_or(self.rule.fix)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            let (severity, fix) = (self.severity(), self.fix());
            return write!(
                f,
                "{severity} {}: {}: {}. {fix}",
                self.code(),
                self.path,
                self.text
            );
        }
        write!(f, "{}: {} [{}]", self.path, self.text, self.code())
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("Finding", 6)?;
        members.serialize_field("code", self.code())?;
        members.serialize_field("severity", &self.severity())?;
        members.serialize_field("path", &self.path)?;
        members.serialize_field("text", &self.text)?;
        members.serialize_field("fix", self.fix())?;
        members.serialize_field("fixable", &self.rule.fixable)?;
        members.end()
    }
}
