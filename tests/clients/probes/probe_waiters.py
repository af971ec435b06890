"""Probes of botocore's waiters: each ends well, and soon, on what it waits for.

Decides what has to come to pass by itself. Only the delay between two looks is
shortened; what a waiter takes for success or failure is botocore's.
"""

from botocore.exceptions import WaiterError

from fixtures import (awsvpc, balancer, change, cluster, definition, forward, listener, network, permissions, role, send,
                      service_request, targets, trust, vpc, zone)
from harness import Mismatch, probe


def wait(client, name, **query):
    """Waits with a look every second; a waiter that fails or tires is a mismatch."""
    try:
        client.get_waiter(waiter_name=name).wait(WaiterConfig={"Delay": 1, "MaxAttempts": 90}, **query)
    except WaiterError as error:
        raise Mismatch(f"{name} ends well", f"{error}: {str(error.last_response)[:400]}") from None


@probe("waiters.ecs-service-behind-a-load-balancer")
def service_life(t):
    made = balancer(t)["LoadBalancerArn"]
    wait(t.elbv2, "load_balancer_exists", LoadBalancerArns=[made])
    wait(t.elbv2, "load_balancer_available", LoadBalancerArns=[made])
    group = targets(t)
    listener(t, forward(group), made)
    cluster(t)
    mapping = [{"targetGroupArn": group, "containerName": "web", "containerPort": 80}]
    t.ecs.create_service(**service_request(t, desiredCount=2, loadBalancers=mapping))
    query = {"cluster": t.name, "services": [t.name]}
    wait(t.ecs, "services_stable", **query)
    found = t.ecs.describe_services(**query)["services"][0]
    t.equal((found["runningCount"], len(found["deployments"])), (2, 1), "running and deployments")
    wait(t.elbv2, "target_in_service", TargetGroupArn=group)
    t.equal(len(t.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]), 2, "targets")
    t.ecs.update_service(cluster=t.name, service=t.name, forceNewDeployment=True)
    wait(t.ecs, "services_stable", **query)
    states = t.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    healthy = [item["Target"] for item in states if item["TargetHealth"]["State"] == "healthy"]
    t.equal(len(healthy), 2, "healthy targets")
    t.ecs.delete_service(cluster=t.name, service=t.name, force=True)
    wait(t.ecs, "services_inactive", **query)
    wait(t.elbv2, "target_deregistered", TargetGroupArn=group, Targets=[
        {"Id": target["Id"], "Port": target["Port"]} for target in healthy])
    t.elbv2.delete_load_balancer(LoadBalancerArn=made)
    wait(t.elbv2, "load_balancers_deleted", LoadBalancerArns=[made])
    t.ecs.delete_cluster(cluster=t.name)


@probe("waiters.ecs-tasks")
def task_life(t):
    cluster(t)
    ran = t.ecs.run_task(cluster=t.name, taskDefinition=definition(t), launchType="FARGATE",
                         networkConfiguration=awsvpc(t), count=2)
    query = {"cluster": t.name, "tasks": [task["taskArn"] for task in ran["tasks"]]}
    wait(t.ecs, "tasks_running", **query)
    for task in query["tasks"]:
        t.ecs.stop_task(cluster=t.name, task=task)
    wait(t.ecs, "tasks_stopped", **query)


@probe("waiters.route53-and-acm")
def certificate_life(t):
    zone_id, domain = zone(t)
    made = send(t, zone_id, change("CREATE", f"www.{domain}"))
    wait(t.route53, "resource_record_sets_changed", Id=made["ChangeInfo"]["Id"])
    arn = t.acm.request_certificate(DomainName=domain, ValidationMethod="DNS",
                                    SubjectAlternativeNames=[f"*.{domain}", f"api.{domain}"])["CertificateArn"]

    def records():
        options = t.acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
        return {option["ResourceRecord"]["Name"]: option["ResourceRecord"] for option in options}

    found = t.until(records)
    send(t, zone_id, *[change("CREATE", record["Name"], record["Type"], [record["Value"]]) for record in found.values()])
    wait(t.acm, "certificate_validated", CertificateArn=arn)
    t.acm.delete_certificate(CertificateArn=arn)


