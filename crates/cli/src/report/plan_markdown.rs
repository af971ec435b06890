//! A plan as a comment on a pull request: a table of counts, and one folded diff for each step.

use evenkeel_core::plan::{HeldBecause, Plan, Step};

use super::blocks::{self, Line, Mark};
use super::values::clean;
use super::words;
use crate::args::shell_word;

/// The whole plan. `again` is the command that would apply it, to be continued with flags.
pub fn render(plan: &Plan, again: &str) -> String {
    let mut text = format!("### Stack `{}` in `{}`\n\n", clean(&plan.stack.name), clean(&plan.stack.region));
    text += &format!("**{}**\n\n", prose(&words::summary(plan)));
    text += &table(plan);
    for step in plan.steps.iter().filter(|step| step.verb() != "wait") {
        text += &details(step);
    }
    if !plan.conflicts.is_empty() {
        text += "\n#### In the way\n\nNothing is applied until this is settled.\n\n";
        for item in &plan.conflicts {
            let whose = item
                .stack
                .as_ref()
                .map_or("not made by evenkeel".to_owned(), |stack| format!("of stack `{}`", code(stack)));
            let what_to_do = match &item.obstacle {
                Some(why) => format!("it cannot be taken over: {}", prose(why)),
                None => format!("take it over: `{again} --adopt {}`", code(&shell_word(&item.adopt))),
            };
            text += &format!("- `{}`: `{}` exists and is {whose}; {what_to_do}\n", item.node, code(&item.there));
        }
    }
    let held: Vec<_> = plan.held.iter().filter(|held| held.why != HeldBecause::NotTargeted).collect();
    if !held.is_empty() {
        text += "\n#### Held back\n\n";
        for item in held {
            let (why, help) = words::held(item);
            let help = help.map_or(String::new(), |help| format!(" ({})", prose(&help)));
            text += &format!("- `{}`: {}{help}\n", item.node, prose(&why));
        }
    }
    if !plan.notes.is_empty() {
        text += "\n#### Left as it is\n\n";
        for note in &plan.notes {
            text += &format!("- `{}`: {}\n", note.node, prose(&note.text));
        }
    }
    text
}

fn table(plan: &Plan) -> String {
    let counts: Vec<(&str, usize)> = plan.counts().into_iter().filter(|(_, count)| *count > 0).collect();
    if counts.is_empty() {
        return String::new();
    }
    let heads: Vec<&str> = counts.iter().map(|(verb, _)| *verb).chain(["unchanged"]).collect();
    let cells: Vec<String> =
        counts.iter().map(|(_, count)| count.to_string()).chain([plan.unchanged.to_string()]).collect();
    format!("| {} |\n|{}\n| {} |\n\n", heads.join(" | "), "---:|".repeat(heads.len()), cells.join(" | "))
}

fn details(step: &Step) -> String {
    let danger = if step.data.is_some() { " ⚠️ <b>data is lost</b>" } else { "" };
    let mut text = format!(
        "<details><summary><code>{} {}</code> <b>{}</b>: {}{danger}</summary>\n\n",
        blocks::sign(step.verb()),
        step.verb(),
        html(&blocks::title(step)),
        html(&words::reason(step)),
    );
    let new = step.verb() == "create";
    let lines: Vec<String> = blocks::body(step, false).iter().map(|line| diff_line(line, new)).collect();
    if !lines.is_empty() {
        // A value may hold a fence itself; an outer one has to be longer.
        let longest = lines.iter().map(|line| longest_run(line, '`')).max().unwrap_or(0);
        let fence = "`".repeat((longest + 1).max(3));
        text += &format!("{fence}diff\n{}\n{fence}\n\n", lines.join("\n"));
    }
    text + "</details>\n"
}

/// A line as GitHub colours it: `+`, `-` and `!` in the first column.
fn diff_line(line: &Line, new: bool) -> String {
    let sign = match line.mark {
        Mark::Add => "+",
        Mark::Remove => "-",
        Mark::Change | Mark::Danger => "!",
        Mark::Plain if new => "+",
        Mark::Plain | Mark::Dim => " ",
    };
    format!("{sign} {}{}", "  ".repeat(line.depth), line.text)
}

fn longest_run(text: &str, of: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for one in text.chars() {
        run = if one == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// A text within HTML, where Markdown is not read.
fn html(text: &str) -> String {
    clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A text within Markdown in which nothing is markup.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for one in html(text).chars() {
        match one {
            '*' | '_' | '`' | '[' | ']' | '|' | '\\' => out.extend(['\\', one]),
            one => out.push(one),
        }
    }
    out
}

/// A text within backticks.
fn code(text: &str) -> String {
    clean(text).replace('`', "'")
}
