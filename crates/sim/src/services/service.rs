//! What is to be known of a service from outside: its names, its model, its operations, its rates, how it words what every service
//! says at times, and what it contributes to lists over all services. Each folder beside this file has one such value.

use std::fmt;

use crate::call::{Refusal, Said, Table};
use crate::model::Source;
use crate::tags::{Tagged, Tags};
use crate::throttle::Rate;
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Account, Ids, Moment, Place, Region, World};

/// One service.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Its model, and with it the name by which botocore and the aws CLI know it.
    pub source: Source,
    /// What IAM calls it in the names of actions.
    pub iam: &'static str,
    /// What people and ARNs call it besides.
    pub aliases: &'static [&'static str],
    /// Its operations, a table for each part of it.
    pub operations: &'static [Table],
    /// Operations that clients ask for without a signature, to get their credentials.
    pub unsigned: &'static [&'static str],
    /// How it words what breaks the limits of its model.
    pub wording: Wording,
    /// Which empty texts mean something to it, and which do not.
    pub empties: Empties,
    /// How it refuses what has nothing to do with the operation.
    pub words: Words,
    /// Its token buckets, the first that takes an operation decides. Empty where AWS publishes no rate.
    pub rates: &'static [Rate],
    /// Its resources that carry tags.
    pub tagged: Carriers,
    /// Gives a new account what the service has in it from the first day.
    pub opens_account: Option<fn(&mut Account, &str, Moment)>,
    /// Gives a new region what the service has in it from the first day.
    pub opens_region: Option<fn(&mut Region, &mut Ids, &Place, Moment)>,
    /// How the names of operations begin after which packets may take other ways than before.
    pub moves_packets: &'static [&'static str],
    /// Takes note that packets may take other ways.
    pub packets_moved: Option<fn(&mut World, &Place)>,
    /// What to tell of it to whoever asks what is in a region.
    pub region_status: Option<fn(&Region, Moment) -> Vec<Entry>>,
    /// What to tell of it to whoever asks what is in an account and belongs to no region.
    pub account_status: Option<fn(&Account) -> Vec<Entry>>,
}

impl Service {
    /// A service with nothing but a model, operations and a wording, to be completed.
    pub const fn new(source: Source, operations: &'static [Table], wording: Wording) -> Self {
        Self {
            iam: source.name,
            source,
            aliases: &[],
            operations,
            unsigned: &[],
            wording,
            empties: Empties { meant: &[], idle: &[] },
            words: Words::JSON,
            rates: &[],
            tagged: Carriers::NONE,
            opens_account: None,
            opens_region: None,
            moves_packets: &[],
            packets_moved: None,
            region_status: None,
            account_status: None,
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.source.name
    }

    /// Whether people call it that.
    pub fn is_called(&self, name: &str) -> bool {
        self.iam.eq_ignore_ascii_case(name) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// The refusal of what the caller may not do.
    pub fn denied(&self, operation: &str) -> Refusal {
        let action = self.iam;
        let Said { code, text, status } = self.words.denied;
        let text = format!(
            "{text}User: arn:aws:iam::123456789012:user/student is not authorized to perform: {action}:{operation} because \
             no identity-based policy allows the {action}:{operation} action"
        );
        Refusal { status, ..Refusal::new(code, text) }
    }

    /// The refusal of a change that meets another one. A service without words of its own for that says that there are too many
    /// requests.
    pub fn conflict(&self, operation: &str) -> Refusal {
        (self.words.conflict)(operation).unwrap_or_else(|| self.words.throttled.refusal())
    }

    /// The refusal of a role that was made a moment ago. A service that does not use roles denies.
    pub fn role_not_ready(&self) -> Refusal {
        self.words.role_not_ready.as_ref().map_or_else(|| self.denied("PassRole"), Said::refusal)
    }

    /// A fault of the server.
    pub fn server_error(&self) -> Refusal {
        Refusal::new(self.words.server_error, "An internal error has occurred").status(500)
    }

    /// A server that cannot take requests now.
    pub fn unavailable(&self) -> Refusal {
        Refusal::new(self.words.unavailable, "Service is temporarily unavailable").status(503)
    }
}

/// Empty texts: ends of the names of members.
#[derive(Clone, Copy, Debug)]
pub struct Empties {
    /// Where an empty text is a value, clears, or is refused by the operation itself.
    pub meant: &'static [&'static str],
    /// Where a part of an input leaves something out with an empty text.
    pub idle: &'static [&'static str],
}

/// How a service refuses what has nothing to do with the operation.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// There were too many requests.
    pub throttled: Said,
    /// The code of a fault of the server.
    pub server_error: &'static str,
    /// The code of a server that cannot take requests now.
    pub unavailable: &'static str,
    /// The caller may not do that; the text is what comes before who may not do what.
    pub denied: Said,
    /// Another change is under way, by the name of the operation.
    pub conflict: fn(&str) -> Option<Refusal>,
    /// A role is not known to it yet.
    pub role_not_ready: Option<Said>,
}

impl Words {
    /// Those of most services that speak JSON.
    pub const JSON: Self = Self {
        throttled: Said::new("ThrottlingException", "Rate exceeded").status(400),
        server_error: "InternalFailure",
        unavailable: "ServiceUnavailable",
        denied: Said::new("AccessDeniedException", "").status(400),
        conflict: |_| None,
        role_not_ready: None,
    };

    /// Those of most services that speak XML.
    pub const XML: Self = Self {
        throttled: Said::new("Throttling", "Rate exceeded").status(400),
        denied: Said::new("AccessDenied", "").status(403),
        ..Self::JSON
    };
}

/// The resources of a service that carry tags, for the tagging API.
#[derive(Clone, Copy)]
pub struct Carriers {
    /// Those that have some. That API leaves some kinds out.
    pub list: fn(&mut World, &Place) -> Vec<Tagged>,
    /// The tags of one, by its ARN; none if it is not one of this service's.
    pub of_arn: for<'w> fn(&'w mut World, &Place, &str) -> Option<&'w mut Tags>,
    /// Adds tags to those of a resource; false if the service does not allow that.
    pub add: fn(&mut Tags, &Tags) -> bool,
    /// Removes tags.
    pub remove: fn(&mut Tags, &[String]),
}

impl Carriers {
    /// Nothing carries tags.
    pub const NONE: Self = Self::new(|_, _| Vec::new(), |_, _, _| None);

    /// Resources whose tags may be any.
    pub const fn new(
        list: fn(&mut World, &Place) -> Vec<Tagged>,
        of_arn: for<'w> fn(&'w mut World, &Place, &str) -> Option<&'w mut Tags>,
    ) -> Self {
        Self {
            list,
            of_arn,
            add: |tags, new| {
                tags.extend(new.clone());
                true
            },
            remove: |tags, keys| tags.retain(|key, _| !keys.contains(key)),
        }
    }
}

impl fmt::Debug for Carriers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Carriers")
    }
}
