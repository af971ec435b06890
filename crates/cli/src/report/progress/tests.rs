//! What a person sees on a terminal: events go in, the screen of a terminal in memory comes out.

use std::io;
use std::sync::{Arc, Mutex};

use evenkeel_core::error::{CloudError, ErrorClass};
use indicatif::TermLike;

use super::*;
use crate::args::Global;
use crate::out::Out;

/// A screen that only grows: lines of text and a cursor.
#[derive(Clone, Debug, Default)]
struct Screen(Arc<Mutex<Cells>>);

#[derive(Debug, Default)]
struct Cells {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    /// What can be read on it.
    fn text(&self) -> String {
        let cells = self.0.lock().unwrap();
        let lines: Vec<String> =
            cells.lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect();
        lines.join("\n").trim_end().to_owned()
    }

    fn change(&self, change: impl FnOnce(&mut Cells)) -> io::Result<()> {
        change(&mut self.0.lock().unwrap());
        Ok(())
    }
}

impl Cells {
    fn put(&mut self, one: char) {
        match one {
            '\n' => (self.row, self.column) = (self.row + 1, 0),
            '\r' => self.column = 0,
            one => {
                // As on a terminal, what is too long goes on below; a line that is just full does not.
                if self.column == usize::from(WIDTH) {
                    (self.row, self.column) = (self.row + 1, 0);
                }
                while self.lines.len() <= self.row {
                    self.lines.push(Vec::new());
                }
                let line = &mut self.lines[self.row];
                while line.len() <= self.column {
                    line.push(' ');
                }
                line[self.column] = one;
                self.column += 1;
            }
        }
    }
}

const WIDTH: u16 = 120;

impl TermLike for Screen {
    fn width(&self) -> u16 {
        WIDTH
    }

