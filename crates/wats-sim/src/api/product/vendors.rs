//! Vendors: names.

use serde_json::{Value, json};

use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid, member, not_found};

/// Vendors by name.
const VENDORS: &str = "product.vendor";

pub(super) fn list(call: &Call<'_>) -> Handled {
    let all = call.store.all(VENDORS);
    Ok(Answer::json(
        &all.iter().map(|vendor| (**vendor).clone()).collect(),
    ))
}

/// Adds those that there are not yet, and answers them.
pub(super) fn add(call: &Call<'_>) -> Handled {
    let names = names(call)?;
    call.store.change(|change| {
        let mut added = Vec::new();
        for name in names {
            if change.get(VENDORS, &name).is_none() {
                let vendor = json!({ "VendorName": name });
                change.put(VENDORS, &name, vendor.clone())?;
                added.push(vendor);
            }
        }
        Ok(Answer::json(&Value::Array(added)))
    })
}

pub(super) fn delete(call: &Call<'_>) -> Handled {
    let names = names(call)?;
    call.store.change(|change| {
        for name in names {
            if !change.remove(VENDORS, &name) {
                return Err(not_found(format_args!("vendor '{name}'")));
            }
        }
        Ok(Answer::json(&Value::Null))
    })
}

fn names(call: &Call<'_>) -> Result<Vec<String>, Answer> {
    let name = |vendor: &Value| {
        let name = member(vendor.as_object()?, "VendorName")?.as_str()?;
        (!name.trim().is_empty()).then(|| name.to_owned())
    };
    let vendors = call.array()?;
    let names = vendors.iter().map(name).collect::<Option<_>>();
    names.ok_or_else(|| invalid("each vendor needs a VendorName"))
}
