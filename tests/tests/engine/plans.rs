//! Plans as stories: a stack, what is live, what is to be done, in which order, and why.

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::plan::{Action, HeldBecause, Obstacle, Reason, Remark, Verb};
use evenkeel_core::saved::{Place, SavedPlan, Side};
use evenkeel_core::snapshot::{ForeignMember, Owner};
use evenkeel_tests::lab::{Lab, id_of};
use serde_json::json;

/// Where a step stands; it has to be there.
fn at(steps: &[String], step: &str) -> usize {
    steps.iter().position(|it| it == step).unwrap_or_else(|| panic!("{step} is not in {steps:?}"))
}

fn held(lab: &Lab) -> Vec<String> {
    evenkeel_tests::held::held(&lab.plan())
}

#[test]
fn everything_is_created_once_and_then_nothing() {
    let lab = Lab::shop();
    let steps = lab.steps();
    assert_eq!(steps.len(), 12, "{steps:?}");
    assert!(at(&steps, "create group.alb") < at(&steps, "create rules.app"));
    assert!(at(&steps, "create listener.web") < at(&steps, "create service.app"));
    let ran = lab.apply().done();
    // The service waits for the cluster, the listener does not wait for the load balancer.
    let plan = &ran.plan;
    let wait = |node: &str| plan.steps.iter().find(|s| s.verb() == Verb::Wait && s.node.to_string() == node).unwrap();
    let create =
        |node: &str| plan.steps.iter().find(|s| s.verb() == Verb::Create && s.node.to_string() == node).unwrap();
    assert!(create("service.app").after.contains(&wait("cluster.main").id));
    assert!(!create("listener.web").after.contains(&wait("balancer.web").id));
    lab.is_converged();
    assert!(lab.plan().steps.is_empty());
    assert_eq!(lab.plan().unchanged, 12);
}

#[test]
fn a_changed_field_is_updated_and_nothing_else() {
    let mut lab = Lab::applied();
    lab.edit("target.web", "path", "/health");
    let plan = lab.plan();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.steps[0].why, Reason::Differs(vec!["path".to_owned()]));
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn drift_is_put_right() {
    let lab = Lab::applied();
    lab.fake.state().world.of_mut("cluster.main").unwrap().doc["insights"] = json!("off");
    assert_eq!(lab.steps(), ["update cluster.main"]);
    lab.apply().done();
    assert_eq!(lab.fake.state().world.of("cluster.main").unwrap().1.doc["insights"], "on");
}

#[test]
fn create_first_takes_the_next_name_and_points_users_to_it() {
    let mut lab = Lab::applied();
    for (port, name) in [(81, "shop-web-2"), (82, "shop-web-3"), (83, "shop-web-4")] {
        lab.edit("target.web", "port", port);
        let steps = lab.steps();
        let (made, gone) = (at(&steps, "replace target.web"), at(&steps, "retire target.web"));
        for user in ["update listener.web", "update service.app"] {
            assert!(made < at(&steps, user) && at(&steps, user) < gone, "{steps:?}");
        }
        let forced = &lab.plan().steps[made];
        assert_eq!((&forced.why, forced.name.as_str()), (&Reason::Immutable("port".to_owned()), name));
        lab.apply().done();
        assert_eq!(lab.refusals(ErrorClass::InUse), 0);
        lab.is_converged();
        assert_eq!(lab.fake.state().world.of("target.web").unwrap().1.name, name);
    }
}

#[test]
fn delete_first_waits_until_the_old_one_is_gone() {
    let mut lab = Lab::applied();
    lab.edit("service.app", "launch", "ec2");
    let plan = lab.plan();
    let verbs: Vec<Verb> = plan.steps.iter().map(|step| step.verb()).collect();
    assert_eq!(verbs, [Verb::Retire, Verb::Wait, Verb::Replace, Verb::Wait]);
    lab.apply().done();
    assert_eq!(lab.refusals(ErrorClass::InUse), 0);
    lab.is_converged();
}

