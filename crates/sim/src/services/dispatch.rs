//! Carries operations out, by name: on the wire or without it, every way into the simulation ends here. Also how a service refuses
//! what it does not simulate and who has not signed, for nothing else looks at those. Knows no service's inner workings.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::list::{SERVICES, of};
use super::service::Service;
use super::{empties, iam, models};
use crate::call::{Call, Handler, Input, Refusal, Reply};
use crate::known::Known;
use crate::model::{Api, Operation, Protocol};
use crate::world::{Place, World};
use crate::{validate, wire};

/// The operation of that name.
fn handler(service: &str, operation: &str) -> Option<Handler> {
    static ALL: OnceLock<HashMap<(&'static str, &'static str), Handler>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let of = |service: &'static Service| {
            service.operations.iter().copied().flatten().map(|(name, handler)| ((service.name(), *name), *handler))
        };
        SERVICES.iter().flat_map(of).collect()
    });
    all.get(&(service, operation)).copied()
}

/// Holds an input against the limits of the model and carries the operation out: every way into the simulation ends here.
///
/// # Errors
/// The refusal.
pub fn carry_out(call: &mut Call<'_>, operation: &Operation, input: &Input) -> Reply {
    let service = call.service;
    let handler = handler(service.name, &operation.name).ok_or_else(|| unknown_operation(service, &operation.name))?;
    let input = empties::left_out(service, operation, input, of(service).empties);
    validate::check(service, operation, &input, of(service).wording)?;
    let _known = Known::of(service, operation.input, &input.0);
    let reply = handler(call, &input)?;
    follow(call);
    Ok(reply)
}

/// Tells the services of an operation after which packets may take other ways. Those that are later in the list are told first: ECS
/// looks at what Elastic Load Balancing has found out.
fn follow(call: &mut Call<'_>) {
    if of(call.service).moves_packets.iter().any(|start| call.operation.starts_with(start)) {
        let place = call.place.clone();
        SERVICES.iter().rev().filter_map(|service| service.packets_moved).for_each(|note| note(call.world, &place));
    }
}

/// Carries an operation out for the account's own user, without the wire.
///
/// # Errors
/// The refusal.
pub fn call(world: &mut World, place: &Place, service: &str, operation: &str, input: Value) -> Reply {
    let unknown = || Refusal::new("UnknownOperationException", format!("{service} {operation} is not simulated"));
    let service = models::named(service).ok_or_else(unknown)?;
    let model = service.operations.get(operation).ok_or_else(unknown)?;
    let input = match (model.input, input) {
        (Some(shape), input) => wire::typed(service, shape, input)?,
        (None, _) => Input::default(),
    };
    let (_, caller) = iam::caller(world, &place.account);
    let request_id = world.ids.uuid();
    let mut call = Call { world, place: place.clone(), caller, service, operation: &model.name, request_id };
    let output = carry_out(&mut call, model, &input)?;
    wire::debug_assert_shape(service, model.output, &output);
    Ok(output)
}

/// The refusal of an operation that is not simulated, as the service refuses one that it does not have.
pub fn unknown_operation(service: &Api, name: &str) -> Refusal {
    let version = &service.api_version;
    if of(service).unsigned.contains(&name) {
        return Refusal::new("InvalidAction", format!("{name} is not simulated.")).status(400);
    }
    match service.protocol {
        Protocol::Ec2 => {
            Refusal::new("InvalidAction", format!("The action {name} is not valid for this web service.")).status(400)
        }
        Protocol::Query => {
            Refusal::new("InvalidAction", format!("Could not find operation {name} for version {version}")).status(400)
        }
        Protocol::Json => Refusal::new("UnknownOperationException", "").status(400),
        Protocol::RestXml | Protocol::RestJson => {
            Refusal::new("UnknownOperationException", format!("The operation {name} is not known.")).status(400)
        }
    }
}

/// The refusal of a request that nobody signed.
pub fn unsigned(service: &Api) -> Refusal {
    match service.protocol {
        Protocol::Ec2 => {
            Refusal::new("MissingParameter", "The request must contain the parameter AWSAccessKeyId").status(400)
        }
        Protocol::Query | Protocol::RestXml => {
            Refusal::new("MissingAuthenticationToken", "Request is missing Authentication Token").status(403)
        }
        Protocol::Json | Protocol::RestJson => {
            Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token").status(400)
        }
    }
}
