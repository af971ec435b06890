//! Instances: registered and deregistered by operations, read, and discovered by name.

use serde_json::{Map, Value, json};

use super::operations::{self, Job};
use super::{Instance, Service, list, namespaces, services};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::{self, Tags};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("DeregisterInstance", deregister_instance),
    ("DiscoverInstances", discover_instances),
    ("GetInstance", get_instance),
    ("GetInstancesHealthStatus", get_instances_health_status),
    ("ListInstances", list_instances),
    ("RegisterInstance", register_instance),
];

fn service(call: &mut Call<'_>, input: &Input) -> Result<Service, Refusal> {
    let asked = input.text_or_empty("ServiceId");
    call.region().cloud_map.service(asked).cloned().ok_or_else(|| services::unknown(asked))
}

fn unknown(id: &str) -> Refusal {
    Refusal::new("InstanceNotFound", format!("The instance with ID {id} can't be found."))
}

/// The open operation that registers or deregisters an instance.
fn under_way(call: &mut Call<'_>, service: &str, instance: &str) -> Option<(String, Option<String>, &'static str)> {
    let targets = [("SERVICE", service), ("INSTANCE", instance)];
    let id = operations::open_by(call, |open| open.job.targets() == targets)?;
    let open = call.region().cloud_map.operations.get(&id)?;
    Some((id, open.request.clone(), open.job.kind()))
}

fn register_instance(call: &mut Call<'_>, input: &Input) -> Reply {
    let service = service(call, input)?;
    let id = input.text_or_empty("InstanceId");
    let attributes = tags::from_map(input.map("Attributes"));
    check(&service, &attributes)?;
    let request = input.text("CreatorRequestId");
    if let Some((open, other, kind)) = under_way(call, &service.id, id) {
        let same = kind == "REGISTER_INSTANCE" && other.as_deref() == request;
        let in_use = || Refusal::new("ResourceInUse", "Another operation on the instance is in progress.");
        return Err(if same { operations::duplicate(&open) } else { in_use() });
    }
    let job = Job::Register(service.id, id.to_owned(), attributes, request.map(str::to_owned));
    operations::start(call, job, request)
}

/// Whether an instance has what the records of its service need.
fn check(service: &Service, attributes: &Tags) -> Result<(), Refusal> {
    let has = |name: &str| attributes.contains_key(name);
    let records = service.dns.as_ref().map_or(&[][..], |dns| dns.list("DnsRecords"));
    if has("AWS_ALIAS_DNS_NAME") {
        return Ok(());
    }
    for record in records {
        let kind = record.text_or_empty("Type");
        let (needs, there) = match kind {
            "A" => ("AWS_INSTANCE_IPV4", has("AWS_INSTANCE_IPV4")),
            "AAAA" => ("AWS_INSTANCE_IPV6", has("AWS_INSTANCE_IPV6")),
            "CNAME" => ("AWS_INSTANCE_CNAME", has("AWS_INSTANCE_CNAME")),
            _ => ("AWS_INSTANCE_PORT", has("AWS_INSTANCE_PORT")),
        };
        if !there {
            let text = format!("The attribute {needs} is required for a service with records of type {kind}.");
            return Err(Refusal::new("InvalidInput", text));
        }
    }
    if attributes.is_empty() {
        return Err(Refusal::new("InvalidInput", "An instance needs at least one attribute."));
    }
    Ok(())
}

fn deregister_instance(call: &mut Call<'_>, input: &Input) -> Reply {
    let service = service(call, input)?;
    let id = input.text_or_empty("InstanceId");
    if let Some((open, _, kind)) = under_way(call, &service.id, id) {
        let in_use = || Refusal::new("ResourceInUse", "Another operation on the instance is in progress.");
        return Err(if kind == "DEREGISTER_INSTANCE" { operations::duplicate(&open) } else { in_use() });
    }
    if !service.instances.contains_key(id) {
        return Err(unknown(id));
    }
    operations::start(call, Job::Deregister(service.id, id.to_owned()), None)
}

fn get_instance(call: &mut Call<'_>, input: &Input) -> Reply {
    let service = service(call, input)?;
    let id = input.text_or_empty("InstanceId");
    let instance = service.instances.get(id).ok_or_else(|| unknown(id))?;
    let account = call.place.account.as_ref();
    Ok(json!({
        "ResourceOwner": account,
        "Instance": {
            "Id": id,
            "CreatorRequestId": instance.creator_request,
            "Attributes": tags::to_map(&instance.attributes),
            "CreatedByAccount": account,
        },
    }))
}

