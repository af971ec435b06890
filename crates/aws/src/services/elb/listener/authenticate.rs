//! How a listener or a rule signs users in before it acts: the canonical form, from the stack file and from AWS, and back to AWS. AWS
//! fills in what a request leaves out; here everything is written out.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    Action as ApiAction, ActionTypeEnum, AuthenticateCognitoActionConditionalBehaviorEnum as Behavior,
    AuthenticateCognitoActionConfig,
};
use serde::{Deserialize, Serialize};

use evenkeel_stack::model;

/// The type of the action that signs users in by Cognito.
pub(super) const COGNITO: &str = "authenticate-cognito";

/// How users are signed in by a user pool of Cognito.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Authenticate {
    /// The user pool's ARN.
    pub user_pool: String,
    /// The client's id.
    pub client_id: String,
    /// The domain of the user pool.
    pub domain: String,
    /// `authenticate`, `allow` or `deny`.
    pub unauthenticated: String,
    /// What is asked of the user pool.
    pub scope: String,
    /// The name of the cookie.
    pub cookie: String,
    /// Seconds that a session lasts.
    pub session_timeout_secs: i64,
    /// Further parameters of the request to the user pool.
    pub extra_params: BTreeMap<String, String>,
}

impl From<&model::Authenticate> for Authenticate {
    fn from(wanted: &model::Authenticate) -> Self {
        Self {
            user_pool: wanted.user_pool.clone(),
            client_id: wanted.client_id.clone(),
            domain: wanted.domain.clone(),
            unauthenticated: wanted.unauthenticated.clone(),
            scope: wanted.scope.clone(),
            cookie: wanted.cookie.clone(),
            session_timeout_secs: i64::from(wanted.session_timeout_secs),
            extra_params: wanted.extra_params.clone(),
        }
    }
}

impl Authenticate {
    /// What AWS describes, if the first of the actions signs users in.
    pub fn live(actions: &[ApiAction]) -> Option<Self> {
        let config = actions
            .first()
            .filter(|first| first.r#type() == Some(&ActionTypeEnum::AuthenticateCognito))?
            .authenticate_cognito_config()?;
        let or = |value: Option<&str>, usual: &str| value.unwrap_or(usual).to_owned();
        let extra = config.authentication_request_extra_params();
        Some(Self {
            user_pool: config.user_pool_arn().unwrap_or_default().to_owned(),
            client_id: config.user_pool_client_id().unwrap_or_default().to_owned(),
            domain: config.user_pool_domain().unwrap_or_default().to_owned(),
            unauthenticated: or(config.on_unauthenticated_request().map(Behavior::as_str), "authenticate"),
            scope: or(config.scope(), "openid"),
            cookie: or(config.session_cookie_name(), "AWSELBAuthSessionCookie"),
            session_timeout_secs: config.session_timeout().unwrap_or(604_800),
            extra_params: extra.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect(),
        })
    }

    /// As AWS takes it, before another action.
    pub(super) fn to_api(&self) -> ApiAction {
        let extra = (!self.extra_params.is_empty()).then(|| self.extra_params.clone().into_iter().collect());
        let config = AuthenticateCognitoActionConfig::builder()
            .user_pool_arn(&self.user_pool)
            .user_pool_client_id(&self.client_id)
            .user_pool_domain(&self.domain)
            .on_unauthenticated_request(Behavior::from(self.unauthenticated.as_str()))
            .scope(&self.scope)
            .session_cookie_name(&self.cookie)
            .session_timeout(self.session_timeout_secs)
            .set_authentication_request_extra_params(extra);
        let action = ApiAction::builder().r#type(ActionTypeEnum::AuthenticateCognito).order(1);
        action.authenticate_cognito_config(config.build()).build()
    }
}
