//! Reporters on plans and events made by hand. What others have written into them is in `foreign`, what is said of
//! stack files in `broken`.

mod broken;
mod foreign;

use std::collections::BTreeSet;

use evenkeel_aws::outputs::Output;
use evenkeel_core::cloud::Goal;
use evenkeel_core::diff::{Change, Effect};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::event::{Event, What};
use evenkeel_core::graph::StackInfo;
use evenkeel_core::id::{NodeId, StepId};
use evenkeel_core::plan::{
    Action, Conflict, Held, HeldBecause, Intent, Note, Obstacle, Plan, Reason, Remark, Replaced, Step, Verb,
};
use evenkeel_core::snapshot::{Live, Owner};
use serde_json::{Value, json};

use super::plain::Plain;
use super::plan_text::View;
use super::record::Record;
use super::summary::{self, Ending, Verdict};
use super::{plan_json, plan_markdown, plan_text, words};
use crate::again::Again;
use crate::exit::Exit;
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
        "ingress": (1..=30).map(|port| json!({ "port": port, "protocol": "tcp", "from": "0.0.0.0/0" })).collect::<Vec<_>>(),
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
            Held { node: node("records.a"), what: Intent::Anything, why: HeldBecause::Unreadable(denied()) },
            Held { node: node("zone.db"), what: Intent::Delete, why: HeldBecause::Protected },
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
            remark: Remark::Managed {
                path: "desired_count".to_owned(),
                by: "autoscaling".to_owned(),
                now: Some(json!(7)),
            },
        }],
        unhealthy: Vec::new(),
        unchanged: 14,
        ..Plan::default()
    }
}

fn again() -> Again {
    let args = crate::command_line::parse(["evenkeel", "plan"].map(Into::into)).unwrap();
    Again::saved(std::path::Path::new("stack.yaml"), &args.global)
}

fn text(all: bool) -> String {
    plan_text::render(&plan(), &View { palette: Palette::OFF, all, again: again() })
}

