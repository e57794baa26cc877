//! Writes objects by `serde`. What a member has comes as a [`ValueRef`], so that writing is compiled once for each format, and
//! not for each model with each format. The codec's fast path is the one that is quick, and knows the models.

use serde::ser::{Error as _, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::Value;

use super::nulls::has;
use super::slot::{Fields, Slot, ValueRef, count_others, is_other, written_nulls};

impl Serialize for ValueRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Bool(value) => serializer.serialize_bool(value),
            Self::I32(value) => serializer.serialize_i32(value),
            Self::I64(value) => serializer.serialize_i64(value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Id(id) => id.serialize(serializer),
            Self::Number(number) => number.serialize(serializer),
            Self::Json(value) => value.serialize(serializer),
            Self::Made(text) => serializer.serialize_str(&text.made().map_err(S::Error::custom)?),
            Self::Object(fields) => object(fields, serializer),
            Self::List(items, count) => list(items, count, serializer),
        }
    }
}

/// Writes an object: the members with a field in their order, then the others.
pub fn object<S: Serializer>(fields: &dyn Fields, serializer: S) -> Result<S::Ok, S::Error> {
    let (nulls, others) = (written_nulls(fields), count_others(fields));
    let members = fields.members();
    let is_written = |at: &usize| has(nulls, *at) || fields.at(*at).is_some_and(Slot::is_set);
    let known = (0..members.len()).filter(is_written).count();
    let mut map = serializer.serialize_map(Some(known + others))?;
    for (at, (name, _)) in members.iter().enumerate() {
        let Some(field) = fields.at(at) else { continue };
        match field.value(0) {
            Some(value) => {
                let as_read = fields.extra().get(name);
                match as_read.filter(|spelling| field.is_spelling(spelling)) {
                    Some(as_read) => map.serialize_entry(name, as_read)?,
                    None => map.serialize_entry(name, &value)?,
                }
            }
            None if has(nulls, at) => map.serialize_entry(name, &())?,
            None => {}
        }
    }
    if others > 0 {
        let extra = fields.extra().iter();
        for (name, value) in extra.filter(|(name, _)| is_other(fields, name)) {
            map.serialize_entry(name, value)?;
        }
    }
    map.end()
}

fn list<S: Serializer>(items: &dyn Slot, count: usize, serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(count))?;
    for item in (0..count).map_while(|at| items.value(at)) {
        list.serialize_element(&item)?;
    }
    list.end()
}

/// The items that a list has so far, as JSON.
pub(super) fn items(list: &dyn Slot) -> Result<Vec<Value>, serde_json::Error> {
    let items = (0..).map_while(|at| list.value(at));
    items.map(serde_json::to_value).collect()
}
