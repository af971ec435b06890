//! Tables: created, described, changed, deleted, listed. Decides how they come into being and what refuses a change.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::schema::{check_indexes, check_keys, check_length, check_throughput, throughput, warm};
use super::tagging::Tables;
use super::{Event, Table as Stored, described, indexes, invalid, name_of, value};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::dialect::Carrier;
use crate::world;

/// The operations on tables.
pub(super) const OPERATIONS: Table = &[
    ("CreateTable", create),
    ("DescribeTable", describe),
    ("UpdateTable", update),
    ("DeleteTable", delete),
    ("ListTables", list),
];

const CREATION: Duration = Duration::from_secs(8);
const CHANGE: Duration = Duration::from_secs(5);
const INDEXING: Duration = Duration::from_secs(60);
const DELETION: Duration = Duration::from_secs(5);

/// A table as it is described.
pub(super) fn view(table: &Stored) -> Value {
    let mut fields = table.fields.clone();
    let count = table.all().count();
    let bytes: usize = table.all().map(value::item_bytes).sum();
    fields.insert("TableStatus".to_owned(), table.status.clone().into());
    fields.insert("ItemCount".to_owned(), count.into());
    fields.insert("TableSizeBytes".to_owned(), bytes.into());
    let base_arn = table.fields.text_or_empty("TableArn");
    debug_assert!(base_arn.starts_with("arn:"), "a table has an ARN");
    for list in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        for index in table.fields.list(list).iter().enumerate() {
            let key = table.index_key(index.1.text_or_empty("IndexName"));
            let held: Vec<usize> = table
                .all()
                .filter(|item| key.iter().flat_map(super::keys::Key::parts).all(|(name, _)| item.contains_key(name)))
                .map(value::item_bytes)
                .collect();
            fields[list][index.0]["ItemCount"] = held.len().into();
            fields[list][index.0]["IndexSizeBytes"] = held.iter().sum::<usize>().into();
        }
    }
    if let Some(warm) = fields.get_mut("WarmThroughput").and_then(Value::as_object_mut) {
        let status = if table.status == "ACTIVE" { "ACTIVE" } else { "UPDATING" };
        warm.insert("Status".to_owned(), status.into());
    }
    fields.into()
}

fn check(input: &Input, mode: &str) -> Result<(), Refusal> {
    let lists = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
    check_length(input.list("KeySchema"))?;
    let schemas: Vec<&[Value]> = std::iter::once(input.list("KeySchema"))
        .chain(lists.iter().flat_map(|list| input.list(list)).map(|index| index.list("KeySchema")))
        .collect();
    check_throughput(mode, input.member("ProvisionedThroughput"), None)?;
    check_keys(input.list("AttributeDefinitions"), &schemas)?;
    for index in input.list("GlobalSecondaryIndexes") {
        check_throughput(mode, index.member("ProvisionedThroughput"), index.text("IndexName"))?;
    }
    for list in lists {
        if input.has(list) && input.list(list).is_empty() {
            return Err(super::bad_value(&format!("List of {list} is empty")));
        }
    }
    check_indexes(input)?;
    let mut names: Vec<&str> =
        lists.iter().flat_map(|list| input.list(list)).map(|index| index.text_or_empty("IndexName")).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(super::bad_value(&format!("Duplicate index name: {}", pair[0])));
    }
    Ok(())
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = name_of(input.text_or_empty("TableName")).to_owned();
    let mode = input.text("BillingMode").unwrap_or("PROVISIONED");
    super::check_name(input.text_or_empty("TableName"))?;
    check(input, mode)?;
    if call.region().dynamodb.tables.contains_key(&name) {
        return Err(Refusal::new("ResourceInUseException", format!("Table already exists: {name}")));
    }
    let (arn, id, now) = (call.arn("dynamodb", &format!("table/{name}")), call.world.ids.uuid(), call.now());
    let given = input.member("ProvisionedThroughput");
    let mut fields = Map::new();
    for member in ["AttributeDefinitions", "KeySchema", "OnDemandThroughput"] {
        if let Some(value) = input.member(member) {
            fields.insert(member.to_owned(), value.clone());
        }
    }
    let mut set = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    set("TableName", name.clone().into());
    set("TableArn", arn.clone().into());
    set("TableId", id.clone().into());
    set("CreationDateTime", now.value());
    set("ProvisionedThroughput", throughput(given));
    set("WarmThroughput", warm(input.member("WarmThroughput"), given, "UPDATING"));
    set("DeletionProtectionEnabled", input.flag("DeletionProtectionEnabled").unwrap_or(false).into());
    if let Some(class) = input.text("TableClass") {
        set("TableClassSummary", json!({"TableClass": class}));
    }
    if mode == "PAY_PER_REQUEST" {
        set("BillingModeSummary", json!({"BillingMode": mode, "LastUpdateToPayPerRequestDateTime": now.value()}));
    }
    for (list, global) in [("GlobalSecondaryIndexes", true), ("LocalSecondaryIndexes", false)] {
        if input.has(list) {
            set(list, input.list(list).iter().map(|index| indexes::describe(&arn, index, global)).collect());
        }
    }
    stream(&mut fields, input.member("StreamSpecification"), now);
    encryption(&mut fields, input.member("SSESpecification"), &call.place);
    let tags = Tables::DIALECT.read(input);
    let table = Stored { fields, status: "CREATING".to_owned(), tags, ..Stored::default() };
    let answer = made(&table, input);
    call.region().dynamodb.tables.insert(name.clone(), table);
    later(call, CREATION, Event::Ready(name, id));
    Ok(json!({"TableDescription": answer}))
}

