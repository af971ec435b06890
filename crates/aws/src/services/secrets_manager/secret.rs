//! Secrets of Secrets Manager. CreateSecret takes value, key and tags at once; a value is sent then, and by a command of its own, and
//! never read. DeleteSecret schedules a deletion; until it takes effect the name is taken, and RestoreSecret brings the secret back
//! with its value: that is how one that is wanted again is had. How long that is possible is kept in a tag, so that it holds
//! for what has left the stack file as well. The ARN ends in random characters, so no other secret can have it.

use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types::Tag;
use aws_smithy_types::date_time::Format;
use evenkeel_core::cloud::{Update, Waiting};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use futures::future;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::Aws;
use crate::given::Hidden;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Tagging, Work, tagged, wanted};
use crate::services::secrets_manager::read::{self, Secrets};
use crate::tags::{self, Retag, Tags};
use evenkeel_stack::model::Stack;

const LIMIT: usize = 512;

/// The kind `secret`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "secret",
        title: "Secrets Manager secret",
        fields: &[Field::at_birth("value_from")],
        outputs: &["arn", "name"],
        replace: Replace::CreateFirst,
        name_limit: LIMIT,
        ready: Ready::AtOnce,
        slow_delete: true,
        deadline_secs: 120,
        ..Kind::PLAIN
    },
    contribute,
    driver: &SecretsOfStack,
    paced: Paced::NOT,
    actions: &[
        "secretsmanager:DescribeSecret",
        "secretsmanager:ListSecrets",
        "tag:GetResources",
        "secretsmanager:CreateSecret",
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
        "secretsmanager:UpdateSecret",
        "secretsmanager:PutSecretValue",
        "secretsmanager:RestoreSecret",
        "secretsmanager:DeleteSecret",
    ],
};

/// The node of an entry of `secrets:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("secret", entry)
}

/// A secret in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// `in use`, or that its deletion is scheduled.
    pub state: String,
    /// Where its value comes from when it is made, in the words of the stack file; `None` makes it empty.
    pub value_from: Option<String>,
    /// What it is for.
    pub description: String,
    /// The ARN of the key; empty for AWS's own.
    pub kms_key: String,
    /// For how many days it can be restored once it is deleted; 0 for none.
    pub recovery_days: u32,
    /// The user's tags.
    pub tags: Tags,
}

/// The state of a secret that can be used.
const IN_USE: &str = "in use";
/// The state of one that is going.
const GOING: &str = "scheduled for deletion";
/// The key of a secret that names none.
const USUAL_KEY: &str = "alias/aws/secretsmanager";
/// AWS's own recovery window.
const USUAL_DAYS: u32 = 30;
/// The tag that keeps another one.
const DAYS: &str = "evenkeel:recovery-days";

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, secret) in &stack.secrets {
        let want = Spec {
            state: IN_USE.to_owned(),
            value_from: secret.from.as_ref().map(ToString::to_string),
            description: secret.description.clone(),
            kms_key: secret.kms_key.clone().unwrap_or_default(),
            recovery_days: secret.recovery_days,
            tags: secret.meta.tags.clone(),
        };
        let name = stack.physical_name("secrets", entry, LIMIT);
        nodes.push(wanted(id, entry, &secret.meta, name, &want));
    }
}

struct SecretsOfStack;

tagged!(Spec);

