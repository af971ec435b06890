//! What Scheduler does, a test for each fact.

use serde_json::{Value, json};

use crate::lab::Lab;

/// A lab with a role that schedules run under.
fn lab() -> Lab {
    let lab = Lab::new();
    let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "scheduler.amazonaws.com"}}]}"#;
    lab.ok("iam.CreateRole", json!({"RoleName": "run", "AssumeRolePolicyDocument": trust}));
    // A new role is not seen at once.
    lab.pass(60);
    lab
}

fn request(name: &str, expression: &str) -> Value {
    json!({
        "Name": name, "ScheduleExpression": expression, "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/main", "RoleArn": "arn:aws:iam::123456789012:role/run",
            "EcsParameters": {"TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/job:1"},
        },
    })
}

#[test]
fn a_schedule_reads_back_with_every_default() {
    let lab = lab();
    let made = lab.ok("scheduler.CreateSchedule", request("nightly", "rate(1 day)"));
    let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/nightly";
    assert_eq!(made, json!({"ScheduleArn": arn}));
    let got = lab.ok("scheduler.GetSchedule", json!({"Name": "nightly"}));
    assert_eq!(got["GroupName"], "default");
    assert_eq!(got["State"], "ENABLED");
    assert_eq!(got["ScheduleExpressionTimezone"], "UTC");
    assert_eq!(got["ActionAfterCompletion"], "NONE");
    let retry = json!({"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185});
    assert_eq!(got["Target"]["RetryPolicy"], retry);
    assert_eq!(got["Target"]["EcsParameters"]["TaskCount"], 1);
    assert!(got.get("Description").is_none());
}

#[test]
fn an_update_returns_what_it_leaves_out_to_its_default() {
    let lab = lab();
    let mut wanted = request("nightly", "cron(0 4 * * ? *)");
    wanted["Description"] = "every night".into();
    wanted["State"] = "DISABLED".into();
    wanted["ScheduleExpressionTimezone"] = "Europe/Berlin".into();
    lab.ok("scheduler.CreateSchedule", wanted);
    lab.ok("scheduler.UpdateSchedule", request("nightly", "rate(2 days)"));
    let got = lab.ok("scheduler.GetSchedule", json!({"Name": "nightly"}));
    assert_eq!((&got["State"], &got["ScheduleExpressionTimezone"]), (&json!("ENABLED"), &json!("UTC")));
    assert!(got.get("Description").is_none());
}

#[test]
fn expressions_that_fit_no_form_are_refused() {
    let lab = lab();
    for bad in [
        "often",
        "rate(10 seconds)",
        "rate(10 minutess)",
        "rate(-1 day)",
        "rate(0 days)",
        "rate( 10 minutes )",
        "rate()",
        "cron(0 1 * * * *)",
        "cron(7 20 * * NOT *)",
        "cron(61 * * * ? *)",
        "at(2026-02-30T10:00:00)",
        "at(2026-01-31)",
        "at(2026-01-31T10:00:00Z)",
    ] {
        let text = format!("Invalid Schedule Expression {bad}.");
        lab.refuses("scheduler.CreateSchedule", request("x", bad), "ValidationException", &text);
    }
    for (number, good) in
        ["rate(5 minutes)", "cron(0/15 8-18 ? * MON-FRI *)", "cron(0 0 L * ? 2026-2030)", "at(2027-01-31T10:00:00)"]
            .iter()
            .enumerate()
    {
        lab.ok("scheduler.CreateSchedule", request(&format!("good-{number}"), good));
    }
}

#[test]
fn a_name_is_taken_once_in_a_group_unless_the_request_is_repeated() {
    let lab = lab();
    let mut wanted = request("nightly", "rate(1 day)");
    wanted["ClientToken"] = "one".into();
    let first = lab.ok("scheduler.CreateSchedule", wanted.clone());
    assert_eq!(lab.ok("scheduler.CreateSchedule", wanted), first);
    let again = request("nightly", "rate(1 day)");
    lab.refuses("scheduler.CreateSchedule", again, "ConflictException", "Schedule nightly already exists.");
    lab.refuses(
        "scheduler.GetSchedule",
        json!({"Name": "none"}),
        "ResourceNotFoundException",
        "Schedule none does not exist.",
    );
}

#[test]
fn a_group_takes_its_schedules_with_it() {
    let lab = lab();
    let tags = json!([{"Key": "run", "Value": "1"}]);
    let arn =
        lab.ok("scheduler.CreateScheduleGroup", json!({"Name": "jobs", "Tags": tags}))["ScheduleGroupArn"].clone();
    assert_eq!(lab.ok("scheduler.ListTagsForResource", json!({"ResourceArn": arn}))["Tags"], tags);
    let mut wanted = request("nightly", "rate(1 day)");
    wanted["GroupName"] = "jobs".into();
    lab.ok("scheduler.CreateSchedule", wanted);
    lab.ok("scheduler.DeleteScheduleGroup", json!({"Name": "jobs"}));
    assert_eq!(lab.ok("scheduler.GetScheduleGroup", json!({"Name": "jobs"}))["State"], "DELETING");
    lab.pass(60);
    lab.refuses("scheduler.GetScheduleGroup", json!({"Name": "jobs"}), "ResourceNotFoundException", "jobs");
    lab.refuses(
        "scheduler.GetSchedule",
        json!({"Name": "nightly", "GroupName": "jobs"}),
        "ResourceNotFoundException",
        "nightly",
    );
    lab.refuses("scheduler.DeleteScheduleGroup", json!({"Name": "default"}), "ValidationException", "default");
}

#[test]
fn schedules_are_listed_by_prefix_and_state_in_pages() {
    let lab = lab();
    for name in ["a-1", "a-2", "a-3", "b-1"] {
        lab.ok("scheduler.CreateSchedule", request(name, "rate(1 hour)"));
    }
    let first = lab.ok("scheduler.ListSchedules", json!({"NamePrefix": "a-", "MaxResults": 2}));
    assert_eq!(first["Schedules"].as_array().map(Vec::len), Some(2));
    let token = first["NextToken"].clone();
    let rest = lab.ok("scheduler.ListSchedules", json!({"NamePrefix": "a-", "MaxResults": 2, "NextToken": token}));
    assert_eq!(rest["Schedules"][0]["Name"], "a-3");
    assert!(rest["NextToken"].is_null());
    assert_eq!(lab.ok("scheduler.ListSchedules", json!({"State": "DISABLED"}))["Schedules"], json!([]));
}

#[test]
fn a_role_that_does_not_trust_the_scheduler_is_refused() {
    let lab = Lab::new();
    lab.refuses("scheduler.CreateSchedule", request("x", "rate(1 day)"), "ValidationException", "to assume the role");
}
