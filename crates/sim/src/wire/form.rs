//! Reads the form of a query request (`Filter.1.Value.2=…`) into a document, as the model nests it: both the query protocol
//! (`.member.N`, `.entry.N`) and EC2's variant (lists flattened, capital names).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::json::scalar;
use crate::call::Refusal;
use crate::model::{Api, Member, Protocol, ShapeId, ShapeKind};

/// Deeper than any shape.
const DEEPEST: usize = 40;

/// A form as a tree, by the parts of the names.
#[derive(Default)]
struct Node {
    text: Option<String>,
    below: BTreeMap<String, Node>,
}

/// Reads a form.
///
/// # Errors
/// `MalformedInput` for values of the wrong type.
pub(super) fn read(service: &Api, shape: ShapeId, pairs: &[(String, String)]) -> Result<Value, Refusal> {
    let mut root = Node::default();
    for (name, value) in pairs {
        let mut at = &mut root;
        for part in name.split('.').take(DEEPEST) {
            at = at.below.entry(part.to_owned()).or_default();
        }
        at.text = Some(value.clone());
    }
    let reader = Reader { service, ec2: service.protocol == Protocol::Ec2 };
    Ok(reader.structure(shape, &root)?.into())
}

struct Reader<'s> {
    service: &'s Api,
    ec2: bool,
}

impl Reader<'_> {
    fn structure(&self, shape: ShapeId, node: &Node) -> Result<Map<String, Value>, Refusal> {
        let mut map = Map::new();
        let ShapeKind::Structure { members, .. } = &self.service.shape(shape).kind else { return Ok(map) };
        for member in members {
            let name = if self.ec2 { member.ec2_name() } else { member.wire_name().to_owned() };
            if let Some(below) = node.below.get(&name) {
                map.insert(member.name.clone(), self.value(member, below)?);
            }
        }
        Ok(map)
    }

    fn value(&self, member: &Member, node: &Node) -> Result<Value, Refusal> {
        let shape = self.service.shape(member.shape);
        match &shape.kind {
            ShapeKind::Structure { .. } => Ok(self.structure(member.shape, node)?.into()),
            ShapeKind::List { member: element, flattened } => {
                let bare = self.ec2 || *flattened || member.flattened;
                let inner = if bare {
                    Some(node)
                } else {
                    node.below.get(element.location_name.as_deref().unwrap_or("member"))
                };
                // Some clients write `.member` where the model has another name.
                let inner = inner.or_else(|| node.below.get("member"));
                let items = inner.map(numbered).unwrap_or_default();
                items.into_iter().map(|item| self.value(element, item)).collect::<Result<Vec<_>, _>>().map(Value::Array)
            }
            ShapeKind::Map { key, value, flattened } => {
                let entries = if *flattened || member.flattened { Some(node) } else { node.below.get("entry") };
                let mut map = Map::new();
                for entry in entries.map(numbered).unwrap_or_default() {
                    let name = key.location_name.as_deref().unwrap_or("key");
                    let key = entry.below.get(name).and_then(|node| node.text.clone()).unwrap_or_default();
                    if let Some(node) = entry.below.get(value.location_name.as_deref().unwrap_or("value")) {
                        map.insert(key, self.value(value, node)?);
                    }
                }
                Ok(map.into())
            }
            kind => {
                let text = node.text.as_deref().unwrap_or_default();
                scalar(kind, text).ok_or_else(|| self.malformed(&member.name, text))
            }
        }
    }

    fn malformed(&self, name: &str, text: &str) -> Refusal {
        if self.ec2 {
            return Refusal::new("InvalidParameterValue", format!("Invalid value '{text}' for {name}."));
        }
        Refusal::new("MalformedInput", format!("Unexpected value '{text}' for {name}"))
    }
}

/// The nodes below that are numbers, in that order.
fn numbered(node: &Node) -> Vec<&Node> {
    let mut items: Vec<(u64, &Node)> =
        node.below.iter().filter_map(|(name, node)| Some((name.parse().ok()?, node))).collect();
    items.sort_by_key(|(number, _)| *number);
    items.into_iter().map(|(_, node)| node).collect()
}
