//! Reporters on plans and events made by hand.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::cloud::Goal;
use evenkeel_core::diff::{Change, Effect};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::event::{Event, What};
use evenkeel_core::graph::StackInfo;
use evenkeel_core::id::{NodeId, StepId};
use evenkeel_core::plan::{Action, Conflict, Held, HeldBecause, Note, Plan, Reason, Replaced, Step};
use evenkeel_core::snapshot::{Live, Owner};
use serde_json::{Value, json};

use super::plain::Plain;
use super::plan_text::View;
use super::record::Record;
use super::summary::{self, Ending, Verdict};
use super::{outputs::Output, plan_json, plan_markdown, plan_text};
use crate::style::Palette;

fn node(text: &str) -> NodeId {
    text.parse().unwrap()
}

fn live(node_id: &str, id: &str, name: &str) -> Live {
    Live::new(id, name, Owner::Ours(node(node_id)), json!({}))
}

fn step(id: u32, of: &str, name: &str, after: &[u32], why: Reason, action: Action) -> Step {
    let after: BTreeSet<StepId> = after.iter().map(|after| StepId(*after)).collect();
    Step { id: StepId(id), node: node(of), name: name.to_owned(), action, after, why, data: None }
}

fn change(path: &str, from: Option<Value>, to: Option<Value>, effect: Effect) -> Change {
    Change { path: path.to_owned(), from, to, effect }
}

fn denied() -> CloudError {
    CloudError {
        class: ErrorClass::Denied,
        operation: "route53:ListResourceRecordSets".to_owned(),
        code: "AccessDenied".to_owned(),
        message: "User is not authorized".to_owned(),
        request_id: Some("1-2-3".to_owned()),
        hint: Some("allow route53:ListResourceRecordSets".to_owned()),
    }
}

