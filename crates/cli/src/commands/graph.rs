//! `evenkeel graph`: the architecture of a stack as a picture, from its file alone, or with a plan drawn over it. Changes nothing.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use evenkeel_aws::architecture::Architecture;

use super::session::{File, Planning};
use super::{Context, Run};
use crate::args::{Choice, Format, Global, StackFile, Waits};
use crate::diagram::model::{Diagram, FORMAT};
use crate::diagram::{build, html, mermaid, overlay, svg, text};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::escape;
use crate::style::Palette;

const EXAMPLES: &str = "\
Examples:
  evenkeel graph                                   a tree of who reaches whom
  evenkeel graph --out stack.html                  a page to zoom, search and click through
  evenkeel graph --out docs/stack.svg              a picture for a README, light and dark
  evenkeel graph --format markdown >>comment.md    for a page or a pull request that draws Mermaid
  evenkeel graph --plan --out plan.html            with what `apply` would do";

/// Draw who reaches whom in a stack; needs no network.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct GraphArgs {
    /// The stack file.
    #[command(flatten)]
    pub file: StackFile,
    /// How to draw it [default: by the ending of `--out`, else `text`].
    #[arg(long = "as", value_enum, value_name = "PICTURE")]
    pub picture: Option<Picture>,
    /// Write into this file; only an older picture is overwritten.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Draw the plan over it, which reads AWS.
    #[arg(long)]
    pub plan: bool,
}

/// How to draw.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Picture {
    /// A tree of lines.
    Text,
    /// A text that pages of GitHub and GitLab draw.
    Mermaid,
    /// A picture.
    Svg,
    /// A page.
    Html,
}

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Written {
    Drawn(Picture),
    /// Mermaid in a block of Markdown.
    Markdown,
    Json,
}

impl Run for GraphArgs {
    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        let written = self.written(global.format)?;
        if let Some(out) = &self.out {
            is_free(out)?;
        }
        let diagram = self.diagram(global, ui).await?;
        let palette = if self.out.is_none() { ui.out.palette } else { Palette::OFF };
        let text = render(&diagram, written, palette)?;
        match &self.out {
            None => ui.out.text(&text),
            Some(out) => {
                save(out, &text)?;
                ui.note(&format!("Wrote {}.", out.display()));
            }
        }
        Ok(Exit::Done)
    }
}

impl GraphArgs {
    /// What to write: what is asked for, else what the name of the file says.
    fn written(&self, format: Format) -> Result<Written, Failure> {
        let ending = self.out.as_ref().and_then(|out| out.extension()?.to_str()).unwrap_or_default();
        match (self.picture, format) {
            (Some(picture), Format::Text) => Ok(Written::Drawn(picture)),
            (Some(_), Format::Json | Format::Markdown) => Err(Failure::Usage(
                "--as chooses a picture and --format json or markdown another form; give one of the two".to_owned(),
            )),
            (None, Format::Json) => Ok(Written::Json),
            (None, Format::Markdown) => Ok(Written::Markdown),
            (None, Format::Text) => Ok(match ending.to_ascii_lowercase().as_str() {
                "svg" => Written::Drawn(Picture::Svg),
                "html" | "htm" => Written::Drawn(Picture::Html),
                "mmd" | "mermaid" => Written::Drawn(Picture::Mermaid),
                "json" => Written::Json,
                "md" => Written::Markdown,
                _ => Written::Drawn(Picture::Text),
            }),
        }
    }

    async fn diagram(&self, global: &Global, ui: &mut Ui) -> Result<Diagram, Failure> {
        let file = File::load(&self.file.stack, global, ui)?;
        let (architecture, secrets) = (Architecture::of(&file.loaded.stack), ui.secrets.clone());
        let mut diagram = if self.plan {
            let mut planning = Planning::open(file, &Choice::default(), &Waits::default(), global, ui).await?;
            let snapshot = planning.reading.snapshot(ui).await?;
            let plan = planning.plan(&snapshot)?;
            let plan = secrets.plan(&plan);
            let mut diagram = build::diagram(&architecture, &planning.reading.graph, &secrets);
            overlay::plan(&mut diagram, &architecture, &plan);
            diagram
        } else {
            build::diagram(&architecture, &file.graph("an unknown region")?, &secrets)
        };
        diagram.clean(&|text| secrets.message(text));
        Ok(diagram)
    }
}

fn render(diagram: &Diagram, written: Written, palette: Palette) -> Result<String, Failure> {
    Ok(match written {
        Written::Drawn(Picture::Text) => text::render(diagram, palette),
        Written::Drawn(Picture::Mermaid) => mermaid::file(diagram),
        Written::Drawn(Picture::Svg) => svg::file(diagram),
        Written::Drawn(Picture::Html) => html::file(diagram),
        Written::Markdown => format!("```mermaid\n{}```\n", mermaid::file(diagram)),
        Written::Json => {
            let document = serde_json::to_value(diagram).map_err(|error| Failure::Bug(vec![error.to_string()]))?;
            format!("{}\n", escape::json(&document, true))
        }
    })
}

fn refusal(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::refused(format!("cannot write {}: {why}", path.display()), "choose another place for --out")
}

/// Refuses a place where something else is: a slip must not cost anybody a stack file.
fn is_free(path: &Path) -> Result<(), Failure> {
    let Ok(there) = path.symlink_metadata() else { return Ok(()) };
    if !there.is_file() {
        return Err(refusal(path, "it is not a regular file"));
    }
    let text = std::fs::read(path).map_err(|error| refusal(path, error))?;
    let text = String::from_utf8_lossy(&text);
    if text.is_empty() || text.contains(FORMAT) || text.starts_with(text::BEGINNING) {
        return Ok(());
    }
    Err(refusal(path, "the file that is there is not a picture of evenkeel"))
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| refusal(path, error))
}
