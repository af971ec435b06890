"""Probes of database instances and subnet groups.

Decides names, missing objects, protection, deletion rules and pages.
"""

from fixtures import network, spare_subnet
from harness import ACCOUNT, Part, probe


def subnet_group(t, suffix=""):
    """A subnet group over the shared network; its name."""
    t.rds.create_db_subnet_group(DBSubnetGroupName=t.name + suffix, DBSubnetGroupDescription="probe",
                                 SubnetIds=network(t)["subnets"])
    return t.name + suffix


def request(t, **more):
    """A valid CreateDBInstance request."""
    body = {"DBInstanceIdentifier": t.name, "Engine": "postgres", "DBInstanceClass": "db.t4g.micro",
            "AllocatedStorage": 20, "MasterUsername": "probe", "MasterUserPassword": "long-enough-1",
            "DBSubnetGroupName": t.name, **more}
    return {key: value for key, value in body.items() if value is not None}


def instance(t, **more):
    """An available instance in a subnet group of its own."""
    subnet_group(t)
    t.rds.create_db_instance(**request(t, **more))

    def status():
        found = t.rds.describe_db_instances(DBInstanceIdentifier=t.name)["DBInstances"][0]
        return found["DBInstanceStatus"] == "available"

    t.until(status, 90)


@probe("rds.instance.unknown.{0}", cases=(
    ("describe_db_instances", {}), ("delete_db_instance", {"SkipFinalSnapshot": True}),
    ("modify_db_instance", {"AllocatedStorage": 30})))
def unknown(t, operation, more):
    t.refused("404 DBInstanceNotFound", f"DBInstance {t.name} not found.", getattr(t.rds, operation),
              DBInstanceIdentifier=t.name, **more)


@probe("rds.instance.unknown-tags")
def unknown_tags(t):
    t.refused("404 DBInstanceNotFound", None, t.rds.list_tags_for_resource,
              ResourceName=f"arn:aws:rds:{t.region}:{ACCOUNT}:db:{t.name}")


@probe("rds.instance.exists")
def exists(t):
    subnet_group(t)
    t.rds.create_db_instance(**request(t))
    t.refused("DBInstanceAlreadyExists", Part("DB instance already exists"), t.rds.create_db_instance,
              **request(t))


@probe("rds.instance.exists-in-other-case")
def exists_case(t):
    subnet_group(t)
    made = t.rds.create_db_instance(**request(t, DBInstanceIdentifier=t.name.upper()))["DBInstance"]
    t.equal(made["DBInstanceIdentifier"], t.name, "the name in lower case")
    t.refused("DBInstanceAlreadyExists", None, t.rds.create_db_instance, **request(t))


@probe("rds.instance.create.{0}", cases=(
    ("subnet-group", {"DBSubnetGroupName": "none"}, "404 DBSubnetGroupNotFoundFault", Part("none")),
    ("reserved-user", {"MasterUsername": "admin"}, "InvalidParameterValue",
     "MasterUsername admin cannot be used as it is a reserved word used by the engine"),
    ("password", {"MasterUserPassword": "has/slash-and@at"}, "InvalidParameterValue",
     Part("The parameter MasterUserPassword is not a valid password.")),
    ("identifier", {"DBInstanceIdentifier": "9-first"}, "InvalidParameterValue", None)))
def bad_instance(t, _case, spoil, code, text):
    if spoil.get("DBSubnetGroupName") is None:
        subnet_group(t)
    t.refused(code, text, t.rds.create_db_instance, **request(t, **spoil))


@probe("rds.instance.delete-protected")
def protected(t):
    instance(t, DeletionProtection=True)
    t.refused("InvalidParameterCombination",
              "Cannot delete protected DB Instance, please disable deletion protection and try again.",
              t.rds.delete_db_instance, DBInstanceIdentifier=t.name, SkipFinalSnapshot=True)


@probe("rds.instance.delete-without-snapshot-choice")
def no_snapshot(t):
    instance(t)
    t.refused("InvalidParameterCombination",
              "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
              t.rds.delete_db_instance, DBInstanceIdentifier=t.name)


