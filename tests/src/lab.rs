//! A stack of the fake kinds with its cloud: plan, apply, edit, look. Every plan that is made here is checked, and every run
//! is held against the rules for events, so that no test can forget to.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::cloud::Cloud;
use evenkeel_core::event::Event;
use evenkeel_core::execute::{Engine, Limits, Outcome, Stop, execute};
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::Kinds;
use evenkeel_core::plan::{Action, Plan, PlanOptions, plan};
use evenkeel_core::snapshot::Owner;
use serde_json::{Value, json};

use crate::fake::{Fake, Fault, Mishap, Op, kinds};
use crate::invariants;
use crate::virtual_time::run;

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    /// The plan that was carried out.
    pub plan: Plan,
    /// How it ended; `None` if the program was killed.
    pub outcome: Option<Outcome>,
    /// What was told.
    pub events: Vec<Event>,
}

/// A stack and its cloud.
#[derive(Debug)]
pub struct Lab {
    /// The cloud.
    pub fake: Fake,
    /// The kinds.
    pub kinds: Kinds,
    /// What is wanted, by id.
    pub nodes: BTreeMap<String, Node>,
    /// How to plan.
    pub options: PlanOptions,
    /// Limits of a run.
    pub limits: Limits,
}

/// A reference to the `id` of a node.
pub fn id_of(node: &str) -> Value {
    json!({ "$from": format!("{node}#id") })
}

fn node(id: &str, name: &str, want: Value) -> (String, Node) {
    let lookup = id.starts_with("network.");
    (id.to_owned(), Node { lookup, ..Node::new(id.parse().expect("a test writes good ids"), name, want) })
}

/// A whole stack with one of everything.
pub fn shop() -> BTreeMap<String, Node> {
    let mut nodes = BTreeMap::from([
        node("network.main", "main", json!({ "look_up": "the network main" })),
        node("group.alb", "shop-alb", json!({ "network": id_of("network.main"), "description": "entrance" })),
        node("group.app", "shop-app", json!({ "network": id_of("network.main"), "description": "services" })),
        node(
            "rules.alb",
            "",
            json!({ "group": id_of("group.alb"), "rules": [
            { "port": 80, "from": "anywhere" }, { "port": 4567, "from": id_of("group.app") }] }),
        ),
        node(
            "rules.app",
            "",
            json!({ "group": id_of("group.app"), "rules": [
            { "port": 4567, "from": id_of("group.alb") }] }),
        ),
        node("balancer.web", "shop-web", json!({ "scheme": "public", "groups": [id_of("group.alb")] })),
        node("target.web", "shop-web", json!({ "port": 80, "path": "/" })),
        node(
            "listener.web",
            "shop-web:443",
            json!({ "balancer": id_of("balancer.web"), "port": 443,
            "forward": [{ "target_group": id_of("target.web"), "weight": 1 }] }),
        ),
        node("cluster.main", "shop", json!({ "insights": "on", "kind": "fargate" })),
        node("log.app", "shop-app", json!({ "days": 7, "class": "standard" })),
        node("task.app", "shop-app", json!({ "image": "app:1", "log": id_of("log.app") })),
        node(
            "service.app",
            "shop-app",
            json!({ "cluster": id_of("cluster.main"), "task": id_of("task.app"),
            "targets": [{ "target_group": id_of("target.web") }], "groups": [id_of("group.app")], "count": 1, "launch": "fargate" }),
        ),
        node(
            "zone.example",
            "example.com",
            json!({ "records": [
            { "name": "www", "type": "A", "to": { "$join": ["https://", { "$from": "balancer.web#dns" }] } }] }),
        ),
    ]);
    let service = nodes.get_mut("service.app").expect("it is in the list");
    service.needs.insert("listener.web".parse().expect("a good id"));
    nodes
}

impl Lab {
    /// The shop, and a world in which only its network is there.
    pub fn shop() -> Self {
        Self::of(shop())
    }

    /// A stack of these nodes.
    pub fn of(nodes: BTreeMap<String, Node>) -> Self {
        let fake = Fake::default();
        fake.state().world.put("network", "main", Owner::Nobody, json!({}));
        fake.state().world.slowness = std::time::Duration::from_secs(20);
        let limits = Limits { seed: "seed".to_owned(), ..Limits::default() };
        Self { fake, kinds: kinds(), nodes, options: PlanOptions::default(), limits }
    }

    /// The shop, applied.
    pub fn applied() -> Self {
        let lab = Self::shop();
        lab.apply().done();
        lab
    }

    /// What is wanted, as a graph.
    ///
    /// # Panics
    /// If the nodes make no graph.
    pub fn graph(&self) -> Graph {
        if self.options.destroy {
            return Graph::empty(StackInfo::default());
        }
        Graph::new(StackInfo::default(), self.nodes.values().cloned()).expect("the nodes make a graph")
    }

