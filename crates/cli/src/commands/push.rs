//! `evenkeel push`: builds the images that a stack file builds, copies those that it mirrors, and pushes what is not there yet. And the
//! same before an apply, with the repositories made first.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use evenkeel_aws::services::ecr::{push as ecr, repository};
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use serde_json::json;

use super::session::connect::{Connection, Guard, connect};
use super::session::{Changing, File, Job, Planning};
use super::{Context, Run};
use crate::args::{Choice, Format, Global, STACK_FILE};
use crate::exit::{Exit, Failure};
use crate::images::{self, Pushed, Wanted};
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
    region: Option<String>,
    account: Option<String>,
    graph: Graph,
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
        Ok(Self { connection, region: file.region, account, graph, wanted })
    }

    async fn push(self, path: &Path, tag: Option<&str>, ui: &mut Ui) -> Result<Vec<Pushed>, Failure> {
        let Connection { aws, instead_of_aws, .. } = &self.connection;
        images::push(aws, instead_of_aws.is_some(), path, self.wanted, tag, ui).await
    }

    /// The repositories of the file that are not there.
    async fn lacking(&self) -> Result<BTreeSet<NodeId>, Failure> {
        let mut lacking = BTreeSet::new();
        for node in self.graph.of_kind(repository::ENTRY.kind.name) {
            match ecr::is_empty(&self.connection.aws, &node.name).await {
                Ok(_) => {}
                Err(error) if error.class == ErrorClass::Gone => drop(lacking.insert(node.id.clone())),
                Err(error) => return Err(Failure::cloud("looking for repositories", error)),
            }
        }
        Ok(lacking)
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

/// Makes the repositories that are not there, and pushes what is to be built and copied: what comes before an apply.
///
/// # Errors
/// As an apply, and as a push.
pub async fn with_repositories(path: &Path, job: Job, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    let open = Open::of(path, &[], global, ui).await?;
    if open.wanted.is_empty() {
        return Ok(Exit::Done);
    }
    let lacking = open.lacking().await?;
    if lacking.is_empty() {
        open.push(path, None, ui).await?;
        return Ok(Exit::Done);
    }
    let Open { connection, region, account, graph, wanted } = open;
    // A simulated AWS is open once at a time.
    drop(connection);
    ui.note("The repositories come first.");
    let choice = Choice { target: lacking.into_iter().collect(), ..Choice::default() };
    let planning = Planning::open(File::load(path, global, ui)?, &choice, false, global, ui).await?;
    let exit = Changing::new(planning, job, None).plan_and_run(ui).await?;
    if exit == Exit::Done {
        // What the images are built from has been looked through once, and that is enough.
        let connection = connected(region.clone(), account.as_deref(), global, ui).await?;
        Open { connection, region, account, graph, wanted }.push(path, None, ui).await?;
    }
    Ok(exit)
}

fn tell(pushed: &[Pushed], ui: &mut Ui) {
    if ui.format == Format::Json {
        let one = |one: &Pushed| json!({ "for": one.of, "image": one.image, "digest": one.digest, "was_there": one.was_there });
        ui.out.json(&json!({ "images": pushed.iter().map(one).collect::<Vec<_>>() }));
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