#[async_trait]
impl Resource for SecretsOfStack {
    type Want = Spec;
    type Have = Spec;
    // Nothing can be written on one that is going: it is restored first.
    const TAGS: Tagging = Tagging::Within;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let Secrets { secrets, wanted, thorough } = fetched.part()?;
        let secrets = secrets.as_ref().map_err(Clone::clone)?;
        let lives = secrets.iter().map(|secret| observed(secret, &fetched.stack));
        let counts = |live: &Live<Spec>| {
            let named = wanted.contains(&live.name);
            let going = live.have.state != IN_USE;
            if going { named && !thorough } else { named || tags::is_marked(&live.owner) }
        };
        Ok(lives.filter(counts).collect())
    }

    fn marks(&self, want: &Spec) -> Tags {
        marks(want)
    }

    fn marks_between(&self, live: &Live<Spec>, want: &Spec, _order: &Update<'_>) -> (Tags, Tags) {
        (marks(&live.have), marks(want))
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let secret = aws.given(order.order.node, want.value_from.as_deref())?;
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let request = || {
            aws.secrets_manager()
                .create_secret()
                .name(order.order.name)
                .client_request_token(order.order.token)
                .set_secret_string(secret.as_ref().map(|secret| secret.to_send().to_owned()))
                .set_description(some(&want.description))
                .set_kms_key_id(some(&want.kms_key))
                .set_tags(Some(api_tags(&order.tags)))
                .send()
        };
        let sent = aws.caller.send("secretsmanager:CreateSecret", request).await;
        let sent = sent.map_err(|error| kept(secret.as_ref(), error));
        let arn = match sent {
            Ok(reply) => reply.arn().unwrap_or_default().to_owned(),
            // The name is that of another entry of this stack, which is going.
            Err(error) if error.class == ErrorClass::InUse => take_back(work, order, secret.as_ref(), error).await?,
            Err(error) => return Err(error),
        };
        if secret.is_some() {
            aws.note_sent(order.order.node);
        }
        let have = Spec { value_from: None, ..want.clone() };
        Ok(live(order.order.name, have, &arn, Owner::Nobody))
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, live, want) = (work.aws, &order.live, &order.want);
        if order.changes("state") {
            let request = || aws.secrets_manager().restore_secret().secret_id(&live.id).send();
            aws.caller.send("secretsmanager:RestoreSecret", request).await?;
        }
        write_tags(aws, &live.id, &order.tags).await?;
        if order.changes("description") || order.changes("kms_key") {
            let description = order.changes("description").then_some(&want.description);
            let key = order.changes("kms_key").then_some(&want.kms_key);
            describe(aws, &live.id, description, key).await?;
        }
        let have = Spec { value_from: None, ..want.clone() };
        Ok(live.clone().with(have))
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let days = live.have.recovery_days;
        let window = (days > 0).then(|| i64::from(days));
        let request = || {
            let request = work.aws.secrets_manager().delete_secret().secret_id(&live.id);
            let request = request.set_recovery_window_in_days(window);
            request.set_force_delete_without_recovery((days == 0).then_some(true)).send()
        };
        match work.aws.caller.send("secretsmanager:DeleteSecret", request).await {
            // It is on its way already.
            Err(error) if error.class == ErrorClass::InUse => Ok(()),
            done => done.map(drop),
        }
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        future::join_all(waiting.iter().map(|one| how_far(work.aws, one))).await
    }
}

/// Makes a secret of one of this stack that has its name and is going: restores it, and writes everything anew. Its ARN.
async fn take_back(
    work: Work<'_>,
    order: &Creation<'_, Spec>,
    secret: Option<&Hidden>,
    taken: CloudError,
) -> Result<String, CloudError> {
    let (aws, want) = (work.aws, &order.want);
    let there = match read::one(aws, order.order.name).await {
        Ok(there) => there,
        Err(error) if error.class == ErrorClass::Gone => return Err(taken),
        Err(error) => return Err(error),
    };
    let all = read::tags(&there);
    let ours = all.get(tags::STACK).is_some_and(|stack| stack == work.stack);
    let arn = there.arn().unwrap_or_default().to_owned();
    if !ours || there.deleted_date().is_none() {
        let hint = "restore or delete the secret of that name, or give the entry another `name:`".to_owned();
        return Err(CloudError { hint: Some(hint), ..taken });
    }
    let request = || aws.secrets_manager().restore_secret().secret_id(&arn).send();
    // What is deleted at once cannot be restored: its name is free in a moment.
    aws.caller.send("secretsmanager:RestoreSecret", request).await.map_err(|_| taken)?;
    write_tags(aws, &arn, &Retag::between(&all, &order.tags)).await?;
    describe(aws, &arn, Some(&want.description), Some(&want.kms_key)).await?;
    if let Some(secret) = secret {
        send_value(aws, &arn, order.order.token, secret.clone()).await?;
    }
    Ok(arn)
}

/// Writes what describes a secret.
async fn describe(aws: &Aws, arn: &str, description: Option<&String>, key: Option<&String>) -> Result<(), CloudError> {
    // Not every client's empty text arrives; the alias says the same.
    let key = key.map(|key| if key.is_empty() { USUAL_KEY.to_owned() } else { key.clone() });
    let request = || {
        let request = aws.secrets_manager().update_secret().secret_id(arn);
        request.set_description(description.cloned()).set_kms_key_id(key.clone()).send()
    };
    aws.caller.send("secretsmanager:UpdateSecret", request).await.map(drop)
}

