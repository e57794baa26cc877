//! When a file is ready: when it was found with the same length and time of change in three looks, over some time. No clock
//! and no disk is touched here.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{OsStr, OsString};
use std::time::{Duration, SystemTime};

/// So many equal looks.
const LOOKS: u32 = 3;

/// What a look at a file tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) length: u64,
    pub(super) modified: Option<SystemTime>,
}

/// What was seen of the files that are there.
#[derive(Debug)]
pub(super) struct Looks {
    settle: Duration,
    give_up_after: Duration,
    files: HashMap<OsString, Look>,
}

#[derive(Debug)]
struct Look {
    seen: Seen,
    /// When it was seen first.
    first: Duration,
    /// Since when it is as it is.
    since: Duration,
    /// How often it was found so.
    looks: u32,
}

impl Looks {
    /// A file is ready when it has not changed for `settle`; one that cannot be read as a report by then may still be being
    /// written for as long as `give_up_after`.
    pub(super) fn new(settle: Duration, give_up_after: Duration) -> Self {
        Self {
            settle,
            give_up_after,
            files: HashMap::new(),
        }
    }

    /// Takes a look, and says whether the file is ready. `now` is of any clock that does not jump.
    pub(super) fn look(&mut self, name: &OsStr, seen: Seen, now: Duration) -> bool {
        let look = match self.files.entry(name.to_owned()) {
            Entry::Occupied(known) if known.get().seen == seen => {
                let look = known.into_mut();
                look.looks = look.looks.saturating_add(1);
                look
            }
            entry => {
                let first = match &entry {
                    Entry::Occupied(known) => known.get().first,
                    Entry::Vacant(_) => now,
                };
                let new = Look {
                    seen,
                    first,
                    since: now,
                    looks: 1,
                };
                match entry {
                    Entry::Occupied(mut known) => {
                        known.insert(new);
                        known.into_mut()
                    }
                    Entry::Vacant(place) => place.insert(new),
                }
            }
        };
        look.looks >= LOOKS && now.saturating_sub(look.since) >= self.settle
    }

    /// Whether a file has stayed as it is for so long that nobody writes it any more.
    pub(super) fn is_given_up(&self, name: &OsStr, now: Duration) -> bool {
        self.files.get(name).is_some_and(|look| {
            now.saturating_sub(look.since) >= self.settle.saturating_add(self.give_up_after)
        })
    }

    /// Whether a file has been changing for longer than this.
    pub(super) fn is_changing(&self, name: &OsStr, now: Duration, longer: Duration) -> bool {
        self.files
            .get(name)
            .is_some_and(|look| look.since > look.first && now.saturating_sub(look.first) > longer)
    }

    /// Forgets a file that was taken.
    pub(super) fn forget(&mut self, name: &OsStr) {
        self.files.remove(name);
    }

    /// Forgets those that are no longer there.
    pub(super) fn keep_only(&mut self, is_there: impl Fn(&OsStr) -> bool) {
        self.files.retain(|name, _| is_there(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(length: u64, modified: u64) -> Seen {
        Seen {
            length,
            modified: SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(modified)),
        }
    }

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_file_is_ready_after_three_equal_looks_over_the_time() {
        let mut looks = Looks::new(at(2000), at(0));
        let name = OsStr::new("a");
        assert!(!looks.look(name, seen(1, 1), at(0)));
        assert!(!looks.look(name, seen(1, 1), at(1000)));
        assert!(looks.look(name, seen(1, 1), at(2000)));
        // Fast looks are not enough, and neither are few.
        let mut looks = Looks::new(at(2000), at(0));
        for time in 0..10 {
            assert!(!looks.look(name, seen(1, 1), at(time)));
        }
        let mut looks = Looks::new(at(2000), at(0));
        assert!(!looks.look(name, seen(1, 1), at(0)));
        assert!(!looks.look(name, seen(1, 1), at(60_000)));
        assert!(looks.look(name, seen(1, 1), at(60_001)));
    }

    #[test]
    fn each_change_begins_anew() {
        let mut looks = Looks::new(at(20), at(0));
        let name = OsStr::new("a");
        for (time, length, modified, ready) in [
            (0, 1, 1, false),
            (10, 1, 1, false),
            (20, 2, 1, false),
            (30, 2, 1, false),
            (40, 2, 2, false),
            (50, 2, 2, false),
            (60, 2, 2, true),
            (70, 1, 2, false),
        ] {
            let found = looks.look(name, seen(length, modified), at(time));
            assert_eq!(found, ready, "at {time}");
        }
        looks.keep_only(|_| false);
        assert!(!looks.look(name, seen(1, 2), at(1000)));
    }

    #[test]
    fn a_file_that_changes_is_known_by_the_time_since_it_was_seen_first() {
        let mut looks = Looks::new(at(20), at(0));
        let name = OsStr::new("a");
        for time in 0..10 {
            looks.look(name, seen(time, 1), at(time * 10));
        }
        assert!(looks.is_changing(name, at(90), at(80)));
        assert!(!looks.is_changing(name, at(90), at(90)));
        // One that stays as it is only waits.
        looks.look(OsStr::new("b"), seen(1, 1), at(0));
        assert!(!looks.is_changing(OsStr::new("b"), at(1000), at(10)));
    }

    #[test]
    fn what_cannot_be_read_is_given_up_after_a_time_without_a_change() {
        let mut looks = Looks::new(at(20), at(100));
        let name = OsStr::new("a");
        looks.look(name, seen(1, 1), at(0));
        assert!(!looks.is_given_up(name, at(119)));
        assert!(looks.is_given_up(name, at(120)));
        looks.look(name, seen(2, 1), at(120));
        assert!(!looks.is_given_up(name, at(130)));
        assert!(!looks.is_given_up(OsStr::new("b"), at(1000)));
    }
}
