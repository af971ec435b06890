//! A request under way: the world, where it was sent to, who sent it, and what an operation is that carries it out and answers with
//! a document or a refusal. Knows no wire and no service.

use std::time::Duration;

use serde_json::Value;

use super::{Input, Refusal};
use crate::model::Api;
use crate::world::{Account, Event, Moment, Place, Region, World};

/// What an operation answers: a document with the members of its output (those that are missing or null are left out).
pub type Reply = Result<Value, Refusal>;

/// An operation.
pub type Handler = fn(&mut Call<'_>, &Input) -> Reply;

/// Operations by name.
pub type Table = &'static [(&'static str, Handler)];

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The ARN of the session or user.
    pub arn: String,
    /// The ARN of the role or user behind it, without a session.
    pub principal: String,
    /// The unique id, such as `AIDA…`.
    pub id: String,
}

/// One request under way.
#[derive(Debug)]
pub struct Call<'w> {
    /// Everything there is.
    pub world: &'w mut World,
    /// Where the request was sent to.
    pub place: Place,
    /// Who sent it.
    pub caller: Caller,
    /// The service.
    pub service: &'static Api,
    /// The name of the operation.
    pub operation: &'static str,
    /// The id of the request.
    pub request_id: String,
}

impl Call<'_> {
    /// The region that was asked.
    pub fn region(&mut self) -> &mut Region {
        let place = self.place.clone();
        self.world.region(&place)
    }

    /// The account that asked.
    pub fn account(&mut self) -> &mut Account {
        let place = self.place.clone();
        self.world.account(&place.account)
    }

    /// The time.
    pub fn now(&self) -> Moment {
        self.world.now
    }

    /// Lets something happen later, in the same place.
    pub fn after(&mut self, delay: Duration, event: Event) {
        let place = self.place.clone();
        self.world.after(delay, &place, event);
    }

    /// An ARN of the account and region of this request.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        self.place.arn(service, resource)
    }
}
