//! In a debug build: which members an input can have. Whoever reads a member of it that the service's model does not have has made
//! a mistake that nothing else shows, as such a member reads as absent. An input and everything in it is known by where it lies in
//! memory while its operation is carried out. In a release build there is nothing of this.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::model::{Api, ShapeId, ShapeKind};

thread_local! {
    static KNOWN: RefCell<HashMap<usize, (&'static Api, ShapeId)>> = RefCell::default();
}

/// Where a document lies.
fn place(map: &Map<String, Value>) -> usize {
    std::ptr::from_ref(map).addr()
}

/// Knows an input until it is dropped.
#[derive(Debug, Default)]
pub struct Known(Vec<usize>);

impl Known {
    /// Gets to know an input.
    pub fn of(service: &'static Api, shape: Option<ShapeId>, input: &Map<String, Value>) -> Self {
        let mut known = Self::default();
        if let Some(shape) = shape.filter(|_| cfg!(debug_assertions)) {
            known.structure(service, shape, input);
        }
        known
    }

    fn structure(&mut self, service: &'static Api, shape: ShapeId, map: &Map<String, Value>) {
        let ShapeKind::Structure { members, .. } = &service.shape(shape).kind else { return };
        self.0.push(place(map));
        KNOWN.with_borrow_mut(|known| known.insert(place(map), (service, shape)));
        for member in members {
            if let Some(inner) = map.get(&member.name) {
                self.value(service, member.shape, inner);
            }
        }
    }

    fn value(&mut self, service: &'static Api, shape: ShapeId, value: &Value) {
        match (&service.shape(shape).kind, value) {
            (ShapeKind::Structure { .. }, Value::Object(map)) => self.structure(service, shape, map),
            (ShapeKind::List { member, .. }, Value::Array(items)) => {
                items.iter().for_each(|item| self.value(service, member.shape, item));
            }
            (ShapeKind::Map { value: inner, .. }, Value::Object(map)) => {
                map.values().for_each(|item| self.value(service, inner.shape, item));
            }
            _ => {}
        }
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        KNOWN.with_borrow_mut(|known| {
            self.0.iter().for_each(|place| {
                known.remove(place);
            })
        });
    }
}

/// Fails if a document is an input, or a part of one, whose model has no member of that name.
#[track_caller]
pub fn check(map: &Map<String, Value>, name: &str) {
    if !cfg!(debug_assertions) {
        return;
    }
    let Some((service, shape)) = KNOWN.with_borrow(|known| known.get(&place(map)).copied()) else { return };
    let shape = service.shape(shape);
    if let ShapeKind::Structure { members, .. } = &shape.kind {
        assert!(members.iter().any(|it| it.name == name), "{} of {} has no member {name}", shape.name, service.name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call::{Input, Members};
    use crate::services::models;

    fn asked() -> Input {
        let input = json!({ "cluster": "c", "tags": [{ "key": "a" }] });
        Input(input.as_object().cloned().expect("an object"))
    }

    fn know(input: &Input) -> Known {
        let service = models::named("ecs").expect("a service");
        Known::of(service, service.operations["CreateService"].input, &input.0)
    }

    #[test]
    fn members_of_the_model_can_be_read_whether_they_are_there_or_not() {
        let input = asked();
        let _known = know(&input);
        assert_eq!((input.text("cluster"), input.text("role")), (Some("c"), None));
        assert_eq!(input.list("tags")[0].text("value"), None);
    }

    #[test]
    #[should_panic(expected = "CreateServiceRequest of ecs has no member clusterName")]
    fn other_members_cannot() {
        let input = asked();
        let _known = know(&input);
        input.text("clusterName");
    }

    #[test]
    #[should_panic(expected = "Tag of ecs has no member Key")]
    fn nor_can_those_of_its_parts() {
        let input = asked();
        let _known = know(&input);
        input.list("tags")[0].text("Key");
    }

    #[test]
    fn afterwards_nothing_is_known_of_it() {
        let input = asked();
        drop(know(&input));
        assert_eq!(input.text("clusterName"), None);
    }
}
