"""Cruddur: each command of the journals and what reads back what it made.

Decides what a journal's step leaves behind in AWS. Must not know how evenkeel makes it.
"""

from rows import (
    Rows, balancer, certificate, definition, differs, group, healthy, lacks, only, openings, records, role, scaling, service,
)

REGION = "ca-central-1"
ROWS = Rows()
CLUSTER, DOMAIN = "cruddur", "cruddur.example"
BACKEND, FRONTEND = "backend-flask", "frontend-react-js"


def repository(aws, name, tag):
    found = only(aws.ecr.describe_repositories(repositoryNames=[name])["repositories"])
    images = aws.ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])["imageDetails"]
    return differs(name=(name, found["repositoryName"]), images=(1, len(images)))


@ROWS.of("aws ecr create-repository --repository-name cruddur-python", "docker push $ECR_PYTHON_URL:3.10-slim")
def python_repository(aws):
    return repository(aws, "cruddur-python", "3.10-slim")


@ROWS.of("aws ecr create-repository --repository-name backend-flask", "docker push $ECR_BACKEND_FLASK_URL:latest")
def backend_repository(aws):
    return repository(aws, "backend-flask", "latest")


@ROWS.of("aws ecr create-repository --repository-name frontend-react-js", "docker push $ECR_FRONTEND_REACT_URL:latest")
def frontend_repository(aws):
    return repository(aws, "frontend-react-js", "latest")


@ROWS.of("aws logs create-log-group --log-group-name /cruddur/fargate", "aws logs put-retention-policy --retention-in-days …")
def log_group(aws):
    found = only(aws.logs.describe_log_groups(logGroupNamePrefix="/cruddur/fargate")["logGroups"])
    streams = aws.logs.describe_log_streams(logGroupName="/cruddur/fargate")["logStreams"]
    return differs(retention=(7, found["retentionInDays"]), streams=(True, bool(streams)))


@ROWS.of("aws servicediscovery create-http-namespace --name cruddur")
def namespace(aws):
    found = only(one for one in aws.servicediscovery.list_namespaces()["Namespaces"] if one["Name"] == "cruddur")
    return differs(type=("HTTP", found["Type"]))


@ROWS.of("aws ecs create-cluster --cluster-name cruddur --service-connect-defaults namespace=cruddur", "container insights: on")
def cluster(aws):
    wanted = {"clusters": [CLUSTER], "include": ["SETTINGS", "CONFIGURATIONS"]}
    found = only(one for one in aws.ecs.describe_clusters(**wanted)["clusters"] if one["status"] == "ACTIVE")
    settings = {one["name"]: one["value"] for one in found["settings"]}
    return differs(
        namespace=(True, ":namespace/" in found["serviceConnectDefaults"]["namespace"]),
        insights=("enabled", settings["containerInsights"]),
    )


@ROWS.of("aws ssm put-parameter --type SecureString --name /cruddur/backend-flask/…")
def parameters(aws):
    wanted = ["/cruddur/backend-flask/SECRET_KEY", "/cruddur/backend-flask/ROLLBAR_ACCESS_TOKEN"]
    found = aws.ssm.get_parameters(Names=wanted, WithDecryption=True)["Parameters"]
    if not found:
        raise LookupError(wanted)
    values = {one["Value"] for one in found}
    return differs(
        types=({"SecureString"}, {one["Type"] for one in found}), names=(set(wanted), {one["Name"] for one in found}),
        distinct=(len(wanted), len(values)),
    )


@ROWS.of(
    "aws iam create-role --role-name CruddurServiceExecutionRole", "aws iam attach-role-policy … AmazonECSTaskExecutionRolePolicy",
    "aws iam put-role-policy --policy-name CruddurServiceExecutionPolicy",
)
def execution_role(aws):
    name = definition(aws, CLUSTER, BACKEND)[0]["executionRoleArn"].rpartition("/")[2]
    trusted, attached, allowed = role(aws, name)
    reads = any("parameter/cruddur/" in one for one in allowed.get("ssm:GetParameters", ()))
    return (
        differs(trusted=(["ecs-tasks.amazonaws.com"], trusted), parameters=(True, reads))
        + lacks("policies", ["AmazonECSTaskExecutionRolePolicy"], attached)
        + lacks("actions", ["ssm:GetParameters", "secretsmanager:GetSecretValue"], allowed)
    )


