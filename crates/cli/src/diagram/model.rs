//! A picture of a stack as data: its architecture, with the fields of the resources behind each box and what a plan does to them. Knows
//! neither how it is found (`build`) nor how it is drawn (the renderers); it is also what `--format json` prints.

use evenkeel_aws::architecture::{Edge, Group, Part};
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

/// A box.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Node {
    /// What the file says of it.
    #[serde(flatten)]
    pub part: Part,
    /// The resources behind it.
    pub members: Vec<Member>,
    /// What the plan does to it.
    pub change: Option<Change>,
}

impl From<Part> for Node {
    fn from(part: Part) -> Self {
        Self { part, members: Vec::new(), change: None }
    }
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

impl Diagram {
    /// The box of that id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.boxes.iter().find(|node| node.part.id == id)
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
            [&mut node.part.title, &mut node.part.what].into_iter().for_each(clean);
            node.part.details.iter_mut().for_each(clean);
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
