//! Operations on definitions of manual inspections.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::{InspectionDefinition, InspectionEntity, route};
use crate::argument;
use crate::ask::request::request;
use crate::ask::service::service;
use crate::ask::{Ask, Kept};
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};

request! {
    /// From [`ManualInspectionService::create`].
    pub struct CreateDefinition -> InspectionDefinition, by ask {
        /// Whether it begins with the server's steps.
        "createDefaultXaml" => default_steps: bool,
    }

    /// From [`ManualInspectionService::create_entity`].
    pub struct CreateEntity -> InspectionEntity, by ask {
        /// Whether it begins with the server's steps.
        "createDefaultXaml" => default_steps: bool,
    }

    /// From [`ManualInspectionService::save_xaml`].
    pub struct SaveXaml -> (), by tell {
        /// Who changes it.
        "username" => user_name: String as Name,
    }
}

service! {
    /// Operations on manual inspections; from [`Wats::manual_inspection`](crate::Wats::manual_inspection).
    ///
    /// They are on routes that the server uses itself and does not publish. They may change with any version of the server, and
    /// the token may not be allowed to use them. Definitions and what belongs to them come from memory if they were read lately
    /// ([`CacheOptions::definitions`](crate::CacheOptions::definitions)); writes of this client make that stale.
    pub struct ManualInspectionService;
}

impl ManualInspectionService {
    /// Definitions that are for all sites, or those that are not
    /// (`GET /api/internal/ManualInspection/GetTestSequenceDefinitions`); from memory if read lately.
    pub fn definitions(&self, global: bool) -> Ask<Arc<[InspectionDefinition]>> {
        let call = route::definitions.call();
        let call = call.query("isGlobalDefinitions", global);
        self.core.ask_list(&route::definitions, Ok(call))
    }

    /// A definition (`GET /api/internal/ManualInspection/GetTestSequenceDefinition`); from memory if read lately.
    pub fn definition(&self, definition_id: Uuid) -> Ask<Arc<InspectionDefinition>> {
        let call = route::definition
            .call()
            .query("definitionId", definition_id);
        self.core.ask_kept(&route::definition, Ok(call))
    }

    /// A copy of a definition (`GET /api/internal/ManualInspection/GetDefinitionCopy/{Id}`). Whether the server stores it is
    /// not described, so it is not repeated, and makes definitions in memory stale.
    pub fn copy_of(&self, definition_id: Uuid) -> Ask<InspectionDefinition> {
        let call = route::copy_of.call().path("Id", definition_id);
        self.core.ask(&route::copy_of, Ok(call))
    }

    /// Creates a definition and returns it as the server holds it (`POST /api/internal/ManualInspection/PostDefinition`).
    ///
    /// # Errors
    /// [`Error::Query`] for one with an id or without a name; or the call fails. It is not repeated: each call creates one.
    pub fn create(&self, definition: &InspectionDefinition) -> CreateDefinition {
        let call = new(definition).map(|()| route::create.call().json(definition));
        CreateDefinition::new(&self.core, &route::create, call)
    }

    /// As [`create`](Self::create), but returns it in the form in which it can be [updated](Self::update).
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_entity(&self, definition: &InspectionDefinition) -> CreateEntity {
        let call = new(definition).map(|()| {
            let call = route::create.call().json(definition);
            call.query("returnAsProductionManagerEntity", true)
        });
        CreateEntity::new(&self.core, &route::create, call)
    }

    /// Changes a definition (`PUT /api/internal/ManualInspection/PutDefinitionNew`). What becomes of members that are not
    /// sent the server does not say.
    ///
    /// # Errors
    /// [`Error::Query`] for one without an id; or the call fails.
    pub fn update(&self, entity: &InspectionEntity) -> Ask<InspectionDefinition> {
        let call = argument::id("definition_id", entity.definition_id)
            .map(|_| route::update.call().json(entity));
        self.core.ask(&route::update, call)
    }

    /// The steps of a definition (`GET /api/internal/ManualInspection/GetTestSequenceDefinitionXaml`); from memory if read
    /// lately. The form of the answer is not described.
    pub fn xaml(&self, definition_id: Uuid) -> Ask<Arc<Value>> {
        let call = route::xaml.call().query("definitionId", definition_id);
        self.core.ask_kept(&route::xaml, Ok(call))
    }

    /// Replaces the steps of a definition (`PUT /api/internal/ManualInspection/PutTestSequenceDefinitionXaml`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty text; or the call fails.
    pub fn save_xaml(&self, definition_id: Uuid, xaml: &str) -> SaveXaml {
        let route = &route::save_xaml;
        let call = if xaml.trim().is_empty() {
            Err(Error::Query("the xaml is empty".to_owned()))
        } else {
            let call = route.call().query("definitionId", definition_id);
            Ok(call.json(xaml))
        };
        SaveXaml::new(&self.core, route, call)
    }

    /// What the workflow foundation holds of a definition (`GET /api/internal/ManualInspection/GetWatswwfContent/{Id}`); from
    /// memory if read lately. The form of the answer is not described.
    pub fn workflow(&self, definition_id: Uuid) -> Ask<Arc<Value>> {
        let call = route::workflow.call().path("Id", definition_id);
        self.core.ask_kept(&route::workflow, Ok(call))
    }

    /// How many inspections were made by a definition (`GET /api/internal/ManualInspection/GetInstancesCount/{Id}`).
    pub fn instances_count(&self, definition_id: Uuid) -> Ask<i64> {
        let call = route::instances_count.call().path("Id", definition_id);
        self.core.ask(&route::instances_count, Ok(call))
    }

    /// Forgets definitions in memory, and what belongs to them: the next reads ask the server.
    pub fn refresh(&self) {
        self.core.clear(Kept::Definitions);
    }
}

fn new(definition: &InspectionDefinition) -> Result<()> {
    if let Some(id) = definition.definition_id {
        return Err(Error::Query(format!(
            "the definition has the definition_id {id}, so it is created already; update it"
        )));
    }
    let name = definition.name.as_deref().unwrap_or_default();
    scanned::check_some("name of the definition", name, Kind::Name)
}
