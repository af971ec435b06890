//! `evenkeel push`: builds the images that a stack file builds, copies those that it mirrors, and pushes what is not there yet, to
//! repositories that are there. (`apply --build` does it as steps of its plan.)

use std::path::{Path, PathBuf};

use serde_json::json;

use super::session::File;
use super::session::connect::{Connection, Guard, connect};
use super::{Context, Run};
use crate::args::{Format, Global, STACK_FILE};
use crate::exit::{Exit, Failure};
use crate::images::{self, Pushed, Wanted, Yard};
use crate::out::Ui;

const EXAMPLES: &str = "\
Examples:
  evenkeel push                                    build and push every image of ./stack.yaml
  evenkeel push web worker                         only those of these services
  evenkeel push --file shop.yaml --tag v1.4        under this tag as well";

/// Build the images of a stack and push them to their repositories.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct PushArgs {
    /// Services whose images to push; all if none is named.
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// The stack file.
    #[arg(long, value_name = "STACK", default_value = STACK_FILE)]
    pub file: PathBuf,
    /// Push under this tag as well; also pushes what is there already.
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
}

impl Run for PushArgs {
    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        let open = Open::of(&self.file, &self.services, global, ui).await?;
        let pushed = open.push(&self.file, self.tag.as_deref(), ui).await?;
        tell(&pushed, ui);
        Ok(Exit::Done)
    }
}

/// A stack file with its images, and the way to where they go.
struct Open {
    connection: Connection,
    wanted: Vec<Wanted>,
}

impl Open {
    async fn of(path: &Path, only: &[String], global: &Global, ui: &mut Ui) -> Result<Self, Failure> {
        let file = File::load(path, global, ui)?;
        let account = file.loaded.stack.account.clone();
        let connection = connected(file.region.clone(), account.as_deref(), global, ui).await?;
        let graph = file.graph(&connection.aws.region)?;
        let own = connection.aws.account().await.map_err(|error| Failure::cloud("finding out the account", error))?;
        let wanted = images::wanted(&file.loaded.stack, &graph, &own, only)?;
        Ok(Self { connection, wanted })
    }

    async fn push(self, path: &Path, tag: Option<&str>, ui: &mut Ui) -> Result<Vec<Pushed>, Failure> {
        let Connection { aws, instead_of_aws, .. } = &self.connection;
        images::push(aws, &Yard::new(path, instead_of_aws.is_some(), true), self.wanted, tag, ui).await
    }
}

/// A connection to the account that the stack file names, if it names one.
async fn connected(
    region: Option<String>,
    account: Option<&str>,
    global: &Global,
    ui: &mut Ui,
) -> Result<Connection, Failure> {
    let connection = connect(global, region, Guard::of_stack(account), ui).await?;
    if let Some(guard) = &connection.guard {
        guard.holds(&connection.aws).await?;
    }
    Ok(connection)
}

fn tell(pushed: &[Pushed], ui: &mut Ui) {
    if ui.format == Format::Json {
        ui.out.json(&json!({ "images": pushed }));
        return;
    }
    if pushed.is_empty() {
        ui.out.line("No container has a `build:`, and no repository a `mirror:`.");
    }
    for Pushed { of, image, digest, was_there } in pushed {
        let how = if *was_there { "there already" } else { "pushed" };
        let digest = digest.as_ref().map(|digest| format!("  {digest}")).unwrap_or_default();
        ui.out.line(&format!("{of}  {image}{digest}  {how}"));
    }
}
