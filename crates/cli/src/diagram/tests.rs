//! Pictures of the shipped stacks, with something taken away: what no rule opens is drawn as closed, and a plan is drawn where it is.

use std::path::PathBuf;

use evenkeel_aws::architecture::{Architecture, Edge};
use evenkeel_aws::kinds;
use evenkeel_core::doc::Text;
use evenkeel_core::secret::Secrets;
use evenkeel_stack::model::Stack;
use evenkeel_stack::{LoadOptions, Loaded};

use super::build;
use super::model::Diagram;

fn stacks() -> Vec<(PathBuf, Stack)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let env =
        [("CERTIFICATE_ARN", "arn:aws:acm:ca-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555")];
    let options = LoadOptions {
        env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..LoadOptions::default()
    };
    let mut paths: Vec<PathBuf> = ["stacks", "examples"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    paths.sort();
    let load = |path: PathBuf| {
        let Loaded { stack, .. } = evenkeel_stack::load(&path, &options).unwrap();
        (path, stack)
    };
    paths.into_iter().map(load).collect()
}

fn diagram(stack: &Stack) -> Diagram {
    build::diagram(&Architecture::of(stack), &kinds::graph(stack, "eu-west-1").unwrap(), &Secrets::default())
}

fn closed(diagram: &Diagram) -> Vec<&Edge> {
    diagram.lines.iter().filter(|edge| edge.closed.is_some()).collect()
}

/// Whether anything of the stack is in a security group.
fn has_members(stack: &Stack, group: &str) -> bool {
    let is = |text: &Text| matches!(text, Text::From(from) if from.node.name() == group);
    let services = stack.services.values().map(|service| &service.security_groups);
    let databases = stack.databases.values().map(|database| &database.security_groups);
    let balancers = stack.load_balancers.values().map(|balancer| &balancer.security_groups);
    services.chain(databases).chain(balancers).flatten().any(is)
}

#[test]
fn every_way_of_a_shipped_stack_is_open() {
    for (path, stack) in stacks() {
        let diagram = diagram(&stack);
        assert_eq!(closed(&diagram), Vec::<&Edge>::new(), "{}", path.display());
    }
}

#[test]
fn a_rule_that_is_taken_away_closes_a_line_or_takes_it_away() {
    let mut taken = 0;
    for (path, stack) in stacks() {
        // The file does not tell which groups a load balancer of others is in.
        if stack.load_balancers.values().any(|balancer| balancer.existing.is_some()) {
            continue;
        }
        let whole = diagram(&stack);
        for (name, group) in &stack.security_groups {
            let ports: std::collections::BTreeSet<(i32, i32)> =
                group.ingress.iter().map(|rule| (rule.from_port, rule.to_port)).collect();
            for (from, to) in ports {
                let mut less = stack.clone();
                less.security_groups
                    .get_mut(name)
                    .unwrap()
                    .ingress
                    .retain(|rule| (rule.from_port, rule.to_port) != (from, to));
                let less = diagram(&less);
                let seen = less.lines != whole.lines;
                let reachable = has_members(&stack, name) && group.existing.is_none();
                assert_eq!(seen, reachable, "{}: {name} without {from} to {to}", path.display());
                taken += usize::from(seen);
            }
        }
    }
    assert!(taken > 20, "only {taken} rules");
}

#[test]
fn a_way_out_that_is_closed_is_told() {
    let (_, mut stack) = stacks().into_iter().find(|(path, _)| path.ends_with("stacks/cruddur.yaml")).unwrap();
    assert!(stack.security_groups["alb"].egress.iter().any(|rule| rule.protocol == "-1"), "AWS's own rule is there");
    stack.security_groups.get_mut("alb").unwrap().egress.clear();
    let drawn = diagram(&stack);
    let ways: Vec<String> = closed(&drawn).iter().map(|edge| format!("{} -> {}", edge.from, edge.to)).collect();
    assert_eq!(
        ways,
        ["target_group.backend -> service.backend-flask", "target_group.frontend -> service.frontend-react-js"]
    );
    assert_eq!(closed(&drawn)[0].closed.as_deref(), Some("security group alb lets nothing out to service on 4567"));
}
