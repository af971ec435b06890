//! Tests of services and tasks, against the simulated services around them. `Scene` sets up what nearly every one needs.

mod deployments;
mod failures;
mod network;
mod refusals;
mod services;
mod standalone;

use serde_json::{Map, Value, json};

use crate::lab::Lab;

/// A cluster `shop` with the Fargate providers and a task definition `web`.
struct Scene {
    lab: Lab,
}

impl Scene {
    fn new() -> Self {
        let lab = Lab::new();
        lab.ok("ecs.CreateCluster", json!({ "clusterName": "shop", "capacityProviders": ["FARGATE", "FARGATE_SPOT"] }));
        let scene = Self { lab };
        scene.define("web", "nginx:1.27");
        scene
    }

    /// Registers a revision with one container `app` on port 80.
    fn define(&self, family: &str, image: &str) -> String {
        self.define_with(family, json!({ "image": image }), json!({}))
    }

    /// The same with further members of the container and of the task definition.
    fn define_with(&self, family: &str, container: Value, more: Value) -> String {
        let mut app = json!({ "name": "app", "image": "nginx:1.27", "essential": true,
            "portMappings": [{ "containerPort": 80, "hostPort": 80, "protocol": "tcp", "name": "http" }] });
        merge(&mut app, container);
        let mut all = json!({ "family": family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512", "containerDefinitions": [app] });
        merge(&mut all, more);
        let reply = self.lab.ok("ecs.RegisterTaskDefinition", all);
        reply["taskDefinition"]["taskDefinitionArn"].as_str().expect("an ARN").to_owned()
    }

    fn network(&self) -> Value {
        json!({ "awsvpcConfiguration": { "subnets": self.lab.subnets(), "assignPublicIp": "ENABLED" } })
    }

    /// The same network without public addresses.
    fn private(&self) -> Value {
        json!({ "awsvpcConfiguration": { "subnets": self.lab.subnets() } })
    }

    /// What a usual CreateService asks for, with changes.
    fn wanted(&self, name: &str, count: i64, more: Value) -> Value {
        let mut all = json!({ "cluster": "shop", "serviceName": name, "taskDefinition": "web", "desiredCount": count,
            "launchType": "FARGATE", "networkConfiguration": self.network() });
        merge(&mut all, more);
        all
    }

    /// Makes a service.
    fn create(&self, name: &str, count: i64, more: Value) -> Value {
        self.lab.ok("ecs.CreateService", self.wanted(name, count, more))["service"].clone()
    }

    fn update(&self, name: &str, more: Value) -> Value {
        let mut all = json!({ "cluster": "shop", "service": name });
        merge(&mut all, more);
        self.lab.ok("ecs.UpdateService", all)["service"].clone()
    }

    /// Why an update is refused.
    fn update_refused(&self, name: &str, more: Value) -> String {
        let mut all = json!({ "cluster": "shop", "service": name, "forceNewDeployment": true });
        merge(&mut all, more);
        self.lab.refused("ecs.UpdateService", all).message
    }

    fn service(&self, name: &str) -> Value {
        let reply = self.lab.ok("ecs.DescribeServices", json!({ "cluster": "shop", "services": [name] }));
        reply["services"][0].clone()
    }

    /// The last service deployment of a service.
    fn deployment(&self, name: &str) -> Value {
        let arn = self.service(name)["currentServiceDeployment"].clone();
        let reply = self.lab.ok("ecs.DescribeServiceDeployments", json!({ "serviceDeploymentArns": [arn] }));
        reply["serviceDeployments"][0].clone()
    }

    /// The tasks of a service, by their desired status.
    fn tasks(&self, name: &str, desired: &str) -> Vec<Value> {
        let listed = json!({ "cluster": "shop", "serviceName": name, "desiredStatus": desired });
        let arns = self.lab.ok("ecs.ListTasks", listed)["taskArns"].clone();
        if arns.as_array().is_none_or(Vec::is_empty) {
            return Vec::new();
        }
        let reply = self.lab.ok("ecs.DescribeTasks", json!({ "cluster": "shop", "tasks": arns }));
        reply["tasks"].as_array().cloned().unwrap_or_default()
    }

    /// The texts of the events of a service, oldest first, without the name.
    fn events(&self, name: &str) -> Vec<String> {
        let service = self.service(name);
        let events = service["events"].as_array().cloned().unwrap_or_default();
        let prefix = format!("(service {name}) ");
        let text = |event: &Value| event["message"].as_str().unwrap_or_default().trim_start_matches(&prefix).to_owned();
        events.iter().rev().map(text).collect()
    }

    /// A target group behind a listener; the listener and the group, and a second group.
    fn balanced(&self) -> (String, String, String) {
        let subnets = self.lab.subnets();
        let vpc = self.lab.ok("ec2.DescribeSubnets", json!({}))["Subnets"][0]["VpcId"].clone();
        let group = |name: &str| {
            let made = json!({ "Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip" });
            let reply = self.lab.ok("elbv2.CreateTargetGroup", made);
            let arn = reply["TargetGroups"][0]["TargetGroupArn"].as_str().expect("an ARN").to_owned();
            let delay = json!([{ "Key": "deregistration_delay.timeout_seconds", "Value": "30" }]);
            self.lab.ok("elbv2.ModifyTargetGroupAttributes", json!({ "TargetGroupArn": arn, "Attributes": delay }));
            arn
        };
        let (blue, green) = (group("blue"), group("green"));
        let reply = self.lab.ok("elbv2.CreateLoadBalancer", json!({ "Name": "web", "Subnets": subnets }));
        let balancer = reply["LoadBalancers"][0]["LoadBalancerArn"].clone();
        let groups = json!([{ "TargetGroupArn": blue, "Weight": 100 }, { "TargetGroupArn": green, "Weight": 0 }]);
        let action = json!({ "Type": "forward", "ForwardConfig": { "TargetGroups": groups } });
        let listener =
            json!({ "LoadBalancerArn": balancer, "Port": 80, "Protocol": "HTTP", "DefaultActions": [action] });
        let reply = self.lab.ok("elbv2.CreateListener", listener);
        // The load balancer is provisioned.
        self.lab.pass(300);
        (reply["Listeners"][0]["ListenerArn"].as_str().expect("an ARN").to_owned(), blue, green)
    }
}

fn merge(into: &mut Value, more: Value) {
    let more: Map<String, Value> = more.as_object().cloned().unwrap_or_default();
    for (name, value) in more {
        into[name] = value;
    }
}

fn behind(group: &str) -> Value {
    json!({ "loadBalancers": [{ "targetGroupArn": group, "containerName": "app", "containerPort": 80 }] })
}
