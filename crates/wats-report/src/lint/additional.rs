//! Free data of reports and steps: no rules but those that hold everywhere.

use super::collect::Collector;
use super::place::Place;
use crate::{AdditionalData, model::AdditionalProperty};

/// The free data of a report or step.
pub(super) fn check(out: &mut Collector, list: Option<&[AdditionalData]>, place: &Place<'_>) {
    for (index, data) in list.into_iter().flatten().enumerate() {
        let place = &place.item("additional data", index, data.name.as_deref());
        out.members(data, place);
        properties(out, data.properties.as_deref(), place);
    }
}

/// Properties nest no deeper than what read them allows, so the recursion is bounded.
fn properties(out: &mut Collector, list: Option<&[AdditionalProperty]>, place: &Place<'_>) {
    for (index, one) in list.into_iter().flatten().enumerate() {
        property(
            out,
            one,
            &place.item("property", index, one.name.as_deref()),
        );
    }
}

fn property(out: &mut Collector, one: &AdditionalProperty, place: &Place<'_>) {
    out.members(one, place);
    properties(out, one.properties.as_deref(), place);
    let Some(array) = &one.array else { return };
    let place = &place.part("array");
    out.members(&**array, place);
    for (index, item) in array.items.iter().flatten().enumerate() {
        let place = &place.item("item", index, item.text.as_deref());
        out.members(item, place);
        if let Some(value) = &item.value {
            property(out, value, place);
        }
    }
}
