//! How far services are that are awaited. All services of a cluster are asked for ten at a time, and only those that are not
//! plainly done cost more: their service deployments; once these have succeeded, the health of their targets; and where tasks
//! fail, why. What all that means is decided in `verdict.rs`, `targets.rs` and `explain.rs`.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::doc;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::snapshot::Readiness;
use serde_json::Value;

use super::super::task_definition::mark;
use super::convert;
use super::until::Patience;
use super::{explain, ingress, targets, verdict};
use crate::client::Aws;
use crate::services::ecs::read::deployments::{count, primary};
use crate::services::ecs::read::{self, deployments, items, kept, last, side_by_side, tags_of, text};

/// How the ids of deployments begin that tasks refer to.
const DEPLOYMENT: &str = "ecs-svc/";

type Answer = Result<Readiness, CloudError>;

/// One answer for each.
pub(super) async fn poll(aws: &Aws, waiting: &[Waiting]) -> Vec<Answer> {
    let found = describe(aws, waiting).await;
    let looks: Vec<Look<'_>> = waiting.iter().map(|wait| look(wait, &found)).collect();
    let open: Vec<&Value> =
        looks.iter().filter_map(|look| if let Look::Open(it) = look { Some(*it) } else { None }).collect();
    let mut deployments = deployments::newest(aws, &open).await.into_iter();
    let answers = waiting.iter().zip(looks).map(|(wait, look)| {
        let deployment = if matches!(look, Look::Open(_)) { deployments.next() } else { None };
        answer(aws, wait, look, deployment)
    });
    side_by_side(answers.collect()).await
}

/// What the description of a service tells by itself.
enum Look<'s> {
    /// All there is to know.
    Told(Answer),
    /// It is done, as far as ECS is concerned.
    Settled(&'s Value),
    /// It has failed.
    Failed(&'s Value, String),
    /// It is not what was deployed any more.
    Back(&'s Value, &'static str),
    /// Its service deployment has to tell.
    Open(&'s Value),
}

fn look<'s>(wait: &Waiting, found: &'s Found) -> Look<'s> {
    let service = match found.get(text(&wait.live.have, "cluster")) {
        Some(Ok(services)) => services.iter().find(|service| text(service, "serviceName") == wait.live.name),
        Some(Err(error)) => return Look::Told(Err(error.clone())),
        None => None,
    };
    let Some(service) = service else { return Look::Told(Ok(Readiness::Gone)) };
    if wait.goal == Goal::Gone {
        return Look::Told(Ok(verdict::going(service)));
    }
    if let Some(field) = taken_back(service, wait).filter(|_| text(service, "status") == "ACTIVE") {
        return Look::Back(service, field);
    }
    match verdict::at_a_glance(service) {
        // ECS may have gone back to the deployment before, which looks the same where both run one revision.
        Some(Readiness::Ready) if is_of_another(service, wait) => Look::Open(service),
        Some(Readiness::Ready) => Look::Settled(service),
        Some(Readiness::Failed(why)) => Look::Failed(service, why),
        Some(told) => Look::Told(Ok(told)),
        None => Look::Open(service),
    }
}

/// The verdict, with its reasons.
async fn answer(
    aws: &Aws,
    wait: &Waiting,
    look: Look<'_>,
    deployment: Option<Result<Option<Value>, CloudError>>,
) -> Answer {
    let (service, readiness) = match look {
        Look::Told(answer) => return answer,
        Look::Settled(service) => (service, serving(aws, wait, service).await?),
        Look::Failed(service, why) => (service, Readiness::Failed(why)),
        Look::Back(service, field) => (service, Readiness::Failed(went_back(aws, service, wait, field).await?)),
        Look::Open(service) => match deployment.transpose()?.flatten() {
            Some(deployment) => {
                let told = verdict::while_waiting(service, &deployment, wait.node.name());
                let told = aws.memory::<Patience>().enough(service, &deployment).unwrap_or(told);
                (service, if told == Readiness::Ready { serving(aws, wait, service).await? } else { told })
            }
            // An endpoint without service deployments has no targets that tell anything either.
            None => (service, verdict::by_counts(service)),
        },
    };
    match readiness {
        Readiness::Failed(why) => Ok(Readiness::Failed(explain::failure(aws, service, awaited(wait), &why).await)),
        Readiness::Pending(what) => Ok(explain::pending(aws, service, what).await),
        Readiness::Ready | Readiness::Gone => Ok(readiness),
    }
}

