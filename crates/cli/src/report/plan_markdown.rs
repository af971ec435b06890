//! A plan as a comment on a pull request: a table of counts, and one folded diff for each step.

use evenkeel_core::plan::{HeldBecause, Plan, Step, Verb, adoptable};

use super::blocks::{self, Detail, Line, Mark};
use super::escape::{code, html, longest_run, markdown as prose};
use super::{verbs, words};
use crate::again::Again;

/// The whole plan. `again` is the command that would apply it.
pub fn render(plan: &Plan, again: &Again) -> String {
    let mut text = format!("### Stack {} in {}\n\n", code(&plan.stack.name), code(&plan.stack.region));
    text += &format!("**{}**\n\n", prose(&words::summary(plan)));
    text += &table(plan);
    let detail = Detail::of(plan, false);
    if let Some(tags) = detail.tags_line() {
        text += &format!("{}\n\n", prose(&tags));
    }
    for step in plan.steps.iter().filter(|step| step.verb() != Verb::Wait) {
        text += &details(step, &detail);
    }
    text += &conflicts(plan, again);
    let held: Vec<_> = plan.held.iter().filter(|held| held.why != HeldBecause::NotTargeted).collect();
    if !held.is_empty() {
        text += "\n#### Held back\n\n";
        for item in held {
            let (why, help) = verbs::held(item);
            let help = help.map_or(String::new(), |help| format!(" ({})", prose(&help)));
            text += &format!("- {}: {}{help}\n", code(&item.node.to_string()), prose(&why));
        }
    }
    if !plan.unread.is_empty() {
        text += "\n#### Could not be read\n\n";
        for (kind, error) in &plan.unread {
            text += &format!("- {}: {}\n", code(kind), prose(&words::error(error)));
        }
    }
    if !plan.notes.is_empty() {
        text += "\n#### Left as it is\n\n";
        for note in &plan.notes {
            text += &format!("- {}: {}\n", code(&note.node.to_string()), prose(&verbs::note(note)));
        }
    }
    text
}

/// What becomes of each of several stack files, as a table.
pub fn overview(rows: &[(String, String)]) -> String {
    let mut text = format!("### {}\n\n| file | plan |\n|---|---|\n", words::count(rows.len(), "stack"));
    for (file, plan) in rows {
        text += &format!("| {} | {} |\n", code(file).replace('|', "\\|"), prose(plan));
    }
    text
}

fn conflicts(plan: &Plan, again: &Again) -> String {
    if plan.conflicts.is_empty() {
        return String::new();
    }
    let mut text = "\n#### Conflicts\n\nNothing is applied until they are resolved.\n\n".to_owned();
    for item in &plan.conflicts {
        let obstacle = item
            .obstacle
            .as_ref()
            .map_or(String::new(), |why| format!("; it cannot be taken over: {}", prose(&verbs::obstacle(why))));
        text += &format!(
            "- {}: {} exists and {}{obstacle}\n",
            code(&item.node.to_string()),
            code(&item.there),
            prose(&verbs::whose(item))
        );
    }
    let ids = adoptable(&plan.conflicts);
    if !ids.is_empty() {
        let named = ids.iter().fold(again.clone(), |again, id| again.value("--adopt", id));
        text += &format!("\nTake over what can be: {}", code(&named.to_string()));
        if ids.len() > 1 {
            text += &format!(", or all: {}", code(&again.clone().flag("--adopt-all").to_string()));
        }
        text.push('\n');
    }
    text
}

fn table(plan: &Plan) -> String {
    let counts: Vec<(Verb, usize)> = plan.counts().into_iter().filter(|(_, count)| *count > 0).collect();
    if counts.is_empty() {
        return String::new();
    }
    let heads: Vec<&str> = counts.iter().map(|(verb, _)| verbs::present(*verb)).chain(["unchanged"]).collect();
    let cells: Vec<String> =
        counts.iter().map(|(_, count)| count.to_string()).chain([plan.unchanged.to_string()]).collect();
    format!("| {} |\n|{}\n| {} |\n\n", heads.join(" | "), "---:|".repeat(heads.len()), cells.join(" | "))
}

fn details(step: &Step, detail: &Detail) -> String {
    let danger = if step.data.is_some() { " ⚠️ <b>data is lost</b>" } else { "" };
    let verb = verbs::face(step.verb());
    let mut text = format!(
        "<details><summary><code>{} {}</code> <b>{}</b>{}{danger}</summary>\n\n",
        verb.sign,
        verb.present,
        html(&blocks::title(step)),
        html(&blocks::why(step, detail)),
    );
    let new = step.verb() == Verb::Create;
    let lines: Vec<String> = blocks::body(step, detail).iter().map(|line| diff_line(line, new)).collect();
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
