//! Parts of reports that the model keeps whole as values, as types for the linter: how they are found, and changed.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::report::{ReportTime, Step};
use crate::wire::{Extra, Number, wire};

wire! {
    /// Loop.
    pub struct LoopInfo {
        /// `idx`
        "idx" => index: i32,
        /// `num`
        "num" => count: i32,
        /// `endingIndex`
        "endingIndex" => ending_index: i32,
        /// `passed`
        "passed" => passed: i32,
        /// `failed`
        "failed" => failed: i32,
    }

    /// Chart.
    pub struct Chart {
        /// `chartType`
        "chartType" => kind: String,
        /// `label`
        "label" => label: String,
        /// `xLabel`
        "xLabel" => x_label: String,
        /// `xUnit`
        "xUnit" => x_unit: String,
        /// `yLabel`
        "yLabel" => y_label: String,
        /// `yUnit`
        "yUnit" => y_unit: String,
        /// `series`
        "series" => series: Vec<ChartSeries>,
    }

    /// Series.
    pub struct ChartSeries {
        /// `dataType`
        "dataType" => data_type: String,
        /// `name`
        "name" => name: String,
        /// `xdata`
        "xdata" => x_data: String,
        /// `ydata`
        "ydata" => y_data: String,
    }

    /// Attachment.
    pub struct Attachment {
        /// `name`
        "name" => name: String,
        /// `contentType`
        "contentType" => content_type: String,
        /// `data`
        "data" => data: String,
        /// `id`
        "id" => id: Uuid,
    }

    /// Misc info.
    pub struct MiscInfo {
        /// `description`
        "description" => description: String,
        /// `typedef`
        "typedef" => type_definition: String,
        /// `text`
        "text" => text: String,
        /// `numeric`
        "numeric" => numeric: i32,
        /// `id`
        "id" => id: Uuid,
    }

    /// Sub unit.
    pub struct SubUnit {
        /// `partType`
        "partType" => part_type: String,
        /// `pn`
        "pn" => part_number: String,
        /// `rev`
        "rev" => revision: String,
        /// `sn`
        "sn" => serial_number: String,
        /// `idx`
        "idx" => index: i32,
        /// `parentIdx`
        "parentIdx" => parent_index: i32,
        /// `position`
        "position" => position: i32,
        /// `replacedIdx`
        "replacedIdx" => replaced_index: i32,
        /// `failures`
        "failures" => failures: Vec<Failure>,
    }

    /// Failure.
    pub struct Failure {
        /// `artNumber`
        "artNumber" => article_number: String,
        /// `artRev`
        "artRev" => article_revision: String,
        /// `artVendor`
        "artVendor" => article_vendor: String,
        /// `artDescription`
        "artDescription" => article_description: String,
        /// `category`
        "category" => category: String,
        /// `code`
        "code" => code: String,
        /// `comment`
        "comment" => comment: String,
        /// `comRef`
        "comRef" => component_reference: String,
        /// `funcBlock`
        "funcBlock" => function_block: String,
        /// `refStepId`
        "refStepId" => step_id: i32,
        /// `refStepName`
        "refStepName" => step_name: String,
        /// `attachments`
        "attachments" => attachments: Vec<Attachment>,
    }

    /// Repair.
    pub struct Uur {
        /// `comment`
        "comment" => comment: String,
        /// `user`
        "user" => operator: String,
        /// `processCode`
        "processCode" => process_code: i32,
        /// `processName`
        "processName" => process_name: String,
        /// `refUUT`
        "refUUT" => referenced_uut: Uuid,
        /// `confirmDate`
        "confirmDate" => confirmed: ReportTime,
        /// `finalizeDate`
        "finalizeDate" => finalized: ReportTime,
        /// `execTime`
        "execTime" => execution_time: Number,
        /// `parent`
        "parent" => parent: Uuid,
        /// `children`
        "children" => children: Value,
    }

    /// Asset.
    pub struct Asset {
        /// `assetSN`
        "assetSN" => serial_number: String,
        /// `usageCount`
        "usageCount" => usage_count: i32,
    }

    /// Exe call.
    pub struct CallExe {
        /// `exitCode`
        "exitCode" => exit_code: Number,
    }

    /// Free data of a report or step.
    pub struct AdditionalData {
        /// `name`
        "name" => name: String,
        /// `props`
        "props" => properties: Vec<Property>,
    }

    /// One value of free data.
    pub struct Property {
        /// `name`
        "name" => name: String,
        /// `type`
        "type" => kind: String,
        /// `flags`
        "flags" => flags: i32,
        /// `value`
        "value" => value: String,
        /// `comment`
        "comment" => comment: String,
        /// `props`
        "props" => properties: Vec<Property>,
        /// `array`
        "array" => array: Array,
    }

    /// An array of free data.
    pub struct Array {
        /// `dimension`
        "dimension" => dimension: i32,
        /// `type`
        "type" => kind: String,
        /// `indexes`
        "indexes" => items: Vec<Item>,
    }

    /// An item of an array.
    pub struct Item {
        /// `text`
        "text" => text: String,
        /// `indexes`
        "indexes" => indexes: Value,
        /// `value`
        "value" => value: Property,
    }

    /// Popup.
    pub struct MessagePopup {
        /// `response`
        "response" => response: String,
        /// `button`
        "button" => button: i32,
    }
}

pub(super) fn of<T: DeserializeOwned>(extra: &Extra, name: &str) -> Option<T> {
    if extra.is_empty() {
        return None;
    }
    let value = extra.get(name).filter(|value| !value.is_null())?;
    serde_json::from_value(value.clone()).ok()
}

pub(super) fn list<T: DeserializeOwned>(value: Option<&Value>) -> Vec<T> {
    value
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .unwrap_or_default()
}

pub(super) fn loop_of(step: &Step) -> Option<LoopInfo> {
    of(&step.extra, "loop")
}

/// Edits a part that is kept as a value.
pub(super) fn edit<T>(value: Option<&mut Value>, change: impl FnOnce(&mut T))
where
    T: DeserializeOwned + Serialize + PartialEq + Clone,
{
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return;
    };
    let Ok(before) = serde_json::from_value::<T>(value.clone()) else {
        return;
    };
    let mut after = before.clone();
    change(&mut after);
    if after != before
        && let Ok(changed) = serde_json::to_value(after)
    {
        *value = changed;
    }
}

/// Edits the items of a list that is kept as a value.
pub(super) fn edit_list<T>(value: Option<&mut Value>, mut change: impl FnMut(usize, &mut T))
where
    T: DeserializeOwned + Serialize + PartialEq + Clone,
{
    let items = value.and_then(Value::as_array_mut);
    for (index, item) in items.into_iter().flatten().enumerate() {
        edit(Some(item), |item| change(index, item));
    }
}
