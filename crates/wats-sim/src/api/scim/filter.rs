//! Filters of RFC 7644, section 3.4.2.2, without brackets: comparisons with `and` and `or` between.

use serde_json::Value;

use crate::answer::Answer;
use crate::query::bad;

/// One of these groups holds, of which all comparisons hold.
#[derive(Debug)]
pub(super) struct Filter(Vec<Vec<Compare>>);

#[derive(Debug)]
struct Compare {
    path: &'static str,
    operator: Operator,
    value: String,
}

#[derive(Debug, Clone, Copy)]
enum Operator {
    Eq,
    Ne,
    Contains,
    StartsWith,
    EndsWith,
    Present,
}

const OPERATORS: [(&str, Operator); 6] = [
    ("eq", Operator::Eq),
    ("ne", Operator::Ne),
    ("co", Operator::Contains),
    ("sw", Operator::StartsWith),
    ("ew", Operator::EndsWith),
    ("pr", Operator::Present),
];

/// The attributes that a filter may name, and where they are.
const PATHS: [(&str, &str); 9] = [
    ("id", "/id"),
    ("userName", "/userName"),
    ("displayName", "/displayName"),
    ("externalId", "/externalId"),
    ("active", "/active"),
    ("name.formatted", "/name/formatted"),
    ("name.givenName", "/name/givenName"),
    ("name.familyName", "/name/familyName"),
    ("emails.value", "/emails/0/value"),
];

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, Answer> {
        let parsed = parse(text);
        parsed.ok_or_else(|| bad(format!("filter: '{text}' is not understood.")))
    }

    pub(super) fn fits(&self, user: &Value) -> bool {
        self.0
            .iter()
            .any(|all| all.iter().all(|compare| compare.fits(user)))
    }
}

impl Compare {
    /// Texts count whatever their case, as RFC 7643 has it for what can be compared here.
    fn fits(&self, user: &Value) -> bool {
        let found = user.pointer(self.path).filter(|found| !found.is_null());
        let found = found.map(|found| match found {
            Value::String(text) => text.to_lowercase(),
            other => other.to_string(),
        });
        let wanted = self.value.as_str();
        match (self.operator, found) {
            (Operator::Eq, found) => found.as_deref() == Some(wanted),
            (Operator::Ne, found) => found.as_deref() != Some(wanted),
            (Operator::Present, found) => found.is_some(),
            (Operator::Contains, found) => found.is_some_and(|found| found.contains(wanted)),
            (Operator::StartsWith, found) => found.is_some_and(|found| found.starts_with(wanted)),
            (Operator::EndsWith, found) => found.is_some_and(|found| found.ends_with(wanted)),
        }
    }
}

fn parse(text: &str) -> Option<Filter> {
    let mut words = words(text)?.into_iter();
    let mut groups = vec![Vec::new()];
    loop {
        let (path, operator) = (words.next()?, words.next()?);
        let (_, path) = PATHS
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&path))?;
        let mut operators = OPERATORS.into_iter();
        let (_, operator) = operators.find(|(name, _)| name.eq_ignore_ascii_case(&operator))?;
        let value = match operator {
            Operator::Present => String::new(),
            _ => words.next()?.to_lowercase(),
        };
        groups.last_mut()?.push(Compare {
            path,
            operator,
            value,
        });
        match words.next().map(|word| word.to_lowercase()).as_deref() {
            None => return Some(Filter(groups)),
            Some("and") => {}
            Some("or") => groups.push(Vec::new()),
            Some(_) => return None,
        }
    }
}

/// Words and texts in quotes, without these.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = if rest.starts_with('"') {
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let word = stream.next()?.ok()?;
            (word, rest.get(stream.byte_offset()..)?)
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end)?;
            (word.to_owned(), after)
        };
        words.push(word);
        rest = after.trim_start();
    }
    Some(words)
}
