//! Account settings: what a principal has set for itself, what the account's root has set for everybody, and what AWS has set
//! where neither has. The first of these counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::checks::{invalid, page};
use crate::call::{Call, Input, Members, Refusal, Reply};

/// Every setting with what it is if nobody sets it.
const USUAL: &[(&str, &str)] = &[
    ("awsvpcTrunking", "disabled"),
    ("containerInsights", "disabled"),
    ("containerInstanceLongArnFormat", "enabled"),
    ("defaultLogDriverMode", "non-blocking"),
    ("fargateEventWindows", "disabled"),
    ("fargateFIPSMode", "disabled"),
    ("fargateTaskRetirementWaitPeriod", "7"),
    ("guardDutyActivate", "off"),
    ("serviceLongArnFormat", "enabled"),
    ("tagResourceAuthorization", "on"),
    ("taskLongArnFormat", "enabled"),
];

/// What was set, by principal and name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    set: BTreeMap<String, BTreeMap<String, String>>,
}

/// The principal whose settings are everybody's.
fn root(of: &str) -> String {
    let account = of.split(':').nth(4).unwrap_or_default();
    format!("arn:aws:iam::{account}:root")
}

impl Settings {
    /// The value that counts for a principal, and who set it (AWS's defaults count as the root's).
    pub(super) fn effective(&self, name: &str, principal: &str) -> Option<(String, String)> {
        let root = root(principal);
        for who in [principal, &root] {
            if let Some(value) = self.set.get(who).and_then(|set| set.get(name)) {
                return Some((value.clone(), who.to_owned()));
            }
        }
        let (_, usual) = USUAL.iter().find(|(known, _)| *known == name)?;
        Some(((*usual).to_owned(), root))
    }
}

fn allowed(name: &str) -> &'static [&'static str] {
    match name {
        "containerInsights" => &["enabled", "disabled", "enhanced"],
        "tagResourceAuthorization" => &["on", "off"],
        "fargateTaskRetirementWaitPeriod" => &["0", "7", "14"],
        "defaultLogDriverMode" => &["blocking", "non-blocking"],
        _ => &["enabled", "disabled"],
    }
}

fn shown(name: &str, value: &str, principal: &str) -> Value {
    let kind = if name == "guardDutyActivate" { "aws_managed" } else { "user" };
    json!({ "name": name, "value": value, "principalArn": principal, "type": kind })
}

fn principal(call: &Call<'_>, input: &Input) -> Result<String, Refusal> {
    match input.text("principalArn") {
        None => Ok(call.caller.principal.clone()),
        Some(arn) if arn.starts_with("arn:aws:iam::") && arn.splitn(6, ':').count() == 6 => Ok(arn.to_owned()),
        Some(_) => Err(invalid("The principal ARN provided is invalid. Specify a valid ARN and try again.")),
    }
}

fn set(call: &mut Call<'_>, input: &Input, principal: String) -> Reply {
    let (name, value) = (input.text_or_empty("name"), input.text_or_empty("value"));
    if name == "guardDutyActivate" {
        return Err(invalid("The setting guardDutyActivate is managed by AWS and cannot be changed."));
    }
    if !allowed(name).contains(&value) {
        return Err(invalid("Invalid setting 'value'"));
    }
    if name.ends_with("LongArnFormat") && value == "disabled" {
        return Err(invalid("You can no longer disable Long ARN settings."));
    }
    let shown = shown(name, value, &principal);
    let settings = &mut call.region().ecs.registry.settings;
    settings.set.entry(principal).or_default().insert(name.to_owned(), value.to_owned());
    Ok(json!({ "setting": shown }))
}

/// `PutAccountSetting`.
pub(super) fn put(call: &mut Call<'_>, input: &Input) -> Reply {
    let principal = principal(call, input)?;
    set(call, input, principal)
}

/// `PutAccountSettingDefault`.
pub(super) fn put_default(call: &mut Call<'_>, input: &Input) -> Reply {
    let principal = root(&call.caller.principal);
    set(call, input, principal)
}

/// `ListAccountSettings`.
pub(super) fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let principal = principal(call, input)?;
    let (name, value) = (input.text("name"), input.text("value"));
    if value.is_some() && name.is_none() {
        return Err(invalid("You must specify an account setting name to filter by value."));
    }
    let settings = &call.region().ecs.registry.settings;
    let found: Vec<Value> = if input.flag("effectiveSettings") == Some(true) {
        let of = |(name, _): &(&str, &str)| {
            settings.effective(name, &principal).map(|(value, who)| shown(name, &value, &who))
        };
        USUAL.iter().filter_map(of).collect()
    } else {
        settings.set.get(&principal).into_iter().flatten().map(|(name, value)| shown(name, value, &principal)).collect()
    };
    let asked = |it: &Value| {
        name.is_none_or(|name| it.text("name") == Some(name))
            && value.is_none_or(|value| it.text("value") == Some(value))
    };
    let found = found.into_iter().filter(asked).collect();
    let page = page(call, input, found, |it: &Value| it.text_or_empty("name").to_owned(), (10, 10))?;
    Ok(json!({ "settings": page.items, "nextToken": page.next }))
}

/// `DeleteAccountSetting`.
pub(super) fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let principal = principal(call, input)?;
    let name = input.text_or_empty("name").to_owned();
    let settings = &mut call.region().ecs.registry.settings;
    let gone = settings.set.get_mut(&principal).and_then(|set| set.remove(&name));
    let value = gone.or_else(|| settings.effective(&name, &principal).map(|(value, _)| value)).unwrap_or_default();
    Ok(json!({ "setting": shown(&name, &value, &principal) }))
}
