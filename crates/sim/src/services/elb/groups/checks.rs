//! The health checks of a target group: their defaults by protocol and type of target, and what they may not be.

use super::super::arns::{configuration, invalid};
use super::super::state::{Check, Group};
use crate::call::{Input, Members, Refusal};

/// The health checks that a group of this sort has if nothing is said.
fn usual(group: &Group, protocol: &str) -> Check {
    let text = |text: &str| Some(text.to_owned());
    let http = matches!(protocol, "HTTP" | "HTTPS");
    let grpc = group.protocol_version.as_deref() == Some("GRPC");
    let application = matches!(group.protocol.as_deref(), Some("HTTP" | "HTTPS"));
    if group.target_type == "lambda" {
        return Check {
            enabled: false,
            path: text("/"),
            interval: 35,
            timeout: 30,
            healthy: 5,
            unhealthy: 2,
            http_code: text("200"),
            ..Check::default()
        };
    }
    let geneve = group.protocol.as_deref() == Some("GENEVE");
    let timeout = match (application, geneve, http) {
        (true, _, _) | (_, true, _) => 5,
        (false, false, true) => 6,
        (false, false, false) => 10,
    };
    Check {
        enabled: true,
        protocol: text(protocol),
        port: text(if geneve { "80" } else { "traffic-port" }),
        path: http.then(|| if grpc { "/AWS.ALB/healthcheck" } else { "/" }.to_owned()),
        interval: if geneve { 10 } else { 30 },
        timeout,
        healthy: 5,
        unhealthy: 2,
        http_code: (http && !grpc).then(|| if application { "200" } else { "200-399" }.to_owned()),
        grpc_code: (http && grpc).then(|| "12".to_owned()),
    }
}

/// The health checks after a request: what it says, else what they were, else the defaults.
pub(super) fn read(input: &Input, group: &Group, before: Option<&Check>) -> Result<Check, Refusal> {
    let lambda = group.target_type == "lambda";
    let protocol = input.text("HealthCheckProtocol");
    check_protocol(group, protocol)?;
    let default_protocol = match (group.target_type.as_str(), group.protocol.as_deref()) {
        ("alb", _) | (_, Some("HTTP" | "HTTPS")) => "HTTP",
        _ => "TCP",
    };
    let mut check = match before {
        // Another protocol of the checks begins with the defaults of that one.
        Some(before) if protocol.is_none_or(|new| is_http(Some(new)) == is_http(before.protocol.as_deref())) => {
            before.clone()
        }
        Some(before) => {
            let fresh = usual(group, protocol.unwrap_or(default_protocol));
            Check { path: fresh.path, http_code: fresh.http_code, grpc_code: fresh.grpc_code, ..before.clone() }
        }
        None => usual(group, protocol.unwrap_or(default_protocol)),
    };
    if let (Some(protocol), false) = (protocol, lambda) {
        check.protocol = Some(protocol.to_owned());
    }
    if let Some(enabled) = input.flag("HealthCheckEnabled") {
        if !enabled && !lambda {
            let text = "Health check enabled must be true for target groups with target type ";
            return Err(invalid(format!("{text}'{}'", group.target_type)));
        }
        check.enabled = enabled;
    }
    if let Some(port) = input.text("HealthCheckPort") {
        let number = port.parse::<u32>().is_ok_and(|port| (1..=65535).contains(&port));
        if !number && port != "traffic-port" {
            return Err(invalid(format!(
                "Health check port '{port}' must be either 'traffic-port' or in the range '1-65535'"
            )));
        }
        check.port = Some(port.to_owned());
    }
    let http = lambda || is_http(check.protocol.as_deref());
    if let Some(path) = input.text("HealthCheckPath") {
        if !http {
            let protocol = check.protocol.clone().unwrap_or_default();
            return Err(configuration(format!(
                "Health check path is not supported for health checks with protocol {protocol}"
            )));
        }
        if !path.starts_with('/') {
            return Err(invalid(format!("Health check path '{path}' must begin with a '/' character")));
        }
        check.path = Some(path.to_owned());
    }
    for (name, field) in [
        ("HealthCheckIntervalSeconds", &mut check.interval),
        ("HealthCheckTimeoutSeconds", &mut check.timeout),
        ("HealthyThresholdCount", &mut check.healthy),
        ("UnhealthyThresholdCount", &mut check.unhealthy),
    ] {
        if let Some(value) = input.integer(name) {
            *field = value;
        }
    }
    check_times(input, &check, group, before.is_some())?;
    matcher(input, group, http, &mut check)?;
    Ok(check)
}

