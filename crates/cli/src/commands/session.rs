//! What the commands have in common up to a plan: the stack file, the reading, and the plan itself with its independent check.
//! The connection is made in `connect`. Prints only warnings and what is being done.

use std::path::Path;

use evenkeel_aws::cloud::AwsCloud;
use evenkeel_aws::kinds;
use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::{Graph, GraphError, StackInfo};
use evenkeel_core::kind::Kinds;
use evenkeel_core::plan::{Held, HeldBecause, Plan, PlanOptions, adoptable, in_the_way};
use evenkeel_core::saved::{Place, SavedPlan};
use evenkeel_core::snapshot::Snapshot;
use evenkeel_stack::model::Stack;
use evenkeel_stack::{LoadOptions, Loaded};

use super::connect::{self, Connection, Guard, connect, environment};
use super::{names, save};
use crate::again::Again;
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
    /// What answers in the place of AWS, if anything does.
    pub instead_of_aws: Option<String>,
    /// How to plan.
    pub options: PlanOptions,
    /// Whether everything that is in the way is to be taken over.
    pub adopt_all: bool,
    /// What is behind the connection, if that is not AWS itself.
    pub simulation: Option<Simulation>,
}

/// Reads the stack file and shows its warnings.
pub fn load(path: &Path, global: &Global, ui: &mut Ui) -> Result<Loaded, Failure> {
    if save::text(path).is_some_and(|text| SavedPlan::recognises(&text)) {
        let (file, apply) = (path.display(), Again::saved(path, global));
        return Err(Failure::Usage(format!("{file} is a saved plan, not a stack file; only apply takes it: {apply}")));
    }
    let options = LoadOptions {
        // A variable that is not text cannot stand in a stack file.
        env: std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect(),
        vars: global.vars.iter().cloned().collect(),
        region: global.region.clone(),
        fallback_region: environment_region(),
    };
    let loaded = evenkeel_stack::load(path, &options).map_err(Failure::BadFile)?;
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
    environment("AWS_REGION").or_else(|| environment("AWS_DEFAULT_REGION"))
}

/// The graph of a stack; its mistakes are mistakes of the file.
pub fn graph(stack: &Stack, region: &str) -> Result<Graph, Failure> {
    kinds::graph(stack, region).map_err(|errors| {
        let diagnostic = |error: &GraphError| {
            let (code, help) = match error {
                GraphError::Twice(_) => ("twice", "Rename one of the two."),
                GraphError::Dangling { .. } => ("dangling", "Correct the reference, or add the entry."),
                GraphError::Cycle(_) => ("cycle", "Remove one of the references."),
            };
            Diagnostic::error(code, error.to_string(), None).help(help)
        };
        Failure::BadFile(errors.iter().map(diagnostic).collect())
    })
}

/// Loads a stack file and connects to where it lives. With `destroy`, nothing of it is wanted but its name.
pub async fn open(path: &Path, global: &Global, options: PlanOptions, ui: &mut Ui) -> Result<Session, Failure> {
    let loaded = load(path, global, ui)?;
    let region = region(global, loaded.stack.region.as_deref());
    // The graph is made before anything is sent: its mistakes need no network.
    let draft = graph(&loaded.stack, region.as_deref().unwrap_or_default())?;
    names::of_the_file(&options, &draft)?;
    let guard = Guard::of_stack(loaded.stack.account.as_deref());
    let connection = connect(global, region.clone(), guard, ui).await?;
    // It is made again only where the region was not known before: names of what is global hold it.
    let wanted = match region {
        Some(region) if region == connection.aws.region => draft,
        Some(_) | None => graph(&loaded.stack, &connection.aws.region)?,
    };
    if let Some(simulation) = &connection.simulation {
        if !options.destroy {
            Simulation::refuse_foreign(&wanted)?;
        }
        if simulation.fresh {
            welcome(simulation, &wanted, ui);
        } else if !options.destroy {
            tell_what_lacks(simulation, &wanted, &Again::provide(path, global), ui);
        }
    }
    if !options.destroy {
        return Ok(Session::new(wanted, connection, options));
    }
    let protected = wanted.nodes().filter(|node| node.protect).map(|node| node.id.clone()).collect();
    let options = PlanOptions { protected, ..options };
    let nothing = Graph::empty(StackInfo { name: loaded.stack.name.clone(), region: connection.aws.region.clone() });
    let file = Some(wanted);
    Ok(Session { file, ..Session::new(nothing, connection, options) })
}

/// A world of just now gets what the stack presupposes: a first try should not need a second tool.
fn welcome(simulation: &Simulation, graph: &Graph, ui: &mut Ui) {
    let made = simulation.provide(graph);
    ui.note("A simulated AWS was created. Nothing leaves this computer, and nothing costs anything.");
    if !made.is_empty() {
        ui.note(&format!("Added what the stack needs but does not create: {}.", made.join(", ")));
    }
}

