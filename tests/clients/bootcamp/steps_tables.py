"""A DynamoDB table with an index, conditional writes, a transaction and expiry.

Decides what the table holds. The table is deleted here: nothing else refers to it.
"""

from compare import Absent, Bag, Has, Like, Maybe, Time
from harness import step


def table(aws, lab):
    """Reads the table."""
    return aws.dynamodb.describe_table(TableName=lab.table)["Table"]


def item(owner, number, **more):
    """One item in wire form."""
    return {"owner": {"S": owner}, "number": {"N": str(number)}, **more}


@step("create a table with a global index")
def create(aws, lab):
    name = lab.name("messages")
    schema = {"AttributeDefinitions": [{"AttributeName": "owner", "AttributeType": "S"}, {"AttributeName": "number", "AttributeType": "N"}],
              "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "number", "KeyType": "RANGE"}]}
    index = {"IndexName": "by-number", "KeySchema": [{"AttributeName": "number", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}
    made = aws.dynamodb.create_table(TableName=name, **schema, BillingMode="PAY_PER_REQUEST", GlobalSecondaryIndexes=[index],
                                     Tags=[{"Key": "run", "Value": lab.run}], StreamSpecification={
                                         "StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})["TableDescription"]
    lab.table, lab.table_arn = name, made["TableArn"]
    zero = {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}

    def fields(status):
        return {
            "TableName": name, "TableStatus": status, "TableArn": f"arn:aws:dynamodb:{lab.region}:{lab.account}:table/{name}",
            "TableId": Like("[0-9a-f-]{36}"), "CreationDateTime": Time(), "KeySchema": schema["KeySchema"], "ItemCount": 0,
            "AttributeDefinitions": Bag(schema["AttributeDefinitions"]), "TableSizeBytes": 0, "ProvisionedThroughput": zero,
            "BillingModeSummary": Has(BillingMode="PAY_PER_REQUEST"), "DeletionProtectionEnabled": False, "WarmThroughput": Maybe(),
            "GlobalSecondaryIndexes": [{**index, "IndexStatus": status, "IndexSizeBytes": 0, "ItemCount": 0, "WarmThroughput": Maybe(),
                                        "ProvisionedThroughput": zero, "IndexArn": f"{made['TableArn']}/index/by-number"}],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}, "TableClassSummary": Maybe(), "OnDemandThroughput": Maybe(),
            "LatestStreamLabel": Like(".+"), "LatestStreamArn": Like(rf"{made['TableArn']}/stream/.+"),
        }

    lab.same("CreateTable", fields("CREATING"), made)
    lab.same("worked out later", Has(WarmThroughput=Absent(), BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"},
                                     GlobalSecondaryIndexes=[Has(WarmThroughput=Absent())]), made)
    got = lab.until("table is ACTIVE", lambda: table(aws, lab), lambda have: have["TableStatus"] == "ACTIVE")
    lab.same("DescribeTable", fields("ACTIVE"), got)
    lab.same("worked out by now", Has(WarmThroughput={"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}), got)
    lab.same("tags", [{"Key": "run", "Value": lab.run}], aws.dynamodb.list_tags_of_resource(ResourceArn=lab.table_arn)["Tags"])
    lab.refused("again", "ResourceInUseException", lambda: aws.dynamodb.create_table(TableName=name, **schema, BillingMode="PAY_PER_REQUEST"),
                status=400, message=f"Table already exists: {name}")


@step("conditional writes")
def conditional(aws, lab):
    fresh = {"TableName": lab.table, "ConditionExpression": "attribute_not_exists(#o)", "ExpressionAttributeNames": {"#o": "owner"}}
    aws.dynamodb.put_item(**fresh, Item=item("ann", 1, text={"S": "hello"}, seen={"N": "0"}))
    lab.refused("put over an existing item", "ConditionalCheckFailedException", lambda: aws.dynamodb.put_item(
        **fresh, Item=item("ann", 1)), status=400, message="The conditional request failed")
    got = aws.dynamodb.update_item(
        TableName=lab.table, Key=item("ann", 1), UpdateExpression="SET seen = seen + :one, tags = list_append(if_not_exists(tags, :none), :tag)",
        ConditionExpression="seen < :limit", ReturnValues="ALL_NEW", ExpressionAttributeValues={
            ":one": {"N": "1"}, ":limit": {"N": "1"}, ":none": {"L": []}, ":tag": {"L": [{"S": "x"}]}})
    wanted = item("ann", 1, text={"S": "hello"}, seen={"N": "1"}, tags={"L": [{"S": "x"}]})
    lab.same("UpdateItem", {"Attributes": wanted}, got)
    lab.refused("condition no longer holds", "ConditionalCheckFailedException", lambda: aws.dynamodb.update_item(
        TableName=lab.table, Key=item("ann", 1), UpdateExpression="SET seen = :one", ConditionExpression="seen < :one",
        ExpressionAttributeValues={":one": {"N": "1"}}))
    lab.same("GetItem", {"Item": wanted}, aws.dynamodb.get_item(TableName=lab.table, Key=item("ann", 1), ConsistentRead=True))
    lab.refused("delete under a false condition", "ConditionalCheckFailedException", lambda: aws.dynamodb.delete_item(
        TableName=lab.table, Key=item("ann", 1), ConditionExpression="attribute_not_exists(seen)"))
    lab.same("unknown item", {}, {k: v for k, v in aws.dynamodb.get_item(TableName=lab.table, Key=item("bob", 9)).items() if k != "ResponseMetadata"})


@step("query, batch, transaction all or nothing")
def queries(aws, lab):
    aws.dynamodb.batch_write_item(RequestItems={lab.table: [{"PutRequest": {"Item": item("ann", n)}} for n in (3, 2, 10)]})
    lab.refused("an item without its key", "ValidationException", lambda: aws.dynamodb.batch_write_item(
        RequestItems={lab.table: [{"PutRequest": {"Item": {"other": {"S": "x"}}}}]}), status=400,
        message="The provided key element does not match the schema")
    got = aws.dynamodb.query(TableName=lab.table, KeyConditionExpression="#o = :o AND #n BETWEEN :a AND :b", ExpressionAttributeNames={
        "#o": "owner", "#n": "number"}, ExpressionAttributeValues={":o": {"S": "ann"}, ":a": {"N": "2"}, ":b": {"N": "10"}}, ScanIndexForward=False)
    lab.same("Query", {"Items": [item("ann", 10), item("ann", 3), item("ann", 2)], "Count": 3, "ScannedCount": 3}, got)
    lab.refused("transaction with one false condition", "TransactionCanceledException", lambda: aws.dynamodb.transact_write_items(TransactItems=[
        {"Put": {"TableName": lab.table, "Item": item("cat", 1)}},
        {"Put": {"TableName": lab.table, "Item": item("ann", 2), "ConditionExpression": "attribute_not_exists(#o)",
                 "ExpressionAttributeNames": {"#o": "owner"}}}]), status=400, message="[None, ConditionalCheckFailed]")
    everything = aws.dynamodb.scan(TableName=lab.table, Select="COUNT")
    lab.same("nothing was written", {"Count": 4, "ScannedCount": 4}, everything)
    page = aws.dynamodb.query(TableName=lab.table, Limit=1, KeyConditionExpression="#o = :o", ExpressionAttributeNames={"#o": "owner"},
                              ExpressionAttributeValues={":o": {"S": "ann"}})
    lab.same("one page", Has(Count=1, LastEvaluatedKey=item("ann", 1)), page)


@step("table expiry, protection and deletion")
def delete(aws, lab):
    aws.dynamodb.update_time_to_live(TableName=lab.table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    got = lab.until("expiry is on", lambda: aws.dynamodb.describe_time_to_live(TableName=lab.table)["TimeToLiveDescription"],
                    lambda have: have["TimeToLiveStatus"] != "ENABLING")
    lab.same("expiry", {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}, got)
    aws.dynamodb.update_table(TableName=lab.table, DeletionProtectionEnabled=True)
    lab.until("table is ACTIVE", lambda: table(aws, lab), lambda have: have["TableStatus"] == "ACTIVE")
    lab.refused("protected", "ValidationException", lambda: aws.dynamodb.delete_table(TableName=lab.table), status=400)
    aws.dynamodb.update_table(TableName=lab.table, DeletionProtectionEnabled=False)
    lab.until("table is ACTIVE", lambda: table(aws, lab), lambda have: have["TableStatus"] == "ACTIVE")
    got = aws.dynamodb.delete_table(TableName=lab.table)["TableDescription"]
    lab.same("DeleteTable", Has(TableName=lab.table, TableStatus="DELETING"), got)
    lab.gone("table", lambda: table(aws, lab), "ResourceNotFoundException")
