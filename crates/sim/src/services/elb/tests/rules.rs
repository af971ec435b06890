//! Rules: conditions, priorities, the default rule.

use serde_json::{Value, json};

use super::{balancer, column, group, listener, rule, rule_input};
use crate::lab::Lab;

fn front(lab: &Lab) -> String {
    listener(lab, &balancer(lab, "web"), 80, &group(lab, "a"))
}

fn with_conditions(listener: &str, conditions: Value) -> Value {
    let mut input = rule_input(listener, 1);
    input["Conditions"] = conditions;
    input
}

#[test]
fn rules_are_listed_by_priority_and_the_default_one_last() {
    let lab = Lab::new();
    let arn = front(&lab);
    for priority in [20, 3, 100] {
        rule(&lab, &arn, priority);
    }
    let all = lab.ok("elbv2.DescribeRules", json!({ "ListenerArn": arn }));
    assert_eq!(column(&all["Rules"], "Priority"), ["3", "20", "100", "default"]);
    assert_eq!((&all["Rules"][3]["IsDefault"], &all["Rules"][3]["Conditions"]), (&json!(true), &json!([])));
    assert_eq!(all["Rules"][0]["IsDefault"], false);
}

#[test]
fn every_field_reads_back_and_old_names_stand_beside_new_ones() {
    let lab = Lab::new();
    let arn = front(&lab);
    let conditions = json!([
        { "Field": "path-pattern", "PathPatternConfig": { "Values": ["/b"] } },
        { "Field": "host-header", "Values": ["example.com"] },
        { "Field": "source-ip", "SourceIpConfig": { "Values": ["10.0.0.0/8"] } },
        { "Field": "http-request-method", "HttpRequestMethodConfig": { "Values": ["GET"] } },
        { "Field": "query-string", "QueryStringConfig": { "Values": [{ "Key": "v", "Value": "1" }] } },
    ]);
    let made = lab.ok("elbv2.CreateRule", with_conditions(&arn, conditions));
    let expected = json!([
        { "Field": "host-header", "Values": ["example.com"], "HostHeaderConfig": { "Values": ["example.com"] } },
        { "Field": "http-request-method", "HttpRequestMethodConfig": { "Values": ["GET"] } },
        { "Field": "path-pattern", "Values": ["/b"], "PathPatternConfig": { "Values": ["/b"] } },
        { "Field": "query-string", "QueryStringConfig": { "Values": [{ "Key": "v", "Value": "1" }] } },
        { "Field": "source-ip", "SourceIpConfig": { "Values": ["10.0.0.0/8"] } },
    ]);
    assert_eq!(made["Rules"][0]["Conditions"], expected);
}

#[test]
fn paths_are_reordered_and_hosts_are_not() {
    let lab = Lab::new();
    let conditions = json!([
        { "Field": "path-pattern", "PathPatternConfig": { "Values": ["/z", "/a"] } },
        { "Field": "host-header", "HostHeaderConfig": { "Values": ["z.example.com", "a.example.com"] } },
    ]);
    let made = lab.ok("elbv2.CreateRule", with_conditions(&front(&lab), conditions));
    let read = &made["Rules"][0]["Conditions"];
    assert_eq!(read[0]["HostHeaderConfig"]["Values"], json!(["z.example.com", "a.example.com"]));
    assert_eq!(read[1]["PathPatternConfig"]["Values"], json!(["/a", "/z"]));
}

#[test]
fn conditions_are_checked() {
    let lab = Lab::new();
    let arn = front(&lab);
    let refuses = |conditions: Value, part: &str| {
        lab.refuses("elbv2.CreateRule", with_conditions(&arn, conditions), "ValidationError", part);
    };
    refuses(
        json!([{ "Field": "color", "Values": ["red"] }]),
        "Condition field 'color' must be one of '[path-pattern, host-header, http-header, http-request-method, \
         query-string, source-ip]'",
    );
    refuses(
        json!([{ "Field": "path-pattern", "PathPatternConfig": { "Values": ["/1", "/2", "/3", "/4", "/5", "/6"] } }]),
        "A rule can only have '5' condition values",
    );
    refuses(
        json!([{ "Field": "host-header", "Values": ["a.b"] }, { "Field": "host-header", "Values": ["c.d"] }]),
        "A rule can only have one 'host-header' condition",
    );
    refuses(
        json!([{ "Field": "path-pattern", "Values": ["/1", "/2"] }]),
        "The 'path-pattern' field contains too many values; the limit is '1'",
    );
    refuses(json!([{ "Field": "source-ip", "SourceIpConfig": { "Values": ["10.0.0.1"] } }]), "CIDR");
    refuses(
        json!([{ "Field": "http-request-method", "HttpRequestMethodConfig": { "Values": ["get"] } }]),
        "the allowed characters are A-Z, hyphen and underscore",
    );
}

