//! Namespaces: created, changed and deleted by operations. A name stands for one namespace, whatever its kind.

use serde_json::{Map, Value, json};

use super::operations::{self, Job};
use super::tagging::Resources;
use super::{Namespace, namespace_arn_of};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::services::{self, route53};
use crate::tags::dialect::Carrier;
use crate::world::{Place, World};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("CreateHttpNamespace", create_http_namespace),
    ("CreatePrivateDnsNamespace", create_private_dns_namespace),
    ("CreatePublicDnsNamespace", create_public_dns_namespace),
    ("DeleteNamespace", delete_namespace),
    ("GetNamespace", get_namespace),
    ("UpdateHttpNamespace", update_namespace),
    ("UpdatePrivateDnsNamespace", update_namespace),
    ("UpdatePublicDnsNamespace", update_namespace),
];

/// The TTL of a zone's start of authority, unless another is asked for.
const USUAL_TTL: i64 = 15;

/// The refusal of a namespace that is not there.
pub(super) fn unknown(id: &str) -> Refusal {
    Refusal::new("NamespaceNotFound", format!("The namespace with ID {id} can't be found."))
}

fn create_http_namespace(call: &mut Call<'_>, input: &Input) -> Reply {
    create(call, input, "HTTP")
}

fn create_private_dns_namespace(call: &mut Call<'_>, input: &Input) -> Reply {
    create(call, input, "DNS_PRIVATE")
}

fn create_public_dns_namespace(call: &mut Call<'_>, input: &Input) -> Reply {
    if !input.text_or_empty("Name").contains('.') {
        return Err(Refusal::new("InvalidInput", "The name of a public DNS namespace must be a domain name."));
    }
    create(call, input, "DNS_PUBLIC")
}

/// The TTL in `Properties`.
fn ttl(properties: Option<&Map<String, Value>>) -> Option<i64> {
    properties?.map("DnsProperties")?.map("SOA")?.integer("TTL")
}

fn create(call: &mut Call<'_>, input: &Input, kind: &str) -> Reply {
    let name = input.text_or_empty("Name");
    let tags = Resources::DIALECT.first(input)?;
    let request = input.text("CreatorRequestId");
    let taken =
        call.region().cloud_map.namespaces.values().find(|other| other.name.eq_ignore_ascii_case(name)).cloned();
    if let Some(other) = taken {
        let same = request == Some(other.creator_request.as_str()) && other.kind == kind;
        let under_way = operations::open(call, ("NAMESPACE", &other.id)).map(|operation| operation.id.clone());
        return Err(match under_way.filter(|_| same && !other.active) {
            Some(operation) => operations::duplicate(&operation),
            None => Refusal::new("NamespaceAlreadyExists", "Namespace already exists")
                .with("CreatorRequestId", other.creator_request)
                .with("NamespaceId", other.id),
        });
    }
    let id = format!("ns-{}", call.world.ids.lower(16));
    let creator_request = request.map_or_else(|| call.world.ids.uuid(), str::to_owned);
    let namespace = Namespace {
        id: id.clone(),
        arn: namespace_arn_of(&call.place, &id),
        name: name.to_owned(),
        kind: kind.to_owned(),
        description: input.text("Description").map(str::to_owned),
        vpc: input.shared_text("Vpc").map(str::to_owned),
        zone: None,
        ttl: ttl(input.shared_map("Properties")).unwrap_or(USUAL_TTL),
        created: call.now(),
        creator_request,
        active: false,
        tags,
    };
    call.region().cloud_map.namespaces.insert(id.clone(), namespace);
    operations::start(call, Job::CreateNamespace(id), request)
}

/// Makes a namespace known, with its zone; or tells why not.
pub(super) fn finish_creation(world: &mut World, place: &Place, id: &str) -> Result<(), (String, String)> {
    let Some(namespace) = world.region(place).cloud_map.namespaces.get(id).cloned() else { return Ok(()) };
    let mut zone = None;
    if namespace.kind != "HTTP" {
        if let Some(text) = namespace.vpc.as_ref().and_then(|vpc| obstacle(world, place, &namespace.name, vpc)) {
            world.region(place).cloud_map.namespaces.remove(id);
            return Err(("CANNOT_CREATE_HOSTED_ZONE".to_owned(), text));
        }
        let owner = namespace_arn_of(place, id);
        zone = Some(route53::create_zone(world, place, &namespace.name, namespace.vpc.as_deref(), &owner));
    }
    if let Some(namespace) = world.region(place).cloud_map.namespaces.get_mut(id) {
        namespace.active = true;
        namespace.zone = zone;
    }
    Ok(())
}

