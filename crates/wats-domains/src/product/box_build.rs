//! Box builds: which revisions a revision is made of. The server does not publish these operations.

use serde_json::Value;
use uuid::Uuid;

use super::{
    InternalProducts, PartOf, ProductRevision, ProductService, RevisionKey, RevisionRelation, route,
};
use crate::argument;
use crate::ask::Ask;
use crate::error::{Error, Result};

/// A revision that becomes part of another, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoxBuildPart<'a> {
    /// The revision that is made of others.
    pub whole: RevisionKey<'a>,
    /// The one that is part of it.
    pub part: RevisionKey<'a>,
    /// How often.
    pub quantity: i32,
}

impl InternalProducts {
    /// Makes a revision part of another (`POST /api/internal/Product/PostProductRevisionRelation`) and gives the relations
    /// that the server answers with: that one, or all of the whole. It is not repeated.
    ///
    /// # Errors
    /// [`Error::Query`] for a relation that lacks a revision, is of one to itself, or has a quantity below 1; or the call
    /// fails.
    pub fn relate(&self, relation: &RevisionRelation) -> Ask<Vec<RevisionRelation>> {
        let route = &route::internal::relate;
        let call = checked(relation).map(|()| route.call().json(relation));
        self.core
            .run(|core| async move { relations(core.ask(route, call).await?) })
    }

    /// As [`relate`](Self::relate), by part numbers and revisions, whose ids are read first
    /// (`GET /api/Product/{partNumber}/{revision}`).
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::product::{BoxBuildPart, RevisionKey};
    ///
    /// let whole = RevisionKey { part_number: "BOX-1", revision: "A" };
    /// let part = RevisionKey { part_number: "PCBA-001", revision: "B" };
    /// let twice = BoxBuildPart { whole, part, quantity: 2 };
    /// api.product().internal().add_to_box_build(twice).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`relate`](Self::relate); status 404 where one of them is not there.
    pub fn add_to_box_build(&self, part: BoxBuildPart<'_>) -> Ask<Vec<RevisionRelation>> {
        let BoxBuildPart {
            whole,
            part,
            quantity,
        } = part;
        let service = ProductService::new(&self.core);
        let checked = whole.check().and_then(|()| part.check());
        let (whole, part) = (service.revision(whole), service.revision(part));
        let this = self.clone();
        self.core.run(|_| async move {
            checked?;
            argument::given("quantity", quantity)?;
            let id = |revision: &ProductRevision| {
                let none = || Error::Data("the server gave a revision without its id".to_owned());
                revision.revision_id.ok_or_else(none)
            };
            let (whole, part) = (id(&*whole.await?)?, id(&*part.await?)?);
            let mut relation = RevisionRelation::new(PartOf { whole, part });
            relation.quantity = Some(quantity);
            this.relate(&relation).await
        })
    }

    /// Changes a relation, such as its quantity (`PUT /api/internal/Product/PutProductRevisionRelation`), and gives what
    /// [`relate`](Self::relate) gives.
    ///
    /// # Errors
    /// [`Error::Query`] for a relation without an id and as [`relate`](Self::relate); or the call fails.
    pub fn save_relation(&self, relation: &RevisionRelation) -> Ask<Vec<RevisionRelation>> {
        let route = &route::internal::save_relation;
        let call = argument::id("relation_id", relation.relation_id)
            .and_then(|_| checked(relation))
            .map(|()| route.call().json(relation));
        self.core
            .run(|core| async move { relations(core.ask(route, call).await?) })
    }

    /// Takes a revision out of another (`DELETE /api/internal/Product/DeleteProductRevisionRelation`).
    pub fn delete_relation(&self, relation_id: Uuid) -> Ask<()> {
        let route = &route::internal::delete_relation;
        let call = route.call().query("productRevisionRelationId", relation_id);
        self.core.tell(route, Ok(call))
    }
}

fn checked(relation: &RevisionRelation) -> Result<()> {
    argument::given("quantity", relation.quantity.unwrap_or(1))?;
    let parent = argument::id("parent_revision_id", relation.parent_revision_id)?;
    if argument::id("revision_id", relation.revision_id)? == parent {
        return Err(Error::Query(format!(
            "the revision {parent} would be part of itself"
        )));
    }
    Ok(())
}

/// One relation, a list of them, or nothing.
fn relations(answer: Value) -> Result<Vec<RevisionRelation>> {
    let list = match answer {
        Value::Null => return Ok(Vec::new()),
        one @ Value::Object(_) => Value::Array(vec![one]),
        other => other,
    };
    serde_json::from_value(list)
        .map_err(|error| Error::Data(format!("relations of revisions: {error}")))
}
