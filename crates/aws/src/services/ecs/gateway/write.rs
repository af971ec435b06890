//! From documents to the requests that make, change and delete gateways, and tie them to clusters. An update is answered before it is
//! through. Deleting goes in this order: the protection off, the association ended, and the gateway once no service has a route; what
//! keeps it meanwhile is told as somebody who holds it.

use async_trait::async_trait;
use evenkeel_core::cloud::{Goal, Update, Waiting};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Readiness};
use serde_json::{Map, Value, json};

use super::convert::{self, CLUSTER, LAST_UPDATE};
use super::{ENTRY, Spec, access, existing};
use crate::call::gone::unless_gone;
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::existing::at;
use crate::read::Fetched;
use crate::resource::{Creation, Modification, Resource, Work, tagged};
use crate::services::ecs::cluster::change_tags;
use crate::services::ecs::read::{self, Ecs, last, side_by_side, tag_list, tags_of, text};
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;

/// What evenkeel can do with gateways.
#[derive(Debug)]
pub(super) struct Gateways;

tagged!(Spec);

/// Fields that one block of a request holds, which is sent whole.
const CONFIGURATION: &[&str] =
    &["security_group", "web_acl", "access_logs", "max_load_balancers", "http_desync", "test_header", LAST_UPDATE];

#[async_trait]
impl Resource for Gateways {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let ecs: &Ecs = fetched.part()?;
        let gateways = ecs.gateways.as_ref().map_err(Clone::clone)?;
        let lives = gateways.iter().map(|gateway| convert::live(gateway, &fetched.stack));
        Ok(lives.filter(|live| tags::is_marked(&live.owner) || ecs.gateways_wanted.contains(&live.name)).collect())
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        existing::look_up(fetched.part()?, &fetched.stack, node).map_err(|error| at(node, error))
    }

    fn marks(&self, want: &Spec) -> Tags {
        Tags::from([(CLUSTER.to_owned(), want.cluster.clone())])
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want) = (work.aws, order.order.name, &order.want);
        let mut alb = configuration(want, false);
        alb["networkConfiguration"]["subnets"] = json!(want.subnets.known().unwrap_or_default());
        alb["networkConfiguration"]["ipAddressType"] = json!(want.ip_address_type);
        alb["scheme"] = json!(want.scheme);
        let body = json!({
            "name": name,
            "infrastructureRoleArn": known(want),
            "clientToken": order.order.token,
            "deletionProtection": want.deletion_protection,
            "propagateTags": propagation(want),
            "configuration": { "hostSharedAlb": alb },
            "tags": tag_list(&order.tags),
        });
        let reply = exchange!(aws, "ecs:CreateGateway", ecs.create_gateway, &body)?;
        let arn = text(&reply, "gatewayArn").to_owned();
        // Services connect with all gateways of their cluster: the old one is none of them any more when they turn to the new one.
        if let Some(old) = order.order.replaces {
            disassociate(aws, old, &want.cluster).await?;
        }
        associate(aws, &arn, &want.cluster).await?;
        let live = Live::new(&arn, name, tags::owner(&order.tags, work.stack, ENTRY.kind.name), want.clone());
        Ok(live.output("arn", arn.as_str()).output("name", name).output("access", access(&want.scheme)))
    }

    fn marks_between(&self, live: &Live<Spec>, want: &Spec, _order: &Update<'_>) -> (Tags, Tags) {
        let before = text(&live.private, "cluster");
        let before = (!before.is_empty()).then(|| (CLUSTER.to_owned(), before.to_owned()));
        (before.into_iter().collect(), self.marks(want))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        change_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, arn, want) = (work.aws, order.live.id.as_str(), &order.want);
        let mut after = order.done();
        if order.changes("cluster") {
            associate(aws, arn, &want.cluster).await?;
            let before = text(&order.live.private, "cluster");
            if before != want.cluster {
                disassociate(aws, arn, before).await?;
            }
        }
        let mut body = Map::new();
        if CONFIGURATION.iter().any(|field| order.changes(field)) {
            body.insert("configuration".to_owned(), json!({ "hostSharedAlb": configuration(want, true) }));
        }
        if order.changes("role") {
            body.insert("infrastructureRoleArn".to_owned(), known(want).into());
        }
        if order.changes("deletion_protection") {
            body.insert("deletionProtection".to_owned(), want.deletion_protection.into());
        }
        if order.changes("propagate_tags") {
            body.insert("propagateTags".to_owned(), propagation(want).into());
        }
        if !body.is_empty() {
            update(aws, arn, body).await?;
            after.readiness = Readiness::Pending("update in progress".to_owned());
        }
        after.private = json!({ "cluster": want.cluster });
        Ok(after)
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        let look = read::describe_gateway(work.aws, &touch.live.id).await;
        let Some(gateway) = look? else {
            return if touch.deletes {
                Ok(())
            } else {
                touch.allowed(&Tags::new(), "ecs:UpdateGateway", "ecs:DeleteGateway")
            };
        };
        touch.allowed(&tags_of(&gateway), "ecs:UpdateGateway", "ecs:DeleteGateway")
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let (aws, arn) = (work.aws, live.id.as_str());
        if live.have.deletion_protection {
            update(aws, arn, Map::from_iter([("deletionProtection".to_owned(), false.into())])).await?;
        }
        let own = text(&live.private, "cluster");
        disassociate(aws, arn, own).await?;
        let left = read::gateway_clusters(aws, arn).await?;
        if let Some(one) = left.first() {
            let cluster = last(text(one, "clusterArn"));
            let message = format!("services of cluster {cluster} still have routes through it");
            return Err(CloudError::local(ErrorClass::InUse, "ecs:DeleteGateway", message));
        }
        let body = json!({ "gateway": arn });
        exchange!(aws, "ecs:DeleteGateway", ecs.delete_gateway, &body).map(drop)
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        let asked = waiting.iter().map(|wait| async {
            let found = read::describe_gateway(work.aws, &wait.live.id).await?;
            Ok(match (found.as_ref().map_or(Readiness::Gone, convert::readiness), wait.goal) {
                (Readiness::Ready, Goal::Gone) => Readiness::Pending("still active".to_owned()),
                (state, _) => state,
            })
        });
        side_by_side(asked.collect()).await
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        let body = json!({ "gateway": live.id });
        let reply = exchange!(work.aws, "ecs:ListGatewayRoutes", ecs.list_gateway_routes, &body).unwrap_or_default();
        let routes = read::items(&reply, "gatewayRoutes").iter();
        routes
            .map(|route| {
                let state = text(route, "status").to_lowercase().replace('_', " ");
                format!("a route to service {} ({state})", last(text(route, "serviceArn")))
            })
            .collect()
    }
}

