//! What a run speaks to AWS with: the configuration, the client of each service, made when it is first asked for, and what a
//! service remembers for the length of a run. Knows no service; each adds its client in its own folder.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use evenkeel_core::error::CloudError;
use tokio::sync::OnceCell;

use crate::call::Caller;
use crate::counted;
use crate::sharing::Answers;

/// The clients of one run.
#[derive(Clone, Debug)]
pub struct Aws {
    /// The region in use.
    pub region: String,
    /// Sends requests: pace, retries in place, statistics.
    pub caller: Arc<Caller>,
    config: SdkConfig,
    kept: Arc<Kept>,
    /// The answers that readings side by side share, while there are several.
    pub(crate) shared: Option<Arc<Answers>>,
    /// The answers of this reading, which several of its readers may ask for.
    pub(crate) own: Option<Arc<Answers>>,
    account: Arc<OnceCell<String>>,
}

/// One value of each type.
#[derive(Debug, Default)]
struct Kept(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Aws {
    /// With this configuration; sends nothing.
    pub(crate) fn of(config: SdkConfig, region: String, caller: Caller) -> Self {
        let http = config.http_client().map(|inner| counted::client(inner, caller.received()));
        let mut config = config.into_builder();
        config.set_http_client(http);
        let config = config.build();
        Self {
            region,
            caller: Arc::new(caller),
            config,
            kept: Arc::default(),
            shared: None,
            own: None,
            account: Arc::default(),
        }
    }

    /// The client of a service: `aws.client(aws_sdk_ecs::Client::new)`.
    pub fn client<C: Any + Clone + Send + Sync>(&self, new: fn(&SdkConfig) -> C) -> C {
        C::clone(&self.keep(|| new(&self.config)))
    }

    /// The same run with this client in place of the one that it would make.
    #[must_use]
    pub fn using<C: Any + Clone + Send + Sync>(self, client: C) -> Self {
        let mut kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        kept.insert(TypeId::of::<C>(), Arc::new(client));
        Self { kept: Arc::new(Kept(Mutex::new(kept))), ..self }
    }

    /// What a service remembers for the length of this run.
    pub(crate) fn memory<M: Any + Default + Send + Sync>(&self) -> Arc<M> {
        self.keep(M::default)
    }

    fn keep<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(make()));
        Arc::clone(found).downcast().unwrap_or_else(|_| unreachable!("it is kept by its type"))
    }

    /// The partition of the region, as ARNs begin with it.
    pub fn partition(&self) -> &'static str {
        evenkeel_stack::partition(&self.region)
    }

    /// The client of AWS STS.
    pub fn sts(&self) -> aws_sdk_sts::Client {
        self.client(aws_sdk_sts::Client::new)
    }

    /// The account that the credentials belong to; asked for once.
    ///
    /// # Errors
    /// Any error of `sts:GetCallerIdentity`.
    pub async fn account(&self) -> Result<String, CloudError> {
        let ask = || async {
            let identity =
                self.caller.send("sts:GetCallerIdentity", || self.sts().get_caller_identity().send()).await?;
            Ok(identity.account().unwrap_or_default().to_owned())
        };
        self.account.get_or_try_init(ask).await.cloned()
    }
}
