//! The HTTP client that puts a simulated AWS in the place of the network: given to the SDK, no request leaves the process.

use std::io;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;

use crate::sim::{Outcome, Sim};

/// An HTTP client that asks a simulated AWS.
#[derive(Clone)]
pub struct SimClient {
    sim: Sim,
}

/// The SDK writes its configuration to its log, and this is part of it: nothing of the world may be in there.
impl std::fmt::Debug for SimClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SimClient")
    }
}

impl SimClient {
    /// A client of that AWS.
    pub fn new(sim: Sim) -> Self {
        Self { sim }
    }

    /// As the SDK takes it.
    pub fn shared(sim: Sim) -> SharedHttpClient {
        SharedHttpClient::new(Self::new(sim))
    }
}

impl HttpClient for SimClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SimClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sim = self.sim.clone();
        HttpConnectorFuture::new(async move {
            let request = plain(request).await?;
            match sim.respond(&request).await {
                Outcome::Reply(reply, delay) => {
                    if !delay.is_zero() {
                        tokio::time::sleep(delay).await;
                    }
                    HttpResponse::try_from(reply.map(SdkBody::from))
                        .map_err(|error| ConnectorError::other(error.into(), None))
                }
                Outcome::Reset => {
                    let reset = io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by the simulated AWS");
                    Err(ConnectorError::io(reset.into()))
                }
                Outcome::Silence => std::future::pending().await,
            }
        })
    }
}

async fn plain(request: HttpRequest) -> Result<http::Request<Bytes>, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    // The SDK closes a connection on which something went wrong, and complains if it hears of none. Here there is none to close.
    if let Some(capture) = parts.extensions.get::<CaptureSmithyConnection>() {
        capture
            .set_connection_retriever(|| Some(ConnectionMetadata::builder().proxied(false).poison_fn(|| {}).build()));
    }
    let bytes = match body.bytes() {
        Some(bytes) => Bytes::copy_from_slice(bytes),
        None => body.collect().await.map_err(ConnectorError::user)?.to_bytes(),
    };
    Ok(http::Request::from_parts(parts, bytes))
}