    /// Changes one field of what is wanted. A listener is called after its port.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn edit(&mut self, node: &str, field: &str, value: impl Into<Value>) -> &mut Self {
        let wanted = self.node(node);
        wanted.want[field] = value.into();
        if wanted.id.kind() == "listener" && field == "port" {
            let base = wanted.name.split(':').next().unwrap_or_default();
            wanted.name = format!("{base}:{}", wanted.want[field]);
        }
        self
    }

    /// A wanted node, to be changed.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn node(&mut self, id: &str) -> &mut Node {
        self.nodes.get_mut(id).unwrap_or_else(|| panic!("{id} is in the stack"))
    }

    /// Takes entries out of the stack.
    pub fn drop_nodes(&mut self, ids: &[&str]) -> &mut Self {
        self.nodes.retain(|id, _| !ids.contains(&id.as_str()));
        self
    }

    /// Compares and decides; the plan is checked.
    pub fn plan(&self) -> Plan {
        let (graph, have) = {
            let graph = self.graph();
            let have = self.fake.snapshot(&graph);
            (graph, have)
        };
        let made = plan(&self.kinds, &graph, &have, &self.options);
        invariants::plan_is_sound(&self.kinds, &graph, &have, &made, &self.options);
        made
    }

    /// The steps of the plan, each as `verb node`, in order; waits left out.
    pub fn steps(&self) -> Vec<String> {
        words(&self.plan())
    }

    /// Plans and applies.
    pub fn apply(&self) -> Ran {
        self.apply_with(&Stop::default(), |_| ())
    }

    /// The same, with a handle to stop it and somebody who listens.
    pub fn apply_with(&self, stop: &Stop, mut listen: impl FnMut(&Event) + Send) -> Ran {
        let made = self.plan();
        let graph = self.graph();
        self.fake.begin();
        let theirs = self.fake.state().world.foreign();
        let mut events = Vec::new();
        let outcome = {
            let mut sink = |event: Event| {
                listen(&event);
                events.push(event);
            };
            let cloud: &dyn Cloud = &self.fake;
            let engine =
                Engine { kinds: &self.kinds, graph: &graph, cloud, clock: &self.fake.clock, limits: &self.limits };
            run(&self.fake.clock, || self.fake.killed(), execute(engine, &made, stop, &mut sink))
        };
        if self.options.adopt.is_empty() {
            invariants::foreign_is_untouched(&theirs, &self.fake.state().world.foreign());
        }
        invariants::events_are_sound(&made, &events, outcome.is_some());
        invariants::calls_were_planned(&made, &self.fake.state().calls);
        Ran { plan: made, outcome, events }
    }

    /// Applies with a fault; the fault has to happen.
    ///
    /// # Panics
    /// If it did not.
    pub fn apply_with_fault(&self, op: Option<Op>, nth: usize, what: Mishap) -> Ran {
        self.fake.state().faults = vec![Fault { op, nth, what }];
        let ran = self.apply();
        let fired = self.fake.state().fired;
        assert_eq!(fired, 1, "the fault {what:?} at call {nth} of {op:?} has to happen");
        ran
    }

    /// Asserts that nothing is left to do.
    ///
    /// # Panics
    /// If something is.
    pub fn is_converged(&self) {
        let plan = self.plan();
        let left: Vec<String> = words(&plan);
        assert!(!plan.has_changes() && plan.conflicts.is_empty(), "a second plan has {left:?} {:?}", plan.held);
    }

    /// What is there, to be compared.
    pub fn shape(&self) -> Vec<String> {
        self.fake.state().world.shape()
    }

    /// How often calls were refused with this class in the last run.
    pub fn refusals(&self, class: evenkeel_core::error::ErrorClass) -> usize {
        self.fake.state().calls.iter().filter(|call| call.refused == Some(class)).count()
    }
}

impl Ran {
    /// Asserts that everything was done.
    ///
    /// # Panics
    /// If not.
    pub fn done(self) -> Self {
        assert!(matches!(self.outcome, Some(Outcome::Done(_))), "{:#?}", self.outcome);
        self
    }

    /// The nodes whose steps failed.
    pub fn failed(&self) -> BTreeSet<NodeId> {
        let failed = self.outcome.iter().flat_map(|outcome| &outcome.summary().failed);
        failed.map(|failure| failure.node.clone()).collect()
    }
}

/// The steps of a plan as `verb node`, waits left out.
pub fn words(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter().filter(|step| !matches!(step.action, Action::Wait { .. }));
    steps.map(|step| format!("{} {}", step.verb(), step.node)).collect()
}
