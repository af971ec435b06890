//! How AWS is reached: region, profile, endpoint, one HTTP client and one TLS stack for all services. The SDK's own retries are
//! off; what is retried is decided in `call/`. Knows the list of services, for the way in which each is to be spoken to.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use evenkeel_core::error::{CloudError, ErrorClass};

use crate::call::Caller;
use crate::client::Aws;
use crate::services::route53::delegation::Delegations;
use crate::{http, services};

/// How to reach AWS.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The region; otherwise the environment's or the profile's.
    pub region: Option<String>,
    /// The profile of the shared configuration.
    pub profile: Option<String>,
    /// Another endpoint for every service.
    pub endpoint_url: Option<String>,
}

/// Longest time for one request and its reply. Route 53 and IAM sometimes take ten seconds under load.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

impl Aws {
    /// Finds region and credentials and makes the clients; sends nothing yet.
    ///
    /// # Errors
    /// `Credentials` if no region is set anywhere.
    pub async fn connect(settings: &Settings) -> Result<Self, CloudError> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http::client())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts(1.0));
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &settings.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &settings.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let config = loader.load().await;
        Self::from_config(&config)
    }

    /// Makes the clients from a finished configuration.
    ///
    /// # Errors
    /// `Credentials` if it has no region.
    pub fn from_config(config: &SdkConfig) -> Result<Self, CloudError> {
        // Published request rates are AWS's; another endpoint has its own.
        Self::with_caller(config, Caller::new(config.endpoint_url().is_none(), services::manners()))
    }

    /// Makes clients that send everything through this HTTP client, with made-up credentials: for a simulated AWS, whose time
    /// passes `speed` times as fast. Reads no environment and no files.
    ///
    /// # Errors
    /// None that a region does not prevent.
    pub fn simulated(http: SharedHttpClient, region: &str, speed: f64) -> Result<Self, CloudError> {
        let settings = Settings { region: Some(region.to_owned()), ..Settings::default() };
        let config = made_up(&settings, http, speed);
        // It keeps AWS's rates, in its own time.
        let aws = Self::with_caller(&config, Caller::new(true, services::manners()).at_speed(speed))?;
        // Names of a simulated world are unknown to the real one.
        Ok(aws.using(Delegations::none()))
    }

    fn with_caller(config: &SdkConfig, caller: Caller) -> Result<Self, CloudError> {
        let Some(region) = config.region().map(ToString::to_string) else {
            let mut error = CloudError::local(ErrorClass::Credentials, "configuration", "no AWS region is set");
            error.hint = Some(
                "write `region:` in the stack file, or give --region, AWS_REGION or a profile with a region".to_owned(),
            );
            return Err(error);
        };
        Ok(Self::of(config.clone(), region, caller))
    }
}

/// Where time passes faster, so does patience; but this process needs some real time for its own work.
fn timeouts(speed: f64) -> TimeoutConfig {
    let operation = REQUEST_TIMEOUT.div_f64(speed).max(Duration::from_secs(1));
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(operation).build()
}

/// A configuration with made-up credentials, for servers that do not check them; reads no environment and no files.
pub fn test_config(settings: &Settings) -> SdkConfig {
    made_up(settings, http::client(), 1.0)
}

/// The same with another HTTP client, for a time that passes `speed` times as fast.
pub(crate) fn made_up(settings: &Settings, http: SharedHttpClient, speed: f64) -> SdkConfig {
    let credentials = aws_credential_types::Credentials::new("test", "test", None, None, "test");
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts(speed))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .time_source(aws_smithy_async::time::SystemTimeSource::new());
    builder.set_region(settings.region.clone().map(Region::new));
    builder.set_endpoint_url(settings.endpoint_url.clone());
    builder.build()
}
