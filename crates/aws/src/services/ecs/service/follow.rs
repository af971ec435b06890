//! Service deployments by hand: which one is under way, asking it to go on, to stop or to go back, how far it is, and to which
//! revision a service can go back. Waits for nothing and decides nothing that a person has not asked for.

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Owner};
use serde_json::{Value, json};

use super::super::task_definition;
use super::{stages, verdict};
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::services::ecs::read::{self, deployments, describe_revision, items, last, text};
use crate::tags;

/// What a person can ask of a deployment that is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// To leave the pause that it is in.
    Continue,
    /// To leave the pause that it is in by going back.
    Leave,
    /// To go back.
    Back,
    /// To stop where it is.
    Stop,
}

impl Ask {
    /// How the deployment is to end, as ECS calls it.
    fn wanted(self) -> &'static str {
        match self {
            Self::Continue => "SUCCESSFUL",
            Self::Leave | Self::Back => "ROLLBACK_SUCCESSFUL",
            Self::Stop => "STOPPED",
        }
    }
}

/// A deployment that is under way.
#[derive(Clone, Debug)]
pub struct UnderWay {
    /// Its ARN.
    pub arn: String,
    /// The pause that it waits in.
    hook: Option<String>,
    /// Where it stands, in words.
    pub stands: String,
}

/// How far a deployment is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Progress {
    /// It goes on.
    Going(String),
    /// It ended as it was asked to.
    Done(String),
    /// It ended in another way.
    Failed(String),
}

/// The deployment of a service that is under way, if one is.
///
/// # Errors
/// Any error of the reads of service deployments.
pub async fn under_way(aws: &Aws, live: &Live) -> Result<Option<UnderWay>, CloudError> {
    let service = described(aws, live).await?;
    let Some(deployment) = deployments::newest(aws, &[&service]).await.pop().transpose()?.flatten() else {
        return Ok(None);
    };
    let going = ["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"];
    if !going.contains(&text(&deployment, "status")) {
        return Ok(None);
    }
    Ok(Some(UnderWay {
        arn: text(&deployment, "serviceDeploymentArn").to_owned(),
        hook: stages::paused(&deployment).map(|hook| text(hook, "hookId").to_owned()),
        stands: verdict::staged(&service, Some(&deployment), ""),
    }))
}

async fn described(aws: &Aws, live: &Live) -> Result<Value, CloudError> {
    let found = read::describe_services(aws, text(&live.have, "cluster"), std::slice::from_ref(&live.name)).await?;
    let gone = || CloudError::local(ErrorClass::Gone, "ecs:DescribeServices", format!("{} is gone", live.name));
    found.into_iter().next().ok_or_else(gone)
}

/// Asks a deployment to go on, to stop or to go back. False: it is not paused, so it cannot go on.
///
/// # Errors
/// Any error of `ecs:ContinueServiceDeployment` and `ecs:StopServiceDeployment`.
pub async fn ask(aws: &Aws, deployment: &UnderWay, what: Ask) -> Result<bool, CloudError> {
    match what {
        Ask::Continue | Ask::Leave => {
            let Some(hook) = &deployment.hook else { return Ok(false) };
            let action = if what == Ask::Continue { "CONTINUE" } else { "ROLLBACK" };
            let body = json!({ "serviceDeploymentArn": deployment.arn, "hookId": hook, "action": action });
            exchange!(aws, "ecs:ContinueServiceDeployment", ecs.continue_service_deployment, &body)?;
        }
        Ask::Back | Ask::Stop => {
            let kind = if what == Ask::Back { "ROLLBACK" } else { "ABORT" };
            let body = json!({ "serviceDeploymentArn": deployment.arn, "stopType": kind });
            exchange!(aws, "ecs:StopServiceDeployment", ecs.stop_service_deployment, &body)?;
        }
    }
    Ok(true)
}

