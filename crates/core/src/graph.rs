//! The desired state: nodes and what they need. A graph is made by the kinds from a stack file and never changes.
//! References to nothing and cycles are refused here, with the path of the cycle. Knows no kinds and no AWS.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use serde::{Deserialize, Serialize};

use crate::diff::Change;
use crate::doc::{self, Doc};
use crate::id::NodeId;

/// What a stack is called and where it lives.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StackInfo {
    /// The stack's name, as in the `evenkeel:stack` tag.
    pub name: String,
    /// The AWS region.
    pub region: String,
}

/// One desired resource.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Node {
    /// Its identity.
    pub id: NodeId,
    /// The physical name without a generation suffix; empty if its kind has none.
    pub name: String,
    /// Whether the file gives this very name; a default name may differ from that of a live thing that was renamed or moved.
    pub named: bool,
    /// What it should be, in the canonical form of its kind, with holes; of what is looked up, what to look for.
    pub want: Doc,
    /// Whether it is only looked up: read, offered to others, never made, changed or deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lookup: bool,
    /// Nodes that must be there first, beside those that `want` refers to.
    pub needs: BTreeSet<NodeId>,
    /// The id it had before it was renamed in the file.
    pub moved_from: Option<NodeId>,
    /// The node whose thing alone it can be tied to: if that is replaced, so is this. It is decided about first.
    #[serde(default)]
    pub follows: Option<NodeId>,
    /// Nodes of its kind that have to be of one shape with it: while one of them is held back, it is not replaced either.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub alike: BTreeSet<NodeId>,
    /// Whether deleting or replacing it needs explicit consent.
    pub protect: bool,
    /// Fields that somebody else manages once the thing exists: path to who.
    pub delegated: BTreeMap<String, String>,
    /// Numbers below which a delegated field is ours after all: who manages it would not have led it there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at_least: BTreeMap<String, u64>,
    /// Seconds that it takes by what the file itself says, beyond what its kind takes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub patience_secs: u32,
    /// Outputs that are known only once it is ready, beyond what its kind says: it is read again then, and what refers to them waits.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub late: BTreeSet<String>,
    /// Where it stands in the stack file, for messages: `stack.yaml:12`.
    pub origin: Option<String>,
    /// Where parts of it stand that AWS may have something against, by words of its kind: `image:web`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<String, String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Node {
    /// A node without anything special.
    pub fn new(id: NodeId, name: impl Into<String>, want: Doc) -> Self {
        Self {
            id,
            name: name.into(),
            named: false,
            want,
            lookup: false,
            needs: BTreeSet::new(),
            moved_from: None,
            follows: None,
            alike: BTreeSet::new(),
            protect: false,
            delegated: BTreeMap::new(),
            at_least: BTreeMap::new(),
            patience_secs: 0,
            late: BTreeSet::new(),
            origin: None,
            places: BTreeMap::new(),
        }
    }

    /// The delegated fields of a live thing that are somebody else's: path to who.
    pub fn ceded<'n>(&'n self, live: &'n Doc) -> impl Iterator<Item = (&'n String, &'n String)> {
        let below = move |path: &str| {
            let now = path.split('.').try_fold(live, |place, key| place.get(key)).and_then(Doc::as_u64);
            self.at_least.get(path).zip(now).is_some_and(|(least, now)| now < *least)
        };
        self.delegated.iter().filter(move |(path, _)| !below(path))
    }

    /// Who manages the field of a live thing that a change is of, and its path, if that is not us.
    pub fn manager<'n>(&'n self, change: &Change, live: &'n Doc) -> Option<(&'n String, &'n String)> {
        self.ceded(live).find(|(path, _)| change.is_of_values_within(path))
    }

    /// A node that is only looked up.
    pub fn lookup(id: NodeId, name: impl Into<String>, want: Doc) -> Self {
        Self { lookup: true, ..Self::new(id, name, want) }
    }
}

/// The desired state of a stack.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Graph {
    /// The stack.
    pub stack: StackInfo,
    nodes: BTreeMap<NodeId, Node>,
    /// What each node needs, found once: walking every document for every question would be most of the time of a plan.
    #[serde(skip)]
    needs: BTreeMap<NodeId, BTreeSet<NodeId>>,
}

