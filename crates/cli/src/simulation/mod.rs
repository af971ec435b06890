//! A simulated AWS in place of the real one (`--sim`): opens its world, keeps the file up to date while it runs (a change is answered
//! only after it is saved), and lets its time pass faster. Knows nothing of what the simulation does.

pub mod faults;
pub mod provide;
pub mod status;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use evenkeel_aws::presupposed::foreign;
use evenkeel_core::graph::Graph;
use evenkeel_sim::faults::Faults;
use evenkeel_sim::keep::Keeper;
use evenkeel_sim::services::iam;
use evenkeel_sim::store::{Store, StoreError};
use evenkeel_sim::world::{Moment, Place, World};
use evenkeel_sim::{Settings, Sim};
use tokio::task::JoinHandle;

use crate::exit::Failure;
use crate::out::Ui;

/// The account of the simulated AWS.
pub const ACCOUNT: &str = "123456789012";
/// The region in which what belongs to no region is made.
const HOME: &str = "us-east-1";
/// After this time, what was made is visible everywhere.
const SETTLED: Duration = Duration::from_secs(120);
/// The file of the world, unless the user names another one.
pub const FILE: &str = ".evenkeel/sim.json";
/// How much faster time passes in it: minutes become seconds.
pub const SPEED: f64 = 60.0;
/// How long AWS takes to answer, from nearby. Without it, concurrent requests would look sequential.
const LATENCY: Duration = Duration::from_millis(60);
/// The exit code of a process that a fault killed: what a shell reports after SIGKILL.
const KILLED: i32 = 137;
/// How often a process that waits for another one looks again.
const OFTEN: Duration = Duration::from_millis(200);
/// How long a process waits for another one to release the world.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to simulate.
#[derive(Clone, Debug)]
pub struct How {
    /// The world's file.
    pub file: PathBuf,
    /// How much faster time passes.
    pub speed: f64,
    /// What goes wrong.
    pub faults: Option<PathOrSeed>,
}

/// What goes wrong: rules in a file, or a mixture from a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathOrSeed {
    /// Rules.
    Path(PathBuf),
    /// A seed.
    Seed(u64),
}

/// A simulated AWS with its file. Dropping it saves the world a last time.
#[derive(Debug)]
pub struct Simulation {
    /// The simulation itself.
    pub sim: Sim,
    /// How much faster its time passes.
    pub speed: f64,
    /// Whether the world was made just now.
    pub fresh: bool,
    store: Arc<Store>,
    saver: JoinHandle<()>,
    closed: bool,
}

impl Simulation {
    /// Opens a world, or makes a fresh one. `role` tells other processes who holds it.
    ///
    /// # Errors
    /// If the file is not a world, another process keeps it, or the faults cannot be read.
    pub async fn open(how: &How, role: &str, ui: &mut Ui) -> Result<Self, Failure> {
        let faults = match &how.faults {
            None => Faults::default(),
            Some(source) => faults::read(source)?,
        };
        let store = Arc::new(hold(&how.file, role, ui).await?);
        let found = store.load().map_err(|error| refused(&error))?;
        let fresh = found.is_none();
        let world = match found {
            Some(world) => world,
            None => used_before(World::new(seed(), Moment::wall())),
        };
        let sim =
            Sim::new(world, Settings { speed: how.speed, throttling: true, latency: LATENCY, faults, recorded: false });
        save(&sim, &store).map_err(|error| refused(&error))?;
        let saver = tokio::spawn(keep_saved(Keeper::of(&sim), sim.clone(), Arc::clone(&store)));
        Ok(Self { sim, speed: how.speed, fresh, store, saver, closed: false })
    }

    /// Saves the world a last time. It refuses every later request.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn close(mut self) -> Result<(), Failure> {
        self.write_last().map_err(|error| refused(&error))
    }

    fn write_last(&mut self) -> Result<(), StoreError> {
        self.saver.abort();
        self.closed = true;
        save(&self.sim, &self.store)
    }
}

impl Simulation {
    /// Adds what a stack needs and does not create; returns what was added.
    pub fn provide(&self, graph: &Graph) -> Vec<String> {
        let place = Place::new(ACCOUNT, &graph.stack.region);
        let wanted = provide::wanted(graph);
        let made = self.sim.with_world(|world| wanted.provide(world, &place));
        // A zone or a role of just now is not yet seen everywhere.
        self.sim.pass(SETTLED);
        made
    }

