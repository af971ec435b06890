//! Writes outputs as XML, in the model's order: the query protocol (a wrapper and the request's id), EC2's variant, and REST
//! XML (the output alone).

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde_json::{Map, Value};

use super::json::debug_assert_known;
use crate::model::{Api, Location, Member, Operation, ShapeId, ShapeKind};
use crate::world::Moment;

/// XML being written. Writing to memory does not fail, so results are dropped.
pub(super) struct Xml(Writer<Vec<u8>>);

impl Xml {
    /// An empty document.
    pub(super) fn new() -> Self {
        Self(Writer::new(Vec::new()))
    }

    /// With the declaration that it is XML.
    pub(super) fn declared() -> Self {
        let mut xml = Self::new();
        drop(xml.0.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None))));
        xml.0.get_mut().push(b'\n');
        xml
    }

    /// An element around what `inside` writes.
    pub(super) fn element(&mut self, name: &str, namespace: Option<&str>, inside: impl FnOnce(&mut Self)) {
        let mut start = BytesStart::new(name);
        if let Some(namespace) = namespace {
            start.push_attribute(("xmlns", namespace));
        }
        drop(self.0.write_event(Event::Start(start)));
        inside(self);
        drop(self.0.write_event(Event::End(BytesEnd::new(name))));
    }

    /// An element with a text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.element(name, None, |xml| drop(xml.0.write_event(Event::Text(BytesText::new(text)))));
    }

    /// The bytes.
    pub(super) fn finish(self) -> Vec<u8> {
        self.0.into_inner()
    }
}

/// The reply of a query service.
pub(super) fn query(service: &Api, operation: &Operation, output: &Value, request_id: &str) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.element(&format!("{}Response", operation.name), Some(&service.namespace), |xml| {
        if let Some(shape) = operation.output {
            let wrapper = operation.result_wrapper.clone().unwrap_or_else(|| format!("{}Result", operation.name));
            xml.element(&wrapper, None, |xml| members(xml, service, shape, output, false));
        }
        xml.element("ResponseMetadata", None, |xml| xml.text("RequestId", request_id));
    });
    xml.finish()
}

/// The reply of EC2.
pub(super) fn ec2(service: &Api, operation: &Operation, output: &Value, request_id: &str) -> Vec<u8> {
    let mut xml = Xml::declared();
    xml.element(&format!("{}Response", operation.name), Some(&service.namespace), |xml| {
        xml.text("requestId", request_id);
        match operation.output {
            Some(shape) => members(xml, service, shape, output, true),
            None => xml.text("return", "true"),
        }
    });
    xml.finish()
}

/// The reply of a REST XML service: the output, or its payload.
pub(super) fn rest(service: &Api, operation: &Operation, output: &Value) -> Vec<u8> {
    let Some(shape) = operation.output else { return Vec::new() };
    let mut xml = Xml::declared();
    xml.element(&service.shape(shape).name, Some(&service.namespace), |xml| {
        members(xml, service, shape, output, false);
    });
    xml.finish()
}

fn members(xml: &mut Xml, service: &Api, shape: ShapeId, value: &Value, ec2: bool) {
    let (ShapeKind::Structure { members, .. }, Value::Object(map)) = (&service.shape(shape).kind, value) else {
        return;
    };
    debug_assert_known(service, shape, map);
    for member in members.iter().filter(|member| member.location == Location::Body) {
        if let Some(value) = map.get(&member.name).filter(|value| !value.is_null()) {
            one(xml, service, member, member.wire_name(), value, ec2);
        }
    }
}

fn one(xml: &mut Xml, service: &Api, member: &Member, name: &str, value: &Value, ec2: bool) {
    match &service.shape(member.shape).kind {
        ShapeKind::Structure { .. } => {
            xml.element(name, None, |xml| members(xml, service, member.shape, value, ec2));
        }
        ShapeKind::List { member: inner, flattened } => {
            let items = value.as_array().map_or(&[][..], Vec::as_slice);
            if *flattened || member.flattened {
                let name = inner.location_name.as_deref().unwrap_or(name);
                items.iter().for_each(|item| one(xml, service, inner, name, item, ec2));
            } else {
                let usual = if ec2 { "item" } else { "member" };
                let inner_name = inner.location_name.as_deref().unwrap_or(usual);
                xml.element(name, None, |xml| {
                    items.iter().for_each(|item| one(xml, service, inner, inner_name, item, ec2));
                });
            }
        }
        ShapeKind::Map { key, value: inner, .. } => {
            let empty = Map::new();
            xml.element(name, None, |xml| {
                for (name, value) in value.as_object().unwrap_or(&empty) {
                    xml.element("entry", None, |xml| {
                        xml.text(key.location_name.as_deref().unwrap_or("key"), name);
                        one(xml, service, inner, inner.location_name.as_deref().unwrap_or("value"), value, ec2);
                    });
                }
            });
        }
        ShapeKind::Timestamp { .. } => {
            let moment = value.as_f64().map(Moment::from_seconds).unwrap_or_default();
            xml.text(name, &moment.iso());
        }
        ShapeKind::Float => xml.text(name, &format!("{:?}", value.as_f64().unwrap_or_default())),
        ShapeKind::String | ShapeKind::Integer | ShapeKind::Boolean | ShapeKind::Blob => match value {
            Value::String(text) => xml.text(name, text),
            other => xml.text(name, &other.to_string()),
        },
    }
}
