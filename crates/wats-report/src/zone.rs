//! The time zone of this machine. One that is set and cannot be read is an error: taken for UTC, it would put every local time
//! of a station off by hours, and nobody would notice.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// The present time where this machine stands, or why that is not known.
///
/// # Errors
/// Why it is not known, in a sentence.
pub fn now() -> Result<ZonedDateTime, String> {
    let now = Timestamp::now();
    match TimeZone::try_system() {
        Ok(zone) => Ok(now.to_zoned_datetime(zone)),
        Err(_) if !is_set() => Ok(now.to_zoned_datetime(TimeZone::UTC)),
        Err(error) => Err(unreadable(&error)),
    }
}

/// A time in a zone that is known. `ZonedDateTime::now()` has an unknown one where that of the machine cannot be read.
///
/// # Errors
/// Why its zone is not known, in a sentence.
pub fn known(moment: ZonedDateTime) -> Result<ZonedDateTime, String> {
    if moment.time_zone().is_unknown() {
        Err(unknown())
    } else {
        Ok(moment)
    }
}

/// Why a time zone may be unknown.
pub fn unknown() -> String {
    TimeZone::try_system().err().map_or_else(
        || "the time zone is unknown; give one such as Europe/Oslo, or UTC".to_owned(),
        |error| unreadable(&error),
    )
}

fn unreadable(error: &jiff::Error) -> String {
    let set = match std::env::var_os("TZ") {
        Some(zone) => format!(
            "TZ is \"{}\"; set it to a name such as Europe/Oslo or to UTC",
            zone.display()
        ),
        None => "set TZ to a name such as Europe/Oslo or to UTC".to_owned(),
    };
    format!(
        "the time zone of this machine cannot be read, so the local time is not known ({error}): {set}, or give the time \
         with `start`"
    )
}

/// Whether somebody chose a zone for this machine. Where nobody did, as in a small container, its time is UTC.
fn is_set() -> bool {
    std::env::var_os("TZ").is_some_and(|zone| !zone.is_empty())
        || !cfg!(unix)
        || std::fs::symlink_metadata("/etc/localtime").is_ok()
}