fn is_http(protocol: Option<&str>) -> bool {
    matches!(protocol, Some("HTTP" | "HTTPS"))
}

fn check_protocol(group: &Group, protocol: Option<&str>) -> Result<(), Refusal> {
    let Some(protocol) = protocol else { return Ok(()) };
    if matches!(protocol, "TLS" | "UDP" | "TCP_UDP" | "GENEVE" | "QUIC" | "TCP_QUIC") {
        return Err(invalid(format!("Health check protocol '{protocol}' must be one of '[HTTP, HTTPS, TCP]'")));
    }
    if protocol == "TCP" && is_http(group.protocol.as_deref()) {
        return Err(invalid(format!("Health check protocol '{protocol}' must be one of '[HTTP, HTTPS]'")));
    }
    Ok(())
}

fn check_times(input: &Input, check: &Check, group: &Group, modifying: bool) -> Result<(), Refusal> {
    let said = input.has("HealthCheckIntervalSeconds") || input.has("HealthCheckTimeoutSeconds");
    let network = group.target_type != "lambda" && !is_http(group.protocol.as_deref());
    // Checks of network load balancers may take as long as the time between them: some of their defaults do.
    let long = if network { check.interval < check.timeout } else { check.interval <= check.timeout };
    if said && long {
        return Err(invalid(if modifying {
            format!("Health check timeout '{}' must be smaller than the interval '{}'", check.timeout, check.interval)
        } else {
            "Health check interval must be greater than the timeout.".to_owned()
        }));
    }
    Ok(())
}

fn matcher(input: &Input, group: &Group, http: bool, check: &mut Check) -> Result<(), Refusal> {
    let Some(matcher) = input.map("Matcher") else { return Ok(()) };
    let grpc = group.protocol_version.as_deref() == Some("GRPC");
    if !http {
        return Err(configuration(
            "Custom health check matchers are not supported for health checks with protocol TCP",
        ));
    }
    match (matcher.text("HttpCode"), matcher.text("GrpcCode")) {
        (Some(_), Some(_)) => Err(invalid("Only one of HTTP code and GRPC code can be specified")),
        (Some(_), None) if grpc => {
            Err(invalid("A GRPC code must be specified for target groups with protocol version GRPC"))
        }
        (None, Some(_)) if !grpc => {
            Err(invalid("GRPC codes are supported for target groups with protocol version GRPC only"))
        }
        (Some(code), None) => {
            let network = !is_http(group.protocol.as_deref()) && group.target_type != "lambda";
            let most = if network { 599 } else { 499 };
            if !codes_within(code, 200, most) {
                let text = format!("Health check matcher HTTP code '{code}' must be within '200-{most}' inclusive");
                return Err(invalid(text));
            }
            check.http_code = Some(code.to_owned());
            Ok(())
        }
        (None, Some(code)) => {
            if !codes_within(code, 0, 99) {
                let text = format!("Health check matcher GRPC code '{code}' must be within '0-99' inclusive");
                return Err(invalid(text));
            }
            check.grpc_code = Some(code.to_owned());
            Ok(())
        }
        (None, None) => Ok(()),
    }
}

/// Whether a text such as `200,202` or `200-299` names codes within limits only.
fn codes_within(text: &str, least: u32, most: u32) -> bool {
    let code = |text: &str| text.trim().parse::<u32>().ok().filter(|code| (least..=most).contains(code));
    text.split(',').all(|part| match part.split_once('-') {
        Some((from, to)) => code(from).zip(code(to)).is_some_and(|(from, to)| from <= to),
        None => code(part).is_some(),
    })
}
