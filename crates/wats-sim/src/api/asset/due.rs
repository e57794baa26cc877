//! What is due of an asset: counts against limits, days against intervals.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{integer, types};
use crate::call::text;
use crate::odata::parse_time;
use crate::store::State;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// How near an asset is to its limits.
pub(super) struct Due {
    pub(super) members: Map<String, Value>,
    /// 0 all is well, 1 warning, 2 alarm.
    pub(super) alarm_state: u8,
    pub(super) message: String,
}

/// Looks at an asset at some time. Where its type has no limit, or it never was calibrated or maintained, nothing is due.
pub(super) fn of(state: &State, asset: &Value, now: Timestamp) -> Due {
    let kind = text(asset, "typeId").and_then(|id| types::by_id(state, id));
    let setting = |name: &str| kind?.get(name)?.as_f64();
    let (warning, alarm) = (
        setting("warningThreshold").filter(|percent| *percent > 0.0),
        setting("alarmThreshold").filter(|percent| *percent > 0.0),
    );
    let alarm = alarm.unwrap_or(100.0);
    let mut due = Due {
        members: Map::new(),
        alarm_state: 0,
        message: String::new(),
    };
    let mut check = |what: &str, used: f64, limit: f64| {
        // A limit of zero is none.
        let percent = used / limit * 100.0;
        let level = if limit <= 0.0 {
            0
        } else if percent >= alarm {
            2
        } else {
            u8::from(warning.is_some_and(|warning| percent >= warning))
        };
        if level > 0 {
            let words = format!("{what} is at {percent:.0} % of {limit}.");
            if !due.message.is_empty() {
                due.message.push(' ');
            }
            due.message.push_str(&words);
        }
        due.alarm_state = due.alarm_state.max(level);
    };

    for (name, exceeded, limit, what) in [
        (
            "runningCount",
            "runningCountExceeded",
            "runningCountLimit",
            "The running count",
        ),
        (
            "totalCount",
            "totalCountExceeded",
            "totalCountLimit",
            "The total count",
        ),
    ] {
        let count = asset.as_object().map_or(0, |asset| integer(asset, name));
        let limit = setting(limit);
        check(what, count as f64, limit.unwrap_or_default());
        let over = limit.map(|limit| (count - limit as i64).max(0));
        due_member(&mut due.members, name, json!(count));
        due_member(&mut due.members, exceeded, json!(over));
    }
    for (name, what) in [
        ("Calibration", "The calibration"),
        ("Maintenance", "The maintenance"),
    ] {
        let (last, next) = dates(state, asset, name);
        let days = last.map(|last| days(last, now));
        let limit = last.zip(next).map(|(last, next)| self::days(last, next));
        check(what, days.unwrap_or_default(), limit.unwrap_or_default());
        let over = next.map(|next| self::days(next, now).max(0.0));
        due_member(&mut due.members, &format!("daysSince{name}"), json!(days));
        let overdue = format!("{}DaysOverdue", name.to_lowercase());
        due_member(&mut due.members, &overdue, json!(over));
    }
    due
}

fn due_member(members: &mut Map<String, Value>, name: &str, value: Value) {
    members.insert(name.to_owned(), value);
}

/// Days from one time to another.
fn days(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() / DAY
}

/// When an asset was calibrated or maintained, and when it is to be again: at the date that was told, or after the interval
/// of its type.
fn dates(state: &State, asset: &Value, what: &str) -> (Option<Timestamp>, Option<Timestamp>) {
    let date = |name: String| text(asset, &name).and_then(parse_time);
    let last = date(format!("last{what}Date"));
    let told = date(format!("next{what}Date"));
    let kind = text(asset, "typeId").and_then(|id| types::by_id(state, id));
    let interval = format!("{}Interval", what.to_lowercase());
    let interval = kind.and_then(|kind| kind.get(&interval)?.as_f64());
    let after = last.zip(interval.filter(|days| *days > 0.0));
    let after = after.and_then(|(last, days)| {
        let span = jiff::SignedDuration::try_from_secs_f64(days * DAY).ok()?;
        last.checked_add(span).ok()
    });
    (last, told.or(after))
}

/// When an asset is to be calibrated or maintained.
pub(super) fn next(state: &State, asset: &Value, what: &str) -> Value {
    let (_, next) = dates(state, asset, what);
    json!(next.map(|next| next.to_string()))
}
