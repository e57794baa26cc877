//! How far away the server is, and how far its clock is from that of this computer.

use std::time::{Duration, Instant};

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};

use crate::ask::Ask;
use crate::client::Wats;
use crate::route;

/// `Date` has whole seconds.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// What the server answered to [`Wats::ping`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PingReply {
    /// The version of the server.
    pub version: String,
    /// Time from the call to its answer. It has in it whatever the call waited for: a new connection, the rate limit,
    /// repeats.
    pub round_trip: Duration,
    /// How often it was tried.
    pub attempts: u32,
    /// How the clocks differ; `None` when the answer has no `Date` that can be read.
    pub clock_skew: Option<ClockSkew>,
}

/// How far the clock of the server, or of the proxy before it, is ahead of that of this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockSkew {
    /// By how much it is ahead; less than nothing when it is behind.
    pub offset: SignedDuration,
    /// The difference lies within so much of [`offset`](Self::offset): half a second, because `Date` has whole seconds, and
    /// half the round trip.
    pub uncertainty: Duration,
}

impl ClockSkew {
    /// Whether the clocks certainly differ by more than this.
    pub fn exceeds(&self, tolerance: Duration) -> bool {
        self.offset.unsigned_abs() > tolerance.saturating_add(self.uncertainty)
    }

    /// From the `Date` of an answer, and the time here before it was asked for and when it was there.
    pub(crate) fn of(date: &str, before: Timestamp, after: Timestamp) -> Option<Self> {
        let date = DateTimeParser::new().parse_timestamp(date.trim()).ok()?;
        let least = date.duration_since(after);
        let most = date.duration_since(before).checked_add(SECOND)?;
        let width = most.checked_sub(least)?;
        Some(Self {
            offset: least.checked_add(width / 2)?,
            uncertainty: width.unsigned_abs() / 2,
        })
    }
}

impl Wats {
    /// Asks for something small (`GET /api/App/Version`) and measures how long that takes and how the clocks differ, by the
    /// `Date` of the answer. Call it twice for the time over an open connection.
    ///
    /// The route of the server for that is internal: [`internal().ping()`](crate::server::InternalServer::ping).
    ///
    /// ```no_run
    /// # async fn example(wats: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use std::time::Duration;
    ///
    /// let ping = wats.ping().await?;
    /// println!("version {}, {:?} away", ping.version, ping.round_trip);
    /// if ping.clock_skew.is_some_and(|skew| skew.exceeds(Duration::from_secs(60))) {
    ///     println!("the clock of this computer is wrong: reports would have wrong times");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn ping(&self) -> Ask<PingReply> {
        self.core.run(|core| async move {
            let (before, began) = (Timestamp::now(), Instant::now());
            let response = core.send(&route::version, route::version.call()).await?;
            let round_trip = began.elapsed();
            // The clock may be set meanwhile; the time that has passed is measured by another one.
            let after = before.checked_add(round_trip).unwrap_or(before);
            let date = response.headers().get("date");
            let date = date.and_then(|date| date.to_str().ok());
            Ok(PingReply {
                version: core.decode(&response)?,
                round_trip,
                attempts: response.attempts(),
                clock_skew: date.and_then(|date| ClockSkew::of(date, before, after)),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(date: &str, before: &str, after: &str) -> Option<ClockSkew> {
        ClockSkew::of(date, before.parse().unwrap(), after.parse().unwrap())
    }

    #[test]
    fn clocks_differ_by_what_date_says_within_its_second_and_the_round_trip() {
        // What was asked for between :37.0 and :37.4 and says :37 may be of any moment from :37.0 to :38.0.
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let same = skew(date, "1994-11-06T08:49:37Z", "1994-11-06T08:49:37.4Z").unwrap();
        assert_eq!(same.offset, SignedDuration::from_millis(300));
        assert_eq!(same.uncertainty, Duration::from_millis(700));
        assert!(!same.exceeds(Duration::ZERO));
        let behind = skew(date, "1994-11-06T08:59:37Z", "1994-11-06T08:59:37Z").unwrap();
        assert_eq!(behind.offset, SignedDuration::from_millis(-599_500));
        assert!(behind.exceeds(Duration::from_secs(598)));
        assert!(!behind.exceeds(Duration::from_secs(599)));
        for bad in ["", "yesterday", "1994-11-06T08:49:37Z"] {
            assert_eq!(
                skew(bad, "1994-11-06T08:49:37Z", "1994-11-06T08:49:37Z"),
                None
            );
        }
    }
}
