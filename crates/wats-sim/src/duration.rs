//! Durations and rates as people write them.

use std::time::Duration;

/// A number with the unit `us`, `ms`, `s`, `m` or `h`, as options and scripts write it.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(wats_sim::parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
/// ```
///
/// # Errors
///
/// What is wrong with the text.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("write a number and a unit, such as 20ms or 1.5s".to_owned()),
    };
    let number: f64 = number
        .trim()
        .parse()
        .map_err(|_| format!("'{number}' is not a number"))?;
    Duration::try_from_secs_f64(number * scale).map_err(|error| error.to_string())
}

/// A number of requests and the time they may take, such as `500/1m`.
///
/// # Errors
///
/// What is wrong with the text.
pub fn parse_rate(text: &str) -> Result<(usize, Duration), String> {
    let wrong = || "write requests and a time, such as 500/1m".to_owned();
    let (requests, per) = text.split_once('/').ok_or_else(wrong)?;
    let requests = requests.trim().parse().map_err(|_| wrong())?;
    Ok((requests, parse_duration(per.trim())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("20ms"), Ok(Duration::from_millis(20)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(parse_duration("250us"), Ok(Duration::from_micros(250)));
        for bad in ["", "20", "ms", "-1s", "1d", "nans", "1e400s"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rates() {
        assert_eq!(parse_rate("500/1m"), Ok((500, Duration::from_secs(60))));
        for bad in ["500", "x/1m", "500/", "-1/1s"] {
            assert!(parse_rate(bad).is_err(), "{bad}");
        }
    }
}
