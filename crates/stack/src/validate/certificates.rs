//! Whether the certificates of a listener cover the hosts that it serves: those of its rules, and the records that point to its load
//! balancer. Only certificates whose names the file gives count; where one is looked up, nothing is said.

use std::collections::BTreeSet;

use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::doc::Text;

use super::super::model::{Certificate, Listener, RecordData, Stack};
use super::super::pattern::fits;
use super::super::sections::Ctx;
use super::super::suggest;

/// Hosts of rules, and records.
pub(super) fn check(ctx: &Ctx<'_>, stack: &Stack) {
    for (balancer, it) in &stack.load_balancers {
        for (entry, listener) in &it.listeners {
            if let Some(names) = names(stack, listener) {
                rules(ctx, listener, &format!("listener `{balancer}/{entry}`"), &names);
            }
        }
        records(ctx, stack, balancer, it.listeners.values());
    }
}

/// The names that the certificates of a listener are for; `None` if that is not known.
fn names<'s>(stack: &'s Stack, listener: &Listener) -> Option<BTreeSet<&'s str>> {
    let mut names = BTreeSet::new();
    for certificate in listener.certificate.iter().chain(&listener.certificates) {
        let Text::From(output) = certificate else { return None };
        let Some(Certificate::Managed(certificate)) = stack.certificates.get(output.node.name()) else { return None };
        if output.node.kind() != "certificate" || output.output != "arn" {
            return None;
        }
        names.insert(certificate.domain.as_str());
        names.extend(certificate.names.iter().map(String::as_str));
    }
    (!names.is_empty()).then_some(names)
}

fn rules(ctx: &Ctx<'_>, listener: &Listener, what: &str, names: &BTreeSet<&str>) {
    for rule in &listener.rules {
        for host in &rule.conditions.host {
            if names.iter().any(|name| may_serve(name, &host.to_ascii_lowercase())) {
                continue;
            }
            let error = Diagnostic::error(
                "uncovered-host",
                format!("no certificate of {what} covers the host `{host}`"),
                Some(rule.place.clone()),
            );
            ctx.problems.push(error.help(help(host, names)));
        }
    }
}

fn records<'s>(ctx: &Ctx<'_>, stack: &Stack, balancer: &str, listeners: impl Iterator<Item = &'s Listener>) {
    let secure = listeners.filter(|listener| matches!(listener.protocol.as_str(), "HTTPS" | "TLS"));
    let secure: Vec<_> = secure.map(|listener| names(stack, listener)).collect();
    // Where one of them has certificates that the file does not tell about, these may cover it.
    let known: Option<Vec<BTreeSet<&str>>> = secure.into_iter().collect();
    let Some(known) = known.filter(|known| !known.is_empty()) else { return };
    let names: BTreeSet<&str> = known.into_iter().flatten().collect();
    let mut told = BTreeSet::new();
    for record in stack.dns.iter().flat_map(|zone| &zone.records) {
        let RecordData::Alias { dns_name: Text::From(target), .. } = &record.data else { continue };
        let here = target.node.kind() == "load_balancer" && target.node.name() == balancer;
        // The A and the AAAA record of one line are told once.
        if !here || names.iter().any(|name| covers(name, &record.name)) || !told.insert(&record.name) {
            continue;
        }
        let summary = format!("no certificate of load balancer `{balancer}` covers `{}`", record.name);
        ctx.problems.warn("uncovered-host", &record.place, summary, help(&record.name, &names));
    }
}

fn help(host: &str, names: &BTreeSet<&str>) -> String {
    let all: Vec<&str> = names.iter().copied().collect();
    format!("Browsers refuse the connection. Its certificates are for {}; add `{host}` to one.", suggest::list(&all))
}

/// Whether a certificate for `name` is good for a host; a wildcard stands for exactly one part.
fn covers(name: &str, host: &str) -> bool {
    let one_part = |rest: &str| host.split_once('.').is_some_and(|(first, base)| base == rest && first != "*");
    name == host || name.strip_prefix("*.").is_some_and(one_part)
}

/// Whether a certificate for `name` is good for some host that a pattern of a rule matches.
fn may_serve(name: &str, pattern: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return covers(name, pattern);
    }
    let Some(base) = name.strip_prefix("*.") else { return fits(pattern, name) };
    // Any one part may stand for the first: a pattern with a dot after its first part has to match the rest.
    fits(pattern, name)
        || pattern.split_once('.').is_some_and(|(_, rest)| fits(rest, base))
        || pattern.starts_with('*') && fits(pattern, &format!("x.{base}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_for_one_part() {
        assert!(covers("*.a.example", "www.a.example") && covers("a.example", "a.example"));
        for host in ["a.example", "x.www.a.example", "www.b.example", "*.a.example.org"] {
            assert!(!covers("*.a.example", host), "{host}");
        }
        assert!(covers("*.a.example", "*.a.example"), "the record of all names is for the same");
    }

    #[test]
    fn a_pattern_is_served_if_a_host_that_it_matches_is() {
        for (name, pattern) in [
            ("*.a.example", "*.a.example"),
            ("*.a.example", "api-*.a.example"),
            ("*.a.example", "*.example"),
            ("www.a.example", "*.a.example"),
            ("www.a.example", "ww?.a.example"),
            ("a.example", "*a.example"),
        ] {
            assert!(may_serve(name, pattern), "{name} {pattern}");
        }
        for (name, pattern) in [
            ("a.example", "*.a.example"),
            ("*.a.example", "*.b.example"),
            ("*.a.example", "www.b.*"),
            ("www.a.example", "api.*.example"),
        ] {
            assert!(!may_serve(name, pattern), "{name} {pattern}");
        }
    }
}
