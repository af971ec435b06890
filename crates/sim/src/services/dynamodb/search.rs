//! Query and Scan: which items a table or index gives in which order, page by page. Decides where a page ends: at the limit,
//! or at a megabyte.

use serde_json::{Value, json};

use super::expression::{Condition, Operand, Operator, Path, Scope, project};
use super::keys::{self, Key};
use super::writes::{consumed, read_units};
use super::{Item, Table as Stored, bad_value, counted, invalid, legacy, usable, value};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The searching operations.
pub(super) const OPERATIONS: Table = &[("Query", query), ("Scan", scan)];

/// What one page reads at most.
const PAGE_BYTES: usize = 1024 * 1024;

type Order = (String, String, String, String);

/// What a search asks for.
struct Search {
    keys: Option<Condition>,
    filter: Option<Condition>,
    paths: Option<Vec<Path>>,
    start: Option<Item>,
}

fn read(input: &Input, keys: bool) -> Result<Search, Refusal> {
    let old = ["AttributesToGet", "KeyConditions", "QueryFilter", "ScanFilter", "ConditionalOperator"];
    legacy::not_mixed(input, &old, &["ProjectionExpression", "KeyConditionExpression", "FilterExpression"])?;
    let mut scope = Scope::of(input)?;
    let mut wanted = None;
    if keys {
        wanted = match scope.condition(input, "KeyConditionExpression")? {
            Some(condition) => Some(condition),
            None => legacy::conditions(input, "KeyConditions")?,
        };
        if wanted.is_none() {
            let text = "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.";
            return Err(invalid(text));
        }
    }
    let filter = match scope.condition(input, "FilterExpression")? {
        Some(filter) => Some(filter),
        None => legacy::conditions(input, if keys { "QueryFilter" } else { "ScanFilter" })?,
    };
    let paths = scope.projection(input)?.or_else(|| legacy::attributes(&input.0));
    scope.finish()?;
    select(input).map_err(|refusal| if keys { counted(refusal) } else { refusal })?;
    let start = input.map("ExclusiveStartKey").map(value::checked_item).transpose()?;
    Ok(Search { keys: wanted, filter, paths, start })
}

/// Checks what is to be told of the items against what else the request says of that.
fn select(input: &Input) -> Result<(), Refusal> {
    let Some(select) = input.text("Select") else { return Ok(()) };
    let given = ["ProjectionExpression", "AttributesToGet"].into_iter().find(|member| input.has(member));
    let text = match (select, given) {
        ("SPECIFIC_ATTRIBUTES", None) => {
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
                .to_owned()
        }
        ("ALL_PROJECTED_ATTRIBUTES", _) if !input.has("IndexName") => {
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName".to_owned()
        }
        ("SPECIFIC_ATTRIBUTES", _) | (_, None) => return Ok(()),
        ("COUNT", Some(member)) => format!("Cannot specify the {member} when choosing to get only the Count"),
        (_, Some(member)) => format!("Cannot specify the {member} when choosing to get {select}"),
    };
    Err(invalid(text))
}

/// The key that is searched by: the table's, or an index's.
fn key_of(table: &Stored, input: &Input) -> Result<Key, Refusal> {
    let Some(index) = input.text("IndexName") else { return Ok(table.key()) };
    let missing = || invalid(format!("The table does not have the specified index: {index}"));
    let key = table.index_key(index).ok_or_else(missing)?;
    let local = table.fields.list("LocalSecondaryIndexes").iter().any(|known| known.text("IndexName") == Some(index));
    if !local && input.flag("ConsistentRead") == Some(true) {
        return Err(invalid("Consistent reads are not supported on global secondary indexes"));
    }
    let projection = table.index(index).and_then(|known| known.map("Projection")?.text("ProjectionType"));
    if !local && input.text("Select") == Some("ALL_ATTRIBUTES") && projection != Some("ALL") {
        return Err(bad_value(&format!(
            "Select type ALL_ATTRIBUTES is not supported for global secondary index {index} because its projection type is not ALL"
        )));
    }
    Ok(key)
}

