//! Every command line on the pages and in the comments of our stack files is one that the program takes, and every flag and
//! exit code of the program is on the page about commands.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_tests::moto::root;
use evenkeel_tests::program::Program;

use super::pages::Page;

/// What the program takes: the flags of each command.
fn grammar() -> BTreeMap<String, BTreeSet<String>> {
    let program = Program::offline();
    let help = program.run(&["--help"]).exits(0).stdout;
    let listed = help.split("Commands:").nth(1).expect("the help lists commands").split("\n\n").next().expect("a list");
    let names = listed.lines().filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(|name| (name.to_owned(), flags(&program.run(&[name, "--help"]).exits(0).stdout))).collect()
}

/// The flags at the beginnings of the lines of a help text, before its examples.
fn flags(help: &str) -> BTreeSet<String> {
    let options = help.split("\nExamples:").next().unwrap_or_default();
    let lines = options.lines().map(str::trim).filter(|line| line.starts_with('-') && !line.starts_with("- "));
    let words = lines.flat_map(|line| line.split([' ', ',', '[']).filter(|word| word.starts_with('-')));
    words.map(|word| word.trim_end_matches('.').to_owned()).collect()
}

/// Everything after `evenkeel` in a line, up to what belongs to the shell.
fn command(line: &str) -> Option<Vec<&str>> {
    let line = line.split(" #").next().unwrap_or_default();
    let mut words = line.split_whitespace().skip_while(|word| *word != "evenkeel");
    words.next()?;
    let rest: Vec<&str> = words.take_while(|word| !["&&", "|", ">", ">>", ";"].contains(word)).collect();
    (!rest.is_empty()).then_some(rest)
}

/// Command lines and where they stand.
fn lines() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for page in Page::all().into_iter().filter(|page| !page.name.contains("decisions")) {
        for block in &page.blocks {
            let shell = ["console", "text"].contains(&block.info.as_str());
            let line = |line: &&str| {
                line.starts_with("$ ") || line.starts_with("evenkeel ") || line.contains("run: evenkeel ")
            };
            let of_page = block.text.lines().filter(line).map(|line| (page.name.clone(), line.replace("run: ", "")));
            found.extend(of_page.filter(|_| shell || block.info.starts_with("yaml")));
        }
        let inline = page.code.iter().filter(|code| code.starts_with("evenkeel ") && !code.contains('…'));
        found.extend(inline.map(|code| (page.name.clone(), code.clone())));
    }
    for folder in ["examples", "stacks"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let comments = text.lines().filter(|line| line.starts_with('#') && line.contains(" evenkeel "));
            let comments = comments.filter(|line| line.starts_with("#   "));
            found.extend(comments.map(|line| (path.display().to_string(), line.trim_start_matches('#').to_owned())));
        }
    }
    found
}

#[test]
fn every_command_line_shown_is_one_that_the_program_takes() {
    let grammar = grammar();
    let commands = [
        "apply",
        "completions",
        "continue",
        "destroy",
        "env",
        "exec",
        "explain",
        "graph",
        "list",
        "logs",
        "outputs",
        "plan",
        "push",
        "restart",
        "rollback",
        "schema",
        "secrets",
        "sim",
        "status",
        "stop-deployment",
        "validate",
    ];
    assert_eq!(grammar.keys().collect::<Vec<_>>(), commands);
    let mut checked = 0;
    for (place, line) in lines() {
        let Some(words) = command(&line) else { continue };
        if words[0].starts_with('[') || words[0].starts_with('-') {
            continue;
        }
        let known = grammar.get(words[0]).unwrap_or_else(|| panic!("{place}: no command `{}`: {line}", words[0]));
        // What is behind `--` is for another program.
        let own = words.iter().take_while(|word| **word != "--");
        for word in own.filter(|word| word.starts_with('-')) {
            let flag = word.split('=').next().unwrap_or(word);
            assert!(known.contains(flag), "{place}: `{}` has no flag {flag}: {line}", words[0]);
        }
        checked += 1;
    }
    assert!(checked > 40, "only {checked} command lines were found");
}

#[test]
fn every_command_and_flag_is_on_the_page() {
    let page = Page::read("docs/commands.md");
    for (name, flags) in grammar() {
        assert!(page.text.contains(&format!("\n## {name}\n")), "docs/commands.md has no heading for {name}");
        for flag in flags {
            let shown = page.code.iter().any(|code| code.split([' ', ',', '[']).any(|word| word == flag));
            assert!(shown, "docs/commands.md does not mention {flag} of {name}");
        }
    }
}

/// The codes of the table that has `code` in its head.
fn codes(page: &Page) -> BTreeSet<u8> {
    let table = page.text.lines().skip_while(|line| !line.starts_with('|') || !line.contains("code | meaning"));
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.split('|').nth(1).unwrap_or_default().trim().parse().expect("a code")).collect()
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let source = std::fs::read_to_string(root().join("crates/cli/src/exit.rs")).expect("exit.rs is there");
    let arms =
        source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.strip_suffix(',')?.split_once(" => "));
    let program: BTreeSet<u8> = arms.filter_map(|(_, code)| code.parse().ok()).collect();
    assert_eq!(program.len(), 9, "{program:?}");
    for name in ["README.md", "docs/commands.md"] {
        assert_eq!(codes(&Page::read(name)), program, "{name}");
    }
}
