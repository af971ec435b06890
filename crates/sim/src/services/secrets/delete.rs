//! Deleting secrets, which takes effect after a recovery window, or soon when it is forced; and calling that off.

use std::time::Duration;

use serde_json::json;

use super::lookup::{self, wrong_parameter, wrong_request};
use super::{Deletion, Event};
use crate::call::{Call, Input, Members, Reply, Table};
use crate::world;

/// The operations.
pub(super) const OPERATIONS: Table = &[("DeleteSecret", delete_secret), ("RestoreSecret", restore_secret)];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const USUAL_DAYS: i64 = 30;
/// How long a forced deletion takes.
const FORCED: Duration = Duration::from_secs(5);

fn delete_secret(call: &mut Call<'_>, input: &Input) -> Reply {
    let forced = input.flag("ForceDeleteWithoutRecovery").unwrap_or(false);
    let days = input.integer("RecoveryWindowInDays");
    if forced && days.is_some() {
        return Err(wrong_parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    let days = days.unwrap_or(USUAL_DAYS);
    let window = u32::try_from(days)
        .ok()
        .filter(|days| (7..=30).contains(days))
        .ok_or_else(|| wrong_parameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."))?;
    let delay = if forced { call.world.about(FORCED) } else { DAY * window };
    let now = call.now();
    let asked_for = input.text_or_empty("SecretId").to_owned();
    let secret = match lookup::any(call, input) {
        Ok(secret) => secret,
        // Forcing is content when there is nothing to delete.
        Err(_) if forced && !asked_for.starts_with("arn:") => {
            let random = call.world.ids.mixed(lookup::RANDOM_LENGTH);
            let arn = call.arn("secretsmanager", &format!("secret:{asked_for}-{random}"));
            return Ok(json!({ "ARN": arn, "Name": asked_for, "DeletionDate": now.value() }));
        }
        Err(refusal) => return Err(refusal),
    };
    if secret.deletion.is_some() && !forced {
        return Err(wrong_request(
            "You can't perform this operation on the secret because it was already scheduled for deletion.",
        ));
    }
    let due = now.plus(delay);
    secret.deletion = Some(Deletion { asked: now, due });
    let shown = if forced { now } else { due };
    let (arn, name) = (secret.arn.clone(), secret.name.clone());
    call.after(delay, world::Event::Secrets(Event::Purge { arn: arn.clone() }));
    Ok(json!({ "ARN": arn, "Name": name, "DeletionDate": shown.value() }))
}

fn restore_secret(call: &mut Call<'_>, input: &Input) -> Reply {
    let secret = lookup::any(call, input)?;
    secret.deletion = None;
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}