/// The answer to a creation: what AWS works out only afterwards is not in it.
fn made(table: &Stored, input: &Input) -> Value {
    let mut answer = view(table);
    if let Some(summary) = answer.get_mut("BillingModeSummary").and_then(Value::as_object_mut) {
        summary.remove("LastUpdateToPayPerRequestDateTime");
    }
    let forget = |described: &mut Value, given: bool| {
        if let Some(map) = described.as_object_mut().filter(|_| !given) {
            map.remove("WarmThroughput");
        }
    };
    forget(&mut answer, input.has("WarmThroughput"));
    let given = input.list("GlobalSecondaryIndexes").iter().map(|index| index.has("WarmThroughput"));
    for (index, given) in given.enumerate() {
        forget(&mut answer["GlobalSecondaryIndexes"][index], given);
    }
    answer
}

fn later(call: &mut Call<'_>, usual: Duration, event: Event) {
    let delay = call.world.about(usual);
    call.after(delay, world::Event::Dynamodb(event));
}

fn stream(fields: &mut Map<String, Value>, wanted: Option<&Value>, now: world::Moment) {
    let Some(wanted) = wanted else { return };
    if wanted.flag("StreamEnabled") == Some(true) {
        let label = now.iso().trim_end_matches('Z').to_owned();
        let arn = format!("{}/stream/{label}", fields.text_or_empty("TableArn"));
        fields.insert("StreamSpecification".to_owned(), wanted.clone());
        fields.insert("LatestStreamLabel".to_owned(), label.into());
        fields.insert("LatestStreamArn".to_owned(), arn.into());
    } else {
        fields.remove("StreamSpecification");
    }
}

