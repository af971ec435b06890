//! What is hidden of documents, changes, plans and messages, and what a sealed text needs to be opened.

use serde_json::json;

use super::*;
use crate::diff::{Change, Effect};
use crate::id::{NodeId, StepId};
use crate::plan::{Action, Reason, Step};

fn secrets() -> Secrets {
    let mut secrets = Secrets::default();
    secrets.add_value("DB_PASSWORD", "hunter2!");
    secrets.add_text("postgres://app:hunter2!@db/app", "postgres://app:${env.DB_PASSWORD}@db/app");
    secrets.add_value("STAGE", "dev");
    secrets.add_text("dev", "${env.STAGE}");
    secrets
}

fn plan() -> Plan {
    let want = json!({
        "containerDefinitions": [{
            "name": "app",
            "environment": [
                { "name": "URL", "value": "postgres://app:hunter2!@db/app" },
                { "name": "STAGE", "value": "dev" },
                { "name": "MODE", "value": "development" },
                { "name": "OLD_TOKEN", "value": "literal" },
            ],
        }],
        "txt": "\"hunter2!\"",
    });
    let step = Step {
        id: StepId(1),
        node: NodeId::new("task_definition", "app"),
        name: "app".to_owned(),
        action: Action::Create { want, replaces: None },
        after: Default::default(),
        why: Reason::Missing,
        data: None,
    };
    Plan { steps: vec![step], ..Plan::default() }
}

#[test]
fn a_plan_is_shown_without_secrets_and_kept_with_them() {
    let plan = plan();
    let shown = secrets().plan(&plan);
    let text = serde_json::to_string(&shown).unwrap();
    assert!(!text.contains("hunter2") && !text.contains("literal"), "{text}");
    assert!(text.contains("postgres://app:${env.DB_PASSWORD}@db/app") && text.contains("development"), "{text}");
    assert!(text.contains("\"value\":\"${env.STAGE}\"") && text.contains(HIDDEN), "{text}");
    assert!(serde_json::to_string(&plan).unwrap().contains("hunter2!"));
}

#[test]
fn what_gives_way_to_a_secret_is_hidden_too() {
    let to = json!([{ "name": "URL", "value": "postgres://app:hunter2!@db/app" }, { "name": "A", "value": "new" }]);
    let from = json!([{ "name": "A", "value": "old" }, { "name": "URL", "value": "postgres://app:before@db/app" }]);
    let (old, new) = secrets().change("containerDefinitions[app].environment", &from, &to);
    assert_eq!(old, json!([{ "name": "A", "value": "old" }, { "name": "URL", "value": HIDDEN }]));
    assert_eq!(new[0]["value"], "postgres://app:${env.DB_PASSWORD}@db/app");
    // One that leaves the file is known by its name only.
    let (old, new) = secrets().change("containers[a].environment[API_KEY].value", &json!("before"), &Value::Null);
    assert_eq!((old, new), (json!(HIDDEN), Value::Null));
    let (old, _) = secrets().change("containers[a].environment[MODE].value", &json!("before"), &json!("after"));
    assert_eq!(old, "before");
}

