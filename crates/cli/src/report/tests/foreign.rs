//! Text of others in every place of a plan and of a run, one place after the other: nothing of it is obeyed by a terminal or read
//! as Markdown.

use super::super::escape;
use super::*;

/// What anybody may have written into a tag, a name, a description or a message.
const BAD: &str = "x\n\u{1b}[2J\u{202e}\u{200b}@team<b>[l](https://l.example)`|";

/// Every plan that is like this one but for one text, which is foreign.
fn poisoned(plan: &Plan) -> Vec<Plan> {
    fn places(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::String(_) => found.push(path.to_owned()),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, item)| places(item, &format!("{path}/{at}"), found));
            }
            Value::Object(map) => map.iter().for_each(|(key, item)| {
                places(item, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let written = serde_json::to_value(plan).unwrap();
    let mut found = Vec::new();
    places(&written, "", &mut found);
    let poison = |place: &String| {
        let mut written = written.clone();
        let text = written.pointer_mut(place)?;
        *text = format!("{}{BAD}", text.as_str()?).into();
        // Some texts are the names of variants, which nobody else can write.
        serde_json::from_value(written).ok()
    };
    found.iter().filter_map(poison).collect()
}

#[test]
fn nothing_foreign_in_a_plan_gets_out() {
    let mut whole = plan();
    whole.unproven.insert(node("service.web"), "not waited for".to_owned());
    whole.unread.insert("role".to_owned(), denied());
    let plans = poisoned(&whole);
    assert!(plans.len() > 60, "{}", plans.len());
    for plan in plans {
        let view = View { palette: Palette::OFF, all: true, again: again() };
        let record = Record::of(&plan);
        let again = again();
        let ending = Ending { verdict: Verdict::Done, ..ending(&record, &plan, &[], &again) };
        for shown in [plan_text::render(&plan, &view), summary::render(&ending, Palette::OFF)] {
            assert!(!shown.chars().any(|one| one != '\n' && escape::is_unseen(one)), "{shown:?}");
            // Whatever comes after a line's end in it stays on its line; only values are shown as blocks, far from the margin.
            let begins = |line: &str| {
                let rest = line.trim_start();
                rest.starts_with("\\u{1b}[2J") && line.len() - rest.len() < 8
            };
            assert!(!shown.lines().any(begins), "{shown}");
        }
        let shown = plan_markdown::render(&plan, &again);
        assert!(!shown.chars().any(|one| one != '\n' && escape::is_unseen(one)), "{shown:?}");
        assert_outside_of_code(&shown);
    }
}

/// Nothing of the foreign text is markup outside of code, where it is read by nobody.
#[track_caller]
fn assert_outside_of_code(markdown: &str) {
    let mut fence: Option<String> = None;
    for line in markdown.lines() {
        let ticks: String = line.chars().take_while(|one| *one == '`').collect();
        match &fence {
            Some(open) if ticks == *open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                // A span of code ends with as many backticks as it began with.
                let mut rest = line.replace("\\`", "");
                while let Some(start) = rest.find('`') {
                    let ticks: String = rest[start..].chars().take_while(|one| *one == '`').collect();
                    let inner = start + ticks.len();
                    let end = rest[inner..].find(&ticks).unwrap_or_else(|| panic!("code is not closed: {line}"));
                    rest.replace_range(start..inner + end + ticks.len(), "");
                }
                for bad in ["@team", "<b>[", "[l]", "https://"] {
                    assert!(!rest.contains(bad), "{bad} in {line}");
                }
            }
        }
    }
    assert!(fence.is_none(), "a block is not closed");
}

#[test]
fn nothing_foreign_in_a_run_gets_out() {
    let mut plain = Plain::default();
    for event in events() {
        let written = serde_json::to_string(&event).unwrap();
        for place in ["service.web", "security_group.alb", "User is not authorized", "AccessDenied", "0 of 1 tasks"] {
            let bad = serde_json::to_string(&format!("{place}{BAD}")).unwrap();
            let event: Event = serde_json::from_str(&written.replace(place, bad.trim_matches('"'))).unwrap();
            let line = plain.line(&event).unwrap_or_default();
            assert!(!line.chars().any(escape::is_unseen), "{line:?}");
        }
    }
}
