//! Groups: making, listing and deleting them, how long and under which key they keep what they hold.

use serde_json::{Value, json};

use super::common::{check_length, chosen, group, invalid, logs, name_of, no_group};
use super::state::Group;
use super::tagging::ByName;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging;
use crate::tags::dialect::Carrier;

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("CreateLogGroup", create),
    ("DeleteLogGroup", delete),
    ("DescribeLogGroups", describe),
    ("PutRetentionPolicy", retain),
    ("DeleteRetentionPolicy", retain_for_ever),
    ("AssociateKmsKey", encrypt),
    ("DisassociateKmsKey", unencrypt),
    ("PutLogGroupDeletionProtection", protect),
];

const DAYS: &[i64] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

fn check_key(key: &str) -> Result<(), Refusal> {
    if key.starts_with("arn:aws:kms:") && (key.contains(":key/") || key.contains(":alias/")) {
        return Ok(());
    }
    Err(invalid("The specified KMS Key Id is invalid."))
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("logGroupName").to_owned();
    check_length(&name)?;
    if name.to_lowercase().starts_with("aws/") {
        return Err(invalid("Log groups starting with AWS/ are reserved for AWS."));
    }
    input.text("kmsKeyId").map_or(Ok(()), check_key)?;
    let tags = ByName::DIALECT.first(input)?;
    let created = call.now().0;
    let logs = logs(call);
    if logs.groups.contains_key(&name) {
        return Err(Refusal::new("ResourceAlreadyExistsException", "The specified log group already exists"));
    }
    let group = Group {
        created,
        class: input.text("logGroupClass").unwrap_or("STANDARD").to_owned(),
        key: input.text("kmsKeyId").map(str::to_owned),
        protected: input.flag("deletionProtectionEnabled").unwrap_or(false),
        tags,
        ..Group::default()
    };
    logs.groups.insert(name, group);
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("logGroupName");
    if group(call, name)?.protected {
        let text = format!("The log group {name} cannot be deleted because deletion protection is enabled.");
        return Err(Refusal::new("ValidationException", text));
    }
    logs(call).groups.remove(name);
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let (prefix, pattern) = (input.text("logGroupNamePrefix"), input.text("logGroupNamePattern"));
    if prefix.is_some() && pattern.is_some() {
        return Err(invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    let identifiers = input.texts("logGroupIdentifiers");
    if !identifiers.is_empty() && (prefix.is_some() || pattern.is_some()) {
        return Err(invalid("LogGroup identifiers cannot be combined with a name prefix or pattern."));
    }
    let named: Vec<String> = identifiers.iter().filter_map(|identifier| name_of(call, identifier)).collect();
    let others = input.texts("accountIdentifiers");
    let elsewhere = !others.is_empty() && !others.iter().any(|account| **account == *call.place.account);
    let class = input.text("logGroupClass");
    let place = call.place.clone();
    let wanted = |name: &str, group: &Group| {
        prefix.is_none_or(|prefix| name.starts_with(prefix))
            && pattern.is_none_or(|pattern| name.contains(pattern))
            && (identifiers.is_empty() || named.iter().any(|one| one == name))
            && class.is_none_or(|class| group.class == class)
            && !elsewhere
    };
    let by_pattern = pattern.is_some_and(|pattern| !pattern.is_empty());
    let found = logs(call).groups.iter().filter(|(name, group)| wanted(name, group));
    let mut items: Vec<(String, Value)> =
        found.map(|(name, group)| (name.clone(), group.shown(&place, name, by_pattern))).collect();
    // A search by pattern never knows that it is at its end: behind the last hit there is one more page, an empty one.
    if by_pattern && !items.is_empty() {
        items.push((char::MAX.to_string(), Value::Null));
    }
    let size = input.integer("limit").and_then(|size| usize::try_from(size).ok()).unwrap_or(50);
    let scope = format!("{prefix:?} {pattern:?} {class:?} {named:?}");
    let cut = |size| paging::page(items.clone(), |(name, _)| name.clone(), size, input.text("nextToken"), &scope);
    let mut page = cut(size);
    let hits = page.as_ref().map_or(0, |page| page.items.iter().filter(|(_, item)| !item.is_null()).count());
    if page.as_ref().is_ok_and(|page| hits > 0 && hits < page.items.len()) {
        page = cut(hits);
    }
    let page = page.map_err(|_| invalid("The specified nextToken is invalid."))?;
    let items: Vec<Value> = page.items.into_iter().map(|(_, item)| item).filter(|item| !item.is_null()).collect();
    Ok(json!({ "logGroups": items, "nextToken": page.next }))
}

fn retain(call: &mut Call<'_>, input: &Input) -> Reply {
    let days = input.integer("retentionInDays").unwrap_or_default();
    if !DAYS.contains(&days) {
        let days_: Vec<String> = DAYS.iter().map(i64::to_string).collect();
        return Err(invalid(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must \
             satisfy enum value set: [{}]",
            days_.join(", ")
        )));
    }
    group(call, input.text_or_empty("logGroupName"))?.retention = Some(days);
    Ok(json!({}))
}

fn retain_for_ever(call: &mut Call<'_>, input: &Input) -> Reply {
    group(call, input.text_or_empty("logGroupName"))?.retention = None;
    Ok(json!({}))
}

fn set_key(call: &mut Call<'_>, input: &Input, key: Option<String>) -> Reply {
    let name = chosen(call, input, "resourceIdentifier")?;
    let name = name.strip_suffix(":*").map_or(name.clone(), str::to_owned);
    group(call, &name)?.key = key;
    Ok(json!({}))
}

fn encrypt(call: &mut Call<'_>, input: &Input) -> Reply {
    let key = input.text_or_empty("kmsKeyId");
    check_key(key)?;
    set_key(call, input, Some(key.to_owned()))
}

fn unencrypt(call: &mut Call<'_>, input: &Input) -> Reply {
    set_key(call, input, None)
}

fn protect(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = name_of(call, input.text_or_empty("logGroupIdentifier")).ok_or_else(no_group)?;
    group(call, &name)?.protected = input.flag("deletionProtectionEnabled").unwrap_or(false);
    Ok(json!({}))
}
