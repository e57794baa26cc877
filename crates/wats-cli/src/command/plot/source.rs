//! Where the values come from: reports in files, on the server by their ids or their headers, and the server's statistics.

use std::path::{Path, PathBuf};

use wats::BulkOptions;
use wats::analytics::{MeasurementPath, StatisticsFilter};
use wats::report::{Detail, HeaderOrder, StepPath};
use wats::uuid::Uuid;

use super::series::Gathered;
use super::{Args, Listed, Measured};
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::{Foreign, sources};

/// Read unless another number is asked for.
const USUAL: u32 = 100;

/// So many reports are in memory at a time.
const TOGETHER: usize = 20;

/// So many are read at once.
const AT_ONCE: usize = 5;

/// Gathers the values of all that is asked for.
pub(super) async fn gather(args: &Args, context: &Context, gathered: &mut Gathered) -> Outcome<()> {
    let (files, listed) = (!args.reports.is_empty(), args.listed.is_any());
    let measured = !args.measured.step.is_empty();
    match (files, listed, measured) {
        (true, false, false) => of_reports(args, context, gathered).await,
        (false, true, false) => of_headers(&args.listed, context, gathered).await,
        (false, false, true) => of_statistics(&args.measured, context, gathered).await,
        (false, false, false) => Err(Failure::usage(
            "which reports? Name files or ids, give a condition such as --part, or --step with --product and --operation",
        )),
        _ => Err(Failure::usage(
            "files and ids, conditions such as --part, and --step do not go together: each names its own reports",
        )),
    }
}

/// The reports of files, and those of ids from the server.
async fn of_reports(args: &Args, context: &Context, gathered: &mut Gathered) -> Outcome<()> {
    let id_of = |path: &Path| -> Option<Uuid> {
        let text = path.to_str()?;
        (!path.exists()).then(|| text.parse().ok()).flatten()
    };
    let (ids, files): (Vec<&PathBuf>, Vec<&PathBuf>) =
        args.reports.iter().partition(|path| id_of(path).is_some());
    if !files.is_empty() {
        let files: Vec<PathBuf> = files.into_iter().cloned().collect();
        let foreign = Foreign::to_look(args.from, args.unit.clone());
        for source in sources(&files, &foreign, context)? {
            let reports = source.models(&foreign, context)?;
            for report in &reports {
                gathered.add(report);
            }
        }
    }
    if !ids.is_empty() {
        let wats = context.wats()?;
        for id in ids.into_iter().filter_map(|path| id_of(path)) {
            gathered.add(&wats.report().get(id).await?);
        }
    }
    Ok(())
}

/// The newest reports that conditions name, the oldest of them first.
async fn of_headers(listed: &Listed, context: &Context, gathered: &mut Gathered) -> Outcome<()> {
    let top = listed.top.unwrap_or(USUAL);
    let wats = context.wats()?;
    // One more tells whether there are more.
    let query = listed
        .conditions
        .query(listed.since)
        .order_by_desc(HeaderOrder::Start)
        .top(top + 1);
    let headers = wats.report().headers(&query).await?;
    let most = usize::try_from(top).unwrap_or(usize::MAX);
    if headers.is_empty() {
        return Err(Failure::new(
            Exit::NotFound,
            "there is no such report on the server",
        ));
    }
    if headers.len() > most {
        context.output.remark(&format!(
            "there are more such reports: the newest {top} are drawn; --top takes up to {}",
            super::MOST
        ));
    }
    let mut ids: Vec<Uuid> = headers
        .iter()
        .take(most)
        .filter_map(|header| header.id)
        .collect();
    ids.reverse();
    let detail = Detail::default().chart_data(false).attachments(false);
    let many = BulkOptions::default().at_once(AT_ONCE);
    let progress = context.output.progress(ids.len() as u64, "reading reports");
    let mut missing: Option<(usize, Failure)> = None;
    for some in ids.chunks(TOGETHER) {
        let mut read = wats.report().get_many(some.to_vec(), detail, &many).await?;
        read.ok.sort_by_key(|(at, _)| *at);
        for (_, report) in &read.ok {
            gathered.add(report);
        }
        for (_, error) in read.failed {
            let failure = Failure::from(error);
            // What fails one alone is no reason to draw none.
            if matches!(failure.exit, Exit::Access | Exit::Later | Exit::Interrupted) {
                return Err(failure);
            }
            missing = Some((missing.map_or(0, |(count, _)| count) + 1, failure));
        }
        progress.add(some.len() as u64);
    }
    drop(progress);
    if let Some((count, failure)) = missing {
        context.output.remark(&format!(
            "{count} of {} reports are left out: {}",
            ids.len(),
            failure.message
        ));
    }
    Ok(())
}

/// The values of the measurements that are named.
async fn of_statistics(
    measured: &Measured,
    context: &Context,
    gathered: &mut Gathered,
) -> Outcome<()> {
    let Measured {
        step,
        product,
        operation,
        days,
    } = measured;
    let mut filter = StatisticsFilter::default();
    if let Some(product) = product {
        filter = filter.part_number(product);
    }
    if let Some(operation) = operation {
        filter = filter.test_operation(operation);
    }
    if let Some(days) = days {
        filter = filter.last_days(*days);
    }
    let mut paths = Vec::new();
    for step in step {
        let path: StepPath = step.parse().map_err(wats::Error::from)?;
        let mut wire = MeasurementPath::new(path.steps().iter().map(String::as_str));
        if let Some(name) = path.measurement_name() {
            wire = wire.measurement(name);
        }
        paths.push(wire);
    }
    let values = context
        .wats()?
        .analytics()
        .measurements(&filter, &paths)
        .await?;
    for value in values.iter() {
        gathered.add_value(value);
    }
    Ok(())
}
