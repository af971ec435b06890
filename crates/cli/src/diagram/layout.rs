//! Where boxes, frames and lines are: a layered drawing (Sugiyama's method) by the crate dagre. Only this file knows that crate; the
//! same picture gives the same places.

use std::collections::BTreeSet;

use dagre::graph::{Graph, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir, Ranker};
use evenkeel_aws::architecture::{Edge, Group, Shape};

use super::model::{Diagram, Node};
use super::ways::Layers;
use super::width;

/// Size of the letters of names.
pub const TITLE: f64 = 14.0;
/// Size of all other letters.
pub const SMALL: f64 = 12.0;
/// From one line of a text to the next.
pub const LEADING: f64 = 16.0;
/// Space between a box and what is in it.
pub const PAD: f64 = 12.0;
/// Room for the title of a frame.
const HEAD: f64 = 26.0;
/// Widest text of a box.
const BOX: f64 = 215.0;
/// Widest label of a line.
const LABEL: f64 = 185.0;
/// A screen on which a picture is looked at.
const SCREEN: (f64, f64) = (1280.0, 800.0);
/// Around the whole.
const MARGIN: f64 = 24.0;

/// A rectangle.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Area {
    /// Left side.
    pub x: f64,
    /// Upper side.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Area {
    /// The same with its sides changed over.
    fn turned(self) -> Self {
        Self { x: self.y, y: self.x, w: self.h, h: self.w }
    }
}

/// A line of text in a box.
#[derive(Clone, PartialEq, Debug)]
pub struct Words {
    /// What is written.
    pub text: String,
    /// The style.
    pub class: &'static str,
}

/// A box with its place.
#[derive(Clone, Debug)]
pub struct Placed<'d> {
    /// The box.
    pub node: &'d Node,
    /// Where it is.
    pub area: Area,
    /// What is written in it.
    pub words: Vec<Words>,
}

/// A line with its place.
#[derive(Clone, Debug)]
pub struct Routed<'d> {
    /// The line.
    pub edge: &'d Edge,
    /// The points that it goes through.
    pub points: Vec<(f64, f64)>,
    /// Where its label is, and what it says.
    pub label: Option<(Area, Vec<String>)>,
}

/// A drawing.
#[derive(Clone, Debug)]
pub struct Layout<'d> {
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// Whether it goes from left to right, and not from top to bottom.
    pub across: bool,
    /// Frames with their places, outer ones first.
    pub frames: Vec<(&'d Group, Area)>,
    /// Boxes.
    pub boxes: Vec<Placed<'d>>,
    /// Lines.
    pub lines: Vec<Routed<'d>>,
}

/// Places everything, from top to bottom or from left to right, whatever is larger on a screen.
pub fn layout(diagram: &Diagram) -> Layout<'_> {
    let (down, across) = (place(diagram, false), place(diagram, true));
    let scale = |layout: &Layout<'_>| (layout.width / SCREEN.0).max(layout.height / SCREEN.1);
    if scale(&across) < scale(&down) { across } else { down }
}