/// Checks what a query says of the key; the value of the partition key.
fn check_keys<'c>(key: &Key, condition: &'c Condition) -> Result<&'c Value, Refusal> {
    let unsupported = || invalid("Query key condition not supported");
    let (mut hash, mut ranges) = (None, 0);
    for part in condition.all() {
        let (attribute, values): (Option<&str>, Vec<&Operand>) = match part {
            Condition::Compare(Operator::Unequal, ..) => return Err(unsupported()),
            Condition::Compare(_, one, two) | Condition::BeginsWith(one, two) => (one.attribute(), vec![two]),
            Condition::Between(one, low, high) => (one.attribute(), vec![low, high]),
            _ => {
                return Err(invalid(
                    "Invalid operator used in KeyConditionExpression: only simple comparisons are allowed",
                ));
            }
        };
        let attribute = attribute.ok_or_else(unsupported)?;
        let Some((_, kind)) = key.parts().find(|(name, _)| name == attribute) else {
            let missed = key.parts().find(|(name, _)| !condition.attributes().contains(&name.as_str()));
            let missed = missed.map_or("", |(name, _)| name.as_str());
            return Err(invalid(format!("Query condition missed key schema element: {missed}")));
        };
        for operand in values {
            let Operand::Value(given) = operand else { return Err(unsupported()) };
            if value::kind(given) != kind {
                return Err(bad_value("Condition parameter type does not match schema type"));
            }
            if attribute == key.hash.0 {
                hash = matches!(part, Condition::Compare(Operator::Equal, ..)).then_some(given);
                hash.ok_or_else(unsupported)?;
            }
        }
        ranges += usize::from(attribute != key.hash.0);
    }
    if ranges > 1 {
        return Err(invalid("KeyConditionExpressions must only contain one condition per key"));
    }
    hash.ok_or_else(|| invalid(format!("Query condition missed key schema element: {}", key.hash.0)))
}

fn order(table_key: &Key, key: &Key, item: &Item) -> Order {
    let (hash, range) = keys::place(key, item);
    let (base_hash, base_range) = keys::place(table_key, item);
    (hash, range, base_hash, base_range)
}

fn query(call: &mut Call<'_>, input: &Input) -> Reply {
    let search = read(input, true)?;
    let table = usable(call, input.text_or_empty("TableName"))?;
    let key = key_of(table, input)?;
    let condition = search.keys.as_ref().ok_or_else(|| invalid("Query key condition not supported"))?;
    let hash = check_keys(&key, condition)?;
    if let Some(name) =
        search.filter.iter().flat_map(Condition::attributes).find(|name| key.parts().any(|(part, _)| part == name))
    {
        let text = "Filter Expression can only contain non-primary key attributes: Primary key attribute: ";
        return Err(invalid(format!("{text}{name}")));
    }
    let wanted = Item::from_iter([(key.hash.0.clone(), hash.clone())]);
    let (partition, _) = keys::place(&Key { hash: key.hash.clone(), range: None }, &wanted);
    let candidates: Vec<&Item> = if input.has("IndexName") {
        table.all().filter(|item| condition.holds(item)).collect()
    } else {
        table
            .items
            .get(&partition)
            .into_iter()
            .flat_map(|items| items.values())
            .filter(|item| condition.holds(item))
            .collect()
    };
    answer(table, &key, candidates, input, &search)
}

