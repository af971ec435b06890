//! What a listener or a rule does: the canonical form, from the stack file and from AWS, and back to AWS. AWS echoes a
//! forward to one group in two ways at once, and fills in what a redirect leaves out; both come out the same here.

use aws_sdk_elasticloadbalancingv2::types::{
    Action as ApiAction, ActionTypeEnum, FixedResponseActionConfig, ForwardActionConfig, RedirectActionConfig,
    RedirectActionStatusCodeEnum, TargetGroupStickinessConfig, TargetGroupTuple,
};
use evenkeel_core::doc::Text;
use evenkeel_core::error::CloudError;
use serde::{Deserialize, Serialize};

use super::authenticate::{Authenticate, COGNITO};
use crate::kinds::target_group;
use evenkeel_stack::model;

/// An action in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    /// To target groups.
    Forward {
        /// The groups; a single one has weight 1.
        targets: Vec<Target>,
        /// Seconds for which a client stays with its group; 0 turns that off.
        stickiness_secs: u32,
    },
    /// To another URL.
    Redirect {
        /// `HTTP`, `HTTPS` or `#{protocol}`.
        protocol: String,
        /// A number or `#{port}`.
        port: String,
        /// The host.
        host: String,
        /// The path with its slash.
        path: String,
        /// The query without `?`.
        query: String,
        /// `HTTP_301` or `HTTP_302`.
        status: String,
    },
    /// An answer by the load balancer itself.
    FixedResponse {
        /// `200`, `404`, …
        status: String,
        /// `text/plain`, …; `None` leaves it to AWS.
        content_type: Option<String>,
        /// The body, may be empty.
        body: String,
    },
    /// Something that a stack file cannot say, made by hand; never wanted.
    Other {
        /// The types of the actions in their order.
        actions: Vec<String>,
    },
}

/// A target group and its share.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Target {
    /// The group's ARN.
    pub target_group: Text,
    /// 0 to 999.
    pub weight: u32,
}

impl Action {
    /// What a stack file wants.
    pub fn desired(action: &model::Action) -> Self {
        match action {
            model::Action::Forward { targets, stickiness_secs } => Self::Forward {
                targets: targets
                    .iter()
                    .map(|(group, weight)| Target {
                        target_group: Text::output(target_group::id(group), "arn"),
                        weight: if targets.len() == 1 { 1 } else { *weight },
                    })
                    .collect(),
                stickiness_secs: stickiness_secs.unwrap_or(0),
            },
            model::Action::Redirect { protocol, port, host, path, query, status } => Self::Redirect {
                protocol: protocol.clone(),
                port: port.clone(),
                host: host.clone(),
                path: path.clone(),
                query: query.clone(),
                status: status.clone(),
            },
            model::Action::FixedResponse { status, content_type, body } => Self::FixedResponse {
                status: status.clone(),
                content_type: content_type.clone(),
                body: body.clone().unwrap_or_default(),
            },
        }
    }

    /// The same, forwarding to these groups too, without a share for those that it does not name.
    #[must_use]
    pub fn between(mut self, groups: &[Text]) -> Self {
        if let Self::Forward { targets, .. } = &mut self {
            for group in groups {
                if !targets.iter().any(|target| target.target_group == *group) {
                    targets.push(Target { target_group: group.clone(), weight: 0 });
                }
            }
        }
        self
    }

