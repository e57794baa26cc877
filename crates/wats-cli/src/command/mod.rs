//! The commands, a file or folder each: its options (`Args`) and what it does (`run`). Beside them, of several
//! commands, `moment`: times, and `each`: what becomes of several things.

mod completions;
mod config;
mod convert;
mod doctor;
mod each;
mod fix;
mod get;
mod headers;
mod lint;
mod man;
mod moment;
mod plot;
mod processes;
mod products;
#[cfg(feature = "queue")]
mod queue;
#[cfg(feature = "sim")]
mod sim;
mod submit;
mod units;
#[cfg(feature = "queue")]
mod watch;
mod yields;

use clap::Subcommand;

use crate::Outcome;
use crate::context::Context;

/// What the program is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Submit(submit::Args),
    Lint(lint::Args),
    Fix(fix::Args),
    Convert(convert::Args),
    Get(get::Args),
    Headers(headers::Args),
    Products(products::Args),
    Units(units::Args),
    Yield(yields::Args),
    Processes(processes::Args),
    #[cfg(feature = "queue")]
    Queue(queue::Args),
    #[cfg(feature = "queue")]
    Watch(watch::Args),
    Doctor(doctor::Args),
    Plot(plot::Args),
    #[cfg(feature = "sim")]
    Sim(Box<sim::Args>),
    Config(config::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Submit(args) => submit::run(&args, context).await,
            Self::Lint(args) => lint::run(&args, context),
            Self::Fix(args) => fix::run(&args, context),
            Self::Convert(args) => convert::run(&args, context),
            Self::Get(args) => get::run(&args, context).await,
            Self::Headers(args) => headers::run(&args, context).await,
            Self::Products(args) => products::run(&args, context).await,
            Self::Units(args) => units::run(&args, context).await,
            Self::Yield(args) => yields::run(&args, context).await,
            Self::Processes(args) => processes::run(&args, context).await,
            #[cfg(feature = "queue")]
            Self::Queue(args) => queue::run(&args, context).await,
            #[cfg(feature = "queue")]
            Self::Watch(args) => watch::run(&args, context).await,
            Self::Doctor(args) => doctor::run(&args, context).await,
            Self::Plot(args) => plot::run(&args, context).await,
            #[cfg(feature = "sim")]
            Self::Sim(args) => sim::run(*args, context).await,
            Self::Config(args) => config::run(&args, context),
            Self::Completions(args) => completions::run(&args, context),
            Self::Man(args) => man::run(&args, context),
        }
    }
}
