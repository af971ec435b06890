//! The architecture of a stack as data: boxes, the frames around them, and the lines between them. Knows neither how it is found
//! (`build`) nor how it is drawn (the renderers); it is also what `--format json` prints.

use evenkeel_core::id::NodeId;
use serde::Serialize;

use crate::report::escape;

/// The name of the format of its JSON, by which an older picture is recognised as well.
pub const FORMAT: &str = "evenkeel-graph";
/// Its version: fields may be added to version 1, none is renamed or removed.
pub const VERSION: u32 = 1;

/// The whole picture.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Diagram {
    /// [`FORMAT`].
    pub format: &'static str,
    /// [`VERSION`].
    pub version: u32,
    /// The name of the stack.
    pub stack: String,
    /// Its region.
    pub region: String,
    /// The plan in one sentence, if there is one in the picture.
    pub plan: Option<String>,
    /// The frames, outer ones first.
    pub groups: Vec<Group>,
    /// The boxes.
    pub boxes: Vec<Node>,
    /// The lines.
    pub lines: Vec<Edge>,
    /// What the plan does to resources that have no box.
    pub others: Vec<Member>,
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

/// What a box stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Whoever is outside: the internet, an address range, a group of others.
    Outside,
    /// A hosted zone with its names.
    Zone,
    /// A load balancer with its listeners.
    LoadBalancer,
    /// A target group.
    TargetGroup,
    /// A service with its containers.
    Service,
    /// A database.
    Database,
    /// A namespace of Cloud Map.
    Namespace,
    /// Parameters and secrets that have the same users.
    Values,
    /// A repository.
    Repository,
}

impl Shape {
    /// The name that programs and style sheets know.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Outside => "outside",
            Self::Zone => "zone",
            Self::LoadBalancer => "load_balancer",
            Self::TargetGroup => "target_group",
            Self::Service => "service",
            Self::Database => "database",
            Self::Namespace => "namespace",
            Self::Values => "values",
            Self::Repository => "repository",
        }
    }
}

/// A box.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Node {
    /// Unique; that of a resource is its id in plans.
    pub id: String,
    /// What it stands for.
    pub shape: Shape,
    /// Its name.
    pub title: String,
    /// What it is, in a few words.
    pub what: String,
    /// What is worth knowing.
    pub details: Vec<String>,
    /// The frame that it is in.
    pub group: Option<String>,
    /// The resources that it stands for.
    pub members: Vec<Member>,
    /// What the plan does to it.
    pub change: Option<Change>,
}

/// A resource behind a box.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Member {
    /// Its id.
    pub id: NodeId,
    /// Where it is in the stack file.
    pub place: Option<String>,
    /// Its fields, or how the plan changes them.
    pub fields: Vec<Field>,
    /// What the plan does to it.
    pub change: Option<Change>,
}

/// A line of the fields of a resource.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Field {
    /// How deep it is.
    pub depth: usize,
    /// `+`, `-`, `~` or `!`; a space for what does not change.
    pub sign: &'static str,
    /// What it says.
    pub text: String,
}

/// What a plan does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Change {
    /// The sign of plans.
    pub sign: &'static str,
    /// The word of plans: `create`, `held back`.
    pub word: &'static str,
    /// Why.
    pub why: String,
}

impl Change {
    /// The sign and the word.
    pub fn label(&self) -> String {
        format!("{} {}", self.sign, self.word)
    }

    /// The word that style sheets know.
    pub fn class(&self) -> &'static str {
        self.word.split(' ').next().unwrap_or_default()
    }
}

/// What a line stands for.
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
    /// What it stands for.
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

impl Diagram {
    /// The box of that id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.boxes.iter().find(|node| node.id == id)
    }

    /// What is told of a picture without boxes.
    pub fn emptiness(&self) -> Option<&'static str> {
        self.boxes.is_empty().then_some("The stack has no service, load balancer, database or zone to draw.")
    }

    /// What the plan does to resources that have no box, waiting apart.
    pub fn unboxed(&self) -> impl Iterator<Item = (&Member, &Change)> {
        let changed = self.others.iter().filter_map(|other| Some((other, other.change.as_ref()?)));
        changed.filter(|(_, change)| change.word != "wait")
    }

    /// The heading.
    pub fn title(&self) -> String {
        format!("stack {} in {}", self.stack, self.region)
    }

    /// Applies a function to every text of a person's: what comes from files and from AWS may be anything.
    pub fn clean(&mut self, hide: &dyn Fn(&str) -> String) {
        let clean = |text: &mut String| *text = escape::text(&hide(text));
        [&mut self.stack, &mut self.region].into_iter().for_each(clean);
        self.groups.iter_mut().for_each(|group| clean(&mut group.title));
        for node in &mut self.boxes {
            [&mut node.title, &mut node.what].into_iter().for_each(clean);
            node.details.iter_mut().for_each(clean);
        }
        for edge in &mut self.lines {
            edge.label.iter_mut().chain(&mut edge.open).chain(&mut edge.closed).for_each(clean);
        }
        let members = self.boxes.iter_mut().flat_map(|node| &mut node.members).chain(&mut self.others);
        for member in members {
            member.place.iter_mut().for_each(clean);
            member.fields.iter_mut().for_each(|field| clean(&mut field.text));
            member.change.iter_mut().for_each(|change| clean(&mut change.why));
        }
        self.boxes.iter_mut().filter_map(|node| node.change.as_mut()).for_each(|change| clean(&mut change.why));
    }
}
