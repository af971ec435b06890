//! A session about commands in containers: which container of which task takes one, and what keeps it from doing so, found out before a
//! session is opened. Changes nothing in AWS.

use std::collections::BTreeSet;

use evenkeel_aws::kinds::service;
use evenkeel_aws::services::ecs::exec::{self, Session, Target};
use evenkeel_aws::services::ecs::service::status;
use evenkeel_core::cloud::Cloud as _;
use evenkeel_core::graph::Node;
use serde_json::Value;

use super::names;
use super::planning::place_of;
use super::reading::Reading;
use crate::exit::Failure;

/// A container that takes commands.
pub struct Executing {
    reading: Reading,
    /// Which one.
    pub target: Target,
}

/// Which container of a service is meant.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The service.
    pub service: &'a str,
    /// The container; the one that is called as the service, or the only one.
    pub container: Option<&'a str>,
    /// How the id of the task begins; the newest.
    pub task: Option<&'a str>,
}

/// What the commands are printed with: `evenkeel restart web`.
pub struct Ways {
    /// How to apply the stack file.
    pub apply: String,
    /// How to restart the service.
    pub restart: String,
    /// How to see how the stack does.
    pub status: String,
}

impl Executing {
    /// Finds the container, and makes sure that it takes commands.
    ///
    /// # Errors
    /// If it does not, with what is missing.
    pub async fn open(reading: Reading, wanted: Wanted<'_>, ways: &Ways) -> Result<Self, Failure> {
        let node = names::service(&reading.graph, wanted.service)?;
        let nodes = [node];
        let (found, right) = futures::join!(reading.cloud.read_back(&nodes), reading.right_account());
        right?;
        let mut found = found.map_err(|error| Failure::cloud("reading the service", error))?;
        let Some(live) = found.remove(&node.id).flatten().filter(|live| live.is_of(&node.id)) else {
            let text = format!("{} does not exist yet, or does not belong to this stack", node.id);
            return Err(Failure::refused(text, format!("create it: {}", ways.apply)));
        };
        if live.have["execute_command"].as_bool() == Some(false) {
            return Err(not_allowed(&reading, node, ways));
        }
        let tasks = status::tasks(&reading.cloud.aws, &live, "RUNNING").await;
        let tasks = tasks.map_err(|error| Failure::cloud("reading the tasks of the service", error))?;
        let task = task(&tasks, wanted, ways)?;
        let container = container(task, wanted)?;
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let name = text(container, "name");
        agent(container, &name, wanted.service)?;
        let target = Target {
            cluster: status::cluster(&live).to_owned(),
            task: id(task).to_owned(),
            container: name,
            runtime: text(container, "runtimeId"),
        };
        Ok(Self { reading, target })
    }

    /// Opens the session in which the command runs.
    ///
    /// # Errors
    /// If AWS refuses.
    pub async fn session(&self, command: &str) -> Result<Session, Failure> {
        let opened = exec::open(&self.reading.cloud.aws, &self.target, command).await;
        opened.map_err(|error| Failure::cloud("opening a session to the container", error))
    }

    /// What the plugin is given beside the session: the region, and the address of ECS.
    pub fn place(&self) -> (String, String) {
        let aws = &self.reading.cloud.aws;
        let simulated = self.reading.simulation().is_some();
        let other = self.reading.instead_of_aws().filter(|_| !simulated).map(str::to_owned);
        (aws.region.clone(), other.unwrap_or_else(|| aws.ecs_endpoint()))
    }
}

/// The id of a task: what is behind the last slash of its ARN.
fn id(task: &Value) -> &str {
    task["taskArn"].as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default()
}

fn not_allowed(reading: &Reading, node: &Node, ways: &Ways) -> Failure {
    let name = node.id.name();
    if node.want["execute_command"].as_bool() == Some(true) {
        let text = format!("service {name} does not take commands yet: `execute_command: true` is not applied");
        return Failure::refused(text, ways.apply.clone());
    }
    let place = place_of(&reading.graph, &node.id);
    let help = format!(
        "write `execute_command: true` under `{}s.{name}`{place}, with a `task_role` that has `grants: [exec]`; then: {}",
        service::KIND,
        ways.apply
    );
    Failure::refused(format!("service {name} does not take commands: ECS Exec is not enabled"), help)
}

/// The task that was asked for, or the newest that takes commands.
fn task<'t>(tasks: &'t [Value], wanted: Wanted<'_>, ways: &Ways) -> Result<&'t Value, Failure> {
    let service = wanted.service;
    let running: Vec<&Value> = tasks.iter().filter(|task| task["lastStatus"] == "RUNNING").collect();
    if running.is_empty() {
        return Err(Failure::refused(
            format!("no task of service {service} is running"),
            format!("see why: {}", ways.status),
        ));
    }
    let asked: Vec<&Value> = match wanted.task {
        Some(start) => running.iter().copied().filter(|task| id(task).starts_with(start)).collect(),
        None => running.clone(),
    };
    if asked.is_empty() {
        let known: BTreeSet<String> = running.iter().map(|task| id(task).to_owned()).collect();
        let start = wanted.task.unwrap_or_default();
        let there = names::among(start, &known, "its running tasks");
        return Err(Failure::Usage(format!("service `{service}` has no running task `{start}`; {there}")));
    }
    let takes = asked.into_iter().filter(|task| task["enableExecuteCommand"] == true);
    let started = |task: &&Value| task["startedAt"].as_f64().unwrap_or_default();
    takes.max_by(|a, b| started(a).total_cmp(&started(b))).ok_or_else(|| {
        let text = format!("the tasks of service {service} were started before ECS Exec was enabled");
        Failure::refused(text, format!("start new ones: {}", ways.restart))
    })
}

