//! The command line of evenkeel: reads it, runs one command, prints, and returns an exit code. What every command
//! takes is in `args`, each command with the rest in its file in `commands`, everything printed in `report`, the codes in `exit`.

mod again;
mod args;
mod command_line;
mod commands;
mod diagram;
mod dotenv;
mod exit;
mod images;
mod interrupt;
mod out;
mod report;
mod simulation;
mod style;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::out::Ui;

fn main() -> ExitCode {
    let line: Vec<OsString> = std::env::args_os().collect();
    let args = match command_line::parse(line.iter().cloned()) {
        Ok(args) => args,
        Err((error, exit)) => {
            refuse(&error, exit, command_line::wants_json(&line));
            return exit.into();
        }
    };
    let mut ui = Ui::new(&args.global);
    log(&ui);
    let result = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(args.command.run(&args.global, &mut ui)),
        Err(error) => Err(Failure::Refused { text: format!("cannot start: {error}"), help: None }),
    };
    finish(result, &mut ui).into()
}

/// Prints what is wrong with a command line, or the help that it asks for.
fn refuse(error: &clap::Error, exit: Exit, json: bool) {
    // If not even this can be written, the code still tells.
    if exit == Exit::Done || !json {
        return drop(error.print());
    }
    let text = error.render().to_string();
    let text = text.trim().trim_start_matches("error: ");
    let document = report::failure::json(&Failure::Usage(text.to_owned()));
    drop(writeln!(std::io::stdout(), "{}", report::escape::json(&document, false)));
}

/// Prints what is left to be printed, and decides the exit.
fn finish(result: Result<Exit, Failure>, ui: &mut Ui) -> Exit {
    let exit = match result {
        Ok(exit) => exit,
        Err(failure) => {
            if ui.format == Format::Json {
                let mut document = report::failure::json(&failure);
                if let (Some(stats), Some(map)) = (ui.take_stats(), document.as_object_mut()) {
                    map.insert("stats".to_owned(), json!(stats));
                }
                ui.out.json(&document);
            } else {
                let text = report::failure::render(&failure, ui.err.palette);
                ui.err.text(&text);
            }
            failure.exit()
        }
    };
    if let Some(stats) = ui.take_stats() {
        ui.err.text(&format!("\n{}", report::stats::render(&stats)));
    }
    match ui.out.failed().map(ToString::to_string) {
        Some(error) => {
            ui.err.line(&format!("error: stdout: {error}"));
            if [Exit::Done, Exit::Unproven].contains(&exit) { Exit::Failed } else { exit }
        }
        None => exit,
    }
}

/// Sends log messages to stderr: warnings, or more with `-v`. EVENKEEL_LOG takes the filters of `tracing`.
fn log(ui: &Ui) {
    // Where the SDK looks for credentials in vain it warns a dozen times; the error that follows says it once.
    let level = match (ui.quiet, ui.verbose) {
        (true, _) => "error",
        (false, 0) => "warn,aws_config=error",
        (false, 1) => "warn,aws_config=error,evenkeel=info,evenkeel_aws=info,evenkeel_core=info",
        (false, _) => "warn,evenkeel=debug,evenkeel_aws=debug,evenkeel_core=debug",
    };
    let filter = EnvFilter::try_from_env("EVENKEEL_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(ui.err.palette.is_on())
        .without_time()
        .init();
}
