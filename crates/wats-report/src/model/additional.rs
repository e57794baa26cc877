//! Free data of reports and steps: trees of named values.

use serde_json::Value;

use crate::codes::prints_as_code;
use crate::wire::wire;

crate::codes! {
    /// The type of a value of free data, in the words of the test executive.
    pub enum PropertyType: "a property type" {
        /// A text.
        String = "String",
        /// A number.
        Number = "Number",
        /// True or false.
        Boolean = "Boolean",
        /// Further properties.
        Object = "Obj",
        /// An array.
        Array = "Array",
    }
}

prints_as_code!(PropertyType);

wire! {
    /// Free data of a report or step.
    pub struct AdditionalData {
        /// Name.
        "name" => name: String,
        /// The values.
        "props" => properties: Vec<AdditionalProperty>,
    }

    /// A value of free data.
    pub struct AdditionalProperty {
        /// Name.
        "name" => name: String,
        /// Type of the value.
        "type" => value_type: PropertyType,
        /// Bit flags of the test executive.
        "flags" => flags: i32,
        /// The value as a text.
        "value" => value: String,
        /// How the value is written, if it is a number.
        "numFormat" => number_format: String,
        /// Comment.
        "comment" => comment: String,
        /// The values of an object.
        "props" => properties: Vec<AdditionalProperty>,
        /// The values of an array.
        "array" => array: Box<AdditionalArray>,
    }

    /// An array of free data.
    pub struct AdditionalArray {
        /// Number of dimensions.
        "dimension" => dimension: i32,
        /// Type of the values.
        "type" => value_type: PropertyType,
        /// The items.
        "indexes" => items: Vec<AdditionalItem>,
    }

    /// An item of an array of free data.
    pub struct AdditionalItem {
        /// Its place as a text, such as `[0][1]`.
        "text" => text: String,
        /// Its place by dimension.
        "indexes" => indexes: Vec<Value>,
        /// Its value.
        "value" => value: Box<AdditionalProperty>,
    }
}

impl AdditionalItem {
    /// The numbers of [`indexes`](Self::indexes).
    pub fn place(&self) -> impl Iterator<Item = i64> {
        self.indexes.iter().flatten().filter_map(Value::as_i64)
    }
}

impl AdditionalData {
    /// Free data without values yet.
    ///
    /// ```
    /// use wats_report::AdditionalData;
    ///
    /// let data = AdditionalData::new("Chamber").text("Door", "closed").number("Humidity", 41.5).flag("Dry", true);
    /// assert_eq!(data.properties.unwrap().len(), 3);
    /// ```
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.value(name.into(), PropertyType::String, value.into())
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, name: impl Into<String>, value: f64) -> Self {
        self.value(name.into(), PropertyType::Number, value.to_string())
    }

    /// Adds true or false.
    #[must_use]
    pub fn flag(self, name: impl Into<String>, value: bool) -> Self {
        let value = if value { "True" } else { "False" };
        self.value(name.into(), PropertyType::Boolean, value.to_owned())
    }

    fn value(mut self, name: String, value_type: PropertyType, value: String) -> Self {
        let property = AdditionalProperty {
            name: Some(name),
            value_type: Some(value_type),
            value: Some(value),
            ..AdditionalProperty::default()
        };
        self.properties.get_or_insert_default().push(property);
        self
    }
}
