//! What a person needs to see of a new resource: the values that were chosen, without those that nearly every resource of
//! its kind has. Decides what is left out and how references read; `-v` shows every field as it is. Knows documents and kinds
//! by name only, not the stack file.

use std::borrow::Cow;

use evenkeel_core::doc::{self, Text};
use evenkeel_core::plan::{Action, Plan};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::values;

/// What fits into so many characters is shown on one line.
pub const WIDTH: usize = 96;

/// Fields that say nothing: kind, path (`[]` for the members of a list, `*` for any key), and the usual value; `None` for
/// fields that only repeat what the title or another step says.
const USUAL: &[(&str, &str, Option<&str>)] = &[
    ("listener", "default.host", Some("#{host}")),
    ("listener", "default.path", Some("/#{path}")),
    ("listener", "default.query", Some("#{query}")),
    ("listener", "default.stickiness_secs", Some("0")),
    ("listener", "load_balancer", None),
    ("listener", "ssl_policy", Some("ELBSecurityPolicy-2016-08")),
    ("listener_rules", "listener", None),
    ("listener_rules", "rules.[].action.stickiness_secs", Some("0")),
    ("load_balancer", "ip_address_type", Some("ipv4")),
    ("load_balancer", "type", Some("application")),
    ("load_balancer", "vpc", None),
    ("log_group", "class", Some("STANDARD")),
    ("records", "records.[].alias.zone_id", None),
    ("records", "zone_id", None),
    ("role", "inline.*.Version", Some("2012-10-17")),
    ("role", "max_session_secs", Some("3600")),
    ("role", "trust", Some(TRUST)),
    ("role", "trust.Version", Some("2012-10-17")),
    ("security_group", "vpc", None),
    ("security_group_rules", "egress", Some("[all to 0.0.0.0/0]")),
    ("security_group_rules", "group", None),
    ("service", "cluster", None),
    ("service", "deployment.bake_time_minutes", Some("0")),
    ("service", "deployment.circuit_breaker", Some("true")),
    ("service", "deployment.maximum_percent", Some("200")),
    ("service", "deployment.minimum_healthy_percent", Some("100")),
    ("service", "deployment.rollback", Some("true")),
    ("service", "deployment.strategy", Some("ROLLING")),
    ("service", "grace_secs", Some("0")),
    ("service", "platform_version", Some("LATEST")),
    ("service", "propagate_tags", Some("NONE")),
    ("service", "scheduling", Some("REPLICA")),
    ("service", "task_definition", None),
    ("target_group", "health_check.healthy_threshold", Some("5")),
    ("target_group", "health_check.interval_secs", Some("30")),
    ("target_group", "health_check.matcher", Some("\"200\"")),
    ("target_group", "health_check.port", Some("traffic-port")),
    ("target_group", "health_check.protocol", Some("HTTP")),
    ("target_group", "health_check.unhealthy_threshold", Some("2")),
    ("target_group", "protocol", Some("HTTP")),
    ("target_group", "protocol_version", Some("HTTP1")),
    ("target_group", "target_type", Some("ip")),
    ("target_group", "vpc", None),
    ("task_definition", "containerDefinitions.[].cpu", Some("0")),
    ("task_definition", "containerDefinitions.[].essential", Some("true")),
    ("task_definition", "containerDefinitions.[].healthCheck.interval", Some("30")),
    ("task_definition", "containerDefinitions.[].healthCheck.retries", Some("3")),
    ("task_definition", "containerDefinitions.[].healthCheck.timeout", Some("5")),
    ("task_definition", "containerDefinitions.[].logConfiguration.logDriver", Some("awslogs")),
    ("task_definition", "containerDefinitions.[].logConfiguration.options.awslogs-region", None),
    ("task_definition", "containerDefinitions.[].logConfiguration.options.awslogs-stream-prefix", None),
    ("task_definition", "containerDefinitions.[].portMappings.[].protocol", Some("tcp")),
    ("task_definition", "family", None),
    ("task_definition", "networkMode", Some("awsvpc")),
    ("task_definition", "requiresCompatibilities", Some("[FARGATE]")),
];

/// The trust of a role for tasks.
const TRUST: &str =
    "{Statement: [{Action: [sts:AssumeRole], Effect: Allow, Principal: {Service: [ecs-tasks.amazonaws.com]}}]}";

/// The tags that everything has that a plan creates, if they are the same everywhere: they are worth one line, not twenty.
pub fn shared_tags(plan: &Plan) -> Option<Value> {
    let mut all = plan.steps.iter().filter_map(|step| match &step.action {
        Action::Create { want, replaces: None } => want.get("tags").filter(|tags| !values::is_noise(tags)),
        Action::Create { .. }
        | Action::Update { .. }
        | Action::Adopt { .. }
        | Action::Delete { .. }
        | Action::Wait { .. } => None,
    });
    let first = all.next()?;
    let mut others = 0;
    (all.all(|tags| {
        others += 1;
        tags == first
    }) && others > 0)
        .then(|| first.clone())
}

/// A field of a new resource without what says nothing; `Null` if nothing is left.
pub fn field(kind: &str, name: &str, value: &Value) -> Value {
    prune(kind, &mut vec![name.to_owned()], value)
}

