//! What becomes of tasks that packets do not reach, and of tasks whose own packets reach nobody.

use serde_json::{Value, json};

use super::{Scene, behind};
use crate::services::elb;
use crate::world::World;

const ANYWHERE: &str = "0.0.0.0/0";

impl Scene {
    fn vpc(&self) -> Value {
        self.lab.ok("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"].clone()
    }

    /// A group that lets everything out and nothing in.
    fn group(&self, name: &str) -> Value {
        let made = json!({ "GroupName": name, "Description": "x", "VpcId": self.vpc() });
        self.lab.ok("ec2.CreateSecurityGroup", made)["GroupId"].clone()
    }

    /// Adds or takes a rule for TCP from anywhere into a group.
    fn rule(&self, operation: &str, group: &Value, port: u16) {
        let rule =
            json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{ "CidrIp": ANYWHERE }] });
        self.lab.ok(&format!("ec2.{operation}"), json!({ "GroupId": group, "IpPermissions": [rule] }));
    }

    /// Lets nothing out of a group any more.
    fn shut(&self, group: &Value) {
        let all = json!([{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": ANYWHERE }] }]);
        self.lab.ok("ec2.RevokeSecurityGroupEgress", json!({ "GroupId": group, "IpPermissions": all }));
    }

    fn network_of(&self, group: &Value, public: &str) -> Value {
        json!({ "networkConfiguration": { "awsvpcConfiguration":
            { "subnets": self.lab.subnets(), "securityGroups": [group], "assignPublicIp": public } } })
    }

    /// What the load balancer says of the only target of a group: state, reason, description.
    fn target(&self, group: &str) -> (Value, Value, Value) {
        let read = self.lab.ok("elbv2.DescribeTargetHealth", json!({ "TargetGroupArn": group }));
        let alive = |it: &&Value| it["TargetHealth"]["State"] != "draining";
        let health = read["TargetHealthDescriptions"].as_array().into_iter().flatten().find(alive).cloned();
        let health = health.map(|it| it["TargetHealth"].clone()).unwrap_or_default();
        (health["State"].clone(), health["Reason"].clone(), health["Description"].clone())
    }

    /// Why the last stopped task of `web` stopped.
    fn why(&self) -> String {
        let stopped = self.tasks("web", "STOPPED");
        let at = |task: &&Value| task["createdAt"].as_f64().map(f64::to_bits);
        let last = stopped.iter().max_by_key(at);
        last.and_then(|task| task["stoppedReason"].as_str()).unwrap_or_default().to_owned()
    }

    fn rollout(&self) -> Value {
        self.service("web")["deployments"][0]["rolloutState"].clone()
    }

    /// Makes `web` with a container like this in a network like that, and lets three minutes pass.
    fn started(&self, container: Value, network: Value) {
        self.define_with("web", container, role(self));
        self.create("web", 1, network);
        self.lab.pass(200);
    }
}

fn role(scene: &Scene) -> Value {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    scene.lab.ok("iam.CreateRole", json!({ "RoleName": "exec", "AssumeRolePolicyDocument": trust }));
    let policy = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    scene.lab.ok("iam.AttachRolePolicy", json!({ "RoleName": "exec", "PolicyArn": policy }));
    let read = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Resource": "*",
        "Action": ["ssm:GetParameters", "secretsmanager:GetSecretValue"] }] });
    let input = json!({ "RoleName": "exec", "PolicyName": "read", "PolicyDocument": read.to_string() });
    scene.lab.ok("iam.PutRolePolicy", input);
    scene.lab.pass(60);
    json!({ "executionRoleArn": "arn:aws:iam::123456789012:role/exec" })
}

fn merged(one: Value, more: Value) -> Value {
    let mut all = one;
    super::merge(&mut all, more);
    all
}

