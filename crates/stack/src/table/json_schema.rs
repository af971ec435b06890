//! A JSON Schema (draft 7, which editors understand best) of the stack file, made from the tables. It refuses nothing that the
//! parser takes: case, short forms, numbers in quotes, nulls and `${…}` are all let through.

use serde_json::{Map, Value, json};

use super::{Key, Since, Table, Type, all, words};
use crate::task_definition::schema::{self, Object, snake};

/// A placeholder somewhere in a string; what it comes to is not known here.
const OPEN: &str = r"\$\{";

/// The schema of a file with these keys.
pub fn json_schema(root: &'static Table) -> Value {
    let mut definitions = Map::new();
    for table in all(root).into_iter().skip(1) {
        definitions.insert(table.path.to_owned(), of_table(table));
        for object in table.keys().flat_map(objects) {
            add(object, &mut definitions);
        }
    }
    let mut schema = of_table(root);
    if let Some(map) = schema.as_object_mut() {
        map.insert("$schema".to_owned(), "http://json-schema.org/draft-07/schema#".into());
        map.insert("title".to_owned(), "evenkeel stack file".into());
        map.insert("definitions".to_owned(), Value::Object(definitions));
    }
    schema
}

/// The objects of ECS that a key leads to at once.
fn objects(key: &'static Key) -> Vec<&'static Object> {
    let kind = key.kind.find(&|one| if let Type::Ecs(object, member) = one { member_of(object, member) } else { None });
    kind.and_then(inner).into_iter().collect()
}

fn member_of(object: &'static Object, member: &str) -> Option<&'static schema::Type> {
    object.keys.iter().find(|(key, _)| *key == member).map(|(_, kind)| kind)
}

fn inner(kind: &schema::Type) -> Option<&'static Object> {
    if let schema::Type::Object(object) | schema::Type::Objects(object) = kind { Some(object) } else { None }
}

fn add(object: &'static Object, definitions: &mut Map<String, Value>) {
    let name = name_of(object);
    if definitions.contains_key(&name) {
        return;
    }
    definitions.insert(name, of_object(object));
    object.keys.iter().filter_map(|(_, kind)| inner(kind)).for_each(|inner| add(inner, definitions));
}

fn name_of(object: &Object) -> String {
    let what = object.what.trim_start_matches("a ").trim_start_matches("an ").trim_start_matches("the ");
    format!("ecs.{}", what.replace(' ', "-"))
}

fn of_table(table: &Table) -> Value {
    let mut properties = Map::new();
    for key in table.keys().filter(|key| key.since != Since::NotYet) {
        for name in key.spellings() {
            properties.insert(name.to_owned(), described(&about(key), of(&key.kind)));
        }
    }
    let mut out = json!({ "description": table.what, "type": ["object", "null"], "additionalProperties": false });
    if let Some(object) = table.object {
        out["patternProperties"] = spellings(object);
    }
    let needed = table.keys().filter(|key| !key.needed.is_empty());
    let needed: Vec<Value> = needed
        .map(|key| Value::Array(key.spellings().map(|name| json!({ "required": [name] })).collect()))
        .map(|spellings| json!({ "anyOf": spellings }))
        .collect();
    if !needed.is_empty() {
        out["allOf"] = needed.into();
    }
    out["properties"] = Value::Object(properties);
    out
}

/// What an editor shows of a key.
fn about(key: &Key) -> String {
    let mut out = format!("{}\n\nDefault: {}.", words::plain(key.say), words::plain(&words::default(key)));
    if !key.shape.is_empty() {
        out += &format!(" Accepts {}.", words::plain(key.shape));
    }
    if !key.aws.is_empty() {
        out += &format!(" AWS: `{}`.", key.aws);
    }
    if !key.example.is_empty() {
        out += &format!("\n\nExample: `{}: {}`", key.name, key.example);
    }
    out
}

fn described(text: &str, mut schema: Value) -> Value {
    if let Some(map) = schema.as_object_mut().filter(|map| !map.contains_key("$ref")) {
        map.insert("description".to_owned(), text.into());
        return schema;
    }
    // Draft 7 reads nothing beside a reference.
    json!({ "description": text, "allOf": [schema] })
}

fn of(kind: &Type) -> Value {
    let mut forms = Vec::new();
    add_forms(kind, &mut forms);
    one_or_any(forms)
}

fn one_or_any(mut forms: Vec<Value>) -> Value {
    let mut seen: Vec<Value> = Vec::new();
    forms.retain(|form| {
        !seen.contains(form) && {
            seen.push(form.clone());
            true
        }
    });
    if forms.len() == 1 { forms.swap_remove(0) } else { json!({ "anyOf": forms }) }
}

fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": format!("{pattern}|{OPEN}") })
}

fn nothing() -> Value {
    json!({ "type": "null" })
}

fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean", "null"] })
}

fn whole(min: i64, max: i64) -> Value {
    json!({ "type": "integer", "minimum": min, "maximum": max })
}

