//! Batches of units.

use serde_json::{Value, json};

use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid, member};
use crate::shape::{self, Is, Shape};
use crate::store::State;

/// Batches by number.
pub(super) const BATCHES: &str = "batch";
const BATCH: Shape = &[("batchNumber", Is::Text), ("batchSize", Is::Integer)];
const MAX_NUMBER: usize = 100;

/// The batch with this number.
pub(crate) fn by_number<'a>(state: &'a State, batch_number: &str) -> Option<&'a Value> {
    state.get(BATCHES, batch_number)
}

pub(super) fn put(call: &Call<'_>) -> Handled {
    let saved = save(call, &call.array()?)?;
    Ok(Answer::json(&Value::Array(saved)))
}

/// Saves all of them, or none.
pub(super) fn save(call: &Call<'_>, items: &[Value]) -> Result<Vec<Value>, Answer> {
    call.store.change(|change| {
        let mut saved = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            let wrong = || invalid(format!("[{place}]: batchNumber and batchSize are required"));
            let body = item.as_object().ok_or_else(wrong)?;
            let number = member(body, "batchNumber").and_then(Value::as_str);
            let number = number.filter(|text| (1..=MAX_NUMBER).contains(&text.chars().count()));
            let size = member(body, "batchSize").and_then(Value::as_i64);
            let size = size.filter(|size| (0..=i64::from(i32::MAX)).contains(size));
            let (Some(number), Some(_)) = (number, size) else {
                return Err(wrong());
            };
            let batch = json!(shape::bind(BATCH, body)?);
            change.put(BATCHES, number, batch.clone())?;
            saved.push(batch);
        }
        Ok(saved)
    })
}
