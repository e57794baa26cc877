//! `wats man`: the manual pages.

use std::path::PathBuf;

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Write the manual pages into a folder, one for each command.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder; it is made if it is not there.
    #[arg(value_parser = crate::args::file())]
    folder: PathBuf,
}

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    let place = args.folder.display().to_string();
    std::fs::create_dir_all(&args.folder).map_err(|error| Failure::io(&place, &error))?;
    clap_mangen::generate_to((context.commands)(), &args.folder)
        .map_err(|error| Failure::io(&place, &error))?;
    context.output.remark(&format!("the pages are in {place}"));
    Ok(Exit::Done)
}
