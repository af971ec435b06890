//! The engine's door to AWS: hands each order to the driver of its kind. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use evenkeel_core::cloud::{Cloud, Create, Rate, Sort, Update, Waiting};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::Kind;
use evenkeel_core::plan::{self, Plan};
use evenkeel_core::snapshot::{Candidates, Live, Observed, Owner, Readiness, Snapshot};

use crate::client::Aws;
use crate::kinds;
use crate::read::Scope;
use crate::reading;
use crate::resource::{Driver, Work};
use crate::services;
use crate::services::ecs::read::side_by_side;

/// The ids of what this run has made.
#[derive(Debug, Default)]
struct Made(Mutex<BTreeSet<String>>);

impl Made {
    fn note(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
    }

    fn has(&self, id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }
}

/// Kinds in which others may have put something of theirs.
const FRONTS: &[&str] = &["load_balancer", "listener", "listener_rules"];

/// AWS, for one stack.
#[derive(Clone, Debug)]
pub struct AwsCloud {
    /// The clients.
    pub aws: Aws,
    /// The stack whose marks are put on things.
    pub stack: StackInfo,
}

impl AwsCloud {
    /// What the drivers work with.
    fn work(&self) -> Work<'_> {
        Work { aws: &self.aws, stack: &self.stack.name }
    }

    /// Reads what is live and matches it with `graph`.
    ///
    /// Where a load balancer or a listener would go, what would go with it is looked at as well.
    pub async fn snapshot(&self, graph: &Graph) -> Snapshot {
        let scope = Scope { stack: &self.stack.name, graph, thorough: false, closely: false, only: None };
        let table = kinds::table();
        let mut found = reading::candidates(&self.aws, &scope).await;
        if !has_fronts(&found) {
            return Snapshot::of(&table, graph, graph, found);
        }
        let snapshot = Snapshot::of(&table, graph, graph, found.clone());
        let doomed = plan::doomed(&table, graph, &snapshot);
        if !FRONTS.iter().any(|kind| doomed.contains(*kind)) {
            return snapshot;
        }
        let only: BTreeSet<String> = FRONTS.iter().map(|kind| (*kind).to_owned()).collect();
        let closely = Scope { closely: true, only: Some(&only), ..scope };
        found.kinds.extend(reading::candidates(&self.aws, &closely).await.kinds);
        Snapshot::of(&table, graph, graph, found)
    }

    /// The same; and the graph with the service-linked roles that the account lacks for what is to be made, if it lacks any.
    pub async fn snapshot_with_roles(&self, graph: &Graph) -> (Snapshot, Option<Graph>) {
        let mut snapshot = self.snapshot(graph).await;
        let completed = kinds::service_linked_role::complete(&self.aws, graph, &mut snapshot);
        (snapshot, completed)
    }

    /// Reads everything of the stack that there is, to take it down.
    ///
    /// Marks lead to most things, but not everywhere to all: the names in the stack file, if there is one, help to find the
    /// rest, and its records which zones have to be readable. Nothing is looked up, and nothing is wanted.
    pub async fn snapshot_to_destroy(&self, file: Option<&Graph>) -> Snapshot {
        let leads = |node: &&Node| {
            let kind = kinds::get(node.id.kind()).map(|entry| &entry.kind);
            let others = [kinds::records::ENTRY.kind.name, kinds::certificate::KIND, kinds::scaling::KIND];
            let by_name = |kind: &Kind| kind.name_limit > 0 || others.contains(&kind.name);
            !node.lookup && kind.is_some_and(by_name)
        };
        let named = file.into_iter().flat_map(Graph::nodes).filter(leads).cloned();
        let graph = Graph::detached(self.stack.clone(), named);
        let scope = Scope { stack: &self.stack.name, graph: &graph, thorough: true, closely: false, only: None };
        let found = reading::candidates(&self.aws, &scope).await;
        Snapshot::of(&kinds::table(), &Graph::empty(self.stack.clone()), &graph, found)
    }
}

/// Whether something of ours is there in which others may have put something: nothing else of that kind can go.
fn has_fronts(found: &Candidates) -> bool {
    let mut things = FRONTS.iter().filter_map(|kind| found.kinds.get(*kind)).flatten().flatten();
    things.any(|live| matches!(live.owner, Owner::Ours(_)))
}

