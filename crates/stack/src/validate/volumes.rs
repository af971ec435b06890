//! Volumes of a task and where containers mount them: what ECS refuses of their names and combinations, and what Fargate
//! does not have.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::super::sections::Ctx;
use super::super::suggest;
use super::super::task_definition::Draft;
use super::super::tree::shorten;
use super::super::values::ECS;
use super::task::{list, name, spot};

/// What a volume can be; it is one of them, or an empty folder.
const SORTS: &[(&str, &str)] = &[
    ("host", "host"),
    ("dockerVolumeConfiguration", "docker"),
    ("efsVolumeConfiguration", "efs"),
    ("fsxWindowsFileServerVolumeConfiguration", "fsx"),
    ("s3filesVolumeConfiguration", "s3files"),
];

/// Checks the volumes of a task.
pub(super) fn check(ctx: &Ctx<'_>, draft: &Draft, fargate: bool) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for volume in list(&draft.document, "volumes") {
        let own = name(volume).unwrap_or_default();
        let place = draft.places.get(&format!("volume:{own}")).unwrap_or_else(|| draft.at("volumes"));
        if let Some(complaint) = ECS.complaint(own) {
            let summary = format!("`{}` is not a valid name for a volume", shorten(own));
            ctx.problems.error("bad-name", place, summary, format!("{}.", super::super::decode::capital(&complaint)));
        }
        if !seen.insert(own) {
            let help = "Containers mount volumes by name. Rename one.";
            ctx.problems.error("duplicate", place, format!("two volumes are called `{own}`"), help);
        }
        let set = |key: &str| match volume.get(key) {
            Some(Json::Object(map)) => !map.is_empty(),
            _ => false,
        };
        let sorts: Vec<&str> = SORTS.iter().filter(|(key, _)| set(key)).map(|(_, shown)| *shown).collect();
        if sorts.len() > 1 {
            let summary = format!("volume `{own}` has several types: {}", suggest::list(&sorts));
            ctx.problems.error("contradiction", place, summary, "A volume has one type. Remove the others.");
        }
        if let Some(efs) = volume.get("efsVolumeConfiguration").and_then(Json::as_object) {
            for (summary, help) in efs_complaints(efs) {
                ctx.problems.error("bad-volume", place, format!("volume `{own}`: {summary}"), help);
            }
        }
        let local = volume.get("host").and_then(|host| host.get("sourcePath")).is_some();
        if let Some(sort) = sorts
            .iter()
            .find(|sort| match **sort {
                "docker" | "fsx" => true,
                "host" => local,
                _ => false,
            })
            .filter(|_| fargate)
        {
            let help = "Use EFS, an empty volume, or launch_type: EC2.";
            let summary = format!("volume `{own}` is of type `{sort}`, which Fargate does not have");
            ctx.problems.error("not-on-fargate", place, summary, help);
        }
    }
}

/// What cannot be together in an EFS volume, and what to do.
fn efs_complaints(efs: &Map<String, Json>) -> Vec<(&'static str, &'static str)> {
    let text = |key: &str| efs.get(key).and_then(Json::as_str);
    let authorization = efs.get("authorizationConfig");
    let inner = |key: &str| authorization.and_then(|it| it.get(key)).filter(|value| !value.is_null());
    let (point, iam) = (inner("accessPointId").is_some(), inner("iam").and_then(Json::as_str) == Some("ENABLED"));
    let encrypted = text("transitEncryption") == Some("ENABLED");
    let port = efs.get("transitEncryptionPort").and_then(Json::as_i64);
    let mut found = Vec::new();
    if point && !matches!(text("rootDirectory"), None | Some("/")) {
        found.push((
            "a root directory and an access point exclude each other",
            "The access point sets the directory. Remove `root_directory`.",
        ));
    }
    if (point || iam) && !encrypted {
        found.push(("an access point or IAM needs encryption in transit", "Add transit_encryption: ENABLED."));
    }
    if port.is_some_and(|port| port != 0) && !encrypted {
        found.push((
            "an encryption port needs encryption in transit",
            "Add transit_encryption: ENABLED, or remove `transit_encryption_port`.",
        ));
    }
    if port.is_some_and(|port| !(0..=65_535).contains(&port)) {
        found.push(("the encryption port is out of range", "A port is a number from 1 to 65535."));
    }
    found
}

/// Checks the mounts of a container.
pub(super) fn mounts(ctx: &Ctx<'_>, draft: &Draft, container: &Map<String, Json>) {
    let own = name(container).unwrap_or_default();
    let volumes: Vec<&str> = list(&draft.document, "volumes").filter_map(name).collect();
    let mut paths: BTreeSet<&str> = BTreeSet::new();
    for mount in list(container, "mountPoints") {
        let volume = mount.get("sourceVolume").and_then(Json::as_str);
        if let Some(volume) = volume.filter(|volume| !volumes.contains(volume)) {
            let help = suggest::help(volume, "volumes", volumes.iter().copied());
            let summary = format!("container `{own}` mounts `{volume}`, which is not a volume of the task");
            ctx.problems.error("unknown-name", spot(draft, container), summary, help);
        }
        let Some(path) = mount.get("containerPath").and_then(Json::as_str) else { continue };
        if !paths.insert(path.trim_end_matches('/')) {
            let summary = format!("container `{own}` mounts two volumes at `{}`", shorten(path));
            ctx.problems.error(
                "duplicate",
                spot(draft, container),
                summary,
                "One would hide the other. Choose another path.",
            );
        }
    }
    let others: Vec<&str> = draft.containers().filter_map(name).filter(|other| *other != own).collect();
    let from = list(container, "volumesFrom").filter_map(|from| from.get("sourceContainer").and_then(Json::as_str));
    for other in from.filter(|other| !others.contains(other)) {
        let help = suggest::help(other, "containers", others.iter().copied());
        let summary =
            format!("container `{own}` takes volumes from `{other}`, which is not another container of the task");
        ctx.problems.error("unknown-name", spot(draft, container), summary, help);
    }
}
