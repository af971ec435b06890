//! The windows of an instance in which it is backed up and maintained: what they look like, how long they are, and that they
//! do not meet. Changes nothing.

use std::time::Duration;

use super::{Instance, invalid};
use crate::call::{Input, Members, Refusal};
use crate::world::Moment;

const DAY: u32 = 24 * 60;
const SHORTEST: u32 = 30;

/// A time of the day in minutes: `23:45`.
fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<u32>().ok()).flatten();
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// A time of the week in minutes: `sun:23:45`.
fn of_week(text: &str) -> Option<u32> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let (day, time) = text.split_once(':')?;
    let day = DAYS.iter().zip(0..).find(|(known, _)| day.eq_ignore_ascii_case(known)).map(|(_, at)| at)?;
    Some(day * DAY + minutes(time)?)
}

/// Where a window begins, and how long it is; it may go on past the end of the day or week.
fn span(text: &str, read: fn(&str) -> Option<u32>, whole: u32) -> Option<(u32, u32)> {
    let (start, end) = text.split_once('-')?;
    let (start, end) = (read(start)?, read(end)?);
    Some((start, (end + whole - start) % whole))
}

/// How long it is until the maintenance window of an instance begins.
pub(super) fn until(instance: &Instance, now: Moment) -> Option<Duration> {
    let (start, _) = span(instance.fields.text("PreferredMaintenanceWindow")?, of_week, 7 * DAY)?;
    // The first day of all was a Thursday.
    let whole = i64::from(7 * DAY);
    let minute = (now.0.div_euclid(60_000) + 3 * i64::from(DAY)).rem_euclid(whole);
    let minutes = (i64::from(start) - minute).rem_euclid(whole);
    Some(Duration::from_secs(60 * u64::try_from(if minutes == 0 { whole } else { minutes }).unwrap_or_default()))
}

/// Checks the windows that a request gives.
///
/// # Errors
/// The refusal.
pub(super) fn check(input: &Input) -> Result<(), Refusal> {
    let backup = match input.text("PreferredBackupWindow") {
        None => None,
        Some(text) => Some(span(text, minutes, DAY).ok_or_else(|| {
            invalid(format!(
                "Invalid backup window format: {text}. Should be specified as a range hh24:mi-hh24:mi (24H Clock UTC). Example: 23:45-00:15"
            ))
        })?),
    };
    let maintenance = match input.text("PreferredMaintenanceWindow") {
        None => None,
        Some(text) => Some(span(text, of_week, 7 * DAY).ok_or_else(|| {
            invalid(format!(
                "Invalid maintenance window format: {text}. Should be specified as a range ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC). Example: Sun:23:45-Mon:00:15"
            ))
        })?),
    };
    if backup.is_some_and(|(_, long)| long < SHORTEST) {
        return Err(invalid("The backup window must be at least 30 minutes."));
    }
    if maintenance.is_some_and(|(_, long)| long < SHORTEST) {
        return Err(invalid("The maintenance window must be at least 30 minutes."));
    }
    if maintenance.is_some_and(|(_, long)| long > DAY) {
        return Err(invalid("Maintenance window must be less than 24 hours."));
    }
    match (backup, maintenance) {
        (Some(backup), Some(maintenance)) if meet(backup, maintenance) => {
            Err(invalid("The backup window and maintenance window must not overlap."))
        }
        _ => Ok(()),
    }
}

/// Whether a window of every day has a minute in common with one of the week.
fn meet(backup: (u32, u32), maintenance: (u32, u32)) -> bool {
    let start = maintenance.0 % DAY;
    let into = |at: u32, (start, long): (u32, u32)| (at + DAY - start % DAY) % DAY < long;
    into(start, backup) || into(backup.0, (start, maintenance.1))
}
