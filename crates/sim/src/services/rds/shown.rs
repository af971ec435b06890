//! An instance as operations find and show it. Changes nothing.

use serde_json::{Map, Value, json};

use super::{Instance, Rds, subnets};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::tags;
use crate::world::Place;

/// The refusal for an instance that is not there.
pub(super) fn missing(name: &str) -> Refusal {
    Refusal::new("DBInstanceNotFound", format!("DBInstance {name} not found."))
}

/// An instance as it is described.
pub(super) fn view(place: &Place, rds: &Rds, name: &str, instance: &Instance) -> Value {
    let mut fields = instance.fields.clone();
    let mut set = |member: &str, value: Value| {
        fields.insert(member.to_owned(), value);
    };
    set("DBInstanceStatus", instance.status.clone().into());
    if instance.reachable {
        let address = format!("{name}.{}.{}.rds.amazonaws.com", rds.endpoint, place.region);
        set("Endpoint", json!({"Address": address, "Port": instance.port, "HostedZoneId": "Z2R2ITUGPM61AM"}));
    }
    let groups = instance.groups.iter().map(|id| json!({"VpcSecurityGroupId": id, "Status": "active"}));
    set("VpcSecurityGroups", groups.collect());
    let pending = instance.pending.iter().chain(&instance.applying).map(|(member, value)| {
        // A password is never shown.
        let value = if member == "MasterUserPassword" { "****".into() } else { value.clone() };
        (member.clone(), value)
    });
    set("PendingModifiedValues", pending.collect::<Map<_, _>>().into());
    if let Some(group) = rds.subnet_groups.get(&instance.subnet_group) {
        set("DBSubnetGroup", subnets::view(place, &instance.subnet_group, group, false));
    }
    set("TagList", tags::to_list(&instance.tags, "Key", "Value"));
    fields.into()
}

/// The answer that shows one instance.
pub(super) fn shown(call: &mut Call<'_>, name: &str) -> Reply {
    let place = call.place.clone();
    let rds = &call.region().rds;
    let instance = rds.instances.get(name).ok_or_else(|| missing(name))?;
    Ok(json!({"DBInstance": view(&place, rds, name, instance)}))
}

/// The name that a request gives, and its instance if that is in one of these states.
pub(super) fn in_state(call: &mut Call<'_>, input: &Input, states: &[&str]) -> Result<String, Refusal> {
    let name = input.text_or_empty("DBInstanceIdentifier").to_lowercase();
    let instance = call.region().rds.instances.get(&name).ok_or_else(|| missing(&name))?;
    if states.contains(&instance.status.as_str()) {
        return Ok(name);
    }
    let text = format!("Instance {name} is not in {} state.", states.join(" or "));
    Err(Refusal::new("InvalidDBInstanceState", text))
}
