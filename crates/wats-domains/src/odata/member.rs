//! Members in filters: names and paths, plain or through a string function.

use crate::error::{Error, Result};

/// A member of what is queried: its name on the wire, or a path such as `product/name`, perhaps through functions of
/// texts.
///
/// ```
/// use wats_domains::{Filter, Member};
///
/// let filter = Filter::eq(Member::new("serialNumber").to_lower(), "sn-1").and(Filter::gt(Member::new("comment").length(), 80));
/// assert_eq!(filter.to_odata()?, "tolower(serialNumber) eq 'sn-1' and length(comment) gt 80");
/// # Ok::<(), wats_domains::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    name: String,
    /// The innermost first.
    functions: Vec<&'static str>,
}

impl Member {
    /// The member itself.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            functions: Vec::new(),
        }
    }

    /// The text in small letters (`tolower`).
    pub fn to_lower(self) -> Self {
        self.through("tolower")
    }

    /// The text in capitals (`toupper`).
    pub fn to_upper(self) -> Self {
        self.through("toupper")
    }

    /// The text without blanks at its ends (`trim`).
    pub fn trim(self) -> Self {
        self.through("trim")
    }

    /// How many characters the text has (`length`).
    pub fn length(self) -> Self {
        self.through("length")
    }

    fn through(mut self, function: &'static str) -> Self {
        self.functions.push(function);
        self
    }

    /// The last part of its name.
    pub(super) fn last(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// Writes it; `variable` is the one of the `any` around.
    pub(super) fn write(&self, out: &mut String, variable: Option<&str>) -> Result<()> {
        check(&self.name)?;
        for function in self.functions.iter().rev() {
            out.push_str(function);
            out.push('(');
        }
        if let Some(variable) = variable {
            out.push_str(variable);
            out.push('/');
        }
        out.push_str(&self.name);
        for _ in &self.functions {
            out.push(')');
        }
        Ok(())
    }
}

impl<T: Into<String>> From<T> for Member {
    fn from(name: T) -> Self {
        Self::new(name)
    }
}

/// A member name or path; anything else could smuggle in a condition.
pub(super) fn check(name: &str) -> Result<()> {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if name.split('/').all(is_name) {
        return Ok(());
    }
    Err(Error::Query(format!(
        "`{name}` is not the name of a member; names are letters, digits and _"
    )))
}
