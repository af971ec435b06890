//! Traffic never moves to what cannot serve: how a group, a load balancer or a listener in use is replaced, whatever cuts the
//! run short. Looked at after every event of every run: each group with a share is served.

use evenkeel_core::plan::{Gap, HeldBecause, Phase, Reason, Remark, Verb};
use evenkeel_core::snapshot::Owner;
use evenkeel_tests::fake::{Mishap, Op, World};
use evenkeel_tests::lab::{Lab, id_of};
use serde_json::{Value, json};

/// The groups that a listener gives a share without a service that registers in them.
fn unserved(world: &World) -> Vec<String> {
    let members = |doc: &Value, list: &str| doc[list].as_array().cloned().unwrap_or_default();
    let standing = || world.things.values().filter(|thing| thing.gone_at.is_none());
    let served: Vec<Value> = standing()
        .filter(|thing| thing.kind == "service")
        .flat_map(|thing| members(&thing.doc, "targets"))
        .map(|member| member["target_group"].clone())
        .collect();
    // A listener that nothing leads to any more, or not yet, carries nothing.
    let named: Vec<String> =
        standing().filter(|thing| thing.kind == "zone").map(|thing| thing.doc.to_string()).collect();
    let carries = |balancer: &str| named.iter().any(|doc| doc.contains(&format!("{balancer}.dns")));
    standing()
        .filter(|thing| thing.kind == "listener" && thing.doc["balancer"].as_str().is_some_and(carries))
        .flat_map(|thing| members(&thing.doc, "forward"))
        .filter(|member| member["weight"] != 0 && !served.contains(&member["target_group"]))
        .map(|member| member.to_string())
        .collect()
}

/// Applies; after every event each group with a share is served.
fn apply_watched(lab: &Lab) -> evenkeel_tests::lab::Ran {
    let fake = &lab.fake;
    lab.apply_with(&evenkeel_core::execute::Stop::default(), |event| {
        let gaps = unserved(&fake.state().world);
        assert!(gaps.is_empty(), "after {event:?}: {gaps:?}");
    })
}

const STEPS: [&str; 7] = [
    "replace target.web",
    "update listener.web",
    "update service.app",
    "update listener.web",
    "update service.app",
    "update listener.web",
    "retire target.web",
];

#[test]
fn a_group_in_use_is_replaced_in_steps() {
    let mut lab = Lab::applied();
    lab.edit("target.web", "port", 81);
    assert_eq!(lab.steps(), STEPS);
    let phases: Vec<Phase> = lab
        .plan()
        .steps
        .iter()
        .filter_map(|step| match step.why {
            Reason::Staged(phase) => Some(phase),
            _ => None,
        })
        .collect();
    use Phase::{Attach, Detach, Hold, Leave, Serve, Switch};
    assert_eq!(phases, [Attach, Serve, Switch, Hold, Leave, Detach]);
    apply_watched(&lab).done();
    lab.is_converged();
}

#[test]
fn wherever_a_replacement_is_cut_short_the_next_run_goes_on_without_a_gap() {
    let mut reached = 0;
    for what in [Mishap::KillBefore, Mishap::KillAfter] {
        for nth in 1.. {
            let mut lab = Lab::applied();
            lab.edit("target.web", "port", 81);
            lab.fake.state().faults = vec![evenkeel_tests::fake::Fault { op: None, nth, what }];
            let ran = apply_watched(&lab);
            if lab.fake.state().fired == 0 {
                ran.done();
                break;
            }
            reached += 1;
            lab.fake.state().faults.clear();
            apply_watched(&lab).done();
            lab.is_converged();
            let groups = lab.fake.state().world.things.values().filter(|thing| thing.kind == "target").count();
            assert_eq!(groups, 1, "killed at call {nth}: nothing is left over");
        }
    }
    assert!(reached > 20, "every call was cut short: {reached}");
}

#[test]
fn a_change_of_mind_in_the_middle_goes_on_without_a_gap() {
    for nth in 1..=6 {
        let mut lab = Lab::applied();
        lab.edit("target.web", "port", 81);
        lab.fake.state().faults =
            vec![evenkeel_tests::fake::Fault { op: Some(Op::Update), nth, what: Mishap::KillAfter }];
        apply_watched(&lab);
        lab.fake.state().faults.clear();
        lab.edit("target.web", "port", 80);
        apply_watched(&lab).done();
        lab.is_converged();
    }
}

