//! What an area writes down: rows, and who takes part in them.
//!
//! A candidate is two closures: a set-up, run once right before the row, and a round, run several times, alternating
//! with the others. The value of the set-up is dropped when the row is done.

use crate::pace::{Pace, Timer};
use crate::python::Driver;
use crate::row::{Better, Goal};
use crate::{Error, Result};
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// What rows may know about the run they are part of.
#[derive(Debug, Clone)]
pub struct Context {
    quick: bool,
    pace: Pace,
    runtime: Arc<Runtime>,
    peer_python: Option<PathBuf>,
}

impl Context {
    pub(crate) fn new(
        quick: bool,
        pace: Pace,
        runtime: Arc<Runtime>,
        peer_python: Option<PathBuf>,
    ) -> Self {
        Self {
            quick,
            pace,
            runtime,
            peer_python,
        }
    }

    /// Whether the run has to be short.
    pub fn quick(&self) -> bool {
        self.quick
    }

    /// One of two sizes of work: for a short run and for a full one.
    pub fn scale<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// How long one round of one candidate should last; to be asked inside a round, not before.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// The multi-threaded runtime of the run.
    pub fn runtime(&self) -> &Arc<Runtime> {
        &self.runtime
    }

    /// The interpreter of the Python peer, when the run has one.
    pub fn peer_interpreter(&self) -> Option<&Path> {
        self.peer_python.as_deref()
    }

    /// A timer for a short operation.
    pub fn timer(&self) -> Timer {
        Timer::new(&self.pace)
    }
}

/// The figures of one round, one for each metric of the row, in their order. `NaN` means: this candidate has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Round(pub Vec<f64>);

impl From<f64> for Round {
    fn from(value: f64) -> Self {
        Self(vec![value])
    }
}

impl<const N: usize> From<[f64; N]> for Round {
    fn from(values: [f64; N]) -> Self {
        Self(values.to_vec())
    }
}

impl From<Vec<f64>> for Round {
    fn from(values: Vec<f64>) -> Self {
        Self(values)
    }
}

/// One row of the report; with [`and`](RowSpec::and) several rows that come out of the same rounds.
///
/// ```
/// use wats_benches::spec::{Context, RowSpec};
///
/// fn rows(ctx: &Context) -> Vec<RowSpec> {
///     let (mut ours, mut theirs) = (ctx.timer(), ctx.timer());
///     vec![
///         RowSpec::new("codec.sum")
///             .unit("ns/op")
///             .lower_is_better()
///             .note("1000 numbers")
///             .subject("loop", move || {
///                 Ok(ours.ns_per_op(|| {
///                     let mut sum = 0_u64;
///                     for number in 0..1000 {
///                         sum += std::hint::black_box(number);
///                     }
///                     sum
///                 }))
///             })
///             .peer_with(
///                 "iterator over a Vec",
///                 || Ok((0..1000_u64).collect::<Vec<_>>()),
///                 move |numbers| Ok(theirs.ns_per_op(|| numbers.iter().sum::<u64>())),
///             ),
///     ]
/// }
/// ```
#[derive(Debug)]
#[must_use]
pub struct RowSpec {
    pub(crate) metrics: Vec<Metric>,
    pub(crate) note: String,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) most_rounds: Option<usize>,
    pub(crate) counts_memory: bool,
}

/// One figure of a row.
#[derive(Debug)]
pub(crate) struct Metric {
    pub(crate) id: String,
    pub(crate) unit: String,
    pub(crate) better: Better,
    pub(crate) goals: Vec<Goal>,
}

impl Metric {
    fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            unit: String::new(),
            better: Better::Lower,
            goals: Vec::new(),
        }
    }
}

impl RowSpec {
    /// A row with this stable id, `area.what.variant`.
    pub fn new(id: &str) -> Self {
        Self {
            metrics: vec![Metric::new(id)],
            note: String::new(),
            candidates: Vec::new(),
            most_rounds: None,
            counts_memory: false,
        }
    }

    /// A further row out of the same rounds: each round returns one figure more.
    pub fn and(mut self, id: &str) -> Self {
        self.metrics.push(Metric::new(id));
        self
    }

    /// Unit of the row named last by [`new`](Self::new) or [`and`](Self::and).
    pub fn unit(mut self, unit: &str) -> Self {
        if let Some(metric) = self.metrics.last_mut() {
            unit.clone_into(&mut metric.unit);
        }
        self
    }

    /// The row named last is a cost. This is so unless said otherwise.
    pub fn lower_is_better(self) -> Self {
        self.better(Better::Lower)
    }

    /// The row named last is a yield.
    pub fn higher_is_better(self) -> Self {
        self.better(Better::Higher)
    }

    fn better(mut self, better: Better) -> Self {
        if let Some(metric) = self.metrics.last_mut() {
            metric.better = better;
        }
        self
    }

    /// What the row named last is to reach; there may be several. Those of this project stand in [`crate::goals`].
    pub fn goal(mut self, goal: Goal) -> Self {
        if let Some(metric) = self.metrics.last_mut() {
            metric.goals.push(goal);
        }
        self
    }

    /// What is measured, in a few words.
    pub fn note(mut self, note: &str) -> Self {
        note.clone_into(&mut self.note);
        self
    }

    /// At most this many rounds, for rows whose round is long.
    pub fn most_rounds(mut self, rounds: usize) -> Self {
        self.most_rounds = Some(rounds.max(1));
        self
    }

    /// A single round: the figure is the same every time (a size, a hit ratio).
    pub fn once(self) -> Self {
        self.most_rounds(1)
    }

    /// The rounds call [`memory::count`](crate::memory::count): run them where allocations are counted.
    pub fn counts_memory(mut self) -> Self {
        self.counts_memory = true;
        self
    }

