//! From a reply to the document of a gateway. Pure.

use evenkeel_core::doc::Text;
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use serde_json::{Value, json};

use super::{AccessLogs, KIND, Spec, TestHeader, access};
use crate::services::ecs::read::{CLUSTERS, items, last, tags_of, text};
use crate::tags;

/// The tag that names the cluster with which the stack has associated the gateway.
pub(super) const CLUSTER: &str = "evenkeel:cluster";
/// The path of the change that an update is sent again with which has failed.
pub(super) const LAST_UPDATE: &str = "last_update";

/// A gateway as the engine sees it.
pub(super) fn live(gateway: &Value, stack: &str) -> Live<Spec> {
    let (arn, name) = (text(gateway, "gatewayArn"), text(gateway, "name"));
    let tags = tags_of(gateway);
    let owner = tags::owner(&tags, stack, KIND);
    let marked = tags.get(CLUSTER).cloned().unwrap_or_default();
    let clusters = || items(gateway, CLUSTERS).iter();
    let named = |it: &Value| last(text(it, "clusterArn")).to_owned();
    let own = clusters().find(|it| named(it) == marked && text(it, "status") == "ACTIVE");
    let nothing = Value::Null;
    let alb = gateway.pointer("/configuration/hostSharedAlb").unwrap_or(&nothing);
    let network = alb.get("networkConfiguration").unwrap_or(&nothing);
    let logs = alb.pointer("/accessLogs/destination/s3").unwrap_or(&nothing);
    let header = alb.pointer("/testTrafficRules/header").unwrap_or(&nothing);
    let have = Spec {
        role: text(gateway, "infrastructureRoleArn").into(),
        cluster: own.map(&named).unwrap_or_default(),
        scheme: text(alb, "scheme").to_owned(),
        ip_address_type: text(network, "ipAddressType").to_owned(),
        subnets: strings(network, "subnets").iter().map(|id| Text::from(id.as_str())).collect(),
        security_group: text(network, "inboundSecurityGroup").into(),
        web_acl: Some(text(alb, "webACLArn").to_owned()),
        access_logs: AccessLogs { bucket: text(logs, "bucket").to_owned(), prefix: text(logs, "prefix").to_owned() },
        max_load_balancers: alb
            .get("maxAlbCount")
            .and_then(Value::as_u64)
            .and_then(|n| n.try_into().ok())
            .unwrap_or(10),
        http_desync: alb.get("httpDesync").and_then(Value::as_str).unwrap_or("defensive").to_owned(),
        test_header: TestHeader { name: text(header, "name").to_owned(), values: strings(header, "values") },
        deletion_protection: gateway.get("deletionProtection").and_then(Value::as_bool).unwrap_or(false),
        propagate_tags: text(gateway, "propagateTags") != "NONE",
        tags: tags::user(&tags),
    };
    let uses = [text(gateway, "infrastructureRoleArn"), text(network, "inboundSecurityGroup")];
    let mut uses: Vec<String> = uses.iter().map(|handle| (*handle).to_owned()).collect();
    uses.extend(strings(network, "subnets"));
    uses.extend(clusters().map(|it| text(it, "clusterArn").to_owned()));
    uses.retain(|handle| !handle.is_empty());
    let ours = matches!(owner, Owner::Ours(_));
    let others: Vec<String> = clusters().map(&named).filter(|name| ours && *name != marked).collect();
    let mut live = Live::new(arn, name, owner, have).output("arn", arn).output("name", name);
    live = live.output("access", access(text(alb, "scheme")));
    live.handles.push(format!("gateway/{name}"));
    live.uses = uses;
    live.kept_by =
        (!others.is_empty()).then(|| format!("its association with cluster {} that others made", others.join(", ")));
    live.readiness = readiness(gateway);
    live.renews = Some(LAST_UPDATE.to_owned());
    live.replaces = tags.get(tags::REPLACES).cloned();
    live.private = json!({ "cluster": marked });
    live
}

fn strings(value: &Value, key: &str) -> Vec<String> {
    let mut list: Vec<String> = items(value, key).iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
    list.sort();
    list
}

/// How far a gateway is.
pub(super) fn readiness(gateway: &Value) -> Readiness {
    match text(gateway, "status") {
        "ACTIVE" | "UPDATE_COMPLETE" => Readiness::Ready,
        "UPDATE_FAILED" => Readiness::Failed(failure(gateway)),
        "DELETED" => Readiness::Gone,
        status => Readiness::Pending(status.to_lowercase().replace('_', " ")),
    }
}

/// Why its last update failed, as far as ECS tells.
fn failure(gateway: &Value) -> String {
    let errors = items(gateway, "failures").iter().flat_map(|failure| {
        let arn = text(failure, "arn");
        let balancer = arn.split('/').nth(2).unwrap_or(arn);
        items(failure, "errors").iter().map(move |error| {
            format!("{balancer}: {}: {}: {}", text(error, "operation"), text(error, "code"), text(error, "message"))
        })
    });
    let errors: Vec<String> = errors.collect();
    let reason = text(gateway, "statusReason");
    let told = if errors.is_empty() { reason.to_owned() } else { errors.join("; ") };
    format!("its last update did not reach every load balancer: {told}")
}

#[cfg(test)]
mod tests {
    use evenkeel_core::id::NodeId;

    use super::*;

    #[test]
    fn a_gateway_tells_what_it_is_and_whose_its_clusters_are() {
        let tags = json!([
            { "key": "evenkeel:stack", "value": "shop" }, { "key": "evenkeel:id", "value": "gateway.public" },
            { "key": CLUSTER, "value": "shop" }, { "key": "team", "value": "a" },
        ]);
        let tie =
            |name: &str| json!({ "clusterArn": format!("arn:aws:ecs:eu-west-1:1:cluster/{name}"), "status": "ACTIVE" });
        let gateway = json!({ "gatewayArn": "arn:g", "name": "public", "status": "UPDATE_FAILED", "tags": tags,
            "statusReason": "1 of 1", "deletionProtection": true, "propagateTags": "GATEWAY",
            "configuration": { "hostSharedAlb": { "scheme": "internal", "maxAlbCount": 3,
                "networkConfiguration": { "subnets": ["subnet-2", "subnet-1"], "ipAddressType": "ipv4" } } },
            CLUSTERS: [tie("shop"), tie("legacy")] });
        let live = live(&gateway, "shop");
        assert_eq!(live.owner, Owner::Ours(NodeId::new("gateway", "public")));
        assert_eq!((live.have.cluster.as_str(), live.have.max_load_balancers), ("shop", 3));
        assert_eq!(live.have.tags, tags::Tags::from([("team".to_owned(), "a".to_owned())]));
        assert_eq!(live.outputs["access"], "PRIVATE");
        assert!(live.kept_by.as_deref().is_some_and(|what| what.contains("cluster legacy ")), "{:?}", live.kept_by);
        assert!(matches!(&live.readiness, Readiness::Failed(why) if why.ends_with("1 of 1")), "{:?}", live.readiness);
    }
}
