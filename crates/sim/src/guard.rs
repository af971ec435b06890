//! Whom a served simulation answers. A browser on the same computer would carry the requests of any page to it: those are told by
//! their `Host`, `Origin` and `Sec-Fetch-Site`, and by being written as a page may write to a stranger without asking. No client of AWS
//! writes so.

use std::net::IpAddr;

use http::Method;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, ORIGIN};

use crate::call::Refusal;
use crate::services;
use crate::wire::{self, Credential, Request, Response};

/// What a page may send to any site: with these, and without headers of its own.
const PLAIN: &[&str] = &["text/plain", "multipart/form-data"];

/// Checks a request before it is answered.
///
/// # Errors
/// The refusal of a request that a page of another site may have sent.
pub fn check(request: &Request) -> Result<(), Box<Response>> {
    let credential = Credential::of(request);
    foreign(request, credential.as_ref()).map_or(Ok(()), |why| {
        let text = format!("The simulated AWS does not answer this request: {why}.");
        let refusal = Refusal::new("AccessDeniedException", text);
        Err(Box::new(wire::unanswered(request, credential.as_ref(), &refusal, 403)))
    })
}

/// Why a request may be a page's.
fn foreign(request: &Request, credential: Option<&Credential>) -> Option<String> {
    let headers = request.headers();
    let text = |name: &http::HeaderName| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let host = text(&HOST).or_else(|| request.uri().authority().map(|it| it.as_str().to_owned().into()));
    match &host {
        None => return Some("it has no Host".to_owned()),
        Some(host) if !is_local(host) => {
            return Some(format!("its Host is {host:?}; use an address, localhost, or a name without dots"));
        }
        Some(_) => {}
    }
    if let Some(origin) = text(&ORIGIN).filter(|origin| origin.strip_prefix("http://") != host.as_deref()) {
        return Some(format!("it comes from a page of {origin:?}"));
    }
    if let Some(site) = fetched(headers).filter(|site| !["none", "same-origin"].contains(&site.as_str())) {
        return Some(format!("it comes from a page ({site})"));
    }
    let kind = text(&CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    if let Some(kind) = PLAIN.iter().find(|plain| kind.starts_with(**plain)) {
        return Some(format!("no client of AWS writes {kind}"));
    }
    let signed = headers.contains_key("authorization");
    let changes = wire::route(request, credential).is_ok_and(|target| !services::reads_only(target.operation_name()));
    let form = form_in_query(request);
    match (changes && credential.is_some(), signed, form) {
        (true, false, _) => Some("what changes something has an Authorization header".to_owned()),
        (true, true, true) => Some("what changes something is not asked for by GET".to_owned()),
        _ => None,
    }
}

/// Whether a request of the query protocol has its operation in the query string.
fn form_in_query(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    request.method() == Method::GET && form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "Action")
}

fn fetched(headers: &HeaderMap) -> Option<String> {
    headers.get("sec-fetch-site").and_then(|value| value.to_str().ok()).map(str::to_ascii_lowercase)
}

/// Whether a host is none that somebody else may let a name point to: an address, this computer, or a name of the local network.
fn is_local(host: &str) -> bool {
    let bare = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = bare.trim_end_matches('.').to_ascii_lowercase();
    let local = [".localhost", ".local", ".internal"].iter().any(|end| name.ends_with(end));
    // Some clients put a word before the address (`data-127.0.0.1`); no name that can be had ends in a number.
    let numeric = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    bare.parse::<IpAddr>().is_ok() || local || (!name.is_empty() && (numeric || !name.contains('.')))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=test/20260131/us-east-1/iam/aws4_request, Signature=0";
    const QUERY: &str = "X-Amz-Credential=test%2F20260131%2Fus-east-1%2Fiam%2Faws4_request";

    fn asked(method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Request {
        let request = http::Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(Bytes::from(body.to_owned())).expect("a request")
    }

    fn passes(request: &Request) -> bool {
        check(request).is_ok()
    }

    #[test]
    fn clients_are_answered_by_address_and_by_local_names() {
        let list = "Action=ListRoles&Version=2010-05-08";
        for host in [
            "127.0.0.1:4566",
            "[::1]:4566",
            "localhost:4566",
            "aws.localhost",
            "sim",
            "host.docker.internal:80",
            "data-127.0.0.1:1",
        ] {
            assert!(passes(&asked("POST", "/", list, &[("host", host), ("authorization", SIGNED)])), "{host}");
        }
        for host in ["rebound.example:4566", "127.0.0.1.nip.io", "evil.localhost.example"] {
            assert!(!passes(&asked("POST", "/", list, &[("host", host), ("authorization", SIGNED)])), "{host}");
        }
        assert!(!passes(&asked("POST", "/", list, &[("authorization", SIGNED)])));
    }

    #[test]
    fn pages_of_other_sites_are_not_answered() {
        let of =
            |name, value| asked("POST", "/", "", &[("host", "localhost:1"), ("authorization", SIGNED), (name, value)]);
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://localhost:2"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("content-type", "text/plain;charset=UTF-8"),
            ("content-type", "multipart/form-data; boundary=x"),
        ] {
            assert!(!passes(&of(name, value)), "{name}: {value}");
        }
        for (name, value) in
            [("origin", "http://localhost:1"), ("sec-fetch-site", "none"), ("content-type", "application/json")]
        {
            assert!(passes(&of(name, value)), "{name}: {value}");
        }
    }

    #[test]
    fn nothing_is_changed_by_what_any_page_can_send() {
        let host = ("host", "127.0.0.1:4566");
        let form = ("content-type", "application/x-www-form-urlencoded");
        let delete = "Action=DeleteRole&RoleName=r&Version=2010-05-08";
        assert!(!passes(&asked("POST", &format!("/?{QUERY}"), delete, &[host, form])));
        assert!(!passes(&asked("GET", &format!("/?{delete}&{QUERY}"), "", &[host])));
        assert!(!passes(&asked("GET", &format!("/?{delete}"), "", &[host, ("authorization", SIGNED)])));
        assert!(passes(&asked("POST", "/", delete, &[host, form, ("authorization", SIGNED)])));
        let read = "Action=GetCallerIdentity&Version=2011-06-15";
        assert!(passes(&asked("GET", &format!("/?{read}&{QUERY}"), "", &[host])), "signed in its address, as some do");
    }
}
