//! What was found, line by line as it is found.

use serde_json::{Value, json};
use wats::Error;

use crate::Outcome;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output, Tone, csv_line, shown};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    Warning,
    Failed,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warn",
            Self::Failed => "fail",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Good => Tone::Good,
            Self::Warning => Tone::Warning,
            Self::Failed => Tone::Bad,
        }
    }
}

/// What was found so far. Lines are printed as they are found, a document at the end.
pub(super) struct Findings<'a> {
    output: &'a Output,
    all: Vec<Value>,
    lines: usize,
    exit: Exit,
    failures: u64,
    warnings: u64,
}

impl<'a> Findings<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        Self {
            output,
            all: Vec::new(),
            lines: 0,
            exit: Exit::Done,
            failures: 0,
            warnings: 0,
        }
    }

    /// As it should be.
    pub(super) fn good(&mut self, check: &str, found: impl AsRef<str>) -> Outcome<()> {
        self.add(State::Good, check, found.as_ref(), None)
    }

    /// To look at.
    pub(super) fn warn(
        &mut self,
        check: &str,
        found: impl AsRef<str>,
        remedy: &str,
    ) -> Outcome<()> {
        self.warnings += 1;
        self.add(State::Warning, check, found.as_ref(), Some(remedy))
    }

    /// Wrong. The code of the first failure is that of the program.
    pub(super) fn fail(
        &mut self,
        check: &str,
        exit: Exit,
        found: impl AsRef<str>,
        remedy: &str,
    ) -> Outcome<()> {
        if self.exit == Exit::Done {
            self.exit = exit;
        }
        self.failures += 1;
        self.add(State::Failed, check, found.as_ref(), Some(remedy))
    }

    /// Wrong by an error, whose code is that of commands that meet it.
    pub(super) fn error(&mut self, check: &str, error: Error, remedy: &str) -> Outcome<()> {
        let failure = Failure::from(error);
        self.fail(check, failure.exit, &failure.message, remedy)
    }

    fn add(&mut self, state: State, check: &str, found: &str, remedy: Option<&str>) -> Outcome<()> {
        let value = json!({
            "check": check,
            "state": state.word(),
            "found": found,
            "remedy": remedy,
        });
        match self.output.format {
            Format::Jsonl => {
                self.output.document(value)?;
                return self.output.flush();
            }
            Format::Json => self.all.push(value),
            Format::Csv => {
                if self.lines == 0 {
                    let names = ["check", "state", "found", "remedy"];
                    self.output.write(csv_line(names).as_bytes())?;
                }
                let remedy = remedy.unwrap_or_default();
                let fields = [check, state.word(), found, remedy];
                self.output.write(csv_line(fields).as_bytes())?;
                self.output.flush()?;
            }
            Format::Table => {
                let word = self.output.style.paint(state.tone(), state.word());
                let space = " ".repeat(6_usize.saturating_sub(state.word().len()));
                let found = shown(found);
                self.output
                    .line(&format!("{word}{space}{check:<10}  {found}"))?;
                if let Some(remedy) = remedy {
                    self.output.line(&format!("{:18}→ {remedy}", ""))?;
                }
                // Some of the steps take seconds.
                self.output.flush()?;
            }
        }
        self.lines += 1;
        Ok(())
    }

    pub(super) fn finish(self) -> Outcome {
        let Self {
            output,
            all,
            exit,
            failures,
            warnings,
            ..
        } = self;
        match output.format {
            Format::Json => output.document(json!({
                "checks": all,
                "failures": failures,
                "warnings": warnings,
                "code": exit as u8,
            }))?,
            Format::Table => output.remark(&match (failures, warnings) {
                (0, 0) => "all is well".to_owned(),
                (0, warnings) => format!("warnings: {warnings}"),
                (failures, 0) => format!("failures: {failures}"),
                (failures, warnings) => format!("failures: {failures}, warnings: {warnings}"),
            }),
            _ => {}
        }
        Ok(exit)
    }
}
