//! The page in a browser: Chromium without a window loads the pages of all shipped stacks, measures what is drawn and clicks through it
//! (`tests/clients/page/check.js`). A machine without Chromium runs the rest and says that this part was left out.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use evenkeel_tests::moto::root;
use serde_json::{Value, json};

use super::{data, files, graph, list, text};

/// What Chromium is called where it is installed.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

fn browser() -> Option<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    NAMES.into_iter().find(|name| std::env::split_paths(&path).any(|folder| folder.join(name).exists()))
}

/// What a browser makes of a file: the document after its scripts have run, and what they complained of.
fn open(browser: &str, page: &Path, profile: &Path) -> (String, Vec<String>) {
    let done = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=60000", "--window-size=1280,800", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        // Nothing is loaded from anywhere.
        .arg("--host-resolver-rules=MAP * ~NOTFOUND")
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser starts");
    let errors = String::from_utf8_lossy(&done.stderr).into_owned();
    let errors = errors.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
    (String::from_utf8_lossy(&done.stdout).into_owned(), errors)
}

/// JSON within a page.
fn within(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

#[test]
fn the_page_of_every_stack_can_be_used_in_a_browser() {
    let Some(browser) = browser() else {
        let _ = writeln!(
            std::io::stderr(),
            "Left out: the page of `evenkeel graph` in a browser; Chromium is not installed."
        );
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let pages: Vec<Value> = files()
        .iter()
        .map(|file| {
            let ids = |one: &Value| {
                list(one, "members").iter().map(|member| text(member, "id").to_owned()).collect::<Vec<_>>()
            };
            let picture = data(file);
            let fields: serde_json::Map<String, Value> =
                list(&picture, "boxes").iter().map(|one| (text(one, "id").to_owned(), json!(ids(one)))).collect();
            json!({ "name": file, "page": graph(file, &["--as", "html"]).stdout, "fields": fields })
        })
        .collect();
    let script = std::fs::read_to_string(root().join("tests/clients/page/check.js")).expect("the script");
    let page = format!(
        "<!doctype html><meta charset=utf-8><body><pre id=result></pre><script id=pages type=application/json>{}</script><script>{script}</script>",
        within(&json!(pages))
    );
    let path = folder.path().join("check.html");
    std::fs::write(&path, page).expect("the page is written");
    let (document, errors) = open(browser, &path, &folder.path().join("profile"));
    assert_eq!(errors, Vec::<String>::new(), "the console is empty");
    let result = document.split("<pre id=\"result\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let result: Value = serde_json::from_str(
        &result.unwrap_or_default().replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"),
    )
    .unwrap_or_else(|error| panic!("{error}: the browser wrote\n{document:.3000}"));
    assert_eq!(result["done"], true);
    assert_eq!(result["wrong"], json!([]));
}

/// A page alone, as a person opens it: its policy lets its own script run.
#[test]
fn a_page_loads_without_a_word_on_the_console() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("page.html");
    std::fs::write(&path, graph("stacks/cruddur.yaml", &["--as", "html"]).stdout).expect("the page is written");
    let (document, errors) = open(browser, &path, &folder.path().join("profile"));
    assert_eq!(errors, Vec::<String>::new());
    assert!(document.contains("tabindex=\"0\""), "its script has run");
    // Whatever else were in it would be kept out.
    let foreign =
        document.replace("</body>", "<script>document.title = 'foreign'</script><img src=http://127.0.0.1:9/a></body>");
    std::fs::write(&path, foreign).expect("the page is written");
    let (document, errors) = open(browser, &path, &folder.path().join("profile"));
    assert!(!document.contains("<title>foreign"), "a foreign script does not run");
    assert!(errors.iter().filter(|line| line.contains("Content Security Policy")).count() >= 2, "{errors:?}");
}
