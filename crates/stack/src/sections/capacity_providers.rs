//! `capacity_providers:`, capacity of the stack's own: instances that ECS itself starts, looks after and stops (Managed Instances),
//! with the roles and the instance profile that this takes. How a service names one is said by `cluster.rs`; which task can run
//! there, by `validate/managed_instances.rs`; must not know what is in AWS.

use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::id::NodeId;
use serde_json::json;

use super::super::arn;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{CapacityProvider, ManagedInstances, ManagedRole, Meta, Profile, Role};
use super::super::table::{EMPTY, Made, Table, Type, key, later};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::super::values::{NameRule, partition};
use super::{Ctx, META, NAME, instance_requirements, roles};

/// The kind that entries stand for.
pub(crate) const KIND: &str = "capacity_provider";
/// What ECS allows as the name of one.
static RULE: NameRule =
    NameRule { length: 1..=255, also: "-_", not_starting: &["aws", "ecs", "fargate"], inner_hyphen: false };
/// AWS's policy for the role by which ECS starts instances.
pub(crate) const INFRASTRUCTURE_POLICY: &str = "AmazonECSInfrastructureRolePolicyForManagedInstances";
/// AWS's policy for the role of the instances.
const INSTANCE_POLICY: &str = "AmazonECSInstanceRolePolicyForManagedInstances";
const ROLE: &str = "entry of `roles`, ARN, or `existing:NAME`";

/// An entry.
pub(crate) static CAPACITY_PROVIDER: Table = Table {
    path: "capacity_providers",
    what: "a capacity provider",
    groups: &[
        &NAME,
        &META,
        &[
            key(
                "managed_instances",
                Type::Map(&MANAGED_INSTANCES),
                "Instances that ECS starts, looks after and stops, as tasks need them.",
            )
            .needed("Write managed_instances: {} for instances of ECS's choice.")
            .shape("map (below)")
            .aws("managedInstancesProvider")
            .example("{ capacity_option: SPOT }"),
            later("auto_scaling_group", "autoScalingGroupProvider", "Instances of an Auto Scaling group."),
        ],
    ],
    made: &[Made { kind: KIND, outputs: &["arn", "name"], name: Some(&RULE) }],
    words: &[("cluster", "A capacity provider belongs to the stack's cluster. Remove it.")],
    ..EMPTY
};