/// A graph as it is written down.
#[derive(Deserialize)]
struct Written {
    stack: StackInfo,
    nodes: BTreeMap<NodeId, Node>,
}

impl From<Written> for Graph {
    fn from(Written { stack, nodes }: Written) -> Self {
        let needs = find_needs(&nodes);
        Self { stack, nodes, needs }
    }
}

fn find_needs(nodes: &BTreeMap<NodeId, Node>) -> BTreeMap<NodeId, BTreeSet<NodeId>> {
    // The same id in a hundred documents is kept once.
    let shared = |id: NodeId| nodes.get_key_value(&id).map_or(id, |(known, _)| known.clone());
    let needs = |node: &Node| {
        let mut needs = node.needs.clone();
        needs.extend(doc::refs(&node.want).into_iter().map(|hole| shared(hole.node)));
        needs
    };
    nodes.iter().map(|(id, node)| (id.clone(), needs(node))).collect()
}

/// Nodes that do not make a graph.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GraphError {
    /// Two nodes have one id.
    #[error("{0} is defined twice")]
    Twice(NodeId),
    /// A node refers to one that is not there.
    #[error("{node} refers to {missing}, which does not exist")]
    Dangling {
        /// The one that refers.
        node: NodeId,
        /// The one that is missing.
        missing: NodeId,
    },
    /// Nodes need each other in a circle; the path starts and ends with the same node.
    #[error("these entries depend on each other in a circle: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> "))]
    Cycle(Vec<NodeId>),
}

impl Graph {
    /// Builds a graph; reports every mistake it finds.
    pub fn new(stack: StackInfo, nodes: impl IntoIterator<Item = Node>) -> Result<Self, Vec<GraphError>> {
        let mut graph = Self { stack, ..Self::default() };
        let mut errors = Vec::new();
        for node in nodes {
            let id = node.id.clone();
            if graph.nodes.insert(id.clone(), node).is_some() {
                errors.push(GraphError::Twice(id));
            }
        }
        graph.needs = find_needs(&graph.nodes);
        for (node, needs) in &graph.needs {
            for missing in needs.iter().filter(|need| !graph.nodes.contains_key(need)) {
                errors.push(GraphError::Dangling { node: node.clone(), missing: missing.clone() });
            }
        }
        if errors.is_empty() {
            errors.extend(graph.cycles());
        }
        if errors.is_empty() { Ok(graph) } else { Err(errors) }
    }

    /// A graph that wants nothing: what `destroy` plans towards.
    pub fn empty(stack: StackInfo) -> Self {
        Self { stack, ..Self::default() }
    }

    /// A few nodes out of their context, to read them back; what they refer to need not be there.
    pub fn detached(stack: StackInfo, nodes: impl IntoIterator<Item = Node>) -> Self {
        Self::from(Written { stack, nodes: nodes.into_iter().map(|node| (node.id.clone(), node)).collect() })
    }

    /// The node of that id.
    pub fn get(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// All nodes, by id.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// The nodes of one kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Node> + 'a {
        // They are in order, by kind first.
        let from = self.nodes.range(NodeId::new(kind, "")..);
        from.map(|(_, node)| node).take_while(move |node| node.id.kind() == kind)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What a node needs: what its document refers to, and what it names beside that.
    pub fn needs(&self, node: &Node) -> BTreeSet<NodeId> {
        self.needs_of(&node.id).cloned().collect()
    }

    /// What the node of that id needs, in order.
    pub fn needs_of(&self, id: &NodeId) -> impl DoubleEndedIterator<Item = &NodeId> {
        self.needs.get(id).into_iter().flatten()
    }

    /// All nodes, each after everything that it needs; otherwise by id.
    pub fn in_order(&self) -> Vec<&Node> {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut seen: HashSet<&NodeId> = HashSet::with_capacity(self.nodes.len());
        for root in self.nodes.values() {
            // An explicit stack: a chain of ten thousand nodes must not overflow the program's own.
            let mut stack = vec![(root, false)];
            while let Some((node, needs_done)) = stack.pop() {
                if needs_done {
                    order.push(node);
                } else if seen.insert(&node.id) {
                    stack.push((node, true));
                    let needs = self.needs_of(&node.id).rev().chain(&node.follows);
                    stack.extend(needs.filter_map(|need| self.nodes.get(need)).map(|need| (need, false)));
                }
            }
        }
        order
    }

    /// The given nodes and everything that they need, directly or not.
    pub fn closure<'a>(&'a self, roots: impl IntoIterator<Item = &'a NodeId>) -> BTreeSet<NodeId> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<NodeId> = roots.into_iter().cloned().collect();
        while let Some(id) = open.pop() {
            if self.nodes.contains_key(&id) && seen.insert(id.clone()) {
                open.extend(self.needs_of(&id).cloned());
            }
        }
        seen
    }

