//! The wire models of repair operations: what a repair report must tell, and the codes that failures have.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;
use wats_codec::Decode;
use wats_report::builder::FailureCode;
use wats_report::wire;
use wats_report::wire::fast::Source;

wats_report::numbers! {
    /// Whether a repair report must tell something.
    pub enum Binding: "whether something is required" {
        /// It must.
        Required = 0,
        /// It may.
        Optional = 1,
        /// It must not.
        Never = 2,
    }
}

wats_report::numbers! {
    /// What kind of repair a category or code stands for.
    pub enum RepairType: "a type of repair" {
        /// None in particular.
        Default = 0,
        /// An automatic process.
        AutomaticProcess = 1,
        /// The unit is scrapped.
        Scrapped = 2,
        /// No failure was found.
        NoFailureFound = 3,
        /// A component.
        Component = 4,
        /// The design.
        Design = 5,
        /// A manual process.
        ManualProcess = 6,
        /// Something was replaced.
        Replaced = 7,
    }
}

wire! {
    /// What the reports of a repair operation must tell.
    pub struct RepairConfig {
        /// Description.
        "Description" => description: String,
        /// Whether a report names the test that failed.
        "UUTRequired" => uut: Binding,
        /// Regular expression that references of components fit.
        "CompRefMask" => component_mask: String,
        /// That expression in words.
        "CompRefMaskDescription" => component_mask_description: String,
        /// Which components of the bill of materials may be named.
        "BomConstraint" => bom_constraint: String,
        /// Whether components are of the bill of materials.
        "BOMRequired" => bom: Binding,
        /// Whether a report names the vendor of a component.
        "VendorRequired" => vendor: Binding,
        /// Categories of failures, with their codes.
        "Categories" => categories: Vec<RepairCategory>,
        /// Further values that a report may have; not described.
        "MiscInfos" => misc_infos: Vec<Value>,
    }

    /// A category of failures, or a code in one.
    pub struct RepairCategory {
        /// Identifier.
        "GUID" => id: Uuid,
        /// The text that reports carry.
        "Description" => description: String,
        /// Whether it may be chosen.
        "Selectable" => selectable: bool,
        /// Its place in the order.
        "SortOrder" => sort_order: i32,
        /// What kind of repair it stands for.
        "FailureType" => repair_type: RepairType,
        /// Whether an image is asked for.
        "ImageConstraint" => image_constraint: String,
        /// 1 = active.
        "Status" => status: i32,
        /// The codes of the category.
        "Failcodes" => fail_codes: Vec<RepairCategory>,
    }
}

impl RepairConfig {
    /// The categories; empty if the server sent none.
    pub fn categories(&self) -> &[RepairCategory] {
        self.categories.as_deref().unwrap_or_default()
    }

    /// The codes of all categories, each with its category.
    pub fn fail_codes(&self) -> impl Iterator<Item = (&RepairCategory, &RepairCategory)> {
        let codes = |category| RepairCategory::fail_codes(category).iter();
        self.categories()
            .iter()
            .flat_map(move |category| codes(category).map(move |code| (category, code)))
    }
}

impl RepairCategory {
    /// The text that reports carry; empty if the server sent none.
    pub fn description(&self) -> &str {
        self.description.as_deref().unwrap_or_default()
    }

    /// The codes of the category; empty if the server sent none.
    pub fn fail_codes(&self) -> &[RepairCategory] {
        self.fail_codes.as_deref().unwrap_or_default()
    }
}

/// A code of a failure, with its category.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FailCode {
    /// The text of the category that reports carry.
    pub category: String,
    /// The code.
    pub code: RepairCategory,
}

impl FailCode {
    /// The two texts as a repair report takes them.
    pub fn failure_code(&self) -> FailureCode<'_> {
        FailureCode {
            category: &self.category,
            code: self.code.description(),
        }
    }
}

/// What all repair operations ask for, by the codes of their processes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct RepairConfigs(BTreeMap<String, Option<RepairConfig>>);

impl Decode for RepairConfigs {
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        Decode::decode(source).map(Self)
    }
}

impl RepairConfigs {
    /// The one of a code.
    pub fn get(&self, code: i32) -> Option<&RepairConfig> {
        self.0.get(&code.to_string())?.as_ref()
    }

    /// All of them, each with its code as the server writes it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RepairConfig)> {
        let some = |(code, operation): (_, Option<_>)| Some((code, operation?));
        let all = self
            .0
            .iter()
            .map(|(code, operation)| (code.as_str(), operation.as_ref()));
        all.filter_map(some)
    }
}
