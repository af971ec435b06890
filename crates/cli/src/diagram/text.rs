//! The picture as a tree of lines for a terminal: who reaches whom, from outside inwards. What is reached on several ways is told where
//! it comes first, and named where it comes again.

use std::collections::BTreeSet;

use console::measure_text_width;
use evenkeel_aws::architecture::Edge;

use super::model::{Diagram, Node};
use super::width::wrap;
use crate::style::{Palette, Tone};

/// Columns of a terminal.
const COLUMNS: usize = 80;
/// How much may be left at least, however deep a line is.
const NARROWEST: usize = 24;

/// The beginning of the text, by which an older one is recognised.
pub const BEGINNING: &str = "graph of stack ";

/// The picture.
pub fn render(diagram: &Diagram, palette: Palette) -> String {
    let mut tree = Tree { diagram, palette, told: BTreeSet::new(), out: Vec::new() };
    tree.out.push(format!("{BEGINNING}{} in {}", diagram.stack, diagram.region));
    let entered: BTreeSet<&str> = diagram.lines.iter().map(|edge| edge.to.as_str()).collect();
    for node in diagram.boxes.iter().filter(|node| !entered.contains(node.part.id.as_str())) {
        tree.root(node);
    }
    // What is in a circle has no beginning.
    for node in &diagram.boxes {
        if !tree.told.contains(node.part.id.as_str()) {
            tree.root(node);
        }
    }
    tree.out.extend(diagram.emptiness().into_iter().flat_map(|words| [String::new(), words.to_owned()]));
    tree.ends();
    let mut text = tree.out.join("\n");
    text.push('\n');
    text
}

struct Tree<'d> {
    diagram: &'d Diagram,
    palette: Palette,
    told: BTreeSet<&'d str>,
    out: Vec<String>,
}

impl<'d> Tree<'d> {
    fn root(&mut self, node: &'d Node) {
        self.out.push(String::new());
        self.node(node, "", ("", ""), "");
    }

    /// A box and what it leads to; `lead` is in front of all of its lines, `ends` in front of the first and of the others, and `way` is
    /// what leads to it.
    fn node(&mut self, node: &'d Node, lead: &str, ends: (&str, &str), way: &str) {
        let again = !self.told.insert(&node.part.id);
        let change = node.change.as_ref().map(|change| format!("{}  ", change.label())).unwrap_or_default();
        let what = if again { "see above".to_owned() } else { node.part.what.clone() };
        let first = format!("{way}{change}{} ({what})", node.part.title);
        let tone = node.change.as_ref().map_or(Tone::Strong, |change| tone(change.class()));
        self.lines(&format!("{lead}{}", ends.0), &format!("{lead}{}", ends.1), &first, tone);
        if again {
            return;
        }
        let below = format!("{lead}{}", ends.1);
        let next: Vec<&'d Edge> = self.diagram.lines.iter().filter(|edge| edge.from == node.part.id).collect();
        let rail = if next.is_empty() { "  " } else { "│ " };
        for detail in &node.part.details {
            let lead = format!("{below}{rail}  ");
            self.lines(&lead, &format!("{lead}  "), detail, Tone::Dim);
        }
        for (at, edge) in next.iter().enumerate() {
            let ends = if at + 1 == next.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let label = edge.label.join(", ");
            let way = if label.is_empty() { String::new() } else { format!("{label} → ") };
            if let Some(target) = self.diagram.node(&edge.to) {
                if let Some(closed) = &edge.closed {
                    self.lines(
                        &format!("{below}│  "),
                        &format!("{below}│    "),
                        &format!("✗ not open: {closed}"),
                        Tone::Danger,
                    );
                }
                self.node(target, &below, ends, &way);
            }
        }
    }

    /// A text in as many lines as it takes.
    fn lines(&mut self, first: &str, others: &str, text: &str, tone: Tone) {
        let room = COLUMNS.saturating_sub(measure_text_width(others).max(measure_text_width(first))).max(NARROWEST);
        let palette = self.palette;
        for (at, line) in wrap(text, &|line| measure_text_width(line) <= room).into_iter().enumerate() {
            let lead = if at == 0 { first } else { others };
            self.out.push(format!("{lead}{}", palette.paint(tone, line)));
        }
    }

    /// What the plan says beside the boxes.
    fn ends(&mut self) {
        let Some(plan) = &self.diagram.plan else { return };
        let changed: Vec<_> = self.diagram.unboxed().collect();
        if !changed.is_empty() {
            self.out.extend([String::new(), "without a box:".to_owned()]);
        }
        for (other, change) in changed {
            self.lines("  ", "      ", &format!("{}  {}", change.label(), other.id), tone(change.class()));
        }
        self.out.push(String::new());
        self.lines("", "", plan, Tone::Plain);
    }
}

fn tone(class: &str) -> Tone {
    match class {
        "create" => Tone::Add,
        "replace" => Tone::Replace,
        "delete" => Tone::Remove,
        "adopt" => Tone::Adopt,
        "held" | "conflict" => Tone::Danger,
        "wait" => Tone::Strong,
        _ => Tone::Change,
    }
}
