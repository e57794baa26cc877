//! When a failed attempt is repeated, and after how long. Pure functions: clock and randomness come in as arguments.

use std::num::IntErrorKind;
use std::time::{Duration, SystemTime};

use http::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::config::RetryConfig;
use crate::error::{Deadline, Error, ErrorKind};
use crate::operation::Idempotency;

/// Whether an attempt that ended in `error` may be repeated.
pub(crate) fn may_repeat(error: &Error, idempotency: Idempotency) -> bool {
    match error.kind() {
        // Trying again cannot help: there is no time left, or the answer is known without asking.
        ErrorKind::Timeout(Deadline::Total | Deadline::RateLimit) | ErrorKind::CircuitOpen => false,
        _ => error.is_retryable() && (idempotency == Idempotency::Idempotent || error.is_unsent()),
    }
}

/// How long to wait before attempt number `attempt + 1`; `unit` is a random number in `0.0..1.0`.
///
/// Full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015): anything between zero and the doubled
/// base, so that clients that failed together do not come back together. It stands above what the server asked for,
/// for the same reason: all were told the same.
pub(crate) fn delay(
    config: &RetryConfig,
    attempt: u32,
    unit: f64,
    server_wait: Option<Duration>,
) -> Duration {
    let doubled = config.base_delay.saturating_mul(
        1_u32
            .checked_shl(attempt.saturating_sub(1))
            .unwrap_or(u32::MAX),
    );
    let unit = if unit.is_nan() {
        1.0
    } else {
        unit.clamp(0.0, 1.0)
    };
    let jittered = doubled.min(config.max_delay).as_secs_f64() * unit;
    let jittered = Duration::try_from_secs_f64(jittered).unwrap_or(Duration::MAX);
    server_wait.unwrap_or_default().saturating_add(jittered)
}

/// The longest time that a server's two clocks, in `Date` and `Retry-After`, are believed to lie apart.
const ONE_DAY: Duration = Duration::from_secs(86_400);

/// Reads `Retry-After` in both forms of RFC 9110, section 10.2.3; a date in the past means now.
///
/// A date counts from the answer's own `Date`, if there is a usable one, because the clock here (`now`) may be wrong. A
/// number too large to be meant is a very long time, not none.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse::<u32>() {
        Ok(seconds) => return Some(Duration::from_secs(seconds.into())),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => {
            return Some(Duration::from_secs(u32::MAX.into()));
        }
        Err(_) => {}
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let since = |then: SystemTime| until.duration_since(then).unwrap_or_default();
    let sent = headers.get(DATE).and_then(|value| value.to_str().ok());
    let by_server = sent.and_then(|text| httpdate::parse_http_date(text.trim()).ok());
    let wait = by_server.map(since).filter(|wait| *wait <= ONE_DAY);
    Some(wait.unwrap_or_else(|| since(now)))
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};
    use proptest::prelude::*;

    use super::*;

    fn status(code: u16) -> Error {
        Error::new(ErrorKind::Status(StatusCode::from_u16(code).unwrap()))
    }

    #[test]
    fn repeats_follow_the_operation_and_not_the_method() {
        for code in [408, 429, 500, 502, 503, 504] {
            assert!(may_repeat(&status(code), Idempotency::Idempotent), "{code}");
            assert!(
                !may_repeat(&status(code), Idempotency::NotIdempotent),
                "{code}"
            );
        }
        for code in [301, 400, 401, 403, 404, 409, 413, 501] {
            assert!(
                !may_repeat(&status(code), Idempotency::Idempotent),
                "{code}"
            );
        }
        let refused = || Error::new(ErrorKind::Connect);
        assert!(
            may_repeat(&refused().never_sent(), Idempotency::NotIdempotent),
            "what never left may leave again"
        );
        assert!(!may_repeat(
            &Error::new(ErrorKind::Transport),
            Idempotency::NotIdempotent
        ));
        for deadline in [Deadline::Pool, Deadline::Connect, Deadline::Attempt] {
            let error = || Error::new(ErrorKind::Timeout(deadline));
            assert!(
                may_repeat(&error().never_sent(), Idempotency::NotIdempotent),
                "{deadline}"
            );
            assert!(
                !may_repeat(&error(), Idempotency::NotIdempotent),
                "{deadline}"
            );
        }
        for deadline in [Deadline::Total, Deadline::RateLimit] {
            let error = Error::new(ErrorKind::Timeout(deadline)).never_sent();
            assert!(!may_repeat(&error, Idempotency::Idempotent), "{deadline}");
        }
    }

    #[test]
    fn waits_double_up_to_the_cap_and_stand_above_the_servers() {
        let config = RetryConfig::default();
        let waits: Vec<_> = (1..=8)
            .map(|n| delay(&config, n, 1.0, None).as_millis())
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(delay(&config, 1, 0.0, None), Duration::ZERO);
        let asked = Duration::from_secs(7);
        for (unit, more) in [(0.0, 0), (0.5, 50), (1.0, 100)] {
            let more = Duration::from_millis(more);
            assert_eq!(delay(&config, 1, unit, Some(asked)), asked + more);
        }
        assert_eq!(delay(&config, 1, 1.0, Some(Duration::MAX)), Duration::MAX);
        assert_eq!(delay(&config, u32::MAX, 1.0, None), config.max_delay);
    }

    /// Sun, 06 Nov 1994 08:49:37 GMT, and what an answer of that time says.
    fn read(text: &str, date: Option<&str>) -> Option<u64> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let headers = [(RETRY_AFTER, Some(text)), (DATE, date)];
        let headers = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, HeaderValue::from_str(value?).unwrap())));
        retry_after(&headers.collect(), now).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_in_seconds_and_as_a_date() {
        assert_eq!(read("3", None), Some(3));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:57 GMT", None), Some(20));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT", None), Some(0));
        for bad in ["", "-1", "1.5", "soon", "0x10"] {
            assert_eq!(read(bad, None), None, "{bad}");
        }
    }

    #[test]
    fn a_number_that_is_too_large_is_long_and_not_nothing() {
        for text in ["4294967296", "99999999999999999999"] {
            assert_eq!(read(text, None), Some(u32::MAX.into()), "{text}");
        }
    }

    #[test]
    fn a_date_counts_from_the_servers_own_clock() {
        let until = "Sun, 06 Nov 1994 08:49:57 GMT";
        for (date, wait) in [
            // This machine's clock is ahead, or behind.
            ("Sun, 06 Nov 1994 08:49:27 GMT", 30),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
            ("Sun, 06 Nov 1994 08:59:00 GMT", 0),
            // No clock at all: this machine's it is.
            ("yesterday", 20),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 20),
        ] {
            assert_eq!(read(until, Some(date)), Some(wait), "{date}");
        }
        assert_eq!(read("5", Some("Sun, 06 Nov 1994 08:49:27 GMT")), Some(5));
    }

    proptest! {
        #[test]
        fn no_retry_after_panics(text in "[ -~]{0,40}", unit in any::<f64>(), attempt in any::<u32>()) {
            if let Ok(value) = HeaderValue::from_str(&text) {
                let _ = retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]), SystemTime::now());
            }
            prop_assert!(delay(&RetryConfig::default(), attempt, unit, None) <= RetryConfig::default().max_delay);
        }
    }
}
