//! DescribeServices, ListServices, ListServicesByNamespace.

use serde_json::{Value, json};

use super::places::{self, invalid, missing};
use super::service::{ACTIVE, INACTIVE};
use super::{connect, of, read};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::paging;
use crate::services::cloud_map;

/// DescribeServices.
pub(super) fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = places::cluster(call, input.text("cluster"))?;
    let names = input.texts("services");
    if names.is_empty() {
        return Err(invalid("Services cannot be empty."));
    }
    if names.len() > 10 {
        return Err(invalid("services can have at most 10 items."));
    }
    let with_tags = input.list("include").iter().any(|it| it == "TAGS");
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    let mut seen = Vec::new();
    for name in names {
        let place = call.place.clone();
        let found = places::service(of(call.world, &place), &cluster, &name).map(|service| service.key());
        match found {
            Ok(key) if seen.contains(&key) => {}
            Ok(key) => {
                services.push(read::service(call, &key, with_tags));
                seen.push(key);
            }
            Err(_) if name.starts_with("arn:") => failures.push(missing(&name)),
            Err(_) => failures.push(missing(&call.arn("ecs", &format!("service/{}/{name}", cluster.name)))),
        }
    }
    Ok(json!({ "services": services, "failures": failures }))
}

/// ListServices.
pub(super) fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = places::cluster(call, input.text("cluster"))?;
    let place = call.place.clone();
    let (launch, scheduling) = (input.text("launchType"), input.text("schedulingStrategy"));
    let services = places::of_cluster(&of(call.world, &place).services, &cluster.arn);
    let arns = services
        // One that drains can still be described, but is listed no more.
        .filter(|(_, service)| service.status == ACTIVE)
        .filter(|(_, service)| launch.is_none_or(|kind| service.doc.text("launchType") == Some(kind)))
        .filter(|(_, service)| scheduling.is_none_or(|kind| service.doc.text("schedulingStrategy") == Some(kind)))
        .map(|(_, service)| service.arn.clone())
        .collect();
    let scope = format!("services {} {launch:?} {scheduling:?}", cluster.arn);
    page("serviceArns", arns, input, 10, &scope)
}

/// ListServicesByNamespace.
pub(super) fn by_namespace(call: &mut Call<'_>, input: &Input) -> Reply {
    let wanted = input.text_or_empty("namespace");
    if wanted.is_empty() {
        return Err(invalid("namespace cannot be empty."));
    }
    let Some(namespace) = cloud_map::namespace_arn(call.region(), wanted) else {
        return Err(Refusal::new("NamespaceNotFoundException", "The specified namespace could not be found."));
    };
    let place = call.place.clone();
    let services: Vec<(String, Option<String>, String, bool)> = of(call.world, &place)
        .services
        .values()
        .filter(|service| service.status != INACTIVE)
        .map(|service| {
            let on = connect::is_on(service.hidden.map("serviceConnectConfiguration"));
            (service.arn.clone(), connect::namespace(&service.hidden).map(str::to_owned), service.cluster.clone(), on)
        })
        .collect();
    let mut arns = Vec::new();
    for (arn, written, cluster, on) in services.into_iter().filter(|(.., on)| *on) {
        let used = match written {
            Some(name) => cloud_map::namespace_arn(call.region(), &name),
            None => super::super::registry::cluster(call.region(), Some(&cluster)).and_then(|it| it.namespace),
        };
        if on && used.as_ref() == Some(&namespace) {
            arns.push(arn);
        }
    }
    page("serviceArns", arns, input, 10, &format!("namespace {namespace}"))
}

/// One page of ARNs.
pub(super) fn page(name: &str, arns: Vec<String>, input: &Input, usual: i64, scope: &str) -> Reply {
    let items = arns.into_iter().map(Value::from).collect();
    pages(name, items, |item| item.as_str().unwrap_or_default().to_owned(), input, (usual, scope))
}

/// One page of a list under a name; how many there are on one usually, and what the list is.
pub(super) fn pages(
    name: &str,
    items: Vec<Value>,
    key: impl Fn(&Value) -> String,
    input: &Input,
    (usual, scope): (i64, &str),
) -> Reply {
    let size = input.integer("maxResults").unwrap_or(usual);
    if !(1..=100).contains(&size) {
        return Err(invalid("maxResults must be between 1 and 100."));
    }
    let size = usize::try_from(size).unwrap_or(100);
    let page = paging::page(items, key, size, input.text("nextToken"), scope).map_err(|_| invalid("Invalid token."))?;
    Ok(json!({ name: page.items, "nextToken": page.next }))
}
