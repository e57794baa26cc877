//! Operations on serial numbers: types, upload, taking, and looking for them.

use serde_json::{Value, json};

use super::file::{self, Format};
use super::kept::{self, Taker, Wanted};
use super::kind::{self, TYPES, Type};
use crate::answer::{Answer, Handled};
use crate::call::{Call, text};
use crate::multipart;
use crate::odata::parse_time;
use crate::query::bad;
use crate::store::State;

pub(super) fn type_of(call: &Call<'_>) -> Result<&'static Type, Answer> {
    kind::named(call.required("serialNumberType")?)
}

pub(in super::super) fn types(_: &Call<'_>) -> Handled {
    Ok(Answer::json(&TYPES.iter().map(Type::answer).collect()))
}

/// `PUT api/Production/SerialNumbers`. A file with a number that is none of the type is refused whole.
pub(in super::super) fn upload(call: &Call<'_>) -> Handled {
    let of = type_of(call)?;
    let format = Format::parse(call.required("format")?)?;
    let file = multipart::file(call.headers, &call.body)?;
    let numbers = file::read(format, &file.data)?;
    call.store
        .change(|change| Ok(Answer::json(&json!(kept::add(change, of, &numbers)?))))
}

/// `POST api/Production/SerialNumbers/Take`. XML unless said otherwise is assumed.
pub(in super::super) fn take(call: &Call<'_>) -> Handled {
    let of = type_of(call)?;
    let quantity = at_least_one(call.required_number("quantity")?)?;
    let format = Format::parse(call.optional("format").unwrap_or("XML"))?;
    let wanted = Wanted {
        quantity,
        only_in_sequence: call.query.switch("onlyInSequence")?.unwrap_or(false),
        from: None,
    };
    let taker = taker(call);
    call.store.change(|change| {
        let rows = kept::give(change, of, &wanted, &taker, true)?;
        file::answer(format, of, &rows)
    })
}

pub(super) fn at_least_one(quantity: i64) -> Result<usize, Answer> {
    let fits = usize::try_from(quantity)
        .ok()
        .filter(|quantity| *quantity > 0);
    fits.ok_or_else(|| bad("The quantity must be at least 1."))
}

pub(super) fn taker(call: &Call<'_>) -> Taker {
    let of = |name: &str| call.optional(name).map(str::to_owned);
    Taker {
        serial_number: of("refSN"),
        part_number: of("refPN"),
        station: of("stationName"),
    }
}

/// The range and the times that a call asks for.
struct Filter {
    first: Option<String>,
    last: Option<String>,
    from: Option<jiff::Timestamp>,
    until: Option<jiff::Timestamp>,
}

impl Filter {
    fn new(call: &Call<'_>, of: &Type, from: &str, until: &str) -> Result<Self, Answer> {
        let key = |name: &str| call.optional(name).map(|end| of.key(end)).transpose();
        Ok(Self {
            first: key("startAddress")?,
            last: key("endAddress")?,
            from: call.time(from)?,
            until: call.time(until)?,
        })
    }

    fn rows<'a>(&self, state: &'a State, of: &Type) -> Vec<&'a Value> {
        let mut rows = kept::all(state, of);
        rows.retain(|(key, row)| {
            let generated = text(row, "generated").and_then(parse_time);
            self.first.as_deref().is_none_or(|first| *key >= first)
                && self.last.as_deref().is_none_or(|last| *key <= last)
                && self.from.is_none_or(|from| generated >= Some(from))
                && self.until.is_none_or(|until| generated <= Some(until))
        });
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

/// Numbers with all that is known of them. That they are answered with these members is assumed, but `serialNumber`.
pub(in super::super) fn by_range(call: &Call<'_>) -> Handled {
    let of = type_of(call)?;
    call.required("startAddress")?;
    call.required("endAddress")?;
    let filter = Filter::new(call, of, "startDate", "endDate")?;
    let rows = call.store.read(|state| json!(filter.rows(state, of)));
    Ok(Answer::json(&rows))
}

/// Those that were taken for a serial number, a part number, or both.
pub(in super::super) fn by_reference(call: &Call<'_>) -> Handled {
    let of = type_of(call)?;
    let (serial, part) = (call.optional("refSN"), call.optional("refPN"));
    if serial.is_none() && part.is_none() {
        return Err(bad("Either refSN or refPN is required."));
    }
    let filter = Filter::new(call, of, "startDate", "endDate")?;
    let rows = call.store.read(|state| {
        let mut rows = filter.rows(state, of);
        rows.retain(|row| {
            kept::is_taken(row)
                && serial.is_none_or(|serial| text(row, "refSN") == Some(serial))
                && part.is_none_or(|part| text(row, "refPN") == Some(part))
        });
        json!(rows)
    });
    Ok(Answer::json(&rows))
}

pub(in super::super) fn export(call: &Call<'_>) -> Handled {
    let of = type_of(call)?;
    let format = Format::parse(call.required("format")?)?;
    let filter = Filter::new(call, of, "startDate", "endDate")?;
    let rows: Vec<Value> = call.store.read(|state| {
        let rows = filter.rows(state, of);
        rows.into_iter().cloned().collect()
    });
    file::answer(format, of, &rows)
}

pub(in super::super) fn count(call: &Call<'_>) -> Handled {
    let of = type_of(call)?;
    let filter = Filter::new(call, of, "fromDate", "toDate")?;
    let count = call.store.read(|state| filter.rows(state, of).len());
    Ok(Answer::json(&json!(count)))
}
