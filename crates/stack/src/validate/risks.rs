//! Choices that AWS accepts and that hurt: ports of databases and of administration that are open to everyone, secrets in plain text.
//! They are warnings. Decides what is worth one; never shows a value.

use evenkeel_core::diagnostic::Place;

use super::super::model::{Peer, Rule};
use super::super::sections::Ctx;
use super::super::tree::shorten;

/// Ports that nobody should reach from everywhere, and what listens there.
const PRIVATE: &[(i32, &str)] = &[
    (22, "SSH"),
    (1433, "SQL Server"),
    (1521, "Oracle"),
    (2049, "NFS"),
    (3306, "MySQL"),
    (3389, "Remote Desktop"),
    (5432, "PostgreSQL"),
    (5439, "Redshift"),
    (6379, "Redis"),
    (9200, "OpenSearch"),
    (11211, "Memcached"),
    (27017, "MongoDB"),
];

/// Last words of the names of variables that hold a secret.
const SECRET: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "SECRET_KEY",
    "CREDENTIALS",
];

/// A rule of `ingress` that opens such a port to every address.
pub(crate) fn open_port(ctx: &Ctx<'_>, place: &Place, group: &str, rule: &Rule) {
    let everyone = match &rule.peer {
        Peer::Cidr4(range) => range == "0.0.0.0/0",
        Peer::Cidr6(range) => range == "::/0",
        Peer::PrefixList(_) | Peer::Group(_) => false,
    };
    // A rule for every port is one that says so; most often it belongs to something that is meant to be reached.
    let some = rule.protocol == "tcp" && (rule.from_port, rule.to_port) != (0, 65_535);
    let found = PRIVATE.iter().find(|(port, _)| (rule.from_port..=rule.to_port).contains(port));
    let Some((port, what)) = found.filter(|_| everyone && some) else { return };
    let summary = format!("security group `{group}` opens port {port} ({what}) to the whole internet");
    let help =
        "Name who needs it: a security group of the file (from: app), or your own address (from: 203.0.113.7/32).";
    ctx.problems.warn("open-port", place, summary, help);
}

/// A variable of a container whose value is a secret that the task definition would show to everyone who may read it.
pub(crate) fn plain_secret(ctx: &Ctx<'_>, place: &Place, container: &str, name: &str, value: &str) {
    let upper = name.to_ascii_uppercase();
    let named = SECRET.iter().any(|word| upper == *word || upper.ends_with(&format!("_{word}")));
    // A reference, and what turns something off, is no secret.
    let real = value.len() > 3
        && !matches!(value, "true" | "false" | "none")
        && !value.starts_with("arn:")
        && !value.starts_with('/')
        && !value.contains("://");
    if !(named && real || with_password(value) || access_key(value)) {
        return;
    }
    let summary = format!("container `{container}` has a secret in plain text: `{}`", shorten(name));
    let help = format!(
        "Everyone who may read task definitions sees it. Store it as a parameter or a secret, and write \
         secrets: {{ {name}: ssm:/path }}."
    );
    ctx.problems.warn("plain-secret", place, summary, help);
}

/// A URL with a password: `postgresql://user:password@host/db`.
fn with_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
}

/// An access key of AWS: 20 characters that begin with AKIA or ASIA.
fn access_key(value: &str) -> bool {
    let shape = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    value.len() == 20 && (value.starts_with("AKIA") || value.starts_with("ASIA")) && value.chars().all(shape)
}
