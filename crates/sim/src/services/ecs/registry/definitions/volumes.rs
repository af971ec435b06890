//! Volumes of a task definition, and what containers mount of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::super::checks::{client, is_name};
use crate::call::{Members, Refusal};

/// Of these a volume has one at most.
const SOURCES: [&str; 5] = [
    "dockerVolumeConfiguration",
    "efsVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
    "s3filesVolumeConfiguration",
    "host",
];

/// Checks volumes and mount points.
pub(super) fn check(definition: &Map<String, Value>) -> Result<(), Refusal> {
    let mut names = BTreeSet::new();
    for volume in definition.list("volumes") {
        let name = volume.text_or_empty("name");
        if name.is_empty() {
            return Err(client("Volume.name should not be null or empty."));
        }
        if !is_name(name) {
            return Err(client("Volume.name contains invalid characters."));
        }
        if !names.insert(name) {
            return Err(client("Volume names must be unique within a task definition."));
        }
        let filled = |source: &&&str| volume.map(source).is_some_and(|it| !it.is_empty());
        if SOURCES.iter().filter(filled).count() > 1 {
            return Err(client(
                "When the volume parameter is specified, only one volume configuration type should be used.",
            ));
        }
        if let Some(efs) = volume.map("efsVolumeConfiguration") {
            self::efs(efs)?;
        }
    }
    let containers = definition.list("containerDefinitions");
    let known: BTreeSet<&str> = containers.iter().filter_map(|it| it.text("name")).collect();
    let mut mounted = BTreeSet::new();
    for container in containers {
        let mut paths = BTreeSet::new();
        for mount in container.list("mountPoints") {
            let source = mount.text_or_empty("sourceVolume");
            if !names.contains(source) {
                return Err(client(format!("Unknown volume '{source}'.")));
            }
            if !paths.insert(mount.text_or_empty("containerPath")) {
                return Err(client("Container path must be unique among the mount points of a container."));
            }
            mounted.insert(source);
        }
        for from in container.list("volumesFrom") {
            let source = from.text_or_empty("sourceContainer");
            if !known.contains(source) {
                return Err(client(format!("Invalid 'volumesFrom' setting. Unknown container: '{source}'")));
            }
        }
    }
    let at_launch = definition.list("volumes").iter().filter(|it| it.flag("configuredAtLaunch") == Some(true));
    let idle: Vec<&str> = at_launch.filter_map(|it| it.text("name")).filter(|name| !mounted.contains(name)).collect();
    if idle.is_empty() {
        return Ok(());
    }
    Err(client(format!("Volumes [{}] are not referenced by any of the containers", idle.join(", "))))
}

fn efs(efs: &Map<String, Value>) -> Result<(), Refusal> {
    let encrypted = efs.text("transitEncryption") == Some("ENABLED");
    let root = efs.text("rootDirectory").unwrap_or("/");
    if efs.text_or_empty("fileSystemId").is_empty() {
        return Err(client("EFS file system id should not be null or empty."));
    }
    if let Some(authorization) = efs.map("authorizationConfig") {
        if authorization.text("iam") == Some("ENABLED") && !encrypted {
            return Err(client("EFS IAM authorization requires TransitEncryption to be enabled."));
        }
        if authorization.has("accessPointId") {
            if !matches!(root, "/" | "") {
                return Err(client(
                    "When using an EFS access point, the root directory must either be set to \"/\" or be omitted.",
                ));
            }
            if !encrypted {
                return Err(client("EFS access points require TransitEncryption to be enabled."));
            }
        }
    }
    if efs.integer("transitEncryptionPort").is_some_and(|port| port != 0) && !encrypted {
        return Err(client("TransitEncryptionPort requires that TransitEncryption is enabled."));
    }
    Ok(())
}
