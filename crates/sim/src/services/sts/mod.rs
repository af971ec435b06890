//! Security Token Service: who a caller is, and temporary keys. The keys are kept in IAM's state, where every service looks
//! them up. Decides who may take on which role; knows no policy but the role's own trust.

#[cfg(test)]
mod tests;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::iam;
use super::iam::state::Session;
use super::service::{Service, Words};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::model;
use crate::validate::Wording;

/// The service.
pub const SERVICE: Service = Service {
    unsigned: &["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "AssumeRoot"],
    words: Words::XML,
    ..Service::new(model::source!("sts"), OPERATIONS, Wording::coral("ValidationError"))
};

/// The operations.
const OPERATIONS: &[Table] = &[&[
    ("AssumeRole", assume),
    ("DecodeAuthorizationMessage", decode),
    ("GetCallerIdentity", identity),
    ("GetSessionToken", session_token),
]];

fn identity(call: &mut Call<'_>, _: &Input) -> Reply {
    Ok(json!({ "UserId": call.caller.id, "Account": call.place.account, "Arn": call.caller.arn }))
}

fn denied(call: &Call<'_>, role: &str) -> Refusal {
    let text = format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {role}", call.caller.arn);
    Refusal::new("AccessDenied", text).status(403)
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", text).status(400)
}

fn check_tags(input: &Input) -> Result<(), Refusal> {
    let mut keys: Vec<String> = input.list("Tags").iter().map(|tag| tag.text_or_empty("Key").to_lowercase()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        let text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
        return Err(Refusal::new("InvalidParameterValue", text).status(400));
    }
    if input.texts("TransitiveTagKeys").iter().any(|key| !keys.contains(&key.to_lowercase())) {
        let text = "The specified transitive tag key must be included in the requested tags.";
        return Err(Refusal::new("InvalidParameterValue", text).status(400));
    }
    Ok(())
}

/// The keys of tags that the calling session hands on, none of which may be set anew.
fn handed_on(call: &mut Call<'_>, input: &Input) -> Result<Vec<String>, Refusal> {
    let (account, caller) = (call.place.account.clone(), call.caller.arn.clone());
    let sessions = &call.world.account(&account).iam.sessions;
    let session = sessions.values().find(|session| session.arn == caller);
    let keys = session.map(|session| session.transitive.clone()).unwrap_or_default();
    let is_set = |key: &String| input.list("Tags").iter().any(|tag| tag.text_or_empty("Key").eq_ignore_ascii_case(key));
    if keys.iter().any(is_set) {
        let text = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key \
                    from the calling session.";
        return Err(Refusal::new("InvalidParameterValue", text).status(400));
    }
    Ok(keys)
}

/// Whether a text names a partition, a service and something of it.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    parts[0] == "arn" && [1, 2, 5].iter().all(|index| parts.get(*index).is_some_and(|part| !part.is_empty()))
}

fn assume(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("RoleArn");
    if !is_arn(arn) {
        return Err(invalid(format!("{arn} is invalid")));
    }
    check_tags(input)?;
    let account = call.place.account.clone();
    let handed_on = handed_on(call, input)?;
    let role =
        iam::role(call.world, &call.place, arn).filter(|role| iam::role_visible(call.world, &call.place, &role.arn));
    let role = role.filter(|role| iam::principal::trusts_caller(role, &account, &call.caller));
    let role = role.cloned().ok_or_else(|| denied(call, arn))?;
    let seconds = input.integer("DurationSeconds").unwrap_or(3600);
    if seconds > role.longest_session {
        return Err(invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
    }
    let name = input.text_or_empty("RoleSessionName");
    let owner: std::sync::Arc<str> = arn.split(':').nth(4).unwrap_or(&account).into();
    let session = Session {
        arn: format!("arn:aws:sts::{owner}:assumed-role/{}/{name}", role.name),
        principal: role.arn.clone(),
        id: format!("{}:{name}", role.id),
        expires: call.now().plus(Duration::from_secs(u64::try_from(seconds).unwrap_or(3600))).whole(),
        transitive: input.texts("TransitiveTagKeys").into_iter().chain(handed_on).collect(),
    };
    let (used, region) = (call.now().whole(), call.place.region.to_string());
    let roles = &mut call.world.account(&owner).iam.roles;
    if let Some(role) = roles.get_mut(&role.name.to_lowercase()) {
        role.used = Some((used, region));
    }
    let user = json!({ "AssumedRoleId": session.id, "Arn": session.arn });
    let credentials = hand_out(call, &owner, session);
    Ok(json!({
        "Credentials": credentials,
        "AssumedRoleUser": user,
        "SourceIdentity": input.text("SourceIdentity"),
        "PackedPolicySize": packed(input),
    }))
}

/// How full the session's policy and tags are, in percent; absent without any.
fn packed(input: &Input) -> Option<usize> {
    let tags: usize =
        input.list("Tags").iter().map(|tag| tag.text_or_empty("Key").len() + tag.text_or_empty("Value").len()).sum();
    let size = input.text_or_empty("Policy").len() + tags;
    (size > 0 || input.has("PolicyArns")).then(|| (size * 100 / 2048).clamp(1, 100))
}

fn hand_out(call: &mut Call<'_>, account: &std::sync::Arc<str>, session: Session) -> Value {
    let ids = &mut call.world.ids;
    let (key, secret, token) = (format!("ASIA{}", ids.upper(16)), ids.mixed(40), ids.mixed(320));
    let (now, expires) = (call.world.now, session.expires);
    let sessions = &mut call.world.account(account).iam.sessions;
    sessions.retain(|_, session| session.expires > now);
    sessions.insert(key.clone(), session);
    json!({
        "AccessKeyId": key,
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": expires.value(),
    })
}

fn session_token(call: &mut Call<'_>, input: &Input) -> Reply {
    if call.caller.arn.contains(":assumed-role/") {
        return Err(Refusal::new("AccessDenied", "Cannot call GetSessionToken with session credentials").status(403));
    }
    let seconds = input.integer("DurationSeconds").and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(43200);
    let caller = call.caller.clone();
    let expires = call.now().plus(Duration::from_secs(seconds)).whole();
    let session =
        Session { arn: caller.arn, principal: caller.principal, id: caller.id, expires, ..Session::default() };
    let account = call.place.account.clone();
    Ok(json!({ "Credentials": hand_out(call, &account, session) }))
}

/// Only messages that hold a document in base64 can be read.
fn decode(_: &mut Call<'_>, input: &Input) -> Reply {
    let bytes = STANDARD.decode(input.text_or_empty("EncodedMessage")).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.filter(|text| serde_json::from_str::<Value>(text).is_ok_and(|document| document.is_object()));
    let text = text.ok_or_else(|| {
        Refusal::new("InvalidAuthorizationMessageException", "Could not decode the authorization message").status(400)
    })?;
    Ok(json!({ "DecodedMessage": text }))
}
