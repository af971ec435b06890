//! For the tests of this crate: a simulated AWS of one's own, asked without the wire, whose time passes at will.

use std::time::Duration;

use serde_json::Value;

use crate::call::Refusal;
use crate::sim::{Settings, Sim};
use crate::world::{Moment, Place, World};

/// A fresh world.
pub(crate) struct Lab {
    /// The simulation.
    pub sim: Sim,
    /// Where requests go.
    pub place: Place,
}

impl Lab {
    /// A fresh world in the usual account and region.
    pub(crate) fn new() -> Self {
        let start = Moment::parse_iso("2026-01-31T10:00:00Z").expect("a moment");
        let sim = Sim::new(World::new(7, start), Settings::default());
        Self { sim, place: Place::new("123456789012", "us-east-1") }
    }

    /// The same world, asked in another region.
    pub(crate) fn in_region(&self, region: &str) -> Self {
        Self { sim: self.sim.clone(), place: Place::new("123456789012", region) }
    }

    /// Asks for `service.Operation` and expects an answer.
    #[track_caller]
    pub(crate) fn ok(&self, operation: &str, input: Value) -> Value {
        self.ask(operation, input).unwrap_or_else(|refusal| panic!("{operation}: {refusal:?}"))
    }

    /// Asks for `service.Operation` and expects a refusal.
    #[track_caller]
    pub(crate) fn refused(&self, operation: &str, input: Value) -> Refusal {
        match self.ask(operation, input) {
            Ok(output) => panic!("{operation} was not refused: {output}"),
            Err(refusal) => refusal,
        }
    }

    /// Expects a refusal with this code and a message with this in it.
    #[track_caller]
    pub(crate) fn refuses(&self, operation: &str, input: Value, code: &str, part: &str) {
        let refusal = self.refused(operation, input);
        assert_eq!(refusal.code, code, "{}", refusal.message);
        assert!(refusal.message.contains(part), "{operation}: {:?} does not contain {part:?}", refusal.message);
    }

    /// Asks for `service.Operation`.
    pub(crate) fn ask(&self, operation: &str, input: Value) -> Result<Value, Refusal> {
        let (service, operation) = operation.split_once('.').expect("service.Operation");
        self.sim.call(&self.place, service, operation, input)
    }

    /// Lets seconds pass.
    pub(crate) fn pass(&self, seconds: u64) {
        self.sim.pass(Duration::from_secs(seconds));
    }

    /// The subnets of the default VPC.
    pub(crate) fn subnets(&self) -> Vec<String> {
        let reply = self.ok("ec2.DescribeSubnets", serde_json::json!({}));
        let list = reply["Subnets"].as_array().cloned().unwrap_or_default();
        list.iter().filter_map(|subnet| subnet["SubnetId"].as_str().map(str::to_owned)).collect()
    }
}
