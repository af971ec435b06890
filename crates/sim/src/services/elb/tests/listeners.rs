//! Listeners: read-back of actions, TLS, ports, idempotency, use of groups.

use serde_json::{Value, json};

use super::{balancer, column, group, listener, listener_input, network, tcp_group, text};
use crate::lab::Lab;

const CERTIFICATE: &str = "arn:aws:iam::123456789012:server-certificate/web";

fn https(balancer: &str, group: &str) -> Value {
    let mut input = listener_input(balancer, 443, group);
    input["Protocol"] = "HTTPS".into();
    input["Certificates"] = json!([{ "CertificateArn": CERTIFICATE }]);
    input
}

#[test]
fn a_forward_to_one_group_reads_back_twice() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    let made = lab.ok("elbv2.CreateListener", listener_input(&web, 80, &target));
    let expected = json!([{
        "Type": "forward", "Order": 1, "TargetGroupArn": target,
        "ForwardConfig": {
            "TargetGroups": [{ "TargetGroupArn": target, "Weight": 1 }],
            "TargetGroupStickinessConfig": { "Enabled": false },
        },
    }]);
    assert_eq!(made["Listeners"][0]["DefaultActions"], expected);
    let mut configured = listener_input(&web, 81, &target);
    configured["DefaultActions"] =
        json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": [{ "TargetGroupArn": target }] } }]);
    assert_eq!(lab.ok("elbv2.CreateListener", configured)["Listeners"][0]["DefaultActions"], expected);
}

#[test]
fn a_forward_to_several_groups_has_no_single_one() {
    let lab = Lab::new();
    let (web, blue, green) = (balancer(&lab, "web"), group(&lab, "blue"), group(&lab, "green"));
    let mut input = listener_input(&web, 80, &blue);
    let tuples = json!([{ "TargetGroupArn": blue, "Weight": 90 }, { "TargetGroupArn": green, "Weight": 10 }]);
    input["DefaultActions"] = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": tuples } }]);
    let action = lab.ok("elbv2.CreateListener", input)["Listeners"][0]["DefaultActions"][0].clone();
    assert!(action.get("TargetGroupArn").is_none());
    assert_eq!(action["ForwardConfig"]["TargetGroups"], tuples);
}

#[test]
fn a_redirect_is_filled_in_and_must_not_lead_to_itself() {
    let lab = Lab::new();
    let web = balancer(&lab, "web");
    let redirect = |config: Value| {
        json!({
            "LoadBalancerArn": web, "Protocol": "HTTP", "Port": 80,
            "DefaultActions": [{ "Type": "redirect", "RedirectConfig": config }],
        })
    };
    lab.refuses(
        "elbv2.CreateListener",
        redirect(json!({ "StatusCode": "HTTP_301" })),
        "InvalidLoadBalancerAction",
        "The redirect configuration is not valid because it creates a loop.",
    );
    let input = redirect(json!({ "Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301" }));
    let made = lab.ok("elbv2.CreateListener", input);
    assert_eq!(
        made["Listeners"][0]["DefaultActions"][0]["RedirectConfig"],
        json!({
            "Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}",
            "StatusCode": "HTTP_301",
        })
    );
}

#[test]
fn secrets_never_read_back() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    let mut input = https(&web, &target);
    input["DefaultActions"] = json!([
        {
            "Type": "authenticate-oidc", "Order": 1,
            "AuthenticateOidcConfig": {
                "Issuer": "https://i", "AuthorizationEndpoint": "https://a", "TokenEndpoint": "https://t",
                "UserInfoEndpoint": "https://u", "ClientId": "c", "ClientSecret": "s",
            },
        },
        { "Type": "forward", "Order": 2, "TargetGroupArn": target },
    ]);
    let made = lab.ok("elbv2.CreateListener", input);
    let config = &made["Listeners"][0]["DefaultActions"][0]["AuthenticateOidcConfig"];
    assert!(config.get("ClientSecret").is_none());
    assert_eq!((&config["Scope"], &config["SessionTimeout"]), (&json!("openid"), &json!(604_800)));
    assert_eq!(config["OnUnauthenticatedRequest"], "authenticate");
}

