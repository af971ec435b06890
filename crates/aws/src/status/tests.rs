//! Which part decides how a stack does, and how targets count.

use evenkeel_core::error::ErrorClass;

use super::*;
use crate::services::elb::health::{Group, Target};

fn resource(state: State) -> Resource {
    let id = NodeId::new("service", "web");
    Resource { id, name: "shop-web".to_owned(), state, words: String::new(), expires: None }
}

fn status(states: &[State]) -> Status {
    let service = |state: &State| Service { resource: resource(*state), doing: None };
    Status {
        stack: "shop".to_owned(),
        region: "eu-west-1".to_owned(),
        wanted: 2,
        missing: Vec::new(),
        services: states.iter().map(service).collect(),
        resources: Vec::new(),
        next_steps: Vec::new(),
        unread: Vec::new(),
    }
}

#[test]
fn the_worst_part_decides() {
    assert_eq!(status(&[]).state(), State::Healthy);
    assert_eq!(status(&[State::Healthy, State::Pending]).state(), State::Pending);
    assert_eq!(status(&[State::Failing, State::Pending]).state(), State::Failing);
    let mut part = status(&[State::Healthy]);
    part.missing = vec!["cluster.main".to_owned()];
    assert!(!part.is_absent() && part.state() == State::Missing);
    part.missing.push("log_group.app".to_owned());
    assert!(part.is_absent());
    let error = CloudError::local(ErrorClass::Denied, "ecs:DescribeServices", "no");
    let unread = |what: &str| Unread { what: what.to_owned(), error: error.clone() };
    part.unread = together(vec![unread("service"), unread("task_definition")]);
    assert_eq!(part.unread, [unread("service, task_definition")], "one reason is told once");
    assert_eq!(part.state(), State::Unknown, "what is not known is neither there nor healthy");
}

#[test]
fn a_service_whose_targets_fail_is_not_healthy_and_one_that_nobody_saw_neither() {
    let target = |state: &str| Target {
        id: "10.0.0.1:80".to_owned(),
        state: state.to_owned(),
        reason: String::new(),
        words: String::new(),
    };
    let with = |healthy: usize, others: Vec<Target>| {
        let group = Group { name: "web".to_owned(), healthy, others };
        let doing = Doing { desired: 2, running: 2, target_groups: vec![group], ..Doing::default() };
        of_service(resource(State::Healthy), Some(doing)).resource
    };
    assert_eq!(with(2, vec![target("draining")]).state, State::Healthy);
    assert_eq!(with(1, vec![target("initial")]).state, State::Pending);
    let failing = with(1, vec![target("unhealthy")]);
    assert_eq!(
        (failing.state, failing.words.as_str()),
        (State::Failing, "2 of 2 tasks running; 1 of 2 targets healthy in web")
    );
    assert_eq!(with(0, Vec::new()).state, State::Failing, "nothing is registered");
    assert_eq!(of_service(resource(State::Healthy), None).resource.state, State::Unknown);
    assert_eq!(of_service(resource(State::Missing), None).resource.state, State::Missing);
}
