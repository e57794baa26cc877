//! `wats get`: one or a few reports. `summary` is a report as a table, `attachments` its files, `names` what they may be
//! called.

mod attachments;
mod names;
mod summary;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use wats::Wats;
use wats::report::Detail;
use wats::uuid::Uuid;

use super::each::Each;
use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;
use crate::file;
use crate::input::stdin;
use crate::output::{Format, Output};

/// Longer lists of ids are none.
const LONGEST_LIST: u64 = 64 * 1024 * 1024;

/// Get reports by their ids.
///
/// A report is printed as the server has it, byte for byte, each on a line of its own: WSJF is JSON. A report that was just
/// submitted is not there until the server has processed it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats get 6d0f2f3e-8a51-4c3b-9d0e-2f3e8a514c3b > report.json
  wats get 6d0f2f3e-8a51-4c3b-9d0e-2f3e8a514c3b --format table    # its measurements
  wats headers --part PCBA-001 --fields id --csv | wats get - -o reports --attachments files

Exit code 5 when one is not there; the others are printed all the same.")]
pub(crate) struct Args {
    /// Ids of reports; `-` reads them from standard input, one a line.
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// Write each report into this folder, as ID.json or ID.xml, instead of printing it.
    #[arg(short, long, value_name = "DIR", value_parser = crate::args::file())]
    output: Option<PathBuf>,
    /// How reports are written; `table` prints what was measured. With --csv and --fields it is the table.
    #[arg(long, value_name = "FORMAT")]
    format: Option<Written>,
    /// As --format wsxf: the server's XML.
    #[arg(long, conflicts_with = "format")]
    wsxf: bool,
    /// Write the attachments of each report into a folder of its id in this folder.
    #[arg(long, value_name = "DIR", value_parser = crate::args::file())]
    attachments: Option<PathBuf>,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Written {
    /// The server's JSON.
    Wsjf,
    /// The server's XML.
    Wsxf,
    /// Its head and its measurements.
    Table,
}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let output = &context.output;
    let written = match args.format {
        _ if args.wsxf => Written::Wsxf,
        Some(format) => format,
        None if output.format == Format::Csv || output.has_fields() => Written::Table,
        None => Written::Wsjf,
    };
    // Standard input is not read as a list when it is the token.
    let wats = context.wats()?;
    let ids = ids_of(&args.ids)?;
    if written == Written::Wsxf && ids.len() > 1 && args.output.is_none() {
        return Err(Failure::usage(
            "several XML documents cannot stand in one; write them into a folder with -o",
        ));
    }
    if written == Written::Table && args.output.is_some() {
        return Err(Failure::usage(
            "a table is printed; -o is for --format wsjf and wsxf",
        ));
    }
    if args.attachments.is_some() {
        context.output.goes_on_unread();
    }
    if let Some(folder) = &args.output {
        made(folder)?;
    }
    let mut each = Each::new(output);
    let table = written == Written::Table;
    let mut table = table.then(|| summary::Table::new(output)).transpose()?;
    for id in ids {
        let name = id.to_string();
        if let Some(table) = &mut table {
            if let Some(report) = each.got(&name, wats.report().get(id).await)? {
                table.report(&report)?;
            }
        } else {
            let text = text_of(&wats, id, written).await;
            if let Some(text) = each.got(&name, text)? {
                put(args, id, written, &text, output)?;
            }
        }
        if let Some(folder) = &args.attachments {
            let written = attachments::write(&wats, id, &folder.join(&name), output).await;
            each.got(&name, written)?;
        }
    }
    if let Some(table) = table {
        table.finish()?;
    }
    Ok(each.exit())
}

/// The ids of the command line, and those of standard input in the place of `-`. Blank lines and the line of names of CSV
/// are passed over.
fn ids_of(arguments: &[String]) -> Outcome<Vec<Uuid>> {
    let mut ids = Vec::new();
    for argument in arguments {
        if argument != "-" {
            ids.push(id_of(argument)?);
            continue;
        }
        stdin::take("the list of ids")?;
        let mut text = String::new();
        let input = std::io::stdin()
            .take(LONGEST_LIST + 1)
            .read_to_string(&mut text);
        input.map_err(|error| Failure::io("the ids on standard input", &error))?;
        if text.len() as u64 > LONGEST_LIST {
            return Err(Failure::usage(
                "standard input is too long for a list of ids",
            ));
        }
        // Some shells put a mark of the byte order before what they pipe.
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && *line != "id") {
            ids.push(id_of(line)?);
        }
    }
    Ok(ids)
}

fn id_of(text: &str) -> Outcome<Uuid> {
    Uuid::try_parse(text).map_err(|_| {
        Failure::usage(format!(
            "{text:?} is no id of a report, such as 6d0f2f3e-8a51-4c3b-9d0e-2f3e8a514c3b"
        ))
    })
}

async fn text_of(wats: &Wats, id: Uuid, written: Written) -> wats::Result<wats::bytes::Bytes> {
    match written {
        Written::Wsxf => wats.report().get_wsxf(id, Detail::default(), true).await,
        _ => wats.report().get_wsjf(id).await,
    }
}

fn put(args: &Args, id: Uuid, written: Written, text: &[u8], output: &Output) -> Outcome<()> {
    if let Some(folder) = &args.output {
        let end = if written == Written::Wsxf {
            "xml"
        } else {
            "json"
        };
        return file::write(&folder.join(format!("{id}.{end}")), text, true);
    }
    output.write(text)?;
    if !text.ends_with(b"\n") {
        output.write(b"\n")?;
    }
    output.flush()
}

/// Makes a folder if it is not there.
fn made(folder: &Path) -> Outcome<()> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::io(folder.display(), &error))
}
