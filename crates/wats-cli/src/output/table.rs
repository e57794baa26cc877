//! Rows of a table as they come, in the format that was asked for.
//!
//! On a terminal a table fits its width: texts are shortened, and where there are too many columns for that or sentences could not
//! be read, each row is a block of lines with all of its texts. Elsewhere nothing is ever shortened. Widths are those of the first rows, so that rows need not be kept.

use serde_json::{Map, Value, json};

use super::row::{Cell, Column, Head, Needs};
use super::style::{Style, Tone};
use super::{Format, Output, SCHEMA, csv, text};
use crate::Outcome;
use crate::failure::Failure;

/// Rows that are looked at to find how wide columns are.
const LOOKED_AT: usize = 100;

/// Columns are not made narrower than this on a terminal.
const NARROWEST: usize = 8;

/// Columns of sentences are not made narrower than this.
const READABLE: usize = 30;

/// Between two columns.
const GAP: &str = "  ";

/// A table of items that is being printed. [`finish`](Self::finish) prints what is left.
pub(crate) struct Rows<'a, T> {
    cells: Vec<fn(&T) -> Cell>,
    table: Table<'a>,
}

/// The same for items of any kind, so that it is compiled once.
struct Table<'a> {
    output: &'a Output,
    columns: Vec<Head>,
    waiting: Vec<Vec<Cell>>,
    layout: Option<Layout>,
    printed: usize,
    /// Whether somebody has named the columns.
    is_asked_for: bool,
}

/// How a table is laid out.
enum Layout {
    /// Columns of these widths.
    Columns(Vec<usize>),
    /// A block of lines for each row, with names of this width.
    Blocks(usize),
}

impl<'a, T> Rows<'a, T> {
    pub(super) fn new(
        output: &'a Output,
        all: &'a [Column<T>],
        fields: &[String],
    ) -> Outcome<Self> {
        let everything = output.is_json();
        let columns: Vec<&Column<T>> = if fields.is_empty() {
            all.iter()
                .filter(|column| everything || column.usual)
                .collect()
        } else {
            let found = fields.iter().map(|name| {
                let column = all.iter().find(|column| column.head.name == name);
                column.ok_or_else(|| {
                    let names: Vec<_> = all.iter().map(|column| column.head.name).collect();
                    Failure::usage(format!(
                        "--fields: there is no column {name:?}; there are {}",
                        names.join(", ")
                    ))
                })
            });
            found.collect::<Outcome<_>>()?
        };
        Ok(Self {
            cells: columns.iter().map(|column| column.of).collect(),
            table: Table {
                output,
                columns: columns.iter().map(|column| column.head).collect(),
                waiting: Vec::new(),
                layout: None,
                printed: 0,
                is_asked_for: !fields.is_empty(),
            },
        })
    }

    /// Prints an item.
    pub(crate) fn row(&mut self, item: &T) -> Outcome<()> {
        let cells = self.cells.iter().map(|cell| cell(item)).collect();
        self.table.row(cells)
    }

    /// Prints what is left, and gives the number of rows.
    pub(crate) fn finish(self) -> Outcome<usize> {
        self.table.finish()
    }
}

