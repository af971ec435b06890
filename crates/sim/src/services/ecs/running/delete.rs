//! DeleteService: whether a service may go, and that it drains. When it is gone is the scheduler's affair.

use std::time::Duration;

use serde_json::json;

use super::places::{self, invalid};
use super::service::{ACTIVE, DRAINING};
use super::{check, engine, of, outcome, read};
use crate::call::{Call, Input, Members, Reply};

/// DeleteService. A service that drains already, or is gone and still seen, is answered as it is.
pub(super) fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = places::cluster(call, input.text("cluster"))?;
    let place = call.place.clone();
    let name = input.text_or_empty("service");
    let service = places::service(of(call.world, &place), &cluster, name)?.clone();
    let key = service.key();
    if service.status == ACTIVE {
        let force = input.flag("force") == Some(true);
        if !force && !service.is_daemon() && service.desired > 0 {
            return Err(invalid("The service cannot be stopped while it is scaled above 0."));
        }
        if !force && service.rollouts.len() > 1 {
            return Err(invalid("The service cannot be stopped while deployments are active."));
        }
        if !force {
            check::groups_there(call.region(), service.doc.list("loadBalancers"))?;
        }
        engine::with(call.world, &place, &key, |world, service| {
            outcome::close_open(world, &place, service, "Service deployment stopped because the service was deleted.");
            service.unsettle(world);
            DRAINING.clone_into(&mut service.status);
            service.desired = 0;
            service.wake(world, &place, Duration::from_secs(2));
        });
    }
    Ok(json!({ "service": read::service(call, &key, false) }))
}
