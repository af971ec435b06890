"""flask-todo: each step of its journal and what reads back what it made.

Decides what a step leaves behind in AWS. Must not know how evenkeel makes it.
"""

from rows import (
    Rows, balancer, certificate, definition, differs, group, healthy, lacks, only, openings, records, role, scaling, service,
)

REGION = "eu-central-1"
ROWS = Rows()
CLUSTER, SERVICE, DOMAIN = "flask-todo", "flask-todo-service", "todo.example"


@ROWS.of("aws ecr create-repository --repository-name flask-todo", "docker push …/flask-todo:latest", "keep only the last five images")
def repository(aws):
    images = aws.ecr.describe_images(repositoryName="flask-todo", imageIds=[{"imageTag": "latest"}])["imageDetails"]
    policy = aws.ecr.get_lifecycle_policy(repositoryName="flask-todo")["lifecyclePolicyText"]
    return differs(images=(1, len(images)), keep=(True, '"countNumber":5' in policy.replace(" ", "")))


@ROWS.of("aws secretsmanager create-secret --name flask-todo/DB_PWD")
def secret(aws):
    value = aws.secretsmanager.get_secret_value(SecretId="flask-todo/DB_PWD")["SecretString"]
    return differs(length=(30, len(value)))


@ROWS.of("aws rds create-db-instance --db-instance-identifier flask-todo-db --engine postgres")
def database(aws):
    found = only(aws.rds.describe_db_instances(DBInstanceIdentifier="flask-todo-db")["DBInstances"])
    return differs(
        state=(("postgres", "available", False), tuple(found[key] for key in ("Engine", "DBInstanceStatus", "PubliclyAccessible"))),
        name=(("flask_todo", "flask_todo"), (found["DBName"], found["MasterUsername"])),
    )


@ROWS.of("security groups: world to load balancer, load balancer to containers, containers to database")
def groups(aws):
    elb, ecs, db = (group(aws, f"flask-todo-{name}-sg") for name in ("elb", "ecs", "db"))
    return differs(
        elb=({(80, "0.0.0.0/0"), (443, "0.0.0.0/0")}, openings(elb)), ecs=({(5000, elb["GroupId"])}, openings(ecs)),
        db=({(5432, ecs["GroupId"])}, openings(db)),
    )


@ROWS.of("aws iam create-role --role-name ecsTaskExecutionRole", "let it read the secret")
def execution_role(aws):
    name = definition(aws, CLUSTER, SERVICE)[0]["executionRoleArn"].rpartition("/")[2]
    trusted, attached, allowed = role(aws, name)
    return differs(trusted=(["ecs-tasks.amazonaws.com"], trusted)) + lacks(
        "policies", ["AmazonECSTaskExecutionRolePolicy"], attached
    ) + lacks("actions", ["secretsmanager:GetSecretValue"], allowed)


@ROWS.of("aws ecs create-cluster --cluster-name flask-todo", "aws ecs create-service --service-name flask-todo-service")
def running(aws):
    found = service(aws, CLUSTER, SERVICE)
    return differs(
        running=((1, 1), (found["desiredCount"], found["runningCount"])), rollout=("COMPLETED", found["deployments"][0]["rolloutState"]),
    )


@ROWS.of("aws ecs register-task-definition --family flask-todo", "pass DB_HOST and DB_PWD")
def registered(aws):
    found, containers = definition(aws, CLUSTER, SERVICE)
    own = containers["flask-todo"]
    values = {one["name"]: one["value"] for one in own["environment"]}
    endpoint = aws.rds.describe_db_instances(DBInstanceIdentifier="flask-todo-db")["DBInstances"][0]["Endpoint"]["Address"]
    named = {one["name"]: one["valueFrom"] for one in own["secrets"]}["DB_PWD"]
    arn = aws.secretsmanager.describe_secret(SecretId="flask-todo/DB_PWD")["ARN"]
    return differs(
        family=("flask-todo", found["family"]), host=(endpoint, values["DB_HOST"]), secret=(arn, named),
        image=(True, own["image"].endswith("/flask-todo:latest")),
    )


@ROWS.of("aws elbv2 create-load-balancer --name flask-todo-elb", "aws elbv2 create-target-group --name flask-todo-tg", "https listener")
def load_balancer(aws):
    _, listeners, _ = balancer(aws, "flask-todo-elb")
    return differs(
        protocols=({80: "HTTP", 443: "HTTPS"}, {port: one["Protocol"] for port, one in listeners.items()}),
        redirect=("redirect", listeners[80]["DefaultActions"][0]["Type"]),
        certificate=(certificate(aws, DOMAIN)["CertificateArn"], listeners[443]["Certificates"][0]["CertificateArn"]),
        healthy=(1, healthy(aws, "flask-todo-tg")),
    )


@ROWS.of("aws route53 create-hosted-zone --name todo.example", "alias record to the load balancer", "aws acm request-certificate")
def names(aws):
    found, where = records(aws, DOMAIN), balancer(aws, "flask-todo-elb")[0]["DNSName"]
    leads = found[(DOMAIN, "A")]["AliasTarget"]["DNSName"].rstrip(".").removeprefix("dualstack.")
    return differs(alias=(where, leads), servers=(4, len(found[(DOMAIN, "NS")]["ResourceRecords"])), issued=("ISSUED", certificate(aws, DOMAIN)["Status"]))


@ROWS.of("aws application-autoscaling put-scaling-policy (requests per target)")
def scaled(aws):
    target, policies = scaling(aws, f"service/{CLUSTER}/{SERVICE}")
    tracked = only(policies)["TargetTrackingScalingPolicyConfiguration"]
    metric = tracked["PredefinedMetricSpecification"]["PredefinedMetricType"]
    return differs(
        limits=((1, 3), (target["MinCapacity"], target["MaxCapacity"])), metric=(("ALBRequestCountPerTarget", 500.0), (metric, tracked["TargetValue"])),
    )


@ROWS.of("aws logs create-log-group --log-group-name /ecs/flask-todo")
def log_group(aws):
    found = only(aws.logs.describe_log_groups(logGroupNamePrefix="/ecs/flask-todo")["logGroups"])
    return differs(retention=(14, found["retentionInDays"]))