#[test]
fn a_service_that_does_not_get_healthy_leaves_traffic_where_it_was() {
    let mut lab = Lab::applied();
    let before = lab.fake.state().world.of("target.web").unwrap().0.clone();
    lab.edit("target.web", "port", 81);
    lab.fake.state().world.unhealthy.insert("service.app".parse().unwrap(), "no task starts".to_owned());
    let ran = apply_watched(&lab);
    assert_eq!(ran.failed().len(), 1, "{:?}", ran.failed());
    let listener = lab.fake.state().world.of("listener.web").unwrap().1.doc["forward"].clone();
    let shares: Vec<Value> = listener.as_array().unwrap().iter().filter(|it| it["weight"] != 0).cloned().collect();
    assert_eq!(shares.len(), 1);
    assert_eq!(shares[0]["target_group"], json!(before), "the switch was not made");
    assert!(lab.fake.state().world.things.contains_key(&before), "the old group still stands");
    lab.fake.state().world.unhealthy.clear();
    apply_watched(&lab).done();
    lab.is_converged();
}

#[test]
fn even_without_waiting_traffic_moves_to_what_was_seen_to_serve() {
    let mut lab = Lab::applied();
    lab.options.no_wait = true;
    lab.edit("target.web", "port", 81);
    let plan = lab.plan();
    let switch = plan.steps.iter().find(|step| step.why == Reason::Staged(Phase::Switch)).unwrap();
    let waits: Vec<Verb> = switch.after.iter().filter_map(|id| plan.step(*id)).map(|step| step.verb()).collect();
    assert!(waits.contains(&Verb::Wait), "{waits:?}");
    apply_watched(&lab).done();
}

#[test]
fn another_protocol_interrupts_and_needs_consent() {
    let mut lab = Lab::applied();
    lab.edit("target.web", "protocol", "HTTPS");
    let plan = lab.plan();
    assert!(lab.steps().is_empty(), "{:?}", lab.steps());
    assert!(matches!(&plan.held[0].why, HeldBecause::Gap(Gap::Apart(field)) if field == "protocol"), "{:?}", plan.held);
    lab.options.consent.insert("target.web".parse().unwrap());
    let steps = lab.steps();
    assert_eq!(steps.iter().filter(|step| *step == "update service.app").count(), 1, "{steps:?}");
    lab.apply().done();
    lab.is_converged();
}

#[test]
fn a_group_that_carries_nothing_is_replaced_at_once() {
    let mut lab = Lab::applied();
    lab.drop_nodes(&["service.app", "listener.web"]);
    lab.apply().done();
    lab.edit("target.web", "protocol", "HTTPS");
    assert_eq!(lab.steps(), ["replace target.web", "retire target.web"]);
}

#[test]
fn moving_a_rule_to_another_entry_waits_until_that_is_served() {
    let mut lab = Lab::applied();
    let mut other = lab.nodes["target.web"].clone();
    other.id = "target.other".parse().unwrap();
    other.name = "shop-other".to_owned();
    lab.nodes.insert("target.other".to_owned(), other);
    lab.edit("listener.web", "forward", json!([{ "target_group": id_of("target.other"), "weight": 1 }]));
    lab.edit("service.app", "targets", json!([{ "target_group": id_of("target.other") }]));
    lab.drop_nodes(&["target.web"]);
    apply_watched(&lab).done();
    lab.is_converged();
}

#[test]
fn what_is_replaced_takes_only_its_own_with_it() {
    let mut lab = Lab::applied();
    lab.fake.state().world.of_mut("balancer.web").unwrap().inside = vec!["the listener on port 8080".to_owned()];
    lab.edit("balancer.web", "scheme", "internal");
    let plan = lab.plan();
    assert_eq!(plan.held[0].why, HeldBecause::Inside(vec!["the listener on port 8080".to_owned()]));
    lab.options.consent.insert("balancer.web".parse().unwrap());
    assert!(lab.steps().contains(&"replace balancer.web".to_owned()));
}

#[test]
fn a_renamed_listener_keeps_its_port() {
    let mut lab = Lab::applied();
    let mut renamed = lab.nodes.remove("listener.web").unwrap();
    renamed.id = "listener.public".parse().unwrap();
    lab.nodes.insert("listener.public".to_owned(), renamed);
    lab.node("service.app").needs = ["listener.public".parse().unwrap()].into();
    assert_eq!(lab.steps(), ["update listener.public"]);
    assert_eq!(lab.plan().steps[0].why, Reason::Moved("listener.web".parse().unwrap()));
    apply_watched(&lab).done();
    lab.is_converged();
}