#[test]
fn what_uses_a_thing_that_makes_room_changes_after_it() {
    // A cluster is deleted first; its service holds on to it and has to go before, whatever its own order.
    let mut lab = Lab::applied();
    lab.edit("cluster.main", "kind", "ec2");
    let steps = lab.steps();
    assert_eq!(
        steps,
        ["retire service.app", "retire cluster.main", "replace cluster.main", "replace service.app"],
        "{steps:?}"
    );
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn members_are_remade_with_their_parent() {
    let mut lab = Lab::applied();
    lab.edit("balancer.web", "scheme", "internal");
    let steps = lab.steps();
    assert!(!steps.contains(&"retire listener.web".to_owned()), "it goes with its load balancer: {steps:?}");
    assert!(at(&steps, "replace listener.web") < at(&steps, "retire balancer.web"));
    assert!(at(&steps, "update zone.example") < at(&steps, "retire balancer.web"));
    let plan = lab.plan();
    let retired = plan.steps.iter().find(|step| step.verb() == Verb::Retire).unwrap();
    assert!(matches!(&retired.action, Action::Delete { with, .. } if with[0].to_string() == "listener.web"));
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn a_revision_leaves_the_old_one_and_moves_the_service() {
    let mut lab = Lab::applied();
    lab.edit("task.app", "image", "app:2");
    assert_eq!(lab.steps(), ["revise task.app", "update service.app"]);
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn what_left_the_file_goes_after_its_users() {
    let mut lab = Lab::applied();
    lab.drop_nodes(&["listener.web", "target.web", "service.app"]);
    let steps = lab.steps();
    assert_eq!(at(&steps, "delete target.web"), 2, "{steps:?}");
    lab.apply().done();
    assert_eq!(lab.refusals(ErrorClass::InUse), 0);
    lab.is_converged();
}

#[test]
fn the_leftover_of_an_interrupted_replacement_goes() {
    let mut lab = Lab::applied();
    lab.edit("target.web", "port", 81);
    lab.apply_with_fault(None, 1, evenkeel_tests::fake::Mishap::KillAfter);
    let steps = lab.steps();
    assert_eq!(steps.last().unwrap(), "retire target.web", "{steps:?}");
    assert!(!steps.contains(&"replace target.web".to_owned()), "the new one is there: {steps:?}");
    assert!(lab.plan().steps.iter().any(|step| step.why == Reason::LeftOver));
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn groups_in_a_circle_lose_their_rules_first() {
    let mut lab = Lab::applied();
    lab.options.destroy = true;
    let steps = lab.steps();
    let groups = [at(&steps, "delete group.alb"), at(&steps, "delete group.app")];
    for rules in ["delete rules.alb", "delete rules.app"] {
        assert!(groups.iter().all(|group| at(&steps, rules) < *group), "{steps:?}");
    }
    lab.apply().done();
    assert_eq!(lab.refusals(ErrorClass::InUse), 0);
    assert_eq!(lab.shape().len(), 1, "only the network is left: {:?}", lab.shape());
}

#[test]
fn a_moved_entry_changes_its_mark_and_nothing_else() {
    let mut lab = Lab::applied();
    let mut moved = lab.nodes.remove("zone.example").unwrap();
    moved.id = "zone.site".parse().unwrap();
    moved.moved_from = Some("zone.example".parse().unwrap());
    lab.nodes.insert("zone.site".to_owned(), moved);
    assert_eq!(lab.steps(), ["update zone.site"]);
    assert_eq!(lab.plan().steps[0].why, Reason::Moved("zone.example".parse().unwrap()));
    lab.apply().done();
    assert!(lab.fake.state().calls[0].changes.is_empty());
    lab.is_converged();
}

#[test]
fn a_protected_entry_is_not_replaced_without_consent() {
    let mut lab = Lab::applied();
    lab.node("target.web").protect = true;
    lab.edit("target.web", "port", 81);
    assert!(lab.steps().is_empty());
    assert_eq!(lab.plan().held[0].why, HeldBecause::Protected);
    lab.options.consent.insert("target.web".parse().unwrap());
    assert_eq!(lab.steps()[0], "replace target.web");
}

#[test]
fn data_is_not_lost_without_consent() {
    let mut lab = Lab::applied();
    lab.edit("log.app", "class", "cheap");
    assert_eq!(lab.plan().held[0].why, HeldBecause::Data("3 MB of logs".to_owned()));
    lab.drop_nodes(&["log.app", "task.app", "service.app"]);
    assert_eq!(held(&lab), ["delete log.app"]);
    assert!(!lab.steps().contains(&"delete log.app".to_owned()));
    lab.options.consent.insert("log.app".parse().unwrap());
    assert!(lab.steps().contains(&"delete log.app".to_owned()));
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn a_destruction_leaves_what_is_protected_and_what_that_needs() {
    let mut lab = Lab::applied();
    lab.options.destroy = true;
    lab.options.protected.insert("listener.web".parse().unwrap());
    let steps = lab.steps();
    // The group lets the app's group in, so that stays too; and what stays for its users keeps its rules.
    let all = ["listener.web", "balancer.web", "target.web", "group.alb", "group.app", "rules.alb", "rules.app"];
    for kept in all {
        assert!(!steps.contains(&format!("delete {kept}")), "{kept} stays: {steps:?}");
    }
    assert_eq!(held(&lab).len(), all.len(), "{:?}", held(&lab));
    lab.apply().done();
    assert!(lab.fake.state().world.of("listener.web").is_some());
}

#[test]
fn a_foreign_thing_of_the_same_name_is_a_conflict_until_it_is_adopted() {
    let mut lab = Lab::shop();
    lab.fake.state().world.put("cluster", "shop", Owner::Nobody, json!({ "insights": "off", "kind": "fargate" }));
    let plan = lab.plan();
    assert_eq!(plan.conflicts[0].adopt, "cluster.main");
    assert!(!lab.steps().iter().any(|step| step.contains("service.app")), "what needs it is held");
    lab.options.adopt.insert("cluster.main".to_owned());
    assert!(lab.steps().contains(&"adopt cluster.main".to_owned()));
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn the_thing_of_another_stack_is_named_with_its_stack() {
    let lab = Lab::shop();
    let other = Owner::OtherStack("other".to_owned());
    lab.fake.state().world.put("target", "shop-web", other, json!({ "port": 1, "path": "/" }));
    let conflict = &lab.plan().conflicts[0];
    assert_eq!(conflict.stack.as_deref(), Some("other"));
    assert_eq!(conflict.obstacle, Some(Obstacle::OfStack("other".to_owned())));
}

#[test]
fn a_foreign_member_is_a_conflict_until_it_is_adopted() {
    let mut lab = Lab::applied();
    let theirs = ForeignMember {
        key: "api/A".to_owned(),
        list: "records".to_owned(),
        same: vec!["name".to_owned(), "type".to_owned()],
        have: json!({ "name": "api", "type": "A", "to": "192.0.2.1" }),
        stack: None,
    };
    lab.fake.state().world.of_mut("zone.example").unwrap().foreign.push(theirs);
    assert!(lab.steps().is_empty(), "it is let be as long as nothing of ours is wanted there");
    let www = lab.nodes["zone.example"].want["records"][0].clone();
    lab.edit("zone.example", "records", json!([www, { "name": "api", "type": "A", "to": "198.51.100.1" }]));
    assert_eq!(lab.plan().conflicts[0].adopt, "zone.example/api/A");
    lab.options.adopt.insert("zone.example/api/A".to_owned());
    assert_eq!(lab.steps(), ["update zone.example"]);
    let takes = |note: &evenkeel_core::plan::Note| note.remark == Remark::TakesOver("api/A".to_owned());
    assert!(lab.plan().notes.iter().any(takes), "{:?}", lab.plan().notes);
    // Even where the reply is lost, the member is taken over and not made anew.
    lab.apply_with_fault(None, 1, evenkeel_tests::fake::Mishap::Refuse(ErrorClass::Unknown)).done();
    assert!(lab.fake.state().world.of("zone.example").unwrap().1.foreign.is_empty());
    lab.is_converged();
}

#[test]
fn what_cannot_be_read_holds_what_needs_it_and_every_deletion() {
    let mut lab = Lab::applied();
    let denied = CloudError::local(ErrorClass::Denied, "DescribeTargetGroups", "no");
    lab.fake.state().world.unreadable.insert("target".to_owned(), denied);
    lab.drop_nodes(&["zone.example"]);
    lab.edit("balancer.web", "scheme", "internal").edit("cluster.main", "insights", "off");
    let held = held(&lab);
    for node in ["anything target.web", "anything listener.web", "anything service.app", "delete zone.example"] {
        assert!(held.contains(&node.to_owned()), "{node}: {held:?}");
    }
    let steps = lab.steps();
    assert!(steps.contains(&"update cluster.main".to_owned()));
    assert!(steps.iter().all(|step| !step.starts_with("delete") && !step.starts_with("retire")), "{steps:?}");
}

#[test]
fn a_target_takes_what_it_needs_and_leaves_the_rest() {
    let mut lab = Lab::shop();
    lab.options.target.insert("listener.web".parse().unwrap());
    assert_eq!(lab.steps(), ["create group.alb", "create balancer.web", "create target.web", "create listener.web"]);
    lab.apply().done();
    lab.options.target.clear();
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn a_target_does_not_pull_a_thing_from_under_those_left_out() {
    let mut lab = Lab::applied();
    lab.edit("target.web", "port", 81);
    lab.options.target.insert("target.web".parse().unwrap());
    // Half of a movement of traffic would end in the middle of it.
    assert_eq!(lab.steps(), [""; 0]);
    assert!(held(&lab).contains(&"anything target.web".to_owned()), "{:?}", held(&lab));
    assert!(lab.plan().blocked());
    lab.options.target.clear();
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn a_delegated_field_is_told_and_not_fought_over() {
    let mut lab = Lab::applied();
    lab.node("service.app").delegated.insert("count".to_owned(), "autoscaling".to_owned());
    lab.fake.state().world.of_mut("service.app").unwrap().doc["count"] = json!(7);
    let plan = lab.plan();
    assert!(plan.steps.is_empty());
    let managed = Remark::Managed { path: "count".to_owned(), by: "autoscaling".to_owned(), now: Some(json!(7)) };
    assert_eq!(plan.notes[0].remark, managed);
    lab.edit("service.app", "launch", "ec2");
    lab.apply().done();
    assert_eq!(lab.fake.state().world.of("service.app").unwrap().1.doc["count"], 7, "a replacement keeps it");
}

#[test]
fn a_delegated_number_below_its_least_is_ours_again() {
    let mut lab = Lab::applied();
    let node = lab.node("service.app");
    let wanted = node.want["count"].as_u64().unwrap();
    node.delegated.insert("count".to_owned(), "autoscaling".to_owned());
    node.at_least.insert("count".to_owned(), 1);
    lab.fake.state().world.of_mut("service.app").unwrap().doc["count"] = json!(0);
    lab.apply().done();
    assert_eq!(lab.fake.state().world.of("service.app").unwrap().1.doc["count"], wanted);
    lab.is_converged();
}

#[test]
fn an_informational_field_is_told_and_let_be() {
    let mut lab = Lab::applied();
    lab.edit("group.alb", "description", "another");
    assert!(lab.steps().is_empty());
    assert!(matches!(lab.plan().notes[0].remark, Remark::Fixed { .. }));
}

#[test]
fn a_lookup_that_finds_nothing_holds_what_needs_it() {
    let lab = Lab::shop();
    lab.fake.state().world.things.clear();
    let plan = lab.plan();
    assert!(plan.held.iter().any(|held| held.why == HeldBecause::NotFound("the network main".to_owned())));
    assert!(!lab.steps().contains(&"create group.alb".to_owned()));
}

#[test]
fn what_is_under_way_is_waited_for() {
    let mut lab = Lab::shop();
    lab.options.no_wait = true;
    lab.apply().done();
    lab.options.no_wait = false;
    lab.fake.state().world.of_mut("balancer.web").unwrap().ready_at = std::time::Duration::from_secs(9999);
    lab.drop_nodes(&["listener.web"]);
    lab.node("service.app").needs.clear();
    lab.edit("balancer.web", "scheme", "public");
    lab.apply_with(&evenkeel_core::execute::Stop::default(), |_| ());
    let plan = lab.plan();
    assert!(!plan.has_changes(), "{:?}", plan.steps);
    assert_eq!(plan.steps.len(), 1);
    assert!(matches!(plan.steps[0].why, Reason::UnderWay(_)));
    lab.options.no_wait = true;
    assert!(lab.plan().steps.is_empty());
}

#[test]
fn a_saved_plan_survives_and_names_what_moved() {
    let mut lab = Lab::applied();
    lab.edit("target.web", "path", "/health").drop_nodes(&["zone.example"]);
    let graph = lab.graph();
    let saved = SavedPlan::new(&graph, None, &lab.options, &lab.plan(), Place::default());
    let read = SavedPlan::from_json(&saved.to_json().unwrap()).unwrap();
    assert_eq!(read, saved);
    assert!(read.moved(&lab.plan()).is_empty());
    let moved = |change: &dyn Fn(&Lab)| -> Vec<String> {
        let before = lab.fake.state().world.clone();
        change(&lab);
        let snapshot = lab.fake.snapshot(&read.graph);
        let fresh = evenkeel_core::plan::plan(&lab.kinds, &read.graph, &snapshot, &read.options);
        let moved = read.moved(&fresh);
        lab.fake.state().world = before;
        let is = |side: &Side| if let Side::Value(value) = side { value.to_string() } else { format!("{side:?}") };
        moved.iter().map(|moved| format!("{} {}: {}", moved.node, moved.path, is(&moved.is))).collect()
    };
    let path = json!("/other");
    assert_eq!(
        moved(&|lab| lab.fake.state().world.of_mut("target.web").unwrap().doc["path"] = path.clone()),
        ["target.web path: \"/other\""]
    );
    assert!(
        moved(&|lab| lab.fake.state().world.of_mut("target.web").unwrap().owner = Owner::Nobody)
            .iter()
            .any(|line| line.starts_with("target.web : Conflict("))
    );
    assert_eq!(
        moved(&|lab| lab.fake.state().world.of_mut("zone.example").unwrap().doc = json!({})),
        ["zone.example records: null"]
    );
    let gone = |lab: &Lab| {
        let id = lab.fake.state().world.of("zone.example").unwrap().0.clone();
        lab.fake.state().world.things.remove(&id);
    };
    assert_eq!(moved(&gone), ["zone.example : Nothing"]);
    let other = saved.to_json().unwrap().replace("\"version\": 1", "\"version\": 2");
    assert!(SavedPlan::from_json(&other).unwrap_err().to_string().contains("plan again"));
}

#[test]
fn dropping_what_something_held_still_uses_is_held() {
    let mut lab = Lab::applied();
    lab.edit("log.app", "class", "cheap");
    lab.edit("service.app", "groups", json!([id_of("group.alb")]));
    let denied = CloudError::local(ErrorClass::Denied, "DescribeTaskDefinition", "no");
    lab.fake.state().world.unreadable.insert("task".to_owned(), denied);
    lab.drop_nodes(&["group.app", "rules.app", "rules.alb"]);
    assert!(lab.steps().is_empty(), "{:?}", lab.steps());
}
