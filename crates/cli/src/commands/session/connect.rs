//! The way to AWS, or to what stands for it: the profile, the clients, the guard against the wrong account, and what to say when
//! nothing answers. The account is asked for while the stack is read; nothing of a wrong one is shown, and nothing in it is changed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use evenkeel_aws::client::Aws;
use evenkeel_aws::connect::Settings;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::saved::Place;
use evenkeel_core::snapshot::{Observed, Snapshot};
use evenkeel_sim::client::SimClient;
use evenkeel_stack::suggest;

use super::file::SIMULATED_REGION;
use crate::args::Global;
use crate::exit::Failure;
use crate::out::Ui;
use crate::report::words;
use crate::simulation::Simulation;

/// An open connection.
pub struct Connection {
    /// The clients.
    pub aws: Aws,
    /// What answers in the place of AWS, if anything does.
    pub instead_of_aws: Option<String>,
    /// What is behind the clients, if that is not AWS itself.
    pub simulation: Option<Simulation>,
    /// The account that it has to be.
    pub guard: Option<Guard>,
}

/// For which account something is, and what says so.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The account.
    account: String,
    /// `the stack` or `the plan`.
    whose: &'static str,
    /// What to correct if it is the guard that is wrong.
    help: &'static str,
}

impl Guard {
    /// The guard of a stack file.
    pub fn of_stack(account: Option<&str>) -> Option<Self> {
        let help = "use other credentials (--profile, AWS_PROFILE), or correct `account:` in the stack file";
        account.map(|account| Self { account: account.to_owned(), whose: "the stack", help })
    }

    /// The guard of a saved plan.
    pub fn of_plan(place: &Place) -> Option<Self> {
        let help = "use the credentials with which the plan was made (--profile, AWS_PROFILE), or make a new plan";
        place.account.clone().map(|account| Self { account, whose: "the plan", help })
    }

    /// Makes sure that the credentials belong to that account.
    ///
    /// # Errors
    /// If they belong to another one, or AWS does not say.
    pub async fn holds(&self, aws: &Aws) -> Result<(), Failure> {
        let account = aws.account().await.map_err(|error| no_aws(&error))?;
        if account == self.account {
            return Ok(());
        }
        let Self { account: expected, whose, help } = self;
        let text = format!("these credentials belong to account {account}, but {whose} is for account {expected}");
        Err(Failure::refused(text, *help))
    }
}

/// Connects. Whether it is the right account is found out by the first reading.
pub async fn connect(
    global: &Global,
    region: Option<String>,
    guard: Option<Guard>,
    ui: &mut Ui,
) -> Result<Connection, Failure> {
    let simulation = simulation(global, ui).await?;
    let aws = clients(global, region, simulation.as_ref()).await?;
    ui.caller = Some(Arc::clone(&aws.caller));
    Ok(Connection { aws, instead_of_aws: instead_of_aws(global), simulation, guard })
}

/// The simulated AWS, if one is asked for.
pub async fn simulation(global: &Global, ui: &mut Ui) -> Result<Option<Simulation>, Failure> {
    match global.simulate.how() {
        Some(how) => Simulation::open(&how, "`evenkeel --sim`", ui).await.map(Some),
        None => Ok(None),
    }
}

/// The clients for a region, of AWS or of what is simulated; nothing is sent yet.
pub async fn clients(global: &Global, region: Option<String>, simulation: Option<&Simulation>) -> Result<Aws, Failure> {
    let aws = match simulation {
        Some(simulation) => {
            let region = region.unwrap_or_else(|| SIMULATED_REGION.to_owned());
            let http = SimClient::shared(simulation.sim.clone());
            Aws::simulated(http, &region, simulation.speed)
        }
        None => {
            profile_is_there(global)?;
            let (profile, endpoint_url) = (global.profile.clone(), global.endpoint_url.clone());
            Aws::connect(&Settings { region, profile, endpoint_url }).await
        }
    };
    aws.map_err(|error| no_aws(&error))
}

