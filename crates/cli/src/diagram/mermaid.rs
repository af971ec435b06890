//! The picture as Mermaid, the text that pages of GitHub and GitLab draw. Names and labels are quoted, and what Mermaid would read
//! in them is written as entities.

use std::fmt::Write as _;

use evenkeel_aws::architecture::{Edge, Flow, Shape};

use super::model::{Diagram, FORMAT, Node};

/// The classes, by what a plan does.
const CLASSES: &str = "  classDef create stroke:#18753c,stroke-width:3px
  classDef update stroke:#b87800,stroke-width:3px
  classDef replace stroke:#8a2be2,stroke-width:3px
  classDef delete stroke:#c0182b,stroke-width:3px,stroke-dasharray:4 4
  classDef adopt stroke:#00688b,stroke-width:3px
  classDef held stroke:#b3450a,stroke-width:3px
";

/// The picture.
pub fn file(diagram: &Diagram) -> String {
    let mut out = format!("%% {FORMAT}: {}\nflowchart LR\n", quoted(&diagram.title()));
    for node in diagram.boxes.iter().filter(|node| node.part.group.is_none()) {
        line(&mut out, 1, &a_box(diagram, node));
    }
    frames(diagram, None, 1, &mut out);
    let mut closed = Vec::new();
    for (at, edge) in diagram.lines.iter().enumerate() {
        line(&mut out, 1, &way(diagram, edge));
        if edge.closed.is_some() {
            closed.push(at.to_string());
        }
    }
    if !closed.is_empty() {
        line(
            &mut out,
            1,
            &format!("linkStyle {} stroke:#c0182b,stroke-width:2px,stroke-dasharray:7 5", closed.join(",")),
        );
    }
    if diagram.boxes.iter().any(|node| class(node).is_some()) {
        out += CLASSES;
    }
    out
}

fn frames(diagram: &Diagram, within: Option<&String>, depth: usize, out: &mut String) {
    for group in diagram.groups.iter().filter(|group| group.group.as_ref() == within) {
        line(out, depth, &format!("subgraph {}[\"{}\"]", group.id, quoted(&group.title)));
        for node in diagram.boxes.iter().filter(|node| node.part.group.as_ref() == Some(&group.id)) {
            line(out, depth + 1, &a_box(diagram, node));
        }
        frames(diagram, Some(&group.id), depth + 1, out);
        line(out, depth, "end");
    }
}

fn a_box(diagram: &Diagram, node: &Node) -> String {
    let change = node.change.as_ref().map(|change| format!("<b>{}</b>", quoted(&change.label())));
    let mut words: Vec<String> = change.into_iter().collect();
    words.push(format!("<b>{}</b>", quoted(&node.part.title)));
    words.push(quoted(&node.part.what));
    words.extend(node.part.details.iter().map(|detail| quoted(detail)));
    let (open, close) = match node.part.shape {
        Shape::Outside => ("([\"", "\"])"),
        Shape::Data => ("[(\"", "\")]"),
        Shape::Values | Shape::Images => ("[/\"", "\"/]"),
        Shape::Zone | Shape::Balancer | Shape::Targets | Shape::Tasks | Shape::Names => ("[\"", "\"]"),
    };
    let class = class(node).map(|class| format!(":::{class}")).unwrap_or_default();
    format!("{}{open}{}{close}{class}", key(diagram, &node.part.id), words.join("<br>"))
}

fn class(node: &Node) -> Option<&'static str> {
    Some(match node.change.as_ref()?.class() {
        "revise" => "update",
        "conflict" => "held",
        "wait" => return None,
        other => other,
    })
}

fn way(diagram: &Diagram, edge: &Edge) -> String {
    let (from, to) = (key(diagram, &edge.from), key(diagram, &edge.to));
    let mut words: Vec<String> = edge.label.iter().map(|line| quoted(line)).collect();
    words.extend(edge.closed.iter().map(|why| format!("✗ {}", quoted(why))));
    let arrow = if edge.flow == Flow::Fetch || edge.closed.is_some() { "-.->" } else { "-->" };
    if words.is_empty() {
        format!("{from} {arrow} {to}")
    } else {
        format!("{from} {arrow}|\"{}\"| {to}", words.join("<br>"))
    }
}

/// A short name that Mermaid accepts.
fn key(diagram: &Diagram, id: &str) -> String {
    let at = diagram.boxes.iter().position(|node| node.part.id == id).unwrap_or_default();
    format!("n{}", at + 1)
}

/// A text between quotes: letters, digits and harmless signs stay, everything else is an entity.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for one in text.chars() {
        if one.is_alphanumeric() || " .,:/-+_=?%()→✗".contains(one) {
            out.push(one);
        } else {
            // Writing to a text cannot fail.
            let _ = write!(out, "#{};", u32::from(one));
        }
    }
    out
}

fn line(out: &mut String, depth: usize, text: &str) {
    *out += &format!("{}{text}\n", "  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_its_quotes() {
        assert_eq!(quoted("a \"b\" <i> #1; `c` |"), "a #34;b#34; #60;i#62; #35;1#59; #96;c#96; #124;");
        assert_eq!(quoted("api.example.com/orders → 200, größe"), "api.example.com/orders → 200, größe");
    }
}
