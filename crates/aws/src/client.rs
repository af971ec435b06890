//! The SDK clients of one run and how to reach AWS: region, profile, endpoint. One HTTP client and one TLS stack for all.
//! The SDK's own retries are off; what is retried is decided in `call/`.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use evenkeel_core::error::{CloudError, ErrorClass};
use tokio::sync::OnceCell;

use crate::call::Caller;
use crate::elb::Looks;

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

/// The clients of one run.
#[derive(Clone, Debug)]
pub struct Aws {
    /// EC2.
    pub ec2: aws_sdk_ec2::Client,
    /// ECS.
    pub ecs: aws_sdk_ecs::Client,
    /// Elastic Load Balancing v2.
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    /// IAM.
    pub iam: aws_sdk_iam::Client,
    /// CloudWatch Logs.
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// Route 53.
    pub route53: aws_sdk_route53::Client,
    /// STS.
    pub sts: aws_sdk_sts::Client,
    /// The resource groups tagging API.
    pub tagging: aws_sdk_resourcegroupstagging::Client,
    /// The region in use.
    pub region: String,
    /// Sends requests: pace, retries in place, statistics.
    pub caller: Arc<Caller>,
    /// How long targets of a group drain, seconds, by the group's ARN: only for words, and asked for once.
    pub drains: Arc<Mutex<BTreeMap<String, Option<u64>>>>,
    /// Set once the endpoint has turned out not to know service deployments (some emulators), so that it is asked only once.
    pub no_service_deployments: Arc<AtomicBool>,
    /// Looks at what was just made in Elastic Load Balancing.
    pub looks: Arc<Looks>,
    account: Arc<OnceCell<String>>,
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
            .http_client(http_client())
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
        Self::with_caller(config, Caller::new(config.endpoint_url().is_none()))
    }

    /// Makes clients that send everything through this HTTP client, with made-up credentials: for a simulated AWS, whose time
    /// passes `speed` times as fast. Reads no environment and no files.
    ///
    /// # Errors
    /// None that a region does not prevent.
    pub fn simulated(http: SharedHttpClient, region: &str, speed: f64) -> Result<Self, CloudError> {
        let settings = Settings { region: Some(region.to_owned()), ..Settings::default() };
        let config = made_up(&settings, http, speed);
        Self::with_caller(&config, Caller::new(false).at_speed(speed))
    }

    fn with_caller(config: &SdkConfig, caller: Caller) -> Result<Self, CloudError> {
        let Some(region) = config.region().map(ToString::to_string) else {
            let mut error = CloudError::local(ErrorClass::Credentials, "configuration", "no AWS region is set");
            error.hint = Some(
                "write `region:` in the stack file, or give --region, AWS_REGION or a profile with a region".to_owned(),
            );
            return Err(error);
        };
        Ok(Self {
            ec2: aws_sdk_ec2::Client::new(config),
            ecs: aws_sdk_ecs::Client::new(config),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(config),
            iam: aws_sdk_iam::Client::new(config),
            logs: aws_sdk_cloudwatchlogs::Client::new(config),
            route53: aws_sdk_route53::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
            tagging: aws_sdk_resourcegroupstagging::Client::new(config),
            region,
            caller: Arc::new(caller),
            drains: Arc::default(),
            no_service_deployments: Arc::default(),
            looks: Arc::default(),
            account: Arc::default(),
        })
    }

    /// The account that the credentials belong to; asked for once.
    ///
    /// # Errors
    /// Any error of `sts:GetCallerIdentity`.
    pub async fn account(&self) -> Result<String, CloudError> {
        let ask = || async {
            let identity = self.caller.send("sts:GetCallerIdentity", || self.sts.get_caller_identity().send()).await?;
            Ok(identity.account().unwrap_or_default().to_owned())
        };
        self.account.get_or_try_init(ask).await.cloned()
    }
}

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Where time passes faster, so does patience; but this process needs some real time for its own work.
fn timeouts(speed: f64) -> TimeoutConfig {
    let operation = REQUEST_TIMEOUT.div_f64(speed).max(Duration::from_secs(1));
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(operation).build()
}

/// A configuration with made-up credentials, for servers that do not check them; reads no environment and no files.
pub fn test_config(settings: &Settings) -> SdkConfig {
    made_up(settings, http_client(), 1.0)
}

fn made_up(settings: &Settings, http: SharedHttpClient, speed: f64) -> SdkConfig {
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
