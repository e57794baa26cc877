//! What a link has done so far.

use std::fmt;
use std::time::Duration;

/// Counts since the start, and what holds at present.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkStats {
    /// Whether there is a session now.
    pub connected: bool,
    /// Whether what is in memory may be served now.
    pub trusted: bool,
    /// Members of the namespace at the last heartbeat, this process included.
    pub members: Option<u32>,
    /// Sessions that came up.
    pub sessions: u64,
    /// Attempts to set one up that failed.
    pub failed_attempts: u64,
    /// Why the last session or attempt ended.
    pub last_error: Option<String>,
    /// Time without trust, summed up to the last heartbeat.
    pub untrusted: Duration,
    /// Heartbeats that were answered.
    pub heartbeats: u64,
    /// Round trip of the last heartbeat.
    pub round_trip: Option<Duration>,
    /// Longest round trip of a heartbeat.
    pub longest_round_trip: Duration,
    /// Heartbeats by round trip: below 250 µs, 1 ms, 4 ms, 16 ms, 64 ms, 256 ms, and above.
    pub round_trips: [u64; 7],
    /// The server's clock (since 1970) minus that of this machine, in µs.
    pub clock_offset_micros: Option<i64>,
    /// Messages that told of changes.
    pub pushes: u64,
    /// Keys named by them.
    pub changed_keys: u64,
    /// Of these messages, those that named no key because everything had changed.
    pub changed_all: u64,
    /// Operations that were sent.
    pub operations: u64,
    /// Of these, those that were not answered in time.
    pub timeouts: u64,
    /// Of these, those that the server refused.
    pub refused: u64,
    /// Bytes read from the server.
    pub bytes_in: u64,
    /// Bytes written to it.
    pub bytes_out: u64,
}

impl fmt::Display for LinkStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.connected, self.trusted) {
            (true, true) => "connected, trusted",
            (true, false) => "connected, not trusted",
            (false, _) => "no session",
        };
        write!(f, "link: {state}")?;
        if let Some(members) = self.members {
            write!(f, ", {members} members")?;
        }
        writeln!(
            f,
            "\nsessions: {} came up, {} attempts failed, {:.1?} untrusted",
            self.sessions, self.failed_attempts, self.untrusted
        )?;
        if let Some(error) = &self.last_error {
            writeln!(f, "last error: {error}")?;
        }
        write!(f, "heartbeat: {} answered", self.heartbeats)?;
        if let Some(round_trip) = self.round_trip {
            let longest = self.longest_round_trip;
            write!(f, ", last in {round_trip:.1?}, longest {longest:.1?}")?;
        }
        writeln!(
            f,
            "\nchanges told: {} messages, {} keys, {} of everything",
            self.pushes, self.changed_keys, self.changed_all
        )?;
        write!(
            f,
            "operations: {} sent, {} too late, {} refused; {} bytes in, {} out",
            self.operations, self.timeouts, self.refused, self.bytes_in, self.bytes_out
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_readable() {
        let stats = LinkStats {
            connected: true,
            trusted: true,
            members: Some(40),
            sessions: 2,
            round_trip: Some(Duration::from_micros(130)),
            last_error: Some("no answer".to_owned()),
            ..LinkStats::default()
        };
        let text = stats.to_string();
        assert!(
            text.starts_with("link: connected, trusted, 40 members\n"),
            "{text}"
        );
        assert!(text.contains("last error: no answer\n"), "{text}");
        assert!(text.contains("last in 130.0µs"), "{text}");
        let empty = LinkStats::default().to_string();
        assert!(empty.starts_with("link: no session\n"), "{empty}");
    }
}
