//! A failure that ended a command, in words or as JSON.

use evenkeel_core::error::CloudError;
use serde_json::{Value, json};

use super::escape::text as clean;
use super::{diagnostics, words};
use crate::exit::Failure;
use crate::style::{Palette, Tone};

/// The failure for a person.
pub fn render(failure: &Failure, palette: Palette) -> String {
    let error = palette.paint(Tone::Danger, "error:");
    match failure {
        Failure::Usage(text) => format!("{error} {}\n", lines(text)),
        Failure::BadFile(list) => {
            format!(
                "{}{error} the stack file cannot be used: {}\n",
                diagnostics::render(list, palette),
                diagnostics::counts(list)
            )
        }
        Failure::Cloud { doing, error: cloud } => {
            format!("{error} {}\n{}", clean(doing), cloud_lines(cloud, &[], "  ", palette))
        }
        Failure::Refused { text, help } => {
            let help = help.as_ref().map_or(String::new(), |help| format!("  {}\n", clean(help)));
            format!("{error} {}\n{help}", lines(text))
        }
        Failure::Blocked { text, help, error: cloud } => {
            let more = cloud.as_ref().map_or(String::new(), |cloud| cloud_lines(cloud, &[], "  ", palette));
            let help = help.as_ref().map_or(String::new(), |help| format!("  {}\n", clean(help)));
            format!("{error} {}\n{more}{help}", lines(text))
        }
        Failure::Stale { moved, help } => {
            let mut out = format!("{error} the saved plan no longer matches what is live; nothing was changed\n");
            for line in moved {
                out += &format!("  {}\n", clean(line));
            }
            out + &format!("  {}\n", clean(help))
        }
        Failure::Bug(findings) => {
            let mut out =
                format!("{error} the plan failed its own checks: this is a bug in evenkeel; nothing was changed\n");
            for line in findings {
                out += &format!("  {}\n", clean(line));
            }
            out + "  please report it with the stack file and the output of the plan with -v\n"
        }
    }
}

/// A text of several lines, the further ones indented.
fn lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n  ")
}

/// The failure in a few words, where its whole text is elsewhere.
pub fn brief(failure: &Failure) -> String {
    match failure {
        Failure::BadFile(list) => format!("the stack file cannot be used: {}", diagnostics::counts(list)),
        Failure::Usage(text) | Failure::Refused { text, .. } | Failure::Blocked { text, .. } => clean(text),
        Failure::Cloud { doing, .. } => clean(doing),
        Failure::Stale { .. } => "the saved plan no longer matches what is live".to_owned(),
        Failure::Bug(_) => "the plan failed its own checks: this is a bug in evenkeel".to_owned(),
    }
}

/// An error of AWS over several lines: what, request id, who holds it, what to do.
pub fn cloud_lines(error: &CloudError, holders: &[String], indent: &str, palette: Palette) -> String {
    let (first, reasons) = words::error_lines(error);
    let mut out = format!("{indent}{first}\n");
    for reason in reasons {
        out += &format!("{indent}  {reason}\n");
    }
    if let Some(id) = &error.request_id {
        out += &format!("{indent}{}\n", palette.paint(Tone::Dim, format!("request id: {}", clean(id))));
    }
    for holder in holders {
        out += &format!("{indent}held by: {}\n", clean(holder));
    }
    if let Some(hint) = &error.hint {
        out += &format!("{indent}{} {}\n", palette.paint(Tone::Strong, "hint:"), clean(hint));
    }
    out
}

/// The failure for a program.
pub fn json(failure: &Failure) -> Value {
    let (kind, more) = match failure {
        Failure::Usage(text) => ("usage", json!({ "message": text })),
        Failure::BadFile(list) => (
            "stack_file",
            json!({ "message": diagnostics::counts(list), "diagnostics": list.iter().map(diagnostics::json).collect::<Vec<_>>() }),
        ),
        Failure::Cloud { doing, error } => ("aws", json!({ "message": doing, "error": error })),
        Failure::Refused { text, help } => ("refused", json!({ "message": text, "help": help })),
        Failure::Blocked { text, help, error } => ("blocked", json!({ "message": text, "help": help, "error": error })),
        Failure::Stale { moved, help } => (
            "stale_plan",
            json!({ "message": "the saved plan no longer matches what is live", "moved": moved, "help": help }),
        ),
        Failure::Bug(findings) => ("bug", json!({ "message": "the plan is wrong", "findings": findings })),
    };
    json!({ "error": { "kind": kind, "exit_code": failure.exit().code(), "details": more } })
}
