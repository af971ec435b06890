//! A session that takes a service back to an earlier revision of its task definition, without any other change, through the engine and
//! its waits: a plan with one update, of the revision alone. The stack file stays as it is, so the next plan shows a difference.

use std::collections::BTreeMap;

use evenkeel_aws::kinds;
use evenkeel_aws::services::ecs::service::{follow, status};
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::plan::PlanOptions;
use evenkeel_core::snapshot::{Live, Observed, Snapshot};
use serde_json::json;

use super::changing::Changing;
use super::consent::{self, Job};
use super::names;
use super::planning::Planning;
use super::reading::Reading;
use super::restarting::look;
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{escape, plan_json, words};
use crate::style::Tone;

/// Takes a service back, once that is agreed to, and waits for what becomes of it.
///
/// # Errors
/// If the service is not there or not the stack's, there is nothing to go back to, or AWS cannot be read.
pub async fn go_back(
    mut reading: Reading,
    service: &str,
    to: Option<&str>,
    job: Job,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let node = names::service(&reading.graph, service)?.clone();
    let live = one(&reading, &node).await?;
    let (aws, stack) = (&reading.cloud.aws, reading.graph.stack.name.as_str());
    let going = follow::under_way(aws, &live).await;
    if going.map_err(|error| Failure::cloud("reading the deployment", error))?.is_some() {
        let text = format!("a deployment of {} is under way; nothing was changed", node.id);
        let help = format!("take that back: {}", stopping(&job));
        return Err(Failure::refused(text, help));
    }
    let earlier = follow::earlier(aws, stack, &live, to).await;
    let earlier = earlier.map_err(|error| {
        let help = "name one of the service's revisions with --to, or change the stack file and apply it";
        if error.class == ErrorClass::Invalid && error.code == "-" {
            Failure::refused(format!("{}; nothing was changed", error.message), help)
        } else {
            Failure::cloud("reading revisions", error)
        }
    })?;
    let from = status::revision(&live).to_owned();
    let (graph, snapshot) = wanted(&reading.graph, &node, &live, &earlier);
    reading.graph = graph;
    let mut planning = Planning::new(reading, PlanOptions::default());
    let plan = planning.plan(&snapshot)?;
    let revision = earlier.rsplit('/').next().unwrap_or(&earlier);
    if ui.format == Format::Json {
        let mut document = plan_json::document(&ui.secrets.plan(&plan));
        if let Some(map) = document.as_object_mut() {
            map.insert("event".to_owned(), json!("plan"));
        }
        ui.out.json(&document);
    } else {
        let palette = ui.out.palette;
        let (verb, id) = (palette.paint(Tone::Change, "roll back"), palette.paint(Tone::Strong, words::id(&node.id)));
        let (name, from, to) = (escape::text(&live.name), escape::text(&from), escape::text(revision));
        ui.out.line(&format!("  ~ {verb} {id} ({name}): a new deployment of {to} replaces {from}"));
    }
    ui.note(
        "The stack file stays as it is: the next plan shows the difference, and an apply deploys what the file says.",
    );
    let Some(answer) = consent::agree(&job, ui) else { return Ok(Exit::Interrupted) };
    if answer.asked && one(&planning.reading, &node).await?.have != live.have {
        let text = "the service has changed since it was shown; nothing was changed";
        return Err(Failure::refused(text, format!("look at it, and run the same again: {}", job.again)));
    }
    Changing::new(planning, job, None).run(&plan, answer.agreed, ui).await
}

/// The command that takes back what is under way, in the place of this one.
fn stopping(job: &Job) -> String {
    job.again.to_string().replacen(" rollback ", " stop-deployment --rollback ", 1)
}

async fn one(reading: &Reading, node: &Node) -> Result<Live, Failure> {
    let mut found: BTreeMap<_, _> = look(reading, std::slice::from_ref(node)).await?;
    found.remove(&node.id).ok_or_else(|| Failure::refused(format!("{} does not exist", node.id), "apply creates it"))
}

/// What is live as what is wanted, but for the revision. What tags say of the content is of the revision before.
fn wanted(whole: &Graph, node: &Node, live: &Live, revision: &str) -> (Graph, Snapshot) {
    let mut want = live.have.clone();
    // The field is called as the kind that it refers to.
    want[kinds::task_definition::KIND] = revision.into();
    want["marks"] = json!({ "revision": "", "uses": "" });
    let mut alone = Node::new(node.id.clone(), live.name.clone(), want);
    (alone.named, alone.delegated, alone.origin) = (node.named, node.delegated.clone(), node.origin.clone());
    alone.patience_secs = node.patience_secs;
    let graph = Graph::detached(whole.stack.clone(), [alone]);
    let mut snapshot = Snapshot::default();
    snapshot.nodes.insert(node.id.clone(), Observed::Present(Box::new(live.clone())));
    (graph, snapshot)
}