/// The shop with two more listeners.
fn with_listeners(ports: [u32; 2]) -> Lab {
    let mut lab = Lab::applied();
    for (name, port) in ["one", "two"].iter().zip(ports) {
        let mut node = lab.nodes["listener.web"].clone();
        node.id = format!("listener.{name}").parse().expect("a good id");
        node.name = format!("shop-web:{port}");
        node.want["port"] = port.into();
        node.want["forward"] = json!([]);
        node.want["answer"] = (*name).into();
        lab.nodes.insert(format!("listener.{name}"), node);
    }
    lab.apply().done();
    lab
}

fn set_port(lab: &mut Lab, listener: &str, port: u32) {
    lab.edit(listener, "port", port);
    lab.node(listener).name = format!("shop-web:{port}");
}

#[test]
fn listeners_that_exchange_their_ports_exchange_what_they_do() {
    let mut lab = with_listeners([8022, 8080]);
    set_port(&mut lab, "listener.one", 8080);
    set_port(&mut lab, "listener.two", 8022);
    assert_eq!(lab.steps(), ["update listener.one", "update listener.two"]);
    lab.apply().done();
    assert_eq!(lab.refusals(evenkeel_core::error::ErrorClass::Exists), 0);
    lab.is_converged();
    for (name, port) in [("one", 8080), ("two", 8022)] {
        let state = lab.fake.state();
        let (_, thing) = state.world.of(&format!("listener.{name}")).unwrap();
        assert_eq!((thing.doc["port"].as_u64(), thing.doc["answer"].as_str()), (Some(port), Some(name)));
    }
}

#[test]
fn an_exchange_that_is_cut_short_is_completed() {
    for what in [Mishap::KillBefore, Mishap::KillAfter] {
        for nth in 1..=2 {
            let mut lab = with_listeners([8022, 8080]);
            set_port(&mut lab, "listener.one", 8080);
            set_port(&mut lab, "listener.two", 8022);
            lab.limits.in_flight = 1;
            lab.apply_with_fault(Some(Op::Update), nth, what);
            lab.apply().done();
            lab.is_converged();
            let listeners = lab.fake.state().world.things.values().filter(|it| it.kind == "listener").count();
            assert_eq!(listeners, 3);
        }
    }
}

#[test]
fn who_holds_a_slot_that_another_claims_moves_first() {
    let mut lab = with_listeners([8022, 8080]);
    set_port(&mut lab, "listener.one", 8080);
    set_port(&mut lab, "listener.two", 9090);
    assert_eq!(lab.steps(), ["update listener.two", "update listener.one"]);
    lab.apply().done();
    assert_eq!(lab.refusals(evenkeel_core::error::ErrorClass::Exists), 0);
    lab.is_converged();
}

#[test]
fn a_slot_that_somebody_else_holds_is_a_conflict() {
    let mut lab = with_listeners([8022, 8080]);
    let balancer = lab.fake.state().world.of("balancer.web").unwrap().0.clone();
    let theirs = json!({ "balancer": balancer, "port": 9090, "forward": [] });
    lab.fake.state().world.put("listener", "", Owner::Nobody, theirs);
    set_port(&mut lab, "listener.two", 9090);
    assert_eq!(lab.plan().conflicts.len(), 1);
    assert!(lab.steps().is_empty(), "{:?}", lab.steps());
}

#[test]
fn two_things_with_one_mark_are_told_and_let_be() {
    let mut lab = Lab::applied();
    let mark = Owner::Ours("log.app".parse().unwrap());
    let forged = lab.fake.state().world.put("log", "shop-app-2", mark, json!({ "days": 7, "class": "standard" }));
    let plan = lab.plan();
    assert!(plan.steps.is_empty(), "{:?}", plan.steps);
    assert!(
        plan.notes.iter().any(|note| matches!(note.remark, Remark::Stray { double: true, .. })),
        "{:?}",
        plan.notes
    );
    // Without a file no name tells which of them is ours.
    lab.options.destroy = true;
    assert!(!lab.steps().contains(&"delete log.app".to_owned()), "{:?}", lab.steps());
    lab.apply().done();
    assert!(lab.fake.state().world.things.contains_key(&forged), "nobody can have left it so");
}