/// Whether a secret has gone: with a window it has as soon as its deletion is scheduled.
async fn how_far(aws: &Aws, waiting: &Waiting) -> Result<Readiness, CloudError> {
    let forced = waiting.live.have["recovery_days"] == 0;
    match read::one(aws, &waiting.live.id).await {
        Ok(secret) if secret.deleted_date().is_none() => Ok(Readiness::Ready),
        Ok(_) if forced => Ok(Readiness::Pending("being deleted".to_owned())),
        Ok(_) => Ok(Readiness::Gone),
        Err(error) if error.class == ErrorClass::Gone => Ok(Readiness::Gone),
        Err(error) => Err(error),
    }
}

/// Sends another value, which becomes the current one; the id of its version.
///
/// # Errors
/// Any error of `secretsmanager:PutSecretValue`, without the value.
pub async fn send_value(aws: &Aws, arn: &str, token: &str, value: Hidden) -> Result<String, CloudError> {
    let request = || {
        let request = aws.secrets_manager().put_secret_value().secret_id(arn).client_request_token(token);
        request.secret_string(value.to_send()).send()
    };
    let sent = aws.caller.send("secretsmanager:PutSecretValue", request).await;
    let reply = sent.map_err(|error| value.kept_from(error))?;
    Ok(reply.version_id().unwrap_or_default().to_owned())
}

fn kept(secret: Option<&Hidden>, error: CloudError) -> CloudError {
    match secret {
        Some(secret) => secret.kept_from(error),
        None => error,
    }
}

async fn write_tags(aws: &Aws, arn: &str, tags: &Retag) -> Result<(), CloudError> {
    if !tags.set.is_empty() {
        let set = api_tags(&tags.set);
        let request = || aws.secrets_manager().tag_resource().secret_id(arn).set_tags(Some(set.clone())).send();
        aws.caller.send("secretsmanager:TagResource", request).await?;
    }
    if !tags.remove.is_empty() {
        let keys = &tags.remove;
        let request = || aws.secrets_manager().untag_resource().secret_id(arn).set_tag_keys(Some(keys.clone())).send();
        aws.caller.send("secretsmanager:UntagResource", request).await?;
    }
    Ok(())
}

fn api_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// What is kept of the recovery window: nothing of AWS's own.
fn marks(spec: &Spec) -> Tags {
    let days = Some(spec.recovery_days).filter(|days| *days != USUAL_DAYS);
    days.map(|days| (DAYS.to_owned(), days.to_string())).into_iter().collect()
}

/// The window that a tag keeps; whatever else it says means AWS's own.
fn days(all: &Tags) -> u32 {
    let kept = all.get(DAYS).and_then(|days| days.parse().ok());
    kept.filter(|days| *days == 0 || (7..=USUAL_DAYS).contains(days)).unwrap_or(USUAL_DAYS)
}

/// Whether a secret as the engine sees it has been deleted, and can still be restored.
pub fn is_going(live: &Live) -> bool {
    live.have["state"] == GOING
}

fn observed(secret: &DescribeSecretOutput, stack: &str) -> Live<Spec> {
    let all = read::tags(secret);
    let owner = tags::owner(&all, stack, ENTRY.kind.name);
    // What is not ours has no window of ours.
    let recovery_days = if matches!(owner, Owner::Ours(_)) { days(&all) } else { USUAL_DAYS };
    let have = Spec {
        state: if secret.deleted_date().is_some() { GOING } else { IN_USE }.to_owned(),
        value_from: None,
        description: secret.description().unwrap_or_default().to_owned(),
        kms_key: secret.kms_key_id().filter(|key| *key != USUAL_KEY).unwrap_or_default().to_owned(),
        recovery_days,
        tags: tags::user(&all),
    };
    let mut live = live(secret.name().unwrap_or_default(), have, secret.arn().unwrap_or_default(), owner);
    live.replaces = all.get(tags::REPLACES).cloned();
    let staged = secret.version_ids_to_stages().into_iter().flatten();
    let current = |stages: &[String]| stages.iter().any(|stage| stage == "AWSCURRENT");
    let version = staged.filter(|(_, stages)| current(stages)).map(|(id, _)| id).next();
    let changed = secret.last_changed_date().and_then(|at| at.fmt(Format::DateTime).ok());
    live.private = json!({ "version": version, "changed": changed });
    live.data = (recovery_days == 0).then(|| "its value, at once and for good".to_owned());
    let restored =
        || format!("the secret {}, for {recovery_days} days: until then `evenkeel apply` restores it", live.name);
    live.leaves = (recovery_days > 0 && live.have.state == IN_USE).then(restored);
    live
}

fn live(name: &str, spec: Spec, arn: &str, owner: Owner) -> Live<Spec> {
    Live::new(arn, name, owner, spec).output("name", name).output("arn", arn)
}
