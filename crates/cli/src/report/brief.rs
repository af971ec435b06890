//! What a person needs to see of a new resource: the values that were chosen, without those that nearly every resource of
//! its kind has. Decides what is left out and how references read; `-v` shows every field as it is. What is usual of a kind, and what
//! has a shorter form, the kind says (`evenkeel_aws::shown`).

use std::borrow::Cow;

use evenkeel_aws::shown::{Headed, Shown};
use evenkeel_core::doc::{self, Text};
use evenkeel_core::plan::{Action, Plan};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::values;

/// What fits into so many characters is shown on one line.
pub const WIDTH: usize = 96;

/// The tags that most of what a plan creates has, and whether all of it does: they are worth one line, not twenty. None if something
/// that can have tags is created without any.
pub fn shared_tags(plan: &Plan) -> Option<(Value, bool)> {
    let created = plan.steps.iter().filter_map(|step| match &step.action {
        Action::Create { want, replaces: None } => want.get("tags"),
        Action::Create { .. }
        | Action::Update { .. }
        | Action::Adopt { .. }
        | Action::Delete { .. }
        | Action::Wait { .. } => None,
    });
    let created: Vec<&Value> = created.collect();
    if created.iter().any(|tags| values::is_noise(tags)) {
        return None;
    }
    let alike = |tags: &Value| created.iter().filter(|other| **other == tags).count();
    let most = created.iter().copied().max_by_key(|tags| alike(tags))?;
    let many = alike(most);
    (many > 1).then(|| (most.clone(), many == created.len()))
}

/// A field of a new resource without what says nothing; `Null` if nothing is left.
pub fn field(shown: &Shown, name: &str, value: &Value) -> Value {
    prune(shown, &mut vec![name.to_owned()], value)
}

/// A member of a list without what says nothing.
pub fn member(shown: &Shown, list: &str, value: &Value) -> Value {
    prune(shown, &mut vec![list.to_owned(), "[]".to_owned()], value)
}

/// The members of a list, each with its head first and the rest below: `web: nginx:1.27`.
pub fn headed(by: Headed, value: &Value) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    for member in value.as_array().into_iter().flatten() {
        let mut rest = member.as_object().cloned().unwrap_or_default();
        let mut take = |key: &str| rest.remove(key).map_or_else(String::new, |value| values::inline(&value));
        let (name, first) = (take(by.name), take(by.first));
        lines.push((1, format!("{name}: {first}")));
        lines.extend(
            values::block_in(&Value::Object(rest), WIDTH).into_iter().filter(|line| line != "{}").map(|line| (2, line)),
        );
    }
    lines
}

fn prune(shown: &Shown, at: &mut Vec<String>, value: &Value) -> Value {
    let value = plain(value);
    let pruned = match value.as_ref() {
        Value::Object(map) => object(shown, at, map),
        Value::Array(items) => {
            at.push("[]".to_owned());
            let kept = items.iter().map(|item| prune(shown, at, item)).collect();
            at.pop();
            Value::Array(kept)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.into_owned(),
    };
    let path: Vec<&str> = at.iter().map(String::as_str).collect();
    let pruned = (shown.shorter)(&path, &pruned).unwrap_or(pruned);
    if is_usual(shown, &path, &pruned) { Value::Null } else { pruned }
}

fn object(shown: &Shown, at: &mut Vec<String>, map: &Map<String, Value>) -> Value {
    let mut kept = Map::new();
    for (key, value) in map {
        at.push(key.clone());
        let value = prune(shown, at, value);
        at.pop();
        if !values::is_noise(&value) {
            kept.insert(key.clone(), value);
        }
    }
    Value::Object(kept)
}

/// References as words, and policies as what they say.
fn plain(value: &Value) -> Cow<'_, Value> {
    let shown = if doc::is_hole(value) {
        Text::deserialize(value).ok().map(|text| words(&text).into())
    } else {
        value.as_str().and_then(values::parsed)
    };
    shown.map_or(Cow::Borrowed(value), Cow::Owned)
}

fn words(text: &Text) -> String {
    match text {
        Text::Known(known) => known.clone(),
        Text::From(from) => format!("{} of {}", from.output, from.node),
        Text::Join(parts) => {
            let part = |part: &Text| match part {
                Text::Known(known) => known.clone(),
                Text::From(_) | Text::Join(_) => format!("({})", words(part)),
            };
            parts.iter().map(part).collect()
        }
    }
}

