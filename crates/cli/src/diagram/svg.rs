//! The picture as SVG: one file that needs nothing else, for light and dark pages and for paper. Text is escaped by the template
//! engine; colours are in `diagram.css`.

use evenkeel_aws::architecture::Flow;
use maud::{Markup, PreEscaped, html};

use super::layout::{Area, LEADING, Layout, PAD, Placed, Routed, layout};
use super::model::{Diagram, FORMAT};

/// The style sheet of the picture.
pub const STYLE: &str = include_str!("diagram.css");
/// Size of a line's head.
const HEAD: f64 = 8.0;
/// How wide the coloured side of a box is.
const SIDE: f64 = 4.0;

/// The picture as a file.
pub fn file(diagram: &Diagram) -> String {
    let layout = layout(diagram);
    let notes = notes(diagram);
    format!("{}\n", picture(diagram, &layout, &notes, Some(STYLE)).into_string())
}

/// The picture alone, without its style if the page has that.
pub fn inside(diagram: &Diagram) -> Markup {
    picture(diagram, &layout(diagram), &[], None)
}

/// What is told below the picture.
fn notes(diagram: &Diagram) -> Vec<String> {
    let mut notes: Vec<String> = diagram.plan.iter().cloned().collect();
    notes.extend(diagram.emptiness().map(str::to_owned));
    let others: Vec<String> =
        diagram.unboxed().map(|(other, change)| format!("{} {}", change.label(), other.id)).collect();
    if !others.is_empty() {
        notes.push("Without a box:".to_owned());
        notes.extend(others.chunks(3).map(|some| some.join(", ")));
    }
    notes.extend(diagram.lines.iter().filter_map(|edge| Some(format!("✗ {}", edge.closed.as_ref()?))));
    notes
}

fn picture(diagram: &Diagram, layout: &Layout<'_>, notes: &[String], style: Option<&str>) -> Markup {
    let widest = notes.iter().map(|note| super::width::of(note, 12.0, false)).fold(0.0, f64::max);
    let lines = f64::from(u32::try_from(notes.len()).unwrap_or(u32::MAX));
    let (width, height) = (layout.width.max(widest + 48.0), layout.height + lines * LEADING + 8.0);
    let label = format!("Architecture of {}", diagram.title());
    html! {
        svg xmlns="http://www.w3.org/2000/svg" class="diagram" data-format=(FORMAT) role="group" aria-label=(label)
            width=(number(width)) height=(number(height)) viewBox=(format!("0 0 {} {}", number(width), number(height))) {
            title { (label) }
            @if let Some(style) = style { style { (PreEscaped(style)) } }
            rect class="back" width="100%" height="100%" {}
            @for (group, area) in &layout.frames {
                g class="frame" role="img" aria-label=(group.title) { title { (group.title) } (rectangle("edge", *area, 10.0)) }
            }
            @for line in &layout.lines { (way(diagram, line, layout.across)) }
            // Above the lines, which may cross them.
            @for (group, area) in &layout.frames {
                text class="frame-title" aria-hidden="true" x=(number(area.x + PAD)) y=(number(area.y + 17.0)) { (group.title) }
            }
            @for placed in &layout.boxes { (a_box(placed)) }
            @for (at, note) in (0u32..).zip(notes) {
                text class="note" x="24" y=(number(layout.height + f64::from(at) * LEADING)) { (note) }
            }
        }
    }
}

fn a_box(placed: &Placed<'_>) -> Markup {
    let Placed { node, area, words } = placed;
    let change = node.change.as_ref();
    let label = format!("{} {}", node.part.what, node.part.title);
    let why = change.map(|change| format!("{}: {}", change.label(), change.why));
    html! {
        g class=(format!("box {}", node.part.shape.code())) data-id=(node.part.id) data-change=[change.map(|change| change.class())]
            role="img" aria-label=(label) {
            title { (label) @if let Some(why) = why { ". " (why) } }
            (rectangle("body", *area, 6.0))
            (rectangle("side", Area { w: SIDE, ..*area }, 2.0))
            @for (at, words) in (1u32..).zip(words) {
                text class=(words.class) x=(number(area.x + PAD)) y=(number(area.y + f64::from(at) * LEADING + PAD - 6.0)) { (words.text) }
            }
        }
    }
}

fn way(diagram: &Diagram, line: &Routed<'_>, across: bool) -> Markup {
    let edge = line.edge;
    let name = |id: &str| diagram.node(id).map_or(id, |node| node.part.title.as_str()).to_owned();
    let words = edge.closed.as_ref().or(edge.open.as_ref()).map(|words| format!(" ({words})")).unwrap_or_default();
    let title = format!("{} to {}: {}{words}", name(&edge.from), name(&edge.to), edge.label.join(", "));
    let flow = if edge.flow == Flow::Fetch { " fetch" } else { "" };
    let closed = if edge.closed.is_some() { " closed" } else { "" };
    html! {
        g class=(format!("line{flow}{closed}")) data-from=(edge.from) data-to=(edge.to) role="img" aria-label=(title) {
            title { (title) }
            path d=(curve(&line.points, across)) {}
            path class="head" d=(head(&line.points, across)) {}
            @if let Some((area, label)) = &line.label {
                (rectangle("under", *area, 3.0))
                @for (at, words) in (1u32..).zip(label) {
                    text x=(number(area.x + area.w / 2.0)) y=(number(area.y + f64::from(at) * LEADING - 2.0)) text-anchor="middle" { (words) }
                }
            }
        }
    }
}

fn rectangle(class: &str, area: Area, round: f64) -> Markup {
    html! {
        rect class=(class) x=(number(area.x)) y=(number(area.y)) width=(number(area.w)) height=(number(area.h)) rx=(number(round)) {}
    }
}

/// A smooth way through points, along the direction of the drawing at each of them.
fn curve(points: &[(f64, f64)], across: bool) -> String {
    let Some((first, rest)) = points.split_first() else { return String::new() };
    let pair = |(x, y): (f64, f64)| format!("{} {}", number(x), number(y));
    let mut path = format!("M{}", pair(*first));
    let mut before = *first;
    for point in rest.iter().copied() {
        let (x, y) = (f64::midpoint(before.0, point.0), f64::midpoint(before.1, point.1));
        let (straight, bends) = if across {
            (before.1 - point.1, [(x, before.1), (x, point.1)])
        } else {
            (before.0 - point.0, [(before.0, y), (point.0, y)])
        };
        path += &if straight.abs() < 0.05 {
            format!(" L{}", pair(point))
        } else {
            format!(" C{} {} {}", pair(bends[0]), pair(bends[1]), pair(point))
        };
        before = point;
    }
    path
}

/// The head at the end of a line, which comes along the direction of the drawing or against it.
fn head(points: &[(f64, f64)], across: bool) -> String {
    let [.., before, end] = points else { return String::new() };
    let forth = if across { end.0 >= before.0 } else { end.1 >= before.1 };
    let back = if forth { -HEAD } else { HEAD };
    let at = |along: f64, aside: f64| {
        let (x, y) = if across { (along, aside) } else { (aside, along) };
        format!("{} {}", number(end.0 + x), number(end.1 + y))
    };
    format!("M{} L{} L{} Z", at(0.0, 0.0), at(back, HEAD / 2.0), at(back, -HEAD / 2.0))
}

/// A number without needless digits.
fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // Not `-0`.
    (rounded + 0.0).to_string()
}