#[test]
fn an_https_listener_has_a_certificate_a_policy_and_no_mutual_authentication() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    let made = lab.ok("elbv2.CreateListener", https(&web, &target))["Listeners"][0].clone();
    assert_eq!(made["Certificates"], json!([{ "CertificateArn": CERTIFICATE }]));
    assert_eq!(made["SslPolicy"], "ELBSecurityPolicy-2016-08");
    assert_eq!(made["MutualAuthentication"], json!({ "Mode": "off" }));
    let mut bare = https(&web, &target);
    bare["Port"] = 8443.into();
    bare["Certificates"] = Value::Null;
    let part = "A certificate must be specified for HTTPS listeners";
    lab.refuses("elbv2.CreateListener", bare.clone(), "ValidationError", part);
    bare["Certificates"] = json!([{ "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/none" }]);
    let part = "Certificate 'arn:aws:acm:us-east-1:123456789012:certificate/none' not found";
    lab.refuses("elbv2.CreateListener", bare.clone(), "CertificateNotFound", part);
    bare["Protocol"] = "HTTP".into();
    let part = "A certificate cannot be specified for HTTP listeners";
    lab.refuses("elbv2.CreateListener", bare, "ValidationError", part);
    let mut strange = https(&web, &target);
    strange["SslPolicy"] = "none".into();
    lab.refuses("elbv2.CreateListener", strange, "SSLPolicyNotFound", "SSL policy 'none' not found");
}

#[test]
fn further_certificates_are_added_and_the_default_one_stays() {
    let lab = Lab::new();
    let made = lab.ok("elbv2.CreateListener", https(&balancer(&lab, "web"), &group(&lab, "a")));
    let arn = text(&made["Listeners"][0]["ListenerArn"]);
    let other = "arn:aws:iam::123456789012:server-certificate/other";
    let input = json!({ "ListenerArn": arn, "Certificates": [{ "CertificateArn": other }] });
    lab.ok("elbv2.AddListenerCertificates", input.clone());
    let all = lab.ok("elbv2.DescribeListenerCertificates", json!({ "ListenerArn": arn }));
    let expected = json!([
        { "CertificateArn": CERTIFICATE, "IsDefault": true }, { "CertificateArn": other, "IsDefault": false },
    ]);
    assert_eq!(all["Certificates"], expected);
    lab.ok("elbv2.RemoveListenerCertificates", input);
    lab.refuses(
        "elbv2.RemoveListenerCertificates",
        json!({ "ListenerArn": arn, "Certificates": [{ "CertificateArn": CERTIFICATE }] }),
        "OperationNotPermitted",
        "Default certificate cannot be removed",
    );
}

#[test]
fn a_port_is_taken_once_but_the_same_again_is_the_same() {
    let lab = Lab::new();
    let (web, one, two) = (balancer(&lab, "web"), group(&lab, "a"), group(&lab, "b"));
    let first = listener(&lab, &web, 80, &one);
    assert_eq!(listener(&lab, &web, 80, &one), first);
    let part = format!("A listener already exists on this port for this load balancer '{web}'");
    lab.refuses("elbv2.CreateListener", listener_input(&web, 80, &two), "DuplicateListener", &part);
    let second = listener(&lab, &web, 81, &one);
    let input = json!({ "ListenerArn": second, "Port": 80 });
    lab.refuses("elbv2.ModifyListener", input, "ValidationError", "Listener port '80' is already in use");
}

#[test]
fn a_group_serves_one_load_balancer() {
    let lab = Lab::new();
    let (one, two, target) = (balancer(&lab, "one"), balancer(&lab, "two"), group(&lab, "a"));
    listener(&lab, &one, 80, &target);
    let part = format!("The following target groups cannot be associated with more than one load balancer: {target}");
    lab.refuses("elbv2.CreateListener", listener_input(&two, 80, &target), "TargetGroupAssociationLimit", &part);
}

#[test]
fn protocols_fit_the_load_balancer_and_the_group() {
    let lab = Lab::new();
    let (web, net, target) = (balancer(&lab, "web"), network(&lab, "net"), group(&lab, "a"));
    let mut input = listener_input(&web, 80, &target);
    input["Protocol"] = "TCP".into();
    let part = "Listener protocol 'TCP' must be one of 'HTTP, HTTPS'";
    lab.refuses("elbv2.CreateListener", input.clone(), "ValidationError", part);
    input["LoadBalancerArn"] = net.into();
    let part = "have incompatible protocols: 'TCP' and 'HTTP'";
    lab.refuses("elbv2.CreateListener", input.clone(), "IncompatibleProtocols", part);
    input["DefaultActions"][0]["TargetGroupArn"] = tcp_group(&lab, "b").into();
    lab.ok("elbv2.CreateListener", input);
    let gone = target.replace("/a/", "/z/");
    let part = format!("Target groups '{gone}' not found");
    lab.refuses("elbv2.CreateListener", listener_input(&web, 80, &gone), "TargetGroupNotFound", &part);
}

