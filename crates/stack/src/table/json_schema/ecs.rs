//! The objects of ECS in the JSON Schema: their keys in snake_case, and the forms of their values. An empty string stands for a key
//! that is not set, and other spellings are let through, as `coerce.rs` reads them. Knows no table.

use serde_json::{Map, Value, json};

use super::described;
use super::forms::{add_forms, list, nothing, one_or_any, reference, scalar, text};
use crate::table::{Type, words};
use crate::task_definition::schema::{self, Member, Object, snake};

/// Adds the definition of an object, and of all that is in it.
pub(super) fn add(object: &'static Object, definitions: &mut Map<String, Value>) {
    let name = name_of(object);
    if definitions.contains_key(&name) {
        return;
    }
    definitions.insert(name, of_object(object));
    object.keys.iter().filter_map(|member| member.kind.object()).for_each(|inner| add(inner, definitions));
}

fn name_of(object: &Object) -> String {
    let what = object.what.trim_start_matches("a ").trim_start_matches("an ").trim_start_matches("the ");
    format!("ecs.{}", what.replace(' ', "-"))
}

fn of_object(object: &'static Object) -> Value {
    let mut properties = Map::new();
    for member in object.keys {
        let mut forms = Vec::new();
        add_forms_of(&member.kind, &mut forms);
        let name = snake(member.name);
        properties.insert(name.clone(), described(&name, &about(member), one_or_any(forms)));
    }
    let mut out = json!({
        "title": object.what,
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

/// What an editor shows of a member.
fn about(member: &Member) -> String {
    format!("{}\n\nAWS: `{}`.", words::plain(member.say), member.name)
}

/// Spellings of the keys of an object that are understood, but that nobody is to be offered: capitals, hyphens, and underscores
/// in other places.
pub(super) fn spellings(object: &Object) -> Value {
    let loose = |member: &Member| -> String { schema::plain(member.name).chars().map(|c| format!("{c}_*")).collect() };
    let keys: Vec<String> = object.keys.iter().map(loose).collect();
    json!({ "[A-Z-]": {}, format!("^_*({})$", keys.join("|")): {} })
}

/// Adds the forms of a type of ECS.
pub(super) fn add_forms_of(kind: &schema::Type, forms: &mut Vec<Value>) {
    // An empty string stands for a key that is not set.
    let one = |kind: &Type| -> Value {
        let mut forms = Vec::new();
        add_forms(kind, &mut forms);
        forms.push(text("^$"));
        one_or_any(forms)
    };
    let several = |items: Value| [items.clone(), list(items)];
    let number =
        || [json!({ "title": "a whole number", "type": "integer" }), text(r"^\s*([-+]?[0-9]+(\.0)?\s*)?$"), nothing()];
    match kind {
        schema::Type::Text => forms.push(scalar()),
        schema::Type::Int => forms.extend(number()),
        schema::Type::Seconds => forms.push(one(&Type::Seconds(0, u32::MAX))),
        schema::Type::Flag => forms.push(one(&Type::Flag)),
        schema::Type::Word(words) => forms.push(one(&Type::Word(words))),
        schema::Type::Texts => forms.extend(several(scalar())),
        schema::Type::Ints => {
            forms.extend(several(one_or_any(number().into())));
        }
        schema::Type::Words(words) => forms.extend(several(one(&Type::Word(words)))),
        schema::Type::Strings => {
            forms.extend([
                json!({ "title": "a map", "type": "object", "additionalProperties": scalar() }),
                text("^$"),
                nothing(),
            ]);
        }
        schema::Type::Object(object) => forms.extend([reference(&name_of(object)), text("^$"), nothing()]),
        schema::Type::Objects(object) => {
            let reference = reference(&name_of(object));
            let item = json!({ "anyOf": [reference, nothing()] });
            forms.extend([reference.clone(), list(item), text("^$"), nothing()]);
        }
    }
}
