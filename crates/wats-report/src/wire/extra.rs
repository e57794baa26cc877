//! The members of an object that have no field of their own.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::any;

/// Members of a JSON object that have no field of their own, in the order in which they were read.
///
/// They are written back as they were. A value of a known member that is of another kind than its field is kept here too,
/// for as long as the field has none; and so is the spelling of an id in capitals or braces, for as long as the field is
/// that id. Explicit nulls of known members are not: the model's `is_null` knows them.
///
/// Two are equal when they have the same members, in whatever order.
#[derive(Debug, Clone, Default)]
pub struct Extra(Option<Box<Kept>>);

/// What there is. Most objects have none, so that a pointer is all the room that it takes.
#[derive(Debug, Clone, Default)]
struct Kept {
    members: Vec<(Cow<'static, str>, Value)>,
    /// Names that were given more than once in what was read.
    twice: Vec<String>,
}

impl Extra {
    #[inline]
    fn members(&self) -> &[(Cow<'static, str>, Value)] {
        self.0.as_deref().map_or(&[], |kept| &kept.members)
    }

    fn members_mut(&mut self) -> &mut Vec<(Cow<'static, str>, Value)> {
        &mut self.0.get_or_insert_default().members
    }

    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Sets a member, replacing one of the same name.
    pub fn insert(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let name = name.into();
        let members = self.members_mut();
        members.retain(|(key, _)| *key != name);
        members.push((name, value.into()));
    }

    /// The value of a member, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0
            .as_mut()?
            .members
            .iter_mut()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let members = &mut self.0.as_mut()?.members;
        let at = members.iter().position(|(key, _)| key == name)?;
        Some(members.remove(at).1)
    }

    /// All members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members()
            .iter()
            .map(|(key, value)| (key.as_ref(), value))
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.members().is_empty()
    }

    /// Adds a member that was read; [`settle`](Self::settle) follows when all have been.
    pub(crate) fn push(&mut self, name: impl Into<Cow<'static, str>>, value: Value) {
        let members = self.members_mut();
        if members.is_empty() {
            // Few objects have more than one.
            members.reserve_exact(1);
        }
        members.push((name.into(), value));
    }

    /// Drops what a later member of the same name has replaced, and notes that.
    pub(crate) fn drop_replaced(&mut self, is_last: &dyn Fn(&str, &Value) -> bool) {
        let Some(kept) = &mut self.0 else {
            return;
        };
        let mut replaced = Vec::new();
        kept.members.retain(|(name, value)| {
            let kept = is_last(name, value);
            if !kept {
                replaced.push(name.clone());
            }
            kept
        });
        for name in replaced {
            self.note_duplicate(name);
        }
    }

    /// Names of members of the object that were given more than once when it was read; a path with points, where it was
    /// within a member that has no model. The last value of such a member is the one that is kept.
    pub fn duplicates(&self) -> &[String] {
        self.0.as_deref().map_or(&[], |kept| &kept.twice)
    }

    /// Notes such a name.
    #[cold]
    pub(crate) fn note_duplicate(&mut self, name: impl Into<String>) {
        let name = name.into();
        let twice = &mut self.0.get_or_insert_default().twice;
        if !twice.contains(&name) {
            twice.push(name);
        }
    }

    /// The digits of a number, if that is what this object stands for.
    pub(crate) fn digits(&self) -> Option<&str> {
        match self.members() {
            [(name, value)] => any::digits(name, value),
            _ => None,
        }
    }

    /// Whether no two of the members have one name, as far as a short look tells.
    pub(crate) fn is_settled(&self) -> bool {
        /// Comparing all with all is for the few only.
        const FEW: usize = 64;
        let members = self.members();
        let twice = |(at, (name, _)): (usize, &(Cow<'static, str>, Value))| {
            members[at + 1..].iter().any(|(key, _)| key == name)
        };
        members.len() <= FEW && !members.iter().enumerate().any(twice)
    }

    /// Of members of the same name the last stays, as JSON readers have it.
    pub(crate) fn settle(&mut self) {
        // In time that no hostile object can stretch: comparing all with all is for the few only.
        const FEW: usize = 16;
        let Some(Kept { members, twice }) = self.0.as_deref_mut() else {
            return;
        };
        let mut seen = HashSet::new();
        let mut replaced = BTreeSet::new();
        if members.len() > FEW {
            let last: Vec<bool> = members
                .iter()
                .rev()
                .map(|(key, _)| {
                    let is_last = seen.insert(key.as_ref());
                    if !is_last {
                        replaced.insert(key.as_ref().to_owned());
                    }
                    is_last
                })
                .collect();
            let mut last = last.into_iter().rev();
            members.retain(|_| last.next().unwrap_or(true));
        } else {
            let mut at = 0;
            while let Some((name, _)) = members.get(at) {
                if members[at + 1..].iter().any(|(key, _)| key == name) {
                    replaced.insert(members.remove(at).0.into_owned());
                } else {
                    at += 1;
                }
            }
        }
        for name in replaced {
            if !twice.contains(&name) {
                twice.push(name);
            }
        }
    }
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        let sorted = |extra: &Self| -> Vec<_> {
            let mut members = extra.members().to_vec();
            members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            members
        };
        (self.is_empty() && other.is_empty()) || sorted(self) == sorted(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_members_of_one_name_the_last_stays() {
        for count in [3, 40, 5_000] {
            let mut extra = Extra::default();
            for n in 0..count {
                extra.push(format!("m{}", n % (count - 1)), n.into());
            }
            extra.settle();
            assert_eq!(extra.iter().count(), count - 1);
            assert_eq!(extra.get("m0"), Some(&(count - 1).into()));
            assert_eq!(extra.get("m1"), Some(&1.into()));
        }
    }
}
