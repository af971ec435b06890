//! `dns:`: hosted zones, looked up or ours, with their records.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::{Diagnostic, Place};

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Record, Zone};
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::Tree;
use super::records::RECORD;
use super::{Ctx, records};

/// A zone.
pub(crate) static ZONE: Table = Table {
    path: "dns",
    what: "a zone",
    groups: &[&[
        key("zone", Type::Text, "The domain; the hosted zone is looked up by it.")
            .needed("Say which zone: zone: example.com.")
            .shape("domain name")
            .aws("Name")
            .example("example.com"),
        key("id", Type::Text, "Chooses one of several zones of that name.")
            .shape("zone id, `/hostedzone/` before it or not")
            .aws("HostedZoneId"),
        key("create", Type::Flag, "Whether the stack creates the zone, and deletes it with the stack.").value("false"),
        key("comment", Type::Text, "With `create` only.").shape("string, up to 256").aws("Comment"),
        key("tags", Type::MapOf(&Type::Blank), "With `create` only.").without("those of the stack").aws("Tags"),
        key("protect", Type::Flag, "As for every entry; applies to the zone and its records.").value("false"),
        key("records", Type::Several(&Type::Map(&RECORD)), "Records, changed in one batch for each zone.")
            .shape("list of records")
            .aws("ResourceRecordSets")
            .example("[{ name: \"@\", alias: web }]"),
    ]],
    made: &[Made { kind: "hosted_zone", outputs: &["id"], name: None }],
    ..EMPTY
};

/// Reads the section.
pub(crate) fn read(ctx: &Ctx<'_>, section: Option<&Tree>) -> Vec<Zone> {
    let Some(section) = section else { return Vec::new() };
    let want = Want::new("`dns`", ctx.problems);
    let mut found: Vec<Zone> = Vec::new();
    for item in want.several(section) {
        let Some(zone) = zone(ctx, item) else { continue };
        if let Some(first) = found.iter().find(|other| other.name == zone.name && other.zone_id == zone.zone_id) {
            ctx.problems.push(
                Diagnostic::error("duplicate", format!("the zone `{}` is given twice", zone.name), Some(zone.place))
                    .related(first.place.clone(), "the first one")
                    .help("Put all records of a zone into one entry."),
            );
            continue;
        }
        found.push(zone);
    }
    found
}

/// A domain name as Route 53 keeps it: lower case, without the last dot.
pub(crate) fn domain(text: &str) -> String {
    text.trim().trim_end_matches('.').to_ascii_lowercase()
}

/// What is wrong with a domain name; `None` if nothing is.
pub(crate) fn complaint(name: &str) -> Option<String> {
    if name.is_empty() || name.len() > 253 {
        return Some("a name has 1 to 253 characters".to_owned());
    }
    for (index, label) in name.split('.').enumerate() {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if label == "*" && index == 0 {
            continue;
        }
        if label.is_empty() || label.len() > 63 {
            return Some("each part between dots has 1 to 63 characters".to_owned());
        }
        if let Some(bad) = label.chars().find(|c| !good(*c)) {
            return Some(format!("`{bad}` is not allowed"));
        }
    }
    None
}

fn zone(ctx: &Ctx<'_>, item: &Tree) -> Option<Zone> {
    let fields = Fields::open(item, "a zone of `dns`", &ZONE, ctx.problems)?;
    let name = fields.take("zone");
    let name = name.and_then(|tree| {
        let name = domain(&Want::new("`zone`", ctx.problems).filled(tree)?);
        if let Some(complaint) = complaint(&name).or_else(|| name.contains('*').then(|| "`*` is not allowed".into())) {
            let summary = format!("`{name}` is not a domain name");
            ctx.problems.error("bad-name", &tree.place, summary, super::super::decode::capital(&complaint));
            return None;
        }
        Some(name)
    });
    let (create, protect) = (fields.flag("create").unwrap_or_default(), fields.flag("protect").unwrap_or_default());
    let zone_id = fields.text("id").map(|id| id.trim_start_matches("/hostedzone/").to_owned());
    let comment = fields.text("comment");
    if let (Some(comment), Some(tree)) = (&comment, fields.take("comment"))
        && comment.chars().count() > 256
    {
        ctx.problems.error(
            "bad-value",
            &tree.place,
            "the comment of the zone is too long",
            "Route 53 accepts up to 256 characters.",
        );
    }
    if let (true, Some(tree)) = (create, fields.take("id")) {
        let help = "A zone with an id exists already: remove `create`. A new zone gets its id from AWS: remove `id`.";
        ctx.problems.error("contradiction", &tree.place, "a zone cannot have both `create` and `id`", help);
    }
    if !create {
        for key in ["comment", "tags"] {
            if let Some(tree) = fields.take(key) {
                let help = "This zone is only looked up; evenkeel does not change it. Add create: true to create it.";
                ctx.problems.error(
                    "not-ours",
                    &tree.place,
                    format!("`{key}` is for zones that the stack creates"),
                    help,
                );
            }
        }
    }
    let tags = if create {
        ctx.tags(
            fields.take("tags"),
            &item.place,
            &format!("zone `{}`", name.as_deref().unwrap_or_default()),
            Rules::Common,
        )
    } else {
        BTreeMap::new()
    };
    let list = fields.take("records");
    fields.finish();
    let name = name?;
    let records = list.map(|tree| records(ctx, tree, &name)).unwrap_or_default();
    Some(Zone { place: item.place.clone(), name, create, zone_id, comment, tags, protect, records })
}

fn records(ctx: &Ctx<'_>, tree: &Tree, zone: &str) -> Vec<Record> {
    let key = format!("`records` of zone `{zone}`");
    let mut found: Vec<Record> = Vec::new();
    for item in Want::new(&key, ctx.problems).several(tree) {
        found.extend(records::read(ctx, item, zone));
    }
    check(ctx, &found, zone);
    found
}

fn check(ctx: &Ctx<'_>, records: &[Record], zone: &str) {
    let mut seen: BTreeMap<(&str, &str), &Place> = BTreeMap::new();
    for record in records {
        let key = (record.name.as_str(), record.rtype.as_str());
        if let Some(first) = seen.get(&key) {
            ctx.problems.push(
                Diagnostic::error(
                    "duplicate-record",
                    format!("`{}` has two {} records", record.name, record.rtype),
                    Some(record.place.clone()),
                )
                .related((*first).clone(), "the first one")
                .help("Route 53 keeps one record set for each name and type. Put the values into one record."),
            );
            continue;
        }
        seen.insert(key, &record.place);
    }
    for record in records.iter().filter(|record| record.rtype == "CNAME") {
        if record.name == zone {
            let help = "The apex of a zone has SOA and NS records, and a CNAME must be the only record \
                 of its name. Use an alias.";
            let summary = format!("a CNAME is not allowed at the apex `{zone}`");
            ctx.problems.error("cname-apex", &record.place, summary, help);
        }
        if let Some(other) = records.iter().find(|other| other.name == record.name && other.rtype != "CNAME") {
            ctx.problems.push(
                Diagnostic::error(
                    "cname-beside",
                    format!("`{}` has a CNAME and a record of type {}", record.name, other.rtype),
                    Some(record.place.clone()),
                )
                .related(other.place.clone(), "the other record")
                .help("A CNAME must be the only record of its name. Remove one of the two."),
            );
        }
    }
}
