//! Makes a report of the records of its journal.

use std::fmt;
use std::io::{self, BufRead};
use std::time::Duration;

use super::super::Abort;
use super::super::complete::{broken_off, complete};
use super::super::tree::{At, Kind, Tree, is_gap, placeholder};
use super::record::{AttachedFile, Line, VERSION, opened};
use crate::builder::{ReportBuilder, UutReport};
use crate::{AdditionalData, Payload, Step};

/// No record of a step has fewer bytes.
const SHORTEST: u64 = 38;

/// What could not be read of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Torn {
    /// Lines that are no whole record: a program that is killed while it writes leaves one, the last.
    pub records: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// Files that were attached and are no longer what they were, each with its step; they are left out.
    pub files: Vec<String>,
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} records of {} bytes are not whole",
            self.records, self.bytes
        )?;
        if !self.files.is_empty() {
            write!(
                f,
                "; files that have changed are left out: {}",
                self.files.join(", ")
            )?;
        }
        Ok(())
    }
}

/// How a report in progress ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It was finished, and perhaps also submitted.
    Finished,
    /// It was aborted or dropped.
    Aborted(Abort),
    /// Its program is gone: killed, crashed, or without power.
    Lost,
}

/// What a journal says.
#[derive(Default)]
pub(super) struct Replay {
    header: Option<ReportBuilder>,
    tree: Option<Tree>,
    now: Duration,
    /// More steps than this there cannot be.
    most: usize,
    /// How many steps there are, those between them whose records were lost included.
    steps: usize,
    end: Option<End>,
    pub(super) torn: Torn,
    newer: bool,
}

impl Replay {
    /// Reads a journal of so many bytes.
    pub(super) fn read(mut reader: impl BufRead, length: u64) -> io::Result<Self> {
        let mut replay = Self {
            most: usize::try_from(length / SHORTEST).unwrap_or(usize::MAX),
            ..Self::default()
        };
        let mut text = Vec::new();
        loop {
            text.clear();
            if reader.read_until(b'\n', &mut text)? == 0 {
                return Ok(replay);
            }
            let Some(whole) = text.strip_suffix(b"\n") else {
                replay.not_whole(text.len());
                continue;
            };
            if whole.is_empty() {
                continue;
            }
            if opened(whole).and_then(|line| replay.apply(line)).is_none() {
                replay.not_whole(text.len());
            }
        }
    }

    fn not_whole(&mut self, bytes: usize) {
        self.torn.records += 1;
        self.torn.bytes += bytes as u64;
    }

    /// Does what a record says; `None` if it says what cannot be.
    fn apply(&mut self, line: Line) -> Option<()> {
        let now = Duration::from_micros(line.t);
        self.now = self.now.max(now);
        if line.anew {
            self.tree = None;
            self.steps = 0;
        }
        if let Some(header) = line.header {
            self.newer |= header.version > VERSION;
            self.header = Some(header.into_builder());
        }
        if line.finished {
            self.end = Some(End::Finished);
        }
        if let Some(abort) = line.aborted {
            self.end = Some(End::Aborted(abort));
        }
        let tree = self.tree.get_or_insert_with(|| Tree::new(Vec::new(), 0));
        if let Some((node, ending)) = line.end {
            tree.nodes.get_mut(node)?.ended = Some((now, ending));
        }
        let (Some((node, index)), Some(mut step)) = (line.at, line.step) else {
            return Some(());
        };
        let numbers = [node, index, line.open.map_or(0, |(_, number)| number)];
        if numbers.iter().any(|number| *number > self.most) {
            return None;
        }
        let there = tree.nodes.get(node).map_or(0, |node| node.steps.len());
        let steps = self.steps + (index + 1).saturating_sub(there);
        if steps > self.most {
            return None;
        }
        self.steps = steps;
        if let Some(file) = &line.file {
            attach(&mut step, file, &mut self.torn);
        }
        let at = At { node, index };
        tree.set(at, step, line.half_done, now);
        if let Some((kind, number)) = line.open {
            tree.open_as(number, kind, at, now);
        }
        Some(())
    }

    /// The report and how it ended, or why there is none.
    pub(super) fn report(self) -> Result<(UutReport, End), String> {
        if self.newer {
            return Err("it was written by a newer version".to_owned());
        }
        let header = self.header.ok_or("it has no header that can be read")?;
        let mut tree = self.tree.unwrap_or_else(|| Tree::new(Vec::new(), 0));
        tree.close_gaps();
        let start = header.common.start.clone()?;
        let end = self.end.unwrap_or(End::Lost);
        let report = match &end {
            End::Finished => {
                let report = complete(header, tree, &start, self.now, None);
                UutReport::unchecked(report)
            }
            End::Aborted(abort) => broken_off(header, tree, &start, self.now, abort),
            End::Lost => {
                let abort = Abort::terminated("the test program ended before the report did");
                broken_off(header, tree, &start, self.now, &abort)
            }
        };
        Ok((report, end))
    }
}

