//! Adds to a world what somebody takes for granted: networks, hosted zones, certificates, parameters, secrets, roles, and task
//! definitions; by requests where there are some. Knows names and ARNs only, not who asks for them.

mod shared;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::services::ec2::provide as network;
use crate::services::{self, acm, cloud_map};
use crate::world::{Place, World};

pub use self::shared::{One, Shared};
pub use crate::services::ec2::provide::{Choice, Wanted as Network};

/// What is to be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// A VPC with subnets and security groups.
    pub network: Option<Network>,
    /// Public hosted zones, by name.
    pub zones: BTreeSet<String>,
    /// Certificates, by ARN; they are for the zones.
    pub certificates: BTreeSet<String>,
    /// Names that some issued certificate has to cover.
    pub domains: BTreeSet<String>,
    /// Parameters, by name.
    pub parameters: BTreeSet<String>,
    /// Secrets, by ARN.
    pub secrets: BTreeSet<String>,
    /// Roles, by name or ARN.
    pub roles: BTreeSet<String>,
    /// Namespaces of Cloud Map, by name.
    pub namespaces: BTreeSet<String>,
    /// What others share with whoever asks.
    pub shared: Shared,
    /// Task definitions by `family:revision` or ARN, each as it is registered, without its family.
    pub tasks: BTreeMap<String, Value>,
}

/// The services that an added role trusts: nobody says which of them it is for.
const TRUSTED: &[&str] = &[
    "ecs-tasks.amazonaws.com",
    "ecs.amazonaws.com",
    "scheduler.amazonaws.com",
    "events.amazonaws.com",
    "application-autoscaling.amazonaws.com",
    "monitoring.rds.amazonaws.com",
];

/// The highest revision that is added: they are numbered as they come, so all before it have to be made.
const MOST_REVISIONS: u32 = 100;

impl Wanted {
    /// Adds what is missing; returns what was added, in words.
    pub fn provide(&self, world: &mut World, place: &Place) -> Vec<String> {
        let mut made = Vec::new();
        if let Some(wanted) = &self.network {
            made.extend(network::provide(world, place, wanted));
        }
        for domain in &self.zones {
            if zone(world, place, domain).unwrap_or(false) {
                made.push(format!("hosted zone {domain}"));
            }
        }
        for arn in &self.certificates {
            let names: Vec<String> = self.zones.iter().flat_map(|zone| [zone.clone(), format!("*.{zone}")]).collect();
            if acm::provide(world, arn, &names) {
                made.push(format!("certificate {arn}"));
            }
        }
        for domain in &self.domains {
            if acm::provide_for(world, place, domain) {
                made.push(format!("certificate for {domain}"));
            }
        }
        for name in &self.parameters {
            let input = json!({ "Name": name, "Type": "SecureString", "Value": "simulated" });
            if services::call(world, place, "ssm", "PutParameter", input).is_ok() {
                made.push(format!("parameter {name}"));
            }
        }
        for arn in &self.secrets {
            // The service adds a random suffix; ECS finds the secret without it too.
            let name = arn.splitn(7, ':').nth(6).unwrap_or_default().split(':').next().unwrap_or_default();
            let input = json!({ "Name": name, "SecretString": "simulated" });
            if services::call(world, place, "secretsmanager", "CreateSecret", input).is_ok() {
                made.push(format!("secret {name}"));
            }
        }
        made.extend(self.roles.iter().filter_map(|named| role(world, place, named)));
        for name in &self.namespaces {
            if cloud_map::namespace_arn(world.region(place), name).is_none() {
                cloud_map::ensure_namespace(world, place, name);
                made.push(format!("namespace {name}"));
            }
        }
        made.extend(self.shared.provide(world, place, self.network.as_ref()));
        made.extend(self.tasks.iter().filter_map(|(named, task)| register(world, place, named, task)));
        made
    }
}

/// Adds a public hosted zone, unless one of that name exists; returns whether it was added.
///
/// # Errors
/// Route 53's refusal, as text.
pub fn zone(world: &mut World, place: &Place, domain: &str) -> Result<bool, String> {
    let ask = |world: &mut World, operation: &str, input: Value| {
        services::call(world, place, "route53", operation, input).map_err(|refusal| refusal.message)
    };
    let name = format!("{}.", domain.trim_end_matches('.').to_lowercase());
    let found = ask(world, "ListHostedZonesByName", json!({ "DNSName": name, "MaxItems": "1" }))?;
    if found["HostedZones"][0]["Name"] == name.as_str() {
        return Ok(false);
    }
    let reference = format!("evenkeel sim zone {}", world.now.iso());
    ask(world, "CreateHostedZone", json!({ "Name": name, "CallerReference": reference }))?;
    Ok(true)
}

