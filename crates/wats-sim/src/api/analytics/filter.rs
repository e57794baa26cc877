//! Which reports count for a statistic: the filter of a body, or the few query parameters of the older routes.
//!
//! A route takes the members that its description names and passes over the others. Texts have several values and
//! wildcards, see [`super::pattern`]. Times without a zone are UTC.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::catalog::{Catalog, Named};
use super::period::{Grouping, Window, last_days};
use crate::answer::Answer;
use crate::api::pattern::Patterns;
use crate::call::{Call, invalid};
use crate::odata::parse_time;
use crate::query::bad;
use crate::shape::{Shape, bind, shape};

const SHAPE: Shape = shape! {
    Text: "serialNumber" "partNumber" "revision" "batchNumber" "stationName" "testOperation" "status" "miscDescription"
        "miscValue" "miscInfoDescription" "miscInfoString" "assetSerialNumber" "assetName" "productGroup" "level" "swFilename"
        "swVersion" "socket" "location" "purpose" "dimensions" "splitBy";
    Integer: "yield" "dateGrouping" "periodCount" "maxCount" "minCount" "topCount" "run";
    Time: "dateFrom" "dateTo";
    Bool: "includeCurrentPeriod";
};

/// Members of a filter by members of the header that they are compared with.
const TEXTS: &[(&str, &str)] = &[
    ("serialNumber", "serialNumber"),
    ("partNumber", "partNumber"),
    ("revision", "revision"),
    ("batchNumber", "batchNumber"),
    ("stationName", "stationName"),
    ("testOperation", "processName"),
    ("status", "result"),
    ("swFilename", "swFilename"),
    ("swVersion", "swVersion"),
    ("socket", "testSocketIndex"),
    ("location", "location"),
    ("purpose", "purpose"),
    ("processCode", "processCode"),
];

/// The members that a route takes; `None` for all.
pub(super) type Supported = Option<&'static [&'static str]>;

/// Lists of yields.
pub(super) const OF_YIELDS: Supported = Some(&[
    "productGroup",
    "level",
    "periodCount",
    "dateGrouping",
    "includeCurrentPeriod",
    "topCount",
    "minCount",
]);
/// The list of all yields.
pub(super) const OF_VOLUME: Supported = Some(&[
    "productGroup",
    "level",
    "periodCount",
    "dateGrouping",
    "includeCurrentPeriod",
]);
pub(super) const OF_FAILED_STEPS: Supported = Some(&[
    "partNumber",
    "testOperation",
    "yield",
    "productGroup",
    "level",
    "periodCount",
    "dateGrouping",
    "includeCurrentPeriod",
    "topCount",
]);
pub(super) const OF_STEP_LISTS: Supported = Some(&[
    "yield",
    "productGroup",
    "level",
    "periodCount",
    "dateGrouping",
    "includeCurrentPeriod",
]);
pub(super) const OF_REPORTS: Supported = Some(&[
    "productGroup",
    "level",
    "serialNumber",
    "partNumber",
    "revision",
    "batchNumber",
    "stationName",
    "testOperation",
    "status",
    "miscValue",
    "dateFrom",
    "dateTo",
    "topCount",
]);
pub(super) const OF_HISTORY: Supported = Some(&[
    "productGroup",
    "level",
    "serialNumber",
    "partNumber",
    "batchNumber",
    "miscValue",
]);
pub(super) const OF_EQUIPMENT: Supported = Some(&[
    "productGroup",
    "level",
    "partNumber",
    "revision",
    "stationName",
    "testOperation",
    "status",
    "swFilename",
    "swVersion",
    "socket",
    "dateFrom",
    "dateTo",
]);
pub(super) const OF_LOGS: Supported =
    Some(&["level", "productGroup", "dateFrom", "dateTo", "topCount"]);

