//! Faults as JSON and TOML: what scripts and programs in other languages write.
//!
//! ```toml
//! [[fault]]
//! action = "status"
//! status = 503
//! headers = { Retry-After = "1" }
//! route = "POST /api/Report/WSJF"
//! skip = 10
//! times = 3
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::{Action, Fault};
use crate::duration::parse_duration;
use crate::store::Processing;

/// A fault as it is written. See [`Fault`] for what the members mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Entry {
    action: String,
    status: Option<u16>,
    body: Option<String>,
    content_type: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    bytes: Option<usize>,
    reason: Option<String>,
    delay: Option<String>,
    processing: Option<String>,
    route: Option<String>,
    token: Option<String>,
    containing: Option<String>,
    skip: Option<usize>,
    times: Option<usize>,
    #[serde(default)]
    always: bool,
    every: Option<u64>,
    probability: Option<f64>,
    from: Option<String>,
    until: Option<String>,
}

/// The names of the actions, for those who have mistyped one.
const ACTIONS: &str = "status, delay, drop-before-response, store-then-drop, reset, store-then-reset, truncate-body, corrupt-gzip, \
                       go-away, quarantine, process-later";

impl Entry {
    /// The fault, or what is wrong with the entry.
    pub(crate) fn fault(&self) -> Result<Fault, String> {
        let mut fault = self.acting()?;
        if let Some(delay) = duration("delay", self.delay.as_deref())? {
            fault = fault.after(delay);
        }
        if let Some(route) = &self.route {
            let (method, template) = route.split_once(' ').ok_or_else(|| {
                format!(
                    "route: '{route}' is not a method and a path, such as \"POST /api/Report/WSJF\""
                )
            })?;
            fault = fault.route(method, template.trim());
        }
        if let Some(token) = &self.token {
            fault = fault.token(token);
        }
        if let Some(text) = &self.containing {
            fault = fault.containing(text);
        }
        if let Some(every) = self.every {
            fault = fault.every(every);
        }
        if let Some(share) = self.probability {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("probability: {share} is not from 0 to 1"));
            }
            fault = fault.probability(share);
        }
        let from = duration("from", self.from.as_deref())?;
        let until = duration("until", self.until.as_deref())?;
        if from.is_some() || until.is_some() {
            fault = fault.during(from.unwrap_or_default()..until.unwrap_or(Duration::MAX));
        }
        if self.always {
            fault = fault.always();
        }
        if let Some(times) = self.times {
            fault = fault.times(times);
        }
        Ok(fault.skip(self.skip.unwrap_or_default()))
    }

    fn acting(&self) -> Result<Fault, String> {
        Ok(match self.action.as_str() {
            "status" => {
                let status = self.status.ok_or("status: the action needs one")?;
                let mut fault = Fault::status(status);
                if let Some(body) = &self.body {
                    fault = fault.body(body.clone());
                }
                if let Some(content_type) = &self.content_type {
                    fault = fault.content_type(content_type);
                }
                self.headers
                    .iter()
                    .fold(fault, |fault, (name, value)| fault.header(name, value))
            }
            "delay" => {
                let delay = duration("delay", self.delay.as_deref())?;
                Fault::delay(delay.ok_or("delay: the action needs one, such as \"20ms\"")?)
            }
            "drop-before-response" => Fault::drop_before_response(),
            "store-then-drop" => Fault::store_then_drop(),
            "reset" => Fault::reset(),
            "store-then-reset" => Fault::store_then_reset(),
            "truncate-body" => {
                Fault::truncate_body(self.bytes.ok_or("bytes: the action needs them")?)
            }
            "corrupt-gzip" => Fault::corrupt_gzip(),
            "go-away" => Fault::go_away(),
            "quarantine" => {
                let reason = self.reason.clone().ok_or("reason: the action needs one")?;
                Fault::quarantine_later(self.processing()?.unwrap_or_default(), reason)
            }
            "process-later" => Fault::process_later(
                self.processing()?
                    .ok_or("processing: the action needs a time, such as \"5s\"")?,
            ),
            other => {
                return Err(format!(
                    "action: there is no '{other}'; there are {ACTIONS}"
                ));
            }
        })
    }
}

impl Entry {
    fn processing(&self) -> Result<Option<Duration>, String> {
        duration("processing", self.processing.as_deref())
    }
}

fn duration(name: &str, text: Option<&str>) -> Result<Option<Duration>, String> {
    let parse = |text| parse_duration(text).map_err(|problem| format!("{name}: {problem}"));
    text.map(parse).transpose()
}

#[cfg(feature = "script")]
mod toml_script {
    //! A whole script.

    use super::{Deserialize, Entry, Fault};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Script {
        #[serde(default)]
        fault: Vec<Entry>,
    }

