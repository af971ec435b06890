//! `evenkeel outputs`: what the end of an apply shows of a stack (URLs, name servers, endpoints, names), from one reading. Changes nothing.

use std::collections::BTreeMap;

use evenkeel_aws::outputs::Output;
use serde_json::json;

use super::session::seeing::Known;
use super::session::{File, Seeing};
use super::{Context, Run};
use crate::again::Again;
use crate::args::{Format, StackFile};
use crate::dotenv;
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{failure, summary};

const EXAMPLES: &str = "\
Examples:
  evenkeel outputs                                 URLs, name servers, endpoints and names
  evenkeel outputs --env >.env                     as lines NAME=value, for scripts
  evenkeel outputs --format json";

/// Show the URLs, endpoints and names of a stack.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct OutputsArgs {
    /// The stack file.
    #[command(flatten)]
    pub file: StackFile,
    /// Print lines NAME=value; the second of a name is NAME_2.
    #[arg(long)]
    pub env: bool,
}

impl Run for OutputsArgs {
    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        if self.env && ui.format == Format::Json {
            return Err(Failure::Usage("--env and --format json are two formats; choose one".to_owned()));
        }
        let file = File::load(&self.file.stack, global, ui)?;
        let apply = Again::on("apply", &self.file.stack).place(global).vars(global);
        let mut seeing = Seeing::new(file.connect(global, ui).await?);
        let known = seeing.known(ui).await?;
        let stack = &seeing.reading.graph.stack;
        match ui.format {
            Format::Json => {
                let document = json!({
                    "stack": stack.name, "region": stack.region, "outputs": known.outputs, "unreadable": known.unread,
                });
                ui.out.json(&document);
            }
            Format::Text | Format::Markdown if self.env => ui.out.text(&lines(&known.outputs)),
            Format::Text | Format::Markdown => {
                let text = summary::outputs(&known.outputs, ui.out.palette);
                ui.out.text(&text);
            }
        }
        Ok(tell(&known, &apply, ui))
    }
}

/// Says what is missing from what was printed.
fn tell(known: &Known, apply: &Again, ui: &mut Ui) -> Exit {
    if known.absent {
        ui.note(&format!("Nothing of this stack exists yet. To create it: {apply}"));
    }
    if known.unread.is_empty() {
        return Exit::Done;
    }
    if ui.format != Format::Json {
        let palette = ui.err.palette;
        for (kind, error) in &known.unread {
            let lines = failure::cloud_lines(error, &[], "  ", palette);
            ui.err.text(&format!("{kind} could not be read, so its outputs are missing:\n{lines}"));
        }
    }
    Exit::Failed
}

/// Lines for a shell or a `.env` file. Sentences for a person are left out.
fn lines(outputs: &[Output]) -> String {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut text = String::new();
    for output in outputs.iter().filter(|output| !["next step", "waits"].contains(&output.what)) {
        let name = output.what.to_uppercase().replace(' ', "_");
        let times = seen.entry(name.clone()).and_modify(|times| *times += 1).or_insert(1);
        let name = if *times == 1 { name } else { format!("{name}_{times}") };
        text += &format!("{}\n", dotenv::line(&name, &output.value));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_names_that_a_shell_takes() {
        let output = |what, value: &str| Output { what, value: value.to_owned() };
        let outputs = [
            output("url", "https://a.example"),
            output("url", "https://b.example"),
            output("name servers", "a.example: ns-1.example ns-2.example"),
            output("next step", "enter them"),
        ];
        let expected = "URL=https://a.example\nURL_2=https://b.example\n\
                        NAME_SERVERS='a.example: ns-1.example ns-2.example'\n";
        assert_eq!(lines(&outputs), expected);
    }
}
