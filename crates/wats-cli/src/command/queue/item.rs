//! How an item of a queue is shown: the same members in lists and alone.

use serde_json::{Value, to_value};
use wats::jiff::Timestamp;
use wats::queue::{Item, Labels, State, report_id};

use crate::output::{Cell, Column, Tone};

/// An item with what is known of its report.
pub(super) struct Listed {
    pub(super) item: Item,
    pub(super) labels: Labels,
}

impl From<Item> for Listed {
    fn from(item: Item) -> Self {
        let labels = Labels::of(&item);
        Self { item, labels }
    }
}

pub(super) const COLUMNS: &[Column<Listed>] = &[
    Column::further("seq", |listed| Cell::from(listed.item.seq)),
    Column::whole("id", |listed| report_id(&listed.item).to_string().into()),
    Column::new("state", |listed| state(listed.item.state)),
    Column::further("type", |listed| text(&listed.labels.report_type)),
    Column::new("part", |listed| text(&listed.labels.part_number)),
    Column::new("serial", |listed| text(&listed.labels.serial_number)),
    Column::new("process", |listed| Cell::of(listed.labels.process_code)),
    Column::further("result", |listed| text(&listed.labels.result)),
    Column::further("started", |listed| Cell::time(listed.labels.start)),
    Column::new("stored", |listed| time(listed.item.enqueued_at)),
    Column::further("not_before", |listed| time(listed.item.not_before)),
    Column::new("tries", |listed| Cell::from(listed.item.tries)),
    Column::further("bytes", |listed| Cell::from(listed.item.len)),
    Column::further("format", |listed| text(&listed.item.kind)),
    Column::further("class", |listed| word(to_value(listed.item.class))),
    Column::further("sha256", |listed| listed.item.sha256.to_string().into()),
    Column::sentences("reason", |listed| {
        let fault = listed.item.fault.as_ref();
        Cell::text(fault.map(|fault| &fault.text))
    }),
    Column::further("reason_kind", |listed| {
        let fault = listed.item.fault.as_ref();
        Cell::text(fault.map(|fault| &fault.kind))
    }),
    Column::further("findings", |listed| {
        let fault = listed.item.fault.as_ref();
        let findings = fault.and_then(|fault| serde_json::from_str::<Value>(&fault.detail).ok());
        Cell::of(findings)
    }),
];

/// A state as its one word.
pub(super) fn state(state: State) -> Cell {
    let tone = match state {
        State::Parked | State::Quarantined => Tone::Bad,
        State::Waiting | State::Held => Tone::Warning,
        _ => Tone::Plain,
    };
    word(to_value(state)).tone(tone)
}

/// The word of a state or class in documents.
pub(super) fn word(value: Result<Value, serde_json::Error>) -> Cell {
    Cell::of(value.ok())
}

fn text(text: &str) -> Cell {
    Cell::of(Some(text).filter(|text| !text.is_empty()))
}

/// Milliseconds since 1970; 0 is none.
pub(super) fn time(milliseconds: i64) -> Cell {
    let time = (milliseconds != 0).then(|| Timestamp::from_millisecond(milliseconds).ok());
    Cell::time(time.flatten())
}
