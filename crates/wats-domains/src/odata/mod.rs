//! OData filters as values: literals are always escaped, so a serial number can never become part of the query.
//!
//! The server knows `and`/`or`/`not`, the comparisons `eq ne gt ge lt le` and the string functions; it knows no
//! arithmetic and no date functions.

mod literal;
mod member;

use crate::error::{Error, Result};
use crate::scanned::{self, Kind};
use literal::{write as write_literal, write_text};

pub use literal::Literal;
pub use member::Member;

/// The variable of an `any`.
const VARIABLE: &str = "x";

/// A condition on the members of what is queried.
///
/// A serial number, part number or name with a line end or a character that nobody sees finds nothing, or another unit:
/// asking whether a member of that kind equals such a text is refused; see [`clean_scanned`](crate::clean_scanned). To
/// find what was stored under one, ask with [`contains`](Self::contains), [`starts_with`](Self::starts_with) or
/// [`ends_with`](Self::ends_with).
///
/// ```
/// use wats_domains::Filter;
///
/// let filter = Filter::eq("partNumber", "O'Brien").and(Filter::ne("state", 0).or(Filter::starts_with("name", "PCB")));
/// assert_eq!(
///     filter.to_odata()?,
///     "partNumber eq 'O''Brien' and (state ne 0 or startswith(name,'PCB'))",
/// );
/// # Ok::<(), wats_domains::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Compare(Member, &'static str, Literal),
    In(Member, Vec<Literal>),
    Any(String, Option<Box<Node>>),
    Function(&'static str, Member, String),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Raw(String),
}

