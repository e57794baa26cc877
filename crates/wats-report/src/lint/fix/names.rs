//! Names of measurements, and names that are not taken yet.

use std::collections::{HashMap, HashSet};

use super::{Fixer, Mend, is_blank};
use crate::lint::collect::Quoted;
use crate::lint::header::SHORT;
use crate::lint::misread;
use crate::lint::place::Place;
use crate::lint::rules;
use crate::wire::Extra;

/// Where there are several, each has a name of its own.
pub(super) fn mend<M>(
    fixer: &mut Fixer<'_>,
    list: Option<&mut Vec<M>>,
    place: &Place<'_>,
    name: impl Fn(&mut M) -> (&mut Option<String>, &Extra),
) {
    let Some(list) = list else { return };
    let several = list.len() > 1;
    let mut names = Names::default();
    for (index, measurement) in list.iter_mut().enumerate() {
        let place = &place.item("measurement", index, None);
        let (name, _) = name(measurement);
        fixer.cut(rules::MEASUREMENT_NAME, place, "name", name.as_mut(), SHORT);
        names
            .taken
            .extend(name.clone().filter(|name| several && !name.is_empty()));
    }
    if !several {
        return;
    }
    let mut seen = HashSet::new();
    for (index, measurement) in list.iter_mut().enumerate() {
        let place = &place.item("measurement", index, None);
        let (name, extra) = name(measurement);
        if is_blank(name.as_ref()) && fixer.may(Mend::MissingNames) && !misread(extra, "name") {
            let new = names.free(&format!("Measurement {}", index + 1));
            fixer.did(
                rules::MEASUREMENT_NAME,
                place,
                format_args!("it had no name; it is {} now", Quoted(&new)),
            );
            seen.insert(new.clone());
            *name = Some(new);
            continue;
        }
        let Some(given) = name.clone().filter(|name| !name.is_empty()) else {
            continue;
        };
        if !seen.insert(given.clone()) && fixer.may(Mend::DuplicateNames) {
            let new = names.free(&given);
            fixer.did(
                rules::MEASUREMENT_TWICE,
                place,
                format_args!(
                    "it was named {}, as another is; it is {} now",
                    Quoted(&given),
                    Quoted(&new)
                ),
            );
            seen.insert(new.clone());
            *name = Some(new);
        }
    }
}

/// Names that are taken.
#[derive(Default)]
pub(super) struct Names {
    pub(super) taken: HashSet<String>,
    /// The number that the next one of a name is tried with.
    next: HashMap<String, u32>,
}

impl Names {
    /// The name, with a number if it is taken.
    pub(super) fn free(&mut self, name: &str) -> String {
        let mut number = self.next.get(name).copied().unwrap_or(1);
        loop {
            let end = if number == 1 {
                String::new()
            } else {
                format!(" ({number})")
            };
            let kept: String = name.chars().take(SHORT - end.len()).collect();
            let new = kept + &end;
            number = number.saturating_add(1);
            if self.taken.insert(new.clone()) || number == u32::MAX {
                self.next.insert(name.to_owned(), number);
                return new;
            }
        }
    }
}