#[test]
fn a_group_that_is_closed_to_the_load_balancer_keeps_targets_unhealthy() {
    let scene = Scene::new();
    let (_, target, _) = scene.balanced();
    let group = scene.group("closed");
    let breaker = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } });
    let more = merged(behind(&target), scene.network_of(&group, "ENABLED"));
    scene.create(
        "web",
        1,
        merged(more, json!({ "deploymentConfiguration": breaker, "healthCheckGracePeriodSeconds": 120 })),
    );
    scene.lab.pass(120);
    assert_eq!(scene.target(&target), (json!("unhealthy"), json!("Target.Timeout"), json!("Request timed out")));
    scene.lab.pass(60);
    assert_eq!(scene.why(), format!("Task failed ELB health checks in (target-group {target})"));
    let told = format!("(port 80) is unhealthy in (target-group {target}) due to (reason Request timed out).");
    assert!(scene.events("web").contains(&told), "{:?}", scene.events("web"));
    scene.lab.pass(1500);
    assert_eq!(scene.rollout(), "FAILED");
    scene.rule("AuthorizeSecurityGroupIngress", &group, 80);
    scene.update("web", json!({ "forceNewDeployment": true }));
    scene.lab.pass(300);
    assert_eq!((scene.rollout(), scene.target(&target).0), (json!("COMPLETED"), json!("healthy")));
}

#[test]
fn a_revision_in_a_closed_group_is_rolled_back() {
    let scene = Scene::new();
    let (_, target, _) = scene.balanced();
    let (open, closed) = (scene.group("open"), scene.group("closed"));
    scene.rule("AuthorizeSecurityGroupIngress", &open, 80);
    let breaker = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } });
    let more = merged(behind(&target), scene.network_of(&open, "ENABLED"));
    scene.create("web", 1, merged(more, json!({ "deploymentConfiguration": breaker })));
    scene.lab.pass(300);
    assert_eq!(scene.rollout(), "COMPLETED");
    scene.update("web", scene.network_of(&closed, "ENABLED"));
    scene.lab.pass(2000);
    assert_eq!(scene.deployment("web")["status"], "ROLLBACK_SUCCESSFUL");
    let vpc = scene.service("web")["networkConfiguration"]["awsvpcConfiguration"].clone();
    assert_eq!((&vpc["securityGroups"], scene.target(&target).0), (&json!([open]), json!("healthy")));
}

#[test]
fn targets_follow_rules_that_change_later() {
    let scene = Scene::new();
    let (_, target, _) = scene.balanced();
    let group = scene.group("g");
    scene.rule("AuthorizeSecurityGroupIngress", &group, 80);
    scene.create("web", 1, merged(behind(&target), scene.network_of(&group, "ENABLED")));
    scene.lab.pass(300);
    assert_eq!(scene.target(&target).0, "healthy");
    scene.rule("RevokeSecurityGroupIngress", &group, 80);
    scene.lab.pass(20);
    assert_eq!(scene.target(&target).0, "healthy", "one check that fails is not enough");
    scene.rule("AuthorizeSecurityGroupIngress", &group, 80);
    scene.lab.pass(300);
    assert_eq!((scene.target(&target).0, scene.tasks("web", "STOPPED").len()), (json!("healthy"), 0));
    scene.rule("RevokeSecurityGroupIngress", &group, 80);
    scene.lab.pass(90);
    assert_eq!(scene.why(), format!("Task failed ELB health checks in (target-group {target})"), "it is replaced");
    scene.lab.pass(600);
    assert_ne!(scene.target(&target).0, "healthy");
    scene.rule("AuthorizeSecurityGroupIngress", &group, 80);
    scene.lab.pass(2000);
    assert_eq!(scene.target(&target).0, "healthy");
    assert_eq!(scene.service("web")["runningCount"], 1);
}

#[test]
fn a_port_where_nothing_listens_fails_the_check() {
    let scene = Scene::new();
    let (_, target, _) = scene.balanced();
    let group = scene.group("g");
    scene.rule("AuthorizeSecurityGroupIngress", &group, 80);
    scene.rule("AuthorizeSecurityGroupIngress", &group, 9000);
    scene.create("web", 1, merged(behind(&target), scene.network_of(&group, "ENABLED")));
    scene.lab.pass(300);
    let check = |port: &str| {
        scene.lab.ok("elbv2.ModifyTargetGroup", json!({ "TargetGroupArn": target, "HealthCheckPort": port }));
    };
    check("9000");
    scene.lab.pass(62);
    let told = format!("(port 80) is unhealthy in (target-group {target}) due to (reason Health checks failed).");
    scene.lab.pass(30);
    assert!(scene.events("web").contains(&told), "{:?}", scene.events("web"));
    scene.lab.pass(62);
    check("traffic-port");
    scene.lab.pass(2000);
    assert_eq!(scene.target(&target).0, "healthy");
}

