//! A JSON Schema (draft 7, which editors understand best) of the stack file, made from the tables. It refuses nothing that the
//! parser takes; `forms.rs` has the values, `ecs.rs` the objects of ECS. What is said of a key is said twice, because editors
//! show `description` as it is and `markdownDescription` as Markdown. Knows no section.

mod ecs;
mod forms;

use serde_json::{Map, Value, json};

use super::{Absent, Key, Since, Table, all, words};

/// The schema of a file with these keys.
pub fn json_schema(root: &'static Table) -> Value {
    let mut definitions = forms::definitions();
    for table in all(root).into_iter().skip(1) {
        definitions.insert(table.path.to_owned(), of_table(table));
        table.keys().filter_map(|key| key.kind.ecs()).for_each(|object| ecs::add(object, &mut definitions));
    }
    let mut schema = of_table(root);
    if let Some(map) = schema.as_object_mut() {
        map.insert("$schema".to_owned(), "http://json-schema.org/draft-07/schema#".into());
        map.insert("title".to_owned(), "evenkeel stack file".into());
        map.insert("description".to_owned(), "ECS services and what they need, as evenkeel keeps them in AWS.".into());
        map.insert("definitions".to_owned(), Value::Object(definitions));
    }
    schema
}

fn of_table(table: &Table) -> Value {
    let mut properties = Map::new();
    for key in table.keys().filter(|key| key.since != Since::NotYet) {
        for name in key.spellings() {
            let mut schema = described(key.name, &about(key), forms::of(&key.kind));
            if let Absent::Value(value) = key.absent {
                schema["default"] = value_of(value);
            }
            // Editors propose the usual spelling only.
            if name != key.name {
                schema["doNotSuggest"] = true.into();
            }
            properties.insert(name.to_owned(), schema);
        }
    }
    // No description: an editor would show it in place of that of the key that leads here.
    let mut out = json!({
        "title": table.what,
        "type": ["object", "null"],
        "additionalProperties": false,
    });
    if let Some(object) = table.object {
        out["patternProperties"] = ecs::spellings(object);
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

/// A value as YAML reads it.
fn value_of(value: &str) -> Value {
    let scalar = serde_json::from_str(value).ok().filter(|value: &Value| value.is_number() || value.is_boolean());
    scalar.unwrap_or_else(|| value.into())
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

/// The schema of the value of a key, with what is said of the key.
fn described(name: &str, text: &str, schema: Value) -> Value {
    let about =
        [("title", name.to_owned()), ("description", text.replace('`', "")), ("markdownDescription", text.to_owned())];
    // Draft 7 reads nothing beside a reference, and a form has a title of its own.
    let mut out = if schema.get("anyOf").is_some() { schema } else { json!({ "allOf": [schema] }) };
    for (key, text) in about {
        out[key] = text.into();
    }
    out
}
