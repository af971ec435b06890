//! Creating secrets and giving them values. A version's id is the caller's token, which makes writing repeatable.

use serde_json::{Value, json};

use super::lookup::{self, wrong_parameter, wrong_request};
use super::tagging::Secrets;
use super::{CURRENT, Secret, Version, stages};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::dialect::Carrier;
use crate::world::Moment;

/// The operations.
pub(super) const OPERATIONS: Table =
    &[("CreateSecret", create_secret), ("PutSecretValue", put_secret_value), ("UpdateSecret", update_secret)];

/// The value that a request brings.
struct Content {
    text: Option<String>,
    binary: Option<String>,
}

impl Content {
    fn of(input: &Input) -> Result<Option<Self>, Refusal> {
        let read = |name: &str| input.text(name).map(str::to_owned);
        let content = Self { text: read("SecretString"), binary: read("SecretBinary") };
        match (&content.text, &content.binary) {
            (Some(_), Some(_)) => Err(wrong_parameter(
                "You can't specify both a binary secret value and a string secret value in the same secret.",
            )),
            (None, None) => Ok(None),
            _ => Ok(Some(content)),
        }
    }

    fn is_in(&self, version: &Version) -> bool {
        self.text == version.text && self.binary == version.binary
    }

    fn version(self, id: String, now: Moment) -> Version {
        Version { id, text: self.text, binary: self.binary, created: now, ..Version::default() }
    }
}

/// Whether the secret has this version already.
///
/// # Errors
/// If it has it with another content.
fn repeated(secret: &Secret, token: &str, content: Option<&Content>) -> Result<bool, Refusal> {
    let Some(version) = secret.version(token) else { return Ok(false) };
    if content.is_some_and(|content| content.is_in(version)) {
        return Ok(true);
    }
    Err(Refusal::new(
        "ResourceExistsException",
        format!(
            "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {}.",
            secret.arn
        ),
    ))
}

fn token(call: &mut Call<'_>, input: &Input) -> String {
    input.text("ClientRequestToken").map_or_else(|| call.world.ids.uuid(), str::to_owned)
}

fn optional(input: &Input, name: &str) -> Option<String> {
    input.text(name).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn create_secret(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("Name").to_owned();
    lookup::check_name(&name)?;
    if !input.list("AddReplicaRegions").is_empty() {
        return Err(wrong_parameter("Invalid replica region."));
    }
    let content = Content::of(input)?;
    let token = token(call, input);
    if let Some(secret) = call.region().secrets.secrets.get(&name) {
        if secret.deletion.is_some() {
            return Err(wrong_request(
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ));
        }
        if repeated(secret, &token, content.as_ref())? {
            return Ok(json!({ "ARN": secret.arn, "Name": secret.name, "VersionId": token }));
        }
        let text = format!("The operation failed because the secret {name} already exists.");
        return Err(Refusal::new("ResourceExistsException", text));
    }
    let tags = Secrets::DIALECT.given(input)?;
    let now = call.now();
    let random = call.world.ids.mixed(lookup::RANDOM_LENGTH);
    let mut secret = Secret {
        arn: call.arn("secretsmanager", &format!("secret:{name}-{random}")),
        name: name.clone(),
        description: optional(input, "Description"),
        key: optional(input, "KmsKeyId"),
        kind: optional(input, "Type"),
        tags: input.has("Tags").then_some(tags),
        created: now,
        changed: now,
        ..Secret::default()
    };
    let has_value = content.is_some();
    if let Some(content) = content {
        secret.versions.push(content.version(token.clone(), now));
        stages::give(&mut secret, &token, CURRENT);
    }
    let reply = json!({ "ARN": secret.arn, "Name": name, "VersionId": has_value.then_some(token) });
    call.region().secrets.secrets.insert(name, secret);
    Ok(reply)
}

fn put_secret_value(call: &mut Call<'_>, input: &Input) -> Reply {
    let content = Content::of(input)?;
    let token = token(call, input);
    let now = call.now();
    let secret = lookup::alive(call, input)?;
    let Some(content) = content else {
        return Err(wrong_request("You must provide either SecretString or SecretBinary."));
    };
    if !repeated(secret, &token, Some(&content))? {
        let mut given = input.texts("VersionStages");
        // The first value is the current one, whatever else it is.
        if given.is_empty() || secret.staged(CURRENT).is_none() && !given.iter().any(|stage| stage == CURRENT) {
            given.push(CURRENT.to_owned());
        }
        add(secret, content.version(token.clone(), now), &given);
        secret.changed = now;
    }
    let stages = secret.version(&token).map(|version| version.stages.clone());
    Ok(json!({ "ARN": secret.arn, "Name": secret.name, "VersionId": token, "VersionStages": stages }))
}

/// Adds a version; the oldest of those without a stage go when there are too many.
fn add(secret: &mut Secret, version: Version, given: &[String]) {
    const MOST_VERSIONS: usize = 100;
    let id = version.id.clone();
    secret.versions.push(version);
    for stage in given {
        stages::give(secret, &id, stage);
    }
    if secret.versions.len() > MOST_VERSIONS
        && let Some(idle) = secret.versions.iter().position(|version| version.stages.is_empty())
    {
        secret.versions.remove(idle);
    }
}

fn update_secret(call: &mut Call<'_>, input: &Input) -> Reply {
    let content = Content::of(input)?;
    let token = token(call, input);
    let now = call.now();
    let secret = lookup::alive(call, input)?;
    let mut version: Option<&str> = None;
    if let Some(content) = content {
        if !repeated(secret, &token, Some(&content))? {
            add(secret, content.version(token.clone(), now), &[CURRENT.to_owned()]);
        }
        version = Some(&token);
    }
    let mut set = |name: &str, field: fn(&mut Secret) -> &mut Option<String>| {
        if input.has(name) {
            *field(secret) = optional(input, name);
        }
    };
    set("Description", |secret| &mut secret.description);
    set("KmsKeyId", |secret| &mut secret.key);
    set("Type", |secret| &mut secret.kind);
    secret.changed = now;
    Ok(json!({ "ARN": secret.arn, "Name": secret.name, "VersionId": version.map(Value::from) }))
}
