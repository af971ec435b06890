//! Describing a secret, and reading its value by version or stage.

use serde_json::{Map, Value, json};

use super::lookup::{self, wrong_parameter, wrong_request};
use super::stages::unknown_version;
use super::{CURRENT, Secret, list};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging::page;
use crate::tags;
use crate::world::Moment;

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("BatchGetSecretValue", batch_get_secret_value),
    ("DescribeSecret", describe_secret),
    ("GetSecretValue", get_secret_value),
];

/// A secret as it is described and listed, but for the stages of its versions.
pub(super) fn document(secret: &Secret) -> Map<String, Value> {
    let document = json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "Type": secret.kind,
        "Description": secret.description,
        "KmsKeyId": secret.key,
        "LastChangedDate": secret.changed.value(),
        "LastAccessedDate": secret.accessed.map(Moment::value),
        "DeletedDate": secret.deletion.as_ref().map(|deletion| deletion.asked.value()),
        "Tags": secret.tags.as_ref().map(|tags| tags::to_list(tags, "Key", "Value")),
        "OwningService": secret.owner,
        "CreatedDate": secret.created.value(),
    });
    match document {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The stages by version; null if there is no version.
pub(super) fn stages(secret: &Secret) -> Value {
    let staged = secret.versions.iter().filter(|version| !version.stages.is_empty());
    let map: Map<String, Value> = staged.map(|version| (version.id.clone(), json!(version.stages))).collect();
    if map.is_empty() { Value::Null } else { Value::Object(map) }
}

fn describe_secret(call: &mut Call<'_>, input: &Input) -> Reply {
    let secret = lookup::any(call, input)?;
    let mut document = document(secret);
    document.insert("VersionIdsToStages".into(), stages(secret));
    Ok(Value::Object(document))
}

/// The day of an access is all that is told.
fn day(now: Moment) -> Moment {
    const DAY: i64 = 86_400_000;
    Moment(now.0.div_euclid(DAY) * DAY)
}

fn value(secret: &mut Secret, id: Option<&str>, stage: Option<&str>, now: Moment) -> Reply {
    let found = match (id, stage) {
        (Some(id), stage) => {
            let found =
                secret.versions.iter_mut().find(|version| version.id == id).ok_or_else(|| unknown_version(id))?;
            if stage.is_some_and(|stage| !found.stages.iter().any(|other| other == stage)) {
                return Err(wrong_request(
                    "You provided a VersionStage that is not associated to the provided VersionId.",
                ));
            }
            found
        }
        (None, stage) => {
            let stage = stage.unwrap_or(CURRENT);
            let holds = |stages: &[String]| stages.iter().any(|other| other == stage);
            secret.versions.iter_mut().find(|version| holds(&version.stages)).ok_or_else(|| {
                Refusal::new(
                    "ResourceNotFoundException",
                    format!("Secrets Manager can't find the specified secret value for staging label: {stage}"),
                )
            })?
        }
    };
    found.accessed = Some(day(now));
    secret.accessed = Some(day(now));
    Ok(json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": found.id,
        "SecretString": found.text,
        "SecretBinary": found.binary,
        "VersionStages": found.stages,
        "CreatedDate": found.created.value(),
    }))
}

fn get_secret_value(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    let secret = lookup::alive(call, input)?;
    value(secret, input.text("VersionId"), input.text("VersionStage"), now)
}

fn batch_get_secret_value(call: &mut Call<'_>, input: &Input) -> Reply {
    let (ids, filters) = (input.texts("SecretIdList"), input.list("Filters"));
    if ids.is_empty() == filters.is_empty() {
        return Err(wrong_parameter("Either 'SecretIdList' or 'Filters' must be provided, but not both."));
    }
    let now = call.now();
    let secrets = &mut call.region().secrets.secrets;
    let asked: Vec<String> = if ids.is_empty() {
        let fits = |secret: &&Secret| secret.deletion.is_none() && list::fits_all(secret, filters);
        secrets.values().filter(fits).map(|secret| secret.name.clone()).collect()
    } else {
        ids
    };
    let scope = format!("batch {asked:?}");
    let size = input.integer("MaxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(20);
    let page = page(asked, Clone::clone, size, input.text("NextToken"), &scope).map_err(|_| list::bad_token())?;
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for id in page.items {
        let secret = lookup::name_of(secrets, &id).and_then(|name| secrets.get_mut(&name)).ok_or_else(lookup::unknown);
        let read = secret.and_then(|secret| match secret.deletion {
            Some(_) => Err(lookup::marked()),
            None => value(secret, None, None, now),
        });
        match read {
            Ok(value) => values.push(value),
            Err(refusal) => {
                errors.push(json!({ "SecretId": id, "ErrorCode": refusal.code, "Message": refusal.message }));
            }
        }
    }
    Ok(json!({ "SecretValues": values, "Errors": errors, "NextToken": page.next }))
}
