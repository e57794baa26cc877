//! When a failed try is repeated, and after how long. Pure functions: clock and randomness come in as arguments.

use std::time::{Duration, SystemTime};

use http::header::{HeaderMap, RETRY_AFTER};

use crate::config::RetryConfig;
use crate::error::{Deadline, Error, ErrorKind};
use crate::operation::Repeat;

/// Whether a try that ended in `error` may be repeated.
pub(crate) fn may_repeat(error: &Error, repeat: Repeat) -> bool {
    match error.kind() {
        // Trying again cannot help: there is no time left, or the answer is known without asking.
        ErrorKind::Timeout(Deadline::Total | Deadline::RateLimit) | ErrorKind::CircuitOpen => false,
        _ => error.is_retryable() && (repeat == Repeat::Safe || error.is_unsent()),
    }
}

/// How long to wait before try number `attempt + 1`; `unit` is a random number in `0.0..1.0`.
///
/// Full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015): anything between zero and the doubled
/// base, so that clients that failed together do not come back together. What the server asked for is a lower bound.
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
    let jittered = doubled.min(config.max_delay).mul_f64(unit);
    jittered.max(server_wait.unwrap_or_default())
}

/// Reads `Retry-After` in both forms of RFC 9110, section 10.2.3; a date in the past means now.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
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
            assert!(may_repeat(&status(code), Repeat::Safe), "{code}");
            assert!(!may_repeat(&status(code), Repeat::Never), "{code}");
        }
        for code in [301, 400, 401, 403, 404, 409, 413, 501] {
            assert!(!may_repeat(&status(code), Repeat::Safe), "{code}");
        }
        let refused = || Error::new(ErrorKind::Connect);
        assert!(
            may_repeat(&refused().never_sent(), Repeat::Never),
            "what never left may leave again"
        );
        assert!(!may_repeat(
            &Error::new(ErrorKind::Transport),
            Repeat::Never
        ));
        for deadline in [Deadline::Pool, Deadline::Connect, Deadline::Attempt] {
            let error = || Error::new(ErrorKind::Timeout(deadline));
            assert!(
                may_repeat(&error().never_sent(), Repeat::Never),
                "{deadline}"
            );
            assert!(!may_repeat(&error(), Repeat::Never), "{deadline}");
        }
        for deadline in [Deadline::Total, Deadline::RateLimit] {
            let error = Error::new(ErrorKind::Timeout(deadline)).never_sent();
            assert!(!may_repeat(&error, Repeat::Safe), "{deadline}");
        }
    }

    #[test]
    fn waits_double_up_to_the_cap_and_never_undercut_the_server() {
        let config = RetryConfig::default();
        let waits: Vec<_> = (1..=8)
            .map(|n| delay(&config, n, 1.0, None).as_millis())
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(delay(&config, 1, 0.0, None), Duration::ZERO);
        assert_eq!(
            delay(&config, 1, 0.5, Some(Duration::from_secs(7))),
            Duration::from_secs(7)
        );
        assert_eq!(delay(&config, u32::MAX, 1.0, None), config.max_delay);
    }

    #[test]
    fn retry_after_in_seconds_and_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
        let read = |text: &'static str| {
            retry_after(
                &HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]),
                now,
            )
        };
        assert_eq!(read("3"), Some(Duration::from_secs(3)));
        assert_eq!(
            read("Sun, 06 Nov 1994 08:49:57 GMT"),
            Some(Duration::from_secs(20))
        );
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        for bad in ["", "-1", "1.5", "soon", "99999999999999999999"] {
            assert_eq!(read(bad), None, "{bad}");
        }
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
