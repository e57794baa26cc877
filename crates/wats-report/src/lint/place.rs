//! Where the linter is: a chain of links on the stack, written out only when something is found.

use std::fmt::Write as _;

/// Characters of a name that a path shows.
const SHOWN: usize = 100;

/// A place within a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    outer: Option<&'a Place<'a>>,
    part: Part<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    /// A fixed word or the name of a step.
    Name(&'a str),
    /// One of several, counted from 1, and its name if it has one.
    Item(&'a str, usize, Option<&'a str>),
}

impl<'a> Place<'a> {
    pub(super) const REPORT: Place<'static> = Place::top("report");
    pub(super) const ROOT: Place<'static> = Place::top("root");

    const fn top(name: &'static str) -> Place<'static> {
        Place {
            outer: None,
            part: Part::Name(name),
        }
    }

    /// A part of this place that is alone of its kind, or a step by its name.
    pub(super) fn part<'b>(&'b self, name: &'b str) -> Place<'b>
    where
        'a: 'b,
    {
        Place {
            outer: Some(self),
            part: Part::Name(name),
        }
    }

    /// The `index`th, counted from 0, of several things of a kind.
    pub(super) fn item<'b>(
        &'b self,
        kind: &'b str,
        index: usize,
        name: Option<&'b str>,
    ) -> Place<'b>
    where
        'a: 'b,
    {
        Place {
            outer: Some(self),
            part: Part::Item(kind, index + 1, name),
        }
    }

    /// The path, from the outside in. Names from outside are put on one line and cut.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        self.write(&mut path);
        path
    }

    fn write(&self, path: &mut String) {
        if let Some(outer) = self.outer {
            outer.write(path);
            path.push_str(" → ");
        }
        match self.part {
            Part::Name(name) => push(path, name),
            Part::Item(kind, number, name) => {
                let _ = write!(path, "{kind} {number}");
                if let Some(name) = name.filter(|name| !name.is_empty()) {
                    path.push_str(" (");
                    push(path, name);
                    path.push(')');
                }
            }
        }
    }
}

fn push(path: &mut String, name: &str) {
    let flat = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    path.extend(name.chars().take(SHOWN).map(flat));
    if name.chars().nth(SHOWN).is_some() {
        path.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_from_the_outside_in() {
        let step = Place::ROOT.part("Power");
        let inner = step.part("Measure\n+5V");
        assert_eq!(
            inner.item("measurement", 1, None).path(),
            "root → Power → Measure\u{fffd}+5V → measurement 2"
        );
        assert_eq!(
            inner
                .item("measurement", 0, Some("CH1"))
                .path()
                .split(" → ")
                .last(),
            Some("measurement 1 (CH1)")
        );
        let long = "x".repeat(500);
        assert_eq!(Place::ROOT.part(&long).path().chars().count(), 7 + 100 + 1);
    }
}
