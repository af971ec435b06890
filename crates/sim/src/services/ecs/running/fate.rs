//! What happens to a task, by convention, as nothing really runs: whether its images can be pulled, what it lacks to start,
//! whether it answers, exits or fails its checks.
//!
//! - An image whose name or tag contains `missing` or `does-not-exist` cannot be pulled; of the account's own registry only
//!   images that are there can.
//! - A container whose image or command contains `crash` or `exit-1` exits with code 1 some seconds after it started; so does
//!   one whose last argument is `exit 1`. `exit-0` (or the image `hello-world`) exits with code 0.
//! - A container whose image contains `unhealthy` does not answer its load balancer and fails its own health check; a health
//!   check whose command ends in a plain `exit 1` fails as well (`… || exit 1` does not).
//! - A secret, parameter, log group or execution role that is not there, or that the role may not use, stops the task before
//!   it runs; so does what packets do not reach (`network`).

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::network;
use super::task::Task;
use crate::call::Members;
use crate::services::{ecr, elb, iam, logs, secrets, ssm};
use crate::world::{Place, World};

/// Why a task stops by itself.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// `TaskFailedToStart` or `EssentialContainerExited`.
    pub code: &'static str,
    /// The text.
    pub reason: String,
    /// How long it is tried before that; at once, if nothing is tried.
    pub late: Option<Duration>,
    exit: Option<i64>,
    container: Option<(String, String)>,
}

impl Failure {
    /// It does not start.
    pub(super) fn start(reason: impl Into<String>) -> Self {
        Self { code: "TaskFailedToStart", reason: reason.into(), late: None, exit: None, container: None }
    }

    /// A container exits.
    pub(super) fn exit(code: i64) -> Self {
        let reason = "Essential container in task exited".to_owned();
        Self { code: "EssentialContainerExited", reason, late: None, exit: Some(code), container: None }
    }

    /// The image of a container cannot be pulled.
    pub(super) fn pull(container: &Value, reason: String) -> Self {
        let concerned = Some((container.text_or_empty("name").to_owned(), reason.clone()));
        Self { container: concerned, ..Self::start(reason) }
    }

    /// The same after that time of trying.
    pub(super) fn late(self, time: Duration) -> Self {
        Self { late: Some(time), ..self }
    }

    /// Notes it in the containers that it concerns.
    pub(super) fn mark(&self, task: &mut Task) {
        if let Some(code) = self.exit {
            let guilty: Vec<String> = task
                .defined()
                .iter()
                .filter(|container| exit_of(task, container) == Some(code))
                .map(|container| container.text_or_empty("name").to_owned())
                .collect();
            for container in &mut task.containers {
                let own = guilty.iter().any(|name| container.text("name") == Some(name));
                // The others end by the signal to stop, which their shell answers with 143.
                container.insert("exitCode".to_owned(), json!(if own { code } else { 143 }));
            }
        }
        if let Some((name, reason)) = &self.container {
            for container in task.containers.iter_mut().filter(|it| it.text("name") == Some(name)) {
                container.insert("reason".to_owned(), json!(reason));
            }
        }
    }
}

