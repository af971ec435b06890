//! The services: one folder each, with its state, its operations and what happens in it by itself. This file is the table of
//! them and what they have in common; it knows nothing of what any of them does.

pub mod acm;
#[cfg(test)]
mod behaviours;
pub mod cloud_map;
pub mod dynamodb;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod elb;
mod empties;
pub mod iam;
#[cfg(test)]
mod letters;
pub mod logs;
pub mod rds;
pub mod refusals;
pub mod route53;
pub mod scaling;
pub mod scheduler;
pub mod secrets;
pub mod ssm;
pub mod sts;
pub mod tagging;
pub mod throttling;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::call::{Call, Caller, Handler, Input, Refusal, Reply, Table};
use crate::known::Known;
use crate::model::{self, Operation, Protocol, Service};
use crate::tags::{Tagged, Tags};
use crate::validate::{self, Wording};
use crate::world::{Place, World};

/// One service: its operations, and what others want to know of it.
struct Entry {
    /// Its name, as in `model`.
    name: &'static str,
    /// Its operations, a table for each part of it.
    operations: &'static [Table],
    /// How it words what breaks the limits of its model.
    wording: Wording,
    /// Its resources that carry tags, for the tagging API. That API leaves some kinds out.
    tagged: fn(&mut World, &Place) -> Vec<Tagged>,
    /// Sets and removes tags of a resource by its ARN; false if it is not one of this service's.
    retag: fn(&mut World, &Place, &str, &Tags, &[String]) -> bool,
}

const fn coral(code: &'static str) -> Wording {
    Wording::Coral { code, shows_value: true }
}

/// IAM and CloudWatch Logs leave a value out that fits no pattern.
const fn discreet(code: &'static str) -> Wording {
    Wording::Coral { code, shows_value: false }
}

macro_rules! table {
    ($($name:literal => $module:ident, $wording:expr;)*) => {
        &[$(Entry {
            name: $name,
            operations: $module::OPERATIONS,
            wording: $wording,
            tagged: $module::tagged,
            retag: $module::retag,
        }),*]
    };
}

const SERVICES: &[Entry] = table![
    "acm" => acm, coral("ValidationException");
    "application-autoscaling" => scaling, coral("ValidationException");
    "dynamodb" => dynamodb, coral("ValidationException");
    "ec2" => ec2, Wording::Ec2;
    "ecr" => ecr, Wording::Ecr;
    "ecs" => ecs, Wording::Own(ecs::checks::words);
    "elbv2" => elb, coral("ValidationError");
    "iam" => iam, discreet("ValidationError");
    "logs" => logs, discreet("InvalidParameterException");
    "rds" => rds, coral("ValidationError");
    "resourcegroupstaggingapi" => tagging, coral("InvalidParameterException");
    "route53" => route53, coral("InvalidInput");
    "scheduler" => scheduler, coral("ValidationException");
    "secretsmanager" => secrets, coral("ValidationException");
    "servicediscovery" => cloud_map, coral("InvalidInput");
    "ssm" => ssm, coral("ValidationException");
    "sts" => sts, coral("ValidationError");
];

/// Operations that clients ask for by themselves, without a signature, to get their credentials.
const UNSIGNED: &[(&str, &str)] =
    &[("sts", "AssumeRoleWithWebIdentity"), ("sts", "AssumeRoleWithSAML"), ("sts", "AssumeRoot")];

fn entry(name: &str) -> Option<&'static Entry> {
    SERVICES.iter().find(|entry| entry.name == name)
}

/// The operation of that name.
pub fn handler(service: &str, operation: &str) -> Option<Handler> {
    static ALL: OnceLock<HashMap<(&'static str, &'static str), Handler>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let of = |entry: &'static Entry| {
            entry.operations.iter().copied().flatten().map(|(name, handler)| ((entry.name, *name), *handler))
        };
        SERVICES.iter().flat_map(of).collect()
    });
    all.get(&(service, operation)).copied()
}

/// How a service words what breaks the limits of its model.
pub fn wording(service: &str) -> Wording {
    entry(service).map_or(Wording::Own(|_, _| None), |entry| entry.wording)
}

/// Every tagged resource of a place that the tagging API shows.
pub fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    SERVICES.iter().flat_map(|entry| (entry.tagged)(world, place)).collect()
}

/// Sets and removes tags of a resource of any service; false if there is none of that ARN.
pub fn retag(world: &mut World, place: &Place, arn: &str, set: &Tags, remove: &[String]) -> bool {
    SERVICES.iter().any(|entry| (entry.retag)(world, place, arn, set, remove))
}

