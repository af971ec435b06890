//! Who a caller is, and which temporary keys are given out to whom.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::lab::Lab;
use crate::services::iam;
use crate::sim::Outcome;

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

fn lab_with_role() -> Lab {
    let lab = Lab::new();
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}}"#;
    lab.ok("iam.CreateRole", json!({ "RoleName": "deploy", "AssumeRolePolicyDocument": trust }));
    lab
}

#[test]
fn the_key_of_a_session_is_the_roles_until_it_ends() {
    let lab = lab_with_role();
    lab.pass(10);
    let reply = lab.ok("sts.AssumeRole", json!({ "RoleArn": ROLE, "RoleSessionName": "me", "DurationSeconds": 900 }));
    let key = reply["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
    let session = "arn:aws:sts::123456789012:assumed-role/deploy/me";
    assert_eq!(reply["AssumedRoleUser"]["Arn"], session);
    let arn = lab.sim.with_world(|world| iam::caller(world, &key).1.arn);
    assert_eq!(arn, session);
    lab.sim.pass(Duration::from_secs(901));
    let arn = lab.sim.with_world(|world| iam::caller(world, &key).1.arn);
    assert!(arn.ends_with(":user/student"));
}

#[test]
fn a_fresh_role_cannot_be_taken_on_for_some_seconds() {
    let lab = lab_with_role();
    let input = json!({ "RoleArn": ROLE, "RoleSessionName": "me" });
    let text = format!("is not authorized to perform: sts:AssumeRole on resource: {ROLE}");
    lab.refuses("sts.AssumeRole", input.clone(), "AccessDenied", &text);
    lab.pass(9);
    lab.ok("sts.AssumeRole", input);
}

#[test]
fn a_role_for_a_service_is_nobodys_else() {
    let lab = Lab::new();
    let trust =
        r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"ecs.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    lab.ok("iam.CreateRole", json!({ "RoleName": "deploy", "AssumeRolePolicyDocument": trust }));
    lab.pass(9);
    lab.refuses(
        "sts.AssumeRole",
        json!({ "RoleArn": ROLE, "RoleSessionName": "me" }),
        "AccessDenied",
        "sts:AssumeRole",
    );
}

#[test]
fn inputs_of_assume_role_are_checked() {
    let lab = lab_with_role();
    lab.pass(9);
    let refuses = |input, code, part| lab.refuses("sts.AssumeRole", input, code, part);
    let text = "this is no arn at all ok";
    refuses(
        json!({ "RoleArn": text, "RoleSessionName": "me" }),
        "ValidationError",
        "this is no arn at all ok is invalid",
    );
    refuses(
        json!({ "RoleArn": ROLE, "RoleSessionName": "no spaces" }),
        "ValidationError",
        "Value 'no spaces' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression \
         pattern: [\\w+=,.@-]*",
    );
    let tags = json!([{ "Key": "a", "Value": "1" }, { "Key": "A", "Value": "2" }]);
    let input = json!({ "RoleArn": ROLE, "RoleSessionName": "me", "Tags": tags });
    refuses(input, "InvalidParameterValue", "Duplicate tag keys found.");
    let input = json!({ "RoleArn": ROLE, "RoleSessionName": "me", "TransitiveTagKeys": ["a"] });
    refuses(input, "InvalidParameterValue", "The specified transitive tag key must be included");
    let input = json!({ "RoleArn": ROLE, "RoleSessionName": "me", "DurationSeconds": 7200 });
    refuses(input, "ValidationError", "exceeds the MaxSessionDuration");
}

#[test]
fn the_caller_is_the_accounts_user() {
    let lab = Lab::new();
    let reply = lab.ok("sts.GetCallerIdentity", json!({}));
    assert_eq!(reply["Account"], "123456789012");
    assert_eq!(reply["Arn"], "arn:aws:iam::123456789012:user/student");
    let user = lab.ok("iam.GetUser", json!({}));
    assert_eq!(user["User"]["UserId"], reply["UserId"]);
    let (account, caller) = lab.sim.with_world(|world| iam::caller(world, "210987654321"));
    assert_eq!((account.as_ref(), caller.arn.as_str()), ("210987654321", "arn:aws:iam::210987654321:user/student"));
}

#[test]
fn a_session_token_is_the_users_own() {
    let lab = Lab::new();
    let reply = lab.ok("sts.GetSessionToken", json!({}));
    let key = reply["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
    assert!(key.starts_with("ASIA"));
    assert!(lab.sim.with_world(|world| iam::caller(world, &key).1.arn).ends_with(":user/student"));
    lab.refuses(
        "sts.DecodeAuthorizationMessage",
        json!({ "EncodedMessage": "?" }),
        "InvalidAuthorizationMessageException",
        "",
    );
}

#[test]
fn an_arn_names_a_partition_a_service_and_something_of_it() {
    let lab = Lab::new();
    for arn in ["nothing-valid-in-here", "arn::b:::something/role", "arn:a::::something/role", "arn:a:a::aaaaaaaaaa:"] {
        let asked = json!({ "RoleArn": arn, "RoleSessionName": "me" });
        lab.refuses("sts.AssumeRole", asked, "ValidationError", &format!("{arn} is invalid"));
    }
}

#[test]
fn a_tag_that_a_session_hands_on_is_not_set_anew() {
    let lab = lab_with_role();
    lab.pass(10);
    let tags = json!([{ "Key": "Team", "Value": "a" }]);
    let input = json!({ "RoleArn": ROLE, "RoleSessionName": "me", "Tags": tags, "TransitiveTagKeys": ["Team"] });
    let key = lab.ok("sts.AssumeRole", input)["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
    let chained = |tags: &str| {
        let credential = format!("AWS4-HMAC-SHA256 Credential={key}/20260131/us-east-1/sts/aws4_request, Signature=0");
        let form = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={ROLE}&RoleSessionName=two{tags}");
        let request = http::Request::post("/").header("authorization", credential);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        match lab.sim.answer(&request.body(Bytes::from(form)).unwrap()) {
            Outcome::Reply(reply, _) => String::from_utf8_lossy(reply.body()).into_owned(),
            other => panic!("{other:?}"),
        }
    };
    let refused = chained("&Tags.member.1.Key=team&Tags.member.1.Value=b");
    assert!(refused.contains("conflicts with a transitive tag key from the calling session"), "{refused}");
    assert!(chained("").contains("AssumeRoleResult"));
}

#[test]
fn what_needs_no_signature_and_is_not_simulated_is_told_by_name() {
    let lab = Lab::new();
    for name in ["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"] {
        let form = format!("Action={name}&Version=2011-06-15&RoleArn={ROLE}");
        let request = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let Outcome::Reply(reply, _) = lab.sim.answer(&request.body(Bytes::from(form)).unwrap()) else {
            panic!("no reply")
        };
        let body = String::from_utf8_lossy(reply.body()).into_owned();
        assert!(body.contains(&format!("{name} is not simulated.")), "{body}");
    }
}
