//! What is set beside a table: the expiry of items, continuous backups.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Event, Table as Stored, described, invalid, name_of};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::world;

/// The operations on settings.
pub(super) const OPERATIONS: Table = &[
    ("DescribeTimeToLive", describe_expiry),
    ("UpdateTimeToLive", update_expiry),
    ("DescribeContinuousBackups", describe_backups),
    ("UpdateContinuousBackups", update_backups),
];

const EXPIRY_CHANGE: Duration = Duration::from_secs(30);

fn describe_expiry(call: &mut Call<'_>, input: &Input) -> Reply {
    let expiry = &described(call, input.text_or_empty("TableName"))?.expiry;
    let status = match (expiry.attribute.is_some(), expiry.changing) {
        (true, true) => "ENABLING",
        (true, false) => "ENABLED",
        (false, true) => "DISABLING",
        (false, false) => "DISABLED",
    };
    Ok(json!({"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": expiry.attribute}}))
}

fn update_expiry(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = name_of(input.text_or_empty("TableName")).to_owned();
    let wanted = input.member("TimeToLiveSpecification").cloned().unwrap_or_default();
    let enabled = wanted.flag("Enabled") == Some(true);
    let table = described(call, &name)?;
    if table.expiry.changing {
        return Err(invalid("Time to live has been modified multiple times within a fixed interval"));
    }
    match (&table.expiry.attribute, enabled) {
        (Some(_), true) => return Err(invalid("TimeToLive is already enabled")),
        (None, false) => return Err(invalid("TimeToLive is already disabled")),
        _ => {}
    }
    table.expiry.attribute = enabled.then(|| wanted.text_or_empty("AttributeName").to_owned());
    table.expiry.changing = true;
    let id = table.id().to_owned();
    call.after(EXPIRY_CHANGE, world::Event::Dynamodb(Event::ExpirySettled(name, id)));
    Ok(json!({"TimeToLiveSpecification": wanted}))
}

fn backups(table: &Stored, now: world::Moment) -> Value {
    let recovery = match table.backups {
        Some((since, days)) => json!({
            "PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": days,
            "EarliestRestorableDateTime": since.value(), "LatestRestorableDateTime": now.value(),
        }),
        None => json!({"PointInTimeRecoveryStatus": "DISABLED"}),
    };
    json!({"ContinuousBackupsDescription": {
        "ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery,
    }})
}

fn backed_up<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Stored, Refusal> {
    let name = name_of(input.text_or_empty("TableName"));
    let missing = || Refusal::new("TableNotFoundException", format!("Table not found: {name}"));
    call.region().dynamodb.tables.get_mut(name).ok_or_else(missing)
}

fn describe_backups(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    backed_up(call, input).map(|table| backups(table, now))
}

fn update_backups(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    let wanted = input.map("PointInTimeRecoverySpecification").cloned().unwrap_or_default();
    let days = wanted.integer("RecoveryPeriodInDays").unwrap_or(35);
    let table = backed_up(call, input)?;
    if table.status == "CREATING" {
        let text = "Backups are being enabled for the table: retry later";
        return Err(Refusal::new("ContinuousBackupsUnavailableException", text));
    }
    let since = table.backups.map_or(now, |(since, _)| since);
    table.backups = (wanted.flag("PointInTimeRecoveryEnabled") == Some(true)).then_some((since, days));
    Ok(backups(table, now))
}
