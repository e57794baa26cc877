//! A report as a table: its head, and what its steps measured. Steps that measured nothing are there when they did not pass.

use serde_json::Value;
use wats::report::{Report, ReportType, Status, Step};

use crate::Outcome;
use crate::command::headers::tone;
use crate::output::{Cell, Column, Format, Output, Rows, number};

/// A measurement, or a step that did not pass.
struct Row {
    report: String,
    path: String,
    name: Option<String>,
    kind: &'static str,
    status: Option<Status>,
    value: Value,
    low: Value,
    high: Value,
    unit: Option<String>,
    operator: Option<String>,
}

const COLUMNS: &[Column<Row>] = &[
    Column::further("report", |row| row.report.as_str().into()),
    Column::new("step", |row| row.path.as_str().into()),
    Column::where_filled("name", |row| Cell::text(row.name.as_ref())),
    Column::further("kind", |row| row.kind.into()),
    Column::new("status", |row| {
        Cell::text(row.status.as_ref()).tone(tone(row.status.as_ref()))
    }),
    Column::new("value", |row| Cell::of(Some(row.value.clone()))),
    Column::where_filled("low", |row| Cell::of(Some(row.low.clone()))),
    Column::where_filled("high", |row| Cell::of(Some(row.high.clone()))),
    Column::where_filled("unit", |row| Cell::text(row.unit.as_ref())),
    Column::further("operator", |row| Cell::text(row.operator.as_ref())),
];

/// Reports as tables: for people one after the other, for programs the rows of all of them in one.
pub(super) struct Table<'a> {
    output: &'a Output,
    of_all: Option<Rows<'a, Row>>,
    printed: usize,
}

impl<'a> Table<'a> {
    pub(super) fn new(output: &'a Output) -> Outcome<Self> {
        let for_people = output.format == Format::Table;
        Ok(Self {
            output,
            of_all: (!for_people).then(|| output.rows(COLUMNS)).transpose()?,
            printed: 0,
        })
    }

    pub(super) fn report(&mut self, report: &Report) -> Outcome<()> {
        if let Some(rows) = &mut self.of_all {
            return print(report, rows);
        }
        if self.printed > 0 {
            self.output.line("")?;
        }
        self.printed += 1;
        self.head(report)?;
        let mut rows = self.output.rows(COLUMNS)?;
        print(report, &mut rows)?;
        rows.finish()?;
        Ok(())
    }

    pub(super) fn finish(self) -> Outcome<()> {
        if let Some(rows) = self.of_all {
            rows.finish()?;
        }
        Ok(())
    }

    fn head(&self, report: &Report) -> Outcome<()> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let kind = match report.report_type {
            Some(ReportType::Repair) => "repair",
            _ => "test",
        };
        let process = match (&report.process_name, report.process_code) {
            (Some(name), Some(code)) => format!("{name} ({code})"),
            (name, code) => name
                .clone()
                .or_else(|| code.map(|code| code.to_string()))
                .unwrap_or_default(),
        };
        let unit = format!(
            "{} of {} {}",
            text(&report.serial_number),
            text(&report.part_number),
            text(&report.revision)
        );
        let result = report.result.as_ref();
        self.output.pairs(&[
            (kind, Cell::text(report.id)),
            ("unit", unit.into()),
            ("process", process.into()),
            ("station", Cell::text(report.station.as_ref())),
            ("started", Cell::time(report.start.as_ref())),
            ("result", Cell::text(result).tone(tone(result))),
        ])?;
        self.output.line("")
    }
}

/// Prints what the steps measured, in their order.
fn print(report: &Report, rows: &mut Rows<'_, Row>) -> Outcome<()> {
    let id = report.id.map(|id| id.to_string()).unwrap_or_default();
    // A stack of our own: a report of any depth must not end the thread.
    let mut open: Vec<(&Step, String)> = Vec::new();
    let root = report.root.iter().map(|root| (root, String::new()));
    open.extend(root);
    while let Some((step, path)) = open.pop() {
        of_step(step, &id, &path, rows)?;
        let steps = step.steps().iter().rev();
        open.extend(steps.map(|step| {
            let path = if path.is_empty() {
                step.name().to_owned()
            } else {
                format!("{path}/{}", step.name())
            };
            (step, path)
        }));
    }
    Ok(())
}

fn of_step(step: &Step, id: &str, path: &str, rows: &mut Rows<'_, Row>) -> Outcome<()> {
    let row = |kind, name: &Option<String>, status: &Option<Status>| Row {
        report: id.to_owned(),
        path: path.to_owned(),
        name: name.clone(),
        kind,
        status: status.clone(),
        value: Value::Null,
        low: Value::Null,
        high: Value::Null,
        unit: None,
        operator: None,
    };
    let value = |of: &Option<_>| of.as_ref().map(number).unwrap_or_default();
    for one in step.numeric() {
        rows.row(&Row {
            value: value(&one.value),
            low: value(&one.low_limit),
            high: value(&one.high_limit),
            unit: one.unit.clone(),
            operator: one.comp_op.as_ref().map(ToString::to_string),
            ..row("number", &one.name, &one.status)
        })?;
    }
    for one in step.strings() {
        rows.row(&Row {
            value: one.value.clone().into(),
            low: one.limit.clone().into(),
            operator: one.comp_op.as_ref().map(ToString::to_string),
            ..row("text", &one.name, &one.status)
        })?;
    }
    for one in step.booleans() {
        rows.row(&row("boolean", &one.name, &one.status))?;
    }
    let measured = step.numeric().len() + step.strings().len() + step.booleans().len();
    let wrong = matches!(
        step.status,
        Some(Status::Failed | Status::Error | Status::Terminated)
    );
    if measured == 0 && step.steps().is_empty() && wrong {
        rows.row(&row("step", &step.error_message, &step.status))?;
    }
    Ok(())
}
