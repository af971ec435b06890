//! Throws arbitrary requests of every protocol at a simulated AWS: whatever comes, there is a reply that is not the server's
//! fault, and no panic. The first bytes choose protocol, service and operation, the rest is the body.
//!   cargo +nightly fuzz run requests -- -max_total_time=600
#![no_main]

use bytes::Bytes;
use evenkeel_sim::model::Protocol;
use evenkeel_sim::services::models;
use evenkeel_sim::sim::Outcome;
use evenkeel_sim::world::{Moment, World};
use evenkeel_sim::{Settings, Sim};
use libfuzzer_sys::fuzz_target;

fn request(data: &[u8]) -> Option<http::Request<Bytes>> {
    let (&[style, service, operation], body) = data.split_first_chunk::<3>()?;
    let services = models::all();
    let service = services[usize::from(service) % services.len()];
    let names: Vec<&String> = service.operations.keys().collect();
    let name = names[usize::from(operation) % names.len()];
    let model = &service.operations[name];
    let scope = format!("test/20260131/us-east-1/{}/aws4_request", service.signing_name);
    let builder = http::Request::builder().header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}"));
    let text = String::from_utf8_lossy(body);
    match (style % 4, service.protocol) {
        (0, Protocol::Query | Protocol::Ec2) => {
            let body = format!("Action={name}&Version={}&{text}", service.api_version);
            builder.method("POST").uri("/").body(Bytes::from(body)).ok()
        }
        (0, Protocol::Json) => {
            let target = format!("{}.{name}", service.target_prefix);
            let builder = builder.method("POST").uri("/").header("x-amz-target", target);
            builder.body(Bytes::copy_from_slice(body)).ok()
        }
        (1, Protocol::Json) => {
            let path = format!("/service/{}/operation/{name}", service.target_prefix);
            builder.method("POST").uri(path).body(Bytes::copy_from_slice(body)).ok()
        }
        (2, _) => {
            // An arbitrary path, up to the first line break.
            let (path, body) = text.split_once('\n').unwrap_or((&text, ""));
            let method = ["GET", "POST", "PUT", "DELETE"][usize::from(operation) % 4];
            builder.method(method).uri(path).body(Bytes::from(body.to_owned())).ok()
        }
        _ => {
            let path = model.uri.replace(['{', '}', '+'], "");
            builder.method(model.method.as_str()).uri(path).body(Bytes::copy_from_slice(body)).ok()
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some(request) = request(data) else { return };
    let sim = Sim::new(World::new(1, Moment(1_769_853_600_000)), Settings::default());
    match sim.answer(&request) {
        Outcome::Reply(reply, _) => assert!(reply.status() != 500, "{request:?}"),
        Outcome::Reset | Outcome::Silence => panic!("nothing was to go wrong"),
    }
});
