//! The heartbeat: one script that registers this member, and tells the server's time and how many members there are.
//!
//! That it was answered proves that the connection lives, that all pushes before it were handled, and that this server
//! takes writes.

use std::time::Duration;

use redis::Value;
use wats_background::{Moment, clock};

use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::link::script::{Script, ScriptCall};

/// The length of a member's name.
pub(super) const MEMBER_LENGTH: usize = 32;

/// A member that was not heard of for so long is no longer counted.
const GONE_AFTER: Duration = Duration::from_secs(5);

/// Removing comes first: a script that has written may write more even where the memory is used up, so this one does not
/// fail on a server that is full.
static SCRIPT: Script = Script::new(
    "local t = redis.call('TIME')\n\
     local now = t[1] * 1000 + math.floor(t[2] / 1000)\n\
     redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])\n\
     redis.call('ZADD', KEYS[1], now, ARGV[1])\n\
     redis.call('PEXPIRE', KEYS[1], ARGV[2] * 2)\n\
     return {t[1], t[2], redis.call('ZCARD', KEYS[1])}",
    1,
);

/// Takes this member out of the list.
static LEAVE: Script = Script::new("return redis.call('ZREM', KEYS[1], ARGV[1])", 1);

/// The call for a member.
pub(super) fn call(keys: &Keys, member: &str) -> ScriptCall {
    let gone_after = u64::try_from(GONE_AFTER.as_millis()).unwrap_or(u64::MAX);
    SCRIPT
        .call()
        .key(&keys.members())
        .arg(member)
        .arg(gone_after)
}

/// The call that takes a member out of the list.
pub(super) fn leave(keys: &Keys, member: &str) -> ScriptCall {
    LEAVE.call().key(&keys.members()).arg(member)
}

/// When a heartbeat was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) tick: u64,
    moment: Moment,
}

impl Sent {
    pub(super) fn now() -> Self {
        Self {
            tick: clock::precise(),
            moment: Moment::now(),
        }
    }
}

/// What an answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    /// Time of the server in µs, minus the time of this process (since its origin) in the middle of the round trip.
    pub(super) offset: i64,
    pub(super) round_trip: Duration,
    pub(super) members: u32,
}

impl Answer {
    pub(super) fn read(value: &Value, sent: Sent) -> Result<Self> {
        let received = Moment::now();
        let round_trip = sent.moment.until(received);
        let middle = micros_since_origin(sent.moment) + micros(round_trip) / 2;
        let Value::Array(parts) = value else {
            return Err(NOT_UNDERSTOOD);
        };
        let [seconds, fraction, members] = parts.as_slice() else {
            return Err(NOT_UNDERSTOOD);
        };
        let (seconds, fraction) = (integer(seconds)?, integer(fraction)?);
        let server = seconds.saturating_mul(1_000_000).saturating_add(fraction);
        Ok(Self {
            offset: server.saturating_sub(middle),
            round_trip,
            members: u32::try_from(integer(members)?).map_err(|_| NOT_UNDERSTOOD)?,
        })
    }
}

const NOT_UNDERSTOOD: Error = Error::Protocol("the heartbeat");

fn integer(value: &Value) -> Result<i64> {
    match value {
        Value::Int(number) => Ok(*number),
        Value::BulkString(text) => std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(NOT_UNDERSTOOD),
        _ => Err(NOT_UNDERSTOOD),
    }
}

/// Time of this process in µs.
pub(super) fn micros_since_origin(moment: Moment) -> i64 {
    micros(Moment::from_millis(0).until(moment))
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_time_and_members() {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let sent = Sent::now();
        let value = Value::Array(vec![text("1700000000"), text("250000"), Value::Int(3)]);
        let answer = Answer::read(&value, sent).unwrap();
        assert_eq!(answer.members, 3);
        let now = micros_since_origin(sent.moment) + answer.offset;
        assert!((now - 1_700_000_000_250_000).abs() <= micros(answer.round_trip) / 2 + 1);
        for bad in [
            Value::Nil,
            Value::Array(vec![]),
            Value::Array(vec![text("x"), text("1"), Value::Int(1)]),
            Value::Array(vec![text("1"), text("1"), Value::Int(-1)]),
            Value::Array(vec![text("9223372036854775807"), text("1"), Value::Nil]),
        ] {
            assert_eq!(Answer::read(&bad, sent), Err(NOT_UNDERSTOOD));
        }
    }
}
