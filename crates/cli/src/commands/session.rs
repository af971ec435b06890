//! What the commands have in common up to a plan: the stack file, the connection, the account guard, the reading, and the
//! plan itself with its independent check. Prints only warnings and what is being done.

use std::collections::BTreeSet;
use std::path::Path;

use evenkeel_aws::client::{Aws, Settings};
use evenkeel_aws::cloud::AwsCloud;
use evenkeel_aws::kinds;
use evenkeel_aws::stack::model::Stack;
use evenkeel_aws::stack::{self, LoadOptions, Loaded};
use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::{Graph, GraphError, StackInfo};
use evenkeel_core::kind::Kinds;
use evenkeel_core::plan::{HeldBecause, Plan, PlanOptions};
use evenkeel_core::snapshot::{Observed, Snapshot};
use evenkeel_sim::client::SimClient;

use crate::args::{Choice, Format, Global};
use crate::exit::Failure;
use crate::out::Ui;
use crate::report::diagnostics;
use crate::simulation::Simulation;

/// The region of a simulated AWS if nobody names one.
pub const SIMULATED_REGION: &str = "us-east-1";

/// A stack, what is wanted of it, and a connection to where it lives.
pub struct Session {
    /// What is known of the kinds.
    pub kinds: Kinds,
    /// What is wanted; nothing for a destruction.
    pub graph: Graph,
    /// What the stack file has, for a destruction: its names help to find things.
    pub file: Option<Graph>,
    /// The connection.
    pub cloud: AwsCloud,
    /// The account, if it was asked for.
    pub account: Option<String>,
    /// How to plan.
    pub options: PlanOptions,
    /// What is behind the connection, if that is not AWS itself.
    pub simulation: Option<Simulation>,
}

/// An open connection.
pub struct Connection {
    /// The clients.
    pub aws: Aws,
    /// The account, if somebody wanted to know.
    pub account: Option<String>,
    /// What is behind the clients, if that is not AWS itself.
    pub simulation: Option<Simulation>,
}

/// Reads the stack file and shows its warnings.
pub fn load(path: &Path, global: &Global, ui: &mut Ui) -> Result<Loaded, Failure> {
    let options = LoadOptions {
        // A variable that is not text cannot stand in a stack file.
        env: std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect(),
        vars: global.vars.iter().cloned().collect(),
        region: global.region.clone(),
        fallback_region: environment_region(),
    };
    let loaded = stack::load(path, &options).map_err(Failure::BadFile)?;
    ui.hide(&loaded.secrets);
    if !loaded.warnings.is_empty() && ui.format != Format::Json && !ui.quiet {
        let text = diagnostics::render(&loaded.warnings, ui.err.palette);
        ui.err.text(&text);
    }
    Ok(loaded)
}

/// The region that was asked for: the flag's, else the file's, else the environment's.
pub fn region(global: &Global, file: Option<&str>) -> Option<String> {
    global.region.clone().or_else(|| file.map(str::to_owned)).or_else(environment_region)
}

fn environment_region() -> Option<String> {
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    env("AWS_REGION").or_else(|| env("AWS_DEFAULT_REGION"))
}

/// The graph of a stack; its mistakes are mistakes of the file.
pub fn graph(stack: &Stack, region: &str) -> Result<Graph, Failure> {
    kinds::graph(stack, region).map_err(|errors| {
        let diagnostic = |error: &GraphError| {
            let code = match error {
                GraphError::Twice(_) => "twice",
                GraphError::Dangling { .. } => "dangling",
                GraphError::Cycle(_) => "cycle",
            };
            Diagnostic::error(code, error.to_string(), None)
        };
        Failure::BadFile(errors.iter().map(diagnostic).collect())
    })
}

