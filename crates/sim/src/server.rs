//! Serves a simulated AWS over HTTP/1.1 on a socket, to any client: connections are kept alive and served side by side.

use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::sim::{Outcome, Sim};

/// The largest body that is read. AWS's own limits are far below.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Serves until the future is dropped.
///
/// # Errors
/// If connections can no longer be accepted.
pub async fn serve(sim: Sim, listener: TcpListener) -> io::Result<()> {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // One that was gone before it was accepted says nothing of the others.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => return Err(error),
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
    match sim.answer(&http::Request::from_parts(parts, body.to_bytes())) {
        Outcome::Reply(reply, delay) => {
            tokio::time::sleep(delay).await;
            Ok(reply.map(Full::new))
        }
        Outcome::Reset => Err(Cut),
        Outcome::Silence => std::future::pending().await,
    }
}
