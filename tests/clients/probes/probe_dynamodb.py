"""Probes of DynamoDB tables used as locks: conditional writes, tables and pages.

Decides what a conditional write answers when its condition fails.
"""

from harness import Mismatch, Part, probe

FAILED = "The conditional request failed"
FREE = "attribute_not_exists(id)"


def table(t):
    """An active table keyed by `id`; its name."""
    t.dynamodb.create_table(TableName=t.name, BillingMode="PAY_PER_REQUEST",
                            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    t.until(lambda: t.dynamodb.describe_table(TableName=t.name)["Table"]["TableStatus"] == "ACTIVE")
    return t.name


def item(key="lock", owner="one"):
    """An item with an owner."""
    return {"id": {"S": key}, "owner": {"S": owner}}


def locked(t):
    """A table with the lock taken by `one`."""
    name = table(t)
    t.dynamodb.put_item(TableName=name, Item=item(), ConditionExpression=FREE)
    return name


MINE = {"ConditionExpression": "#o = :me", "ExpressionAttributeNames": {"#o": "owner"},
        "ExpressionAttributeValues": {":me": {"S": "two"}}}


@probe("dynamodb.put.lock-taken")
def lock_taken(t):
    t.refused("ConditionalCheckFailedException", FAILED, t.dynamodb.put_item, TableName=locked(t),
              Item=item(owner="two"), ConditionExpression=FREE)
    found = t.dynamodb.get_item(TableName=t.name, Key={"id": {"S": "lock"}}, ConsistentRead=True)["Item"]
    t.equal(found["owner"], {"S": "one"}, "the owner")


@probe("dynamodb.put.lock-taken-shows-holder")
def shows_holder(t):
    answer = t.refused("ConditionalCheckFailedException", FAILED, t.dynamodb.put_item, TableName=locked(t),
                       Item=item(owner="two"), ConditionExpression=FREE,
                       ReturnValuesOnConditionCheckFailure="ALL_OLD")
    t.equal(answer.get("Item"), item(), "the item that stands")


@probe("dynamodb.delete.not-the-owner")
def delete_foreign(t):
    t.refused("ConditionalCheckFailedException", FAILED, t.dynamodb.delete_item, TableName=locked(t),
              Key={"id": {"S": "lock"}}, **MINE)


@probe("dynamodb.update.not-the-owner")
def update_foreign(t):
    request = {**MINE, "ExpressionAttributeValues": {":me": {"S": "two"}, ":n": {"N": "1"}}}
    t.refused("ConditionalCheckFailedException", FAILED, t.dynamodb.update_item, TableName=locked(t),
              Key={"id": {"S": "lock"}}, UpdateExpression="SET age = :n", **request)


@probe("dynamodb.delete.absent-succeeds")
def delete_absent(t):
    t.dynamodb.delete_item(TableName=table(t), Key={"id": {"S": "none"}})


@probe("dynamodb.transaction.cancelled")
def transaction(t):
    name = locked(t)
    put = {"Put": {"TableName": name, "Item": item(owner="two"), "ConditionExpression": FREE}}
    t.refused("TransactionCanceledException",
              Part("Transaction cancelled, please refer cancellation reasons for specific reasons "
                   "[ConditionalCheckFailed]"), t.dynamodb.transact_write_items, TransactItems=[put])


@probe("dynamodb.table.exists")
def exists(t):
    t.refused("ResourceInUseException", Part(table(t)), t.dynamodb.create_table, TableName=t.name,
              BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
              AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])


@probe("dynamodb.table.unknown.{0}", cases=(
    ("describe_table", {}, "Requested resource not found: Table: {} not found"),
    ("delete_table", {}, "Requested resource not found: Table: {} not found"),
    ("get_item", {"Key": {"id": {"S": "a"}}}, "Requested resource not found"),
    ("put_item", {"Item": {"id": {"S": "a"}}}, "Requested resource not found")))
def unknown(t, operation, more, text):
    t.refused("ResourceNotFoundException", text.format(t.name), getattr(t.dynamodb, operation),
              TableName=t.name, **more)


@probe("dynamodb.key.{0}", cases=(
    ("wrong-name", "get_item", {"Key": {"other": {"S": "a"}}},
     "The provided key element does not match the schema"),
    ("missing", "put_item", {"Item": {"other": {"S": "a"}}},
     "One or more parameter values were invalid: Missing the key id in the item")))
def bad_key(t, _case, operation, more, text):
    t.refused("ValidationException", text, getattr(t.dynamodb, operation), TableName=table(t), **more)


@probe("dynamodb.expression.unused-value")
def unused_value(t):
    t.refused("ValidationException", Part("Value provided in ExpressionAttributeValues unused in expressions"),
              t.dynamodb.put_item, TableName=table(t), Item=item(), ConditionExpression=FREE,
              ExpressionAttributeValues={":x": {"S": "a"}})


