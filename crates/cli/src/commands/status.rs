//! `evenkeel status`: how a stack does that is live, on one screen, once or again and again. Changes nothing.

use std::path::PathBuf;
use std::time::Duration;

use console::Term;
use evenkeel_aws::status::State;

use super::destroy::stack_name;
use super::session::seeing::Seen;
use super::session::{File, Reading, Seeing};
use super::{Context, Run};
use crate::again::Again;
use crate::args::{Format, Global, STACK_FILE};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{failure, status_json, status_text, words};

const EXAMPLES: &str = "\
Examples:
  evenkeel status                                  services, targets, certificates, databases, URLs
  evenkeel status --watch                          again every 5 seconds, until Ctrl-C
  evenkeel status --stack cruddur --region ca-central-1
  evenkeel status --format json --no-check-urls    for a program; exit 0 only if all is healthy";

/// How long nothing is asked between two looks.
const PAUSE: Duration = Duration::from_secs(5);

/// Show how a stack does: services, tasks, targets, certificates, databases, URLs.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct StatusArgs {
    /// The stack file.
    #[arg(value_name = "STACK", default_value = STACK_FILE)]
    pub file: PathBuf,
    /// The name of the stack, if there is no file: what carries its marks is shown.
    #[arg(long = "stack", value_name = "NAME", conflicts_with = "file", value_parser = stack_name)]
    pub name: Option<String>,
    /// Look again every 5 seconds, until Ctrl-C; in a pipe, print whenever something changes.
    #[arg(short, long)]
    pub watch: bool,
    /// Do not ask the URLs of the stack whether they answer.
    #[arg(long)]
    pub no_check_urls: bool,
}

impl Run for StatusArgs {
    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        if ui.format == Format::Markdown {
            return Err(Failure::Usage(
                "--format markdown is for `evenkeel plan`; status has text and json".to_owned(),
            ));
        }
        let seeing = Seeing::new(self.reading(global, ui).await?);
        let apply = self.name.is_none().then(|| Again::on("apply", &self.file).place(global).vars(global));
        let mut screen = Screen::new(self.watch, ui);
        loop {
            let seen = match seeing.look(!self.no_check_urls).await {
                // What cannot be read once may be readable the next time.
                Err(failure) if self.watch && screen.last.is_some() => {
                    let text = failure::render(&failure, ui.err.palette);
                    ui.err.text(&text);
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                seen => seen?,
            };
            // A name under which nothing is found may be a slip of the pen.
            let unknown = self.name.is_some() && seen.status.wanted == 0 && exit(&seen) == Exit::Done;
            let exit = if unknown { Exit::Unproven } else { exit(&seen) };
            screen.show(seen, apply.as_ref(), ui);
            if !self.watch || ui.out.is_closed() {
                return Ok(exit);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl StatusArgs {
    async fn reading(&self, global: &Global, ui: &mut Ui) -> Result<Reading, Failure> {
        match (&self.name, global.vars.first()) {
            (Some(_), Some((key, _))) => {
                Err(Failure::Usage(format!("--var {key}: without a stack file there is no such variable")))
            }
            (Some(name), None) => Reading::by_name(name, global, ui).await,
            (None, _) => File::load(&self.file, global, ui)?.connect(global, ui).await,
        }
    }
}

/// What a look comes to: what could not be read counts more than what is not healthy.
fn exit(seen: &Seen) -> Exit {
    let silent = seen.urls.iter().any(|url| url.answer.as_ref().is_some_and(|answer| !answer.serves()));
    match seen.status.state() {
        State::Unknown => Exit::Failed,
        State::Healthy if !silent => Exit::Done,
        State::Healthy | State::Pending | State::Missing | State::Failing => Exit::Unproven,
    }
}

/// Where looks are printed one after the other.
struct Screen {
    /// The terminal on which each look takes the place of the one before.
    terminal: Option<Term>,
    /// How many lines the last look took.
    lines: usize,
    last: Option<Seen>,
    /// Whether there will be more than one.
    watch: bool,
}

/// The first lines of a text, as many as a terminal can clear again, and what is below them.
fn fitted(text: &str, height: usize, foot: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    // The last line of the terminal is the cursor's, the one above it the foot's.
    let room = height.saturating_sub(2).max(1);
    let more = match lines.len().saturating_sub(room) {
        0 => String::new(),
        more => format!("{} more below; ", words::count(more, "line")),
    };
    let shown = &lines[..lines.len().min(room)];
    format!("{}\n{more}{foot}\n", shown.join("\n"))
}

impl Screen {
    fn new(watch: bool, ui: &Ui) -> Self {
        let term = Term::stdout();
        let terminal = (term.is_term() && ui.format == Format::Text && ui.live).then_some(term);
        Self { terminal, lines: 0, last: None, watch }
    }

    fn show(&mut self, seen: Seen, apply: Option<&Again>, ui: &mut Ui) {
        let changed = self.last.as_ref().is_none_or(|last| seen.differs(last));
        if let Some(terminal) = self.terminal.clone() {
            let (height, width) = terminal.size();
            let text = status_text::render(&seen, apply, width.into(), ui.out.palette);
            let foot = format!("every {} seconds; Ctrl-C ends", PAUSE.as_secs());
            let text = if self.watch { fitted(&text, height.into(), &foot) } else { text };
            if self.last.is_some() {
                drop(terminal.clear_last_lines(self.lines));
            }
            ui.out.text(&text);
            self.lines = text.lines().count();
        } else if changed {
            match ui.format {
                Format::Json => ui.out.json(&status_json::document(&seen)),
                Format::Text | Format::Markdown => {
                    let gap = if self.last.is_some() { "\n" } else { "" };
                    let text = status_text::render(&seen, apply, status_text::WIDTH, ui.out.palette);
                    ui.out.text(&format!("{gap}{text}"));
                }
            }
        }
        self.last = Some(seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_watched_fits_the_terminal() {
        let text = (1..=30).map(|line| format!("line {line}\n")).collect::<String>();
        let cut = fitted(&text, 24, "Ctrl-C ends");
        assert_eq!(cut.lines().count(), 23);
        assert!(cut.ends_with("line 22\n8 lines more below; Ctrl-C ends\n"), "{cut}");
        assert_eq!(fitted("a\nb\n", 24, "Ctrl-C ends"), "a\nb\nCtrl-C ends\n");
    }
}