impl Tree {
    /// Puts a step where it was.
    fn set(&mut self, at: At, step: Step, half_done: bool, now: Duration) {
        let node = self.node(at.node, now);
        if node.steps.len() <= at.index {
            node.steps.resize_with(at.index + 1, Step::default);
        }
        if let Some(place) = node.steps.get_mut(at.index) {
            *place = step;
        }
        if half_done {
            node.half_done.insert(at.index);
        } else {
            node.half_done.remove(&at.index);
        }
        node.last = now;
    }

    /// Opens a sequence or a loop under the number that it had. One whose record was lost stands in the root.
    fn open_as(&mut self, number: usize, kind: Kind, at: At, now: Duration) {
        if number == Self::ROOT || number <= at.node {
            return;
        }
        while self.nodes.len() < number {
            let lost = At {
                node: Self::ROOT,
                index: self.nodes.first().map_or(0, |root| root.steps.len()),
            };
            let name = format!("Sequence {}", self.nodes.len());
            self.set(lost, placeholder(name), false, now);
            self.open(Kind::Sequence, lost, now);
        }
        if self.nodes.len() == number {
            self.open(kind, at, now);
        }
    }

    fn node(&mut self, number: usize, now: Duration) -> &mut super::super::tree::Node {
        if self.nodes.len() <= number {
            let lost = At {
                node: Self::ROOT,
                index: self.nodes.first().map_or(0, |root| root.steps.len()),
            };
            let name = format!("Sequence {number}");
            self.set(lost, placeholder(name), false, now);
            self.open_as(number, Kind::Sequence, lost, now);
        }
        &mut self.nodes[number]
    }

    /// Leaves out the steps whose record was lost.
    fn close_gaps(&mut self) {
        for node in &mut self.nodes {
            if node.steps.iter().any(is_gap) {
                for step in node.steps.iter_mut().filter(|step| is_gap(step)) {
                    let lost = super::super::tree::half_done("Lost".to_owned());
                    *step = lost;
                }
            }
        }
    }
}

/// Attaches a file that is still the one that it was.
fn attach(step: &mut Step, file: &AttachedFile, torn: &mut Torn) {
    let now = Payload::from_file(&file.path).ok();
    let same = now.filter(|payload| {
        payload
            .file_state()
            .is_some_and(|(_, length, changed)| length == file.length && changed == file.changed)
    });
    if let (Some(payload), Some(attachment)) = (same, &mut step.attachment) {
        attachment.data = Some(payload);
        return;
    }
    let path = file.path.display().to_string();
    torn.files.push(format!("`{path}` of `{}`", step.name()));
    step.attachment = None;
    let data = AdditionalData::new("File left out").text("Path", path);
    step.additional_results.get_or_insert_default().push(data);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::tree::{Ending, half_done};
    use super::*;

    fn line() -> impl Strategy<Value = Line> {
        let kind = prop_oneof![Just(Kind::Sequence), Just(Kind::All), Just(Kind::Last)];
        let open = prop::option::weighted(0.3, (kind, 0..9_usize));
        let end = prop::option::weighted(0.2, (0..9_usize, any::<bool>()));
        let at = prop::option::weighted(0.8, (0..9_usize, 0..9_usize));
        let flags = (any::<bool>(), prop::bool::weighted(0.05), 0..99_u64);
        (at, open, end, flags).prop_map(|(at, open, end, (half, anew, t))| Line {
            t,
            anew,
            at,
            half_done: half,
            step: at.map(|(_, index)| match open {
                Some(_) => placeholder(format!("{index}")),
                None => half_done(format!("{index}")),
            }),
            open,
            end: end.map(|(node, done)| {
                let broken = Ending::Broken(Abort::error("x"));
                (node, if done { Ending::Done } else { broken })
            }),
            ..Line::default()
        })
    }

    proptest! {
        /// Records in any order, some of them lost, make a report all the same.
        #[test]
        fn no_records_panic(lines in prop::collection::vec(line(), 0..40), finished: bool) {
            let unit = crate::Unit { part_number: "P", serial_number: "S", revision: "A" };
            let mut replay = Replay {
                header: Some(UutReport::builder(unit, 100)),
                most: 40,
                ..Replay::default()
            };
            for line in lines {
                let _ = replay.apply(line);
            }
            replay.end = finished.then_some(End::Finished);
            let steps = replay.tree.as_ref().map_or(0, |tree| tree.nodes.len());
            let (report, _) = replay.report().unwrap();
            prop_assert!(report.report().step_count() <= 1 + 10 * (steps + 1) * 2);
            crate::lint(report.report());
        }
    }
}
