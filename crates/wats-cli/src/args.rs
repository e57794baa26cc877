//! Options that all commands have.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

/// Which server, and as whom. Each value comes from its option, else from the profile that --profile names, the
/// environment, or the profile of the configuration file, in this order.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Server {
    /// Profile of the configuration file; it stands before the environment.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Configuration file instead of the user's own.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address of the server, such as `https://company.wats.com`.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// File with the token; `-` reads it from standard input.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Trust this certificate authority as well, as PEM.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Longest time of a call with its repeats, such as 30s or 2m.
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

/// How results are printed. Data is on standard output, all else on standard error.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Printing {
    /// Print one JSON document; errors are JSON on standard error, too.
    #[arg(long, global = true, conflicts_with_all = ["jsonl", "csv"])]
    pub(crate) json: bool,
    /// Print a JSON object a line; errors are JSON on standard error, too.
    #[arg(long, global = true, conflicts_with = "csv")]
    pub(crate) jsonl: bool,
    /// Print comma-separated values with a line of names.
    #[arg(long, global = true)]
    pub(crate) csv: bool,
    /// Columns to print, in this order, such as id,started,status.
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) fields: Vec<String>,
    /// Lay tables and plots out for this many columns, 20 to 1000, on a terminal or not; 0 shortens nothing.
    #[arg(long, global = true, value_name = "COLUMNS", value_parser = columns)]
    pub(crate) width: Option<usize>,
    /// Colours: `auto` is on a terminal unless `NO_COLOR` is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// No progress, no remarks and no warnings.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Tell each call on standard error; twice with its headers and what is tried again.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Write all calls without the token to this file, for a support case.
    #[arg(long, global = true, value_name = "FILE", value_parser = file())]
    pub(crate) trace: Option<PathBuf>,
}

/// When something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How wide tables and plots may be, whoever says it.
pub(crate) const WIDTHS: RangeInclusive<usize> = 20..=1000;

/// How many columns there are.
fn columns(text: &str) -> Result<usize, String> {
    let columns = text.parse().ok();
    columns
        .filter(|columns| *columns == 0 || WIDTHS.contains(columns))
        .ok_or_else(|| "it must be a number from 20 to 1000, or 0".to_owned())
}

/// A file or folder that is written: `-` would be one of this name, and no standard output.
pub(crate) fn file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        if path == Path::new("-") {
            return Err("standard output cannot be named here; `./-` is a file of this name");
        }
        Ok(path)
    })
}

/// Longer times are mistakes, and some systems cannot add them to the time of day.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A time such as `250ms`, `30s`, `2m`, `1h` or `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "{text:?} is no time; write a number and its unit, such as 250ms, 30s, 2m, 1h or 7d"
        )
    };
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(number * seconds)
        .ok()
        .filter(|time| *time <= LONGEST)
        .ok_or_else(|| format!("{text:?} is too long; the longest is 36500d"))
}

#[cfg(test)]
mod tests {
    use std::time::{Instant, SystemTime};

    use super::*;

    #[test]
    fn any_time_can_be_added_to_now() {
        for text in ["36500d", "876000h", "0.5s", "250ms", "0s"] {
            let time = duration(text).unwrap();
            assert!(Instant::now().checked_add(time).is_some(), "{text}");
            assert!(SystemTime::now().checked_add(time).is_some(), "{text}");
        }
        for text in [
            "36501d",
            "200000000000000d",
            "1e9d",
            "9999999999999999999999s",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
