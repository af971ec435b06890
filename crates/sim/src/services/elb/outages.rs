//! Watches a simulated AWS for outages: a rule of a load balancer that had a healthy target behind it and has none any more.
//! Between two events of the world nothing changes, so that looking at each of them is looking at every moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{self as elb, Forwarding};
use crate::sim::Sim;
use crate::world::{Moment, Place, World};

/// A time in which a rule had no healthy target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Where.
    pub place: Place,
    /// The rule as it was when that began.
    pub rule: Forwarding,
    /// Since when.
    pub from: Moment,
    /// Until when; `None` if it goes on.
    pub until: Option<Moment>,
}

/// A rule that served until it was deleted, with its listener or load balancer or alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Where.
    pub place: Place,
    /// The rule as it was seen last.
    pub rule: Forwarding,
    /// When.
    pub at: Moment,
}

#[derive(Debug, Default)]
struct Seen {
    /// Rules that have served, by place and ARN, as they were seen last.
    rules: BTreeMap<(Place, String), Forwarding>,
    outages: Vec<Outage>,
    gone: Vec<Gone>,
}

/// What a watcher has seen so far.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    seen: Arc<Mutex<Seen>>,
}

impl Outages {
    /// Watches from now on, in the place of any other watcher.
    pub fn watch(sim: &Sim) -> Self {
        let outages = Self::default();
        let seen = Arc::clone(&outages.seen);
        sim.watch(move |world| look(&mut lock(&seen), world));
        outages
    }

    /// The outages so far, in the order in which they began.
    pub fn list(&self) -> Vec<Outage> {
        lock(&self.seen).outages.clone()
    }

    /// The rules that served until they were deleted.
    pub fn gone(&self) -> Vec<Gone> {
        lock(&self.seen).gone.clone()
    }

    /// Forgets what was seen; rules that serve are watched on.
    pub fn clear(&self) {
        let mut seen = lock(&self.seen);
        seen.outages.clear();
        seen.gone.clear();
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn look(seen: &mut Seen, world: &World) {
    let now = world.now;
    let mut there = BTreeMap::new();
    for (account, state) in &world.accounts {
        for (name, region) in &state.regions {
            let place = Place { account: Arc::clone(account), region: Arc::clone(name) };
            for rule in elb::traffic(region) {
                there.insert((place.clone(), rule.rule.clone()), rule);
            }
        }
    }
    let lost: Vec<_> = seen.rules.keys().filter(|key| !there.contains_key(*key)).cloned().collect();
    for key in lost {
        end(seen, &key, now);
        if let Some(rule) = seen.rules.remove(&key).filter(Forwarding::serves) {
            seen.gone.push(Gone { place: key.0, rule, at: now });
        }
    }
    for (key, rule) in there {
        if rule.serves() || !rule.forwards() {
            end(seen, &key, now);
        } else if seen.rules.get(&key).is_some_and(Forwarding::serves) {
            seen.outages.push(Outage { place: key.0.clone(), rule: rule.clone(), from: now, until: None });
        }
        if rule.serves() || seen.rules.contains_key(&key) {
            seen.rules.insert(key, rule);
        }
    }
}

/// The outage of a rule is over.
fn end(seen: &mut Seen, key: &(Place, String), now: Moment) {
    let open = seen.outages.iter_mut().find(|it| it.until.is_none() && it.place == key.0 && it.rule.rule == key.1);
    if let Some(outage) = open {
        outage.until = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::lab::Lab;

    /// A load balancer whose listener forwards to one target that is healthy: listener, group, the target.
    fn serving(lab: &Lab) -> (Value, Value, Value) {
        let subnets = lab.subnets();
        let balancer = lab.ok("elbv2.CreateLoadBalancer", json!({ "Name": "web", "Subnets": subnets[..2] }));
        let balancer = balancer["LoadBalancers"][0]["LoadBalancerArn"].clone();
        let made = lab.ok("elbv2.CreateTargetGroup", json!({ "Name": "f", "TargetType": "lambda" }));
        let group = made["TargetGroups"][0]["TargetGroupArn"].clone();
        let action = json!([{ "Type": "forward", "TargetGroupArn": group }]);
        let listener = json!({ "LoadBalancerArn": balancer, "Port": 80, "Protocol": "HTTP", "DefaultActions": action });
        let listener = lab.ok("elbv2.CreateListener", listener)["Listeners"][0]["ListenerArn"].clone();
        let check = json!({ "TargetGroupArn": group, "HealthCheckEnabled": true });
        lab.ok("elbv2.ModifyTargetGroup", check);
        let target = json!([{ "Id": "arn:aws:lambda:us-east-1:123456789012:function:f" }]);
        lab.ok("elbv2.RegisterTargets", json!({ "TargetGroupArn": group, "Targets": target }));
        lab.pass(600);
        (listener, group, target)
    }

    #[test]
    fn an_outage_lasts_from_the_last_healthy_target_to_the_next() {
        let lab = Lab::new();
        let outages = Outages::watch(&lab.sim);
        let (listener, group, target) = serving(&lab);
        assert_eq!(outages.list(), [], "what never served has no outage");
        lab.ok("elbv2.DeregisterTargets", json!({ "TargetGroupArn": group, "Targets": target }));
        lab.pass(30);
        lab.ok("elbv2.RegisterTargets", json!({ "TargetGroupArn": group, "Targets": target }));
        lab.pass(600);
        let seen = outages.list();
        let [outage] = seen.as_slice() else { panic!("{seen:#?}") };
        let lasted = outage.until.expect("it is over").since(outage.from).as_secs();
        assert!((30..200).contains(&lasted), "{lasted}");
        assert_eq!((outage.rule.port, outage.rule.priority), (Some(80), None));
        lab.ok("elbv2.DeleteListener", json!({ "ListenerArn": listener }));
        assert_eq!((outages.list().len(), outages.gone().len()), (1, 1));
    }

    #[test]
    fn weight_decides_whether_a_rule_serves() {
        let lab = Lab::new();
        let (listener, group, _) = serving(&lab);
        let made = lab.ok("elbv2.CreateTargetGroup", json!({ "Name": "g", "TargetType": "lambda" }));
        let empty = made["TargetGroups"][0]["TargetGroupArn"].clone();
        let outages = Outages::watch(&lab.sim);
        let weights = |old: u32, new: u32| {
            let groups =
                json!([{ "TargetGroupArn": group, "Weight": old }, { "TargetGroupArn": empty, "Weight": new }]);
            let action = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": groups } }]);
            lab.ok("elbv2.ModifyListener", json!({ "ListenerArn": listener, "DefaultActions": action }));
            lab.sim.with_world(|world| elb::traffic(world.region(&lab.place)))
        };
        let both = weights(1, 1);
        assert_eq!((both[0].serves(), both[0].starved().count(), outages.list().len()), (true, 1, 0));
        let none = weights(0, 1);
        assert_eq!((none[0].serves(), outages.list().len()), (false, 1));
        weights(1, 0);
        assert!(outages.list()[0].until.is_some());
    }
}