/// A filter, checked.
#[derive(Debug, Default)]
pub(super) struct WatsFilter {
    /// The members that were given and are taken.
    given: Map<String, Value>,
    texts: Vec<(&'static str, Patterns)>,
    misc: [Option<Patterns>; 2],
    asset: Option<Patterns>,
    groups: Option<Patterns>,
    levels: Option<Patterns>,
    pub(super) window: Option<Window>,
    pub(super) grouping: Option<Grouping>,
    pub(super) now: Timestamp,
}

impl WatsFilter {
    /// The filter of a body; a body that is missing is a filter without members.
    pub(super) fn of_body(call: &Call<'_>, supported: Supported) -> Result<Self, Answer> {
        if call.body.is_empty() {
            return Self::of(call, &Map::new(), supported);
        }
        Self::of(call, &call.object()?, supported)
    }

    /// The filter of a route that takes days, a group of products and a level; either may be empty.
    pub(super) fn of_scope(call: &Call<'_>) -> Result<Self, Answer> {
        let mut filter = Self::of(call, &Map::new(), None)?;
        let days = call.required_number("days")?;
        if days < 1 {
            return Err(bad("days must be 1 or more."));
        }
        filter.window = Some(last_days(filter.now, days));
        for name in ["productGroupId", "levelId"] {
            if call.query.get(name).is_none() {
                return Err(bad(format!("{name} is required.")));
            }
        }
        filter.scope(call);
        Ok(filter)
    }

    /// Adds the group of products and the level of a query.
    pub(super) fn scope(&mut self, call: &Call<'_>) {
        let patterns = |name: &str| call.optional(name).and_then(Patterns::parse);
        self.groups = patterns("productGroupId");
        self.levels = patterns("levelId");
    }

    pub(super) fn of(
        call: &Call<'_>,
        body: &Map<String, Value>,
        supported: Supported,
    ) -> Result<Self, Answer> {
        let mut given = bind(SHAPE, body)?;
        given.retain(|name, value| {
            !value.is_null() && supported.is_none_or(|names| names.contains(&name.as_str()))
        });
        let mut filter = Self {
            given,
            now: call.now(),
            ..Self::default()
        };
        let text = |(name, column): &(&str, &'static str)| {
            Some((*column, Patterns::parse(filter.text(name)?)?))
        };
        filter.texts = TEXTS.iter().filter_map(text).collect();
        let patterns = |name: &str| filter.text(name).and_then(Patterns::parse);
        let misc = [
            patterns("miscDescription").or_else(|| patterns("miscInfoDescription")),
            patterns("miscValue").or_else(|| patterns("miscInfoString")),
        ];
        let (asset, groups) = (patterns("assetSerialNumber"), patterns("productGroup"));
        filter.levels = patterns("level");
        (filter.misc, filter.asset, filter.groups) = (misc, asset, groups);
        for name in ["periodCount", "maxCount", "minCount", "topCount"] {
            if filter.number(name).is_some_and(|count| count < 0) {
                return Err(invalid(format!("{name} must not be negative")));
            }
        }
        // -1 stands for no periods.
        if let Some(number) = filter.number("dateGrouping").filter(|number| *number != -1) {
            let known = Grouping::of(number);
            let known =
                known.ok_or_else(|| invalid(format!("there is no dateGrouping {number}")))?;
            filter.grouping = Some(known);
        }
        filter.window = filter.dates()?;
        Ok(filter)
    }

    /// The dates, or the periods, that the filter has. Both ends of dates count.
    fn dates(&self) -> Result<Option<Window>, Answer> {
        let time = |name: &str| parse_time(self.text(name)?);
        let (from, to) = (time("dateFrom"), time("dateTo"));
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(invalid("dateFrom is after dateTo"));
        }
        if from.is_some() || to.is_some() {
            let after = to.and_then(|to| to.checked_add(jiff::Span::new().nanoseconds(1)).ok());
            return Ok(Some(Window {
                from: from.unwrap_or(Timestamp::MIN),
                until: after.unwrap_or(Timestamp::MAX),
            }));
        }
        let count = self.number("periodCount").filter(|count| *count > 0);
        let current = self
            .given
            .get("includeCurrentPeriod")
            .and_then(Value::as_bool);
        Ok(count.map(|count| self.periods(count, current.unwrap_or(false))))
    }

