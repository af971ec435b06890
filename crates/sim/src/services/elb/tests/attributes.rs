//! Attributes: whole lists with defaults, and what goes together.

use serde_json::{Value, json};

use super::{balancer, group, listener, network, tcp_group, text};
use crate::lab::Lab;

fn value(reply: &Value, key: &str) -> Option<String> {
    let list = reply["Attributes"].as_array().expect("attributes");
    list.iter().find(|one| one["Key"] == key).map(|one| text(&one["Value"]))
}

#[test]
fn a_load_balancer_always_shows_all_its_attributes() {
    let lab = Lab::new();
    let arn = balancer(&lab, "web");
    let all = lab.ok("elbv2.DescribeLoadBalancerAttributes", json!({ "LoadBalancerArn": arn }));
    for (key, default) in [
        ("idle_timeout.timeout_seconds", "60"),
        ("client_keep_alive.seconds", "3600"),
        ("load_balancing.cross_zone.enabled", "true"),
        ("routing.http2.enabled", "true"),
        ("routing.http.desync_mitigation_mode", "defensive"),
        ("access_logs.s3.bucket", ""),
        ("zonal_shift.config.enabled", "false"),
    ] {
        assert_eq!(value(&all, key).as_deref(), Some(default), "{key}");
    }
    let net = network(&lab, "net");
    let all = lab.ok("elbv2.DescribeLoadBalancerAttributes", json!({ "LoadBalancerArn": net }));
    assert_eq!(value(&all, "load_balancing.cross_zone.enabled").as_deref(), Some("false"));
    assert_eq!(value(&all, "idle_timeout.timeout_seconds"), None);
}

#[test]
fn load_balancer_attributes_are_checked() {
    let lab = Lab::new();
    let arn = balancer(&lab, "web");
    let refuses = |key: &str, value: &str, code: &str, part: &str| {
        let input = json!({ "LoadBalancerArn": arn, "Attributes": [{ "Key": key, "Value": value }] });
        lab.refuses("elbv2.ModifyLoadBalancerAttributes", input, code, part);
    };
    refuses("no.such", "1", "ValidationError", "Load balancer attribute key 'no.such' is not recognized");
    refuses(
        "dns_record.client_routing_policy",
        "any_availability_zone",
        "InvalidConfigurationRequest",
        "Load balancer attribute key 'dns_record.client_routing_policy' is not supported on load balancers with type \
         'application'",
    );
    refuses("idle_timeout.timeout_seconds", "4001", "ValidationError", "must be between '1-4000' inclusive");
    let many: Vec<Value> = (0..21).map(|_| json!({ "Key": "idle_timeout.timeout_seconds", "Value": "60" })).collect();
    let input = json!({ "LoadBalancerArn": arn, "Attributes": many });
    let part = "Member must have length less than or equal to 20";
    lab.refuses("elbv2.ModifyLoadBalancerAttributes", input, "ValidationError", part);
}

#[test]
fn a_refused_change_changes_nothing() {
    let lab = Lab::new();
    let arn = balancer(&lab, "web");
    let attributes = json!([
        { "Key": "idle_timeout.timeout_seconds", "Value": "100" }, { "Key": "routing.http2.enabled", "Value": "maybe" },
    ]);
    lab.refused("elbv2.ModifyLoadBalancerAttributes", json!({ "LoadBalancerArn": arn, "Attributes": attributes }));
    let all = lab.ok("elbv2.DescribeLoadBalancerAttributes", json!({ "LoadBalancerArn": arn }));
    assert_eq!(value(&all, "idle_timeout.timeout_seconds").as_deref(), Some("60"));
}

#[test]
fn target_group_attributes_go_by_protocol() {
    let lab = Lab::new();
    let read = |arn: &str| lab.ok("elbv2.DescribeTargetGroupAttributes", json!({ "TargetGroupArn": arn }));
    let http = read(&group(&lab, "a"));
    assert_eq!(value(&http, "stickiness.type").as_deref(), Some("lb_cookie"));
    assert_eq!(value(&http, "deregistration_delay.timeout_seconds").as_deref(), Some("300"));
    assert_eq!(value(&http, "load_balancing.algorithm.anomaly_mitigation").as_deref(), Some("off"));
    let tcp = read(&tcp_group(&lab, "b"));
    assert_eq!(value(&tcp, "preserve_client_ip.enabled").as_deref(), Some("false"), "addresses over TCP");
    assert_eq!(value(&tcp, "stickiness.type").as_deref(), Some("source_ip"));
    let made = lab.ok("elbv2.CreateTargetGroup", json!({ "Name": "f", "TargetType": "lambda" }));
    let lambda = read(&text(&made["TargetGroups"][0]["TargetGroupArn"]));
    assert_eq!(lambda["Attributes"], json!([{ "Key": "lambda.multi_value_headers.enabled", "Value": "false" }]));
}

