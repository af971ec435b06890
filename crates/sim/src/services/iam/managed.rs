//! The policies that AWS itself keeps: their names and paths, and in our own words what they allow. They are the same in every
//! account, so they are no part of the saved world. The table is `managed.txt`: name, path, allowed actions.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::world::Moment;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Managed {
    /// The name.
    pub name: &'static str,
    /// The path.
    pub path: &'static str,
    actions: &'static str,
}

const TABLE: &str = include_str!("managed.txt");

/// All of them, by ARN.
pub(super) fn all() -> &'static BTreeMap<String, Managed> {
    static ALL: OnceLock<BTreeMap<String, Managed>> = OnceLock::new();
    ALL.get_or_init(|| {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        let read = lines.filter_map(|line| {
            let (name, rest) = line.split_once(' ')?;
            let (path, actions) = rest.split_once(' ')?;
            Some(Managed { name, path, actions })
        });
        read.map(|policy| (policy.arn(), policy)).collect()
    })
}

/// The one of that ARN.
pub(super) fn named(arn: &str) -> Option<Managed> {
    all().get(arn).copied()
}

impl Managed {
    /// Its ARN.
    pub(super) fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }

    /// Its id, the same always.
    pub(super) fn id(&self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let digest = Sha256::digest(self.name.as_bytes());
        let tail = digest.iter().take(17).map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
        format!("ANPA{}", tail.collect::<String>())
    }

    /// When it was made: long ago.
    pub(super) fn created(&self) -> Moment {
        // 2015-02-06T18:40:58Z
        Moment(1_423_248_058_000)
    }

    /// The document in force.
    pub(super) fn document(&self) -> String {
        let actions: Vec<&str> = self.actions.split_whitespace().collect();
        let statement = match actions[..] {
            ["*"] => json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }),
            ["!", ..] => json!({ "Effect": "Allow", "NotAction": actions[1..], "Resource": "*" }),
            _ => json!({ "Effect": "Allow", "Action": actions, "Resource": "*" }),
        };
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    }

    /// Whether it can be attached: the policies of service-linked roles cannot.
    pub(super) fn attachable(&self) -> bool {
        self.path != "/aws-service-role/"
    }
}
