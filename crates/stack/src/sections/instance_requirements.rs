//! `requirements:` of managed instances: which instances ECS may choose. Must not know which types there are.

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Range, Requirements};
use super::super::table::{EMPTY, Table, Type, key};
use super::super::tree::Tree;
use super::{Ctx, capacity_providers};

/// What is required of instances.
pub(crate) static REQUIREMENTS: Table = Table {
    path: "capacity_providers.managed_instances.requirements",
    what: "requirements of instances",
    groups: &[&[
        key("vcpu_count", Type::AnyOf(&[Type::Number(0, 10_000), Type::Map(&RANGE)]), "How many vCPUs.")
            .shape("at least so many, or `{ min, max }`")
            .value("0")
            .aws("vCpuCount")
            .example("{ min: 2, max: 8 }"),
        key("memory_mib", Type::AnyOf(&[Type::Number(0, 100_000_000), Type::Map(&RANGE)]), "How much memory, in MiB.")
            .shape("at least so much, or `{ min, max }`")
            .value("0")
            .aws("memoryMiB")
            .example("{ min: 4096, max: 16384 }"),
        key("allowed_instance_types", Type::Several(&Type::Text), "The types that ECS may choose; no others.")
            .also(&["instance_types"])
            .shape("list of types, with `*` for any part")
            .without("all that fit")
            .aws("allowedInstanceTypes")
            .example("[c7g.*, m7g.large]"),
        key("excluded_instance_types", Type::Several(&Type::Text), "Types that ECS may not choose.")
            .shape("list of types, with `*` for any part")
            .aws("excludedInstanceTypes")
            .example("[\"t3.*\"]"),
        key(
            "cpu_manufacturers",
            Type::Several(&Type::Word(&["intel", "amd", "amazon-web-services"])),
            "Whose processors; those of AWS are ARM64.",
        )
        .shape("list of `intel`, `amd`, `amazon-web-services`")
        .without("all")
        .aws("cpuManufacturers")
        .example("[amazon-web-services]"),
        key(
            "burstable_performance",
            Type::Word(&["included", "required", "excluded"]),
            "Whether types that earn credits (T3, T4g) count.",
        )
        .without("not managed")
        .aws("burstablePerformance")
        .example("excluded"),
        key(
            "accelerator_count",
            Type::AnyOf(&[Type::Number(0, 10_000), Type::Map(&RANGE)]),
            "How many GPUs or others.",
        )
        .shape("at least so many, or `{ min, max }`")
        .without("not managed")
        .aws("acceleratorCount")
        .example("1"),
        key("accelerator_names", Type::Several(&Type::Text), "Which accelerators.")
            .shape("list of names as EC2 has them")
            .aws("acceleratorNames")
            .example("[t4, l4]"),
    ]],
    ..EMPTY
};

/// At least, and at most.
static RANGE: Table = Table {
    path: "capacity_providers.managed_instances.requirements.vcpu_count",
    what: "a range",
    groups: &[&[
        key("min", Type::Number(0, 100_000_000), "At least.").value("0").aws("min").example("2"),
        key("max", Type::Number(0, 100_000_000), "At most.").without("no limit").aws("max").example("8"),
    ]],
    ..EMPTY
};

/// Reads them; `None` if something is wrong.
pub(crate) fn read(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Requirements> {
    let what = format!("`requirements` of {what}");
    let fields = Fields::open(tree, what.clone(), &REQUIREMENTS, ctx.problems)?;
    let errors = ctx.problems.errors();
    let types = |key: &'static str| {
        let items = fields.take(key).map(|tree| Want::new(&what, ctx.problems).several(tree)).unwrap_or_default();
        sorted(items.iter().filter_map(|item| capacity_providers::instance_type(ctx, item, &what)))
    };
    let words = |key: &'static str, known: Option<&[&'static str]>| {
        let want = Want::new(&what, ctx.problems);
        let items = fields.take(key).map(|tree| want.several(tree)).unwrap_or_default();
        sorted(items.iter().filter_map(|item| match known {
            Some(known) => want.one_of(item, known).map(str::to_owned),
            None => want.filled(item),
        }))
    };
    let found = Requirements {
        vcpu_count: range(ctx, &fields, "vcpu_count").unwrap_or(Range { min: 0, max: None }),
        memory_mib: range(ctx, &fields, "memory_mib").unwrap_or(Range { min: 0, max: None }),
        allowed: types("allowed_instance_types"),
        excluded: types("excluded_instance_types"),
        cpu_manufacturers: words("cpu_manufacturers", Some(&["intel", "amd", "amazon-web-services"])),
        burstable: fields.take("burstable_performance").and_then(|tree| {
            let want = Want::new(&what, ctx.problems);
            want.one_of(tree, &["included", "required", "excluded"]).map(str::to_owned)
        }),
        accelerator_count: range(ctx, &fields, "accelerator_count"),
        accelerator_names: words("accelerator_names", None),
    };
    if let (false, Some(tree)) = (found.allowed.is_empty(), fields.take("excluded_instance_types")) {
        let help = "EC2 takes one list or the other. Remove one of the two.";
        ctx.problems.error("contradiction", &tree.place, format!("{what} allow some types and exclude others"), help);
    }
    fields.finish();
    (ctx.problems.errors() == errors).then_some(found)
}

fn sorted(items: impl Iterator<Item = String>) -> Vec<String> {
    let mut items: Vec<String> = items.collect();
    items.sort();
    items.dedup();
    items
}

/// A number, which is the least, or a map of both ends.
fn range(ctx: &Ctx<'_>, fields: &Fields<'_>, key: &'static str) -> Option<Range> {
    let tree = fields.take(key)?;
    if tree.entries().is_none() {
        return fields.count(key).map(|min| Range { min, max: None });
    }
    let what = format!("`{key}` of {}", fields.what());
    let inner = Fields::open(tree, what.clone(), &RANGE, ctx.problems)?;
    let (min, max) = (inner.count("min").unwrap_or_default(), inner.count("max"));
    inner.finish();
    if let Some(max) = max.filter(|max| *max < min) {
        let help = "Give a `max` that is not below `min`.";
        ctx.problems.error("contradiction", &tree.place, format!("{what} is at least {min} and at most {max}"), help);
    }
    Some(Range { min, max })
}