fn list_instances(call: &mut Call<'_>, input: &Input) -> Reply {
    let service = service(call, input)?;
    let account = call.place.account.to_string();
    let all: Vec<(&String, &Instance)> = service.instances.iter().collect();
    let (items, next) = list::cut(input, all, |(id, _)| (*id).clone(), &format!("instances {}", service.id))?;
    let item = |(id, instance): (&String, &Instance)| json!({ "Id": id, "Attributes": tags::to_map(&instance.attributes), "CreatedByAccount": account });
    let items: Vec<Value> = items.into_iter().map(item).collect();
    Ok(json!({ "ResourceOwner": account, "Instances": items, "NextToken": next }))
}

/// What is known of an instance's health: nothing without a check; with one it begins as it is told to.
fn health(service: &Service, instance: &Instance) -> &'static str {
    if service.custom_health.is_none() && service.health.is_none() {
        return "UNKNOWN";
    }
    let unhealthy = instance.attributes.get("AWS_INIT_HEALTH_STATUS").is_some_and(|status| status == "UNHEALTHY");
    if unhealthy { "UNHEALTHY" } else { "HEALTHY" }
}

fn get_instances_health_status(call: &mut Call<'_>, input: &Input) -> Reply {
    let service = service(call, input)?;
    let wanted = input.texts("Instances");
    if let Some(missing) = wanted.iter().find(|id| !service.instances.contains_key(*id)) {
        return Err(unknown(missing));
    }
    let chosen = service.instances.iter().filter(|(id, _)| wanted.is_empty() || wanted.contains(id)).collect();
    let scope = format!("health {} {wanted:?}", service.id);
    let (items, next) = list::cut(input, chosen, |(id, _): &(&String, &Instance)| (*id).clone(), &scope)?;
    let status: Map<String, Value> =
        items.into_iter().map(|(id, instance)| (id.clone(), health(&service, instance).into())).collect();
    Ok(json!({ "Status": status, "NextToken": next }))
}

fn discover_instances(call: &mut Call<'_>, input: &Input) -> Reply {
    let (domain, name) = (input.text_or_empty("NamespaceName"), input.text_or_empty("ServiceName"));
    let map = &call.region().cloud_map;
    let namespace = map.namespaces.values().find(|other| other.active && other.name.eq_ignore_ascii_case(domain));
    let namespace = namespace.ok_or_else(|| namespaces::unknown(domain))?;
    let service = map.service_named(&namespace.id, name).ok_or_else(|| services::unknown(name))?;
    let has = |instance: &Instance, wanted: &Tags| {
        wanted.iter().all(|(key, value)| instance.attributes.get(key) == Some(value))
    };
    let query = tags::from_map(input.map("QueryParameters"));
    let optional = tags::from_map(input.map("OptionalParameters"));
    let status = input.text("HealthStatus").unwrap_or("HEALTHY_OR_ELSE_ALL");
    let found: Vec<_> = service.instances.iter().filter(|(_, instance)| has(instance, &query)).collect();
    let preferred: Vec<_> = found.iter().copied().filter(|(_, instance)| has(instance, &optional)).collect();
    let found = if preferred.is_empty() { found } else { preferred };
    let is_bad = |instance: &Instance| health(service, instance) == "UNHEALTHY";
    let good: Vec<_> = found.iter().copied().filter(|(_, instance)| !is_bad(instance)).collect();
    let chosen = match status {
        "HEALTHY" => good,
        "UNHEALTHY" => found.into_iter().filter(|(_, instance)| is_bad(instance)).collect(),
        "HEALTHY_OR_ELSE_ALL" if !good.is_empty() => good,
        _ => found,
    };
    let most = input.integer("MaxResults").and_then(|most| usize::try_from(most).ok()).unwrap_or(100);
    let item = |(id, instance): (&String, &Instance)| {
        json!({
            "InstanceId": id,
            "NamespaceName": namespace.name,
            "ServiceName": service.name,
            "HealthStatus": health(service, instance),
            "Attributes": tags::to_map(&instance.attributes),
        })
    };
    let items: Vec<Value> = chosen.into_iter().take(most).map(item).collect();
    Ok(json!({ "Instances": items, "InstancesRevision": service.revision }))
}
