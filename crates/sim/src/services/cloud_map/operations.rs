//! Operations: what was asked for and is done in its own time. Each goes from submitted over pending to success or failure.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Event, dns, namespaces, services};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::Tags;
use crate::world::{self, Moment, Place, World};

/// The operations.
pub(super) const OPERATIONS: Table = &[("GetOperation", get_operation)];

/// How long an operation waits to be taken up.
const SUBMITTED: Duration = Duration::from_secs(2);
/// How long operations are remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// An operation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) created: Moment,
    pub(super) updated: Moment,
    pub(super) job: Job,
    /// The id that the caller gave to the request.
    pub(super) request: Option<String>,
    error: Option<(String, String)>,
}

/// What an operation does at its end.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) enum Job {
    /// Nothing.
    #[default]
    Nothing,
    /// Makes a namespace known, with its zone.
    CreateNamespace(String),
    /// Removes a namespace with its zone.
    DeleteNamespace(String),
    /// Changes a namespace.
    UpdateNamespace(String, Map<String, Value>),
    /// Changes a service.
    UpdateService(String, Map<String, Value>),
    /// Registers an instance of a service.
    Register(String, String, Tags, Option<String>),
    /// Takes an instance out of a service.
    Deregister(String, String),
}

impl Job {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::CreateNamespace(_) => "CREATE_NAMESPACE",
            Self::DeleteNamespace(_) => "DELETE_NAMESPACE",
            Self::UpdateNamespace(..) => "UPDATE_NAMESPACE",
            Self::UpdateService(..) => "UPDATE_SERVICE",
            Self::Register(..) => "REGISTER_INSTANCE",
            Self::Deregister(..) => "DEREGISTER_INSTANCE",
        }
    }

    /// What it is about, as it is told.
    pub(super) fn targets(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Nothing => Vec::new(),
            Self::CreateNamespace(id) | Self::DeleteNamespace(id) | Self::UpdateNamespace(id, _) => {
                vec![("NAMESPACE", id)]
            }
            Self::UpdateService(id, _) => vec![("SERVICE", id)],
            Self::Register(service, instance, ..) | Self::Deregister(service, instance) => {
                vec![("SERVICE", service), ("INSTANCE", instance)]
            }
        }
    }

    fn takes(&self) -> Duration {
        Duration::from_secs(match self {
            Self::Register(..) | Self::Deregister(..) => 6,
            Self::UpdateService(..) => 10,
            _ => 40,
        })
    }
}

impl Operation {
    fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "SUBMITTED" | "PENDING")
    }
}

/// Starts an operation; the reply with its id.
pub(super) fn start(call: &mut Call<'_>, job: Job, request: Option<&str>) -> Reply {
    let ids = &mut call.world.ids;
    let id = format!("{}-{}", ids.lower(32), ids.lower(8));
    let takes = call.world.about(job.takes());
    let now = call.now();
    let request = request.map(str::to_owned);
    let operation =
        Operation { id: id.clone(), status: "SUBMITTED".into(), created: now, updated: now, job, request, error: None };
    let operations = &mut call.region().cloud_map.operations;
    operations.retain(|_, old| now.since(old.created) < REMEMBERED);
    operations.insert(id.clone(), operation);
    call.after(SUBMITTED, world::Event::CloudMap(Event::Begin { operation: id.clone() }));
    call.after(takes, world::Event::CloudMap(Event::End { operation: id.clone() }));
    Ok(json!({ "OperationId": id }))
}

/// The open operation about a target.
pub(super) fn open<'w>(call: &'w mut Call<'_>, target: (&str, &str)) -> Option<&'w Operation> {
    let mut all = call.region().cloud_map.operations.values();
    all.find(|operation| operation.is_open() && operation.job.targets().contains(&target))
}

/// The open operation of a kind about some target, in no need of its id.
pub(super) fn open_by(call: &mut Call<'_>, fits: impl Fn(&Operation) -> bool) -> Option<String> {
    let mut all = call.region().cloud_map.operations.values();
    all.find(|operation| operation.is_open() && fits(operation)).map(|operation| operation.id.clone())
}

/// The refusal of a request whose operation is under way.
pub(super) fn duplicate(id: &str) -> Refusal {
    Refusal::new("DuplicateRequest", "The request is already in progress.").with("DuplicateOperationId", id)
}

fn get_operation(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("OperationId");
    let operations = &call.region().cloud_map.operations;
    let operation = operations
        .get(id)
        .ok_or_else(|| Refusal::new("OperationNotFound", format!("The operation with ID {id} was not found.")))?;
    let targets: Map<String, Value> =
        operation.job.targets().into_iter().map(|(kind, id)| (kind.to_owned(), Value::from(id))).collect();
    Ok(json!({ "Operation": {
        "Id": operation.id,
        "Type": operation.job.kind(),
        "Status": operation.status,
        "ErrorCode": operation.error.as_ref().map(|(code, _)| code),
        "ErrorMessage": operation.error.as_ref().map(|(_, text)| text),
        "CreateDate": operation.created.value(),
        "UpdateDate": operation.updated.value(),
        "Targets": targets,
    } }))
}

/// Lets an operation begin or end.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    let now = world.now;
    let ends = matches!(event, Event::End { .. });
    let (Event::Begin { operation: id } | Event::End { operation: id }) = event;
    let Some(operation) = world.region(place).cloud_map.operations.get_mut(&id).filter(|found| found.is_open()) else {
        return;
    };
    operation.updated = now;
    if !ends {
        operation.status = "PENDING".into();
        return;
    }
    let job = operation.job.clone();
    let done = carry_out(world, place, job);
    let Some(operation) = world.region(place).cloud_map.operations.get_mut(&id) else { return };
    operation.status = if done.is_ok() { "SUCCESS" } else { "FAIL" }.into();
    operation.error = done.err();
}

fn carry_out(world: &mut World, place: &Place, job: Job) -> Result<(), (String, String)> {
    match job {
        Job::Nothing => {}
        Job::CreateNamespace(id) => return namespaces::finish_creation(world, place, &id),
        Job::DeleteNamespace(id) => namespaces::finish_deletion(world, place, &id),
        Job::UpdateNamespace(id, change) => namespaces::finish_update(world, place, &id, &change),
        Job::UpdateService(id, change) => services::finish_update(world, place, &id, &change),
        Job::Register(service, instance, attributes, request) => {
            dns::register(world, place, &service, &instance, (&attributes, request));
        }
        Job::Deregister(service, instance) => dns::deregister(world, place, &service, &instance),
    }
    Ok(())
}
