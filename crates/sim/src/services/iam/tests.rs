//! What IAM promises.

use serde_json::{Value, json};

use crate::lab::Lab;
use crate::services::iam;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const ALLOW: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::box/*"}]}"#;
const EXECUTION: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
const ARN: &str = "arn:aws:iam::123456789012:role/web";

fn role(lab: &Lab, name: &str) -> Value {
    lab.ok("iam.CreateRole", json!({ "RoleName": name, "AssumeRolePolicyDocument": TRUST }))
}

#[test]
fn a_new_role_shows_less_than_it_does_later() {
    let lab = Lab::new();
    let made = role(&lab, "web")["Role"].clone();
    assert_eq!(made["Arn"], ARN);
    assert_eq!(made["Path"], "/");
    assert!(made["RoleId"].as_str().is_some_and(|id| id.starts_with("AROA") && id.len() == 21));
    assert!(made["AssumeRolePolicyDocument"].as_str().is_some_and(|text| text.starts_with("%7B%22Version%22%3A")));
    for name in ["MaxSessionDuration", "RoleLastUsed", "Tags", "Description"] {
        assert!(made[name].is_null(), "{name}");
    }
    let read = lab.ok("iam.GetRole", json!({ "RoleName": "WEB" }))["Role"].clone();
    assert_eq!((&read["MaxSessionDuration"], &read["RoleLastUsed"]), (&json!(3600), &json!({})));
    let listed = lab.ok("iam.ListRoles", json!({}));
    assert_eq!(listed["IsTruncated"], false);
    assert_eq!(listed["Roles"][0]["MaxSessionDuration"], 3600);
    assert!(listed["Roles"][0]["RoleLastUsed"].is_null());
}

#[test]
fn names_are_unique_whatever_their_case() {
    let lab = Lab::new();
    role(&lab, "web");
    let again = json!({ "RoleName": "Web", "AssumeRolePolicyDocument": TRUST });
    lab.refuses("iam.CreateRole", again, "EntityAlreadyExists", "Role with name Web already exists.");
    let text = "The role with name other cannot be found.";
    lab.refuses("iam.GetRole", json!({ "RoleName": "other" }), "NoSuchEntity", text);
}

#[test]
fn a_role_in_use_cannot_be_deleted() {
    let lab = Lab::new();
    role(&lab, "web");
    let name = json!({ "RoleName": "web" });
    let profile = json!({ "InstanceProfileName": "box", "RoleName": "web" });
    lab.ok("iam.PutRolePolicy", json!({ "RoleName": "web", "PolicyName": "p", "PolicyDocument": ALLOW }));
    lab.ok("iam.AttachRolePolicy", json!({ "RoleName": "web", "PolicyArn": EXECUTION }));
    lab.ok("iam.CreateInstanceProfile", json!({ "InstanceProfileName": "box" }));
    lab.ok("iam.AddRoleToInstanceProfile", profile.clone());
    let refuses = |part| lab.refuses("iam.DeleteRole", name.clone(), "DeleteConflict", part);
    refuses("Cannot delete entity, must remove roles from instance profile first.");
    lab.ok("iam.RemoveRoleFromInstanceProfile", profile);
    refuses("Cannot delete entity, must detach all policies first.");
    lab.ok("iam.DetachRolePolicy", json!({ "RoleName": "web", "PolicyArn": EXECUTION }));
    refuses("Cannot delete entity, must delete policies first.");
    lab.ok("iam.DeleteRolePolicy", json!({ "RoleName": "web", "PolicyName": "p" }));
    lab.ok("iam.DeleteRole", name);
}

#[test]
fn a_fresh_role_is_no_principal_yet_and_a_deleted_one_is_its_id() {
    let lab = Lab::new();
    let id = role(&lab, "web")["Role"]["RoleId"].as_str().unwrap().to_owned();
    let trust = json!({ "Statement": { "Effect": "Allow", "Principal": { "AWS": ARN }, "Action": "sts:AssumeRole" } });
    let input = json!({ "RoleName": "other", "AssumeRolePolicyDocument": trust.to_string() });
    let text = format!("Invalid principal in policy: \"AWS\":\"{ARN}\"");
    lab.refuses("iam.CreateRole", input.clone(), "MalformedPolicyDocument", &text);
    lab.pass(9);
    lab.ok("iam.CreateRole", input);
    lab.ok("iam.DeleteRole", json!({ "RoleName": "web" }));
    let read = lab.ok("iam.GetRole", json!({ "RoleName": "other" }));
    assert!(read["Role"]["AssumeRolePolicyDocument"].as_str().is_some_and(|text| text.contains(&id)));
}

#[test]
fn trust_policies_are_checked() {
    let lab = Lab::new();
    let refuses = |document: &str, part| {
        let input = json!({ "RoleName": "web", "AssumeRolePolicyDocument": document });
        lab.refuses("iam.CreateRole", input, "MalformedPolicyDocument", part);
    };
    refuses("{", "This policy contains invalid Json");
    refuses(r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}"#, "has a statement with no principals!");
    refuses(
        r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Principal":"*"}}"#,
        "Has prohibited field Resource",
    );
    refuses(r#"{"Statement":{"Effect":"Allow","Action":"s3:Get","Principal":"*"}}"#, "may only specify STS AssumeRole");
    refuses(
        r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"nonsense"}}}"#,
        "Invalid principal in policy: \"SERVICE\":\"nonsense\"",
    );
    for (service, part) in [
        ("ecs-task.amazonaws.com", "\"SERVICE\":\"ecs-task.amazonaws.com\""),
        ("codepipeiine.amazonaws.com", "\"SERVICE\":\"codepipeiine.amazonaws.com\""),
    ] {
        let statement = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}});
        refuses(&json!({"Statement": statement}).to_string(), part);
    }
}

#[test]
fn identity_policies_are_checked() {
    let lab = Lab::new();
    let refuses = |document: Value, part| {
        let input = json!({ "PolicyName": "p", "PolicyDocument": document.to_string() });
        lab.refuses("iam.CreatePolicy", input, "MalformedPolicyDocument", part);
    };
    let statement = |statement| json!({ "Version": "2012-10-17", "Statement": [statement] });
    refuses(json!({ "a": 1 }), "Syntax errors in policy.");
    refuses(json!([1]), "Syntax errors in policy.");
    refuses(
        statement(json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*" })),
        "Policy document should not specify a principal.",
    );
    refuses(
        statement(json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "box" })),
        "Resource box must be in ARN format or \"*\".",
    );
    refuses(statement(json!({ "Effect": "Allow", "Action": "s3:*" })), "Policy statement must contain resources.");
    refuses(statement(json!({ "Effect": "Allow", "Action": "get", "Resource": "*" })), "must be prefaced by a vendor");
}

#[test]
fn policies_have_limits() {
    let lab = Lab::new();
    role(&lab, "web");
    let long = ALLOW.replace("s3:GetObject", &format!("s3:{}", "x".repeat(6200)));
    let input = json!({ "PolicyName": "p", "PolicyDocument": long });
    lab.refuses("iam.CreatePolicy", input, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144");
    lab.ok("iam.PutRolePolicy", json!({ "RoleName": "web", "PolicyName": "a", "PolicyDocument": long }));
    let second = json!({ "RoleName": "web", "PolicyName": "b", "PolicyDocument": long });
    let text = "Maximum policy size of 10240 bytes exceeded for role web";
    lab.refuses("iam.PutRolePolicy", second, "LimitExceeded", text);
    for number in 0..10 {
        let made = lab.ok("iam.CreatePolicy", json!({ "PolicyName": format!("p{number}"), "PolicyDocument": ALLOW }));
        lab.ok("iam.AttachRolePolicy", json!({ "RoleName": "web", "PolicyArn": made["Policy"]["Arn"] }));
    }
    let one_more = json!({ "RoleName": "web", "PolicyArn": EXECUTION });
    lab.refuses("iam.AttachRolePolicy", one_more, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10");
}

#[test]
fn a_policy_has_five_versions_and_goes_when_nothing_hangs_on_it() {
    let lab = Lab::new();
    role(&lab, "web");
    let made = lab.ok("iam.CreatePolicy", json!({ "PolicyName": "p", "PolicyDocument": ALLOW }))["Policy"].clone();
    assert_eq!((&made["AttachmentCount"], &made["DefaultVersionId"]), (&json!(0), &json!("v1")));
    let arn = made["Arn"].clone();
    let version = json!({ "PolicyArn": arn, "PolicyDocument": ALLOW, "SetAsDefault": true });
    for number in 2..=5 {
        let made = lab.ok("iam.CreatePolicyVersion", version.clone());
        assert_eq!(made["PolicyVersion"]["VersionId"], format!("v{number}"));
    }
    lab.refuses("iam.CreatePolicyVersion", version, "LimitExceeded", "up to 5 versions");
    let default = json!({ "PolicyArn": arn, "VersionId": "v5" });
    lab.refuses("iam.DeletePolicyVersion", default, "DeleteConflict", "Cannot delete the default version of a policy.");
    let input = json!({ "PolicyArn": arn });
    lab.refuses("iam.DeletePolicy", input.clone(), "DeleteConflict", "This policy has more than one version.");
    for number in 1..=4 {
        lab.ok("iam.DeletePolicyVersion", json!({ "PolicyArn": arn, "VersionId": format!("v{number}") }));
    }
    let attach = json!({ "RoleName": "web", "PolicyArn": arn });
    lab.ok("iam.AttachRolePolicy", attach.clone());
    lab.ok("iam.AttachRolePolicy", attach.clone());
    let used = lab.ok("iam.ListEntitiesForPolicy", input.clone());
    assert_eq!(used["PolicyRoles"][0]["RoleName"], "web");
    lab.refuses("iam.DeletePolicy", input.clone(), "DeleteConflict", "Cannot delete a policy attached to entities.");
    lab.ok("iam.DetachRolePolicy", attach.clone());
    lab.ok("iam.DeletePolicy", input.clone());
    lab.refuses("iam.GetPolicy", input, "NoSuchEntity", &format!("Policy {} was not found.", arn.as_str().unwrap()));
    lab.refuses("iam.AttachRolePolicy", attach, "NoSuchEntity", "does not exist or is not attachable.");
    let bad = json!({ "RoleName": "web", "PolicyArn": "longpolicynamebutnoarn" });
    lab.refuses("iam.AttachRolePolicy", bad, "ValidationError", "Invalid ARN:  Could not be parsed!");
}

#[test]
fn the_policies_of_aws_are_there_and_allow_what_they_say() {
    let lab = Lab::new();
    role(&lab, "web");
    lab.ok("iam.AttachRolePolicy", json!({ "RoleName": "web", "PolicyArn": EXECUTION }));
    lab.ok("iam.PutRolePolicy", json!({ "RoleName": "web", "PolicyName": "p", "PolicyDocument": ALLOW }));
    let allows = |action: &str, resource: &str| {
        lab.sim.with_world(|world| iam::role_allows(world, &lab.place, ARN, action, resource))
    };
    assert!(allows("ecr:BatchGetImage", "*"));
    assert!(allows("s3:getobject", "arn:aws:s3:::box/key"));
    assert!(!allows("s3:GetObject", "arn:aws:s3:::other/key"));
    assert!(!allows("logs:CreateLogGroup", "*"));
    let input = json!({ "PolicySourceArn": ARN, "ActionNames": ["ecr:BatchGetImage", "ecr:PutImage"] });
    let result = lab.ok("iam.SimulatePrincipalPolicy", input);
    let decisions: Vec<&Value> =
        result["EvaluationResults"].as_array().unwrap().iter().map(|one| &one["EvalDecision"]).collect();
    assert_eq!(decisions, ["allowed", "implicitDeny"]);
    let bound = json!({ "RoleName": "web", "PermissionsBoundary": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" });
    lab.ok("iam.PutRolePermissionsBoundary", bound);
    assert!(!allows("ecr:BatchGetImage", "*"));
    assert!(allows("s3:GetObject", "arn:aws:s3:::box/key"));
}

#[test]
fn lists_come_in_pages_with_a_marker_only_if_there_is_more() {
    let lab = Lab::new();
    for number in 0..3 {
        role(&lab, &format!("r{number}"));
    }
    let first = lab.ok("iam.ListRoles", json!({ "MaxItems": 2 }));
    assert_eq!((first["Roles"].as_array().map(Vec::len), &first["IsTruncated"]), (Some(2), &json!(true)));
    let last = lab.ok("iam.ListRoles", json!({ "MaxItems": 2, "Marker": first["Marker"] }));
    assert_eq!((&last["Roles"][0]["RoleName"], &last["IsTruncated"]), (&json!("r2"), &json!(false)));
    assert!(last["Marker"].is_null());
    let none = lab.ok("iam.ListRoles", json!({ "PathPrefix": "/x/" }));
    assert_eq!(none["Roles"], json!([]));
    let managed = lab.ok("iam.ListPolicies", json!({ "Scope": "AWS" }));
    assert_eq!((managed["Policies"].as_array().map(Vec::len), &managed["IsTruncated"]), (Some(100), &json!(true)));
}

#[test]
fn the_roles_of_services_are_made_once_and_belong_to_them() {
    let lab = Lab::new();
    let input = json!({ "AWSServiceName": "ecs.amazonaws.com" });
    let made = lab.ok("iam.CreateServiceLinkedRole", input.clone());
    let arn = "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
    assert_eq!(made["Role"]["Arn"], arn);
    let text = "Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix.";
    lab.refuses("iam.CreateServiceLinkedRole", input, "InvalidInput", text);
    let suffix = json!({ "AWSServiceName": "ecs.amazonaws.com", "CustomSuffix": "x" });
    let text = "Custom suffix is not allowed for ecs.amazonaws.com";
    lab.refuses("iam.CreateServiceLinkedRole", suffix, "InvalidInput", text);
    let name = json!({ "RoleName": "AWSServiceRoleForECS" });
    lab.refuses("iam.DeleteRole", name.clone(), "UnmodifiableEntity", "only modifiable by AWS");
    let same = lab.sim.with_world(|world| iam::service_linked_role(world, &lab.place, "ecs.amazonaws.com"));
    assert_eq!(same, arn);
    let visible = || lab.sim.with_world(|world| iam::role_visible(world, &lab.place, arn));
    assert!(!visible());
    lab.pass(9);
    assert!(visible());
    let task = lab.ok("iam.DeleteServiceLinkedRole", name)["DeletionTaskId"].clone();
    let status =
        || lab.ok("iam.GetServiceLinkedRoleDeletionStatus", json!({ "DeletionTaskId": task }))["Status"].clone();
    assert_eq!(status(), "IN_PROGRESS");
    lab.pass(5);
    assert_eq!(status(), "SUCCEEDED");
}

#[test]
fn the_details_of_the_account_can_be_filtered() {
    let lab = Lab::new();
    role(&lab, "web");
    lab.ok("iam.AttachRolePolicy", json!({ "RoleName": "web", "PolicyArn": EXECUTION }));
    lab.ok("iam.TagRole", json!({ "RoleName": "web", "Tags": [{ "Key": "team", "Value": "a" }] }));
    let roles = lab.ok("iam.GetAccountAuthorizationDetails", json!({ "Filter": ["Role"] }));
    let detail = &roles["RoleDetailList"][0];
    assert_eq!(detail["AttachedManagedPolicies"][0]["PolicyArn"], EXECUTION);
    assert_eq!(detail["Tags"], json!([{ "Key": "team", "Value": "a" }]));
    assert_eq!((&roles["Policies"], &roles["UserDetailList"]), (&json!([]), &json!([])));
    let policies = lab.ok("iam.GetAccountAuthorizationDetails", json!({ "Filter": ["AWSManagedPolicy"] }));
    assert_eq!(policies["Policies"][0]["Arn"], EXECUTION);
    assert_eq!(lab.ok("iam.GetAccountSummary", json!({}))["SummaryMap"]["Roles"], 1);
}

#[test]
fn refusals_of_the_model_show_no_values() {
    let lab = Lab::new();
    let input = json!({ "RoleName": "no spaces", "AssumeRolePolicyDocument": TRUST });
    let text = "1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must satisfy \
                regular expression pattern: [\\w+=,.@-]+";
    lab.refuses("iam.CreateRole", input, "ValidationError", text);
    let text = "Value at 'scope' failed to satisfy constraint: Member must satisfy enum value set";
    lab.refuses("iam.ListPolicies", json!({ "Scope": "Mine" }), "ValidationError", text);
    let tags = json!([{ "Key": "a", "Value": "1" }, { "Key": "A", "Value": "2" }]);
    let input = json!({ "RoleName": "web", "AssumeRolePolicyDocument": TRUST, "Tags": tags });
    lab.refuses("iam.CreateRole", input, "InvalidInput", "Duplicate tag keys found.");
}

#[test]
fn there_are_no_server_certificates() {
    let lab = Lab::new();
    let list = lab.ok("iam.ListServerCertificates", json!({}));
    assert_eq!(list["ServerCertificateMetadataList"], json!([]));
    let text = "The Server Certificate with name x cannot be found.";
    lab.refuses("iam.GetServerCertificate", json!({"ServerCertificateName": "x"}), "NoSuchEntity", text);
}