fn place(diagram: &Diagram, across: bool) -> Layout<'_> {
    let labels: Vec<Vec<String>> = diagram.lines.iter().map(label).collect();
    let texts: Vec<Vec<Words>> = diagram.boxes.iter().map(words).collect();
    let graph = placed(diagram, across, &texts, &labels);
    let area = |id: &str| {
        let node = graph.node(id);
        node.map_or(Area::default(), |node| {
            let (x, y) = (node.x.unwrap_or_default(), node.y.unwrap_or_default());
            Area { x: x - node.width / 2.0, y: y - node.height / 2.0, w: node.width, h: node.height }
        })
    };
    let turned = |area: Area| if across { area.turned() } else { area };
    let turn = |(x, y): (f64, f64)| if across { (y, x) } else { (x, y) };
    let boxes: Vec<Placed<'_>> = diagram
        .boxes
        .iter()
        .zip(texts)
        .map(|(node, words)| Placed { node, area: area(&node.part.id), words })
        .collect();
    let known = |at: usize, edge: &Edge| graph.edge(&edge.from, &edge.to, Some(&at.to_string()));
    let places: Vec<Option<Area>> = (0..)
        .zip(diagram.lines.iter().zip(&labels))
        .map(|(at, (edge, label))| {
            let ((w, h), edge) = (label_size(label), known(at, edge)?);
            Some(Area { x: edge.x? - w / 2.0, y: edge.y? - h / 2.0, w, h }).filter(|_| !label.is_empty())
        })
        .collect();
    let all = boxes.iter().map(|placed| placed.area).chain(places.iter().flatten().copied());
    let layers = Layers::of(all.map(turned));
    let lines =
        (0..).zip(diagram.lines.iter().zip(labels.into_iter().zip(places))).map(|(at, (edge, (label, place)))| {
            let points: Vec<(f64, f64)> = known(at, edge)
                .map_or_else(Vec::new, |edge| edge.points.iter().map(|point| turn((point.x, point.y))).collect());
            let inner = points.get(1..points.len().saturating_sub(1)).unwrap_or_default();
            let way = layers.way(turned(area(&edge.from)), turned(area(&edge.to)), inner);
            Routed { edge, points: way.into_iter().map(turn).collect(), label: place.map(|at| (at, label)) }
        });
    let frames = diagram.groups.iter().map(|group| (group, area(&group.id))).collect();
    settle(Layout { width: 0.0, height: 0.0, across, frames, lines: lines.collect(), boxes })
}

/// The graph with the places that dagre gives.
fn placed(
    diagram: &Diagram,
    across: bool,
    texts: &[Vec<Words>],
    labels: &[Vec<String>],
) -> Graph<NodeLabel, EdgeLabel> {
    let mut graph: Graph<NodeLabel, EdgeLabel> =
        Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: true });
    for group in &diagram.groups {
        graph.set_node(group.id.as_str(), Some(NodeLabel::default()));
        if let Some(parent) = &group.group {
            graph.set_parent(&group.id, Some(parent));
        }
    }
    for (node, words) in diagram.boxes.iter().zip(texts) {
        let (width, height) = size(words);
        graph.set_node(node.part.id.as_str(), Some(NodeLabel { width, height, ..NodeLabel::default() }));
        if let Some(group) = &node.part.group {
            graph.set_parent(&node.part.id, Some(group));
        }
    }
    for (at, (edge, label)) in diagram.lines.iter().zip(labels).enumerate() {
        let (width, height) = label_size(label);
        let known = EdgeLabel { width, height, labelpos: LabelPos::Center, weight: 2, ..EdgeLabel::default() };
        graph.set_edge(edge.from.as_str(), edge.to.as_str(), Some(known), Some(&at.to_string()));
    }
    for (from, to) in loose(diagram) {
        graph.set_edge(from, to, Some(EdgeLabel { weight: 0, ..EdgeLabel::default() }), Some("loose"));
    }
    dagre::layout(
        &mut graph,
        Some(LayoutOptions {
            rankdir: if across { RankDir::LR } else { RankDir::TB },
            nodesep: 28.0,
            edgesep: 16.0,
            ranksep: 44.0,
            ranker: Ranker::NetworkSimplex,
            ..LayoutOptions::default()
        }),
    );
    graph
}

/// Boxes without lines would be beside the internet; they are placed behind a service.
fn loose(diagram: &Diagram) -> Vec<(&str, &str)> {
    let joined: BTreeSet<&str> = diagram.lines.iter().flat_map(|edge| [edge.from.as_str(), edge.to.as_str()]).collect();
    let service = diagram.boxes.iter().find(|node| node.part.shape == Shape::Tasks);
    let alone = diagram.boxes.iter().filter(|node| !joined.contains(node.part.id.as_str()));
    let Some(service) = service else { return Vec::new() };
    alone
        .filter(|node| node.part.id != service.part.id)
        .map(|node| (service.part.id.as_str(), node.part.id.as_str()))
        .collect()
}

