//! Times on the command line: how long ago, a day, a time; and files in their place.

use std::path::{Path, PathBuf};

use wats::jiff::Timestamp;
use wats::jiff::civil::{Date, DateTime};
use wats::jiff::tz::TimeZone;

use crate::args::duration;

/// What may stand where a time does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Moment {
    Time(Timestamp),
    File(PathBuf),
}

/// `7d` before now, a day (`2026-01-30`), a time of this machine's zone (`2026-01-30T21:00`) or one with an offset.
pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    const WRONG: &str = "it is no time; write how long ago, such as 7d or 12h, a day such as 2026-01-30, or a time such as 2026-01-30T21:00:00+01:00";
    if let Ok(ago) = duration(text) {
        return Timestamp::now()
            .checked_sub(ago)
            .map_err(|_| "so long ago there was no time".to_owned());
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let local = text.parse::<DateTime>();
    let local = local.or_else(|_| text.parse::<Date>().map(DateTime::from));
    let local = local.map_err(|_| WRONG)?;
    let zone = TimeZone::try_system()
        .map_err(|error| format!("the time zone is not known ({error}); write the time with its offset, such as 2026-01-30T21:00:00Z"))?;
    let at = local
        .to_zoned_datetime(zone)
        .map_err(|error| error.to_string())?;
    Ok(at.timestamp())
}

/// A time, or a file: a path with a separator or a full stop that does not begin as a time does, or one that is there.
pub(crate) fn time_or_file(text: &str) -> Result<Moment, String> {
    let wrong = match time(text) {
        Ok(at) => return Ok(Moment::Time(at)),
        Err(wrong) => wrong,
    };
    let begins_as_time = text.starts_with(|c: char| c.is_ascii_digit());
    let is_path = !begins_as_time && text.contains(['/', '\\', '.']);
    if is_path || Path::new(text).is_file() {
        return Ok(Moment::File(text.into()));
    }
    Err(format!(
        "{wrong}; a file is written with its folder, such as ./seen.cursor"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_time_is_no_file() {
        for text in [
            "2026-13-01",
            "30.01.2026",
            "2026/01/30",
            "7x",
            "yesterday",
            "",
        ] {
            assert!(time_or_file(text).is_err(), "{text}");
        }
        for text in ["./seen", "seen.cursor", "a/2026", "C:\\x"] {
            assert_eq!(time_or_file(text), Ok(Moment::File(text.into())));
        }
    }

    #[test]
    fn times_are_told_in_four_ways() {
        let at = "2026-01-30T21:00:00Z".parse().unwrap();
        assert_eq!(time("2026-01-30T22:00:00+01:00"), Ok(at));
        assert!(time("2026-01-30").is_ok() && time("2026-01-30T21:00").is_ok());
        let ago = Timestamp::now().duration_since(time("7d").unwrap());
        // Clocks go on between two looks, and may go back.
        assert_eq!((ago.as_secs() + 3_600) / 7_200, 7 * 12);
        assert!(time("999999999d").is_err());
    }
}
