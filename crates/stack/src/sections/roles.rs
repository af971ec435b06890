//! `roles:`: roles of ours, or references to existing ones.

use std::collections::BTreeMap;

use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::id::NodeId;
use serde_json::json;

use super::super::aws_policies::{self, Known};
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{ManagedRole, Role};
use super::super::policy::POLICY;
use super::super::statements::Sort;
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree, Value};
use super::super::values::{self, partition};
use super::super::{arn, policy};
use super::{Ctx, META, NAME, existing, grants};

/// An entry.
pub(crate) static ROLE: Table = Table {
    path: "roles",
    what: "a role",
    groups: &[
        &[key("existing", Type::Text, "An existing role, which is only looked up; no other key is allowed with it.")
            .shape("name or ARN")
            .aws("GetRole")
            .example("ecsTaskExecutionRole")],
        &NAME,
        &META,
        &[
            key("trust", Type::AnyOf(&[Type::Several(&Type::Text), Type::Document]), "Who may assume it.")
                .shape("service names (`ecs-tasks`, `events.amazonaws.com`), a policy document, or a `.json` file")
                .without("`ecs-tasks.amazonaws.com`")
                .aws("AssumeRolePolicyDocument")
                .example("ecs-tasks"),
            key(
                "managed_policies",
                Type::Several(&Type::Open),
                "Managed policies of the role; a near miss of an AWS name is an error, any \
                     other unknown name a warning.",
            )
            .shape("list of names of AWS managed policies, or ARNs")
            .aws("AttachRolePolicy")
            .example("[AmazonECSTaskExecutionRolePolicy]"),
            key(
                "policies",
                Type::MapOf(&Type::AnyOf(&[Type::Text, Type::Map(&POLICY), Type::Document])),
                "Inline policies, by names of your choice.",
            )
            .also(&["inline_policies"])
            .shape("map of name to policy")
            .aws("PutRolePolicy")
            .example("{ read: { statements: [{ actions: [s3:GetObject], resources: \"arn:aws:s3:::bucket/*\" }] } }"),
            key(
                "grants",
                Type::Several(&Type::Open),
                "What it may do, by word; a plan shows the statements, which are the inline policy `evenkeel-grants`.",
            )
            .shape(grants::WORDS)
            .aws("PutRolePolicy")
            .example("[exec, xray, \"ssm:/shop/*\", \"s3:shop-images/*\"]"),
            key("description", Type::Blank, "What it is for, in Latin-1 characters.")
                .shape("string, up to 1000")
                .aws("Description"),
            key("max_session_duration", Type::Seconds(3600, 43_200), "How long a session may last.")
                .shape("duration, 1h to 12h")
                .value("1h")
                .aws("MaxSessionDuration"),
            key("permissions_boundary", Type::Text, "The permissions boundary.")
                .shape("name or ARN")
                .aws("PermissionsBoundary"),
        ],
    ],
    made: &[Made { kind: "role", outputs: &["arn", "name"], name: Some(&values::ROLE) }],
    words: &[
        ("RoleName", "It is called `name` here."),
        ("ManagedPolicyArns", "It is called `managed_policies` here."),
        ("PolicyDocument", "Write inline policies under `policies`, by names of your choice."),
    ],
    ..EMPTY
};

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<Role> {
    let what = format!("role `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &ROLE, ctx.problems)?;
    if existing::is_empty(ctx, &fields, &what, "Name the role, or remove the key to have one created.") {
        return None;
    }
    if let Some(tree) = fields.take("existing") {
        let help = "A role with `existing` is only looked up. Remove one of the two.";
        existing::alone(ctx, entry, &ROLE, &what, &[], help);
        return looked_up(ctx, entry, tree, &fields.text("existing")?);
    }
    let meta = ctx.meta(entry, &fields, Rules::Iam);
    let trust = match fields.take("trust") {
        Some(tree) => trust(ctx, tree, &what)?,
        None => services(&["ecs-tasks.amazonaws.com".to_owned()]),
    };
    let key = format!("`description` of {what}");
    let description = fields.take("description").and_then(|tree| description(ctx, tree, &key));
    let managed = fields.take("managed_policies").map(|tree| managed(ctx, tree, &what)).unwrap_or_default();
    let inline = fields.take("policies").map(|tree| inline(ctx, tree, &what));
    let mut inline = inline.unwrap_or_default();
    if let Some(tree) = fields.take("grants") {
        if inline.contains_key(grants::POLICY) {
            let summary = format!("{what} has `grants` and a policy `{}`", grants::POLICY);
            ctx.problems.error(
                "contradiction",
                &tree.place,
                summary,
                "That is the policy that grants become. Rename yours.",
            );
        }
        inline.extend(grants::read(ctx, tree, &what).map(|document| (grants::POLICY.to_owned(), document)));
    }
    let session = fields.seconds("max_session_duration");
    let boundary = fields.take("permissions_boundary").and_then(|tree| {
        let name = fields.text("permissions_boundary")?;
        policy_arn(ctx, tree, &name)
    });
    fields.finish();
    Some(Role::Managed(Box::new(ManagedRole {
        meta,
        description,
        trust,
        managed,
        inline,
        max_session_secs: session.unwrap_or_default(),
        boundary,
    })))
}

/// IAM takes the characters of Latin-1, line breaks and tabs, but no others.
fn description(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<String> {
    let text = Want::new(what, ctx.problems).string(tree)?;
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
        let help = "IAM accepts only Latin-1 characters here (western European languages). Replace it.";
        ctx.problems.error(
            "bad-value",
            &tree.place,
            format!("`{}` is not allowed in {what}", bad.escape_debug()),
            help,
        );
    } else if text.chars().count() > 1000 {
        ctx.problems.error(
            "bad-value",
            &tree.place,
            format!("{what} is too long"),
            "IAM accepts 1000 characters here.",
        );
    }
    Some(text)
}

fn looked_up(ctx: &Ctx<'_>, entry: &Entry, tree: &Tree, given: &str) -> Option<Role> {
    if given.starts_with("arn:") && !arn::check(ctx, &tree.place, given, &arn::ROLE) {
        return None;
    }
    let arn = given.starts_with("arn:").then(|| given.to_owned());
    let name = given.rsplit('/').next().unwrap_or(given).to_owned();
    if let Some(complaint) = values::ROLE.complaint(&name) {
        let summary = format!("`{name}` is not a valid name for a role");
        ctx.problems.error("bad-name", &tree.place, summary, format!("{}.", super::super::decode::capital(&complaint)));
        return None;
    }
    Some(Role::Existing { place: entry.place.clone(), name, arn })
}

/// The trust policy by which these services may assume a role.
pub(super) fn services(names: &[String]) -> Doc {
    let service = if let [one] = names { json!(one) } else { json!(names) };
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }],
    })
}

