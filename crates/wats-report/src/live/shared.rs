//! What all handles of a report in progress share: header, tree, journal, and what is to be told, behind one lock. No code
//! of the program runs within it.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, ZonedDateTime};

use super::abandoned::Abandoned;
use super::complete::{broken_off, complete};
use super::journal::{Change, Journal, JournalOptions};
use super::tree::{At, Ending, Kind, Tree, break_off, half_done, placeholder};
use super::{Abort, Clock};
use crate::builder::{ReportBuilder, StepRef, UutReport};
use crate::error::{Error, Result};
use crate::{ReportTime, Step};

type Sink = Box<dyn FnOnce(Abandoned) + Send>;

pub(super) struct Shared {
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    header: ReportBuilder,
    /// When its clock began, for the times of steps: in UTC where the time zone cannot be read.
    start: ZonedDateTime,
    tree: Tree,
    over: Option<&'static str>,
    journal: Option<Journal>,
    sink: Option<Sink>,
}

/// A handle's way to its sequence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) number: usize,
    generation: u32,
}

/// A handle's way to its step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    at: At,
    generation: u32,
}

impl Shared {
    pub(super) fn new(mut header: ReportBuilder, clock: Clock) -> Self {
        let steps = std::mem::take(&mut header.root.steps);
        let start = begun(&header);
        Self {
            clock,
            state: Mutex::new(State {
                header,
                start,
                tree: Tree::new(steps, 0),
                over: None,
                journal: None,
                sink: None,
            }),
        }
    }

    pub(super) fn root() -> Node {
        Node {
            number: Tree::ROOT,
            generation: 0,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        (self.clock)()
    }

    /// Changes the header. What has ended stays as it is.
    pub(super) fn header(&self, change: impl FnOnce(ReportBuilder) -> ReportBuilder) {
        let now = self.now();
        let mut state = self.lock();
        if state.over.is_some() {
            return;
        }
        state.header.change(change);
        state.tell(now, |_| Some(Change::Header));
    }

    /// Adds steps to a sequence. The first one took from the end of the step before until now.
    pub(super) fn add(&self, node: Node, made: Vec<Step>) -> Result<Place> {
        let now = self.now();
        let mut state = self.lock();
        let running = state.running(node)?;
        let (began, index) = (running.last.min(now), running.steps.len());
        running.last = running.last.max(now);
        running.steps.extend(made);
        if running.kind != Kind::Sequence
            && let Some(step) = running.steps.get_mut(index)
        {
            step.loop_info = Some(Box::new(super::tree::iteration(index)));
        }
        let at = At {
            node: node.number,
            index,
        };
        state.time(at, began, now);
        let end = state
            .tree
            .nodes
            .get(at.node)
            .map_or(index, |node| node.steps.len());
        for index in index..end {
            state.tell_step(At { index, ..at }, now);
        }
        Ok(state.place(at))
    }

    /// Opens a step that gets its result later. Until then it is one that was broken off.
    pub(super) fn open_step(&self, node: Node, name: String) -> Result<(Place, Duration)> {
        let now = self.now();
        let step = half_done(name);
        let mut state = self.lock();
        let running = state.running(node)?;
        let at = At {
            node: node.number,
            index: running.steps.len(),
        };
        running.steps.push(step);
        running.half_done.insert(at.index);
        state.begin(at, now);
        state.tell_step(at, now);
        Ok((state.place(at), now))
    }

    /// Gives an open step its result.
    pub(super) fn complete_step(
        &self,
        place: Place,
        opened: Duration,
        made: Step,
    ) -> Result<Place> {
        let now = self.now();
        let mut state = self.lock();
        let running = state.running_around(place)?;
        running.last = running.last.max(now);
        running.half_done.remove(&place.at.index);
        if let Some(step) = state.tree.step_mut(place.at) {
            *step = made;
        }
        state.time(place.at, opened, now);
        state.tell_step(place.at, now);
        Ok(place)
    }

    /// An open step that gets no result.
    pub(super) fn break_step(&self, place: Place, opened: Duration, abort: &Abort) {
        let now = self.now();
        let mut state = self.lock();
        let Ok(running) = state.running_around(place) else {
            return;
        };
        running.last = running.last.max(now);
        running.half_done.remove(&place.at.index);
        if let Some(step) = state.tree.step_mut(place.at) {
            break_off(step, abort);
        }
        state.time(place.at, opened, now);
        state.tell_step(place.at, now);
    }

    /// Opens a sequence or a loop, or an iteration of a loop.
    pub(super) fn open(&self, outer: Node, kind: Kind, name: String, loop_: bool) -> Result<Node> {
        let now = self.now();
        let mut step = placeholder(name);
        let mut state = self.lock();
        let running = state.running(outer)?;
        if loop_ {
            step.loop_info = Some(Box::new(super::tree::iteration(running.steps.len())));
        }
        let at = At {
            node: outer.number,
            index: running.steps.len(),
        };
        if kind == Kind::Sequence && state.tree.is_deepest(outer.number) {
            let most = crate::lint::MAX_DEPTH;
            return Err(Error::Data(format!(
                "sequences are nested deeper than {most}"
            )));
        }
        if let Some(node) = state.tree.nodes.get_mut(at.node) {
            node.steps.push(step);
        }
        state.begin(at, now);
        let number = state.tree.open(kind, at, now);
        state.tell(now, |tree| {
            Some(Change::Open(at, kind, number, tree.step(at)?))
        });
        Ok(Node {
            number,
            generation: state.tree.generation,
        })
    }

    /// Ends a sequence or a loop.
    pub(super) fn end(&self, node: Node, ending: Ending) {
        let now = self.now();
        let mut state = self.lock();
        if state.running(node).is_ok() && state.tree.end(node.number, ending, now) {
            state.tell(now, |tree| {
                let (_, ending) = tree.nodes.get(node.number)?.ended.as_ref()?;
                Some(Change::End(node.number, ending))
            });
        }
    }

    /// Whether it has neither ended nor been ended by another handle.
    pub(super) fn is_running(&self, node: Node) -> bool {
        self.lock().running(node).is_ok()
    }

    /// The step of a sequence in the one around it.
    pub(super) fn step_of(&self, node: Node) -> Result<Place> {
        let mut state = self.lock();
        let at = state.running(node)?.at;
        let at = at.ok_or_else(|| Error::Data("the root has no step around it".to_owned()))?;
        Ok(state.place(at))
    }

    /// Says more of a step.
    pub(super) fn change<K, F, L, G>(
        &self,
        place: Place,
        change: impl for<'s> FnOnce(StepRef<'s, K, F>) -> StepRef<'s, L, G>,
    ) {
        let mut state = self.lock();
        if state.over.is_none()
            && place.generation == state.tree.generation
            && let Some(step) = state.tree.step_mut(place.at)
        {
            change(StepRef::new(step));
        }
    }

