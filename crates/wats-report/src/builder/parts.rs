//! Parts of the model, made by hand.

use std::path::Path;

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::{Attachment, Failure, MiscInfo, Payload, Step, SubUnit, model::Asset};

impl MiscInfo {
    /// A named text; both at most 100 characters.
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            description: Some(name.into()),
            text: Some(text.into()),
            ..Self::default()
        }
    }

    /// A named whole number; the name has at most 100 characters.
    pub fn number(name: impl Into<String>, number: i32) -> Self {
        Self {
            description: Some(name.into()),
            number: Some(number),
            ..Self::default()
        }
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
    /// A unit by what kind of part it is (at most 50 characters), part number, serial number and revision (at most 100
    /// each).
    pub fn new(
        part_type: impl Into<String>,
        part_number: impl Into<String>,
        serial_number: impl Into<String>,
        revision: impl Into<String>,
    ) -> Self {
        Self {
            part_type: Some(part_type.into()),
            part_number: Some(part_number.into()),
            serial_number: Some(serial_number.into()),
            revision: Some(revision.into()),
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
    /// A failure by category and code, both as the server is configured with them.
    ///
    /// ```
    /// use wats_report::Failure;
    ///
    /// let failure = Failure::new("Component", "Burned").component("U1").comment("resoldered");
    /// assert_eq!(failure.code.as_deref(), Some("Burned"));
    /// ```
    pub fn new(category: impl Into<String>, code: impl Into<String>) -> Self {
        Self {
            category: Some(category.into()),
            code: Some(code.into()),
            ..Self::default()
        }
    }

    /// The component's reference on the drawing, such as `U1`.
    #[must_use]
    pub fn component(mut self, reference: impl Into<String>) -> Self {
        self.component_reference = Some(reference.into());
        self
    }

    /// Article number and vendor of the component.
    #[must_use]
    pub fn article(mut self, number: impl Into<String>, vendor: impl Into<String>) -> Self {
        self.article_number = Some(number.into());
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
    /// A file in memory: its name (at most 100 characters), content type, and contents.
    pub fn new(
        name: impl Into<String>,
        content_type: impl Into<String>,
        contents: impl Into<Bytes>,
    ) -> Self {
        Self {
            name: Some(name.into()),
            content_type: Some(content_type.into()),
            data: Some(Payload::from_bytes(contents)),
            ..Self::default()
        }
    }

    /// A file on disk, under its own name. It is looked at now and read while the report is sent; if it changes in
    /// between, sending fails.
    ///
    /// # Errors
    /// [`Error::Data`] when there is no such file.
    pub fn from_path(path: impl AsRef<Path>, content_type: impl Into<String>) -> Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().ok_or_else(|| {
            Error::Data(format!(
                "`{}` cannot be attached: it names no file",
                path.display()
            ))
        })?;
        Ok(Self {
            name: Some(name.to_string_lossy().into_owned()),
            content_type: Some(content_type.into()),
            data: Some(Payload::from_file(path)?),
            ..Self::default()
        })
    }
}
