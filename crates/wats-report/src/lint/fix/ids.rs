//! Mends the ids of steps.

use std::collections::HashSet;

use super::{Fixer, Mend};
use crate::Step;
use crate::lint::place::Place;
use crate::lint::rules;
use crate::lint::step::MAX_DEPTH;

/// Steps without an id, or with one that another has, get one of their own.
pub(super) fn mend(fixer: &mut Fixer<'_>, root: &mut Step) {
    if !fixer.may(Mend::StepIds) {
        return;
    }
    let mut all = Ids::default();
    all.read(root, 0);
    if all.seen.is_empty() || !(all.missing || all.twice) {
        return;
    }
    let rule = if all.twice {
        rules::ID_TWICE
    } else {
        rules::IDS_INCOMPLETE
    };
    let mut given = Given {
        used: HashSet::new(),
        taken: all.seen,
        next: 0,
        count: 0,
    };
    given.write(root, 0);
    let count = given.count;
    fixer.did(
        rule,
        &Place::ROOT,
        format_args!("{count} steps got an id of their own"),
    );
}

#[derive(Default)]
struct Ids {
    seen: HashSet<i32>,
    missing: bool,
    twice: bool,
}

impl Ids {
    fn read(&mut self, step: &Step, depth: usize) {
        match step.id {
            Some(id) => self.twice |= !self.seen.insert(id),
            None => self.missing = true,
        }
        if depth < MAX_DEPTH {
            step.steps()
                .iter()
                .for_each(|inner| self.read(inner, depth + 1));
        }
    }
}

struct Given {
    used: HashSet<i32>,
    taken: HashSet<i32>,
    next: i32,
    count: usize,
}

impl Given {
    fn write(&mut self, step: &mut Step, depth: usize) {
        if !step.id.is_some_and(|id| self.used.insert(id)) {
            while self.taken.contains(&self.next) || self.used.contains(&self.next) {
                self.next = self.next.wrapping_add(1);
            }
            step.id = Some(self.next);
            self.used.insert(self.next);
            self.count += 1;
        }
        if depth < MAX_DEPTH {
            for inner in step.steps.iter_mut().flatten() {
                self.write(inner, depth + 1);
            }
        }
    }
}
