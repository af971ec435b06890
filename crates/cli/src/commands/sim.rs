//! `evenkeel sim`: serves a simulated AWS to any client, shows what it contains, deletes it, or adds to it. Knows nothing of how it works.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use evenkeel_sim::store::Store;
use evenkeel_sim::world::Place;
use evenkeel_sim::world::status::Status;
use evenkeel_sim::{provide, server, services};
use serde_json::json;
use tokio::net::TcpListener;

use super::session::{self, File};
use super::{Context, Run};
use crate::args::{Format, Global, StackFile};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::simulation::{ACCOUNT, FILE, How, Simulation, refused, regular, status};

const EXAMPLES: &str = "\
Examples:
  evenkeel sim                                     serve a simulated AWS on http://127.0.0.1:4566
  evenkeel sim --port 0 --file /tmp/world.json     on any free port, kept in another file
  evenkeel sim zone example.com                    add a domain
  evenkeel sim provide stacks/cruddur.yaml         add what a stack needs but does not create
  evenkeel sim status                              show what it contains
  evenkeel sim call ec2 DescribeVpcs               call one operation, without another tool
  evenkeel apply --sim                             use the same world without a server";

/// Simulate AWS: serve it to any client, inspect it, reset it.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = false)]
pub struct SimArgs {
    /// What to do; without a command, serve it.
    #[command(subcommand)]
    pub command: Option<SimCommand>,
    /// The port to serve on; 0 for any that is free.
    #[arg(long, value_name = "N", default_value_t = 4566)]
    pub port: u16,
    /// The address to serve on; any other than this computer's own opens it to the network, without a password.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// The file in which the simulated AWS is kept.
    #[arg(long, global = true, value_name = "FILE", default_value = FILE)]
    pub file: PathBuf,
}

/// What to do with a simulated AWS.
#[derive(Subcommand, Debug)]
pub enum SimCommand {
    /// Show what it contains.
    Status,
    /// Delete it; the next use creates a new one.
    Reset,
    /// Add a public hosted zone, as if the domain had been registered.
    Zone {
        /// The domain, such as example.com.
        #[arg(value_name = "DOMAIN")]
        domain: String,
    },
    /// Add what a stack file needs but does not create: hosted zones, certificates, parameters, secrets, roles.
    Provide(StackFile),
    /// Call one operation of an AWS service and print the reply.
    Call {
        /// The service, as in the aws CLI: `ec2`, `elbv2`, `logs`.
        #[arg(value_name = "SERVICE")]
        service: String,
        /// The operation, as in the service's API: `DescribeVpcs`.
        #[arg(value_name = "OPERATION")]
        operation: String,
        /// Its input, as JSON.
        #[arg(value_name = "JSON", default_value = "{}")]
        input: String,
    },
}

impl Run for SimArgs {
    // Ctrl-C is how a server is stopped.
    const INTERRUPTED: bool = false;

    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        if global.simulate.sim.is_some() {
            return Err(Failure::Usage(
                "`evenkeel sim` is already a simulated AWS; choose its file with --file".to_owned(),
            ));
        }
        regular(&self.file)?;
        match &self.command {
            None => serve(self, global, ui).await,
            Some(SimCommand::Status) => tell(self, ui),
            Some(SimCommand::Reset) => reset(self, ui),
            Some(SimCommand::Zone { domain }) => zone(self, domain, ui).await,
            Some(SimCommand::Call { service, operation, input }) => {
                let region = session::region(global, None).unwrap_or_else(|| session::SIMULATED_REGION.to_owned());
                call(self, &Place::new(ACCOUNT, &region), (service, operation, input), ui).await
            }
            Some(SimCommand::Provide(file)) => give(self, &file.stack, global, ui).await,
        }
    }
}

