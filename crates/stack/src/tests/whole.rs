//! The task definitions with which the tests on the simulated AWS set and change every member do have every member.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::super::task_definition::schema::{Object, TASK_DEFINITION, Type};

type Members = BTreeSet<(&'static str, &'static str)>;

/// What AWS refuses by now: Elastic Inference has ended.
const REFUSED: &[(&str, &str)] = &[
    ("a task definition", "inferenceAccelerators"),
    ("an inference accelerator", "deviceName"),
    ("an inference accelerator", "deviceType"),
];

/// Every member of an object and of what is in it.
fn all(object: &'static Object, found: &mut Members) {
    for member in object.keys {
        found.insert((object.what, member.name));
        if let Type::Object(inner) | Type::Objects(inner) = member.kind {
            all(inner, found);
        }
    }
}

/// The members that a document has.
fn given(object: &'static Object, document: &Value, found: &mut Members) {
    for member in object.keys {
        let Some(value) = document.get(member.name).filter(|value| !value.is_null()) else { continue };
        found.insert((object.what, member.name));
        match member.kind {
            Type::Object(inner) => given(inner, value, found),
            Type::Objects(inner) => value.as_array().into_iter().flatten().for_each(|item| given(inner, item, found)),
            _ => {}
        }
    }
}

#[test]
fn every_member_of_a_task_definition_is_set_on_the_simulated_aws() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/tests/sim/noise");
    let mut has = Members::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("whole-") {
            let document = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            given(&TASK_DEFINITION, &document, &mut has);
        }
    }
    let mut wanted = Members::new();
    all(&TASK_DEFINITION, &mut wanted);
    assert!(wanted.len() > 120, "the schema has only {} members", wanted.len());
    let missing: Vec<_> = wanted.iter().filter(|member| !has.contains(*member) && !REFUSED.contains(member)).collect();
    assert!(missing.is_empty(), "no document sets {missing:?}");
}