#[test]
fn nobody_guesses_which_of_two_things_is_ours() {
    let lab = Lab::applied();
    {
        let mut state = lab.fake.state();
        state.world.of_mut("log.app").unwrap().name = "elsewhere".to_owned();
        let mark = Owner::Ours("log.app".parse().unwrap());
        state.world.put("log", "somewhere", mark, json!({ "days": 7, "class": "standard" }));
    }
    let plan = lab.plan();
    assert!(matches!(&plan.held[0].why, HeldBecause::Doubled(ids) if ids.len() == 2), "{:?}", plan.held);
}

#[test]
fn a_mark_for_another_kind_is_told_and_let_be() {
    let lab = Lab::applied();
    for owner in [Owner::Stray("log.zz".to_owned()), Owner::Ours("log.zz".parse().unwrap())] {
        lab.fake.state().world.put("group", "victim", owner, json!({}));
    }
    let plan = lab.plan();
    assert!(plan.steps.is_empty(), "{:?}", plan.steps);
    assert_eq!(plan.notes.iter().filter(|note| matches!(note.remark, Remark::Stray { double: false, .. })).count(), 2);
}

#[test]
fn the_protection_of_a_thing_outlives_its_entry() {
    let mut lab = Lab::applied();
    lab.fake.state().world.of_mut("zone.example").unwrap().protected = true;
    lab.drop_nodes(&["zone.example"]);
    assert!(lab.steps().is_empty());
    assert_eq!(lab.plan().held[0].why, HeldBecause::Protected);
    lab.options.destroy = true;
    assert!(!lab.steps().contains(&"delete zone.example".to_owned()));
    lab.options.consent.insert("zone.example".parse().unwrap());
    assert!(lab.steps().contains(&"delete zone.example".to_owned()));
}

#[test]
fn a_kind_that_nobody_can_look_through_is_told() {
    use evenkeel_core::error::{CloudError, ErrorClass};
    let lab = Lab::applied();
    let denied = CloudError::local(ErrorClass::Denied, "tagging:GetResources", "no");
    lab.fake.state().world.blind.insert("log".to_owned(), denied);
    let plan = lab.plan();
    assert!(plan.steps.is_empty());
    assert!(matches!(&plan.held[0].why, HeldBecause::Unseen(_)), "{:?}", plan.held);
}

#[test]
fn what_others_rely_on_is_narrowed_when_they_have_changed() {
    let mut lab = Lab::applied();
    lab.edit("rules.app", "rules", json!([{ "port": 9090, "from": id_of("group.alb") }]));
    lab.node("service.app").needs.insert("rules.app".parse().unwrap());
    lab.edit("service.app", "count", 2);
    assert_eq!(lab.steps(), ["update rules.app", "update service.app", "update rules.app"]);
    let rules = |lab: &Lab| lab.fake.state().world.of("rules.app").unwrap().1.doc["rules"].as_array().unwrap().len();
    lab.fake.state().world.unhealthy.insert("service.app".parse().unwrap(), "no task starts".to_owned());
    lab.apply();
    assert_eq!(rules(&lab), 2, "a service that failed may still need what it had");
    lab.fake.state().world.unhealthy.clear();
    lab.apply().done();
    assert_eq!(rules(&lab), 1);
    lab.is_converged();
}

#[test]
fn what_is_left_over_stands_until_its_successor_is_healthy() {
    let mut lab = Lab::applied();
    lab.edit("balancer.web", "scheme", "internal");
    // The new one is made; the run dies before the old one goes.
    lab.apply_with_fault(Some(Op::Delete), 1, Mishap::KillBefore);
    lab.fake.state().world.of_mut("balancer.web").unwrap().ready_at = std::time::Duration::from_secs(9999);
    lab.options.no_wait = true;
    let plan = lab.plan();
    let retired = plan.steps.iter().find(|step| step.why == Reason::LeftOver).expect("the old one is left over");
    assert!(
        retired.after.iter().filter_map(|id| plan.step(*id)).any(|step| step.verb() == Verb::Wait),
        "{:?}",
        plan.steps.iter().map(|step| (step.verb(), step.node.to_string())).collect::<Vec<_>>()
    );
    lab.fake.state().world.unhealthy.insert("balancer.web".parse().unwrap(), "AWS could not make it".to_owned());
    assert!(lab.steps().is_empty(), "{:?}", lab.steps());
    assert!(held(&lab).contains(&"delete balancer.web".to_owned()), "{:?}", held(&lab));
}

fn held(lab: &Lab) -> Vec<String> {
    evenkeel_tests::held::held(&lab.plan())
}
