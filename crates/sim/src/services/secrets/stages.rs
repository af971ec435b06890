//! The stages of versions: a stage is with one version at a time, and what was current becomes the previous one.

use serde_json::{Value, json};

use super::lookup::{self, wrong_parameter};
use super::{CURRENT, PENDING, PREVIOUS, Secret};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging::page;

/// The operations.
pub(super) const OPERATIONS: Table =
    &[("ListSecretVersionIds", list_secret_version_ids), ("UpdateSecretVersionStage", update_secret_version_stage)];

/// Takes a stage from whichever version has it; the id of that.
fn take(secret: &mut Secret, stage: &str) -> Option<String> {
    let version = secret.versions.iter_mut().find(|version| version.stages.iter().any(|other| other == stage))?;
    version.stages.retain(|other| other != stage);
    Some(version.id.clone())
}

fn attach(secret: &mut Secret, id: &str, stage: &str) {
    if let Some(version) = secret.versions.iter_mut().find(|version| version.id == id) {
        version.stages.push(stage.to_owned());
    }
}

/// Gives a stage to a version.
pub(super) fn give(secret: &mut Secret, id: &str, stage: &str) {
    let before = take(secret, stage);
    attach(secret, id, stage);
    let Some(before) = before.filter(|before| before != id && stage == CURRENT) else { return };
    take(secret, PREVIOUS);
    if secret.staged(PENDING).is_some_and(|version| version.id == before) {
        take(secret, PENDING);
    }
    attach(secret, &before, PREVIOUS);
}

fn update_secret_version_stage(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    let secret = lookup::alive(call, input)?;
    let stage = input.text_or_empty("VersionStage");
    let (to, from) = (input.text("MoveToVersionId"), input.text("RemoveFromVersionId"));
    for id in [to, from].into_iter().flatten() {
        if secret.version(id).is_none() {
            return Err(unknown_version(id));
        }
    }
    let holder = secret.staged(stage).map(|version| version.id.clone());
    match (&holder, from) {
        (Some(holder), None) if to != Some(holder) => {
            return Err(wrong_parameter(format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version \
                 {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )));
        }
        (holder, Some(from)) if holder.as_deref() != Some(from) => {
            return Err(wrong_parameter(format!(
                "The parameter RemoveFromVersionId is not valid. Staging label {stage} is not attached to version {from}."
            )));
        }
        _ => {}
    }
    match to {
        Some(to) => give(secret, to, stage),
        None if stage == CURRENT => {
            return Err(wrong_parameter(
                "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
            ));
        }
        None => {
            take(secret, stage);
        }
    }
    secret.changed = now;
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}

/// The refusal of a version that is not there.
pub(super) fn unknown_version(id: &str) -> Refusal {
    Refusal::new(
        "ResourceNotFoundException",
        format!("Secrets Manager can't find the specified secret value for VersionId: {id}"),
    )
}

fn list_secret_version_ids(call: &mut Call<'_>, input: &Input) -> Reply {
    let secret = lookup::any(call, input)?;
    let all = input.flag("IncludeDeprecated").unwrap_or(false);
    let versions: Vec<_> = secret.versions.iter().filter(|version| all || !version.stages.is_empty()).collect();
    let scope = format!("versions {} {all}", secret.arn);
    let size = input.integer("MaxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
    let page = page(versions, |version| version.id.clone(), size, input.text("NextToken"), &scope)
        .map_err(|_| super::list::bad_token())?;
    let key = secret.key.as_deref().unwrap_or("DefaultEncryptionKey");
    let item = |version: &super::Version| {
        json!({
            "VersionId": version.id,
            "VersionStages": Some(&version.stages).filter(|stages| !stages.is_empty()),
            "LastAccessedDate": version.accessed.map(crate::world::Moment::value),
            "CreatedDate": version.created.value(),
            "KmsKeyIds": [key],
        })
    };
    let items: Vec<Value> = page.items.into_iter().map(item).collect();
    Ok(json!({ "Versions": items, "NextToken": page.next, "ARN": secret.arn, "Name": secret.name }))
}