@probe("dynamodb.pages.scan")
def pages(t):
    name = table(t)
    for n in range(5):
        t.dynamodb.put_item(TableName=name, Item=item(f"k{n}"))
    seen, request = [], {"TableName": name, "Limit": 2}
    while True:
        answer = t.dynamodb.scan(**request)
        if len(answer["Items"]) > 2:
            raise Mismatch("two on a page", len(answer["Items"]))
        seen += [entry["id"]["S"] for entry in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            break
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
    t.equal(sorted(seen), [f"k{n}" for n in range(5)], "items, each once:")


COUNTED = "1 validation error detected: "
UNUSED = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}"
EMPTY = "One or more parameter values were invalid: An number set  may not be empty"


@probe("dynamodb.fault-of-a-request.{0}", cases=(
    ("put", "put_item", {"Item": item(), "ConditionExpression": FREE}, COUNTED + UNUSED),
    ("update", "update_item", {"Key": {"id": {"S": "a"}}, "UpdateExpression": "REMOVE age"}, COUNTED + UNUSED),
    ("delete", "delete_item", {"Key": {"id": {"S": "a"}}, "ConditionExpression": FREE}, COUNTED + UNUSED),
    ("get", "get_item", {"Key": {"id": {"S": "a"}}, "ProjectionExpression": "age"}, UNUSED),
    ("scan", "scan", {"FilterExpression": "attribute_exists(age)"}, UNUSED)))
def unused_name(t, _case, operation, request, text):
    t.refused("ValidationException", text, getattr(t.dynamodb, operation), TableName=table(t),
              ExpressionAttributeNames={"#n": "n"}, **request)


@probe("dynamodb.set.empty.{0}", cases=(
    ("put", "put_item", {"Item": {**item(), "ages": {"NS": []}}}),
    ("update", "update_item", {"Key": {"id": {"S": "a"}}, "UpdateExpression": "SET ages = :a",
                               "ExpressionAttributeValues": {":a": {"NS": []}}})))
def empty_set(t, _case, operation, request):
    t.refused("ValidationException", COUNTED + EMPTY, getattr(t.dynamodb, operation), TableName=table(t), **request)


@probe("dynamodb.key.too-long.{0}", cases=(
    ("put", "put_item", {"Item": item("k" * 2049)}), ("get", "get_item", {"Key": {"id": {"S": "k" * 2049}}})))
def long_key(t, _case, operation, request):
    text = "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
    t.refused("ValidationException", text, getattr(t.dynamodb, operation), TableName=table(t), **request)


def schema(*keys):
    """A key schema: names with their types."""
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys]


def index(*keys, name="by-who"):
    """An index over such keys."""
    return {"IndexName": name, "KeySchema": schema(*keys), "Projection": {"ProjectionType": "ALL"}}


LOCAL = index(("id", "HASH"), ("who", "RANGE"))


@probe("dynamodb.table.create.{0}", cases=(
    ("short-name", {"TableName": "ab"},
     "TableName must be at least 3 characters long and at most 255 characters long"),
    ("long-name", {"TableName": "a" * 256},
     "TableName must be at least 3 characters long and at most 255 characters long"),
    ("three-keys", {"KeySchema": schema(("id", "HASH"), ("who", "RANGE"), ("at", "RANGE"))},
     Part("Value '[KeySchemaElement(attributeName=id, keyType=HASH), ")),
    ("undefined-key", {"KeySchema": schema(("id", "HASH"), ("at", "RANGE"))},
     "One or more parameter values were invalid: Some index key attributes are not defined in "
     "AttributeDefinitions. Keys: [id, at], AttributeDefinitions: [id, who]"),
    ("local-index-without-sort-key", {"LocalSecondaryIndexes": [LOCAL]},
     Part("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")),
    ("type-of-attribute", {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "X"}]},
     Part("Member must satisfy enum value set: [B, N, S]"))))
def bad_table(t, _case, spoil, text):
    kinds = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "who")]
    request = {"TableName": t.name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": schema(("id", "HASH")),
               "AttributeDefinitions": kinds, **spoil}
    t.refused("ValidationException", text, t.dynamodb.create_table, **request)


@probe("dynamodb.select.{0}.{1}", cases=(
    ("query", "count", COUNTED + "Cannot specify the ProjectionExpression when choosing to get only the Count"),
    ("scan", "count", "Cannot specify the ProjectionExpression when choosing to get only the Count")))
def select_count(t, operation, _case, text):
    request = {"TableName": table(t), "Select": "COUNT", "ProjectionExpression": "age"}
    if operation == "query":
        request |= {"KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": "a"}}}
    t.refused("ValidationException", text, getattr(t.dynamodb, operation), **request)


@probe("dynamodb.batch.26-writes")
def batch_too_long(t):
    puts = [{"PutRequest": {"Item": item(f"k{n}")}} for n in range(26)]
    t.refused("ValidationException",
              Part("at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must "
                   "have length less than or equal to 25, Member must have length greater than or equal to 1]"),
              t.dynamodb.batch_write_item, RequestItems={table(t): puts})
