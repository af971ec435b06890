//! The actions of listeners and rules: which may stand together, what they may name, and how they read back. A forward to one
//! group reads as `TargetGroupArn` and as `ForwardConfig`, to several as the latter only; secrets never read back.

use serde_json::{Map, Value, json};

use super::super::arns::{What, check, configuration, invalid, no_groups};
use super::super::state::{Balancer, Group, Kind, Listener};
use crate::call::{Call, Members, Refusal};

/// What actions are for.
pub(in crate::services::elb) struct Context<'c> {
    /// The load balancer.
    pub(in crate::services::elb) balancer: &'c Balancer,
    /// The protocol of the listener.
    pub(in crate::services::elb) protocol: Option<&'c str>,
    /// Its port.
    pub(in crate::services::elb) port: Option<i64>,
    /// The actions before the request.
    pub(in crate::services::elb) before: &'c [Value],
}

/// How many groups an action may forward to.
const GROUPS: usize = 5;

fn unfit(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidLoadBalancerAction", text)
}

/// Refuses a listener that gets another protocol and goes on forwarding to groups that do not go with it.
pub(super) fn fit(call: &mut Call<'_>, balancer: &Balancer, listener: &Listener) -> Result<(), Refusal> {
    let groups: Vec<String> = super::uses::groups(&listener.actions).into_iter().collect();
    let context =
        Context { balancer, protocol: listener.protocol.as_deref(), port: listener.port, before: &listener.actions };
    check_groups(call, &groups, &context)
}

/// Reads the actions of a request, in their order, as they read back.
pub(in crate::services::elb) fn read(
    call: &mut Call<'_>,
    list: &[Value],
    context: &Context<'_>,
) -> Result<Vec<Value>, Refusal> {
    if list.is_empty() {
        return Err(invalid("At least one action must be specified"));
    }
    let mut ordered: Vec<(i64, &Value)> = Vec::new();
    for action in list {
        let order = match action.integer("Order") {
            Some(order) => order,
            None if list.len() == 1 => 1,
            None => return Err(invalid("An order must be specified for every action if there are several")),
        };
        if ordered.iter().any(|(other, _)| *other == order) {
            return Err(invalid(format!("Action order '{order}' was specified more than once")));
        }
        ordered.push((order, action));
    }
    ordered.sort_by_key(|(order, _)| *order);
    let routes = |action: &Value| matches!(action.text("Type"), Some("forward" | "redirect" | "fixed-response"));
    let routing = ordered.iter().filter(|(_, action)| routes(action)).count();
    if routing != 1 || !ordered.last().is_some_and(|(_, action)| routes(action)) {
        return Err(unfit(
            "Actions must include exactly one of forward, redirect and fixed-response, and it must be the last one",
        ));
    }
    let mut read = Vec::new();
    for (order, action) in ordered {
        read.push(one(call, order, action, context)?);
    }
    Ok(read)
}

fn one(call: &mut Call<'_>, order: i64, action: &Value, context: &Context<'_>) -> Result<Value, Refusal> {
    let kind = action.text_or_empty("Type");
    if context.balancer.kind != Kind::Application && kind != "forward" {
        let balancer = context.balancer.kind.name();
        return Err(unfit(format!("Action type '{kind}' is not supported on listeners of {balancer} load balancers")));
    }
    let mut document = Map::new();
    document.insert("Type".to_owned(), kind.into());
    document.insert("Order".to_owned(), order.into());
    let missing = |name: &str| invalid(format!("A '{name}' must be specified for actions of type '{kind}'"));
    match kind {
        "forward" => forward(call, action, context, &mut document)?,
        "redirect" => {
            let config = action.map("RedirectConfig").ok_or_else(|| missing("RedirectConfig"))?;
            document.insert("RedirectConfig".to_owned(), redirect(config, context)?);
        }
        "fixed-response" => {
            let config = action.map("FixedResponseConfig").ok_or_else(|| missing("FixedResponseConfig"))?;
            document.insert("FixedResponseConfig".to_owned(), fixed_response(config)?);
        }
        _ => {
            if context.protocol != Some("HTTPS") {
                return Err(unfit(format!("Actions of type '{kind}' are supported only on HTTPS listeners")));
            }
            let name = match kind {
                "authenticate-oidc" => "AuthenticateOidcConfig",
                "authenticate-cognito" => "AuthenticateCognitoConfig",
                _ => "JwtValidationConfig",
            };
            let config = action.map(name).ok_or_else(|| missing(name))?;
            document.insert(name.to_owned(), authentication(config, name, context)?);
        }
    }
    Ok(document.into())
}