/// Connects, and makes sure that it is the right account. Nothing else is read before that.
pub async fn connect(
    global: &Global,
    region: Option<String>,
    guard: Option<&str>,
    ui: &mut Ui,
) -> Result<Connection, Failure> {
    let (aws, simulation) = match global.simulate.how() {
        Some(how) => {
            let simulation = Simulation::open(&how, "`evenkeel --sim`", ui).await?;
            let region = region.unwrap_or_else(|| SIMULATED_REGION.to_owned());
            let http = SimClient::shared(simulation.sim.clone());
            (Aws::simulated(http, &region, how.speed), Some(simulation))
        }
        None => {
            let (profile, endpoint_url) = (global.profile.clone(), global.endpoint_url.clone());
            (Aws::connect(&Settings { region, profile, endpoint_url }).await, None)
        }
    };
    let aws = aws.map_err(|error| no_aws(&error))?;
    ui.caller = Some(std::sync::Arc::clone(&aws.caller));
    let Some(expected) = guard else { return Ok(Connection { aws, account: None, simulation }) };
    let account = aws.account().await.map_err(|error| no_aws(&error))?;
    if account != expected {
        return Err(Failure::refused(
            format!("these credentials belong to account {account}, but the stack is for account {expected}"),
            "use other credentials (--profile, AWS_PROFILE), or correct `account:` in the stack file",
        ));
    }
    Ok(Connection { aws, account: Some(account), simulation })
}

/// Loads a stack file and connects to where it lives. With `destroy`, nothing of it is wanted but its name.
pub async fn open(path: &Path, global: &Global, options: PlanOptions, ui: &mut Ui) -> Result<Session, Failure> {
    let loaded = load(path, global, ui)?;
    let region = region(global, loaded.stack.region.as_deref());
    // The graph is made before anything is sent: its mistakes need no network.
    let draft = graph(&loaded.stack, region.as_deref().unwrap_or_default())?;
    check_names(&options, &draft)?;
    let connection = connect(global, region, loaded.stack.account.as_deref(), ui).await?;
    let wanted = graph(&loaded.stack, &connection.aws.region)?;
    if let Some(simulation) = &connection.simulation {
        if !options.destroy {
            Simulation::refuse_foreign(&wanted)?;
        }
        if simulation.fresh {
            welcome(simulation, &wanted, ui);
        } else if !options.destroy {
            tell_what_lacks(simulation, &wanted, path, ui);
        }
    }
    let mut options = options;
    let graph = if options.destroy {
        options.protected = draft.nodes().filter(|node| node.protect).map(|node| node.id.clone()).collect();
        Graph::empty(StackInfo { name: loaded.stack.name.clone(), region: connection.aws.region.clone() })
    } else {
        wanted
    };
    let file = options.destroy.then_some(draft);
    Ok(Session { file, ..Session::new(graph, connection, options) })
}

/// A world of just now gets what the stack presupposes: a first try should not need a second tool.
fn welcome(simulation: &Simulation, graph: &Graph, ui: &mut Ui) {
    let made = simulation.provide(graph);
    ui.note("A simulated AWS was made. Nothing leaves this computer, and nothing costs anything.");
    if !made.is_empty() {
        ui.note(&format!("It was given what the stack expects to find there: {}.", made.join(", ")));
    }
}

/// A world that is there already may have been made for another stack.
fn tell_what_lacks(simulation: &Simulation, graph: &Graph, path: &Path, ui: &mut Ui) {
    let lacking = simulation.lacks(graph);
    if !lacking.is_empty() {
        ui.note(&format!(
            "The simulated AWS lacks what the stack expects to find there: {}. To make it: {}",
            lacking.join(", "),
            simulation.how_to_provide(path)
        ));
    }
}

/// Targets have to be in the file; anything else would silently plan nothing.
fn check_names(options: &PlanOptions, graph: &Graph) -> Result<(), Failure> {
    let Some(target) = options.target.iter().find(|target| graph.get(target).is_none()) else { return Ok(()) };
    let same: Vec<String> = graph.of_kind(target.kind()).map(|node| node.id.to_string()).collect();
    let kinds: BTreeSet<&str> = graph.nodes().map(|node| node.id.kind()).collect();
    let known = if same.is_empty() {
        format!("kinds: {}", kinds.into_iter().collect::<Vec<_>>().join(", "))
    } else {
        format!("there are {}", same.join(", "))
    };
    Err(Failure::Usage(format!("--target {target}: the stack file has no such entry; {known}")))
}

/// The options of a plan, from the command line.
pub fn options(choice: &Choice) -> PlanOptions {
    PlanOptions {
        target: choice.target.iter().cloned().collect(),
        adopt: choice.adopt.iter().cloned().collect(),
        consent: choice.consent.iter().cloned().collect(),
        ..PlanOptions::default()
    }
}

