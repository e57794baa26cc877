//! Names and values that users define (`Product.Setting` of the server): tags of products, units, assets and tickets.

use wats_report::wire;

wats_report::numbers! {
    /// What becomes of a setting when what it belongs to is saved.
    pub enum SettingChange: "a change of a setting" {
        /// It stays.
        None = 0,
        /// It is added.
        Add = 1,
        /// It has another value.
        Update = 2,
        /// It goes.
        Delete = 3,
    }
}

wire! {
    /// A name with a value that users define, also called a tag.
    pub struct Setting {
        /// The name.
        "key" => key: String,
        /// The value.
        "value" => value: String,
        /// What becomes of it when it is saved.
        "change" => change: SettingChange,
    }
}

impl Setting {
    /// A setting to be added.
    pub fn add(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            value: Some(value.into()),
            change: Some(SettingChange::Add),
            ..Self::default()
        }
    }
}
