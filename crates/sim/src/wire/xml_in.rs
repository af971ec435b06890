//! Reads an XML body into a document, as the model nests it. Only REST XML has one.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use super::json::scalar;
use crate::call::Refusal;
use crate::model::{Api, Member, ShapeId, ShapeKind};

/// Deeper than any document that a service takes.
const DEEPEST: usize = 64;

/// An element with its text and the elements in it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    below: Vec<Element>,
}

/// What is no XML.
fn broken() -> Refusal {
    Refusal::new("MalformedInput", "Unexpected end of input").status(400)
}

/// XML with a value of the wrong type.
fn malformed() -> Refusal {
    Refusal::new("InvalidInput", "Invalid XML ; javax.xml.stream.XMLStreamException")
}

/// Reads a body whose outermost element is the structure.
///
/// # Errors
/// `MalformedInput` for what is no XML, `InvalidInput` for values of the wrong type.
pub(super) fn read(service: &Api, shape: ShapeId, body: &[u8]) -> Result<Value, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    let root = tree(body)?;
    Ok(structure(service, shape, &root)?.into())
}

fn tree(body: &[u8]) -> Result<Element, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| broken())?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|_| broken())? {
            Event::Start(start) => {
                if open.len() > DEEPEST {
                    return Err(broken());
                }
                let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
                open.push(Element { name, ..Element::default() });
            }
            Event::Empty(empty) => {
                let name = String::from_utf8_lossy(empty.local_name().as_ref()).into_owned();
                open.last_mut().ok_or_else(broken)?.below.push(Element { name, ..Element::default() });
            }
            Event::End(_) => {
                let done = open.pop().ok_or_else(broken)?;
                open.last_mut().ok_or_else(broken)?.below.push(done);
            }
            Event::Text(text) => {
                let text = text.decode().map_err(|_| broken())?;
                open.last_mut().ok_or_else(broken)?.text.push_str(&text);
            }
            Event::CData(text) => {
                let text = text.decode().map_err(|_| broken())?;
                open.last_mut().ok_or_else(broken)?.text.push_str(&text);
            }
            Event::GeneralRef(entity) => {
                let resolved = match entity.resolve_char_ref().map_err(|_| broken())? {
                    Some(letter) => letter,
                    None => match entity.decode().map_err(|_| broken())?.as_ref() {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => return Err(broken()),
                    },
                };
                open.last_mut().ok_or_else(broken)?.text.push(resolved);
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    let mut root = open.pop().filter(|_| open.is_empty()).ok_or_else(broken)?;
    root.below.pop().ok_or_else(broken)
}

fn structure(service: &Api, shape: ShapeId, element: &Element) -> Result<Map<String, Value>, Refusal> {
    let mut map = Map::new();
    let ShapeKind::Structure { members, .. } = &service.shape(shape).kind else { return Ok(map) };
    for member in members {
        let mut same = element.below.iter().filter(|below| below.name == member.wire_name());
        if let ShapeKind::List { member: inner, flattened } = &service.shape(member.shape).kind
            && (*flattened || member.flattened)
        {
            let items: Vec<Value> = same.map(|below| value(service, inner, below)).collect::<Result<_, _>>()?;
            if !items.is_empty() {
                map.insert(member.name.clone(), items.into());
            }
        } else if let Some(below) = same.next() {
            map.insert(member.name.clone(), value(service, member, below)?);
        }
    }
    Ok(map)
}

fn value(service: &Api, member: &Member, element: &Element) -> Result<Value, Refusal> {
    match &service.shape(member.shape).kind {
        ShapeKind::Structure { .. } => Ok(structure(service, member.shape, element)?.into()),
        ShapeKind::List { member: inner, .. } => element
            .below
            .iter()
            .map(|item| value(service, inner, item))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::Array),
        ShapeKind::Map { .. } => Ok(Value::Object(Map::new())),
        kind => scalar(kind, if matches!(kind, ShapeKind::String) { &element.text } else { element.text.trim() })
            .ok_or_else(malformed),
    }
}
