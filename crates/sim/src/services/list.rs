//! The one list of the services, of which what a world keeps, what can happen in it, and every list over services are made. It knows
//! nothing of what any of them does.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::service::Service;
use crate::model::Api;
use crate::world::{Place, World};

/// The list: the folder of each service, the type of what it keeps in a region or in an account, and of what happens in it by itself.
macro_rules! services {
    ($($module:ident {
        $(region: $Region:ident $(,)?)? $(account: $Account:ident $(,)?)? $(event: $Event:ident)?
    }),* $(,)?) => {
        /// Every service that is simulated.
        pub const SERVICES: &[Service] = &[$(super::$module::SERVICE),*];

        /// What happens at a moment, by the service that it concerns.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub enum Event {
            $($(
                #[doc = concat!("In `", stringify!($module), "`.")]
                $Event(super::$module::Event),
            )?)*
        }

        impl Event {
            /// Lets it happen.
            pub fn happen(self, world: &mut World, place: &Place) {
                match self {
                    $($(Self::$Event(event) => super::$module::happen(world, place, event),)?)*
                }
            }
        }

        /// What an account has in one region, by service.
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Region {
            $($(
                #[doc = concat!("What `", stringify!($module), "` keeps.")]
                pub $module: super::$module::$Region,
            )?)*
        }

        /// What an account has: what belongs to no region, by service, and its regions.
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Account {
            $($(
                #[doc = concat!("What `", stringify!($module), "` keeps.")]
                pub $module: super::$module::$Account,
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
