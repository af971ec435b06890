//! Events: putting them in, reading a stream forwards and backwards, searching all streams of a group.

use std::ops::Range;

use serde_json::{Value, json};

use super::common::{chosen, group, invalid, no_stream};
use super::pattern::Pattern;
use super::state::Event;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging;

/// The operations.
pub(super) const OPERATIONS: Table = &[("PutLogEvents", put), ("GetLogEvents", get), ("FilterLogEvents", filter)];

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const MOST: usize = 10_000;

fn put(call: &mut Call<'_>, input: &Input) -> Reply {
    let events = input.list("logEvents");
    let at = |event: &Value| event.integer("timestamp").unwrap_or_default();
    if events.windows(2).any(|pair| at(&pair[0]) > at(&pair[1])) {
        return Err(invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    let (first, last) = (events.first().map_or(0, at), events.last().map_or(0, at));
    if last - first > DAY {
        return Err(invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    let now = call.now();
    let token = call.world.ids.digits(56);
    let mut ids = call.world.ids.clone();
    let group = group(call, input.text_or_empty("logGroupName"))?;
    let expired = group.retention.map_or(0, |days| events.partition_point(|event| at(event) < now.0 - days * DAY));
    let old = events.partition_point(|event| at(event) < now.0 - 14 * DAY);
    let new = events.partition_point(|event| at(event) <= now.0 + 2 * HOUR);
    let stream = group.streams.get_mut(input.text_or_empty("logStreamName")).ok_or_else(no_stream)?;
    for event in events.iter().take(new).skip(expired.max(old)) {
        stream.add(&mut ids, now, at(event), event.text_or_empty("message"));
    }
    stream.token.clone_from(&token);
    call.world.ids = ids;
    let mut reply = json!({ "nextSequenceToken": token });
    if expired.max(old) > 0 || new < events.len() {
        reply["rejectedLogEventsInfo"] = json!({
            "tooNewLogEventStartIndex": (new < events.len()).then_some(new),
            "tooOldLogEventEndIndex": (old > 0).then_some(old),
            "expiredLogEventEndIndex": (expired > 0).then_some(expired),
        });
    }
    Ok(reply)
}

fn limit(input: &Input) -> usize {
    input.integer("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MOST)
}

fn in_time(input: &Input, event: &Event) -> bool {
    input.integer("startTime").is_none_or(|start| event.at >= start)
        && input.integer("endTime").is_none_or(|end| event.at < end)
}

/// A place in a stream, as tokens have it: `f/` and `b/` with 56 digits.
fn token(direction: char, position: usize) -> String {
    format!("{direction}/3{position:055}/s")
}

/// Which events of so many a request is about.
fn window(input: &Input, count: usize) -> Result<Range<usize>, Refusal> {
    let limit = limit(input);
    let Some(text) = input.text("nextToken") else {
        let head = input.flag("startFromHead").unwrap_or(false);
        return Ok(if head { 0..limit.min(count) } else { count.saturating_sub(limit)..count });
    };
    let bad = || invalid("The specified nextToken is invalid.");
    let (direction, rest) = text.split_once('/').ok_or_else(bad)?;
    let digits =
        rest.strip_suffix("/s").and_then(|digits| digits.strip_prefix('3')).filter(|digits| digits.len() == 55);
    let position: usize = digits.and_then(|digits| digits.parse().ok()).ok_or_else(bad)?;
    let position = position.min(count);
    match direction {
        "f" => Ok(position..(position + limit).min(count)),
        "b" => Ok(position.saturating_sub(limit)..position),
        _ => Err(bad()),
    }
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = chosen(call, input, "logGroupIdentifier")?;
    let now = call.now();
    let group = group(call, &name)?;
    let stream = group.streams.get(input.text_or_empty("logStreamName")).ok_or_else(no_stream)?;
    let events: Vec<&Event> = group.kept(stream, now).iter().filter(|event| in_time(input, event)).collect();
    let window = window(input, events.len())?;
    let shown =
        |event: &&Event| json!({ "timestamp": event.at, "message": event.message, "ingestionTime": event.ingested });
    Ok(json!({
        "events": events[window.clone()].iter().map(shown).collect::<Value>(),
        "nextForwardToken": token('f', window.end),
        "nextBackwardToken": token('b', window.start),
    }))
}

fn filter(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = chosen(call, input, "logGroupIdentifier")?;
    let (names, prefix) = (input.texts("logStreamNames"), input.text("logStreamNamePrefix"));
    if !names.is_empty() && prefix.is_some() {
        return Err(invalid("Only one of logStreamNames and logStreamNamePrefix can be specified."));
    }
    let pattern =
        Pattern::read(input.text_or_empty("filterPattern")).ok_or_else(|| invalid("Invalid filter pattern"))?;
    let now = call.now();
    let group = group(call, &name)?;
    if names.iter().any(|name| !group.streams.contains_key(name)) {
        return Err(no_stream());
    }
    let wanted = |stream: &str| {
        (names.is_empty() || names.iter().any(|name| name == stream))
            && prefix.is_none_or(|prefix| stream.starts_with(prefix))
    };
    let mut found: Vec<(&String, &Event)> = Vec::new();
    for (name, stream) in group.streams.iter().filter(|(name, _)| wanted(name)) {
        let events = group.kept(stream, now).iter();
        let hits = events.filter(|event| in_time(input, event) && pattern.fits(&event.message));
        found.extend(hits.map(|event| (name, event)));
    }
    found.sort_by_key(|(name, event)| (event.at, (*name).clone()));
    let scope = format!("{name} {names:?} {prefix:?} {:?}", input.text("filterPattern"));
    let page = paging::page(found, |(_, event)| event.id.clone(), limit(input), input.text("nextToken"), &scope);
    let page = page.map_err(|_| invalid("The specified nextToken is invalid."))?;
    let shown = |(name, event): &(&String, &Event)| {
        json!({
            "logStreamName": name,
            "timestamp": event.at,
            "message": event.message,
            "ingestionTime": event.ingested,
            "eventId": event.id,
        })
    };
    let events: Value = page.items.iter().map(shown).collect();
    Ok(json!({ "events": events, "searchedLogStreams": [], "nextToken": page.next }))
}