impl AwsCloud {
    /// Looks closer, before a run, at what the plan leaves alone: nothing that does not do what it is for is to pass for healthy.
    /// What lacks is noted in the snapshot; tells whether anything does, so that the plan has to be made anew.
    ///
    /// With `target`, only at what these need.
    pub async fn look_closer(
        &self,
        graph: &Graph,
        target: &BTreeSet<NodeId>,
        plan: &Plan,
        snapshot: &mut Snapshot,
    ) -> bool {
        let worked_on: BTreeSet<&NodeId> = plan.steps.iter().map(|step| &step.node).collect();
        let inside = (!target.is_empty()).then(|| graph.closure(target));
        let left_alone = graph.nodes().map(|node| &node.id).filter(|id| {
            let asked_for = inside.as_ref().is_none_or(|inside| inside.contains(*id));
            let ready = snapshot.live(id).is_some_and(|live| live.readiness == Readiness::Ready);
            asked_for && ready && !worked_on.contains(id)
        });
        let looks = left_alone.filter_map(|id| {
            let (entry, live) = (kinds::get(id.kind())?, snapshot.live(id)?);
            Some(async move { (id, entry.driver.lacks(self.work(), live).await) })
        });
        let looks: Vec<_> = looks.collect();
        let lacking: Vec<(NodeId, String)> = side_by_side(looks)
            .await
            .into_iter()
            // What is not known to be healthy is waited for; the wait tells the error.
            .filter_map(|(id, told)| Some((id.clone(), told.unwrap_or_else(|error| Some(error.to_string()))?)))
            .collect();
        for (id, what) in &lacking {
            if let Some(Observed::Present(live)) = snapshot.nodes.get_mut(id) {
                live.readiness = Readiness::Pending(what.clone());
            }
        }
        !lacking.is_empty()
    }
}

fn driver(kind: &str) -> Result<&'static dyn Driver, CloudError> {
    kinds::get(kind)
        .map(|entry| entry.driver)
        .ok_or_else(|| CloudError::bug("kinds", format!("no kind is called {kind}")))
}

#[async_trait]
impl Cloud for AwsCloud {
    async fn create(&self, order: Create<'_>) -> Result<Live, CloudError> {
        let live = driver(order.node.kind())?.create(self.work(), order).await?;
        self.aws.memory::<Made>().note(&live.id);
        Ok(live)
    }

    async fn update(&self, order: Update<'_>) -> Result<Live, CloudError> {
        let driver = driver(order.node.kind())?;
        // What this run has made needs no second look, and what is taken over is not ours before.
        if matches!(order.live.owner, Owner::Ours(_)) && !self.aws.memory::<Made>().has(&order.live.id) {
            driver.still_ours(self.work(), order.node, order.live, false).await?;
        }
        driver.update(self.work(), order).await
    }

    async fn delete(&self, node: &NodeId, live: &Live) -> Result<(), CloudError> {
        let driver = driver(node.kind())?;
        driver.still_ours(self.work(), node, live, true).await?;
        driver.delete(self.work(), node, live).await
    }

    async fn poll(&self, kind: &str, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        match driver(kind) {
            Ok(driver) => driver.poll(self.work(), waiting).await,
            Err(error) => waiting.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn read_back(&self, nodes: &[&Node]) -> Result<BTreeMap<NodeId, Option<Live>>, CloudError> {
        let only: BTreeSet<String> = nodes.iter().map(|node| node.id.kind().to_owned()).collect();
        let graph = Graph::detached(self.stack.clone(), nodes.iter().copied().cloned());
        let scope =
            Scope { stack: &self.stack.name, graph: &graph, thorough: false, closely: false, only: Some(&only) };
        let found = reading::candidates(&self.aws, &scope).await;
        let snapshot = Snapshot::of(&kinds::table(), &graph, &graph, found);
        if let Some(error) = snapshot.unreadable.into_values().next() {
            return Err(error);
        }
        let found = graph.nodes().map(|node| {
            let live = match snapshot.nodes.get(&node.id) {
                Some(Observed::Present(live)) => Some((**live).clone()),
                _ => None,
            };
            (node.id.clone(), live)
        });
        Ok(found.collect())
    }

    fn rate(&self, kind: &str, sort: Sort) -> Option<Rate> {
        let paced = kinds::get(kind)?.paced;
        let operation = match sort {
            Sort::Create => paced.create,
            Sort::Update => paced.update,
            Sort::Delete => paced.delete,
        }?;
        services::rate(operation)
    }

    fn turn(&self, rate: &Rate) -> Result<(), Duration> {
        self.aws.caller.reserve(&rate.name)
    }

    async fn holders(&self, node: &NodeId, live: &Live) -> Vec<String> {
        match driver(node.kind()) {
            Ok(driver) => driver.holders(self.work(), live).await,
            Err(_) => Vec::new(),
        }
    }
}
