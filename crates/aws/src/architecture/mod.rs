//! The architecture of a stack as people draw it: boxes, the frames around them, and the lines of who reaches whom, found in its file
//! without a request. Each section of the file that leads somewhere has its function in `boxes` (with `routes` for listeners) or
//! `lines` (with `entrances` for who comes from outside, `mesh` for Service Connect and `uses` for what tasks take). Knows no format and no plan.

mod boxes;
mod entrances;
mod lines;
mod mesh;
mod routes;
mod uses;

use evenkeel_core::id::NodeId;
use evenkeel_stack::model::Stack;
use serde::Serialize;

use self::lines::Lines;
use crate::kinds::{database, load_balancer, records, service};

/// What a stack looks like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Architecture {
    /// The frames, outer ones first.
    pub groups: Vec<Group>,
    /// The boxes, by what is reached before what.
    pub boxes: Vec<Part>,
    /// The lines.
    pub lines: Vec<Edge>,
}

/// A frame.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Group {
    /// Unique among boxes and frames.
    pub id: String,
    /// What is written at its top.
    pub title: String,
    /// The frame that it is in.
    pub group: Option<String>,
}

/// What a box is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Whoever is outside: the internet, an address range, a group of others.
    Outside,
    /// A hosted zone with its names.
    Zone,
    /// A load balancer with its listeners.
    Balancer,
    /// A target group.
    Targets,
    /// A service with its containers.
    Tasks,
    /// A database.
    Data,
    /// A namespace of Cloud Map.
    Names,
    /// Parameters and secrets that have the same users.
    Values,
    /// A repository.
    Images,
}

impl Shape {
    /// The name that programs and style sheets know.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Outside => "outside",
            Self::Zone => "zone",
            Self::Balancer => "balancer",
            Self::Targets => "targets",
            Self::Tasks => "tasks",
            Self::Data => "data",
            Self::Names => "names",
            Self::Values => "values",
            Self::Images => "images",
        }
    }
}

/// A box.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Part {
    /// Unique; that of a resource is its id in plans.
    pub id: String,
    /// What it is.
    pub shape: Shape,
    /// Its name.
    pub title: String,
    /// What it is, in a few words.
    pub what: String,
    /// What is worth knowing.
    pub details: Vec<String>,
    /// The frame that it is in.
    pub group: Option<String>,
    /// The resources that only this list says are in it.
    #[serde(skip)]
    pub holds: Vec<NodeId>,
}

/// What a line is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// Requests.
    Traffic,
    /// Values or images that are fetched when a task starts.
    Fetch,
}

/// A line with a head.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Edge {
    /// The box where it begins.
    pub from: String,
    /// The box where it ends.
    pub to: String,
    /// What it is for.
    pub flow: Flow,
    /// Ports, hosts and paths, one to a line.
    pub label: Vec<String>,
    /// Which rule of a security group opens it, if that is known.
    pub open: Option<String>,
    /// Why nothing gets through, if that is known.
    pub closed: Option<String>,
}

impl Edge {
    /// A line without words.
    pub fn new(from: impl Into<String>, to: impl Into<String>, flow: Flow) -> Self {
        Self { from: from.into(), to: to.into(), flow, label: Vec::new(), open: None, closed: None }
    }

    /// The line with words.
    #[must_use]
    pub fn label(mut self, label: impl IntoIterator<Item = String>) -> Self {
        self.label.extend(label);
        self
    }
}

impl Architecture {
    /// The architecture of a stack.
    pub fn of(stack: &Stack) -> Self {
        let used = uses::values(stack);
        let (lines, mut all) = Lines::of(stack, &used);
        all.extend(boxes::all(stack, &used));
        let framed = |id: &str| all.iter().any(|part| part.group.as_deref() == Some(id));
        let cluster = framed(boxes::CLUSTER);
        let network = cluster || framed(boxes::NETWORK);
        let mut groups = boxes::groups(stack);
        groups.retain(|group| if group.id == boxes::CLUSTER { cluster } else { network });
        Self { groups, boxes: all, lines }
    }

    /// The id of the box that a resource is in.
    pub fn home(&self, id: &NodeId) -> Option<String> {
        let box_of = |id: NodeId| self.boxes.iter().find(|part| part.id == id.to_string());
        let name = id.name();
        let balancer = || name.match_indices('/').find_map(|(at, _)| box_of(load_balancer::id(&name[..at])));
        let owner = match id.kind() {
            "task_definition" | "scaling" | "discovery_service" => box_of(service::id(name)),
            "listener" | "listener_rules" => balancer(),
            "db_subnet_group" | "db_parameter_group" => box_of(database::id(name)),
            "hosted_zone" => box_of(records::id(name)),
            _ => box_of(id.clone()),
        };
        let holder = || self.boxes.iter().find(|part| part.holds.contains(id));
        owner.or_else(holder).map(|part| part.id.clone())
    }

    /// The box of a resource that is no longer in the file, if those of its kind have one.
    pub fn gone(&self, id: &NodeId) -> Option<Part> {
        let found = DRAWN.iter().find(|(kind, ..)| *kind == id.kind());
        let (_, shape, group) = found?;
        let group = group.filter(|group| self.groups.iter().any(|known| known.id == *group));
        Some(boxes::part(*shape, id, id.name(), "no longer in the stack file", group, Vec::new()))
    }
}

/// The kinds of which each resource has a box of its own, and the frame that it is in.
const DRAWN: &[(&str, Shape, Option<&str>)] = &[
    ("records", Shape::Zone, None),
    ("load_balancer", Shape::Balancer, Some(boxes::NETWORK)),
    ("target_group", Shape::Targets, Some(boxes::NETWORK)),
    ("service", Shape::Tasks, Some(boxes::CLUSTER)),
    ("namespace", Shape::Names, Some(boxes::CLUSTER)),
    ("database", Shape::Data, Some(boxes::NETWORK)),
    ("repository", Shape::Images, None),
];
