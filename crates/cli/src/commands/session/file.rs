//! The stack file: read, checked, and made into a graph, with every mistake told in its place. Sends nothing; the way to AWS leads
//! on from here with [`File::connect`].

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evenkeel_aws::kinds;
use evenkeel_aws::services::ecr::image;
use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::graph::{Graph, GraphError, StackInfo};
use evenkeel_core::saved::SavedPlan;
use evenkeel_stack::{LoadOptions, Loaded};

use super::connect::{Connection, Guard, connect, environment};
use super::reading::{Look, Reading};
use super::save;
use super::ways::Ways;
use crate::again::Again;
use crate::args::{Format, Global};
use crate::exit::Failure;
use crate::images::Yard;
use crate::out::Ui;
use crate::report::diagnostics;
use crate::simulation::Simulation;

/// The region of a simulated AWS if nobody names one.
pub const SIMULATED_REGION: &str = "us-east-1";

/// A stack file that was read.
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub loaded: Loaded,
    /// The region that was asked for, if one was.
    pub region: Option<String>,
    /// Whether its images are made with everything else.
    pub building: bool,
    /// A graph that was made already: it is made once, unless the region turns out to be another.
    made: Cell<Option<Graph>>,
}

impl File {
    /// Reads a stack file and shows its warnings.
    ///
    /// # Errors
    /// If it is wrong, or is a saved plan.
    pub fn load(path: &Path, global: &Global, ui: &mut Ui) -> Result<Self, Failure> {
        if save::text(path).is_some_and(|text| SavedPlan::recognises(&text)) {
            let (file, apply) = (path.display(), Again::saved(path, global));
            return Err(Failure::Usage(format!(
                "{file} is a saved plan, not a stack file; only apply takes it: {apply}"
            )));
        }
        let options = LoadOptions {
            // A variable that is not text cannot stand in a stack file.
            env: std::env::vars_os()
                .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
                .collect(),
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
        let region = region(global, loaded.stack.region.as_deref());
        Ok(Self { path: path.to_owned(), loaded, region, building: false, made: Cell::default() })
    }

    /// What it wants, in the region that was asked for, or else in this one.
    ///
    /// # Errors
    /// If it is wrong.
    pub fn graph(&self, fallback: &str) -> Result<Graph, Failure> {
        self.graph_in(self.region.as_deref().unwrap_or(fallback))
    }

    /// Keeps a graph for when it is wanted again.
    pub fn keep(&self, graph: Graph) {
        self.made.set(Some(graph));
    }

    /// What it wants in a region; mistakes of the graph are mistakes of the file.
    fn graph_in(&self, region: &str) -> Result<Graph, Failure> {
        if let Some(made) = self.made.take().filter(|made| made.stack.region == region) {
            return Ok(made);
        }
        let stack = &self.loaded.stack;
        let graph = kinds::graph(stack, region);
        let graph = if self.building { graph.and_then(|graph| image::with_images(stack, &graph)) } else { graph };
        graph.map_err(|errors| {
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

    /// Connects to where the stack lives, to see how far that is from what the file wants.
    ///
    /// # Errors
    /// If AWS cannot be reached, or is another account.
    pub async fn connect(self, global: &Global, ui: &mut Ui) -> Result<Reading, Failure> {
        let guard = Guard::of_stack(self.loaded.stack.account.as_deref());
        let connection = connect(global, self.region.clone(), guard, ui).await?;
        let wanted = self.graph_in(&connection.aws.region)?;
        self.hire(&connection);
        if let Some(simulation) = &connection.simulation {
            Simulation::refuse_foreign(&wanted)?;
            if simulation.fresh {
                welcome(simulation, &wanted, ui);
            } else {
                tell_what_lacks(simulation, &wanted, &Again::provide(&self.path, global), ui);
            }
        }
        Ok(Reading::new(wanted, Look::Wanted, connection).warned(self.loaded.warnings))
    }

    /// Connects to where the stack lives, to find everything that belongs to it. Of the file only its name and the names in it
    /// are used.
    ///
    /// # Errors
    /// If AWS cannot be reached, or is another account.
    pub async fn connect_to_destroy(self, global: &Global, ui: &mut Ui) -> Result<Reading, Failure> {
        // The graph is made before anything is sent: its mistakes need no network.
        self.keep(self.graph("")?);
        let guard = Guard::of_stack(self.loaded.stack.account.as_deref());
        let connection = connect(global, self.region.clone(), guard, ui).await?;
        let region = connection.aws.region.clone();
        // Names of what is global hold the region.
        let named = self.graph_in(&region)?;
        if let Some(simulation) = connection.simulation.as_ref().filter(|simulation| simulation.fresh) {
            welcome(simulation, &named, ui);
        }
        let nothing = Graph::empty(StackInfo { name: self.loaded.stack.name, region });
        Ok(Reading::new(nothing, Look::Everything { named: Some(named) }, connection))
    }
}

impl File {
    /// Sees that what images are built from is there.
    ///
    /// # Errors
    /// If a folder or a Dockerfile is not, at its line.
    pub fn check_contexts(&self) -> Result<(), Failure> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let tasks = self.loaded.stack.services.values().filter_map(|service| service.runs.ours());
        let missing = tasks.flat_map(|task| task.builds.values()).filter_map(|build| {
            let (context, dockerfile) = (folder.join(&build.context), folder.join(build.dockerfile_path()));
            let what = match (context.is_dir(), dockerfile.is_file()) {
                (true, true) => return None,
                (true, false) => format!("there is no file `{}` to build from", dockerfile.display()),
                (false, _) => format!("there is no folder `{}` to build from", context.display()),
            };
            let help = "Correct `build:`, or leave out --build: paths are relative to the stack file.";
            Some(Diagnostic::error("missing-file", what, Some(build.place.clone())).help(help))
        });
        let missing: Vec<Diagnostic> = missing.collect();
        if missing.is_empty() { Ok(()) } else { Err(Failure::BadFile(missing)) }
    }

    /// Hires what makes its images, if they are made with everything else.
    fn hire(&self, connection: &Connection) {
        if self.building {
            connection.aws.build_with(Arc::new(Yard::new(&self.path, connection.instead_of_aws.is_some(), false)));
        }
    }

    /// Connects like [`Self::connect`], or like [`Self::connect_to_destroy`] if everything is to go, on a way that several stacks
    /// share.
    ///
    /// # Errors
    /// If AWS cannot be reached, or is another account.
    pub async fn connect_on(
        self,
        ways: &mut Ways,
        destroy: bool,
        global: &Global,
        ui: &mut Ui,
    ) -> Result<Reading, Failure> {
        // The graph is made before anything is sent: its mistakes need no network.
        self.keep(self.graph("")?);
        let guard = Guard::of_stack(self.loaded.stack.account.as_deref());
        let connection = Connection { guard, ..ways.to(self.region.clone(), global, ui).await? };
        let region = connection.aws.region.clone();
        let wanted = self.graph_in(&region)?;
        self.hire(&connection);
        if let Some(simulation) = &ways.simulation {
            if !destroy {
                Simulation::refuse_foreign(&wanted)?;
            }
            if simulation.fresh {
                ways.provided.extend(simulation.provide(&wanted));
            } else if !destroy {
                tell_what_lacks(simulation, &wanted, &Again::provide(&self.path, global), ui);
            }
        }
        if !destroy {
            return Ok(Reading::new(wanted, Look::Wanted, connection).warned(self.loaded.warnings));
        }
        let nothing = Graph::empty(StackInfo { name: self.loaded.stack.name, region });
        Ok(Reading::new(nothing, Look::Everything { named: Some(wanted) }, connection))
    }
}

/// The region that was asked for: the flag's, else the file's, else the environment's.
pub fn region(global: &Global, file: Option<&str>) -> Option<String> {
    global.region.clone().or_else(|| file.map(str::to_owned)).or_else(environment_region)
}

fn environment_region() -> Option<String> {
    environment("AWS_REGION").or_else(|| environment("AWS_DEFAULT_REGION"))
}

/// A world of just now gets what the stack presupposes: a first try should not need a second tool.
fn welcome(simulation: &Simulation, graph: &Graph, ui: &mut Ui) {
    tell_of_a_new_world(&simulation.provide(graph), ui);
}

/// Says that a world was made, and what was added to it.
pub fn tell_of_a_new_world(made: &[String], ui: &mut Ui) {
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