@probe("waiters.iam")
def identities(t):
    role(t)
    wait(t.iam, "role_exists", RoleName=t.name)
    policy = t.iam.create_policy(PolicyName=t.name, PolicyDocument=permissions())["Policy"]["Arn"]
    wait(t.iam, "policy_exists", PolicyArn=policy)
    t.iam.create_instance_profile(InstanceProfileName=t.name)
    wait(t.iam, "instance_profile_exists", InstanceProfileName=t.name)
    t.iam.create_user(UserName=t.name)
    wait(t.iam, "user_exists", UserName=t.name)
    t.iam.update_assume_role_policy(RoleName=t.name, PolicyDocument=trust("scheduler.amazonaws.com"))


@probe("waiters.rds")
def database_life(t):
    t.rds.create_db_subnet_group(DBSubnetGroupName=t.name, DBSubnetGroupDescription="probe", SubnetIds=network(t)["subnets"])
    t.rds.create_db_instance(DBInstanceIdentifier=t.name, Engine="postgres", DBInstanceClass="db.t4g.micro",
                             AllocatedStorage=20, MasterUsername="probe", MasterUserPassword="probe-probe",
                             DBSubnetGroupName=t.name)
    wait(t.rds, "db_instance_available", DBInstanceIdentifier=t.name)
    t.rds.create_db_snapshot(DBSnapshotIdentifier=t.name, DBInstanceIdentifier=t.name)
    wait(t.rds, "db_snapshot_available", DBSnapshotIdentifier=t.name)
    t.rds.delete_db_instance(DBInstanceIdentifier=t.name, SkipFinalSnapshot=True)
    wait(t.rds, "db_instance_deleted", DBInstanceIdentifier=t.name)
    t.rds.delete_db_snapshot(DBSnapshotIdentifier=t.name)
    wait(t.rds, "db_snapshot_deleted", DBSnapshotIdentifier=t.name)
    t.rds.delete_db_subnet_group(DBSubnetGroupName=t.name)


@probe("waiters.dynamodb")
def table_life(t):
    t.dynamodb.create_table(TableName=t.name, BillingMode="PAY_PER_REQUEST",
                            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    wait(t.dynamodb, "table_exists", TableName=t.name)
    t.dynamodb.delete_table(TableName=t.name)
    wait(t.dynamodb, "table_not_exists", TableName=t.name)


@probe("waiters.ec2", region="us-west-2")
def network_life(t):
    own = vpc(t, "10.60.0.0/16")
    wait(t.ec2, "vpc_exists", VpcIds=[own])
    wait(t.ec2, "vpc_available", VpcIds=[own])
    held = t.ec2.create_subnet(VpcId=own, CidrBlock="10.60.1.0/24")["Subnet"]["SubnetId"]
    wait(t.ec2, "subnet_available", SubnetIds=[held])
    group = t.ec2.create_security_group(GroupName=t.name, Description="probe", VpcId=own)["GroupId"]
    wait(t.ec2, "security_group_exists", GroupIds=[group])
    interface = t.ec2.create_network_interface(SubnetId=held, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    wait(t.ec2, "network_interface_available", NetworkInterfaceIds=[interface])
    nat = t.ec2.create_nat_gateway(SubnetId=held, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    wait(t.ec2, "nat_gateway_available", NatGatewayIds=[nat])
    t.ec2.delete_nat_gateway(NatGatewayId=nat)
    wait(t.ec2, "nat_gateway_deleted", NatGatewayIds=[nat])
    t.ec2.delete_network_interface(NetworkInterfaceId=interface)
    t.ec2.delete_security_group(GroupId=group)
    t.ec2.delete_subnet(SubnetId=held)
    t.ec2.delete_vpc(VpcId=own)