fn encryption(fields: &mut Map<String, Value>, wanted: Option<&Value>, place: &world::Place) {
    let Some(wanted) = wanted else { return };
    if wanted.flag("Enabled") != Some(true) {
        fields.remove("SSEDescription");
        return;
    }
    let key = place.key(wanted.text("KMSMasterKeyId").unwrap_or("alias/aws/dynamodb"));
    fields.insert("SSEDescription".to_owned(), json!({"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}));
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    described(call, input.text_or_empty("TableName")).map(|table| json!({"Table": view(table)}))
}

/// Refuses a change of a table on which something is under way.
fn settled(table: &Stored) -> Result<(), Refusal> {
    let what = match table.status.as_str() {
        "CREATING" => "created",
        "UPDATING" => "updated",
        "DELETING" => "deleted",
        _ => return Ok(()),
    };
    let name = table.fields.text_or_empty("TableName");
    let text = format!("Attempt to change a resource which is still in use: Table is being {what}: {name}");
    Err(Refusal::new("ResourceInUseException", text))
}

fn update(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = name_of(input.text_or_empty("TableName")).to_owned();
    let (now, place) = (call.now(), call.place.clone());
    let table = described(call, &name)?;
    settled(table)?;
    if input.0.keys().filter(|member| *member != "TableName" && *member != "AttributeDefinitions").count() == 0 {
        let text = "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required";
        return Err(invalid(text));
    }
    let mut new = table.clone();
    change(&mut new, input, now, &place)?;
    let indexing = input.list("GlobalSecondaryIndexUpdates").iter().any(|wanted| wanted.has("Create"));
    // Protection is a switch: the table stays as it is.
    let lasting = input.0.keys().any(|member| !["TableName", "DeletionProtectionEnabled"].contains(&member.as_str()));
    if lasting {
        "UPDATING".clone_into(&mut new.status);
    }
    let (answer, id) = (view(&new), new.id().to_owned());
    *described(call, &name)? = new;
    if lasting {
        later(call, if indexing { INDEXING } else { CHANGE }, Event::Ready(name, id));
    }
    Ok(json!({"TableDescription": answer}))
}

fn change(table: &mut Stored, input: &Input, now: world::Moment, place: &world::Place) -> Result<(), Refusal> {
    let summary = table.fields.map("BillingModeSummary");
    let before = summary.map_or("PROVISIONED", |summary| summary.text_or_empty("BillingMode")).to_owned();
    let mode = input.text("BillingMode").unwrap_or(&before);
    let given = input.member("ProvisionedThroughput");
    if mode != before {
        check_throughput(mode, given, None)?;
        let since = summary.and_then(|summary| summary.member("LastUpdateToPayPerRequestDateTime")).cloned();
        let since = if mode == "PAY_PER_REQUEST" { now.value() } else { since.unwrap_or_default() };
        let summary = json!({"BillingMode": mode, "LastUpdateToPayPerRequestDateTime": since});
        table.fields.insert("BillingModeSummary".to_owned(), summary);
        table.fields.insert("ProvisionedThroughput".to_owned(), throughput(given));
    } else if let Some(given) = given {
        check_throughput(mode, Some(given), None)?;
        if table.fields.get("ProvisionedThroughput") == Some(&throughput(Some(given))) {
            let units = |name: &str| given.integer(name).unwrap_or_default();
            return Err(invalid(format!(
                "The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: {}. Requested ReadCapacityUnits: {}. Current WriteCapacityUnits provisioned for the table: {}. Requested WriteCapacityUnits: {}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
                units("ReadCapacityUnits"),
                units("ReadCapacityUnits"),
                units("WriteCapacityUnits"),
                units("WriteCapacityUnits")
            )));
        }
        table.fields.insert("ProvisionedThroughput".to_owned(), throughput(Some(given)));
    }
    for definition in input.list("AttributeDefinitions") {
        if let Some(Value::Array(known)) = table.fields.get_mut("AttributeDefinitions")
            && !known.contains(definition)
        {
            known.push(definition.clone());
        }
    }
    for wanted in input.list("GlobalSecondaryIndexUpdates") {
        indexes::change(table, wanted, mode)?;
    }
    if let Some(protected) = input.flag("DeletionProtectionEnabled") {
        table.fields.insert("DeletionProtectionEnabled".to_owned(), protected.into());
    }
    if let Some(class) = input.text("TableClass") {
        let summary = json!({"TableClass": class, "LastUpdateDateTime": now.value()});
        table.fields.insert("TableClassSummary".to_owned(), summary);
    }
    if let Some(wanted) = input.member("StreamSpecification") {
        let (is, was) = (wanted.flag("StreamEnabled") == Some(true), table.fields.has("StreamSpecification"));
        if is && was {
            return Err(invalid(
                "Table already has an enabled stream: TableName: ".to_owned() + table.fields.text_or_empty("TableName"),
            ));
        }
        stream(&mut table.fields, Some(wanted), now);
    }
    encryption(&mut table.fields, input.member("SSESpecification"), place);
    if let Some(wanted) = input.member("OnDemandThroughput") {
        table.fields.insert("OnDemandThroughput".to_owned(), wanted.clone());
    }
    Ok(())
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = name_of(input.text_or_empty("TableName")).to_owned();
    let table = described(call, &name)?;
    settled(table)?;
    if table.fields.flag("DeletionProtectionEnabled") == Some(true) {
        let text = "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.";
        return Err(invalid(text));
    }
    "DELETING".clone_into(&mut table.status);
    table.items.clear();
    let mut answer = view(table);
    let id = table.id().to_owned();
    // The answer to a deletion tells less.
    if let Some(map) = answer.as_object_mut() {
        for member in ["AttributeDefinitions", "KeySchema", "CreationDateTime", "WarmThroughput"] {
            map.remove(member);
        }
    }
    later(call, DELETION, Event::Gone(name, id));
    Ok(json!({"TableDescription": answer}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let limit = input.integer("Limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(100);
    let start = input.text_or_empty("ExclusiveStartTableName");
    let mut names: Vec<String> = call
        .region()
        .dynamodb
        .tables
        .keys()
        .filter(|name| start.is_empty() || name.as_str() > start)
        .cloned()
        .collect();
    let more = names.len() > limit;
    names.truncate(limit);
    let last = names.last().filter(|_| more).cloned();
    Ok(json!({"TableNames": names, "LastEvaluatedTableName": last}))
}
