//! Operations on what definitions of manual inspections are for.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    DefinitionConflict, InspectionRelation, ManualInspectionService, RelationConflict, route,
};
use crate::argument;
use crate::ask::Ask;
use crate::error::Error;

impl ManualInspectionService {
    /// What a definition is for (`GET /api/internal/ManualInspection/GetRelations/{Id}`); from memory if read lately.
    pub fn relations(&self, definition_id: Uuid) -> Ask<Arc<[InspectionRelation]>> {
        let call = route::relations.call().path("Id", definition_id);
        self.core.ask_list(&route::relations, Ok(call))
    }

    /// Relations of other definitions for the same (`GET /api/internal/ManualInspection/GetRelationConflicts/{Id}`).
    pub fn relation_conflicts(&self, definition_id: Uuid) -> Ask<Vec<RelationConflict>> {
        let call = route::relation_conflicts.call().path("Id", definition_id);
        self.core.ask(&route::relation_conflicts, Ok(call))
    }

    /// Definitions that are for the same (`GET /api/internal/ManualInspection/GetRelationConflictsNew/{Id}`).
    pub fn definition_conflicts(&self, definition_id: Uuid) -> Ask<Vec<DefinitionConflict>> {
        let call = route::definition_conflicts.call().path("Id", definition_id);
        self.core.ask(&route::definition_conflicts, Ok(call))
    }

    /// Says what a definition is for (`POST /api/internal/ManualInspection/PostRelation`).
    ///
    /// # Errors
    /// [`Error::Query`] for a relation with an id or without a definition; or the call fails. It is not repeated: each call
    /// creates one.
    pub fn create_relation(&self, relation: &InspectionRelation) -> Ask<InspectionRelation> {
        let call = match relation.relation_id {
            Some(id) => Err(Error::Query(format!(
                "the relation has the relation_id {id}, so it is created already; update it"
            ))),
            None => argument::id("definition_id", relation.definition_id)
                .map(|_| route::create_relation.call().json(relation)),
        };
        self.core.ask(&route::create_relation, call)
    }

    /// Changes what a definition is for (`PUT /api/internal/ManualInspection/PutRelation`).
    ///
    /// # Errors
    /// [`Error::Query`] for a relation without an id; or the call fails.
    pub fn update_relation(&self, relation: &InspectionRelation) -> Ask<InspectionRelation> {
        let call = argument::id("relation_id", relation.relation_id)
            .map(|_| route::update_relation.call().json(relation));
        self.core.ask(&route::update_relation, call)
    }

    /// Deletes relations (`PUT /api/internal/ManualInspection/DeleteRelationNew`).
    ///
    /// # Errors
    /// [`Error::Query`] for none; or the call fails.
    pub fn delete_relations(&self, relation_ids: &[Uuid]) -> Ask<()> {
        let call = argument::ids("relation_ids", relation_ids)
            .map(|ids| route::delete_relations.call().json(ids));
        self.core.tell(&route::delete_relations, call)
    }
}