/// The digest of an image: the same for the same image.
pub(super) fn digest(image: &str) -> String {
    if let Some((_, digest)) = image.split_once('@') {
        return digest.to_owned();
    }
    let hex: String = Sha256::digest(image.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A member of the overrides as text.
pub(super) fn overridden(overrides: &Value, name: &str) -> Option<String> {
    overrides.text(name).map(str::to_owned)
}

fn command(task: &Task, container: &Value) -> Vec<String> {
    let name = container.text("name");
    let overrides = task.doc.map("overrides").map(|it| it.list("containerOverrides")).unwrap_or_default();
    let own = overrides.iter().find(|it| it.text("name") == name).map(|it| it.texts("command"));
    let command = own.filter(|words| !words.is_empty()).unwrap_or_else(|| container.texts("command"));
    container.texts("entryPoint").into_iter().chain(command).collect()
}

/// The code with which a container exits by itself, if it does.
pub(super) fn exit_of(task: &Task, container: &Value) -> Option<i64> {
    let image = container.text_or_empty("image");
    let words = command(task, container);
    let says = |what: &str| image.contains(what) || words.iter().any(|word| word.contains(what));
    let last = words.last().map_or("", |word| word.trim());
    if says("crash") || says("exit-1") || last == "exit 1" {
        return Some(1);
    }
    let name = image.rsplit('/').next().unwrap_or_default().split([':', '@']).next();
    (says("exit-0") || last == "exit 0" || name == Some("hello-world")).then_some(0)
}

/// The code with which an essential container exits by itself, if one does.
pub(super) fn exit(task: &Task) -> Option<i64> {
    let essential = task.defined().iter().filter(|container| container.flag("essential") != Some(false));
    essential.filter_map(|container| exit_of(task, container)).max()
}

/// Whether a container answers the health checks of a load balancer.
pub(super) fn answers(task: &Task, name: &str) -> bool {
    let found = task.defined().iter().find(|container| container.text("name") == Some(name));
    !found.is_some_and(|container| container.text_or_empty("image").contains("unhealthy"))
}

/// The ports on which the containers of a task listen: those that they map.
pub(super) fn ears(task: &Task) -> Vec<elb::Ear> {
    let mut ears = Vec::new();
    for container in task.defined() {
        let answers = answers(task, container.text_or_empty("name"));
        for mapping in container.list("portMappings") {
            let range = mapping.text("containerPortRange").and_then(|range| range.split_once('-'));
            let range = range.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
            let single = mapping.integer("containerPort").and_then(|port| u16::try_from(port).ok());
            if let Some((from, to)) = range.or(single.map(|port| (port, port))) {
                ears.push(elb::Ear { from, to, answers });
            }
        }
    }
    ears
}

/// What the health check of a container comes to; nothing if it has none.
pub(super) fn health(container: &Value) -> Option<&'static str> {
    let check = container.map("healthCheck")?;
    let command = check.texts("command").join(" ");
    if command == "NONE" {
        return None;
    }
    let fails = command.contains("exit 1") && !command.contains("||");
    let bad = fails || container.text_or_empty("image").contains("unhealthy");
    Some(if bad { "UNHEALTHY" } else { "HEALTHY" })
}

/// How long after its start the health of a task is known; nothing if no container has a check.
pub(super) fn verdict_after(task: &Task) -> Option<Duration> {
    let checks = task.defined().iter().filter_map(|container| {
        let health = health(container)?;
        let check = container.map("healthCheck")?;
        let interval = check.integer("interval").unwrap_or(30).unsigned_abs();
        let retries = check.integer("retries").unwrap_or(3).unsigned_abs();
        let start = check.integer("startPeriod").unwrap_or(0).unsigned_abs();
        let seconds = if health == "HEALTHY" { interval } else { start + interval * retries };
        Some(Duration::from_secs(seconds))
    });
    checks.max()
}

/// Where a container logs to.
#[derive(Debug)]
pub(super) struct Log {
    /// The place of the group.
    pub place: Place,
    /// The group.
    pub group: String,
    /// The first part of the stream's name.
    pub prefix: Option<String>,
    /// Whether the group is made if it is not there.
    pub create: bool,
}

/// Where a container logs to, if it does so to CloudWatch Logs.
pub(super) fn log_of(place: &Place, container: &Value) -> Option<Log> {
    let log = container.map("logConfiguration").filter(|log| log.text("logDriver") == Some("awslogs"))?;
    let options = log.map("options")?;
    let region = options.text("awslogs-region").unwrap_or(&place.region);
    Some(Log {
        place: Place::new(&place.account, region),
        group: options.text("awslogs-group")?.to_owned(),
        prefix: options.text("awslogs-stream-prefix").map(str::to_owned),
        create: options.text("awslogs-create-group") == Some("true"),
    })
}

/// What keeps a task from getting as far as pulling: its execution role, the registry's authorization, its secrets.
pub(super) fn before_pull(world: &mut World, place: &Place, task: &Task) -> Option<Failure> {
    for name in ["executionRoleArn", "taskRoleArn"] {
        let Some(role) = role_of(task, name) else { continue };
        if !iam::role_visible(world, place, &role) || !iam::role_trusts(world, place, &role, "ecs-tasks.amazonaws.com")
        {
            return Some(Failure::start(format!(
                "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role \
                 being passed has the proper trust relationship and permissions and that your IAM user has permissions \
                 to pass this role."
            )));
        }
    }
    if let Some(lost) = network::authorization(world, place, task) {
        return Some(lost);
    }
    let own = format!("{}.dkr.ecr.", place.account);
    let ecr = task.defined().iter().any(|container| container.text_or_empty("image").starts_with(&own));
    if ecr && let Some(denied) = denied(world, place, task, "ecr:GetAuthorizationToken", "*") {
        return Some(initialization(&format!(
            "unable to retrieve ecr registry auth: service call has been retried 1 time(s): {denied}"
        )));
    }
    let secrets = task.defined().iter().flat_map(|container| container.list("secrets"));
    secrets
        .map(|secret| secret.text_or_empty("valueFrom").to_owned())
        .collect::<Vec<_>>()
        .into_iter()
        .find_map(|from| secret(world, place, task, &from))
}

fn role_of(task: &Task, name: &str) -> Option<String> {
    let overridden = task.doc.map("overrides").and_then(|it| it.text(name));
    overridden.or_else(|| task.definition.text(name)).filter(|role| !role.is_empty()).map(str::to_owned)
}

pub(super) fn initialization(what: &str) -> Failure {
    Failure::start(format!(
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: {what}"
    ))
}

/// The denial of an action to the execution role, if it is one.
fn denied(world: &mut World, place: &Place, task: &Task, action: &str, resource: &str) -> Option<String> {
    let role = role_of(task, "executionRoleArn")?;
    if iam::role_allows(world, place, &role, action, resource) {
        return None;
    }
    let name = role.rsplit('/').next().unwrap_or_default();
    let who = format!("arn:aws:sts::{}:assumed-role/{name}/{}", place.account, task.id);
    Some(format!(
        "AccessDeniedException: User: {who} is not authorized to perform: {action} on resource: {resource} because no \
         identity-based policy allows the {action} action status code: 400, request id: {}",
        world.ids.uuid()
    ))
}

fn secret(world: &mut World, place: &Place, task: &Task, from: &str) -> Option<Failure> {
    let parts: Vec<&str> = from.split(':').collect();
    if parts.get(2) == Some(&"secretsmanager") {
        let there = Place::new(&place.account, parts.get(3).unwrap_or(&""));
        let lost = !world.known_region(&there).is_some_and(|region| secrets::secret_exists(region, from));
        let arn = parts.get(..7).map_or_else(|| from.to_owned(), |parts| parts.join(":"));
        if let Some(out_of_reach) = network::secret(world, place, task, &arn, &there.region) {
            return Some(out_of_reach);
        }
        let cause = denied(world, place, task, "secretsmanager:GetSecretValue", &arn).or_else(|| {
            lost.then(|| "ResourceNotFoundException: Secrets Manager can't find the specified secret.".to_owned())
        })?;
        return Some(initialization(&format!(
            "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {arn} \
             from secrets manager: {cause}"
        )));
    }
    let (region, name) = match from.split_once(":parameter") {
        Some((_, name)) => (parts.get(3).copied().unwrap_or_default(), name),
        None => (&*place.region, from),
    };
    let there = Place::new(&place.account, region);
    if let Some(out_of_reach) = network::parameter(world, place, task, &there.region) {
        return Some(out_of_reach);
    }
    let known = world
        .known_region(&there)
        .is_some_and(|region| ssm::parameter_exists(region, from) || ssm::parameter_exists(region, name));
    let arn = there.arn("ssm", &format!("parameter/{}", name.trim_start_matches('/')));
    let cause = denied(world, place, task, "ssm:GetParameters", &arn);
    let cause = cause.or_else(|| (!known).then(|| format!("invalid parameters: {name}")))?;
    Some(initialization(&format!(
        "unable to retrieve secrets from ssm: service call has been retried 1 time(s): {cause}"
    )))
}

/// What keeps a task from pulling its images.
pub(super) fn at_pull(world: &World, place: &Place, task: &Task) -> Option<Failure> {
    task.defined().iter().find_map(|container| {
        if let Some(lost) = network::image(world, place, task, container) {
            return Some(lost);
        }
        let image = container.text_or_empty("image");
        let there = ecr::image_exists(world, place, image);
        let lost = match there {
            Some(there) => !there,
            None => image.contains("missing") || image.contains("does-not-exist"),
        };
        let reference = reference(image);
        let reason = match there {
            _ if !lost => return None,
            Some(_) => format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
                 {reference}: {reference}: not found"
            ),
            None => format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
                 {reference}: pull access denied, repository does not exist or may require authorization: server \
                 message: insufficient_scope: authorization failed"
            ),
        };
        Some(Failure::pull(container, reason))
    })
}

