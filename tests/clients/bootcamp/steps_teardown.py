"""Tears the stack down in the order AWS demands, waiting for draining and lingering interfaces.

Decides the order. Every step stands alone as far as it can, so that one failure leaves as little as possible.
"""

from botocore.exceptions import ClientError

from compare import Has, OneOf, Time
from harness import step
from steps_database import instance
from steps_discovery import operation
from steps_dns import change, records
from steps_iam import MANAGED
from steps_scaling import key, target
from steps_services import service, web_creation
from steps_steady import health, tasks


@step("delete schedule and group")
def schedule(aws, lab):
    aws.scheduler.delete_schedule(Name=lab.schedule)
    lab.refused("gone", "ResourceNotFoundException", lambda: aws.scheduler.get_schedule(Name=lab.schedule), status=404)
    aws.scheduler.delete_schedule_group(Name=lab.schedule_group)
    lab.gone("schedule group", lambda: aws.scheduler.get_schedule_group(Name=lab.schedule_group), "ResourceNotFoundException")


@step("deregister the scalable target with its policies")
def scaling(aws, lab):
    aws.application_autoscaling.deregister_scalable_target(**key(lab))
    lab.until("target is gone", lambda: target(aws, lab), lambda found: found is None)
    left = aws.application_autoscaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=lab.scalable)["ScalingPolicies"]
    lab.same("policies", [], left)
    lab.refused("again", "ObjectNotFoundException", lambda: aws.application_autoscaling.deregister_scalable_target(**key(lab)), status=400)


@step("what is in use refuses deletion")
def in_use(aws, lab):
    # All in one place and late: an endpoint that allows one of them has lost that object for the steps after it.
    task, execution = lab.name("task"), lab.name("exec")
    for what, code, call, message in (
        ("cluster", "ClusterContainsServicesException", lambda: aws.ecs.delete_cluster(cluster=lab.cluster),
         "The Cluster cannot be deleted while Services are active."),
        ("scaled service", "InvalidParameterException", lambda: aws.ecs.delete_service(cluster=lab.cluster, service=lab.web),
         "The service cannot be stopped while it is scaled above 0."),
        ("namespace", "ResourceInUse", lambda: aws.servicediscovery.delete_namespace(Id=lab.private), "Namespace has associated services"),
        ("registry", "ResourceInUse", lambda: aws.servicediscovery.delete_service(Id=lab.registry), "Service contains registered instances"),
        ("certificate", "ResourceInUseException", lambda: aws.acm.delete_certificate(CertificateArn=lab.certificate), "is in use."),
        ("target group", "ResourceInUse", lambda: aws.elbv2.delete_target_group(TargetGroupArn=lab.blue),
         f"Target group '{lab.blue}' is currently in use by a listener or a rule"),
        ("default rule", "OperationNotPermitted", lambda: aws.elbv2.delete_rule(RuleArn=lab.default_rule), "cannot be deleted"),
        ("group on interfaces", "DependencyViolation", lambda: aws.ec2.delete_security_group(GroupId=lab.edge),
         f"resource {lab.edge} has a dependent object"),
        ("group in rules", "DependencyViolation", lambda: aws.ec2.delete_security_group(GroupId=lab.data),
         f"resource {lab.data} has a dependent object"),
        ("role with policies", "DeleteConflict", lambda: aws.iam.delete_role(RoleName=execution), "must detach all policies first"),
        ("attached policy", "DeleteConflict", lambda: aws.iam.delete_policy(PolicyArn=lab.policy), "attached to entities"),
        ("role in use", "DeleteConflict", lambda: aws.iam.delete_role(RoleName=task), "must detach all policies first"),
    ):
        lab.refused(what, code, call, message=message)