/// How far a deployment is that was asked for something; `entry` is what the stack file calls the service.
///
/// # Errors
/// Any error of the reads.
pub async fn progress(
    aws: &Aws,
    live: &Live,
    deployment: &UnderWay,
    what: Ask,
    entry: &str,
) -> Result<Progress, CloudError> {
    let service = described(aws, live).await?;
    let body = json!({ "serviceDeploymentArns": [deployment.arn] });
    let reply = exchange!(aws, "ecs:DescribeServiceDeployments", ecs.describe_service_deployments, &body)?;
    let Some(found) = items(&reply, "serviceDeployments").first() else {
        return Ok(Progress::Failed("its deployment is gone".to_owned()));
    };
    let status = text(found, "status");
    let reason = Some(text(found, "statusReason")).filter(|reason| !reason.is_empty());
    let told = |words: &str| reason.map_or(words.to_owned(), |reason| format!("{words}: {reason}"));
    Ok(match status {
        "SUCCESSFUL" | "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED" => {
            let words = told(match status {
                "SUCCESSFUL" => "its deployment succeeded",
                "STOPPED" => "its deployment was stopped",
                "ROLLBACK_SUCCESSFUL" => "its deployment was rolled back",
                _ => "its deployment could not be rolled back",
            });
            if status == what.wanted() { Progress::Done(words) } else { Progress::Failed(words) }
        }
        _ => Progress::Going(match verdict::while_waiting(&service, found, entry) {
            evenkeel_core::snapshot::Readiness::Pending(what) | evenkeel_core::snapshot::Readiness::Failed(what) => {
                what
            }
            _ => status.to_lowercase().replace('_', " "),
        }),
    })
}

/// The revision that a service can go back to: the one that is named, by number or ARN, or the one of the last deployment that
/// succeeded before. Its ARN; an error of class `Invalid` says why there is none.
///
/// # Errors
/// If there is none, it is not active, or it is not the stack's.
pub async fn earlier(aws: &Aws, stack: &str, live: &Live, named: Option<&str>) -> Result<String, CloudError> {
    let refuse = |message: String| CloudError::local(ErrorClass::Invalid, "ecs:DescribeTaskDefinition", message);
    let now = text(&live.have, "task_definition");
    let family = last(now).split(':').next().unwrap_or_default().to_owned();
    let wanted = match named {
        Some(number) if number.chars().all(|c| c.is_ascii_digit()) => format!("{family}:{number}"),
        Some(named) => named.to_owned(),
        None => match before(aws, live).await? {
            Some(arn) => arn,
            None => {
                let text =
                    format!("{} has no earlier deployment that succeeded and of which ECS still knows", live.name);
                return Err(refuse(text));
            }
        },
    };
    // Revisions are counted from 1; API: TaskDefinition.revision, an Integer. Without a number AWS would take the newest one.
    let number = last(&wanted).rsplit_once(':').and_then(|(_, number)| number.parse::<i32>().ok());
    if number.is_none_or(|number| number < 1) {
        let text = format!("`{}` is no revision: name one by its number, as {family}:1, or by its ARN", last(&wanted));
        return Err(refuse(text));
    }
    if last(&wanted) == last(now) {
        return Err(refuse(format!("{} runs {} already", live.name, last(now))));
    }
    let Some((document, tags)) = describe_revision(aws, &wanted).await? else {
        return Err(refuse(format!("there is no revision {}", last(&wanted))));
    };
    if text(&document, "status") != "ACTIVE" {
        return Err(refuse(format!("revision {} was deregistered, and no task starts of it", last(&wanted))));
    }
    let ours = match tags::owner(&tags, stack, task_definition::KIND) {
        Owner::Ours(node) => live.owner == Owner::Ours(NodeId::new(super::KIND, node.name())),
        Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => false,
    };
    if !ours {
        return Err(refuse(format!("revision {} does not belong to this service of this stack", last(&wanted))));
    }
    Ok(text(&document, "taskDefinitionArn").to_owned())
}

/// The task definition of the last deployment that succeeded and brought another one than what runs.
async fn before(aws: &Aws, live: &Live) -> Result<Option<String>, CloudError> {
    let service = described(aws, live).await?;
    let history = deployments::history(aws, &service).await?;
    let good = history.iter().filter(|it| text(it, "status") == "SUCCESSFUL");
    let revisions: Vec<&str> = good.map(|it| text(it, "targetServiceRevisionArn")).collect();
    // As many as one question takes.
    for some in revisions.chunks(20) {
        let body = json!({ "serviceRevisionArns": some });
        let reply = exchange!(aws, "ecs:DescribeServiceRevisions", ecs.describe_service_revisions, &body)?;
        let found = items(&reply, "serviceRevisions");
        let definition = |arn: &&str| {
            let revision = found.iter().find(|it| text(it, "serviceRevisionArn") == *arn)?;
            Some(text(revision, "taskDefinition"))
                .filter(|it| !it.is_empty() && *it != text(&service, "taskDefinition"))
        };
        if let Some(arn) = some.iter().find_map(definition) {
            return Ok(Some(arn.to_owned()));
        }
    }
    Ok(None)
}
