//! `evenkeel logs`: the lines that the containers of services write to CloudWatch Logs, in the order of time, once or as they come.
//! Changes nothing.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use evenkeel_aws::services::logs::tail::Line;
use evenkeel_aws::time;
use evenkeel_core::error::{CloudError, ErrorClass};
use serde::Serialize;
use serde_json::json;

use super::session::File;
use super::session::logging::{Logging, task};
use super::{Context, Run};
use crate::args::{Format, STACK_FILE};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{escape, failure};
use crate::style::Tone;

const EXAMPLES: &str = "\
Examples:
  evenkeel logs                                    the last 100 lines of all services
  evenkeel logs web worker --follow                of two services, as they come
  evenkeel logs web/proxy --since 2h               of one container of a task with several
  evenkeel logs --filter '?ERROR ?WARN'            what a filter pattern of CloudWatch Logs chooses";

/// How many lines are shown if nobody says.
const LINES: usize = 100;
/// How far back lines are looked for, seconds: more and more, until there are enough.
const WINDOWS: [i64; 4] = [600, 3 * 3600, 3 * 86_400, 30 * 86_400];
/// How long nothing is asked while lines are followed.
const PAUSE: Duration = Duration::from_secs(2);

/// Show what the containers of services write to their logs.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct LogsArgs {
    /// Services, or SERVICE/CONTAINER; all services if none is named.
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Go on with new lines as they come, until Ctrl-C.
    #[arg(short, long)]
    pub follow: bool,
    /// Only lines since then: `10m`, `2h`, `1d`, or a time such as 2026-11-30T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<Since>,
    /// Only lines that fit this filter pattern of CloudWatch Logs.
    #[arg(long, value_name = "PATTERN")]
    pub filter: Option<String>,
    /// Only the last N lines [default: 100, or all with --since].
    #[arg(long, value_name = "N")]
    pub tail: Option<usize>,
    /// Show when each line was written.
    #[arg(short, long)]
    pub timestamps: bool,
    /// The stack file.
    #[arg(long, value_name = "STACK", default_value = STACK_FILE)]
    pub file: PathBuf,
}

/// From when on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Since {
    /// So many seconds ago.
    Ago(i64),
    /// Milliseconds since 1970.
    At(i64),
}

fn since(text: &str) -> Result<Since, String> {
    if let Some(at) = time::parse(text) {
        return Ok(Since::At(at));
    }
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let seconds = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        _ => None,
    };
    let ago = seconds.zip(number.parse::<u32>().ok()).and_then(|(unit, many)| i64::from(many).checked_mul(unit));
    ago.map(Since::Ago).ok_or_else(|| "write 30s, 10m, 2h or 1d, or a time such as 2026-11-30T12:00:00Z".to_owned())
}

impl Run for LogsArgs {
    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        let file = File::load(&self.file, global, ui)?;
        let mut logging = Logging::open(file.connect(global, ui).await?, &self.services).await?;
        logging.remarks.clone().iter().for_each(|remark| ui.note(remark));
        if logging.sources.is_empty() {
            let text = "no container of these services writes to a log group that can be read";
            return Err(Failure::refused(text, "give it `logs: NAME`, with NAME under `log_groups:`, and apply"));
        }
        let mut printer = Printer::of(&logging, self.timestamps);
        let (mut tail, unread) = self.first(&logging, &mut printer, ui).await;
        tell(&unread, ui);
        if !self.follow {
            if printer.lines == 0 && unread.is_empty() {
                silence(&logging, self, ui);
            }
            return Ok(if unread.is_empty() { Exit::Done } else { Exit::Failed });
        }
        let mut told = unread;
        while !ui.out.is_closed() {
            tokio::time::sleep(PAUSE).await;
            let mut lines = Vec::new();
            let unread = logging.pass(&mut tail, &mut |line| lines.push(line)).await;
            logging.learn(&lines).await;
            lines.iter().for_each(|line| printer.print(&logging, line, ui));
            let groups =
                |list: &[(String, CloudError)]| list.iter().map(|(group, _)| group.clone()).collect::<Vec<_>>();
            if groups(&unread) != groups(&told) {
                tell(&unread, ui);
            }
            told = unread;
        }
        Ok(Exit::Done)
    }
}

impl LogsArgs {
    /// Prints what there is already.
    async fn first(
        &self,
        logging: &Logging,
        printer: &mut Printer,
        ui: &mut Ui,
    ) -> (evenkeel_aws::services::logs::tail::Tail, Vec<(String, CloudError)>) {
        let now = Duration::try_from_secs_f64(logging.reading.now()).unwrap_or_default();
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let pattern = self.filter.as_deref();
        let most = self.tail.unwrap_or(if self.since.is_some() { usize::MAX } else { LINES });
        let windows = match self.since {
            Some(Since::At(at)) => vec![at],
            Some(Since::Ago(seconds)) => vec![now - seconds * 1000],
            None => WINDOWS.map(|seconds| now - seconds * 1000).to_vec(),
        };
        let mut kept = VecDeque::new();
        let (mut tail, mut unread) = (logging.tail(now, pattern), Vec::new());
        for from in windows {
            kept.clear();
            tail = logging.tail(from, pattern);
            unread = if most == usize::MAX {
                // Whatever there is need not be kept.
                logging.pass(&mut tail, &mut |line| printer.print(logging, &line, ui)).await
            } else {
                let mut keep = |line: Line| {
                    kept.push_back(line);
                    kept.drain(..kept.len().saturating_sub(most));
                };
                logging
                    .pass(&mut tail, &mut |line| {
                        if logging.source(&line).is_some() {
                            keep(line);
                        }
                    })
                    .await
            };
            if kept.len() >= most {
                break;
            }
        }
        kept.iter().for_each(|line| printer.print(logging, line, ui));
        (tail, unread)
    }
}

