//! The laws that every run on the simulated AWS keeps, seen from the side of AWS: what was asked for was planned, no secret's value
//! was read, nothing is there twice, and what is not ours is as it was. Knows no scenario; panics with what is wrong.

use std::collections::BTreeMap;

use evenkeel_aws::kinds;
use evenkeel_core::plan::{Action, Plan};
use evenkeel_sim::services;
use evenkeel_sim::world::{Place, World};
use serde_json::{Value, json};

use crate::picture::{Picture, difference};

/// Requests that make a whole thing or take it away: the service and operation, the kind, and whether it is made.
const WHOLE: &[(&str, &str, &str, bool)] = &[
    ("ec2", "CreateSecurityGroup", "security_group", true),
    ("ec2", "DeleteSecurityGroup", "security_group", false),
    ("ecs", "CreateCluster", "cluster", true),
    ("ecs", "DeleteCluster", "cluster", false),
    ("ecs", "RegisterTaskDefinition", "task_definition", true),
    ("ecs", "DeregisterTaskDefinition", "task_definition", false),
    ("ecs", "CreateService", "service", true),
    ("ecs", "DeleteService", "service", false),
    ("elbv2", "CreateLoadBalancer", "load_balancer", true),
    ("elbv2", "DeleteLoadBalancer", "load_balancer", false),
    ("elbv2", "CreateTargetGroup", "target_group", true),
    ("elbv2", "DeleteTargetGroup", "target_group", false),
    ("elbv2", "CreateListener", "listener", true),
    ("elbv2", "DeleteListener", "listener", false),
    ("iam", "CreateRole", "role", true),
    ("iam", "DeleteRole", "role", false),
    ("logs", "CreateLogGroup", "log_group", true),
    ("logs", "DeleteLogGroup", "log_group", false),
    ("route53", "CreateHostedZone", "hosted_zone", true),
    ("route53", "DeleteHostedZone", "hosted_zone", false),
];

/// Requests that tell what is kept secret.
const TELLING: &[(&str, &str)] = &[
    ("secretsmanager", "GetSecretValue"),
    ("secretsmanager", "BatchGetSecretValue"),
    ("ssm", "GetParameter"),
    ("ssm", "GetParameters"),
    ("ssm", "GetParametersByPath"),
    ("ssm", "GetParameterHistory"),
];

/// Things of which several may carry one mark, by what stands in their ARNs: the rules of a listener are one node, and so are the
/// revisions of a task definition.
const TOGETHER: &[&str] = &[":listener-rule/", ":task-definition/"];

/// An operation as IAM calls it.
fn action(service: &str, operation: &str) -> String {
    let service = match service {
        "elbv2" => "elasticloadbalancing",
        "resourcegroupstaggingapi" => "tag",
        name => name,
    };
    format!("{service}:{operation}")
}

/// Every change that was asked for belongs to a step of the plan, by its kind and, for whole things, by its verb. Without a plan
/// nothing is changed.
///
/// # Panics
/// If not.
pub fn requests_were_planned(plan: Option<&Plan>, requests: &[(&'static str, String)]) {
    let steps = plan.map(|plan| plan.steps.as_slice()).unwrap_or_default();
    for (service, operation) in requests.iter().filter(|(_, operation)| !services::reads_only(operation)) {
        let whole = WHOLE.iter().find(|(s, o, _, _)| s == service && o == operation);
        let planned = steps.iter().any(|step| match (whole, &step.action) {
            (_, Action::Wait { .. }) => false,
            (Some((_, _, kind, made)), action) => {
                step.node.kind() == *kind
                    && matches!((made, action), (true, Action::Create { .. }) | (false, Action::Delete { .. }))
            }
            (None, _) => kinds::get(step.node.kind())
                .is_some_and(|entry| entry.actions.contains(&action(service, operation).as_str())),
        });
        let shown: Vec<String> = steps.iter().map(|step| format!("{} {}", step.verb(), step.node)).collect();
        assert!(planned, "{service}:{operation} belongs to no step of the plan: {shown:?}");
    }
}

/// Nobody asks for the value of a secret or of a parameter.
///
/// # Panics
/// If somebody did.
pub fn no_secret_is_asked_for(requests: &[(&'static str, String)]) {
    let told = requests.iter().find(|(service, operation)| TELLING.contains(&(service, operation.as_str())));
    assert!(told.is_none(), "{told:?} tells a secret");
}

/// No two things carry the same mark.
///
/// # Panics
/// If some do.
pub fn nothing_is_there_twice(world: &World, place: &Place) {
    let mut world = world.clone();
    let mut marked: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (arn, tags) in tagged(&mut world, place) {
        let tag = |key: &str| tags.iter().find(|tag| tag["Key"] == key).and_then(|tag| tag["Value"].as_str());
        let together = TOGETHER.iter().any(|part| arn.contains(part));
        if let (Some(stack), Some(id), false) = (tag("evenkeel:stack"), tag("evenkeel:id"), together) {
            marked.entry((stack.to_owned(), id.to_owned())).or_default().push(arn);
        }
    }
    let twice: Vec<_> = marked.iter().filter(|(_, arns)| arns.len() > 1).collect();
    assert!(twice.is_empty(), "something is there twice: {twice:#?}");
}

/// All resources with tags: ARN and list of tags.
pub fn tagged(world: &mut World, place: &Place) -> Vec<(String, Vec<Value>)> {
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let input = json!({ "ResourcesPerPage": 100, "PaginationToken": token });
        let page = services::call(world, place, "resourcegroupstaggingapi", "GetResources", input).unwrap_or_default();
        for resource in page["ResourceTagMappingList"].as_array().cloned().unwrap_or_default() {
            let arn = resource["ResourceARN"].as_str().unwrap_or_default().to_owned();
            found.push((arn, resource["Tags"].as_array().cloned().unwrap_or_default()));
        }
        token = page["PaginationToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            return found;
        }
    }
}

/// Everything that was there before the stack is there as it was.
///
/// # Panics
/// If not.
pub fn others_are_untouched(before: &Picture, now: &Picture) {
    let now: Picture =
        now.iter().filter(|(name, _)| before.contains_key(*name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    let touched = difference(before, &now);
    assert!(touched.is_empty(), "something that is not of the stack was touched:\n{}", touched.join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(service: &'static str, operation: &str) -> Vec<(&'static str, String)> {
        vec![(service, operation.to_owned())]
    }

    #[test]
    fn reads_need_no_plan() {
        requests_were_planned(None, &asked("ecs", "DescribeServices"));
    }

    #[test]
    #[should_panic(expected = "belongs to no step")]
    fn a_change_without_a_plan_is_seen() {
        requests_were_planned(None, &asked("ecs", "UpdateService"));
    }

    #[test]
    #[should_panic(expected = "tells a secret")]
    fn a_secret_that_is_read_is_seen() {
        no_secret_is_asked_for(&asked("ssm", "GetParameters"));
    }

    #[test]
    fn what_is_made_and_unmade_belongs_to_a_kind() {
        for (service, operation, kind, _) in WHOLE {
            let entry = kinds::get(kind).expect("there is the kind");
            assert!(entry.actions.contains(&action(service, operation).as_str()), "{kind} {operation}");
        }
    }
}
