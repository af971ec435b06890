//! How gateways, what they run, and routes read back. Changes nothing.

use serde_json::{Value, json};

use super::super::checks::{invalid, name_of, page};
use super::change::named;
use super::state::{Gateway, Gateways, Route, of};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::tags;
use crate::world::{Moment, Place};

fn shown(gateway: &Gateway, now: Moment) -> Value {
    let mut body = gateway.body.clone();
    body.insert("currentAlbCount".to_owned(), json!(gateway.balancers.len()));
    let status = gateway.status(now);
    let failed = status == "UPDATE_FAILED";
    let reason = format!("{} load balancers could not be updated.", gateway.failures.len());
    json!({
        "gatewayArn": gateway.arn,
        "name": gateway.name,
        "status": status,
        "statusReason": failed.then_some(reason),
        "failures": failed.then_some(&gateway.failures),
        "infrastructureRoleArn": gateway.role,
        "deletionProtection": gateway.protection,
        "configuration": { "hostSharedAlb": body },
        "accessType": gateway.access(),
        "propagateTags": gateway.propagate,
        "tags": tags::to_list(&gateway.tags, "key", "value"),
        "createdAt": gateway.created.value(),
        "updatedAt": gateway.updated.value(),
    })
}

/// DescribeGateway.
pub(super) fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = named(call, input.text_or_empty("gateway"))?;
    let (place, now) = (call.place.clone(), call.now());
    let gateway = of(call.world, &place).gateways.get(&name).cloned().unwrap_or_default();
    Ok(json!({ "gateway": shown(&gateway, now) }))
}

/// ListGateways.
pub(super) fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let (names, wanted) = (input.texts("names"), input.texts("status"));
    if names.len() > 10 {
        return Err(invalid("names can have at most 10 items."));
    }
    let (place, now) = (call.place.clone(), call.now());
    let all = of(call.world, &place).gateways.values();
    let found = all.filter(|it| names.is_empty() || names.contains(&it.name));
    let found = found.filter(|it| wanted.is_empty() || wanted.iter().any(|one| one == it.status(now)));
    let summary = |it: &Gateway| json!({ "gatewayArn": it.arn, "name": it.name, "status": it.status(now), "createdAt": it.created.value() });
    let found: Vec<Value> = found.map(summary).collect();
    let page = page(call, input, found, |it| it.text_or_empty("name").to_owned(), (100, 100))?;
    Ok(json!({ "gateways": page.items, "nextToken": page.next }))
}

/// DescribeGatewayResources.
pub(super) fn resources(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = named(call, input.text_or_empty("gateway"))?;
    let place = call.place.clone();
    let all = of(call.world, &place);
    let gateway = all.gateways.get(&name).cloned().unwrap_or_default();
    let found: Vec<Value> = gateway
        .balancers
        .iter()
        .map(|it| {
            let routes = all.routes.values().filter(|route| route.balancer == it.arn);
            json!({
                "loadBalancerArn": it.arn,
                "listenerArn": it.listener,
                "securityGroup": it.group,
                "gatewayRouteArns": routes.map(|route| route.arn.clone()).collect::<Vec<_>>(),
            })
        })
        .collect();
    let page = page(call, input, found, |it| it.text_or_empty("loadBalancerArn").to_owned(), (10, 20))?;
    let resources = json!({ "gatewayArn": gateway.arn, "resources": { "hostSharedAlb": page.items } });
    Ok(json!({ "gatewayResources": resources, "nextToken": page.next }))
}

/// The part of a name or an ARN of a service that is its name.
fn service_name(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or_default()
}