#[test]
fn changes_inside_a_plan_are_shown_so() {
    let mut plan = plan();
    let change = Change {
        path: "containerDefinitions[app].environment[URL].value".to_owned(),
        from: Some("postgres://app:before@db/app".into()),
        to: Some("postgres://app:hunter2!@db/app".into()),
        effect: Effect::Update,
    };
    let live = crate::snapshot::Live::new("arn", "app", crate::snapshot::Owner::Nobody, json!({}));
    plan.steps[0].action = Action::Update { live: Box::new(live), want: json!({}), changes: vec![change] };
    let text = serde_json::to_string(&secrets().plan(&plan)).unwrap();
    assert!(!text.contains("before") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_secret_that_reads_like_a_word_of_a_plan_is_hidden_all_the_same() {
    let mut secrets = secrets();
    secrets.add_value("API_KEY", "create");
    let text = serde_json::to_string(&secrets.plan(&plan())).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn messages_lose_what_looks_secret_in_every_form() {
    let mut secrets = secrets();
    secrets.add_value("SIGNING_KEY", "a\"b\\c\nd");
    for text in ["Value 'hunter2!' is too long", "a\"b\\c\nd", r#"{"m":"a\"b\\c\nd"}"#] {
        let shown = secrets.message(text);
        assert!(shown.contains("${env."), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("b\\c"), "{shown}");
    }
    assert_eq!(secrets.message("a dev stage"), "a dev stage");
    assert!(!format!("{secrets:?}").contains("hunter2"));
}

#[test]
fn names_and_values_that_look_secret() {
    for (name, value) in [
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("GITHUB_TOKEN", ""),
        ("DB_PASSWORD", ""),
        ("MYSQL_PWD", ""),
        ("STRIPE_API_KEY", ""),
        ("DATABASE_URL", "postgres://u:p@h/d"),
        ("CERT", "-----BEGIN PRIVATE KEY-----"),
    ] {
        assert!(looks_secret(name, value), "{name}");
    }
    for (name, value) in [("IMAGE_TAG", "1.4.2"), ("KEYBOARD", "de"), ("SITE", "https://a.example/x@y"), ("MONKEY", "")]
    {
        assert!(!looks_secret(name, value), "{name}");
    }
}

#[test]
fn a_sealed_text_is_opened_with_the_same_environment_only() {
    let secrets = secrets();
    let text = serde_json::to_string(&plan()).unwrap();
    let sealed = secrets.seal(&text);
    assert!(!sealed.contains("hunter2"), "{sealed}");
    let env = |name: &str| match name {
        "DB_PASSWORD" => Some("hunter2!".to_owned()),
        "STAGE" => Some("dev".to_owned()),
        _ => None,
    };
    let (opened, again) = Secrets::open(&sealed, &env).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&opened).unwrap(), plan());
    assert_eq!(again.plan(&plan()), secrets.plan(&plan()));
    let other = |name: &str| env(name).map(|value| format!("{value}x"));
    assert!(matches!(Secrets::open(&sealed, &other), Err(NotOpened::Other(_))));
    assert!(matches!(Secrets::open(&sealed, &|_| None), Err(NotOpened::Unset(_))));
    assert_eq!(Secrets::open(&text, &|_| None).unwrap().0, text);
    assert_eq!(Secrets::default().seal(&text), text);
    let broken = sealed.replace("\"$proof\": \"", "\"$proof\": \"0");
    assert!(Secrets::open(&broken, &env).is_err());
}

/// A step on a listener's rules and a role's policy at once: places of every sort.
fn step_over_older_secrets() -> Plan {
    let rule = |value: &str| json!({ "priority": 1, "conditions": { "header": { "X-K": [value] } } });
    let policy = |value: &str| json!({ "p": { "Statement": [{ "Resource": ["arn:aws:s3:::open", value] }] } });
    let want = json!({ "rules": [rule("hunter2!")], "inline": policy("arn:aws:s3:::hunter2!") });
    let have = json!({ "rules": [rule("swordfish")], "inline": policy("arn:aws:s3:::swordfish") });
    let change = |path: &str, from: Option<Value>, to: Option<Value>| Change {
        path: path.to_owned(),
        from,
        to,
        effect: Effect::Update,
    };
    let changes = vec![
        change("rules[header=X-K=hunter2!]", None, Some(rule("hunter2!"))),
        change("rules[header=X-K=swordfish]", Some(rule("swordfish")), None),
        change(
            "inline.p.Statement[0].Resource[1]",
            Some("arn:aws:s3:::swordfish".into()),
            Some("arn:aws:s3:::hunter2!".into()),
        ),
    ];
    let mut plan = plan();
    let live = crate::snapshot::Live::new("arn", "app", crate::snapshot::Owner::Nobody, have);
    let mut gone = plan.steps[0].clone();
    gone.action = Action::Delete { live: Box::new(live.clone()), replaced: true, with: Vec::new() };
    plan.steps[0].why = Reason::Differs(changes.iter().map(|change| change.path.clone()).collect());
    plan.steps[0].action = Action::Update { live: Box::new(live), want, changes };
    plan.steps.push(gone);
    plan
}

fn secrets_in_a_header() -> Secrets {
    let mut secrets = Secrets::default();
    secrets.add_value("SEC", "hunter2!");
    secrets.add_text("hunter2!", "${env.SEC}");
    secrets.add_text("arn:aws:s3:::hunter2!", "arn:aws:s3:::${env.SEC}");
    secrets
}

#[test]
fn what_is_live_where_a_secret_is_wanted_is_hidden_in_keys_and_references_too() {
    let (plan, secrets) = (step_over_older_secrets(), secrets_in_a_header());
    let shown = secrets.plan(&plan);
    let text = serde_json::to_string(&shown).unwrap();
    assert!(!text.contains("hunter2") && !text.contains("swordfish"), "{text}");
    assert!(text.contains("rules[header=X-K=${env.SEC}]") && text.contains("rules[header=X-K=(hidden)]"), "{text}");
    assert!(text.contains("arn:aws:s3:::open"), "what was no secret is shown: {text}");
}

#[test]
fn a_kept_plan_knows_older_secrets_again_without_holding_them() {
    let (plan, secrets) = (step_over_older_secrets(), secrets_in_a_header());
    let kept = secrets.blind(&plan);
    let text = secrets.seal(&serde_json::to_string(&kept).unwrap());
    assert!(!text.contains("hunter2") && !text.contains("swordfish"), "{text}");
    assert_eq!(kept, secrets.blind(&plan), "it is recognised");
    let other = serde_json::to_string(&plan).unwrap().replace("swordfish", "something");
    assert_ne!(kept, secrets.blind(&serde_json::from_str(&other).unwrap()), "and another one is not it");
    assert_eq!(Secrets::default().blind(&plan), plan);
}

#[test]
fn a_key_of_a_path_is_hidden_where_it_stands_alone_if_it_is_short() {
    let secrets = secrets();
    assert_eq!(secrets.path("rules[host=dev path=/development]"), "rules[host=${env.STAGE} path=/development]");
    assert_eq!(secrets.path("records[x-hunter2!.a TXT].values"), "records[x-${env.DB_PASSWORD}.a TXT].values");
    assert_eq!(secrets.path("dev.dev"), "dev.dev", "fields are no values");
}
