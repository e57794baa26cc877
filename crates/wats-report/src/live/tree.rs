//! The tree of a report in progress. What is open has its place among the steps from its opening on, and keeps it.
//!
//! Sequences and loops are nodes beside each other, numbered as they were opened, so each has a higher number than the one
//! around it. [`Tree::assemble`] puts them into one another, the highest number first, without recursion.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Abort;
use crate::builder::{LoopIterations, Sequence};
use crate::error::{Error, Result};
use crate::model::LoopInfo;
use crate::{LoopRule, Outcome, Status, Step};

/// Sequences nest no deeper, the root included: readers are sure to take no more.
const MAX_DEPTH: usize = crate::lint::MAX_DEPTH;

/// Where a step is: its node, and its index there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub(super) node: usize,
    pub(super) index: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Sequence,
    /// A loop that passes when all iterations do.
    All,
    /// A loop that passes when the last iteration does.
    Last,
}

impl From<LoopRule> for Kind {
    fn from(rule: LoopRule) -> Self {
        match rule {
            LoopRule::All => Self::All,
            LoopRule::Last => Self::Last,
        }
    }
}

/// How a sequence or a loop ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ending {
    /// All was done.
    Done,
    Broken(Abort),
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Its step in the node around it; the root has none.
    pub(super) at: Option<At>,
    depth: usize,
    pub(super) steps: Vec<Step>,
    /// The sequences and loops among the steps: index and node.
    inner: Vec<(usize, usize)>,
    /// The steps that were opened and have no result yet.
    pub(super) half_done: BTreeSet<usize>,
    pub(super) opened: Duration,
    /// When the latest step ended.
    pub(super) last: Duration,
    pub(super) ended: Option<(Duration, Ending)>,
}

impl Node {
    fn new(kind: Kind, at: Option<At>, depth: usize, opened: Duration) -> Self {
        Self {
            kind,
            at,
            depth,
            steps: Vec::new(),
            inner: Vec::new(),
            half_done: BTreeSet::new(),
            opened,
            last: opened,
            ended: None,
        }
    }

    /// The indices of sequences and loops among the steps, ascending.
    pub(super) fn inner(&self) -> impl Iterator<Item = usize> {
        self.inner.iter().map(|(index, _)| *index)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// Counts how many times the tree was made anew; what refers to an older one has ended.
    pub(super) generation: u32,
}

impl Tree {
    pub(super) const ROOT: usize = 0;

    /// A tree whose root has these steps.
    pub(super) fn new(steps: Vec<Step>, generation: u32) -> Self {
        let mut root = Node::new(Kind::Sequence, None, 0, Duration::ZERO);
        root.steps = steps;
        Self {
            nodes: vec![root],
            generation,
        }
    }

    /// A node that can still be added to.
    pub(super) fn running(&mut self, node: usize, generation: u32) -> Result<&mut Node> {
        let ended = |name: &str| Error::Ended(format!("the sequence {name} has ended"));
        // The root stays the root.
        if node != Self::ROOT && generation != self.generation {
            return Err(ended("of a report that could not be finished"));
        }
        let name = match self.nodes.get(node).filter(|node| node.ended.is_some()) {
            Some(node) => node.at.and_then(|at| self.step(at)).map(Step::name),
            None => None,
        };
        if let Some(name) = name {
            return Err(ended(&format!("`{name}`")));
        }
        self.nodes
            .get_mut(node)
            .ok_or_else(|| ended("is unknown and"))
    }

    pub(super) fn step(&self, at: At) -> Option<&Step> {
        self.nodes.get(at.node)?.steps.get(at.index)
    }

    pub(super) fn step_mut(&mut self, at: At) -> Option<&mut Step> {
        self.nodes.get_mut(at.node)?.steps.get_mut(at.index)
    }

    /// Whether a sequence within this one would be nested too deeply.
    pub(super) fn is_deepest(&self, node: usize) -> bool {
        self.nodes
            .get(node)
            .is_none_or(|node| node.depth + 1 >= MAX_DEPTH)
    }

    /// Makes the step at this place a sequence or a loop; its number.
    pub(super) fn open(&mut self, kind: Kind, at: At, now: Duration) -> usize {
        let number = self.nodes.len();
        let mut depth = 0;
        if let Some(outer) = self.nodes.get_mut(at.node) {
            outer.inner.push((at.index, number));
            // A loop's iterations are siblings of its summary.
            depth = outer.depth + usize::from(kind == Kind::Sequence);
        }
        self.nodes.push(Node::new(kind, Some(at), depth, now));
        number
    }

    /// Ends a node and says so to the one around it; false if it has ended before.
    pub(super) fn end(&mut self, node: usize, ending: Ending, now: Duration) -> bool {
        let Some(ended) = self.nodes.get_mut(node).filter(|node| node.ended.is_none()) else {
            return false;
        };
        ended.ended = Some((now, ending));
        if let Some(outer) = ended.at.and_then(|at| self.nodes.get_mut(at.node)) {
            outer.last = outer.last.max(now);
        }
        true
    }

