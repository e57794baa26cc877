//! Manual inspections: sequences of steps that an operator goes through, defined on the server and related to products.
//! The server publishes none of these operations.
//!
//! `model` holds the wire models, `entity` that of the production manager, `service` the operations on definitions,
//! `relations` those on what a definition is for, `run` those on inspections of a unit.

#[cfg(test)]
pub(crate) mod calls;
mod entity;
mod model;
mod relations;
pub(crate) mod route;
mod run;
mod service;

pub use entity::InspectionEntity;
pub use model::{
    DefinitionConflict, DefinitionStatus, DefinitionXaml, Inspection, InspectionDefinition,
    InspectionMiscInfo, InspectionRelation, InspectionSequence, InspectionStep, ProcessRelation,
    RelationConflict, SiteRelation,
};
pub use run::{InspectedUnit, SaveSteps, Sequences};
pub use service::{CreateDefinition, CreateEntity, ManualInspectionService, SaveXaml};
