//! `wats processes`: the operation types.

use wats::Process;

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Cell, Column};

/// List the processes (operation types) of the server.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

const COLUMNS: &[Column<Process>] = &[
    Column::new("code", |process| Cell::of(process.code)),
    Column::new("name", |process| Cell::text(process.name.as_ref())),
    Column::new("description", |process| {
        Cell::text(process.description.as_ref())
    }),
];

pub(crate) async fn run(_args: &Args, context: &Context) -> Outcome {
    let processes = context.wats()?.process().list().await?;
    let mut rows = context.output.rows(COLUMNS)?;
    for process in processes.iter() {
        rows.row(process)?;
    }
    rows.finish()?;
    Ok(Exit::Done)
}