#[test]
fn a_modified_listener_keeps_what_is_not_said() {
    let lab = Lab::new();
    let (web, one, two) = (balancer(&lab, "web"), group(&lab, "a"), group(&lab, "b"));
    let arn = listener(&lab, &web, 80, &one);
    let actions = json!([{ "Type": "forward", "TargetGroupArn": two }]);
    let made = lab.ok("elbv2.ModifyListener", json!({ "ListenerArn": arn, "DefaultActions": actions }));
    assert_eq!((&made["Listeners"][0]["Port"], &made["Listeners"][0]["Protocol"]), (&json!(80), &json!("HTTP")));
    lab.ok("elbv2.DeleteTargetGroup", json!({ "TargetGroupArn": one }));
    lab.refused("elbv2.DeleteTargetGroup", json!({ "TargetGroupArn": two }));
    let rules = lab.ok("elbv2.DescribeRules", json!({ "ListenerArn": arn }));
    assert_eq!(rules["Rules"][0]["Actions"][0]["TargetGroupArn"], two, "the default rule follows");
}

#[test]
fn listeners_are_listed_by_load_balancer_or_arn() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    let arns: Vec<String> = [443, 80].map(|port| listener(&lab, &web, port, &target)).into();
    let all = lab.ok("elbv2.DescribeListeners", json!({ "LoadBalancerArn": web }));
    assert_eq!(column(&all["Listeners"], "ListenerArn"), arns);
    let part = "You must specify either listener ARNs or a load balancer ARN";
    lab.refuses("elbv2.DescribeListeners", json!({}), "ValidationError", part);
    lab.ok("elbv2.DeleteListener", json!({ "ListenerArn": arns[0] }));
    let part = "One or more listeners not found";
    lab.refuses("elbv2.DescribeListeners", json!({ "ListenerArns": arns }), "ListenerNotFound", part);
    lab.refuses("elbv2.DeleteListener", json!({ "ListenerArn": arns[0] }), "ListenerNotFound", part);
}

#[test]
fn a_certificate_that_is_not_issued_is_refused() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    let requested = lab.ok("acm.RequestCertificate", json!({ "DomainName": "example.com", "ValidationMethod": "DNS" }));
    let arn = text(&requested["CertificateArn"]);
    let mut input = https(&web, &target);
    input["Certificates"] = json!([{ "CertificateArn": arn }]);
    let part = format!(
        "The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a supported key size."
    );
    lab.refuses("elbv2.CreateListener", input, "UnsupportedCertificate", &part);
}

#[test]
fn clients_may_have_to_show_certificates() {
    let lab = Lab::new();
    let mut input = https(&balancer(&lab, "web"), &group(&lab, "a"));
    input["MutualAuthentication"] = json!({ "Mode": "verify" });
    let part = "A trust store must be specified when mutual authentication mode is 'verify'";
    lab.refuses("elbv2.CreateListener", input.clone(), "ValidationError", part);
    let store = "arn:aws:elasticloadbalancing:us-east-1:123456789012:truststore/t/0123456789abcdef";
    input["MutualAuthentication"] = json!({ "Mode": "verify", "TrustStoreArn": store });
    let made = lab.ok("elbv2.CreateListener", input);
    let expected = json!({
        "Mode": "verify", "TrustStoreArn": store, "IgnoreClientCertificateExpiry": false,
        "AdvertiseTrustStoreCaNames": "off",
    });
    assert_eq!(made["Listeners"][0]["MutualAuthentication"], expected);
}