    /// The steps of the root, when all that is still open ends now: broken off, or as if all was done.
    pub(super) fn assemble(mut self, now: Duration, abort: Option<&Abort>) -> Vec<Step> {
        // What became of the loops among the steps of each node: index, summary and iterations.
        let mut loops: Vec<Vec<(usize, Vec<Step>)>> = Vec::new();
        loops.resize_with(self.nodes.len(), Vec::new);
        while let Some(mut node) = self.nodes.pop() {
            if let Some(abort) = abort {
                for index in std::mem::take(&mut node.half_done) {
                    if let Some(step) = node.steps.get_mut(index) {
                        break_off(step, abort);
                    }
                }
            }
            let expanded = loops.pop().unwrap_or_default();
            let steps = expand(node.steps, expanded);
            let Some(at) = node.at else { return steps };
            let (ended, ending) = node.ended.unwrap_or_else(|| {
                let ending = abort.map_or(Ending::Done, |abort| Ending::Broken(abort.clone()));
                (now.max(node.opened), ending)
            });
            let took = ended.saturating_sub(node.opened);
            let Some(place) = self.step_mut(at) else {
                continue;
            };
            place
                .total_time
                .get_or_insert_with(|| took.as_secs_f64().into());
            match node.kind {
                Kind::Sequence => sequence(place, steps, &ending),
                Kind::All | Kind::Last => {
                    let rule = if node.kind == Kind::All {
                        LoopRule::All
                    } else {
                        LoopRule::Last
                    };
                    let all = looped(std::mem::take(place), steps, rule, &ending);
                    if let Some(loops) = loops.get_mut(at.node) {
                        loops.push((at.index, all));
                    }
                }
            }
        }
        Vec::new()
    }
}

/// Puts the loops into the places that were kept for them.
fn expand(steps: Vec<Step>, mut loops: Vec<(usize, Vec<Step>)>) -> Vec<Step> {
    if loops.is_empty() {
        return steps;
    }
    // The last one comes first.
    loops.sort_unstable_by_key(|(index, _)| std::cmp::Reverse(*index));
    let more: usize = loops.iter().map(|(_, steps)| steps.len()).sum();
    let mut all = Vec::with_capacity(steps.len() + more);
    for (index, step) in steps.into_iter().enumerate() {
        match loops.pop_if(|(at, _)| *at == index) {
            Some((_, expanded)) => all.extend(expanded),
            None => all.push(step),
        }
    }
    all
}

/// Completes the step of a sequence. An outcome that was set stays.
fn sequence(place: &mut Step, steps: Vec<Step>, ending: &Ending) {
    let name = place.name.clone().unwrap_or_default();
    let made = Sequence { steps }.into_step(name);
    let outcome = match ending {
        Ending::Broken(abort) => {
            message(place, abort);
            Some(Status::of_parts(
                made.status.iter().chain([&abort.status()]),
            ))
        }
        Ending::Done => made.status,
    };
    place.status = match ending {
        Ending::Done => place.status.take().or(outcome),
        Ending::Broken(_) => outcome,
    };
    place.steps = made.steps;
    place.sequence_call = place.sequence_call.take().or(made.sequence_call);
}

/// Summary and iterations of a loop.
fn looped(place: Step, iterations: Vec<Step>, rule: LoopRule, ending: &Ending) -> Vec<Step> {
    let name = place.name.clone().unwrap_or_default();
    let empty = iterations.is_empty();
    if let (true, Ending::Broken(abort)) = (empty, ending) {
        // A loop without iterations would be refused.
        let mut step = half_done(name);
        (step.start, step.total_time, step.group) = (place.start, place.total_time, place.group);
        break_off(&mut step, abort);
        return vec![step];
    }
    let mut of_loop = LoopIterations::new(name, ());
    of_loop.done.steps = iterations;
    let mut all = Sequence::default();
    of_loop.finish::<()>(rule, &mut all);
    if let Some(summary) = all.steps.first_mut() {
        summary.start = place.start;
        summary.total_time = place.total_time;
        summary.group = place.group.or(summary.group.take());
        summary.report_text = place.report_text;
        summary.additional_results = place.additional_results;
        if summary.sequence_call.is_some() {
            if let Ending::Broken(abort) = ending {
                let status = abort.status();
                summary.status = Some(Status::of_parts(summary.status.iter().chain([&status])));
                message(summary, abort);
            } else if place.status.is_some() {
                summary.status = place.status;
            }
        }
    }
    all.steps
}

/// What makes a step an iteration of a loop.
pub(super) fn iteration(index: usize) -> LoopInfo {
    LoopInfo {
        index: Some(i32::try_from(index).unwrap_or(i32::MAX)),
        ..LoopInfo::default()
    }
}

/// A step that was opened and has no result: the server takes no step without contents, so it is an action.
pub(super) fn half_done(name: String) -> Step {
    let mut made = Sequence {
        steps: Vec::with_capacity(1),
    };
    made.action(name).outcome(Outcome::Terminated);
    made.steps.pop().unwrap_or_default()
}

/// The step that keeps the place of a sequence or a loop. Its outcome is known at the end.
pub(super) fn placeholder(name: String) -> Step {
    Step {
        status: None,
        ..Sequence::default().into_step(name)
    }
}

/// Says of a half-done step why it has no result.
pub(super) fn break_off(step: &mut Step, abort: &Abort) {
    step.status = Some(abort.status());
    message(step, abort);
}

fn message(step: &mut Step, abort: &Abort) {
    if step.error_message.is_none() {
        step.error_message = Some(abort.cause().to_owned());
        step.error_code = step.error_code.or(abort.error_code());
    }
}

/// Steps whose record was lost leave a gap; it has neither name nor type.
pub(super) fn is_gap(step: &Step) -> bool {
    step.name.is_none() && step.step_type.is_none()
}