#[test]
fn what_does_not_go_together_is_refused() {
    let lab = Lab::new();
    let (http, tcp) = (group(&lab, "a"), tcp_group(&lab, "b"));
    let refuses = |arn: &str, pairs: &[(&str, &str)], part: &str| {
        let attributes: Vec<Value> = pairs.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        let input = json!({ "TargetGroupArn": arn, "Attributes": attributes });
        lab.refuses("elbv2.ModifyTargetGroupAttributes", input, "InvalidConfigurationRequest", part);
    };
    let kind = "stickiness.type";
    refuses(
        &tcp,
        &[(kind, "lb_cookie")],
        "Stickiness type 'lb_cookie' is not supported for target groups with the TCP protocol",
    );
    refuses(
        &http,
        &[(kind, "source_ip")],
        "Stickiness type 'source_ip' is not supported for target groups with the HTTP protocol",
    );
    let weighted = ("load_balancing.algorithm.type", "weighted_random");
    refuses(
        &http,
        &[weighted, ("slow_start.duration_seconds", "30")],
        "You cannot enable both slow start and weighted random algorithm on a target group",
    );
    refuses(
        &http,
        &[weighted, ("stickiness.enabled", "true")],
        "You cannot have both stickiness and weighted random algorithm enabled on the same target group.",
    );
    refuses(
        &http,
        &[("load_balancing.algorithm.anomaly_mitigation", "on")],
        "You cannot enable both anomaly mitigation and round robin algorithm on a target group",
    );
}

#[test]
fn listener_attributes_go_by_protocol() {
    let lab = Lab::new();
    let arn = listener(&lab, &balancer(&lab, "web"), 80, &group(&lab, "a"));
    let all = lab.ok("elbv2.DescribeListenerAttributes", json!({ "ListenerArn": arn }));
    assert_eq!(value(&all, "routing.http.response.server.enabled").as_deref(), Some("true"));
    assert_eq!(value(&all, "routing.http.response.x_frame_options.header_value").as_deref(), Some(""));
    let attributes = json!([{ "Key": "routing.http.response.x_frame_options.header_value", "Value": "DENY" }]);
    let all = lab.ok("elbv2.ModifyListenerAttributes", json!({ "ListenerArn": arn, "Attributes": attributes }));
    assert_eq!(value(&all, "routing.http.response.x_frame_options.header_value").as_deref(), Some("DENY"));
}

#[test]
fn groups_take_no_empty_values_and_datagrams_no_end_of_connections() {
    let lab = Lab::new();
    let refuses = |arn: &str, key: &str, value: &str, code: &str, part: &str| {
        let input = json!({ "TargetGroupArn": arn, "Attributes": [{ "Key": key, "Value": value }] });
        lab.refuses("elbv2.ModifyTargetGroupAttributes", input, code, part);
    };
    let part = "A target group attribute value must be specified";
    refuses(&group(&lab, "a"), "stickiness.app_cookie.cookie_name", "", "ValidationError", part);
    let mut input = super::group_input(&lab, "u");
    input["Protocol"] = "UDP".into();
    let udp = text(&lab.ok("elbv2.CreateTargetGroup", input)["TargetGroups"][0]["TargetGroupArn"]);
    let key = "target_health_state.unhealthy.connection_termination.enabled";
    refuses(&udp, key, "true", "InvalidConfigurationRequest", "with the UDP protocol");
    let key = "target_health_state.unhealthy.draining_interval_seconds";
    refuses(&tcp_group(&lab, "t"), key, "60", "InvalidConfigurationRequest", "draining interval");
}

#[test]
fn the_idle_timeout_of_tls_is_fixed() {
    let lab = Lab::new();
    let (net, group) = (network(&lab, "net"), tcp_group(&lab, "a"));
    let mut input = super::listener_input(&net, 80, &group);
    input["Protocol"] = "TCP".into();
    let tcp = text(&lab.ok("elbv2.CreateListener", input.clone())["Listeners"][0]["ListenerArn"]);
    let attributes = json!([{ "Key": "tcp.idle_timeout.seconds", "Value": "600" }]);
    lab.ok("elbv2.ModifyListenerAttributes", json!({ "ListenerArn": tcp, "Attributes": attributes }));
    input["Protocol"] = "TLS".into();
    input["Port"] = 443.into();
    input["Certificates"] = json!([{ "CertificateArn": "arn:aws:iam::123456789012:server-certificate/one" }]);
    let made = lab.ok("elbv2.CreateListener", input)["Listeners"][0].clone();
    assert_eq!(made["DefaultActions"][0]["ForwardConfig"]["TargetGroups"], json!([{ "TargetGroupArn": group }]));
    let tls = json!({ "ListenerArn": made["ListenerArn"], "Attributes": attributes });
    lab.refuses("elbv2.ModifyListenerAttributes", tls, "InvalidConfigurationRequest", "with the TLS protocol");
}
