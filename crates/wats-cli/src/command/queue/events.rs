//! What is told to people of what happens in a queue while it is being sent.

use wats::queue::{Ended, Event, Events, Labels, report_id};

use crate::output::Output;

/// What has happened in a queue since it is listened to.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    /// Reports that were sent by this program.
    pub(crate) sent: u64,
    /// Reports that were set aside.
    pub(crate) set_aside: u64,
}

impl Happened {
    /// Counts and tells what has happened meanwhile.
    pub(crate) fn take(&mut self, events: &Events, output: &Output) {
        while let Some(event) = events.try_next() {
            match &event {
                Event::Ended(past) if past.ended == Ended::Sent => self.sent += 1,
                Event::Delayed { state, .. } if state.is_set_aside() => self.set_aside += 1,
                _ => {}
            }
            if let Some(text) = told(&event) {
                output.remark(&text);
            }
        }
    }
}

fn told(event: &Event) -> Option<String> {
    Some(match event {
        Event::Delayed { item, state, fault } if state.is_set_aside() => {
            let labels = Labels::of(item);
            let why = fault.as_ref().map_or("", |fault| fault.text.as_str());
            format!(
                "the report {} of {} {} is set aside: {why}",
                report_id(item),
                labels.part_number,
                labels.serial_number
            )
        }
        Event::Paused(reason) => format!("the queue waits: {reason}"),
        Event::Resumed(_) => "the queue goes on".to_owned(),
        Event::Filling { what, percent } => format!("there is little room: {what}, {percent} %"),
        Event::Freed => "there is room again".to_owned(),
        Event::Failing(why) => format!("the disk of the queue fails: {why}"),
        Event::Recovered => "the disk of the queue works again".to_owned(),
        Event::Salvaged(found) => format!(
            "the database of the queue was damaged: {} reports are there again, {} damaged, {} missing; the old file is {}",
            found.items,
            found.damaged,
            found.missing,
            found.file.display()
        ),
        Event::ClockSet(by) => format!("the clock was set by {} s", by / 1000),
        _ => return None,
    })
}
