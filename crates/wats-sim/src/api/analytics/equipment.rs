//! Overall equipment effectiveness: availability times performance times quality, all in percent; times in minutes.
//!
//! The equipment ran for as long as its tests took. Its performance is what it made of the target; without a target, what it
//! made of what it would have made had each test been as short as the shortest. The hours that it was available for are
//! those of the days of the week, Monday first.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::filter::{OF_EQUIPMENT, WatsFilter};
use super::history::{History, Test};
use super::period::{Grouping, Window, civil};
use super::summary::Summary;
use crate::answer::{Answer, Handled};
use crate::call::Call;
use crate::query::bad;

const DAYS: i64 = 30;
/// Days before this many are not looked at.
const MOST_DAYS: i64 = 36_600;

pub(super) fn analysis(call: &Call<'_>) -> Handled {
    let hours = available_hours(call.required("availableTime")?)?;
    let filter = WatsFilter::of_body(call, OF_EQUIPMENT)?.or_last_days(DAYS);
    let target = call.number("targetOutput")?.filter(|target| *target > 0);
    let execution = [
        call.number("minExecutionTime")?,
        call.number("maxExecutionTime")?,
    ];
    let connection = [
        call.number("minConnectionTime")?,
        call.number("maxConnectionTime")?,
    ];
    let history = History::of(call);
    let mut tests = history.tests_of(&filter);
    let connections = connection_times(&tests);
    let mut place = 0;
    tests.retain(|test| {
        let connected = connections.get(place).copied().flatten();
        place += 1;
        within(test.execution_time(), execution) && within(connected, connection)
    });

    let window = filter
        .window
        .map(|window| looked_at(window, &tests, filter.now));
    let window = window.unwrap_or(Window {
        from: filter.now,
        until: filter.now,
    });
    let mut times = Summary::default();
    for time in tests.iter().filter_map(|test| test.execution_time()) {
        times.add(time / 60.0);
    }
    let total = tests.len();
    let good = tests.iter().filter(|test| test.passed()).count();
    let run = times.mean().unwrap_or(0.0) * times.count as f64;
    let planned = planned_minutes(window, hours);
    let length = window.until.duration_since(window.from).as_secs_f64() / 60.0;

    let percent = |part: f64, of: f64| (of > 0.0).then(|| (part / of * 100.0).min(100.0));
    let availability = percent(run, planned);
    let performance = match target {
        Some(target) => percent(total as f64, target as f64 * length / 1440.0),
        None => percent(times.min().unwrap_or(0.0) * times.count as f64, run),
    };
    let quality = percent(good as f64, total as f64);
    let oee = || Some(availability? * performance? * quality? / 10_000.0);
    let same = |name: &str| {
        let mut values = tests.iter().map(|test| test.text(name));
        let first = values.next()?;
        values.all(|value| value == first).then(|| first.to_owned())
    };
    Ok(Answer::json(&json!({
        "oee": oee(),
        "availability": availability,
        "performance": performance,
        "quality": quality,
        "totalTime": length,
        "runTime": run,
        "downTime": (planned - run).max(0.0),
        "plannedProductionTime": planned,
        "totalCount": total,
        "goodCount": good,
        "rejectCount": total - good,
        "idealCycleTime": times.min(),
        "actualCycleTime": times.mean(),
        "period": Value::Null,
        "partNumber": same("partNumber"),
        "stationName": same("stationName"),
    })))
}

/// Seven hours, Monday first.
fn available_hours(text: &str) -> Result<[f64; 7], Answer> {
    let parse = |hours: &str| {
        let hours = hours.trim().parse::<f64>().ok();
        hours.filter(|hours| (0.0..=24.0).contains(hours))
    };
    let hours: Option<Vec<f64>> = text.split(',').map(parse).collect();
    let seven = hours.and_then(|hours| <[f64; 7]>::try_from(hours).ok());
    seven.ok_or_else(|| {
        bad("availableTime must be seven hours from 0 to 24, such as 24,24,24,24,24,0,0.")
    })
}

fn within(time: Option<f64>, [min, max]: [Option<i64>; 2]) -> bool {
    if min.is_none() && max.is_none() {
        return true;
    }
    time.is_some_and(|time| {
        min.is_none_or(|min| time >= min as f64) && max.is_none_or(|max| time <= max as f64)
    })
}

/// How many seconds passed between the end of the test before at the same station and socket, and the start of each.
fn connection_times(tests: &[&Test]) -> Vec<Option<f64>> {
    let mut ends: HashMap<(&str, Option<i64>), Timestamp> = HashMap::new();
    let times = tests.iter().map(|test| {
        let socket = test.header().get("testSocketIndex").and_then(Value::as_i64);
        let took = SignedDuration::try_from_secs_f64(test.execution_time().unwrap_or(0.0));
        let end = took.ok().and_then(|took| test.start.checked_add(took).ok());
        let before = ends.insert(
            (test.text("stationName"), socket),
            end.unwrap_or(test.start),
        );
        before.map(|before| test.start.duration_since(before).as_secs_f64().max(0.0))
    });
    times.collect()
}

/// From the first to the last moment that is looked at: no later than now, no earlier than the first test.
fn looked_at(window: Window, tests: &[&Test], now: Timestamp) -> Window {
    let until = window.until.min(now);
    let first = tests.first().map_or(until, |test| test.start);
    let from = if window.from == Timestamp::MIN {
        first
    } else {
        window.from
    };
    let earliest = Grouping::Day.back(until, MOST_DAYS);
    Window {
        from: from.max(earliest).min(until),
        until,
    }
}

/// The minutes of a time in which the equipment was available, of each day in proportion.
fn planned_minutes(window: Window, hours: [f64; 7]) -> f64 {
    let mut minutes = 0.0;
    let mut day = Grouping::Day.floor(window.from);
    while day < window.until {
        let Ok(next) = day.checked_add(SignedDuration::from_hours(24)) else {
            break;
        };
        let part = next.min(window.until).duration_since(day.max(window.from));
        let weekday = civil(day).date().weekday().to_monday_zero_offset();
        let available = usize::try_from(weekday).ok().and_then(|day| hours.get(day));
        minutes += available.unwrap_or(&0.0) * 60.0 * (part.as_secs_f64() / 86_400.0);
        day = next;
    }
    minutes
}
