//! The setters of the header: those of the builder, at any time of the test.

use std::time::Duration;

use jiff::ZonedDateTime;
use uuid::Uuid;

use super::RunningReport;
use crate::builder::{DuplicateNames, NonFinitePolicy, Outcome, Station};
use crate::{AdditionalData, MiscInfo, SubUnit};

macro_rules! setters {
    ($($(#[$meta:meta])* $name:ident($($arg:ident: $ty:ty),*);)*) => {
        /// The header, at any time of the test. A report that has ended stays as it is.
        impl RunningReport {
            $(
                $(#[$meta])*
                pub fn $name(&self, $($arg: $ty),*) -> &Self {
                    self.shared().header(|header| header.$name($($arg),*));
                    self
                }
            )*
        }
    };
}

macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident($text:ident);)*) => {
        /// Texts of the header.
        impl RunningReport {
            $(
                $(#[$meta])*
                pub fn $name(&self, $text: impl Into<String>) -> &Self {
                    let $text: String = $text.into();
                    self.shared().header(|header| header.$name($text));
                    self
                }
            )*
        }
    };
}

setters! {
    /// The code of the process.
    process_code(code: i32);
    /// The station: its name, where it stands, and what it is for.
    station(station: Station<'_>);
    /// When it began, if not when the report was made. The times of steps stay as they are.
    start(moment: ZonedDateTime);
    /// How long the test took; default is until it ends.
    execution_time(time: Duration);
    /// A named text or number, such as the temperature of the hall.
    misc_info(info: MiscInfo);
    /// Free data of the report.
    additional(data: AdditionalData);
    /// A unit built into this one.
    sub_unit(unit: SubUnit);
    /// Socket of the fixture, from 0; -1 is none.
    socket(index: i16);
    /// Sets the id, for a report that exists already under it. Default is a new one.
    id(id: Uuid);
    /// How to handle duplicate step names in a sequence, which the server rejects. Default: the report is refused, unless it
    /// is aborted.
    duplicate_names(what: DuplicateNames);
    /// How to handle measured values that are NaN or infinite. Default: the report is refused, unless it is aborted.
    non_finite(what: NonFinitePolicy);
    /// Sets the outcome of the finished report, which otherwise is the gravest of its steps.
    outcome(outcome: Outcome);
}

texts! {
    /// Who tests.
    operator(name);
    /// The file of the test program; `Unknown` if it is not told.
    software(path);
    /// The version of the test program; `Unknown` if it is not told.
    software_version(version);
    /// A comment, at most 5000 characters.
    comment(text);
    /// Serial number of the batch, at most 100 characters.
    batch(serial_number);
    /// Identifier of the fixture, at most 100 characters.
    fixture(id);
    /// Name of the process, if it is to be checked.
    process_name(name);
}

impl RunningReport {
    /// Equipment that was used, and how many times; the server counts its uses.
    pub fn asset(&self, serial_number: impl Into<String>, usage: i32) -> &Self {
        let serial_number: String = serial_number.into();
        self.shared()
            .header(|header| header.asset(serial_number, usage));
        self
    }

    /// Code and message of the error that ended the test; the message has at most 200 characters.
    pub fn error(&self, code: i32, message: impl Into<String>) -> &Self {
        let message: String = message.into();
        self.shared().header(|header| header.error(code, message));
        self
    }
}