fn container<'t>(task: &'t Value, wanted: Wanted<'_>) -> Result<&'t Value, Failure> {
    let all: Vec<&Value> = task["containers"].as_array().into_iter().flatten().collect();
    let named = |name: &str| all.iter().copied().find(|one| one["name"] == name);
    let known =
        || -> BTreeSet<String> { all.iter().filter_map(|one| one["name"].as_str().map(str::to_owned)).collect() };
    let service = wanted.service;
    match (wanted.container, &all[..]) {
        (Some(asked), _) => named(asked).ok_or_else(|| {
            let there = names::among(asked, &known(), "its containers");
            Failure::Usage(format!("service `{service}` has no container `{asked}`; {there}"))
        }),
        (None, [only]) => Ok(*only),
        (None, _) => named(service).ok_or_else(|| {
            let there = known().into_iter().collect::<Vec<_>>().join(", ");
            Failure::Usage(format!("service `{service}` has several containers: {there}; add --container"))
        }),
    }
}

/// Makes sure that the agent in a container runs, which takes commands.
fn agent(container: &Value, name: &str, service: &str) -> Result<(), Failure> {
    let agents = container["managedAgents"].as_array().into_iter().flatten();
    let agent = agents.into_iter().find(|agent| agent["name"] == "ExecuteCommandAgent");
    let state = agent.and_then(|agent| agent["lastStatus"].as_str()).unwrap_or("missing");
    if state == "RUNNING" {
        return Ok(());
    }
    if state == "PENDING" {
        let text = format!("the agent that takes commands is still starting in container {name}");
        return Err(Failure::refused(text, "that takes up to a minute; then run the same command again"));
    }
    let why = agent.and_then(|agent| agent["reason"].as_str()).map(|why| format!(" ({why})")).unwrap_or_default();
    let help = format!(
        "it needs: a `task_role` with `grants: [exec]` (ssmmessages:*); a way to the endpoint of ssmmessages (a public address, a NAT \
         gateway, or a VPC endpoint); no `read_only: true` in the container; Fargate 1.4.0 or later. Once that is mended: evenkeel restart \
         {service}"
    );
    Err(Failure::refused(
        format!("the agent that takes commands does not run in container {name}: it is {state}{why}"),
        help,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ways() -> Ways {
        Ways { apply: "apply!".to_owned(), restart: "restart!".to_owned(), status: "status!".to_owned() }
    }

    fn wanted<'a>(container: Option<&'a str>, task: Option<&'a str>) -> Wanted<'a> {
        Wanted { service: "web", container, task }
    }

    fn running(id: &str, started: f64, enabled: bool) -> Value {
        json!({ "taskArn": format!("arn:aws:ecs:eu-west-1:1:task/shop/{id}"), "lastStatus": "RUNNING",
            "startedAt": started, "enableExecuteCommand": enabled, "containers": [{ "name": "web" }, { "name": "proxy" }] })
    }

    fn text<T>(result: Result<T, Failure>) -> String {
        match result {
            Ok(_) => "ok".to_owned(),
            Err(Failure::Usage(text)) => text,
            Err(Failure::Refused { text, help }) => format!("{text}: {}", help.unwrap_or_default()),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn the_newest_task_that_takes_commands_is_chosen() {
        let tasks = [running("aa", 1.0, true), running("ab", 2.0, true), running("ac", 3.0, false)];
        assert_eq!(task(&tasks, wanted(None, None), &ways()).map(id).unwrap(), "ab");
        assert_eq!(task(&tasks, wanted(None, Some("aa")), &ways()).map(id).unwrap(), "aa");
        assert!(text(task(&tasks, wanted(None, Some("ac")), &ways())).contains("restart!"));
        assert!(text(task(&tasks, wanted(None, Some("x")), &ways())).contains("its running tasks: aa, ab and ac"));
        assert!(text(task(&[], wanted(None, None), &ways())).contains("status!"));
    }

    #[test]
    fn a_container_is_named_or_called_as_its_service() {
        let task = running("aa", 1.0, true);
        assert_eq!(container(&task, wanted(None, None)).unwrap()["name"], "web");
        assert_eq!(container(&task, wanted(Some("proxy"), None)).unwrap()["name"], "proxy");
        assert!(text(container(&task, wanted(Some("prxy"), None))).contains("did you mean `proxy`?"));
        let other = Wanted { service: "other", container: None, task: None };
        assert!(text(container(&task, other)).contains("add --container"));
    }

    #[test]
    fn an_agent_that_does_not_run_says_what_it_needs() {
        let with = |state: &str| json!({ "managedAgents": [{ "name": "ExecuteCommandAgent", "lastStatus": state }] });
        assert_eq!(text(agent(&with("RUNNING"), "web", "web")), "ok");
        assert!(text(agent(&with("PENDING"), "web", "web")).contains("still starting"));
        for stopped in [with("STOPPED"), json!({})] {
            assert!(text(agent(&stopped, "web", "web")).contains("grants: [exec]"));
        }
    }
}