@ROWS.of(
    "aws iam create-role --role-name CruddurTaskRole", "aws iam put-role-policy --policy-name SSMAccessPolicy",
    "aws iam attach-role-policy … AWSXRayDaemonWriteAccess",
)
def task_role(aws):
    name = definition(aws, CLUSTER, BACKEND)[0]["taskRoleArn"].rpartition("/")[2]
    trusted, _, allowed = role(aws, name)
    channels = [f"ssmmessages:{verb}{what}Channel" for verb in ("Create", "Open") for what in ("Control", "Data")]
    return differs(trusted=(["ecs-tasks.amazonaws.com"], trusted)) + lacks(
        "actions", [*channels, "xray:PutTraceSegments", "xray:PutTelemetryRecords"], allowed
    )


@ROWS.of("aws ec2 create-security-group --group-name cruddur-alb-sg", "aws ec2 authorize-security-group-ingress --port 80 and 443")
def entrance(aws):
    found = openings(group(aws, "cruddur-alb"))
    return differs(open=({(port, who) for port in (80, 443) for who in ("0.0.0.0/0", "::/0")}, found))


@ROWS.of(
    "aws ec2 create-security-group --group-name crud-srv-sg", "aws ec2 authorize-security-group-ingress --port 4567 --source-group …",
)
def containers(aws):
    found, entrance = group(aws, "cruddur-service"), group(aws, "cruddur-alb")["GroupId"]
    wanted = {(4567, entrance), (4567, found["GroupId"]), (3000, entrance)}
    return differs(open=(wanted, openings(found)))


@ROWS.of("aws ec2 authorize-security-group-ingress --group-id $DB_SG_ID --port 5432 --source-group $CRUD_SERVICE_SG")
def database_group(aws):
    return differs(open=({(5432, group(aws, "cruddur-service")["GroupId"])}, openings(group(aws, "cruddur-db"))))


@ROWS.of("aws rds create-db-instance --db-instance-identifier cruddur-db-instance")
def database(aws):
    found = only(aws.rds.describe_db_instances(DBInstanceIdentifier="cruddur-db-instance")["DBInstances"])
    groups = [one["VpcSecurityGroupId"] for one in found["VpcSecurityGroups"]]
    return differs(
        engine=("postgres", found["Engine"]), status=("available", found["DBInstanceStatus"]), public=(False, found["PubliclyAccessible"]),
        name=("cruddur", found["DBName"]), user=("cruddurroot", found["MasterUsername"]), groups=([group(aws, "cruddur-db")["GroupId"]], groups),
    )


@ROWS.of("export CONNECTION_URL=postgresql://…", "aws ssm put-parameter --name /cruddur/backend-flask/CONNECTION_URL")
def connection(aws):
    address = aws.rds.describe_db_instances(DBInstanceIdentifier="cruddur-db-instance")["DBInstances"][0]["Endpoint"]
    own = definition(aws, CLUSTER, BACKEND)[1][BACKEND]
    values = {one["name"]: one["value"] for one in own["environment"]}
    secrets = {one["name"]: one["valueFrom"] for one in own["secrets"]}
    where = f"@{address['Address']}:{address['Port']}/cruddur"
    return differs(reaches=(True, values["CONNECTION_URL"].endswith(where))) + lacks(
        "secrets", ["PGPASSWORD", "SECRET_KEY", "ROLLBAR_ACCESS_TOKEN"], secrets
    )


