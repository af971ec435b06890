//! `network:`: which VPC and which subnets are used. Nothing is made.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Network, SubnetsRef, VpcRef};
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tree::{Tree, Value};
use super::Ctx;

/// The section.
pub(crate) static NETWORK: Table = Table {
    path: "network",
    what: "the network",
    groups: &[&[
        key("vpc", Type::AnyOf(&[Type::Several(&Type::Text), Type::Map(&BY_TAGS)]), "The VPC.")
            .shape("`default`, `vpc-…`, or `{ tags: { key: value } }`")
            .value("default")
            .aws("VpcId")
            .example("{ tags: { Name: main } }"),
        key(
            "subnets",
            Type::AnyOf(&[Type::Several(&Type::Text), Type::Map(&BY_TAGS)]),
            "The subnets; a load balancer uses one for each availability zone.",
        )
        .shape("`default`, a list of `subnet-…`, or `{ tags: { key: value } }`")
        .value("default")
        .aws("SubnetIds")
        .example("{ tags: { tier: private } }"),
    ]],
    made: &[Made { kind: "network", outputs: &["vpc_id"], name: None }],
    ..EMPTY
};

/// A choice by tags.
pub(crate) static BY_TAGS: Table = Table {
    path: "network.vpc",
    what: "a choice by tags",
    groups: &[&[key("tags", Type::MapOf(&Type::Blank), "The tags to look for; all of them must match.")
        .needed("Choose by tags: { tags: { Name: main } }.")
        .example("{ Name: main }")]],
    ..EMPTY
};

/// Reads the section; without it everything is the default.
pub(crate) fn read(ctx: &Ctx<'_>, section: Option<&Tree>, start: &Place) -> Network {
    let mut network = Network {
        place: section.map_or_else(|| start.clone(), |tree| tree.place.clone()),
        vpc: VpcRef::Default,
        subnets: SubnetsRef::Default,
    };
    let Some(fields) = section.and_then(|tree| Fields::open(tree, "`network`", &NETWORK, ctx.problems)) else {
        return network;
    };
    if let Some(tree) = fields.take("vpc") {
        match choice(ctx, tree, "`vpc`", "vpc-") {
            Some(Choice::Ids(mut ids)) if ids.len() == 1 => network.vpc = VpcRef::Id(ids.swap_remove(0)),
            Some(Choice::Ids(_)) => {
                ctx.problems.error("bad-value", &tree.place, "`vpc` names several VPCs", "A stack uses one VPC.");
            }
            Some(Choice::Tags(tags)) => network.vpc = VpcRef::Tags(tags),
            Some(Choice::Default) | None => {}
        }
    }
    if let Some(tree) = fields.take("subnets") {
        match choice(ctx, tree, "`subnets`", "subnet-") {
            Some(Choice::Ids(ids)) => network.subnets = SubnetsRef::Ids(ids),
            Some(Choice::Tags(tags)) => network.subnets = SubnetsRef::Tags(tags),
            Some(Choice::Default) | None => {}
        }
    }
    fields.finish();
    network
}

enum Choice {
    Default,
    Ids(Vec<String>),
    Tags(BTreeMap<String, String>),
}

fn choice(ctx: &Ctx<'_>, tree: &Tree, what: &str, prefix: &str) -> Option<Choice> {
    let want = Want::new(what, ctx.problems);
    if let Value::Map(_) = &tree.value {
        let fields = Fields::open(tree, what, &BY_TAGS, ctx.problems)?;
        let tags = fields.take("tags").map(|tags| want.string_map(tags));
        fields.finish();
        let tags: BTreeMap<String, String> = tags?.into_iter().map(|(key, value, _)| (key, value)).collect();
        if tags.is_empty() {
            ctx.problems.error("empty", &tree.place, format!("{what} has no tags to choose by"), "Give at least one.");
            return None;
        }
        return Some(Choice::Tags(tags));
    }
    let ids = want.strings(tree);
    if ids.len() == 1 && ids[0] == "default" {
        return Some(Choice::Default);
    }
    let mut good = !ids.is_empty();
    if ids.is_empty() && !matches!(tree.value, Value::Wrong) {
        ctx.problems.error("empty", &tree.place, format!("{what} is an empty list"), "Remove it to use the default.");
    }
    for item in want.several(tree) {
        if let Some(id) = item.scalar().filter(|id| !id.starts_with(prefix)) {
            good = false;
            ctx.problems.error(
                "bad-value",
                &item.place,
                format!("`{id}` is neither `default` nor an id"),
                format!("Write `default`, `{prefix}…`, or {{ tags: {{ Name: {id} }} }} to look it up by its tags."),
            );
        }
    }
    good.then_some(Choice::Ids(ids))
}
