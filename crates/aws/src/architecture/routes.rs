//! What a load balancer does with a request, in words: its listeners for its box, and its rules for the lines to its target groups.

use evenkeel_stack::model::{Action, Conditions, LoadBalancer};

/// Most lines of a box or a label that are of one sort.
pub(super) const MOST: usize = 6;

/// The target groups that a load balancer forwards to, each with what leads there, in the order of ports and rules.
pub(super) fn forwards(balancer: &LoadBalancer) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut add = |action: &Action, lead: &str| {
        let Action::Forward { targets, .. } = action else { return };
        let whole: u32 = targets.iter().map(|(_, weight)| weight).sum();
        for (target, weight) in targets {
            // A single one gets everything whatever its weight.
            let share = if targets.len() > 1 && whole > 0 {
                format!(", {}%", (f64::from(*weight) * 100.0 / f64::from(whole)).round())
            } else {
                String::new()
            };
            let words = format!("{lead}{share}");
            match found.iter_mut().find(|(name, _)| name == target) {
                Some((_, leads)) => leads.push(words),
                None => found.push((target.clone(), vec![words])),
            }
        }
    };
    let mut listeners: Vec<_> = balancer.listeners.values().collect();
    listeners.sort_by_key(|listener| listener.port);
    for listener in listeners {
        if let Some(default) = &listener.default {
            add(default, &listener.port.to_string());
        }
        let mut rules: Vec<_> = listener.rules.iter().collect();
        rules.sort_by_key(|rule| rule.priority);
        for rule in rules {
            add(&rule.action, &format!("{} {}", listener.port, conditions(&rule.conditions)));
        }
    }
    found.into_iter().map(|(target, leads)| (target, cut(leads))).collect()
}

/// A line for each listener, and for each rule that the load balancer answers by itself.
pub(super) fn listeners(balancer: &LoadBalancer) -> Vec<String> {
    let mut lines = Vec::new();
    let mut listeners: Vec<_> = balancer.listeners.values().collect();
    listeners.sort_by_key(|listener| listener.port);
    for listener in listeners {
        let whole = listener.default.as_ref().and_then(answer).map(|answer| format!(" → {answer}")).unwrap_or_default();
        lines.push(format!("{} {}{whole}", listener.port, listener.protocol));
        let own = listener.rules.iter().filter_map(|rule| Some((conditions(&rule.conditions), answer(&rule.action)?)));
        lines.extend(own.map(|(when, answer)| format!("{} {when} → {answer}", listener.port)));
    }
    cut(lines)
}

/// What it answers without asking anybody.
fn answer(action: &Action) -> Option<String> {
    match action {
        Action::Forward { .. } => None,
        Action::Redirect { protocol, port, host, path, .. } => {
            let host = if host == "#{host}" { String::new() } else { format!(" {host}") };
            let path = if path == "/#{path}" { String::new() } else { format!(" {path}") };
            let protocol = if protocol == "#{protocol}" { "redirect" } else { protocol };
            let port = if port == "#{port}" { String::new() } else { format!(" {port}") };
            Some(format!("{protocol}{port}{host}{path}"))
        }
        Action::FixedResponse { status, .. } => Some(status.clone()),
    }
}

/// The conditions of a rule on one line.
fn conditions(conditions: &Conditions) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(
        [&conditions.host, &conditions.path].into_iter().filter(|list| !list.is_empty()).map(|list| list.join(", ")),
    );
    words.extend(conditions.header.iter().map(|(name, values)| format!("{name}: {}", values.join(", "))));
    words.extend(Some(&conditions.method).filter(|list| !list.is_empty()).map(|list| list.join(", ")));
    words.extend(conditions.query.iter().map(|(key, value)| match key {
        Some(key) => format!("?{key}={value}"),
        None => format!("?{value}"),
    }));
    words.extend(conditions.source_ip.iter().map(|range| format!("from {range}")));
    words.join(" ")
}

/// A list of lines of which only the beginning is shown if it is long.
pub(super) fn cut(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > MOST {
        let more = lines.len() - (MOST - 1);
        lines.truncate(MOST - 1);
        lines.push(format!("and {more} more"));
    }
    lines
}