#[test]
fn actions_come_back_in_their_order_and_end_with_a_routing_one() {
    let lab = Lab::new();
    let (web, target) = (balancer(&lab, "web"), group(&lab, "a"));
    let cognito = |order: u32| {
        let config = json!({ "UserPoolArn": "arn:p", "UserPoolClientId": "c", "UserPoolDomain": "d" });
        json!({ "Type": "authenticate-cognito", "Order": order, "AuthenticateCognitoConfig": config })
    };
    let forward = |order: u32| json!({ "Type": "forward", "Order": order, "TargetGroupArn": target });
    let mut input = https(&web, &target);
    input["DefaultActions"] = json!([forward(20), cognito(10)]);
    let made = lab.ok("elbv2.CreateListener", input.clone());
    assert_eq!(column(&made["Listeners"][0]["DefaultActions"], "Type"), ["authenticate-cognito", "forward"]);
    input["DefaultActions"] = json!([forward(1), cognito(2)]);
    lab.refuses("elbv2.CreateListener", input.clone(), "InvalidLoadBalancerAction", "it must be the last one");
    input["Protocol"] = "HTTP".into();
    input["Certificates"] = Value::Null;
    input["DefaultActions"] = json!([cognito(1), forward(2)]);
    lab.refuses("elbv2.CreateListener", input, "InvalidLoadBalancerAction", "only on HTTPS listeners");
}

#[test]
fn another_protocol_drops_the_certificate() {
    let lab = Lab::new();
    let made = lab.ok("elbv2.CreateListener", https(&balancer(&lab, "web"), &group(&lab, "a")));
    let arn = text(&made["Listeners"][0]["ListenerArn"]);
    let made = lab.ok("elbv2.ModifyListener", json!({ "ListenerArn": arn, "Protocol": "HTTP" }));
    for absent in ["Certificates", "SslPolicy", "MutualAuthentication"] {
        assert!(made["Listeners"][0].get(absent).is_none(), "{absent}");
    }
}

#[test]
fn an_action_forwards_to_five_groups_at_most() {
    let lab = Lab::new();
    let web = balancer(&lab, "web");
    let groups: Vec<String> = (0..6).map(|number| group(&lab, &format!("g{number}"))).collect();
    let tuples: Vec<Value> = groups.iter().map(|arn| json!({ "TargetGroupArn": arn, "Weight": 1 })).collect();
    let mut input = listener_input(&web, 80, &groups[0]);
    input["DefaultActions"] = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": tuples } }]);
    lab.refuses("elbv2.CreateListener", input, "TooManyTargetGroups", "'5'");
}

/// A certificate whose validation record stands in its zone, so that it is issued; its ARN.
fn issued(lab: &Lab) -> String {
    let requested = lab.ok("acm.RequestCertificate", json!({ "DomainName": "example.com", "ValidationMethod": "DNS" }));
    let arn = text(&requested["CertificateArn"]);
    lab.pass(60);
    let read = || lab.ok("acm.DescribeCertificate", json!({ "CertificateArn": arn }))["Certificate"].clone();
    let record = read()["DomainValidationOptions"][0]["ResourceRecord"].clone();
    let zone = lab.ok("route53.CreateHostedZone", json!({ "Name": "example.com", "CallerReference": "1" }));
    let set = json!({
        "Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{ "Value": record["Value"] }],
    });
    let batch = json!({ "Changes": [{ "Action": "CREATE", "ResourceRecordSet": set }] });
    let input = json!({ "HostedZoneId": zone["HostedZone"]["Id"], "ChangeBatch": batch });
    lab.ok("route53.ChangeResourceRecordSets", input);
    lab.pass(3600);
    assert_eq!(read()["Status"], "ISSUED");
    arn
}

#[test]
fn an_issued_certificate_is_in_use_while_a_listener_has_it_and_for_minutes_after() {
    let lab = Lab::new();
    let (web, target, arn) = (balancer(&lab, "web"), group(&lab, "a"), issued(&lab));
    let users =
        || lab.ok("acm.DescribeCertificate", json!({ "CertificateArn": arn }))["Certificate"]["InUseBy"].clone();
    let mut input = https(&web, &target);
    input["Certificates"] = json!([{ "CertificateArn": arn }]);
    let made = lab.ok("elbv2.CreateListener", input);
    assert_eq!(users(), json!([web]));
    lab.ok("elbv2.DeleteListener", json!({ "ListenerArn": made["Listeners"][0]["ListenerArn"] }));
    assert_eq!(users(), json!([web]), "for some minutes more");
    lab.pass(3600);
    assert_eq!(users(), json!([]));
}
