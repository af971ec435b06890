//! What many stacks use and one team owns: a cluster, a load balancer with its listeners, target groups, log groups, repositories. Made by
//! requests, as its owner would. Listeners answer 404 until somebody adds rules to them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Choice, Network};
use crate::services;
use crate::world::{Place, World};

/// What is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Clusters, by name.
    pub clusters: BTreeSet<String>,
    /// Log groups, by name.
    pub log_groups: BTreeSet<String>,
    /// Repositories, by name.
    pub repositories: BTreeSet<String>,
    /// Load balancers.
    pub balancers: Vec<One>,
    /// Target groups.
    pub target_groups: Vec<One>,
}

/// A load balancer or a target group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct One {
    /// Its name; any, if none is given.
    pub name: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Of a load balancer: the ports that it listens on.
    pub ports: BTreeSet<u16>,
    /// Of a target group: whether a load balancer forwards to it.
    pub fronted: bool,
}

/// What something is called that is chosen by its tags.
const ANY: &str = "shared";
/// How many security groups a network interface may have.
const MOST_GROUPS: usize = 5;

impl Shared {
    /// Adds what is missing; returns what was added, in words.
    pub(super) fn provide(&self, world: &mut World, place: &Place, network: Option<&Network>) -> Vec<String> {
        let mut made = Vec::new();
        let ask = |world: &mut World, service: &str, operation: &str, input: Value| {
            services::call(world, place, service, operation, input)
        };
        for name in &self.clusters {
            let found = ask(world, "ecs", "DescribeClusters", json!({ "clusters": [name] })).unwrap_or_default();
            let active = found["clusters"][0]["status"] == "ACTIVE";
            let input = json!({ "clusterName": name, "capacityProviders": ["FARGATE", "FARGATE_SPOT"] });
            if !active && ask(world, "ecs", "CreateCluster", input).is_ok() {
                made.push(format!("cluster {name}"));
            }
        }
        for name in &self.log_groups {
            if ask(world, "logs", "CreateLogGroup", json!({ "logGroupName": name })).is_ok() {
                made.push(format!("log group {name}"));
            }
        }
        for name in &self.repositories {
            if ask(world, "ecr", "CreateRepository", json!({ "repositoryName": name })).is_ok() {
                made.push(format!("repository {name}"));
            }
        }
        if self.balancers.is_empty() && self.target_groups.is_empty() {
            return made;
        }
        let (vpc, subnets) = room(world, place, network);
        let groups = doors(world, place, network.map_or(&[][..], |network| &network.groups), &vpc);
        for one in &self.balancers {
            made.extend(balancer(world, place, one, (&subnets, &groups)));
        }
        for one in &self.target_groups {
            made.extend(target_group(world, place, one, (&vpc, &subnets, &groups)));
        }
        made
    }
}

/// The VPC, and a subnet in each zone of it.
fn room(world: &mut World, place: &Place, network: Option<&Network>) -> (String, Vec<String>) {
    let filter = |name: String, values: Vec<String>| json!({ "Name": name, "Values": values });
    let default = Network::default();
    let network = network.unwrap_or(&default);
    let by = |choice: &Choice, id: &str, default: Value| match choice {
        Choice::Default => json!([default]),
        Choice::Ids(ids) => json!([filter(id.to_owned(), ids.clone())]),
        Choice::Tags(tags) => {
            tags.iter().map(|(key, value)| filter(format!("tag:{key}"), vec![value.clone()])).collect()
        }
    };
    let mut list = |operation: &str, filters: Value| {
        services::call(world, place, "ec2", operation, json!({ "Filters": filters })).unwrap_or_default()
    };
    let vpcs =
        list("DescribeVpcs", by(&network.vpc, "vpc-id", filter("is-default".to_owned(), vec!["true".to_owned()])));
    let vpc = vpcs["Vpcs"][0]["VpcId"].as_str().unwrap_or_default().to_owned();
    let in_vpc = filter("vpc-id".to_owned(), vec![vpc.clone()]);
    let subnets = list("DescribeSubnets", by(&network.subnets, "subnet-id", in_vpc));
    let mut zones: BTreeMap<String, String> = BTreeMap::new();
    for subnet in subnets["Subnets"].as_array().into_iter().flatten().filter(|subnet| subnet["VpcId"] == vpc.as_str()) {
        let text = |key: &str| subnet[key].as_str().unwrap_or_default().to_owned();
        zones.entry(text("AvailabilityZone")).or_insert_with(|| text("SubnetId"));
    }
    (vpc, zones.into_values().collect())
}

/// The security groups of load balancers of others: those of others that a stack names, for it admits them, and the VPC's default one.
fn doors(world: &mut World, place: &Place, named: &[String], vpc: &str) -> Vec<String> {
    let filter = json!({ "Filters": [{ "Name": "vpc-id", "Values": [vpc] }] });
    let found = services::call(world, place, "ec2", "DescribeSecurityGroups", filter).unwrap_or_default();
    let text = |group: &Value, key: &str| group[key].as_str().unwrap_or_default().to_owned();
    let wanted = |group: &&Value| {
        let (id, name) = (text(group, "GroupId"), text(group, "GroupName"));
        name == "default" || named.iter().any(|named| *named == id || named.eq_ignore_ascii_case(&name))
    };
    let groups = found["SecurityGroups"].as_array().into_iter().flatten().filter(wanted);
    groups.map(|group| text(group, "GroupId")).take(MOST_GROUPS).collect()
}