/// A trust policy: services by name, or a whole document.
fn trust(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Doc> {
    let key = format!("`trust` of {what}");
    let names = match &tree.value {
        Value::Text(_) => tree.scalar().is_some_and(|text| !text.ends_with(".json")),
        Value::List(items) => items.iter().all(|item| item.scalar().is_some()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Map(_) | Value::Wrong => false,
    };
    if !names {
        return policy::read(ctx, tree, &key, Sort::Trust);
    }
    let names = Want::new(&key, ctx.problems).strings(tree);
    if tree.items().is_some_and(<[Tree]>::is_empty) {
        let help = "Name at least one service: trust: ecs-tasks. That is also the default without the key.";
        ctx.problems.error("empty", &tree.place, format!("{key} is an empty list"), help);
    }
    let full = names.into_iter().map(|name| if name.contains('.') { name } else { format!("{name}.amazonaws.com") });
    Some(services(&full.collect::<Vec<_>>()))
}

fn managed(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Vec<Text> {
    let key = format!("`managed_policies` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found = Vec::new();
    for item in want.several(tree) {
        let policy = match want.text(item) {
            Some(Text::Known(name)) => {
                if name.contains(char::is_whitespace) || name.is_empty() {
                    let help = "Write the name of an AWS managed policy, or the ARN of any policy.";
                    ctx.problems.error("bad-value", &item.place, format!("`{name}` is not a policy"), help);
                    continue;
                }
                let Some(arn) = policy_arn(ctx, item, &name) else { continue };
                Text::Known(arn)
            }
            Some(open) => open,
            None => continue,
        };
        if found.contains(&policy) {
            let summary = format!("{what} has {} twice", item.describe());
            ctx.problems.error("duplicate", &item.place, summary, "Remove one of the two.");
            continue;
        }
        found.push(policy);
    }
    found
}

/// The ARN of a policy that is given by its ARN, or by the name (with or without the path) of one of AWS's own.
fn policy_arn(ctx: &Ctx<'_>, tree: &Tree, given: &str) -> Option<String> {
    let place = &tree.place;
    if given.starts_with("arn:") && !arn::check(ctx, place, given, &arn::POLICY) {
        return None;
    }
    let own = if given.starts_with("arn:") {
        given.split_once(":iam::aws:policy/").map(|(_, rest)| rest)
    } else {
        Some(given)
    };
    let Some(own) = own else { return Some(given.to_owned()) };
    let arn = |whole: &str| {
        format!("arn:{}:iam::aws:policy/{whole}", partition(ctx.scope.region.as_deref().unwrap_or_default()))
    };
    let name = own.rsplit('/').next().unwrap_or(own);
    match aws_policies::find(name) {
        Known::There(whole) if own == whole || !own.contains('/') && !given.starts_with("arn:") => Some(arn(whole)),
        Known::There(whole) => {
            let summary = format!("AWS has no managed policy at `{given}`");
            let help = format!("The policy of this name is {}. The name alone is enough: {name}.", arn(whole));
            ctx.problems.error("unknown-policy", place, summary, help);
            None
        }
        Known::Near(whole) => {
            let near = whole.rsplit('/').next().unwrap_or(whole);
            let help = format!("Did you mean `{near}`? Give a policy of your own by its ARN.");
            ctx.problems.error("unknown-policy", place, format!("AWS has no managed policy `{name}`"), help);
            None
        }
        Known::Unknown => {
            let summary = format!("this version knows no managed policy `{name}` of AWS");
            let near = aws_policies::alike(name).map(|near| format!("Did you mean `{near}`? Otherwise it"));
            let near = near.unwrap_or_else(|| "It".to_owned());
            let help = format!("{near} may be newer than the list. Give a policy of your own by its ARN.");
            ctx.problems.warn("unknown-policy", place, summary, help);
            Some(if given.starts_with("arn:") { given.to_owned() } else { arn(own) })
        }
    }
}

fn inline(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> BTreeMap<String, Doc> {
    let mut found = BTreeMap::new();
    let Some(entries) = tree.entries() else {
        let key = format!("`policies` of {what}");
        let help = "Write a name of your choice for each policy, with its document under it. Managed \
             policies go under `managed_policies`.";
        Want::new(&key, ctx.problems).wrong(tree, "a map", help);
        return found;
    };
    for entry in entries {
        let key = format!("policy `{}` of {what}", entry.key);
        if entry.key.len() > 128 || !entry.key.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c)) {
            let help = "Use letters, digits and `+=,.@_-`, at most 128 characters.";
            ctx.problems.error(
                "bad-name",
                &entry.place,
                format!("`{}` is not a valid name for a policy", entry.key),
                help,
            );
        }
        if let Some(document) = policy::read(ctx, &entry.value, &key, Sort::Identity) {
            found.insert(entry.key.clone(), document);
        }
    }
    found
}

/// A role named by a service or a task definition: an entry, an ARN, or `existing:name`. Gives its ARN.
pub(crate) fn reference(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Text> {
    let name = match Want::new(what, ctx.problems).text(tree)? {
        Text::Known(name) => name,
        open => return ctx.leads_to(tree, &open, "role", what).then_some(open),
    };
    if name.starts_with("arn:") {
        return arn::check(ctx, &tree.place, &name, &arn::ROLE).then_some(Text::Known(name));
    }
    if ctx.scope.names.has("role", &name) {
        return Some(Text::output(NodeId::new("role", &name), "arn"));
    }
    if let Some(existing) = name.strip_prefix("existing:").map(str::trim).filter(|name| !name.is_empty()) {
        let role = Role::Existing { place: tree.place.clone(), name: existing.to_owned(), arn: None };
        ctx.implied_roles.borrow_mut().insert(existing.to_owned(), role);
        return Some(Text::output(NodeId::new("role", existing), "arn"));
    }
    let near =
        if ctx.problems.full() { None } else { super::super::suggest::nearest(&name, ctx.scope.names.of("role")) };
    let near = near.map(|near| format!("Did you mean `{near}`? ")).unwrap_or_default();
    ctx.problems.error(
        "unknown-name",
        &tree.place,
        format!("there is no role `{name}`"),
        format!("{near}For a role that is not of this stack write `existing:{name}` or its ARN."),
    );
    None
}