fn is_usual(shown: &Shown, at: &[&str], value: &Value) -> bool {
    let here = |path: &str| {
        let mut at = at.iter();
        path.split('.').all(|want| at.next().is_some_and(|is| want == "*" || want == *is)) && at.next().is_none()
    };
    let mut usual = shown.usual.iter().filter(|usual| here(usual.path));
    usual.any(|usual| usual.value.is_none_or(|usual| values::inline(value) == usual))
}

#[cfg(test)]
mod tests {
    use evenkeel_aws::kinds;
    use evenkeel_core::id::NodeId;
    use serde_json::json;

    use super::*;

    fn field(kind: &str, name: &str, value: &Value) -> Value {
        super::field(kinds::shown(kind), name, value)
    }

    #[test]
    fn what_is_usual_is_left_out_and_the_rest_is_not() {
        let check = json!({ "path": "/up", "interval_secs": 30, "matcher": "200", "timeout_secs": 7 });
        assert_eq!(field("target_group", "health_check", &check), json!({ "path": "/up", "timeout_secs": 7 }));
        assert_eq!(field("target_group", "protocol", &json!("HTTP")), Value::Null);
        assert_eq!(field("target_group", "protocol", &json!("HTTPS")), json!("HTTPS"));
        assert_eq!(field("cluster", "protocol", &json!("HTTP")), json!("HTTP"), "of that kind only");
    }

    #[test]
    fn rules_and_references_read_as_words() {
        let group = Text::output(NodeId::new("security_group", "alb"), "id");
        let rules = json!([
            { "protocol": "tcp", "from_port": 80, "to_port": 80, "peer": group, "description": "web" },
            { "protocol": "tcp", "from_port": 1, "to_port": 9, "peer": "10.0.0.0/8" },
        ]);
        let shown = json!(["tcp 80 from id of security_group.alb (web)", "tcp 1-9 from 10.0.0.0/8"]);
        assert_eq!(field("security_group_rules", "ingress", &rules), shown);
        let all = json!([{ "protocol": "-1", "from_port": -1, "to_port": -1, "peer": "0.0.0.0/0" }]);
        assert_eq!(field("security_group_rules", "egress", &all), Value::Null, "the default of AWS");
    }

    #[test]
    fn actions_read_as_words() {
        let group = |name: &str| Text::output(NodeId::new("target_group", name), "arn");
        let forward = |targets: Value| json!({ "type": "forward", "stickiness_secs": 0, "targets": targets });
        let one = forward(json!([{ "target_group": group("a"), "weight": 1 }]));
        assert_eq!(field("listener", "default", &one), json!("forward to arn of target_group.a"));
        let two = [("a", 90), ("b", 10)].map(|(name, weight)| json!({ "target_group": group(name), "weight": weight }));
        let shown = json!("forward to arn of target_group.a (90) and arn of target_group.b (10)");
        assert_eq!(field("listener", "default", &forward(json!(two))), shown);
        let redirect = json!({ "type": "redirect", "host": "#{host}", "path": "/#{path}", "query": "#{query}", "port": "443", "protocol": "HTTPS", "status": "HTTP_301" });
        assert_eq!(field("listener", "default", &redirect), json!("redirect to HTTPS 443 (HTTP_301)"));
        let elsewhere = json!({ "type": "redirect", "host": "b.example", "port": "443", "protocol": "HTTPS", "status": "HTTP_301" });
        assert_eq!(field("listener", "default", &elsewhere), elsewhere, "the host is shown");
    }

    #[test]
    fn a_container_begins_with_its_image() {
        let list = json!([{
            "name": "web", "image": "web:1", "essential": true, "cpu": 0,
            "environment": [{ "name": "A", "value": "1" }],
            "portMappings": [{ "containerPort": 80, "hostPort": 80, "protocol": "tcp" }],
        }]);
        let by = kinds::shown("task_definition").headed.unwrap();
        let shown = headed(by, &field("task_definition", "containerDefinitions", &list));
        let expected = [(1, "web: web:1"), (2, "environment: {A: \"1\"}"), (2, "portMappings: [80]")];
        assert_eq!(shown, expected.map(|(depth, text)| (depth, text.to_owned())));
    }
}
