//! Service-linked roles: those by which ECS (and its managed instances), ELB, Application Auto Scaling and RDS act in an account. They belong to the account, not to
//! a stack: they carry no marks, are never changed or deleted, and one that is there is right, whoever made it. A graph gets a node
//! for one only where the reading shows that the account lacks it and something that needs it is to be made ([`complete`]).
//!
//! Calls: CreateServiceLinkedRole (refused with `InvalidInput` if it is there). Whether one is there, the overview of all roles
//! tells, which is read anyhow. Who may not look or make one gets on without: AWS makes them by itself where it may.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Kind, Ready};
use evenkeel_core::snapshot::{Live, Observed, Owner, Snapshot};
use serde::{Deserialize, Serialize};

use super::read::Iam;
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{self, Creation, Entry, Modification, Paced, Resource, Work, untagged};

/// The kind's name.
pub const KIND: &str = "service_linked_role";

/// The path of these roles.
pub(super) const PATH: &str = "/aws-service-role/";

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "service-linked role",
        outputs: &["arn"],
        ready: Ready::AtOnce,
        deadline_secs: 60,
        ..Kind::PLAIN
    },
    contribute: |_, _| {},
    driver: &Roles,
    paced: Paced::NOT,
    actions: &["iam:GetAccountAuthorizationDetails", "iam:ListRoles", "iam:GetRole", "iam:CreateServiceLinkedRole"],
};

/// A role of a service.
struct Linked {
    /// What the node is called.
    entry: &'static str,
    /// The service.
    service: &'static str,
    /// The name of the role.
    role: &'static str,
    /// The kinds that cannot be made without it.
    kinds: &'static [&'static str],
}

/// The roles that stacks need.
const ROLES: &[Linked] = &[
    Linked { entry: "ecs", service: "ecs.amazonaws.com", role: "AWSServiceRoleForECS", kinds: &["cluster", "service"] },
    Linked {
        entry: "ecs-compute",
        service: "ecs-compute.amazonaws.com",
        role: "AWSServiceRoleForECSCompute",
        kinds: &["capacity_provider"],
    },
    Linked {
        entry: "elasticloadbalancing",
        service: "elasticloadbalancing.amazonaws.com",
        role: "AWSServiceRoleForElasticLoadBalancing",
        kinds: &["load_balancer", "target_group"],
    },
    Linked {
        entry: "autoscaling",
        service: "ecs.application-autoscaling.amazonaws.com",
        role: "AWSServiceRoleForApplicationAutoScaling_ECSService",
        kinds: &["scaling"],
    },
    Linked { entry: "rds", service: "rds.amazonaws.com", role: "AWSServiceRoleForRDS", kinds: &["database"] },
];

impl Linked {
    fn node(&self) -> Node {
        Node::new(id(self.entry), self.role, resource::doc(&Spec { service: self.service.to_owned() }))
    }
}

/// The nodes of all that there are.
pub fn nodes() -> impl Iterator<Item = Node> {
    ROLES.iter().map(Linked::node)
}

/// The node of one.
pub fn id(entry: &str) -> NodeId {
    NodeId::new(KIND, entry)
}

/// A service-linked role in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The service: `ecs.amazonaws.com`.
    pub service: String,
}

/// The names of those that the last overview of the account has shown; `None` if there was none.
#[derive(Debug, Default)]
struct Shown(Mutex<Option<BTreeSet<String>>>);

/// Notes which of them an overview of all roles shows, by path and name.
pub(super) fn note<'r>(aws: &Aws, roles: impl Iterator<Item = (&'r str, &'r str)>) {
    let linked = roles.filter(|(path, _)| path.starts_with(PATH)).map(|(_, name)| name.to_owned()).collect();
    *aws.memory::<Shown>().0.lock().unwrap_or_else(PoisonError::into_inner) = Some(linked);
}

