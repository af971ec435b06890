//! The simulated AWS as a whole: takes a request, moves the world to the present, and lets faults, throttling, the model's
//! limits and the operation have their say, in that order. In process and behind a socket it is the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::call::{Call, Refusal, Reply};
use crate::faults::{Fault, Faults, Fired, SLOW};
use crate::keep::{self, Kept};
use crate::services::{self, iam};
use crate::throttle::Throttle;
use crate::wire::{self, Credential, Request, Response, Target};
use crate::world::{Moment, Place, World};

/// How a simulated AWS behaves.
#[derive(Debug)]
pub struct Settings {
    /// How much faster its time passes than tokio's.
    pub speed: f64,
    /// Whether requests that come too fast are refused.
    pub throttling: bool,
    /// How long each reply takes, in simulated time.
    pub latency: Duration,
    /// What goes wrong.
    pub faults: Faults,
    /// Whether to keep a list of all requests.
    pub recorded: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { speed: 1.0, throttling: false, latency: Duration::ZERO, faults: Faults::default(), recorded: false }
    }
}

/// A simulated AWS. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Sim {
    inner: Arc<Mutex<Inner>>,
    died: Arc<watch::Sender<bool>>,
    changes: Arc<watch::Sender<u64>>,
    kept: Arc<watch::Sender<Kept>>,
}

#[derive(Debug)]
struct Inner {
    world: World,
    /// The world before the last change, if some fault shows it.
    before: Option<Box<World>>,
    started: (Moment, Instant),
    settings: Settings,
    throttle: Throttle,
    counts: BTreeMap<(&'static str, String), u64>,
    requests: Vec<(&'static str, String)>,
    watcher: Option<Watcher>,
    visitor: Option<Visitor>,
}

/// Whoever looks at the world whenever something has happened in it.
struct Watcher(Box<dyn FnMut(&World) + Send>);

impl std::fmt::Debug for Watcher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Watcher")
    }
}

/// Somebody who changes the world just before a request is taken up: how many requests come before that one.
struct Visitor(u64, Box<dyn FnOnce(&mut World) + Send>);

impl std::fmt::Debug for Visitor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Visitor({})", self.0)
    }
}

/// What comes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// A reply, after a time.
    Reply(Response, Duration),
    /// The connection is reset.
    Reset,
    /// Nothing ever.
    Silence,
}

impl Sim {
    /// Brings a world to life.
    pub fn new(world: World, settings: Settings) -> Self {
        let started = (world.now, Instant::now());
        let inner = Inner {
            world,
            before: None,
            started,
            settings,
            throttle: Throttle::default(),
            counts: BTreeMap::new(),
            requests: Vec::new(),
            watcher: None,
            visitor: None,
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
            died: Arc::new(watch::Sender::new(false)),
            changes: Arc::new(watch::Sender::new(0)),
            kept: Arc::new(watch::Sender::new(Kept::default())),
        }
    }

    // A panic of one request must not take the others with it.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request; where somebody keeps the world, only when the change that it made is kept.
    pub async fn respond(&self, request: &Request) -> Outcome {
        let (outcome, change) = self.numbered_answer(request);
        let Some(change) = change.filter(|_| matches!(outcome, Outcome::Reply(..))) else { return outcome };
        let Err(refusal) = keep::settled(&self.kept, change).await else { return outcome };
        match wire::route(request, Credential::of(request).as_ref()) {
            Ok(target) => Outcome::Reply(wire::refuse(&target, &refusal, ""), Duration::ZERO),
            Err(reply) => Outcome::Reply(*reply, Duration::ZERO),
        }
    }

    /// Answers a request at once.
    pub fn answer(&self, request: &Request) -> Outcome {
        self.numbered_answer(request).0
    }

