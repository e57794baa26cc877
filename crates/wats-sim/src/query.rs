//! The query string of a request, decoded as ASP.NET does: `+` is a space, the rest by percent.

use http::StatusCode;
use percent_encoding::percent_decode_str;

use crate::answer::Answer;

/// The decoded options of a request, in their order.
#[derive(Debug, Default)]
pub(crate) struct Query {
    options: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(raw: Option<&str>) -> Result<Self, Answer> {
        let mut options = Vec::new();
        for pair in raw
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
        {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            options.push((decode(name)?, decode(value)?));
        }
        Ok(Self { options })
    }

    /// The first value given under this name, whatever its case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All values given under this name, whatever its case, in their order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fits = move |(given, _): &&(String, String)| given.eq_ignore_ascii_case(name);
        self.options
            .iter()
            .filter(fits)
            .map(|(_, value)| value.as_str())
    }

    /// A switch: absent, `true` or `false`.
    pub(crate) fn switch(&self, name: &str) -> Result<Option<bool>, Answer> {
        match self.get(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(text) => Err(bad(format!(
                "The value '{text}' of {name} is not true or false."
            ))),
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn count(&self, name: &str) -> Result<Option<usize>, Answer> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        text.trim().parse().map(Some).map_err(|_| {
            bad(format!(
                "The value '{text}' of {name} is not a whole number that is not negative."
            ))
        })
    }
}

/// 400 with the words ASP.NET begins with when a query does not work.
pub(crate) fn bad(detail: impl std::fmt::Display) -> Answer {
    let message = format!("The query specified in the URI is not valid. {detail}");
    Answer::message(StatusCode::BAD_REQUEST, message)
}

fn decode(text: &str) -> Result<String, Answer> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| bad("It is not UTF-8 once decoded."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_decoded_one_by_one() {
        let query = Query::parse(Some("%24filter=a+eq+%27%2B%26%3D%27&$top=5&flag")).unwrap();
        assert_eq!(query.get("$Filter"), Some("a eq '+&='"));
        assert_eq!(query.count("$top").unwrap(), Some(5));
        assert_eq!(query.get("flag"), Some(""));
        assert_eq!(query.get("none"), None);
        assert!(Query::parse(Some("a=%FF")).is_err());
        assert!(
            Query::parse(Some("$top=-1"))
                .unwrap()
                .count("$top")
                .is_err()
        );
        assert!(Query::parse(Some("x=maybe")).unwrap().switch("x").is_err());
    }
}
