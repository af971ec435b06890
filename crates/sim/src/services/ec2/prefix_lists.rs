//! Prefix lists: Amazon's, which are only read, and the account's own, with their versions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::describe::{self, Filters, View, compact};
use super::state::{Ec2, Peer, PrefixList};
use super::{Event, depended_on, invalid, kinds, lacks, new_id, operations, state, tagging, tokens};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::world;

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "DescribePrefixLists" => describe,
    "DescribeManagedPrefixLists" => describe_managed,
    "CreateManagedPrefixList" => create,
    "ModifyManagedPrefixList" => modify,
    "DeleteManagedPrefixList" => delete,
    "GetManagedPrefixListEntries" => entries,
];

const FILTERS: Filters = &[("prefix-list-id", "PrefixListId"), ("prefix-list-name", "PrefixListName")];
const MANAGED_FILTERS: Filters = &[
    ("owner-id", "OwnerId"),
    ("prefix-list-id", "PrefixListId"),
    ("prefix-list-name", "PrefixListName"),
    ("tag-key", ""),
];

/// Amazon's lists of gateway endpoints, the old way.
fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let lists = state(call).prefix_lists.iter().filter(|(_, list)| list.aws);
    let items = lists.map(|(id, list)| {
        let ranges: Vec<&String> = list.versions.last().map(|entries| entries.keys().collect()).unwrap_or_default();
        json!({ "PrefixListId": id, "PrefixListName": list.name, "Cidrs": ranges })
    });
    let items = items.collect();
    let ids = ("PrefixListIds", "PrefixListId");
    describe::answer(input, &View { list: "PrefixLists", ids, kind: &kinds::PREFIX_LIST, filters: FILTERS }, items)
}

fn document(ec2: &Ec2, id: &str, list: &PrefixList) -> Value {
    let owner = if list.aws { "aws" } else { &ec2.account };
    compact(json!({
        "PrefixListId": id,
        "AddressFamily": list.family,
        "State": list.state,
        "PrefixListArn": format!("arn:aws:ec2:{}:{owner}:prefix-list/{id}", ec2.name),
        "PrefixListName": list.name,
        "MaxEntries": list.max,
        "Version": if list.aws { None } else { Some(list.versions.len()) },
        "Tags": tagging::of(ec2, id),
        "OwnerId": if list.aws { "AWS" } else { &ec2.account },
    }))
}

fn describe_managed(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let items = ec2.prefix_lists.iter().map(|(id, list)| document(ec2, id, list)).collect();
    let ids = ("PrefixListIds", "PrefixListId");
    let view = View { list: "PrefixLists", ids, kind: &kinds::PREFIX_LIST, filters: MANAGED_FILTERS };
    describe::answer(input, &view, items)
}

/// The list of the request, if it is the account's own.
fn own<'e>(ec2: &'e Ec2, id: &str) -> Result<&'e PrefixList, Refusal> {
    let list = ec2.prefix_lists.get(id).ok_or_else(|| kinds::PREFIX_LIST.missing(id))?;
    if list.aws {
        let text = format!("You do not have permission to modify the prefix list {id}.");
        return Err(Refusal::new("UnauthorizedOperation", text).status(403));
    }
    Ok(list)
}

fn range(family: &str, text: &str) -> Result<String, Refusal> {
    let parsed = match family {
        "IPv4" => text.parse().ok().map(|net: ipnet::Ipv4Net| net.trunc().to_string()),
        _ => text.parse().ok().map(|net: ipnet::Ipv6Net| net.trunc().to_string()),
    };
    parsed.ok_or_else(|| invalid(format!("The CIDR {text} is not a valid {family} CIDR.")))
}

fn too_many(max: i64) -> Refusal {
    invalid(format!("You've reached the maximum number of entries for the prefix list: {max}."))
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tagging::specified(input, &kinds::PREFIX_LIST)?;
    let operation = call.operation;
    let ec2 = state(call);
    if let Some(id) = tokens::earlier(ec2, operation, input).filter(|id| ec2.prefix_lists.contains_key(id)) {
        return Ok(json!({ "PrefixList": document(ec2, &id, &ec2.prefix_lists[&id]) }));
    }
    let (name, family) = (input.text_or_empty("PrefixListName"), input.text_or_empty("AddressFamily"));
    let max = input.integer("MaxEntries").unwrap_or_default();
    if name.starts_with("com.amazonaws") {
        return Err(invalid("The prefix list name cannot start with com.amazonaws."));
    }
    if !matches!(family, "IPv4" | "IPv6") {
        return Err(invalid(format!(
            "Value ({family}) for parameter AddressFamily is invalid. Valid values: IPv4, IPv6"
        )));
    }
    if max < 1 {
        return Err(invalid(format!("Value ({max}) for parameter MaxEntries is invalid. It must be at least 1.")));
    }
    let mut entries = BTreeMap::new();
    for entry in input.list("Entries") {
        let description = entry.text("Description").map(str::to_owned);
        if entries.insert(range(family, entry.text_or_empty("Cidr"))?, description).is_some() {
            return Err(invalid("Duplicate CIDRs are not allowed in a prefix list."));
        }
    }
    if i64::try_from(entries.len()).unwrap_or(i64::MAX) > max {
        return Err(too_many(max));
    }
    let id = new_id(call, "pl");
    let ec2 = state(call);
    let list = PrefixList {
        name: name.to_owned(),
        aws: false,
        family: family.to_owned(),
        state: "create-in-progress".to_owned(),
        max: Some(max),
        versions: vec![entries],
    };
    ec2.prefix_lists.insert(id.clone(), list);
    tagging::keep(ec2, &id, tags);
    tokens::keep(ec2, operation, input, &id);
    let made = document(ec2, &id, &ec2.prefix_lists[&id]);
    soon(call, Event::Turns(id, "create-complete".to_owned()));
    Ok(json!({ "PrefixList": made }))
}