    /// Answers a request, with the number of the change that it may have made.
    fn numbered_answer(&self, request: &Request) -> (Outcome, Option<u64>) {
        let credential = Credential::of(request);
        let target = match wire::route(request, credential.as_ref()) {
            Ok(target) => target,
            Err(reply) => return (Outcome::Reply(*reply, Duration::ZERO), None),
        };
        let mut inner = self.lock();
        inner.catch_up();
        inner.visit();
        let name = target.operation_name();
        *inner.counts.entry((target.service.name, name.to_owned())).or_default() += 1;
        if inner.settings.recorded {
            inner.requests.push((target.service.name, name.to_owned()));
        }
        let fault = inner.settings.faults.decide(target.service.name, name);
        if let Some(outcome) = self.struck_before(&mut inner, fault, &target) {
            return (outcome, None);
        }
        let reads = services::reads_only(name);
        let reply = match inner.before.as_mut().filter(|_| fault == Some(Fault::StaleRead) && reads) {
            Some(before) => carry_out(before, None, &target, credential.as_ref(), request),
            None => {
                if !reads && inner.settings.faults.needs_history() {
                    inner.before = Some(Box::new(inner.world.clone()));
                }
                let Inner { world, throttle, settings, .. } = &mut *inner;
                carry_out(world, settings.throttling.then_some(throttle), &target, credential.as_ref(), request)
            }
        };
        let change = (!reads).then(|| {
            inner.show();
            self.count()
        });
        let (latency, speed) = (inner.settings.latency, inner.settings.speed);
        drop(inner);
        let outcome = match fault {
            Some(Fault::ReplyLost) => Outcome::Silence,
            Some(Fault::ReplyCut) => Outcome::Reset,
            Some(Fault::Slow) => Outcome::Reply(reply, (latency + SLOW).div_f64(speed)),
            Some(Fault::DieAfter) => {
                self.died.send_replace(true);
                Outcome::Silence
            }
            _ => Outcome::Reply(reply, latency.div_f64(speed)),
        };
        (outcome, change)
    }

    /// Counts a change; its number.
    fn count(&self) -> u64 {
        self.changes.send_modify(|number| *number += 1);
        *self.changes.borrow()
    }

    /// The world, and the number of the last change that it has.
    pub(crate) fn numbered(&self) -> (u64, World) {
        let mut inner = self.lock();
        inner.catch_up();
        (*self.changes.borrow(), inner.world.clone())
    }

    /// Takes everything back that came after a world; the number of the last change that is lost by that.
    pub(crate) fn put_back(&self, world: &World) -> u64 {
        let mut inner = self.lock();
        inner.world = world.clone();
        inner.before = None;
        inner.catch_up();
        inner.show();
        *self.changes.borrow()
    }

    /// How far the world is kept.
    pub(crate) fn kept(&self) -> &watch::Sender<Kept> {
        &self.kept
    }

    /// What a fault makes of a request that is not carried out.
    fn struck_before(&self, inner: &mut Inner, fault: Option<Fault>, target: &Target) -> Option<Outcome> {
        let fault = fault?;
        let id = inner.world.ids.uuid();
        let service = services::of(target.service);
        let refused = |refusal: &Refusal| Outcome::Reply(wire::refuse(target, refusal, &id), Duration::ZERO);
        match fault {
            Fault::Throttle => Some(refused(&service.words.throttled.refusal())),
            Fault::ServerError => Some(refused(&service.server_error())),
            Fault::Unavailable => Some(refused(&service.unavailable())),
            Fault::Conflict => Some(refused(&service.conflict(target.operation_name()))),
            Fault::RoleNotReady => Some(refused(&service.role_not_ready())),
            Fault::AccessDenied => Some(refused(&service.denied(target.operation_name()))),
            Fault::Reset => Some(Outcome::Reset),
            Fault::Timeout => Some(Outcome::Silence),
            Fault::DieBefore => {
                self.died.send_replace(true);
                Some(Outcome::Silence)
            }
            Fault::ReplyLost | Fault::ReplyCut | Fault::StaleRead | Fault::Slow | Fault::DieAfter => None,
        }
    }

    /// Returns when a fault has killed the client.
    pub async fn death(&self) {
        let mut died = self.died.subscribe();
        // The sender lives as long as this simulation.
        drop(died.wait_for(|died| *died).await);
    }

    /// Whether a fault has killed the client.
    pub fn is_dead(&self) -> bool {
        *self.died.borrow()
    }