#[test]
fn traffic_needs_its_own_port_whatever_is_checked() {
    let scene = Scene::new();
    let (_, target, _) = scene.balanced();
    let group = scene.group("g");
    let ports = json!([{ "containerPort": 80 }, { "containerPort": 9000 }]);
    scene.define_with("web", json!({ "portMappings": ports }), json!({}));
    scene.lab.ok("elbv2.ModifyTargetGroup", json!({ "TargetGroupArn": target, "HealthCheckPort": "9000" }));
    scene.rule("AuthorizeSecurityGroupIngress", &group, 9000);
    scene.create("web", 1, merged(behind(&target), scene.network_of(&group, "ENABLED")));
    scene.lab.pass(300);
    assert_eq!((scene.target(&target).0, scene.rollout()), (json!("healthy"), json!("COMPLETED")));
    let balancer =
        scene.lab.ok("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"][0]["LoadBalancerArn"].clone();
    let asked = || {
        let place = scene.lab.place.clone();
        let arn = balancer.as_str().expect("an ARN");
        let answer = |world: &mut World| elb::answer(world.region(&place), arn, 80, "web.example", "/");
        scene.lab.sim.with_world(answer).map(|answered| answered.status)
    };
    assert_eq!(asked(), Some(504));
    scene.rule("AuthorizeSecurityGroupIngress", &group, 80);
    assert_eq!(asked(), Some(200));
}

#[test]
fn a_task_without_a_public_address_pulls_nothing_through_an_internet_gateway() {
    let scene = Scene::new();
    let group = scene.group("g");
    scene.create("web", 1, scene.network_of(&group, "DISABLED"));
    scene.lab.pass(60);
    assert_eq!(scene.tasks("web", "RUNNING")[0]["lastStatus"], "PENDING", "it tries");
    scene.lab.pass(240);
    let why = scene.why();
    let start = "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref \
                 docker.io/library/nginx:1.27: failed to do request: Head \
                 \"https://registry-1.docker.io/v2/library/nginx/manifests/1.27\": dial tcp ";
    assert!(why.starts_with(start) && why.ends_with(":443: i/o timeout"), "{why}");
    // With a NAT gateway in a subnet of its own it comes up, without anybody's asking.
    let vpc = scene.vpc();
    let subnets = scene.lab.subnets();
    let address = scene.lab.ok("ec2.AllocateAddress", json!({}))["AllocationId"].clone();
    let made = json!({ "VpcId": vpc, "CidrBlock": "172.31.200.0/24" });
    let public = scene.lab.ok("ec2.CreateSubnet", made)["Subnet"]["SubnetId"].clone();
    let made = json!({ "SubnetId": public, "AllocationId": address });
    let nat = scene.lab.ok("ec2.CreateNatGateway", made)["NatGateway"]["NatGatewayId"].clone();
    let table = scene.lab.ok("ec2.CreateRouteTable", json!({ "VpcId": vpc }))["RouteTable"]["RouteTableId"].clone();
    let route = json!({ "RouteTableId": table, "DestinationCidrBlock": ANYWHERE, "NatGatewayId": nat });
    scene.lab.ok("ec2.CreateRoute", route);
    for subnet in subnets {
        scene.lab.ok("ec2.AssociateRouteTable", json!({ "RouteTableId": table, "SubnetId": subnet }));
    }
    scene.lab.pass(1800);
    assert_eq!(scene.rollout(), "COMPLETED");
}

#[test]
fn a_task_that_gets_a_way_while_it_tries_starts() {
    let scene = Scene::new();
    let group = scene.group("g");
    scene.shut(&group);
    scene.create("web", 1, scene.network_of(&group, "ENABLED"));
    scene.lab.pass(60);
    scene.rule("AuthorizeSecurityGroupEgress", &group, 443);
    scene.lab.pass(250);
    assert_eq!((scene.rollout(), scene.tasks("web", "STOPPED").len()), (json!("COMPLETED"), 0));
}