/// What answers in the place of AWS, if anything does.
pub fn instead_of_aws(global: &Global) -> Option<String> {
    let simulated = global.simulate.how().map(|_| "a simulated AWS".to_owned());
    simulated.or_else(|| global.endpoint_url.clone()).or_else(|| environment("AWS_ENDPOINT_URL"))
}

/// Where a plan is made. Not every emulator knows accounts; what is not known is not guarded.
pub async fn place(aws: &Aws, instead_of_aws: Option<String>) -> Place {
    Place { account: aws.account().await.ok().filter(|account| !account.is_empty()), instead_of_aws }
}

/// A variable of the environment that says something.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A profile that nobody has is a slip of the pen; the SDK would say so in words about providers.
fn profile_is_there(global: &Global) -> Result<(), Failure> {
    let Some(name) = global.profile.clone().or_else(|| environment("AWS_PROFILE")) else { return Ok(()) };
    let files =
        [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")].map(|(variable, file)| {
            environment(variable).map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".aws").join(file)))
        });
    let read = |file: &PathBuf| std::fs::read_to_string(file).unwrap_or_default();
    let known: BTreeSet<String> = files.iter().flatten().flat_map(|file| profiles(&read(file))).collect();
    // The SDK lets everybody have a default one.
    if name == "default" || known.contains(&name) {
        return Ok(());
    }
    let near = suggest::nearest(&name, known.iter().map(String::as_str));
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    let known: Vec<String> = known.into_iter().collect();
    let there = match known.len() {
        0 => "there are none".to_owned(),
        _ => format!("the profiles are {}", words::listed(&known)),
    };
    let files: Vec<String> = files.iter().flatten().map(|file| file.display().to_string()).collect();
    let text = format!("there is no profile `{name}`{near}");
    let help = format!("{there} (read from {})", words::listed(&files));
    // Of the flag it is wrong usage, of the environment a wrong environment.
    Err(if global.profile.is_some() { Failure::Usage(format!("{text}; {help}")) } else { Failure::refused(text, help) })
}

/// The names of the profiles in a file of the shared configuration.
fn profiles(text: &str) -> Vec<String> {
    let heads =
        text.lines().filter_map(|line| line.trim().strip_prefix('[')?.split_once(']').map(|(head, _)| head.trim()));
    let named = heads.filter(|head| !["sso-session ", "services "].iter().any(|other| head.starts_with(other)));
    named.map(|head| head.strip_prefix("profile ").unwrap_or(head).trim().to_owned()).collect()
}

/// The error behind a reading in which nothing at all could be read for want of a connection or of credentials.
pub fn cut_off(snapshot: &Snapshot) -> Option<&CloudError> {
    let cut = |error: &&CloudError| matches!(error.class, ErrorClass::Credentials | ErrorClass::Unreachable);
    let something_seen = snapshot.nodes.values().any(|seen| !matches!(seen, Observed::Unreadable(_)));
    if something_seen || !snapshot.surplus.is_empty() {
        return None;
    }
    let all = snapshot.unreadable.values().all(|error| cut(&error));
    snapshot.unreadable.values().find(cut).filter(|_| all)
}

/// A failure to reach AWS at all, with what to do.
pub fn no_aws(error: &CloudError) -> Failure {
    let (doing, help) = match error.class {
        ErrorClass::Credentials => (
            "AWS does not accept the credentials, or there are none; nothing was changed",
            "set AWS_PROFILE or --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; with SSO: aws sso login",
        ),
        ErrorClass::Unreachable => (
            "AWS cannot be reached; nothing was changed",
            "check the network, the region's name, and --endpoint-url or AWS_ENDPOINT_URL if one is set",
        ),
        _ => ("AWS refused the request; nothing was changed", "see the message above"),
    };
    let mut error = error.clone();
    error.hint.get_or_insert_with(|| help.to_owned());
    Failure::Cloud { doing: doing.to_owned(), error: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_from_both_files() {
        let config = "[default]\nregion = x\n[profile work]\n# [profile no]\n[ profile  spaced ]\n[sso-session s]\n[services t]\n";
        assert_eq!(profiles(config), ["default", "work", "spaced"]);
        assert_eq!(profiles("[home]\naws_access_key_id = x\n"), ["home"]);
    }
}
