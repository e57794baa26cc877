//! What a number of a type is, its place in the order, and which one follows it.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::not_found;
use crate::query::bad;

/// A type of serial numbers.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) name: &'static str,
    description: &'static str,
    format: &'static str,
    pattern: &'static str,
    identifier: u8,
    identifier_name: &'static str,
}

const MAC: u8 = 1;
const IMEI: u8 = 2;

pub(super) const TYPES: &[Type] = &[
    Type {
        name: "SerialNumber",
        description: "Serial numbers of units",
        format: "",
        pattern: "^.{1,100}$",
        identifier: 0,
        identifier_name: "Serial number",
    },
    Type {
        name: "MACAddress",
        description: "Addresses of network interfaces",
        format: "XX-XX-XX-XX-XX-XX",
        pattern: "^[0-9A-Fa-f]{2}([-: ]?[0-9A-Fa-f]{2}){5}$",
        identifier: MAC,
        identifier_name: "MAC address",
    },
    Type {
        name: "IMEI",
        description: "Identities of mobile equipment",
        format: "000000000000000",
        pattern: "^[0-9]{15}$",
        identifier: IMEI,
        identifier_name: "IMEI",
    },
];

/// The type of this name, whatever its case.
pub(super) fn named(name: &str) -> Result<&'static Type, Answer> {
    let found = TYPES.iter().find(|one| one.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| not_found(format!("type of serial numbers '{name}'")))
}

impl Type {
    pub(super) fn answer(&self) -> Value {
        json!({
            "name": self.name, "description": self.description, "format": self.format,
            "regEx": self.pattern, "identifier": self.identifier,
            "identifierName": self.identifier_name,
        })
    }

    /// A range of this type without its ends.
    pub(super) fn range(&self) -> Value {
        json!({
            "type": self.name, "identifier": self.identifier,
            "identifierName": self.identifier_name,
        })
    }

    /// The place of a number in the order, equal for all writings of one; 400 if the text is none of this type.
    pub(super) fn key(&self, number: &str) -> Result<String, Answer> {
        let fits =
            (1..=100).contains(&number.chars().count()) && !number.contains(char::is_control);
        let key = match self.identifier {
            MAC => mac(number).map(|value| format!("{value:012X}")),
            IMEI => (number.len() == 15 && number.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| number.to_owned()),
            _ => Some(natural(number)),
        };
        key.filter(|_| fits).ok_or_else(|| {
            bad(format!(
                "'{number}' is no number of the type '{}'.",
                self.name
            ))
        })
    }

    /// Whether a number is the next one after another. The last digit of an IMEI is the check of the others.
    pub(super) fn follows(&self, before: &str, number: &str) -> bool {
        let split = |text: &str| match self.identifier {
            MAC => Some((String::new(), mac(text)?)),
            IMEI => Some((String::new(), text.get(..14)?.parse().ok()?)),
            _ => {
                let head = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
                let value = text.get(head.len()..)?.parse::<u128>().ok()?;
                Some((head.to_owned(), value))
            }
        };
        match (split(before), split(number)) {
            (Some((head, before)), Some((other, value))) => {
                head == other && before.checked_add(1) == Some(value)
            }
            _ => false,
        }
    }
}

/// The value of a MAC address, with or without separators.
fn mac(text: &str) -> Option<u128> {
    let digits = text.replace(['-', ':', ' '], "");
    let is_hex = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u128::from_str_radix(&digits, 16).ok().filter(|_| is_hex)
}

/// Text in which digits compare by value: `A9` before `A10`. What differs only by zeros ahead stays apart by its text.
fn natural(text: &str) -> String {
    let mut key = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
            let digits = rest.get(..rest.len() - after.len()).unwrap_or_default();
            let value = digits.trim_start_matches('0');
            key.extend([format!("{:03}", value.len()).as_str(), value]);
            rest = after;
        } else {
            key.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    format!("{key}\n{text}")
}