/// Whether what is done is not the deployment that is awaited.
fn is_of_another(service: &Value, wait: &Waiting) -> bool {
    let (awaited, now) = (awaited(wait), primary(service).map_or("", |primary| text(primary, "id")));
    awaited.is_some_and(|awaited| !now.is_empty() && now != awaited)
}

/// The deployment that is awaited, as tasks refer to it, if there is one.
fn awaited(wait: &Waiting) -> Option<&str> {
    convert::own_deployments(&wait.live).find(|id| id.starts_with(DEPLOYMENT))
}

/// ECS is done; the targets have the last word.
async fn serving(aws: &Aws, wait: &Waiting, service: &Value) -> Answer {
    let primary = primary(service).map_or("", |primary| text(primary, "id"));
    // ECS itself waits for the health checks of the one group that a service has, but only in a deployment: none begins where
    // tasks are added, or where those that there are have to get healthy.
    let trusted = usize::from(convert::own_deployments(&wait.live).any(|id| id == primary));
    let mut groups = targets::groups(service);
    if ingress::is_wanted(&wait.live.have) {
        let (state, behind) = ingress::state(aws, service, count(service, "desiredCount")).await?;
        if state != Readiness::Ready {
            return Ok(state);
        }
        groups.extend(behind);
    } else if groups.len() <= trusted {
        return Ok(Readiness::Ready);
    }
    let Some(lacking) = targets::lacking(aws, &targets::Tasks::of(service), groups).await? else {
        return Ok(Readiness::Ready);
    };
    Ok(if targets::registers(aws, service).await? {
        Readiness::Pending(format!("{}; {lacking}", verdict::progress(service, None)))
    } else {
        Readiness::Ready
    })
}

type Found = BTreeMap<String, Result<Vec<Value>, CloudError>>;

async fn describe(aws: &Aws, waiting: &[Waiting]) -> Found {
    let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for wait in waiting {
        names.entry(text(&wait.live.have, "cluster")).or_default().insert(wait.live.name.clone());
    }
    let asked = names.into_iter().map(|(cluster, names)| async move {
        let names: Vec<String> = names.into_iter().collect();
        let services = match read::describe_services(aws, cluster, &names).await {
            // Without the cluster there is no service.
            Err(error) if error.class == ErrorClass::Gone => Ok(Vec::new()),
            result => result,
        };
        (cluster.to_owned(), services)
    });
    futures::future::join_all(asked).await.into_iter().collect()
}

/// The field in which the service is not what was deployed, if it is not: that is what a rollback looks like from outside, or
/// somebody else's deployment.
fn taken_back(service: &Value, wait: &Waiting) -> Option<&'static str> {
    let now = convert::live(service, None, &tags_of(service), "").have;
    let (before, after) = (&wait.live.have, &now);
    // A value that a reply leaves out says nothing.
    let told = |value: &Value| doc::as_unreturned(value).is_none();
    // ECS has put a group of its own among those of a service that connects to a gateway.
    let widened = |field: &str| {
        let list = |doc: &Value| items(&doc[field], "security_groups").to_vec();
        let (had, has) = (list(before), list(after));
        let plain = |doc: &Value| {
            let mut network = doc[field].clone();
            network["security_groups"] = Value::Null;
            network
        };
        ingress::is_wanted(before) && had.iter().all(|one| has.contains(one)) && plain(before) == plain(after)
    };
    let same = |field: &str| match field {
        "network" => before[field] == after[field] || widened(field),
        "task_definition" => kept::stands_for(text(before, field), text(after, field)),
        // A document that was read names listeners where a reply names rules.
        "load_balancers" => without_rules(&before[field]) == without_rules(&after[field]),
        _ => before[field] == after[field],
    };
    let differs = |field: &str| !same(field) && told(&before[field]) && told(&after[field]);
    // The same content under another number: somebody else applied the same file.
    let same_content = || {
        let content = |doc: &Value| mark::of_text(text(&doc["marks"], "revision"));
        let (before, after) = (content(before), content(after));
        before.zip(after).is_some_and(|(before, after)| {
            before.fingerprint == after.fingerprint
                && after.revision == mark::revision_of(text(service, "taskDefinition"))
        })
    };
    ["task_definition", "network", "load_balancers", "strategy", "service_connect"]
        .into_iter()
        .find(|field| differs(field) && !(*field == "task_definition" && same_content()))
}