    /// Ours, without set-up.
    pub fn subject<R: Into<Round>>(
        self,
        name: &str,
        mut round: impl FnMut() -> Result<R> + 'static,
    ) -> Self {
        self.subject_with(name, || Ok(()), move |()| round())
    }

    /// Another's, without set-up.
    pub fn peer<R: Into<Round>>(
        self,
        name: &str,
        mut round: impl FnMut() -> Result<R> + 'static,
    ) -> Self {
        self.peer_with(name, || Ok(()), move |()| round())
    }

    /// Ours: what `set_up` makes is lent to every round.
    pub fn subject_with<S: 'static, R: Into<Round>>(
        self,
        name: &str,
        set_up: impl FnMut() -> Result<S> + 'static,
        round: impl FnMut(&mut S) -> Result<R> + 'static,
    ) -> Self {
        self.with(Candidate::sync(name, true, set_up, round))
    }

    /// Another's: what `set_up` makes is lent to every round.
    pub fn peer_with<S: 'static, R: Into<Round>>(
        self,
        name: &str,
        set_up: impl FnMut() -> Result<S> + 'static,
        round: impl FnMut(&mut S) -> Result<R> + 'static,
    ) -> Self {
        self.with(Candidate::sync(name, false, set_up, round))
    }

    /// Ours, on the multi-threaded runtime of the run.
    pub fn subject_async<S: 'static, R: Into<Round>>(
        self,
        ctx: &Context,
        name: &str,
        set_up: impl AsyncFnMut() -> Result<S> + 'static,
        round: impl AsyncFnMut(&mut S) -> Result<R> + 'static,
    ) -> Self {
        self.with(Candidate::on_runtime(ctx, name, true, set_up, round))
    }

    /// Another's, on the multi-threaded runtime of the run.
    pub fn peer_async<S: 'static, R: Into<Round>>(
        self,
        ctx: &Context,
        name: &str,
        set_up: impl AsyncFnMut() -> Result<S> + 'static,
        round: impl AsyncFnMut(&mut S) -> Result<R> + 'static,
    ) -> Self {
        self.with(Candidate::on_runtime(ctx, name, false, set_up, round))
    }

    /// The Python peer, when the run has an interpreter for it; see [`crate::python`].
    pub fn peer_python(self, ctx: &Context, script: &'static str, arguments: &[&str]) -> Self {
        let Some(interpreter) = ctx.peer_python.clone() else {
            return self;
        };
        let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        let (pace, metrics) = (ctx.pace.clone(), self.metrics.len());
        self.peer_with(
            crate::python::NAME,
            move || Driver::start(&interpreter, script, &arguments),
            move |driver| driver.round(pace.round(), metrics),
        )
    }

    fn with(mut self, candidate: Candidate) -> Self {
        self.candidates.push(candidate);
        self
    }
}

/// One implementation that a row measures.
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) is_subject: bool,
    set_up: Box<dyn FnMut() -> Result<LiveRounds>>,
}

/// The rounds of a candidate that is set up; dropping it takes the candidate down.
pub(crate) type LiveRounds = Box<dyn FnMut() -> Result<Round>>;

impl Candidate {
    fn sync<S: 'static, R: Into<Round>>(
        name: &str,
        is_subject: bool,
        mut set_up: impl FnMut() -> Result<S> + 'static,
        round: impl FnMut(&mut S) -> Result<R> + 'static,
    ) -> Self {
        let mut round = Some(round);
        Self::new(name, is_subject, move || {
            let mut round = round.take().ok_or("a candidate is set up only once")?;
            let mut state = set_up()?;
            Ok(Box::new(move || round(&mut state).map(Into::into)))
        })
    }

    fn on_runtime<S: 'static, R: Into<Round>>(
        ctx: &Context,
        name: &str,
        is_subject: bool,
        mut set_up: impl AsyncFnMut() -> Result<S> + 'static,
        round: impl AsyncFnMut(&mut S) -> Result<R> + 'static,
    ) -> Self {
        let runtime = Arc::clone(&ctx.runtime);
        let mut round = Some(round);
        Self::new(name, is_subject, move || {
            let mut round = round.take().ok_or("a candidate is set up only once")?;
            let mut state = OnRuntime::new(&runtime, runtime.block_on(set_up())?);
            let runtime = Arc::clone(&runtime);
            Ok(Box::new(move || {
                let state = state.get()?;
                runtime.block_on(round(state)).map(Into::into)
            }))
        })
    }

    fn new(
        name: &str,
        is_subject: bool,
        set_up: impl FnMut() -> Result<LiveRounds> + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            is_subject,
            set_up: Box::new(set_up),
        }
    }

    pub(crate) fn set_up(&mut self) -> Result<LiveRounds> {
        (self.set_up)()
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// State that is dropped inside the runtime: a client may spawn or stop tasks when it goes.
struct OnRuntime<S> {
    runtime: Arc<Runtime>,
    state: Option<S>,
}

impl<S> OnRuntime<S> {
    fn new(runtime: &Arc<Runtime>, state: S) -> Self {
        Self {
            runtime: Arc::clone(runtime),
            state: Some(state),
        }
    }

    fn get(&mut self) -> Result<&mut S> {
        self.state
            .as_mut()
            .ok_or_else(|| Error::from("the candidate is gone"))
    }
}

impl<S> Drop for OnRuntime<S> {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        drop(self.state.take());
    }
}

/// Runs a future to its end on a runtime of one thread: for rounds that count allocations.
///
/// # Errors
/// When the operating system refuses a runtime, and whatever the work fails with.
pub fn on_one_thread<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