    /// What AWS describes, but for users that are signed in before.
    pub fn live(actions: &[ApiAction]) -> Self {
        let other = || Self::Other { actions: actions.iter().map(|action| type_of(action).to_owned()).collect() };
        let first = actions.first().filter(|_| actions.len() == 2).map(type_of);
        let [action] = actions.get(usize::from(first == Some(COGNITO))..).unwrap_or_default() else { return other() };
        match action.r#type() {
            Some(ActionTypeEnum::Forward) => forward(action),
            Some(ActionTypeEnum::Redirect) => action.redirect_config().map_or_else(other, redirect),
            Some(ActionTypeEnum::FixedResponse) => action.fixed_response_config().map_or_else(other, fixed_response),
            _ => other(),
        }
    }

    /// The ARNs of the target groups, as far as they are known.
    pub fn target_groups(&self) -> Vec<String> {
        match self {
            Self::Forward { targets, .. } => {
                targets.iter().filter_map(|target| target.target_group.known()).map(str::to_owned).collect()
            }
            Self::Redirect { .. } | Self::FixedResponse { .. } | Self::Other { .. } => Vec::new(),
        }
    }

    /// Whether the two forward to the same groups and differ at most in the weights.
    pub fn same_but_weights(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Forward { stickiness_secs: a, .. }, Self::Forward { stickiness_secs: b, .. }) => {
                let sorted = |action: &Self| {
                    let mut groups = action.target_groups();
                    groups.sort();
                    groups
                };
                a == b && sorted(self) == sorted(other)
            }
            _ => self == other,
        }
    }

    /// Whether the two mean the same: in which order target groups stand does not matter.
    pub fn means(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Forward { targets: a, .. }, Self::Forward { targets: b, .. }) => {
                self.same_but_weights(other) && a.iter().all(|target| b.contains(target))
            }
            (
                Self::FixedResponse { status: a, content_type: None, body: b },
                Self::FixedResponse { status: c, content_type: _, body: d },
            ) => a == c && b == d,
            _ => self == other,
        }
    }

    /// As AWS takes it.
    ///
    /// # Errors
    /// `Bug`: it is an action that nobody can want.
    pub fn to_api(&self) -> Result<ApiAction, CloudError> {
        let refused = |error: String| CloudError::bug("action", error);
        let action = match self {
            Self::Forward { targets, stickiness_secs } => forward_to_api(targets, *stickiness_secs),
            Self::Redirect { protocol, port, host, path, query, status } => {
                let config = RedirectActionConfig::builder()
                    .protocol(protocol)
                    .port(port)
                    .host(host)
                    .path(path)
                    .query(query)
                    .status_code(RedirectActionStatusCodeEnum::from(status.as_str()))
                    .build();
                ApiAction::builder().r#type(ActionTypeEnum::Redirect).redirect_config(config).build()
            }
            Self::FixedResponse { status, content_type, body } => {
                let config = FixedResponseActionConfig::builder()
                    .status_code(status)
                    .set_content_type(content_type.clone())
                    .set_message_body((!body.is_empty()).then(|| body.clone()))
                    .build();
                ApiAction::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(config).build()
            }
            Self::Other { actions } => return Err(refused(format!("cannot write actions {actions:?}"))),
        };
        Ok(action)
    }
}

/// An action, and how users are signed in before it, as AWS takes them.
///
/// # Errors
/// As of [`Action::to_api`].
pub fn to_api(authenticate: Option<&Authenticate>, action: &Action) -> Result<Vec<ApiAction>, CloudError> {
    let mut action = action.to_api()?;
    let Some(first) = authenticate else { return Ok(vec![action]) };
    action.order = Some(2);
    Ok(vec![first.to_api(), action])
}

fn type_of(action: &ApiAction) -> &str {
    action.r#type().map_or("", ActionTypeEnum::as_str)
}

fn forward(action: &ApiAction) -> Action {
    let config = action.forward_config();
    let mut targets: Vec<Target> = config
        .map(ForwardActionConfig::target_groups)
        .unwrap_or_default()
        .iter()
        .map(|tuple| Target {
            target_group: tuple.target_group_arn().unwrap_or_default().into(),
            weight: tuple.weight().and_then(|weight| u32::try_from(weight).ok()).unwrap_or(1),
        })
        .collect();
    if targets.is_empty() {
        targets.extend(action.target_group_arn().map(|arn| Target { target_group: arn.into(), weight: 1 }));
    }
    if let [only] = targets.as_mut_slice() {
        only.weight = 1;
    }
    let sticky = config.and_then(ForwardActionConfig::target_group_stickiness_config);
    let stickiness_secs = sticky
        .filter(|sticky| sticky.enabled() == Some(true))
        .and_then(TargetGroupStickinessConfig::duration_seconds)
        .and_then(|secs| u32::try_from(secs).ok())
        .unwrap_or(0);
    Action::Forward { targets, stickiness_secs }
}

fn forward_to_api(targets: &[Target], stickiness_secs: u32) -> ApiAction {
    let builder = ApiAction::builder().r#type(ActionTypeEnum::Forward);
    if let ([only], 0) = (targets, stickiness_secs) {
        return builder.target_group_arn(only.target_group.known().unwrap_or_default()).build();
    }
    let signed = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let mut config = ForwardActionConfig::builder();
    for target in targets {
        let group = target.target_group.known().unwrap_or_default();
        let tuple = TargetGroupTuple::builder().target_group_arn(group).weight(signed(target.weight)).build();
        config = config.target_groups(tuple);
    }
    // It is off where nothing is said; a network load balancer has none.
    if stickiness_secs > 0 {
        let sticky = TargetGroupStickinessConfig::builder().enabled(true).duration_seconds(signed(stickiness_secs));
        config = config.target_group_stickiness_config(sticky.build());
    }
    builder.forward_config(config.build()).build()
}

