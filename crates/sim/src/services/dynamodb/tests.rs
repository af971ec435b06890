//! What DynamoDB does, a test for each fact.

use serde_json::{Value, json};

use crate::lab::Lab;

fn table(lab: &Lab) {
    lab.ok(
        "dynamodb.CreateTable",
        json!({
            "TableName": "tab", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
            "AttributeDefinitions": [
                {"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"},
                {"AttributeName": "who", "AttributeType": "S"},
            ],
            "GlobalSecondaryIndexes": [{
                "IndexName": "by-who", "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }],
        }),
    );
    lab.pass(20);
}

fn key(id: &str, at: i64) -> Value {
    json!({"id": {"S": id}, "at": {"N": at.to_string()}})
}

fn put(lab: &Lab, id: &str, at: i64, more: Value) {
    let mut item = key(id, at);
    for (name, value) in more.as_object().expect("attributes") {
        item[name] = value.clone();
    }
    lab.ok("dynamodb.PutItem", json!({"TableName": "tab", "Item": item}));
}

fn lab() -> Lab {
    let lab = Lab::new();
    table(&lab);
    lab
}

#[test]
fn a_table_is_creating_then_active_and_cannot_be_used_before() {
    let lab = Lab::new();
    let schema = json!({
        "TableName": "xxx", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    });
    let made = lab.ok("dynamodb.CreateTable", schema.clone())["TableDescription"].clone();
    assert_eq!(made["TableStatus"], "CREATING");
    assert_eq!(made["ProvisionedThroughput"]["ReadCapacityUnits"], 0);
    let item = json!({"TableName": "xxx", "Item": {"id": {"S": "a"}}});
    lab.refuses("dynamodb.PutItem", item.clone(), "ResourceNotFoundException", "Requested resource not found");
    lab.refuses(
        "dynamodb.DeleteTable",
        json!({"TableName": "xxx"}),
        "ResourceInUseException",
        "Table is being created: x",
    );
    lab.pass(20);
    assert_eq!(lab.ok("dynamodb.DescribeTable", json!({"TableName": "xxx"}))["Table"]["TableStatus"], "ACTIVE");
    lab.ok("dynamodb.PutItem", item);
    lab.refuses("dynamodb.CreateTable", schema, "ResourceInUseException", "Table already exists: x");
}

#[test]
fn a_protected_table_is_not_deleted_and_a_deleted_one_goes() {
    let lab = lab();
    lab.ok("dynamodb.UpdateTable", json!({"TableName": "tab", "DeletionProtectionEnabled": true}));
    lab.refuses(
        "dynamodb.DeleteTable",
        json!({"TableName": "tab"}),
        "ValidationException",
        "protected against deletion",
    );
    lab.ok("dynamodb.UpdateTable", json!({"TableName": "tab", "DeletionProtectionEnabled": false}));
    let gone = lab.ok("dynamodb.DeleteTable", json!({"TableName": "tab"}));
    assert_eq!(gone["TableDescription"]["TableStatus"], "DELETING");
    lab.pass(20);
    let text = "Requested resource not found: Table: tab not found";
    lab.refuses("dynamodb.DescribeTable", json!({"TableName": "tab"}), "ResourceNotFoundException", text);
}

#[test]
fn a_condition_that_fails_shows_the_item_that_stands() {
    let lab = lab();
    put(&lab, "a", 1, json!({"who": {"S": "one"}}));
    let request = json!({
        "TableName": "tab", "Item": key("a", 1), "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    let refusal = lab.refused("dynamodb.PutItem", request);
    assert_eq!(refusal.code, "ConditionalCheckFailedException");
    assert_eq!(refusal.message, "The conditional request failed");
    assert_eq!(refusal.fields["Item"]["who"], json!({"S": "one"}));
}

fn meets(lab: &Lab, condition: &str, values: Value) -> bool {
    let mut request = json!({"TableName": "tab", "Key": key("a", 1), "ConditionExpression": condition, "UpdateExpression": "REMOVE nothing"});
    if values.as_object().is_some_and(|values| !values.is_empty()) {
        request["ExpressionAttributeValues"] = values;
    }
    match lab.ask("dynamodb.UpdateItem", request) {
        Ok(_) => true,
        Err(refusal) => {
            assert_eq!(refusal.code, "ConditionalCheckFailedException", "{condition}: {}", refusal.message);
            false
        }
    }
}

#[test]
fn conditions_hold_as_they_read() {
    let lab = lab();
    let more = json!({
        "n": {"N": "10"}, "s": {"S": "hello"}, "l": {"L": [{"S": "x"}, {"M": {"deep": {"N": "1"}}}]}, "ss": {"SS": ["a", "b"]},
    });
    put(&lab, "a", 1, more);
    let number = |text: &str| json!({":v": {"N": text}});
    let text = |text: &str| json!({":v": {"S": text}});
    assert!(meets(&lab, "n > :v", number("9")));
    assert!(!meets(&lab, "n > :v", text("9")));
    assert!(meets(
        &lab,
        "n BETWEEN :a AND :b AND NOT s = :s",
        json!({":a": {"N": "2"}, ":b": {"N": "10.0"}, ":s": {"S": "x"}})
    ));
    assert!(meets(&lab, "s IN (:v, s) OR n = n", text("no")));
    assert!(meets(&lab, "attribute_exists(l[1].deep) and attribute_not_exists(l[2])", json!({})));
    assert!(meets(&lab, "size(ss) = :v", number("2")));
    assert!(meets(&lab, "begins_with(s, :v)", text("he")));
    assert!(meets(&lab, "contains(ss, :v) AND attribute_type(l, :t)", json!({":v": {"S": "b"}, ":t": {"S": "L"}})));
    assert!(meets(&lab, "nowhere <> :v", number("1")));
    assert!(!meets(&lab, "nowhere = :v", number("1")));
    assert!(!meets(&lab, "n = :v AND (s = :v OR n = :v)", number("11")));
}

#[test]
fn an_update_reads_the_item_as_it_was() {
    let lab = lab();
    put(
        &lab,
        "a",
        1,
        json!({"n": {"N": "1"}, "l": {"L": [{"S": "x"}, {"S": "y"}, {"S": "z"}]}, "ss": {"SS": ["a", "b"]}}),
    );
    let got = lab.ok(
        "dynamodb.UpdateItem",
        json!({
            "TableName": "tab", "Key": key("a", 1), "ReturnValues": "ALL_NEW",
            "UpdateExpression":
                "SET n = n + :one, m = n - :one, f = if_not_exists(f, :none), g = list_append(:none, l) REMOVE l[0], l[2] ADD c :one DELETE ss :gone",
            "ExpressionAttributeValues": {":one": {"N": "1"}, ":none": {"L": []}, ":gone": {"SS": ["a"]}},
        }),
    );
    let new = &got["Attributes"];
    assert_eq!((&new["n"], &new["m"], &new["c"]), (&json!({"N": "2"}), &json!({"N": "0"}), &json!({"N": "1"})));
    assert_eq!(new["l"], json!({"L": [{"S": "y"}]}));
    assert_eq!(new["g"]["L"].as_array().map(Vec::len), Some(3));
    assert_eq!((&new["f"], &new["ss"]), (&json!({"L": []}), &json!({"SS": ["b"]})));
}

#[test]
fn expressions_that_make_no_sense_are_refused() {
    let lab = lab();
    let ask = |condition: &str, more: Value| {
        let mut request = json!({"TableName": "tab", "Key": key("a", 1), "ConditionExpression": condition});
        for (name, value) in more.as_object().expect("members") {
            request[name] = value.clone();
        }
        let message = lab.refused("dynamodb.DeleteItem", request).message;
        message.strip_prefix("1 validation error detected: ").expect("a fault of the request").to_owned()
    };
    assert!(ask("a = ", json!({})).starts_with("Invalid ConditionExpression: Syntax error; token: \"<EOF>\""));
    assert!(ask("status = id", json!({})).ends_with("reserved keyword; reserved keyword: status"));
    assert!(ask("a = :x", json!({})).ends_with("is not defined; attribute value: :x"));
    assert!(ask("#a = id", json!({})).ends_with("is not defined; attribute name: #a"));
    assert!(ask("nope(id)", json!({})).ends_with("Invalid function name; function: nope"));
    let unused = ask("attribute_exists(id)", json!({"ExpressionAttributeValues": {":x": {"S": "a"}}}));
    assert_eq!(unused, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}");
    assert_eq!(ask("a = :x", json!({"ExpressionAttributeValues": {}})), "ExpressionAttributeValues must not be empty");
    assert!(ask(&"(".repeat(3000), json!({})).contains("nested too deeply"));
}

#[test]
fn keys_have_to_fit_the_schema() {
    let lab = lab();
    let text = "The provided key element does not match the schema";
    lab.refuses(
        "dynamodb.GetItem",
        json!({"TableName": "tab", "Key": {"id": {"S": "a"}}}),
        "ValidationException",
        text,
    );
    let text = "One or more parameter values were invalid: Missing the key at in the item";
    lab.refuses(
        "dynamodb.PutItem",
        json!({"TableName": "tab", "Item": {"id": {"S": "a"}}}),
        "ValidationException",
        text,
    );
    let text = "Type mismatch for key at expected: N actual: S";
    let item = json!({"id": {"S": "a"}, "at": {"S": "1"}});
    lab.refuses("dynamodb.PutItem", json!({"TableName": "tab", "Item": item}), "ValidationException", text);
    let request = json!({"TableName": "tab", "Key": key("a", 1), "UpdateExpression": "REMOVE id"});
    lab.refuses(
        "dynamodb.UpdateItem",
        request,
        "ValidationException",
        "Cannot update attribute id. This attribute is part of the key",
    );
}

#[test]
fn a_query_gives_one_partition_in_order_of_the_sort_key() {
    let lab = lab();
    for at in [10, 2, 3, -1] {
        put(&lab, "a", at, json!({}));
    }
    put(&lab, "b", 5, json!({}));
    let query = json!({
        "TableName": "tab", "KeyConditionExpression": "id = :i AND #at >= :low", "ExpressionAttributeNames": {"#at": "at"},
        "ExpressionAttributeValues": {":i": {"S": "a"}, ":low": {"N": "0"}}, "ScanIndexForward": false, "Limit": 2,
    });
    let first = lab.ok("dynamodb.Query", query.clone());
    assert_eq!(first["Items"], json!([key("a", 10), key("a", 3)]));
    assert_eq!(first["LastEvaluatedKey"], key("a", 3));
    let mut next = query;
    next["ExclusiveStartKey"] = first["LastEvaluatedKey"].clone();
    assert_eq!(lab.ok("dynamodb.Query", next)["Items"], json!([key("a", 2)]));
    let missed = json!({
        "TableName": "tab", "KeyConditionExpression": "#at = :v", "ExpressionAttributeNames": {"#at": "at"},
        "ExpressionAttributeValues": {":v": {"N": "1"}},
    });
    lab.refuses("dynamodb.Query", missed, "ValidationException", "Query condition missed key schema element: id");
}

#[test]
fn an_index_holds_the_items_that_have_its_key_and_shows_what_it_projects() {
    let lab = lab();
    put(&lab, "a", 1, json!({"who": {"S": "ann"}, "more": {"S": "x"}}));
    put(&lab, "b", 1, json!({"more": {"S": "x"}}));
    let request = json!({
        "TableName": "tab", "IndexName": "by-who", "KeyConditionExpression": "who = :w",
        "ExpressionAttributeValues": {":w": {"S": "ann"}},
    });
    let got = lab.ok("dynamodb.Query", request);
    assert_eq!(got["Items"], json!([{"id": {"S": "a"}, "at": {"N": "1"}, "who": {"S": "ann"}}]));
    assert_eq!(
        lab.ok("dynamodb.Scan", json!({"TableName": "tab", "IndexName": "by-who", "Select": "COUNT"}))["Count"],
        1
    );
}

#[test]
fn a_scan_gives_every_item_once_over_pages_and_segments() {
    let lab = lab();
    for number in 0..7 {
        put(&lab, &format!("k{number}"), 1, json!({}));
    }
    let (mut seen, mut request) = (Vec::new(), json!({"TableName": "tab", "Limit": 3}));
    loop {
        let page = lab.ok("dynamodb.Scan", request.clone());
        seen.extend(page["Items"].as_array().expect("items").iter().map(|item| item["id"]["S"].to_string()));
        if page["LastEvaluatedKey"].is_null() {
            break;
        }
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 7);
    let count = |segment: i64| {
        lab.ok("dynamodb.Scan", json!({"TableName": "tab", "Segment": segment, "TotalSegments": 2}))["Count"].as_i64()
    };
    assert_eq!(count(0).zip(count(1)).map(|(one, two)| one + two), Some(7));
}

#[test]
fn a_transaction_is_all_or_nothing_with_a_reason_for_each() {
    let lab = lab();
    put(&lab, "a", 1, json!({}));
    let request = json!({"TransactItems": [
        {"Put": {"TableName": "tab", "Item": key("c", 1)}},
        {"Put": {"TableName": "tab", "Item": key("a", 1), "ConditionExpression": "attribute_not_exists(id)"}},
    ]});
    let refusal = lab.refused("dynamodb.TransactWriteItems", request);
    assert_eq!(refusal.code, "TransactionCanceledException");
    assert!(refusal.message.ends_with("specific reasons [None, ConditionalCheckFailed]"));
    assert_eq!(refusal.fields["CancellationReasons"][1]["Code"], "ConditionalCheckFailed");
    assert_eq!(lab.ok("dynamodb.Scan", json!({"TableName": "tab"}))["Count"], 1);
}

#[test]
fn batches_have_their_limits() {
    let lab = lab();
    let keys: Vec<Value> = (0..2).map(|_| key("a", 1)).collect();
    let twice = json!({"RequestItems": {"tab": {"Keys": keys}}});
    lab.refuses(
        "dynamodb.BatchGetItem",
        twice,
        "ValidationException",
        "Provided list of item keys contains duplicates",
    );
    let puts: Vec<Value> = (0..3).map(|at| json!({"PutRequest": {"Item": key("a", at)}})).collect();
    let done = lab.ok("dynamodb.BatchWriteItem", json!({"RequestItems": {"tab": puts}}));
    assert_eq!(done["UnprocessedItems"], json!({}));
    let keys: Vec<Value> = (0..3).map(|at| key("a", at)).collect();
    let got = lab.ok("dynamodb.BatchGetItem", json!({"RequestItems": {"tab": {"Keys": keys}}}));
    assert_eq!(got["Responses"]["tab"].as_array().map(Vec::len), Some(3));
}

#[test]
fn expiry_takes_its_time_and_cannot_be_set_twice() {
    let lab = lab();
    let wanted = json!({"TableName": "tab", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "until"}});
    lab.ok("dynamodb.UpdateTimeToLive", wanted.clone());
    let status = || lab.ok("dynamodb.DescribeTimeToLive", json!({"TableName": "tab"}))["TimeToLiveDescription"].clone();
    assert_eq!(status()["TimeToLiveStatus"], "ENABLING");
    lab.pass(60);
    assert_eq!(status(), json!({"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}));
    lab.refuses("dynamodb.UpdateTimeToLive", wanted, "ValidationException", "TimeToLive is already enabled");
}

#[test]
fn the_older_conditions_work_alike() {
    let lab = lab();
    put(&lab, "a", 1, json!({"n": {"N": "5"}}));
    let request = |operator: &str| {
        json!({
            "TableName": "tab", "Key": key("a", 1), "AttributeUpdates": {"n": {"Action": "ADD", "Value": {"N": "1"}}},
            "Expected": {"n": {"ComparisonOperator": operator, "AttributeValueList": [{"N": "5"}]}},
        })
    };
    lab.refuses(
        "dynamodb.UpdateItem",
        request("LT"),
        "ConditionalCheckFailedException",
        "The conditional request failed",
    );
    lab.ok("dynamodb.UpdateItem", request("LE"));
    let got = lab.ok("dynamodb.GetItem", json!({"TableName": "tab", "Key": key("a", 1), "ProjectionExpression": "n"}));
    assert_eq!(got["Item"], json!({"n": {"N": "6"}}));
}

#[test]
fn a_write_counts_what_is_wrong_with_the_request_and_a_read_does_not() {
    let lab = lab();
    let refused = |operation: &str, more: Value| {
        let mut asked = json!({"TableName": "tab", "Key": key("a", 1)});
        asked.as_object_mut().expect("a map").extend(more.as_object().cloned().unwrap_or_default());
        lab.refused(operation, asked).message
    };
    let unused = json!({
        "ExpressionAttributeNames": {"#n": "n"}, "UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "x"}},
    });
    let text = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}";
    assert_eq!(refused("dynamodb.UpdateItem", unused), format!("1 validation error detected: {text}"));
    let unused = json!({"ExpressionAttributeNames": {"#n": "n"}, "ProjectionExpression": "a"});
    assert_eq!(refused("dynamodb.GetItem", unused), text);
    let empty = json!({"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"NS": []}}});
    let text =
        "1 validation error detected: One or more parameter values were invalid: An number set  may not be empty";
    assert_eq!(refused("dynamodb.UpdateItem", empty), text);
    let key = json!({"UpdateExpression": "SET id = :a", "ExpressionAttributeValues": {":a": {"S": "x"}}});
    let text =
        "One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key";
    assert_eq!(refused("dynamodb.UpdateItem", key), text);
}

#[test]
fn names_of_tables_and_sizes_of_keys_have_limits() {
    let lab = lab();
    let text = "TableName must be at least 3 characters long and at most 255 characters long";
    lab.refuses("dynamodb.DescribeTable", json!({"TableName": "ab"}), "ValidationException", text);
    let text = "1 validation error detected: Value 'a b' at 'tableName' failed to satisfy constraint: Member must satisfy \
                regular expression pattern: [a-zA-Z0-9_.-]+";
    lab.refuses("dynamodb.DescribeTable", json!({"TableName": "a b"}), "ValidationException", text);
    let part = |name: &str| json!({"AttributeName": name, "KeyType": "HASH"});
    let many = json!({
        "TableName": "many", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [part("a"), part("b"), part("c")],
        "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
    });
    let text = "Value '[KeySchemaElement(attributeName=a, keyType=HASH), KeySchemaElement(attributeName=b, ";
    lab.refuses("dynamodb.CreateTable", many, "ValidationException", text);
    let long = json!({"TableName": "tab", "Key": key(&"a".repeat(2049), 1)});
    let text = "Size of hashkey has exceeded the maximum size limit of2048 bytes";
    lab.refuses("dynamodb.GetItem", long, "ValidationException", text);
}

#[test]
fn a_local_index_shares_the_partition_key_of_a_table_with_a_sort_key() {
    let lab = Lab::new();
    let asked = |range: bool, hash: &str, count: usize| {
        let keys = [("id", "HASH"), ("at", "RANGE")].into_iter().take(1 + usize::from(range));
        let keys: Vec<Value> = keys.map(|(name, kind)| json!({"AttributeName": name, "KeyType": kind})).collect();
        let schema = json!([{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": "who", "KeyType": "RANGE"}]);
        let index = |at: usize| {
            json!({
                "IndexName": format!("by-{at}"), "KeySchema": schema, "Projection": {"ProjectionType": "ALL"},
            })
        };
        json!({
            "TableName": "tab", "BillingMode": "PAY_PER_REQUEST", "KeySchema": keys,
            "AttributeDefinitions": [
                {"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "S"},
                {"AttributeName": "who", "AttributeType": "S"},
            ],
            "GlobalSecondaryIndexes": [{
                "IndexName": "other", "KeySchema": [{"AttributeName": "at", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }],
            "LocalSecondaryIndexes": (0..count).map(index).collect::<Vec<_>>(),
        })
    };
    let refuses = |asked: Value, text: &str| lab.refuses("dynamodb.CreateTable", asked, "ValidationException", text);
    refuses(
        asked(false, "id", 1),
        "Table KeySchema does not have a range key, which is required when specifying a Local",
    );
    refuses(asked(true, "at", 1), "does not have the same leading hash key as table KeySchema for index: by-0");
    refuses(asked(true, "id", 6), "Number of LocalSecondaryIndexes exceeds per-table limit of 5");
    lab.ok("dynamodb.CreateTable", asked(true, "id", 5));
}

#[test]
fn what_is_selected_has_to_go_with_the_rest_of_a_search() {
    let lab = lab();
    let scan = |more: Value| {
        let mut asked = json!({"TableName": "tab"});
        asked.as_object_mut().expect("a map").extend(more.as_object().cloned().unwrap_or_default());
        lab.refused("dynamodb.Scan", asked).message
    };
    let text = "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES";
    assert_eq!(scan(json!({"Select": "SPECIFIC_ATTRIBUTES"})), text);
    let text = "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName";
    assert_eq!(scan(json!({"Select": "ALL_PROJECTED_ATTRIBUTES"})), text);
    let text = "Cannot specify the ProjectionExpression when choosing to get only the Count";
    assert_eq!(scan(json!({"Select": "COUNT", "ProjectionExpression": "who"})), text);
    let query = json!({
        "TableName": "tab", "Select": "COUNT", "ProjectionExpression": "who", "KeyConditionExpression": "id = :a",
        "ExpressionAttributeValues": {":a": {"S": "a"}},
    });
    assert_eq!(lab.refused("dynamodb.Query", query).message, format!("1 validation error detected: {text}"));
    let text =
        "Select type ALL_ATTRIBUTES is not supported for global secondary index by-who because its projection type is";
    assert!(scan(json!({"Select": "ALL_ATTRIBUTES", "IndexName": "by-who"})).contains(text));
    let text =
        "Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]";
    assert!(scan(json!({"Select": "count"})).ends_with(text));
}

#[test]
fn the_answer_to_a_creation_leaves_out_what_is_worked_out_later() {
    let lab = Lab::new();
    let request = |name: &str| {
        json!({
            "TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "GlobalSecondaryIndexes": [{
                "IndexName": "again", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }],
        })
    };
    let made = lab.ok("dynamodb.CreateTable", request("cold"))["TableDescription"].clone();
    assert_eq!(made["BillingModeSummary"], json!({"BillingMode": "PAY_PER_REQUEST"}));
    assert!(made.get("WarmThroughput").is_none() && made["GlobalSecondaryIndexes"][0].get("WarmThroughput").is_none());
    let read = lab.ok("dynamodb.DescribeTable", json!({"TableName": "cold"}))["Table"].clone();
    assert!(read["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"].is_number());
    assert_eq!(read["WarmThroughput"]["ReadUnitsPerSecond"], 12000);
    assert_eq!(read["GlobalSecondaryIndexes"][0]["WarmThroughput"]["WriteUnitsPerSecond"], 4000);
    let mut warm = request("warm");
    warm["WarmThroughput"] = json!({"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000});
    let made = lab.ok("dynamodb.CreateTable", warm)["TableDescription"]["WarmThroughput"].clone();
    let wanted = json!({"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000, "Status": "UPDATING"});
    assert_eq!(made, wanted);
}

#[test]
fn an_item_without_its_key_does_not_fit_the_schema_of_a_batch() {
    let lab = lab();
    let put = json!([{"PutRequest": {"Item": {"other": {"S": "x"}}}}]);
    let text = "The provided key element does not match the schema";
    lab.refuses("dynamodb.BatchWriteItem", json!({"RequestItems": {"tab": put}}), "ValidationException", text);
}
