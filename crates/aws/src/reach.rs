//! Whether a URL answers: one GET, with little patience and without following redirects. Any answer but a server error counts. Knows no
//! stack: whoever asks chooses the URL.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;
use serde::Serialize;

use crate::http;

/// How long a URL has for its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of a question.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It answers.
    Status {
        /// With this status code.
        code: u16,
        /// Where it sends on to, if it does.
        location: Option<String>,
        /// After so many milliseconds.
        millis: u64,
    },
    /// It does not, and why.
    Nothing(String),
}

impl Answer {
    /// Whether something serves there.
    pub fn serves(&self) -> bool {
        matches!(self, Self::Status { code, .. } if *code < 500)
    }
}

/// Asks.
pub async fn get(url: &str) -> Answer {
    let began = Instant::now();
    let asked = Operation::builder()
        .service_name("url")
        .operation_name("get")
        .http_client(http::client())
        .endpoint_url(url)
        .no_auth()
        .no_retry()
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SystemTimeSource::new())
        .timeout_config(TimeoutConfig::builder().connect_timeout(PATIENCE).operation_timeout(PATIENCE).build())
        .serializer(|(): ()| Ok(request()))
        .deserializer::<_, Infallible>(|response| Ok(read(response)))
        .build()
        .invoke(())
        .await;
    match asked {
        Ok((code, location)) => {
            let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            Answer::Status { code, location, millis }
        }
        Err(error) => Answer::Nothing(why(&error)),
    }
}

fn request() -> HttpRequest {
    let mut request = HttpRequest::new(SdkBody::empty());
    request.headers_mut().insert("user-agent", concat!("evenkeel/", env!("CARGO_PKG_VERSION")));
    request
}

/// The status code, and where it sends on to.
fn read(response: &HttpResponse) -> (u16, Option<String>) {
    (response.status().as_u16(), response.headers().get("location").map(str::to_owned))
}

/// Why nothing answered: the innermost cause, which is what a person can act on.
fn why(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let text = causes.last().map(ToString::to_string).unwrap_or_default();
    let known = [
        ("failed to lookup address", "its name is not in DNS"),
        ("name resolution", "its name is not in DNS"),
        ("refused", "the connection is refused"),
        ("timed out", "no answer in time"),
        ("timeout", "no answer in time"),
        ("certificate", "its certificate is not accepted"),
    ];
    let lower = text.to_lowercase();
    match known.into_iter().find(|(part, _)| lower.contains(part)) {
        Some((_, words)) => format!("{words} ({text})"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A server on this machine that gives one answer.
    fn serving(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let read = stream.read(&mut request).unwrap();
            assert!(String::from_utf8_lossy(&request[..read]).starts_with("GET / HTTP/1.1"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        url
    }

    #[tokio::test]
    async fn any_answer_but_a_server_error_counts_and_redirects_are_not_followed() {
        let ok = get(&serving("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")).await;
        assert!(matches!(&ok, Answer::Status { code: 200, location: None, .. }) && ok.serves(), "{ok:?}");
        let moved = "HTTP/1.1 301 Moved Permanently\r\nlocation: https://a.example/\r\ncontent-length: 0\r\n\r\n";
        let moved = get(&serving(moved)).await;
        let to = |location: &str| location == "https://a.example/";
        assert!(matches!(&moved, Answer::Status { location: Some(location), .. } if to(location)), "{moved:?}");
        assert!(moved.serves());
        let broken = get(&serving("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")).await;
        assert!(matches!(broken, Answer::Status { code: 503, .. }) && !broken.serves(), "{broken:?}");
    }

    #[tokio::test]
    async fn nobody_at_a_port_is_told_as_such() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let Answer::Nothing(why) = get(&format!("http://127.0.0.1:{port}")).await else { panic!("nobody listens") };
        assert!(why.contains("the connection is refused"), "{why}");
    }
}
