//! Values of secrets and parameters reach AWS and nothing else: nothing that is printed, saved or logged holds one.

use std::fs;

use evenkeel_tests::program::Ran;
use serde_json::json;

use super::{Desk, listing};

const ENV: &str = "hunter2-of-the-environment";
const FILE: &str = "hunter2-of-a-file";
const NEXT: &str = "hunter2-that-comes-next";

const STACK: &str = "stack: vault
region: us-east-1
parameters:
  level: { value: info }
  token: { from_env: TOKEN }
secrets:
  mail: { from_file: mail.txt }
  made: { generate: 40 }
  later: {}
";

fn desk() -> Desk {
    let mut desk = Desk::new(STACK);
    desk.write("mail.txt", format!("{FILE}\n").as_bytes());
    desk.program = desk.program.env("TOKEN", ENV);
    desk
}

/// Tells no value, in whatever form.
#[track_caller]
fn quiet(ran: &Ran) {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!all.contains("hunter2"), "{all}");
}

/// The value of a secret in the simulated AWS, as its user would read it.
fn secret(desk: &Desk, name: &str) -> String {
    let reply = desk.call("secretsmanager", "GetSecretValue", &json!({ "SecretId": name }));
    reply["SecretString"].as_str().unwrap_or_default().to_owned()
}

