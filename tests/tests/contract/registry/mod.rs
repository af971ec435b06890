//! The table of kinds held against AWS's own registry of resource types: what forces a replacement, what carries tags, which IAM actions
//! it takes. Every difference is in a table with its reason, and none there is out of date.

mod schemas;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_aws::kinds;
use evenkeel_core::kind::{Kind, OnChange};

use self::schemas::{Registry, Schema};
use self::table::{Difference, EXCEPTIONS, Fields, ROWS, Row};
use super::graphs;

/// A kind with its row and what the registry says of its types.
struct Pair {
    row: &'static Row,
    kind: Kind,
    actions: &'static [&'static str],
    schemas: Vec<Schema>,
    /// The fields of its documents.
    keys: BTreeSet<String>,
}

fn pairs() -> Vec<Pair> {
    let registry = Registry::installed();
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, graph) in graphs() {
        for node in graph.nodes() {
            // What is looked up says what to look for.
            let made = Some(&node.want).filter(|_| !node.lookup);
            let fields = made.and_then(serde_json::Value::as_object).into_iter().flat_map(|want| want.keys().cloned());
            keys.entry(node.id.kind().to_owned()).or_default().extend(fields);
        }
    }
    let pair = |row: &'static Row| {
        let entry = kinds::get(row.kind).unwrap_or_else(|| panic!("there is no kind {}", row.kind));
        Pair {
            row,
            kind: entry.kind,
            actions: entry.actions,
            schemas: row.types.iter().map(|name| registry.schema(name)).collect(),
            keys: keys.get(row.kind).cloned().unwrap_or_default(),
        }
    };
    ROWS.iter().filter(|row| !row.types.is_empty()).map(pair).collect()
}

impl Pair {
    /// The fields with the properties that they are.
    fn fields(&self) -> Vec<(&str, Vec<String>)> {
        match self.row.fields {
            Fields::Named(fields) => fields
                .iter()
                .map(|(field, properties)| (*field, properties.iter().map(|it| (*it).to_owned()).collect()))
                .collect(),
            Fields::Same => self.keys.iter().map(|key| (key.as_str(), vec![capital(key)])).collect(),
        }
    }

    /// Whether a change of a field, or of something in it, forces a replacement.
    fn replaces(&self, name: &str) -> bool {
        let inside = |path: &str| path.split(['.', '[']).next() == Some(name);
        self.kind.fields.iter().any(|field| field.on_change == OnChange::Replace && inside(field.path))
    }

    fn any(&self, properties: &[String], holds: fn(&Schema, &str) -> bool) -> bool {
        properties.iter().any(|property| self.schemas.iter().any(|schema| holds(schema, property)))
    }

    fn differences(&self) -> Vec<Difference<'_>> {
        let mut found = Vec::new();
        for (field, properties) in self.fields() {
            let fixed = self.any(&properties, Schema::is_create_only);
            match (self.replaces(field), fixed) {
                // What is no property cannot be fixed or not.
                (true, false) if !properties.is_empty() => found.push(Difference::Replaced(field)),
                (false, true) => found.push(Difference::Fixed(field)),
                _ => {}
            }
            if self.any(&properties, Schema::is_write_only) {
                found.push(Difference::Unreadable(field));
            }
        }
        match (self.keys.contains("tags"), self.schemas[0].is_taggable()) {
            (true, false) => found.push(Difference::Untaggable),
            (false, true) => found.push(Difference::Untagged),
            _ => {}
        }
        let needed: BTreeSet<&str> = self.schemas.iter().flat_map(Schema::permissions).collect();
        found.extend(self.actions.iter().filter(|action| !needed.contains(**action)).map(|it| Difference::Action(it)));
        found
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[test]
fn every_kind_and_each_of_its_fields_has_its_place_in_the_registry() {
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.kind).collect();
    let table: BTreeSet<&str> = kinds::ALL.iter().map(|entry| entry.kind.name).collect();
    assert_eq!(rows, table);
    for row in ROWS {
        let lookup = kinds::get(row.kind).is_some_and(|entry| !entry.driver.makes());
        // To CloudFormation an image is no resource.
        let none = lookup || row.kind == "image";
        assert_eq!(none, row.types.is_empty(), "{}: only what is looked up has no type", row.kind);
    }
    for pair in pairs() {
        let fields = pair.fields();
        let named: BTreeSet<String> = fields.iter().map(|(field, _)| (*field).to_owned()).collect();
        assert_eq!(named, pair.keys, "{}", pair.row.kind);
        for (field, properties) in fields {
            for property in properties {
                let there = pair.schemas.iter().any(|schema| schema.has(&property));
                assert!(there, "{}.{field}: {:?} have no property {property}", pair.row.kind, pair.row.types);
            }
        }
    }
}

#[test]
fn what_the_table_of_kinds_says_is_what_the_registry_says_but_for_what_is_explained() {
    let pairs = pairs();
    let found: BTreeSet<(&str, Difference<'_>)> =
        pairs.iter().flat_map(|pair| pair.differences().into_iter().map(|it| (pair.row.kind, it))).collect();
    let explained: BTreeSet<(&str, Difference<'_>)> = EXCEPTIONS.iter().map(|(kind, what, _)| (*kind, *what)).collect();
    assert_eq!(explained.len(), EXCEPTIONS.len(), "an exception is there twice");
    let new: Vec<_> = found.difference(&explained).collect();
    let stale: Vec<_> = explained.difference(&found).collect();
    assert!(new.is_empty() && stale.is_empty(), "not explained: {new:#?}\nno difference any more: {stale:#?}");
    assert!(EXCEPTIONS.iter().all(|(_, _, why)| why.len() > 20), "a reason is missing");
}
