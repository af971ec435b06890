//! Which VPCs a private hosted zone answers in. It is never without one.

use serde_json::json;

use super::making;
use super::zones::{clash, known_vpc};
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("AssociateVPCWithHostedZone", associate), ("DisassociateVPCFromHostedZone", disassociate)];

fn associate(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("HostedZoneId").to_owned();
    let zone = call.account().route53.zone(&id)?.clone();
    if !zone.private {
        let text = format!("You cannot associate a VPC with the public hosted zone {}.", zone.id);
        return Err(Refusal::new("PublicZoneVPCAssociation", text));
    }
    let vpc = known_vpc(call, &input.map("VPC").cloned().unwrap_or_default())?;
    if let Some(refusal) = clash(call.account().route53.zones.values(), &zone.name, &vpc) {
        return Err(refusal);
    }
    call.account().route53.zone(&id)?.vpcs.push(vpc);
    let place = call.place.clone();
    Ok(json!({"ChangeInfo": making::change(call.world, &place, input.text("Comment"))}))
}

fn disassociate(call: &mut Call<'_>, input: &Input) -> Reply {
    let vpc = input.map("VPC").cloned().unwrap_or_default();
    let vpc = (vpc.text_or_empty("VPCRegion").to_owned(), vpc.text_or_empty("VPCId").to_owned());
    let zone = call.account().route53.zone(input.text_or_empty("HostedZoneId"))?;
    let Some(position) = zone.vpcs.iter().position(|known| *known == vpc) else {
        let text = format!("The VPC {} in region {} is not associated with the hosted zone {}.", vpc.1, vpc.0, zone.id);
        return Err(Refusal::new("VPCAssociationNotFound", text));
    };
    if zone.vpcs.len() == 1 {
        let text = format!("The VPC: {} cannot be disassociated because it is the only VPC associated.", vpc.1);
        return Err(Refusal::new("LastVPCAssociation", text));
    }
    zone.vpcs.remove(position);
    let place = call.place.clone();
    Ok(json!({"ChangeInfo": making::change(call.world, &place, input.text("Comment"))}))
}