fn steps() -> Vec<Step> {
    let policy = |action: &str| json!({ "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "arn:aws:ssm:*:*:parameter/cruddur/*" }], "Version": "2012-10-17" });
    let group = json!({
        "vpc_id": Text::output(node("network.main"), "vpc_id"), "description": "Public entrance", "tags": {}, "x": null,
        "ingress": (1..=20).map(|port| json!({ "port": port, "protocol": "tcp", "from": "0.0.0.0/0" })).collect::<Vec<_>>(),
    });
    let mut dropped = step(
        5,
        "log_group.old",
        "/cruddur/old",
        &[],
        Reason::Dropped,
        Action::Delete {
            live: Box::new(live("log_group.old", "/cruddur/old", "/cruddur/old")),
            replaced: false,
            with: vec![node("log_stream.x")],
        },
    );
    dropped.data = Some("3 MB of logs".to_owned());
    vec![
        step(
            1,
            "security_group.alb",
            "cruddur-alb",
            &[],
            Reason::Missing,
            Action::Create { want: group, replaces: None },
        ),
        step(
            2,
            "role.task",
            "cruddur-task",
            &[1],
            Reason::Differs(vec!["policies".to_owned(), "max_session".to_owned()]),
            Action::Update {
                live: Box::new(live("role.task", "cruddur-task", "cruddur-task")),
                want: json!({}),
                changes: vec![
                    change("max_session", Some(json!(3600)), Some(json!(7200)), Effect::Update),
                    change(
                        "policies.ssm",
                        Some(policy("ssm:GetParameter")),
                        Some(policy("ssm:GetParameters")),
                        Effect::Update,
                    ),
                    change("tags.team", None, Some(json!("web")), Effect::Update),
                ],
            },
        ),
        step(
            3,
            "target_group.backend",
            "cruddur-backend-2",
            &[],
            Reason::Immutable("port".to_owned()),
            Action::Create {
                want: json!({ "port": 4568 }),
                replaces: Some(Box::new(Replaced {
                    live: live("target_group.backend", "arn:old", "cruddur-backend"),
                    changes: vec![change("port", Some(json!(4567)), Some(json!(4568)), Effect::Replace)],
                })),
            },
        ),
        step(
            4,
            "service.backend",
            "cruddur-backend",
            &[3],
            Reason::TakesTime,
            Action::Wait { goal: Goal::Ready, of: None, live: None, deadline_secs: 1200 },
        ),
        dropped,
    ]
}

fn plan() -> Plan {
    Plan {
        stack: StackInfo { name: "cruddur".to_owned(), region: "ca-central-1".to_owned() },
        steps: steps(),
        held: vec![
            Held { node: node("records.a"), what: "anything".to_owned(), why: HeldBecause::Unreadable(denied()) },
            Held { node: node("zone.db"), what: "delete".to_owned(), why: HeldBecause::Protected },
        ],
        conflicts: vec![Conflict {
            node: node("records.a.example"),
            adopt: "records.a.example/*.a.example/A".to_owned(),
            there: "*.a.example/A".to_owned(),
            stack: None,
            changes: vec![change("ttl", Some(json!(60)), Some(json!(300)), Effect::Update)],
            obstacle: None,
        }],
        notes: vec![Note {
            node: node("service.backend"),
            text: "desired_count is managed by autoscaling, now 7".to_owned(),
        }],
        unchanged: 14,
        known: BTreeMap::new(),
    }
}

fn text(all: bool) -> String {
    plan_text::render(&plan(), &View { palette: Palette::OFF, all, again: "evenkeel apply".to_owned() })
}

#[test]
fn a_plan_as_text() {
    insta::assert_snapshot!(text(false), @"");
}

#[test]
fn verbose_text_leaves_nothing_out() {
    let text = text(true);
    assert!(text.contains("step 4, after 3") && text.contains("until ready, 20m at most"), "{text}");
    assert!(text.contains("port: 20") && text.contains("x: none"), "{text}");
}

#[test]
fn a_plan_as_markdown() {
    insta::assert_snapshot!(plan_markdown::render(&plan(), "evenkeel apply"), @"");
}

#[test]
fn a_fence_in_a_value_does_not_end_the_block() {
    let mut plan = plan();
    plan.steps.truncate(2);
    if let Action::Update { changes, .. } = &mut plan.steps[1].action {
        *changes = vec![change("description", None, Some(json!("a\n```\nb</details>")), Effect::Update)];
    }
    assert!(plan_markdown::render(&plan, "evenkeel apply").contains("````diff"));
}

#[test]
fn the_json_document_keeps_its_promises() {
    let document = plan_json::document(&plan());
    assert_eq!((&document["format"], &document["version"]), (&json!("evenkeel-plan"), &json!(1)));
    assert_eq!(
        document["summary"],
        json!({ "create": 1, "update": 1, "replace": 1, "adopt": 0, "delete": 1, "wait": 1,
                "unchanged": 14, "held": 2, "conflicts": 1 })
    );
    assert_eq!(document["steps"][2]["verb"], "replace");
    assert_eq!(document["steps"][2]["changes"][0]["forces_replacement"], true);
    assert_eq!(document["steps"][4]["data_loss"], "3 MB of logs");
    assert_eq!(document["held"][0]["why"], "unreadable");
    assert_eq!(document["held"][0]["error"]["code"], "AccessDenied");
    assert!(plan_json::is_document(&document.to_string()));
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    assert_eq!(text(false), text(false));
    assert_eq!(plan_json::document(&plan()).to_string(), plan_json::document(&plan()).to_string());
}

fn events() -> Vec<Event> {
    let (group, service) = (node("security_group.alb"), node("service.web"));
    let verb = |verb: &str| verb.to_owned();
    let waiting = |secs| What::Waiting {
        step: StepId(2),
        node: service.clone(),
        status: "0 of 1 tasks running".to_owned(),
        waited_secs: secs,
        deadline_secs: 1200,
    };
    let whats = vec![
        What::RunStarted { steps: 12 },
        What::StepStarted { step: StepId(1), node: group.clone(), verb: verb("create") },
        What::StepDone { step: StepId(1), node: group, verb: verb("create"), took_ms: 412 },
        What::StepStarted { step: StepId(2), node: service.clone(), verb: verb("wait") },
        waiting(5),
        waiting(20),
        waiting(70),
        What::StepFailed {
            step: StepId(2),
            node: service.clone(),
            verb: verb("wait"),
            error: denied(),
            holders: vec![],
        },
        What::StepSkipped { step: StepId(3), node: node("records.a"), verb: verb("create"), because: service },
        What::Stopping,
        What::StepAbandoned { step: StepId(4), node: node("role.task"), verb: verb("update") },
        What::RunFinished { done: 1, failed: 1, left: 2 },
    ];
    whats.into_iter().zip(1_u64..).map(|(what, seq)| Event { seq, at_ms: seq * 1000, what }).collect()
}

#[test]
fn a_run_as_plain_lines() {
    let mut plain = Plain::default();
    let lines: Vec<String> = events().iter().filter_map(|event| plain.line(event)).collect();
    insta::assert_snapshot!(lines.join("\n"), @"");
}

#[test]
fn the_ending_says_what_failed_and_how_to_go_on() {
    let mut record = Record::default();
    events().iter().for_each(|event| record.event(event));
    let outputs = [Output { what: "url", value: "https://a.example".to_owned() }];
    let mut ending =
        Ending { verdict: Verdict::Failed, record: &record, outputs: &outputs, held: 0, again: "evenkeel apply" };
    insta::assert_snapshot!(summary::render(&ending, Palette::OFF), @"");
    let done = Record { failed: vec![], left: vec![], ..record.clone() };
    ending.record = &done;
    ending.verdict = Verdict::Done;
    insta::assert_snapshot!(summary::render(&ending, Palette::OFF), @"");
    assert_eq!(summary::json(&ending)["outputs"][0]["value"], "https://a.example");
}
