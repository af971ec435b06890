//! A simulated AWS in the place of the real one (`--sim`): opens its world, keeps the file up to date while it runs (no change is
//! answered before), and lets its time pass faster. What the simulation does is not known here.

pub mod faults;
pub mod provide;
pub mod status;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use evenkeel_core::graph::Graph;
use evenkeel_sim::faults::Faults;
use evenkeel_sim::keep::Keeper;
use evenkeel_sim::store::{Store, StoreError};
use evenkeel_sim::world::{Moment, Place, World};
use evenkeel_sim::{Settings, Sim};
use tokio::task::JoinHandle;

use crate::exit::Failure;
use crate::out::Ui;

/// The account of a world that nobody named another for.
pub const ACCOUNT: &str = "123456789012";
/// By then what was made is seen everywhere.
const SETTLED: Duration = Duration::from_secs(120);
/// Where the world is kept unless a file is named.
pub const FILE: &str = ".evenkeel/sim.json";
/// How much faster time passes in it: minutes become seconds.
pub const SPEED: f64 = 60.0;
/// How long AWS takes to answer, from nearby. Without it requests that run side by side would look as if they took turns.
const LATENCY: Duration = Duration::from_millis(60);
/// The code of a process that a fault killed, as a shell tells it of one ended by SIGKILL.
const KILLED: i32 = 137;
/// How often somebody looks who waits for another process.
const OFTEN: Duration = Duration::from_millis(200);
/// How long one process waits for another to be done with the world.
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

/// A simulated AWS with its file. Dropping it writes the world a last time.
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
    /// Opens a world, or makes a fresh one. `role` says to other processes who holds it.
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
            None => World::new(seed(), Moment::wall()),
        };
        let sim =
            Sim::new(world, Settings { speed: how.speed, throttling: true, latency: LATENCY, faults, recorded: false });
        save(&sim, &store).map_err(|error| refused(&error))?;
        let saver = tokio::spawn(keep_saved(Keeper::of(&sim), sim.clone(), Arc::clone(&store)));
        Ok(Self { sim, speed: how.speed, fresh, store, saver, closed: false })
    }

    /// Writes the world a last time. Whatever is asked of it from now on is refused.
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
    /// Gives the world what a stack presupposes and does not make itself; what was made.
    pub fn provide(&self, graph: &Graph) -> Vec<String> {
        let place = Place::new(ACCOUNT, &graph.stack.region);
        let presupposed = provide::presupposed(graph);
        let made = self.sim.with_world(|world| presupposed.provide(world, &place));
        // A zone or a role of just now is not yet seen everywhere.
        self.sim.pass(SETTLED);
        made
    }

    /// What a stack presupposes and does not make itself, as far as it is not there.
    pub fn lacks(&self, graph: &Graph) -> Vec<String> {
        let place = Place::new(ACCOUNT, &graph.stack.region);
        let mut world = self.sim.with_world(|world| world.clone());
        provide::presupposed(graph).provide(&mut world, &place)
    }

    /// Refuses a stack that names what belongs to another account: nothing here could ever use it.
    ///
    /// # Errors
    /// If it does.
    pub fn refuse_foreign(graph: &Graph) -> Result<(), Failure> {
        let foreign: Vec<String> = provide::foreign(graph).into_iter().collect();
        if foreign.is_empty() {
            return Ok(());
        }
        let text = format!("the simulated AWS is account {ACCOUNT}, and {} not of that account", named(&foreign));
        Err(Failure::refused(text, format!("write the ARN with account {ACCOUNT}, for example through a variable")))
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

fn named(arns: &[String]) -> String {
    let verb = if arns.len() == 1 { "is" } else { "are" };
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

/// Keeps the world whenever it has changed, and ends the process where a fault says that it dies.
async fn keep_saved(mut keeper: Keeper, sim: Sim, store: Arc<Store>) {
    loop {
        tokio::select! {
            () = keeper.changed() => {}
            () = sim.death() => {
                drop(save(&sim, &store));
                // What a fault kills gets no chance to tidy up.
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

/// Takes hold of the file; waits for another command to be done with it, but not for a server.
async fn hold(file: &Path, role: &str, ui: &mut Ui) -> Result<Store, Failure> {
    let mut waited = Duration::ZERO;
    loop {
        match Store::open(file, role) {
            Ok(store) => return Ok(store),
            Err(StoreError::Held { holder, .. }) if waited < PATIENCE && !holder.contains("http://") => {
                if waited.is_zero() {
                    ui.note(&format!("Waiting for {holder}, which is at work on {} …", file.display()));
                }
                tokio::time::sleep(OFTEN).await;
                waited += OFTEN;
            }
            Err(error) => return Err(refused(&error)),
        }
    }
}

/// What to do about a file that cannot be used.
pub fn refused(error: &StoreError) -> Failure {
    let help = match error {
        StoreError::Io { .. } => "check the path and its permissions, or name another file with --sim=FILE".to_owned(),
        StoreError::Foreign { .. } | StoreError::Version { .. } => {
            "name another file with --sim=FILE; this one is left as it is".to_owned()
        }
        StoreError::Held { holder, .. } => match holder.split_once("http://") {
            Some((_, rest)) => {
                let address = rest.split([' ', ')']).next().unwrap_or_default();
                format!("use that server instead of --sim: --endpoint-url http://{address}, or end it first")
            }
            None => "wait until it has ended, or name another file with --sim=FILE".to_owned(),
        },
    };
    Failure::refused(error.to_string(), help)
}