/// Managed Instances.
static MANAGED_INSTANCES: Table = Table {
    path: "capacity_providers.managed_instances",
    what: "managed instances",
    groups: &[&[
        key("infrastructure_role", Type::Open, "The role by which ECS starts and stops instances.")
            .also(&["infrastructure_role_arn"])
            .shape(ROLE)
            .without("a role `ENTRY-infrastructure` with AWS's policy, made for it")
            .aws("infrastructureRoleArn")
            .example("existing:ecsInfrastructureRole"),
        key("instance_role", Type::Open, "The role of the instances; it gets an instance profile.")
            .shape(ROLE)
            .without("a role `ENTRY-instance` with AWS's policy, made for it")
            .aws("AddRoleToInstanceProfile")
            .example("existing:ecsInstanceRole"),
        key("instance_profile", Type::Text, "An instance profile that is there, in place of `instance_role`.")
            .also(&["ec2_instance_profile_arn"])
            .shape("ARN")
            .aws("ec2InstanceProfileArn")
            .example("arn:aws:iam::123456789012:instance-profile/ecsInstanceRole"),
        key("subnets", Type::Several(&Type::Text), "The subnets of the instances.")
            .shape("list of `subnet-…`")
            .without("those of `network`")
            .aws("networkConfiguration.subnets"),
        key("security_groups", Type::Several(&Type::Entry("security_groups")), "Security groups of the instances.")
            .shape("list of entries or `sg-…`")
            .without("the VPC's default group")
            .aws("networkConfiguration.securityGroups")
            .example("[app]"),
        key(
            "capacity_option",
            Type::Word(&["ON_DEMAND", "SPOT"]),
            "How instances are bought; a change replaces the capacity provider.",
        )
        .also(&["capacity_option_type"])
        .value("ON_DEMAND")
        .aws("capacityOptionType")
        .example("SPOT"),
        key("requirements", Type::Map(&instance_requirements::REQUIREMENTS), "Which instances ECS may choose.")
            .also(&["instance_requirements"])
            .shape("map (below)")
            .without("not managed (ECS chooses what is cheapest for the tasks)")
            .aws("instanceRequirements")
            .example("{ vcpu_count: 2, memory_mib: 4096 }"),
        key("storage", Type::Number(1, 16_384), "The data volume of an instance, in GiB.")
            .also(&["storage_size_gib"])
            .without("not managed")
            .aws("storageSizeGiB")
            .example("100"),
        key("monitoring", Type::Word(&["BASIC", "DETAILED"]), "How often CloudWatch gets metrics of instances.")
            .value("BASIC")
            .aws("monitoring"),
        key(
            "propagate_tags",
            Type::Word(&["NONE", "CAPACITY_PROVIDER"]),
            "Whether instances get the tags of the capacity provider.",
        )
        .value("NONE")
        .aws("propagateTags"),
        key(
            "scale_in_after",
            Type::AnyOf(&[Type::Seconds(0, 3600), Type::Just(&["never"])]),
            "How long ECS waits before it moves tasks off instances that are idle or nearly so.",
        )
        .shape("duration up to 1h, or `never`")
        .without("not managed")
        .aws("scaleInAfter")
        .example("5m"),
        key("auto_repair", Type::Switch, "Whether ECS replaces instances that are not healthy.")
            .without("not managed")
            .aws("autoRepairConfiguration")
            .example("true"),
        later("local_storage", "localStorageConfiguration", "Instance store volumes."),
        later("fips", "fipsEnabled", "FIPS 140-2."),
        later("capacity_reservations", "capacityReservations", "Capacity reservations."),
    ]],
    ..EMPTY
};

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<CapacityProvider> {
    let what = format!("capacity provider `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &CAPACITY_PROVIDER, ctx.problems)?;
    if RULE.not_starting.iter().any(|start| entry.key.eq_ignore_ascii_case(start)) || entry.key == "FARGATE_SPOT" {
        let summary = format!("`{}` is a name that AWS keeps for itself", entry.key);
        ctx.problems.error("bad-name", &entry.place, summary, "Give the entry another name.");
    }
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let managed = fields.take("managed_instances").map(|tree| (tree, format!("`managed_instances` of {what}")));
    fields.finish();
    let (tree, what) = managed?;
    let managed = managed_instances(ctx, (entry, &meta), tree, &what)?;
    Some(CapacityProvider { meta, managed })
}

fn managed_instances(ctx: &Ctx<'_>, entry: (&Entry, &Meta), tree: &Tree, what: &str) -> Option<ManagedInstances> {
    let fields = Fields::open(tree, what, &MANAGED_INSTANCES, ctx.problems)?;
    let profile = profile(ctx, entry, &fields, what);
    let infrastructure_role = match fields.take("infrastructure_role") {
        Some(tree) => roles::reference(ctx, tree, &format!("`infrastructure_role` of {what}")),
        None => {
            let passes = profile.as_ref().and_then(|(_, role)| role.as_ref()).map(pass);
            implied(ctx, entry, "infrastructure", ("ecs.amazonaws.com", INFRASTRUCTURE_POLICY), passes)
        }
    };
    let subnets = ctx.subnets(fields.take("subnets"), &format!("`subnets` of {what}"));
    let security_groups = ctx.security_groups(fields.take("security_groups"), &format!("`security_groups` of {what}"));
    let capacity_option = fields.word("capacity_option").unwrap_or_default().to_owned();
    let requirements = fields.take("requirements").map(|tree| instance_requirements::read(ctx, tree, what));
    let storage_gib = fields.count("storage");
    let (monitoring, propagate_tags) = (fields.word("monitoring"), fields.word("propagate_tags"));
    let scale_in_after_secs = match fields.take("scale_in_after") {
        Some(tree) if tree.scalar().is_some_and(|text| text == "never") => Some(-1),
        Some(_) => fields.seconds("scale_in_after").and_then(|secs| secs.try_into().ok()),
        None => None,
    };
    let auto_repair = fields.switch("auto_repair");
    fields.finish();
    Some(ManagedInstances {
        infrastructure_role: infrastructure_role?,
        profile: profile?.0,
        subnets,
        security_groups,
        capacity_option,
        requirements: requirements.flatten(),
        storage_gib,
        monitoring: monitoring.unwrap_or_default().to_owned(),
        propagate_tags: propagate_tags.unwrap_or_default().to_owned(),
        scale_in_after_secs,
        auto_repair,
    })
}

/// The instance profile: one that is there, or one of ours around a role, with the ARN of that.
fn profile(ctx: &Ctx<'_>, entry: (&Entry, &Meta), fields: &Fields<'_>, what: &str) -> Option<(Profile, Option<Text>)> {
    match (fields.take("instance_profile"), fields.take("instance_role")) {
        (Some(tree), Some(_)) => {
            let summary = format!("{what} has `instance_profile` and `instance_role`");
            let help = "A profile that is there holds its role already. Remove one of the two.";
            ctx.problems.error("contradiction", &tree.place, summary, help);
            None
        }
        (Some(tree), None) => {
            let given = fields.text("instance_profile")?;
            arn::check(ctx, &tree.place, &given, &arn::INSTANCE_PROFILE).then_some((Profile::Given(given), None))
        }
        (None, Some(tree)) => {
            let role = roles::reference(ctx, tree, &format!("`instance_role` of {what}"))?;
            Some((Profile::Made(named(&role)), Some(role)))
        }
        (None, None) => {
            let role = implied(ctx, entry, "instance", ("ec2.amazonaws.com", INSTANCE_POLICY), None)?;
            Some((Profile::Made(named(&role)), Some(role)))
        }
    }
}

/// The name of a role in place of its ARN.
fn named(role: &Text) -> Text {
    match role {
        Text::Known(arn) => Text::Known(arn.rsplit('/').next().unwrap_or(arn).to_owned()),
        Text::From(hole) => Text::output(hole.node.clone(), "name"),
        Text::Join(_) => role.clone(),
    }
}

/// What lets ECS give a role to instances. AWS's own policy does so only for roles without a path whose names begin with
/// `ecsInstanceRole`.
fn pass(role: &Text) -> Doc {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": role.to_value(),
            "Condition": { "StringLike": { "iam:PassedToService": "ec2.*" } },
        }],
    })
}

