//! What ECS refuses before it makes or changes a service or runs a task: networks, load balancers, capacity, deployment
//! configurations that do not fit together. Changes nothing.

use serde_json::{Map, Value};

use super::places::{client, invalid};
use super::shifts;
use crate::call::{Call, Members, Refusal};
use crate::services::ecs::registry::{self, ClusterFacts};
use crate::services::{cloud_map, ec2, elb};
use crate::world::Region;

type Checked = Result<(), Refusal>;

/// Whether ECS itself watches the health of a container, so that there is something to be gracious about.
pub(super) fn has_health_check(definition: &Value) -> bool {
    definition.list("containerDefinitions").iter().any(|container| container.has("healthCheck"))
}

/// The active task definition of that name.
pub(super) fn definition(call: &mut Call<'_>, name: &str) -> Result<Value, Refusal> {
    if name.is_empty() {
        return Err(client("TaskDefinition can not be blank."));
    }
    let found = registry::definition(call.region(), name).ok_or_else(|| client("TaskDefinition not found."))?;
    match found.text("status") {
        Some("ACTIVE") | None => Ok(found),
        _ => Err(client("TaskDefinition is inactive")),
    }
}

/// Where tasks are to run: a launch type, or a strategy of capacity providers.
#[derive(Clone, Debug)]
pub(super) enum Capacity {
    /// `EC2`, `FARGATE`, `EXTERNAL`.
    Launch(String),
    /// The strategy, defaults filled in.
    Strategy(Value),
}

impl Capacity {
    /// What a request means, in a cluster with a default strategy or without.
    pub(super) fn of(input: &impl Members, cluster: &ClusterFacts) -> Result<Self, Refusal> {
        let strategy = input.list("capacityProviderStrategy");
        let kind = input.shared_text("launchType");
        if kind.is_some() && !strategy.is_empty() {
            return Err(invalid(
                "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
            ));
        }
        if let Some(kind) = kind {
            if !matches!(kind, "EC2" | "FARGATE" | "EXTERNAL" | "MANAGED_INSTANCES") {
                return Err(invalid(format!("Launch type {kind} is not supported.")));
            }
            return Ok(Self::Launch(kind.to_owned()));
        }
        let strategy = if strategy.is_empty() { &cluster.default_strategy } else { strategy };
        if strategy.is_empty() {
            return Ok(Self::Launch("EC2".to_owned()));
        }
        providers(strategy, cluster)?;
        Ok(Self::Strategy(super::defaults::strategy(strategy)))
    }

    /// Whether that is Fargate.
    pub(super) fn is_fargate(&self) -> bool {
        match self {
            Self::Launch(kind) => kind == "FARGATE",
            Self::Strategy(items) => {
                let first = items.as_array().and_then(|items| items.first());
                first.is_some_and(|item| is_fargate_provider(item.text_or_empty("capacityProvider")))
            }
        }
    }
}

/// Whether a capacity provider is one of Fargate's.
pub(super) fn is_fargate_provider(name: &str) -> bool {
    matches!(name, "FARGATE" | "FARGATE_SPOT")
}

fn providers(strategy: &[Value], cluster: &ClusterFacts) -> Checked {
    if strategy.len() > 20 {
        return Err(invalid("The capacity provider strategy cannot contain more than 20 capacity providers."));
    }
    let names: Vec<&str> = strategy.iter().map(|item| item.text_or_empty("capacityProvider")).collect();
    for name in &names {
        let short = name.rsplit('/').next().unwrap_or_default();
        if cluster.capacity_providers.iter().any(|known| known == short) {
            continue;
        }
        if is_fargate_provider(short) {
            return Err(invalid(
                "The capacity provider strategy cannot contain a capacity provider that is not associated with the \
                 cluster. Associate the capacity provider with the cluster and try again.",
            ));
        }
        return Err(client(
            "The specified capacity provider does not exist. Specify a valid name or ARN and try again.",
        ));
    }
    let fargate = names.iter().filter(|name| is_fargate_provider(name)).count();
    if fargate != 0 && fargate != names.len() {
        return Err(invalid(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and \
             Fargate providers. Specify one or the other and try again.",
        ));
    }
    if strategy.iter().all(|item| item.integer("weight").unwrap_or(0) == 0) && names.len() > 1 {
        return Err(invalid("At least one capacity provider in the strategy must have a weight greater than zero."));
    }
    if strategy.iter().filter(|item| item.integer("base").unwrap_or(0) > 0).count() > 1 {
        return Err(invalid("Only one capacity provider in a capacity provider strategy can have a base defined."));
    }
    Ok(())
}

