//! Requests and replies of a JSON service as plain JSON, past the SDK's own types. The reason: the SDK's types drop keys that
//! are newer than the SDK (a task definition must pass unharmed) and cannot tell "false" from "left out of the reply"
//! (which the diff has to know). Signing, endpoints, timeouts and errors stay the SDK's. Knows no operation.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use evenkeel_core::error::{CloudError, ErrorClass};
use serde_json::Value;

/// One request and its reply; give it to an operation with `.customize().interceptor(exchange.clone())`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchange {
    body: Option<Arc<str>>,
    reply: Arc<Mutex<Option<Value>>>,
}

impl Exchange {
    /// Sends `body` in place of what the operation's builder holds.
    pub(crate) fn sending(body: &Value) -> Self {
        Self { body: Some(body.to_string().into()), reply: Arc::default() }
    }

    /// The reply of the last try.
    ///
    /// # Errors
    /// `Unknown`: the reply was no JSON although the SDK took it.
    pub(crate) fn reply(&self, operation: &str) -> Result<Value, CloudError> {
        let reply = self.reply.lock().expect("no panic holds it").take();
        reply.ok_or_else(|| CloudError::local(ErrorClass::Unknown, operation, "the reply is not JSON"))
    }
}

impl Intercept for Exchange {
    fn name(&self) -> &'static str {
        "Exchange"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(body) = &self.body {
            let request = context.request_mut();
            request.headers_mut().insert("content-length", body.len().to_string());
            *request.body_mut() = SdkBody::from(&**body);
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let reply = context.response().body().bytes().and_then(|bytes| serde_json::from_slice(bytes).ok());
        *self.reply.lock().expect("no panic holds it") = reply;
        Ok(())
    }
}

/// Sends one operation with a JSON body and returns the reply as JSON:
/// `exchange!(aws, "ecs:CreateService", ecs.create_service, body)`.
macro_rules! exchange {
    ($aws:expr, $operation:literal, $client:ident.$method:ident, $body:expr) => {{
        let exchange = $crate::call::raw::Exchange::sending($body);
        let client = $aws.$client();
        let sent = $aws.caller.send($operation, || client.$method().customize().interceptor(exchange.clone()).send());
        match sent.await {
            Ok(_) => exchange.reply($operation),
            Err(error) => Err(error),
        }
    }};
}
pub(crate) use exchange;