    impl Fault {
        /// The faults of a script in TOML, in their order. `docs/simulator.md` has all members.
        ///
        /// ```
        /// use wats_sim::Fault;
        ///
        /// let script = r#"
        ///     [[fault]]
        ///     action = "status"
        ///     status = 503
        ///     headers = { Retry-After = "1" }
        ///     route = "POST /api/Report/WSJF"
        ///     times = 3
        ///
        ///     [[fault]]
        ///     action = "drop-before-response"
        ///     from = "10s"
        ///     until = "40s"
        /// "#;
        /// assert_eq!(Fault::script(script).unwrap().len(), 2);
        /// ```
        ///
        /// # Errors
        ///
        /// What is wrong, and where.
        pub fn script(toml: &str) -> Result<Vec<Self>, String> {
            let script: Script = toml::from_str(toml).map_err(|error| error.to_string())?;
            let numbered = script.fault.iter().zip(1..);
            numbered
                .map(|(entry, number)| {
                    entry
                        .fault()
                        .map_err(|problem| format!("fault {number}: {problem}"))
                })
                .collect()
        }
    }
}

/// What it does to which requests, in a line.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Action::Proceed => write!(f, "delay")?,
            Action::Answer { status, .. } => write!(f, "status {status}")?,
            Action::DropBefore => write!(f, "drop before the response")?,
            Action::Processing(Processing { after, doom }) => {
                match doom {
                    Some(reason) => write!(f, "quarantine ({reason})")?,
                    None => write!(f, "processing")?,
                }
                if !after.is_zero() {
                    write!(f, " {after:?} after the answer")?;
                }
            }
            Action::DropAfter => write!(f, "store, then drop")?,
            Action::Reset => write!(f, "reset")?,
            Action::ResetAfter => write!(f, "store, then reset")?,
            Action::CorruptGzip => write!(f, "corrupt gzip")?,
            Action::GoAway => write!(f, "go away")?,
            Action::Truncate(bytes) => write!(f, "body cut after {bytes} bytes")?,
        }
        if !self.delay.is_zero() {
            write!(f, ", {:?} later", self.delay)?;
        }
        match &self.route {
            Some((method, template)) => write!(f, "; {method} {template}")?,
            None => write!(f, "; every route")?,
        }
        if self.token.is_some() {
            write!(f, "; of one token")?;
        }
        if let Some(text) = &self.text {
            write!(f, "; with '{text}'")?;
        }
        if self.skip > 0 {
            write!(f, "; after {} requests", self.skip)?;
        }
        match self.left {
            Some(left) => write!(f, "; {left} to come")?,
            None => write!(f, "; without end")?,
        }
        if self.every > 1 {
            write!(f, "; one of {}", self.every)?;
        }
        if self.chance < 1_000_000 {
            write!(f, "; {} % of them", f64::from(self.chance) / 1e4)?;
        }
        if let Some(window) = &self.window {
            write!(f, "; from {:?} until {:?}", window.start, window.end)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(json: serde_json::Value) -> Result<Fault, String> {
        let entry: Entry = serde_json::from_value(json).map_err(|error| error.to_string())?;
        entry.fault()
    }

    #[test]
    fn entries_say_what_fails() {
        for (json, words) in [
            (
                serde_json::json!({ "action": "status", "status": 503, "times": 2 }),
                "status 503; every route; 2 to come",
            ),
            (
                serde_json::json!({ "action": "reset", "route": "* /api/Report/*", "skip": 3, "always": true, "probability": 0.25 }),
                "reset; * /api/Report/*; after 3 requests; without end; 25 % of them",
            ),
            (
                serde_json::json!({ "action": "quarantine", "reason": "x", "processing": "2s", "token": "t", "containing": "id", "every": 3, "always": true }),
                "quarantine (x) 2s after the answer; every route; of one token; with 'id'; without end; one of 3",
            ),
            (
                serde_json::json!({ "action": "process-later", "processing": "1s" }),
                "processing 1s after the answer; every route; 1 to come",
            ),
            (
                serde_json::json!({ "action": "truncate-body", "bytes": 9, "delay": "20ms", "from": "1s", "until": "2s" }),
                "body cut after 9 bytes, 20ms later; every route; without end; from 1s until 2s",
            ),
        ] {
            assert_eq!(entry(json).unwrap().to_string(), words);
        }
    }

    #[test]
    fn a_wrong_entry_says_what_is_wrong() {
        for (json, words) in [
            (
                serde_json::json!({ "action": "burn" }),
                "there is no 'burn'",
            ),
            (
                serde_json::json!({ "action": "status" }),
                "status: the action needs one",
            ),
            (
                serde_json::json!({ "action": "delay" }),
                "delay: the action needs one",
            ),
            (serde_json::json!({ "action": "truncate-body" }), "bytes"),
            (serde_json::json!({ "action": "quarantine" }), "reason"),
            (
                serde_json::json!({ "action": "process-later" }),
                "processing: ",
            ),
            (
                serde_json::json!({ "action": "reset", "route": "/api" }),
                "is not a method and a path",
            ),
            (
                serde_json::json!({ "action": "reset", "probability": 2 }),
                "from 0 to 1",
            ),
            (
                serde_json::json!({ "action": "reset", "from": "soon" }),
                "from: ",
            ),
            (
                serde_json::json!({ "action": "reset", "colour": "red" }),
                "colour",
            ),
        ] {
            let problem = entry(json).unwrap_err();
            assert!(problem.contains(words), "{problem}");
        }
    }
}
