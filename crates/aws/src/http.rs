//! The HTTP client of a run: one for plain HTTP and one for HTTPS, which is made at the first request that needs it. To read the
//! system's certificates takes longer than a whole plan against a server on this machine. Knows no service.

use std::sync::{Arc, OnceLock};

use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// A client for both.
pub(crate) fn client() -> SharedHttpClient {
    SharedHttpClient::new(Client { plain: without_certificates(), secure: Arc::default() })
}

/// A client that could trust nobody, for what is not encrypted.
fn without_certificates() -> SharedHttpClient {
    let nobody = TlsContext::builder().with_trust_store(TrustStore::empty()).build().unwrap_or_default();
    aws_smithy_http_client::Builder::new().tls_provider(RUSTLS).tls_context(nobody).build_https()
}

/// A client that trusts whom the system trusts.
fn with_certificates() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(RUSTLS).build_https()
}

const RUSTLS: Provider = Provider::Rustls(CryptoMode::Ring);

#[derive(Clone, Debug)]
struct Client {
    plain: SharedHttpClient,
    secure: Arc<OnceLock<SharedHttpClient>>,
}

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            client: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.plain.connector_metadata()
    }
}

/// The two clients with what a service wants of a connection; both keep their connections themselves.
#[derive(Debug)]
struct Connector {
    client: Client,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = if is_secure(request.uri()) {
            self.client.secure.get_or_init(with_certificates)
        } else {
            &self.client.plain
        };
        client.http_connector(&self.settings, &self.components).call(request)
    }
}

/// Whatever does not say that it is plain is not.
fn is_secure(uri: &str) -> bool {
    !uri.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::{Settings, made_up};

    #[test]
    fn only_what_says_so_is_plain() {
        for plain in ["http://127.0.0.1:1", "HTTP://localhost/x"] {
            assert!(!is_secure(plain), "{plain}");
        }
        for secure in ["https://sts.amazonaws.com", "http:/", "", "ä://x", "sts.amazonaws.com"] {
            assert!(is_secure(secure), "{secure}");
        }
    }

    #[tokio::test]
    async fn certificates_are_read_for_https_alone() {
        let both = Client { plain: without_certificates(), secure: Arc::default() };
        // Nobody listens there.
        let ask = async |endpoint: &str| {
            let (region, endpoint_url) = (Some("us-east-1".to_owned()), Some(endpoint.to_owned()));
            let settings = Settings { region, endpoint_url, ..Settings::default() };
            let config = made_up(&settings, SharedHttpClient::new(both.clone()), 1.0);
            aws_sdk_sts::Client::new(&config).get_caller_identity().send().await
        };
        assert!(ask("http://127.0.0.1:1").await.is_err());
        assert!(both.secure.get().is_none(), "a plain request needs no certificates");
        assert!(ask("https://127.0.0.1:1").await.is_err());
        assert!(both.secure.get().is_some());
    }
}
