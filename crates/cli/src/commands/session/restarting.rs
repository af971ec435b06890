//! A session that restarts services: a new deployment of what they run, without any other change, through the engine and its waits. The
//! plan has one update for each service, of its last deployment alone: what is live is what is wanted.

use std::collections::BTreeMap;

use evenkeel_aws::services::ecs::service::status;
use evenkeel_core::cloud::Cloud as _;
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Action, Plan, PlanOptions, Reason};
use evenkeel_core::snapshot::{Live, Observed, Readiness, Snapshot};
use serde_json::json;

use super::changing::Changing;
use super::consent::{self, Job};
use super::names;
use super::planning::Planning;
use super::reading::Reading;
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{escape, plan_json, words};
use crate::style::Tone;

/// Services as they are, by node.
pub(super) type Services = BTreeMap<NodeId, Live>;

/// Restarts services, once that is agreed to, and waits for what becomes of it.
///
/// # Errors
/// If one is not there or not the stack's, AWS cannot be read, or it has changed since it was shown.
pub async fn restart(mut reading: Reading, asked: &[String], job: Job, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut nodes: Vec<Node> = Vec::new();
    for name in asked {
        let node = names::service(&reading.graph, name)?;
        if !nodes.iter().any(|known| known.id == node.id) {
            nodes.push(node.clone());
        }
    }
    let services = look(&reading, &nodes).await?;
    let (graph, snapshot) = wanted(&reading.graph, &nodes, &services);
    reading.graph = graph;
    let mut planning = Planning::new(reading, PlanOptions::default());
    let plan = named(planning.plan(&snapshot)?, &services);
    show(&plan, &services, ui);
    let Some(answer) = consent::agree(&job, ui) else { return Ok(Exit::Interrupted) };
    if answer.asked && look(&planning.reading, &nodes).await?.iter().any(|(id, now)| services[id].have != now.have) {
        let text = "a service has changed since it was shown; nothing was restarted";
        return Err(Failure::refused(text, format!("look at it, and run the same again: {}", job.again)));
    }
    Changing::new(planning, job, None).run(&plan, answer.agreed, ui).await
}

/// Reads the services; only those of the stack may be restarted.
pub(super) async fn look(reading: &Reading, nodes: &[Node]) -> Result<Services, Failure> {
    let asked: Vec<&Node> = nodes.iter().collect();
    let (found, right) = futures::join!(reading.cloud.read_back(&asked), reading.right_account());
    right?;
    let found = found.map_err(|error| Failure::cloud("reading the services", error))?;
    let mut services = Services::new();
    for (id, live) in found {
        match live {
            Some(live) if live.is_of(&id) => drop(services.insert(id, live)),
            Some(live) => {
                let text = format!("{id}: {} does not belong to this stack; nothing was restarted", live.name);
                return Err(Failure::refused(text, "`evenkeel plan` shows whose it is, and how to take it over"));
            }
            None => {
                let text = format!("{id} does not exist yet; nothing was restarted");
                return Err(Failure::refused(text, "`evenkeel apply` creates it, and starts its tasks"));
            }
        }
    }
    Ok(services)
}

/// What is live as what is wanted, but for the deployment.
fn wanted(whole: &Graph, nodes: &[Node], services: &Services) -> (Graph, Snapshot) {
    let alone = nodes.iter().filter_map(|node| {
        let live = services.get(&node.id)?;
        let mut alone = Node::new(node.id.clone(), live.name.clone(), live.have.clone());
        (alone.named, alone.delegated, alone.origin) = (node.named, node.delegated.clone(), node.origin.clone());
        alone.at_least.clone_from(&node.at_least);
        Some(alone)
    });
    let graph = Graph::detached(whole.stack.clone(), alone);
    let mut snapshot = Snapshot::default();
    for (id, live) in services {
        let mut live = live.clone();
        live.readiness = Readiness::Failed("a restart".to_owned());
        snapshot.nodes.insert(id.clone(), Observed::Present(Box::new(live)));
    }
    (graph, snapshot)
}

/// The plan in the words of a restart: nothing has failed.
fn named(mut plan: Plan, services: &Services) -> Plan {
    for step in &mut plan.steps {
        let Action::Update { changes, .. } = &mut step.action else { continue };
        let renews = services.get(&step.node).and_then(|live| live.renews.as_deref());
        for change in changes.iter_mut().filter(|change| Some(change.path.as_str()) == renews) {
            change.from = services.get(&step.node).map(|live| json!(status::revision(live)));
            change.to = Some(json!("a new one"));
        }
        step.why = Reason::Differs(renews.into_iter().map(str::to_owned).collect());
    }
    plan
}

/// Shows what will be restarted.
fn show(plan: &Plan, services: &Services, ui: &mut Ui) {
    if ui.format == Format::Json {
        let mut document = plan_json::document(&ui.secrets.plan(plan));
        if let Some(map) = document.as_object_mut() {
            map.insert("event".to_owned(), json!("plan"));
        }
        return ui.out.json(&document);
    }
    let palette = ui.out.palette;
    for (id, live) in services {
        let count = live.have["desired_count"].as_u64().and_then(|count| usize::try_from(count).ok());
        let tasks = count.map_or_else(|| "its tasks".to_owned(), |count| words::count(count, "task"));
        let (verb, id) = (palette.paint(Tone::Change, "restart"), palette.paint(Tone::Strong, words::id(id)));
        let (name, revision) = (escape::text(&live.name), escape::text(status::revision(live)));
        ui.out.line(&format!("  ~ {verb} {id} ({name}): a new deployment of {revision} replaces {tasks}"));
    }
}
