//! The services: one folder each, with its state, its operations and what happens in it by itself. This file is the only list of
//! them, from which the world, the dispatch, and all lists over services come; it knows nothing of what any of them does.

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
pub mod route53;
pub mod scaling;
pub mod scheduler;
pub mod secrets;
pub mod service;
pub mod ssm;
pub mod sts;
pub mod tagging;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::iam::caller;
pub use self::service::Service;
use crate::call::{Call, Handler, Input, Refusal, Reply};
use crate::known::Known;
use crate::model::{self, Api, Operation, Protocol};
use crate::tags::{Tagged, Tags};
use crate::validate;
use crate::world::{Place, World};

/// The list: the folder of each service, the type of what it keeps in a region or in an account, and of what happens in it by itself.
macro_rules! services {
    ($($module:ident {
        $(region: $Region:ident $(,)?)? $(account: $Account:ident $(,)?)? $(event: $Event:ident)?
    }),* $(,)?) => {
        /// Every service that is simulated.
        pub const SERVICES: &[Service] = &[$($module::SERVICE),*];

        /// What happens at a moment, by the service that it concerns.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub enum Event {
            $($(
                #[doc = concat!("In `", stringify!($module), "`.")]
                $Event($module::Event),
            )?)*
        }

        impl Event {
            /// Lets it happen.
            pub fn happen(self, world: &mut World, place: &Place) {
                match self {
                    $($(Self::$Event(event) => $module::happen(world, place, event),)?)*
                }
            }
        }

        /// What an account has in one region, by service.
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Region {
            $($(
                #[doc = concat!("What `", stringify!($module), "` keeps.")]
                pub $module: $module::$Region,
            )?)*
        }

        /// What an account has: what belongs to no region, by service, and its regions.
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Account {
            $($(
                #[doc = concat!("What `", stringify!($module), "` keeps.")]
                pub $module: $module::$Account,
            )?)*
            /// By name; made when first asked for.
            pub regions: BTreeMap<Arc<str>, Region>,
        }
    };
}

services! {
    acm { region: Acm, event: Acm },
    scaling { region: Scaling, event: Scaling },
    dynamodb { region: Dynamodb, event: Dynamodb },
    ec2 { region: Ec2, event: Ec2 },
    ecr { region: Ecr },
    ecs { region: Ecs, event: Ecs },
    elb { region: Elb, event: Elb },
    iam { account: Iam },
    logs { region: Logs },
    rds { region: Rds, event: Rds },
    tagging {},
    route53 { account: Route53, event: Route53 },
    scheduler { region: Scheduler },
    secrets { region: Secrets, event: Secrets },
    cloud_map { region: CloudMap, event: CloudMap },
    ssm { region: Ssm },
    sts {},
}

/// The service of that name.
pub fn named(name: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.name() == name)
}

/// The service that talks like this.
pub fn of(api: &Api) -> &'static Service {
    &SERVICES[api.index]
}

/// The operation of that name.
pub fn handler(service: &str, operation: &str) -> Option<Handler> {
    static ALL: OnceLock<HashMap<(&'static str, &'static str), Handler>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let of = |service: &'static Service| {
            service.operations.iter().copied().flatten().map(|(name, handler)| ((service.name(), *name), *handler))
        };
        SERVICES.iter().flat_map(of).collect()
    });
    all.get(&(service, operation)).copied()
}

/// Every tagged resource of a place that the tagging API shows.
pub fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    SERVICES.iter().flat_map(|service| (service.tagged.list)(world, place)).collect()
}

/// Sets and removes tags of a resource of any service; false if there is none of that ARN, or it cannot have these tags.
pub fn retag(world: &mut World, place: &Place, arn: &str, set: &Tags, remove: &[String]) -> bool {
    for service in SERVICES {
        if let Some(tags) = (service.tagged.of_arn)(world, place, arn) {
            (service.tagged.remove)(tags, remove);
            return (service.tagged.add)(tags, set);
        }
    }
    false
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
    let input = empties::left_out(service, operation, input, of(service).empties);
    validate::check(service, operation, &input, of(service).wording)?;
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
    let (_, caller) = caller(world, &place.account);
    let request_id = world.ids.uuid();
    let mut call = Call { world, place: place.clone(), caller, service, operation: &model.name, request_id };
    let output = carry_out(&mut call, model, &input)?;
    crate::wire::debug_assert_shape(service, model.output, &output);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_models_is_answered_and_no_other() {
        for service in model::services() {
            let mut listed: Vec<&str> =
                of(service).operations.iter().copied().flatten().map(|(name, _)| *name).collect();
            listed.sort_unstable();
            let known: Vec<&str> = service.operations.keys().map(String::as_str).collect();
            assert_eq!(listed, known, "{}", service.name);
        }
    }
}
