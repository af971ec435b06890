//! `evenkeel sim`: serves a simulated AWS to any client, says what is in it, empties it, or gives it a hosted zone.

use std::net::SocketAddr;
use std::path::Path;

use evenkeel_sim::store::Store;
use evenkeel_sim::world::Place;
use evenkeel_sim::{server, services};
use serde_json::json;
use tokio::net::TcpListener;

use super::session;
use crate::args::{Format, Global, Sim, SimCommand};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::simulation::{ACCOUNT, How, Simulation, provide, refused, status};

/// Runs the command.
///
/// # Errors
/// If the world's file cannot be used, or the port is taken.
pub async fn run(args: &Sim, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    if global.simulate.sim.is_some() {
        return Err(Failure::Usage("`evenkeel sim` is a simulated AWS already; name its file with --file".to_owned()));
    }
    match &args.command {
        None => serve(args, global, ui).await,
        Some(SimCommand::Status) => tell(args, ui),
        Some(SimCommand::Reset) => reset(args, ui),
        Some(SimCommand::Zone { domain }) => zone(args, domain, ui).await,
        Some(SimCommand::Call { service, operation, input }) => {
            let region = session::region(global, None).unwrap_or_else(|| session::SIMULATED_REGION.to_owned());
            call(args, &Place::new(ACCOUNT, &region), (service, operation, input), ui).await
        }
        Some(SimCommand::Provide { stack }) => give(args, stack, global, ui).await,
    }
}

async fn serve(args: &Sim, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    let address = SocketAddr::new(args.host, args.port);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let help = "choose another one with --port, or --port 0 for any that is free";
        Failure::refused(format!("cannot serve on {address}: {error}"), help)
    })?;
    let address = listener.local_addr().map_err(|error| Failure::refused(error.to_string(), "try again"))?;
    let how = How { file: args.file.clone(), speed: global.simulate.speed(), faults: global.simulate.faults.clone() };
    let simulation = Simulation::open(&how, &format!("`evenkeel sim` on http://{address}"), ui).await?;
    // Whoever reads the address may end it at once: nothing may be lost by that.
    let ended = ended();
    if ui.format == Format::Json {
        ui.out.line(&json!({ "url": format!("http://{address}"), "file": args.file }).to_string());
    } else {
        ui.out.line(&format!("A simulated AWS answers on http://{address}"));
        let text = format!(
            "Its world is kept in {}; its time passes {} times as fast. Ctrl-C ends it. Elsewhere:\n\n  export \
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

/// Returns when the process is asked to end, from now on. Ctrl-C is no accident here: it is how a server is ended.
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

/// Reads without holding the file, so that it also tells what a server is at.
fn tell(args: &Sim, ui: &mut Ui) -> Result<Exit, Failure> {
    let world = Store::peek(&args.file).map_err(|error| refused(&error))?;
    let Some(mut world) = world else {
        ui.out.line(&format!("{}: no world yet; the first use makes one", args.file.display()));
        return Ok(Exit::Done);
    };
    let lines = status::lines(&mut world);
    if ui.format == Format::Json {
        ui.out.line(&json!({ "file": args.file, "time": world.now.iso(), "lines": lines }).to_string());
    } else {
        ui.out.line(&format!("{}, where it is {}", args.file.display(), world.now.whole().iso()));
        lines.iter().for_each(|line| ui.out.line(line));
    }
    Ok(Exit::Done)
}

fn reset(args: &Sim, ui: &mut Ui) -> Result<Exit, Failure> {
    let store = Store::open(&args.file, "`evenkeel sim reset`").map_err(|error| refused(&error))?;
    // Whatever is not a world is somebody's, and stays.
    store.load().map_err(|error| refused(&error))?;
    store.reset().map_err(|error| refused(&error))?;
    ui.note(&format!("{} is gone; the next use makes a fresh world", args.file.display()));
    Ok(Exit::Done)
}

async fn zone(args: &Sim, domain: &str, ui: &mut Ui) -> Result<Exit, Failure> {
    let simulation = held(args, ui).await?;
    let place = Place::new(ACCOUNT, "us-east-1");
    let made = simulation.sim.with_world(|world| provide::add_zone(world, &place, domain));
    let made = made.map_err(|text| Failure::refused(text, "write a domain such as example.com"))?;
    simulation.close()?;
    let now = if made { "is now" } else { "was already" };
    ui.out.line(&format!("{domain} {now} a public hosted zone"));
    Ok(Exit::Done)
}

/// Makes what a stack presupposes and does not make itself.
async fn give(args: &Sim, stack: &Path, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    let loaded = session::load(stack, global, ui)?;
    let region = session::region(global, loaded.stack.region.as_deref());
    let graph = session::graph(&loaded.stack, region.as_deref().unwrap_or(session::SIMULATED_REGION))?;
    Simulation::refuse_foreign(&graph)?;
    let simulation = held(args, ui).await?;
    let made = simulation.provide(&graph);
    simulation.close()?;
    if made.is_empty() {
        ui.note("Everything that the stack presupposes is there");
    }
    made.iter().for_each(|line| ui.out.line(line));
    Ok(Exit::Done)
}

/// Carries out one operation.
async fn call(
    args: &Sim,
    place: &Place,
    (service, operation, input): (&str, &str, &str),
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let input =
        serde_json::from_str(input).map_err(|error| Failure::Usage(format!("the input is no JSON: {error}")))?;
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
            let help = "operations and their inputs are those of the AWS API reference";
            Err(Failure::refused(format!("{service} {operation}: {}: {}", refusal.code, refusal.message), help))
        }
    }
}

async fn held(args: &Sim, ui: &mut Ui) -> Result<Simulation, Failure> {
    let how = How { file: args.file.clone(), speed: 1.0, faults: None };
    Simulation::open(&how, "`evenkeel sim`", ui).await
}
