//! The members of an object that have no field of their own.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

/// Members of a JSON object that have no field of their own, in the order in which they were read.
///
/// They are written back as they were. An explicit `null` of a known member is kept here too, for as long as the
/// field has no value; and so is the spelling of an id in capitals or braces, for as long as the field is that id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Extra(Vec<(Cow<'static, str>, Value)>);

impl Extra {
    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Sets a member, replacing one of the same name.
    pub fn insert(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let name = name.into();
        self.0.retain(|(key, _)| *key != name);
        self.0.push((name, value.into()));
    }

    /// The value of a member, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0
            .iter_mut()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }

    /// All members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a member that was read; [`settle`](Self::settle) follows when all have been.
    pub(crate) fn push(&mut self, name: impl Into<Cow<'static, str>>, value: Value) {
        self.0.push((name.into(), value));
    }

    /// Keeps the members that are wanted.
    pub(crate) fn retain(&mut self, mut wanted: impl FnMut(&str, &Value) -> bool) {
        self.0.retain(|(name, value)| wanted(name, value));
    }

    /// Of members of the same name the last stays, as JSON readers have it.
    pub(crate) fn settle(&mut self) {
        // In time that no hostile object can stretch: comparing all with all is for the few only.
        const FEW: usize = 16;
        if self.0.len() <= FEW {
            let mut at = 0;
            while let Some((name, _)) = self.0.get(at) {
                if self.0[at + 1..].iter().any(|(key, _)| key == name) {
                    self.0.remove(at);
                } else {
                    at += 1;
                }
            }
            return;
        }
        let mut seen = HashSet::new();
        let last: Vec<bool> = self
            .0
            .iter()
            .rev()
            .map(|(key, _)| seen.insert(key.as_ref()))
            .collect();
        let mut last = last.into_iter().rev();
        self.0.retain(|_| last.next().unwrap_or(true));
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
