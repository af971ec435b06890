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