fn forward(
    call: &mut Call<'_>,
    action: &Value,
    context: &Context<'_>,
    document: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    let config = action.map("ForwardConfig").cloned().unwrap_or_default();
    let single = action.text("TargetGroupArn").filter(|arn| !arn.is_empty());
    let mut tuples: Vec<(String, i64)> = Vec::new();
    for tuple in config.list("TargetGroups") {
        let weight = tuple.integer("Weight").unwrap_or(1);
        if !(0..=999).contains(&weight) {
            return Err(invalid(format!("Target group weight '{weight}' must be between '0-999' inclusive")));
        }
        let arn = tuple.text_or_empty("TargetGroupArn").to_owned();
        if tuples.iter().any(|(other, _)| *other == arn) {
            return Err(invalid(format!("Target group '{arn}' was specified more than once in an action")));
        }
        tuples.push((arn, weight));
    }
    match (single, tuples.as_slice()) {
        (None, []) => return Err(invalid("You must specify a target group for actions of type 'forward'")),
        (Some(arn), []) => tuples.push((arn.to_owned(), 1)),
        (Some(arn), [(one, _)]) if arn == one => {}
        (Some(_), _) => {
            return Err(invalid(
                "You can specify only one target group, and it must be the same, if you specify both a target group ARN \
                 and a forward configuration",
            ));
        }
        (None, _) => {}
    }
    if tuples.len() > GROUPS {
        let text = format!("The maximum number of target groups per action, '{GROUPS}', has been reached");
        return Err(Refusal::new("TooManyTargetGroups", text));
    }
    let arns: Vec<String> = tuples.iter().map(|(arn, _)| arn.clone()).collect();
    check_groups(call, &arns, context)?;
    // Those of network load balancers show weights only where there are several to share between.
    let shown = context.balancer.kind == Kind::Application || tuples.len() > 1;
    let tuple = |(arn, weight): &(String, i64)| {
        if shown { json!({ "TargetGroupArn": arn, "Weight": weight }) } else { json!({ "TargetGroupArn": arn }) }
    };
    let list: Vec<Value> = tuples.iter().map(tuple).collect();
    let mut stickiness = config.map("TargetGroupStickinessConfig").cloned().unwrap_or_default();
    let enabled = stickiness.flag("Enabled").unwrap_or(false);
    stickiness.insert("Enabled".to_owned(), enabled.into());
    match stickiness.integer("DurationSeconds") {
        None if enabled => {
            return Err(invalid("A target group stickiness duration must be specified if stickiness is enabled"));
        }
        Some(seconds) if !(1..=604_800).contains(&seconds) => {
            return Err(invalid(format!(
                "Target group stickiness duration '{seconds}' must be between '1-604800' inclusive"
            )));
        }
        _ => {}
    }
    let sticky = |arn: &String| call.region().elb.groups.get(arn).is_some_and(Group::is_sticky);
    let keeps = context.balancer.kind == Kind::Application;
    if keeps && arns.len() > 1 && !enabled && arns.iter().any(sticky) {
        return Err(configuration(
            "You must enable group stickiness on a rule if you enabled target stickiness on one of its target groups",
        ));
    }
    if let [arn] = arns.as_slice() {
        document.insert("TargetGroupArn".to_owned(), arn.clone().into());
    }
    if context.balancer.kind == Kind::Network && enabled {
        return Err(configuration("Target group stickiness is not supported on listeners of network load balancers"));
    }
    let config = if context.balancer.kind != Kind::Gateway {
        json!({ "TargetGroups": list, "TargetGroupStickinessConfig": stickiness })
    } else {
        json!({ "TargetGroups": list })
    };
    document.insert("ForwardConfig".to_owned(), config);
    Ok(())
}

