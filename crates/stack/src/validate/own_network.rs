//! A network of the stack's own and what is put into it: load balancers and databases that need more zones or another tier than it has,
//! and tasks in subnets from which they do not get at their images, logs and secrets. What AWS would refuse is an error; what ends in a
//! deployment that fails is a warning.

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::id::NodeId;
use serde_json::Value;

use super::super::model::{Nat, OwnNetwork, Service, Stack};
use super::super::sections::Ctx;

/// Checks a whole file.
pub(super) fn check(ctx: &Ctx<'_>, stack: &Stack) {
    let Some(own) = &stack.network.create else { return };
    for (name, balancer) in stack.load_balancers.iter().filter(|(_, balancer)| balancer.existing.is_none()) {
        if balancer.subnets.is_some() || !balancer.subnet_mappings.is_empty() {
            continue;
        }
        let place = &balancer.meta.place;
        if balancer.scheme == "internet-facing" && own.public.is_empty() {
            let summary = format!("load balancer `{name}` faces the internet, and the network has no public subnets");
            let help = "Write scheme: internal, or give the network `public` subnets.";
            let error = Diagnostic::error("contradiction", summary, Some(place.clone()));
            ctx.problems.push(error.related(own.place.clone(), "its network").help(help));
        }
        if !balancer.is_network() {
            zones(ctx, own, place, (&format!("load balancer `{name}`"), "An application load balancer"));
        }
    }
    for (name, database) in stack.databases.iter().filter(|(_, database)| database.subnets.is_none()) {
        if database.subnet_group.is_none() {
            zones(ctx, own, &database.meta.place, (&format!("database `{name}`"), "A subnet group of RDS"));
        }
    }
    for (name, service) in stack.services.iter().filter(|(_, service)| service.awsvpc && service.subnets.is_none()) {
        ways(ctx, own, name, service);
    }
}

fn zones(ctx: &Ctx<'_>, own: &OwnNetwork, place: &Place, (what, rule): (&str, &str)) {
    if own.zones.count() > 1 {
        return;
    }
    let summary = format!("{what} has subnets in only one availability zone");
    let error = Diagnostic::error("one-zone", summary, Some(place.clone()));
    let help = format!("{rule} needs at least two subnets in two availability zones. Write zones: 2 in the network.");
    ctx.problems.push(error.related(own.place.clone(), "its subnets come from here").help(help));
}

/// What tasks have to get at, and do not.
fn ways(ctx: &Ctx<'_>, own: &OwnNetwork, name: &str, service: &Service) {
    let public = own.public.is_empty();
    let told = match (service.assign_public_ip, public, own.private.is_empty()) {
        (true, true, _) => {
            let why = "a public address leads nowhere, because the network has no public subnets";
            Some((why.to_owned(), "Remove `assign_public_ip`, or give the network `public` subnets.".to_owned()))
        }
        (false, false, true) => {
            let why = "no public address in public subnets";
            Some((why.to_owned(), "Write assign_public_ip: true, or give the network `private` subnets.".to_owned()))
        }
        (false, _, false) if own.nat == Nat::None => lacking(own, service),
        _ => None,
    };
    let Some((why, help)) = told else { return };
    let summary = format!("tasks of service `{name}` do not get at what they need: {why}");
    let warning = Diagnostic::warning("unreachable", summary, Some(service.meta.place.clone()));
    let warning = warning.related(own.place.clone(), "its network").help(help);
    ctx.problems.push(warning.about(NodeId::new("service", name)));
}

/// What tasks in private subnets without NAT have no endpoint for.
fn lacking(own: &OwnNetwork, service: &Service) -> Option<(String, String)> {
    let task = service.runs.ours()?;
    let containers: Vec<&Value> = task.document["containerDefinitions"].as_array().into_iter().flatten().collect();
    let elsewhere = containers.iter().filter_map(|container| container["image"].as_str()).find(|image| !is_ecr(image));
    if let Some(image) = elsewhere {
        let why =
            format!("{image} comes from a registry on the internet, and private subnets without NAT have no way there");
        let help = "Write nat: one in the network, or keep the image in a repository of ECR.";
        return Some((why, help.to_owned()));
    }
    let secrets = || containers.iter().flat_map(|container| container["secrets"].as_array().into_iter().flatten());
    let source = |secret: &Value| secret["valueFrom"].to_string();
    let manager = |secret: &Value| source(secret).contains("secretsmanager") || source(secret).contains("secret.");
    let needs = [
        ("images", &["ecr", "s3"][..], true),
        ("logs", &["logs"][..], containers.iter().any(|one| one["logConfiguration"]["logDriver"] == "awslogs")),
        ("secrets", &["secrets_manager"][..], secrets().any(manager)),
        ("parameters", &["ssm"][..], secrets().any(|secret| !manager(secret))),
        ("sessions of `exec`", &["ssmmessages"][..], service.execute_command),
    ];
    let mut missing: Vec<&str> = Vec::new();
    let mut what: Vec<&str> = Vec::new();
    for (noun, words, _) in needs.iter().filter(|(_, _, needed)| *needed) {
        let lacks: Vec<&str> = words.iter().copied().filter(|word| !own.has_endpoint(word)).collect();
        if !lacks.is_empty() {
            what.push(noun);
            missing.extend(lacks);
        }
    }
    if missing.is_empty() {
        return None;
    }
    let why = format!("private subnets without NAT have no endpoint for their {}", what.join(", "));
    let help = format!("Add {} to `endpoints` of the network, or write nat: one.", missing.join(", "));
    Some((why, help))
}

/// Whether an image is in a registry of ECR that the endpoints lead to; what another entry tells is.
fn is_ecr(image: &str) -> bool {
    image.contains(".dkr.ecr.") || image.contains(".dkr-ecr.")
}
