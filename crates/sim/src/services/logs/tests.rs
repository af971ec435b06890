//! What CloudWatch Logs promises.

use serde_json::{Value, json};

use crate::lab::Lab;
use crate::services::logs;

fn group(lab: &Lab, name: &str) {
    lab.ok("logs.CreateLogGroup", json!({ "logGroupName": name }));
}

fn stream(lab: &Lab) {
    group(lab, "/app");
    lab.ok("logs.CreateLogStream", json!({ "logGroupName": "/app", "logStreamName": "one" }));
}

fn put(lab: &Lab, events: &[(i64, &str)]) -> Value {
    let events: Value = events.iter().map(|(at, text)| json!({ "timestamp": at, "message": text })).collect();
    lab.ok("logs.PutLogEvents", json!({ "logGroupName": "/app", "logStreamName": "one", "logEvents": events }))
}

fn now(lab: &Lab) -> i64 {
    lab.sim.with_world(|world| world.now.0)
}

fn messages(reply: &Value) -> Vec<&str> {
    reply["events"].as_array().unwrap().iter().filter_map(|event| event["message"].as_str()).collect()
}

#[test]
fn a_group_reads_back_with_both_arns_and_its_defaults() {
    let lab = Lab::new();
    group(&lab, "/app");
    let read = lab.ok("logs.DescribeLogGroups", json!({ "logGroupNamePrefix": "/a" }));
    let shown = &read["logGroups"][0];
    assert_eq!(shown["arn"], "arn:aws:logs:us-east-1:123456789012:log-group:/app:*");
    assert_eq!(shown["logGroupArn"], "arn:aws:logs:us-east-1:123456789012:log-group:/app");
    assert_eq!((&shown["logGroupClass"], &shown["storedBytes"]), (&json!("STANDARD"), &json!(0)));
    assert_eq!((&shown["metricFilterCount"], &shown["deletionProtectionEnabled"]), (&json!(0), &json!(false)));
    assert!(shown["retentionInDays"].is_null() && shown["kmsKeyId"].is_null() && read["nextToken"].is_null());
}

#[test]
fn a_search_by_pattern_shows_less_and_always_has_a_next_page() {
    let lab = Lab::new();
    group(&lab, "/app/web");
    let read = lab.ok("logs.DescribeLogGroups", json!({ "logGroupNamePattern": "web" }));
    assert!(read["logGroups"][0]["storedBytes"].is_null());
    assert!(read["logGroups"][0]["deletionProtectionEnabled"].is_null());
    let input = json!({ "logGroupNamePattern": "web", "nextToken": read["nextToken"] });
    let last = lab.ok("logs.DescribeLogGroups", input);
    assert_eq!((&last["logGroups"], &last["nextToken"]), (&json!([]), &Value::Null));
    let both = json!({ "logGroupNamePattern": "web", "logGroupNamePrefix": "web" });
    lab.refuses("logs.DescribeLogGroups", both, "InvalidParameterException", "are mutually exclusive parameters.");
}

#[test]
fn groups_come_fifty_a_page_in_the_order_of_their_names() {
    let lab = Lab::new();
    for number in 0..60 {
        group(&lab, &format!("g{number:02}"));
    }
    let first = lab.ok("logs.DescribeLogGroups", json!({}));
    assert_eq!(first["logGroups"].as_array().map(Vec::len), Some(50));
    let rest = lab.ok("logs.DescribeLogGroups", json!({ "nextToken": first["nextToken"] }));
    assert_eq!(rest["logGroups"][0]["logGroupName"], "g50");
    assert!(rest["nextToken"].is_null());
    let input = json!({ "logGroupIdentifiers": ["g01", "arn:aws:logs:us-east-1:123456789012:log-group:g02"] });
    assert_eq!(lab.ok("logs.DescribeLogGroups", input)["logGroups"].as_array().map(Vec::len), Some(2));
}

