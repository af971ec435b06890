"""An RDS subnet group and an instance: created, changed, protected, deleted.

Decides the database of the stack. Only the instance is deleted here, because it takes longest;
the subnet group waits for teardown.
"""

from compare import Absent, Any, Bag, Has, Like, Maybe, OneOf, Time
from harness import step


def instance(aws, lab):
    """Reads the instance."""
    return aws.rds.describe_db_instances(DBInstanceIdentifier=lab.database)["DBInstances"][0]


def subnet_group(aws, lab):
    """Reads the subnet group."""
    return aws.rds.describe_db_subnet_groups(DBSubnetGroupName=lab.subnet_group)["DBSubnetGroups"][0]


@step("database subnet group")
def subnets(aws, lab):
    name, tags = lab.name("Data"), [{"Key": "run", "Value": lab.run}]
    lab.refused("one zone only", "DBSubnetGroupDoesNotCoverEnoughAZs", lambda: aws.rds.create_db_subnet_group(
        DBSubnetGroupName=f"{name}-one", DBSubnetGroupDescription="data", SubnetIds=lab.subnets[:1]), status=400)
    made = aws.rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="data", SubnetIds=lab.subnets, Tags=tags)
    lab.subnet_group = name.lower()
    lab.subnet_group_arn = made["DBSubnetGroup"]["DBSubnetGroupArn"]
    wanted = {
        "DBSubnetGroupName": name.lower(), "DBSubnetGroupDescription": "data", "VpcId": lab.vpc, "SubnetGroupStatus": "Complete",
        "DBSubnetGroupArn": f"arn:aws:rds:{lab.region}:{lab.account}:subgrp:{name.lower()}", "SupportedNetworkTypes": Maybe(["IPV4"]),
        "Subnets": Bag([{"SubnetIdentifier": subnet, "SubnetAvailabilityZone": {"Name": zone}, "SubnetOutpost": Maybe(),
                         "SubnetStatus": "Active"} for subnet, zone in zip(lab.subnets, lab.zones)]),
    }
    lab.same("CreateDBSubnetGroup", wanted, made["DBSubnetGroup"])
    lab.same("DescribeDBSubnetGroups", wanted, subnet_group(aws, lab))
    aws.rds.modify_db_subnet_group(DBSubnetGroupName=lab.subnet_group, DBSubnetGroupDescription="databases", SubnetIds=lab.subnets)
    lab.same("changed", {**wanted, "DBSubnetGroupDescription": "databases"}, subnet_group(aws, lab))
    lab.same("tags", tags, aws.rds.list_tags_for_resource(ResourceName=lab.subnet_group_arn)["TagList"])


@step("create a database instance")
def create(aws, lab):
    lab.database = lab.name("db")
    made = aws.rds.create_db_instance(
        DBInstanceIdentifier=lab.name("DB"), DBInstanceClass="db.t4g.micro", Engine="postgres", EngineVersion="16", AllocatedStorage=20,
        MasterUsername="app", MasterUserPassword="correct-horse-9", DBName="app", DBSubnetGroupName=lab.subnet_group,
        VpcSecurityGroupIds=[lab.data], DeletionProtection=True, Tags=[{"Key": "run", "Value": lab.run}])["DBInstance"]
    lab.created = made
    lab.same("CreateDBInstance", Has({
        "DBInstanceIdentifier": lab.database, "DBInstanceStatus": "creating", "Engine": "postgres", "EngineVersion": Like(r"16\.\d+"),
        "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": 20, "MasterUsername": "app", "DBName": "app", "Endpoint": Absent(),
        "DBInstanceArn": f"arn:aws:rds:{lab.region}:{lab.account}:db:{lab.database}", "DeletionProtection": True}), made)
    lab.refused("again", "DBInstanceAlreadyExists", lambda: aws.rds.create_db_instance(
        DBInstanceIdentifier=lab.database, DBInstanceClass="db.t4g.micro", Engine="postgres", AllocatedStorage=20,
        MasterUsername="app", MasterUserPassword="correct-horse-9"), status=400, message="DB instance already exists")
    lab.refused("unknown", "DBInstanceNotFound", lambda: aws.rds.describe_db_instances(DBInstanceIdentifier=lab.name("none")), status=404)


