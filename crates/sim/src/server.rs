//! Serves a simulated AWS over HTTP/1.1 on a socket, to any client but the pages in a browser (see `guard`): connections are kept
//! alive and served side by side.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::guard;
use crate::sim::{Outcome, Sim};

/// The largest body that is read. AWS's own limits are far below.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// How long no connection is accepted after one could not be: files may have run out, and come back as others end.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until the future is dropped.
pub async fn serve(sim: Sim, listener: TcpListener) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Replies are small: waiting to fill a packet would only slow them down.
        drop(stream.set_nodelay(true));
        tokio::spawn(connection(sim.clone(), stream));
    }
}

async fn connection(sim: Sim, stream: TcpStream) {
    let service = service_fn(move |request| {
        let sim = sim.clone();
        async move { reply(&sim, request).await }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended");
    }
}

/// The connection is to be cut.
#[derive(Debug, thiserror::Error)]
#[error("the simulated AWS resets the connection")]
struct Cut;

async fn reply(sim: &Sim, request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, Cut> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        let mut too_large = http::Response::new(Full::default());
        *too_large.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(too_large);
    };
    let request = http::Request::from_parts(parts, body.to_bytes());
    if let Err(refused) = guard::check(&request) {
        return Ok(refused.map(Full::new));
    }
    match sim.respond(&request).await {
        Outcome::Reply(reply, delay) => {
            tokio::time::sleep(delay).await;
            Ok(reply.map(Full::new))
        }
        Outcome::Reset => Err(Cut),
        Outcome::Silence => std::future::pending().await,
    }
}