#[test]
fn refusals_of_groups() {
    let lab = Lab::new();
    group(&lab, "/app");
    let name = json!({ "logGroupName": "/app" });
    let refusal = lab.refused("logs.CreateLogGroup", name.clone());
    assert_eq!(refusal.code, "ResourceAlreadyExistsException");
    assert_eq!(refusal.message, "The specified log group already exists");
    for operation in ["logs.CreateLogGroup", "logs.DeleteMetricFilter"] {
        let long = json!({ "logGroupName": "x".repeat(513), "filterName": "f" });
        let refusal = lab.refused(operation, long);
        assert_eq!(refusal.message, "Invalid LogGroup or LogStream, both must have length less than or equal to 512.");
    }
    let bad = json!({ "logGroupName": "/app", "retentionInDays": 2 });
    let text =
        "Value '2' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5";
    lab.refuses("logs.PutRetentionPolicy", bad, "InvalidParameterException", text);
    let none = json!({ "logGroupName": "/none", "retentionInDays": 7 });
    let text = "The specified log group does not exist.";
    lab.refuses("logs.PutRetentionPolicy", none, "ResourceNotFoundException", text);
    let protect = |on| json!({ "logGroupIdentifier": "/app", "deletionProtectionEnabled": on });
    lab.ok("logs.PutLogGroupDeletionProtection", protect(true));
    lab.refuses("logs.DeleteLogGroup", name.clone(), "ValidationException", "deletion protection");
    lab.ok("logs.PutLogGroupDeletionProtection", protect(false));
    lab.ok("logs.DeleteLogGroup", name);
    assert_eq!(lab.ok("logs.DescribeLogGroups", json!({}))["logGroups"], json!([]));
}

#[test]
fn tags_are_the_same_by_arn_and_by_name() {
    let lab = Lab::new();
    lab.ok("logs.CreateLogGroup", json!({ "logGroupName": "/app", "tags": { "a": "1" } }));
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:/app";
    lab.ok("logs.TagResource", json!({ "resourceArn": arn, "tags": { "b": "2" } }));
    lab.ok("logs.UntagLogGroup", json!({ "logGroupName": "/app", "tags": ["a"] }));
    let tags = json!({ "tags": { "b": "2" } });
    assert_eq!(lab.ok("logs.ListTagsForResource", json!({ "resourceArn": arn })), tags);
    assert_eq!(lab.ok("logs.ListTagsLogGroup", json!({ "logGroupName": "/app" })), tags);
    let star = json!({ "resourceArn": format!("{arn}:*") });
    lab.refuses("logs.ListTagsForResource", star, "InvalidParameterException", "Value at 'resourceArn' failed");
}

#[test]
fn a_stream_is_read_forwards_and_backwards() {
    let lab = Lab::new();
    stream(&lab);
    let start = now(&lab);
    put(&lab, &[(start, "a"), (start + 1, "b"), (start + 2, "c")]);
    let base = json!({ "logGroupName": "/app", "logStreamName": "one", "limit": 2 });
    let with = |name: &str, value: Value| {
        let mut input = base.clone();
        input[name] = value;
        lab.ok("logs.GetLogEvents", input)
    };
    let newest = lab.ok("logs.GetLogEvents", base.clone());
    assert_eq!(messages(&newest), ["b", "c"]);
    assert_eq!(messages(&with("nextToken", newest["nextBackwardToken"].clone())), ["a"]);
    let first = with("startFromHead", true.into());
    assert_eq!(messages(&first), ["a", "b"]);
    let second = with("nextToken", first["nextForwardToken"].clone());
    assert_eq!(messages(&second), ["c"]);
    let end = with("nextToken", second["nextForwardToken"].clone());
    assert!(messages(&end).is_empty());
    assert_eq!(end["nextForwardToken"], second["nextForwardToken"]);
    let mut bad = base.clone();
    bad["nextToken"] = "nonsense".into();
    lab.refuses("logs.GetLogEvents", bad, "InvalidParameterException", "The specified nextToken is invalid.");
    let shown = lab.ok("logs.DescribeLogStreams", json!({ "logGroupName": "/app" }))["logStreams"][0].clone();
    assert_eq!((&shown["firstEventTimestamp"], &shown["lastEventTimestamp"]), (&json!(start), &json!(start + 2)));
}

#[test]
fn events_that_are_too_new_or_too_old_are_left_out() {
    let lab = Lab::new();
    stream(&lab);
    let start = now(&lab);
    let late = put(&lab, &[(start, "fine"), (start + 3 * 3_600_000, "soon")]);
    assert_eq!(
        late["rejectedLogEventsInfo"],
        json!({ "tooNewLogEventStartIndex": 1, "tooOldLogEventEndIndex": null, "expiredLogEventEndIndex": null })
    );
    let old = put(&lab, &[(start - 15 * 86_400_000, "old")]);
    assert_eq!(old["rejectedLogEventsInfo"]["tooOldLogEventEndIndex"], 1);
    let events = json!([{ "timestamp": start, "message": "b" }, { "timestamp": start - 1, "message": "a" }]);
    let input = json!({ "logGroupName": "/app", "logStreamName": "one", "logEvents": events });
    lab.refuses("logs.PutLogEvents", input, "InvalidParameterException", "must be in chronological order.");
    let read = lab.ok("logs.GetLogEvents", json!({ "logGroupName": "/app", "logStreamName": "one" }));
    assert_eq!(messages(&read), ["fine"]);
}