/// Adds a role, unless it exists; its name.
fn role(world: &mut World, place: &Place, named: &str) -> Option<String> {
    let whole = named.split_once(":role").map_or(named, |(_, path)| path);
    let (path, name) = whole.rsplit_once('/').unwrap_or_default();
    let name = if name.is_empty() { whole } else { name };
    let path = path.trim_matches('/');
    let path = if path.is_empty() { "/".to_owned() } else { format!("/{path}/") };
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": TRUSTED } }] });
    let input = json!({ "RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust.to_string() });
    services::call(world, place, "iam", "CreateRole", input).ok()?;
    let policy = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    let input = json!({ "RoleName": name, "PolicyArn": policy });
    drop(services::call(world, place, "iam", "AttachRolePolicy", input));
    // The role must be able to read the secrets and parameters of containers.
    let reads = ["ssm:GetParameters", "secretsmanager:GetSecretValue", "kms:Decrypt", "logs:CreateLogGroup"];
    let allow =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": reads, "Resource": "*" }] });
    let input = json!({ "RoleName": name, "PolicyName": "presupposed", "PolicyDocument": allow.to_string() });
    drop(services::call(world, place, "iam", "PutRolePolicy", input));
    Some(format!("role {name}"))
}

/// Registers a task definition under a name, unless it is there; what was made.
fn register(world: &mut World, place: &Place, named: &str, task: &Value) -> Option<String> {
    let last = named.rsplit('/').next().unwrap_or(named);
    let (family, revision) = last.split_once(':').unwrap_or((last, "1"));
    let revision = revision.parse::<u32>().ok().filter(|revision| *revision <= MOST_REVISIONS)?;
    let there = services::call(world, place, "ecs", "DescribeTaskDefinition", json!({ "taskDefinition": named }));
    if there.is_ok() {
        return None;
    }
    let mut input = task.clone();
    input["family"] = family.into();
    for _ in 0..revision {
        let reply = services::call(world, place, "ecs", "RegisterTaskDefinition", input.clone()).ok()?;
        if reply["taskDefinition"]["revision"].as_u64() >= Some(u64::from(revision)) {
            break;
        }
    }
    Some(format!("task definition {family}:{revision}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Moment;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_is_missing_is_added_once() {
        let (mut world, place) = (World::new(7, Moment::wall()), Place::new("123456789012", "eu-west-1"));
        let container = json!([{ "name": "app", "image": "nginx", "memory": 64 }]);
        let wanted = Wanted {
            zones: set(&["a.example"]),
            parameters: set(&["/db/password"]),
            secrets: set(&["arn:aws:secretsmanager:eu-west-1:123456789012:secret:db"]),
            roles: set(&["arn:aws:iam::123456789012:role/team/exec", "run"]),
            namespaces: set(&["shared"]),
            tasks: [("web:2".to_owned(), json!({ "containerDefinitions": container }))].into(),
            ..Wanted::default()
        };
        let made = wanted.provide(&mut world, &place);
        let expected = [
            "hosted zone a.example",
            "parameter /db/password",
            "secret db",
            "role exec",
            "role run",
            "namespace shared",
            "task definition web:2",
        ];
        assert_eq!(made, expected);
        assert!(wanted.provide(&mut world, &place).is_empty(), "it is there");
        let role = services::call(&mut world, &place, "iam", "GetRole", json!({ "RoleName": "exec" })).unwrap();
        assert_eq!(role["Role"]["Arn"], "arn:aws:iam::123456789012:role/team/exec");
    }

    #[test]
    fn revisions_without_end_are_not_made() {
        let (mut world, place) = (World::new(7, Moment::wall()), Place::new("123456789012", "eu-west-1"));
        let wanted = Wanted { tasks: [("web:101".to_owned(), json!({}))].into(), ..Wanted::default() };
        assert!(wanted.provide(&mut world, &place).is_empty());
    }
}
