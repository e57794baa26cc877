//! Reports in progress: for tests that take their time, await instruments, fail in the middle, or are aborted.
//!
//! [`UutReport::start`](crate::UutReport::start) gives a [`RunningReport`], whose sequences are handles: usable across `?`, `.await`, threads and
//! loops, several open at once. Steps get their start and duration by themselves.
//!
//! ```
//! use wats_report::live::Abort;
//! use wats_report::{MeasurementLimits, Station, Unit, UutReport};
//!
//! fn voltage() -> Result<f64, std::io::Error> {
//!     Ok(5.02)
//! }
//!
//! fn test() -> Result<UutReport, Box<dyn std::error::Error>> {
//!     let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
//!     let report = UutReport::start(unit, 100); // the test begins now
//!     report.station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" }).operator("Kari");
//!     report.on_abandoned(|left| println!("{:?} {:?}", left.abort, left.report.id()));
//!
//!     let power = report.sequence("Power");
//!     let measured = power.step("Measure +5V"); // it takes until it has its result
//!     measured.numeric(voltage()?, "V", MeasurementLimits::between(4.75..=5.25))?.comment("cold start");
//!     power.boolean("LED lights", true)?; // it took since the step before
//!     power.end();
//!     Ok(report.finish()?)
//! }
//! # let report = test().unwrap();
//! # assert_eq!(report.report().result.as_ref().unwrap().to_string(), "Passed");
//! # assert_eq!(report.report().step_count(), 4);
//! ```
//!
//! # When a test does not come to its end
//! A report that is aborted, dropped by a `?`, a panic or a cancelled future, has the outcome of an [`Abort`]: terminated, or
//! an error with its cause. It has all that was measured, and goes to
//! [`on_abandoned`](RunningReport::on_abandoned). Whoever drops a sequence without [`end`](RunningSequence::end) breaks it
//! off, and a step that was opened and got no result is terminated: what is not known to be done does not pass.
//!
//! With a [`journal`](RunningReport::journal) the report also survives the program: [`recover`] gives it to the next.
//!
//! # Layout
//! `report` has the report, `header` its setters, `sequence` sequences, `loops` loops, `step` the steps that are open and those
//! that were added. `steps` are the methods that add steps, made from those of the builder; `within` opens what is open, and
//! has the closure form. `owned` is what each handle holds, `shared` what all share, `tree` the steps. `abort` tells why a
//! test did not end, `abandoned` who is told; `complete` makes the report, and `journal` is the file.

mod abandoned;
mod abort;
mod complete;
mod header;
mod journal;
mod loops;
mod owned;
mod report;
mod sequence;
mod shared;
mod step;
mod steps;
mod tree;
mod within;

pub use abandoned::Abandoned;
pub use abort::Abort;
pub use journal::{End, JournalOptions, Recovered, Torn, recover};
pub use loops::RunningLoop;
pub use report::RunningReport;
pub use sequence::RunningSequence;
pub use step::{Added, AddedStep, RunningStep};

/// Time since the start of a report.
type Clock = Box<dyn Fn() -> std::time::Duration + Send + Sync>;
