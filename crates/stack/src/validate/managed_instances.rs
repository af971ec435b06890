//! What runs on managed instances: which task definitions ECS takes there, and whether the roles of a capacity provider can do their
//! part. Source: the ECS guide on task definitions for Managed Instances, and on their instance profile. Must not know what is in AWS.

use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::doc::Text;
use serde_json::{Map, Value as Json};

use super::super::model::{Profile, Requirements, Stack};
use super::super::sections::Ctx;
use super::super::sections::capacity_providers::INFRASTRUCTURE_POLICY;
use super::super::task_definition::{Draft, sizes};
use super::permissions::referred;
use super::task::{list, name, spot};

/// Keys of a task definition that managed instances do not have.
const NOT_OF_TASK: &[&str] = &["ephemeralStorage", "inferenceAccelerators", "ipcMode", "proxyConfiguration"];
/// Keys of a container that they do not have.
const NOT_OF_CONTAINER: &[&str] = &[
    "disableNetworking",
    "dnsSearchDomains",
    "dnsServers",
    "dockerLabels",
    "dockerSecurityOptions",
    "extraHosts",
    "hostname",
    "links",
];
/// Keys of a container's `linuxParameters` that they do not have.
const NOT_OF_LINUX: &[&str] = &["maxSwap", "sharedMemorySize", "swappiness", "tmpfs"];

/// A task that is to run on managed instances.
pub(crate) fn task(ctx: &Ctx<'_>, draft: &Draft) {
    if let Some(mode) = draft.text("networkMode").filter(|mode| !matches!(*mode, "awsvpc" | "host")) {
        let summary = format!("managed instances have no network mode `{mode}`");
        ctx.problems.error("bad-value", draft.at("networkMode"), summary, "Use awsvpc or host.");
    }
    let listed = draft.document.get("requiresCompatibilities").and_then(Json::as_array);
    if listed.is_some_and(|list| !list.iter().any(|item| item == "MANAGED_INSTANCES")) {
        let help = "Add MANAGED_INSTANCES to requires_compatibilities, or remove the key.";
        let place = draft.at("requiresCompatibilities");
        let summary = "the task is not compatible with managed instances";
        ctx.problems.error("contradiction", place, summary, help);
    }
    let refuse = |place, summary: String| {
        ctx.problems.error("contradiction", place, summary, "Remove it, or use launch_type: EC2.");
    };
    for key in NOT_OF_TASK.iter().filter(|key| is_set(&draft.document, key)) {
        refuse(draft.at(key), format!("the task sets `{key}`, which managed instances do not have"));
    }
    for container in draft.containers() {
        let own = name(container).unwrap_or_default();
        let linux = container.get("linuxParameters").and_then(Json::as_object);
        let keys = NOT_OF_CONTAINER.iter().filter(|key| is_set(container, key));
        let inner = NOT_OF_LINUX.iter().filter(|key| linux.is_some_and(|linux| is_set(linux, key)));
        for key in keys.chain(inner) {
            let summary = format!("container `{own}` sets `{key}`, which managed instances do not have");
            refuse(spot(draft, container), summary);
        }
    }
    for volume in list(&draft.document, "volumes") {
        let own = name(volume).unwrap_or_default();
        let place = draft.places.get(&format!("volume:{own}")).unwrap_or_else(|| draft.at("volumes"));
        let local = volume.get("host").is_some_and(|host| host.get("sourcePath").is_some());
        let sort = [("docker", "dockerVolumeConfiguration"), ("fsx", "fsxWindowsFileServerVolumeConfiguration")];
        let sort = sort.into_iter().find(|(_, key)| is_set(volume, key)).map(|(sort, _)| sort);
        if let Some(sort) = sort.or_else(|| local.then_some("host")) {
            refuse(place, format!("volume `{own}` is of type `{sort}`, which managed instances do not have"));
        }
    }
}

fn is_set(map: &Map<String, Json>, key: &str) -> bool {
    match map.get(key) {
        None | Some(Json::Null | Json::Bool(false)) => false,
        Some(Json::Array(items)) => !items.is_empty(),
        Some(Json::Object(items)) => !items.is_empty(),
        Some(_) => true,
    }
}