impl Session {
    /// A session on an open connection.
    pub fn new(graph: Graph, connection: Connection, options: PlanOptions) -> Self {
        let Connection { aws, account, simulation } = connection;
        let cloud = AwsCloud { aws, stack: graph.stack.clone() };
        Self { kinds: kinds::table(), graph, file: None, cloud, account, options, simulation }
    }

    /// Reads what is live.
    pub async fn read(&self, ui: &mut Ui) -> Result<Snapshot, Failure> {
        let stack = &self.graph.stack;
        if ui.live {
            ui.note(&format!("Reading what is live of stack {} in {} …", stack.name, stack.region));
        }
        let snapshot = if self.options.destroy {
            self.cloud.snapshot_to_destroy(self.file.as_ref()).await
        } else {
            self.cloud.snapshot(&self.graph).await
        };
        match cut_off(&snapshot) {
            Some(error) => Err(no_aws(error)),
            None => Ok(snapshot),
        }
    }

    /// Plans, and has the plan checked.
    pub fn plan(&self, snapshot: &Snapshot) -> Result<Plan, Failure> {
        let plan = evenkeel_core::plan::plan(&self.kinds, &self.graph, snapshot, &self.options);
        let findings = evenkeel_core::check::check(&self.kinds, &self.graph, snapshot, &plan, &self.options);
        if findings.is_empty() {
            return Ok(plan);
        }
        let words = findings.iter().map(|finding| match finding.step {
            Some(step) => format!("step {step}: {}", finding.text),
            None => finding.text.clone(),
        });
        Err(Failure::Bug(words.collect()))
    }
}

/// The error behind a reading in which nothing at all could be read for want of a connection or of credentials.
fn cut_off(snapshot: &Snapshot) -> Option<&CloudError> {
    let cut = |error: &&CloudError| matches!(error.class, ErrorClass::Credentials | ErrorClass::Unreachable);
    let something_seen = snapshot.nodes.values().any(|seen| !matches!(seen, Observed::Unreadable(_)));
    if something_seen || !snapshot.surplus.is_empty() {
        return None;
    }
    let all = snapshot.unreadable.values().all(|error| cut(&error));
    snapshot.unreadable.values().find(cut).filter(|_| all)
}

/// A failure to reach AWS at all, with what to do.
fn no_aws(error: &CloudError) -> Failure {
    let (doing, help) = match error.class {
        ErrorClass::Credentials => (
            "AWS does not accept the credentials, or there are none; nothing was changed",
            "set AWS_PROFILE or --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; with SSO: aws sso login",
        ),
        ErrorClass::Unreachable => (
            "AWS cannot be reached; nothing was changed",
            "check the network, the region's name, and --endpoint-url or AWS_ENDPOINT_URL if one is set",
        ),
        _ => ("AWS refused; nothing was changed", "see the message above"),
    };
    let mut error = error.clone();
    error.hint.get_or_insert_with(|| help.to_owned());
    Failure::Cloud { doing: doing.to_owned(), error: Box::new(error) }
}

/// An error of the reading because of which nothing may be applied: what is unknown might be in the way.
///
/// An API that the endpoint does not have at all holds nothing of ours, so it is in the way only of what the stack wants there.
pub fn unreadable<'a>(plan: &'a Plan, snapshot: &'a Snapshot) -> Option<&'a CloudError> {
    let held = plan.held.iter().find_map(|held| match &held.why {
        HeldBecause::Unreadable(error) => Some(error),
        HeldBecause::Unseen(_)
        | HeldBecause::Guarded(_)
        | HeldBecause::Inside(_)
        | HeldBecause::Gap(_)
        | HeldBecause::Doubled(_)
        | HeldBecause::Needs(_)
        | HeldBecause::Protected
        | HeldBecause::Data(_)
        | HeldBecause::NotTargeted
        | HeldBecause::NotFound(_)
        | HeldBecause::Other(_) => None,
    });
    held.or_else(|| snapshot.unreadable.values().find(|error| error.class != ErrorClass::Unsupported))
}

/// The failure of a reading that has gaps.
pub fn gaps(error: &CloudError) -> Failure {
    let mut error = error.clone();
    if error.class == ErrorClass::Denied {
        error.hint.get_or_insert_with(|| format!("allow {} for these credentials", error.operation));
    }
    Failure::Cloud {
        doing: "not everything could be read, so the plan is not complete; nothing was changed".to_owned(),
        error: Box::new(error),
    }
}
