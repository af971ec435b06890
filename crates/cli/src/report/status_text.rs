//! How a stack does, for a person: a word for each resource, and below it what explains that word. Each line fits the width; what a
//! colour says, a word says as well.

use std::time::Duration;

use evenkeel_aws::reach::Answer;
use evenkeel_aws::services::ecs::service::status::{Deployment, Doing};
use evenkeel_aws::services::elb::health::Group;
use evenkeel_aws::status::{Resource, SHOWN, Service, State, Status, Unread};

use super::escape::text as clean;
use super::words;
use crate::again::Again;
use crate::commands::session::seeing::{Seen, Url};
use crate::style::{Palette, Tone};

/// The width where no terminal has one.
pub const WIDTH: usize = 100;
/// The narrowest that is cared for.
const NARROWEST: usize = 40;
/// The widest: longer lines are hard to read.
const WIDEST: usize = 160;
/// How far what explains a resource stands to the right.
const INDENT: usize = 10;
/// How many targets, and how many reasons of stopped tasks, are shown.
const MOST: usize = 3;

const DAY: u64 = 86_400;
/// A certificate that renews itself does so 60 days before its end, so one that is closer has not.
const SOON: u64 = 30 * DAY;

/// Draws lines of a width.
struct Page {
    palette: Palette,
    width: usize,
    now: f64,
    text: String,
}

/// A word in pieces of which each fits a line, as an ARN is wider than many terminals; a URL stays whole, so that it can be clicked.
fn pieces(word: &str, room: usize) -> Vec<String> {
    if word.starts_with("http") || console::measure_text_width(word) <= room {
        return vec![word.to_owned()];
    }
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(room).map(|piece| piece.iter().collect()).collect()
}

/// The status as a text of whole lines.
pub fn render(seen: &Seen, apply: Option<&Again>, width: usize, palette: Palette) -> String {
    let width = width.clamp(NARROWEST, WIDEST) - 1;
    let mut page = Page { palette, width, now: seen.at, text: String::new() };
    page.head(seen, apply);
    if seen.status.is_absent() && seen.status.unread.is_empty() {
        return page.text;
    }
    page.services(&seen.status.services);
    for (kind, title) in SHOWN {
        let of_kind: Vec<&Resource> = seen.status.resources.iter().filter(|it| it.id.kind() == *kind).collect();
        page.resources(title, &of_kind);
    }
    let others = seen.status.resources.iter().filter(|it| !SHOWN.iter().any(|(kind, _)| it.id.kind() == *kind));
    page.resources("Others", &others.collect::<Vec<_>>());
    page.urls(&seen.urls);
    page.list("Next steps", &seen.status.next_steps);
    page.unread(&seen.status.unread);
    page.text
}

/// The word of a state, and its tone.
fn word(state: State) -> (&'static str, Tone) {
    match state {
        State::Healthy => ("ok", Tone::Add),
        State::Pending => ("wait", Tone::Change),
        State::Missing => ("absent", Tone::Change),
        State::Failing => ("FAIL", Tone::Danger),
        State::Unknown => ("unknown", Tone::Change),
    }
}

impl Page {
    fn head(&mut self, seen: &Seen, apply: Option<&Again>) {
        let Status { stack, region, wanted, missing, .. } = &seen.status;
        let silent = seen.urls.iter().any(|url| url.answer.as_ref().is_some_and(|answer| !answer.serves()));
        let (says, tone) = match seen.status.state() {
            State::Healthy if silent => ("not healthy", Tone::Danger),
            State::Healthy if *wanted == 0 => ("nothing belongs to it", Tone::Change),
            State::Healthy => ("healthy", Tone::Add),
            State::Missing if seen.status.is_absent() => ("not applied yet", Tone::Change),
            State::Pending => ("not healthy yet", Tone::Change),
            State::Missing => ("applied in part", Tone::Change),
            State::Failing => ("not healthy", Tone::Danger),
            State::Unknown => ("not fully known", Tone::Change),
        };
        let says = self.palette.paint(tone, says);
        self.text +=
            &format!("stack {} in {}: {says}\n", self.palette.paint(Tone::Strong, clean(stack)), clean(region));
        if missing.is_empty() {
            return;
        }
        let there = wanted - missing.len();
        let what = match there {
            0 => format!("None of its {} exists.", words::count(*wanted, "resource")),
            _ => format!(
                "{there} of {} exist; not there: {}.",
                words::count(*wanted, "resource"),
                words::listed(missing)
            ),
        };
        self.wrapped("", 2, &what);
        if let Some(apply) = apply {
            // A command is copied whole, whatever its length.
            self.text += &format!("  To create what is missing: {apply}\n");
        }
    }

    fn title(&mut self, title: &str) {
        self.text += &format!("\n{}\n", self.palette.paint(Tone::Strong, title));
    }

    /// A resource: its word, its name, and what is said of it.
    fn line(&mut self, state: State, name: &str, says: &str) {
        let (word, tone) = word(state);
        let head = format!("  {}  {}  ", self.palette.paint(tone, format!("{word:<6}")), clean(name));
        self.wrapped(&head, INDENT, &clean(says));
    }

