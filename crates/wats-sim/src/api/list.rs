//! Lists with `$filter`, `$orderby`, `$top` and `$skip`.

use serde_json::{Map, Value};

use crate::answer::{Answer, Handled};
use crate::odata::{Column, Filter, OrderBy, Schema};
use crate::query::{Query, bad};

/// What the list of a route offers.
pub(crate) struct List {
    pub(crate) schema: Schema,
    pub(crate) orderable: &'static [Column],
    /// Rows where nothing says otherwise.
    pub(crate) default_top: usize,
    pub(crate) max_top: usize,
}

impl List {
    /// A list that filters and orders by these columns, without lists in it.
    pub(crate) const fn of(columns: &'static [Column]) -> Self {
        Self {
            schema: Schema {
                columns,
                collections: &[],
            },
            orderable: columns,
            default_top: 1000,
            max_top: 100_000,
        }
    }

    /// The options of a request, checked.
    pub(crate) fn options(&self, query: &Query) -> Result<Options, Answer> {
        let filter = match query.get("$filter") {
            Some(text) => {
                let filter = Filter::parse(text, self.schema);
                Some(filter.map_err(|error| bad(format!("$filter: {error}.")))?)
            }
            None => None,
        };
        let order = match query.get("$orderby") {
            Some(text) => {
                let order = OrderBy::parse(text, self.orderable);
                Some(order.map_err(|error| bad(format!("$orderby: {error}.")))?)
            }
            None => None,
        };
        let top = query.count("$top")?;
        if let Some(top) = top.filter(|top| *top > self.max_top) {
            return Err(bad(format!(
                "The limit of '{}' for Top query has been exceeded. The value from the incoming request is '{top}'.",
                self.max_top
            )));
        }
        if query.get("$count").is_some() {
            return Err(bad("Query option 'Count' is not allowed."));
        }
        Ok(Options {
            filter,
            order,
            top: top.unwrap_or(self.default_top),
            skip: query.count("$skip")?.unwrap_or(0),
        })
    }

    /// The page of these rows that a request asks for.
    pub(crate) fn answer(
        &self,
        query: &Query,
        mut rows: impl Iterator<Item = Map<String, Value>>,
    ) -> Handled {
        self.page(query, &mut rows)
    }

    /// The same, compiled once.
    fn page(&self, query: &Query, rows: &mut dyn Iterator<Item = Map<String, Value>>) -> Handled {
        let options = self.options(query)?;
        let mut rows: Vec<_> = rows.filter(|row| options.fits(row)).collect();
        if let Some(order) = &options.order {
            rows.sort_by(|left, right| order.compare(left, right));
        }
        let page = rows.into_iter().skip(options.skip).take(options.top);
        Ok(Answer::json(&page.map(Value::Object).collect()))
    }
}

/// `$filter`, `$orderby`, `$top` and `$skip` of one request.
pub(crate) struct Options {
    pub(crate) filter: Option<Filter>,
    pub(crate) order: Option<OrderBy>,
    pub(crate) top: usize,
    pub(crate) skip: usize,
}

impl Options {
    pub(crate) fn fits(&self, row: &Map<String, Value>) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|filter| filter.matches(row))
    }
}
