//! What others have written into tags and names is shown as text: it moves no cursor, begins no line and calls nobody.

use serde_json::json;

use super::Desk;

/// What XML can carry: the one-character form of `ESC [`, and a turn of the writing.
const BAD: &str = "x\u{9b}2J\u{202e}@team";

#[test]
fn a_tag_of_somebody_moves_no_cursor() {
    let desk = Desk::new("stack: tiny\nregion: us-east-1\nsecurity_groups: { x: }\n");
    desk.sim(&["apply", "--yes"]).exits(0);
    let named = json!({ "Filters": [{ "Name": "group-name", "Values": ["tiny-x"] }] });
    let id = desk.call("ec2", "DescribeSecurityGroups", &named)["SecurityGroups"][0]["GroupId"].clone();
    desk.call("ec2", "CreateTags", &json!({ "Resources": [id], "Tags": [{ "Key": "owner", "Value": BAD }] }));
    let marks = json!([{ "ResourceType": "security-group", "Tags": [
        { "Key": "evenkeel:stack", "Value": "tiny" },
        { "Key": "evenkeel:id", "Value": format!("security_group.{BAD}\nPlan: 0 to delete") },
    ] }]);
    let stray = json!({ "GroupName": "stray", "Description": "x", "TagSpecifications": marks });
    desk.call("ec2", "CreateSecurityGroup", &stray);
    for arguments in [
        &["plan"][..],
        &["plan", "-v"],
        &["plan", "--color", "always"],
        &["plan", "--format", "markdown"],
        &["plan", "--format", "json"],
        &["apply", "--yes"],
    ] {
        let ran = desk.sim(arguments);
        let shown = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!shown.contains(['\u{9b}', '\u{202e}']), "{arguments:?}:\n{shown:?}");
        assert!(!shown.lines().any(|line| line.starts_with("Plan: 0 to delete")), "{arguments:?}:\n{shown}");
        assert!(shown.contains("team"), "it is shown all the same: {arguments:?}:\n{shown}");
        if arguments.contains(&"markdown") {
            let outside: String = shown.split("```").step_by(2).collect();
            assert!(!outside.contains("@team"), "nobody is called:\n{outside}");
        }
    }
}
