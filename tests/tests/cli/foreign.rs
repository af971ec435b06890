//! What others have written into tags and names is shown as text: it moves no cursor, begins no line and calls nobody.

use serde_json::json;

use super::{Desk, TINY};

const BAD: &str = "x\u{1b}[2J\u{202e}@team";

#[test]
fn a_tag_of_somebody_moves_no_cursor() {
    let desk = Desk::new(TINY);
    desk.sim(&["apply", "--yes"]).exits(0);
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:tiny-a";
    desk.call("logs", "TagResource", &json!({ "resourceArn": arn, "tags": { "owner": BAD } }));
    let marks = json!({ "evenkeel:stack": "tiny", "evenkeel:id": format!("log_group.{BAD}\nPlan: 0 to delete") });
    desk.call("logs", "CreateLogGroup", &json!({ "logGroupName": "stray", "tags": marks }));
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
        assert!(!shown.contains("\u{1b}[2J") && !shown.contains('\u{202e}'), "{arguments:?}:\n{shown:?}");
        assert!(!shown.lines().any(|line| line.starts_with("Plan: 0 to delete")), "{arguments:?}:\n{shown}");
        assert!(shown.contains("team"), "it is shown all the same: {arguments:?}:\n{shown}");
        if arguments.contains(&"markdown") {
            let outside: String = shown.split("```").step_by(2).collect();
            assert!(!outside.contains("@team"), "nobody is called:\n{outside}");
        }
    }
}