#[test]
fn a_priority_is_taken_once() {
    let lab = Lab::new();
    let arn = front(&lab);
    rule(&lab, &arn, 5);
    lab.refuses("elbv2.CreateRule", rule_input(&arn, 5), "PriorityInUse", "Priority '5' is currently in use");
    lab.refuses(
        "elbv2.CreateRule",
        rule_input(&arn, 50_001),
        "ValidationError",
        "1 validation error detected: Value '50001' at 'priority' failed to satisfy constraint: Member must have value \
         less than or equal to 50000",
    );
}

#[test]
fn priorities_are_set_all_or_none() {
    let lab = Lab::new();
    let arn = front(&lab);
    let (one, two, three) = (rule(&lab, &arn, 1), rule(&lab, &arn, 2), rule(&lab, &arn, 3));
    let set = |pairs: &[(&str, u32)]| {
        let list: Vec<Value> = pairs.iter().map(|(arn, to)| json!({ "RuleArn": arn, "Priority": to })).collect();
        json!({ "RulePriorities": list })
    };
    lab.ok("elbv2.SetRulePriorities", set(&[(&one, 2), (&two, 1)]));
    let order = || column(&lab.ok("elbv2.DescribeRules", json!({ "ListenerArn": arn }))["Rules"], "RuleArn");
    assert_eq!(order()[..3], [two.clone(), one.clone(), three.clone()]);
    let part = "Priority '3' is currently in use";
    lab.refuses("elbv2.SetRulePriorities", set(&[(&two, 9), (&one, 3)]), "PriorityInUse", part);
    assert_eq!(order()[..3], [two.clone(), one.clone(), three], "nothing moved");
    let part = "Priority '7' was provided multiple times";
    lab.refuses("elbv2.SetRulePriorities", set(&[(&one, 7), (&two, 7)]), "ValidationError", part);
}

#[test]
fn the_default_rule_cannot_be_deleted() {
    let lab = Lab::new();
    let arn = front(&lab);
    let default = column(&lab.ok("elbv2.DescribeRules", json!({ "ListenerArn": arn }))["Rules"], "RuleArn")[0].clone();
    let part = format!("Default rule '{default}' cannot be deleted");
    lab.refuses("elbv2.DeleteRule", json!({ "RuleArn": default }), "OperationNotPermitted", &part);
    let gone = rule(&lab, &arn, 1);
    lab.ok("elbv2.DeleteRule", json!({ "RuleArn": gone }));
    lab.refuses("elbv2.DeleteRule", json!({ "RuleArn": gone }), "RuleNotFound", "One or more rules not found");
}

#[test]
fn a_load_balancer_has_at_most_a_hundred_rules() {
    let lab = Lab::new();
    let arn = front(&lab);
    for priority in 1..=100 {
        rule(&lab, &arn, priority);
    }
    let part = "The maximum number of rules on load balancer '";
    lab.refuses("elbv2.CreateRule", rule_input(&arn, 101), "TooManyRules", part);
}

#[test]
fn a_modified_rule_keeps_what_is_not_said() {
    let lab = Lab::new();
    let arn = rule(&lab, &front(&lab), 1);
    let conditions = json!([{ "Field": "path-pattern", "Values": ["/other"] }]);
    let made = lab.ok("elbv2.ModifyRule", json!({ "RuleArn": arn, "Conditions": conditions }))["Rules"][0].clone();
    assert_eq!(made["Conditions"][0]["PathPatternConfig"]["Values"], json!(["/other"]));
    assert_eq!(made["Actions"][0]["Type"], "fixed-response");
    assert_eq!(made["Priority"], "1");
}

