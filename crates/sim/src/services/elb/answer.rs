//! What a load balancer answers to a GET request of a browser: which rule takes it, and whether a target serves it. Looks at hosts and
//! paths; a rule that asks for anything else (a header, an address) takes no such request. Changes nothing.

use serde_json::Value;

use super::state::Rule;
use super::targets::{health, ways};
use crate::call::Members;
use crate::world::Region;

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status code.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
}

/// The answer of a load balancer, by its ARN; none if it is not there or does not listen at the port.
pub fn answer(region: &Region, balancer: &str, port: u16, host: &str, path: &str) -> Option<Answered> {
    let elb = &region.elb;
    elb.balancers.get(balancer).filter(|balancer| balancer.active)?;
    let listens = |at: Option<i64>| at == Some(i64::from(port));
    let listener = elb.listeners.values().find(|it| it.balancer == balancer && listens(it.port))?;
    let mut rules: Vec<&Rule> =
        elb.rules.values().filter(|rule| rule.listener == listener.arn && rule.priority.is_some()).collect();
    rules.sort_by_key(|rule| rule.priority);
    let taken = rules.into_iter().find(|rule| rule.conditions.iter().all(|condition| fits(condition, host, path)));
    let actions = taken.map_or(&listener.actions, |rule| &rule.actions);
    // What is before the last one asks who somebody is.
    Some(actions.last().map_or(Answered { status: 503, location: None }, |action| act(region, action, host, path)))
}

/// The answer to a host that some rule of some load balancer names, whichever that is.
pub fn answer_to(region: &Region, port: u16, host: &str, path: &str) -> Option<Answered> {
    let named = |rule: &&Rule| {
        rule.conditions.iter().any(|condition| {
            condition
                .map("HostHeaderConfig")
                .is_some_and(|config| config.texts("Values").iter().any(|value| value == host))
        })
    };
    let rule = region.elb.rules.values().find(named)?;
    let balancer = region.elb.listeners.get(&rule.listener)?.balancer.clone();
    answer(region, &balancer, port, host, path)
}

fn fits(condition: &Value, host: &str, path: &str) -> bool {
    let (config, text) = match condition.text_or_empty("Field") {
        "host-header" => ("HostHeaderConfig", host.to_lowercase()),
        "path-pattern" => ("PathPatternConfig", path.to_owned()),
        _ => return false,
    };
    let patterns = condition.map(config).map(|config| config.texts("Values")).unwrap_or_default();
    patterns.iter().any(|pattern| matches(pattern, &text))
}

/// Whether a text fits a pattern with `*` and `?`.
fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            matches(&pattern[1..], text)
                || text.chars().next().is_some_and(|one| matches(pattern, &text[one.len_utf8()..]))
        }
        (Some(sign), Some(one)) if sign == '?' || sign == one => {
            matches(&pattern[sign.len_utf8()..], &text[one.len_utf8()..])
        }
        _ => false,
    }
}

fn act(region: &Region, action: &Value, host: &str, path: &str) -> Answered {
    let plain = |status| Answered { status, location: None };
    match action.text_or_empty("Type") {
        "redirect" => {
            let to = action.map("RedirectConfig").cloned().unwrap_or_default();
            let part = |name: &str| to.text_or_empty(name).replace("#{host}", host).replace("#{path}", path);
            let (protocol, port) = (part("Protocol").to_lowercase(), part("Port"));
            let usual = if protocol == "https" { "443" } else { "80" };
            let port = if port == usual || port.contains('#') { String::new() } else { format!(":{port}") };
            let status = if to.text("StatusCode") == Some("HTTP_302") { 302 } else { 301 };
            Answered { status, location: Some(format!("{protocol}://{}{port}{path}", part("Host"))) }
        }
        "fixed-response" => {
            let code = action.map("FixedResponseConfig").and_then(|fixed| fixed.text("StatusCode")?.parse().ok());
            plain(code.unwrap_or(503))
        }
        _ => {
            let groups = action.map("ForwardConfig").map(|config| config.list("TargetGroups")).unwrap_or_default();
            let gets = |group: &&Value| group.integer("Weight").unwrap_or(1) > 0;
            let tried = groups.iter().filter(gets);
            plain(tried.map(|group| serve(region, group.text_or_empty("TargetGroupArn"))).min().unwrap_or(503))
        }
    }
}

/// What the targets of a group answer: those that are checked on another port may not be reached on that of the traffic.
fn serve(region: &Region, group: &str) -> u16 {
    let Some(group) = region.elb.groups.get(group) else { return 503 };
    let healthy = group
        .targets
        .iter()
        .filter(|((id, port), _)| health::of(&region.elb, group, id, *port).state == "healthy")
        .map(|((id, port), target)| if ways::arrives(region, group, (id, target), *port) { 200 } else { 504 });
    healthy.min().unwrap_or(503)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::super::tests::{balancer, group, listener};
    use super::super::{NewTarget, register};
    use super::*;
    use crate::lab::Lab;

    fn ask(lab: &Lab, balancer: &str, port: u16, host: &str) -> Option<(u16, Option<String>)> {
        let asked = lab.sim.with_world(|world| answer(world.region(&lab.place), balancer, port, host, "/"));
        asked.map(|answered| (answered.status, answered.location))
    }

    #[test]
    fn the_first_rule_that_takes_a_host_answers_and_a_group_needs_a_healthy_target() {
        let lab = Lab::new();
        let (web, group) = (balancer(&lab, "web"), group(&lab, "a"));
        assert_eq!(ask(&lab, &web, 80, "a.example"), None, "it does not listen, and is not ready");
        let arn = listener(&lab, &web, 80, &group);
        let fixed = json!({ "ListenerArn": arn, "Priority": 5,
            "Conditions": [{ "Field": "host-header", "Values": ["*.api.example"] }],
            "Actions": [{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "418" } }] });
        lab.ok("elbv2.CreateRule", fixed);
        lab.sim.pass(Duration::from_secs(600));
        assert_eq!(ask(&lab, &web, 80, "v1.api.example"), Some((418, None)));
        assert_eq!(ask(&lab, &web, 80, "a.example"), Some((503, None)), "nothing is registered");
        assert_eq!(ask(&lab, &web, 81, "a.example"), None);
        let secure = json!({ "ListenerArn": arn, "DefaultActions": [{ "Type": "redirect",
            "RedirectConfig": { "Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301" } }] });
        lab.ok("elbv2.ModifyListener", secure);
        assert_eq!(ask(&lab, &web, 80, "a.example"), Some((301, Some("https://a.example/".to_owned()))));
        let target = NewTarget {
            id: "172.31.0.9".to_owned(),
            port: 80,
            zone: String::new(),
            answers: true,
            interface: None,
            ears: Vec::new(),
        };
        lab.sim.with_world(|world| register(world, &lab.place, &group, target));
        let back = json!({ "ListenerArn": arn, "DefaultActions": [{ "Type": "forward", "TargetGroupArn": group }] });
        lab.ok("elbv2.ModifyListener", back);
        lab.sim.pass(Duration::from_secs(600));
        assert_eq!(ask(&lab, &web, 80, "a.example"), Some((200, None)));
    }

    #[test]
    fn patterns_have_wildcards() {
        assert!(matches("*.a.example", "x.y.a.example") && matches("/v?/*", "/v1/") && matches("/", "/"));
        assert!(!matches("*.a.example", "a.example") && !matches("/v?", "/v") && !matches("", "x"));
    }
}
