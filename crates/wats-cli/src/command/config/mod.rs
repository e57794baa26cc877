//! `wats config`: the settings and where each comes from. `check` says whether they will do, `edit` changes the file.

mod check;
mod edit;

use clap::Subcommand;
use serde_json::json;
use wats::{Config, ConfigEntry};

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Cell, Column};

/// Show and change the settings, with where each comes from.
///
/// A value comes from its option, else from the profile that --profile names, else from its variable, else from the
/// profile that a variable names or the one called default.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The configuration file:
  [default]
  base_url = \"https://company.wats.com\"
  token_file = 'wats.token'              # beside the configuration file

  [line2]
  base_url = \"https://line2.example.com\"
  auth_token = \"...\"

Examples:
  wats config set base_url https://company.wats.com
  wats config set token_file wats.token
  wats config set operator Kari --profile line2
  wats config unset operator

Settings: base_url, auth_token, token_file, station_name, station_location, station_purpose, process_code, operator, queue_dir.
The variable of each is WATS_ and its name in capitals; WATS_PROFILE names a profile, WATS_CONFIG the file. A token is never printed.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the settings that are used.
    Show {
        /// With where each comes from.
        #[arg(long)]
        origin: bool,
    },
    /// Print the path of the configuration file, whether it is there or not.
    Path,
    /// Print the names of the profiles in the configuration file.
    Profiles,
    /// Say whether the settings are complete and fit together; nothing is sent. Exit code 2 when they do not.
    Check,
    /// Set a value in a profile of the configuration file, which is made if it is not there. Comments and all other lines stay.
    Set {
        /// The setting.
        #[arg(value_name = "SETTING")]
        key: String,
        /// Its value. A token is not taken: it would stay in the history of the shell.
        #[arg(value_name = "VALUE")]
        value: String,
    },
    /// Take a setting out of a profile of the configuration file.
    Unset {
        /// The setting.
        #[arg(value_name = "SETTING")]
        key: String,
    },
}

const COLUMNS: &[Column<ConfigEntry>] = &[
    Column::new("setting", |entry| entry.key.into()),
    Column::new("value", value),
    Column::further("origin", |entry| entry.origin.as_str().into()),
];

const WITH_ORIGIN: &[Column<ConfigEntry>] = &[
    Column::new("setting", |entry| entry.key.into()),
    Column::new("value", value),
    Column::new("origin", |entry| entry.origin.as_str().into()),
];

fn value(entry: &ConfigEntry) -> Cell {
    entry.value.as_deref().unwrap_or("(secret)").into()
}

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    match &args.what {
        What::Show { origin } => show(*origin, context),
        What::Path => path(context),
        What::Profiles => profiles(context),
        What::Check => check::run(context),
        What::Set { key, value } => edit::run(key, Some(value), context.profile(), context),
        What::Unset { key } => edit::run(key, None, context.profile(), context),
    }
}

fn show(origin: bool, context: &Context) -> Outcome {
    let config = context.config()?;
    let mut rows = context
        .output
        .rows(if origin { WITH_ORIGIN } else { COLUMNS })?;
    for entry in config.entries() {
        rows.row(&entry)?;
    }
    if rows.finish()? == 0 {
        context
            .output
            .remark(&format!("there are no settings ({})", config.place()));
    }
    Ok(Exit::Done)
}

fn path(context: &Context) -> Outcome {
    let Some(path) = context.config_file() else {
        return Err(Failure::new(
            Exit::NotFound,
            "there is no home directory to look for the configuration file in; name one with --config",
        ));
    };
    if context.output.is_json() {
        context.output.document(json!({
            "path": path.display().to_string(),
            "exists": path.exists(),
        }))?;
    } else {
        context.output.line(&path.display().to_string())?;
    }
    if !path.exists() {
        context.output.remark("there is no such file yet");
    }
    Ok(Exit::Done)
}

fn profiles(context: &Context) -> Outcome {
    const NAMES: &[Column<String>] = &[Column::new("profile", |name| name.as_str().into())];
    let mut rows = context.output.rows(NAMES)?;
    for name in Config::profiles(context.config_file().as_deref())? {
        rows.row(&name)?;
    }
    rows.finish()?;
    Ok(Exit::Done)
}