/// ListGatewayRoutes.
pub(super) fn routes(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let gateway = input.text("gateway").map(|text| named(call, text)).transpose()?;
    let cluster = input.text("cluster").map(|text| name_of(&place, text, "cluster")).transpose()?;
    let (service, port) = (input.text("service"), input.text("serviceContainerPortName"));
    let wanted = input.texts("status");
    let all = of(call.world, &place);
    let fits = |it: &&Route| {
        let (_, name) = it.service.split_once('/').unwrap_or_default();
        gateway.as_ref().is_none_or(|name| it.gateway == *name)
            && cluster.is_none_or(|name| it.cluster == name)
            && service
                .is_none_or(|text| it.service_arn == text || (!text.starts_with("arn:") && name == service_name(text)))
            && port.is_none_or(|name| it.port_name == name)
            && (wanted.is_empty() || wanted.contains(&it.status))
    };
    let summary = |it: &Route| {
        json!({
            "gatewayRouteArn": it.arn,
            "gatewayArn": place.arn("ecs", &format!("gateway/{}", it.gateway)),
            "clusterArn": place.arn("ecs", &format!("cluster/{}", it.cluster)),
            "serviceArn": it.service_arn,
            "serviceContainerPortName": it.port_name,
            "status": it.status,
        })
    };
    let found: Vec<Value> = all.routes.values().filter(fits).map(summary).collect();
    let page = page(call, input, found, |it| it.text_or_empty("gatewayRouteArn").to_owned(), (100, 100))?;
    Ok(json!({ "gatewayRoutes": page.items, "nextToken": page.next }))
}

/// DescribeGatewayRoute.
pub(super) fn route(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let all = of(call.world, &place);
    let Some(route) = all.routes.get(input.text_or_empty("gatewayRouteArn")) else {
        return Err(Refusal::new("ResourceNotFoundException", "The specified gateway route was not found."));
    };
    let (listener, group) = of_balancer(all, route);
    let arn = |id: &String| place.arn("ec2", &format!("security-group/{id}"));
    let resources = json!({ "hostSharedAlb": [{
        "acmCertificateArn": route.certificate,
        "loadBalancerArn": route.balancer,
        "listenerArn": listener,
        "listenerRuleArn": route.rule,
        "testListenerRuleArns": route.test_rule.iter().collect::<Vec<_>>(),
        "loadBalancerSecurityGroups": [{ "arn": arn(&group), "ruleArns": [] }],
        "serviceSecurityGroupArn": arn(&route.service_group),
    }] });
    Ok(json!({ "gatewayRoute": {
        "gatewayRouteArn": route.arn,
        "serviceArn": route.service_arn,
        "serviceContainerPortName": route.port_name,
        "status": route.status,
        "serviceUrl": url(route),
        "resources": resources,
    } }))
}

/// The listener and the group of the load balancer of a route.
fn of_balancer(all: &Gateways, route: &Route) -> (String, String) {
    let found = all.gateways.get(&route.gateway).and_then(|it| it.balancers.iter().find(|it| it.arn == route.balancer));
    found.map(|it| (it.listener.clone(), it.group.clone())).unwrap_or_default()
}

fn url(route: &Route) -> Option<String> {
    (!route.host.is_empty()).then(|| format!("https://{}", route.host))
}

/// A route as a revision of its service shows it.
pub(super) fn connection(all: &Gateways, place: &Place, route: &Route) -> Value {
    let (listener, group) = of_balancer(all, route);
    let [first, second] = [0, 1].map(|index| route.groups.get(index));
    let resources = json!({
        "acmCertificateArn": route.certificate,
        "loadBalancerArn": route.balancer,
        "loadBalancerSecurityGroupArns": [place.arn("ec2", &format!("security-group/{group}"))],
        "listenerArn": listener,
        "listenerRuleArn": route.rule,
        "testListenerRuleArn": route.test_rule,
        "targetGroupArn": first,
        "alternateTargetGroupArn": second,
    });
    json!({
        "gatewayArn": place.arn("ecs", &format!("gateway/{}", route.gateway)),
        "gatewayRouteArn": route.arn,
        "portName": route.port_name,
        "serviceUrl": url(route),
        "accessType": all.gateways.get(&route.gateway).map(Gateway::access),
        "status": route.status,
        "resources": { "hostSharedAlb": [resources] },
    })
}