macro_rules! comparisons {
    ($( $(#[$meta:meta])* $name:ident = $op:literal; )*) => { $(
        $(#[$meta])*
        pub fn $name(field: impl Into<Member>, value: impl Into<Literal>) -> Self {
            Self(Node::Compare(field.into(), $op, value.into()))
        }
    )* };
}

macro_rules! functions {
    ($( $(#[$meta:meta])* $name:ident = $function:literal; )*) => { $(
        $(#[$meta])*
        pub fn $name(field: impl Into<Member>, text: impl Into<String>) -> Self {
            Self(Node::Function($function, field.into(), text.into()))
        }
    )* };
}

impl Filter {
    comparisons! {
        /// The member equals the value.
        eq = "eq";
        /// The member differs from the value.
        ne = "ne";
        /// The member is greater.
        gt = "gt";
        /// The member is greater or equal.
        ge = "ge";
        /// The member is less.
        lt = "lt";
        /// The member is less or equal.
        le = "le";
    }

    functions! {
        /// The member contains the text.
        contains = "contains";
        /// The member begins with the text.
        starts_with = "startswith";
        /// The member ends with the text.
        ends_with = "endswith";
    }

    /// The member equals one of the values; written as `or` of `eq`, which every server version knows. Without values
    /// nothing matches.
    pub fn any_of<L: Into<Literal>>(
        field: impl Into<Member>,
        values: impl IntoIterator<Item = L>,
    ) -> Self {
        let field = field.into();
        Self(Node::Or(
            values
                .into_iter()
                .map(|v| Node::Compare(field.clone(), "eq", v.into()))
                .collect(),
        ))
    }

    /// The member equals one of the values, written with `in`, as reports know it. Without values nothing matches.
    pub fn is_in<L: Into<Literal>>(
        field: impl Into<Member>,
        values: impl IntoIterator<Item = L>,
    ) -> Self {
        let values: Vec<Literal> = values.into_iter().map(Into::into).collect();
        if values.is_empty() {
            return Self(Node::Or(Vec::new()));
        }
        Self(Node::In(field.into(), values))
    }

    /// An item of the list fulfils the condition, whose members are those of the item.
    ///
    /// ```
    /// use wats_domains::Filter;
    ///
    /// let filter = Filter::any("subUnits", Filter::eq("serialNumber", "SN-7"));
    /// assert_eq!(filter.to_odata()?, "subUnits/any(x: x/serialNumber eq 'SN-7')");
    /// # Ok::<(), wats_domains::Error>(())
    /// ```
    pub fn any(list: impl Into<String>, condition: Self) -> Self {
        Self(Node::Any(list.into(), Some(Box::new(condition.0))))
    }

    /// The list has an item.
    pub fn has_any(list: impl Into<String>) -> Self {
        Self(Node::Any(list.into(), None))
    }

    /// A condition in OData's own words, sent as it is. Nothing is escaped: never put data in here.
    pub fn raw(expression: impl Into<String>) -> Self {
        Self(Node::Raw(expression.into()))
    }

    /// Both conditions hold.
    pub fn and(self, other: Self) -> Self {
        let mut all = match self.0 {
            Node::And(all) => all,
            node => vec![node],
        };
        all.push(other.0);
        Self(Node::And(all))
    }

    /// At least one condition holds.
    pub fn or(self, other: Self) -> Self {
        let mut any = match self.0 {
            Node::Or(any) if !any.is_empty() => any,
            node => vec![node],
        };
        any.push(other.0);
        Self(Node::Or(any))
    }

    /// The condition does not hold.
    #[expect(
        clippy::should_implement_trait,
        reason = "the word of the query language, beside `and` and `or`"
    )]
    pub fn not(self) -> Self {
        Self(Node::Not(Box::new(self.0)))
    }

    /// The text for `$filter`, not yet escaped for the URL.
    ///
    /// # Errors
    /// [`Error::Query`] for a member name that is none, for NaN or an infinity, which OData cannot express, for a serial
    /// number and the like with characters that nobody sees, for an [`any`](Self::any) or [`raw`](Self::raw) inside an
    /// `any`, and for more than 100 conditions that stand in each other.
    pub fn to_odata(&self) -> Result<String> {
        let depth = depth(&self.0);
        if depth > MOST_DEEP {
            return Err(Error::Query(format!(
                "its conditions stand {depth} deep in each other; at most {MOST_DEEP} are sent"
            )));
        }
        let mut out = String::new();
        write_node(&mut out, &self.0, false, None)?;
        Ok(out)
    }
}

/// Conditions that stand in each other, at most: no server reads as many, and writing them takes stack.
const MOST_DEEP: usize = 100;

/// How deep conditions stand in each other; takes no stack itself.
fn depth(node: &Node) -> usize {
    let mut deepest = 0;
    let mut open = vec![(node, 1)];
    while let Some((node, depth)) = open.pop() {
        deepest = deepest.max(depth);
        match node {
            Node::And(parts) | Node::Or(parts) => {
                open.extend(parts.iter().map(|part| (part, depth + 1)));
            }
            Node::Not(part) => open.push((part, depth + 1)),
            Node::Any(_, condition) => {
                open.extend(condition.as_deref().map(|part| (part, depth + 1)));
            }
            Node::Compare(..) | Node::In(..) | Node::Function(..) | Node::Raw(_) => {}
        }
    }
    deepest
}

/// Writes a condition, in parentheses where it stands inside another and has parts of its own. `variable` is the one of
/// the `any` around.
fn write_node(out: &mut String, node: &Node, inner: bool, variable: Option<&str>) -> Result<()> {
    match node {
        Node::Compare(member, op, value) => {
            member.write(out, variable)?;
            out.push(' ');
            out.push_str(op);
            out.push(' ');
            // What lies behind such a text is asked for when lists are read page by page.
            if matches!(*op, "eq" | "ne") {
                check_scanned(member, value)?;
            }
            write_literal(out, op, member, value)?;
        }
        Node::In(member, values) => {
            member.write(out, variable)?;
            out.push_str(" in (");
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                check_scanned(member, value)?;
                write_literal(out, "in", member, value)?;
            }
            out.push(')');
        }
        Node::Any(list, condition) => {
            if variable.is_some() {
                return Err(Error::Query(format!(
                    "`any` of `{list}` stands inside another; only one level is known"
                )));
            }
            member::check(list)?;
            out.push_str(list);
            out.push_str("/any(");
            if let Some(condition) = condition {
                out.push_str(VARIABLE);
                out.push_str(": ");
                write_node(out, condition, false, Some(VARIABLE))?;
            }
            out.push(')');
        }
        Node::Function(function, member, text) => {
            out.push_str(function);
            out.push('(');
            member.write(out, variable)?;
            out.push(',');
            write_text(out, text);
            out.push(')');
        }
        Node::And(parts) => write_joined(out, parts, " and ", inner, variable)?,
        // Nothing equals one of no values.
        Node::Or(parts) if parts.is_empty() => out.push_str("false"),
        Node::Or(parts) => write_joined(out, parts, " or ", inner, variable)?,
        Node::Not(part) => {
            out.push_str("not (");
            write_node(out, part, false, variable)?;
            out.push(')');
        }
        Node::Raw(_) if variable.is_some() => {
            return Err(Error::Query(
                "a raw condition cannot stand inside an `any`: its members are not known"
                    .to_owned(),
            ));
        }
        Node::Raw(text) if inner => {
            out.push('(');
            out.push_str(text);
            out.push(')');
        }
        Node::Raw(text) => out.push_str(text),
    }
    Ok(())
}

/// Members that tell units and batches apart, and those that name somebody or something.
const NUMBERS: &[&str] = &[
    "serialNumber",
    "partNumber",
    "revision",
    "batchNumber",
    "fixtureId",
];
const NAMES: &[&str] = &[
    "stationName",
    "location",
    "purpose",
    "userName",
    "processName",
];

/// Refuses a text with characters that nobody sees, where it tells something apart.
fn check_scanned(member: &Member, value: &Literal) -> Result<()> {
    let Literal::Text(text) = value else {
        return Ok(());
    };
    let name = member.last();
    let kind = if NUMBERS.contains(&name) {
        Kind::Number
    } else if NAMES.contains(&name) {
        Kind::Name
    } else {
        return Ok(());
    };
    scanned::check(name, text, kind)
}

fn write_joined(
    out: &mut String,
    parts: &[Node],
    word: &str,
    inner: bool,
    variable: Option<&str>,
) -> Result<()> {
    let parentheses = inner && parts.len() > 1;
    if parentheses {
        out.push('(');
    }
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push_str(word);
        }
        write_node(out, part, parts.len() > 1, variable)?;
    }
    if parentheses {
        out.push(')');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn text(filter: &Filter) -> String {
        filter.to_odata().unwrap()
    }

    #[test]
    fn conditions_stand_in_each_other_so_deep_and_no_deeper() {
        let nested = |levels: usize| {
            (0..levels).fold(Filter::eq("a", 1), |inner, n| match n % 3 {
                0 => inner.not(),
                1 => Filter::eq("b", 2).and(inner),
                _ => Filter::eq("c", 3).or(inner),
            })
        };
        assert!(nested(MOST_DEEP - 1).to_odata().is_ok());
        for levels in [MOST_DEEP, 3_000] {
            let error = nested(levels).to_odata().unwrap_err().to_string();
            assert!(error.contains("at most 100"), "{error}");
        }
        let flat = (0..50_000).fold(Filter::eq("a", 1), |all, n| all.or(Filter::eq("b", n)));
        assert!(flat.to_odata().is_ok(), "a list is not deep");
    }

    #[test]
    fn literals_of_every_kind() {
        let start: Timestamp = "2026-03-29T02:30:00.75+02:00".parse().unwrap();
        for (filter, expected) in [
            (Filter::eq("a", "x"), "a eq 'x'"),
            (Filter::eq("a", ""), "a eq ''"),
            (Filter::ne("a", 5), "a ne 5"),
            (Filter::gt("a", -1.5), "a gt -1.5"),
            (Filter::le("a", true), "a le true"),
            (Filter::ge("start", start), "start ge 2026-03-29T00:30:00Z"),
            (Filter::lt("start", start), "start lt 2026-03-29T00:30:01Z"),
            (Filter::eq("p/name", Literal::Null), "p/name eq null"),
            (
                Filter::eq("uuid", Uuid::nil()),
                "uuid eq 00000000-0000-0000-0000-000000000000",
            ),
            (Filter::is_in("a", ["x", "y'"]), "a in ('x','y''')"),
            (Filter::is_in("a", [1]), "a in (1)"),
            (Filter::is_in("a", Vec::<i32>::new()), "false"),
            (
                Filter::contains(Member::new("a").trim().to_upper(), "X"),
                "contains(toupper(trim(a)),'X')",
            ),
            (Filter::has_any("list"), "list/any()"),
        ] {
            assert_eq!(text(&filter), expected);
        }
    }

    #[test]
    fn units_are_not_asked_for_by_what_nobody_sees() {
        for text in [
            "SN42\r",
            "SN42\r\n",
            "\u{feff}SN42",
            "SN\u{200b}42",
            "SN42\u{202e}",
            "SN\t42",
            "SN42\u{ad}",
        ] {
            for filter in [
                Filter::eq("serialNumber", text),
                Filter::ne("partNumber", text),
                Filter::is_in("batchNumber", ["good", text]),
                Filter::any_of("revision", ["good", text]),
                Filter::any("subUnits", Filter::eq("serialNumber", text)),
                Filter::eq("result", "P")
                    .and(Filter::eq(Member::new("unit/serialNumber").to_upper(), text).not()),
                Filter::eq("stationName", text),
            ] {
                let told = filter.to_odata().unwrap_err().to_string();
                assert!(
                    told.contains("clean_scanned") && told.lines().count() == 1,
                    "{told}"
                );
            }
            // What was stored under such a text can be found, and free texts may hold anything.
            assert!(Filter::contains("serialNumber", text).to_odata().is_ok());
            assert!(Filter::eq("comment", text).to_odata().is_ok());
        }
        for text in ["SN 42", "ÆØÅ", "SN42 ", "", "序列号"] {
            assert!(
                Filter::eq("serialNumber", text).to_odata().is_ok(),
                "{text}"
            );
        }
        // Some scripts write names with joiners.
        assert!(Filter::eq("userName", "می\u{200c}نا").to_odata().is_ok());
        assert!(
            Filter::eq("serialNumber", "می\u{200c}نا")
                .to_odata()
                .is_err()
        );
    }

    #[test]
    fn parentheses_keep_the_meaning() {
        let (a, b, c) = (Filter::eq("a", 1), Filter::eq("b", 2), Filter::eq("c", 3));
        assert_eq!(
            text(&a.clone().and(b.clone()).and(c.clone())),
            "a eq 1 and b eq 2 and c eq 3"
        );
        assert_eq!(
            text(&a.clone().or(b.clone()).and(c.clone())),
            "(a eq 1 or b eq 2) and c eq 3"
        );
        assert_eq!(
            text(&a.clone().and(b.clone().or(c.clone()).not())),
            "a eq 1 and not (b eq 2 or c eq 3)"
        );
        assert_eq!(
            text(&a.and(Filter::raw("b eq 2 or c eq 3"))),
            "a eq 1 and (b eq 2 or c eq 3)"
        );
        assert_eq!(text(&Filter::any_of("x", Vec::<String>::new())), "false");
        assert_eq!(
            text(&Filter::any_of("x", ["1"]).and(b)),
            "x eq '1' and b eq 2"
        );
        assert_eq!(
            text(&Filter::any_of("x", Vec::<String>::new()).or(c)),
            "false or c eq 3"
        );
    }

    #[test]
    fn conditions_on_items_name_the_item() {
        let condition = Filter::eq("a", 1).and(
            Filter::is_in("b", ["x"])
                .or(Filter::starts_with(Member::new("c").to_lower(), "y"))
                .not(),
        );
        assert_eq!(
            text(&Filter::any("list", condition.clone()).and(Filter::eq("a", 2))),
            "list/any(x: x/a eq 1 and not (x/b in ('x') or startswith(tolower(x/c),'y'))) and a eq 2"
        );
        for odd in [
            Filter::any("list", Filter::any("list", condition.clone())),
            Filter::any("list", Filter::raw("a eq 1")),
            Filter::any("a b", condition),
        ] {
            assert!(odd.to_odata().is_err());
        }
    }

    #[test]
    fn names_cannot_carry_conditions() {
        for name in ["", "a b", "a eq 1 or b", "a'", "1a", "a//b", "ø"] {
            assert!(Filter::eq(name, 1).to_odata().is_err(), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_stays_one_literal(value in any::<String>()) {
            let text = text(&Filter::eq("a", value.as_str()));
            let literal = text.strip_prefix("a eq '").unwrap().strip_suffix('\'').unwrap();
            prop_assert!(!literal.replace("''", "").contains('\''));
            prop_assert_eq!(literal.replace("''", "'"), value);
        }
    }
}
