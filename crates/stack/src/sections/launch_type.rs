//! What a task definition is written for, if the service does not say: Fargate, unless the document is one that only EC2 (or
//! ECS Anywhere) takes. Where both are possible it is Fargate, and what Fargate then lacks is told together with the way out.

use serde_json::{Map, Value as Json};

use super::super::fields::Fields;
use super::super::task_definition::Draft;
use super::super::validate::NOT_ON_FARGATE;

/// The launch type of a document; without one, Fargate.
pub(crate) fn guess(draft: Option<&Draft>, fields: &Fields<'_>) -> &'static str {
    let Some(draft) = draft else { return "FARGATE" };
    let list = draft.document.get("requiresCompatibilities").and_then(Json::as_array);
    let names: Vec<&str> = list.into_iter().flatten().filter_map(Json::as_str).collect();
    if names.contains(&"FARGATE") {
        return "FARGATE";
    }
    if names.contains(&"EC2") {
        return "EC2";
    }
    if !names.is_empty() {
        return "EXTERNAL";
    }
    // The file of somebody else is as complete as ECS wants it; what is written here may just not be finished.
    let from_file = fields.take("task_definition").is_some();
    let sized = draft.document.contains_key("cpu") && draft.document.contains_key("memory");
    let awsvpc = draft.text("networkMode") == Some("awsvpc");
    let only_ec2 = draft.text("networkMode").is_some_and(|mode| mode != "awsvpc")
        || (!sized && !awsvpc && (from_file || all_limited(draft)))
        || ["placement_constraints", "placement_strategy"].into_iter().any(|key| fields.take(key).is_some())
        || (!awsvpc && draft.containers().any(any_host_port))
        // With sizes of Fargate beside it, it is more likely a mistake, and is told as one.
        || ((from_file || !sized) && needs_an_instance(draft));
    if only_ec2 { "EC2" } else { "FARGATE" }
}

/// Whether each container has a limit of its own, which on Fargate nobody needs.
fn all_limited(draft: &Draft) -> bool {
    let limited = |map: &Map<String, Json>| ["memory", "memoryReservation"].iter().any(|key| map.contains_key(*key));
    draft.containers().next().is_some() && draft.containers().all(limited)
}

/// Whether a container asks for any free port of the host, which is what bridge mode is used for.
fn any_host_port(container: &Map<String, Json>) -> bool {
    let mappings = container.get("portMappings").and_then(Json::as_array).into_iter().flatten();
    mappings.filter_map(|mapping| mapping.get("hostPort")).any(|port| *port == 0)
}

/// Whether the document has something that only an instance can give.
fn needs_an_instance(draft: &Draft) -> bool {
    let text = |key: &str| draft.text(key) == Some("host");
    let volumes = draft.document.get("volumes").and_then(Json::as_array);
    let local = |volume: &Json| {
        volume.get("dockerVolumeConfiguration").is_some() || volume.pointer("/host/sourcePath").is_some()
    };
    text("pidMode")
        || text("ipcMode")
        || volumes.into_iter().flatten().any(local)
        || draft.containers().any(on_instance)
}

fn on_instance(container: &Map<String, Json>) -> bool {
    let set = |key: &&str| match container.get(*key) {
        None | Some(Json::Null | Json::Bool(false)) => false,
        Some(Json::Array(items)) => !items.is_empty(),
        Some(_) => true,
    };
    NOT_ON_FARGATE.iter().any(set)
}
