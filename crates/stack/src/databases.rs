//! What is known of RDS's engines without asking: major versions and their families, and how passwords, user names and names of databases
//! look that it accepts. A version that is newer than this table passes. Pure text; the callers report.

/// The engines.
pub const ENGINES: &[&str] = &[POSTGRES, MYSQL];
/// PostgreSQL.
pub const POSTGRES: &str = "postgres";
/// MySQL.
pub const MYSQL: &str = "mysql";

/// Major versions of PostgreSQL below this one are gone.
const OLDEST_POSTGRES: u32 = 11;
/// Major versions of MySQL up to 8; later ones pass.
const MYSQL_VERSIONS: &[&str] = &["5.7", "8.0", "8.4"];

/// User names that the engines keep for themselves.
const RESERVED: &[(&str, &[&str])] =
    &[(POSTGRES, &["admin", "rdsadmin", "rds_superuser", "rdsrepladmin"]), (MYSQL, &["rdsadmin", "mysql"])];

/// The port that an engine has if nothing is said.
pub(crate) fn port(engine: &str) -> u16 {
    if engine == MYSQL { 3306 } else { 5432 }
}

/// The user that is made if nothing is said.
pub(crate) fn user(engine: &str) -> &'static str {
    if engine == MYSQL { "admin" } else { "postgres" }
}

/// Most characters of a password.
pub fn longest_password(engine: &str) -> usize {
    if engine == MYSQL { 41 } else { 128 }
}

/// The major version: `16` of postgres' `16.4`, `8.0` of mysql's `8.0.45`; `None` where it is not said.
pub fn major<'v>(engine: &str, version: &'v str) -> Option<&'v str> {
    if engine != MYSQL {
        return version.split('.').next().filter(|major| !major.is_empty());
    }
    let first = version.find('.')?;
    let end = version[first + 1..].find('.').map_or(version.len(), |second| first + 1 + second);
    Some(&version[..end]).filter(|major| !major.ends_with('.'))
}

/// The family of parameter groups of a version.
pub fn family(engine: &str, version: &str) -> Option<String> {
    major(engine, version).map(|major| format!("{engine}{major}"))
}

/// Whether two versions are of different major versions.
pub fn is_major_change(engine: &str, from: &str, to: &str) -> bool {
    match (major(engine, from), major(engine, to)) {
        (Some(from), Some(to)) => from != to,
        _ => from != to,
    }
}

/// Whether a version is one of those that a beginning stands for.
pub fn begins_with(version: &str, beginning: &str) -> bool {
    version.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

/// Why there is no such version, and what to write, if that is certain.
pub(crate) fn no_version(engine: &str, version: &str) -> Option<String> {
    let plain = version.split('-').next().unwrap_or_default();
    if plain.is_empty() || !plain.split('.').all(|part| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit())) {
        return Some("A version has numbers with dots: \"16\", \"16.4\" or \"8.4\".".to_owned());
    }
    if engine == MYSQL {
        let newer = plain.split('.').next().and_then(|first| first.parse::<u32>().ok()).is_some_and(|first| first > 8);
        let known = major(MYSQL, plain).is_some_and(|major| MYSQL_VERSIONS.contains(&major));
        return (!newer && !known).then(|| format!("MySQL on RDS has {}.", MYSQL_VERSIONS.join(", ")));
    }
    let first = plain.split('.').next().and_then(|first| first.parse::<u32>().ok()).unwrap_or_default();
    (first < OLDEST_POSTGRES).then(|| format!("PostgreSQL on RDS has {OLDEST_POSTGRES} and later major versions."))
}

/// Why RDS refuses a user name, if it does.
pub(crate) fn user_complaint(engine: &str, name: &str) -> Option<String> {
    let most = if engine == MYSQL { 16 } else { 63 };
    let reserved = RESERVED.iter().find(|(of, _)| *of == engine).map_or(&[][..], |(_, names)| names);
    let lower = name.to_ascii_lowercase();
    if reserved.contains(&lower.as_str()) || engine == POSTGRES && lower.starts_with("pg_") {
        return Some(format!("{engine} keeps the name for itself"));
    }
    word_complaint(name, most, false)
}

/// Why RDS refuses the name of a database, if it does.
pub(crate) fn name_complaint(engine: &str, name: &str) -> Option<String> {
    word_complaint(name, if engine == MYSQL { 64 } else { 63 }, engine == POSTGRES)
}

fn word_complaint(name: &str, most: usize, underscore_first: bool) -> Option<String> {
    if name.len() > most {
        return Some(format!("it has {} characters, and RDS accepts {most}", name.len()));
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || underscore_first && c == '_') {
        return Some("it must begin with a letter".to_owned());
    }
    let good = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (!good).then(|| "only letters, digits and `_` are allowed".to_owned())
}

/// Why RDS refuses the name of an instance, if it does.
pub(crate) fn identifier_complaint(name: &str) -> Option<&'static str> {
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Some("it must begin with a letter");
    }
    if name.chars().any(|c| c.is_ascii_uppercase()) {
        return Some("RDS keeps names in small letters");
    }
    (name.ends_with('-') || name.contains("--")).then_some("a hyphen must not be last, nor beside another one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_follow_from_versions() {
        assert_eq!(family(POSTGRES, "16.12").as_deref(), Some("postgres16"));
        assert_eq!(family(MYSQL, "8.0.45").as_deref(), Some("mysql8.0"));
        assert_eq!(family(MYSQL, "8.4").as_deref(), Some("mysql8.4"));
        assert_eq!(family(MYSQL, "8"), None);
        assert!(is_major_change(MYSQL, "8.0.45", "8.4") && !is_major_change(POSTGRES, "16.1", "16.12"));
        assert!(begins_with("16.12", "16") && !begins_with("16.12", "16.1") && begins_with("16", "16"));
    }

    #[test]
    fn versions_that_there_are_not_are_known_and_newer_ones_pass() {
        for (engine, good) in
            [(POSTGRES, "16"), (POSTGRES, "31.4"), (MYSQL, "8.4.6"), (MYSQL, "9.7"), (MYSQL, "5.7.44-rds.20250508")]
        {
            assert_eq!(no_version(engine, good), None, "{engine} {good}");
        }
        for (engine, bad) in
            [(POSTGRES, "9.6"), (POSTGRES, "latest"), (POSTGRES, "16."), (MYSQL, "8"), (MYSQL, "8.1"), (MYSQL, "5.6")]
        {
            assert!(no_version(engine, bad).is_some(), "{engine} {bad}");
        }
    }

    #[test]
    fn names_are_those_that_rds_accepts() {
        assert_eq!(user_complaint(POSTGRES, "cruddurroot"), None);
        for (engine, bad) in
            [(POSTGRES, "admin"), (POSTGRES, "pg_x"), (POSTGRES, "1x"), (MYSQL, "a-b"), (MYSQL, "seventeen_letters")]
        {
            assert!(user_complaint(engine, bad).is_some(), "{engine} {bad}");
        }
        assert_eq!(name_complaint(POSTGRES, "_cruddur"), None);
        assert!(name_complaint(MYSQL, "_cruddur").is_some());
        assert!(identifier_complaint("shop--main").is_some() && identifier_complaint("shop-main").is_none());
    }
}