fn add_forms(kind: &Type, forms: &mut Vec<Value>) {
    match kind {
        Type::Open | Type::Text | Type::Blank | Type::Entry(_) => forms.push(scalar()),
        Type::Number(min, max) => forms.extend([whole(*min, *max), text(r"^\s*[-+]?[0-9]+\s*$"), nothing()]),
        Type::Port => forms.extend([whole(1, 65_535), text(r"^\s*[-+]?[0-9]+\s*$"), nothing()]),
        Type::Percent(min, max) => {
            forms.extend([whole((*min).into(), (*max).into()), text(r"^\s*[-+]?[0-9]+\s*%?\s*$"), nothing()]);
        }
        Type::Seconds(min, max) => {
            let pattern = r"^\s*([+]?[0-9]+|([0-9]+[smhdw])+)\s*$";
            forms.extend([whole((*min).into(), (*max).into()), text(pattern), nothing()]);
        }
        Type::Flag => forms.extend([
            json!({ "type": "boolean" }),
            text(&format!("^({}|{})$", any_case("true"), any_case("false"))),
            nothing(),
        ]),
        Type::Switch => {
            add_forms(&Type::Flag, forms);
            add_forms(&Type::Word(&["ENABLED", "DISABLED"]), forms);
        }
        Type::Word(words) => {
            let patterns: Vec<String> = words.iter().map(|word| any_case(word)).collect();
            forms.extend([json!({ "enum": words }), text(&format!("^({})$", patterns.join("|"))), nothing()]);
        }
        Type::Just(words) => {
            let mut values: Vec<Value> = Vec::new();
            for word in *words {
                values.push((*word).into());
                values.extend(
                    serde_json::from_str::<Value>(word).ok().filter(|value| value.is_number() || value.is_boolean()),
                );
            }
            forms.extend([json!({ "enum": values }), text(OPEN), nothing()]);
        }
        Type::Several(one) => {
            add_forms(one, forms);
            forms.push(json!({ "type": "array", "items": of(one) }));
        }
        Type::MapOf(one) => {
            forms.extend([
                json!({ "type": "object", "additionalProperties": one_or_any(vec![of(one), nothing()]) }),
                nothing(),
            ]);
        }
        Type::Entries(table) => forms.push(json!({
            "type": ["object", "null"],
            "additionalProperties": reference(table.path),
        })),
        Type::Map(table) => forms.push(reference(table.path)),
        Type::AnyOf(types) => types.iter().for_each(|one| add_forms(one, forms)),
        Type::Ecs(object, member) => {
            if let Some(kind) = member_of(object, member) {
                add_ecs(kind, forms);
            }
        }
        Type::Document => forms.push(json!({})),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn of_object(object: &'static Object) -> Value {
    let mut properties = Map::new();
    for (key, kind) in object.keys {
        let mut forms = Vec::new();
        add_ecs(kind, &mut forms);
        properties.insert(snake(key), described(&format!("AWS: `{key}`."), one_or_any(forms)));
    }
    let mut out = json!({
        "description": object.what,
        "type": "object",
        "additionalProperties": false,
        "patternProperties": spellings(object),
    });
    if !object.required.is_empty() {
        let usual: Vec<&String> = properties.keys().collect();
        // In another spelling, which the parser understands, a key is not recognised here.
        let unusual = json!({ "not": { "propertyNames": { "enum": usual } } });
        let all: Vec<Value> =
            object.required.iter().map(|key| json!({ "anyOf": [{ "required": [snake(key)] }, unusual] })).collect();
        out["allOf"] = all.into();
    }
    out["properties"] = Value::Object(properties);
    out
}

/// Spellings of the keys of an object that are understood, but that nobody is to be offered: capitals, hyphens, and underscores
/// in other places.
fn spellings(object: &Object) -> Value {
    let loose =
        |key: &&(&str, schema::Type)| -> String { schema::plain(key.0).chars().map(|c| format!("{c}_*")).collect() };
    let keys: Vec<String> = object.keys.iter().map(|key| loose(&key)).collect();
    json!({ "[A-Z-]": {}, format!("^_*({})$", keys.join("|")): {} })
}

fn add_ecs(kind: &schema::Type, forms: &mut Vec<Value>) {
    // An empty string stands for a key that is not set.
    let one = |kind: &Type| -> Value {
        let mut forms = Vec::new();
        add_forms(kind, &mut forms);
        forms.push(text("^$"));
        one_or_any(forms)
    };
    let several = |items: Value| [items.clone(), json!({ "type": "array", "items": items })];
    match kind {
        schema::Type::Text => forms.push(scalar()),
        schema::Type::Int => {
            forms.extend([json!({ "type": "integer" }), text(r"^\s*([-+]?[0-9]+(\.0)?\s*)?$"), nothing()])
        }
        schema::Type::Seconds => forms.push(one(&Type::Seconds(0, u32::MAX))),
        schema::Type::Flag => forms.push(one(&Type::Flag)),
        schema::Type::Word(words) => forms.push(one(&Type::Word(words))),
        schema::Type::Texts => forms.extend(several(scalar())),
        schema::Type::Ints => {
            forms.extend(several(
                json!({ "anyOf": [{ "type": "integer" }, text(r"^\s*([-+]?[0-9]+(\.0)?\s*)?$"), nothing()] }),
            ));
        }
        schema::Type::Words(words) => forms.extend(several(one(&Type::Word(words)))),
        schema::Type::Strings => {
            forms.extend([json!({ "type": "object", "additionalProperties": scalar() }), text("^$"), nothing()]);
        }
        schema::Type::Object(object) => forms.extend([reference(&name_of(object)), text("^$"), nothing()]),
        schema::Type::Objects(object) => {
            let reference = reference(&name_of(object));
            let item = json!({ "anyOf": [reference, nothing()] });
            forms.extend([reference.clone(), json!({ "type": "array", "items": item }), text("^$"), nothing()]);
        }
    }
}

/// A pattern for a word in any case, with `-` and `_` for each other.
fn any_case(word: &str) -> String {
    let one = |c: char| match c {
        '-' | '_' => "[-_]".to_owned(),
        c if c.is_ascii_alphabetic() => format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase()),
        c if c.is_ascii_alphanumeric() => c.to_string(),
        c => format!("\\{c}"),
    };
    word.chars().map(one).collect()
}
