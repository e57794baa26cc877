//! The columns of headers.

use wats::ReportHeader;
use wats::report::Status;

use crate::output::{Cell, Column, Tone};

pub(super) const COLUMNS: &[Column<ReportHeader>] = &[
    Column::whole("id", |header| Cell::text(header.id)),
    Column::further("type", |header| match header.report_type.as_deref() {
        Some("T") => "test".into(),
        Some("R") => "repair".into(),
        other => Cell::text(other),
    }),
    Column::new("started", |header| match header.started() {
        Some(at) => Cell::time(Some(at)),
        None => Cell::text(header.start.as_ref()),
    }),
    Column::new("status", |header| {
        Cell::text(header.result.as_ref()).tone(tone(header.status().as_ref()))
    }),
    Column::new("serial", |header| Cell::text(header.serial_number.as_ref())),
    Column::new("part", |header| Cell::text(header.part_number.as_ref())),
    Column::further("revision", |header| Cell::text(header.revision.as_ref())),
    Column::further("process_code", |header| Cell::of(header.process_code)),
    Column::new("process", |header| Cell::text(header.process_name.as_ref())),
    Column::new("station", |header| Cell::text(header.station.as_ref())),
    Column::further("location", |header| Cell::text(header.location.as_ref())),
    Column::further("purpose", |header| Cell::text(header.purpose.as_ref())),
    Column::further("operator", |header| Cell::text(header.operator.as_ref())),
    Column::further("batch", |header| Cell::text(header.batch_number.as_ref())),
    Column::further("run", |header| Cell::of(header.run)),
    Column::further("passed_in_run", |header| Cell::of(header.passed_in_run)),
    Column::further("execution_time", |header| {
        Cell::of(header.execution_time.as_ref().map(crate::output::number))
    }),
    Column::further("comment", |header| Cell::text(header.comment.as_ref())),
    Column::further("software", |header| {
        Cell::text(header.software_filename.as_ref())
    }),
    Column::further("software_version", |header| {
        Cell::text(header.software_version.as_ref())
    }),
    Column::further("socket", |header| Cell::of(header.socket_index)),
    Column::further("fixture", |header| Cell::text(header.fixture_id.as_ref())),
    Column::further("error_code", |header| Cell::of(header.error_code)),
    Column::further("error_message", |header| {
        Cell::text(header.error_message.as_ref())
    }),
    Column::further("failed_step", |header| {
        Cell::text(header.caused_uut_failure.as_ref())
    }),
    Column::further("failed_step_path", |header| {
        Cell::text(header.caused_uut_failure_path.as_ref())
    }),
    Column::further("repaired_test", |header| Cell::text(header.referenced_uut)),
    Column::further("receive_count", |header| Cell::of(header.receive_count)),
    Column::further("size_kb", |header| Cell::of(header.report_size)),
    Column::further("time_stamp", |header| Cell::of(header.time_stamp)),
];

/// The colour of an outcome.
pub(in crate::command) fn tone(status: Option<&Status>) -> Tone {
    match status {
        Some(Status::Passed) => Tone::Good,
        Some(Status::Failed) => Tone::Bad,
        Some(Status::Error | Status::Terminated) => Tone::Warning,
        _ => Tone::Plain,
    }
}
