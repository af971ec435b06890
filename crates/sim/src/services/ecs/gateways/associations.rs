//! Which clusters a gateway serves. An association that is to end stays until no service of the cluster has a route.

use serde_json::{Value, json};

use super::super::checks::{invalid, no_cluster, page};
use super::super::registry::{self, ClusterFacts};
use super::change::named;
use super::state::{ACTIVE, Association, Gateways, of};
use crate::call::{Call, Input, Members, Refusal, Reply};

/// How many gateways a cluster can have.
const MOST: usize = 5;

fn cluster(call: &mut Call<'_>, input: &Input) -> Result<ClusterFacts, Refusal> {
    let found = registry::cluster(call.region(), input.text("cluster"));
    found.filter(|it| it.status == ACTIVE).ok_or_else(no_cluster)
}

fn shown(call: &Call<'_>, association: &Association) -> Value {
    json!({
        "gatewayArn": call.arn("ecs", &format!("gateway/{}", association.gateway)),
        "clusterArn": call.arn("ecs", &format!("cluster/{}", association.cluster)),
        "status": if association.leaving { "DISASSOCIATING" } else { ACTIVE },
    })
}

/// AssociateGatewayWithCluster.
pub(super) fn associate(call: &mut Call<'_>, input: &Input) -> Reply {
    let gateway = named(call, input.text_or_empty("gateway"))?;
    let cluster = cluster(call, input)?.name;
    let place = call.place.clone();
    let all = of(call.world, &place);
    let key = format!("{gateway}/{cluster}");
    if all.associations.get(&key).is_some_and(|it| it.leaving) {
        return Err(invalid(format!("The gateway {gateway} is being disassociated from cluster {cluster}.")));
    }
    if !all.associations.contains_key(&key)
        && all.associations.values().filter(|it| it.cluster == cluster).count() >= MOST
    {
        return Err(invalid(format!("The cluster {cluster} can be associated with at most {MOST} gateways.")));
    }
    let association = Association { gateway, cluster, leaving: false };
    all.associations.insert(key, association.clone());
    Ok(shown(call, &association))
}

/// DisassociateGatewayFromCluster.
pub(super) fn disassociate(call: &mut Call<'_>, input: &Input) -> Reply {
    let gateway = named(call, input.text_or_empty("gateway"))?;
    let cluster = cluster(call, input)?.name;
    let place = call.place.clone();
    let all = of(call.world, &place);
    let Some(association) = all.associations.get_mut(&format!("{gateway}/{cluster}")) else {
        let text = format!("The gateway {gateway} is not associated with cluster {cluster}.");
        return Err(Refusal::new("ResourceNotFoundException", text));
    };
    association.leaving = true;
    let association = association.clone();
    sweep(of(call.world, &place));
    Ok(shown(call, &association))
}

/// Ends the associations that are to end and have no route any more.
pub(super) fn sweep(all: &mut Gateways) {
    let routes = &all.routes;
    all.associations.retain(|_, it| {
        !it.leaving || routes.values().any(|route| route.gateway == it.gateway && route.cluster == it.cluster)
    });
}

/// ListGatewayClusterAssociations.
pub(super) fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let gateway = input.text("gateway").map(|text| named(call, text)).transpose()?;
    let cluster = match input.text("cluster") {
        Some(_) => Some(cluster(call, input)?.name),
        None => None,
    };
    let place = call.place.clone();
    let wanted = input.texts("status");
    let all: Vec<Association> = of(call.world, &place).associations.values().cloned().collect();
    let found = all.iter().filter(|it| gateway.as_ref().is_none_or(|name| it.gateway == *name));
    let found = found.filter(|it| cluster.as_ref().is_none_or(|name| it.cluster == *name));
    let found: Vec<Value> = found.map(|it| shown(call, it)).collect();
    let found: Vec<Value> =
        found.into_iter().filter(|it| wanted.is_empty() || wanted.iter().any(|one| it["status"] == **one)).collect();
    let key = |it: &Value| format!("{} {}", it["gatewayArn"], it["clusterArn"]);
    let page = page(call, input, found, key, (100, 100))?;
    Ok(json!({ "gatewayClusterAssociations": page.items, "nextToken": page.next }))
}