/// Why a VPC cannot have a zone of this name.
fn obstacle(world: &mut World, place: &Place, name: &str, vpc: &str) -> Option<String> {
    let there = services::call(world, place, "ec2", "DescribeVpcs", json!({ "VpcIds": [vpc] }));
    if let Err(refusal) = there
        && refusal.code.starts_with("InvalidVpc")
    {
        return Some(format!(
            "The VPC {vpc} in region {} is not valid or not accessible. (InvalidVPCId)",
            place.region
        ));
    }
    let ask = json!({ "VPCId": vpc, "VPCRegion": place.region.as_ref() });
    let zones = services::call(world, place, "route53", "ListHostedZonesByVPC", ask).ok()?;
    let mut names = zones.list("HostedZoneSummaries").iter().map(|zone| zone.text_or_empty("Name"));
    names.any(|other| other.trim_end_matches('.').eq_ignore_ascii_case(name.trim_end_matches('.'))).then(|| {
        format!("The VPC {vpc} already has a private hosted zone of the name {name}. (ConflictingDomainExists)")
    })
}

fn get_namespace(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("Id");
    let place = call.place.clone();
    let map = &call.region().cloud_map;
    let namespace = map.namespace(id).ok_or_else(|| unknown(id))?;
    let mut found = document(&place, namespace);
    found.insert("CreatorRequestId".into(), namespace.creator_request.clone().into());
    let services = map.services.values().filter(|service| service.namespace == namespace.id).count();
    if services > 0 {
        found.insert("ServiceCount".into(), services.into());
    }
    Ok(json!({ "Namespace": found }))
}

/// A namespace as it is read and listed.
pub(super) fn document(place: &Place, namespace: &Namespace) -> Map<String, Value> {
    let dns = match &namespace.zone {
        Some(zone) => json!({ "HostedZoneId": zone, "SOA": { "TTL": namespace.ttl } }),
        None => json!({}),
    };
    let document = json!({
        "Id": namespace.id,
        "Arn": namespace_arn_of(place, &namespace.id),
        "ResourceOwner": place.account.as_ref(),
        "Name": namespace.name,
        "Type": namespace.kind,
        "Description": namespace.description,
        "Properties": { "DnsProperties": dns, "HttpProperties": { "HttpName": namespace.name } },
        "CreateDate": namespace.created.value(),
    });
    document.as_object().cloned().unwrap_or_default()
}

fn delete_namespace(call: &mut Call<'_>, input: &Input) -> Reply {
    let asked = input.text_or_empty("Id");
    let map = &call.region().cloud_map;
    let id = map.namespace(asked).ok_or_else(|| unknown(asked))?.id.clone();
    if map.services.values().any(|service| service.namespace == id) {
        let text = "Namespace has associated services; delete the services before deleting the namespace";
        return Err(Refusal::new("ResourceInUse", text));
    }
    if let Some(other) = operations::open(call, ("NAMESPACE", &id)) {
        return Err(operations::duplicate(&other.id));
    }
    operations::start(call, Job::DeleteNamespace(id), None)
}

/// Removes a namespace with its zone.
pub(super) fn finish_deletion(world: &mut World, place: &Place, id: &str) {
    let map = &mut world.region(place).cloud_map;
    // A service may have been made in the meantime.
    if map.services.values().any(|service| service.namespace == id) {
        return;
    }
    if let Some(zone) = map.namespaces.remove(id).and_then(|namespace| namespace.zone) {
        route53::remove_zone(world, place, &zone);
    }
}

fn update_namespace(call: &mut Call<'_>, input: &Input) -> Reply {
    let asked = input.text_or_empty("Id");
    let namespace = call.region().cloud_map.namespace(asked).ok_or_else(|| unknown(asked))?;
    let (id, kind) = (namespace.id.clone(), namespace.kind.clone());
    let wanted = match call.operation {
        "UpdateHttpNamespace" => "HTTP",
        "UpdatePrivateDnsNamespace" => "DNS_PRIVATE",
        _ => "DNS_PUBLIC",
    };
    if kind != wanted {
        return Err(Refusal::new("InvalidInput", format!("The namespace {id} is of type {kind}, not {wanted}.")));
    }
    let request = input.text("UpdaterRequestId");
    if let Some(other) = operations::open(call, ("NAMESPACE", &id)) {
        let same = request.is_some() && other.request.as_deref() == request;
        let in_use = || Refusal::new("ResourceInUse", "Another operation on the namespace is in progress.");
        return Err(if same { operations::duplicate(&other.id) } else { in_use() });
    }
    let change = input.map("Namespace").cloned().unwrap_or_default();
    operations::start(call, Job::UpdateNamespace(id, change), request)
}

/// Changes a namespace.
pub(super) fn finish_update(world: &mut World, place: &Place, id: &str, change: &Map<String, Value>) {
    let Some(namespace) = world.region(place).cloud_map.namespaces.get_mut(id) else { return };
    if let Some(text) = change.text("Description") {
        namespace.description = Some(text.to_owned());
    }
    namespace.ttl = ttl(change.map("Properties")).unwrap_or(namespace.ttl);
}