/// The cluster and the roles of every capacity provider, and the tasks on it.
pub(super) fn check(ctx: &Ctx<'_>, stack: &Stack) {
    fits(ctx, stack);
    let Some((entry, first)) = stack.capacity_providers.iter().next() else { return };
    let theirs = stack.cluster.as_ref().is_some_and(|cluster| cluster.existing.is_some());
    if stack.cluster.is_none() || theirs {
        let (code, summary, help) = if theirs {
            let help =
                "It would become part of a cluster of others. Have their stack make it, or give this one a cluster.";
            (
                "contradiction",
                format!("capacity provider `{entry}` is in a cluster that is only looked up"),
                help.to_owned(),
            )
        } else {
            let summary = format!("the file has a capacity provider `{entry}` but no `cluster`");
            ("missing-key", summary, format!("Name the cluster that it belongs to: cluster: {}.", stack.name))
        };
        let error = Diagnostic::error(code, summary, Some(first.meta.place.clone()));
        ctx.problems.push(error.help(help));
    }
    for (entry, provider) in &stack.capacity_providers {
        let infrastructure = referred(stack, &provider.managed.infrastructure_role);
        let Profile::Made(instance) = &provider.managed.profile else { continue };
        let instance = referred(stack, instance);
        for (role, service) in [(&infrastructure, "ecs.amazonaws.com"), (&instance, "ec2.amazonaws.com")] {
            let Some((name, role)) = role else { continue };
            if !role.trust.to_string().contains(service) {
                let summary = format!("role `{name}` of capacity provider `{entry}` does not trust {service}");
                let help = format!("Write trust: {} in the role.", service.trim_end_matches(".amazonaws.com"));
                ctx.problems.error("contradiction", &provider.meta.place, summary, help);
            }
        }
        let (Some((passes, passing)), Some((passed, _))) = (infrastructure, instance) else { continue };
        let aws = |arn: &Text| arn.known().is_some_and(|arn| arn.ends_with(INFRASTRUCTURE_POLICY));
        let others = passing.inline.values().any(|policy| policy.to_string().contains("iam:"));
        if !others && passing.managed.iter().all(aws) {
            let summary = format!("role `{passes}` may not pass role `{passed}` to the instances of `{entry}`");
            let help = format!(
                "AWS's policy allows it for roles without a path that are called ecsInstanceRole alone. Remove `infrastructure_role` to have one made \
                 that may, or give role `{passes}` a policy with iam:PassRole for ${{role.{passed}.arn}}."
            );
            ctx.problems.error("contradiction", &provider.meta.place, summary, help);
        }
    }
}

/// Tasks that no instance of one of their capacity providers can take: they would wait for ever.
fn fits(ctx: &Ctx<'_>, stack: &Stack) {
    for (name, service) in &stack.services {
        let Some(task) = service.runs.ours() else { continue };
        for item in service.strategy.iter().filter(|item| item.ours) {
            let provider = stack.capacity_providers.get(&item.provider);
            let Some(required) = provider.and_then(|provider| provider.managed.requirements.as_ref()) else { continue };
            if let Some(why) = misfit(&task.document, required) {
                let summary = format!(
                    "no instance of capacity provider `{}` takes tasks of service `{name}`: {why}",
                    item.provider
                );
                let help = "They would wait for ever. Change `requirements` of the capacity provider, or the task.";
                ctx.problems.error("contradiction", &service.meta.place, summary, help);
            }
        }
    }
}

/// Why a task fits on no instance of these; `None` if it may.
fn misfit(task: &Json, required: &Requirements) -> Option<String> {
    let arm = task["runtimePlatform"]["cpuArchitecture"] == "ARM64";
    let makes = |maker: &String| (maker == "amazon-web-services") == arm;
    if !required.cpu_manufacturers.is_empty() && !required.cpu_manufacturers.iter().any(makes) {
        let (has, help) = if arm { ("ARM64", "amazon-web-services") } else { ("X86_64", "intel or amd") };
        return Some(format!("they are for {has}, and `cpu_manufacturers` has no {help}"));
    }
    let number = |key: &str, read: fn(&str) -> Option<u64>| task[key].as_str().and_then(read);
    if let (Some(units), Some(most)) = (number("cpu", sizes::cpu), required.vcpu_count.max)
        && units > u64::from(most) * 1024
    {
        return Some(format!("they have {units} CPU units, and `vcpu_count` is at most {most}"));
    }
    if let (Some(mib), Some(most)) = (number("memory", sizes::memory), required.memory_mib.max)
        && mib > u64::from(most)
    {
        return Some(format!("they have {mib} MiB, and `memory_mib` is at most {most}"));
    }
    None
}