impl Table<'_> {
    fn row(&mut self, cells: Vec<Cell>) -> Outcome<()> {
        match self.output.format {
            Format::Csv => {
                if self.printed == 0 {
                    self.header()?;
                }
                let fields: Vec<String> = cells.iter().map(Cell::written).collect();
                self.output
                    .write(csv::line(fields.iter().map(String::as_str)).as_bytes())?;
            }
            Format::Jsonl => {
                let mut object = Map::new();
                object.insert("schema".to_owned(), json!(SCHEMA));
                object.extend(self.members(cells));
                self.output.line(&Value::Object(object).to_string())?;
                // Whoever reads lines wants each as it comes.
                self.output.flush()?;
            }
            Format::Json => {
                let start = if self.printed == 0 {
                    "{\n  \"schema\": 1,\n  \"items\": [\n    "
                } else {
                    ",\n    "
                };
                let object = Value::Object(self.members(cells).collect());
                self.output.write(format!("{start}{object}").as_bytes())?;
            }
            Format::Table => {
                self.waiting.push(cells);
                if self.layout.is_some() || self.waiting.len() >= LOOKED_AT {
                    self.print_waiting()?;
                }
            }
        }
        self.printed += 1;
        Ok(())
    }

    fn finish(mut self) -> Outcome<usize> {
        match self.output.format {
            Format::Csv if self.printed == 0 => self.header()?,
            Format::Json if self.printed == 0 => self
                .output
                .line("{\n  \"schema\": 1,\n  \"items\": []\n}")?,
            Format::Json => self.output.line("\n  ]\n}")?,
            Format::Table => {
                self.leave_out_empty();
                self.print_waiting()?;
            }
            _ => {}
        }
        Ok(self.printed)
    }

    fn header(&self) -> Outcome<()> {
        let line = csv::line(self.columns.iter().map(|column| column.name));
        self.output.write(line.as_bytes())
    }

    fn members(&self, cells: Vec<Cell>) -> impl Iterator<Item = (String, Value)> {
        let names = self.columns.iter().map(|column| column.name.to_owned());
        names.zip(cells.into_iter().map(|cell| cell.value))
    }

    /// Leaves out the columns that only rows with them are to show, when all rows are known and none has them.
    fn leave_out_empty(&mut self) {
        if self.layout.is_some() {
            return;
        }
        for at in (0..self.columns.len()).rev() {
            let is_empty = |row: &Vec<Cell>| row.get(at).is_none_or(Cell::is_empty);
            let may_go = self
                .columns
                .get(at)
                .is_some_and(|column| column.where_filled);
            if may_go && !self.is_asked_for && self.waiting.iter().all(is_empty) {
                self.columns.remove(at);
                self.waiting.iter_mut().for_each(|row| drop(row.remove(at)));
            }
        }
    }

    fn print_waiting(&mut self) -> Outcome<()> {
        let rows = std::mem::take(&mut self.waiting);
        if rows.is_empty() {
            return Ok(());
        }
        if self.layout.is_none() {
            let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
            let needs: Vec<Needs> = self.columns.iter().map(|column| column.needs).collect();
            let layout = Layout::of(&names, &needs, &rows, self.output.width());
            if let Layout::Columns(widths) = &layout {
                let heads: Vec<String> = names.iter().map(|name| name.to_uppercase()).collect();
                let cells: Vec<Cell> = heads
                    .into_iter()
                    .map(|name| Cell::from(name).tone(Tone::Faint))
                    .collect();
                self.output.line(&self.line(widths, &cells))?;
            }
            self.layout = Some(layout);
        }
        for cells in &rows {
            match &self.layout {
                Some(Layout::Columns(widths)) => self.output.line(&self.line(widths, cells))?,
                Some(Layout::Blocks(names)) => self.block(*names, cells)?,
                None => {}
            }
        }
        Ok(())
    }

    /// A row in columns.
    fn line(&self, widths: &[usize], cells: &[Cell]) -> String {
        let mut line = String::new();
        for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let written = cell.told();
            let shown = text::shown(&written);
            let shown = match self.output.width() {
                Some(_) => text::fitted(&shown, *width),
                None => shown,
            };
            let space = " ".repeat(width.saturating_sub(text::width(&shown)));
            let painted = self.output.style.paint(cell.tone, &shown);
            let last = at + 1 == widths.len();
            match (cell.is_number(), last) {
                (true, _) => line += &(space + &painted),
                (false, true) => line.push_str(&painted),
                (false, false) => line += &(painted + &space),
            }
            if !last {
                line.push_str(GAP);
            }
        }
        line.truncate(line.trim_end().len());
        line
    }

    /// A row as a block of lines.
    fn block(&self, names: usize, cells: &[Cell]) -> Outcome<()> {
        let most = self.output.width().unwrap_or(usize::MAX);
        for (column, cell) in self.columns.iter().zip(cells) {
            self.output
                .line(&pair(self.output.style, (names, most), column.name, cell))?;
        }
        self.output.line("")
    }
}

/// A line of a name and a value, with the names so wide; a long value goes on below.
pub(super) fn pair(style: Style, (names, most): (usize, usize), name: &str, cell: &Cell) -> String {
    let told = cell.told();
    let most = most.saturating_sub(names + GAP.len());
    let shown = text::shown(&told);
    let mut lines = text::wrapped(&shown, most.max(1)).into_iter();
    let space = " ".repeat(names.saturating_sub(text::width(name)));
    let name = style.paint(Tone::Faint, name);
    let first = lines.next().unwrap_or_default();
    let first = style.paint(cell.tone, &first);
    let mut pair = format!("{name}{space}{GAP}{first}").trim_end().to_owned();
    let indent = " ".repeat(names + GAP.len());
    for line in lines {
        pair.extend(["\n", &indent, &style.paint(cell.tone, &line)]);
    }
    pair
}

impl Layout {
    fn of(names: &[&str], needs: &[Needs], rows: &[Vec<Cell>], most: Option<usize>) -> Self {
        let wanted = |at: usize| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            let widest = cells
                .map(|cell| text::width(&text::shown(&cell.told())))
                .max();
            widest.unwrap_or(0).max(text::width(names[at]))
        };
        let mut widths: Vec<usize> = (0..names.len()).map(wanted).collect();
        let Some(most) = most else {
            return Self::Columns(widths);
        };
        let gaps = GAP.len() * names.len().saturating_sub(1);
        let least_of = |whole: usize| -> Vec<usize> {
            let of = |(width, needs): (&usize, &Needs)| match needs {
                Needs::Little => (*width).min(NARROWEST),
                Needs::Whole => (*width).min(whole),
                Needs::Sentences => (*width).min(READABLE),
            };
            widths.iter().zip(needs).map(of).collect()
        };
        let fits = |least: &Vec<usize>| least.iter().sum::<usize>() + gaps <= most;
        let least = Some(least_of(usize::MAX)).filter(fits);
        let Some(least) = least.or_else(|| Some(least_of(NARROWEST)).filter(fits)) else {
            let widest = names.iter().map(|name| text::width(name)).max();
            return Self::Blocks(widest.unwrap_or(0));
        };
        // The widest of those that can gives way first.
        while widths.iter().sum::<usize>() + gaps > most {
            let can = widths
                .iter_mut()
                .zip(&least)
                .filter(|(width, least)| **width > **least);
            let Some((widest, _)) = can.max_by_key(|(width, _)| **width) else {
                break;
            };
            *widest -= 1;
        }
        Self::Columns(widths)
    }
}