fn token(desk: &Desk) -> String {
    let reply = desk.call("ssm", "GetParameter", &json!({ "Name": "/vault/token", "WithDecryption": true }));
    reply["Parameter"]["Value"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn values_reach_aws_and_nothing_else() {
    let desk = desk();
    for arguments in [
        &["plan", "-v"][..],
        &["plan", "--format", "json"],
        &["plan", "--format", "markdown"],
        &["plan", "-vv", "--out", "plan.json"],
        &["apply", "plan.json", "--yes", "-vv"],
    ] {
        quiet(&desk.sim(arguments).exits(0));
    }
    assert_eq!((token(&desk), secret(&desk, "vault/mail")), (ENV.to_owned(), FILE.to_owned()));
    let made = secret(&desk, "vault/made");
    assert_eq!(made.len(), 40);
    let ran = desk.sim(&["plan", "--detailed-exitcode"]).exits(0);
    assert!(ran.stdout.contains("No changes"), "{}", ran.stdout);
    // The world is the AWS itself; of all other files only the one with the value holds it.
    for name in listing(desk.folder.path()) {
        let path = desk.path(&name);
        if path.is_file() && !name.starts_with("world.json") && name != "mail.txt" {
            let text = fs::read_to_string(&path).expect("a file is text");
            assert!(!text.contains("hunter2") && !text.contains(&made), "{name}: {text}");
        }
    }
    let saved = fs::read_to_string(desk.path("plan.json")).expect("a plan");
    assert!(saved.contains("environment variable TOKEN"), "it says where a value comes from");
}

#[test]
fn what_is_missing_is_told_before_anything_is_changed() {
    let mut desk = desk();
    desk.program.env.retain(|(name, _)| name != "TOKEN");
    fs::remove_file(desk.path("mail.txt")).expect("the file is there");
    let ran = desk.sim(&["plan"]).exits(0);
    assert!(ran.stderr.contains("`TOKEN` is not set"), "{}", ran.stderr);
    let ran = desk.sim(&["apply", "--yes"]).exits(1);
    for part in
        ["parameter.token", "stack.yaml:5", "`TOKEN` is not set", "secret.mail", "mail.txt", "nothing was changed"]
    {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    let there = desk.call("ssm", "DescribeParameters", &json!({}));
    assert_eq!(there["Parameters"], json!([]));
}

#[test]
fn another_value_is_sent_and_told_nowhere() {
    let mut desk = desk();
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.program = desk.program.env("NEXT", NEXT);
    let ran = desk.sim(&["secrets", "set", "mail", "--from-env", "NEXT"]).exits(0);
    quiet(&ran);
    assert_eq!(secret(&desk, "vault/mail"), NEXT);
    quiet(&desk.sim(&["secrets", "set", "parameter.token", "--from-env", "NEXT"]).exits(0));
    assert_eq!(token(&desk), NEXT);
    let before = secret(&desk, "vault/made");
    let ran = desk.sim(&["secrets", "rotate", "made", "--format", "json"]).exits(0);
    let after = secret(&desk, "vault/made");
    assert!(after != before && after.len() == 40 && !ran.stdout.contains(&after), "{}", ran.stdout);
    // What was sent beside the plan is no difference.
    desk.sim(&["plan", "--detailed-exitcode"]).exits(0);
    let ran = desk.sim(&["secrets", "list"]).exits(0);
    quiet(&ran);
    let row = |entry: &str| ran.stdout.lines().find(|line| line.starts_with(entry)).unwrap_or_default().to_owned();
    assert!(row("parameter.token").contains(" 2 "), "{}", ran.stdout);
    assert!(
        row("secret.later").contains("no value yet") && row("secret.mail").contains("vault/mail"),
        "{}",
        ran.stdout
    );
    let ran = desk.sim(&["secrets", "list", "--format", "json"]).exits(0);
    quiet(&ran);
    assert!(ran.stdout.contains("\"version\":2"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let desk = desk();
    let refused = |arguments: &[&str], code: i32, part: &str| {
        let ran = desk.sim(arguments).exits(code);
        quiet(&ran);
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    };
    refused(&["secrets", "set", "mail", "--from-env", "TOKEN"], 1, "`evenkeel apply` creates it");
    refused(&["secrets", "set", "nobody", "--from-env", "TOKEN"], 64, "secret.mail");
    refused(&["secrets", "set", "level", "--from-env", "TOKEN"], 64, "no secret or SecureString");
    refused(&["secrets", "rotate", "mail"], 1, "has no `generate`");
    refused(&["secrets", "list", "--from-env", "TOKEN"], 64, "evenkeel secrets set");
    refused(&["secrets", "set", "mail"], 1, "stdin is empty");
}

#[test]
fn a_deleted_secret_that_comes_back_is_restored_and_the_plan_says_so() {
    let mut desk = desk();
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.write("stack.yaml", b"stack: vault\nregion: us-east-1\nparameters: { token: { from_env: TOKEN } }\n");
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.sim(&["plan", "--detailed-exitcode"]).exits(0);
    desk.write("stack.yaml", STACK.as_bytes());
    desk.program.env.retain(|(name, _)| name != "TOKEN");
    let ran = desk.sim(&["plan"]).exits(0);
    assert!(ran.stdout.contains("scheduled for deletion"), "{}", ran.stdout);
    quiet(&desk.sim(&["apply", "--yes"]).exits(0));
    assert_eq!(secret(&desk, "vault/mail"), FILE);
    desk.sim(&["plan", "--detailed-exitcode"]).exits(0);
}

/// A service with a reference to a parameter that the stack does not make.
const REFERS: &str = "stack: vault
region: us-east-1
roles:
  run: { policies: { p: { statements: [{ actions: [\"ssm:GetParameters\"], resources: \"*\" }] } } }
cluster: vault
services:
  app:
    cpu: 256
    memory: 512
    desired_count: 0
    execution_role: run
    containers: { app: { image: \"ghcr.io/example/app:1\", secrets: { TOKEN: \"ssm:/somewhere/token\" } } }
";

#[test]
fn a_deployment_that_refers_to_nothing_is_not_begun() {
    let desk = desk();
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.write("stack.yaml", REFERS.as_bytes());
    let ran = desk.sim(&["plan"]).exits(4);
    assert!(ran.stderr.contains("`/somewhere/token`, which does not exist"), "{}", ran.stderr);
    let arguments = ["apply", "--yes", "--consent", "parameter.token"];
    let ran = desk.sim(&arguments).exits(4);
    assert!(ran.stderr.contains("nothing was changed") && ran.stderr.contains("stack.yaml:12"), "{}", ran.stderr);
    let value = json!({ "Name": "/somewhere/token", "Type": "SecureString", "Value": "hunter2" });
    desk.call("ssm", "PutParameter", &value);
    quiet(&desk.sim(&arguments).exits(0));
    desk.sim(&["plan", "--detailed-exitcode"]).exits(0);
}

/// A task that uses a secret of its stack.
const KEEPS: &str = "stack: vault
region: us-east-1
secrets: { mail: { generate: { length: 20 } } }
roles: { run: { managed_policies: [AmazonECSTaskExecutionRolePolicy], grants: [\"secret:mail\"] } }
cluster: vault
services:
  app:
    cpu: 256
    memory: 512
    desired_count: 0
    execution_role: run
    containers: { app: { image: \"ghcr.io/example/app:1\", secrets: { MAIL: \"secret:mail\" } } }
";

#[test]
fn a_stack_whose_task_uses_its_secret_comes_back_after_it_was_deleted() {
    let desk = desk();
    desk.write("stack.yaml", KEEPS.as_bytes());
    for _ in 0..2 {
        desk.sim(&["apply", "--yes"]).exits(0);
        desk.sim(&["plan", "--detailed-exitcode"]).exits(0);
        desk.sim(&["destroy", "--yes", "--consent", "secret.mail"]).exits(0);
    }
    let plan = desk.sim(&["plan"]).exits(0);
    assert!(plan.stdout.contains("scheduled for deletion"), "{}", plan.stdout);
}

/// A service with variables and secrets.
const SERVICE: &str = "stack: vault
region: us-east-1
parameters: { token: { from_env: TOKEN } }
secrets: { mail: { from_file: mail.txt }, map: { from_file: map.json } }
log_groups: { app: {} }
roles: { execution: { managed_policies: [AmazonECSTaskExecutionRolePolicy], grants: [\"ssm:/vault/*\", \"secret:vault/*\"] } }
cluster: vault
services:
  web:
    cpu: 256
    memory: 512
    execution_role: execution
    containers:
      web:
        image: public.ecr.aws/nginx/nginx:1.27
        environment: { GREETING: two words, GROUP: \"${log_group.app.name}\" }
        secrets: { TOKEN: \"parameter:token\", MAIL: \"secret:mail\", USER: \"secret:map:user\" }
";

fn service() -> Desk {
    let mut desk = Desk::new(SERVICE);
    desk.write("mail.txt", format!("{FILE}\n").as_bytes());
    desk.write("map.json", br#"{"user":"hunter2-in-json"}"#);
    desk.program = desk.program.env("TOKEN", ENV);
    desk
}

#[test]
fn the_variables_of_a_service_are_written_and_its_secrets_only_on_demand() {
    let desk = service();
    let ran = desk.sim(&["env", "web"]).exits(0);
    quiet(&ran);
    assert!(ran.stdout.contains("GREETING='two words'\n# GROUP= (waits for log_group.app)\n"), "{}", ran.stdout);
    assert!(ran.stderr.contains("Run `evenkeel apply` first"), "{}", ran.stderr);
    desk.sim(&["apply", "--yes"]).exits(0);
    let ran = desk.sim(&["env", "web"]).exits(0);
    quiet(&ran);
    assert!(
        ran.stdout.contains("\nGROUP=vault-app\n") && ran.stdout.contains("# MAIL= (secret: arn:"),
        "{}",
        ran.stdout
    );
    quiet(&desk.sim(&["env", "web", "--format", "json", "-vv"]).exits(0));

    let ran = desk.sim(&["env", "web", "--with-secrets", "--out", "local.env", "-vv"]).exits(0);
    quiet(&ran);
    let written = fs::read_to_string(desk.path("local.env")).expect("it was written");
    let lines: Vec<&str> = written.lines().collect();
    let mail = format!("MAIL={FILE}");
    let token = format!("TOKEN={ENV}");
    assert_eq!(lines, ["GREETING='two words'", "GROUP=vault-app", &mail, &token, "USER=hunter2-in-json"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(desk.path("local.env")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Into a pipe it goes as well; another program reads it there.
    assert_eq!(desk.sim(&["env", "web", "--with-secrets"]).exits(0).stdout, written);
}

#[test]
fn an_environment_that_cannot_be_written_is_told() {
    let desk = service();
    let refused = |arguments: &[&str], code: i32, part: &str| {
        let ran = desk.sim(arguments).exits(code);
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    };
    refused(&["env", "api"], 64, "it has web");
    refused(&["env", "web", "--container", "db"], 64, "no container `db`");
    refused(&["env", "web", "--out", "."], 1, "not a regular file");
}
