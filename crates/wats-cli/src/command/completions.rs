//! `wats completions`: the commands and options for a shell.

use clap_complete::Shell;

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;

/// Print the completions for a shell.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "bash: wats completions bash > ~/.local/share/bash-completion/completions/wats"
)]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut (context.commands)(), "wats", &mut text);
    context.output.write(&text)?;
    Ok(Exit::Done)
}
