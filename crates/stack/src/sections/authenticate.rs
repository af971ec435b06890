//! Signing users in before a listener or a rule of an application load balancer acts: by a user pool of Cognito. Only HTTPS listeners do
//! that. Knows no action.

use std::collections::BTreeMap;

use super::super::arn;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::Authenticate;
use super::super::table::{EMPTY, Key, Table, Type, key, later};
use super::Ctx;

/// The keys among those of a listener or rule.
pub(crate) static AUTHENTICATE: [Key; 2] = [
    key(
        "authenticate_cognito",
        Type::Map(&COGNITO),
        "Signs users in by a user pool of Cognito, one that exists, before the action; with HTTPS.",
    )
    .aws("AuthenticateCognitoConfig"),
    later("authenticate_oidc", "AuthenticateOidcConfig", "Authentication by OpenID Connect."),
];

/// `authenticate_cognito:`.
static COGNITO: Table = Table {
    path: "load_balancers.listeners.authenticate_cognito",
    what: "the authentication of a listener or rule",
    groups: &[&[
        key("user_pool", Type::Text, "The user pool.")
            .needed("Name the user pool: user_pool: arn:aws:cognito-idp:REGION:123456789012:userpool/ID.")
            .shape("ARN")
            .aws("UserPoolArn")
            .example("arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEfGhI"),
        key("client_id", Type::Text, "The id of its client, one with a client secret.")
            .needed("Name the client of the user pool: client_id: 3n4b5urk1ft4fl3mg5e62d9ado.")
            .aws("UserPoolClientId")
            .example("3n4b5urk1ft4fl3mg5e62d9ado"),
        key("domain", Type::Text, "The domain of the user pool, or its prefix.")
            .needed("Name the domain of the user pool: domain: auth.example.com.")
            .aws("UserPoolDomain")
            .example("auth.example.com"),
        key(
            "unauthenticated",
            Type::Word(&["authenticate", "allow", "deny"]),
            "What becomes of requests of users who are not signed in.",
        )
        .value("authenticate")
        .aws("OnUnauthenticatedRequest"),
        key("scope", Type::Text, "What is asked of the user pool, separated by spaces.").value("openid").aws("Scope"),
        key("cookie", Type::Text, "The name of the cookie that keeps a session.")
            .value("AWSELBAuthSessionCookie")
            .aws("SessionCookieName"),
        key("session_timeout", Type::Seconds(1, 604_800), "How long a session lasts.")
            .value("7d")
            .aws("SessionTimeout"),
        key("extra_params", Type::MapOf(&Type::Blank), "Up to ten more parameters of the request to the user pool.")
            .aws("AuthenticationRequestExtraParams")
            .example("{ prompt: login }"),
    ]],
    ..EMPTY
};

/// Reads how users are signed in, if they are; `protocol` is that of the listener.
pub(crate) fn read(ctx: &Ctx<'_>, fields: &Fields<'_>, protocol: &str) -> Option<Authenticate> {
    let entry = fields.entry("authenticate_cognito").filter(|entry| !entry.value.is_null())?;
    let what = format!("`authenticate_cognito` of {}", fields.what());
    if protocol != "HTTPS" {
        let summary = format!("{} is {protocol} and has `authenticate_cognito`", fields.what());
        let help = "Only HTTPS listeners sign users in. Remove the key, or give the listener a certificate.";
        ctx.problems.error("not-for-type", &entry.place, summary, help);
    }
    let inner = Fields::open(&entry.value, what.clone(), &COGNITO, ctx.problems)?;
    let user_pool = inner.text("user_pool");
    if let (Some(arn), Some(tree)) = (&user_pool, inner.take("user_pool")) {
        arn::check(ctx, &tree.place, arn, &arn::USER_POOL);
    }
    let extra = inner.take("extra_params").map(|tree| Want::new(&what, ctx.problems).string_map(tree));
    let extra_params: BTreeMap<String, String> =
        extra.into_iter().flatten().map(|(name, value, _)| (name, value)).collect();
    if let Some(tree) = inner.take("extra_params").filter(|_| extra_params.len() > 10) {
        let summary = format!("{what} has {} parameters", extra_params.len());
        ctx.problems.error("too-many", &tree.place, summary, "AWS accepts ten.");
    }
    let (client_id, domain) = (inner.text("client_id"), inner.text("domain"));
    let (scope, cookie) = (inner.text("scope"), inner.text("cookie"));
    let (unauthenticated, session_timeout_secs) = (inner.word("unauthenticated"), inner.seconds("session_timeout"));
    inner.finish();
    Some(Authenticate {
        user_pool: user_pool?,
        client_id: client_id?,
        domain: domain?,
        unauthenticated: unauthenticated?.to_owned(),
        scope: scope?,
        cookie: cookie?,
        session_timeout_secs: session_timeout_secs?,
        extra_params,
    })
}
