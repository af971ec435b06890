//! How a picture is drawn: SVG that parsers accept, boxes that do not lie on each other, and the one in docs/ as it is today.

use std::collections::BTreeMap;

use evenkeel_tests::moto::root;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{data, files, graph, list, program, text};

/// A rectangle of the drawing.
#[derive(Clone, Copy, Debug)]
struct Area {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

impl Area {
    fn meets(self, other: Self) -> bool {
        self.x < other.x + other.w
            && other.x < self.x + self.w
            && self.y < other.y + other.h
            && other.y < self.y + self.h
    }

    fn holds(self, other: Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && self.x + self.w >= other.x + other.w
            && self.y + self.h >= other.y + other.h
    }
}

/// The rectangles of a drawing: boxes by id, frames by title, rooms for labels.
#[derive(Default)]
struct Drawing {
    boxes: Vec<(String, Area)>,
    frames: Vec<(String, Area)>,
    labels: Vec<Area>,
}

fn attributes(start: &BytesStart<'_>) -> BTreeMap<String, String> {
    let pair = |one: Result<quick_xml::events::attributes::Attribute<'_>, _>| {
        let one = one.expect("an attribute is well-formed");
        let value = one.unescape_value().expect("its value too").into_owned();
        (String::from_utf8_lossy(one.key.as_ref()).into_owned(), value)
    };
    start.attributes().map(pair).collect()
}

/// Reads a drawing to its end, as a strict reader of XML.
fn read(svg: &str) -> Drawing {
    let mut reader = Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let (mut drawing, mut group, mut depth) = (Drawing::default(), BTreeMap::new(), 0);
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}\n{svg}")) {
            Event::Start(start) => {
                depth += 1;
                let has = attributes(&start);
                if start.name().as_ref() == b"g" {
                    group = has;
                } else if start.name().as_ref() == b"rect" && has["class"] != "back" {
                    let number = |key: &str| has[key].parse::<f64>().expect("a number");
                    let area = Area { x: number("x"), y: number("y"), w: number("width"), h: number("height") };
                    match has["class"].as_str() {
                        "body" => drawing.boxes.push((group["data-id"].clone(), area)),
                        "edge" => drawing.frames.push((group["aria-label"].clone(), area)),
                        "under" => drawing.labels.push(area),
                        _ => {}
                    }
                }
            }
            Event::End(_) => depth -= 1,
            Event::Text(text) => drop(text.decode().expect("text is well-formed")),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "every element ends");
    drawing
}

#[test]
fn nothing_lies_on_anything_else() {
    let mut seen = 0;
    for file in files() {
        let Drawing { boxes, frames, labels } = read(&graph(&file, &["--as", "svg"]).stdout);
        let picture = data(&file);
        assert_eq!(boxes.len(), list(&picture, "boxes").len(), "{file}");
        let title = |id: &str| {
            let group = list(&picture, "groups").iter().find(|group| text(group, "id") == id).expect("a frame");
            text(group, "title").to_owned()
        };
        for (at, (id, area)) in boxes.iter().enumerate() {
            for (other, place) in &boxes[at + 1..] {
                assert!(!area.meets(*place), "{file}: {id} lies on {other}");
            }
            for label in &labels {
                assert!(!area.meets(*label), "{file}: {id} lies on a label");
            }
            // The frames that a box is in, from the inside.
            let mut around = Vec::new();
            let of_box = list(&picture, "boxes").iter().find(|one| text(one, "id") == id).expect("its data");
            let mut within = text(of_box, "group").to_owned();
            while !within.is_empty() {
                around.push(title(&within));
                let group = list(&picture, "groups").iter().find(|group| text(group, "id") == within).expect("a frame");
                within = text(group, "group").to_owned();
            }
            for (name, frame) in &frames {
                let good = if around.contains(name) { frame.holds(*area) } else { !frame.meets(*area) };
                assert!(good, "{file}: {id} and the frame {name}: {area:?} {frame:?}");
            }
            seen += 1;
        }
        for (at, label) in labels.iter().enumerate() {
            assert!(labels[at + 1..].iter().all(|other| !label.meets(*other)), "{file}: two labels lie on each other");
        }
    }
    assert!(seen > 80, "only {seen} boxes");
}

#[test]
fn whatever_a_file_says_stays_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let evil = "/<script>alert(1)</script>&\\\"'";
    let file = include_str!("../../../examples/internal-path-routing.yaml").replace("/stock/*", &format!("\"{evil}\""));
    assert!(file.contains("alert"), "the example has that path");
    std::fs::write(folder.path().join("stack.yaml"), file).expect("a file");
    let run = |form: &str| program().dir(folder.path()).run(&["graph", "--as", form]).exits(0).stdout;
    read(&run("svg"));
    for form in ["svg", "html", "mermaid"] {
        let drawn = run(form);
        assert!(drawn.contains("alert"), "{form} shows the path:\n{drawn}");
        assert!(!drawn.contains("<script>alert"), "{form} does not obey it:\n{drawn}");
    }
}

#[test]
fn a_value_of_the_environment_that_is_secret_is_in_no_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = include_str!("../../../examples/minimal.yaml").replace(
        "port: 80 }\n    security_groups",
        "port: 80, environment: { API_TOKEN: \"${env.API_TOKEN}\" } }\n    security_groups",
    );
    assert!(file.contains("API_TOKEN"), "the example has that line");
    std::fs::write(folder.path().join("stack.yaml"), file).expect("a file");
    let secret = "hunter2&hunter3<hunter4";
    for form in [&["--as", "html"][..], &["--as", "svg"], &["--format", "json"], &["--format", "markdown"], &[]] {
        let drawn = program().dir(folder.path()).env("API_TOKEN", secret).run(&[&["graph"], form].concat()).exits(0);
        assert!(!drawn.stdout.contains("hunter"), "{form:?}:\n{}", drawn.stdout);
    }
}

#[test]
fn what_no_security_group_opens_is_drawn_as_closed_and_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = include_str!("../../../stacks/cruddur.yaml");
    let without = file.replace("{ port: 5432, from: service }", "{ port: 5433, from: service }");
    assert_ne!(file, without, "the stack has that rule");
    std::fs::write(folder.path().join("stack.yaml"), without).expect("a file");
    let why = "security group db does not admit service on 5432";
    for form in ["svg", "html", "mermaid", "text"] {
        let drawn = program().dir(folder.path()).run(&["graph", "--as", form]).exits(0).stdout;
        let words = drawn.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(why) || words.replace("│ ", "").contains(why), "{form} says why:\n{drawn}");
        if ["svg", "html"].contains(&form) {
            assert_eq!(drawn.matches("class=\"line closed\"").count(), 1, "one line is dashed and red: {form}");
            assert!(drawn.contains("✗ not open"), "not by colour alone: {form}");
        }
    }
}

/// `EVENKEEL_BLESS=1` writes it.
#[test]
fn the_picture_in_the_documentation_is_of_today() {
    let drawn = graph("stacks/cruddur.yaml", &["--as", "svg"]).stdout;
    let path = root().join("docs/cruddur.svg");
    if std::env::var_os("EVENKEEL_BLESS").is_some() {
        std::fs::write(&path, &drawn).expect("the picture is written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "docs/cruddur.svg is older than stacks/cruddur.yaml; EVENKEEL_BLESS=1 draws it again");
}
