//! The way to AWS of several stacks: one connection for each region, on which they are read together. Whatever the regions, one caller
//! keeps the pace and counts. Decides nothing about the stacks.

use std::collections::BTreeMap;
use std::sync::Arc;

use evenkeel_aws::client::Aws;

use super::connect::{Connection, clients, instead_of_aws, simulation};
use crate::args::Global;
use crate::exit::Failure;
use crate::out::Ui;
use crate::simulation::Simulation;

/// The connections of several stacks.
pub struct Ways {
    /// The simulated AWS, if one is asked for.
    pub simulation: Option<Simulation>,
    /// What was added to a simulated AWS of just now.
    pub provided: Vec<String>,
    /// The clients by the region that was asked for; those of one region are the same.
    open: BTreeMap<Option<String>, Result<Aws, Failure>>,
}

impl Ways {
    /// Opens what is simulated; nothing is sent yet.
    ///
    /// # Errors
    /// If the simulated AWS cannot be used.
    pub async fn open(global: &Global, ui: &mut Ui) -> Result<Self, Failure> {
        Ok(Self { simulation: simulation(global, ui).await?, provided: Vec::new(), open: BTreeMap::new() })
    }

    /// A connection to a region; those who have one to the same region share what they read.
    ///
    /// # Errors
    /// If there is no way there, the same for all who ask.
    pub async fn to(&mut self, region: Option<String>, global: &Global, ui: &mut Ui) -> Result<Connection, Failure> {
        if !self.open.contains_key(&region) {
            let made = clients(global, region.clone(), self.simulation.as_ref()).await;
            let made = made.map(|aws| self.joined(aws));
            self.open.insert(region.clone(), made);
        }
        let aws = match self.open.get(&region) {
            Some(Ok(aws)) => aws.clone(),
            Some(Err(failure)) => return Err(failure.clone()),
            None => unreachable!("it was put there"),
        };
        ui.caller = Some(Arc::clone(&aws.caller));
        Ok(Connection { aws, instead_of_aws: instead_of_aws(global), simulation: None, guard: None })
    }

    /// These clients, or those that lead to the same region already.
    fn joined(&self, aws: Aws) -> Aws {
        let mut others = self.open.values().filter_map(|made| made.as_ref().ok());
        if let Some(same) = others.clone().find(|other| other.region == aws.region) {
            return same.clone();
        }
        let mut aws = aws.sharing();
        if let Some(other) = others.next() {
            aws.caller = Arc::clone(&other.caller);
        }
        aws
    }
}
