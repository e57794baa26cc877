//! `wats products`: products by their part numbers, or all of them.

use wats::{Filter, Product, ProductQuery, ProductSummary};

use super::each::Each;
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Cell, Column, Tone};

/// List products, or look up those with these part numbers.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats products                      # all of them
  wats products PCBA-001 PCBA-002    # with their revisions; exit code 5 when one is not there
  wats products --filter \"startswith(partNumber,'PCBA')\" --csv")]
pub(crate) struct Args {
    /// Part numbers.
    #[arg(value_name = "PART")]
    parts: Vec<String>,
    /// A condition in OData's own words, sent as it is.
    #[arg(long, value_name = "ODATA", conflicts_with = "parts")]
    filter: Option<String>,
    /// Most products to print; all of them unless said otherwise.
    #[arg(long, value_name = "COUNT", conflicts_with = "parts")]
    top: Option<usize>,
}

/// What is known of a product: less of one in a list.
#[derive(Default)]
struct Row {
    part: Option<String>,
    name: Option<String>,
    category: Option<String>,
    state: Option<i32>,
    non_serial: Option<bool>,
    description: Option<String>,
    revisions: Option<Vec<String>>,
}

const LISTED: &[Column<Row>] = &[
    Column::new("part", |row| Cell::text(row.part.as_ref())),
    Column::new("name", |row| Cell::text(row.name.as_ref())),
    Column::new("category", |row| Cell::text(row.category.as_ref())),
    Column::new("state", state),
    Column::further("non_serial", |row| Cell::of(row.non_serial)),
];

const LOOKED_UP: &[Column<Row>] = &[
    Column::new("part", |row| Cell::text(row.part.as_ref())),
    Column::new("name", |row| Cell::text(row.name.as_ref())),
    Column::new("category", |row| Cell::text(row.category.as_ref())),
    Column::new("state", state),
    Column::new("revisions", |row| Cell::list(row.revisions.as_deref())),
    Column::further("non_serial", |row| Cell::of(row.non_serial)),
    Column::further("description", |row| Cell::text(row.description.as_ref())),
];

fn state(row: &Row) -> Cell {
    match row.state {
        Some(1) => "active".into(),
        Some(0) => Cell::from("inactive").tone(Tone::Faint),
        other => Cell::of(other),
    }
}

impl From<&ProductSummary> for Row {
    fn from(product: &ProductSummary) -> Self {
        Self {
            part: product.part_number.clone(),
            name: product.name.clone(),
            category: product.category.clone(),
            state: product.state,
            non_serial: product.non_serial,
            ..Self::default()
        }
    }
}

impl From<&Product> for Row {
    fn from(product: &Product) -> Self {
        let revisions = product.revisions.iter().flatten();
        Self {
            part: product.part_number.clone(),
            name: product.name.clone(),
            category: product.category_name.clone(),
            state: product.state,
            non_serial: product.non_serial,
            description: product.description.clone(),
            revisions: Some(revisions.filter_map(|one| one.revision.clone()).collect()),
        }
    }
}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let wats = context.wats()?;
    if !args.parts.is_empty() {
        let mut rows = context.output.rows(LOOKED_UP)?;
        let mut each = Each::new(&context.output);
        for part in &args.parts {
            if let Some(product) = each.got(part, wats.product().get(part).await)? {
                rows.row(&Row::from(&*product))?;
            }
        }
        rows.finish()?;
        return Ok(each.exit());
    }
    let mut query = ProductQuery::default();
    if let Some(filter) = &args.filter {
        query = query.filter(Filter::raw(filter));
    }
    let mut rows = context.output.rows(LISTED)?;
    let mut products = wats.product().query(&query).each();
    let mut left = args.top.unwrap_or(usize::MAX);
    while left > 0 {
        let Some(product) = products.try_next().await? else {
            break;
        };
        rows.row(&Row::from(&product))?;
        left -= 1;
    }
    rows.finish()?;
    Ok(Exit::Done)
}