/// The containers of a task: name and image first, the rest below.
pub fn containers(value: &Value) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    for container in value.as_array().into_iter().flatten() {
        let mut rest = container.as_object().cloned().unwrap_or_default();
        let mut take = |key: &str| rest.remove(key).map_or_else(String::new, |value| values::inline(&value));
        let (name, image) = (take("name"), take("image"));
        lines.push((1, format!("{name}: {image}")));
        lines.extend(
            values::block_in(&Value::Object(rest), WIDTH).into_iter().filter(|line| line != "{}").map(|line| (2, line)),
        );
    }
    lines
}

fn prune(kind: &str, at: &mut Vec<String>, value: &Value) -> Value {
    let value = plain(value);
    let pruned = match value.as_ref() {
        Value::Object(map) => object(kind, at, map),
        Value::Array(items) => {
            at.push("[]".to_owned());
            let kept = items.iter().map(|item| prune(kind, at, item)).collect();
            at.pop();
            Value::Array(kept)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.into_owned(),
    };
    let pruned = shaped(kind, at, pruned);
    if is_usual(kind, at, &pruned) { Value::Null } else { pruned }
}

fn object(kind: &str, at: &mut Vec<String>, map: &Map<String, Value>) -> Value {
    let mut kept = Map::new();
    for (key, value) in map {
        at.push(key.clone());
        let value = prune(kind, at, value);
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

/// Values that have a shorter form: rules of a group, variables, ports.
fn shaped(kind: &str, at: &[String], value: Value) -> Value {
    let at: Vec<&str> = at.iter().map(String::as_str).collect();
    match (kind, at.as_slice()) {
        ("listener", ["default"]) | ("listener_rules", ["rules", "[]", "action"]) => action(&value).unwrap_or(value),
        ("security_group_rules", [direction @ ("ingress" | "egress"), "[]"]) => {
            rule(direction, &value).unwrap_or(value)
        }
        ("task_definition", ["containerDefinitions", "[]", "environment"]) => pairs(&value, "value").unwrap_or(value),
        ("task_definition", ["containerDefinitions", "[]", "secrets"]) => pairs(&value, "valueFrom").unwrap_or(value),
        ("task_definition", ["containerDefinitions", "[]", "portMappings", "[]"]) => port(value),
        _ => value,
    }
}

/// `forward to …`, `redirect to HTTPS 443 (HTTP_301)`, if there is nothing else to say.
fn action(action: &Value) -> Option<Value> {
    let map = action.as_object()?;
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    let has_only = |keys: &[&str]| map.keys().all(|key| key == "type" || keys.contains(&key.as_str()));
    match text("type")? {
        "forward" if has_only(&["targets"]) => {
            let targets = map.get("targets")?.as_array()?;
            let name = |target: &Value| Some(target.get("target_group")?.as_str()?.to_owned());
            let weighted = |target: &Value| Some(format!("{} ({})", name(target)?, target.get("weight")?));
            let names = match targets.as_slice() {
                [one] => name(one)?,
                several => several.iter().map(weighted).collect::<Option<Vec<_>>>()?.join(" and "),
            };
            Some(format!("forward to {names}").into())
        }
        "redirect" if has_only(&["port", "protocol", "status"]) => {
            Some(format!("redirect to {} {} ({})", text("protocol")?, text("port")?, text("status")?).into())
        }
        _ => None,
    }
}

/// `tcp 80 from 0.0.0.0/0`.
fn rule(direction: &str, rule: &Value) -> Option<Value> {
    let number = |key: &str| rule.get(key).and_then(Value::as_i64);
    let text = |key: &str| rule.get(key).and_then(Value::as_str);
    let ports = match (number("from_port")?, number("to_port")?) {
        (-1, -1) => String::new(),
        (from, to) if from == to => format!(" {from}"),
        (from, to) => format!(" {from}-{to}"),
    };
    let protocol = if text("protocol")? == "-1" { "all" } else { text("protocol")? };
    let word = if direction == "ingress" { "from" } else { "to" };
    let description = text("description").map_or_else(String::new, |words| format!(" ({words})"));
    Some(format!("{protocol}{ports} {word} {}{description}", text("peer")?).into())
}

/// A list of names and values as a map.
fn pairs(list: &Value, value: &str) -> Option<Value> {
    let pair = |item: &Value| Some((item.get("name")?.as_str()?.to_owned(), item.get(value)?.clone()));
    list.as_array()?.iter().map(pair).collect::<Option<Map<_, _>>>().map(Value::Object)
}

/// A port that is mapped to itself is a number.
fn port(mut mapping: Value) -> Value {
    let Some(map) = mapping.as_object_mut() else { return mapping };
    if map.get("hostPort") == map.get("containerPort") {
        map.remove("hostPort");
    }
    match map.get("containerPort") {
        Some(port) if map.len() == 1 => port.clone(),
        _ => mapping,
    }
}

fn is_usual(kind: &str, at: &[String], value: &Value) -> bool {
    let here = |path: &str| {
        let mut at = at.iter();
        path.split('.').all(|want| at.next().is_some_and(|is| want == "*" || want == is)) && at.next().is_none()
    };
    USUAL
        .iter()
        .filter(|(of, path, _)| *of == kind && here(path))
        .any(|(_, _, usual)| usual.is_none_or(|usual| values::inline(value) == usual))
}

#[cfg(test)]
mod tests {
    use evenkeel_core::id::NodeId;
    use serde_json::json;

    use super::*;

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
        let shown = containers(&field("task_definition", "containerDefinitions", &list));
        let expected = [(1, "web: web:1"), (2, "environment: {A: \"1\"}"), (2, "portMappings: [80]")];
        assert_eq!(shown, expected.map(|(depth, text)| (depth, text.to_owned())));
    }
}
