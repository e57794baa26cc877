//! Parts of the model, made by hand.

use std::path::Path;

use super::named::{FailureCode, Unit};
use crate::error::{Error, Result};
use crate::{Attachment, Failure, MiscInfo, Payload, Step, SubUnit, model::Asset};

/// The content type of a file of which nothing is known (RFC 2046, section 4.5.1).
const OCTETS: &str = "application/octet-stream";

impl MiscInfo {
    /// A value by its name, at most 100 characters: say which with [`text`](Self::text) or [`number`](Self::number).
    ///
    /// ```
    /// use wats_report::MiscInfo;
    ///
    /// let hall = MiscInfo::new("Hall").text("22 °C");
    /// let slot = MiscInfo::new("Slot").number(4);
    /// # let _ = (hall, slot);
    /// ```
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            description: Some(name.into()),
            ..Self::default()
        }
    }

    /// Sets the text, at most 100 characters.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Sets the whole number.
    #[must_use]
    pub fn number(mut self, number: i32) -> Self {
        self.number = Some(number);
        self
    }
}

impl Asset {
    /// Equipment by its serial number, and how many times it was used.
    pub fn new(serial_number: impl Into<String>, usage: i32) -> Self {
        Self {
            serial_number: Some(serial_number.into()),
            usage_count: Some(usage),
            ..Self::default()
        }
    }
}

impl SubUnit {
    /// A unit by what kind of part it is (at most 50 characters), and which one.
    pub fn new(part_type: impl Into<String>, unit: Unit<'_>) -> Self {
        Self {
            part_type: Some(part_type.into()),
            part_number: Some(unit.part_number.to_owned()),
            serial_number: Some(unit.serial_number.to_owned()),
            revision: Some(unit.revision.to_owned()),
            ..Self::default()
        }
    }

    /// Adds a failure; for repair reports.
    #[must_use]
    pub fn failure(mut self, failure: Failure) -> Self {
        self.failures.get_or_insert_default().push(failure);
        self
    }
}

impl Failure {
    /// A failure by category and code.
    ///
    /// ```
    /// use wats_report::{Failure, builder::FailureCode};
    ///
    /// let burned = FailureCode { category: "Component", code: "Burned" };
    /// let failure = Failure::new(burned).component("U1").comment("resoldered");
    /// assert_eq!(failure.code.as_deref(), Some("Burned"));
    /// ```
    pub fn new(code: FailureCode<'_>) -> Self {
        Self {
            category: Some(code.category.to_owned()),
            code: Some(code.code.to_owned()),
            ..Self::default()
        }
    }

    /// The component's reference on the drawing, such as `U1`.
    #[must_use]
    pub fn component(mut self, reference: impl Into<String>) -> Self {
        self.component_reference = Some(reference.into());
        self
    }

    /// Article number of the component.
    #[must_use]
    pub fn article_number(mut self, number: impl Into<String>) -> Self {
        self.article_number = Some(number.into());
        self
    }

    /// Vendor of the component.
    #[must_use]
    pub fn article_vendor(mut self, vendor: impl Into<String>) -> Self {
        self.article_vendor = Some(vendor.into());
        self
    }

    /// The function block that the component belongs to.
    #[must_use]
    pub fn function_block(mut self, name: impl Into<String>) -> Self {
        self.function_block = Some(name.into());
        self
    }

    /// A comment.
    #[must_use]
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// The step of the test that found the failure.
    #[must_use]
    pub fn found_by(mut self, step: &Step) -> Self {
        self.step_id = step.id;
        self.step_name.clone_from(&step.name);
        self
    }

    /// Adds a file, such as a photograph.
    #[must_use]
    pub fn attachment(mut self, file: Attachment) -> Self {
        self.attachments.get_or_insert_default().push(file);
        self
    }
}

impl Attachment {
    /// A file in memory: its name (at most 100 characters) and contents, in bytes. It is `application/octet-stream` until
    /// [`content_type`](Self::content_type) says otherwise.
    ///
    /// ```
    /// use wats_report::Attachment;
    ///
    /// let log = Attachment::new("log.txt", b"all is well").content_type("text/plain");
    /// # let _ = log;
    /// ```
    pub fn new(name: impl Into<String>, contents: impl Into<Payload>) -> Self {
        Self {
            name: Some(name.into()),
            content_type: Some(OCTETS.to_owned()),
            data: Some(contents.into()),
            ..Self::default()
        }
    }

    /// Sets the content type, such as `image/png`.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// A file on disk, under its own name. It is looked at now and read while the report is sent; if it changes in
    /// between, sending fails.
    ///
    /// # Errors
    /// [`Error::Data`] when there is no such file.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().ok_or_else(|| {
            Error::Data(format!(
                "`{}` cannot be attached: it names no file",
                path.display()
            ))
        })?;
        Ok(Self {
            name: Some(name.to_string_lossy().into_owned()),
            content_type: Some(OCTETS.to_owned()),
            data: Some(Payload::from_file(path)?),
            ..Self::default()
        })
    }
}