#[test]
fn a_group_is_searched_by_words_and_by_members() {
    let lab = Lab::new();
    stream(&lab);
    let start = now(&lab);
    put(&lab, &[(start, "GET /a 200"), (start + 1, r#"{"level":"error","code":500}"#), (start + 2, "GET /b 404")]);
    let search = |pattern: &str| {
        let reply = lab.ok("logs.FilterLogEvents", json!({ "logGroupName": "/app", "filterPattern": pattern }));
        messages(&reply).len()
    };
    assert_eq!(search(""), 3);
    assert_eq!(search("GET -404"), 1);
    assert_eq!(search("?404 ?200"), 2);
    assert_eq!(search("\"GET /a\""), 1);
    assert_eq!(search("{ $.level = \"error\" && $.code >= 500 }"), 1);
    assert_eq!(search("{ $.code < 500 }"), 0);
    assert_eq!(search("%/[ab] 4%"), 1);
}

#[test]
fn containers_write_only_to_groups_that_are_there() {
    let lab = Lab::new();
    let write = || lab.sim.with_world(|world| logs::write(world, &lab.place, "/app", "web/1", "hello"));
    assert!(!write());
    lab.sim.with_world(|world| logs::create_group(world, &lab.place, "/app"));
    assert!(lab.sim.with_world(|world| logs::group_exists(world.region(&lab.place), "/app")));
    assert!(write());
    let read = lab.ok("logs.GetLogEvents", json!({ "logGroupName": "/app", "logStreamName": "web/1" }));
    assert_eq!(messages(&read), ["hello"]);
    let both = json!({ "logGroupName": "/app", "logGroupIdentifier": "/app" });
    lab.refuses("logs.DescribeLogStreams", both, "ValidationException", "mutually exclusive parameters.");
    let again = json!({ "logGroupName": "/app", "logStreamName": "web/1" });
    lab.refuses(
        "logs.CreateLogStream",
        again,
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
    );
}

#[test]
fn resource_policies_are_kept_up_to_ten() {
    let lab = Lab::new();
    let put = |n: u32| json!({"policyName": format!("p{n}"), "policyDocument": "{}"});
    for n in 0..10 {
        lab.ok("logs.PutResourcePolicy", put(n));
    }
    lab.ok("logs.PutResourcePolicy", put(9));
    lab.refuses("logs.PutResourcePolicy", put(10), "LimitExceededException", "Resource limit exceeded.");
    let bad = json!({"policyName": "bad", "policyDocument": "{nonsense"});
    lab.refuses("logs.PutResourcePolicy", bad, "InvalidParameterException", "");
    let page = lab.ok("logs.DescribeResourcePolicies", json!({"limit": 4}));
    assert_eq!(page["resourcePolicies"][3]["policyName"], "p3");
    let rest = lab.ok("logs.DescribeResourcePolicies", json!({"nextToken": page["nextToken"]}));
    assert_eq!(rest["resourcePolicies"].as_array().map(Vec::len), Some(6));
    lab.ok("logs.DeleteResourcePolicy", json!({"policyName": "p3"}));
    let text = "Policy with name [p3] does not exist.";
    lab.refuses("logs.DeleteResourcePolicy", json!({"policyName": "p3"}), "ResourceNotFoundException", text);
}

#[test]
fn metric_filters_are_found_by_group_prefix_and_metric() {
    let lab = Lab::new();
    lab.ok("logs.CreateLogGroup", json!({"logGroupName": "/a"}));
    let put = |name: &str, metric: &str| {
        json!({"logGroupName": "/a", "filterName": name, "filterPattern": "ERROR", "metricTransformations": [
            {"metricName": metric, "metricNamespace": "app", "metricValue": "1"}]})
    };
    lab.ok("logs.PutMetricFilter", put("one", "errors"));
    lab.ok("logs.PutMetricFilter", put("two", "faults"));
    let found = lab.ok("logs.DescribeMetricFilters", json!({"metricName": "faults", "metricNamespace": "app"}));
    assert_eq!(found["metricFilters"][0]["filterName"], "two");
    assert_eq!(found["metricFilters"].as_array().map(Vec::len), Some(1));
    assert_eq!(lab.ok("logs.DescribeLogGroups", json!({}))["logGroups"][0]["metricFilterCount"], 2);
    lab.ok("logs.DeleteMetricFilter", json!({"logGroupName": "/a", "filterName": "one"}));
    let none = lab.ok("logs.DescribeMetricFilters", json!({"logGroupName": "/a", "filterNamePrefix": "o"}));
    assert_eq!(none["metricFilters"], json!([]));
    let text = "The specified metric filter does not exist.";
    let again = json!({"logGroupName": "/a", "filterName": "one"});
    lab.refuses("logs.DeleteMetricFilter", again, "ResourceNotFoundException", text);
}

#[test]
fn what_leads_out_of_the_logs_leads_nowhere() {
    let lab = Lab::new();
    lab.ok("logs.CreateLogGroup", json!({"logGroupName": "/a"}));
    let to = |arn: &str| json!({"logGroupName": "/a", "filterName": "f", "filterPattern": "", "destinationArn": arn});
    let refuses = |operation: &str, input: Value, part: &str| {
        assert!(lab.refused(operation, input).message.contains(part), "{operation}");
    };
    let stream = "arn:aws:kinesis:us-east-1:123456789012:stream/none";
    refuses(
        "logs.PutSubscriptionFilter",
        to(stream),
        "destinationArn for vendor kinesis cannot be used without roleArn",
    );
    let lambda = "arn:aws:lambda:us-east-1:123456789012:function:none";
    refuses("logs.PutSubscriptionFilter", to(lambda), "Could not execute the lambda function.");
    let gone = json!({"logGroupName": "/a", "filterName": "f"});
    refuses("logs.DeleteSubscriptionFilter", gone, "The specified subscription filter does not exist.");
    let export = json!({"logGroupName": "/a", "from": 0, "to": 1, "destination": "bucket"});
    refuses("logs.CreateExportTask", export, "The given bucket does not exist.");
    refuses("logs.CancelExportTask", json!({"taskId": "x"}), "The specified export task does not exist.");
}

#[test]
fn a_resource_policy_is_kept_in_the_usual_form_and_answered_as_it_was_sent() {
    let lab = Lab::new();
    let sent = r#"{"Statement":[{"Action":"logs:*","Effect":"Allow","Principal":{"Service":["route53.amazonaws.com"]},"Resource":"*"}]}"#;
    let put = lab.ok("logs.PutResourcePolicy", json!({"policyName": "p", "policyDocument": sent}));
    assert_eq!(put["resourcePolicy"]["policyDocument"], sent);
    assert_eq!(put["resourcePolicy"]["policyScope"], "ACCOUNT");
    let kept = lab.ok("logs.DescribeResourcePolicies", json!({}))["resourcePolicies"][0].clone();
    let text = kept["policyDocument"].as_str().unwrap();
    assert!(text.starts_with(r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"#), "{text}");
    let document: Value = serde_json::from_str(text).unwrap();
    let statement = json!({"Effect": "Allow", "Principal": {"Service": "route53.amazonaws.com"}, "Action": "logs:*",
        "Resource": "*"});
    assert_eq!(document, json!({"Version": "2008-10-17", "Statement": [statement]}));
}

#[test]
fn the_namespace_of_a_metric_may_have_a_colon() {
    let lab = Lab::new();
    group(&lab, "/a");
    let metric = json!([{"metricName": "m", "metricNamespace": "A.B-c_d/1#2:m", "metricValue": "1"}]);
    let filter = json!({"logGroupName": "/a", "filterName": "f", "filterPattern": "", "metricTransformations": metric});
    lab.ok("logs.PutMetricFilter", filter.clone());
    let mut two = filter;
    two["metricTransformations"] = json!([metric[0], metric[0]]);
    let text = "Value '[MetricTransformation(metricName=m, metricNamespace=A.B-c_d/1#2:m, metricValue=1, \
                defaultValue=null";
    lab.refuses("logs.PutMetricFilter", two, "InvalidParameterException", text);
}

#[test]
fn events_go_to_no_function_of_another_account() {
    let lab = Lab::new();
    let to = "arn:aws:lambda:us-east-1:111122223333:function:f";
    let asked = json!({"logGroupName": "/none", "filterName": "f", "filterPattern": "", "destinationArn": to});
    lab.refuses("logs.PutSubscriptionFilter", asked, "AccessDeniedException", "Cross-account lambda invocation");
}

#[test]
fn a_group_tells_how_much_is_in_it() {
    let lab = Lab::new();
    stream(&lab);
    let stored = || lab.ok("logs.DescribeLogGroups", json!({}))["logGroups"][0]["storedBytes"].clone();
    assert_eq!(stored(), 0);
    let at = now(&lab);
    put(&lab, &[(at, "one"), (at, "three")]);
    assert_eq!(stored(), 26 + 3 + 26 + 5);
    lab.ok("logs.DeleteLogStream", json!({ "logGroupName": "/app", "logStreamName": "one" }));
    assert_eq!(stored(), 0);
}