    /// Something that explains a resource.
    fn detail(&mut self, label: &str, says: &str) {
        let head = format!("{:INDENT$}{}  ", "", self.palette.paint(Tone::Dim, format!("{label:<10}")));
        self.wrapped(&head, INDENT + 12, &clean(says));
    }

    /// A text behind a head, in lines of which the further ones are indented.
    fn wrapped(&mut self, head: &str, indent: usize, says: &str) {
        let mut line = if head.is_empty() { " ".repeat(indent) } else { head.to_owned() };
        let mut taken = console::measure_text_width(&line);
        let mut is_first = true;
        let room = self.width.saturating_sub(indent).max(1);
        for word in says.split(' ').flat_map(|word| pieces(word, room)) {
            let wide = console::measure_text_width(&word);
            if taken + wide + usize::from(!is_first) > self.width && (!is_first || taken > indent) {
                self.text += &format!("{}\n", line.trim_end());
                line = " ".repeat(indent);
                (taken, is_first) = (indent, true);
            }
            if !is_first {
                line.push(' ');
                taken += 1;
            }
            line += &word;
            taken += wide;
            is_first = false;
        }
        self.text += &format!("{}\n", line.trim_end());
    }

    fn services(&mut self, services: &[Service]) {
        if services.is_empty() {
            return;
        }
        self.title("Services");
        for Service { resource, doing } in services {
            let mut lines = resource.words.lines();
            self.line(resource.state, &shown(resource), lines.next().unwrap_or_default());
            lines.for_each(|line| self.detail("", line));
            if let Some(doing) = doing {
                self.doing(doing);
            }
        }
    }

    fn doing(&mut self, doing: &Doing) {
        if let Some(deployment) = &doing.deployment {
            let older = match doing.older_deployments {
                0 => String::new(),
                many => format!("; {} before it still at work", words::count(many, "deployment")),
            };
            let says = format!("{}{older}", self.deployment(deployment));
            self.detail("deployment", &says);
            if let Some(why) = &deployment.rolled_back {
                let why = if why.is_empty() { String::new() } else { format!(": {why}") };
                self.detail("", &format!("the deployment before it failed and was rolled back{why}"));
            }
        }
        if doing.pending > 0 {
            self.detail("tasks", &format!("{} on the way", words::count(as_usize(doing.pending), "task")));
        }
        for group in &doing.target_groups {
            self.group(group);
        }
        for stopped in doing.stopped.iter().take(MOST) {
            let times = if stopped.times > 1 { format!(" ({} times)", stopped.times) } else { String::new() };
            let reason = stopped.reason.trim_start_matches("stopped task: ");
            let says = format!("{}{}{times}", self.ago(stopped.at), short(reason));
            self.detail("stopped", &says);
        }
        for event in &doing.events {
            let times = if event.times > 1 { format!(" ({} times)", event.times) } else { String::new() };
            let says = format!("{}{}{times}", self.ago(event.at), short(&event.message));
            self.detail("event", &says);
        }
    }

    fn deployment(&self, deployment: &Deployment) -> String {
        let Deployment { state, reason, began, changed, revision, failed, .. } = deployment;
        let failed = if *failed > 0 { format!(", {failed} failed to start") } else { String::new() };
        match state.as_str() {
            "COMPLETED" => format!("{revision}, completed {}", age(self.now - changed)),
            "FAILED" => format!("{revision}, failed {}: {reason}", age(self.now - changed)),
            "IN_PROGRESS" => format!("{revision}, in progress, began {}{failed}", age(self.now - began)),
            _ => format!("{revision}, began {}{failed}", age(self.now - began)),
        }
    }

    fn group(&mut self, group: &Group) {
        let (leaving, others): (Vec<_>, Vec<_>) = group.others.iter().partition(|target| target.state == "draining");
        let leaving = if leaving.is_empty() { String::new() } else { format!(", {} draining", leaving.len()) };
        let says = match group.healthy + others.len() {
            0 => format!("none registered in {}{leaving}", group.name),
            all => format!("{} of {all} healthy in {}{leaving}", group.healthy, group.name),
        };
        self.detail("targets", &says);
        for target in others.iter().take(MOST) {
            let code = if target.reason.is_empty() { String::new() } else { format!(" ({})", target.reason) };
            self.detail("", &format!("{} is {}: it {}{code}", target.id, target.state, target.words));
        }
        if others.len() > MOST {
            self.detail("", &format!("and {} more", others.len() - MOST));
        }
    }

    fn resources(&mut self, title: &str, resources: &[&Resource]) {
        if resources.is_empty() {
            return;
        }
        self.title(title);
        for resource in resources {
            let name = if title == "Others" { resource.id.to_string() } else { shown(resource) };
            let mut lines = resource.words.lines();
            let first = lines.next().unwrap_or_default();
            let says = match resource.expires {
                Some(expires) => format!("{first}, {}", self.expiry(expires)),
                None => first.to_owned(),
            };
            self.line(resource.state, &name, &says);
            lines.for_each(|line| self.detail("", line));
        }
    }

