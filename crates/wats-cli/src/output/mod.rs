//! What is printed: data on standard output in one of four formats, all else on standard error.
//!
//! `row` is what tables are made of; `table` and `csv` write them; `style` has the colours, `terminal` how wide it
//! is, `text` how wide a text is and what of it may be shown, `progress` the bar of long work.

mod csv;
mod progress;
mod row;
mod style;
mod table;
mod terminal;
mod text;

use std::cell::{Cell as Flag, RefCell};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

pub(crate) use csv::line as csv_line;
pub(crate) use progress::{Bar, line_on_stderr};
pub(crate) use row::{Cell, Column, number};
pub(crate) use style::{Style, Tone};
pub(crate) use table::Rows;
pub(crate) use text::{fitted, shown, shown_lines, width as text_width, wrapped};

use crate::Outcome;
use crate::args::Printing;
use crate::exit::Exit;
use crate::failure::Failure;

/// The version of what `--json` and `--jsonl` print: members are added, none is taken away or changed.
const SCHEMA: u32 = 1;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// One document.
    Json,
    /// An object a line.
    Jsonl,
    /// With a line of names.
    Csv,
}

/// Where results go. It is used by one task.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    /// Colours of standard output.
    pub(crate) style: Style,
    /// Columns that were asked for; none for the usual ones.
    fields: Vec<String>,
    quiet: bool,
    /// How wide tables may be; `None` for as wide as they are.
    width: Option<usize>,
    out: RefCell<BufWriter<io::Stdout>>,
    /// Whether the command goes on when nobody reads any more.
    goes_on: Flag<bool>,
    /// Nobody reads any more, and the command goes on.
    unread: Flag<bool>,
}

impl Output {
    pub(crate) fn new(printing: &Printing) -> Outcome<Self> {
        let format = match (printing.json, printing.jsonl, printing.csv) {
            (true, ..) => Format::Json,
            (_, true, _) => Format::Jsonl,
            (.., true) => Format::Csv,
            _ => Format::Table,
        };
        if printing.fields.iter().any(String::is_empty) {
            return Err(Failure::usage("--fields has an empty name"));
        }
        Ok(Self {
            format,
            style: Style::of(printing.color, io::stdout().is_terminal()),
            fields: printing.fields.clone(),
            quiet: printing.quiet,
            width: terminal::width(printing.width),
            out: RefCell::new(BufWriter::new(io::stdout())),
            goes_on: Flag::new(false),
            unread: Flag::new(false),
        })
    }

    /// Whether programs read it.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.format, Format::Json | Format::Jsonl)
    }

    /// Whether columns were asked for.
    pub(crate) fn has_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// The width for tables; `None` when nothing is shortened.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Rows of these columns, printed as they come.
    pub(crate) fn rows<'a, T>(&'a self, columns: &'a [Column<T>]) -> Outcome<Rows<'a, T>> {
        Rows::new(self, columns, &self.fields)
    }

    /// A document with `schema` and these members: the whole of what a command prints with `--json`, a line with `--jsonl`.
    pub(crate) fn document(&self, members: Value) -> Outcome<()> {
        let mut document = json!({ "schema": SCHEMA });
        if let (Some(all), Value::Object(members)) = (document.as_object_mut(), members) {
            all.extend(members);
        }
        let text = match self.format {
            Format::Json => format!("{document:#}"),
            _ => document.to_string(),
        };
        self.line(&text)
    }

    /// Names with their values: a line each for people, the members of one document for programs.
    #[cfg(feature = "queue")]
    pub(crate) fn record(&self, members: &[(&'static str, Cell)]) -> Outcome<()> {
        let values = members.iter();
        match self.format {
            Format::Json | Format::Jsonl => {
                let values = values.map(|(name, cell)| ((*name).to_owned(), cell.value.clone()));
                self.document(Value::Object(values.collect()))
            }
            Format::Csv => {
                let names = members.iter().map(|(name, _)| *name);
                let written: Vec<String> = values.map(|(_, cell)| cell.written()).collect();
                self.write(csv::line(names).as_bytes())?;
                self.write(csv::line(written.iter().map(String::as_str)).as_bytes())
            }
            // What is told of one thing is copied from the terminal: it is whole, however long.
            Format::Table => self.lines(members, usize::MAX),
        }
    }

    /// A line on standard output, as it is.
    pub(crate) fn line(&self, text: &str) -> Outcome<()> {
        self.write(text.as_bytes())?;
        self.write(b"\n")
    }

    /// Lines of a name and a value, which fit as tables do.
    pub(crate) fn pairs(&self, pairs: &[(&'static str, Cell)]) -> Outcome<()> {
        self.lines(pairs, self.width.unwrap_or(usize::MAX))
    }

    fn lines(&self, pairs: &[(&'static str, Cell)], most: usize) -> Outcome<()> {
        let names = pairs.iter().map(|(name, _)| text::width(name)).max();
        let names = names.unwrap_or(0);
        for (name, cell) in pairs {
            self.line(&table::pair(self.style, (names, most), name, cell))?;
        }
        Ok(())
    }

    /// Bytes on standard output.
    pub(crate) fn write(&self, bytes: &[u8]) -> Outcome<()> {
        self.put(|out| out.write_all(bytes))
    }

    pub(crate) fn flush(&self) -> Outcome<()> {
        self.put(Write::flush)
    }

    /// From now on a pipe that nobody reads any more is no reason to end: what the command does, or its exit code, is more than
    /// what it prints.
    pub(crate) fn goes_on_unread(&self) {
        self.goes_on.set(true);
    }

    fn put(&self, to: impl FnOnce(&mut BufWriter<io::Stdout>) -> io::Result<()>) -> Outcome<()> {
        if self.unread.get() {
            return Ok(());
        }
        match to(&mut self.out.borrow_mut()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && self.goes_on.get() => {
                self.unread.set(true);
                Ok(())
            }
            other => Ok(other?),
        }
    }

    /// A line for people on standard error, unless they want none.
    pub(crate) fn remark(&self, text: &str) {
        if !self.quiet {
            for line in text.lines() {
                line_on_stderr(&shown(line));
            }
        }
    }

    /// A bar on standard error for work of so many parts; nothing unless that is a terminal.
    pub(crate) fn progress(&self, parts: u64, what: &str) -> Bar {
        let shown = !self.quiet && !self.is_json() && io::stderr().is_terminal();
        Bar::new(shown, parts, what)
    }

    /// Tells why the command failed, and gives its exit code.
    pub(crate) fn tell(&self, failure: &Failure) -> ExitCode {
        if failure.closed {
            return Exit::Done.into();
        }
        // What was printed before belongs before it.
        let _ = self.flush();
        failure.tell(self.is_json())
    }
}
