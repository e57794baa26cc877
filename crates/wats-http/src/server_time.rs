//! What an answer tells of the server's clock: its `Date`, and how long ago the request left.

use std::time::{Duration, SystemTime};

use http::header::{AGE, DATE, HeaderMap};

/// Half of what `Date` leaves out: it counts whole seconds (RFC 9110, section 5.6.7).
const HALF_A_SECOND: Duration = Duration::from_millis(500);

/// The server's clock, as an answer tells of it; see [`Outcome::server_time`](crate::Outcome::server_time).
///
/// One answer tells the difference of the clocks to within [`uncertainty`](Self::uncertainty). Several tell it more closely:
/// the ranges of all of them overlap in it, as long as neither clock was set in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerTime {
    date: SystemTime,
    received: SystemTime,
    round_trip: Duration,
}

impl ServerTime {
    /// `None` without a usable `Date`, and for an answer that a cache has kept: that is how old it is.
    pub(crate) fn of(
        headers: &HeaderMap,
        received: SystemTime,
        round_trip: Duration,
    ) -> Option<Self> {
        if headers.contains_key(AGE) {
            return None;
        }
        let date = headers.get(DATE)?.to_str().ok()?.trim();
        Some(Self {
            date: httpdate::parse_http_date(date).ok()?,
            received,
            round_trip,
        })
    }

    /// `Date` of the answer, by the server's clock, rounded down to a second.
    pub fn date(&self) -> SystemTime {
        self.date
    }

    /// When the head of the answer was there, by this computer's clock.
    pub fn received(&self) -> SystemTime {
        self.received
    }

    /// Time from handing the request to its connection to the head of the answer: the way there and back, and what the server
    /// needed, but no wait for a connection.
    pub fn round_trip(&self) -> Duration {
        self.round_trip
    }

    /// How many seconds the server's clock is ahead of this computer's; less than zero when it is behind.
    pub fn offset_secs(&self) -> f64 {
        let secs = |time: SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        };
        let there = secs(self.date) + HALF_A_SECOND.as_secs_f64();
        there - (secs(self.received) - self.round_trip.as_secs_f64() / 2.0)
    }

    /// By how much [`offset_secs`](Self::offset_secs) may be wrong: half a second, which `Date` leaves out, and half of the round
    /// trip.
    pub fn uncertainty(&self) -> Duration {
        HALF_A_SECOND + self.round_trip / 2
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn dated(date: SystemTime) -> HeaderMap {
        let date = HeaderValue::try_from(httpdate::fmt_http_date(date)).unwrap();
        HeaderMap::from_iter([(DATE, date)])
    }

    #[test]
    fn without_a_date_of_its_own_an_answer_tells_no_time() {
        let now = SystemTime::now();
        let of = |headers| ServerTime::of(&headers, now, Duration::ZERO);
        assert!(of(dated(now)).is_some());
        assert_eq!(of(HeaderMap::new()), None);
        let odd = HeaderMap::from_iter([(DATE, HeaderValue::from_static("soon"))]);
        assert_eq!(of(odd), None);
        let mut kept = dated(now);
        kept.insert(AGE, HeaderValue::from_static("7"));
        assert_eq!(of(kept), None);
    }

    proptest! {
        /// Wherever in the round trip the server looked at its clock, and whatever part of a second it left out.
        #[test]
        fn the_difference_of_the_clocks_is_within_what_is_said_of_it(
            ahead_ms in -4_000_000_i64..4_000_000,
            sent_ms in 0_u64..10_000,
            there_ms in 0_u64..3_000,
            back_ms in 0_u64..3_000,
        ) {
            let base_ms = 1_800_000_000_000_u64;
            let at = |ms: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
            let looked = (base_ms + sent_ms + there_ms).saturating_add_signed(ahead_ms);
            let round_trip = Duration::from_millis(there_ms + back_ms);
            let received = at(base_ms + sent_ms + there_ms + back_ms);
            let time = ServerTime::of(&dated(at(looked)), received, round_trip).unwrap();
            let wrong = (time.offset_secs() - ahead_ms as f64 / 1000.0).abs();
            prop_assert!(wrong <= time.uncertainty().as_secs_f64() + 1e-3, "{wrong}");
        }
    }
}
