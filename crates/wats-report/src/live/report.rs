//! The report in progress.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::owned::Owned;
use super::shared::Shared;
use super::{Abandoned, Abort, Clock, JournalOptions};
use crate::Unit;
use crate::builder::{ReportBuilder, UutReport};
use crate::error::Result;

/// A report in progress, from [`UutReport::start`]; its methods that add steps add them to the root. See the
/// [module](super).
///
/// Cheap to clone and to share among threads. When the last clone is gone before [`finish`](Self::finish) or
/// [`abort`](Self::abort), the report is abandoned; sequences do not keep it in progress.
#[derive(Debug, Clone)]
pub struct RunningReport {
    owner: Arc<Owner>,
}

#[derive(Debug)]
struct Owner(Owned);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.shared.dropped();
    }
}

impl UutReport {
    /// Starts the report of a unit and the code of the process: the test begins now. What is known of the header beforehand
    /// can also be given to a builder, which [`begin`](ReportBuilder::begin)s.
    pub fn start(unit: Unit<'_>, process_code: i32) -> RunningReport {
        Self::builder(unit, process_code).begin()
    }
}

impl ReportBuilder {
    /// Makes it a report in progress, whose clock runs from now on.
    pub fn begin(self) -> RunningReport {
        let begun = Instant::now();
        self.begin_with_clock(move || begun.elapsed())
    }

    /// As [`begin`](Self::begin), with a clock of one's own, which tells how long ago the report began: of a runtime whose
    /// time is paused, or of a test executive.
    pub fn begin_with_clock(
        self,
        clock: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> RunningReport {
        let clock: Clock = Box::new(clock);
        RunningReport {
            owner: Arc::new(Owner(Owned {
                shared: Arc::new(Shared::new(self, clock)),
                node: Ok(Shared::root()),
            })),
        }
    }
}

impl RunningReport {
    pub(super) fn place(&self) -> &Owned {
        &self.owner.0
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.owner.0.shared
    }

    /// Says who gets the report when it is abandoned: dropped before it was finished or aborted. It is called by whoever
    /// drops the last clone, so it should pass the report on, such as to a channel. Without it, and without a
    /// [`journal`](Self::journal), an abandoned report is lost. It must not hold a clone of the report, which then would never
    /// be dropped.
    ///
    /// ```
    /// use std::sync::mpsc::channel;
    /// use wats_report::{Unit, UutReport};
    ///
    /// let (give, take) = channel();
    /// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
    /// let report = UutReport::start(unit, 100);
    /// report.on_abandoned(move |left| drop(give.send(left)));
    /// drop(report);
    /// assert_eq!(take.recv()?.abort.cause(), "the report was dropped before it ended");
    /// # Ok::<(), std::sync::mpsc::RecvError>(())
    /// ```
    pub fn on_abandoned(&self, sink: impl FnOnce(Abandoned) + Send + 'static) -> &Self {
        self.shared().on_abandoned(Box::new(sink));
        self
    }

    /// Writes the report to a file of this folder from now on, each step as it is added, so that [`recover`](super::recover)
    /// finds it if the program is killed. The folder is made if it is not there. [`done`](Self::done) removes the file, and
    /// so does another journal of the same report.
    ///
    /// Files that are attached are not copied; all else is.
    ///
    /// # Errors
    /// [`Error::Journal`](crate::Error::Journal) when the file cannot be made, written or locked. Later failures do not stop
    /// the test: [`journal_failure`](Self::journal_failure) tells them.
    pub fn journal(&self, dir: impl AsRef<Path>) -> Result<&Self> {
        self.journal_with(dir, JournalOptions::default())
    }

    /// As [`journal`](Self::journal), with options.
    ///
    /// # Errors
    /// As `journal`.
    pub fn journal_with(&self, dir: impl AsRef<Path>, options: JournalOptions) -> Result<&Self> {
        self.shared().journal(dir.as_ref(), options)?;
        Ok(self)
    }

    /// Why the journal lacks something, if it does: the disk is full, or a step cannot be written. Once the disk can be
    /// written again the whole report is written anew, and this is `None`.
    pub fn journal_failure(&self) -> Option<String> {
        self.shared().journal_failure()
    }

    /// Removes the journal, when the report was submitted. Without this the next [`recover`](super::recover) gives the
    /// report again; its id is the same, so submitting it twice does not double it.
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) while the report is in progress, and
    /// [`Error::Journal`](crate::Error::Journal) when the file cannot be removed.
    pub fn done(&self) -> Result<()> {
        self.shared().done()
    }

    /// The report as it would be if it were abandoned now: terminated, with all that was measured. `None` when it has ended.
    /// It takes a copy of all steps.
    pub fn snapshot(&self) -> Option<UutReport> {
        self.shared().snapshot()
    }

    /// Ends the report: outcomes are computed and all is checked as by [`build`](ReportBuilder::build). Sequences that are still
    /// open end with it; a step that was opened and has no result is terminated. How long the test took is told, if it was
    /// not before.
    ///
    /// # Errors
    /// [`Error::Report`](crate::Error::Report) with all that the server would refuse. The report is still in progress then,
    /// so the header can be completed and the report finished again, or aborted; sequences have ended.
    /// [`Error::Ended`](crate::Error::Ended) when it has ended before, and [`Error::Config`](crate::Error::Config) when the
    /// time zone cannot be read.
    pub fn finish(&self) -> Result<UutReport> {
        self.shared().finish()
    }

    /// Ends the report before its end. Whoever adds a step afterwards gets an error, also in other threads, so a test that
    /// uses `?` stops. Steps of equal names are numbered and values that are no number left out, as if the policies
    /// said so; nothing is checked, so that nothing is kept back.
    ///
    /// ```
    /// use wats_report::live::Abort;
    /// use wats_report::{Station, Unit, UutReport, lint};
    ///
    /// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
    /// let report = UutReport::start(unit, 100);
    /// report.station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" }).operator("Kari");
    /// let power = report.sequence("Power");
    /// power.boolean("LED lights", true)?;
    ///
    /// let aborted = report.abort(&Abort::error("the fixture is open").code(7))?;
    /// assert_eq!(aborted.report().result.as_ref().unwrap().to_string(), "Error");
    /// assert!(lint(aborted.report()).is_empty());
    /// assert!(power.boolean("Fan turns", true).is_err());
    /// # Ok::<(), wats_report::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Ended`](crate::Error::Ended) when it has ended before.
    pub fn abort(&self, abort: &Abort) -> Result<UutReport> {
        self.shared().abort(abort)
    }
}