fn redirect(config: &RedirectActionConfig) -> Action {
    let or = |value: Option<&str>, default: &str| value.unwrap_or(default).to_owned();
    Action::Redirect {
        protocol: or(config.protocol(), "#{protocol}"),
        port: or(config.port(), "#{port}"),
        host: or(config.host(), "#{host}"),
        path: or(config.path(), "/#{path}"),
        query: or(config.query(), "#{query}"),
        status: or(config.status_code().map(RedirectActionStatusCodeEnum::as_str), ""),
    }
}

fn fixed_response(config: &FixedResponseActionConfig) -> Action {
    Action::FixedResponse {
        status: config.status_code().unwrap_or_default().to_owned(),
        content_type: config.content_type().map(str::to_owned),
        body: config.message_body().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, weight: u32) -> Target {
        Target { target_group: name.into(), weight }
    }

    #[test]
    fn a_forward_to_one_group_reads_the_same_however_it_is_told() {
        let want = Action::Forward { targets: vec![group("arn:a", 1)], stickiness_secs: 0 };
        let plain = want.to_api().unwrap();
        assert_eq!(plain.target_group_arn(), Some("arn:a"));
        assert_eq!(Action::live(&[plain]), want);
        let off = TargetGroupStickinessConfig::builder().enabled(false).build();
        let tuple = TargetGroupTuple::builder().target_group_arn("arn:a").weight(100).build();
        let both = ApiAction::builder()
            .r#type(ActionTypeEnum::Forward)
            .order(1)
            .target_group_arn("arn:a")
            .forward_config(
                ForwardActionConfig::builder().target_groups(tuple).target_group_stickiness_config(off).build(),
            )
            .build();
        assert_eq!(Action::live(&[both]), want);
    }

    #[test]
    fn every_action_survives_being_written_and_read() {
        let redirect = Action::Redirect {
            protocol: "HTTPS".to_owned(),
            port: "443".to_owned(),
            host: "#{host}".to_owned(),
            path: "/#{path}".to_owned(),
            query: "#{query}".to_owned(),
            status: "HTTP_301".to_owned(),
        };
        let fixed = Action::FixedResponse {
            status: "404".to_owned(),
            content_type: Some("text/plain".to_owned()),
            body: "nothing here".to_owned(),
        };
        let weighted = Action::Forward { targets: vec![group("arn:a", 90), group("arn:b", 10)], stickiness_secs: 60 };
        for action in [redirect, fixed, weighted] {
            assert_eq!(Action::live(&[action.to_api().unwrap()]), action);
            let value = serde_json::to_value(&action).unwrap();
            assert_eq!(serde_json::from_value::<Action>(value).unwrap(), action);
        }
    }

    #[test]
    fn what_a_redirect_leaves_out_is_filled_in() {
        let config = RedirectActionConfig::builder().status_code(RedirectActionStatusCodeEnum::Http302).build();
        let Action::Redirect { host, path, .. } = redirect(&config) else { panic!("a redirect") };
        assert_eq!((host.as_str(), path.as_str()), ("#{host}", "/#{path}"));
    }

    #[test]
    fn unknown_actions_are_seen_but_never_written() {
        let login = ApiAction::builder().r#type(ActionTypeEnum::AuthenticateOidc).build();
        let live = Action::live(&[login, ApiAction::builder().r#type(ActionTypeEnum::Forward).build()]);
        assert_eq!(live, Action::Other { actions: vec!["authenticate-oidc".to_owned(), "forward".to_owned()] });
        assert!(live.to_api().is_err());
    }

    #[test]
    fn who_is_signed_in_survives_being_written_and_read() {
        let authenticate = Authenticate {
            user_pool: "arn:pool".to_owned(),
            client_id: "client".to_owned(),
            domain: "auth.example.com".to_owned(),
            unauthenticated: "deny".to_owned(),
            scope: "openid email".to_owned(),
            cookie: "session".to_owned(),
            session_timeout_secs: 60,
            extra_params: [("prompt".to_owned(), "login".to_owned())].into(),
        };
        let fixed = Action::FixedResponse { status: "404".to_owned(), content_type: None, body: String::new() };
        let both = to_api(Some(&authenticate), &fixed).unwrap();
        assert_eq!((Authenticate::live(&both), Action::live(&both)), (Some(authenticate), fixed.clone()));
        let one = to_api(None, &fixed).unwrap();
        assert_eq!((Authenticate::live(&one), Action::live(&one)), (None, fixed));
    }

    #[test]
    fn the_order_of_groups_means_nothing() {
        let a = Action::Forward { targets: vec![group("a", 1), group("b", 2)], stickiness_secs: 0 };
        let b = Action::Forward { targets: vec![group("b", 2), group("a", 1)], stickiness_secs: 0 };
        let c = Action::Forward { targets: vec![group("b", 1), group("a", 2)], stickiness_secs: 0 };
        assert!(a.means(&b) && !a.means(&c) && a.same_but_weights(&c));
    }
}