@step("delete service web: draining, then inactive")
def web(aws, lab):
    aws.ecs.update_service(cluster=lab.cluster, service=lab.web, desiredCount=0)
    got = lab.settle(lambda: aws.ecs.delete_service(cluster=lab.cluster, service=lab.web), "DependencyViolation")["service"]
    lab.same("DeleteService", Has(serviceArn=lab.web, status="DRAINING", desiredCount=0), got)
    if service(aws, lab, lab.web)["status"] == "DRAINING":
        lab.refused("same name while draining", "InvalidParameterException", lambda: aws.ecs.create_service(**web_creation(lab)), status=400,
                    message="Unable to Start a service that is still Draining.")
        if service(aws, lab, lab.web)["status"] == "ACTIVE":
            # Accepted by mistake; without this it would outlive the run.
            aws.ecs.delete_service(cluster=lab.cluster, service=lab.web, force=True)
    got = lab.until("web is INACTIVE", lambda: service(aws, lab, lab.web), lambda item: item["status"] == "INACTIVE")
    lab.same("service", Has(status="INACTIVE", desiredCount=0, runningCount=0, pendingCount=0), got)
    lab.same("not listed", False, lab.web in aws.ecs.list_services(cluster=lab.cluster)["serviceArns"])
    lab.refused("update", "ServiceNotActiveException", lambda: aws.ecs.update_service(
        cluster=lab.cluster, service=lab.web, desiredCount=1), status=400, message="Service was not ACTIVE.")


@step("targets are deregistered")
def targets(aws, lab):
    lab.until("no targets", lambda: health(aws, lab.blue), lambda items: items == [])


@step("delete service worker by force")
def worker(aws, lab):
    got = aws.ecs.delete_service(cluster=lab.cluster, service=lab.worker, force=True)["service"]
    lab.same("DeleteService", Has(status="DRAINING"), got)
    lab.until("worker is INACTIVE", lambda: service(aws, lab, lab.worker), lambda item: item["status"] == "INACTIVE")
    lab.until("tasks are gone", lambda: tasks(aws, lab, lab.worker), lambda items: items == [])
    lab.until("instance is deregistered", lambda: aws.servicediscovery.list_instances(ServiceId=lab.registry)["Instances"], lambda items: items == [])


@step("delete Cloud Map services and namespaces")
def discovery(aws, lab):
    left = aws.servicediscovery.list_services(Filters=[{"Name": "NAMESPACE_ID", "Values": [lab.mesh], "Condition": "EQ"}])["Services"]
    for item in left:
        # Service Connect leaves its service behind until the instances are gone, and may remove it meanwhile.
        try:
            lab.settle(lambda: aws.servicediscovery.delete_service(Id=item["Id"]), "ResourceInUse")
        except ClientError as error:
            lab.same("delete service", "ServiceNotFound", error.response["Error"]["Code"])
    lab.settle(lambda: aws.servicediscovery.delete_service(Id=lab.registry), "ResourceInUse")
    for namespace in (lab.mesh, lab.private):
        answer = lab.settle(lambda: aws.servicediscovery.delete_namespace(Id=namespace), "ResourceInUse")
        done = operation(aws, lab, "delete namespace", answer["OperationId"])
        lab.same("operation", Has(Type="DELETE_NAMESPACE", Status="SUCCESS", Targets={"NAMESPACE": namespace}), done)
        lab.refused("gone", "NamespaceNotFound", lambda: aws.servicediscovery.get_namespace(Id=namespace))


