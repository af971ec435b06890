//! What may stand under a key, as JSON Schema: one form for each way to write it. Case, short forms, numbers in quotes, nulls and
//! `${…}` are all let through. The forms have titles, because editors show them and tell the forms apart by them.

use serde_json::{Map, Value, json};

use super::ecs;
use crate::table::Type;

/// A placeholder somewhere in a string; what it comes to is not known here.
const OPEN: &str = r"\$\{";

/// The forms that are written once and referred to.
pub(super) fn definitions() -> Map<String, Value> {
    // Neither has a `type`: editors would propose `null`, `true` and `false` wherever a name may be written.
    let nothing = json!({ "title": "no value", "not": { "type": ["string", "number", "boolean", "object", "array"] } });
    let scalar =
        json!({ "title": "a single value", "if": { "type": ["object", "array"] }, "then": { "type": "string" } });
    [("nothing".to_owned(), nothing), ("scalar".to_owned(), scalar)].into_iter().collect()
}

/// What may stand under a key of that type.
pub(super) fn of(kind: &Type) -> Value {
    let mut forms = Vec::new();
    add_forms(kind, &mut forms);
    one_or_any(forms)
}

/// One form, or any of several.
pub(super) fn one_or_any(mut forms: Vec<Value>) -> Value {
    let mut seen: Vec<Value> = Vec::new();
    forms.retain(|form| {
        !seen.contains(form) && {
            seen.push(form.clone());
            true
        }
    });
    if forms.len() == 1 { forms.swap_remove(0) } else { json!({ "anyOf": forms }) }
}

/// A text that matches a pattern or has a placeholder.
pub(super) fn text(pattern: &str) -> Value {
    json!({ "title": "text", "type": "string", "pattern": format!("{pattern}|{OPEN}") })
}

/// Nothing: a key without a value.
pub(super) fn nothing() -> Value {
    reference("nothing")
}

/// A list of items.
pub(super) fn list(items: Value) -> Value {
    json!({ "title": "a list", "type": "array", "items": items })
}

/// A text, a number, a boolean, or nothing.
pub(super) fn scalar() -> Value {
    reference("scalar")
}

fn whole(min: i64, max: i64) -> Value {
    json!({ "title": format!("a whole number, {min} to {max}"), "type": "integer", "minimum": min, "maximum": max })
}

/// Adds the forms of a type.
pub(super) fn add_forms(kind: &Type, forms: &mut Vec<Value>) {
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
            json!({ "title": "true or false", "type": "boolean" }),
            text(&format!("^({}|{})$", any_case("true"), any_case("false"))),
            nothing(),
        ]),
        Type::Switch => {
            add_forms(&Type::Flag, forms);
            add_forms(&Type::Word(&["ENABLED", "DISABLED"]), forms);
        }
        Type::Word(words) => {
            let patterns: Vec<String> = words.iter().map(|word| any_case(word)).collect();
            forms.extend([
                json!({ "title": "a word", "enum": words }),
                text(&format!("^({})$", patterns.join("|"))),
                nothing(),
            ]);
        }
        Type::Just(words) => {
            let mut values: Vec<Value> = Vec::new();
            for word in *words {
                values.push((*word).into());
                values.extend(
                    serde_json::from_str::<Value>(word).ok().filter(|value| value.is_number() || value.is_boolean()),
                );
            }
            forms.extend([json!({ "title": "a word", "enum": values }), text(OPEN), nothing()]);
        }
        Type::Several(one) => {
            add_forms(one, forms);
            forms.push(list(of(one)));
        }
        Type::MapOf(one) => {
            forms.extend([
                json!({ "title": "a map", "type": "object", "additionalProperties": one_or_any(vec![of(one), nothing()]) }),
                nothing(),
            ]);
        }
        Type::Entries(table) => forms.push(json!({
            "title": "entries",
            "type": ["object", "null"],
            "additionalProperties": reference(table.path),
        })),
        Type::Map(table) => forms.push(reference(table.path)),
        Type::AnyOf(types) => types.iter().for_each(|one| add_forms(one, forms)),
        Type::Ecs(object, member) => {
            if let Some(member) = object.member(member) {
                ecs::add_forms_of(&member.kind, forms);
            }
        }
        Type::Document => forms.push(json!({})),
    }
}

/// What a definition says.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
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
