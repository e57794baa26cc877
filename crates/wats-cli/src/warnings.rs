//! What the library warns of, as lines on standard error: warnings always, with `-v` what is worth knowing, with `-vv` each step.
//! `--quiet` wants none of it. None of it has the token: the library names none.

use std::fmt::{self, Write as _};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::args::Printing;
use crate::output::{line_on_stderr, shown};

/// Begins to tell, to the end of the process.
pub(crate) fn tell(printing: &Printing) {
    let most = match (printing.quiet, printing.verbose) {
        (true, _) => return,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, _) => Level::DEBUG,
    };
    let is_json = printing.json || printing.jsonl;
    // Nothing else in this program sets another one.
    let _ = tracing::subscriber::set_global_default(Lines { most, is_json });
}

/// Writes a line for each event.
struct Lines {
    most: Level,
    is_json: bool,
}

impl Subscriber for Lines {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        about.is_event() && *about.level() <= self.most && about.target().starts_with("wats")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.most))
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "info",
            _ => "debug",
        };
        let message = match line.fields.as_str() {
            "" => line.message,
            fields => format!("{} ({fields})", line.message),
        };
        let line = if self.is_json {
            json!({ "schema": 1, "kind": level, "message": message }).to_string()
        } else {
            shown(&format!("{level}: {message}")).into_owned()
        };
        line_on_stderr(&line);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message of an event, and its other fields in their order.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            let comma = if self.fields.is_empty() { "" } else { ", " };
            write!(self.fields, "{comma}{}: {value:?}", field.name())
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