#[test]
fn secrets_and_parameters_need_a_way_too() {
    let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf";
    let cases = [
        (
            secret,
            format!(
                "unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret {secret} from secrets manager: "
            ),
        ),
        ("/db/password", "unable to retrieve secrets from ssm: service call has been retried 5 time(s): ".to_owned()),
    ];
    for (from, said) in cases {
        let scene = Scene::new();
        let group = scene.group("g");
        scene.shut(&group);
        scene.started(json!({ "secrets": [{ "name": "DB", "valueFrom": from }] }), scene.network_of(&group, "ENABLED"));
        let expected = format!(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
             {said}RequestCanceled: request context canceled caused by: context deadline exceeded. Please check your task \
             network configuration."
        );
        assert_eq!(scene.why(), expected);
    }
}

#[test]
fn an_image_of_ecr_needs_its_two_endpoints_and_that_of_s3() {
    let scene = Scene::new();
    let (group, door) = (scene.group("g"), scene.group("door"));
    scene.rule("AuthorizeSecurityGroupIngress", &door, 443);
    scene.lab.ok("ecr.CreateRepository", json!({ "repositoryName": "web" }));
    let vpc = scene.vpc();
    let main = json!({ "Filters": [{ "Name": "vpc-id", "Values": [vpc] }] });
    let table = scene.lab.ok("ec2.DescribeRouteTables", main)["RouteTables"][0]["RouteTableId"].clone();
    scene.lab.ok("ec2.DeleteRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": ANYWHERE }));
    let endpoint = |kind: &str, service: &str, more: Value| {
        let made = json!({ "VpcId": vpc, "VpcEndpointType": kind, "ServiceName": format!("com.amazonaws.us-east-1.{service}") });
        scene.lab.ok("ec2.CreateVpcEndpoint", merged(made, more));
        scene.lab.pass(2000);
    };
    let place = json!({ "SubnetIds": scene.lab.subnets(), "SecurityGroupIds": [door] });
    let image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1";
    scene.started(json!({ "image": image }), scene.network_of(&group, "DISABLED"));
    let why = scene.why();
    let start = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
                 unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request \
                 failed caused by: Post \"https://api.ecr.us-east-1.amazonaws.com/\": dial tcp ";
    let end = ":443: i/o timeout. Please check your task network configuration.";
    assert!(why.starts_with(start) && why.ends_with(end), "{why}");
    endpoint("Interface", "ecr.api", place.clone());
    let why = scene.why();
    assert!(why.contains(&format!("failed to resolve ref {image}: failed to do request: Head")), "{why}");
    endpoint("Interface", "ecr.dkr", place);
    let why = scene.why();
    let bucket = "Get \"https://prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com/\": dial tcp ";
    assert!(
        why.starts_with("CannotPullContainerError: ref pull has been retried 5 time(s)") && why.contains(bucket),
        "{why}"
    );
    endpoint("Gateway", "s3", json!({ "RouteTableIds": [table] }));
    assert_eq!(scene.rollout(), "COMPLETED");
}

#[test]
fn a_log_that_is_out_of_reach_stops_the_task() {
    let scene = Scene::new();
    let group = scene.group("g");
    scene.lab.ok("logs.CreateLogGroup", json!({ "logGroupName": "/shop/web" }));
    // The image comes from an address that the group allows, which that of CloudWatch Logs is not.
    scene.shut(&group);
    let hub = crate::services::ec2::reach::address_of("registry-1.docker.io");
    let rule =
        json!({ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{ "CidrIp": format!("{hub}/32") }] });
    scene.lab.ok("ec2.AuthorizeSecurityGroupEgress", json!({ "GroupId": group, "IpPermissions": [rule] }));
    let options =
        json!({ "awslogs-group": "/shop/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs" });
    let log = json!({ "logConfiguration": { "logDriver": "awslogs", "options": options } });
    scene.started(log, scene.network_of(&group, "ENABLED"));
    let why = scene.why();
    let start = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed \
                 to create Cloudwatch log stream: RequestError: send request failed caused by: Post \
                 \"https://logs.us-east-1.amazonaws.com/\": dial tcp ";
    assert!(why.starts_with(start) && why.ends_with(":443: i/o timeout : exit status 1"), "{why}");
}