    /// Writes a step anew, of which more was said.
    pub(super) fn rewrite(&self, place: Place) {
        let now = self.now();
        let mut state = self.lock();
        if state.over.is_none() && place.generation == state.tree.generation {
            state.tell_step(place.at, now);
        }
    }

    pub(super) fn on_abandoned(&self, sink: Sink) {
        let before = self.lock().sink.replace(sink);
        // What it holds is of the program, so it is dropped when nothing is locked.
        drop(before);
    }

    pub(super) fn journal(&self, dir: &Path, options: JournalOptions) -> Result<()> {
        let now = self.now();
        let mut state = self.lock();
        state.check_over()?;
        let id = state.header.common.report.id.unwrap_or_default();
        let journal = Journal::create(
            dir,
            id,
            options,
            &state.header,
            &state.start,
            &state.tree,
            now,
        )?;
        let before = state.journal.replace(journal);
        drop(state);
        // An older one must not be recovered later than the report.
        before.map_or(Ok(()), |journal| journal.into_file().remove())
    }

    pub(super) fn journal_failure(&self) -> Option<String> {
        self.lock().journal.as_ref()?.failure().map(str::to_owned)
    }

    pub(super) fn snapshot(&self) -> Option<UutReport> {
        let now = self.now();
        let state = self.lock();
        if state.over.is_some() {
            return None;
        }
        let (header, tree, start) = (state.header.clone(), state.tree.clone(), state.begun());
        drop(state);
        let abort = Abort::terminated("the test is in progress");
        Some(broken_off(header, tree, &start, now, &abort))
    }

    pub(super) fn finish(&self) -> Result<UutReport> {
        let now = self.now();
        let mut state = self.lock();
        state.check_over()?;
        let start = state.header.common.start()?;
        state.catch_up(now);
        let generation = state.tree.generation + 1;
        let tree = std::mem::replace(&mut state.tree, Tree::new(Vec::new(), generation));
        let report = complete(state.header.clone(), tree, &start, now, None);
        let findings = crate::lint::blocking(&report);
        if findings.is_empty() {
            state.over = Some("the report is finished");
            state.tell(now, |_| Some(Change::Finished));
            return Ok(UutReport::unchecked(report));
        }
        let steps = report.root.and_then(|root| root.steps).unwrap_or_default();
        state.tree.nodes.clear();
        state.tree = Tree::new(steps, generation);
        if let Some(root) = state.tree.nodes.first_mut() {
            root.last = now;
        }
        state.rewrite_all(now);
        Err(Error::Report(findings))
    }

