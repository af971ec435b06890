//! Streams: making, listing and deleting them.

use serde_json::{Value, json};

use super::common::{check_length, chosen, group, invalid, no_stream};
use super::state::{Stream, arn};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging;

/// The operations.
pub(super) const OPERATIONS: Table =
    &[("CreateLogStream", create), ("DescribeLogStreams", describe), ("DeleteLogStream", delete)];

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("logStreamName").to_owned();
    check_length(&name)?;
    let now = call.now();
    let stream = Stream::new(&mut call.world.ids, now);
    let group = group(call, input.text_or_empty("logGroupName"))?;
    if group.streams.contains_key(&name) {
        return Err(Refusal::new("ResourceAlreadyExistsException", "The specified log stream already exists"));
    }
    group.streams.insert(name, stream);
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let group = group(call, input.text_or_empty("logGroupName"))?;
    group.streams.remove(input.text_or_empty("logStreamName")).ok_or_else(no_stream)?;
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = chosen(call, input, "logGroupIdentifier")?;
    let prefix = input.text("logStreamNamePrefix").unwrap_or_default();
    let by_time = input.text("orderBy") == Some("LastEventTime");
    if by_time && !prefix.is_empty() {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let group_arn = arn(&call.place, &name);
    let group = group(call, &name)?;
    let mut streams: Vec<(&String, &Stream)> =
        group.streams.iter().filter(|(name, _)| name.starts_with(prefix)).collect();
    if by_time {
        streams.sort_by_key(|(_, stream)| stream.events.last().map(|event| event.at));
    }
    if input.flag("descending").unwrap_or(false) {
        streams.reverse();
    }
    let items: Vec<(String, Value)> =
        streams.into_iter().map(|(name, stream)| (name.clone(), stream.shown(&group_arn, name))).collect();
    let size = input.integer("limit").and_then(|size| usize::try_from(size).ok()).unwrap_or(50);
    let scope = format!("{name} {prefix} {by_time} {:?}", input.flag("descending"));
    let page = paging::page(items, |(name, _)| name.clone(), size, input.text("nextToken"), &scope);
    let page = page.map_err(|_| invalid("The specified nextToken is invalid."))?;
    let items: Vec<Value> = page.items.into_iter().map(|(_, item)| item).collect();
    Ok(json!({ "logStreams": items, "nextToken": page.next }))
}
