//! The conditions of the command line as a query.

use wats::report::HeaderField;
use wats::{Filter, HeaderQuery};

use super::Args;
use crate::Outcome;
use crate::command::moment::Moment;

/// All conditions, without an order and a number.
pub(super) fn query(args: &Args) -> HeaderQuery {
    let mut query = HeaderQuery::default();
    if let Some(kind) = args.kind {
        query = query.kind(kind.into());
    }
    let process = args.process.as_deref().map(|process| {
        process.parse::<i32>().map_or_else(
            |_| Filter::eq(HeaderField::ProcessName, process),
            |code| Filter::eq(HeaderField::ProcessCode, code),
        )
    });
    let text = |field: HeaderField, text: &Option<String>| {
        text.as_deref().map(|text| Filter::eq(field, text))
    };
    let status = (!args.status.is_empty()).then(|| {
        let words = args.status.iter().map(ToString::to_string);
        Filter::any_of(HeaderField::Result, words)
    });
    let from = match args.since {
        Some(Moment::Time(from)) => Some(Filter::ge(HeaderField::Start, from)),
        _ => None,
    };
    let conditions = [
        text(HeaderField::PartNumber, &args.part),
        text(HeaderField::SerialNumber, &args.serial),
        text(HeaderField::Revision, &args.revision),
        process,
        text(HeaderField::Station, &args.station),
        status,
        from,
        args.until
            .map(|until| Filter::lt(HeaderField::Start, until)),
        args.filter.as_deref().map(Filter::raw),
    ];
    for condition in conditions.into_iter().flatten() {
        query = query.filter(condition);
    }
    query
}

/// The conditions as a text that is the same whenever they are.
pub(super) fn conditions(args: &Args, query: &HeaderQuery) -> Outcome<String> {
    let kind = args
        .kind
        .map_or_else(String::new, |kind| format!("{kind:?}: "));
    let filter = query.filter.as_ref().map(Filter::to_odata).transpose()?;
    Ok(format!("{kind}{}", filter.unwrap_or_default()))
}