    /// The last so many periods, with the current one as the last of them or not.
    fn periods(&self, count: i64, with_current: bool) -> Window {
        let grouping = self.grouping.unwrap_or(Grouping::Day);
        let begin = grouping.floor(self.now);
        if with_current {
            Window {
                from: grouping.back(begin, count - 1),
                until: Timestamp::MAX,
            }
        } else {
            Window {
                from: grouping.back(begin, count),
                until: begin,
            }
        }
    }

    /// Where the filter has neither dates nor periods, the last so many days count, today among them.
    pub(super) fn or_last_days(mut self, days: i64) -> Self {
        if self.window.is_none() {
            let begin = Grouping::Day.floor(self.now);
            self.window = Some(Window {
                from: Grouping::Day.back(begin, days - 1),
                until: Timestamp::MAX,
            });
        }
        self
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let text = self.given.get(name)?.as_str()?;
        (!text.trim().is_empty()).then_some(text)
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.given.get(name)?.as_i64()
    }

    /// A count of the filter that is not zero.
    pub(super) fn count(&self, name: &str) -> Option<usize> {
        let count = self.number(name).filter(|count| *count > 0)?;
        usize::try_from(count).ok()
    }

    /// Whether it has no members at all.
    pub(super) fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// Only reports of which this member fits.
    pub(super) fn only(&mut self, column: &'static str, text: &str) {
        self.texts
            .extend(Patterns::parse(text).map(|patterns| (column, patterns)));
    }

    /// 400 unless the filter is of one product in one process, as statistics of steps are.
    pub(super) fn of_one_test(&self) -> Result<(), Answer> {
        for name in ["partNumber", "testOperation"] {
            if self.text(name).is_none() {
                return Err(invalid(format!("{name} is required in the filter")));
            }
        }
        Ok(())
    }

    /// Whether the misc info with this description and value is one that the filter asks for.
    pub(super) fn fits_misc(&self, info: &Map<String, Value>) -> bool {
        let [description, value] = &self.misc;
        fits(description.as_ref(), info.get("description"))
            && fits(value.as_ref(), info.get("value"))
    }

    /// Whether a report counts, whenever it began.
    pub(super) fn fits(&self, header: &Map<String, Value>, catalog: &Catalog) -> bool {
        self.texts
            .iter()
            .all(|(column, patterns)| fits(Some(patterns), header.get(*column)))
            && (self.misc.iter().all(Option::is_none)
                || misc_info(header).any(|info| self.fits_misc(info)))
            && self.asset.as_ref().is_none_or(|patterns| {
                objects(header, "assets")
                    .any(|asset| fits(Some(patterns), asset.get("serialNumber")))
            })
            && self.groups.as_ref().is_none_or(|patterns| {
                patterns.fit_any(catalog.groups_of(header).flat_map(Named::names))
            })
            && self.levels.as_ref().is_none_or(|patterns| {
                patterns.fit_any(catalog.level_of(header).into_iter().flat_map(Named::names))
            })
    }
}

/// Whether a member that is a text or a number fits; one that is absent fits nothing but an exclusion.
fn fits(patterns: Option<&Patterns>, value: Option<&Value>) -> bool {
    let Some(patterns) = patterns else {
        return true;
    };
    match value {
        Some(Value::String(text)) => patterns.fit(text),
        Some(Value::Number(number)) => patterns.fit(&number.to_string()),
        _ => patterns.fit(""),
    }
}

/// The misc infos of a test or a repair.
pub(super) fn misc_info(
    header: &Map<String, Value>,
) -> impl Iterator<Item = &Map<String, Value>> + use<'_> {
    objects(header, "miscInfo").chain(objects(header, "uurMiscInfo"))
}

/// The objects of a list, none if there is none.
pub(super) fn objects<'a>(
    object: &'a Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a Map<String, Value>> + use<'a> {
    let list = object.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}
