//! Things that AWS itself or another controller runs: whose they are, by tags that nobody else writes and by names that nobody else gives.
//! Such a thing is never taken over, changed or deleted, whatever other tags it carries: who runs it would undo the change, or
//! miss what is gone. Data and one question; knows no service.

use evenkeel_core::snapshot::{Live, Owner};

use crate::tags::Tags;

/// The tag by which ECS tells what it has made for Express Mode, gateways and managed instances: load balancers, groups, certificates.
pub const ECS: (&str, &str) = ("AmazonECSManaged", "true");

/// How a tag tells.
enum Tells {
    /// By this key and this value.
    Pair(&'static str, &'static str),
    /// By this key; the value is part of the words.
    Key(&'static str),
    /// By this beginning of a key and this value; the rest of the key is part of the words.
    Start(&'static str, &'static str),
}

/// Tags, and whose a thing with them is. `{}` stands for what the tag names.
const TAGS: &[(Tells, &str)] = &[
    (Tells::Pair(ECS.0, ECS.1), "Amazon ECS"),
    (Tells::Key("aws:cloudformation:stack-name"), "the CloudFormation stack {}"),
    (Tells::Key("aws:secretsmanager:owningService"), "the service {}"),
    (Tells::Key("elasticbeanstalk:environment-name"), "the Elastic Beanstalk environment {}"),
    (Tells::Key("elbv2.k8s.aws/cluster"), "the AWS Load Balancer Controller of the Kubernetes cluster {}"),
    (Tells::Start("kubernetes.io/cluster/", "owned"), "the Kubernetes cluster {}"),
    (Tells::Start("kubernetes.io/service-name", ""), "a Kubernetes service"),
];

/// Kinds, beginnings of names, and whose a thing of such a name is.
const NAMES: &[(&str, &str, &str)] = &[
    ("load_balancer", "ecs-express-gateway-alb-", "Amazon ECS"),
    ("secret", "rds!", "Amazon RDS"),
    ("secret", "events!", "Amazon EventBridge"),
    ("secret", "appflow!", "Amazon AppFlow"),
];

/// Kinds of things that carry ECS's tag although they are somebody's own: ECS marks the group that it scales.
const OWN: &[&str] = &["auto_scaling_group", "launch_template"];

/// Who runs a thing of this kind with these tags, if it is neither us nor nobody.
pub fn of(tags: &Tags, kind: &str) -> Option<String> {
    let told = |tells: &Tells| match tells {
        Tells::Pair(key, value) => (tags.get(*key)? == value && !OWN.contains(&kind)).then(String::new),
        Tells::Key(key) => tags.get(*key).cloned(),
        Tells::Start(start, value) => {
            let found = tags.iter().find(|(key, has)| key.starts_with(start) && (value.is_empty() || has == value))?;
            Some(found.0.trim_start_matches(start).to_owned())
        }
    };
    TAGS.iter().find_map(|(tells, words)| Some(words.replacen("{}", &told(tells)?, 1)))
}

/// Who runs a thing of this kind and this name, if the name tells.
pub fn named(kind: &str, name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(of, start, _)| *of == kind && name.starts_with(start)).map(|(.., by)| *by)
}

/// A thing of this kind, with whoever its name tells to run it as its owner, unless that is told already.
pub fn told(kind: &str, live: Live) -> Live {
    match named(kind, &live.name) {
        Some(by) if !matches!(live.owner, Owner::Ours(_) | Owner::Managed { .. }) => {
            Live { owner: Owner::Managed { by: by.to_owned(), mark: None }, ..live }
        }
        _ => live,
    }
}

/// Tags that forge each sort of thing, for tests that walk all kinds.
pub fn samples() -> Vec<(String, String)> {
    let sample = |(tells, _): &(Tells, &str)| match tells {
        Tells::Pair(key, value) => ((*key).to_owned(), (*value).to_owned()),
        Tells::Key(key) => ((*key).to_owned(), "legacy".to_owned()),
        Tells::Start(start, value) => (format!("{start}legacy"), (*value).to_owned()),
    };
    TAGS.iter().map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(pairs: &[(&str, &str)], kind: &str) -> Option<String> {
        of(&pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(), kind)
    }

    #[test]
    fn tags_tell_whose_a_thing_is() {
        assert_eq!(who(&[("AmazonECSManaged", "true")], "load_balancer").as_deref(), Some("Amazon ECS"));
        assert_eq!(who(&[("AmazonECSManaged", "")], "load_balancer"), None);
        assert_eq!(who(&[("AmazonECSManaged", "true")], "auto_scaling_group"), None);
        let stack = who(&[("aws:cloudformation:stack-name", "legacy"), ("team", "a")], "role");
        assert_eq!(stack.as_deref(), Some("the CloudFormation stack legacy"));
        let cluster = who(&[("kubernetes.io/cluster/prod", "owned")], "security_group");
        assert_eq!(cluster.as_deref(), Some("the Kubernetes cluster prod"));
        assert_eq!(who(&[("kubernetes.io/cluster/prod", "shared")], "subnet"), None);
        assert_eq!(who(&[("team", "a")], "role"), None);
        assert_eq!(named("secret", "rds!db-1"), Some("Amazon RDS"));
        assert_eq!(named("load_balancer", "web"), None);
    }

    #[test]
    fn each_sample_is_told() {
        for (key, value) in samples() {
            assert!(who(&[(&key, &value)], "role").is_some(), "{key}");
        }
    }
}