/// What is written in a box, in lines that fit.
fn words(node: &Node) -> Vec<Words> {
    let small = |line: &str| width::of(line, SMALL, false) <= BOX;
    let title = |line: &str| width::of(line, TITLE, true) <= BOX;
    let line = |class| move |text| Words { text, class };
    let mut words: Vec<Words> = Vec::new();
    words.extend(node.change.iter().map(|change| Words { text: change.label(), class: "change" }));
    words.extend(width::wrap(&node.part.title, &title).into_iter().map(line("name")));
    words.extend(width::wrap(&node.part.what, &small).into_iter().map(line("what")));
    words.extend(node.part.details.iter().flat_map(|detail| width::wrap(detail, &small)).map(line("detail")));
    words
}

fn size(words: &[Words]) -> (f64, f64) {
    let width = |words: &Words| match words.class {
        "name" => width::of(&words.text, TITLE, true),
        "change" => width::of(&words.text, SMALL, true),
        _ => width::of(&words.text, SMALL, false),
    };
    let widest = words.iter().map(width).fold(60.0, f64::max);
    (widest.ceil() + 2.0 * PAD, count(words.len()) * LEADING + 2.0 * PAD - 4.0)
}

/// What is written on a line, in lines that fit.
fn label(edge: &Edge) -> Vec<String> {
    let fits = |line: &str| width::of(line, SMALL, false) <= LABEL;
    let mut words: Vec<String> = edge.label.iter().flat_map(|line| width::wrap(line, &fits)).collect();
    if edge.closed.is_some() {
        words.push("✗ not open".to_owned());
    }
    words
}

fn label_size(label: &[String]) -> (f64, f64) {
    let widest = label.iter().map(|line| width::of(line, SMALL, false)).fold(0.0, f64::max);
    if label.is_empty() { (0.0, 0.0) } else { (widest.ceil() + 8.0, count(label.len()) * LEADING + 4.0) }
}

/// A number of lines; there are never many.
fn count(lines: usize) -> f64 {
    f64::from(u32::try_from(lines).unwrap_or(u32::MAX))
}

/// Draws frames around what is in them, with room for their titles, and moves the whole to the margin.
fn settle(mut layout: Layout<'_>) -> Layout<'_> {
    for at in (0..layout.frames.len()).rev() {
        let id = &layout.frames[at].0.id;
        let inner =
            layout.boxes.iter().filter(|placed| placed.node.part.group.as_ref() == Some(id)).map(|placed| placed.area);
        let frames = layout.frames.iter().filter(|(group, _)| group.group.as_ref() == Some(id)).map(|(_, area)| *area);
        if let Some(around) = inner.chain(frames).reduce(union) {
            let title = width::of(&layout.frames[at].0.title, SMALL, true) + 2.0 * PAD;
            layout.frames[at].1 = Area {
                x: around.x - PAD,
                y: around.y - HEAD,
                w: (around.w + 2.0 * PAD).max(title),
                h: around.h + HEAD + PAD,
            };
        }
    }
    let areas = layout.boxes.iter().map(|placed| placed.area).chain(layout.frames.iter().map(|(_, area)| *area));
    let labels = layout.lines.iter().filter_map(|line| line.label.as_ref().map(|(area, _)| *area));
    let points = layout.lines.iter().flat_map(|line| &line.points).map(|(x, y)| Area { x: *x, y: *y, w: 0.0, h: 0.0 });
    let whole = areas.chain(labels).chain(points).reduce(union).unwrap_or_default();
    let (dx, dy) = (MARGIN - whole.x, MARGIN - whole.y);
    let shift = |area: &mut Area| {
        area.x += dx;
        area.y += dy;
    };
    layout.boxes.iter_mut().for_each(|placed| shift(&mut placed.area));
    layout.frames.iter_mut().for_each(|(_, area)| shift(area));
    for line in &mut layout.lines {
        line.label.iter_mut().for_each(|(area, _)| shift(area));
        line.points.iter_mut().for_each(|point| *point = (point.0 + dx, point.1 + dy));
    }
    layout.width = whole.w + 2.0 * MARGIN;
    layout.height = whole.h + 2.0 * MARGIN;
    layout
}

fn union(a: Area, b: Area) -> Area {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Area { x, y, w: (a.x + a.w).max(b.x + b.w) - x, h: (a.y + a.h).max(b.y + b.h) - y }
}