/// The full reference of an image: Docker Hub's if no registry is named.
pub(super) fn reference(image: &str) -> String {
    let tagged = if image.contains('@') || image.rsplit('/').next().is_some_and(|name| name.contains(':')) {
        image.to_owned()
    } else {
        format!("{image}:latest")
    };
    match tagged.split_once('/') {
        Some((registry, _)) if registry.contains(['.', ':']) || registry == "localhost" => tagged,
        Some(_) => format!("docker.io/{tagged}"),
        None => format!("docker.io/library/{tagged}"),
    }
}

/// What keeps the containers of a task from starting: a log group that is not there, or out of reach.
pub(super) fn at_start(world: &mut World, place: &Place, task: &Task) -> Option<Failure> {
    for container in task.defined() {
        let Some(log) = log_of(place, container) else { continue };
        if let Some(lost) = network::log(world, place, task, &log.place.region) {
            return Some(lost);
        }
        let arn = log.place.arn("logs", &format!("log-group:{}:log-stream:*", log.group));
        let there = world.known_region(&log.place).is_some_and(|region| logs::group_exists(region, &log.group));
        let cause = match denied(world, place, task, "logs:CreateLogStream", &arn) {
            Some(denied) => denied,
            None if there || log.create => continue,
            None => "ResourceNotFoundException: The specified log group does not exist.".to_owned(),
        };
        return Some(Failure::start(format!(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed \
             to create Cloudwatch log stream: {cause} : exit status 1"
        )));
    }
    None
}
