//! What is true of secrets.

use serde_json::{Value, json};

use super::{create_owned, remove_owned, secret_exists};
use crate::lab::Lab;

const TOKEN: &str = "11111111-2222-3333-4444-555555555555";
const MARKED: &str = "You can't perform this operation on the secret because it was marked for deletion.";

fn create(lab: &Lab, name: &str) -> String {
    let made = lab.ok("secretsmanager.CreateSecret", json!({ "Name": name, "SecretString": "one" }));
    made["ARN"].as_str().unwrap().to_owned()
}

fn text(lab: &Lab, input: Value) -> Value {
    lab.ok("secretsmanager.GetSecretValue", input)["SecretString"].clone()
}

#[test]
fn an_arn_ends_in_six_random_characters_that_may_be_left_out() {
    let lab = Lab::new();
    let arn = create(&lab, "app/db");
    let (partial, random) = arn.rsplit_once('-').unwrap();
    assert_eq!(partial, "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db");
    assert_eq!(random.len(), 6);
    for id in ["app/db", partial, &arn] {
        assert_eq!(text(&lab, json!({ "SecretId": id })), "one");
    }
    lab.sim.with_world(|world| {
        let region = world.region(&lab.place);
        assert!(secret_exists(region, &arn) && secret_exists(region, partial) && secret_exists(region, "app/db"));
        assert!(secret_exists(region, &format!("{arn}::AWSCURRENT:")));
        assert!(!secret_exists(region, &format!("{arn}:key::")) && !secret_exists(region, &format!("{arn}::OTHER:")));
    });
}

#[test]
fn members_that_were_not_given_are_absent() {
    let lab = Lab::new();
    lab.ok("secretsmanager.CreateSecret", json!({ "Name": "bare" }));
    let got = lab.ok("secretsmanager.DescribeSecret", json!({ "SecretId": "bare" }));
    let there: Vec<&String> =
        got.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key).collect();
    assert_eq!(there, ["ARN", "CreatedDate", "LastChangedDate", "Name"]);
    let part = "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT";
    lab.refuses("secretsmanager.GetSecretValue", json!({ "SecretId": "bare" }), "ResourceNotFoundException", part);
}

#[test]
fn a_new_value_makes_the_old_one_previous() {
    let lab = Lab::new();
    create(&lab, "s");
    let put = json!({ "SecretId": "s", "SecretString": "two", "ClientRequestToken": TOKEN });
    let reply = lab.ok("secretsmanager.PutSecretValue", put.clone());
    assert_eq!((&reply["VersionId"], &reply["VersionStages"]), (&json!(TOKEN), &json!(["AWSCURRENT"])));
    assert_eq!(lab.ok("secretsmanager.PutSecretValue", put), reply);
    let other = json!({ "SecretId": "s", "SecretString": "three", "ClientRequestToken": TOKEN });
    let part = format!(
        "You can't use ClientRequestToken {TOKEN} because that value is already in use for a version of secret arn:"
    );
    lab.refuses("secretsmanager.PutSecretValue", other, "ResourceExistsException", &part);
    assert_eq!(text(&lab, json!({ "SecretId": "s", "VersionStage": "AWSPREVIOUS" })), "one");
    let wrong = json!({ "SecretId": "s", "VersionId": TOKEN, "VersionStage": "AWSPREVIOUS" });
    let part = "You provided a VersionStage that is not associated to the provided VersionId.";
    lab.refuses("secretsmanager.GetSecretValue", wrong, "InvalidRequestException", part);
    let absent = "a".repeat(32);
    let part = format!("Secrets Manager can't find the specified secret value for VersionId: {absent}");
    let input = json!({ "SecretId": "s", "VersionId": absent });
    lab.refuses("secretsmanager.GetSecretValue", input, "ResourceNotFoundException", &part);
}