#[test]
fn shifting_weights_leaves_a_weighted_list() {
    let lab = Lab::new();
    let (web, blue, green) = (balancer(&lab, "web"), group(&lab, "blue"), group(&lab, "green"));
    let arn = listener(&lab, &web, 80, &blue);
    let weights = [(blue.clone(), 0), (green.clone(), 100)];
    let place = lab.place.clone();
    assert!(lab.sim.with_world(|world| super::super::shift_weights(world.region(&place), &arn, &weights)));
    let read = lab.ok("elbv2.DescribeListeners", json!({ "ListenerArns": [arn] }));
    let action = &read["Listeners"][0]["DefaultActions"][0];
    assert!(action.get("TargetGroupArn").is_none());
    let expected = json!([{ "TargetGroupArn": blue, "Weight": 0 }, { "TargetGroupArn": green, "Weight": 100 }]);
    assert_eq!(action["ForwardConfig"]["TargetGroups"], expected);
    lab.refused("elbv2.DeleteTargetGroup", json!({ "TargetGroupArn": green }));
}

#[test]
fn a_network_load_balancer_has_no_rules() {
    let lab = Lab::new();
    let group = super::tcp_group(&lab, "a");
    let mut wanted = super::listener_input(&super::network(&lab, "net"), 80, &group);
    wanted["Protocol"] = "TCP".into();
    let made = lab.ok("elbv2.CreateListener", wanted);
    let arn = super::text(&made["Listeners"][0]["ListenerArn"]);
    lab.refuses("elbv2.CreateRule", rule_input(&arn, 1), "InvalidConfigurationRequest", "Rules are not supported");
}

#[test]
fn one_with_ipv6_has_rules_by_the_family_of_addresses() {
    let lab = Lab::new();
    let (net, group) = (super::dual(&lab, "net"), super::tcp_group(&lab, "a"));
    let mut wanted = super::listener_input(&net, 80, &group);
    wanted["Protocol"] = "TCP".into();
    let made = lab.ok("elbv2.CreateListener", wanted);
    let arn = super::text(&made["Listeners"][0]["ListenerArn"]);
    let rule = |priority: u32, condition: Value| {
        json!({ "ListenerArn": arn, "Priority": priority, "Conditions": [condition],
            "Actions": [{ "Type": "forward", "TargetGroupArn": group }] })
    };
    let by = |config: Value| json!({ "Field": "source-ip", "SourceIpConfig": config });
    let made = lab.ok("elbv2.CreateRule", rule(1, by(json!({ "IpAddressType": "ipv6" }))));
    assert_eq!(made["Rules"][0]["Conditions"][0]["SourceIpConfig"], json!({ "IpAddressType": "ipv6" }));
    let range = rule(2, by(json!({ "Values": ["10.0.0.0/8"] })));
    lab.refuses("elbv2.CreateRule", range, "InvalidConfigurationRequest", "without an IP address type");
    let path = rule(3, json!({ "Field": "path-pattern", "Values": ["/a"] }));
    lab.refuses("elbv2.CreateRule", path, "InvalidConfigurationRequest", "'path-pattern'");
}

#[test]
fn headers_have_names_of_rfc_7230_and_an_empty_key_is_none() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    let front = listener(&lab, &web, 80, &target);
    let with = |priority: u32, condition: Value| {
        let mut input = rule_input(&front, priority);
        input["Conditions"] = json!([condition]);
        input
    };
    let header =
        |name: &str| json!({ "Field": "http-header", "HttpHeaderConfig": { "HttpHeaderName": name, "Values": ["x"] } });
    for name in ["X Y", "Invalid@", "naïve", "a:b", "(a)"] {
        lab.refuses("elbv2.CreateRule", with(1, header(name)), "ValidationError", "RFC 7230");
    }
    lab.ok("elbv2.CreateRule", with(1, header("X-Tenant_1.a!")));
    let pairs = json!([{ "Key": "", "Value": "blank" }, { "Key": "k", "Value": "v" }]);
    let query = json!({ "Field": "query-string", "QueryStringConfig": { "Values": pairs } });
    let made = lab.ok("elbv2.CreateRule", with(2, query));
    let read = &made["Rules"][0]["Conditions"][0]["QueryStringConfig"]["Values"];
    assert_eq!(*read, json!([{ "Value": "blank" }, { "Key": "k", "Value": "v" }]));
}