/// A request with the tags of what it makes, which must not be an empty list.
fn tagged(one: &One, mut input: Value) -> Value {
    if !one.tags.is_empty() {
        input["Tags"] = one.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    }
    input
}

/// Whether one of these has the name, or all the tags.
fn there(world: &mut World, place: &Place, one: &One, (operation, list, key): (&str, &str, &str)) -> Option<Value> {
    let all = services::call(world, place, "elbv2", operation, json!({})).ok()?;
    let mut all = all[list].as_array().cloned().unwrap_or_default();
    let arn = key.replace("Name", "Arn");
    all.retain(|it| match &one.name {
        Some(name) => it[key] == name.as_str(),
        None => {
            let input = json!({ "ResourceArns": [it[&arn]] });
            let found = services::call(world, place, "elbv2", "DescribeTags", input).unwrap_or_default();
            let own = found["TagDescriptions"][0]["Tags"].as_array().cloned().unwrap_or_default();
            one.tags
                .iter()
                .all(|(key, value)| own.iter().any(|tag| tag["Key"] == key.as_str() && tag["Value"] == value.as_str()))
        }
    });
    all.into_iter().next()
}

fn balancer(world: &mut World, place: &Place, one: &One, (subnets, groups): (&[String], &[String])) -> Option<String> {
    let name = one.name.as_deref().unwrap_or(ANY);
    let found = there(world, place, one, ("DescribeLoadBalancers", "LoadBalancers", "LoadBalancerName"));
    let is_new = found.is_none();
    let found = match found {
        Some(found) => found,
        None => {
            let input = tagged(one, json!({ "Name": name, "Subnets": subnets, "SecurityGroups": groups }));
            services::call(world, place, "elbv2", "CreateLoadBalancer", input).ok()?["LoadBalancers"][0].clone()
        }
    };
    for port in &one.ports {
        let action = json!([{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }]);
        let input = json!({ "LoadBalancerArn": found["LoadBalancerArn"], "Port": port, "Protocol": "HTTP",
            "DefaultActions": action });
        // One that is there already stays as it is.
        drop(services::call(world, place, "elbv2", "CreateListener", input));
    }
    is_new.then(|| format!("load balancer {name}"))
}

fn target_group(
    world: &mut World,
    place: &Place,
    one: &One,
    (vpc, subnets, groups): (&str, &[String], &[String]),
) -> Option<String> {
    let name = one.name.as_deref().unwrap_or(ANY);
    if there(world, place, one, ("DescribeTargetGroups", "TargetGroups", "TargetGroupName")).is_some() {
        return None;
    }
    let input = tagged(one, json!({ "Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip" }));
    let made = services::call(world, place, "elbv2", "CreateTargetGroup", input).ok()?["TargetGroups"][0].clone();
    if one.fronted {
        let input = json!({ "Name": format!("{name:.26}-front"), "Subnets": subnets, "SecurityGroups": groups });
        let front =
            services::call(world, place, "elbv2", "CreateLoadBalancer", input).ok()?["LoadBalancers"][0].clone();
        let action = json!([{ "Type": "forward", "TargetGroupArn": made["TargetGroupArn"] }]);
        let input = json!({ "LoadBalancerArn": front["LoadBalancerArn"], "Port": 80, "Protocol": "HTTP",
            "DefaultActions": action });
        drop(services::call(world, place, "elbv2", "CreateListener", input));
    }
    Some(format!("target group {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Moment;

    #[test]
    fn what_is_missing_is_added_once_and_can_be_used() {
        let (mut world, place) = (World::new(7, Moment::wall()), Place::new("123456789012", "eu-west-1"));
        let one = |name: Option<&str>, ports: &[u16]| One {
            name: name.map(str::to_owned),
            tags: [("team".to_owned(), "platform".to_owned())].into(),
            ports: ports.iter().copied().collect(),
            fronted: true,
        };
        let set = |name: &str| BTreeSet::from([name.to_owned()]);
        let shared = Shared {
            clusters: set("shared"),
            log_groups: set("/team/shared"),
            repositories: set("team/base"),
            balancers: vec![One { tags: BTreeMap::new(), ..one(Some("shared-web"), &[80, 443]) }, one(None, &[])],
            target_groups: vec![One { tags: BTreeMap::new(), ..one(Some("legacy"), &[]) }, one(None, &[])],
        };
        let made = shared.provide(&mut world, &place, None);
        let expected = [
            "cluster shared",
            "log group /team/shared",
            "repository team/base",
            "load balancer shared-web",
            "load balancer shared",
            "target group legacy",
            "target group shared",
        ];
        assert_eq!(made, expected);
        assert!(shared.provide(&mut world, &place, None).is_empty(), "it is there");
        let mut ask = |operation: &str, input: Value| services::call(&mut world, &place, "elbv2", operation, input);
        let balancers = ask("DescribeLoadBalancers", json!({ "Names": ["shared-web"] })).expect("it is there");
        let arn = balancers["LoadBalancers"][0]["LoadBalancerArn"].clone();
        let listeners = ask("DescribeListeners", json!({ "LoadBalancerArn": arn })).expect("it has some");
        assert_eq!(listeners["Listeners"].as_array().map(Vec::len), Some(2));
        let groups = ask("DescribeTargetGroups", json!({ "Names": ["legacy"] })).expect("it is there");
        assert_eq!(groups["TargetGroups"][0]["LoadBalancerArns"].as_array().map(Vec::len), Some(1));
    }
}
