//! What is true of parameters.

use serde_json::{Value, json};

use crate::lab::Lab;

fn put(lab: &Lab, name: &str, more: Value) -> Value {
    let mut input = json!({ "Name": name, "Value": "v", "Type": "String" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    lab.ok("ssm.PutParameter", input)
}

fn names(reply: &Value) -> Vec<String> {
    let list = reply["Parameters"].as_array().unwrap();
    list.iter().map(|item| item["Name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_parameter_reads_back_with_its_defaults() {
    let lab = Lab::new();
    assert_eq!(put(&lab, "/app/a", json!({})), json!({ "Version": 1, "Tier": "Standard" }));
    let arn = "arn:aws:ssm:us-east-1:123456789012:parameter/app/a";
    for name in ["/app/a", arn] {
        let got = &lab.ok("ssm.GetParameter", json!({ "Name": name }))["Parameter"];
        assert_eq!(got["Name"], "/app/a");
        assert_eq!((&got["ARN"], &got["DataType"], &got["Version"]), (&json!(arn), &json!("text"), &json!(1)));
    }
    put(&lab, "plain", json!({}));
    let got = lab.ok("ssm.GetParameter", json!({ "Name": "plain" }));
    assert_eq!(got["Parameter"]["ARN"], "arn:aws:ssm:us-east-1:123456789012:parameter/plain");
    let got = lab.ok("ssm.GetParameter", json!({ "Name": got["Parameter"]["ARN"] }));
    assert_eq!(got["Parameter"]["Name"], "plain");
}

#[test]
fn a_secure_value_is_hidden_unless_it_is_decrypted() {
    let lab = Lab::new();
    put(&lab, "/s", json!({ "Type": "SecureString", "Value": "secret" }));
    let hidden = lab.ok("ssm.GetParameter", json!({ "Name": "/s" }));
    let plain = lab.ok("ssm.GetParameter", json!({ "Name": "/s", "WithDecryption": true }));
    assert!(hidden["Parameter"]["Value"].as_str().unwrap().starts_with("AQICAH"));
    assert_eq!(plain["Parameter"]["Value"], "secret");
    let described = lab.ok("ssm.DescribeParameters", json!({}));
    assert_eq!(described["Parameters"][0]["KeyId"], "alias/aws/ssm");
    assert_eq!(described["Parameters"][0]["Policies"], json!([]));
}

#[test]
fn an_existing_name_needs_overwrite_and_tags_exclude_it() {
    let lab = Lab::new();
    put(&lab, "/a", json!({ "Description": "d" }));
    lab.refuses(
        "ssm.PutParameter",
        json!({ "Name": "/a", "Value": "w", "Type": "String" }),
        "ParameterAlreadyExists",
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    );
    let tags = json!({ "Name": "/a", "Value": "w", "Overwrite": true, "Tags": [{ "Key": "a", "Value": "b" }] });
    lab.refuses("ssm.PutParameter", tags, "ValidationException", "tags and overwrite can't be used together");
    let again = lab.ok("ssm.PutParameter", json!({ "Name": "/a", "Value": "w", "Overwrite": true }));
    assert_eq!(again["Version"], 2);
    let described = lab.ok("ssm.DescribeParameters", json!({}));
    assert_eq!(described["Parameters"][0]["Description"], "d");
}

#[test]
fn tiers_follow_the_value_and_never_go_down() {
    let lab = Lab::new();
    let long = "x".repeat(4097);
    let standard = json!({ "Name": "/l", "Value": long, "Type": "String" });
    lab.refuses("ssm.PutParameter", standard, "ValidationException", "maximum parameter value of 4096 characters");
    let smart = json!({ "Value": long, "Tier": "Intelligent-Tiering" });
    assert_eq!(put(&lab, "/l", smart)["Tier"], "Advanced");
    assert_eq!(put(&lab, "/s", json!({ "Tier": "Intelligent-Tiering" }))["Tier"], "Standard");
    let down = json!({ "Name": "/l", "Value": "v", "Tier": "Standard", "Overwrite": true });
    lab.refuses("ssm.PutParameter", down, "ValidationException", "can't downgrade");
    let huge = json!({ "Name": "/h", "Value": "x".repeat(8193), "Type": "String", "Tier": "Advanced" });
    lab.refuses("ssm.PutParameter", huge, "ValidationException", "8192");
}

#[test]
fn names_keep_to_the_rules() {
    let lab = Lab::new();
    let refused = |name: &str, code: &str, part: &str| {
        lab.refuses("ssm.PutParameter", json!({ "Name": name, "Value": "v", "Type": "String" }), code, part);
    };
    refused("ssm-mine", "ValidationException", "can't be prefixed with \"aws\" or \"ssm\"");
    refused("AWSmine", "ValidationException", "can't be prefixed with \"aws\" or \"ssm\"");
    refused("/aws/mine", "AccessDeniedException", "No access to reserved parameter name: /aws/mine.");
    refused("a b", "ValidationException", "3 symbols .-_");
    refused("a/b", "ValidationException", "fully qualified name");
    refused(&"/a".repeat(16), "HierarchyLevelLimitExceededException", "15 levels");
    put(&lab, &"/a".repeat(15), json!({}));
}

#[test]
fn unknown_names_are_listed_or_refused_with_an_empty_text() {
    let lab = Lab::new();
    put(&lab, "/a", json!({}));
    let got = lab.ok("ssm.GetParameters", json!({ "Names": ["/none", "/a"] }));
    assert_eq!((names(&got), &got["InvalidParameters"]), (vec!["/a".to_owned()], &json!(["/none"])));
    for operation in ["ssm.GetParameter", "ssm.DeleteParameter", "ssm.GetParameterHistory"] {
        let refusal = lab.refused(operation, json!({ "Name": "/none" }));
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("ParameterNotFound", ""));
    }
    let many: Vec<String> = (0..11).map(|number| format!("/{number}")).collect();
    let part = "at 'names' failed to satisfy constraint: Member must have length less than or equal to 10";
    lab.refuses("ssm.GetParameters", json!({ "Names": many }), "ValidationException", part);
}

#[test]
fn versions_and_labels_select_a_value() {
    let lab = Lab::new();
    put(&lab, "/a", json!({}));
    lab.ok("ssm.PutParameter", json!({ "Name": "/a", "Value": "w", "Overwrite": true }));
    let labels = json!({ "Name": "/a", "ParameterVersion": 1, "Labels": ["prod", "1st"] });
    assert_eq!(lab.ok("ssm.LabelParameterVersion", labels)["InvalidLabels"], json!(["1st"]));
    for selector in [":1", ":prod"] {
        let got = lab.ok("ssm.GetParameter", json!({ "Name": format!("/a{selector}") }));
        assert_eq!((&got["Parameter"]["Value"], &got["Parameter"]["Selector"]), (&json!("v"), &json!(selector)));
    }
    lab.ok("ssm.LabelParameterVersion", json!({ "Name": "/a", "Labels": ["prod"] }));
    let history = lab.ok("ssm.GetParameterHistory", json!({ "Name": "/a" }));
    assert_eq!(
        (&history["Parameters"][0]["Labels"], &history["Parameters"][1]["Labels"]),
        (&json!([]), &json!(["prod"]))
    );
    let part = "could not find version 99 of /a";
    lab.refuses("ssm.GetParameter", json!({ "Name": "/a:99" }), "ParameterVersionNotFound", part);
}

#[test]
fn a_path_lists_one_level_or_all_in_pages_of_ten() {
    let lab = Lab::new();
    for number in 0..12 {
        put(&lab, &format!("/p/{number:02}"), json!({}));
    }
    put(&lab, "/p/deep/x", json!({}));
    put(&lab, "/pq", json!({}));
    let first = lab.ok("ssm.GetParametersByPath", json!({ "Path": "/p" }));
    assert_eq!(names(&first).len(), 10);
    let next = json!({ "Path": "/p", "NextToken": first["NextToken"] });
    let second = lab.ok("ssm.GetParametersByPath", next);
    assert_eq!(
        (names(&second), second.get("NextToken").is_none_or(Value::is_null)),
        (vec!["/p/10".into(), "/p/11".into()], true)
    );
    let deep = lab.ok("ssm.GetParametersByPath", json!({ "Path": "/p/", "Recursive": true, "NextToken": Value::Null }));
    assert_eq!(names(&deep).len(), 10);
    let other = json!({ "Path": "/", "NextToken": first["NextToken"] });
    lab.refuses("ssm.GetParametersByPath", other, "InvalidNextToken", "");
    let part = "The parameter name must begin with a forward slash \"/\".";
    lab.refuses("ssm.GetParametersByPath", json!({ "Path": "p" }), "ValidationException", part);
}

#[test]
fn filters_choose_what_is_described() {
    let lab = Lab::new();
    put(&lab, "/p/a", json!({ "Tags": [{ "Key": "run", "Value": "1" }] }));
    put(&lab, "/p/q/b", json!({ "Type": "StringList" }));
    let ask = |filter: Value| names(&lab.ok("ssm.DescribeParameters", json!({ "ParameterFilters": [filter] })));
    assert_eq!(ask(json!({ "Key": "Path", "Values": ["/p"] })), ["/p/a"]);
    assert_eq!(ask(json!({ "Key": "Path", "Option": "Recursive", "Values": ["/p"] })), ["/p/a", "/p/q/b"]);
    assert_eq!(ask(json!({ "Key": "Name", "Option": "Contains", "Values": ["q"] })), ["/p/q/b"]);
    assert_eq!(ask(json!({ "Key": "Type", "Values": ["StringList"] })), ["/p/q/b"]);
    assert_eq!(ask(json!({ "Key": "tag:run", "Values": ["1"] })), ["/p/a"]);
    let wrong = json!({ "ParameterFilters": [{ "Key": "Path", "Option": "Equals", "Values": ["/p"] }] });
    lab.refuses("ssm.DescribeParameters", wrong, "InvalidFilterOption", "Equals");
}

#[test]
fn a_deleted_name_is_free_at_once() {
    let lab = Lab::new();
    put(&lab, "/a", json!({}));
    let reply = lab.ok("ssm.DeleteParameters", json!({ "Names": ["/a", "/b"] }));
    assert_eq!(reply, json!({ "DeletedParameters": ["/a"], "InvalidParameters": ["/b"] }));
    assert_eq!(put(&lab, "/a", json!({}))["Version"], 1);
}

#[test]
fn a_name_with_a_slash_before_it_and_without_are_one_parameter() {
    let lab = Lab::new();
    for (made, other) in [("plain", "/plain"), ("/slashed", "slashed")] {
        put(&lab, made, json!({}));
        let again = json!({ "Name": other, "Value": "v", "Type": "String" });
        lab.refuses("ssm.PutParameter", again, "ParameterAlreadyExists", "");
        assert_eq!(put(&lab, other, json!({ "Overwrite": true }))["Version"], 2);
        let read = lab.ok("ssm.GetParameters", json!({ "Names": [other] }));
        assert_eq!((&read["Parameters"][0]["Name"], &read["Parameters"][0]["Version"]), (&json!(other), &json!(2)));
        let listed = json!({ "ParameterFilters": [{ "Key": "Name", "Values": [other] }] });
        assert_eq!(names(&lab.ok("ssm.DescribeParameters", listed)), [made]);
        lab.ok("ssm.DeleteParameter", json!({ "Name": other }));
        lab.refuses("ssm.GetParameter", json!({ "Name": made }), "ParameterNotFound", "");
    }
}

#[test]
fn tags_are_kept_by_name_and_unknown_names_are_refused() {
    let lab = Lab::new();
    put(&lab, "/a", json!({ "Tags": [{ "Key": "b", "Value": "1" }] }));
    let id = json!({ "ResourceType": "Parameter", "ResourceId": "/a" });
    let with = |more: Value| {
        let mut input = id.clone();
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    lab.ok("ssm.AddTagsToResource", with(json!({ "Tags": [{ "Key": "a", "Value": "2" }] })));
    lab.ok("ssm.RemoveTagsFromResource", with(json!({ "TagKeys": ["b"] })));
    assert_eq!(lab.ok("ssm.ListTagsForResource", id), json!({ "TagList": [{ "Key": "a", "Value": "2" }] }));
    let unknown = json!({ "ResourceType": "Parameter", "ResourceId": "/none" });
    lab.refuses("ssm.ListTagsForResource", unknown, "InvalidResourceId", "");
}

#[test]
fn a_value_has_to_fit_its_pattern() {
    let lab = Lab::new();
    let input = json!({ "Name": "/a", "Type": "String", "Value": "letters", "AllowedPattern": "^[0-9]+$" });
    lab.refuses("ssm.PutParameter", input, "ParameterPatternMismatchException", "^[0-9]+$");
    lab.refuses("ssm.PutParameter", json!({ "Name": "/a", "Value": "v" }), "ValidationException", "type is required");
}

#[test]
fn what_cannot_be_a_path_is_refused_when_it_is_asked_for() {
    let lab = Lab::new();
    put(&lab, "/a/b/c", json!({}));
    for name in ["/a//b//c", "a/b/c"] {
        let text = "sub-paths divided by slash symbol";
        lab.refuses("ssm.GetParameter", json!({ "Name": name }), "ValidationException", text);
    }
    put(&lab, "plain", json!({}));
    let slashed = lab.ok("ssm.GetParameter", json!({ "Name": "/plain" }));
    assert_eq!(slashed["Parameter"]["Name"], "/plain");
}

#[test]
fn a_secret_can_be_read_as_a_parameter() {
    let lab = Lab::new();
    let secret = lab.ok("secretsmanager.CreateSecret", json!({ "Name": "app/db", "SecretString": "one" }));
    lab.ok("secretsmanager.PutSecretValue", json!({ "SecretId": "app/db", "SecretString": "two" }));
    let name = "/aws/reference/secretsmanager/app/db";
    let get = |name: &str| json!({ "Name": name, "WithDecryption": true });
    let got = lab.ok("ssm.GetParameter", get(name))["Parameter"].clone();
    assert_eq!((&got["Name"], &got["ARN"]), (&json!(name), &secret["ARN"]));
    assert_eq!((&got["Type"], &got["Value"], &got["Version"]), (&json!("SecureString"), &json!("two"), &json!(0)));
    let source = got["SourceResult"].as_str().unwrap();
    let (arn, rest) = (secret["ARN"].as_str().unwrap(), r#""secretString":"two","versionStages":["AWSCURRENT"]"#);
    assert!(source.starts_with(&format!(r#"{{"ARN":"{arn}","name":"app/db","versionId":""#)), "{source}");
    assert!(source.contains(rest), "{source}");
    let before = lab.ok("ssm.GetParameter", get(&format!("{name}:AWSPREVIOUS")))["Parameter"].clone();
    assert_eq!((&before["Value"], &before["Selector"]), (&json!("one"), &json!(":AWSPREVIOUS")));
    let refuses = |asked: Value, code: &str, part: &str| lab.refuses("ssm.GetParameter", asked, code, part);
    refuses(json!({ "Name": name }), "ValidationException", "WithDecryption flag must be True");
    refuses(get(&format!("{name}:a:b")), "ValidationException", "correct syntax for referencing a version/label");
    let none = "/aws/reference/secretsmanager/none";
    refuses(
        get(none),
        "ParameterNotFound",
        "when referencing Secrets Manager: Secret aws/reference/secretsmanager/none",
    );
    let both = lab.ok("ssm.GetParameters", json!({ "Names": [name, none], "WithDecryption": true }));
    assert_eq!((names(&both), &both["InvalidParameters"]), (vec![name.to_owned()], &json!([none])));
    lab.ok("secretsmanager.DeleteSecret", json!({ "SecretId": "app/db" }));
    refuses(get(name), "ValidationException", "Invalid Request to Secrets Manager");
}