/// Whether the task definition, the platform and the capacity go together.
pub(super) fn platform(definition: &Value, capacity: &Capacity, version: Option<&str>) -> Checked {
    if !capacity.is_fargate() {
        if version.is_some_and(|version| !version.is_empty()) && matches!(capacity, Capacity::Launch(_)) {
            return Err(invalid("The platform version must be null when specifying an EC2 launch type."));
        }
        return Ok(());
    }
    let fits = definition.list("compatibilities").iter().chain(definition.list("requiresCompatibilities"));
    if !fits.into_iter().any(|kind| kind == "FARGATE") {
        return Err(invalid("Task definition does not support launch_type FARGATE."));
    }
    match version {
        None | Some("LATEST" | "1.4.0" | "1.3.0" | "1.2.0" | "1.1.0" | "1.0.0") => Ok(()),
        Some(other) => {
            Err(Refusal::new("PlatformUnknownException", format!("The specified platform does not exist: {other}")))
        }
    }
}

/// Whether a task definition can run on the instances of a strategy's capacity providers.
pub(super) fn instances(region: &Region, definition: &Value, capacity: &Capacity) -> Checked {
    let Capacity::Strategy(items) = capacity else { return Ok(()) };
    let mut names = items.as_array().into_iter().flatten().map(|item| item.text_or_empty("capacityProvider"));
    if !names.any(|name| registry::is_managed(region, name)) {
        return Ok(());
    }
    if !definition.list("requiresCompatibilities").iter().any(|kind| kind == "MANAGED_INSTANCES") {
        return Err(invalid("Task definition does not support launch_type MANAGED_INSTANCES."));
    }
    Ok(())
}