/// Whether an operation changes nothing.
pub fn reads_only(operation: &str) -> bool {
    const READING: &[&str] = &[
        "Describe", "List", "Get", "BatchGet", "Filter", "Discover", "Query", "Scan", "Test", "Simulate", "Decode",
        "Validate",
    ];
    READING.iter().any(|start| operation.starts_with(start))
}

/// The operation that a person means: `ListClusters`, also written as the aws CLI has it, `list-clusters`.
pub fn operation(service: &str, meant: &str) -> Option<&'static str> {
    let meant = meant.replace('-', "");
    let mut names = model::service(service)?.operations.keys();
    names.find(|name| name.eq_ignore_ascii_case(&meant)).map(String::as_str)
}

/// Holds an input against the limits of the model and carries the operation out: every way into the simulation ends here.
///
/// # Errors
/// The refusal.
pub fn carry_out(call: &mut Call<'_>, operation: &Operation, input: &Input) -> Reply {
    let service = call.service;
    let handler = handler(service.name, &operation.name).ok_or_else(|| unknown_operation(service, &operation.name))?;
    let input = empties::left_out(service, operation, input);
    validate::check(service, operation, &input, wording(service.name))?;
    let _known = Known::of(service, operation.input, &input.0);
    handler(call, &input)
}

/// Carries an operation out for the account's own user, without the wire.
///
/// # Errors
/// The refusal.
pub fn call(world: &mut World, place: &Place, service: &str, operation: &str, input: Value) -> Reply {
    let unknown = || Refusal::new("UnknownOperationException", format!("{service} {operation} is not simulated"));
    let service = model::service(service).ok_or_else(unknown)?;
    let model = service.operations.get(operation).ok_or_else(unknown)?;
    let input = match (model.input, input) {
        (Some(shape), input) => crate::wire::typed(service, shape, input)?,
        (None, _) => Input::default(),
    };
    let (_, caller) = iam::caller(world, &place.account);
    let request_id = world.ids.uuid();
    let mut call = Call { world, place: place.clone(), caller, service, operation: &model.name, request_id };
    let output = carry_out(&mut call, model, &input)?;
    crate::wire::debug_assert_shape(service, model.output, &output);
    Ok(output)
}

/// The refusal of an operation that is not simulated, as the service refuses one that it does not have.
pub fn unknown_operation(service: &Service, name: &str) -> Refusal {
    let version = &service.api_version;
    if UNSIGNED.contains(&(service.name, name)) {
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
pub fn unsigned(service: &Service) -> Refusal {
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

/// A fault of the server.
pub fn server_error(service: &str) -> Refusal {
    let code = match service {
        "ec2" => "InternalError",
        "ecs" | "ecr" => "ServerException",
        "iam" => "ServiceFailure",
        "logs" => "ServiceUnavailableException",
        "dynamodb" | "ssm" | "servicediscovery" => "InternalServerError",
        _ => "InternalFailure",
    };
    Refusal::new(code, "An internal error has occurred").status(500)
}

/// A server that cannot take requests now.
pub fn unavailable(service: &str) -> Refusal {
    let code = if service == "ec2" { "Unavailable" } else { "ServiceUnavailable" };
    Refusal::new(code, "Service is temporarily unavailable").status(503)
}

/// A denial.
pub fn denied(service: &str, operation: &str) -> Refusal {
    let action = match service {
        "elbv2" => "elasticloadbalancing",
        "resourcegroupstaggingapi" => "tag",
        name => name,
    };
    let text = format!(
        "User: arn:aws:iam::123456789012:user/student is not authorized to perform: {action}:{operation} because no \
         identity-based policy allows the {action}:{operation} action"
    );
    match service {
        "ec2" => {
            let text = format!("You are not authorized to perform this operation. {text}");
            Refusal::new("UnauthorizedOperation", text).status(403)
        }
        "iam" | "sts" | "elbv2" | "rds" | "route53" => Refusal::new("AccessDenied", text).status(403),
        _ => Refusal::new("AccessDeniedException", text).status(400),
    }
}

/// Nobody: for places that no request came from.
pub fn somebody(account: &str) -> Caller {
    let arn = format!("arn:aws:iam::{account}:user/student");
    Caller { principal: arn.clone(), arn, id: "AIDASIMULATEDSTUDENT1".to_owned() }
}

/// The account of a request whose key names none.
pub fn usual_account() -> Arc<str> {
    "123456789012".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_models_is_answered_and_no_other() {
        for service in model::services() {
            let entry = entry(service.name).expect("every model has a service");
            let mut listed: Vec<&str> = entry.operations.iter().copied().flatten().map(|(name, _)| *name).collect();
            listed.sort_unstable();
            let known: Vec<&str> = service.operations.keys().map(String::as_str).collect();
            assert_eq!(listed, known, "{}", service.name);
        }
    }
}