    fn cycles(&self) -> Vec<GraphError> {
        let index: HashMap<&NodeId, usize> = self.nodes.keys().enumerate().map(|(at, id)| (id, at)).collect();
        let ids: Vec<&NodeId> = self.nodes.keys().collect();
        let mut edges = DiGraphMap::<usize, ()>::new();
        for (at, id) in ids.iter().enumerate() {
            for need in self.needs_of(id) {
                edges.add_edge(at, index[need], ());
            }
        }
        tarjan_scc(&edges)
            .into_iter()
            .filter(|group| group.len() > 1 || edges.contains_edge(group[0], group[0]))
            .map(|group| GraphError::Cycle(walk(&edges, &group).into_iter().map(|at| ids[at].clone()).collect()))
            .collect()
    }
}

/// A closed path inside a strongly connected group, from its smallest member.
fn walk(edges: &DiGraphMap<usize, ()>, group: &[usize]) -> Vec<usize> {
    let inside: BTreeSet<usize> = group.iter().copied().collect();
    let start = *inside.first().expect("a group has members");
    // Breadth first from the start until an edge leads back to it: the shortest circle through the start.
    let mut before: BTreeMap<usize, usize> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        let mut next: Vec<usize> = edges.neighbors(at).filter(|to| inside.contains(to)).collect();
        next.sort_unstable();
        for to in next {
            if to == start {
                let mut path = vec![start, at];
                let mut back = at;
                while back != start {
                    back = before[&back];
                    path.push(back);
                }
                if at == start {
                    path.truncate(2);
                }
                path.reverse();
                return path;
            }
            if let std::collections::btree_map::Entry::Vacant(entry) = before.entry(to) {
                entry.insert(at);
                queue.push_back(to);
            }
        }
    }
    vec![start, start]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doc::Text;

    fn node(name: &str, needs: &[&str]) -> Node {
        let want = needs.iter().map(|need| json!(Text::output(NodeId::new("k", need), "id"))).collect();
        Node::new(NodeId::new("k", name), name, want)
    }

    fn build(nodes: Vec<Node>) -> Result<Graph, Vec<GraphError>> {
        Graph::new(StackInfo::default(), nodes)
    }

    #[test]
    fn a_cycle_is_reported_as_a_path() {
        let errors =
            build(vec![node("a", &["b"]), node("b", &["c"]), node("c", &["a", "d"]), node("d", &[])]).unwrap_err();
        assert_eq!(errors[0].to_string(), "these entries depend on each other in a circle: k.a -> k.b -> k.c -> k.a");
        let alone = build(vec![node("a", &["a"])]).unwrap_err();
        assert_eq!(alone[0].to_string(), "these entries depend on each other in a circle: k.a -> k.a");
    }

    #[test]
    fn a_reference_to_nothing_is_reported() {
        let errors = build(vec![node("a", &["x"])]).unwrap_err();
        assert_eq!(errors[0].to_string(), "k.a refers to k.x, which does not exist");
    }

    #[test]
    fn a_closure_holds_all_that_is_needed() {
        let graph = build(vec![node("a", &["b"]), node("b", &["c"]), node("c", &[]), node("d", &["c"])]).unwrap();
        let closure = graph.closure(&[NodeId::new("k", "a")]);
        assert_eq!(closure.iter().map(NodeId::name).collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