#[test]
fn a_plan_as_text() {
    insta::assert_snapshot!(text(false), @r"
    stack cruddur in ca-central-1

      + create  security_group.alb (cruddur-alb)
              description: Public entrance
              ingress:
                - {from: 0.0.0.0/0, port: 1, protocol: tcp}
                - {from: 0.0.0.0/0, port: 2, protocol: tcp}
                - {from: 0.0.0.0/0, port: 3, protocol: tcp}
                - {from: 0.0.0.0/0, port: 4, protocol: tcp}
                - {from: 0.0.0.0/0, port: 5, protocol: tcp}
                - {from: 0.0.0.0/0, port: 6, protocol: tcp}
                - {from: 0.0.0.0/0, port: 7, protocol: tcp}
                - {from: 0.0.0.0/0, port: 8, protocol: tcp}
                - {from: 0.0.0.0/0, port: 9, protocol: tcp}
                - {from: 0.0.0.0/0, port: 10, protocol: tcp}
                - {from: 0.0.0.0/0, port: 11, protocol: tcp}
                - {from: 0.0.0.0/0, port: 12, protocol: tcp}
                - {from: 0.0.0.0/0, port: 13, protocol: tcp}
                - {from: 0.0.0.0/0, port: 14, protocol: tcp}
                - {from: 0.0.0.0/0, port: 15, protocol: tcp}
                - {from: 0.0.0.0/0, port: 16, protocol: tcp}
                - {from: 0.0.0.0/0, port: 17, protocol: tcp}
                - {from: 0.0.0.0/0, port: 18, protocol: tcp}
                - {from: 0.0.0.0/0, port: 19, protocol: tcp}
                - {from: 0.0.0.0/0, port: 20, protocol: tcp}
                … 10 more (-v shows all)
              vpc_id: vpc_id of network.main
      ~ update  role.task (cruddur-task): policies, max_session differ
            ~ max_session: 3600 -> 7200
            ~ policies.ssm:
                Statement:
              -   - Action: ssm:GetParameter
              +   - Action: ssm:GetParameters
                    Effect: Allow
                    Resource: arn:aws:ssm:*:*:parameter/cruddur/*
            + tags.team: web
    -/+ replace target_group.backend (cruddur-backend-2): port cannot be changed in place
              replaces arn:old
            ~ port: 4567 -> 4568  (forces replacement)
      . wait    service.backend (cruddur-backend): until it is ready
      - delete  log_group.old (/cruddur/old): no longer in the stack file
              /cruddur/old
            - with it: log_stream.x
            ! DATA IS LOST: 3 MB of logs

    Held back:
      records.a: could not be read: route53:ListResourceRecordSets: AccessDenied: User is not authorized
        allow route53:ListResourceRecordSets
      zone.db (delete): it has `protect: true`
        to allow it: --consent zone.db

    Left as it is:
      service.backend: desired_count is managed by autoscaling, now 7

    Conflicts (nothing is applied until they are resolved):
      records.a.example: *.a.example/A exists and was not created by evenkeel
              taking it over would change:
            ~ ttl: 60 -> 300
      take it over:      evenkeel apply --adopt 'records.a.example/*.a.example/A'

    Plan: 1 to create, 1 to update, 1 to replace, 1 to delete (1 more is deleted with them); 14 unchanged, 2 held back. Blocked: 1 conflict. Take it over: --adopt-all
    ");
}

#[test]
fn verbose_text_leaves_nothing_out() {
    let text = text(true);
    assert!(text.contains("step 4, after 3") && text.contains("until ready, 20m at most"), "{text}");
    assert!(text.contains("port: 20") && text.contains("x: none"), "{text}");
}

#[test]
fn a_plan_as_markdown() {
    insta::assert_snapshot!(plan_markdown::render(&plan(), &again()), @r"
    ### Stack `cruddur` in `ca-central-1`

    **Plan: 1 to create, 1 to update, 1 to replace, 1 to delete (1 more is deleted with them); 14 unchanged, 2 held back. Blocked: 1 conflict. Take it over: --adopt-all**

    | create | update | replace | delete | wait | unchanged |
    |---:|---:|---:|---:|---:|---:|
    | 1 | 1 | 1 | 1 | 1 | 14 |

    <details><summary><code>+ create</code> <b>security_group.alb (cruddur-alb)</b></summary>

    ```diff
    + description: Public entrance
    + ingress:
    +   - {from: 0.0.0.0/0, port: 1, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 2, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 3, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 4, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 5, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 6, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 7, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 8, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 9, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 10, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 11, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 12, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 13, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 14, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 15, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 16, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 17, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 18, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 19, protocol: tcp}
    +   - {from: 0.0.0.0/0, port: 20, protocol: tcp}
        … 10 more (-v shows all)
    + vpc_id: vpc_id of network.main
    ```

    </details>
    <details><summary><code>~ update</code> <b>role.task (cruddur-task)</b>: policies, max_session differ</summary>

    ```diff
    ! max_session: 3600 -> 7200
    ! policies.ssm:
        Statement:
    -     - Action: ssm:GetParameter
    +     - Action: ssm:GetParameters
            Effect: Allow
            Resource: arn:aws:ssm:*:*:parameter/cruddur/*
    + tags.team: web
    ```

    </details>
    <details><summary><code>-/+ replace</code> <b>target_group.backend (cruddur-backend-2)</b>: port cannot be changed in place</summary>

    ```diff
      replaces arn:old
    ! port: 4567 -> 4568  (forces replacement)
    ```

    </details>
    <details><summary><code>- delete</code> <b>log_group.old (/cruddur/old)</b>: no longer in the stack file ⚠️ <b>data is lost</b></summary>

    ```diff
      /cruddur/old
    - with it: log_stream.x
    ! DATA IS LOST: 3 MB of logs
    ```

    </details>

    #### Conflicts

    Nothing is applied until they are resolved.

    - `records.a.example`: `*.a.example/A` exists and was not created by evenkeel

    Take over what can be: `evenkeel apply --adopt 'records.a.example/*.a.example/A'`

    #### Held back

    - `records.a`: could not be read: route53:ListResourceRecordSets: AccessDenied: User is not authorized (allow route53:ListResourceRecordSets)
    - `zone.db`: it has \`protect: true\` (to allow it: --consent zone.db)

    #### Left as it is

    - `service.backend`: desired\_count is managed by autoscaling, now 7
    ");
}

#[test]
fn a_fence_in_a_value_does_not_end_the_block() {
    let mut plan = plan();
    plan.steps.truncate(2);
    if let Action::Update { changes, .. } = &mut plan.steps[1].action {
        *changes = vec![change("description", None, Some(json!("a\n```\nb</details>")), Effect::Update)];
    }
    assert!(plan_markdown::render(&plan, &again()).contains("````diff"));
}

#[test]
fn the_json_document_keeps_its_promises() {
    let document = plan_json::document(&plan());
    assert_eq!((&document["format"], &document["version"]), (&json!("evenkeel-plan"), &json!(1)));
    assert_eq!(
        document["summary"],
        json!({ "create": 1, "update": 1, "revise": 0, "replace": 1, "adopt": 0, "delete": 1, "wait": 1,
                "unchanged": 14, "held": 2, "conflicts": 1 })
    );
    assert_eq!(document["blocked"], true);
    assert_eq!((&document["held"][0]["needed"], &document["held"][1]["needed"]), (&json!(true), &json!(false)));
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
    let waiting = |secs| What::Waiting {
        step: StepId(2),
        node: service.clone(),
        status: "0 of 1 tasks running".to_owned(),
        waited_secs: secs,
        deadline_secs: 1200,
    };
    let whats = vec![
        What::RunStarted { steps: 12 },
        What::StepStarted { step: StepId(1), node: group.clone(), verb: Verb::Create },
        What::StepDone { step: StepId(1), node: group, verb: Verb::Create, took_ms: 412 },
        What::StepStarted { step: StepId(2), node: service.clone(), verb: Verb::Wait },
        waiting(5),
        waiting(20),
        waiting(70),
        What::StepFailed { step: StepId(2), node: service.clone(), verb: Verb::Wait, error: denied(), holders: vec![] },
        What::StepSkipped { step: StepId(3), node: node("records.a"), verb: Verb::Create, because: service },
        What::Stopping,
        What::StepAbandoned { step: StepId(4), node: node("role.task"), verb: Verb::Update },
        What::RunFinished { done: 1, failed: 1, left: 2 },
    ];
    whats.into_iter().zip(1_u64..).map(|(what, seq)| Event { seq, at_ms: seq * 1000, what }).collect()
}

#[test]
fn a_run_as_plain_lines() {
    let mut plain = Plain::default();
    let lines: Vec<String> = events().iter().filter_map(|event| plain.line(event)).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    [ 1/12] create security_group.alb … done (0.4s)
    [ 1/12] wait service.web … 0 of 1 tasks running (5s of 20m)
    [ 1/12] wait service.web … 0 of 1 tasks running (1m 10s of 20m)
    [ 2/12] wait service.web … FAILED: route53:ListResourceRecordSets: AccessDenied: User is not authorized
    [ 3/12] create records.a … skipped, because service.web failed
    Stopping: nothing new starts. Ctrl-C again to stop waiting.
    [ 4/12] update role.task … not done, stopped
    ");
}

/// The ending of the run above, which was not quite that of the plan.
fn ending<'a>(record: &'a Record, plan: &'a Plan, outputs: &'a [Output], again: &'a Again) -> Ending<'a> {
    Ending { verdict: Verdict::Failed, exit: Exit::Failed, plan, record, outputs, again }
}

#[test]
fn the_ending_says_what_failed_and_how_to_go_on() {
    let plan = Plan { held: Vec::new(), conflicts: Vec::new(), ..plan() };
    let mut record = Record::of(&plan);
    events().iter().for_each(|event| record.event(event));
    let outputs = [Output { what: "url", value: "https://a.example".to_owned() }];
    let again = again();
    let mut ending = ending(&record, &plan, &outputs, &again);
    insta::assert_snapshot!(summary::render(&ending, Palette::OFF), @r"
    failed: service.web route53:ListResourceRecordSets: AccessDenied: User is not authorized
      request id: 1-2-3
      hint: allow route53:ListResourceRecordSets
    not done: create records.a, because service.web failed
    not done: update role.task, stopped

    Failed at service.web after 12s. Done before: 1 created; 2 not done.
    Completed steps are kept. To continue: evenkeel apply
    ");
    let mut done = record.clone();
    (done.failed, done.left) = (Vec::new(), Vec::new());
    ending.record = &done;
    ending.verdict = Verdict::Done;
    insta::assert_snapshot!(summary::render(&ending, Palette::OFF), @r"
    Done: 1 created in 12s.
      url  https://a.example
    ");
    assert_eq!(summary::json(&ending)["outputs"][0]["value"], "https://a.example");
}

#[test]
fn what_a_run_leaves_open_is_told_at_its_end() {
    let held =
        Held { node: node("log_group.old"), what: Intent::Delete, why: HeldBecause::Data("3 MB of logs".to_owned()) };
    let mut plan = Plan { held: vec![held], conflicts: Vec::new(), ..plan() };
    let mut record = Record::of(&plan);
    record.event(&events()[2]);
    let again = again();
    let ended = |plan: &Plan| {
        let ending = Ending { verdict: Verdict::Done, ..ending(&record, plan, &[], &again) };
        (summary::render(&ending, Palette::OFF), summary::json(&ending))
    };
    insta::assert_snapshot!(ended(&plan).0, @r"
    Done: 1 created in 3.0s.
    Held back:
      log_group.old: its data would be lost: 3 MB of logs (to allow it: --consent log_group.old)
    ");
    plan.unproven.insert(node("service.web"), "not waited for".to_owned());
    insta::assert_snapshot!(ended(&plan).0, @r"
    Done: 1 created in 3.0s, but not known to be healthy:
      service.web: not waited for
    Held back:
      log_group.old: its data would be lost: 3 MB of logs (to allow it: --consent log_group.old)
    ");
    plan.destroy = true;
    let (text, told) = ended(&plan);
    insta::assert_snapshot!(text, @r"
    Done in part: 1 created in 3.0s. Blocked: log_group.old is held back.
    Not known to be healthy:
      service.web: not waited for
    Held back:
      log_group.old: its data would be lost: 3 MB of logs (to allow it: --consent log_group.old)
    ");
    assert_eq!((&told["blocked"], &told["held"]), (&json!(true), &json!(1)));
}

#[test]
fn a_left_over_counts_as_deleted_once() {
    let mut left_over = plan().steps.pop().unwrap();
    left_over.id = StepId(1);
    left_over.why = Reason::LeftOver;
    if let Action::Delete { replaced, with, .. } = &mut left_over.action {
        *replaced = true;
        with.clear();
    }
    let plan = Plan { steps: vec![left_over], ..Plan::default() };
    assert!(words::summary(&plan).contains(" 1 to delete"), "{}", words::summary(&plan));
    let mut record = Record::of(&plan);
    let node = plan.steps[0].node.clone();
    let what = What::StepDone { step: StepId(1), node, verb: plan.steps[0].verb(), took_ms: 1 };
    record.event(&Event { seq: 1, at_ms: 1, what });
    let again = again();
    let ending = Ending { verdict: Verdict::Done, ..ending(&record, &plan, &[], &again) };
    assert!(summary::render(&ending, Palette::OFF).contains("Done: 1 deleted"));
}

#[test]
fn several_conflicts_are_taken_over_at_once() {
    let conflict = |id: &str, obstacle: Option<Obstacle>| Conflict {
        node: node(id),
        adopt: id.to_owned(),
        there: id.to_owned(),
        stack: None,
        changes: vec![change("marks", None, Some(json!("x")), Effect::Update)],
        obstacle,
    };
    let waiting =
        Held { node: node("service.web"), what: Intent::Anything, why: HeldBecause::Needs(node("cluster.main")) };
    let plan = Plan {
        held: vec![waiting],
        conflicts: vec![
            conflict("cluster.main", None),
            conflict("log_group.a", None),
            conflict("role.x", Some(Obstacle::TakenByMember)),
        ],
        ..Plan::default()
    };
    let view = View { palette: Palette::OFF, all: false, again: again() };
    insta::assert_snapshot!(plan_text::render(&plan, &view), @r"
    stack  in 

    Held back:
      until the conflicts are resolved: service.web

    Conflicts (nothing is applied until they are resolved):
      cluster.main: cluster.main exists and was not created by evenkeel
      log_group.a: log_group.a exists and was not created by evenkeel
      role.x: role.x exists and was not created by evenkeel
        it cannot be taken over: a member of this stack would replace it; give this entry another `name:`, or remove the existing resource
      take over all:     evenkeel apply --adopt-all
      take over by name: evenkeel apply --adopt cluster.main --adopt log_group.a

    Blocked: 3 conflicts. Take over those that can be: --adopt-all
    ");
}