@step("deregister and delete every task definition")
def definitions(aws, lab):
    for family in (lab.name("full"), lab.name("web"), lab.name("worker")):
        arns = aws.ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"]
        for arn in arns:
            aws.ecs.deregister_task_definition(taskDefinition=arn)
        if arns:
            lab.same(f"{family} failures", [], aws.ecs.delete_task_definitions(taskDefinitions=arns)["failures"])
        lab.same(f"{family} active", [], aws.ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"])


@step("delete the cluster")
def cluster(aws, lab):
    codes = ("ClusterContainsTasksException", "ClusterContainsServicesException", "UpdateInProgressException")
    got = lab.settle(lambda: aws.ecs.delete_cluster(cluster=lab.cluster), *codes)["cluster"]
    lab.same("DeleteCluster", Has(clusterArn=lab.cluster, status="INACTIVE"), got)
    seen = aws.ecs.describe_clusters(clusters=[lab.cluster])["clusters"]
    lab.same("still described", [Has(status="INACTIVE", activeServicesCount=0, runningTasksCount=0)], seen)
    lab.same("not listed", False, lab.cluster in aws.ecs.list_clusters()["clusterArns"])


@step("delete rules and listeners")
def listeners(aws, lab):
    aws.elbv2.delete_rule(RuleArn=lab.first_rule)
    # Its other rules go with the listener.
    for arn in (lab.https, lab.http):
        aws.elbv2.delete_listener(ListenerArn=arn)
        lab.refused("gone", "ListenerNotFound", lambda: aws.elbv2.describe_listeners(ListenerArns=[arn]), status=400)
    lab.refused("rules went along", "RuleNotFound", lambda: aws.elbv2.describe_rules(RuleArns=[lab.third_rule]), status=400)


@step("delete target groups")
def target_groups(aws, lab):
    for arn in (lab.blue, lab.green, lab.lonely):
        lab.settle(lambda: aws.elbv2.delete_target_group(TargetGroupArn=arn), "ResourceInUse")
        lab.refused("gone", "TargetGroupNotFound", lambda: aws.elbv2.describe_target_groups(TargetGroupArns=[arn]), status=400)


@step("delete the load balancer and wait for its interfaces")
def balancer(aws, lab):
    protect = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    aws.elbv2.modify_load_balancer_attributes(LoadBalancerArn=lab.balancer, Attributes=protect)
    lab.refused("protected", "OperationNotPermitted", lambda: aws.elbv2.delete_load_balancer(LoadBalancerArn=lab.balancer), status=400,
                message=f"Load balancer '{lab.balancer}' cannot be deleted because deletion protection is enabled")
    aws.elbv2.modify_load_balancer_attributes(LoadBalancerArn=lab.balancer, Attributes=[{**protect[0], "Value": "false"}])
    for _ in range(2):
        # The second call is on an absent load balancer and succeeds all the same.
        aws.elbv2.delete_load_balancer(LoadBalancerArn=lab.balancer)
    lab.gone("load balancer", lambda: aws.elbv2.describe_load_balancers(LoadBalancerArns=[lab.balancer]), "LoadBalancerNotFound")
    lab.until("interfaces are gone", lambda: aws.ec2.describe_network_interfaces(Filters=[
        {"Name": "description", "Values": [lab.balancer_interfaces]}])["NetworkInterfaces"], lambda items: items == [], deadline=2 * lab.deadline)


@step("delete the certificate once nothing uses it")
def certificate(aws, lab):
    lab.settle(lambda: aws.acm.delete_certificate(CertificateArn=lab.certificate), "ResourceInUseException")
    lab.refused("gone", "ResourceNotFoundException", lambda: aws.acm.describe_certificate(CertificateArn=lab.certificate), status=400)


@step("delete records and the hosted zone")
def zone(aws, lab):
    lab.refused("zone with records", "HostedZoneNotEmpty", lambda: aws.route53.delete_hosted_zone(Id=lab.zone), status=400,
                message="The specified hosted zone contains non-required resource record sets")
    own = [item for item in records(aws, lab) if item["Type"] not in ("NS", "SOA")]
    change(aws, lab, *[("DELETE", item) for item in own])
    got = aws.route53.delete_hosted_zone(Id=lab.zone)
    lab.same("DeleteHostedZone", Has(ChangeInfo=Has(Status=OneOf("PENDING", "INSYNC"), SubmittedAt=Time())), got)
    lab.refused("gone", "NoSuchHostedZone", lambda: aws.route53.get_hosted_zone(Id=lab.zone), status=404)


@step("delete the database subnet group")
def database(aws, lab):
    try:
        # Only left over when the database area failed half way.
        if instance(aws, lab)["DBInstanceStatus"] != "deleting":
            aws.rds.delete_db_instance(DBInstanceIdentifier=lab.database, SkipFinalSnapshot=True)
    except ClientError as error:
        lab.same("database", "DBInstanceNotFound", error.response["Error"]["Code"])
    lab.settle(lambda: aws.rds.delete_db_subnet_group(DBSubnetGroupName=lab.subnet_group), "InvalidDBSubnetGroupStateFault")
    lab.refused("gone", "DBSubnetGroupNotFoundFault", lambda: aws.rds.describe_db_subnet_groups(DBSubnetGroupName=lab.subnet_group), status=404)


@step("delete security groups: references first, then the groups")
def groups(aws, lab):
    for group in (lab.app, lab.data):
        found = aws.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
        rules = [rule["SecurityGroupRuleId"] for rule in found if not rule["IsEgress"]]
        if rules:
            aws.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=rules)
    for group in (lab.data, lab.app, lab.edge):
        # Interfaces of tasks and of the load balancer outlive them.
        lab.settle(lambda: aws.ec2.delete_security_group(GroupId=group), "DependencyViolation")
        lab.gone(group, lambda: aws.ec2.describe_security_groups(GroupIds=[group]), "InvalidGroup.NotFound")
    aws.ec2.delete_managed_prefix_list(PrefixListId=lab.prefix_list)