@probe("rds.instance.delete-twice")
def delete_twice(t):
    instance(t)
    t.rds.delete_db_instance(DBInstanceIdentifier=t.name, SkipFinalSnapshot=True)
    t.refused("InvalidDBInstanceState", Part("is already being deleted"), t.rds.delete_db_instance,
              DBInstanceIdentifier=t.name, SkipFinalSnapshot=True)


@probe("rds.subnets.exists")
def subnets_exist(t):
    subnet_group(t)
    t.refused("DBSubnetGroupAlreadyExists", Part(t.name), t.rds.create_db_subnet_group,
              DBSubnetGroupName=t.name, DBSubnetGroupDescription="x", SubnetIds=network(t)["subnets"])


@probe("rds.subnets.one-zone")
def one_zone(t):
    pair = [spare_subnet(t, "a"), spare_subnet(t, "a")]
    t.refused("DBSubnetGroupDoesNotCoverEnoughAZs",
              Part("doesn't meet Availability Zone (AZ) coverage requirement."), t.rds.create_db_subnet_group,
              DBSubnetGroupName=t.name, DBSubnetGroupDescription="x", SubnetIds=pair)


@probe("rds.subnets.unknown-subnet")
def unknown_subnet(t):
    t.refused("InvalidParameterValue|InvalidSubnet", Part("subnet-0123456789abcdef0"),
              t.rds.create_db_subnet_group, DBSubnetGroupName=t.name, DBSubnetGroupDescription="x",
              SubnetIds=[network(t)["subnets"][0], "subnet-0123456789abcdef0"])


@probe("rds.subnets.unknown.{0}", cases=(("describe_db_subnet_groups",), ("delete_db_subnet_group",)))
def subnets_unknown(t, operation):
    t.refused("404 DBSubnetGroupNotFoundFault", None, getattr(t.rds, operation), DBSubnetGroupName=t.name)


@probe("rds.subnets.in-use")
def subnets_in_use(t):
    subnet_group(t)
    t.rds.create_db_instance(**request(t))
    t.refused("InvalidDBSubnetGroupStateFault",
              f"Cannot delete the subnet group '{t.name}' because at least one database instance: {t.name} is "
              "still using it.", t.rds.delete_db_subnet_group, DBSubnetGroupName=t.name)


@probe("rds.pages.size-{0}", cases=((19,), (101,)))
def page_size(t, size):
    t.refused("InvalidParameterValue", Part("20"), t.rds.describe_db_instances, MaxRecords=size)


@probe("rds.pages.subnet-groups", region="us-west-2")
def page_groups(t):
    wanted = [subnet_group(t, f"-{n:02d}") for n in range(22)]
    pages = t.walk(t.rds.describe_db_subnet_groups, "DBSubnetGroups", ("Marker", "Marker"), MaxRecords=20)
    t.once(pages, wanted, 20, lambda item: item["DBSubnetGroupName"])


@probe("rds.instance.move-within-vpc")
def move_within_vpc(t):
    instance(t)
    other = subnet_group(t, "-b")
    t.refused("InvalidVPCNetworkStateFault", Part(f"You cannot move DB instance {t.name} to subnet group {other}."),
              t.rds.modify_db_instance, DBInstanceIdentifier=t.name, DBSubnetGroupName=other)


@probe("rds.instance.limits.{0}", cases=(
    ("port", {"Port": 80}, Part("1150")), ("storage-type", {"StorageType": "tape"}, Part("tape")),
    ("backup-window", {"PreferredBackupWindow": "noon"}, Part("noon")),
    ("maintenance-window", {"PreferredMaintenanceWindow": "sun:1-2"}, Part("ddd:hh24:mi-ddd:hh24:mi")),
    ("short-window", {"PreferredMaintenanceWindow": "sun:23:50-mon:00:10"}, Part("at least 30 minutes")),
    ("windows-that-meet", {"PreferredBackupWindow": "01:00-02:00", "PreferredMaintenanceWindow": "tue:01:30-tue:02:30"},
     "The backup window and maintenance window must not overlap.")))
def bad_instance(t, _case, spoil, text):
    subnet_group(t)
    t.refused("InvalidParameterValue", text, t.rds.create_db_instance, **request(t, **spoil))