/// A world that is there already may have been made for another stack.
fn tell_what_lacks(simulation: &Simulation, graph: &Graph, how: &Again, ui: &mut Ui) {
    let lacking = simulation.lacks(graph);
    if !lacking.is_empty() {
        ui.note(&format!(
            "The simulated AWS lacks what the stack needs but does not create: {}. To add it: {how}",
            lacking.join(", ")
        ));
    }
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
        let Connection { aws, instead_of_aws, simulation } = connection;
        let cloud = AwsCloud { aws, stack: graph.stack.clone() };
        let (file, adopt_all) = (None, false);
        Self { kinds: kinds::table(), graph, file, cloud, instead_of_aws, options, adopt_all, simulation }
    }

    /// A session for a saved plan: of the file it takes what was wanted and how it was planned, and nothing else.
    pub fn of_saved(saved: &SavedPlan, connection: Connection) -> Self {
        let session = Self::new(saved.graph.clone(), connection, saved.options.clone());
        Self { file: saved.file.clone(), ..session }
    }

    /// How many times faster the time of AWS passes here.
    pub fn speed(&self) -> f64 {
        self.simulation.as_ref().map_or(1.0, |simulation| simulation.speed)
    }

    /// Where this is, to be noted in a saved plan.
    pub async fn place(&self) -> Place {
        connect::place(&self.cloud.aws, self.instead_of_aws.clone()).await
    }

    /// Reads what is live.
    pub async fn read(&self, ui: &mut Ui) -> Result<Snapshot, Failure> {
        let stack = &self.graph.stack;
        if ui.live {
            ui.note(&format!("Reading the live resources of stack {} in {} …", stack.name, stack.region));
        }
        let snapshot = if self.options.destroy {
            self.cloud.snapshot_to_destroy(self.file.as_ref()).await
        } else {
            self.cloud.snapshot(&self.graph).await
        };
        match connect::cut_off(&snapshot) {
            Some(error) => Err(connect::no_aws(error)),
            None => Ok(snapshot),
        }
    }

    /// Plans, and has the plan checked. Everything that is in the way is told at once, also what would come up only later.
    pub fn plan(&mut self, snapshot: &Snapshot) -> Result<Plan, Failure> {
        if self.adopt_all {
            let ids = adoptable(&in_the_way(&self.kinds, &self.graph, snapshot, &self.options));
            self.options.adopt.extend(ids);
        }
        let mut plan = evenkeel_core::plan::plan(&self.kinds, &self.graph, snapshot, &self.options);
        let findings = evenkeel_core::check::check(&self.kinds, &self.graph, snapshot, &plan, &self.options);
        if !findings.is_empty() {
            let words = findings.iter().map(|finding| match finding.step {
                Some(step) => format!("step {step}: {}", finding.text),
                None => finding.text.clone(),
            });
            return Err(Failure::Bug(words.collect()));
        }
        // What nobody wants and nobody can tell apart stays, and is not passed over in silence.
        plan.held.extend(snapshot.unclear().into_iter().map(|(node, ids)| {
            let what = "delete".to_owned();
            Held { node, what, why: HeldBecause::Doubled(ids) }
        }));
        if !plan.conflicts.is_empty() {
            plan.conflicts = in_the_way(&self.kinds, &self.graph, snapshot, &self.options);
        }
        Ok(plan)
    }

    /// Looks closer at what a plan leaves alone, before it is carried out; plans anew if that is not as it seemed.
    pub async fn look_closer(&mut self, mut snapshot: Snapshot, plan: Plan) -> Result<(Snapshot, Plan), Failure> {
        // Nothing has to be healthy to be taken down.
        if self.options.destroy || !plan.may_begin() {
            return Ok((snapshot, plan));
        }
        if !self.cloud.look_closer(&self.graph, &self.options.target, &plan, &mut snapshot).await {
            return Ok((snapshot, plan));
        }
        let plan = self.plan(&snapshot)?;
        Ok((snapshot, plan))
    }

    /// Refuses what the command line names and nobody has.
    pub fn check_names(&self, snapshot: &Snapshot, plan: &Plan, ui: &mut Ui) -> Result<(), Failure> {
        names::of_the_reading(&self.options, (&self.graph, self.file.as_ref()), snapshot, plan, ui)
    }
}

/// The failure of a reading that has gaps: what is unknown might be in the way.
pub fn gaps(error: &CloudError) -> Failure {
    let mut error = error.clone();
    if error.class == ErrorClass::Denied {
        error.hint.get_or_insert_with(|| format!("allow {} for these credentials", error.operation));
    }
    Failure::Blocked {
        text: "some resources could not be read, so the plan is incomplete; nothing was changed".to_owned(),
        help: None,
        error: Some(Box::new(error)),
    }
}
