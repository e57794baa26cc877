//! Bills of materials, and how they are written in the server's XML (WSBF, WATS Standard BOM Format).

use super::{ProductService, RevisionKey};
use crate::ask::Ask;
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};
use crate::xml::{DECLARATION, push_attribute};

const WSBF: &str = "http://wats.virinco.com/schemas/WATS/wsbf";

/// A bill of materials: of what a revision of a product is made.
///
/// ```
/// use wats_domains::product::{Bom, BomComponent, RevisionKey};
///
/// let mut bom = Bom::new(RevisionKey { part_number: "PCBA-001", revision: "A" });
/// let mut resistor = BomComponent::new("R-10K");
/// resistor.revision = Some("1".to_owned());
/// resistor.quantity = Some(2);
/// resistor.references = vec!["R30".to_owned(), "R31".to_owned()];
/// bom.components.push(resistor);
/// assert!(bom.to_xml()?.contains("Ref=\"R30;R31\""));
/// # Ok::<(), wats_domains::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bom {
    /// Part number of the product. The server creates a product that it does not have.
    pub part_number: String,
    /// Its revision, which is created as well.
    pub revision: String,
    /// Description of the product.
    pub description: Option<String>,
    /// What it is made of.
    pub components: Vec<BomComponent>,
}

/// A component of a [`Bom`]. The same one may be there several times with other references.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BomComponent {
    /// Part number.
    pub part_number: String,
    /// Revision. The server's format calls it required, but does not refuse a bill without it.
    pub revision: Option<String>,
    /// How many there are.
    pub quantity: Option<u32>,
    /// Description.
    pub description: Option<String>,
    /// Where they are, such as `R30` and `R31`. The server's format calls them required, as it does the revision.
    pub references: Vec<String>,
    /// The function block of the product that they belong to.
    pub function_block: Option<String>,
}

impl Bom {
    /// A bill without components, of which it must have one to be saved.
    pub fn new(key: RevisionKey<'_>) -> Self {
        Self {
            part_number: key.part_number.to_owned(),
            revision: key.revision.to_owned(),
            description: None,
            components: Vec::new(),
        }
    }

    /// The bill in the server's XML (WSBF), encoded as UTF-8.
    ///
    /// # Errors
    /// [`Error::Query`] for what the server would refuse or read as something else: no components, a number that is empty
    /// or holds what nobody sees, a reference that is empty or has a `;`, which separates them, a quantity above
    /// 2 147 483 647, and characters that XML has no way to write.
    pub fn to_xml(&self) -> Result<String> {
        let key = RevisionKey {
            part_number: &self.part_number,
            revision: &self.revision,
        };
        key.check()?;
        if self.components.is_empty() {
            return Err(Error::Query(
                "the bill of materials has no components, which the server refuses".to_owned(),
            ));
        }
        let mut xml = format!("{DECLARATION}<BOM xmlns=\"{WSBF}\"");
        push_attribute(&mut xml, "Partnumber", &self.part_number)?;
        push_attribute(&mut xml, "Revision", &self.revision)?;
        push_some(&mut xml, "Desc", self.description.as_deref())?;
        xml.push_str(">\n");
        for (place, component) in self.components.iter().enumerate() {
            let written = component.push_to(&mut xml);
            written.map_err(|error| match error {
                Error::Query(problem) => Error::Query(format!("component {place}: {problem}")),
                other => other,
            })?;
        }
        xml.push_str("</BOM>\n");
        Ok(xml)
    }
}

impl BomComponent {
    /// A component of which only the part number is known.
    pub fn new(part_number: impl Into<String>) -> Self {
        Self {
            part_number: part_number.into(),
            revision: None,
            quantity: None,
            description: None,
            references: Vec::new(),
            function_block: None,
        }
    }

    fn push_to(&self, xml: &mut String) -> Result<()> {
        scanned::check_some("part number", &self.part_number, Kind::Number)?;
        let revision = self.revision.as_deref();
        scanned::check("revision", revision.unwrap_or_default(), Kind::Number)?;
        let bad = |reference: &&String| reference.trim().is_empty() || reference.contains(';');
        if let Some(reference) = self.references.iter().find(bad) {
            return Err(Error::Query(format!(
                "the reference {reference:?} is empty or has a `;`, which separates references"
            )));
        }
        let quantity = match self.quantity.map(i32::try_from) {
            Some(Err(_)) => {
                return Err(Error::Query(format!(
                    "the quantity goes up to {}",
                    i32::MAX
                )));
            }
            Some(Ok(quantity)) => Some(quantity.to_string()),
            None => None,
        };
        let references = self.references.join(";");
        let references = (!references.is_empty()).then_some(references);
        xml.push_str("  <Component");
        push_attribute(xml, "Number", &self.part_number)?;
        push_some(xml, "Rev", revision)?;
        push_some(xml, "Qty", quantity.as_deref())?;
        push_some(xml, "Desc", self.description.as_deref())?;
        push_some(xml, "Ref", references.as_deref())?;
        push_some(xml, "FunctionBlock", self.function_block.as_deref())?;
        xml.push_str(" />\n");
        Ok(())
    }
}

fn push_some(xml: &mut String, name: &str, value: Option<&str>) -> Result<()> {
    value.map_or(Ok(()), |value| push_attribute(xml, name, value))
}

impl ProductService {
    /// Inserts or replaces the bill of materials of a revision (`PUT /api/Product/BOM`). A product and a revision that the
    /// server does not have are created.
    ///
    /// # Errors
    /// As [`Bom::to_xml`]; or the call fails.
    pub fn save_bom(&self, bom: &Bom) -> Ask<()> {
        match bom.to_xml() {
            Ok(xml) => self.save_bom_xml(xml),
            Err(error) => self.core.run(|_| async { Err(error) }),
        }
    }
}