/// Refuses groups that are not there, speak another protocol than the listener, or lie in another VPC.
fn check_groups(call: &mut Call<'_>, arns: &[String], context: &Context<'_>) -> Result<(), Refusal> {
    for arn in arns {
        check(What::Group, arn)?;
    }
    let elb = &call.region().elb;
    let missing: Vec<String> = arns.iter().filter(|arn| !elb.groups.contains_key(*arn)).cloned().collect();
    if !missing.is_empty() {
        return Err(no_groups(&missing));
    }
    for group in arns.iter().filter_map(|arn| elb.groups.get(arn)) {
        let protocol = group.protocol.as_deref().unwrap_or_default();
        let fits = match context.balancer.kind {
            Kind::Application => group.target_type == "lambda" || matches!(protocol, "HTTP" | "HTTPS"),
            Kind::Gateway => protocol == "GENEVE",
            Kind::Network => match context.protocol {
                Some("TCP") => matches!(protocol, "TCP" | "TCP_UDP"),
                Some("TLS") => matches!(protocol, "TCP" | "TLS"),
                Some("UDP") => matches!(protocol, "UDP" | "TCP_UDP"),
                other => other == Some(protocol),
            },
        };
        if !fits {
            let text = format!(
                "The listener and its associated target group '{}' have incompatible protocols: '{}' and '{protocol}'",
                group.arn,
                context.protocol.unwrap_or("GENEVE"),
            );
            return Err(Refusal::new("IncompatibleProtocols", text));
        }
        if context.balancer.kind == Kind::Network
            && context.balancer.ip_address_type != "ipv4"
            && matches!(context.protocol, Some("UDP" | "TCP_UDP"))
            && group.ip_address_type.as_deref() != Some("ipv6")
        {
            return Err(configuration(format!(
                "Target group '{}' with IP address type 'ipv4' is not supported for {} listeners of load balancers with IP address \
                 type 'dualstack'",
                group.arn,
                context.protocol.unwrap_or_default(),
            )));
        }
        if group.vpc.as_ref().is_some_and(|vpc| *vpc != context.balancer.vpc) {
            return Err(invalid(format!(
                "The following target groups are not in the same VPC as load balancer '{}': {}",
                context.balancer.arn, group.arn
            )));
        }
    }
    Ok(())
}

fn redirect(config: &Map<String, Value>, context: &Context<'_>) -> Result<Value, Refusal> {
    const DEFAULTS: &[(&str, &str)] = &[
        ("Protocol", "#{protocol}"),
        ("Port", "#{port}"),
        ("Host", "#{host}"),
        ("Path", "/#{path}"),
        ("Query", "#{query}"),
    ];
    let mut document = Map::new();
    for (name, default) in DEFAULTS {
        document.insert((*name).to_owned(), config.text(name).unwrap_or(default).into());
    }
    let part = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let port = part("Port");
    if port != "#{port}" && !port.parse::<u32>().is_ok_and(|port| (1..=65535).contains(&port)) {
        return Err(invalid(format!("Redirect port '{port}' must be '#{{port}}' or in the range '1-65535'")));
    }
    let path = part("Path");
    if !path.starts_with('/') {
        return Err(invalid(format!("Redirect path '{path}' must begin with a '/' character")));
    }
    if part("Protocol") == "HTTP" && context.protocol == Some("HTTPS") {
        return Err(unfit("You cannot redirect from HTTPS to HTTP"));
    }
    let same_protocol = part("Protocol") == "#{protocol}" || Some(part("Protocol").as_str()) == context.protocol;
    let same_port = port == "#{port}" || context.port.is_some_and(|own| own.to_string() == port);
    let same_host = part("Host") == "#{host}";
    let same_path = path == "/#{path}";
    if same_protocol && same_port && same_host && same_path && part("Query") == "#{query}" {
        return Err(unfit("The redirect configuration is not valid because it creates a loop."));
    }
    document.insert("StatusCode".to_owned(), config.text_or_empty("StatusCode").into());
    Ok(document.into())
}

fn fixed_response(config: &Map<String, Value>) -> Result<Value, Refusal> {
    const TYPES: &[&str] = &["text/html", "application/json", "application/javascript", "text/css", "text/plain"];
    if let Some(content) = config.text("ContentType").filter(|content| !content.is_empty())
        && !TYPES.contains(&content)
    {
        return Err(unfit(
            "The ContentType must be one of:'text/html', 'application/json', 'application/javascript', 'text/css', \
             'text/plain'",
        ));
    }
    Ok(Value::Object(config.clone()))
}

fn authentication(config: &Map<String, Value>, name: &str, context: &Context<'_>) -> Result<Value, Refusal> {
    let mut document = config.clone();
    let keeps = document.remove("UseExistingClientSecret").and_then(|value| value.as_bool()).unwrap_or(false);
    let secret = document.remove("ClientSecret").is_some();
    if name == "AuthenticateOidcConfig" {
        let had = context.before.iter().any(|action| action.has(name));
        if keeps && secret {
            return Err(invalid("A client secret cannot be specified if the existing client secret is used"));
        }
        let known = keeps && had;
        if !(secret || known) {
            return Err(invalid("A client secret must be specified for actions of type 'authenticate-oidc'"));
        }
    }
    if name != "JwtValidationConfig" {
        let defaults: [(&str, Value); 4] = [
            ("SessionCookieName", "AWSELBAuthSessionCookie".into()),
            ("Scope", "openid".into()),
            ("SessionTimeout", 604_800.into()),
            ("OnUnauthenticatedRequest", "authenticate".into()),
        ];
        for (name, default) in defaults {
            document.entry(name).or_insert(default);
        }
    }
    Ok(document.into())
}