fn known(want: &Spec) -> &str {
    want.role.known().unwrap_or_default()
}

fn propagation(want: &Spec) -> &'static str {
    if want.propagate_tags { "GATEWAY" } else { "NONE" }
}

async fn update(aws: &Aws, arn: &str, mut body: Map<String, Value>) -> Result<(), CloudError> {
    body.insert("gateway".to_owned(), arn.into());
    exchange!(aws, "ecs:UpdateGateway", ecs.update_gateway, &Value::Object(body)).map(drop)
}

/// What can change of a gateway. What is off is left out of a creation; an update says it with an empty value.
fn configuration(want: &Spec, whole: bool) -> Value {
    let mut alb = json!({
        "networkConfiguration": {},
        "maxAlbCount": want.max_load_balancers,
        "httpDesync": want.http_desync,
    });
    let group = want.security_group.known().unwrap_or_default();
    if whole || !group.is_empty() {
        alb["networkConfiguration"]["inboundSecurityGroup"] = group.into();
    }
    if let Some(acl) = &want.web_acl {
        alb["webACLArn"] = acl.as_str().into();
    }
    let logs = &want.access_logs;
    if !logs.bucket.is_empty() {
        let mut place = json!({ "bucket": logs.bucket });
        if !logs.prefix.is_empty() {
            place["prefix"] = logs.prefix.clone().into();
        }
        alb["accessLogs"] = json!({ "destination": { "s3": place } });
    } else if whole {
        alb["accessLogs"] = json!({});
    }
    let header = &want.test_header;
    if !header.name.is_empty() {
        alb["testTrafficRules"] = json!({ "header": { "name": header.name, "values": header.values } });
    } else if whole {
        alb["testTrafficRules"] = json!({});
    }
    alb
}

async fn associate(aws: &Aws, arn: &str, cluster: &str) -> Result<(), CloudError> {
    if cluster.is_empty() {
        return Ok(());
    }
    let body = json!({ "gateway": arn, "cluster": cluster });
    exchange!(aws, "ecs:AssociateGatewayWithCluster", ecs.associate_gateway_with_cluster, &body).map(drop)
}

async fn disassociate(aws: &Aws, arn: &str, cluster: &str) -> Result<(), CloudError> {
    if cluster.is_empty() {
        return Ok(());
    }
    let body = json!({ "gateway": arn, "cluster": cluster });
    let sent = exchange!(aws, "ecs:DisassociateGatewayFromCluster", ecs.disassociate_gateway_from_cluster, &body);
    // There may be no association any more, or no cluster.
    unless_gone(sent)
}
