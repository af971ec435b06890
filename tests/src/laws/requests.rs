//! Every change that AWS was asked for belongs to a step of the plan, and no value of a secret was read. Which requests make a
//! whole thing or take it away, and what a step may send beside, is read off the table of kinds.

use evenkeel_aws::kinds;
use evenkeel_aws::resource::Entry;
use evenkeel_core::plan::{Action, Plan};
use evenkeel_sim::services;

/// Requests that tell what is kept secret. GetParameters tells none where nothing is decrypted, which `tidy/secrets.rs` looks after.
const TELLING: &[(&str, &str)] = &[
    ("secretsmanager", "GetSecretValue"),
    ("secretsmanager", "BatchGetSecretValue"),
    ("ssm", "GetParameter"),
    ("ssm", "GetParametersByPath"),
    ("ssm", "GetParameterHistory"),
];

/// How requests begin that make a whole thing, and how those begin that take it away.
const MAKING: &[&str] = &["Create", "Register", "Request"];
/// Requests that make a whole thing or change one.
const PUTTING: &[&str] = &["Put"];
const UNMAKING: &[&str] = &["Delete", "Deregister"];

/// What a request does to a whole thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// It makes one.
    Made,
    /// It makes one, or changes one.
    Put,
    /// It takes one away.
    Unmade,
}

/// An operation as IAM calls it.
pub fn action(service: &str, operation: &str) -> String {
    let service = match service {
        "elbv2" => "elasticloadbalancing",
        "resourcegroupstaggingapi" => "tag",
        name => name,
    };
    format!("{service}:{operation}")
}

/// What AWS calls a kind: `SecurityGroup` for `security_group`. What is made in several sorts has a name for each.
fn nouns(entry: &Entry) -> Vec<String> {
    match entry.kind.name {
        "database" => return vec!["DBInstance".to_owned()],
        "discovery_service" => return vec!["Service".to_owned()],
        "vpc_endpoint" => return ["VpcEndpoint", "VpcEndpoints"].map(str::to_owned).to_vec(),
        "namespace" => return ["Namespace", "HttpNamespace", "PrivateDnsNamespace"].map(str::to_owned).to_vec(),
        _ => {}
    }
    let capital = |word: &str| {
        if word == "db" {
            return "DB".to_owned();
        }
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    vec![entry.kind.name.split('_').map(capital).collect()]
}

/// The kind whose whole things an operation makes or takes away, if there is one.
pub fn whole(service: &str, operation: &str) -> Option<(&'static str, Whole)> {
    let asked = action(service, operation);
    kinds::ALL.iter().filter(|entry| entry.actions.contains(&asked.as_str())).find_map(|entry| {
        let nouns = nouns(entry);
        let is_noun = |rest: &str| nouns.iter().any(|noun| noun == rest);
        let is = |verbs: &[&str]| verbs.iter().any(|verb| operation.strip_prefix(verb).is_some_and(is_noun));
        let sorts = [(MAKING, Whole::Made), (PUTTING, Whole::Put), (UNMAKING, Whole::Unmade)];
        let what = sorts.into_iter().find(|(verbs, _)| is(verbs)).map(|(_, what)| what);
        what.map(|what| (entry.kind.name, what))
    })
}

/// A service by its prefix in IAM's actions.
fn service(prefix: &'static str) -> &'static str {
    match prefix {
        "elasticloadbalancing" => "elbv2",
        "tag" => "resourcegroupstaggingapi",
        name => name,
    }
}

/// The request that takes whole things of a kind away: service and operation.
pub fn unmaking(kind: &str) -> Option<(&'static str, &'static str)> {
    let asked = kinds::get(kind)?.actions.iter().filter_map(|action| action.split_once(':'));
    let mut asked = asked.map(|(prefix, operation)| (service(prefix), operation));
    asked.find(|(service, operation)| {
        whole(service, operation).is_some_and(|it| it == (whole_kind(kind), Whole::Unmade))
    })
}

fn whole_kind(kind: &str) -> &'static str {
    kinds::get(kind).map_or("", |entry| entry.kind.name)
}

/// Every change that was asked for belongs to a step of the plan, by its kind and, for whole things, by its verb. Without a plan
/// nothing is changed.
///
/// # Panics
/// If not.
pub fn requests_were_planned(plan: Option<&Plan>, requests: &[(&'static str, String)]) {
    let steps = plan.map(|plan| plan.steps.as_slice()).unwrap_or_default();
    for (service, operation) in requests.iter().filter(|(_, operation)| !services::reads_only(operation)) {
        let whole = whole(service, operation);
        let planned = steps.iter().any(|step| match (whole, &step.action) {
            (_, Action::Wait { .. }) => false,
            (Some((kind, Whole::Made)), action) => step.node.kind() == kind && matches!(action, Action::Create { .. }),
            (Some((kind, Whole::Put)), action) => step.node.kind() == kind && !matches!(action, Action::Delete { .. }),
            (Some((kind, Whole::Unmade)), action) => {
                // What ECS leaves in a namespace goes with it.
                let left_in = kind == "discovery_service" && step.node.kind() == "namespace";
                (step.node.kind() == kind || left_in) && matches!(action, Action::Delete { .. })
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
        no_secret_is_asked_for(&asked("ssm", "GetParameter"));
    }

    #[test]
    fn what_makes_a_kind_also_takes_it_away() {
        let mut whole_kinds = 0;
        for entry in kinds::ALL.iter() {
            let found: Vec<Whole> = entry
                .actions
                .iter()
                .filter_map(|action| action.split_once(':'))
                .filter_map(|(prefix, operation)| whole(service(prefix), operation))
                .filter(|(kind, _)| *kind == entry.kind.name)
                .map(|(_, what)| what)
                .collect();
            let makes = |what: &Whole| matches!(what, Whole::Made | Whole::Put);
            let (made, unmade) = (found.iter().any(makes), found.contains(&Whole::Unmade));
            // Service-linked roles belong to the account and stay; images go with their repository.
            let stays = ["service_linked_role", "image"].contains(&entry.kind.name);
            assert_eq!(made, unmade || stays, "{}: {found:?}", entry.kind.name);
            whole_kinds += usize::from(made);
            // What is only looked up, and members that go with what they are in, have neither.
            assert!(
                made || !entry.driver.makes() || entry.kind.name_limit == 0,
                "{} is made by nothing",
                entry.kind.name
            );
        }
        assert!(whole_kinds >= 10, "{whole_kinds} kinds are things of their own");
    }

    #[test]
    fn a_part_is_not_taken_for_the_whole() {
        assert_eq!(whole("iam", "DeleteRole"), Some(("role", Whole::Unmade)));
        assert_eq!(whole("ecs", "RegisterTaskDefinition"), Some(("task_definition", Whole::Made)));
        assert_eq!(whole("iam", "CreateServiceLinkedRole"), Some(("service_linked_role", Whole::Made)));
        for (service, part) in [("iam", "DeleteRolePolicy"), ("ec2", "CreateTags")] {
            assert_eq!(whole(service, part), None, "{part}");
        }
    }

    #[test]
    fn every_action_of_every_kind_is_simulated() {
        for action in kinds::ALL.iter().flat_map(|entry| entry.actions) {
            let (prefix, name) = action.split_once(':').expect("service:Action");
            // Permissions that no request bears the name of; a container tool sends layers to the registry.
            let layers = name.contains("Layer");
            if matches!(name, "PassRole" | "DescribeKey") || matches!(prefix, "cloudwatch" | "cognito-idp") || layers {
                continue;
            }
            assert!(services::operation(service(prefix), name).is_some(), "{action} is not simulated");
        }
    }
}