#[test]
fn names_are_unique_and_clean() {
    let lab = Lab::new();
    create(&lab, "s");
    let create = |name: &str, code: &str, part: &str| {
        lab.refuses("secretsmanager.CreateSecret", json!({ "Name": name, "SecretString": "x" }), code, part);
    };
    create("s", "ResourceExistsException", "The operation failed because the secret s already exists.");
    create("a b", "ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters");
    let unknown = "Secrets Manager can't find the specified secret.";
    for operation in ["DescribeSecret", "GetSecretValue", "DeleteSecret"] {
        let operation = format!("secretsmanager.{operation}");
        lab.refuses(&operation, json!({ "SecretId": "none" }), "ResourceNotFoundException", unknown);
    }
}

#[test]
fn a_deleted_secret_keeps_its_name_until_the_window_ends() {
    let lab = Lab::new();
    create(&lab, "s");
    let reply = lab.ok("secretsmanager.DeleteSecret", json!({ "SecretId": "s", "RecoveryWindowInDays": 7 }));
    let asked = lab.ok("secretsmanager.DescribeSecret", json!({ "SecretId": "s" }))["DeletedDate"].as_f64().unwrap();
    assert!((reply["DeletionDate"].as_f64().unwrap() - asked - 7.0 * 86400.0).abs() < 1.0);
    let part = "a secret with this name is already scheduled for deletion.";
    lab.refuses("secretsmanager.CreateSecret", json!({ "Name": "s" }), "InvalidRequestException", part);
    for (operation, more) in [
        ("GetSecretValue", json!({})),
        ("PutSecretValue", json!({ "SecretString": "x" })),
        ("TagResource", json!({ "Tags": [] })),
    ] {
        let mut input = json!({ "SecretId": "s" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        lab.refuses(&format!("secretsmanager.{operation}"), input, "InvalidRequestException", MARKED);
    }
    assert_eq!(lab.ok("secretsmanager.ListSecrets", json!({}))["SecretList"], json!([]));
    lab.pass(8 * 86400);
    lab.refuses("secretsmanager.DescribeSecret", json!({ "SecretId": "s" }), "ResourceNotFoundException", "");
    create(&lab, "s");
}

#[test]
fn a_restored_secret_outlives_its_deletion() {
    let lab = Lab::new();
    create(&lab, "s");
    lab.ok("secretsmanager.DeleteSecret", json!({ "SecretId": "s" }));
    lab.ok("secretsmanager.RestoreSecret", json!({ "SecretId": "s" }));
    lab.pass(31 * 86400);
    assert_eq!(text(&lab, json!({ "SecretId": "s" })), "one");
}

#[test]
fn a_forced_deletion_takes_some_seconds() {
    let lab = Lab::new();
    create(&lab, "s");
    let forced = json!({ "SecretId": "s", "ForceDeleteWithoutRecovery": true });
    lab.ok("secretsmanager.DeleteSecret", forced.clone());
    lab.refuses(
        "secretsmanager.CreateSecret",
        json!({ "Name": "s" }),
        "InvalidRequestException",
        "scheduled for deletion",
    );
    lab.pass(10);
    create(&lab, "s");
    let both = json!({ "SecretId": "s", "ForceDeleteWithoutRecovery": true, "RecoveryWindowInDays": 7 });
    lab.refuses("secretsmanager.DeleteSecret", both, "InvalidParameterException", "ForceDeleteWithoutRecovery");
    let short = json!({ "SecretId": "s", "RecoveryWindowInDays": 6 });
    lab.refuses("secretsmanager.DeleteSecret", short, "InvalidParameterException", "between 7 and 30 days");
    lab.ok("secretsmanager.DeleteSecret", json!({ "SecretId": "none", "ForceDeleteWithoutRecovery": true }));
}

#[test]
fn a_stage_moves_only_from_where_it_is() {
    let lab = Lab::new();
    create(&lab, "s");
    let first = lab.ok("secretsmanager.GetSecretValue", json!({ "SecretId": "s" }))["VersionId"].clone();
    lab.ok(
        "secretsmanager.PutSecretValue",
        json!({ "SecretId": "s", "SecretString": "two", "ClientRequestToken": TOKEN }),
    );
    let back = json!({ "SecretId": "s", "VersionStage": "AWSCURRENT", "MoveToVersionId": first });
    let part = format!(
        "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version {TOKEN}, \
         so you must explicitly reference that version in RemoveFromVersionId."
    );
    lab.refuses("secretsmanager.UpdateSecretVersionStage", back, "InvalidParameterException", &part);
    let back = json!({ "SecretId": "s", "VersionStage": "AWSCURRENT", "MoveToVersionId": first, "RemoveFromVersionId": TOKEN });
    lab.ok("secretsmanager.UpdateSecretVersionStage", back);
    assert_eq!(text(&lab, json!({ "SecretId": "s" })), "one");
    assert_eq!(text(&lab, json!({ "SecretId": "s", "VersionStage": "AWSPREVIOUS" })), "two");
    let listed = lab.ok("secretsmanager.ListSecretVersionIds", json!({ "SecretId": "s" }));
    assert_eq!(listed["Versions"].as_array().unwrap().len(), 2);
}

#[test]
fn rotation_needs_a_function_that_can_be_called() {
    let lab = Lab::new();
    create(&lab, "s");
    let part = "No Lambda rotation function ARN is associated with this secret.";
    lab.refuses("secretsmanager.RotateSecret", json!({ "SecretId": "s" }), "InvalidRequestException", part);
    let input = json!({ "SecretId": "s", "RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:f" });
    let part = "Secrets Manager cannot invoke the specified Lambda function.";
    lab.refuses("secretsmanager.RotateSecret", input, "AccessDeniedException", part);
}

#[test]
fn lists_are_filtered_and_paged() {
    let lab = Lab::new();
    for name in ["a", "b1", "b2"] {
        create(&lab, name);
        lab.pass(1);
    }
    let names = |input: Value| -> Vec<String> {
        let reply = lab.ok("secretsmanager.ListSecrets", input);
        reply["SecretList"].as_array().unwrap().iter().map(|item| item["Name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(json!({ "Filters": [{ "Key": "name", "Values": ["b"] }], "SortOrder": "asc" })), ["b1", "b2"]);
    assert_eq!(names(json!({ "Filters": [{ "Key": "name", "Values": ["!b"] }] })), ["a"]);
    let first = lab.ok("secretsmanager.ListSecrets", json!({ "MaxResults": 2 }));
    assert_eq!(names(json!({ "MaxResults": 2, "NextToken": first["NextToken"] })), ["a"]);
    let other = json!({ "NextToken": first["NextToken"], "SortOrder": "asc" });
    lab.refuses("secretsmanager.ListSecrets", other, "InvalidNextTokenException", "");
}

#[test]
fn tags_and_policies_read_back() {
    let lab = Lab::new();
    create(&lab, "s");
    lab.ok("secretsmanager.TagResource", json!({ "SecretId": "s", "Tags": [{ "Key": "a", "Value": "1" }] }));
    let describe = || lab.ok("secretsmanager.DescribeSecret", json!({ "SecretId": "s" }));
    assert_eq!(describe()["Tags"], json!([{ "Key": "a", "Value": "1" }]));
    lab.ok("secretsmanager.UntagResource", json!({ "SecretId": "s", "TagKeys": ["a"] }));
    assert_eq!(describe()["Tags"], json!([]));
    let policy =
        json!({ "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }] }).to_string();
    let put = |block: bool| json!({ "SecretId": "s", "ResourcePolicy": policy, "BlockPublicPolicy": block });
    lab.refuses("secretsmanager.PutResourcePolicy", put(true), "PublicPolicyException", "");
    lab.ok("secretsmanager.PutResourcePolicy", put(false));
    assert_eq!(lab.ok("secretsmanager.GetResourcePolicy", json!({ "SecretId": "s" }))["ResourcePolicy"], json!(policy));
    let broken = json!({ "SecretId": "s", "ResourcePolicy": "{" });
    lab.refuses("secretsmanager.PutResourcePolicy", broken, "MalformedPolicyDocumentException", "");
}

#[test]
fn a_password_has_each_kind_of_character() {
    let lab = Lab::new();
    let reply = lab.ok("secretsmanager.GetRandomPassword", json!({ "PasswordLength": 4, "ExcludePunctuation": false }));
    let word = reply["RandomPassword"].as_str().unwrap().to_owned();
    let kinds: [fn(&char) -> bool; 4] =
        [char::is_ascii_lowercase, char::is_ascii_uppercase, char::is_ascii_digit, char::is_ascii_punctuation];
    assert!(kinds.iter().all(|kind| word.chars().any(|letter| kind(&letter))), "{word}");
    let part = "Password length 3 is too short based on the required types.";
    lab.refuses("secretsmanager.GetRandomPassword", json!({ "PasswordLength": 3 }), "InvalidParameterException", part);
}

#[test]
fn owned_secrets_come_and_go_with_their_owner() {
    let lab = Lab::new();
    let arn = lab.sim.with_world(|world| create_owned(world, &lab.place, "rds!db-1", "rds"));
    let got = lab.ok("secretsmanager.DescribeSecret", json!({ "SecretId": arn }));
    assert_eq!(got["OwningService"], "rds");
    let batch = lab.ok("secretsmanager.BatchGetSecretValue", json!({ "SecretIdList": [arn, "none"] }));
    assert_eq!(batch["Errors"][0]["ErrorCode"], "ResourceNotFoundException");
    assert!(batch["SecretValues"][0]["SecretString"].as_str().unwrap().contains("password"));
    lab.sim.with_world(|world| remove_owned(world, &lab.place, &arn));
    lab.refuses("secretsmanager.DescribeSecret", json!({ "SecretId": arn }), "ResourceNotFoundException", "");
}

#[test]
fn what_cannot_be_a_name_is_refused_wherever_it_stands() {
    let lab = Lab::new();
    let text = "Invalid name. Must be a valid name containing alphanumeric characters";
    lab.refuses("secretsmanager.CreateSecret", json!({ "Name": "my app" }), "ValidationException", text);
    for operation in ["DescribeSecret", "GetSecretValue", "DeleteSecret", "ListSecretVersionIds", "PutSecretValue"] {
        let mut asked = json!({ "SecretId": " Inv*Name? " });
        if operation == "PutSecretValue" {
            asked["SecretString"] = "x".into();
        }
        lab.refuses(&format!("secretsmanager.{operation}"), asked, "ValidationException", text);
    }
}

#[test]
fn a_current_version_that_was_pending_too_keeps_only_being_previous() {
    let lab = Lab::new();
    create(&lab, "s");
    let list = || lab.ok("secretsmanager.ListSecretVersionIds", json!({ "SecretId": "s" }))["Versions"].clone();
    let first = list()[0]["VersionId"].clone();
    let pending = json!({ "SecretId": "s", "SecretString": "two", "VersionStages": ["AWSPENDING"] });
    let second = lab.ok("secretsmanager.PutSecretValue", pending)["VersionId"].clone();
    let moved = json!({ "SecretId": "s", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": first,
        "MoveToVersionId": second });
    lab.ok("secretsmanager.UpdateSecretVersionStage", moved);
    lab.ok("secretsmanager.PutSecretValue", json!({ "SecretId": "s", "SecretString": "three" }));
    let before = list().as_array().unwrap().iter().find(|version| version["VersionId"] == second).cloned().unwrap();
    assert_eq!(before["VersionStages"], json!(["AWSPREVIOUS"]));
}