    /// Ends the report before its end.
    pub(super) fn abort(&self, abort: &Abort) -> Result<UutReport> {
        let now = self.now();
        let mut state = self.lock();
        state.check_over()?;
        state.catch_up(now);
        state.tell(now, |_| Some(Change::Aborted(abort)));
        state.over = Some("the report was aborted");
        let tree = std::mem::replace(&mut state.tree, Tree::new(Vec::new(), u32::MAX));
        let (header, start) = (state.header.clone(), state.begun());
        drop(state);
        Ok(broken_off(header, tree, &start, now, abort))
    }

    /// Removes the journal.
    pub(super) fn done(&self) -> Result<()> {
        let mut state = self.lock();
        if state.over.is_none() {
            return Err(Error::Data(
                "the report has not ended, so its journal stays".to_owned(),
            ));
        }
        let journal = state.journal.take();
        drop(state);
        journal.map_or(Ok(()), |journal| journal.into_file().remove())
    }

    /// The last handle to the report is gone.
    pub(super) fn dropped(&self) {
        let ended = self.lock().over.is_some();
        // Most reports have ended by then, and are not to be made.
        let broken = (!ended).then(|| Abort::dropped("the report"));
        let report = broken.as_ref().and_then(|abort| self.abort(abort).ok());
        let mut state = self.lock();
        let (journal, sink) = (state.journal.take(), state.sink.take());
        drop(state);
        if let (Some(abort), Some(report), Some(sink)) = (broken, report, sink) {
            let abandoned = Abandoned {
                report,
                abort,
                journal: journal.map(Journal::into_file),
            };
            // It may run while a thread unwinds, and must not end the process.
            let told = std::panic::AssertUnwindSafe(|| sink(abandoned));
            let _ = std::panic::catch_unwind(told);
        }
    }
}

impl State {
    fn check_over(&self) -> Result<()> {
        match self.over {
            Some(why) => Err(Error::Ended(why.to_owned())),
            None => Ok(()),
        }
    }

    fn running(&mut self, node: Node) -> Result<&mut super::tree::Node> {
        self.check_over()?;
        self.tree.running(node.number, node.generation)
    }

    /// The node of a step that is open.
    fn running_around(&mut self, place: Place) -> Result<&mut super::tree::Node> {
        self.check_over()?;
        if place.generation != self.tree.generation {
            let why = "the step ended with a report that could not be finished";
            return Err(Error::Ended(why.to_owned()));
        }
        self.tree.running(place.at.node, place.generation)
    }

    fn place(&self, at: At) -> Place {
        Place {
            at,
            generation: self.tree.generation,
        }
    }

    /// The step began at this time.
    fn begin(&mut self, at: At, began: Duration) {
        let start = self.moment(began);
        if let Some(step) = self.tree.step_mut(at) {
            step.start.get_or_insert(start);
        }
    }

    /// The step began and ended at these times, unless it says otherwise.
    fn time(&mut self, at: At, began: Duration, ended: Duration) {
        self.begin(at, began);
        if let Some(step) = self.tree.step_mut(at) {
            let took = ended.saturating_sub(began).as_secs_f64();
            step.total_time.get_or_insert_with(|| took.into());
        }
    }

    fn moment(&self, since: Duration) -> ReportTime {
        let since = SignedDuration::try_from(since).unwrap_or_default();
        let begun = self.start.timestamp();
        let at = begun.checked_add(since).unwrap_or(begun);
        // The clocks may be changed during the test.
        ReportTime::local_at(at, self.start.time_zone().to_offset(at))
    }

    fn tell_step(&mut self, at: At, now: Duration) {
        self.tell(now, |tree| {
            let half_done = tree.nodes.get(at.node)?.half_done.contains(&at.index);
            Some(Change::Step(at, half_done, tree.step(at)?))
        });
    }

    fn tell<'a>(&'a mut self, now: Duration, change: impl FnOnce(&'a Tree) -> Option<Change<'a>>) {
        let Some(journal) = &mut self.journal else {
            return;
        };
        if let Some(change) = change(&self.tree) {
            journal.add(&change, &self.header, &self.start, &self.tree, now);
        }
    }

    fn rewrite_all(&mut self, now: Duration) {
        if let Some(journal) = &mut self.journal {
            journal.rewrite(&self.header, &self.start, &self.tree, now);
        }
    }

    /// Writes the journal anew if something is missing in it.
    fn catch_up(&mut self, now: Duration) {
        if self.journal.as_ref().is_some_and(Journal::is_behind) {
            self.rewrite_all(now);
        }
    }

    /// When the report began, whatever the time zone.
    fn begun(&self) -> ZonedDateTime {
        let start = self.header.common.start.clone();
        start.unwrap_or_else(|_| self.start.clone())
    }
}

fn begun(header: &ReportBuilder) -> ZonedDateTime {
    let start = header.common.start.clone();
    start.unwrap_or_else(|_| jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC))
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