fn shown(aws: &Aws) -> Option<BTreeSet<String>> {
    aws.memory::<Shown>().0.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Whether an overview has shown the role of a node; `None` if there was none.
pub(super) fn is_shown(aws: &Aws, node: &Node) -> Option<bool> {
    Some(shown(aws)?.contains(&node.name))
}

/// The graph with the service-linked roles that the account lacks and that something which is to be made needs; `None` if it lacks
/// none, or nobody knows. The snapshot gets them as absent.
pub fn complete(aws: &Aws, graph: &Graph, snapshot: &mut Snapshot) -> Option<Graph> {
    let shown = shown(aws)?;
    let new = |node: &&Node| !node.lookup && matches!(snapshot.nodes.get(&node.id), Some(Observed::Absent));
    let mut nodes: Vec<Node> = graph.nodes().cloned().collect();
    let mut lacking = Vec::new();
    for role in ROLES.iter().filter(|role| !shown.contains(role.role) && graph.get(&id(role.entry)).is_none()) {
        let needing: BTreeSet<NodeId> =
            role.kinds.iter().flat_map(|kind| graph.of_kind(kind)).filter(new).map(|node| node.id.clone()).collect();
        if needing.is_empty() {
            continue;
        }
        for node in nodes.iter_mut().filter(|node| needing.contains(&node.id)) {
            node.needs.insert(id(role.entry));
        }
        lacking.push(role.node());
    }
    if lacking.is_empty() {
        return None;
    }
    let ids: Vec<NodeId> = lacking.iter().map(|node| node.id.clone()).collect();
    nodes.extend(lacking);
    let graph = Graph::new(graph.stack.clone(), nodes).ok()?;
    snapshot.nodes.extend(ids.into_iter().map(|id| (id, Observed::Absent)));
    Some(graph)
}

struct Roles;

untagged!(Spec);

#[async_trait]
impl Resource for Roles {
    type Want = Spec;
    type Have = Spec;

    /// Only what is wanted: none is ever left over.
    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let iam: &Iam = fetched.part()?;
        let there = iam.linked.as_ref().map_err(Clone::clone)?.iter();
        there.map(|node| Ok(live(node.id.clone(), &node.name, resource::spec(&node.want)?))).collect()
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, service) = (work.aws, order.want.service.as_str());
        let request = || aws.iam().create_service_linked_role().aws_service_name(service).send();
        match aws.caller.send("iam:CreateServiceLinkedRole", request).await {
            Ok(_) => {}
            // Somebody was faster.
            Err(error) if error.class == ErrorClass::Exists => {}
            // Without the permission it is as before: AWS makes it with the first resource, where it may.
            Err(error) if matches!(error.class, ErrorClass::Denied | ErrorClass::Unsupported) => {
                tracing::warn!(%error, "the service-linked role of {service} is left to AWS");
            }
            Err(error) => return Err(error),
        }
        Ok(live(order.order.node.clone(), order.order.name, order.want.clone()))
    }

    async fn update(&self, _: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        Ok(order.done())
    }

    async fn delete(&self, _: Work<'_>, node: &NodeId, _: &Live<Spec>) -> Result<(), CloudError> {
        Err(CloudError::bug("iam:DeleteServiceLinkedRole", format!("{node} belongs to the account")))
    }
}

/// A role of the account counts as the node's own: there is one of each, and it is right as it is.
fn live(node: NodeId, name: &str, spec: Spec) -> Live<Spec> {
    let arn = format!("role{PATH}{}/{name}", spec.service);
    Live::new(arn.clone(), name, Owner::Ours(node), spec).output("arn", arn)
}

#[cfg(test)]
mod tests {
    use evenkeel_core::graph::StackInfo;
    use serde_json::json;

    use super::*;
    use crate::connect::{Settings, test_config};

    fn aws() -> Aws {
        let settings = Settings { region: Some("eu-west-1".to_owned()), ..Settings::default() };
        Aws::from_config(&test_config(&settings)).unwrap()
    }

    fn graph() -> (Graph, Snapshot) {
        let ids = ["cluster.main", "load_balancer.web", "target_group.web", "log_group.app"];
        let nodes: Vec<Node> = ids.map(|id| Node::new(id.parse().unwrap(), "x", json!({}))).into();
        let mut snapshot = Snapshot::default();
        snapshot.nodes.extend(nodes.iter().map(|node| (node.id.clone(), Observed::Absent)));
        (Graph::new(StackInfo::default(), nodes).unwrap(), snapshot)
    }

    fn added(aws: &Aws, graph: &Graph, snapshot: &mut Snapshot) -> Vec<String> {
        let graph = complete(aws, graph, snapshot);
        graph.iter().flat_map(|graph| graph.of_kind(KIND)).map(|node| node.id.to_string()).collect()
    }

    #[test]
    fn what_the_account_lacks_is_made_for_what_is_to_be_made() {
        let aws = aws();
        let (graph, mut snapshot) = graph();
        assert_eq!(added(&aws, &graph, &mut snapshot), Vec::<String>::new(), "nothing is known of the account");
        note(&aws, [("/", "AWSServiceRoleForElasticLoadBalancing"), ("/aws-service-role/x/", "Other")].into_iter());
        let all = ["service_linked_role.ecs", "service_linked_role.elasticloadbalancing"];
        assert_eq!(added(&aws, &graph, &mut snapshot), all);
        let with = complete(&aws, &graph, &mut snapshot).unwrap();
        let needs = |node: &str| with.needs_of(&node.parse().unwrap()).cloned().collect::<Vec<_>>();
        assert_eq!(needs("cluster.main"), [id("ecs")]);
        assert_eq!(needs("target_group.web"), [id("elasticloadbalancing")]);
        assert!(needs("log_group.app").is_empty());
        assert_eq!(snapshot.nodes.get(&id("ecs")), Some(&Observed::Absent));
        let there = Live::new("c", "x", Owner::Nobody, json!({}));
        snapshot.nodes.insert("cluster.main".parse().unwrap(), Observed::Present(Box::new(there)));
        assert_eq!(added(&aws, &graph, &mut snapshot), all[1..], "nothing needs it any more");
    }

    #[test]
    fn an_account_that_has_them_lacks_none() {
        let aws = aws();
        let (graph, mut snapshot) = graph();
        let names = ROLES.iter().map(|role| ("/aws-service-role/x/", role.role));
        note(&aws, names);
        assert_eq!(complete(&aws, &graph, &mut snapshot), None);
    }
}