fn scan(call: &mut Call<'_>, input: &Input) -> Reply {
    let search = read(input, false)?;
    let table = usable(call, input.text_or_empty("TableName"))?;
    let key = key_of(table, input)?;
    let total = u64::try_from(input.integer("TotalSegments").unwrap_or(1)).unwrap_or(1).max(1);
    let segment = u64::try_from(input.integer("Segment").unwrap_or(0)).unwrap_or(0);
    if input.has("Segment") != input.has("TotalSegments") {
        let text = "The TotalSegments parameter is required but was not present in the request when Segment parameter is present";
        return Err(invalid(text));
    }
    if segment >= total {
        return Err(invalid(format!(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {segment} is not less than TotalSegments: {total}"
        )));
    }
    let in_segment = |partition: &str| {
        let digest = partition.get(..8).and_then(|start| u64::from_str_radix(start, 16).ok());
        digest.unwrap_or_default() % total == segment
    };
    let of_segment = table.items.iter().filter(|(partition, _)| in_segment(partition));
    let candidates = of_segment.flat_map(|(_, items)| items.values()).collect();
    answer(table, &key, candidates, input, &search)
}

fn answer(table: &Stored, key: &Key, candidates: Vec<&Item>, input: &Input, search: &Search) -> Reply {
    let (base, index) = (table.key(), input.text("IndexName").and_then(|index| table.index(index)));
    let forward = input.shared("ScanIndexForward") != Some(&Value::Bool(false));
    // An index holds only the items that have its key.
    let held = candidates.into_iter().filter(|item| key.parts().all(|(name, _)| item.contains_key(name)));
    let mut ordered: Vec<(Order, &Item)> = held.map(|item| (order(&base, key, item), item)).collect();
    ordered.sort_by(|one, two| one.0.cmp(&two.0));
    if !forward {
        ordered.reverse();
    }
    if let Some(start) = &search.start {
        let mut parts = base.parts().chain(key.parts());
        if !parts.all(|(name, kind)| start.get(name).is_some_and(|value| value::kind(value) == kind)) {
            return Err(invalid("The provided starting key is invalid"));
        }
        let start = order(&base, key, start);
        ordered.retain(|(here, _)| if forward { *here > start } else { *here < start });
    }
    let limit = input.integer("Limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let (mut items, mut scanned, mut bytes, mut last) = (Vec::new(), 0_usize, 0, None);
    for (_, item) in &ordered {
        scanned += 1;
        bytes += value::item_bytes(item);
        if search.filter.as_ref().is_none_or(|filter| filter.holds(item)) {
            items.push(shown(table, index, key, item, search));
        }
        if scanned >= limit || (bytes >= PAGE_BYTES && scanned < ordered.len()) {
            last = Some(
                base.parts()
                    .chain(key.parts())
                    .filter_map(|(name, _)| Some((name.clone(), item.get(name)?.clone())))
                    .collect::<Item>(),
            );
            break;
        }
    }
    let units = read_units(bytes, input.flag("ConsistentRead") == Some(true));
    let count = items.len();
    Ok(json!({
        "Items": (input.text("Select") != Some("COUNT")).then_some(items), "Count": count, "ScannedCount": scanned,
        "LastEvaluatedKey": last, "ConsumedCapacity": consumed(input, input.text_or_empty("TableName"), units),
    }))
}

/// What is answered of an item: what the index holds of it, then what the request wants.
fn shown(table: &Stored, index: Option<&Value>, key: &Key, item: &Item, search: &Search) -> Item {
    let projection = index.and_then(|index| index.map("Projection"));
    let held = match projection.map(|projection| (projection.text_or_empty("ProjectionType"), projection)) {
        Some((kind @ ("KEYS_ONLY" | "INCLUDE"), projection)) => {
            let extra = if kind == "INCLUDE" { projection.texts("NonKeyAttributes") } else { Vec::new() };
            let base = table.key();
            let keys = base.parts().chain(key.parts()).map(|(name, _)| name).chain(&extra);
            keys.filter_map(|name| Some((name.clone(), item.get(name)?.clone()))).collect()
        }
        _ => item.clone(),
    };
    search.paths.as_ref().map_or_else(|| held.clone(), |paths| project(&held, paths))
}