/// What targets a service has, without how ECS moves traffic between them.
fn without_rules(balancers: &Value) -> Value {
    let mut balancers = balancers.clone();
    for balancer in balancers.as_array_mut().into_iter().flatten() {
        balancer.as_object_mut().map(|balancer| balancer.remove("shifts"));
    }
    balancers
}

/// Why the service is not what was deployed: ECS has rolled it back, or a newer deployment took its place.
async fn went_back(aws: &Aws, service: &Value, wait: &Waiting, field: &str) -> Result<String, CloudError> {
    let history = deployments::history(aws, service).await?;
    let arn = |deployment: &Value| text(deployment, "serviceDeploymentArn").to_owned();
    let own = history.iter().find(|deployment| convert::own_deployments(&wait.live).any(|id| id == arn(deployment)));
    let newest = history.first();
    let rolled_back = own.or(newest).is_none_or(|it| text(it, "status").starts_with("ROLLBACK"));
    let (now, asked) = (last(text(service, "taskDefinition")), last(text(&wait.live.have, "task_definition")));
    if !rolled_back && own.map(arn) != newest.map(arn) {
        let theirs = newest.map(arn).unwrap_or_default();
        let ours = own.map(|own| format!(" (service deployment {})", last(&arn(own)))).unwrap_or_default();
        return Ok(format!(
            "another deployment, of {now} (service deployment {}), replaced this one, of \
                 {asked}{ours}: the service was deployed from elsewhere at the same time",
            last(&theirs)
        ));
    }
    Ok(if field == "task_definition" {
        format!("the deployment of {asked} was rolled back to {now}")
    } else {
        format!("the service's {} is not what was deployed: the deployment was rolled back", field.replace('_', " "))
    })
}

#[cfg(test)]
mod tests {
    use evenkeel_core::snapshot::{Live, Owner};
    use serde_json::json;

    use super::*;

    fn service(revision: u32, tag: &str) -> Value {
        json!({
            "serviceArn": "arn:aws:ecs:eu-west-1:1:service/c/web", "serviceName": "web", "status": "ACTIVE",
            "clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/c", "launchType": "FARGATE",
            "taskDefinition": format!("arn:aws:ecs:eu-west-1:1:task-definition/web:{revision}"),
            "tags": [{ "key": mark::REVISION, "value": tag }],
        })
    }

    fn wait(service: &Value) -> Waiting {
        let node = super::super::id("web");
        let have = convert::live(service, None, &tags_of(service), "").have;
        Waiting { node: node.clone(), live: Live::new("arn", "web", Owner::Ours(node), have), goal: Goal::Ready }
    }

    #[test]
    fn what_ecs_went_back_to_is_not_what_is_awaited_although_it_runs_the_same() {
        let with = |id: &str, state: &str| {
            let mut service = service(3, "3 aa bb cc");
            service["deployments"] = json!([{ "id": id, "status": "PRIMARY", "rolloutState": state }]);
            service
        };
        let begun = with("ecs-svc/2", "IN_PROGRESS");
        let node = super::super::id("web");
        let live = convert::live(&begun, None, &tags_of(&begun), "");
        let awaited = Waiting { node, live, goal: Goal::Ready };
        assert!(is_of_another(&with("ecs-svc/1", "COMPLETED"), &awaited));
        assert!(!is_of_another(&with("ecs-svc/2", "COMPLETED"), &awaited));
        assert!(!is_of_another(&service(3, ""), &awaited), "an endpoint without deployments");
    }

    #[test]
    fn another_revision_is_not_what_was_deployed_unless_it_is_the_same_content() {
        let awaited = wait(&service(3, "3 aa bb cc"));
        assert_eq!(taken_back(&service(3, "3 aa bb cc"), &awaited), None);
        assert_eq!(taken_back(&service(2, "2 dd bb cc"), &awaited), Some("task_definition"));
        assert_eq!(taken_back(&service(4, "4 aa bb cc"), &awaited), None, "two people applied the same file");
        assert_eq!(taken_back(&service(4, "3 aa bb cc"), &awaited), Some("task_definition"), "the tag is of another");
    }
}
