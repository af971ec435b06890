//! A session for reading: a stack, a connection to where it lives, and what is live there. Nothing here changes anything, and what
//! takes a [`Reading`] cannot: the way to change AWS is open to `changing` alone.

use std::time::{SystemTime, UNIX_EPOCH};

use evenkeel_aws::cloud::AwsCloud;
use evenkeel_aws::kinds;
use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::graph::{Graph, StackInfo};
use evenkeel_core::kind::Kinds;
use evenkeel_core::saved::{Place, SavedPlan};
use evenkeel_core::snapshot::Snapshot;

use super::connect::{self, Connection, Guard, connect};
use super::file::region;
use crate::args::Global;
use crate::exit::Failure;
use crate::out::Ui;
use crate::simulation::Simulation;

/// What is looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Look {
    /// What the graph wants, and what of the stack is left over beside it.
    Wanted,
    /// Everything of the stack, to be deleted.
    Everything {
        /// What the stack file has, if there is one: its names help to find resources.
        named: Option<Graph>,
    },
}

/// A stack, what is wanted of it, and a connection to where it lives.
pub struct Reading {
    /// What is known of the kinds.
    pub kinds: Kinds,
    /// What is wanted; nothing if everything is to go.
    pub graph: Graph,
    /// What is looked for.
    pub look: Look,
    /// The connection. It could change AWS, so only the stages of a session see it.
    pub(super) cloud: AwsCloud,
    /// What answers in the place of AWS, if anything does.
    instead_of_aws: Option<String>,
    /// What is behind the connection, if that is not AWS itself.
    simulation: Option<Simulation>,
    /// The account that it has to be.
    guard: Option<Guard>,
    /// What the stack file was warned of, if it was read.
    pub warnings: Vec<Diagnostic>,
}

impl Reading {
    /// A reading on an open connection.
    pub fn new(graph: Graph, look: Look, connection: Connection) -> Self {
        let Connection { aws, instead_of_aws, simulation, guard } = connection;
        let cloud = AwsCloud { aws, stack: graph.stack.clone() };
        Self { kinds: kinds::table(), graph, look, cloud, instead_of_aws, simulation, guard, warnings: Vec::new() }
    }

    /// The same with what its stack file was warned of.
    #[must_use]
    pub fn warned(self, warnings: Vec<Diagnostic>) -> Self {
        Self { warnings, ..self }
    }

    /// A reading for a saved plan: of the file it takes what was wanted, and nothing else.
    pub fn of_saved(saved: &SavedPlan, connection: Connection) -> Self {
        let look = if saved.options.destroy { Look::Everything { named: saved.file.clone() } } else { Look::Wanted };
        Self::new(saved.graph.clone(), look, connection)
    }

    /// A reading of everything that belongs to a stack without its file.
    ///
    /// # Errors
    /// If AWS cannot be reached.
    pub async fn by_name(name: &str, global: &Global, ui: &mut Ui) -> Result<Self, Failure> {
        let connection = connect(global, region(global, None), None, ui).await?;
        let graph = Graph::empty(StackInfo { name: name.to_owned(), region: connection.aws.region.clone() });
        tracing::debug!(kinds = kinds::ALL.len(), "looking for all resources of the stack");
        Ok(Self::new(graph, Look::Everything { named: None }, connection))
    }

    /// What the stack file has, if everything is looked for.
    pub fn named(&self) -> Option<&Graph> {
        match &self.look {
            Look::Wanted => None,
            Look::Everything { named } => named.as_ref(),
        }
    }

    /// How many times faster the time of AWS passes here.
    pub fn speed(&self) -> f64 {
        self.simulation.as_ref().map_or(1.0, |simulation| simulation.speed)
    }

    /// The time of AWS, seconds since 1970; a simulated one has its own.
    pub fn now(&self) -> f64 {
        match &self.simulation {
            Some(simulation) => simulation.sim.with_world(|world| world.now.seconds()),
            None => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
        }
    }

    /// What answers in the place of AWS, if anything does.
    pub fn instead_of_aws(&self) -> Option<&str> {
        self.instead_of_aws.as_deref()
    }

    /// What is simulated, if anything is.
    pub(super) fn simulation(&self) -> Option<&Simulation> {
        self.simulation.as_ref()
    }

    /// Where this is, to be noted in a saved plan.
    pub async fn place(&self) -> Place {
        connect::place(&self.cloud.aws, self.instead_of_aws.clone()).await
    }

    /// Makes sure that it is the right account.
    ///
    /// # Errors
    /// If it is another one, or AWS does not say.
    pub async fn right_account(&self) -> Result<(), Failure> {
        match &self.guard {
            Some(guard) => guard.holds(&self.cloud.aws).await,
            None => Ok(()),
        }
    }

    /// Reads what is live.
    ///
    /// # Errors
    /// If nothing at all can be read for want of a connection or of credentials, or if it is the wrong account.
    pub async fn snapshot(&mut self, ui: &mut Ui) -> Result<Snapshot, Failure> {
        let stack = &self.graph.stack;
        if ui.live {
            ui.note(&format!("Reading the live resources of stack {} in {} …", stack.name, stack.region));
        }
        let (snapshot, completed) = self.look().await?;
        self.graph = completed.unwrap_or_else(|| std::mem::take(&mut self.graph));
        Ok(snapshot)
    }

    /// The same without a word, and the graph that replaces this one if the account lacks roles of services that it needs. Whether it
    /// is the right account is found out at the same time.
    ///
    /// # Errors
    /// As [`Self::snapshot`].
    pub async fn look(&self) -> Result<(Snapshot, Option<Graph>), Failure> {
        let read = async {
            match &self.look {
                Look::Wanted => self.cloud.snapshot_with_roles(&self.graph).await,
                Look::Everything { named } => (self.cloud.snapshot_to_destroy(named.as_ref()).await, None),
            }
        };
        let ((snapshot, completed), right) = tokio::join!(read, self.right_account());
        right?;
        match connect::cut_off(&snapshot) {
            Some(error) => Err(connect::no_aws(error)),
            None => Ok((snapshot, completed)),
        }
    }
}