    fn expiry(&self, expires: i64) -> String {
        // Seconds of a time are whole numbers that a float holds exactly.
        let left = Duration::try_from_secs_f64(expires as f64 - self.now).map(|left| left.as_secs());
        match left {
            Err(_) => format!("EXPIRED {}", age(self.now - expires as f64)),
            Ok(left @ 0..SOON) => {
                format!("expires in {}; ACM has not renewed it", words::count(as_usize(left / DAY), "day"))
            }
            Ok(left) => format!("expires in {}", words::count(as_usize(left / DAY), "day")),
        }
    }

    fn urls(&mut self, urls: &[Url]) {
        if urls.is_empty() {
            return;
        }
        let simulated = urls.iter().any(|url| url.simulated && url.answer.is_some());
        self.title(if simulated { "URLs (simulated: no request leaves this computer)" } else { "URLs" });
        for Url { url, answer, .. } in urls {
            let (state, says) = match answer {
                None => (State::Unknown, "not asked".to_owned()),
                Some(Answer::Nothing(why)) => (State::Failing, format!("no answer: {why}")),
                Some(answer @ Answer::Status { code, location, millis }) => {
                    let to = location.as_ref().map(|to| format!(", leads to {to}")).unwrap_or_default();
                    let took = if *millis > 0 { format!(" in {millis} ms") } else { String::new() };
                    let state = if answer.serves() { State::Healthy } else { State::Failing };
                    (state, format!("answers {code}{took}{to}"))
                }
            };
            self.line(state, url, &says);
        }
    }

    fn list(&mut self, title: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.title(title);
        lines.iter().for_each(|line| self.wrapped("  - ", 4, &clean(line)));
    }

    fn unread(&mut self, unread: &[Unread]) {
        if unread.is_empty() {
            return;
        }
        self.title("Could not be read, so its state is unknown");
        for Unread { what, error } in unread {
            self.wrapped("  ", 4, &format!("{}: {}", clean(what), words::error(error)));
            if let Some(hint) = &error.hint {
                self.wrapped("    hint: ", 10, &clean(hint));
            }
        }
    }

    /// How long ago something was, to be put before it; nothing where that is not known.
    fn ago(&self, at: f64) -> String {
        if at > 0.0 { format!("{}: ", age(self.now - at)) } else { String::new() }
    }
}

/// The entry, and the name in AWS if that is another.
fn shown(resource: &Resource) -> String {
    let entry = resource.id.name();
    if resource.name.is_empty() || resource.name == entry {
        entry.to_owned()
    } else {
        format!("{entry} ({})", resource.name)
    }
}

/// A text of ECS with the names of target groups in the place of their ARNs, which are longer than a line.
fn short(text: &str) -> String {
    let part = |word: &str| match word.split_once(":targetgroup/") {
        Some((arn, rest)) if arn.trim_start_matches('(').starts_with("arn:") => {
            let open = if arn.starts_with('(') { "(" } else { "" };
            let name = rest.split('/').next().unwrap_or_default();
            let close: String = rest.chars().skip_while(|one| !matches!(one, ')' | ',' | '.')).collect();
            format!("{open}{name}{close}")
        }
        _ => word.to_owned(),
    };
    text.split(' ').map(part).collect::<Vec<_>>().join(" ")
}

fn as_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// `2m ago`: the largest unit is enough.
fn age(seconds: f64) -> String {
    let seconds = Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs();
    match seconds {
        0..60 => format!("{seconds}s ago"),
        60..3600 => format!("{}m ago", seconds / 60),
        3600..86_400 => format!("{}h ago", seconds / 3600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_one_unit() {
        assert_eq!(
            [-3.0, 59.0, 61.0, 7_300.0, 200_000.0].map(age),
            ["0s ago", "59s ago", "1m ago", "2h ago", "2d ago"]
        );
    }

    #[test]
    fn target_groups_are_called_by_their_names() {
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/04c21cf2224edcb4";
        let text = short(&format!("registered 1 targets in (target-group {arn}) and ({arn})."));
        assert_eq!(text, "registered 1 targets in (target-group web) and (web).");
    }

    #[test]
    fn no_line_is_longer_than_the_width_unless_it_is_a_url() {
        let mut page = Page { palette: Palette::OFF, width: 30, now: 0.0, text: String::new() };
        page.line(State::Failing, "web", "one two three four five six seven eight nine ten eleven");
        page.detail("event", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnop short");
        page.detail("url", "https://shop.example/a/long/path");
        let long: Vec<&str> = page.text.lines().filter(|line| line.chars().count() > 30).collect();
        assert_eq!(long, ["          url         https://shop.example/a/long/path"], "{}", page.text);
        assert!(page.text.starts_with("  FAIL    web  one two three"), "{}", page.text);
    }
}
