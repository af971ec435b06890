//! The tutorial and the guide are true: their commands are run one after the other in an empty folder on the simulated AWS, their blocks are the
//! files that they need, and what it shows is what they print. Ids and times may differ. EVENKEEL_BLESS=1 writes the page anew.

use std::path::Path;
use std::process::Command;

use evenkeel_tests::moto::root;
use evenkeel_tests::program;

/// A page, and a file that is in the folder from the first.
const PAGES: &[(&str, Option<&str>)] = &[("docs/tutorial.md", None), ("docs/cruddur.md", Some("stacks/cruddur.yaml"))];

/// A line of the page that leaves out what is printed from here to the next line that is shown.
const LEFT_OUT: &str = "…";

/// What is made up or takes its time, and what stands for it.
fn plain(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_count = |at: usize| words.get(at + 1).is_some_and(|next| next.starts_with("times)"));
    let fixed = |(at, word)| if varies(word) || is_count(at) { "*" } else { word };
    let words: Vec<&str> = words.iter().copied().enumerate().map(fixed).collect();
    // "1m 08s" is as much a duration as "8s".
    let mut kept: Vec<&str> = Vec::new();
    for word in words {
        if !(word == "*" && kept.last() == Some(&"*")) {
            kept.push(word);
        }
    }
    kept.join(" ").trim_end().to_owned()
}

fn varies(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let duration = bare.trim_end_matches(['m', 's', 'h']);
    let is_duration = duration.len() < bare.len() && duration.parse::<f64>().is_ok();
    let is_moment = bare.len() >= 19 && bare.as_bytes()[4] == b'-' && bare.contains('T');
    let is_address = bare.contains(".rds.amazonaws.com");
    let is_id = ["sg-", "vpc-", "subnet-", "eni-", "ecs-svc/"].iter().any(|start| bare.starts_with(start))
        || bare.contains(".elb.amazonaws.com")
        || bare.len() == 32 && bare.chars().all(|c| c.is_ascii_hexdigit());
    is_duration || is_moment || is_id || is_address
}

/// Whether lines that were printed are those that are shown.
fn same(shown: &[&str], printed: &[&str]) -> bool {
    match shown {
        [] => printed.is_empty(),
        [first, rest @ ..] if first.trim() == LEFT_OUT => (0..=printed.len()).any(|skip| same(rest, &printed[skip..])),
        [first, rest @ ..] => {
            printed.split_first().is_some_and(|(line, more)| plain(line) == plain(first) && same(rest, more))
        }
    }
}

fn run(command: &str, folder: &Path, tools: &Path) -> String {
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .expect("a shell runs");
    String::from_utf8(output.stdout).expect("text")
}

/// One block of a page: its text with the commands' output as it is now.
fn replay(block: &str, folder: &Path, tools: &Path, wrong: &mut Vec<String>) -> String {
    let mut renewed = String::new();
    let mut lines = block.lines().peekable();
    while let Some(line) = lines.next() {
        renewed += &format!("{line}\n");
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let mut shown = Vec::new();
        while let Some(next) = lines.next_if(|next| !next.starts_with("$ ")) {
            shown.push(next);
        }
        let output = run(command, folder, tools);
        let printed: Vec<&str> = output.trim_end().lines().collect();
        let kept: Vec<&str> = shown.iter().copied().rev().skip_while(|line| line.is_empty()).collect();
        let kept: Vec<&str> = kept.into_iter().rev().collect();
        if same(&kept, &printed) {
            shown.iter().for_each(|line| renewed += &format!("{line}\n"));
        } else {
            wrong.push(format!("$ {command}\nshown:\n{}\nprinted:\n{}", shown.join("\n"), printed.join("\n")));
            printed.iter().for_each(|line| renewed += &format!("{line}\n"));
            if lines.peek().is_some() {
                renewed.push('\n');
            }
        }
    }
    renewed
}

#[test]
fn the_tutorial_and_the_guide_show_what_happens() {
    for (page, file) in PAGES {
        let folder = tempfile::tempdir().expect("a folder");
        if let Some(file) = file {
            let name = Path::new(file).file_name().expect("a name");
            std::fs::copy(root().join(file), folder.path().join(name)).expect("it is copied");
        }
        shows_what_happens(page, folder.path());
    }
}

fn shows_what_happens(name: &str, folder: &Path) {
    let built = program::path();
    let tools = built.parent().expect("a program lies in a folder");
    let path = root().join(name);
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let (mut renewed, mut wrong, mut commands) = (String::new(), Vec::new(), 0);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        renewed += &format!("{line}\n");
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let block: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        if let Some(name) = info.strip_prefix("yaml title=") {
            std::fs::write(folder.join(name), &block).expect("the file is written");
        }
        if info == "console" {
            commands += block.lines().filter(|line| line.starts_with("$ ")).count();
            renewed += &replay(&block, folder, tools, &mut wrong);
        } else {
            renewed += &block;
        }
        renewed += "```\n";
    }
    assert!(commands >= 9, "{name} has more than {commands} commands");
    if std::env::var_os("EVENKEEL_BLESS").is_some() {
        std::fs::write(&path, renewed).expect("the page is written");
        return;
    }
    assert!(wrong.is_empty(), "{name} shows other things than happen:\n{}", wrong.join("\n\n"));
}
