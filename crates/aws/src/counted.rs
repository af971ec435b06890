//! An HTTP client that counts the bytes of the replies that come through another one, as they are read. Knows no service.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;

/// The same client, counting into `received`.
pub(crate) fn client(inner: SharedHttpClient, received: Arc<AtomicU64>) -> SharedHttpClient {
    SharedHttpClient::new(Client { inner, received })
}

#[derive(Debug)]
struct Client {
    inner: SharedHttpClient,
    received: Arc<AtomicU64>,
}

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { inner, received: Arc::clone(&self.received) })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    received: Arc<AtomicU64>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (reply, received) = (self.inner.call(request), Arc::clone(&self.received));
        HttpConnectorFuture::new(async move {
            let mut reply = reply.await?;
            let body = std::mem::replace(reply.body_mut(), SdkBody::taken());
            *reply.body_mut() = counting(body, received);
            Ok(reply)
        })
    }
}

fn counting(body: SdkBody, received: Arc<AtomicU64>) -> SdkBody {
    SdkBody::from_body_1_x(body.map_frame(move |frame| {
        let bytes = frame.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(0));
        received.fetch_add(bytes, Ordering::Relaxed);
        frame
    }))
}