@step("database instance becomes available with every default")
def available(aws, lab):
    seen = []

    def look():
        got = instance(aws, lab)
        seen.append(got["DBInstanceStatus"])
        return got

    got = lab.until("database is available", look, lambda item: item["DBInstanceStatus"] == "available", deadline=2 * lab.deadline)
    lab.true("it was creating before", "creating" in seen or lab.created["DBInstanceStatus"] == "creating", seen)
    lab.same("DescribeDBInstances", Has({
        "DBInstanceIdentifier": lab.database, "DBInstanceStatus": "available", "Engine": "postgres", "EngineVersion": Like(r"16\.\d+"),
        "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": 20, "MasterUsername": "app", "DBName": "app",
        "Endpoint": {"Address": Like(rf"{lab.database}\.[a-z0-9]+\.{lab.region}\.rds\.amazonaws\.com"), "Port": 5432, "HostedZoneId": Like("Z.+")},
        "InstanceCreateTime": Time(), "BackupRetentionPeriod": 1, "VpcSecurityGroups": [{"VpcSecurityGroupId": lab.data, "Status": "active"}],
        "DBSubnetGroup": Has(DBSubnetGroupName=lab.subnet_group, VpcId=lab.vpc, SubnetGroupStatus="Complete"), "MultiAZ": False,
        "AutoMinorVersionUpgrade": True, "StorageEncrypted": False, "CopyTagsToSnapshot": False, "MonitoringInterval": 0,
        "DeletionProtection": True, "NetworkType": "IPV4", "PendingModifiedValues": {}, "AvailabilityZone": OneOf(*lab.zones),
        "DbiResourceId": Like("db-[A-Z0-9]+"), "IAMDatabaseAuthenticationEnabled": False, "PerformanceInsightsEnabled": False,
        "DBParameterGroups": [{"DBParameterGroupName": "default.postgres16", "ParameterApplyStatus": "in-sync"}],
        "OptionGroupMemberships": [{"OptionGroupName": "default:postgres-16", "Status": "in-sync"}], "DBSecurityGroups": [],
        "ReadReplicaDBInstanceIdentifiers": [], "PreferredBackupWindow": Any(), "PreferredMaintenanceWindow": Any(),
        "TagList": [{"Key": "run", "Value": lab.run}], "MasterUserPassword": Absent(), "DatabaseInsightsMode": Maybe("standard"),
    }), got)


@step("database instance modified now and later")
def modify(aws, lab):
    got = aws.rds.modify_db_instance(DBInstanceIdentifier=lab.database, DBInstanceClass="db.t4g.small", ApplyImmediately=False)["DBInstance"]
    lab.same("pending", Has(DBInstanceClass="db.t4g.micro", PendingModifiedValues=Has(DBInstanceClass="db.t4g.small")), got)
    aws.rds.modify_db_instance(DBInstanceIdentifier=lab.database, BackupRetentionPeriod=7, CopyTagsToSnapshot=True, ApplyImmediately=True)
    got = lab.until("change is applied", lambda: instance(aws, lab), lambda item: item["DBInstanceStatus"] == "available"
                    and item["BackupRetentionPeriod"] == 7)
    lab.same("instance", Has(BackupRetentionPeriod=7, CopyTagsToSnapshot=True), got)
    arn = got["DBInstanceArn"]
    aws.rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "team", "Value": "core"}])
    aws.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["run"])
    lab.same("tags", [{"Key": "team", "Value": "core"}], aws.rds.list_tags_for_resource(ResourceName=arn)["TagList"])
    lab.same("tags in the instance", [{"Key": "team", "Value": "core"}], instance(aws, lab)["TagList"])


@step("database instance protected, then deleted")
def delete(aws, lab):
    lab.refused("protected", "InvalidParameterCombination", lambda: aws.rds.delete_db_instance(
        DBInstanceIdentifier=lab.database, SkipFinalSnapshot=True), status=400, message="Cannot delete protected DB Instance")
    aws.rds.modify_db_instance(DBInstanceIdentifier=lab.database, DeletionProtection=False, ApplyImmediately=True)
    lab.until("protection is off", lambda: instance(aws, lab), lambda item: not item["DeletionProtection"]
              and item["DBInstanceStatus"] == "available")
    lab.refused("no snapshot decision", "InvalidParameterCombination", lambda: aws.rds.delete_db_instance(
        DBInstanceIdentifier=lab.database), status=400, message="FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
    lab.refused("subnet group in use", "InvalidDBSubnetGroupStateFault", lambda: aws.rds.delete_db_subnet_group(
        DBSubnetGroupName=lab.subnet_group), status=400)
    got = aws.rds.delete_db_instance(DBInstanceIdentifier=lab.database, SkipFinalSnapshot=True)["DBInstance"]
    lab.same("DeleteDBInstance", Has(DBInstanceStatus="deleting", DBInstanceIdentifier=lab.database), got)
    lab.refused("twice", "InvalidDBInstanceState", lambda: aws.rds.delete_db_instance(
        DBInstanceIdentifier=lab.database, SkipFinalSnapshot=True), status=400, message="is already being deleted")
    lab.gone("database instance", lambda: instance(aws, lab), "DBInstanceNotFound")