    fn height(&self) -> u16 {
        40
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.change(|cells| cells.row = cells.row.saturating_sub(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.change(|cells| cells.row += n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.change(|cells| cells.column += n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.change(|cells| cells.column = cells.column.saturating_sub(n))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.change(|cells| text.chars().chain(['\n']).for_each(|one| cells.put(one)))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.change(|cells| text.chars().for_each(|one| cells.put(one)))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.change(|cells| {
            let row = cells.row;
            if let Some(line) = cells.lines.get_mut(row) {
                line.clear();
            }
            cells.column = 0;
        })
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A run on a terminal.
struct Watched {
    screen: Screen,
    progress: Progress,
    ui: Ui,
    seq: u64,
}

impl Watched {
    fn new() -> Self {
        Self::at_speed(1.0)
    }

    fn at_speed(speed: f64) -> Self {
        let screen = Screen::default();
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let progress = Progress::on(target, Palette::OFF, speed, false);
        let mut ui = Ui::new(&global());
        // Everything that a person sees here comes by way of the lines.
        ui.err = Out::new(Box::new(io::sink()), Palette::OFF);
        Self { screen, progress, ui, seq: 0 }
    }

    fn see(&mut self, what: What) -> String {
        self.seq += 1;
        self.progress.event(&Event { seq: self.seq, at_ms: self.seq * 1000, what }, &mut self.ui);
        self.screen.text()
    }

    fn start(&mut self, step: u32, id: &str, verb: Verb) -> String {
        self.see(What::StepStarted { step: StepId(step), node: node(id), verb })
    }

    fn done(&mut self, step: u32, id: &str, verb: Verb) -> String {
        self.see(What::StepDone { step: StepId(step), node: node(id), verb, took_ms: 400 })
    }

    fn waiting(&mut self, step: u32, id: &str, status: &str) -> String {
        self.see(What::Waiting {
            step: StepId(step),
            node: node(id),
            status: status.to_owned(),
            waited_secs: 5,
            deadline_secs: 1200,
        })
    }
}

fn global() -> Global {
    use clap::Parser;
    crate::command_line::Args::parse_from(["evenkeel", "plan"]).global
}

fn node(id: &str) -> NodeId {
    id.parse().unwrap()
}

fn error(message: &str) -> CloudError {
    CloudError::local(ErrorClass::Invalid, "wait until ready", message)
}

#[test]
fn a_run_with_waits() {
    let mut run = Watched::new();
    run.see(What::RunStarted { steps: 3 });
    run.start(1, "cluster.main", Verb::Create);
    run.start(2, "load_balancer.web", Verb::Create);
    insta::assert_snapshot!(run.done(1, "cluster.main", Verb::Create), @r"
      + create  cluster.main  0.4s
    ⠁ create  load_balancer.web   0s
      [1/3] ━━━━━━━━━━╸─────────────────── 0s
    ");
    run.done(2, "load_balancer.web", Verb::Create);
    run.start(3, "load_balancer.web", Verb::Wait);
    insta::assert_snapshot!(run.waiting(3, "load_balancer.web", "provisioning"), @r"
      + create  cluster.main  0.4s
      + create  load_balancer.web  0.4s
    ⠁ wait    load_balancer.web   0s provisioning (up to 20m)
      [2/3] ━━━━━━━━━━━━━━━━━━━━╸───────── 0s
    ");
    run.done(3, "load_balancer.web", Verb::Wait);
    insta::assert_snapshot!(run.see(What::RunFinished { done: 3, failed: 0, left: 0 }), @r"
    + create  cluster.main  0.4s
    + create  load_balancer.web  0.4s
    ✓ wait    load_balancer.web  0.4s
    ");
}

#[test]
fn a_run_that_fails() {
    let mut run = Watched::new();
    run.see(What::RunStarted { steps: 2 });
    run.start(1, "service.app", Verb::Wait);
    run.waiting(1, "service.app", "0 of 1 tasks running");
    let failed = What::StepFailed {
        step: StepId(1),
        node: node("service.app"),
        verb: Verb::Wait,
        error: error("rolled back to app:2\nevent: tasks failed to start"),
        holders: Vec::new(),
    };
    run.see(failed);
    let because = node("service.app");
    run.see(What::StepSkipped { step: StepId(2), node: node("records.a"), verb: Verb::Create, because });
    insta::assert_snapshot!(run.see(What::RunFinished { done: 0, failed: 1, left: 1 }), @r"
    ✗ wait    service.app  did not become ready: rolled back to app:2
    · create  records.a  skipped, because service.app failed
    ");
}

#[test]
fn a_run_that_is_interrupted() {
    let mut run = Watched::new();
    run.see(What::RunStarted { steps: 3 });
    run.start(1, "service.app", Verb::Wait);
    run.waiting(1, "service.app", "0 of 1 tasks running");
    let abandoned = |step, id: &str, verb: Verb| What::StepAbandoned { step, node: node(id), verb };
    run.see(What::Stopping);
    insta::assert_snapshot!(run.see(abandoned(StepId(2), "records.a", Verb::Create)), @r"
    Stopping: nothing new starts. Ctrl-C again to stop waiting.
      · create  records.a  not done, stopped
    ⠁ wait    service.app   0s 0 of 1 tasks running (up to 20m)
      [1/3] ━━━━━━━━━━╸─────────────────── 0s
    ");
    run.see(abandoned(StepId(1), "service.app", Verb::Wait));
    insta::assert_snapshot!(run.see(What::RunFinished { done: 0, failed: 0, left: 2 }), @r"
    Stopping: nothing new starts. Ctrl-C again to stop waiting.
      · create  records.a  not done, stopped
      · wait    service.app  not done, stopped
    ");
}

#[test]
fn what_is_tried_again_is_told_with_who_holds_it() {
    let mut run = Watched::new();
    run.see(What::RunStarted { steps: 1 });
    run.start(1, "security_group.app", Verb::Delete);
    let retrying = What::Retrying {
        step: StepId(1),
        node: node("security_group.app"),
        error: CloudError { code: "DependencyViolation".to_owned(), ..error("in use") },
        in_ms: 15_000,
        holders: vec!["network interface eni-1".to_owned()],
    };
    let seen = run.see(retrying);
    assert!(seen.contains("retrying in 15s: DependencyViolation (held by network interface eni-1)"), "{seen}");
}

#[test]
fn one_clock_for_waits_and_what_is_done() {
    let mut run = Watched::at_speed(10_000.0);
    run.see(What::RunStarted { steps: 1 });
    run.start(1, "service.app", Verb::Wait);
    std::thread::sleep(Duration::from_millis(50));
    let seen = run.waiting(1, "service.app", "starting");
    let line = seen.lines().find(|line| line.contains("service.app")).unwrap();
    // Fifty milliseconds here are more than eight minutes there.
    let minutes = line.split_whitespace().find_map(|word| word.strip_suffix('m')?.parse::<u64>().ok());
    assert!(minutes.is_some_and(|minutes| minutes >= 8), "{seen}");
}

#[test]
fn nothing_foreign_moves_the_cursor() {
    let bad = "a\u{1b}[2J\u{202e}\nb";
    let mut run = Watched::new();
    run.see(What::RunStarted { steps: 2 });
    let id = format!("log_group.{bad}");
    run.start(1, &id, Verb::Delete);
    let mut seen = run.waiting(1, &id, bad);
    run.done(1, &id, Verb::Delete);
    run.start(2, &id, Verb::Delete);
    let failed = What::StepFailed {
        step: StepId(2),
        node: node(&id),
        verb: Verb::Delete,
        error: CloudError { code: bad.to_owned(), ..error(bad) },
        holders: vec![bad.to_owned()],
    };
    seen += &run.see(failed);
    assert!(seen.contains("\\u{1b}[2J\\u{202e}\\nb"), "{seen}");
    assert!(!seen.chars().any(|one| one != '\n' && super::super::escape::is_unseen(one)), "{seen:?}");
}