/// A role that the file does not have, with AWS's policy for what it is for, and what it may pass on. Gives its ARN.
fn implied(
    ctx: &Ctx<'_>,
    (entry, own): (&Entry, &Meta),
    part: &str,
    (service, policy): (&str, &str),
    passes: Option<Doc>,
) -> Option<Text> {
    let name = format!("{}-{part}", entry.key);
    if ctx.scope.names.has("role", &name) {
        let summary = format!("capacity provider `{}` gets a role `{name}`, and the file has one", entry.key);
        let help = format!("Write {part}_role: {name} if that one is meant. Otherwise rename it.");
        ctx.problems.error("duplicate-name", &entry.place, summary, help);
        return None;
    }
    let what = format!("role `{name}` of capacity provider `{}`", entry.key);
    let region = ctx.scope.region.as_deref().unwrap_or_default();
    let role = ManagedRole {
        meta: Meta {
            place: entry.place.clone(),
            name: None,
            tags: ctx.tags(None, &entry.place, &what, Rules::Iam),
            moved_from: own.moved_from.as_ref().map(|old| format!("{old}-{part}")),
            protect: false,
        },
        description: None,
        trust: roles::services(&[service.to_owned()]),
        managed: vec![Text::Known(format!("arn:{}:iam::aws:policy/{policy}", partition(region)))],
        inline: passes.map(|document| ("pass-instance-role".to_owned(), document)).into_iter().collect(),
        max_session_secs: 3600,
        boundary: None,
    };
    ctx.implied_roles.borrow_mut().insert(name.clone(), Role::Managed(Box::new(role)));
    Some(Text::output(NodeId::new("role", &name), "arn"))
}

/// A capacity provider that a strategy names: whether it is one of the file.
pub(crate) fn is_ours(ctx: &Ctx<'_>, name: &str) -> bool {
    ctx.scope.names.has(KIND, name)
}

/// Whether a word says what kind of instances there are: an instance type, with `*` for any part.
pub(crate) fn instance_type(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<String> {
    let name = Want::new(what, ctx.problems).filled(tree)?;
    let fine = name.len() <= 30
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.*".contains(c))
        && (name.contains('.') || name.contains('*'));
    if !fine {
        let help = "Write instance types such as c7g.large, with `*` for any part: c7g.*, *.metal.";
        ctx.problems.error("bad-value", &tree.place, format!("`{name}` is not an instance type"), help);
    }
    fine.then_some(name)
}