def registered(aws, name, port):
    found, own = definition(aws, CLUSTER, name)
    mapping = own[name]["portMappings"][0]
    logs = own[name]["logConfiguration"]
    return differs(
        size=(("256", "512"), (found["cpu"], found["memory"])), mode=("awsvpc", found["networkMode"]),
        fargate=(["FARGATE"], found["requiresCompatibilities"]), port=((port, name), (mapping["containerPort"], mapping["name"])),
        logs=("/cruddur/fargate", logs["options"]["awslogs-group"]), check=(True, bool(own[name]["healthCheck"]["command"])),
        xray=(True, any(one["image"].startswith("public.ecr.aws/xray/") for one in own.values())),
    )


@ROWS.of("aws ecs register-task-definition --cli-input-json file://aws/task-definitions/backend-flask.json", "add the xray container")
def backend_definition(aws):
    return registered(aws, BACKEND, 4567)


@ROWS.of("aws ecs register-task-definition --cli-input-json file://aws/task-definitions/frontend-react-js.json")
def frontend_definition(aws):
    return registered(aws, FRONTEND, 3000)


@ROWS.of("aws elbv2 create-load-balancer --name cruddur-alb", "aws elbv2 create-listener --port 80 (redirect to 443)")
def load_balancer(aws):
    found, listeners, _ = balancer(aws, "cruddur-web")
    action = listeners[80]["DefaultActions"][0]
    redirect = action["RedirectConfig"]
    return differs(
        state=("active", found["State"]["Code"]), scheme=("internet-facing", found["Scheme"]),
        redirect=(("redirect", "443", "HTTPS", "HTTP_301"), (action["Type"], redirect["Port"], redirect["Protocol"], redirect["StatusCode"])),
    )


@ROWS.of("aws elbv2 create-listener --port 443 --certificates …", "aws elbv2 create-rule --conditions host api.cruddur.example")
def https(aws):
    _, listeners, rules = balancer(aws, "cruddur-web")
    rule = rules[443]["10"]
    groups = {one["TargetGroupName"]: one["TargetGroupArn"] for one in aws.elbv2.describe_target_groups()["TargetGroups"]}
    return differs(
        certificate=(certificate(aws, DOMAIN)["CertificateArn"], listeners[443]["Certificates"][0]["CertificateArn"]),
        default=(groups["cruddur-frontend"], listeners[443]["DefaultActions"][0]["TargetGroupArn"]),
        host=([f"api.{DOMAIN}"], rule["Conditions"][0]["HostHeaderConfig"]["Values"]),
        api=(groups["cruddur-backend"], rule["Actions"][0]["TargetGroupArn"]),
    )


@ROWS.of("aws elbv2 create-target-group --name cruddur-backend-flask-tg --health-check-path /api/health-check", "aws elbv2 describe-target-health")
def target_groups(aws):
    found = {one["TargetGroupName"]: one for one in aws.elbv2.describe_target_groups()["TargetGroups"]}
    backend, frontend = found["cruddur-backend"], found["cruddur-frontend"]
    return differs(
        backend=(("HTTP", 4567, "ip", "/api/health-check"), tuple(backend[key] for key in ("Protocol", "Port", "TargetType", "HealthCheckPath"))),
        frontend=(("HTTP", 3000, "ip", "/"), tuple(frontend[key] for key in ("Protocol", "Port", "TargetType", "HealthCheckPath"))),
        healthy=((1, 1), (healthy(aws, "cruddur-backend"), healthy(aws, "cruddur-frontend"))),
    )


@ROWS.of("aws acm request-certificate --domain-name cruddur.example --validation-method DNS", "create the CNAME record in Route 53")
def issued(aws):
    found = certificate(aws, DOMAIN)
    proof = found["DomainValidationOptions"][0]["ResourceRecord"]
    record = records(aws, DOMAIN)[(proof["Name"].rstrip("."), proof["Type"])]
    return differs(
        status=("ISSUED", found["Status"]), names=({DOMAIN, f"*.{DOMAIN}"}, set(found["SubjectAlternativeNames"])),
        record=(proof["Value"].rstrip("."), record["ResourceRecords"][0]["Value"].rstrip(".")),
    )