/// A line for a program.
#[derive(Serialize)]
struct Document<'a> {
    time: String,
    service: &'a str,
    container: &'a str,
    task: &'a str,
    log_group: &'a str,
    log_stream: &'a str,
    message: &'a str,
}

/// Writes lines, each with whose it is.
struct Printer {
    tones: BTreeMap<String, Tone>,
    width: usize,
    timestamps: bool,
    lines: usize,
}

/// The tones of sources, one after the other.
const TONES: [Tone; 4] = [Tone::Adopt, Tone::Add, Tone::Replace, Tone::Change];

impl Printer {
    fn of(logging: &Logging, timestamps: bool) -> Self {
        let labels = logging.sources.iter().map(|source| source.label.clone());
        let tones: BTreeMap<String, Tone> = labels.zip(TONES.into_iter().cycle()).collect();
        let width = tones.keys().map(|label| label.chars().count()).max().unwrap_or_default();
        Self { tones, width, timestamps, lines: 0 }
    }

    fn print(&mut self, logging: &Logging, line: &Line, ui: &mut Ui) {
        let Some(source) = logging.source(line) else { return };
        self.lines += 1;
        if ui.format == Format::Json {
            return ui.out.json(&json!(Document {
                time: time::shown(line.at),
                service: &source.service,
                container: &source.container,
                task: task(line),
                log_group: &line.group,
                log_stream: &line.stream,
                message: &line.message,
            }));
        }
        let palette = ui.out.palette;
        let tone = self.tones.get(&source.label).copied().unwrap_or(Tone::Plain);
        let head = palette.paint(tone, format!("{:<1$} |", escape::text(&source.label), self.width));
        let at = if self.timestamps { format!("{} ", time::shown(line.at)) } else { String::new() };
        let at = palette.paint(Tone::Dim, at);
        for text in line.message.trim_end_matches(['\n', '\r']).lines() {
            // A container's own colours are kept where there are colours; whatever else a terminal would obey is not.
            let text = text.trim_end_matches('\r');
            let text =
                if palette.is_on() { format!("{text}{RESET}") } else { console::strip_ansi_codes(text).into_owned() };
            ui.out.line(&format!("{head} {at}{text}"));
        }
    }
}

/// Ends the colours of a container's line.
const RESET: &str = "\u{1b}[0m";

/// Says which groups could not be read.
fn tell(unread: &[(String, CloudError)], ui: &mut Ui) {
    for (group, error) in unread {
        let mut error = error.clone();
        if error.class == ErrorClass::Gone {
            let hint = "`evenkeel apply` creates a log group of the stack file; others must exist before";
            error.hint.get_or_insert_with(|| hint.to_owned());
        }
        let lines = failure::cloud_lines(&error, &[], "  ", ui.err.palette);
        ui.err.text(&format!("log group {} could not be read:\n{lines}", escape::text(group)));
    }
}

/// Says what the cause may be where there are no lines.
fn silence(logging: &Logging, args: &LogsArgs, ui: &mut Ui) {
    let what = match (args.filter.is_some(), args.since.is_some()) {
        (true, _) => "No line fits the pattern",
        (false, true) => "No line is that new",
        (false, false) => "No lines in the last 30 days",
    };
    let groups: Vec<&str> = logging.sources.iter().map(|source| source.group.as_str()).collect();
    let mut groups: Vec<String> = groups.into_iter().map(str::to_owned).collect();
    groups.sort();
    groups.dedup();
    ui.note(&format!("{what} ({}).", groups.join(", ")));
    let without: Vec<&str> =
        logging.sources.iter().filter(|it| !it.has_execution_role).map(|it| it.label.as_str()).collect();
    if !without.is_empty() {
        ui.note(&format!(
            "{} has no execution role, and on Fargate it is that role that may write logs: add execution_role",
            without.join(", ")
        ));
    }
    ui.note("A task that has not started writes nothing; `evenkeel status` shows why one does not start.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_ages_or_moments() {
        assert_eq!(since("10m"), Ok(Since::Ago(600)));
        assert_eq!(since("2h"), Ok(Since::Ago(7200)));
        assert_eq!(since("1970-01-01T00:01:00Z"), Ok(Since::At(60_000)));
        for wrong in ["", "m", "10", "ten minutes", "-5m", "10µ"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
