//! How load balancers, their listeners and rules, and target groups are shown.

use serde_json::Value;

use crate::shown::{Shown, told, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[
    Shown {
        kind: "listener",
        usual: &[
            usual("certificates", "[]"),
            usual("default.host", "#{host}"),
            usual("default.path", "/#{path}"),
            usual("default.query", "#{query}"),
            usual("default.stickiness_secs", "0"),
            told("existing"),
            usual("mutual.advertise", "false"),
            usual("mutual.ignore_expiry", "false"),
            usual("mutual.trust_store", ""),
            told("load_balancer"),
            told("rules"),
            usual("ssl_policy", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"),
        ],
        shorter: |at, value| (at == ["default"]).then(|| action(value)).flatten(),
        elsewhere: Some("give the listener another `port:`"),
        ..Shown::PLAIN
    },
    Shown {
        kind: "listener_rules",
        usual: &[told("existing"), told("guests"), told("listener"), usual("rules.[].action.stickiness_secs", "0")],
        shorter: |at, value| (at == ["rules", "[]", "action"]).then(|| action(value)).flatten(),
        parts: &["rules"],
        elsewhere: Some("give the rule another `priority:`, or `priority: auto`"),
        ..Shown::PLAIN
    },
    Shown {
        kind: "load_balancer",
        usual: &[
            told("has_security_groups"),
            usual("ip_address_type", "ipv4"),
            told("static_addresses"),
            usual("subnet_mappings.[].allocation_id", ""),
            usual("subnet_mappings.[].private_ipv4", ""),
            usual("type", "application"),
            told("vpc"),
        ],
        ..Shown::PLAIN
    },
    Shown {
        kind: "target_group",
        usual: &[
            usual("health_check.healthy_threshold", "5"),
            usual("health_check.interval_secs", "30"),
            usual("health_check.matcher", "\"200\""),
            usual("health_check.port", "traffic-port"),
            usual("health_check.protocol", "HTTP"),
            usual("health_check.unhealthy_threshold", "2"),
            usual("protocol", "HTTP"),
            usual("protocol_version", "HTTP1"),
            usual("target_type", "ip"),
            told("vpc"),
        ],
        ..Shown::PLAIN
    },
];

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