/// Whether the network configuration fits the task definition, and everything in it is there.
pub(super) fn network(call: &mut Call<'_>, input: &impl Members, definition: &Value, fargate: bool) -> Checked {
    let awsvpc = definition.text("networkMode") == Some("awsvpc");
    let written = input.map("networkConfiguration").and_then(|it| it.map("awsvpcConfiguration")).cloned();
    let Some(written) = written else {
        if awsvpc {
            return Err(invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified."));
        }
        return Ok(());
    };
    if !awsvpc {
        return Err(invalid("Network Configuration is not valid for the given networkMode of this task definition."));
    }
    if written.text("assignPublicIp") == Some("ENABLED") && !fargate {
        return Err(invalid("Assign public IP is not supported for this launch type."));
    }
    wires(call.region(), &written)
}

fn wires(region: &Region, written: &Map<String, Value>) -> Checked {
    let (subnets, groups) = (written.texts("subnets"), written.texts("securityGroups"));
    if subnets.is_empty() {
        return Err(invalid("subnets can not be empty."));
    }
    if subnets.len() > 16 {
        return Err(invalid("subnets can have at most 16 items."));
    }
    if groups.len() > 5 {
        return Err(invalid("securityGroups can have at most 5 items."));
    }
    let mut vpc = None;
    for id in &subnets {
        let Some(facts) = ec2::subnet(region, id) else {
            return Err(invalid(format!(
                "Error retrieving subnet information for [{}]: The subnet ID '{id}' does not exist (ErrorCode: \
                 InvalidSubnetID.NotFound)",
                subnets.join(", ")
            )));
        };
        if vpc.get_or_insert_with(|| facts.vpc.clone()) != &facts.vpc {
            return Err(invalid("All the subnets must belong to the same VPC."));
        }
    }
    for id in &groups {
        let Some(of) = ec2::group_vpc(region, id) else {
            return Err(invalid(format!(
                "Error retrieving security group information for [{}]: The security group '{id}' does not exist \
                 (ErrorCode: InvalidGroup.NotFound)",
                groups.join(", ")
            )));
        };
        if vpc.as_ref() != Some(&of) {
            return Err(invalid(format!(
                "The security group {id} does not appear to belong to the same VPC as the input subnets."
            )));
        }
    }
    Ok(())
}

/// Whether the target groups of a service are there, in use, and fit the task definition.
pub(super) fn load_balancers(region: &Region, list: &[Value], definition: &Value) -> Checked {
    if list.len() > 5 {
        return Err(invalid("load balancers can have at most 5 items."));
    }
    for entry in list {
        let name = entry.text_or_empty("containerName");
        let port = entry.integer("containerPort");
        let container = definition.list("containerDefinitions").iter().find(|it| it.text("name") == Some(name));
        let Some(container) = container else {
            return Err(invalid(format!("The container {name} does not exist in the task definition.")));
        };
        if !container.list("portMappings").iter().any(|mapping| covers(mapping, port)) {
            let port = port.unwrap_or_default();
            return Err(invalid(format!("The container {name} did not have a container port {port} defined.")));
        }
        let Some(arn) = entry.text("targetGroupArn") else {
            if entry.has("loadBalancerName") {
                continue;
            }
            return Err(invalid("Either a target group or a load balancer name must be specified."));
        };
        target_group(region, arn, definition)?;
        let advanced = entry.map("advancedConfiguration");
        if let Some(alternate) = advanced.and_then(|it| it.text("alternateTargetGroupArn")) {
            target_group(region, alternate, definition)?;
        }
    }
    Ok(())
}

fn covers(mapping: &Value, port: Option<i64>) -> bool {
    let range = mapping.text("containerPortRange").and_then(|range| range.split_once('-'));
    let range = range.and_then(|(from, to)| Some(from.parse::<i64>().ok()?..=to.parse::<i64>().ok()?));
    mapping.integer("containerPort") == port || range.zip(port).is_some_and(|(range, port)| range.contains(&port))
}

fn target_group(region: &Region, arn: &str, definition: &Value) -> Checked {
    let Some(group) = elb::target_group(region, arn) else {
        return Err(invalid(format!("The target group {arn} does not exist.")));
    };
    let mode = definition.text("networkMode").unwrap_or("bridge");
    let wanted = if mode == "awsvpc" { "ip" } else { "instance" };
    if group.target_type != wanted {
        return Err(invalid(format!(
            "The provided target group {arn} has target type {}, which is incompatible with the {mode} network mode \
             specified in the task definition.",
            group.target_type
        )));
    }
    if group.load_balancers.is_empty() {
        return Err(invalid(format!(
            "The target group with targetGroupArn {arn} does not have an associated load balancer."
        )));
    }
    Ok(())
}

/// Whether the target groups of a service have not been deleted since.
pub(super) fn groups_there(region: &Region, list: &[Value]) -> Checked {
    let lost = list.iter().filter_map(|entry| entry.text("targetGroupArn"));
    match lost.into_iter().find(|arn| elb::target_group(region, arn).is_none()) {
        Some(arn) => Err(invalid(format!("The target group {arn} does not exist."))),
        None => Ok(()),
    }
}

/// Whether the registries of a service are there.
pub(super) fn registries(region: &Region, list: &[Value], definition: &Value) -> Checked {
    for entry in list {
        let arn = entry.text_or_empty("registryArn");
        if !cloud_map::service_exists(region, arn) {
            return Err(invalid(format!("The service registry {arn} does not exist.")));
        }
        let containers = definition.list("containerDefinitions");
        if let Some(name) = entry.text("containerName")
            && !containers.iter().any(|container| container.text("name") == Some(name))
        {
            return Err(invalid(format!("The container {name} does not exist in the task definition.")));
        }
    }
    Ok(())
}

/// Whether a deployment configuration (defaults filled in) makes sense.
pub(super) fn configuration(all: &Map<String, Value>, ours: bool, daemon: bool) -> Checked {
    let maximum = all.integer("maximumPercent").unwrap_or(if daemon { 100 } else { 200 });
    let minimum = all.integer("minimumHealthyPercent").unwrap_or(100);
    if !(0..=100).contains(&minimum) {
        return Err(invalid("minimumHealthyPercent must be between 0 and 100."));
    }
    if daemon && maximum > 100 {
        return Err(invalid(
            "The daemon scheduling strategy does not support values above 100 for maximumPercent on a deployment \
             configuration. Change the maximumPercent value to 100, and try again",
        ));
    }
    if maximum < 100 {
        return Err(invalid("maximumPercent must be greater than or equal to 100."));
    }
    if maximum == 100 && minimum == 100 {
        return Err(invalid(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ));
    }
    let alarms = all.map("alarms").cloned().unwrap_or_default();
    if alarms.flag("enable") == Some(true) && alarms.list("alarmNames").is_empty() {
        return Err(invalid("Deployment alarms must name at least one alarm when they are enabled."));
    }
    let breaker = all.map("deploymentCircuitBreaker").and_then(|it| it.flag("enable")) == Some(true);
    if breaker && !ours {
        return Err(invalid(
            "Deployment circuit breaker feature can be configured only with the ECS deployment controller.",
        ));
    }
    if !matches!(all.text("strategy"), None | Some("ROLLING" | "BLUE_GREEN" | "LINEAR" | "CANARY")) {
        return Err(invalid(format!("Deployment strategy {} is not supported.", all.text_or_empty("strategy"))));
    }
    if !all.integer("bakeTimeInMinutes").is_none_or(|minutes| (0..=1440).contains(&minutes)) {
        return Err(invalid("bakeTimeInMinutes must be between 0 and 1440."));
    }
    shifts::configuration(all, daemon)
}

/// What scheduling, capacity and counts rule out.
pub(super) fn scheduling(input: &impl Members, capacity: &Capacity, daemon: bool) -> Checked {
    let desired = input.integer("desiredCount");
    if daemon && desired.is_some() {
        return Err(invalid(
            "The daemon scheduling strategy does not support a desired count for services. Remove the desired count \
             value and try again",
        ));
    }
    if desired.is_some_and(|count| count < 0) {
        return Err(invalid("Task count can not be lesser than 0"));
    }
    if daemon && capacity.is_fargate() {
        return Err(invalid("The daemon scheduling strategy is not supported for the FARGATE launch type."));
    }
    if daemon && matches!(capacity, Capacity::Strategy(_)) {
        return Err(invalid(
            "Specifying a capacity provider strategy is not supported when you create a service using the DAEMON \
             scheduling strategy.",
        ));
    }
    if daemon && !input.list("placementStrategy").is_empty() {
        return Err(invalid(
            "The daemon scheduling strategy does not support placement strategies. Remove the placement strategy and try \
             again",
        ));
    }
    if capacity.is_fargate() && !input.list("placementConstraints").is_empty() {
        return Err(invalid("Placement constraints are not supported with FARGATE launch type."));
    }
    if capacity.is_fargate() && !input.list("placementStrategy").is_empty() {
        return Err(invalid("Placement strategies are not supported with FARGATE launch type."));
    }
    if input.list("placementStrategy").len() > 5 || input.list("placementConstraints").len() > 10 {
        return Err(invalid("Too many placement strategies or constraints."));
    }
    Ok(())
}
