//! What packages are found by: the part of `XPath` that clients write over the XML of tags, such as
//! `//*[PartNumber[.='A' or .='B']][Station[.='S']]`.

use serde_json::Value;

use crate::answer::Answer;
use crate::api::tags;
use crate::query::bad;

/// Tags that all must be there, each with one of these values; with any if there are none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expression(Vec<(String, Vec<String>)>);

impl Expression {
    pub(super) fn parse(text: &str) -> Result<Self, Answer> {
        let parsed = Reader(text.trim()).expression();
        parsed.ok_or_else(|| {
            bad(format!(
                "The expression '{text}' is not of the form //*[Name[.='value' or .='other']]."
            ))
        })
    }

    pub(super) fn fits(&self, package: &Value) -> bool {
        self.0.iter().all(|(name, values)| {
            tags::of(package).any(|(key, value)| {
                key == name && (values.is_empty() || values.iter().any(|wanted| wanted == value))
            })
        })
    }
}

/// What is left to read.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn expression(mut self) -> Option<Expression> {
        let roots = ["//*", "//PackageInfo", "/PackageInfo"];
        roots.into_iter().find(|root| self.takes(root))?;
        let mut tags = Vec::new();
        while self.takes("[") {
            self.0 = self.0.trim_start();
            let end = self
                .0
                .find(|c: char| !c.is_alphanumeric() && !"_-.".contains(c))?;
            let (name, rest) = self.0.split_at_checked(end)?;
            self.0 = rest;
            let mut values = Vec::new();
            if self.takes("[") {
                loop {
                    self.takes(".").then_some(())?;
                    values.push(self.value()?);
                    if !self.takes("or") {
                        break;
                    }
                }
                self.takes("]").then_some(())?;
            } else if self.0.trim_start().starts_with('=') {
                values.push(self.value()?);
            }
            self.takes("]").then_some(())?;
            tags.push((
                Some(name).filter(|name| !name.is_empty())?.to_owned(),
                values,
            ));
        }
        (self.0.is_empty() && !tags.is_empty()).then_some(Expression(tags))
    }

    /// `='value'`, in either kind of quotes.
    fn value(&mut self) -> Option<String> {
        self.takes("=").then_some(())?;
        let quote = ["'", "\""].into_iter().find(|quote| self.takes(quote))?;
        let (value, rest): (&'a str, &'a str) = self.0.split_once(quote)?;
        self.0 = rest;
        Some(value.to_owned())
    }

    /// Takes this if it comes next, after any spaces.
    fn takes(&mut self, wanted: &str) -> bool {
        let rest = self.0.trim_start().strip_prefix(wanted);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tags_must_all_fit() {
        let package =
            json!({ "tags": [{ "key": "Part", "value": "A" }, { "key": "St", "value": "it's" }] });
        for (text, fits) in [
            ("//*[Part[.='A']]", true),
            ("//*[Part[.='B' or .='A']][St[.=\"it's\"]]", true),
            ("//*[Part]", true),
            ("/PackageInfo[ Part = 'A' ]", true),
            ("//*[Part[.='a']]", false),
            ("//*[Part[.='A']][Other]", false),
        ] {
            assert_eq!(
                Expression::parse(text).unwrap().fits(&package),
                fits,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "",
            "//*",
            "Part='A'",
            "//*[Part[.='A]]",
            "//*[Part[.='A'",
            "//*[[.='A']]",
            "//*[A] x",
            "//*[é",
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}