async fn serve(args: &SimArgs, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    let address = SocketAddr::new(args.host, args.port);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let help = "choose another port with --port, or any free one with --port 0";
        Failure::refused(format!("cannot serve on {address}: {error}"), help)
    })?;
    let address = listener.local_addr().map_err(|error| Failure::refused(error.to_string(), "try again"))?;
    let how = How { file: args.file.clone(), speed: global.simulate.speed(), faults: global.simulate.faults.clone() };
    let simulation = Simulation::open(&how, &format!("`evenkeel sim` on http://{address}"), ui).await?;
    // A client may stop the server as soon as it has read the address; nothing may be lost then.
    let ended = ended();
    if ui.format == Format::Json {
        ui.out.line(&json!({ "url": format!("http://{address}"), "file": args.file }).to_string());
    } else {
        ui.out.line(&format!("Serving a simulated AWS on http://{address}"));
        let text = format!(
            "It is saved in {}; time passes {} times as fast. Press Ctrl-C to stop it. In another terminal:\n\n  export \
             AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n  export \
             AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1\n  aws ec2 describe-vpcs\n",
            args.file.display(),
            simulation.speed,
        );
        if !ui.quiet {
            ui.err.text(&text);
        }
    }
    tokio::select! {
        () = server::serve(simulation.sim.clone(), listener) => {}
        () = ended => {}
    }
    simulation.close()?;
    Ok(Exit::Done)
}

/// Returns when the process is asked to end. Ctrl-C is not an interruption here: it is how a server is stopped.
fn ended() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    async move {
        #[cfg(unix)]
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
        drop(tokio::signal::ctrl_c().await);
    }
}

/// Reads without locking the file, so that it works while a server has it.
fn tell(args: &SimArgs, ui: &mut Ui) -> Result<Exit, Failure> {
    let world = Store::peek(&args.file).map_err(|error| refused(&error))?;
    let Some(world) = world else {
        ui.out.line(&format!("{} does not exist yet; the first use creates it", args.file.display()));
        return Ok(Exit::Done);
    };
    let status = Status::of(&world);
    if ui.format == Format::Json {
        ui.out.line(&json!({ "file": args.file, "time": status.time, "accounts": status.accounts }).to_string());
    } else {
        ui.out.line(&format!("{} (simulated time {})", args.file.display(), status.time));
        status::lines(&status).iter().for_each(|line| ui.out.line(line));
    }
    Ok(Exit::Done)
}

fn reset(args: &SimArgs, ui: &mut Ui) -> Result<Exit, Failure> {
    let store = Store::open(&args.file, "`evenkeel sim reset`").map_err(|error| refused(&error))?;
    // A file that is not a world is never deleted.
    store.load().map_err(|error| refused(&error))?;
    store.reset().map_err(|error| refused(&error))?;
    ui.note(&format!("Deleted {}; the next use creates a new one", args.file.display()));
    Ok(Exit::Done)
}

async fn zone(args: &SimArgs, domain: &str, ui: &mut Ui) -> Result<Exit, Failure> {
    let simulation = held(args, ui).await?;
    let place = Place::new(ACCOUNT, "us-east-1");
    let made = simulation.sim.with_world(|world| provide::zone(world, &place, domain));
    let made = made.map_err(|text| Failure::refused(text, "expected a domain such as example.com"))?;
    simulation.close()?;
    let now = if made { "is now" } else { "was already" };
    ui.out.line(&format!("{domain} {now} a public hosted zone"));
    Ok(Exit::Done)
}

/// Adds what a stack needs and does not create.
async fn give(args: &SimArgs, stack: &Path, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    let graph = File::load(stack, global, ui)?.graph(session::SIMULATED_REGION)?;
    Simulation::refuse_foreign(&graph)?;
    let simulation = held(args, ui).await?;
    let made = simulation.provide(&graph);
    simulation.close()?;
    if made.is_empty() {
        ui.note("Nothing to add: everything the stack needs already exists");
    }
    made.iter().for_each(|line| ui.out.line(line));
    Ok(Exit::Done)
}

/// Calls one operation.
async fn call(
    args: &SimArgs,
    place: &Place,
    (service, operation, input): (&str, &str, &str),
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let input =
        serde_json::from_str(input).map_err(|error| Failure::Usage(format!("the input is not JSON: {error}")))?;
    let operation = services::operation(service, operation).unwrap_or(operation);
    let simulation = held(args, ui).await?;
    let reply = simulation.sim.call(place, service, operation, input);
    simulation.close()?;
    match reply {
        Ok(reply) => {
            ui.out.pretty_json(&reply);
            Ok(Exit::Done)
        }
        Err(refusal) => {
            let help = "see the AWS API reference for operations and their inputs";
            Err(Failure::refused(format!("{service} {operation}: {}: {}", refusal.code, refusal.message), help))
        }
    }
}

async fn held(args: &SimArgs, ui: &mut Ui) -> Result<Simulation, Failure> {
    let how = How { file: args.file.clone(), speed: 1.0, faults: None };
    Simulation::open(&how, "`evenkeel sim`", ui).await
}