    /// What a stack needs, does not create, and does not find.
    pub fn lacks(&self, graph: &Graph) -> Vec<String> {
        let place = Place::new(ACCOUNT, &graph.stack.region);
        let mut world = self.sim.with_world(|world| world.clone());
        provide::wanted(graph).provide(&mut world, &place)
    }

    /// Refuses a stack that names a role or certificate of another account: the simulated AWS cannot use it.
    ///
    /// # Errors
    /// If it does.
    pub fn refuse_foreign(graph: &Graph) -> Result<(), Failure> {
        let foreign: Vec<String> = foreign(graph, ACCOUNT).into_iter().collect();
        if foreign.is_empty() {
            return Ok(());
        }
        let text = format!("the simulated AWS is account {ACCOUNT}; {} to another account", named(&foreign));
        Err(Failure::refused(text, format!("use account {ACCOUNT} in the ARN, for example with a variable")))
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        if !self.closed
            && let Err(error) = self.write_last()
        {
            tracing::error!(%error, "the simulated AWS could not be saved");
        }
    }
}

/// An account is not on its first day: the services have their roles in it.
fn used_before(mut world: World) -> World {
    iam::provide_service_linked_roles(&mut world, &Place::new(ACCOUNT, HOME));
    world
}

fn named(arns: &[String]) -> String {
    let verb = if arns.len() == 1 { "belongs" } else { "belong" };
    format!("{} {verb}", arns.join(", "))
}

/// A seed for a new world.
fn seed() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos() & u128::from(u64::MAX)).unwrap_or_default()
}

fn save(sim: &Sim, store: &Store) -> Result<(), StoreError> {
    let world = sim.with_world(|world| world.clone());
    store.save(&world)
}

/// Saves the world after each change, and ends the process when a fault kills it.
async fn keep_saved(mut keeper: Keeper, sim: Sim, store: Arc<Store>) {
    loop {
        tokio::select! {
            () = keeper.changed() => {}
            () = sim.death() => {
                drop(save(&sim, &store));
                // A killed process does not clean up.
                std::process::exit(KILLED);
            }
        }
        let store = Arc::clone(&store);
        let saved = tokio::task::spawn_blocking(move || {
            let saved = keeper.keep(|world| store.save(world));
            (keeper, saved)
        });
        let Ok((back, saved)) = saved.await else { return };
        keeper = back;
        if let Err(error) = saved {
            tracing::warn!(%error, "the simulated AWS could not be saved");
        }
    }
}

/// Locks the file; waits for another command to release it, but not for a server.
async fn hold(file: &Path, role: &str, ui: &mut Ui) -> Result<Store, Failure> {
    regular(file)?;
    let mut waited = Duration::ZERO;
    loop {
        match Store::open(file, role) {
            Ok(store) => return Ok(store),
            Err(StoreError::Held { holder, .. }) if waited < PATIENCE && !holder.contains("http://") => {
                if waited.is_zero() {
                    ui.note(&format!("Waiting for {holder} to release {} …", file.display()));
                }
                tokio::time::sleep(OFTEN).await;
                waited += OFTEN;
            }
            Err(error) => return Err(refused(&error)),
        }
    }
}

/// Refuses what is no file that a world can be kept in: reading a pipe would wait for somebody to write.
pub fn regular(file: &Path) -> Result<(), Failure> {
    if std::fs::metadata(file).is_ok_and(|about| !about.is_file()) {
        let text = format!("{} is not a regular file, so no simulated AWS can be kept in it", file.display());
        return Err(Failure::refused(text, "choose another file with --sim=FILE"));
    }
    Ok(())
}

/// What to do about a file that cannot be used.
pub fn refused(error: &StoreError) -> Failure {
    let help = match error {
        StoreError::Io { .. } => {
            "check the path and its permissions, or choose another file with --sim=FILE".to_owned()
        }
        StoreError::Foreign { .. } | StoreError::Version { .. } => {
            "choose another file with --sim=FILE; this one is left unchanged".to_owned()
        }
        StoreError::Held { holder, .. } => match holder.split_once("http://") {
            Some((_, rest)) => {
                let address = rest.split([' ', ')']).next().unwrap_or_default();
                format!("use that server instead of --sim: --endpoint-url http://{address}, or stop it first")
            }
            None => "wait until it has finished, or choose another file with --sim=FILE".to_owned(),
        },
    };
    Failure::refused(error.to_string(), help)
}