@step("delete roles and policies")
def roles(aws, lab):
    task, execution = lab.name("task"), lab.name("exec")
    aws.iam.detach_role_policy(RoleName=execution, PolicyArn=MANAGED)
    lab.refused("inline policy left", "DeleteConflict", lambda: aws.iam.delete_role(RoleName=execution), status=409,
                message="must delete policies first")
    aws.iam.delete_role_policy(RoleName=execution, PolicyName="secrets")
    aws.iam.detach_role_policy(RoleName=task, PolicyArn=lab.policy)
    lab.refused("inline policies left", "DeleteConflict", lambda: aws.iam.delete_role(RoleName=task), status=409, message="must delete policies first")
    for name in ("alpha", "zeta"):
        aws.iam.delete_role_policy(RoleName=task, PolicyName=name)
    lab.refused("old version left", "DeleteConflict", lambda: aws.iam.delete_policy(PolicyArn=lab.policy), status=409,
                message="This policy has more than one version.")
    aws.iam.delete_policy_version(PolicyArn=lab.policy, VersionId="v1")
    aws.iam.delete_policy(PolicyArn=lab.policy)
    for name in (task, execution):
        lab.settle(lambda: aws.iam.delete_role(RoleName=name), "DeleteConflict")
        lab.refused("gone", "NoSuchEntity", lambda: aws.iam.get_role(RoleName=name), status=404)


@step("delete log groups, repository and parameters")
def stores(aws, lab):
    for name in (lab.logs, lab.exec_logs):
        aws.logs.delete_log_group(logGroupName=name)
    lab.refused("gone", "ResourceNotFoundException", lambda: aws.logs.delete_log_group(logGroupName=lab.logs), status=400)
    aws.ecr.delete_repository(repositoryName=lab.repository)
    lab.refused("gone", "RepositoryNotFoundException", lambda: aws.ecr.describe_repositories(repositoryNames=[lab.repository]), status=400)
    names = [f"{lab.settings}/{short}" for short in ("color", "hosts", "deep/token")]
    got = aws.ssm.delete_parameters(Names=[*names, "/none/at/all"])
    lab.same("DeleteParameters", [sorted(names), ["/none/at/all"]], [sorted(got["DeletedParameters"]), got["InvalidParameters"]])


@step("delete the secret: scheduled, restored, forced")
def secret(aws, lab):
    got = aws.secretsmanager.delete_secret(SecretId=lab.secret, RecoveryWindowInDays=7)
    lab.same("DeleteSecret", {"ARN": lab.secret, "Name": lab.name("db"), "DeletionDate": Time()}, got)
    lab.same("still described", Has(DeletedDate=Time()), aws.secretsmanager.describe_secret(SecretId=lab.secret))
    lab.refused("value", "InvalidRequestException", lambda: aws.secretsmanager.get_secret_value(SecretId=lab.secret), status=400,
                message="marked for deletion")
    lab.refused("same name", "InvalidRequestException", lambda: aws.secretsmanager.create_secret(Name=lab.name("db"), SecretString="x"),
                status=400, message="already scheduled for deletion")
    aws.secretsmanager.restore_secret(SecretId=lab.secret)
    aws.secretsmanager.get_secret_value(SecretId=lab.secret)
    aws.secretsmanager.delete_secret(SecretId=lab.secret, ForceDeleteWithoutRecovery=True)
    lab.gone("secret", lambda: aws.secretsmanager.describe_secret(SecretId=lab.secret), "ResourceNotFoundException")