fn soon(call: &mut Call<'_>, event: Event) {
    let delay = call.world.about(Duration::from_secs(4));
    call.after(delay, world::Event::Ec2(event));
}

fn modify(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("PrefixListId");
    let ec2 = state(call);
    let mut list = own(ec2, id)?.clone();
    if list.state.ends_with("in-progress") {
        let text = format!("The prefix list {id} is in an invalid state for this operation: {}", list.state);
        return Err(Refusal::new("IncorrectState", text));
    }
    let (add, remove) = (input.list("AddEntries"), input.list("RemoveEntries"));
    let version = i64::try_from(list.versions.len()).unwrap_or(i64::MAX);
    if !add.is_empty() || !remove.is_empty() {
        match input.integer("CurrentVersion") {
            None => return Err(lacks("CurrentVersion")),
            Some(given) if given != version => {
                let text =
                    format!("The prefix list has the incorrect version number: {given}. Current version: {version}");
                return Err(Refusal::new("PrefixListVersionMismatch", text));
            }
            Some(_) => {}
        }
    }
    let mut entries = list.versions.last().cloned().unwrap_or_default();
    for entry in remove {
        let cidr = range(&list.family, entry.text_or_empty("Cidr"))?;
        entries.remove(&cidr).ok_or_else(|| invalid(format!("The CIDR {cidr} is not in the prefix list.")))?;
    }
    for entry in add {
        let description = entry.text("Description").map(str::to_owned);
        entries.insert(range(&list.family, entry.text_or_empty("Cidr"))?, description);
    }
    let max = input.integer("MaxEntries").or(list.max).unwrap_or(i64::MAX);
    if i64::try_from(entries.len()).unwrap_or(i64::MAX) > max {
        return Err(too_many(max));
    }
    list.max = Some(max);
    list.name = input.text("PrefixListName").map_or(list.name, str::to_owned);
    if !add.is_empty() || !remove.is_empty() {
        list.versions.push(entries);
    }
    list.state = "modify-in-progress".to_owned();
    let shown = document(ec2, id, &list);
    ec2.prefix_lists.insert(id.to_owned(), list);
    soon(call, Event::Turns(id.to_owned(), "modify-complete".to_owned()));
    Ok(json!({ "PrefixList": shown }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("PrefixListId");
    let ec2 = state(call);
    let mut list = own(ec2, id)?.clone();
    let peer = Peer::List(id.to_owned());
    let ruled = ec2.groups.values().any(|group| group.rules.values().any(|rule| rule.peer == peer));
    let routed = |route: &Value| route.text("DestinationPrefixListId") == Some(id);
    if ruled || ec2.route_tables.values().any(|table| table.routes.iter().any(routed)) {
        return Err(depended_on("prefixList", id));
    }
    list.state = "delete-in-progress".to_owned();
    let shown = document(ec2, id, &list);
    ec2.prefix_lists.insert(id.to_owned(), list);
    soon(call, Event::Forgotten(id.to_owned()));
    Ok(json!({ "PrefixList": shown }))
}

fn entries(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("PrefixListId");
    let list = state(call).prefix_lists.get(id).ok_or_else(|| kinds::PREFIX_LIST.missing(id))?;
    let wanted = input.integer("TargetVersion").and_then(|version| usize::try_from(version).ok());
    let version = wanted.unwrap_or(list.versions.len());
    let entries = version.checked_sub(1).and_then(|index| list.versions.get(index));
    let entries =
        entries.ok_or_else(|| invalid(format!("The version {version} of the prefix list does not exist.")))?;
    let items = entries.iter().map(|(cidr, description)| compact(json!({ "Cidr": cidr, "Description": description })));
    let items = items.collect();
    describe::page(input, "Entries", items, |entry| entry.text_or_empty("Cidr").to_owned())
}