    /// Counts the requests that change something: whoever saves the world waits for the next.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Looks at the world, or changes it behind everybody's back, at the present moment.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        let mut inner = self.lock();
        inner.catch_up();
        let seen = look(&mut inner.world);
        inner.show();
        seen
    }

    /// Shows the world to somebody now and whenever something has happened in it: after each event of a moment, and after each
    /// request that may have changed it. Between those nothing changes. One watcher at a time; it must not ask the simulation.
    pub fn watch(&self, watcher: impl FnMut(&World) + Send + 'static) {
        let mut inner = self.lock();
        inner.catch_up();
        inner.watcher = Some(Watcher(Box::new(watcher)));
        inner.show();
    }

    /// Lets somebody change the world just before a request, counted from the next one, which is 1: what comes between reading and
    /// acting. One visitor at a time.
    pub fn visit(&self, request: u64, visitor: impl FnOnce(&mut World) + Send + 'static) {
        self.lock().visitor = Some(Visitor(request.saturating_sub(1), Box::new(visitor)));
    }

    /// Sends the visitor away; whether he has not come yet.
    pub fn dismiss(&self) -> bool {
        self.lock().visitor.take().is_some()
    }

    /// Lets the simulated time pass at once.
    pub fn pass(&self, time: Duration) {
        let mut inner = self.lock();
        inner.catch_up();
        inner.started.0 = inner.started.0.plus(time);
        inner.catch_up();
    }

    /// Replaces what goes wrong.
    pub fn set_faults(&self, faults: Faults) {
        self.lock().settings.faults = faults;
        self.died.send_replace(false);
    }

    /// The faults that happened so far.
    pub fn fired(&self) -> Vec<Fired> {
        self.lock().settings.faults.fired().to_vec()
    }

    /// Takes the list of all requests so far, if one is kept: service and operation.
    pub fn take_requests(&self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut self.lock().requests)
    }

    /// How often each operation was asked for.
    pub fn counts(&self) -> BTreeMap<(&'static str, String), u64> {
        self.lock().counts.clone()
    }

    /// Asks for an operation without the wire: the input as a document, the reply likewise. For tests and for setting a scene.
    ///
    /// # Errors
    /// The refusal.
    pub fn call(&self, place: &Place, service: &str, operation: &str, input: serde_json::Value) -> Reply {
        let mut inner = self.lock();
        inner.catch_up();
        self.count();
        let reply = services::call(&mut inner.world, place, service, operation, input);
        inner.show();
        reply
    }
}

impl Inner {
    fn catch_up(&mut self) {
        let (moment, instant) = self.started;
        let now = moment.plus(instant.elapsed().mul_f64(self.settings.speed));
        while self.watcher.is_some()
            && let Some(at) = self.world.next_event().filter(|at| *at <= now)
        {
            self.world.advance(at);
            self.show();
        }
        self.world.advance(now);
    }

    /// Lets the watcher look.
    fn show(&mut self) {
        if let Some(Watcher(look)) = &mut self.watcher {
            look(&self.world);
        }
    }

    /// Lets the visitor in, if it is his turn.
    fn visit(&mut self) {
        match self.visitor.take() {
            Some(Visitor(0, change)) => change(&mut self.world),
            Some(Visitor(before, change)) => self.visitor = Some(Visitor(before - 1, change)),
            None => {}
        }
    }
}

/// Carries a request out.
fn carry_out(
    world: &mut World,
    throttle: Option<&mut Throttle>,
    target: &Target,
    credential: Option<&Credential>,
    request: &Request,
) -> Response {
    let request_id = world.ids.uuid();
    let outcome = try_out(world, throttle, target, credential, request, &request_id);
    match outcome {
        Ok(reply) => reply,
        Err(refusal) => wire::refuse(target, &refusal, &request_id),
    }
}

fn try_out(
    world: &mut World,
    throttle: Option<&mut Throttle>,
    target: &Target,
    credential: Option<&Credential>,
    request: &Request,
    request_id: &str,
) -> Result<Response, Refusal> {
    let service = target.service;
    // Some operations of AWS need no signature: what is not simulated is said before that is asked for.
    if let (None, Err(name)) = (credential, &target.operation) {
        return Err(services::unknown_operation(service, name));
    }
    let credential = credential.ok_or_else(|| services::unsigned(service))?;
    let (account, caller) = iam::caller(world, &credential.key);
    let place = Place { account, region: credential.region.as_str().into() };
    let operation = target.operation.as_ref().map_err(|name| services::unknown_operation(service, name))?;
    let input = wire::read(target, operation, request)?;
    if let Some(throttle) = throttle {
        throttle.take(&place, services::of(service), &operation.name, &input, world.now)?;
    }
    let mut call =
        Call { world, place, caller, service, operation: &operation.name, request_id: request_id.to_owned() };
    let output = services::carry_out(&mut call, operation, &input)?;
    Ok(wire::write(target, operation, &output, request_id))
}