@ROWS.of("aws route53 change-resource-record-sets (cruddur.example and api.cruddur.example to the load balancer)")
def names(aws):
    found, where = records(aws, DOMAIN), balancer(aws, "cruddur-web")[0]["DNSName"]
    leads = {name: found[(name, "A")]["AliasTarget"]["DNSName"].rstrip(".").removeprefix("dualstack.") for name in (DOMAIN, f"api.{DOMAIN}")}
    return differs(leads=({name: where for name in leads}, leads))


def runs(aws, name, group_name):
    found = service(aws, CLUSTER, name)
    network = found["networkConfiguration"]["awsvpcConfiguration"]
    connect = found["deployments"][0]["serviceConnectConfiguration"]
    return differs(
        running=((1, 1), (found["desiredCount"], found["runningCount"])), rollout=("COMPLETED", found["deployments"][0]["rolloutState"]),
        fargate=("FARGATE", found["launchType"]), exec=(True, found["enableExecuteCommand"]), public=("ENABLED", network["assignPublicIp"]),
        groups=([group(aws, "cruddur-service")["GroupId"]], network["securityGroups"]), connect=(True, connect["enabled"]),
        balanced=(group_name, found["loadBalancers"][0]["targetGroupArn"].split("/")[1]),
    )


@ROWS.of("aws ecs create-service --cli-input-json file://aws/json/service-backend-flask.json")
def backend(aws):
    connect = service(aws, CLUSTER, BACKEND)["deployments"][0]["serviceConnectConfiguration"]
    named = [(one["portName"], one["clientAliases"][0]["port"]) for one in connect["services"]]
    return runs(aws, BACKEND, "cruddur-backend") + differs(names=([(BACKEND, 4567)], named))


@ROWS.of("aws ecs create-service --cli-input-json file://aws/json/service-frontend-react-js.json")
def frontend(aws):
    return runs(aws, FRONTEND, "cruddur-frontend")


@ROWS.of("aws ecs list-tasks", "aws ecs execute-command --container backend-flask --command /bin/bash --interactive")
def shell(aws):
    task = only(aws.ecs.list_tasks(cluster=CLUSTER, serviceName=BACKEND)["taskArns"])
    found = only(aws.ecs.describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"])
    agents = {one["name"]: one.get("managedAgents", []) for one in found["containers"]}
    agent = [one["lastStatus"] for one in agents[BACKEND] if one["name"] == "ExecuteCommandAgent"]
    session = aws.ecs.execute_command(cluster=CLUSTER, task=task, container=BACKEND, command="/bin/sh", interactive=True)
    return differs(health=("HEALTHY", found["healthStatus"]), agent=(["RUNNING"], agent), session=(True, "streamUrl" in session["session"]))


@ROWS.of("aws logs tail /cruddur/fargate")
def events(aws):
    streams = aws.logs.describe_log_streams(logGroupName="/cruddur/fargate")["logStreams"]
    starts = {one["logStreamName"].split("/")[0] for one in streams}
    lines = [
        event for one in streams
        for event in aws.logs.get_log_events(logGroupName="/cruddur/fargate", logStreamName=one["logStreamName"])["events"]
    ]
    return lacks("streams", [BACKEND, FRONTEND], starts) + differs(lines=(True, bool(lines)))


@ROWS.of("aws application-autoscaling register-scalable-target", "aws application-autoscaling put-scaling-policy (cpu)")
def scaled(aws):
    target, policies = scaling(aws, f"service/{CLUSTER}/{BACKEND}")
    tracked = only(policies)["TargetTrackingScalingPolicyConfiguration"]
    metric = tracked["PredefinedMetricSpecification"]["PredefinedMetricType"]
    return differs(
        limits=((1, 4), (target["MinCapacity"], target["MaxCapacity"])), metric=(("ECSServiceAverageCPUUtilization", 60.0), (metric, tracked["TargetValue"])),
    )
