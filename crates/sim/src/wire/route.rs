//! Which service and operation a request is for, and whose credentials signed it. Signatures themselves are not checked: there
//! is nothing to protect.

use http::Method;

use super::error::{self, Bare};
use super::{Codec, Request, Response, Target};
use crate::call::Refusal;
use crate::model::{Api, Protocol};
use crate::services::models;
use crate::wire::rest;

/// What the signature of a request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The access key.
    pub key: String,
    /// The region that was asked.
    pub region: String,
    /// The service's signing name.
    pub service: String,
}

impl Credential {
    /// Reads it from the `Authorization` header or, of a presigned request, the query string.
    pub fn of(request: &Request) -> Option<Self> {
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let scope = match header {
            Some(header) => header.split("Credential=").nth(1)?.split([',', ' ']).next()?.to_owned(),
            None => {
                let query = request.uri().query()?;
                let mut pairs = form_urlencoded::parse(query.as_bytes());
                pairs.find(|(name, _)| name == "X-Amz-Credential")?.1.into_owned()
            }
        };
        let mut parts = scope.split('/');
        let key = parts.next()?.to_owned();
        let _date = parts.next()?;
        let region = parts.next()?.to_owned();
        Some(Self { key, region, service: parts.next()?.to_owned() })
    }
}

/// The form of a query request: from its body, or from the query string.
pub(super) fn form_of(request: &Request) -> Vec<(String, String)> {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let pairs = form_urlencoded::parse(query).chain(form_urlencoded::parse(request.body()));
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// Finds out what a request is for.
///
/// # Errors
/// A finished reply, if it is for no service that is simulated.
pub fn route(request: &Request, credential: Option<&Credential>) -> Result<Target, Box<Response>> {
    by_target(request)
        .or_else(|| by_cbor_path(request))
        .or_else(|| by_action(request, credential))
        .or_else(|| by_path(request, credential))
        .ok_or_else(|| Box::new(nowhere(request, credential)))
}

fn by_target(request: &Request) -> Option<Target> {
    let target = request.headers().get("x-amz-target")?.to_str().ok()?;
    let (prefix, name) = target.rsplit_once('.')?;
    let service = models::all().iter().find(|service| service.target_prefix == prefix)?;
    Some(found(service, name, Codec::Own))
}

fn by_cbor_path(request: &Request) -> Option<Target> {
    let mut parts = request.uri().path().strip_prefix("/service/")?.split('/');
    let (prefix, _operation, name) = (parts.next()?, parts.next()?, parts.next()?);
    let service = models::all().iter().find(|service| service.target_prefix == prefix)?;
    Some(found(service, name, Codec::Cbor))
}

fn by_action(request: &Request, credential: Option<&Credential>) -> Option<Target> {
    let form = matches!(*request.method(), Method::POST | Method::GET) && request.uri().path() == "/";
    if !form {
        return None;
    }
    let pairs = form_of(request);
    let get = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let speaks = |service: &&&'static Api| matches!(service.protocol, Protocol::Query | Protocol::Ec2);
    let candidates = || models::all().iter().filter(speaks);
    let version = get("Version");
    // A version belongs to one service; where it is unknown the signature tells which service refuses it.
    let service = candidates().find(|service| Some(service.api_version.as_str()) == version).or_else(|| {
        candidates().find(|service| Some(&service.signing_name) == credential.map(|known| &known.service))
    })?;
    Some(found(service, get("Action").unwrap_or_default(), Codec::Own))
}

fn by_path(request: &Request, credential: Option<&Credential>) -> Option<Target> {
    let rest = |service: &&&'static Api| matches!(service.protocol, Protocol::RestXml | Protocol::RestJson);
    let signed = |service: &&&'static Api| Some(&service.signing_name) == credential.map(|known| &known.service);
    let services = || models::all().iter().filter(rest);
    for service in services().filter(signed).chain(services()) {
        if let Some((operation, path)) = rest::matching(service, request) {
            return Some(Target { service, operation: Ok(operation), codec: Codec::Own, path });
        }
    }
    let service = services().find(signed)?;
    let name = format!("{} {}", request.method(), request.uri().path());
    Some(Target { service, operation: Err(name), codec: Codec::Own, path: Vec::new() })
}

fn found(service: &'static Api, name: &str, codec: Codec) -> Target {
    let operation = service.operations.get(name).ok_or_else(|| name.to_owned());
    Target { service, operation, codec, path: Vec::new() }
}

/// The reply to a request for a service that is not there.
fn nowhere(request: &Request, credential: Option<&Credential>) -> Response {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
    let what = match (target, credential) {
        (Some(target), _) => target.to_owned(),
        (None, Some(known)) => format!("{} {} of {}", request.method(), request.uri().path(), known.service),
        (None, None) => format!("{} {}", request.method(), request.uri().path()),
    };
    let refusal = Refusal::new("UnknownOperationException", format!("Nothing is simulated that answers {what}."));
    unanswered(request, credential, &refusal, 404)
}

/// A refusal by no service: in the form that the request's own client can most likely read.
pub fn unanswered(request: &Request, credential: Option<&Credential>, refusal: &Refusal, status: u16) -> Response {
    let xml = match credential.map(|known| known.service.as_str()) {
        Some("s3" | "s3express") => Some(Bare::Yes),
        Some("cloudfront") => Some(Bare::No),
        _ => form_of(request).iter().any(|(name, _)| name == "Action").then_some(Bare::No),
    };
    let (kind, body) = error::nowhere(refusal, xml);
    super::finish(http::Response::builder().status(status).header("content-type", kind), body)
}
