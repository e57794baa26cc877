//! Places at which a test has the program stopped or the disk fail (feature `test-util`; nothing without it).
//!
//! The variable `WATS_QUEUE_FAIL` of the environment names them: `point=abort`, `point=abort@3` for the third time,
//! `point=eio`, `point=full`; several are separated by commas. A test of the same process sets them by [`set`].

#[cfg(not(feature = "test-util"))]
#[inline]
#[allow(clippy::unnecessary_wraps, reason = "the other build of it fails")]
pub(crate) fn point(_name: &str) -> crate::error::Result<()> {
    Ok(())
}

#[cfg(feature = "test-util")]
pub(crate) use on::point;
#[cfg(feature = "test-util")]
pub use on::{names, set};

#[cfg(feature = "test-util")]
mod on {
    use std::cell::RefCell;
    use std::collections::{BTreeSet, HashMap};
    use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

    use crate::error::{Error, Result};

    #[derive(Default)]
    struct Points {
        plan: HashMap<String, (String, u32)>,
        seen: BTreeSet<String>,
    }

    fn points() -> MutexGuard<'static, Points> {
        static POINTS: OnceLock<Mutex<Points>> = OnceLock::new();
        let points = POINTS.get_or_init(|| {
            let text = std::env::var("WATS_QUEUE_FAIL").unwrap_or_default();
            Mutex::new(Points {
                plan: parsed(&text),
                seen: BTreeSet::new(),
            })
        });
        points.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parsed(text: &str) -> HashMap<String, (String, u32)> {
        let parts = text.split(',').filter_map(|part| part.split_once('='));
        parts
            .map(|(name, what)| {
                let (what, times) = what.split_once('@').unwrap_or((what, "1"));
                (
                    name.to_owned(),
                    (what.to_owned(), times.parse().unwrap_or(1)),
                )
            })
            .collect()
    }

    thread_local! {
        static QUIET: RefCell<bool> = const { RefCell::new(false) };
    }

    /// What happens at which places from now on, as the variable says it.
    pub fn set(text: &str) {
        points().plan = parsed(text);
    }

    /// The places that were passed.
    pub fn names() -> Vec<String> {
        points().seen.iter().cloned().collect()
    }

    pub(crate) fn point(name: &str) -> Result<()> {
        if QUIET.with_borrow(|quiet| *quiet) {
            return Ok(());
        }
        let mut points = points();
        if !points.seen.contains(name) {
            points.seen.insert(name.to_owned());
        }
        let Some((what, left)) = points.plan.get_mut(name) else {
            return Ok(());
        };
        if *left > 1 {
            *left -= 1;
            return Ok(());
        }
        let what = what.clone();
        let error = |kind| {
            Err(Error::Io {
                doing: "passing",
                path: name.into(),
                problem: "a test has it fail".to_owned(),
                kind,
            })
        };
        match what.as_str() {
            "abort" => std::process::abort(),
            "full" => Err(Error::DiskFull {
                folder: name.into(),
            }),
            _ => error(std::io::ErrorKind::Other),
        }
    }
}
